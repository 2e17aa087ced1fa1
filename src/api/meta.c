#include "api/look_ups.h"

static void countries_write(struct json_writer *writer)
{
    json_name(writer, TEXT("countries"));
    json_array_open(writer);
    for (unsigned i = 0; i < COUNTRY_COUNT; i++) {
        const struct country *country = country_at(i);
        json_object_open(writer);
        json_member_text(writer, TEXT("id"), country->code);
        json_member_text(writer, TEXT("value"), country->name);
        json_member_text(writer, TEXT("label"), country->code);
        json_object_close(writer);
    }
    json_array_close(writer);
}

static void industries_write(struct json_writer *writer)
{
    json_name(writer, TEXT("industries"));
    json_array_open(writer);
    for (unsigned i = INDUSTRY_ALL + 1; i < INDUSTRY_COUNT; i++) {
        const struct industry *industry = industry_at(i);
        json_object_open(writer);
        json_member_integer(writer, TEXT("id"), industry->id);
        json_member_text(writer, TEXT("value"), industry->name);
        json_member_text(writer, TEXT("label"), industry->label);
        json_object_close(writer);
    }
    json_array_close(writer);
}

static void periods_write(struct json_writer *writer)
{
    json_name(writer, TEXT("periods"));
    json_array_open(writer);
    for (unsigned i = 0; i < PERIOD_COUNT; i++)
        json_write_integer(writer, period_days[i]);
    json_array_close(writer);
}

static void lists_write(struct json_writer *writer, const struct pipeline *pipeline)
{
    struct catalog_entry entries[COUNTRY_COUNT * PERIOD_COUNT];
    size_t count = catalog_entries(pipeline->catalog, entries);
    int64_t now_us = time_now(pipeline->time).us;
    char room[INSTANT_TEXT_BYTES];
    json_name(writer, TEXT("lists"));
    json_array_open(writer);
    for (size_t i = 0; i < count; i++) {
        const struct catalog_entry *entry = &entries[i];
        json_object_open(writer);
        json_member_text(writer, TEXT("country_code"), country_at(entry->list.country)->code);
        json_member_integer(writer, TEXT("period"), period_days[entry->list.period]);
        json_member_text(writer, TEXT("captured_at"),
                         instant_rfc3339(entry->captured_at, room));
        json_member_text(writer, TEXT("as_of"), instant_date(entry->as_of, room));
        json_member_text(writer, TEXT("source"), entry->source);
        json_member_boolean(writer, TEXT("stale"),
                            now_us - entry->captured_at.us > pipeline->time_to_live.us);
        json_object_close(writer);
    }
    json_array_close(writer);
}

/* 72 countries, 18 industries and 216 lists of about 120 bytes each. */
#define META_BYTES_MAX (128 * 1024)

void meta_look_up(struct call *call)
{
    struct buffer body;
    buffer_init(&body, META_BYTES_MAX);
    struct json_writer writer = json_writer_on(&body);
    json_object_open(&writer);
    json_member_integer(&writer, TEXT("code"), 200);
    json_member_text(&writer, TEXT("msg"), TEXT("OK"));
    json_name(&writer, TEXT("data"));
    json_object_open(&writer);
    countries_write(&writer);
    industries_write(&writer);
    periods_write(&writer);
    lists_write(&writer, call->pipeline);
    buffer_append(&body, TEXT(",\"request_id\":\""));
    check(!body.overflowed);
    struct text kept = arena_copy(http_exchange_arena(call->exchange), buffer_text(&body));
    buffer_finish(&body);
    check(kept.at != NULL);
    call_found(call, &(struct finding){.body = kept});
}
