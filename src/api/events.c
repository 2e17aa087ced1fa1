#include "ledger/events.h"

#include "api/account_look.h"
#include "api/look_ups.h"
#include "api/parameter_words.h"
#include "ledger/usage.h"

#include <stdio.h>

const struct parameter events_parameters[EVENTS_PARAMETERS] = {
    [EVENTS_LIMIT] = LIMIT_PARAMETER,
    [EVENTS_FROM] = {.name = TEXT_INITIAL("from"),
                     .aliases = {"since", "start", "after"},
                     .type = STRING,
                     .kind = PARAMETER_INSTANT,
                     .absent = -1,
                     .without = TEXT_INITIAL("from the first one"),
                     .refusal = TEXT_INITIAL(INSTANT_REFUSAL),
                     .description = TEXT_INITIAL("Calls of this moment and later ones")},
    [EVENTS_TO] = {.name = TEXT_INITIAL("to"),
                   .aliases = {"until", "end", "before"},
                   .type = STRING,
                   .kind = PARAMETER_INSTANT,
                   .absent = -1,
                   .without = TEXT_INITIAL("up to now"),
                   .refusal = TEXT_INITIAL(INSTANT_REFUSAL),
                   .description = TEXT_INITIAL("Calls before this moment")},
    [EVENTS_ENDPOINT] = ENDPOINT_PARAMETER,
    [EVENTS_REQUEST_ID] = {.name = TEXT_INITIAL("request_id"),
                           .aliases = {"request", "id"},
                           .type = STRING,
                           .kind = PARAMETER_TEXT,
                           .minimum = 1,
                           .maximum = REQUEST_ID_LENGTH_MAX,
                           .refusal = TEXT_INITIAL("must be 1 to 128 bytes"),
                           .example = TEXT_INITIAL("0f3c6b2a9d"),
                           .description = TEXT_INITIAL("The X-Request-Id of charged calls")},
    [EVENTS_STATUS] = {.name = TEXT_INITIAL("event_status"),
                       .aliases = {"status"},
                       .type = STRING,
                       .kind = PARAMETER_CHOICE,
                       .words = {"charged", "non_billable", "failed"},
                       .absent = -1,
                       .without = TEXT_INITIAL("all of them"),
                       .refusal = TEXT_INITIAL("must be charged, non_billable or failed"),
                       .description = TEXT_INITIAL("What became of the call")},
    [EVENTS_BILLABLE] = {.name = TEXT_INITIAL("billable"),
                         .aliases = {"charged"},
                         .type = BOOLEAN,
                         .kind = PARAMETER_CHOICE,
                         .words = {[BILLABLE_TRUE] = "true", [BILLABLE_FALSE] = "false"},
                         .absent = -1,
                         .without = TEXT_INITIAL("both"),
                         .refusal = TEXT_INITIAL("must be true or false"),
                         .description = TEXT_INITIAL("Whether it was charged")},
    [EVENTS_CURSOR] = {.name = TEXT_INITIAL("cursor"),
                       .aliases = {"next", "page_token", "page"},
                       .type = STRING,
                       .kind = PARAMETER_TEXT,
                       .minimum = 1,
                       .maximum = 48,
                       .refusal = TEXT_INITIAL("must be next of an answer before"),
                       .example = TEXT_INITIAL("84-2"),
                       .description = TEXT_INITIAL("Goes on where that answer ended")},
};
_Static_assert(REQUEST_ID_LENGTH_MAX == 128, "the sentence above says so");

/* ---- What is asked for ---- */

/* "ROW-CALL", as next says it. */
static bool cursor_read(struct text written, struct event_place *place)
{
    struct text call = written;
    struct text row = text_cut(&call, '-');
    return text_is_digits(row) && text_is_digits(call) &&
           text_read_integer(row, &place->row) == STATUS_OK &&
           text_read_integer(call, &place->call) == STATUS_OK && place->row < INT64_MAX;
}

static struct text cursor_print(const struct event_place *place, char *room, size_t bytes)
{
    (void)snprintf(room, bytes, "%lld-%lld", (long long)place->row, (long long)place->call);
    return text_of(room);
}

void events_examine(const struct call *call, struct faults *faults)
{
    const struct arguments *given = &call->arguments;
    struct text cursor = given->texts[EVENTS_CURSOR];
    int64_t from = given->values[EVENTS_FROM], to = given->values[EVENTS_TO];
    struct event_place place;
    char date[INSTANT_TEXT_BYTES];
    if (from >= 0 && to >= 0 && from >= to)
        faults_add(faults, TEXT("from"), instant_rfc3339((instant){from}, date),
                   TEXT("must be before to"));
    if (cursor.length > 0 && !given->is_refused[EVENTS_CURSOR] && !cursor_read(cursor, &place))
        faults_add(faults, TEXT("cursor"), cursor, TEXT("must be next of an answer before"));
}

static unsigned kinds_of(const struct arguments *given)
{
    static const enum event_kind kinds[] = {EVENT_CHARGED, EVENT_NON_BILLABLE, EVENT_FAILED};
    int64_t status = given->values[EVENTS_STATUS], billable = given->values[EVENTS_BILLABLE];
    unsigned all = EVENT_CHARGED | EVENT_NON_BILLABLE | EVENT_FAILED;
    unsigned asked = status < 0 ? all : kinds[status];
    if (billable == BILLABLE_TRUE)
        asked &= EVENT_CHARGED;
    else if (billable == BILLABLE_FALSE)
        asked &= EVENT_NON_BILLABLE | EVENT_FAILED;
    return asked;
}

static struct event_query query_of(const struct call *call)
{
    const struct arguments *given = &call->arguments;
    int64_t endpoint = given->values[EVENTS_ENDPOINT], to = given->values[EVENTS_TO];
    struct event_query query = {.account_id = call->key.account_id,
                                .from = {given->values[EVENTS_FROM]},
                                .to = {to < 0 ? INT64_MAX : to},
                                .kinds = kinds_of(given),
                                .request_id = given->texts[EVENTS_REQUEST_ID],
                                .before = EVENTS_FROM_NEWEST,
                                .limit = (size_t)given->values[EVENTS_LIMIT]};
    if (query.from.us < 0)
        query.from.us = INT64_MIN;
    if (endpoint >= 0)
        query.endpoint = call->pipeline->endpoints[endpoint].number;
    if (given->texts[EVENTS_CURSOR].length > 0)
        check(cursor_read(given->texts[EVENTS_CURSOR], &query.before));
    return query;
}

/* ---- What is answered ---- */

static int64_t status_code_of(enum call_outcome outcome)
{
    switch (outcome) {
    case CALL_CHARGED:
    case CALL_HEAD:
    case CALL_EMPTY_PAGE:
    case CALL_REPLAYED:
    case CALL_FREE: return 200;
    case CALL_UNCHANGED: return 304;
    case CALL_INVALID: return 400;
    case CALL_CONFLICT: return 422;
    case CALL_KEY_DAILY:
    case CALL_DAILY:
    case CALL_INSUFFICIENT:
    case CALL_SPEND_LIMIT: return 402;
    case CALL_UNAVAILABLE: return 503;
    case CALL_OUTCOMES: break;
    }
    check_failed(__FILE__, __LINE__, "the journal has no other outcome");
}

/* What only a charge has kept. */
static void charge_write(struct json_writer *writer, const struct call_event *event)
{
    char charge_id[2 * CHARGE_ID_BYTES];
    secret_hex(event->entry.charge_id, CHARGE_ID_BYTES, charge_id);
    json_member_text(writer, TEXT("charge_id"), (struct text){charge_id, sizeof(charge_id)});
    json_member_text(writer, TEXT("request_id"), text_of(event->request_id));
    if (event->idempotency_key[0])
        json_member_text(writer, TEXT("idempotency_key"), text_of(event->idempotency_key));
}

static void outcome_write(struct json_writer *writer, enum call_outcome outcome)
{
    static const struct text words[] = {[EVENT_CHARGED] = TEXT_INITIAL("charged"),
                                        [EVENT_NON_BILLABLE] = TEXT_INITIAL("non_billable"),
                                        [EVENT_FAILED] = TEXT_INITIAL("failed")};
    enum event_kind kind = event_kind_of(outcome);
    struct text word = text_of(usage_column_names[outcome]);
    json_member_text(writer, TEXT("event_status"), words[kind]);
    json_member_boolean(writer, TEXT("billable"), kind == EVENT_CHARGED);
    json_member_integer(writer, TEXT("status_code"), status_code_of(outcome));
    if (kind == EVENT_NON_BILLABLE)
        json_member_text(writer, TEXT("non_billable_reason"), word);
    if (kind == EVENT_FAILED)
        json_member_text(writer, TEXT("failure_reason"), word);
}

static void times_write(const struct account_look *look, struct json_writer *writer, instant at)
{
    char date[INSTANT_TEXT_BYTES], key[PERIOD_KEY_BYTES];
    struct billing_period period = billing_period_at(look->identity.created_at, at);
    period_key_write(&period, key);
    json_member_text(writer, TEXT("created_at"), instant_rfc3339(at, date));
    json_member_text(writer, TEXT("daily_key"), instant_date(at, date));
    json_member_text(writer, TEXT("period_key"), text_of(key));
}

static void event_write(struct account_look *look, const struct call_event *event)
{
    struct json_writer *writer = &look->writer;
    const struct journal_entry *entry = &event->entry;
    json_object_open(writer);
    if (entry->outcome == CALL_CHARGED)
        charge_write(writer, event);
    outcome_write(writer, entry->outcome);
    json_member_text(writer, TEXT("endpoint"),
                     account_endpoint_name(look->call, entry->endpoint));
    json_member_integer(writer, TEXT("credit_cost"), entry->credits);
    json_member_integer(writer, TEXT("overage_credits_delta"), entry->overage);
    json_member_integer(writer, TEXT("plan_version"), entry->plan_version);
    if (event->key_id[0])
        json_member_text(writer, TEXT("key_id"), text_of(event->key_id));
    times_write(look, writer, entry->at);
    json_object_close(writer);
}

static enum status events_read(struct account_look *look, struct reason *reason)
{
    struct event_query query = query_of(look->call);
    struct event_page *page = memory_take(sizeof(*page));
    enum status status = ledger_events_read(look->call->pipeline->ledger, &query, page, reason);
    char cursor[48];
    json_name(&look->writer, TEXT("items"));
    json_array_open(&look->writer);
    for (size_t i = 0; status == STATUS_OK && i < page->count; i++)
        event_write(look, &page->events[i]);
    json_array_close(&look->writer);
    if (status == STATUS_OK && page->has_more)
        json_member_text(&look->writer, TEXT("next"),
                         cursor_print(&page->next, cursor, sizeof(cursor)));
    free(page);
    return status;
}

void events_look_up(struct call *call)
{
    account_look_start(account_look_take(call, sizeof(struct account_look)), call, events_read,
                       NULL);
}
