#include "serve.h"

#include "admin.h"
#include "api/documents.h"
#include "api/endpoints.h"
#include "base/log.h"
#include "base/log_writer.h"
#include "biller.h"
#include "call/pipeline.h"
#include "catalog/history.h"
#include "catalog/store.h"
#include "cli/progress.h"
#include "collecting.h"
#include "console/assets.h"
#include "console/console.h"
#include "console/endpoints.h"
#include "demo.h"
#include "http_limits.h"
#include "ledger/billing.h"
#include "metrics_listener.h"
#include "open_files.h"
#include "settings/plan_book.h"
#include "version.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#define RENDER_THREADS 2       /* short pieces of work, off the loops */
#define RENDER_QUEUE_MAX 16384 /* one job a cold list, and there are 8,208 of those */
#define WATCHERS 2          /* for the catalogue, and the ledger: neither waits for the other */
#define WATCH_QUEUE_MAX 2   /* a look at the catalogue, one at the ledger */
#define READ_QUEUE_MAX 4096 /* looks at an account: some 50 us each */
#define URL_BYTES_MAX 2048
#define WATCH_INTERVAL_MS 250 /* how soon a snapshot published elsewhere is seen */
#define SEEN_WRITE_LOOKS 80   /* every 20 s: a key's last use is to be seen within a minute */

/* The object graph of the running server; everything lives as long as serve. */
struct server {
    const struct serve_options *options;
    const struct settings *settings;
    struct text ledger_path;
    char catalog_path[PATH_BYTES_MAX];
    char upgrade_url[URL_BYTES_MAX];
    char base_url[URL_BYTES_MAX]; /* how customers reach us, once that is known */
    struct plan_book plans;
    struct shelf shelf; /* the documents, as the plans in force have them */
    /* Each kind of work has threads of its own: a revocation waits for no list, and a list that
     * was published for no import of accounts. */
    struct pool *renderers, *verbs, *watchers, *readers, *historians;
    unsigned threads;
    unsigned connections_max;
    struct ledger *ledger;
    struct catalog *catalog;
    struct history *history;
    struct biller *biller;
    struct collecting collecting;
    struct collector *collector; /* NULL: no source is on */
    struct console console;
    struct pipeline pipeline;
    struct http_server *http;
    struct admin_listener *admin;
    struct metrics_listener *metrics; /* NULL: not asked for */
    instant started;

    uv_loop_t loop; /* the main thread's: signals, the watch, commands */
    uv_signal_t terminate, interrupt, hang_up;
    uv_timer_t watch;
    struct pool_job ledger_check;
    unsigned looks; /* at the ledger; the watcher's own */
    atomic_bool is_checking;
    bool is_closing; /* signals change nothing any more */
};

/* ---- Opening, in order ---- */

/* A file of an older program gets its history first, which may take a while. */
static enum status store_begin(struct server *server, struct reason *reason)
{
    struct progress progress CLEANUP(progress_finish);
    progress_init(&progress, "snapshots", 0);
    const struct store_progress shown = {progress_show_of, &progress};
    struct store *store;
    TRY(store_open_showing(text_of(server->catalog_path), server->options->time, &shown, &store,
                           reason));
    store_close(store);
    return STATUS_OK;
}

static enum status catalog_begin(struct server *server, struct reason *reason)
{
    struct catalog_options options = {
        .database_path = text_of(server->catalog_path),
        .cache_bytes_max = (size_t)server->settings->cache_mb << 20,
        .sample_enabled = server->settings->sample.enabled || server->options->is_demo,
        .pool = server->renderers,
        .poll_pool = server->watchers,
        .time = server->options->time,
    };
    return catalog_open(&options, &server->catalog, reason);
}

static enum status history_begin(struct server *server, struct reason *reason)
{
    struct history_options options = {
        .database_path = text_of(server->catalog_path),
        .sample_enabled = server->settings->sample.enabled || server->options->is_demo,
        .retention_days = server->settings->retention_days,
        .pool = server->historians,
        .time = server->options->time,
    };
    return history_open(&options, &server->history, reason);
}

static void list_published(void *owner)
{
    struct server *server = owner;
    catalog_look(server->catalog);
}

static enum status collector_begin(struct server *server, struct reason *reason)
{
    const struct settings *settings = server->settings;
    const struct collecting_choice all = {.is_demo = server->options->is_demo};
    TRY(collecting_init(settings, &all, &server->collecting, reason));
    if (server->collecting.source_count == 0)
        return STATUS_OK;
    const struct collector_options options = {
        .catalog_path = text_of(server->catalog_path),
        .time = server->options->time,
        .sources = server->collecting.sources,
        .source_count = server->collecting.source_count,
        .time_to_live = {settings->ttl_hours * 3600 * SECOND_US},
        .is_collected = server->collecting.is_collected,
        .published = list_published,
        .owner = server,
    };
    return collector_open(&options, &server->collector, reason);
}

static enum status console_begin(struct server *server, struct reason *reason)
{
    bool is_open = server->options->is_demo ||
                   text_equals(server->settings->console_sign_up, TEXT("open"));
    return console_open(&server->console, server->options->time, is_open, reason);
}

static void pipeline_begin(struct server *server)
{
    const struct settings *settings = server->settings;
    (void)snprintf(server->upgrade_url, sizeof(server->upgrade_url), "%.*s/console/billing",
                   TEXT_PRINT(settings->public_url));
    server->pipeline = (struct pipeline){
        .ledger = server->ledger,
        .catalog = server->catalog,
        .history = server->history,
        .collector = server->collector,
        .readers = server->readers,
        .time = server->options->time,
        .endpoints = endpoints,
        .endpoint_count = endpoint_count,
        .console_endpoints = console_endpoints,
        .console_endpoint_count = console_endpoint_count,
        .console = &server->console,
        .has_insecure_cookie = settings->insecure_cookie,
        .shelf = &server->shelf,
        .time_to_live = {settings->ttl_hours * 3600 * SECOND_US},
        .logs_access = settings->access_log,
        .trusted_proxies = settings->trusted_proxies,
        .upgrade_url = text_of(server->upgrade_url),
        .public_url = settings->public_url,
    };
    atomic_init(&server->pipeline.ledger_answers, true);
}

static unsigned core_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (unsigned)cores : 1;
}

/* First of all: what is opened later must find room. */
static enum status files_begin(struct server *server, struct reason *reason)
{
    const struct settings *settings = server->settings;
    server->threads = settings->threads > 0 ? (unsigned)settings->threads : core_count();
    unsigned own = server->threads * HTTP_THREAD_FILES +
                   (settings->admin_listen.length > 0 ? METRICS_LISTENER_FILES : 0);
    return open_files_fit((unsigned)settings->connections, own, &server->connections_max,
                          reason);
}

static enum status http_begin(struct server *server, struct reason *reason)
{
    const struct settings *s = server->settings;
    struct http_server_options options = {
        .listen = s->listen,
        .time = server->options->time,
        .threads = server->threads,
        .limits = http_limits_of(s, server->connections_max),
        .receiver = pipeline_receiver(&server->pipeline),
    };
    return http_server_open(&options, &server->http, reason);
}

static enum status metrics_begin(struct server *server, struct reason *reason)
{
    const struct metrics_listener_options options = {.settings = server->settings,
                                                     .served = &server->pipeline,
                                                     .http = server->http,
                                                     .started = server->started};
    if (server->settings->admin_listen.length == 0)
        return STATUS_OK;
    return metrics_listener_open(&options, &server->metrics, reason);
}

static enum status admin_begin(struct server *server, struct reason *reason)
{
    const struct admin_listener_options options = {
        .ledger_path = server->ledger_path,
        .context = {.ledger = server->ledger,
                    .plans = &server->plans,
                    .base_url = text_of(server->base_url)},
        .pool = server->verbs,
        .read_timeout_ms = ADMIN_READ_TIMEOUT_MS,
    };
    if (settings_database_is_postgres(server->settings->database_url))
        return STATUS_OK; /* commands go to the database as nodes do */
    return admin_listener_open(&server->loop, &options, &server->admin, reason);
}

static enum status demo_begin(struct server *server, struct demo *demo, struct reason *reason)
{
    if (!server->options->is_demo)
        return STATUS_OK;
    struct plans plans;
    plan_book_read(&server->plans, &plans);
    return demo_make(server->ledger, &plans, demo, reason);
}

static void greet(const struct server *server, const struct demo *demo)
{
    struct text address = http_server_address(server->http);
    (void)printf("listening on http://%.*s\n", TEXT_PRINT(address));
    if (server->metrics)
        (void)printf("admin on http://%.*s\n",
                     TEXT_PRINT(metrics_listener_address(server->metrics)));
    if (server->options->is_demo)
        (void)printf("\nThis is the demo: sample lists, an account of its own (" DEMO_EMAIL
                     ")\nand a new API key at every start:\n\n  %s\n\nTry it:\n\n  curl "
                     "\"http://%.*s%.*s?limit=5&country_code=US\" -H \"x-api-key: %s\"\n\n"
                     "The console, by a link that signs in once within an hour:\n\n"
                     "  http://%.*s/console/link/%s\n\n",
                     demo->key.characters, TEXT_PRINT(address), TEXT_PRINT(endpoints[0].path),
                     demo->key.characters, TEXT_PRINT(address), demo->link.characters);
    (void)fflush(stdout);
}

/* ---- Running ---- */

/* Whether what was noted of keys and sessions is to be written again. */
static bool is_due(struct server *server)
{
    return ++server->looks % SEEN_WRITE_LOOKS == 0;
}

static void ledger_check_run(struct pool_job *job)
{
    struct server *server = CONTAINER_OF(job, struct server, ledger_check);
    struct reason reason = {0};
    bool answers = ledger_health(server->ledger, &reason) == STATUS_OK;
    bool answered = atomic_exchange(&server->pipeline.ledger_answers, answers);
    if (answered && !answers)
        log_line(LOG_ERROR, "ledger", "the ledger does not answer: %s", reason.sentence);
    if (answers && is_due(server) && ledger_seen_write(server->ledger, &reason) != STATUS_OK)
        log_line(LOG_ERROR, "ledger", "the last uses of keys are not written: %s",
                 reason.sentence);
    atomic_store(&server->is_checking, false);
}

static void watch(uv_timer_t *timer)
{
    struct server *server = timer->data;
    catalog_poll(server->catalog);
    history_tend(server->history);
    if (!atomic_exchange(&server->is_checking, true) &&
        pool_submit(server->watchers, &server->ledger_check) != STATUS_OK)
        atomic_store(&server->is_checking, false);
    biller_tend(server->biller);
}

static void stop(uv_signal_t *signal, int number)
{
    struct server *server = signal->data;
    if (server->is_closing)
        return;
    log_line(LOG_INFO, "serve", "stopping on signal %d; answers in flight are finished",
             number);
    uv_stop(&server->loop);
}

/* Without a public URL it is the address that we listen on, once that is known. */
static void base_url_renew(struct server *server)
{
    const struct settings *settings = server->settings;
    struct text host = server->http ? http_server_address(server->http) : settings->listen;
    int length = settings->public_url.length > 0
                     ? snprintf(server->base_url, URL_BYTES_MAX, "%.*s",
                                TEXT_PRINT(settings->public_url))
                     : snprintf(server->base_url, URL_BYTES_MAX, "http://%.*s",
                                TEXT_PRINT(host));
    check(length > 0 && length < URL_BYTES_MAX);
}

static void documents_renew(struct server *server)
{
    const struct document_extras extras = {console_assets, console_asset_count};
    base_url_renew(server);
    struct plans plans;
    plan_book_read(&server->plans, &plans);
    documents_publish(&server->shelf,
                      &(struct describe_facts){.plans = &plans,
                                               .public_url = text_of(server->base_url),
                                               .version = TEXT(TRENDGATE_VERSION),
                                               .ttl_hours = server->settings->ttl_hours,
                                               .has_console = true},
                      &extras);
}

static enum status plans_reload(struct server *server, struct reason *reason)
{
    struct plans plans;
    TRY(plans_read(server->settings->plans_file, priced_operations, &plans, reason));
    TRY(ledger_terms_set(server->ledger, &plans, reason));
    plan_book_write(&server->plans, &plans);
    documents_renew(server);
    return STATUS_OK;
}

static void reload(uv_signal_t *signal, int number)
{
    (void)number;
    struct server *server = signal->data;
    struct reason reason = {0};
    struct settings settings;
    if (server->is_closing)
        return;
    enum status status = settings_open(server->options->config_file, environ, &settings,
                                       &reason);
    if (status == STATUS_OK)
        settings_close(&settings);
    if (status == STATUS_OK)
        status = plans_reload(server, &reason);
    if (status == STATUS_OK)
        log_line(LOG_INFO, "serve",
                 "the plan file is in force anew; settings are read at the next start");
    else
        log_line(LOG_ERROR, "serve", "nothing is reloaded, what was stays in force: %s",
                 reason.sentence);
}

static void signal_begin(struct server *server, uv_signal_t *signal, uv_signal_cb act,
                         int number)
{
    check(uv_signal_init(&server->loop, signal) == 0);
    signal->data = server;
    check(uv_signal_start(signal, act, number) == 0);
    uv_unref((uv_handle_t *)signal); /* watched as long as anything else goes on */
}

static void watch_begin(struct server *server)
{
    server->ledger_check.run = ledger_check_run;
    atomic_init(&server->is_checking, false);
    check(uv_timer_init(&server->loop, &server->watch) == 0);
    server->watch.data = server;
    check(uv_timer_start(&server->watch, watch, WATCH_INTERVAL_MS, WATCH_INTERVAL_MS) == 0);
}

/* Before anybody is told that we listen, so that a stop is clean from then on: a signal that
 * comes before the loop runs waits for it. */
static void signals_begin(struct server *server)
{
    signal_begin(server, &server->terminate, stop, SIGTERM);
    signal_begin(server, &server->interrupt, stop, SIGINT);
    signal_begin(server, &server->hang_up, reload, SIGHUP);
}

static void signals_end(struct server *server)
{
    uv_close((uv_handle_t *)&server->terminate, NULL);
    uv_close((uv_handle_t *)&server->interrupt, NULL);
    uv_close((uv_handle_t *)&server->hang_up, NULL);
}

static void run(struct server *server)
{
    watch_begin(server);
    (void)uv_run(&server->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&server->watch, NULL);
}

/* ---- The whole ---- */

static enum status pools_begin(struct server *server, struct reason *reason)
{
    server->renderers = pool_open(RENDER_THREADS, RENDER_QUEUE_MAX);
    server->verbs = pool_open(1, ADMIN_CLIENTS_MAX);
    server->watchers = pool_open(WATCHERS, WATCH_QUEUE_MAX);
    server->readers = pool_open(1, READ_QUEUE_MAX);
    server->historians = pool_open(1, HISTORY_QUEUE_MAX);
    server->biller = biller_open(server->ledger, server->options->time,
                                 server->options->is_demo ? NEVER_SUSPENDS
                                                          : server->settings->grace_days);
    if (server->renderers && server->verbs && server->watchers && server->readers &&
        server->historians && server->biller)
        return STATUS_OK;
    return reason_set(reason, STATUS_IO, "the system has no threads left for the server");
}

static enum status open_in_order(struct server *server, struct reason *reason)
{
    struct demo demo = {0};
    if (server->options->is_demo)
        TRY(demo_is_allowed(server->settings, reason));
    TRY(files_begin(server, reason));
    TRY(log_writer_start(reason));
    TRY(settings_database_address(server->settings->database_url, &server->ledger_path,
                                  reason));
    TRY(ledger_open(server->ledger_path, server->options->time, &server->ledger, reason));
    TRY(store_path_of(server->settings->database_url, server->catalog_path, reason));
    TRY(plans_reload(server, reason));
    TRY(pools_begin(server, reason));
    TRY(store_begin(server, reason));
    TRY(catalog_begin(server, reason));
    TRY(history_begin(server, reason));
    TRY(collector_begin(server, reason));
    TRY(console_begin(server, reason));
    pipeline_begin(server);
    TRY(http_begin(server, reason));
    TRY(metrics_begin(server, reason));
    documents_renew(server);
    TRY(demo_begin(server, &demo, reason));
    TRY(admin_begin(server, reason));
    greet(server, &demo);
    explicit_bzero(&demo, sizeof(demo));
    return STATUS_OK;
}

/* Whatever was opened: first those who ask, then those who are asked. Signals are watched to the
 * end: one more of them, while answers are finished or the ledger is closed, must kill nobody. */
static void close_in_reverse(struct server *server)
{
    server->is_closing = true;
    admin_listener_close(server->admin);
    metrics_listener_close(server->metrics);
    if (server->collector)
        collector_stop(server->collector); /* who waits for a list is told */
    http_server_close(server->http);
    collector_close(server->collector);
    collecting_finish(&server->collecting);
    (void)uv_run(&server->loop, UV_RUN_DEFAULT);
    pool_close(server->historians);
    biller_close(server->biller);
    pool_close(server->readers);
    pool_close(server->watchers);
    pool_close(server->verbs);
    pool_close(server->renderers);
    console_close(&server->console);
    history_close(server->history);
    catalog_close(server->catalog);
    ledger_close(server->ledger);
    signals_end(server);
    (void)uv_run(&server->loop, UV_RUN_DEFAULT);
    check(uv_loop_close(&server->loop) == 0);
    shelf_finish(&server->shelf);
    plan_book_finish(&server->plans);
    log_writer_stop();
}

enum status serve(const struct serve_options *options, struct reason *reason)
{
    struct server server = {
        .options = options, .settings = options->settings, .started = time_now(options->time)};
    int outcome = uv_loop_init(&server.loop);
    if (outcome != 0)
        return reason_set(reason, STATUS_IO, "the server's event loop cannot be made: %s",
                          uv_strerror(outcome));
    plan_book_init(&server.plans);
    shelf_init(&server.shelf);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on files is met like a full disk */
    signals_begin(&server);
    enum status status = open_in_order(&server, reason);
    if (status == STATUS_OK)
        run(&server);
    close_in_reverse(&server);
    return status;
}
