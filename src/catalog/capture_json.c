/* The shapes that lists come in as JSON: what a row tells of its list beside its hashtag. */
#include "base/json_read.h"
#include "catalog/capture_parts.h"
#include "catalog/hashtag_read.h"

static bool is_none(const json_t *value)
{
    return !value || json_is_null(value);
}

/* Leaves *whole as it is when the member is missing. */
static enum status read_whole_if_any(struct capture_reader *reader, const json_t *object,
                                     const char *name, struct capture_row *row, int64_t *whole)
{
    const json_t *value = json_object_get(object, name);
    if (is_none(value) || json_read_whole(value, whole))
        return STATUS_OK;
    return capture_fault(reader, &row->place, STATUS_INVALID, "%s is not a whole number", name);
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
    (void)json_read_boolean(object, "is_short", &row->facts.is_short);
    TRY(read_whole_if_any(reader, object, industry_name, row, &industry));
    if (industry != industry_at(INDUSTRY_ALL)->id)
        TRY(capture_tell_industry(reader, row, industry));
    if (is_none(json_object_get(object, "period")))
        return STATUS_OK;
    TRY(read_whole_if_any(reader, object, "period", row, &days));
    return capture_tell_period(reader, row, days);
}

/* What reads a hashtag or a part of it says what is wrong, the row where. */
static enum status read_into(struct capture_reader *reader, const json_t *json,
                             struct capture_row *row,
                             enum status (*read)(struct hashtag_reader *reader,
                                                 const json_t *json, struct hashtag *hashtag))
{
    struct reason reason = {0};
    struct hashtag_reader hashtags = {.arena = reader->arena, .reason = &reason};
    enum status status = read(&hashtags, json, &row->hashtag);
    if (status == STATUS_OK)
        return STATUS_OK;
    return capture_fault(reader, status == STATUS_TOO_LARGE ? NULL : &row->place, status, "%s",
                         reason.sentence);
}

enum status capture_read_trend(struct capture_reader *reader, const json_t *array,
                               struct capture_row *row)
{
    return read_into(reader, array, row, hashtag_read_trend);
}

enum status capture_read_creators(struct capture_reader *reader, const json_t *array,
                                  struct capture_row *row)
{
    return read_into(reader, array, row, hashtag_read_creators);
}

enum status capture_read_hashtag(struct capture_reader *reader, const json_t *object,
                                 struct capture_row *row)
{
    TRY(read_into(reader, object, row, hashtag_read));
    return capture_read_facts(reader, object, "list_industry_id", row);
}

enum status capture_read_one_item(struct capture_reader *reader, const json_t *object,
                                  struct capture_row *row)
{
    return read_into(reader, object, row, hashtag_read_one);
}
