#include "collector/fetch.h"

#include "base/log.h"

#include <stdio.h>

/* How long --once waits for a source that was put off, before it gives the list up. */
#define ONCE_PATIENCE_US (INT64_C(2) * 60 * SECOND_US)

#define STORE_PAUSE_US (INT64_C(5) * SECOND_US) /* before a store that failed is asked again */
#define LOOK_AGAIN_US SECOND_US                 /* at a list that another collector has */

/* ---- The end of a fetch ---- */

static void fetch_free(struct fetch *fetch)
{
    struct collector *collector = fetch->collector;
    struct fetch **link = &collector->fetches;
    while (*link != fetch)
        link = &(*link)->next;
    *link = fetch->next;
    collector->fetch_count--;
    collector->is_changed = true;
    arena_finish(&fetch->arena);
    free(fetch->hashtags);
    free(fetch);
}

static void lease_end(struct fetch *fetch, instant not_before)
{
    struct collector *collector = fetch->collector;
    struct reason reason = {0};
    struct job_pause pause = {schedule_failures(collector->schedule, fetch->list),
                              collector->now, not_before};
    if (job_release(collector->db, fetch->list, collector->holder, &pause, &reason) !=
        STATUS_OK)
        log_line(LOG_WARNING, "collector", "a lease stays until it runs out: %s",
                 reason.sentence);
}

static void source_leave(struct fetch *fetch)
{
    if (fetch->source) {
        fetch->source->in_flight--;
        fetch->source_name = fetch->source->is.source->name;
    }
    fetch->source = NULL;
}

/* Both in one transaction, which costs one sync. Where there is none, each is kept for
 * itself. */
static void success_keep(struct fetch *fetch, instant not_before)
{
    struct reason reason = {0};
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    bool is_one = db_begin(fetch->collector->db, &transaction, &reason) == STATUS_OK;
    if (fetch->source)
        source_succeeded(fetch->collector, fetch->source, 1);
    lease_end(fetch, not_before);
    if (is_one && db_commit(&transaction, &reason) != STATUS_OK)
        log_line(LOG_WARNING, "collector", "a lease stays until it runs out: %s",
                 reason.sentence);
}

static void fetch_tell(const struct fetch *fetch, enum collector_outcome outcome,
                       struct text sentence)
{
    const struct collector *collector = fetch->collector;
    if (!collector->options.told)
        return;
    const char *source = fetch->source ? fetch->source->is.source->name : fetch->source_name;
    struct collector_event event = {
        .outcome = outcome,
        .list = fetch->list,
        .source = text_of(source),
        .hashtag_count = outcome == LIST_FAILED ? 0 : fetch->hashtag_count,
        .sentence = sentence,
        .left = collector_left(collector) - 1, /* this one is still under way */
    };
    collector->options.told(collector->options.owner, &event);
}

static void fetch_end_well(struct fetch *fetch, enum collector_outcome outcome)
{
    struct collector *collector = fetch->collector;
    schedule_done(collector->schedule, fetch->list, collector->now);
    instant again = {0};
    /* A capture of a clock that was ahead, then, still counts as the newest. */
    bool is_outshone = collector->kept[list_key_index(fetch->list)].captured_at.us >
                       collector->now.us + DAY_US;
    if (outcome == LIST_IS_THE_SAME || is_outshone)
        again.us = collector->now.us + collector->options.time_to_live.us;
    success_keep(fetch, again);
    collector_look(collector);
    if (fetch->source)
        fetch_tell(fetch, outcome, text_of(fetch->oddity));
    waiters_wake(collector, fetch->list, STATUS_OK);
    source_leave(fetch);
    fetch_free(fetch);
}

static void list_give_up(struct fetch *fetch, enum status outcome)
{
    struct collector *collector = fetch->collector;
    collector_note_fault(collector, &collector->failed_lists, &fetch->fault);
    fetch_tell(fetch, LIST_FAILED, reason_text(&fetch->fault));
    waiters_wake(collector, fetch->list, outcome);
    if (collector->options.stops_when_done)
        schedule_dropped(collector->schedule, fetch->list);
}

/* Every source that gives it was tried. */
static void fetch_fail(struct fetch *fetch)
{
    struct collector *collector = fetch->collector;
    instant again = schedule_failed(collector->schedule, fetch->list, collector->now,
                                    fetch->not_before);
    lease_end(fetch, again);
    source_leave(fetch);
    list_give_up(fetch, fetch->was_refused ? STATUS_MISSING : STATUS_UNAVAILABLE);
    fetch_free(fetch);
}

/* Nothing is wrong with the list: no source may be asked now. */
static void fetch_postpone(struct fetch *fetch, duration wait)
{
    struct collector *collector = fetch->collector;
    bool is_long = wait.us > COLLECTOR_WAIT_US;
    schedule_postponed(collector->schedule, fetch->list, collector->now,
                       (instant){collector->now.us + wait.us});
    lease_end(fetch, (instant){0});
    source_leave(fetch);
    if (collector->options.stops_when_done && wait.us > ONCE_PATIENCE_US)
        list_give_up(fetch, STATUS_UNAVAILABLE);
    else if (is_long)
        waiters_wake(collector, fetch->list, STATUS_UNAVAILABLE);
    fetch_free(fetch);
}

/* ---- Asking ---- */

static void page_answered(struct client_exchange *exchange, const struct client_answer *answer);

/* Whatever failed a source, the list goes on to the next one. */
static void fetch_fault(struct fetch *fetch)
{
    fetch->was_refused = false;
    fetch->has_failed = true;
    source_failed(fetch->collector, fetch->source, &fetch->fault);
}

static void request_settle(struct fetch *fetch)
{
    struct collector *collector = fetch->collector;
    struct reason reason = {0};
    if (budget_settle(collector->db, collector->options.time, fetch->request, &reason) !=
        STATUS_OK)
        log_line(LOG_WARNING, "collector", "an answer's time cannot be kept: %s",
                 reason.sentence);
}

static enum status request_take(struct fetch *fetch, duration *wait, struct reason *reason)
{
    struct collector *collector = fetch->collector;
    const struct collector_source *source = &fetch->source->is;
    struct budget_limits limits = {text_of(source->source->name), source->requests_per_minute,
                                   source->daily_budget};
    return budget_take(collector->db, collector->options.time, &limits, &fetch->request, wait,
                       reason);
}

/* A redirect was an answer, and asks for a request like any other. */
static bool redirect_permit(struct client_exchange *exchange, struct reason *reason)
{
    duration wait = {0};
    struct fetch *fetch = exchange->own;
    request_settle(fetch);
    if (request_take(fetch, &wait, reason) != STATUS_OK)
        return false;
    fetch->source->state.requests++;
    return true;
}

/* These return whether the fetch is settled: a request is under way, waits, or the fetch has
 * ended. Otherwise the next source is to be asked. */
static bool page_send(struct fetch *fetch)
{
    struct asked_source *source = fetch->source;
    struct source_question question = {fetch->list, fetch->page};
    struct client_request request = {0};
    source->is.source->ask(&source->is.options, &question, &fetch->arena, &request);
    request.timeout = source->is.timeout;
    fetch->exchange = (struct client_exchange){
        .answered = page_answered, .may_follow = redirect_permit, .own = fetch};
    source->state.requests++;
    if (http_client_send(fetch->collector->client, &request, &fetch->exchange, &fetch->fault) ==
        STATUS_OK)
        return true;
    fetch_fault(fetch);
    return false;
}

/* Of the source's own limits: a later page waits for the minute, all else is put off. */
static bool page_wait(struct fetch *fetch, duration wait)
{
    struct collector *collector = fetch->collector;
    if (fetch->page > 1 && wait.us <= BUDGET_WINDOW_US) {
        fetch->ask_at = (duration){collector->elapsed.us + wait.us};
        return true;
    }
    source_rests(collector, fetch->source, wait);
    return false;
}

static void store_fault(struct fetch *fetch)
{
    log_line(LOG_WARNING, "collector", "a list is put off: %s", fetch->fault.sentence);
    fetch_postpone(fetch, (duration){STORE_PAUSE_US});
}

/* Long before it runs out, and not with each page: it costs a sync. */
static enum status lease_renew(struct fetch *fetch)
{
    struct collector *collector = fetch->collector;
    struct job_hindrance hindrance;
    if (collector->now.us - fetch->leased_at.us < JOB_LEASE_US / 4)
        return STATUS_OK;
    TRY(job_take(collector->db, fetch->list, collector->holder, collector->now, &hindrance,
                 &fetch->fault));
    fetch->leased_at = collector->now;
    return STATUS_OK;
}

static enum status page_permit(struct fetch *fetch, duration *wait)
{
    TRY(lease_renew(fetch));
    return request_take(fetch, wait, &fetch->fault);
}

static bool page_ask(struct fetch *fetch)
{
    duration wait = {0};
    fetch->ask_at = (duration){0};
    enum status status = page_permit(fetch, &wait);
    if (status == STATUS_OK)
        return page_send(fetch);
    if (status == STATUS_EXHAUSTED)
        return page_wait(fetch, wait);
    store_fault(fetch);
    return true;
}

/* The next source that may be asked; false: there is none, and the fetch has ended. */
static bool source_choose(struct fetch *fetch)
{
    struct collector *collector = fetch->collector;
    if (fetch->source)
        fetch->tried |= source_bit(collector, fetch->source);
    source_leave(fetch);
    duration wait = {0};
    fetch->source = source_pick(collector, fetch->list, fetch->tried, &wait);
    if (!fetch->source && fetch->has_failed) {
        fetch_fail(fetch);
        return false;
    }
    if (!fetch->source) {
        duration all;
        (void)source_pick(collector, fetch->list, 0, &all);
        fetch_postpone(fetch, all.us > 0 ? all : (duration){LOOK_AGAIN_US});
        return false;
    }
    fetch->source->in_flight++;
    fetch->page = 1;
    fetch->hashtag_count = fetch->contradictions = 0;
    fetch->oddity[0] = '\0';
    fetch->is_more_promised = false;
    fetch->tells_change = true;
    fetch->begun_at = collector->now;
    arena_reset(&fetch->arena);
    return true;
}

/* The list from its beginning, from the first source that can be asked. */
static void source_next(struct fetch *fetch)
{
    while (source_choose(fetch))
        if (page_ask(fetch))
            return;
}

/* ---- What came of a page ---- */

static bool fetch_complete(struct fetch *fetch)
{
    bool is_ours = false;
    if (lease_renew(fetch) != STATUS_OK) { /* another has the list by now */
        store_fault(fetch);
        return true;
    }
    enum collector_outcome outcome = fetch_publish(fetch, &is_ours);
    if (outcome == LIST_FAILED && !is_ours) {
        fetch_fault(fetch);
        return false;
    }
    if (outcome == LIST_FAILED) {
        fetch->was_refused = false;
        fetch_fail(fetch);
        return true;
    }
    fetch_end_well(fetch, outcome);
    return true;
}

static void page_add(struct fetch *fetch, const struct source_page *page)
{
    size_t count = fetch->hashtag_count;
    size_t room = RANKING_HASHTAGS_MAX - count;
    size_t added = page->hashtag_count < room ? page->hashtag_count : room;
    fetch->hashtags = memory_grow(fetch->hashtags,
                                  (count + added + 1) * sizeof(*fetch->hashtags));
    if (added > 0)
        memcpy(fetch->hashtags + count, page->hashtags, added * sizeof(*fetch->hashtags));
    fetch->hashtag_count += added;
    fetch->tells_change = fetch->tells_change && page->tells_change;
    fetch->contradictions += page->warnings;
    if (page->warnings > 0 && fetch->oddity[0] == '\0')
        memcpy(fetch->oddity, page->warning, sizeof(fetch->oddity));
}

/* A list that grew shorter while it was paged, or a source that promises what it has not. */
static void promise_check(struct fetch *fetch, const struct source_page *page)
{
    bool is_broken = fetch->is_more_promised && page->hashtag_count == 0;
    fetch->is_more_promised = page->promises_more;
    if (!is_broken)
        return;
    fetch->contradictions++;
    if (fetch->oddity[0] == '\0')
        (void)snprintf(fetch->oddity, sizeof(fetch->oddity),
                       "page %u is empty, and the one before it said that more follow",
                       fetch->page);
}

static bool page_given(struct fetch *fetch, const struct source_page *page)
{
    const struct source *source = fetch->source->is.source;
    page_add(fetch, page);
    promise_check(fetch, page);
    bool is_last = page->is_last || page->hashtag_count == 0 ||
                   fetch->page >= source->pages_max ||
                   fetch->hashtag_count >= RANKING_HASHTAGS_MAX;
    if (is_last)
        return fetch_complete(fetch);
    fetch->page++;
    return page_ask(fetch);
}

static enum source_verdict answer_read(struct fetch *fetch, const struct client_answer *answer,
                                       struct source_page *page)
{
    if (answer->outcome != STATUS_OK) {
        fetch->fault = answer->reason;
        return SOURCE_BROKEN;
    }
    struct source_question question = {fetch->list, fetch->page};
    fetch->fault = (struct reason){0};
    return fetch->source->is.source->read(&question, answer, fetch->collector->now,
                                          &fetch->arena, page, &fetch->fault);
}

static bool answer_take(struct fetch *fetch, const struct client_answer *answer)
{
    struct source_page page = {0};
    switch (answer_read(fetch, answer, &page)) {
    case SOURCE_GIVEN: return page_given(fetch, &page);
    case SOURCE_THROTTLED:
        fetch->was_refused = false;
        source_throttled(fetch->collector, fetch->source, answer->retry_after_seconds,
                         &fetch->fault);
        return false;
    case SOURCE_NOT_PERMITTED: fetch->source->state.not_permitted++; [[fallthrough]];
    case SOURCE_BROKEN: fetch_fault(fetch); return false;
    case SOURCE_REFUSED: fetch->has_failed = true; return false;
    }
    check(false);
}

static void page_answered(struct client_exchange *exchange, const struct client_answer *answer)
{
    struct fetch *fetch = exchange->own;
    struct collector *collector = fetch->collector;
    if (collector->is_ending)
        return; /* fetches_give_up does the rest */
    collector->now = time_now(collector->options.time);
    collector->elapsed = time_elapsed(collector->options.time);
    request_settle(fetch);
    if (!answer_take(fetch, answer))
        source_next(fetch);
    collector_turn(collector);
}

/* ---- The beginning ---- */

static struct fetch *fetch_make(struct collector *collector, struct list_key list)
{
    struct fetch *fetch = memory_take_zeroed(1, sizeof(*fetch));
    fetch->collector = collector;
    fetch->list = list;
    fetch->was_refused = true;
    arena_init(&fetch->arena, FETCH_ARENA_BYTES_MAX);
    fetch->next = collector->fetches;
    collector->fetches = fetch;
    collector->fetch_count++;
    fetch->leased_at = collector->now;
    schedule_begun(collector->schedule, list);
    return fetch;
}

/* Another collector may have published it since the last look. */
static bool was_captured_meanwhile(struct fetch *fetch)
{
    struct collector *collector = fetch->collector;
    int64_t before = collector->kept[list_key_index(fetch->list)].snapshot_id;
    collector_look(collector);
    const struct kept_list *kept = &collector->kept[list_key_index(fetch->list)];
    return kept->snapshot_id != before &&
           kept->captured_at.us + collector->options.time_to_live.us > collector->now.us;
}

/* Whoever fetches once need not wait for the end of a long rest. */
static int64_t busy_wait(struct fetch *fetch, const struct job_hindrance *hindrance)
{
    int64_t wait = hindrance->until.us - fetch->collector->now.us;
    if (!fetch->collector->options.stops_when_done || !hindrance->is_pause ||
        wait <= ONCE_PATIENCE_US)
        return LOOK_AGAIN_US;
    (void)reason_set(&fetch->fault, STATUS_UNAVAILABLE,
                     "it failed before and is left alone for %lld minutes more",
                     (long long)(wait / SECOND_US / 60));
    return wait;
}

bool fetch_begin(struct collector *collector, struct list_key list)
{
    duration wait = {0};
    struct asked_source *source = source_pick(collector, list, 0, &wait);
    if (!source && wait.us == 0)
        return false;
    struct fetch *fetch = fetch_make(collector, list);
    struct job_hindrance hindrance = {0};
    if (!source) {
        (void)reason_set(&fetch->fault, STATUS_UNAVAILABLE,
                         "no source that gives the list may be asked now");
        fetch_postpone(fetch, wait);
        return true;
    }
    enum status status = job_take(collector->db, list, collector->holder, collector->now,
                                  &hindrance, &fetch->fault);
    if (status == STATUS_BUSY && hindrance.until.us > 0) {
        fetch_postpone(fetch, (duration){busy_wait(fetch, &hindrance)});
    } else if (status != STATUS_OK) {
        store_fault(fetch);
    } else if (was_captured_meanwhile(fetch)) {
        fetch_end_well(fetch, LIST_KEPT);
    } else {
        source_next(fetch);
    }
    return true;
}

void fetches_go_on(struct collector *collector)
{
    struct fetch *next;
    for (struct fetch *fetch = collector->fetches; fetch; fetch = next) {
        next = fetch->next;
        bool is_due = fetch->ask_at.us > 0 && fetch->ask_at.us <= collector->elapsed.us;
        if (is_due && !page_ask(fetch))
            source_next(fetch);
    }
}

void fetches_give_up(struct collector *collector)
{
    struct fetch *next;
    for (struct fetch *fetch = collector->fetches; fetch; fetch = next) {
        next = fetch->next;
        lease_end(fetch, (instant){0});
        fetch_free(fetch);
    }
}
