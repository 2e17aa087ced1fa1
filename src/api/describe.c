#include "api/describe.h"

#include "call/answer_headers.h"

int64_t describe_credits(const struct describe_facts *facts, const struct endpoint *endpoint)
{
    const struct plans *plans = facts->plans;
    for (size_t i = 0; i < plans->price_count; i++)
        if (text_equals(text_of(plans->prices[i].operation_id), endpoint->operation_id))
            return plans->prices[i].credits;
    return endpoint->credits;
}

/* ---- The plan table ---- */

void describe_count(int64_t count, struct buffer *out)
{
    char digits[24];
    struct buffer plain;
    buffer_init_on(&plain, digits, sizeof(digits));
    buffer_append_integer(&plain, count);
    for (size_t i = 0; i < plain.length; i++) {
        if (i > 0 && (plain.length - i) % 3 == 0 && digits[i - 1] != '-')
            buffer_append_byte(out, ',');
        buffer_append_byte(out, digits[i]);
    }
}

/* "$9", "$0.75". */
static void dollars_write(int64_t cents, bool with_cents, struct buffer *out)
{
    buffer_append_byte(out, '$');
    describe_count(cents / 100, out);
    if (with_cents || cents % 100 != 0)
        buffer_append_format(out, ".%02d", (int)(cents % 100));
}

void describe_plan_price(const struct plan *plan, struct buffer *out)
{
    dollars_write(plan->price_cents, false, out);
    buffer_append(out, TEXT("/mo"));
}

void describe_plan_included(const struct plan *plan, struct buffer *out)
{
    describe_count(plan->included_credits, out);
}

void describe_plan_daily_cap(const struct plan *plan, struct buffer *out)
{
    if (plan->daily_credit_cap == 0) {
        buffer_append(out, TEXT("No daily cap"));
        return;
    }
    describe_count(plan->daily_credit_cap, out);
    buffer_append(out, TEXT(" daily credits"));
}

void describe_plan_rate_limit(const struct plan *plan, struct buffer *out)
{
    describe_count(plan->rate_limit_per_minute, out);
    buffer_append(out, TEXT("/min"));
}

void describe_plan_overage(const struct plan *plan, struct buffer *out)
{
    if (plan->overage == OVERAGE_NONE) {
        buffer_append(out, TEXT("No overage"));
        return;
    }
    dollars_write(plan->overage_cents_per_1000, true, out);
    buffer_append(out, TEXT("/1,000 overage credits"));
    if (plan->overage == OVERAGE_OPT_IN)
        buffer_append(out, TEXT(" when enabled"));
}

/* ---- Markdown ---- */

static bool is_alphanumeric(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

/* An underscore inside a word marks nothing (CommonMark 0.31, section 6.2). */
static bool is_inside_word(struct text text, size_t at)
{
    return at > 0 && at + 1 < text.length && is_alphanumeric(text.at[at - 1]) &&
           is_alphanumeric(text.at[at + 1]);
}

void describe_markdown(struct text text, struct buffer *out)
{
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.at[i];
        if ((unsigned char)byte < 0x20 || byte == 0x7F)
            byte = ' ';
        bool is_mark = strchr("\\`*[]<>|&~#!", byte) != NULL ||
                       (byte == '_' && !is_inside_word(text, i));
        if (is_mark)
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, byte);
    }
}

/* ---- Headers of requests ---- */

const struct request_header request_headers[REQUEST_HEADER_COUNT] = {
    {TEXT_INITIAL("X-Request-Id"), TEXT_INITIAL("job-4711"),
     TEXT_INITIAL(
         "A label of your own for the request, 1 to 128 of A-Z a-z 0-9 . _ -; it comes "
         "back in the answer."),
     REQUEST_HEADER_ANY},
    {TEXT_INITIAL("Idempotency-Key"), TEXT_INITIAL("job-4711-page-1"),
     TEXT_INITIAL(
         "Makes a retry free: within ten minutes the same key, 1 to 64 of A-Z a-z 0-9 "
         ". _ -, with the same parameters gets the same list and is not charged again."),
     REQUEST_HEADER_PRODUCT},
    {TEXT_INITIAL("If-None-Match"), TEXT_INITIAL("W/\"3f2a9c\""),
     TEXT_INITIAL("The ETag of an earlier answer: while the list is the same, the answer is a "
                  "304 that costs no credits."),
     REQUEST_HEADER_LIST},
};

bool request_header_is_at(const struct request_header *header, const struct endpoint *endpoint)
{
    switch (header->place) {
    case REQUEST_HEADER_ANY: return true;
    case REQUEST_HEADER_PRODUCT: return endpoint->kind == ENDPOINT_PRODUCT;
    case REQUEST_HEADER_LIST: return endpoint->answers_list;
    }
    check_failed(__FILE__, __LINE__, "place is in the list");
}
