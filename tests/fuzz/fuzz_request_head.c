/* fuzz_request_head: any bytes as a request's head and as a chunked body.
 *
 * Beside not crashing: a verdict does not depend on where the bytes are cut, a head that passes
 * has only texts that lie inside it, and a body never exceeds its limit. */
#include "http/chunked.h"
#include "http/request_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const struct http_limits limits = {.request_line_bytes_max = 512,
                                          .fields_bytes_max = 1024,
                                          .fields_max = 16,
                                          .body_bytes_max = 256};

static bool lies_inside(struct text part, struct text whole)
{
    return part.length == 0 ||
           (part.at >= whole.at && part.at + part.length <= whole.at + whole.length);
}

static void check_request(struct text head, const struct http_request *request)
{
    check(request->path.length > 0);
    check(request->path.at[0] == '/' || text_equals(request->path, TEXT("*")));
    check(lies_inside(request->query, head) && lies_inside(request->target, head));
    check(text_find(request->target, ' ') == request->target.length);
    for (size_t i = 0; i < request->field_count; i++) {
        check(lies_inside(request->fields[i].value, head));
        check(text_find(request->fields[i].value, '\r') == request->fields[i].value.length);
        check(text_find(request->fields[i].value, '\n') == request->fields[i].value.length);
    }
}

static void read_head(struct text head, size_t field_lines)
{
    struct arena arena;
    struct http_request request = {0};
    struct framing framing = {0};
    struct http_refusal refusal = {0};
    arena_init(&arena, 65536);
    if (request_read(head, field_lines, &limits, &arena, &request, &framing, &refusal) ==
        STATUS_OK) {
        check_request(head, &request);
        check(framing.content_length <= limits.body_bytes_max);
    } else {
        check(refusal.status >= 400 && refusal.sentence.length > 0);
    }
    arena_finish(&arena);
}

static void scan_head(struct text bytes, size_t cut)
{
    struct head_scan whole = {0};
    struct head_scan split = {0};
    struct http_refusal refusal = {0};
    struct http_refusal split_refusal = {0};
    enum head_progress expected = head_scan_read(&whole, bytes, &limits, &refusal);
    enum head_progress got = head_scan_read(&split, text_slice(bytes, 0, cut), &limits,
                                            &split_refusal);
    if (got == HEAD_PARTIAL)
        got = head_scan_read(&split, bytes, &limits, &split_refusal);
    check(got == expected && split_refusal.status == refusal.status);
    check(got != HEAD_WHOLE || split.line_start == whole.line_start);
    if (expected == HEAD_WHOLE)
        read_head(text_slice(bytes, 0, whole.line_start), whole.lines - 1);
}

static unsigned read_chunked(struct text bytes, size_t cut, size_t *left, struct buffer *body)
{
    struct chunked chunked = {0};
    struct http_refusal refusal = {0};
    struct text first = text_slice(bytes, 0, cut);
    struct text second = text_slice(bytes, cut, bytes.length);
    buffer_init(body, limits.body_bytes_max);
    enum status status = chunked_read(&chunked, &first, &limits, body, &refusal);
    if (status == STATUS_OK)
        status = chunked_read(&chunked, &second, &limits, body, &refusal);
    *left = first.length + second.length;
    check(!body->overflowed);
    return status != STATUS_OK ? refusal.status : chunked.place == CHUNKED_END ? 200 : 0;
}

static void check_chunked(struct text bytes, size_t cut)
{
    struct buffer whole;
    struct buffer split;
    size_t whole_left;
    size_t split_left;
    unsigned expected = read_chunked(bytes, bytes.length, &whole_left, &whole);
    unsigned got = read_chunked(bytes, cut, &split_left, &split);
    check(got == expected && text_equals(buffer_text(&whole), buffer_text(&split)));
    check(got != 200 || whole_left == split_left);
    buffer_finish(&whole);
    buffer_finish(&split);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return 0;
    struct text input = {(const char *)bytes + 1, length - 1};
    size_t cut = bytes[0] < input.length ? bytes[0] : input.length;
    scan_head(input, cut);
    check_chunked(input, cut);
    return 0;
}
