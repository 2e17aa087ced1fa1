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

/* Those that have a list. */
static void periods_write(struct json_writer *writer, const struct catalog_entry *entries,
                          size_t count)
{
    bool has_list[PERIOD_COUNT] = {false};
    for (size_t i = 0; i < count; i++)
        has_list[entries[i].list.period] = true;
    json_name(writer, TEXT("periods"));
    json_array_open(writer);
    for (unsigned i = 0; i < PERIOD_COUNT; i++)
        if (has_list[i])
            json_write_integer(writer, period_days[i]);
    json_array_close(writer);
}

/* A list over all industries has no industry_id. */
static void list_write(struct json_writer *writer, const struct catalog_entry *entry,
                       bool is_stale)
{
    char room[INSTANT_TEXT_BYTES];
    json_object_open(writer);
    json_member_text(writer, TEXT("country_code"), country_at(entry->list.country)->code);
    json_member_integer(writer, TEXT("period"), period_days[entry->list.period]);
    if (entry->list.industry != INDUSTRY_ALL)
        json_member_integer(writer, TEXT("industry_id"), industry_at(entry->list.industry)->id);
    json_member_text(writer, TEXT("captured_at"), instant_rfc3339(entry->captured_at, room));
    json_member_text(writer, TEXT("as_of"), instant_date(entry->as_of, room));
    json_member_text(writer, TEXT("source"), entry->source);
    json_member_boolean(writer, TEXT("stale"), is_stale);
    json_object_close(writer);
}

static void lists_write(struct json_writer *writer, const struct pipeline *pipeline,
                        const struct catalog_entry *entries, size_t count)
{
    json_name(writer, TEXT("lists"));
    json_array_open(writer);
    for (size_t i = 0; i < count; i++)
        list_write(writer, &entries[i],
                   pipeline_is_stale(pipeline, entries[i].captured_at, entries[i].is_short));
    json_array_close(writer);
}

/* 4,104 lists, were every industry captured by itself, of at most 177 bytes each, and 8 KB of
 * countries and industries; the call's arena holds that once. */
#define META_BYTES_MAX (768 * 1024)
_Static_assert(LIST_COUNT * 177 + 16384 < META_BYTES_MAX &&
                   META_BYTES_MAX < CALL_ARENA_BYTES_MAX,
               "every list fits");

void meta_look_up(struct call *call)
{
    struct catalog_entry *entries = memory_take(LIST_COUNT * sizeof(*entries));
    size_t count = catalog_entries(call->pipeline->catalog, entries);
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
    periods_write(&writer, entries, count);
    lists_write(&writer, call->pipeline, entries, count);
    free(entries);
    buffer_append(&body, TEXT(",\"request_id\":\""));
    check(!body.overflowed);
    struct text kept = arena_copy(http_exchange_arena(call->exchange), buffer_text(&body));
    buffer_finish(&body);
    check(kept.at != NULL);
    call_found(call, &(struct finding){.body = kept});
}
