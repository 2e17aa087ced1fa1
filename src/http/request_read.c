#include "http/request_read.h"

#include "http/head_parse.h"
#include "http/syntax.h"
#include "http/target.h"

static enum http_method method_of(struct text name)
{
    static const struct {
        struct text name;
        enum http_method method;
    } known[] = {
        {TEXT_INITIAL("GET"), HTTP_GET},         {TEXT_INITIAL("HEAD"), HTTP_HEAD},
        {TEXT_INITIAL("POST"), HTTP_POST},       {TEXT_INITIAL("PUT"), HTTP_PUT},
        {TEXT_INITIAL("PATCH"), HTTP_PATCH},     {TEXT_INITIAL("DELETE"), HTTP_DELETE},
        {TEXT_INITIAL("OPTIONS"), HTTP_OPTIONS},
    };
    for (size_t i = 0; i < LENGTH_OF(known); i++)
        if (text_equals(name, known[i].name))
            return known[i].method;
    return HTTP_OTHER_METHOD;
}

enum http_method request_method_at(struct text head)
{
    return method_of(text_slice(head, 0, text_find(head, ' ')));
}

/* The fields that decide how the request is read on. */
struct deciding_fields {
    const struct http_field *transfer_encoding; /* the last one */
    const struct http_field *content_length;
    struct http_field *host;
    size_t transfer_encodings, content_lengths, hosts;
    bool expects_continue;
    bool expects_more;
};

static void note_field(struct http_field *field, struct deciding_fields *deciding)
{
    if (text_equals_ignoring_case(field->name, TEXT("host"))) {
        deciding->host = field;
        deciding->hosts++;
    } else if (text_equals_ignoring_case(field->name, TEXT("expect"))) {
        bool known = text_equals_ignoring_case(field->value, TEXT("100-continue"));
        deciding->expects_continue |= known;
        deciding->expects_more |= !known;
    } else if (text_equals_ignoring_case(field->name, TEXT("content-length"))) {
        deciding->content_length = field;
        deciding->content_lengths++;
    } else if (text_equals_ignoring_case(field->name, TEXT("transfer-encoding"))) {
        deciding->transfer_encoding = field;
        deciding->transfer_encodings++;
    }
}

static enum status check_host(struct deciding_fields *deciding, const struct head_words *words,
                              struct http_refusal *refusal)
{
    if (deciding->hosts > 1)
        return refusal_set(refusal, 400, TEXT("There is more than one Host."));
    if (deciding->hosts == 0 && !words->is_http_1_0)
        return refusal_set(refusal, 400, TEXT("Host is missing; HTTP/1.1 asks for it."));
    if (deciding->host && !syntax_is_authority(deciding->host->value))
        return refusal_set(refusal, 400,
                           TEXT("Host is not a host name with an optional port."));
    return STATUS_OK;
}

/* RFC 9112 section 6.1 and 6.3: 400 where the end of the body cannot be known, 501 where it
 * can, but the coding before chunked is not ours to undo. */
static enum status check_transfer_encoding(const struct deciding_fields *deciding,
                                           bool is_http_1_0, struct http_refusal *refusal)
{
    if (is_http_1_0)
        return refusal_set(refusal, 400, TEXT("HTTP/1.0 has no Transfer-Encoding."));
    if (deciding->content_lengths > 0)
        return refusal_set(refusal, 400,
                           TEXT("Content-Length and Transfer-Encoding contradict each other."));
    struct text coding = deciding->transfer_encoding->value;
    if (deciding->transfer_encodings == 1 && text_equals_ignoring_case(coding, TEXT("chunked")))
        return STATUS_OK;
    struct text last = coding;
    while (text_find(last, ',') < last.length)
        last = text_trim(text_slice(last, text_find(last, ',') + 1, last.length));
    if (deciding->transfer_encodings == 1 && last.length < coding.length &&
        text_equals_ignoring_case(last, TEXT("chunked")) &&
        !text_equals_ignoring_case(text_trim(text_slice(coding, 0, text_find(coding, ','))),
                                   TEXT("chunked")))
        return refusal_set(refusal, 501,
                           TEXT("Of the transfer codings only chunked is known."));
    return refusal_set(refusal, 400, TEXT("Transfer-Encoding is anything but chunked."));
}

static enum status read_framing(const struct deciding_fields *deciding,
                                const struct http_limits *limits, bool is_http_1_0,
                                struct framing *framing, struct http_refusal *refusal)
{
    if (deciding->transfer_encoding) {
        TRY(check_transfer_encoding(deciding, is_http_1_0, refusal));
        framing->body = BODY_CHUNKED;
        return STATUS_OK;
    }
    if (!deciding->content_length)
        return STATUS_OK;
    struct text digits = deciding->content_length->value;
    int64_t length = 0;
    if (deciding->content_lengths > 1)
        return refusal_set(refusal, 400, TEXT("There is more than one Content-Length."));
    if (!text_is_digits(digits) || text_read_integer(digits, &length) != STATUS_OK)
        return refusal_set(refusal, 400, TEXT("Content-Length is not a number of bytes."));
    if ((uint64_t)length > limits->body_bytes_max)
        return refusal_set(refusal, 413, TEXT("The request's body is too large."));
    framing->body = length > 0 ? BODY_OF_LENGTH : BODY_NONE;
    framing->content_length = (uint64_t)length;
    return STATUS_OK;
}

/* RFC 9110 section 10.1.1; HTTP/1.0 clients do not mean it. */
static enum status read_expectation(const struct deciding_fields *deciding, bool is_http_1_0,
                                    struct framing *framing, struct http_refusal *refusal)
{
    if (is_http_1_0)
        return STATUS_OK;
    if (deciding->expects_more)
        return refusal_set(refusal, 417,
                           TEXT("The only expectation met here is 100-continue."));
    framing->expects_continue = deciding->expects_continue && framing->body != BODY_NONE;
    return STATUS_OK;
}

/* The authority of an absolute-form target replaces Host (RFC 9112 section 3.2.2). */
static void replace_host(struct text authority, struct http_field *host,
                         struct head_words *words)
{
    if (!host) {
        host = &words->fields[words->field_count++];
        host->name = TEXT("Host");
    }
    host->value = authority;
}

enum status request_read(struct text head, size_t field_lines, const struct http_limits *limits,
                         struct arena *arena, struct http_request *request,
                         struct framing *framing, struct http_refusal *refusal)
{
    struct head_words words = {.field_room = field_lines};
    words.fields = arena_take(arena, (field_lines + 1) * sizeof(*words.fields));
    if (!words.fields)
        return refusal_set(refusal, 431, TEXT("There are too many header lines."));
    request->method = request_method_at(head);
    TRY(head_parse(head, &words, refusal));
    struct deciding_fields deciding = {0};
    for (size_t i = 0; i < words.field_count; i++)
        note_field(&words.fields[i], &deciding);
    TRY(check_host(&deciding, &words, refusal));
    struct target target = {0};
    TRY(target_read(words.target, request->method, &target, refusal));
    if (target.authority.at)
        replace_host(target.authority, deciding.host, &words);
    request->method_name = words.method;
    request->target = words.target;
    request->path = target.path;
    request->query = target.query;
    request->fields = words.fields;
    request->field_count = words.field_count;
    *framing = (struct framing){.keeps_alive = words.keeps_alive,
                                .is_http_1_0 = words.is_http_1_0};
    TRY(read_framing(&deciding, limits, words.is_http_1_0, framing, refusal));
    return read_expectation(&deciding, words.is_http_1_0, framing, refusal);
}
