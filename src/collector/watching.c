#include "collector/watching.h"

#include "base/log.h"
#include "collector/fetch.h"
#include "collector/known_files.h"

#include <stdio.h>

#define STORE_PAUSE_US (INT64_C(5) * SECOND_US) /* before a store that failed is asked again */

/* One file on its way into the catalogue. */
struct arrival {
    bool is_under_way;
    struct seen_file file;
    struct arena arena;
    struct capture capture;
    size_t checked, kept; /* lists */
    instant leased_at;
};

struct watching {
    struct collector *collector;
    struct asked_source *source;
    const struct source_watch *watch;
    struct watched *watched;
    unsigned turns; /* until the next look */
    unsigned looks;
    size_t elsewhere; /* files that others read, as of this look */
    bool was_seen;    /* since it was opened */
    bool is_given_up; /* --once */
    duration not_before;
    struct arrival arrival;
};

struct watching *watching_open(struct collector *collector, struct asked_source *source)
{
    struct watching *watching = memory_take_zeroed(1, sizeof(*watching));
    watching->collector = collector;
    watching->source = source;
    watching->watch = source->is.source->watch;
    watching->watched = watching->watch->open(&source->is.options);
    arena_init(&watching->arrival.arena, CAPTURE_ARENA_BYTES_MAX);
    return watching;
}

static struct text name_of(const struct watching *watching)
{
    return text_of(watching->source->is.source->name);
}

/* ---- The end of a file ---- */

static void arrival_finish(struct watching *watching)
{
    struct arrival *arrival = &watching->arrival;
    arrival->is_under_way = false;
    arena_finish(&arrival->arena);
    arena_init(&arrival->arena, CAPTURE_ARENA_BYTES_MAX);
}

static enum status end_write(struct watching *watching, const struct file_end *end,
                             struct reason *reason)
{
    struct collector *collector = watching->collector;
    return known_file_end(collector->db, name_of(watching), &watching->arrival.file,
                          collector->holder, end, reason);
}

static void lease_stays(const struct watching *watching, const struct reason *reason)
{
    log_line(LOG_WARNING, "collector", "the lease of the file %s stays until it runs out: %s",
             watching->arrival.file.name, reason->sentence);
}

/* It is to be read again: after the next look, or by another. */
static void arrival_leave(struct watching *watching)
{
    struct reason reason = {0};
    watching->elsewhere++;
    watching->watch->pass(watching->watched, &watching->arrival.file, false);
    if (end_write(watching, NULL, &reason) != STATUS_OK)
        lease_stays(watching, &reason);
    arrival_finish(watching);
}

static void give_up(struct watching *watching, const struct reason *fault)
{
    struct collector *collector = watching->collector;
    if (!collector->options.stops_when_done)
        return;
    watching->is_given_up = true;
    collector_note_fault(collector, &collector->unseen_sources, fault);
}

/* The source itself, and no file of it. */
static void source_fault(struct watching *watching, const struct reason *fault)
{
    source_failed(watching->collector, watching->source, fault);
    give_up(watching, fault);
}

static void store_fault(struct watching *watching, const struct reason *fault)
{
    struct collector *collector = watching->collector;
    log_line(LOG_WARNING, "collector", "a file is put off: %s", fault->sentence);
    watching->not_before = (duration){collector->elapsed.us + STORE_PAUSE_US};
}

/* What came of a file and how its source fares, in one transaction, which costs one sync. Where
 * there is none, each is kept for itself. */
static void arrival_end(struct watching *watching, const struct file_end *end,
                        const struct reason *fault)
{
    struct collector *collector = watching->collector;
    struct reason reason = {0};
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    bool is_one = db_begin(collector->db, &transaction, &reason) == STATUS_OK;
    if (fault)
        source_refuted(collector, watching->source, fault);
    else
        source_succeeded(collector, watching->source, end->lists);
    enum status status = end_write(watching, end, &reason);
    if (status == STATUS_OK && is_one)
        status = db_commit(&transaction, &reason);
    if (status != STATUS_OK) {
        store_fault(watching, &reason); /* not at once again, whatever it was */
    } else {
        watching->watch->pass(watching->watched, &watching->arrival.file, true);
    }
    arrival_finish(watching);
}

static void event_tell(const struct watching *watching, struct collector_event *event)
{
    const struct collector *collector = watching->collector;
    const struct arrival *arrival = &watching->arrival;
    if (!collector->options.told)
        return;
    event->file = text_of(arrival->file.name);
    event->source = name_of(watching);
    event->left = collector_left(collector);
    if (event->outcome != FILE_REFUSED)
        event->left += arrival->capture.ranking_count - arrival->kept;
    collector->options.told(collector->options.owner, event);
}

static void refused_count(struct watching *watching)
{
    struct refused_files refused;
    struct reason reason = {0};
    struct collector *collector = watching->collector;
    if (known_files_refused(collector->db, name_of(watching), &refused, &reason) == STATUS_OK)
        watching->source->state.refused_files = refused.count;
}

static void arrival_refuse(struct watching *watching, const struct reason *fault)
{
    struct collector *collector = watching->collector;
    struct collector_event event = {.outcome = FILE_REFUSED, .sentence = reason_text(fault)};
    const struct file_end end = {
        .outcome = FILE_IS_REFUSED, .sentence = reason_text(fault), .at = collector->now};
    log_line(
        LOG_WARNING, "collector",
        "a file is refused: %s; mend it, or take it away: it is read again once it changes",
        fault->sentence);
    collector_note_fault(collector, &collector->refused_files, fault);
    event_tell(watching, &event);
    arrival_end(watching, &end, fault);
    refused_count(watching);
}

/* ---- Its lists ---- */

static void oddity_log(const struct watching *watching, const struct ranking *ranking,
                       const char *oddity)
{
    if (oddity[0] != '\0')
        log_line(LOG_WARNING, "collector", "%s, list %.*s, %d days: %s",
                 watching->arrival.file.name,
                 TEXT_PRINT(country_at(ranking->list.country)->code),
                 period_days[ranking->list.period], oddity);
}

/* Whether it is suddenly short: of the one that was captured before it. */
static enum status shortness_find(struct watching *watching, struct ranking *ranking,
                                  char *oddity, size_t oddity_bytes, struct reason *reason)
{
    struct snapshot_entry before;
    enum status status = store_find_before(watching->collector->store, ranking->list,
                                           ranking->captured_at, 0, &before, reason);
    if (status == STATUS_MISSING)
        return STATUS_OK;
    TRY(status);
    ranking->is_short |= list_is_short(ranking->hashtag_count, before.hashtag_count, oddity,
                                       oddity_bytes);
    return STATUS_OK;
}

static void rest_note(const struct ranking *ranking, const struct capture_extent *extent,
                      char *oddity, size_t oddity_bytes)
{
    if (oddity[0] == '\0' && capture_is_page(ranking, extent))
        (void)snprintf(
            oddity, oddity_bytes,
            "it says that more than its %zu hashtags are on the list, and is kept as "
            "it is",
            ranking->hashtag_count);
}

static enum status list_keep(struct watching *watching, size_t place, struct reason *reason)
{
    struct collector *collector = watching->collector;
    struct arrival *arrival = &watching->arrival;
    struct ranking ranking = arrival->capture.rankings[place];
    char oddity[160] = "";
    int64_t snapshot_id;
    TRY(shortness_find(watching, &ranking, oddity, sizeof(oddity), reason));
    rest_note(&ranking, &arrival->capture.extents[place], oddity, sizeof(oddity));
    enum status status = store_publish(collector->store, &ranking, &snapshot_id, reason);
    if (status != STATUS_OK && status != STATUS_EXISTS)
        return status;
    arrival->kept++;
    oddity_log(watching, &ranking, oddity);
    struct collector_event event = {
        .outcome = status == STATUS_OK ? LIST_KEPT : LIST_IS_THE_SAME,
        .list = ranking.list,
        .hashtag_count = ranking.hashtag_count,
        .sentence = text_of(oddity),
    };
    event_tell(watching, &event);
    return STATUS_OK;
}

/* All of them before the first is kept, so that a file is refused whole. */
static enum status list_check(struct watching *watching, size_t place, struct reason *reason)
{
    struct arrival *arrival = &watching->arrival;
    enum status status = store_check(watching->collector->store,
                                     &arrival->capture.rankings[place], reason);
    if (status != STATUS_OK && status != STATUS_EXISTS)
        return status;
    arrival->checked++;
    return STATUS_OK;
}

/* Long before it runs out, and not with each list: it costs a sync. */
static enum status lease_renew(struct watching *watching, struct reason *reason)
{
    struct collector *collector = watching->collector;
    struct arrival *arrival = &watching->arrival;
    instant until = {0};
    if (collector->now.us - arrival->leased_at.us < FILE_LEASE_US / 4)
        return STATUS_OK;
    TRY(known_file_take(collector->db, name_of(watching), &arrival->file, collector->holder,
                        collector->now, &until, reason));
    arrival->leased_at = collector->now;
    return STATUS_OK;
}

static enum status lists_go_on(struct watching *watching, struct reason *reason)
{
    struct arrival *arrival = &watching->arrival;
    size_t count = arrival->capture.ranking_count;
    TRY(lease_renew(watching, reason));
    for (unsigned i = 0; i < WATCH_LISTS_A_TURN; i++) {
        if (count > 1 && arrival->checked < count)
            TRY(list_check(watching, arrival->checked, reason));
        else if (arrival->kept < count)
            TRY(list_keep(watching, arrival->kept, reason));
    }
    return STATUS_OK;
}

/* The list contradicts one that is kept, or is too large to be kept: the file's fault. */
static bool is_refusal(enum status status)
{
    return status == STATUS_CONFLICT || status == STATUS_TOO_LARGE || status == STATUS_INVALID;
}

static void file_name_before(const struct seen_file *file, struct reason *fault)
{
    struct reason inner = *fault;
    (void)reason_set(fault, STATUS_OK, "%s: %s", file->name, inner.sentence);
}

static void arrival_go_on(struct watching *watching)
{
    struct reason fault = {0};
    struct arrival *arrival = &watching->arrival;
    size_t kept = arrival->kept;
    enum status status = lists_go_on(watching, &fault);
    if (arrival->kept > kept)
        collector_look(watching->collector);
    if (is_refusal(status)) {
        file_name_before(&arrival->file, &fault);
        arrival_refuse(watching, &fault);
    } else if (status != STATUS_OK) {
        arrival_leave(watching);
        store_fault(watching, &fault);
    } else if (arrival->kept == arrival->capture.ranking_count) {
        const struct file_end end = {.outcome = FILE_IS_KEPT,
                                     .lists = (int64_t)arrival->kept,
                                     .at = watching->collector->now};
        arrival_end(watching, &end, NULL);
    }
}

/* ---- The beginning of a file ---- */

static void arrival_read(struct watching *watching)
{
    struct reason fault = {0};
    struct arrival *arrival = &watching->arrival;
    arrival->checked = arrival->kept = 0;
    arrival->capture = (struct capture){0};
    arrival->leased_at = watching->collector->now;
    enum status status = watching->watch->read(watching->watched, &arrival->file,
                                               watching->collector->now, &arrival->arena,
                                               &arrival->capture, &fault);
    if (status == STATUS_OK) {
        arrival->is_under_way = true;
        if (arrival->capture.low_curve_count > 0)
            log_line(
                LOG_WARNING, "collector",
                "%s: the greatest value of %zu of its %zu curves is not 1; they are kept as "
                "captured",
                arrival->file.name, arrival->capture.low_curve_count,
                arrival->capture.curve_count);
    } else if (status == STATUS_BUSY) {
        arrival_leave(watching);
    } else if (status == STATUS_IO) {
        arrival_leave(watching);
        source_fault(watching, &fault);
    } else {
        arrival_refuse(watching, &fault);
    }
}

/* False: there is no file that is new. */
static bool arrival_begin(struct watching *watching)
{
    struct collector *collector = watching->collector;
    struct seen_file *file = &watching->arrival.file;
    for (unsigned i = 0; i < WATCH_KNOWN_A_TURN; i++) {
        struct reason fault = {0};
        instant until = {0};
        if (!watching->watch->next(watching->watched, file))
            return false;
        enum status status = known_file_take(collector->db, name_of(watching), file,
                                             collector->holder, collector->now, &until, &fault);
        if (status == STATUS_OK) {
            arrival_read(watching);
            return true;
        }
        if (status != STATUS_EXISTS && until.us == 0) {
            store_fault(watching, &fault);
            return true;
        }
        watching->elsewhere += status != STATUS_EXISTS;
        watching->watch->pass(watching->watched, file, status == STATUS_EXISTS);
    }
    return true;
}

/* ---- A look ---- */

static bool is_gone(const void *owner, const char *name)
{
    const struct watching *watching = owner;
    return !watching->watch->has(watching->watched, name);
}

static void gone_forget(struct watching *watching)
{
    struct reason fault = {0};
    if (known_files_sweep(watching->collector->db, name_of(watching), is_gone, watching,
                          &fault) != STATUS_OK)
        log_line(LOG_WARNING, "collector", "files that are gone stay known: %s",
                 fault.sentence);
}

static void once_look(struct watching *watching)
{
    struct reason fault = {0};
    if (!watching->collector->options.stops_when_done || ++watching->looks < WATCH_ONCE_LOOKS ||
        watching_is_done(watching))
        return;
    (void)reason_set(&fault, STATUS_UNAVAILABLE,
                     "a file of the source %.*s is being written still, or read by another "
                     "collector: run this again",
                     TEXT_PRINT(name_of(watching)));
    give_up(watching, &fault);
}

static void look(struct watching *watching)
{
    struct reason fault = {0};
    bool has_lost = false;
    watching->turns = WATCH_LOOK_TURNS;
    watching->elsewhere = 0;
    if (watching->watch->look(watching->watched, &has_lost, &fault) != STATUS_OK) {
        source_fault(watching, &fault);
        return;
    }
    if (!watching->was_seen || watching->source->failures > 0 || watching->source->is_shut)
        source_succeeded(watching->collector, watching->source, 0);
    watching->was_seen = true;
    if (has_lost)
        gone_forget(watching);
    refused_count(watching);
    once_look(watching);
}

/* Who asks for it once, asks now. */
static bool is_put_off(const struct watching *watching)
{
    const struct collector *collector = watching->collector;
    bool pauses = watching->source->paused_until.us > collector->elapsed.us &&
                  !collector->options.stops_when_done;
    return pauses || watching->not_before.us > collector->elapsed.us;
}

void watching_turn(struct watching *watching)
{
    if (watching->turns > 0)
        watching->turns--;
    if (watching->is_given_up || is_put_off(watching))
        return;
    if (watching->arrival.is_under_way)
        arrival_go_on(watching);
    else if (!arrival_begin(watching) && watching->turns == 0)
        look(watching);
}

bool watching_is_done(const struct watching *watching)
{
    struct seen_file file;
    return watching->is_given_up ||
           (watching->was_seen && !watching->arrival.is_under_way && watching->elsewhere == 0 &&
            watching->watch->moving(watching->watched) == 0 &&
            !watching->watch->next(watching->watched, &file));
}

void watching_close(struct watching *watching)
{
    if (watching->arrival.is_under_way)
        arrival_leave(watching);
    watching->watch->close(watching->watched);
    arena_finish(&watching->arrival.arena);
    free(watching);
}
