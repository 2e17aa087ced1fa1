#include "catalog/hashtag_read.h"

#include <stdio.h>

static bool is_none(const json_t *value)
{
    return !value || json_is_null(value);
}

static enum status fault(struct hashtag_reader *reader, const char *sentence)
{
    return reason_set(reader->reason, STATUS_INVALID, "%s", sentence);
}

static enum status take(struct hashtag_reader *reader, size_t bytes, void **taken)
{
    void *memory = arena_take(reader->arena, bytes);
    if (!memory)
        return reason_set(reader->reason, STATUS_TOO_LARGE,
                          "it holds more than %zu bytes of lists; split it",
                          reader->arena->ceiling_bytes);
    *taken = memory;
    return STATUS_OK;
}

static enum status keep(struct hashtag_reader *reader, struct text original, struct text *kept)
{
    void *memory = NULL;
    TRY(take(reader, original.length + 1, &memory));
    check(memory);
    if (original.length > 0)
        memcpy(memory, original.at, original.length);
    *kept = (struct text){memory, original.length};
    return STATUS_OK;
}

enum status hashtag_read_whole(struct hashtag_reader *reader, const json_t *object,
                               const char *member, int64_t *whole)
{
    const json_t *value = json_object_get(object, member);
    if (is_none(value))
        return reason_set(reader->reason, STATUS_INVALID, "%s is missing", member);
    if (!json_read_whole(value, whole))
        return reason_set(reader->reason, STATUS_INVALID, "%s is not a whole number", member);
    return STATUS_OK;
}

/* Leaves *whole as it is when the member is missing. */
static enum status read_whole_if_any(struct hashtag_reader *reader, const json_t *object,
                                     const char *member, int64_t *whole)
{
    if (is_none(json_object_get(object, member)))
        return STATUS_OK;
    return hashtag_read_whole(reader, object, member, whole);
}

enum status hashtag_read_id(struct hashtag_reader *reader, const json_t *value,
                            struct hashtag *hashtag)
{
    char digits[24];
    struct text id;
    if (is_none(value))
        return fault(reader, "its hashtag id is missing");
    if (json_is_string(value)) {
        id = (struct text){json_string_value(value), json_string_length(value)};
    } else if (json_is_integer(value)) {
        int length = snprintf(digits, sizeof(digits), "%lld",
                              (long long)json_integer_value(value));
        id = (struct text){digits, (size_t)length};
    } else {
        return fault(reader, "its hashtag id is neither a text of digits nor a whole number");
    }
    return keep(reader, id, &hashtag->id);
}

enum status hashtag_read_name(struct hashtag_reader *reader, const json_t *object,
                              const char *member, struct hashtag *hashtag)
{
    struct text name;
    if (!json_read_text(object, member, &name))
        return reason_set(reader->reason, STATUS_INVALID, "%s is missing, or is no text",
                          member);
    return keep(reader, name, &hashtag->name);
}

static enum status read_industry(struct hashtag_reader *reader, const json_t *id,
                                 struct hashtag *hashtag)
{
    int64_t number;
    bool is_whole = json_read_whole(id, &number);
    if (is_whole && industry_find(number, &hashtag->industry) == STATUS_OK)
        return STATUS_OK;
    if (!is_whole || !reader->takes_unknown_industries)
        return fault(reader, "its industry's id is none that is known");
    reader->unknown_industries++;
    return STATUS_OK;
}

static enum status read_industry_info(struct hashtag_reader *reader, const json_t *object,
                                      struct hashtag *hashtag)
{
    const json_t *industry = json_object_get(object, "industry_info");
    return is_none(industry) ? STATUS_OK
                             : read_industry(reader, json_object_get(industry, "id"), hashtag);
}

static enum status read_promoted(struct hashtag_reader *reader, const json_t *object,
                                 struct hashtag *hashtag)
{
    const json_t *promoted = json_object_get(object, "is_promoted");
    if (is_none(promoted))
        return STATUS_OK;
    if (!json_is_boolean(promoted))
        return fault(reader, "is_promoted is neither true nor false");
    hashtag->is_promoted = json_boolean_value(promoted);
    return STATUS_OK;
}

enum status hashtag_set_rank_change(struct hashtag_reader *reader, int64_t written,
                                    struct hashtag *hashtag)
{
    if (written < RANK_UP || written > RANK_NEW)
        return fault(reader, "its rank_diff_type is none of 1, 2, 3 and 4");
    hashtag->rank_change = (enum rank_change)written;
    return STATUS_OK;
}

static enum status read_numbers(struct hashtag_reader *reader, const json_t *object,
                                struct hashtag *hashtag)
{
    int64_t change = RANK_UNTOLD;
    TRY(hashtag_read_whole(reader, object, "publish_cnt", &hashtag->posts));
    TRY(hashtag_read_whole(reader, object, "video_views", &hashtag->views));
    TRY(hashtag_read_whole(reader, object, "rank", &hashtag->rank));
    TRY(read_whole_if_any(reader, object, "rank_diff", &hashtag->rank_diff));
    if (is_none(json_object_get(object, "rank_diff_type")))
        return STATUS_OK;
    TRY(hashtag_read_whole(reader, object, "rank_diff_type", &change));
    return hashtag_set_rank_change(reader, change, hashtag);
}

/* The count of an array that is a member; refuses what is none. */
static enum status count_array(struct hashtag_reader *reader, const json_t *array,
                               const char *name, size_t most, size_t *count)
{
    *count = 0;
    if (is_none(array))
        return STATUS_OK;
    if (!json_is_array(array))
        return reason_set(reader->reason, STATUS_INVALID, "%s is no array", name);
    if (json_array_size(array) > most)
        return reason_set(reader->reason, STATUS_INVALID, "%s has over %zu elements", name,
                          most);
    *count = json_array_size(array);
    return STATUS_OK;
}

enum status hashtag_take_trend(struct hashtag_reader *reader, size_t count,
                               struct hashtag *hashtag)
{
    void *taken = NULL;
    TRY(take(reader, count * sizeof(struct trend_point), &taken));
    hashtag->trend = taken;
    hashtag->trend_count = count;
    return STATUS_OK;
}

enum status hashtag_read_trend(struct hashtag_reader *reader, const json_t *array,
                               struct hashtag *hashtag)
{
    size_t count;
    TRY(count_array(reader, array, "trend", HASHTAG_TREND_MAX, &count));
    TRY(hashtag_take_trend(reader, count, hashtag));
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(array, i);
        const json_t *value = json_object_get(point, "value");
        if (!json_read_whole(json_object_get(point, "time"), &hashtag->trend[i].time))
            return fault(reader, "a trend point has no time in whole seconds");
        if (!json_is_number(value))
            return fault(reader, "a trend point has no number as value");
        double number = json_number_value(value);
        if (!(number >= 0 && number <= 1))
            return fault(reader, "a trend value is outside 0 to 1");
        hashtag->trend[i].hundredths = (int)(number * 100 + 0.5);
    }
    return STATUS_OK;
}

static enum status read_creator_text(struct hashtag_reader *reader, const json_t *creator,
                                     const char *name, struct text *kept)
{
    struct text written = TEXT("");
    if (!is_none(json_object_get(creator, name)) && !json_read_text(creator, name, &written))
        return reason_set(reader->reason, STATUS_INVALID, "a creator's %s is no text", name);
    return keep(reader, written, kept);
}

enum status hashtag_read_creators(struct hashtag_reader *reader, const json_t *array,
                                  struct hashtag *hashtag)
{
    size_t count;
    void *taken = NULL;
    TRY(count_array(reader, array, "creators", HASHTAG_CREATORS_MAX, &count));
    TRY(take(reader, count * sizeof(struct creator), &taken));
    check(taken);
    struct creator *creators = taken;
    for (size_t i = 0; i < count; i++) {
        const json_t *creator = json_array_get(array, i);
        if (!json_is_object(creator))
            return fault(reader, "a creator is no object");
        TRY(read_creator_text(reader, creator, "nick_name", &creators[i].nick_name));
        TRY(read_creator_text(reader, creator, "avatar_url", &creators[i].avatar_url));
    }
    hashtag->creators = creators;
    hashtag->creator_count = count;
    return STATUS_OK;
}

enum status hashtag_read(struct hashtag_reader *reader, const json_t *object,
                         struct hashtag *hashtag)
{
    if (!json_is_object(object))
        return fault(reader, "a hashtag should stand there, as a JSON object");
    *hashtag = (struct hashtag){.industry = INDUSTRY_ALL};
    TRY(hashtag_read_id(reader, json_object_get(object, "hashtag_id"), hashtag));
    TRY(hashtag_read_name(reader, object, "hashtag_name", hashtag));
    TRY(read_industry_info(reader, object, hashtag));
    TRY(read_promoted(reader, object, hashtag));
    TRY(read_numbers(reader, object, hashtag));
    TRY(hashtag_read_trend(reader, json_object_get(object, "trend"), hashtag));
    return hashtag_read_creators(reader, json_object_get(object, "creators"), hashtag);
}

void hashtag_scale_trend(struct hashtag *hashtag, const double *heights)
{
    double highest = 0;
    check(hashtag->trend_count == 0 || hashtag->trend);
    for (size_t i = 0; i < hashtag->trend_count; i++)
        if (heights[i] > highest)
            highest = heights[i];
    for (size_t i = 0; i < hashtag->trend_count && highest > 0; i++)
        hashtag->trend[i].hundredths = (int)(heights[i] / highest * 100 + 0.5);
}

/* A number from 0, also where its digits are a text. */
static bool read_height(const json_t *value, double *height)
{
    int64_t whole = 0;
    if (json_read_whole(value, &whole))
        *height = (double)whole;
    else if (json_is_real(value))
        *height = json_real_value(value);
    else
        return false;
    return *height >= 0; /* what jansson reads is finite */
}

static enum status read_curve(struct hashtag_reader *reader, const json_t *array,
                              struct hashtag *hashtag)
{
    size_t count;
    double heights[HASHTAG_TREND_MAX] = {0};
    TRY(count_array(reader, array, "popularityCurve", HASHTAG_TREND_MAX, &count));
    TRY(hashtag_take_trend(reader, count, hashtag));
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(array, i);
        if (!json_read_whole(json_object_get(point, "timestamp"), &hashtag->trend[i].time))
            return fault(reader,
                         "a point of popularityCurve has no timestamp in whole seconds");
        if (!read_height(json_object_get(point, "value"), &heights[i]))
            return fault(reader, "a point of popularityCurve has no number from 0 as value");
    }
    hashtag_scale_trend(hashtag, heights);
    return STATUS_OK;
}

enum status hashtag_read_one(struct hashtag_reader *reader, const json_t *object,
                             struct hashtag *hashtag)
{
    if (!json_is_object(object))
        return fault(reader, "a hashtag should stand there, as a JSON object");
    *hashtag = (struct hashtag){.industry = INDUSTRY_ALL};
    TRY(hashtag_read_id(reader, json_object_get(object, "hashtagID"), hashtag));
    TRY(hashtag_read_name(reader, object, "hashtagName", hashtag));
    const json_t *industries = json_object_get(object, "industryIDs");
    if (json_array_size(industries) > 0)
        TRY(read_industry(reader, json_array_get(industries, 0), hashtag));
    TRY(hashtag_read_whole(reader, object, "publishCnt", &hashtag->posts));
    TRY(hashtag_read_whole(reader, object, "vv", &hashtag->views));
    TRY(hashtag_read_whole(reader, object, "rankIndex", &hashtag->rank));
    return read_curve(reader, json_object_get(object, "popularityCurve"), hashtag);
}
