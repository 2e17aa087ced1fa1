#include "console/browse.h"

#include "api/look_ups.h"
#include "call/answer_headers.h"
#include "console/errand.h"

/* ---- The limit ---- */

static bool refuse_often(struct call *call, int64_t wait_s)
{
    char headers_room[128], extra_room[64];
    struct buffer headers, extra;
    buffer_init_on(&headers, headers_room, sizeof(headers_room));
    buffer_init_on(&extra, extra_room, sizeof(extra_room));
    answer_header_number(&headers, HEADER_RETRY_AFTER, wait_s);
    buffer_append_format(&extra, "\"retry_after_seconds\":%lld,", (long long)wait_s);
    call_refuse(call, &(struct refusal){
                          .failure = &console_failures[REFUSED_TOO_OFTEN],
                          .message = TEXT("Lists may be looked at 60 times a minute here; the "
                                          "API has your plan's own limit."),
                          .extra = buffer_text(&extra),
                          .headers = buffer_text(&headers)});
    return false;
}

static bool may_browse(struct call *call)
{
    int64_t id = call->session.id;
    int64_t wait_s = limits_take(console_of(call)->limits, LIMIT_BROWSE,
                                 (struct text){(const char *)&id, sizeof(id)});
    return wait_s == 0 || refuse_often(call, wait_s);
}

/* ---- Pages of the catalogue, in another dress ---- */

#define FACTS_BYTES_MAX 512
#define REQUEST_ID_OPENING ",\"request_id\":\""

static struct text facts_write(struct call *call, char *room)
{
    const struct catalog_page *page = call->finding.page;
    char date[INSTANT_TEXT_BYTES];
    struct buffer facts;
    buffer_init_on(&facts, room, FACTS_BYTES_MAX);
    struct json_writer writer = json_writer_on(&facts);
    writer.comma_due = true;
    json_member_text(&writer, TEXT("captured_at"), instant_rfc3339(page->captured_at, date));
    json_member_text(&writer, TEXT("as_of"), instant_date(page->as_of, date));
    json_member_text(&writer, TEXT("source"), page->source);
    json_member_boolean(&writer, TEXT("stale"), call_page_is_stale(call));
    buffer_append(&facts, TEXT(REQUEST_ID_OPENING));
    check(!facts.overflowed);
    return buffer_text(&facts);
}

static struct text without_end(struct text whole, struct text end)
{
    check(whole.length >= end.length);
    return text_slice(whole, 0, whole.length - end.length);
}

/* The data of a page is an object that ends in its items or, of a list, in its closing; the facts
 * become its last members. A refusal is in its envelope already. */
static void browse_dress(struct call *call, struct http_answer *answer)
{
    const struct catalog_page *page = call->finding.page;
    if (answer->status != 200 || !page)
        return;
    char *room = arena_take(http_exchange_arena(call->exchange), FACTS_BYTES_MAX);
    check(room != NULL && answer->body_pieces == 4);
    struct text tail = answer->body[3], items = page->items;
    struct text closing = without_end(page->closing, TEXT(REQUEST_ID_OPENING));
    if (closing.length > 0)
        closing = without_end(closing, TEXT("}"));
    else
        items = without_end(items, TEXT("}"));
    answer->body[0] = TEXT("{\"code\":200,\"msg\":\"OK\",\"data\":");
    answer->body[1] = text_slice(page->opening, sizeof(CATALOG_BEFORE_DATA) - 1,
                                 page->opening.length);
    answer->body[2] = items;
    answer->body[3] = closing;
    answer->body[4] = facts_write(call, room);
    answer->body[5] = tail;
    answer->body_pieces = 6;
}

static bool browse_begin(struct call *call)
{
    if (!may_browse(call))
        return false;
    call->tool = arena_take(http_exchange_arena(call->exchange), sizeof(*call->tool));
    check(call->tool != NULL);
    call->tool->dress = browse_dress;
    return true;
}

void browse_trends(struct call *call)
{
    if (browse_begin(call))
        hashtag_look_up(call);
}

void browse_history(struct call *call)
{
    if (browse_begin(call))
        history_look_up(call);
}

/* ---- Which lists there are ---- */

static void countries_write(struct errand *errand, const struct catalog_entry *entries,
                            size_t count)
{
    struct json_writer *data = &errand->data;
    json_name(data, TEXT("countries"));
    json_array_open(data);
    for (unsigned country = 0; country < COUNTRY_COUNT; country++) {
        json_object_open(data);
        json_member_text(data, TEXT("code"), country_at(country)->code);
        json_member_text(data, TEXT("name"), country_at(country)->name);
        json_name(data, TEXT("periods"));
        json_array_open(data);
        for (size_t i = 0; i < count; i++)
            if (entries[i].list.country == country && entries[i].list.industry == INDUSTRY_ALL)
                json_write_integer(data, period_days[entries[i].list.period]);
        json_array_close(data);
        json_object_close(data);
    }
    json_array_close(data);
}

static void industries_write(struct errand *errand)
{
    struct json_writer *data = &errand->data;
    json_name(data, TEXT("industries"));
    json_array_open(data);
    for (unsigned i = INDUSTRY_ALL + 1; i < INDUSTRY_COUNT; i++) {
        json_object_open(data);
        json_member_integer(data, TEXT("id"), industry_at(i)->id);
        json_member_text(data, TEXT("name"), industry_at(i)->name);
        json_object_close(data);
    }
    json_array_close(data);
}

static void captures_write(struct errand *errand, const struct catalog_entry *entries,
                           size_t count)
{
    struct json_writer *data = &errand->data;
    const struct pipeline *pipeline = errand->call->pipeline;
    json_name(data, TEXT("lists"));
    json_array_open(data);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].list.industry != INDUSTRY_ALL)
            continue;
        json_object_open(data);
        json_member_text(data, TEXT("country_code"), country_at(entries[i].list.country)->code);
        json_member_integer(data, TEXT("period"), period_days[entries[i].list.period]);
        errand_member_instant(errand, "captured_at", entries[i].captured_at);
        json_member_text(data, TEXT("source"), entries[i].source);
        json_member_boolean(
            data, TEXT("stale"),
            pipeline_is_stale(pipeline, entries[i].captured_at, entries[i].is_short));
        json_object_close(data);
    }
    json_array_close(data);
}

static void lists(struct errand *errand)
{
    struct catalog_entry *entries = memory_take(LIST_COUNT * sizeof(*entries));
    size_t count = catalog_entries(errand->call->pipeline->catalog, entries);
    countries_write(errand, entries, count);
    industries_write(errand);
    captures_write(errand, entries, count);
    free(entries);
}

void browse_lists(struct call *call)
{
    if (may_browse(call))
        errand_run(call, lists, NULL);
}
