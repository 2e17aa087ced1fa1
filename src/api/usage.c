#include "api/account_look.h"
#include "api/look_ups.h"
#include "api/parameter_words.h"
#include "api/usage_counts.h"
#include "api/usage_range.h"
#include "ledger/addresses.h"
#include "ledger/daily_caps.h"
#include "ledger/events.h"

const struct parameter timeseries_parameters[TIMESERIES_PARAMETERS] = {
    RANGE_PARAMETERS,
    [TIMESERIES_BUCKET] = {.name = TEXT_INITIAL("bucket"),
                           .aliases = {"interval", "granularity", "step"},
                           .type = STRING,
                           .kind = PARAMETER_CHOICE,
                           .words = {[BUCKET_HOUR] = "hour", [BUCKET_DAY] = "day"},
                           .absent = BUCKET_DAY,
                           .without = TEXT_INITIAL("day"),
                           .refusal = TEXT_INITIAL("must be hour or day"),
                           .description = TEXT_INITIAL("How long each item is; hours for at "
                                                       "most 31 days, days for at most 400")},
    [TIMESERIES_ENDPOINT] = ENDPOINT_PARAMETER,
    [TIMESERIES_GROUP] = {.name = TEXT_INITIAL("group_by"),
                          .aliases = {"group", "by"},
                          .type = STRING,
                          .kind = PARAMETER_CHOICE,
                          .words = {"key"},
                          .absent = -1,
                          .without = TEXT_INITIAL("all keys together"),
                          .refusal = TEXT_INITIAL("must be key"),
                          .description = TEXT_INITIAL("One item for each bucket and key")},
};
_Static_assert((int)TIMESERIES_BUCKET == (int)USAGE_OWN, "the range stands before");

/* ---- The range ---- */

static struct usage_asked asked_of(const struct call *call)
{
    const int64_t *values = call->arguments.values;
    return (struct usage_asked){values[USAGE_RANGE], values[USAGE_FROM], values[USAGE_TO]};
}

static void examine(const struct call *call, bool by_hours, struct faults *faults)
{
    const bool *is_refused = call->arguments.is_refused;
    if (is_refused[USAGE_RANGE] || is_refused[USAGE_FROM] || is_refused[USAGE_TO])
        return;
    struct usage_asked asked = asked_of(call);
    struct usage_range_fault found[RANGE_FAULTS_MAX];
    size_t count = usage_range_check(&asked, by_hours, time_now(call->pipeline->time), found);
    for (size_t i = 0; i < count; i++) {
        char date[INSTANT_TEXT_BYTES];
        bool has_value = found[i].value_us != RANGE_ABSENT;
        faults_add(faults, text_of(found[i].name),
                   has_value ? instant_rfc3339((instant){found[i].value_us}, date) : TEXT(""),
                   text_of(found[i].reason));
    }
}

void usage_examine(const struct call *call, struct faults *faults)
{
    examine(call, false, faults);
}

void timeseries_examine(const struct call *call, struct faults *faults)
{
    examine(call, call->arguments.values[TIMESERIES_BUCKET] == BUCKET_HOUR, faults);
}

static instant hour_start(int64_t hour)
{
    return instant_of_seconds(hour * HOUR_SECONDS);
}

static void hour_write(struct json_writer *writer, struct text name, int64_t hour)
{
    char date[INSTANT_TEXT_BYTES];
    json_member_text(writer, name, instant_rfc3339(hour_start(hour), date));
}

static void range_write(struct json_writer *writer, const struct usage_range *range)
{
    static const char *const words[] = USAGE_RANGE_WORDS;
    json_member_text(writer, TEXT("range"), text_of(words[range->word]));
    hour_write(writer, TEXT("from"), range->hours_from);
    hour_write(writer, TEXT("to"), range->hours_before);
}

/* ---- One look ---- */

struct usage_look {
    struct account_look look;
    struct usage_range range;
    struct usage_items items;
};

static struct usage_look *look_of(struct account_look *look)
{
    return CONTAINER_OF(look, struct usage_look, look);
}

static void start(struct call *call,
                  enum status (*read)(struct account_look *look, struct reason *reason),
                  void (*complete)(struct account_look *look))
{
    struct usage_look *usage = account_look_take(call, sizeof(*usage));
    account_look_start(&usage->look, call, read, complete);
}

/* Charges of a clock that was stepped back lie before the account's first period and count in it. */
static int64_t hours_to_read_from(const struct usage_look *usage)
{
    bool is_first = instant_day(usage->look.period.start) <=
                    instant_day(usage->look.identity.created_at);
    return usage->range.word == RANGE_PERIOD && is_first ? 0 : usage->range.hours_from;
}

/* Gathers the range's rows of the account, of one endpoint or (0) of all. */
static enum status items_read(struct usage_look *usage, uint8_t endpoint, struct reason *reason)
{
    struct call *call = usage->look.call;
    struct usage_asked asked = asked_of(call);
    usage->range = usage_range_of(&asked, &usage->look.period, usage->look.now);
    const struct usage_visitor visitor = {usage_items_add, &usage->items};
    TRY(ledger_usage_visit(call->pipeline->ledger,
                           &(struct usage_query){.account_id = call->key.account_id,
                                                 .endpoint = endpoint,
                                                 .hours_from = hours_to_read_from(usage),
                                                 .hours_before = usage->range.hours_before},
                           &visitor, reason));
    if (usage->items.is_too_many)
        return STATUS_TOO_LARGE;
    if (usage->items.count > 0 && usage->items.first_hour < usage->range.hours_from)
        usage->range.hours_from = usage->items.first_hour;
    usage_items_merge(&usage->items);
    return STATUS_OK;
}

/* ---- Overview ---- */

static struct address_query days_of(const struct usage_look *usage)
{
    return (struct address_query){.account_id = usage->look.call->key.account_id,
                                  .day_from = instant_day(hour_start(usage->range.hours_from)),
                                  .day_before = instant_day((instant){
                                      hour_start(usage->range.hours_before).us + DAY_US - 1})};
}

/* Addresses of earlier days are not kept, so those of the range are not all there. */
static bool has_all_addresses(const struct usage_look *usage)
{
    int64_t first = instant_day(usage->look.now) - ADDRESS_DAYS_KEPT;
    return days_of(usage).day_from >= first;
}

/* The newest call in the journal, or a later one that took no slot. */
static enum status last_call_read(struct usage_look *usage, const struct address_list *list,
                                  instant *last, struct reason *reason)
{
    struct call *call = usage->look.call;
    instant from = hour_start(usage->range.hours_from);
    instant to = hour_start(usage->range.hours_before);
    struct event_page *page = memory_take(sizeof(*page));
    enum status status = ledger_events_read(
        call->pipeline->ledger,
        &(struct event_query){.account_id = call->key.account_id,
                              .from = from,
                              .to = to,
                              .kinds = EVENT_CHARGED | EVENT_NON_BILLABLE | EVENT_FAILED,
                              .before = EVENTS_FROM_NEWEST,
                              .limit = 1},
        page, reason);
    *last = status == STATUS_OK && page->count > 0 ? page->events[0].entry.at : (instant){-1};
    for (size_t i = 0; i < list->count; i++) {
        instant seen = list->at[i].last_seen;
        if (seen.us > last->us && seen.us >= from.us && seen.us < to.us)
            *last = seen;
    }
    free(page);
    return status;
}

static enum status requests_write(struct usage_look *usage, const struct usage_row *sums,
                                  struct reason *reason)
{
    struct json_writer *writer = &usage->look.writer;
    struct usage_counts counts = usage_counts_of(sums);
    CLEANUP(address_list_finish) struct address_list list = {.at = NULL};
    struct address_query days = days_of(usage);
    instant last;
    TRY(ledger_addresses_list(usage->look.call->pipeline->ledger, &days, &list, reason));
    TRY(last_call_read(usage, &list, &last, reason));
    int64_t distinct = 0;
    for (size_t i = 0; i < list.count; i++)
        distinct += list.at[i].address[0] != '\0';
    json_name(writer, TEXT("requests"));
    json_object_open(writer);
    json_member_integer(writer, TEXT("requests"), counts.requests);
    json_member_integer(writer, TEXT("success_requests"), counts.charged + counts.non_billable);
    json_member_integer(writer, TEXT("error_requests"), counts.failed);
    if (has_all_addresses(usage))
        json_member_integer(writer, TEXT("distinct_ip_count"), distinct);
    char date[INSTANT_TEXT_BYTES];
    if (last.us >= 0)
        json_member_text(writer, TEXT("last_request_at"), instant_rfc3339(last, date));
    json_object_close(writer);
    return STATUS_OK;
}

static enum status overview_read(struct account_look *look, struct reason *reason)
{
    struct usage_look *usage = look_of(look);
    struct json_writer *writer = &look->writer;
    struct usage_row none = {0};
    enum status status = items_read(usage, 0, reason);
    struct usage_row sums = usage->items.count > 0 ? usage->items.rows[0] : none;
    usage_items_finish(&usage->items);
    TRY(status);
    range_write(writer, &usage->range);
    json_name(writer, TEXT("usage"));
    json_object_open(writer);
    usage_counts_write(writer, &sums);
    json_object_close(writer);
    TRY(billing_total_read(look, reason));
    return requests_write(usage, &sums, reason);
}

static void overview_complete(struct account_look *look)
{
    json_name(&look->writer, TEXT("billing"));
    json_object_open(&look->writer);
    billing_state_write(look);
    json_object_close(&look->writer);
}

void overview_look_up(struct call *call)
{
    start(call, overview_read, overview_complete);
}

/* ---- By endpoint ---- */

static int by_requests(const void *left, const void *right)
{
    const struct usage_row *a = left, *b = right;
    int64_t of_a = usage_calls(a), of_b = usage_calls(b);
    return of_a != of_b ? (of_a > of_b ? -1 : 1) : (int)a->endpoint - (int)b->endpoint;
}

static void endpoints_write(struct usage_look *usage)
{
    struct call *call = usage->look.call;
    struct json_writer *writer = &usage->look.writer;
    struct usage_items *items = &usage->items;
    size_t limit = (size_t)call->arguments.values[USAGE_OWN];
    if (items->count > 0)
        qsort(items->rows, items->count, sizeof(items->rows[0]), by_requests);
    range_write(writer, &usage->range);
    json_name(writer, TEXT("items"));
    json_array_open(writer);
    for (size_t i = 0; i < items->count && i < limit; i++) {
        json_object_open(writer);
        json_member_text(writer, TEXT("endpoint"),
                         account_endpoint_name(call, items->rows[i].endpoint));
        usage_counts_write(writer, &items->rows[i]);
        json_object_close(writer);
    }
    json_array_close(writer);
}

static enum status endpoints_read(struct account_look *look, struct reason *reason)
{
    struct usage_look *usage = look_of(look);
    usage->items.grouping = BY_ENDPOINT;
    enum status status = items_read(usage, 0, reason);
    if (status == STATUS_OK)
        endpoints_write(usage);
    usage_items_finish(&usage->items);
    return status;
}

void endpoints_look_up(struct call *call)
{
    start(call, endpoints_read, NULL);
}

/* ---- By time ---- */

static void key_write(struct json_writer *writer, const struct account_keys *keys, int64_t id)
{
    const struct account_key *key = account_keys_find(keys, id);
    if (key)
        json_member_text(writer, TEXT("key_id"), text_of(key->outward_id));
}

static void bucket_write(struct usage_look *usage, const struct account_keys *keys,
                         const struct usage_row *row)
{
    struct json_writer *writer = &usage->look.writer;
    const struct usage_range *range = &usage->range;
    int64_t end = row->hour + (usage->items.grouping == BY_HOUR ? 1 : 24);
    json_object_open(writer);
    hour_write(writer, TEXT("bucket_start"),
               row->hour < range->hours_from ? range->hours_from : row->hour);
    hour_write(writer, TEXT("bucket_end"),
               end < range->hours_before ? end : range->hours_before);
    if (usage->items.by_key)
        key_write(writer, keys, row->key_id);
    usage_counts_write(writer, row);
    usage_refusals_write(writer, row);
    json_object_close(writer);
}

static void cap_write(struct json_writer *writer, int64_t hour, int64_t cap)
{
    json_object_open(writer);
    hour_write(writer, TEXT("from"), hour);
    json_member_integer(writer, TEXT("daily_credit_limit"), cap);
    json_object_close(writer);
}

/* Those of the range's days at which another one begins. */
static enum status caps_write(struct usage_look *usage, struct reason *reason)
{
    struct call *call = usage->look.call;
    struct json_writer *writer = &usage->look.writer;
    struct address_query days = days_of(usage);
    size_t count = (size_t)(days.day_before - days.day_from);
    int64_t *caps = memory_take(count * sizeof(caps[0]));
    enum status status = ledger_daily_caps(call->pipeline->ledger, call->key.account_id,
                                           days.day_from, count, caps, reason);
    json_name(writer, TEXT("daily_credit_limits"));
    json_array_open(writer);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        if (i == 0 || caps[i] != caps[i - 1])
            cap_write(writer, (days.day_from + (int64_t)i) * 24, caps[i]);
    json_array_close(writer);
    free(caps);
    return status;
}

static enum status buckets_write(struct usage_look *usage, struct reason *reason)
{
    struct call *call = usage->look.call;
    struct json_writer *writer = &usage->look.writer;
    CLEANUP(account_keys_finish) struct account_keys keys = {.at = NULL};
    if (usage->items.by_key)
        TRY(ledger_account_keys(call->pipeline->ledger, call->key.account_id, &keys, reason));
    range_write(writer, &usage->range);
    json_member_text(writer, TEXT("bucket"),
                     usage->items.grouping == BY_HOUR ? TEXT("hour") : TEXT("day"));
    TRY(caps_write(usage, reason));
    json_name(writer, TEXT("items"));
    json_array_open(writer);
    for (size_t i = 0; i < usage->items.count; i++)
        bucket_write(usage, &keys, &usage->items.rows[i]);
    json_array_close(writer);
    return usage->look.body.overflowed ? STATUS_TOO_LARGE : STATUS_OK;
}

static enum status timeseries_read(struct account_look *look, struct reason *reason)
{
    struct usage_look *usage = look_of(look);
    struct call *call = look->call;
    const int64_t *values = call->arguments.values;
    int64_t place = values[TIMESERIES_ENDPOINT];
    uint8_t endpoint = place < 0 ? 0 : call->pipeline->endpoints[place].number;
    usage->items.grouping = values[TIMESERIES_BUCKET] == BUCKET_HOUR ? BY_HOUR : BY_DAY;
    usage->items.by_key = values[TIMESERIES_GROUP] >= 0;
    enum status status = items_read(usage, endpoint, reason);
    if (status == STATUS_OK)
        status = buckets_write(usage, reason);
    usage_items_finish(&usage->items);
    return status;
}

void timeseries_look_up(struct call *call)
{
    start(call, timeseries_read, NULL);
}

/* ---- By address ---- */

static void address_write(struct json_writer *writer, const struct recent_address *use)
{
    char date[INSTANT_TEXT_BYTES];
    json_object_open(writer);
    if (use->address[0])
        json_member_text(writer, TEXT("ip"), text_of(use->address));
    json_member_integer(writer, TEXT("request_count"), use->succeeded + use->failed);
    json_member_integer(writer, TEXT("success_count"), use->succeeded);
    json_member_integer(writer, TEXT("error_count"), use->failed);
    json_member_text(writer, TEXT("first_seen_at"), instant_rfc3339(use->first_seen, date));
    json_member_text(writer, TEXT("last_seen_at"), instant_rfc3339(use->last_seen, date));
    if (use->user_agent[0])
        json_member_text(writer, TEXT("last_user_agent"), text_of(use->user_agent));
    json_object_close(writer);
}

static void addresses_write_all(struct usage_look *usage, const struct address_list *list)
{
    struct json_writer *writer = &usage->look.writer;
    int64_t left = usage->look.call->arguments.values[USAGE_OWN];
    const struct recent_address *others = NULL;
    range_write(writer, &usage->range);
    json_name(writer, TEXT("items"));
    json_array_open(writer);
    for (size_t i = 0; i < list->count; i++) {
        if (!list->at[i].address[0])
            others = &list->at[i];
        else if (left-- > 0)
            address_write(writer, &list->at[i]);
    }
    json_array_close(writer);
    if (!others)
        return;
    json_name(writer, TEXT("others"));
    address_write(writer, others);
}

static enum status recent_ips_read(struct account_look *look, struct reason *reason)
{
    struct usage_look *usage = look_of(look);
    struct usage_asked asked = asked_of(look->call);
    usage->range = usage_range_of(&asked, &look->period, look->now);
    struct address_query days = days_of(usage);
    int64_t first = instant_day(look->now) - ADDRESS_DAYS_KEPT;
    if (days.day_from < first)
        days.day_from = first; /* what is older waits to be forgotten */
    CLEANUP(address_list_finish) struct address_list list = {.at = NULL};
    TRY(ledger_addresses_list(look->call->pipeline->ledger, &days, &list, reason));
    addresses_write_all(usage, &list);
    return STATUS_OK;
}

void recent_ips_look_up(struct call *call)
{
    start(call, recent_ips_read, NULL);
}
