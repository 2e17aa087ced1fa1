#include "base/json_write.h"
#include "ledger/statement.h"

static void dollars_append(struct buffer *out, int64_t cents)
{
    buffer_append_format(out, "%s$%lld.%02lld", cents < 0 ? "-" : "",
                         (long long)(cents < 0 ? -cents : cents) / 100,
                         (long long)(cents < 0 ? -cents : cents) % 100);
}

static void late_append(struct buffer *out, const struct statement *statement,
                        const struct invoice_line *line)
{
    char key[PERIOD_KEY_BYTES];
    if (line->period == period_number(&statement->period))
        return;
    period_number_write(line->period, key);
    buffer_append_format(out, ", of %s", key);
}

/* One sentence for people, without its amounts. */
static void description_append(struct buffer *out, const struct statement *statement,
                               const struct invoice_line *line)
{
    char from[INSTANT_TEXT_BYTES], until[INSTANT_TEXT_BYTES];
    switch (line->kind) {
    case INVOICE_SUBSCRIPTION:
        buffer_append_format(out, "%s, %.*s to %.*s", line->plan,
                             TEXT_PRINT(instant_date(statement->period.start, from)),
                             TEXT_PRINT(instant_date(statement->period.end, until)));
        break;
    case INVOICE_PRORATION:
        buffer_append_format(out, "From %s to %s, for the rest of the period from %.*s on",
                             line->from_plan, line->plan,
                             TEXT_PRINT(instant_rfc3339(line->at, from)));
        break;
    case INVOICE_GRANT: buffer_append(out, TEXT("Credits granted")); break;
    case INVOICE_OVERAGE:
        buffer_append(out, TEXT("Credits past the included ones, 1,000 for "));
        dollars_append(out, line->cents_per_1000);
        break;
    case INVOICE_REFUND:
        if (line->cents_per_1000 == INVOICE_NO_RATE) {
            buffer_append(out, TEXT("Included credits of refunded calls"));
        } else {
            buffer_append(out, TEXT("Refund of credits past the included ones, 1,000 for "));
            dollars_append(out, line->cents_per_1000);
        }
        break;
    }
    late_append(out, statement, line);
}

#define DESCRIPTION_BYTES_MAX 512 /* two plan names and some sentence */

static void line_write(struct json_writer *writer, const struct statement *statement,
                       const struct invoice_line *line)
{
    char room[DESCRIPTION_BYTES_MAX], date[INSTANT_TEXT_BYTES], key[PERIOD_KEY_BYTES];
    struct buffer description;
    buffer_init_on(&description, room, sizeof(room));
    description_append(&description, statement, line);
    check(!description.overflowed);
    bool has_rate = line->kind == INVOICE_OVERAGE ||
                    (line->kind == INVOICE_REFUND && line->cents_per_1000 != INVOICE_NO_RATE);
    period_number_write(line->period, key);
    json_object_open(writer);
    json_member_integer(writer, TEXT("cents"), line->cents);
    if (has_rate)
        json_member_integer(writer, TEXT("cents_per_1000"), line->cents_per_1000);
    json_member_integer(writer, TEXT("credits"), line->credits);
    json_member_text(writer, TEXT("description"), buffer_text(&description));
    if (line->kind == INVOICE_PRORATION) {
        json_member_text(writer, TEXT("from_plan"), text_of(line->from_plan));
        json_member_text(writer, TEXT("in_force_at"), instant_rfc3339(line->at, date));
    }
    json_member_text(writer, TEXT("kind"), text_of(invoice_line_word(line->kind)));
    json_member_text(writer, TEXT("period_key"), text_of(key));
    if (line->plan[0])
        json_member_text(writer, TEXT("plan"), text_of(line->plan));
    json_object_close(writer);
}

void statement_write(const struct statement *statement, const struct statement_account *account,
                     struct buffer *json)
{
    struct json_writer writer = json_writer_on(json);
    char date[INSTANT_TEXT_BYTES], key[PERIOD_KEY_BYTES];
    period_key_write(&statement->period, key);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("account_id"), text_of(account->outward_id));
    json_member_integer(&writer, TEXT("credits_granted"), statement->granted);
    json_member_integer(&writer, TEXT("credits_included"), statement->included);
    json_member_integer(&writer, TEXT("credits_late"), statement->late);
    json_member_integer(&writer, TEXT("credits_overage"), statement->overage);
    json_member_integer(&writer, TEXT("credits_refunded"), statement->refunded);
    json_member_integer(&writer, TEXT("credits_used"), statement->used + statement->overage);
    json_member_text(&writer, TEXT("currency"), TEXT("usd"));
    json_name(&writer, TEXT("lines"));
    json_array_open(&writer);
    for (size_t i = 0; i < statement->invoice.count; i++)
        line_write(&writer, statement, &statement->invoice.lines[i]);
    json_array_close(&writer);
    json_member_text(&writer, TEXT("period_end"), instant_rfc3339(statement->period.end, date));
    json_member_text(&writer, TEXT("period_key"), text_of(key));
    json_member_text(&writer, TEXT("period_start"),
                     instant_rfc3339(statement->period.start, date));
    json_member_text(&writer, TEXT("plan"), text_of(statement->plan));
    json_member_integer(&writer, TEXT("total_cents"), statement->invoice.total_cents);
    json_member_integer(&writer, TEXT("version"), 1);
    json_object_close(&writer);
}
