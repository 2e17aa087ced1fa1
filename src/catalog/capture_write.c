/* Rankings written as files that capture_read reads back unchanged. */
#include "catalog/capture.h"
#include "catalog/csv.h"

#define ROW_BYTES_MAX                                                                          \
    (2 * 1024 * 1024) /* the largest valid hashtag, escaped, is under 1.5 MB */

static const struct {
    struct text word;
    enum capture_format format;
} formats[] = {
    {TEXT_INITIAL("json"), CAPTURE_JSON},
    {TEXT_INITIAL("ndjson"), CAPTURE_NDJSON},
    {TEXT_INITIAL("csv"), CAPTURE_CSV},
};

static const struct text csv_header = TEXT_INITIAL(
    "\"hashtag_id\",\"hashtag_name\",\"country\",\"rank\",\"video_views\",\"publish_count\","
    "\"industry_value\",\"crawl_date\",\"crawl_time\",\"period\",\"is_promoted\",\"rank_diff\","
    "\"rank_diff_type\",\"trend\",\"creators\",\"list_industry_id\",\"source\",\"is_short\"\n");

enum status capture_format_find(struct text word, enum capture_format *format)
{
    for (size_t i = 0; i < LENGTH_OF(formats); i++) {
        if (text_equals(formats[i].word, word)) {
            *format = formats[i].format;
            return STATUS_OK;
        }
    }
    return STATUS_MISSING;
}

static enum status flush_row(struct capture_writer *writer)
{
    check(!writer->row.overflowed);
    size_t length = writer->row.length;
    size_t written = length > 0 ? fwrite(writer->row.bytes, 1, length, writer->file) : 0;
    buffer_clear(&writer->row);
    return written == length ? STATUS_OK : STATUS_IO;
}

/* RFC 3339 in UTC, with as many digits of a second as the capture time has. */
static struct text captured_at_text(const struct ranking *ranking, char *room)
{
    instant at = ranking->captured_at;
    struct text whole = instant_rfc3339(at, room);
    if (at.us % SECOND_US == 0)
        return whole;
    int length = snprintf(room + whole.length - 1, INSTANT_TEXT_BYTES - whole.length + 1,
                          ".%06dZ", (int)(at.us % SECOND_US));
    return (struct text){room, whole.length - 1 + (size_t)length};
}

static void write_list_members(struct json_writer *json, const struct ranking *ranking,
                               struct text industry_name)
{
    char room[INSTANT_TEXT_BYTES];
    json_member_text(json, TEXT("country_code"), country_at(ranking->list.country)->code);
    json_member_integer(json, TEXT("period"), period_days[ranking->list.period]);
    if (ranking->list.industry != INDUSTRY_ALL)
        json_member_integer(json, industry_name, industry_at(ranking->list.industry)->id);
    json_member_text(json, TEXT("captured_at"), captured_at_text(ranking, room));
    json_member_text(json, TEXT("source"), ranking->source);
    if (ranking->is_short)
        json_member_boolean(json, TEXT("is_short"), true);
}

static enum status write_json(struct capture_writer *writer, const struct ranking *ranking)
{
    char room[INSTANT_TEXT_BYTES];
    struct json_writer json = json_writer_on(&writer->row);
    buffer_append(&writer->row, writer->ranking_count > 0 ? TEXT(",\n") : TEXT("\n"));
    json_object_open(&json);
    write_list_members(&json, ranking, TEXT("industry_id"));
    json_member_text(&json, TEXT("as_of"), instant_date(ranking_as_of(ranking), room));
    json_name(&json, TEXT("list"));
    json_array_open(&json);
    for (size_t i = 0; i < ranking->hashtag_count; i++) {
        hashtag_write(&json, &ranking->hashtags[i], ranking->list.country);
        TRY(flush_row(writer));
    }
    json_array_close(&json);
    json_object_close(&json);
    return flush_row(writer);
}

/* The members of the list, then those of the hashtag, in one object. */
static enum status write_ndjson(struct capture_writer *writer, const struct ranking *ranking,
                                const struct hashtag *hashtag)
{
    CLEANUP(buffer_finish) struct buffer written;
    buffer_init(&written, ROW_BYTES_MAX);
    struct json_writer json = json_writer_on(&written);
    hashtag_write(&json, hashtag, ranking->list.country);
    check(!written.overflowed);
    json = json_writer_on(&writer->row);
    json_object_open(&json);
    write_list_members(&json, ranking, TEXT("list_industry_id"));
    buffer_append_byte(&writer->row, ',');
    buffer_append(&writer->row, text_slice(buffer_text(&written), 1, written.length));
    buffer_append_byte(&writer->row, '\n');
    return flush_row(writer);
}

static void next_field(struct buffer *row, struct text field)
{
    buffer_append_byte(row, ',');
    csv_write_field(row, field);
}

static void next_number(struct buffer *row, int64_t number)
{
    buffer_append_byte(row, ',');
    buffer_append_integer(row, number);
}

static void next_json(struct buffer *row, const struct hashtag *hashtag,
                      void (*write)(struct json_writer *writer, const struct hashtag *hashtag))
{
    CLEANUP(buffer_finish) struct buffer written;
    buffer_init(&written, ROW_BYTES_MAX);
    struct json_writer json = json_writer_on(&written);
    write(&json, hashtag);
    check(!written.overflowed);
    next_field(row, buffer_text(&written));
}

static enum status write_csv(struct capture_writer *writer, const struct ranking *ranking,
                             const struct hashtag *hashtag)
{
    enum { DATE_LENGTH = sizeof("2025-10-01") - 1 };
    char room[INSTANT_TEXT_BYTES];
    struct buffer *row = &writer->row;
    struct text time = captured_at_text(ranking, room);
    unsigned list_industry = ranking->list.industry;
    csv_write_field(row, hashtag->id);
    next_field(row, hashtag->name);
    next_field(row, country_at(ranking->list.country)->name);
    next_number(row, hashtag->rank);
    next_number(row, hashtag->views);
    next_number(row, hashtag->posts);
    next_field(row, hashtag->industry == INDUSTRY_ALL ? TEXT("")
                                                      : industry_at(hashtag->industry)->name);
    next_field(row, text_slice(time, 0, DATE_LENGTH));
    next_field(row, text_slice(time, DATE_LENGTH + 1, time.length - 1)); /* between T and Z */
    next_number(row, period_days[ranking->list.period]);
    next_field(row, hashtag->is_promoted ? TEXT("true") : TEXT("false"));
    next_number(row, hashtag->rank_diff);
    next_number(row, rank_change_number(hashtag->rank_change));
    next_json(row, hashtag, trend_write);
    next_json(row, hashtag, creators_write);
    if (list_industry == INDUSTRY_ALL)
        next_field(row, TEXT(""));
    else
        next_number(row, industry_at(list_industry)->id);
    next_field(row, ranking->source);
    next_field(row, ranking->is_short ? TEXT("true") : TEXT(""));
    buffer_append_byte(row, '\n');
    return flush_row(writer);
}

enum status capture_write_open(struct capture_writer *writer, FILE *file,
                               enum capture_format format)
{
    *writer = (struct capture_writer){.file = file, .format = format};
    buffer_init(&writer->row, 2 * ROW_BYTES_MAX); /* quoting at most doubles */
    if (format == CAPTURE_JSON)
        buffer_append(&writer->row, TEXT("{\"lists\":["));
    if (format == CAPTURE_CSV)
        buffer_append(&writer->row, csv_header);
    return flush_row(writer);
}

static enum status write_rows(struct capture_writer *writer, const struct ranking *ranking,
                              enum status (*write)(struct capture_writer *writer,
                                                   const struct ranking *ranking,
                                                   const struct hashtag *hashtag))
{
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        TRY(write(writer, ranking, &ranking->hashtags[i]));
    return STATUS_OK;
}

static enum status write_ranking(struct capture_writer *writer, const struct ranking *ranking)
{
    switch (writer->format) {
    case CAPTURE_JSON: return write_json(writer, ranking);
    case CAPTURE_NDJSON: return write_rows(writer, ranking, write_ndjson);
    case CAPTURE_CSV: return write_rows(writer, ranking, write_csv);
    }
    check(false);
    return STATUS_CORRUPT;
}

enum status capture_write(struct capture_writer *writer, const struct ranking *ranking)
{
    TRY(write_ranking(writer, ranking));
    writer->ranking_count++;
    return STATUS_OK;
}

enum status capture_write_close(struct capture_writer *writer)
{
    if (writer->format == CAPTURE_JSON)
        buffer_append(&writer->row, TEXT("\n]}\n"));
    enum status status = flush_row(writer);
    buffer_finish(&writer->row);
    if (fflush(writer->file) != 0)
        status = STATUS_IO;
    return status;
}

void capture_write_abandon(struct capture_writer *writer)
{
    buffer_finish(&writer->row);
    (void)fflush(writer->file); /* the fault is told already */
}
