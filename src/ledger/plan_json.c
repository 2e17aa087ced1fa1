#include "ledger/plan_json.h"

#include "base/json_read.h"
#include "base/json_write.h"

static void plan_write(struct json_writer *writer, const struct plan *plan)
{
    json_object_open(writer);
    json_member_text(writer, TEXT("name"), text_of(plan->name));
    json_member_integer(writer, TEXT("price_cents"), plan->price_cents);
    json_member_integer(writer, TEXT("included_credits"), plan->included_credits);
    json_member_integer(writer, TEXT("daily_credit_cap"), plan->daily_credit_cap);
    json_member_integer(writer, TEXT("rate_limit_per_minute"), plan->rate_limit_per_minute);
    json_member_text(writer, TEXT("overage"), text_of(overage_word(plan->overage)));
    json_member_integer(writer, TEXT("overage_cents_per_1000"), plan->overage_cents_per_1000);
    json_object_close(writer);
}

void plan_json_write(struct buffer *json, const struct plans *plans)
{
    struct json_writer writer = json_writer_on(json);
    json_object_open(&writer);
    json_name(&writer, TEXT("plans"));
    json_array_open(&writer);
    for (size_t i = 0; i < plans->plan_count; i++)
        plan_write(&writer, &plans->plans[i]);
    json_array_close(&writer);
    json_name(&writer, TEXT("credits"));
    json_object_open(&writer);
    for (size_t i = 0; i < plans->price_count; i++)
        json_member_integer(&writer, text_of(plans->prices[i].operation_id),
                            plans->prices[i].credits);
    json_object_close(&writer);
    json_object_close(&writer);
    check(!json->overflowed);
}

/* False: longer than its room, or with a NUL in it. */
static bool text_keep(struct text value, char *room, size_t room_bytes)
{
    if (value.length >= room_bytes || memchr(value.at, '\0', value.length))
        return false;
    memcpy(room, value.at, value.length);
    room[value.length] = '\0';
    return true;
}

static bool overage_read(const json_t *member, enum overage *overage)
{
    struct text word;
    if (!json_read_text(member, "overage", &word))
        return false;
    for (*overage = OVERAGE_NONE; *overage <= OVERAGE_ALWAYS; (*overage)++)
        if (text_equals(word, text_of(overage_word(*overage))))
            return true;
    return false;
}

static bool plan_read(const json_t *member, struct plan *plan)
{
    struct text name;
    return json_read_text(member, "name", &name) &&
           text_keep(name, plan->name, sizeof(plan->name)) &&
           json_read_integer(member, "price_cents", &plan->price_cents) &&
           json_read_integer(member, "included_credits", &plan->included_credits) &&
           json_read_integer(member, "daily_credit_cap", &plan->daily_credit_cap) &&
           json_read_integer(member, "rate_limit_per_minute", &plan->rate_limit_per_minute) &&
           json_read_integer(member, "overage_cents_per_1000", &plan->overage_cents_per_1000) &&
           overage_read(member, &plan->overage);
}

static bool prices_read(json_t *credits, struct plans *plans)
{
    const char *operation_id;
    json_t *price;
    if (!json_is_object(credits) || json_object_size(credits) > ENDPOINT_PRICES_MAX)
        return false;
    json_object_foreach(credits, operation_id, price)
    {
        struct endpoint_price *read = &plans->prices[plans->price_count++];
        if (!json_is_integer(price) ||
            !text_keep(text_of(operation_id), read->operation_id, sizeof(read->operation_id)))
            return false;
        read->credits = json_integer_value(price);
    }
    return true;
}

static bool plans_read_all(const json_t *document, struct plans *plans)
{
    const json_t *members = json_object_get(document, "plans");
    size_t count = json_array_size(members);
    if (count == 0 || count > PLANS_MAX)
        return false;
    for (; plans->plan_count < count; plans->plan_count++)
        if (!plan_read(json_array_get(members, plans->plan_count),
                       &plans->plans[plans->plan_count]))
            return false;
    return prices_read(json_object_get(document, "credits"), plans);
}

enum status plan_json_read(struct text json, struct plans *plans, struct reason *reason)
{
    CLEANUP(json_document_finish) json_t *document = NULL;
    TRY(json_document_read(json, &document, reason));
    struct plans read = {.plan_count = 0};
    if (!plans_read_all(document, &read))
        return reason_set(reason, STATUS_CORRUPT, "it is not a list of plans and prices");
    *plans = read;
    return STATUS_OK;
}
