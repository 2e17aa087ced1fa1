#include "base/log.h"
#include "collector/collector_parts.h"

#include <stdio.h>

uint8_t source_bit(const struct collector *collector, const struct asked_source *source)
{
    return (uint8_t)(1U << (source - collector->sources));
}

static bool source_has_room(const struct asked_source *source)
{
    return source->in_flight < (source->is_shut ? 1 : (unsigned)source->is.concurrency);
}

/* The first by preference that may be asked decides: a list does not change its source because
 * the better one is busy for a moment. */
struct asked_source *source_pick(struct collector *collector, struct list_key list,
                                 uint8_t tried, duration *wait)
{
    int64_t least = INT64_MAX;
    unsigned giving = collector->given_by[list_key_index(list)] & ~(unsigned)tried;
    for (size_t i = 0; i < collector->options.source_count; i++) {
        struct asked_source *source = &collector->sources[i];
        int64_t pause = source->paused_until.us - collector->elapsed.us;
        if (!(giving & 1U << i))
            continue;
        if (pause <= 0) {
            *wait = (duration){0};
            return source_has_room(source) ? source : NULL;
        }
        least = pause < least ? pause : least;
    }
    *wait = (duration){least};
    return NULL;
}

static void fare_keep(struct collector *collector, struct asked_source *source)
{
    struct reason reason = {0};
    if (budget_write_fare(collector->db, collector->options.time,
                          text_of(source->is.source->name), &source->fare,
                          &reason) != STATUS_OK) {
        log_line(LOG_WARNING, "collector", "how %s fares cannot be kept: %s",
                 source->is.source->name, reason.sentence);
        return;
    }
    source->fare.lists_new = 0;
    source->fare.closes_breaker = false;
}

static void source_put_off(struct collector *collector, struct asked_source *source,
                           duration pause)
{
    int64_t until = collector->elapsed.us + pause.us;
    if (until > source->paused_until.us)
        source->paused_until = (duration){until};
    source->fare.paused_from = collector->now;
    source->fare.paused_until = (instant){collector->now.us + source->paused_until.us -
                                          collector->elapsed.us};
    source->fare.is_shut = source->is_shut;
}

static void fault_note(struct collector *collector, struct asked_source *source,
                       const struct reason *reason)
{
    reason_shorten(reason, source->fare.fault, sizeof(source->fare.fault));
    source->fare.failed_at = collector->now;
}

void source_succeeded(struct collector *collector, struct asked_source *source, int64_t lists)
{
    if (source->is_shut) {
        log_line(LOG_INFO, "collector", "%s works again", source->is.source->name);
        source->paused_until = (duration){0};
        source->fare.paused_until = (instant){0};
        source->fare.closes_breaker = true;
    }
    source->failures = source->openings = source->throttles = 0;
    source->is_shut = source->fare.is_shut = false;
    if (lists > 0)
        source->fare.succeeded_at = collector->now;
    source->fare.lists_new += lists;
    source->fare.fault[0] = '\0';
    source->state.lists += lists;
    fare_keep(collector, source);
}

static void breaker_open(struct collector *collector, struct asked_source *source)
{
    struct source_patience patience = source->is.source->patience;
    int64_t pause = patience.least.us;
    for (unsigned i = 0; i < source->openings && pause < patience.most.us; i++)
        pause *= 2;
    if (pause > patience.most.us)
        pause = patience.most.us;
    source->openings++;
    source->is_shut = true;
    source_put_off(collector, source, (duration){pause});
    log_line(LOG_WARNING, "collector",
             "%s failed %u times in a row and is left alone for %lld s; the last: %s",
             source->is.source->name, source->failures, (long long)(pause / SECOND_US),
             source->fare.fault);
}

void source_failed(struct collector *collector, struct asked_source *source,
                   const struct reason *reason)
{
    source->failures++;
    source->state.failures++;
    fault_note(collector, source, reason);
    bool is_put_off = source->paused_until.us > collector->elapsed.us;
    if (source->failures >= BREAKER_FAILURES && !is_put_off)
        breaker_open(collector, source);
    fare_keep(collector, source);
}

void source_refuted(struct collector *collector, struct asked_source *source,
                    const struct reason *reason)
{
    source->state.failures++;
    fault_note(collector, source, reason);
    fare_keep(collector, source);
}

/* What a source tells is kept to, but one that throttles again and again, without a list between,
 * is left alone for longer each time, also where it tells to come back at once. */
static int64_t throttle_least(const struct asked_source *source)
{
    int64_t most = source->is.source->patience.most.us;
    int64_t least = source->throttles > 0 ? THROTTLE_PAUSE_US : 0;
    for (unsigned i = 1; i < source->throttles && least < most; i++)
        least *= 2;
    return least < most ? least : most;
}

void source_throttled(struct collector *collector, struct asked_source *source,
                      int64_t retry_after_seconds, const struct reason *reason)
{
    int64_t pause = retry_after_seconds >= 0 ? retry_after_seconds * SECOND_US
                                             : THROTTLE_PAUSE_US;
    bool is_put_off = source->paused_until.us > collector->elapsed.us; /* this was under way */
    if (!is_put_off && pause < throttle_least(source))
        pause = throttle_least(source);
    source->throttles += !is_put_off;
    source->state.throttled++;
    fault_note(collector, source, reason);
    source_put_off(collector, source, (duration){pause});
    fare_keep(collector, source);
    log_line(LOG_WARNING, "collector", "%s is left alone for %lld s: %s",
             source->is.source->name, (long long)(pause / SECOND_US), reason->sentence);
}

void source_rests(struct collector *collector, struct asked_source *source, duration wait)
{
    source_put_off(collector, source, wait);
}

/* What other collectors found counts here too. */
void source_look(struct collector *collector, struct asked_source *source)
{
    struct source_fare fare;
    struct reason reason = {0};
    if (budget_read_fare(collector->db, collector->options.time,
                         text_of(source->is.source->name), &fare, &reason) != STATUS_OK)
        return; /* the store's health says it */
    source->fare.used_today = fare.used_today;
    if (fare.succeeded_at.us > source->fare.succeeded_at.us)
        source->fare.succeeded_at = fare.succeeded_at;
    bool is_put_off = collector->now.us >= fare.paused_from.us - JOB_LEASE_US &&
                      collector->now.us < fare.paused_until.us;
    int64_t until = collector->elapsed.us + fare.paused_until.us - collector->now.us;
    if (is_put_off && until > source->paused_until.us) {
        source->paused_until = (duration){until};
        source->is_shut = source->is_shut || fare.is_shut;
        fare.lists_new = source->fare.lists_new;
        source->fare = fare;
    }
}

void source_fill_state(const struct collector *collector, const struct asked_source *source,
                       struct collector_state *state)
{
    *state = source->state;
    int64_t pause = source->paused_until.us - collector->elapsed.us;
    state->name = source->is.source->name;
    state->state = source->is_shut ? SOURCE_IS_SHUT : pause > 0 ? SOURCE_PAUSES : SOURCE_WORKS;
    state->until = (instant){pause > 0 ? collector->now.us + pause : 0};
    state->used_today = source->fare.used_today;
    state->daily_budget = source->is.daily_budget;
    state->last_success = source->fare.succeeded_at;
    memcpy(state->last_fault, source->fare.fault, sizeof(state->last_fault));
}

const char *source_state_word(enum source_state state)
{
    switch (state) {
    case SOURCE_WORKS: return "works";
    case SOURCE_PAUSES: return "pauses";
    case SOURCE_IS_SHUT: return "shut";
    }
    check(false);
}
