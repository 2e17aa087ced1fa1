/* The shapes that lists come in as JSON, and the hashtags in them. */
#include "base/json_read.h"
#include "catalog/capture_parts.h"

#include <stdio.h>

static bool is_none(const json_t *value)
{
    return !value || json_is_null(value);
}

bool capture_read_whole(const json_t *value, int64_t *whole)
{
    if (json_is_string(value)) {
        struct text digits = {json_string_value(value), json_string_length(value)};
        return text_read_integer(digits, whole) == STATUS_OK;
    }
    if (!json_is_integer(value))
        return false;
    *whole = json_integer_value(value);
    return true;
}

static enum status read_whole_member(struct capture_reader *reader, const json_t *object,
                                     const char *name, struct capture_row *row, int64_t *whole)
{
    const json_t *value = json_object_get(object, name);
    if (is_none(value))
        return capture_fault(reader, &row->place, STATUS_INVALID, "%s is missing", name);
    if (!capture_read_whole(value, whole))
        return capture_fault(reader, &row->place, STATUS_INVALID, "%s is not a whole number",
                             name);
    return STATUS_OK;
}

/* Leaves *whole as it is when the member is missing. */
static enum status read_whole_if_any(struct capture_reader *reader, const json_t *object,
                                     const char *name, struct capture_row *row, int64_t *whole)
{
    if (is_none(json_object_get(object, name)))
        return STATUS_OK;
    return read_whole_member(reader, object, name, row, whole);
}

/* As written in a text, or from an integer; a real number has lost digits already. */
static enum status read_id(struct capture_reader *reader, const json_t *value,
                           struct capture_row *row)
{
    char digits[24];
    struct text id;
    if (is_none(value))
        return capture_fault(reader, &row->place, STATUS_INVALID, "its hashtag id is missing");
    if (json_is_string(value)) {
        id = (struct text){json_string_value(value), json_string_length(value)};
    } else if (json_is_integer(value)) {
        int length = snprintf(digits, sizeof(digits), "%lld",
                              (long long)json_integer_value(value));
        id = (struct text){digits, (size_t)length};
    } else {
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "its hashtag id is neither a text of digits nor a whole number");
    }
    return capture_keep(reader, id, &row->hashtag.id);
}

static enum status read_name(struct capture_reader *reader, const json_t *object,
                             const char *member, struct capture_row *row)
{
    struct text name;
    if (!json_read_text(object, member, &name))
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "%s is missing, or is no text", member);
    return capture_keep(reader, name, &row->hashtag.name);
}

static enum status read_industry(struct capture_reader *reader, const json_t *id,
                                 struct capture_row *row)
{
    int64_t number;
    if (!capture_read_whole(id, &number) ||
        industry_find(number, &row->hashtag.industry) != STATUS_OK)
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "its industry's id is none that is known");
    return STATUS_OK;
}

static enum status read_industry_info(struct capture_reader *reader, const json_t *object,
                                      struct capture_row *row)
{
    const json_t *industry = json_object_get(object, "industry_info");
    return is_none(industry) ? STATUS_OK
                             : read_industry(reader, json_object_get(industry, "id"), row);
}

static enum status read_promoted(struct capture_reader *reader, const json_t *object,
                                 struct capture_row *row)
{
    const json_t *promoted = json_object_get(object, "is_promoted");
    if (is_none(promoted))
        return STATUS_OK;
    if (!json_is_boolean(promoted))
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "is_promoted is neither true nor false");
    row->hashtag.is_promoted = json_boolean_value(promoted);
    return STATUS_OK;
}

static enum status read_numbers(struct capture_reader *reader, const json_t *object,
                                struct capture_row *row)
{
    struct hashtag *hashtag = &row->hashtag;
    int64_t change = RANK_UNCHANGED;
    TRY(read_whole_member(reader, object, "publish_cnt", row, &hashtag->posts));
    TRY(read_whole_member(reader, object, "video_views", row, &hashtag->views));
    TRY(read_whole_member(reader, object, "rank", row, &hashtag->rank));
    TRY(read_whole_if_any(reader, object, "rank_diff", row, &hashtag->rank_diff));
    TRY(read_whole_if_any(reader, object, "rank_diff_type", row, &change));
    return capture_tell_rank_change(reader, row, change);
}

/* The count of an array that is a member; refuses what is none. */
static enum status count_array(struct capture_reader *reader, const json_t *array,
                               const char *name, size_t most, struct capture_row *row,
                               size_t *count)
{
    *count = 0;
    if (is_none(array))
        return STATUS_OK;
    if (!json_is_array(array))
        return capture_fault(reader, &row->place, STATUS_INVALID, "%s is no array", name);
    if (json_array_size(array) > most)
        return capture_fault(reader, &row->place, STATUS_INVALID, "%s has over %zu elements",
                             name, most);
    *count = json_array_size(array);
    return STATUS_OK;
}

enum status capture_read_trend(struct capture_reader *reader, const json_t *array,
                               struct capture_row *row)
{
    size_t count;
    void *taken;
    TRY(count_array(reader, array, "trend", HASHTAG_TREND_MAX, row, &count));
    TRY(capture_take(reader, count * sizeof(struct trend_point), &taken));
    struct trend_point *trend = taken;
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(array, i);
        const json_t *value = json_object_get(point, "value");
        if (!capture_read_whole(json_object_get(point, "time"), &trend[i].time))
            return capture_fault(reader, &row->place, STATUS_INVALID,
                                 "a trend point has no time in whole seconds");
        if (!json_is_number(value))
            return capture_fault(reader, &row->place, STATUS_INVALID,
                                 "a trend point has no number as value");
        double number = json_number_value(value);
        if (!(number >= 0 && number <= 1))
            return capture_fault(reader, &row->place, STATUS_INVALID,
                                 "a trend value is outside 0 to 1");
        trend[i].hundredths = (int)(number * 100 + 0.5);
    }
    row->hashtag.trend = trend;
    row->hashtag.trend_count = count;
    return STATUS_OK;
}

static enum status read_creator_text(struct capture_reader *reader, const json_t *creator,
                                     const char *name, struct capture_row *row,
                                     struct text *kept)
{
    struct text written = TEXT("");
    if (!is_none(json_object_get(creator, name)) && !json_read_text(creator, name, &written))
        return capture_fault(reader, &row->place, STATUS_INVALID, "a creator's %s is no text",
                             name);
    return capture_keep(reader, written, kept);
}

enum status capture_read_creators(struct capture_reader *reader, const json_t *array,
                                  struct capture_row *row)
{
    size_t count;
    void *taken;
    TRY(count_array(reader, array, "creators", HASHTAG_CREATORS_MAX, row, &count));
    TRY(capture_take(reader, count * sizeof(struct creator), &taken));
    struct creator *creators = taken;
    for (size_t i = 0; i < count; i++) {
        const json_t *creator = json_array_get(array, i);
        if (!json_is_object(creator))
            return capture_fault(reader, &row->place, STATUS_INVALID, "a creator is no object");
        TRY(read_creator_text(reader, creator, "nick_name", row, &creators[i].nick_name));
        TRY(read_creator_text(reader, creator, "avatar_url", row, &creators[i].avatar_url));
    }
    row->hashtag.creators = creators;
    row->hashtag.creator_count = count;
    return STATUS_OK;
}

/* Leaves *text empty when the member is missing. */
static enum status read_text_if_any(struct capture_reader *reader, const json_t *object,
                                    const char *name, struct capture_row *row,
                                    struct text *text)
{
    *text = (struct text){0};
    if (is_none(json_object_get(object, name)) || json_read_text(object, name, text))
        return STATUS_OK;
    return capture_fault(reader, &row->place, STATUS_INVALID, "%s is no text", name);
}

static enum status read_country(struct capture_reader *reader, const json_t *object,
                                struct capture_row *row)
{
    struct text code;
    const json_t *country = json_object_get(object, "country_info");
    if (!is_none(country)) {
        if (!json_read_text(country, "id", &code))
            return capture_fault(reader, &row->place, STATUS_INVALID,
                                 "country_info has no id that is a text");
        TRY(capture_tell_country(reader, row, code));
    }
    TRY(read_text_if_any(reader, object, "country_code", row, &code));
    return code.at ? capture_tell_country(reader, row, code) : STATUS_OK;
}

enum status capture_read_facts(struct capture_reader *reader, const json_t *object,
                               const char *industry_name, struct capture_row *row)
{
    struct text written;
    int64_t days = 0;
    int64_t industry = industry_at(INDUSTRY_ALL)->id;
    TRY(read_country(reader, object, row));
    TRY(read_text_if_any(reader, object, "captured_at", row, &written));
    if (written.at)
        TRY(capture_tell_captured_at(reader, row, written));
    TRY(read_text_if_any(reader, object, "source", row, &written));
    if (written.at)
        TRY(capture_tell_source(reader, row, written));
    TRY(read_whole_if_any(reader, object, industry_name, row, &industry));
    if (industry != industry_at(INDUSTRY_ALL)->id)
        TRY(capture_tell_industry(reader, row, industry));
    if (is_none(json_object_get(object, "period")))
        return STATUS_OK;
    TRY(read_whole_member(reader, object, "period", row, &days));
    return capture_tell_period(reader, row, days);
}

enum status capture_read_hashtag(struct capture_reader *reader, const json_t *object,
                                 struct capture_row *row)
{
    if (!json_is_object(object))
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "a hashtag should stand there, as a JSON object");
    row->hashtag = (struct hashtag){.industry = INDUSTRY_ALL};
    TRY(read_id(reader, json_object_get(object, "hashtag_id"), row));
    TRY(read_name(reader, object, "hashtag_name", row));
    TRY(read_industry_info(reader, object, row));
    TRY(read_promoted(reader, object, row));
    TRY(read_numbers(reader, object, row));
    TRY(capture_read_trend(reader, json_object_get(object, "trend"), row));
    TRY(capture_read_creators(reader, json_object_get(object, "creators"), row));
    return capture_read_facts(reader, object, "list_industry_id", row);
}

/* A curve of any scale: its greatest value becomes 1. */
static enum status read_curve(struct capture_reader *reader, const json_t *array,
                              struct capture_row *row)
{
    size_t count;
    void *taken;
    TRY(count_array(reader, array, "popularityCurve", HASHTAG_TREND_MAX, row, &count));
    TRY(capture_take(reader, count * sizeof(struct trend_point), &taken));
    struct trend_point *trend = taken;
    int64_t heights[HASHTAG_TREND_MAX];
    int64_t highest = 1;
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(array, i);
        if (!capture_read_whole(json_object_get(point, "timestamp"), &trend[i].time))
            return capture_fault(
                reader, &row->place, STATUS_INVALID,
                "a point of popularityCurve has no timestamp in whole seconds");
        if (!capture_read_whole(json_object_get(point, "value"), &heights[i]) ||
            heights[i] < 0 || heights[i] > INT32_MAX)
            return capture_fault(
                reader, &row->place, STATUS_INVALID,
                "a point of popularityCurve has no whole number from 0 as value");
        if (heights[i] > highest)
            highest = heights[i];
    }
    for (size_t i = 0; i < count; i++)
        trend[i].hundredths = (int)((heights[i] * 100 + highest / 2) / highest);
    row->hashtag.trend = trend;
    row->hashtag.trend_count = count;
    return STATUS_OK;
}

enum status capture_read_one_item(struct capture_reader *reader, const json_t *object,
                                  struct capture_row *row)
{
    if (!json_is_object(object))
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "a hashtag should stand there, as a JSON object");
    row->hashtag = (struct hashtag){.industry = INDUSTRY_ALL, .rank_change = RANK_UNCHANGED};
    TRY(read_id(reader, json_object_get(object, "hashtagID"), row));
    TRY(read_name(reader, object, "hashtagName", row));
    const json_t *industries = json_object_get(object, "industryIDs");
    if (json_array_size(industries) > 0)
        TRY(read_industry(reader, json_array_get(industries, 0), row));
    TRY(read_whole_member(reader, object, "publishCnt", row, &row->hashtag.posts));
    TRY(read_whole_member(reader, object, "vv", row, &row->hashtag.views));
    TRY(read_whole_member(reader, object, "rankIndex", row, &row->hashtag.rank));
    return read_curve(reader, json_object_get(object, "popularityCurve"), row);
}
