#include "api/metrics.h"

#include "api/exposition.h"
#include "api/look_ups.h"
#include "http/counts.h"
#include "ledger/counts.h"
#include "ledger/usage.h"
#include "version.h"

/* ---- What is read, once for each answer ---- */

#define SOURCES_MAX 80 /* what the catalogue tells apart, "sample" and "other" */

struct source_lists {
    struct text source;
    int64_t lists, stale;
    int64_t oldest_us, newest_us; /* when they were captured */
};

struct readings {
    const struct pipeline *served;
    int64_t started_us;
    struct http_counts http;
    struct ledger_counts ledger;
    struct source_lists sources[SOURCES_MAX];
    size_t source_count;
    struct collector_state collected[COLLECTOR_SOURCES_MAX];
    size_t collected_count; /* sources that are on */
    int64_t cache_bytes;
    bool has_catalog, has_ledger;
};

static struct source_lists *source_of(struct readings *readings,
                                      const struct catalog_entry *entry)
{
    for (size_t i = 0; i < readings->source_count; i++)
        if (text_equals(readings->sources[i].source, entry->source))
            return &readings->sources[i];
    check(readings->source_count < SOURCES_MAX);
    struct source_lists *added = &readings->sources[readings->source_count++];
    *added = (struct source_lists){
        .source = entry->source, .oldest_us = INT64_MAX, .newest_us = INT64_MIN};
    return added;
}

static void lists_read(struct readings *readings)
{
    const struct pipeline *served = readings->served;
    struct catalog_entry *entries = memory_take(LIST_COUNT * sizeof(*entries));
    size_t count = catalog_entries(served->catalog, entries);
    for (size_t i = 0; i < count; i++) {
        struct source_lists *lists = source_of(readings, &entries[i]);
        int64_t captured_us = entries[i].captured_at.us;
        lists->lists++;
        lists->stale += pipeline_is_stale(served, entries[i].captured_at, entries[i].is_short);
        if (captured_us < lists->oldest_us)
            lists->oldest_us = captured_us;
        if (captured_us > lists->newest_us)
            lists->newest_us = captured_us;
    }
    free(entries);
}

static struct readings *readings_take(const struct metrics *metrics)
{
    const struct pipeline *served = metrics->served;
    struct reason reason;
    struct readings *readings = memory_take_zeroed(1, sizeof(*readings));
    readings->served = served;
    readings->started_us = metrics->started.us;
    http_server_counts(metrics->http, &readings->http);
    ledger_counts(served->ledger, &readings->ledger);
    lists_read(readings);
    if (served->collector)
        readings->collected_count = collector_states(served->collector, readings->collected);
    readings->cache_bytes = (int64_t)catalog_cache_bytes(served->catalog);
    readings->has_catalog = catalog_health(served->catalog, &reason) == STATUS_OK;
    readings->has_ledger = atomic_load(&served->ledger_answers);
    return readings;
}

/* ---- The table ---- */

struct metric {
    struct text name;
    struct text help;
    enum metric_type type;
    void (*write)(const struct metric *metric, const struct readings *readings,
                  struct buffer *out);
    size_t at; /* of the number: in readings, in a source's lists, or in its state */
};

static void labelled_write(const struct metric *metric, struct metric_label label,
                           int64_t value, struct buffer *out)
{
    exposition_sample(out, metric->name, (struct metric_labels){&label, 1}, value);
}

static const int64_t *numbers_at(const void *whole, size_t offset)
{
    return (const int64_t *)(const void *)((const char *)whole + offset);
}

static void plain(const struct metric *metric, const struct readings *readings,
                  struct buffer *out)
{
    exposition_sample(out, metric->name, NO_LABELS, *numbers_at(readings, metric->at));
}

static void seconds(const struct metric *metric, const struct readings *readings,
                    struct buffer *out)
{
    exposition_sample_seconds(out, metric->name, NO_LABELS, *numbers_at(readings, metric->at));
}

/* One number a source. */
static void by_source(const struct metric *metric, const struct readings *readings,
                      struct buffer *out)
{
    for (size_t i = 0; i < readings->source_count; i++) {
        const struct source_lists *lists = &readings->sources[i];
        labelled_write(metric, (struct metric_label){TEXT("source"), lists->source},
                       *numbers_at(lists, metric->at), out);
    }
}

static void seconds_by_source(const struct metric *metric, const struct readings *readings,
                              struct buffer *out)
{
    for (size_t i = 0; i < readings->source_count; i++) {
        const struct source_lists *lists = &readings->sources[i];
        struct metric_label label = {TEXT("source"), lists->source};
        exposition_sample_seconds(out, metric->name, (struct metric_labels){&label, 1},
                                  *numbers_at(lists, metric->at));
    }
}

static void by_collected(const struct metric *metric, const struct readings *readings,
                         struct buffer *out)
{
    for (size_t i = 0; i < readings->collected_count; i++) {
        const struct collector_state *state = &readings->collected[i];
        labelled_write(metric, (struct metric_label){TEXT("source"), text_of(state->name)},
                       *numbers_at(state, metric->at), out);
    }
}

/* Nothing of a source that has never given a list: 1970 would be a time. */
static void seconds_by_collected(const struct metric *metric, const struct readings *readings,
                                 struct buffer *out)
{
    for (size_t i = 0; i < readings->collected_count; i++) {
        const struct collector_state *state = &readings->collected[i];
        struct metric_label label = {TEXT("source"), text_of(state->name)};
        if (*numbers_at(state, metric->at) != 0)
            exposition_sample_seconds(out, metric->name, (struct metric_labels){&label, 1},
                                      *numbers_at(state, metric->at));
    }
}

/* One series for each state, 1 for the one that holds. */
static void by_collected_state(const struct metric *metric, const struct readings *readings,
                               struct buffer *out)
{
    static const enum source_state all[] = {SOURCE_WORKS, SOURCE_PAUSES, SOURCE_IS_SHUT};
    for (size_t i = 0; i < readings->collected_count * LENGTH_OF(all); i++) {
        const struct collector_state *state = &readings->collected[i / LENGTH_OF(all)];
        enum source_state told = all[i % LENGTH_OF(all)];
        const struct metric_label labels[] = {
            {TEXT("source"), text_of(state->name)},
            {TEXT("state"), text_of(source_state_word(told))}};
        exposition_sample(out, metric->name, (struct metric_labels){labels, LENGTH_OF(labels)},
                          state->state == told);
    }
}

/* The endpoints that are metered have a number; ENDPOINT_NUMBERS of them stand in the readings. */
static void by_endpoint(const struct metric *metric, const struct readings *readings,
                        struct buffer *out)
{
    const struct pipeline *served = readings->served;
    for (size_t i = 0; i < served->endpoint_count; i++) {
        const struct endpoint *endpoint = &served->endpoints[i];
        if (endpoint->number != 0)
            labelled_write(metric,
                           (struct metric_label){TEXT("endpoint"), endpoint->operation_id},
                           numbers_at(readings, metric->at)[endpoint->number], out);
    }
}

static void calls_of(const struct metric *metric, const struct endpoint *endpoint,
                     const int64_t calls[COUNTED_OUTCOMES], struct buffer *out)
{
    for (size_t i = 0; i < COUNTED_OUTCOMES; i++) {
        const struct metric_label labels[] = {
            {TEXT("endpoint"), endpoint->operation_id},
            {TEXT("outcome"), text_of(usage_column_names[i])}};
        exposition_sample(out, metric->name, (struct metric_labels){labels, LENGTH_OF(labels)},
                          calls[i]);
    }
}

static void by_endpoint_and_outcome(const struct metric *metric,
                                    const struct readings *readings, struct buffer *out)
{
    const struct pipeline *served = readings->served;
    for (size_t i = 0; i < served->endpoint_count; i++) {
        const struct endpoint *endpoint = &served->endpoints[i];
        if (endpoint->number != 0)
            calls_of(metric, endpoint, readings->ledger.calls[endpoint->number], out);
    }
}

static void by_class(const struct metric *metric, const struct readings *readings,
                     struct buffer *out)
{
    char name[] = "2xx";
    for (unsigned i = 2; i < HTTP_STATUS_CLASSES; i++, name[0]++)
        labelled_write(metric, (struct metric_label){TEXT("class"), text_of(name)},
                       readings->http.answers[i], out);
}

static void by_component(const struct metric *metric, const struct readings *readings,
                         struct buffer *out)
{
    labelled_write(metric, (struct metric_label){TEXT("component"), TEXT("catalog")},
                   readings->has_catalog, out);
    labelled_write(metric, (struct metric_label){TEXT("component"), TEXT("ledger")},
                   readings->has_ledger, out);
}

static void admits(const struct metric *metric, const struct readings *readings,
                   struct buffer *out)
{
    exposition_sample(out, metric->name, NO_LABELS, readings->ledger.admits);
}

static void build(const struct metric *metric, const struct readings *readings,
                  struct buffer *out)
{
    (void)readings;
    const struct metric_label labels[] = {{TEXT("version"), TEXT(TRENDGATE_VERSION)},
                                          {TEXT("commit"), TEXT(TRENDGATE_COMMIT)}};
    exposition_sample(out, metric->name, (struct metric_labels){labels, LENGTH_OF(labels)}, 1);
}

#define COUNTER(name, help, ...)                                                               \
    {                                                                                          \
        TEXT_INITIAL(name), TEXT_INITIAL(help), METRIC_COUNTER, __VA_ARGS__                    \
    }
#define GAUGE(name, help, ...)                                                                 \
    {                                                                                          \
        TEXT_INITIAL(name), TEXT_INITIAL(help), METRIC_GAUGE, __VA_ARGS__                      \
    }
#define READ(member) offsetof(struct readings, member)
#define COLLECTED(member) offsetof(struct collector_state, member)
#define OF_SOURCE(member) offsetof(struct source_lists, member)

/* clang-format off */
static const struct metric metric_table[] = {
    GAUGE("process_start_time_seconds", "When the process started, in seconds since 1970.",
          seconds, READ(started_us)),
    GAUGE("trendgate_build_info", "Always 1; the labels say what is running.", build, 0),
    GAUGE("trendgate_ready", "Whether the part of the service works (1) or not (0), as in /ready.",
          by_component, 0),
    COUNTER("trendgate_http_answers_total",
            "Answers by class of their status, also to clients who had hung up.", by_class, 0),
    COUNTER("trendgate_http_connections_accepted_total",
            "Connections that were within the limits.", plain, READ(http.accepted)),
    COUNTER("trendgate_http_connections_turned_away_total",
            "Connections over a limit, or that failed before their first byte.", plain,
            READ(http.turned_away)),
    GAUGE("trendgate_http_connections_open", "Connections that are open.", plain, READ(http.open)),
    COUNTER("trendgate_calls_total",
            "Calls by endpoint and by what became of them, once they are in the journal; "
            "rate_limited is 429.", by_endpoint_and_outcome, 0),
    COUNTER("trendgate_credits_charged_total", "Credits charged, durably.", by_endpoint,
            READ(ledger.credits)),
    COUNTER("trendgate_overage_credits_total",
            "Of the credits charged, those past the included ones.", by_endpoint,
            READ(ledger.overage)),
    GAUGE("trendgate_ledger_admits",
          "Whether calls can be metered (1), or are answered 503 (0) because the journal cannot be "
          "written or too many wait for it.", admits, 0),
    COUNTER("trendgate_journal_rows_total", "Batches of calls that were written and synced.",
            plain, READ(ledger.journal_rows)),
    COUNTER("trendgate_journal_commit_failures_total", "Batches that could not be written.", plain,
            READ(ledger.failed_commits)),
    COUNTER("trendgate_charges_undone_total",
            "Charges taken back, and their calls answered 503, because their batch could not be "
            "written.", plain, READ(ledger.undone_charges)),
    GAUGE("trendgate_journal_charges_waiting", "Charges that wait for the next batch.", plain,
          READ(ledger.charges_waiting)),
    GAUGE("trendgate_journal_slots_waiting",
          "Calls without a charge that wait to be counted with the next batch.", plain,
          READ(ledger.slots_waiting)),
    COUNTER("trendgate_ledger_folds_total", "How often balances and usage took in the journal.",
            plain, READ(ledger.folds)),
    GAUGE("trendgate_ledger_fold_lag_seconds",
          "Age of the oldest call that balances and usage in the database do not hold yet.",
          seconds, READ(ledger.fold_lag.us)),
    GAUGE("trendgate_lists", "Lists that can be served, by the source of each.", by_source,
          OF_SOURCE(lists)),
    GAUGE("trendgate_lists_stale", "Of these lists, those older than [catalog] ttl_hours, or of less than half of their "
          "predecessor's length.",
          by_source, OF_SOURCE(stale)),
    GAUGE("trendgate_lists_oldest_capture_timestamp_seconds",
          "When the oldest of a source's lists was captured, in seconds since 1970.",
          seconds_by_source, OF_SOURCE(oldest_us)),
    GAUGE("trendgate_lists_newest_capture_timestamp_seconds",
          "When the newest of a source's lists was captured, in seconds since 1970.",
          seconds_by_source, OF_SOURCE(newest_us)),
    GAUGE("trendgate_source_state",
          "1 for the state that a source is in, as in /ready: it works, pauses (throttled, or out of "
          "budget) or is shut (it failed too often).", by_collected_state, 0),
    COUNTER("trendgate_source_requests_total", "Requests sent to a source.", by_collected,
            COLLECTED(requests)),
    COUNTER("trendgate_source_lists_total", "Lists that a source gave.", by_collected,
            COLLECTED(lists)),
    COUNTER("trendgate_source_failures_total",
            "Requests that a source failed to answer well, looks at its folder that failed, files "
            "that were refused.", by_collected, COLLECTED(failures)),
    GAUGE("trendgate_source_refused_files",
          "Files of a source that stand refused until they change.", by_collected,
          COLLECTED(refused_files)),
    COUNTER("trendgate_source_throttled_total", "How often a source asked for fewer requests.",
            by_collected, COLLECTED(throttled)),
    COUNTER("trendgate_source_not_permitted_total",
            "How often a source said that we may not have what was asked for.", by_collected,
            COLLECTED(not_permitted)),
    COUNTER("trendgate_source_contradictions_total",
            "What contradicted itself in the lists of a source.", by_collected,
            COLLECTED(contradictions)),
    GAUGE("trendgate_source_short_lists",
          "Lists of a source that suddenly are of less than half of their predecessor's length.",
          by_collected, COLLECTED(short_lists)),
    GAUGE("trendgate_source_requests_today",
          "Requests taken from a source's budget since 00:00 UTC, by every collector of the "
          "database, at the last look.", by_collected, COLLECTED(used_today)),
    GAUGE("trendgate_source_daily_budget_requests", "What a source may be asked a day.",
          by_collected, COLLECTED(daily_budget)),
    GAUGE("trendgate_source_last_success_timestamp_seconds",
          "When a source last gave a list, in seconds since 1970.", seconds_by_collected,
          COLLECTED(last_success.us)),
    GAUGE("trendgate_catalog_cache_bytes", "Memory that rendered lists and pages take.", plain,
          READ(cache_bytes)),
};
/* clang-format on */

/* ---- The endpoint ---- */

/* Some 15 KB; a metered endpoint more adds 2 KB, a source 400 bytes. */
#define METRICS_BYTES_MAX (1024 * 1024)

static void readings_release(struct readings **readings)
{
    free(*readings);
}

static void metrics_look_up(struct call *call)
{
    const struct metrics *metrics = CONTAINER_OF(call->pipeline, struct metrics, pipeline);
    CLEANUP(readings_release) struct readings *readings = readings_take(metrics);
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&body, METRICS_BYTES_MAX);
    for (size_t i = 0; i < LENGTH_OF(metric_table); i++) {
        const struct metric *metric = &metric_table[i];
        exposition_family(&body, metric->name, metric->type, metric->help);
        metric->write(metric, readings, &body);
    }
    check(!body.overflowed);
    call_answer_text(call, TEXT(EXPOSITION_MEDIA_TYPE), buffer_text(&body));
}

static const struct endpoint admin_endpoints[] = {
    {.path = TEXT_INITIAL("/metrics"),
     .operation_id = TEXT_INITIAL("metrics"),
     .look_up = metrics_look_up},
    {.path = TEXT_INITIAL("/ping"),
     .operation_id = TEXT_INITIAL("ping"),
     .look_up = ping_look_up},
};

void metrics_init(struct metrics *metrics, const struct pipeline *served,
                  const struct http_server *http, instant started)
{
    *metrics = (struct metrics){.served = served, .http = http, .started = started};
    shelf_init(&metrics->no_documents);
    metrics->pipeline = (struct pipeline){.ledger = served->ledger,
                                          .catalog = served->catalog,
                                          .time = served->time,
                                          .endpoints = admin_endpoints,
                                          .endpoint_count = LENGTH_OF(admin_endpoints),
                                          .shelf = &metrics->no_documents,
                                          .is_private = true};
}

void metrics_finish(struct metrics *metrics)
{
    shelf_finish(&metrics->no_documents);
}

struct http_receiver metrics_receiver(struct metrics *metrics)
{
    return pipeline_receiver(&metrics->pipeline);
}
