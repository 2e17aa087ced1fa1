#include "model/ranking.h"

#define INSTANT_SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

const int period_days[PERIOD_COUNT] = {7, 30, 120};

enum status period_find(int64_t days, unsigned *index)
{
    for (unsigned i = 0; i < PERIOD_COUNT; i++) {
        if (period_days[i] == days) {
            *index = i;
            return STATUS_OK;
        }
    }
    return STATUS_MISSING;
}

size_t list_key_index(struct list_key list)
{
    check(list.country < COUNTRY_COUNT);
    check(list.period < PERIOD_COUNT);
    check(list.industry < INDUSTRY_COUNT);
    return ((size_t)list.country * PERIOD_COUNT + list.period) * INDUSTRY_COUNT + list.industry;
}

struct list_key list_key_of_index(size_t index)
{
    check(index < LIST_COUNT);
    return (struct list_key){
        .country = (uint8_t)(index / INDUSTRY_COUNT / PERIOD_COUNT),
        .period = (uint8_t)(index / INDUSTRY_COUNT % PERIOD_COUNT),
        .industry = (uint8_t)(index % INDUSTRY_COUNT),
    };
}

int rank_change_number(enum rank_change change)
{
    return change == RANK_UNTOLD ? RANK_UNCHANGED : (int)change;
}

static int compare_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_ranks(const void *a, const void *b)
{
    const struct hashtag *left = a;
    const struct hashtag *right = b;
    return compare_integers(left->rank, right->rank);
}

static int compare_times(const void *a, const void *b)
{
    const struct trend_point *left = a;
    const struct trend_point *right = b;
    return compare_integers(left->time, right->time);
}

static int compare_ids(const void *a, const void *b)
{
    struct text left = (*(const struct hashtag *const *)a)->id;
    struct text right = (*(const struct hashtag *const *)b)->id;
    if (left.length != right.length)
        return left.length < right.length ? -1 : 1;
    return memcmp(left.at, right.at, left.length);
}

/* C0, DEL and, written as C2 80 to C2 9F, C1. */
static bool has_control_character(struct text whole)
{
    for (size_t i = 0; i < whole.length; i++) {
        unsigned char byte = (unsigned char)whole.at[i];
        if (byte < 0x20 || byte == 0x7F)
            return true;
        if (byte == 0xC2 && i + 1 < whole.length && (unsigned char)whole.at[i + 1] < 0xA0)
            return true;
    }
    return false;
}

/* What is wrong with a hashtag's own fields, or NULL. */
static const char *text_fault(const struct hashtag *hashtag)
{
    if (!text_is_digits(hashtag->id) || hashtag->id.length > HASHTAG_ID_DIGITS_MAX)
        return "its hashtag_id is not 1 to 19 digits";
    if (hashtag->name.length == 0)
        return "its hashtag_name is empty";
    if (hashtag->name.length > HASHTAG_NAME_BYTES_MAX)
        return "its hashtag_name is over 512 bytes";
    if (!text_is_utf8(hashtag->name))
        return "its hashtag_name is not UTF-8";
    if (has_control_character(hashtag->name))
        return "its hashtag_name has a control character";
    return NULL;
}
_Static_assert(HASHTAG_ID_DIGITS_MAX == 19 && HASHTAG_NAME_BYTES_MAX == 512,
               "the sentences above say so");

static const char *number_fault(const struct hashtag *hashtag)
{
    if (hashtag->rank < 1)
        return "its rank is below 1";
    if (hashtag->posts < 0)
        return "its publish_cnt is below 0";
    if (hashtag->views < 0)
        return "its video_views are below 0";
    if (hashtag->rank_diff < 0)
        return "its rank_diff is below 0 (it is unsigned: rank_diff_type tells up from down)";
    switch (hashtag->rank_change) {
    case RANK_UP:
    case RANK_DOWN: return NULL;
    case RANK_UNTOLD:
    case RANK_UNCHANGED:
    case RANK_NEW:
        return hashtag->rank_diff == 0 ? NULL
                                       : "it has a rank_diff although its rank_diff_type says "
                                         "unchanged (2) or new (4)";
    }
    return "its rank_diff_type is none of 1, 2, 3 and 4";
}

/* The trend is sorted by time already. */
static const char *trend_fault(const struct hashtag *hashtag)
{
    if (hashtag->trend_count > HASHTAG_TREND_MAX)
        return "its trend has over 400 points";
    for (size_t i = 0; i < hashtag->trend_count; i++) {
        const struct trend_point *point = &hashtag->trend[i];
        if (point->hundredths < 0 || point->hundredths > 100)
            return "a trend value is outside 0 to 1";
        if (point->time < 0 || point->time > INSTANT_SECONDS_MAX ||
            point->time % DAY_SECONDS != 0)
            return "a trend time is not at 00:00 UTC of a day";
        if (i > 0 && point->time == hashtag->trend[i - 1].time)
            return "a trend time stands there twice";
    }
    return NULL;
}
_Static_assert(HASHTAG_TREND_MAX == 400, "the sentence above says so");

static const char *creator_fault(const struct hashtag *hashtag)
{
    if (hashtag->creator_count > HASHTAG_CREATORS_MAX)
        return "it has over 100 creators";
    for (size_t i = 0; i < hashtag->creator_count; i++) {
        const struct creator *creator = &hashtag->creators[i];
        if (!text_is_utf8(creator->nick_name) || !text_is_utf8(creator->avatar_url))
            return "a creator's nick_name or avatar_url is not UTF-8";
        if (creator->nick_name.length > CREATOR_NAME_BYTES_MAX)
            return "a creator's nick_name is over 1,024 bytes";
        if (creator->avatar_url.length > CREATOR_URL_BYTES_MAX)
            return "a creator's avatar_url is over 4,096 bytes";
    }
    return NULL;
}
_Static_assert(HASHTAG_CREATORS_MAX == 100 && CREATOR_NAME_BYTES_MAX == 1024 &&
                   CREATOR_URL_BYTES_MAX == 4096,
               "the sentences above say so");

static enum status check_hashtag(const struct hashtag *hashtag, struct reason *reason)
{
    check(hashtag->industry < INDUSTRY_COUNT);
    const char *fault = text_fault(hashtag);
    if (!fault)
        fault = number_fault(hashtag);
    if (!fault)
        fault = trend_fault(hashtag);
    if (!fault)
        fault = creator_fault(hashtag);
    if (!fault)
        return STATUS_OK;
    if (!text_is_digits(hashtag->id) || hashtag->id.length > HASHTAG_ID_DIGITS_MAX)
        return reason_set(reason, STATUS_INVALID, "the hashtag of rank %lld: %s",
                          (long long)hashtag->rank, fault);
    return reason_set(reason, STATUS_INVALID, "the hashtag of rank %lld, id %.*s: %s",
                      (long long)hashtag->rank, TEXT_PRINT(hashtag->id), fault);
}

static enum status check_ranks_differ(const struct ranking *ranking, struct reason *reason)
{
    for (size_t i = 1; i < ranking->hashtag_count; i++) {
        const struct hashtag *above = &ranking->hashtags[i - 1];
        const struct hashtag *hashtag = &ranking->hashtags[i];
        if (above->rank == hashtag->rank)
            return reason_set(reason, STATUS_INVALID,
                              "the hashtags \"%.*s\" and \"%.*s\" both have the rank %lld",
                              TEXT_PRINT(above->id), TEXT_PRINT(hashtag->id),
                              (long long)hashtag->rank);
    }
    return STATUS_OK;
}

static enum status check_ids_differ(const struct ranking *ranking, struct reason *reason)
{
    const struct hashtag *by_id[RANKING_HASHTAGS_MAX];
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        by_id[i] = &ranking->hashtags[i];
    qsort(by_id, ranking->hashtag_count, sizeof(by_id[0]), compare_ids);
    for (size_t i = 1; i < ranking->hashtag_count; i++)
        if (text_equals(by_id[i - 1]->id, by_id[i]->id))
            return reason_set(
                reason, STATUS_INVALID,
                "the hashtag_id \"%.*s\" stands there twice, as rank %lld and %lld",
                TEXT_PRINT(by_id[i]->id), (long long)by_id[i - 1]->rank,
                (long long)by_id[i]->rank);
    return STATUS_OK;
}

static bool source_is_valid(struct text source)
{
    if (source.length == 0 || source.length > RANKING_SOURCE_BYTES_MAX)
        return false;
    for (size_t i = 0; i < source.length; i++) {
        char byte = source.at[i];
        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') && byte != '-')
            return false;
    }
    return true;
}

enum status ranking_check(struct ranking *ranking, struct reason *reason)
{
    (void)list_key_index(ranking->list); /* aborts on an index outside its table */
    if (!source_is_valid(ranking->source))
        return reason_set(reason, STATUS_INVALID,
                          "the source is not 1 to %d characters of a-z, 0-9 and '-'",
                          RANKING_SOURCE_BYTES_MAX);
    if (ranking->captured_at.us < 0 ||
        instant_seconds(ranking->captured_at) > INSTANT_SECONDS_MAX)
        return reason_set(reason, STATUS_INVALID,
                          "the capture time is outside the years 1970 to 9999");
    if (ranking->hashtag_count > RANKING_HASHTAGS_MAX)
        return reason_set(reason, STATUS_INVALID,
                          "the list has %zu hashtags, more than the %d that can be served",
                          ranking->hashtag_count, RANKING_HASHTAGS_MAX);
    if (ranking->hashtag_count > 0)
        qsort(ranking->hashtags, ranking->hashtag_count, sizeof(ranking->hashtags[0]),
              compare_ranks);
    for (size_t i = 0; i < ranking->hashtag_count; i++) {
        struct hashtag *hashtag = &ranking->hashtags[i];
        if (hashtag->trend_count > 0)
            qsort(hashtag->trend, hashtag->trend_count, sizeof(hashtag->trend[0]),
                  compare_times);
        TRY(check_hashtag(hashtag, reason));
    }
    TRY(check_ranks_differ(ranking, reason));
    return check_ids_differ(ranking, reason);
}

static int64_t day_of_point(const struct hashtag *hashtag, size_t i)
{
    return hashtag->trend[i].time / DAY_SECONDS;
}

int64_t hashtag_span_days(const struct hashtag *hashtag)
{
    if (hashtag->trend_count == 0)
        return 0;
    return day_of_point(hashtag, hashtag->trend_count - 1) - day_of_point(hashtag, 0) + 1;
}

bool hashtag_has_daily_points(const struct hashtag *hashtag)
{
    for (size_t i = 1; i < hashtag->trend_count; i++)
        if (day_of_point(hashtag, i) == day_of_point(hashtag, i - 1) + 1)
            return true;
    return false;
}

bool period_is_exceeded(int64_t span_days, unsigned period)
{
    return span_days > period_days[period] + (period_days[period] == 120 ? 7 : 0);
}

instant ranking_as_of(const struct ranking *ranking)
{
    int64_t newest = -1;
    for (size_t i = 0; i < ranking->hashtag_count; i++) {
        const struct hashtag *hashtag = &ranking->hashtags[i];
        if (hashtag->trend_count > 0 && hashtag->trend[hashtag->trend_count - 1].time > newest)
            newest = hashtag->trend[hashtag->trend_count - 1].time;
    }
    return newest < 0 ? ranking->captured_at : instant_of_seconds(newest);
}

static void write_country(struct json_writer *writer, const struct country *country)
{
    json_name(writer, TEXT("country_info"));
    json_object_open(writer);
    json_member_text(writer, TEXT("id"), country->code);
    json_member_text(writer, TEXT("value"), country->name);
    json_member_text(writer, TEXT("label"), country->code);
    json_object_close(writer);
}

static void write_industry(struct json_writer *writer, const struct industry *industry)
{
    json_name(writer, TEXT("industry_info"));
    json_object_open(writer);
    json_member_integer(writer, TEXT("id"), industry->id);
    json_member_text(writer, TEXT("value"), industry->name);
    json_member_text(writer, TEXT("label"), industry->label);
    json_object_close(writer);
}

/* As the shortest decimal: 100 is 1, 47 is 0.47, 50 is 0.5, 0 is 0. */
static void write_hundredths(struct json_writer *writer, int hundredths)
{
    check(hundredths >= 0 && hundredths <= 100);
    if (hundredths % 100 == 0) {
        json_write_integer(writer, hundredths / 100);
        return;
    }
    char decimal[] = {'0', '.', (char)('0' + hundredths / 10), (char)('0' + hundredths % 10)};
    json_write_raw(writer, (struct text){decimal, hundredths % 10 == 0 ? 3 : 4});
}

void trend_write(struct json_writer *writer, const struct hashtag *hashtag)
{
    json_array_open(writer);
    for (size_t i = 0; i < hashtag->trend_count; i++) {
        json_object_open(writer);
        json_member_integer(writer, TEXT("time"), hashtag->trend[i].time);
        json_name(writer, TEXT("value"));
        write_hundredths(writer, hashtag->trend[i].hundredths);
        json_object_close(writer);
    }
    json_array_close(writer);
}

void creators_write(struct json_writer *writer, const struct hashtag *hashtag)
{
    json_array_open(writer);
    for (size_t i = 0; i < hashtag->creator_count; i++) {
        json_object_open(writer);
        json_member_text(writer, TEXT("nick_name"), hashtag->creators[i].nick_name);
        json_member_text(writer, TEXT("avatar_url"), hashtag->creators[i].avatar_url);
        json_object_close(writer);
    }
    json_array_close(writer);
}

void hashtag_write(struct json_writer *writer, const struct hashtag *hashtag, unsigned country)
{
    json_object_open(writer);
    json_member_text(writer, TEXT("hashtag_id"), hashtag->id);
    json_member_text(writer, TEXT("hashtag_name"), hashtag->name);
    write_country(writer, country_at(country));
    if (hashtag->industry != INDUSTRY_ALL)
        write_industry(writer, industry_at(hashtag->industry));
    json_member_boolean(writer, TEXT("is_promoted"), hashtag->is_promoted);
    json_name(writer, TEXT("trend"));
    trend_write(writer, hashtag);
    if (hashtag->creator_count > 0) { /* where captured answers have them */
        json_name(writer, TEXT("creators"));
        creators_write(writer, hashtag);
    }
    json_member_integer(writer, TEXT("publish_cnt"), hashtag->posts);
    json_member_integer(writer, TEXT("video_views"), hashtag->views);
    json_member_integer(writer, TEXT("rank"), hashtag->rank);
    json_member_integer(writer, TEXT("rank_diff"), hashtag->rank_diff);
    json_member_integer(writer, TEXT("rank_diff_type"),
                        rank_change_number(hashtag->rank_change));
    json_object_close(writer);
}
