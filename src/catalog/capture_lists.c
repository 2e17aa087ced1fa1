/* Settles which list every row belongs to, and builds the rankings. */
#include "catalog/capture_parts.h"

/* The whole capture's answers for rows that do not say. */
struct fallback {
    struct list_facts hint; /* of the file's name */
    int curve_days;         /* the period that the curves show; 0: none */
    int64_t span_days;      /* of the longest curve */
};

static bool is_midnight(instant at)
{
    return at.us % DAY_US == 0;
}

static int64_t gap_days(const struct hashtag *hashtag, size_t i)
{
    return (hashtag->trend[i].time - hashtag->trend[i - 1].time) / DAY_SECONDS;
}

/* Days between each two points where they are the same throughout, else 0. */
static int64_t step_days(const struct hashtag *hashtag)
{
    for (size_t i = 2; i < hashtag->trend_count; i++)
        if (gap_days(hashtag, i) != gap_days(hashtag, 1))
            return 0;
    return hashtag->trend_count > 1 ? gap_days(hashtag, 1) : 0;
}

/* Seven or thirty points a day apart, or enough weekly ones to be beyond thirty days. */
static int curve_days(const struct hashtag *hashtag)
{
    int64_t step = step_days(hashtag);
    if (step == 1 && (hashtag->trend_count == 7 || hashtag->trend_count == 30))
        return (int)hashtag->trend_count;
    return step == 7 && hashtag->trend_count >= 7 ? 120 : 0;
}

/* The longest curve tells: shorter ones miss days. */
static void look_at_curves(const struct capture_reader *reader, struct fallback *fallback)
{
    for (size_t i = 0; i < reader->row_count; i++) {
        const struct hashtag *hashtag = &reader->rows[i].hashtag;
        if (hashtag->trend_count == 0 || reader->rows[i].facts.has_period)
            continue;
        int64_t span = hashtag_span_days(hashtag);
        if (span < fallback->span_days)
            continue;
        if (span > fallback->span_days || fallback->curve_days == 0)
            fallback->curve_days = curve_days(hashtag);
        fallback->span_days = span;
    }
}

#define RENAME_OR_DROP "rename the file or drop the option"

static enum status settle_country(struct capture_reader *reader, struct capture_row *row,
                                  const struct fallback *fallback)
{
    const struct capture_options *options = reader->options;
    struct list_facts *facts = &row->facts;
    if (facts->has_country && options->has_country && facts->country != options->country)
        return capture_fault(
            reader, &row->place, STATUS_CONFLICT,
            "the file says %.*s, --country says %.*s: leave the option out, or "
            "import the right file",
            TEXT_PRINT(country_at(facts->country)->code),
            TEXT_PRINT(country_at(options->country)->code));
    if (!facts->has_country && options->has_country && fallback->hint.has_country &&
        options->country != fallback->hint.country)
        return capture_fault(reader, NULL, STATUS_CONFLICT,
                             "the name says %.*s, --country says %.*s: " RENAME_OR_DROP,
                             TEXT_PRINT(country_at(fallback->hint.country)->code),
                             TEXT_PRINT(country_at(options->country)->code));
    if (!facts->has_country)
        facts->country = options->has_country ? options->country : fallback->hint.country;
    facts->has_country |= options->has_country || fallback->hint.has_country;
    return STATUS_OK;
}

static enum status settle_period(struct capture_reader *reader, struct capture_row *row,
                                 const struct fallback *fallback)
{
    const struct capture_options *options = reader->options;
    struct list_facts *facts = &row->facts;
    unsigned shown = 0;
    if (facts->has_period) {
        if (options->has_period && facts->period != options->period)
            return capture_fault(
                reader, &row->place, STATUS_CONFLICT,
                "the file says %d days, --period says %d: leave the option out, "
                "or import the right file",
                period_days[facts->period], period_days[options->period]);
        return STATUS_OK;
    }
    if (options->has_period && period_is_exceeded(fallback->span_days, options->period))
        return capture_fault(
            reader, NULL, STATUS_CONFLICT,
            "its curves span %lld days, --period says %d: leave the option out, "
            "or import the right file",
            (long long)fallback->span_days, period_days[options->period]);
    if (options->has_period && fallback->hint.has_period &&
        options->period != fallback->hint.period)
        return capture_fault(reader, NULL, STATUS_CONFLICT,
                             "the name says %dd, --period says %d: " RENAME_OR_DROP,
                             period_days[fallback->hint.period], period_days[options->period]);
    facts->has_period = true;
    if (options->has_period)
        facts->period = options->period;
    else if (period_find(fallback->curve_days, &shown) == STATUS_OK)
        facts->period = (uint8_t)shown;
    else if (fallback->hint.has_period &&
             !period_is_exceeded(fallback->span_days, fallback->hint.period))
        facts->period = fallback->hint.period;
    else
        facts->has_period = false;
    return STATUS_OK;
}

static enum status check_captured_hint(struct capture_reader *reader,
                                       const struct fallback *fallback)
{
    const struct capture_options *options = reader->options;
    if (!options->has_captured_at || !fallback->hint.has_captured_at ||
        instant_day(options->captured_at) == instant_day(fallback->hint.captured_at))
        return STATUS_OK;
    char hint_room[INSTANT_TEXT_BYTES];
    char given_room[INSTANT_TEXT_BYTES];
    return capture_fault(reader, NULL, STATUS_CONFLICT,
                         "the name says %.*s, --captured says %.*s: " RENAME_OR_DROP,
                         TEXT_PRINT(instant_date(fallback->hint.captured_at, hint_room)),
                         TEXT_PRINT(instant_rfc3339(options->captured_at, given_room)));
}

/* Of the same day's two times, the one that is not just its midnight. */
static enum status settle_captured_at(struct capture_reader *reader, struct capture_row *row,
                                      const struct fallback *fallback)
{
    const struct capture_options *options = reader->options;
    struct list_facts *facts = &row->facts;
    if (facts->has_captured_at && options->has_captured_at) {
        instant told = facts->captured_at;
        instant given = options->captured_at;
        bool same_day = instant_day(told) == instant_day(given);
        if (told.us != given.us && !(same_day && (is_midnight(told) || is_midnight(given)))) {
            char told_room[INSTANT_TEXT_BYTES];
            char given_room[INSTANT_TEXT_BYTES];
            return capture_fault(reader, &row->place, STATUS_CONFLICT,
                                 "the file says %.*s, --captured says %.*s: leave the option "
                                 "out, or import the right file",
                                 TEXT_PRINT(instant_rfc3339(told, told_room)),
                                 TEXT_PRINT(instant_rfc3339(given, given_room)));
        }
        facts->captured_at = is_midnight(told) ? given : told;
    } else if (!facts->has_captured_at) {
        TRY(check_captured_hint(reader, fallback));
        facts->captured_at = options->has_captured_at ? options->captured_at
                                                      : fallback->hint.captured_at;
        facts->has_captured_at = options->has_captured_at || fallback->hint.has_captured_at;
    }
    return STATUS_OK;
}

static enum status check_settled(struct capture_reader *reader, const struct capture_row *row)
{
    const struct list_facts *facts = &row->facts;
    if (facts->has_country && facts->has_period && facts->has_captured_at)
        return STATUS_OK;
    return capture_fault(reader, &row->place, STATUS_MISSING,
                         "which list this is stays unknown: give%s%s%s",
                         facts->has_country ? "" : " --country CODE (ALL: the global list)",
                         facts->has_period ? "" : " --period DAYS (7, 30 or 120)",
                         facts->has_captured_at ? "" : " --captured YYYY-MM-DD");
}

static enum status settle(struct capture_reader *reader)
{
    struct fallback fallback = {0};
    capture_hint(reader->options->file_name, &fallback.hint);
    look_at_curves(reader, &fallback);
    struct text source = reader->options->source;
    if (source.length == 0)
        source = TEXT("import");
    for (size_t i = 0; i < reader->row_count; i++) {
        struct capture_row *row = &reader->rows[i];
        TRY(settle_country(reader, row, &fallback));
        TRY(settle_period(reader, row, &fallback));
        TRY(settle_captured_at(reader, row, &fallback));
        TRY(check_settled(reader, row));
        if (row->facts.source.length == 0)
            row->facts.source = source;
    }
    return STATUS_OK;
}

static struct list_key key_of(const struct capture_row *row)
{
    return (struct list_key){row->facts.country, row->facts.period, row->facts.industry};
}

/* By list, capture time and source; 0 for rows of one ranking. */
static int compare_lists(const struct capture_row *left, const struct capture_row *right)
{
    size_t left_key = list_key_index(key_of(left));
    size_t right_key = list_key_index(key_of(right));
    if (left_key != right_key)
        return left_key < right_key ? -1 : 1;
    if (left->facts.captured_at.us != right->facts.captured_at.us)
        return left->facts.captured_at.us < right->facts.captured_at.us ? -1 : 1;
    struct text a = left->facts.source;
    struct text b = right->facts.source;
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    return memcmp(a.at, b.at, a.length);
}

/* Within a ranking by place in the file. */
static int compare_rows(const void *a, const void *b)
{
    const struct capture_row *left = *(const struct capture_row *const *)a;
    const struct capture_row *right = *(const struct capture_row *const *)b;
    int order = compare_lists(left, right);
    return order != 0 ? order : (left > right) - (left < right);
}

/* The first row that takes the rank or the id of one before it, or NULL. */
static const struct capture_row *first_repeated(struct capture_row *const *rows, size_t count,
                                                const struct capture_row **before)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (rows[i]->hashtag.rank != rows[k]->hashtag.rank &&
                !text_equals(rows[i]->hashtag.id, rows[k]->hashtag.id))
                continue;
            *before = rows[k];
            return rows[i];
        }
    }
    return NULL;
}

static enum status list_fault(struct capture_reader *reader, struct capture_row *const *rows,
                              size_t count, const struct reason *reason)
{
    const struct capture_row *before = NULL;
    const struct capture_row *repeated = count <= RANKING_HASHTAGS_MAX
                                             ? first_repeated(rows, count, &before)
                                             : NULL;
    if (!repeated)
        return capture_fault(reader, &rows[0]->place, STATUS_INVALID, "%s", reason->sentence);
    bool rank = repeated->hashtag.rank == before->hashtag.rank;
    return capture_fault(reader, &repeated->place, STATUS_INVALID,
                         "its %s stands in the list already (%s)", rank ? "rank" : "hashtag_id",
                         reason->sentence);
}

static enum status build(struct capture_reader *reader, struct capture_row *const *rows,
                         size_t count, struct ranking *ranking)
{
    void *taken;
    struct reason reason = {0};
    TRY(capture_take(reader, count * sizeof(struct hashtag), &taken));
    struct hashtag *hashtags = taken;
    bool is_short = false;
    for (size_t i = 0; i < count; i++) {
        hashtags[i] = rows[i]->hashtag;
        is_short = is_short || rows[i]->facts.is_short;
    }
    *ranking = (struct ranking){.list = key_of(rows[0]),
                                .captured_at = rows[0]->facts.captured_at,
                                .source = rows[0]->facts.source,
                                .hashtags = hashtags,
                                .hashtag_count = count,
                                .is_short = is_short};
    return ranking_check(ranking, &reason) == STATUS_OK
               ? STATUS_OK
               : list_fault(reader, rows, count, &reason);
}

/* Rows of one list that say different times, or sources, are lists of which each lacks what the
 * others hold. other: a row of the next or the previous ranking, or NULL. */
static enum status check_alike(struct capture_reader *reader, const struct capture_row *row,
                               const struct ranking *ranking, const struct capture_row *other)
{
    if (!other || list_key_index(key_of(row)) != list_key_index(key_of(other)) ||
        (ranking->hashtags[0].rank == 1 && capture_missing_rank(ranking) == 0))
        return STATUS_OK;
    if (row->facts.captured_at.us == other->facts.captured_at.us)
        return capture_fault(
            reader, &row->place, STATUS_INVALID,
            "rows of " CAPTURE_LIST_FORMAT
            ", have the sources %.*s and %.*s: give all rows of a list the same",
            CAPTURE_LIST_PRINT(ranking->list), TEXT_PRINT(row->facts.source),
            TEXT_PRINT(other->facts.source));
    char room[INSTANT_TEXT_BYTES];
    char other_room[INSTANT_TEXT_BYTES];
    return capture_fault(
        reader, &row->place, STATUS_INVALID,
        "rows of " CAPTURE_LIST_FORMAT
        ", have different capture times (%.*s here, %.*s elsewhere): give all rows of a list "
        "the same",
        CAPTURE_LIST_PRINT(ranking->list),
        TEXT_PRINT(instant_rfc3339(row->facts.captured_at, room)),
        TEXT_PRINT(instant_rfc3339(other->facts.captured_at, other_room)));
}

/* How many of the rows from the first on are of its list. */
static size_t list_length(struct capture_row *const *rows, size_t count)
{
    size_t length = 1;
    while (length < count && compare_lists(rows[0], rows[length]) == 0)
        length++;
    return length;
}

/* The ranking of the rows from start on. */
static enum status build_next(struct capture_reader *reader, struct capture_row *const *rows,
                              size_t start, size_t length, struct capture *built)
{
    struct ranking *ranking = &built->rankings[built->ranking_count];
    struct capture_row *const *own = rows + start;
    TRY(build(reader, own, length, ranking));
    if (!reader->options->is_kept) {
        if (start > 0)
            TRY(check_alike(reader, own[0], ranking, rows[start - 1]));
        if (start + length < reader->row_count)
            TRY(check_alike(reader, own[0], ranking, own[length]));
        TRY(capture_check_rules(reader, own, ranking));
    }
    built->extents[built->ranking_count++] = own[0]->facts.extent;
    return STATUS_OK;
}

static enum status build_all(struct capture_reader *reader, struct capture_row *const *rows,
                             struct capture *capture)
{
    void *rankings;
    void *extents;
    size_t count = 0;
    for (size_t i = 0; i < reader->row_count; i += list_length(rows + i, reader->row_count - i))
        count++;
    TRY(capture_take(reader, count * sizeof(struct ranking), &rankings));
    TRY(capture_take(reader, count * sizeof(struct capture_extent), &extents));
    struct capture built = {.rankings = rankings, .extents = extents};
    for (size_t i = 0; i < reader->row_count;) {
        size_t length = list_length(rows + i, reader->row_count - i);
        TRY(build_next(reader, rows, i, length, &built));
        i += length;
    }
    capture_count_curves(reader, &built);
    *capture = built;
    return STATUS_OK;
}

enum status capture_assemble(struct capture_reader *reader, struct capture *capture)
{
    TRY(settle(reader));
    struct capture_row **rows = memory_take((reader->row_count + 1) *
                                            sizeof(struct capture_row *));
    for (size_t i = 0; i < reader->row_count; i++)
        rows[i] = &reader->rows[i];
    qsort(rows, reader->row_count, sizeof(struct capture_row *), compare_rows);
    enum status status = build_all(reader, rows, capture);
    free(rows);
    return status;
}
