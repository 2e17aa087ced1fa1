#include "call/call.h"

/* What is put around an envelope, and what else is to be released with it. */
struct dress {
    struct buffer bytes;
    void (*release)(void *held);
    void *held;
};

static void dress_release(void *held)
{
    struct dress *dress = held;
    if (dress->release)
        dress->release(dress->held);
    buffer_finish(&dress->bytes);
}

#define WORDS_BYTES_MAX 4096 /* beside what the envelope says itself */

/* What stands in the headers of other calls, for readers who see none. */
static void success_words(const struct call *call, struct buffer *words)
{
    const struct catalog_page *page = call->finding.page;
    const struct charge_standing *standing = &call->charge.standing;
    char captured[INSTANT_TEXT_BYTES], as_of[INSTANT_TEXT_BYTES];
    if (page) {
        struct text at = instant_rfc3339(page->captured_at, captured);
        struct text date = instant_date(page->as_of, as_of);
        buffer_append_format(words, "Captured at %.*s, as of %.*s, source %.*s%s. ",
                             TEXT_PRINT(at), TEXT_PRINT(date), TEXT_PRINT(page->source),
                             call_page_is_stale(call) ? ", stale" : "");
    }
    buffer_append_format(words, "%lld credits charged; %lld remain in the billing period",
                         (long long)standing->charged.count,
                         (long long)quota_remaining(&standing->quota).count);
    if (standing->quota.daily_cap.count < CREDITS_MAX)
        buffer_append_format(
            words, ", %lld today",
            (long long)credits_left(standing->quota.daily_cap, standing->quota.daily_used)
                .count);
    buffer_append_format(words, "; %lld calls are left in this minute.",
                         (long long)standing->rate.remaining);
}

static void refusal_words(const struct refusal *refusal, struct buffer *words)
{
    buffer_append(words, TEXT("Refused ("));
    buffer_append(words, refusal->failure->reason);
    buffer_append(words, TEXT("), nothing was charged. "));
    buffer_append(words, refusal->message);
    if (refusal->advice.length > 0)
        buffer_append_byte(words, ' ');
    buffer_append(words, refusal->advice);
}

static void content_open(struct buffer *out)
{
    buffer_append(out, TEXT("{\"type\":\"text\",\"text\":\""));
}

static void envelope_write(const struct http_answer *answer, struct buffer *out)
{
    content_open(out);
    for (size_t i = 0; i < answer->body_pieces; i++)
        json_escape(out, answer->body[i]);
    buffer_append(out, TEXT("\"},"));
}

static void result_close(const struct call *call, const struct http_answer *answer,
                         struct buffer *out, struct buffer *words)
{
    const struct refusal *refusal = call->tool->refusal;
    buffer_append(out, TEXT(",\"content\":["));
    if (refusal) {
        refusal_words(refusal, words);
    } else {
        envelope_write(answer, out);
        success_words(call, words);
    }
    check(!words->overflowed);
    content_open(out);
    json_escape(out, buffer_text(words));
    buffer_append(out,
                  refusal ? TEXT("\"}],\"isError\":true}}") : TEXT("\"}],\"isError\":false}}"));
}

static void response_open(const struct tool_call *tool, bool is_error, struct buffer *out)
{
    buffer_append(out, TEXT("{\"jsonrpc\":\"2.0\",\"id\":"));
    buffer_append(out, tool->id);
    if (is_error) {
        buffer_append(out, TEXT(",\"error\":{\"code\":401,\"message\":\""));
        json_escape(out, tool->refusal->message);
        buffer_append(out, TEXT("\",\"data\":"));
        return;
    }
    buffer_append(out, TEXT(",\"result\":{"));
    buffer_append(out, tool->members);
    buffer_append(out, TEXT("\"structuredContent\":"));
}

/* An escape of JSON that is escaped once already doubles it at most; words of a refusal quote
 * what the envelope quotes. */
static size_t dress_bytes_max(const struct tool_call *tool, size_t envelope_bytes)
{
    return tool->id.length + tool->members.length + 4 * envelope_bytes + 2 * WORDS_BYTES_MAX;
}

void tool_dress(struct call *call, struct http_answer *answer)
{
    struct dress *dress = arena_take(http_exchange_arena(call->exchange), sizeof(*dress));
    check(dress != NULL && answer->body_pieces + 2 <= HTTP_BODY_PIECES_MAX);
    size_t envelope_bytes = 0;
    for (size_t i = 0; i < answer->body_pieces; i++)
        envelope_bytes += answer->body[i].length;
    *dress = (struct dress){.release = answer->release, .held = answer->held};
    buffer_init(&dress->bytes, dress_bytes_max(call->tool, envelope_bytes));
    bool is_error = answer->status == 401;
    response_open(call->tool, is_error, &dress->bytes);
    size_t opening_bytes = dress->bytes.length;
    struct buffer words CLEANUP(buffer_finish);
    buffer_init(&words, WORDS_BYTES_MAX + envelope_bytes);
    if (is_error)
        buffer_append(&dress->bytes, TEXT("}}"));
    else
        result_close(call, answer, &dress->bytes, &words);
    check(!dress->bytes.overflowed);
    struct text whole = buffer_text(&dress->bytes);
    memmove(&answer->body[1], &answer->body[0], answer->body_pieces * sizeof(answer->body[0]));
    answer->body[0] = text_slice(whole, 0, opening_bytes);
    answer->body[answer->body_pieces + 1] = text_slice(whole, opening_bytes, whole.length);
    answer->body_pieces += 2;
    answer->status = is_error ? 401 : 200;
    answer->release = dress_release;
    answer->held = dress;
}
