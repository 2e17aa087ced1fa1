#include "api/usage_range.h"

#include "api/parameter_words.h"
#include "ledger/usage.h"

const struct parameter range_parameters[USAGE_OWN] = {RANGE_PARAMETERS};

const struct parameter range_limit_parameters[USAGE_OWN + 1] = {
    RANGE_PARAMETERS, [USAGE_OWN] = LIMIT_PARAMETER};

#define HOUR_US (HOUR_SECONDS * SECOND_US)
#define WEEK_DAYS 7
#define MONTH_DAYS 30

static enum usage_range_word word_of(const struct usage_asked *asked)
{
    if (asked->word != RANGE_ABSENT)
        return (enum usage_range_word)asked->word;
    return asked->from_us == RANGE_ABSENT && asked->to_us == RANGE_ABSENT ? RANGE_PERIOD
                                                                          : RANGE_CUSTOM;
}

/* The last days, today among them. */
static struct usage_range days_to(instant now, int64_t days)
{
    int64_t end = instant_hour(day_end(now));
    return (struct usage_range){.hours_from = end - 24 * days, .hours_before = end};
}

/* The first hour after the range: the end of today, where none was asked for. */
static instant custom_end(const struct usage_asked *asked, instant now)
{
    return asked->to_us == RANGE_ABSENT ? day_end(now) : (instant){asked->to_us};
}

struct usage_range usage_range_of(const struct usage_asked *asked,
                                  const struct billing_period *period, instant now)
{
    enum usage_range_word word = word_of(asked);
    struct usage_range range = {0};
    switch (word) {
    case RANGE_PERIOD:
        range.hours_from = instant_hour(period->start);
        range.hours_before = instant_hour(period->end);
        break;
    case RANGE_DAY: range = days_to(now, 1); break;
    case RANGE_WEEK: range = days_to(now, WEEK_DAYS); break;
    case RANGE_MONTH: range = days_to(now, MONTH_DAYS); break;
    case RANGE_CUSTOM:
        range.hours_from = instant_hour((instant){asked->from_us});
        range.hours_before = instant_hour(custom_end(asked, now));
        break;
    }
    range.word = word;
    return range;
}

static size_t fault(struct usage_range_fault *place, const char *name, const char *reason,
                    int64_t value_us)
{
    *place = (struct usage_range_fault){name, reason, value_us};
    return 1;
}

static size_t hours_check(const struct usage_asked *asked, struct usage_range_fault *faults)
{
    static const char reason[] = "must be a whole hour of UTC: usage is kept by the hour";
    size_t count = 0;
    if (asked->from_us != RANGE_ABSENT && asked->from_us % HOUR_US != 0)
        count += fault(&faults[count], "from", reason, asked->from_us);
    if (asked->to_us != RANGE_ABSENT && asked->to_us % HOUR_US != 0)
        count += fault(&faults[count], "to", reason, asked->to_us);
    return count;
}

static size_t misplaced_check(const struct usage_asked *asked, struct usage_range_fault *faults)
{
    static const char reason[] =
        "goes with range=custom alone: leave it out, or leave range out";
    size_t count = 0;
    if (asked->from_us != RANGE_ABSENT)
        count += fault(&faults[count], "from", reason, asked->from_us);
    if (asked->to_us != RANGE_ABSENT)
        count += fault(&faults[count], "to", reason, asked->to_us);
    return count;
}

static size_t span_check(const struct usage_asked *asked, bool by_hours, instant now,
                         struct usage_range_fault *faults)
{
    int64_t span_us = custom_end(asked, now).us - asked->from_us;
    if (span_us <= 0)
        return fault(faults, "from", "must be before to (the end of today, unless it is given)",
                     asked->from_us);
    if (by_hours && span_us > RANGE_HOURS_MAX * HOUR_US)
        return fault(faults, "from", "must be at most 31 days before to with bucket=hour",
                     asked->from_us);
    if (span_us > RANGE_DAYS_MAX * DAY_US)
        return fault(faults, "from", "must be at most 400 days before to", asked->from_us);
    return 0;
}

size_t usage_range_check(const struct usage_asked *asked, bool by_hours, instant now,
                         struct usage_range_fault faults[RANGE_FAULTS_MAX])
{
    if (word_of(asked) != RANGE_CUSTOM)
        return misplaced_check(asked, faults);
    size_t count = hours_check(asked, faults);
    if (asked->from_us != RANGE_ABSENT)
        return count > 0 ? count : span_check(asked, by_hours, now, faults);
    if (count < RANGE_FAULTS_MAX)
        count += fault(&faults[count], "from", "is needed for range=custom: a date or a time",
                       RANGE_ABSENT);
    return count;
}
