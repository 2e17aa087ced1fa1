/* Captures as CSV: columns by name, trend and creators as JSON within a cell. */
#include "base/json_read.h"
#include "catalog/capture_parts.h"
#include "catalog/csv.h"

enum column {
    COLUMN_HASHTAG_ID,
    COLUMN_HASHTAG_NAME,
    COLUMN_COUNTRY,
    COLUMN_RANK,
    COLUMN_VIEWS,
    COLUMN_POSTS,
    COLUMN_INDUSTRY,
    COLUMN_DATE,
    COLUMN_TIME,
    COLUMN_PERIOD,
    COLUMN_PROMOTED,
    COLUMN_RANK_DIFF,
    COLUMN_RANK_DIFF_TYPE,
    COLUMN_TREND,
    COLUMN_CREATORS,
    COLUMN_LIST_INDUSTRY,
    COLUMN_SOURCE,
    COLUMN_SHORT,
    COLUMN_COUNT,
};

static const struct {
    struct text name;
    bool is_required;
} columns[COLUMN_COUNT] = {
    [COLUMN_HASHTAG_ID] = {TEXT_INITIAL("hashtag_id"), true},
    [COLUMN_HASHTAG_NAME] = {TEXT_INITIAL("hashtag_name"), true},
    [COLUMN_COUNTRY] = {TEXT_INITIAL("country"), false},
    [COLUMN_RANK] = {TEXT_INITIAL("rank"), true},
    [COLUMN_VIEWS] = {TEXT_INITIAL("video_views"), true},
    [COLUMN_POSTS] = {TEXT_INITIAL("publish_count"), true},
    [COLUMN_INDUSTRY] = {TEXT_INITIAL("industry_value"), false},
    [COLUMN_DATE] = {TEXT_INITIAL("crawl_date"), false},
    [COLUMN_TIME] = {TEXT_INITIAL("crawl_time"), false},
    [COLUMN_PERIOD] = {TEXT_INITIAL("period"), false},
    [COLUMN_PROMOTED] = {TEXT_INITIAL("is_promoted"), false},
    [COLUMN_RANK_DIFF] = {TEXT_INITIAL("rank_diff"), false},
    [COLUMN_RANK_DIFF_TYPE] = {TEXT_INITIAL("rank_diff_type"), false},
    [COLUMN_TREND] = {TEXT_INITIAL("trend"), false},
    [COLUMN_CREATORS] = {TEXT_INITIAL("creators"), false},
    [COLUMN_LIST_INDUSTRY] = {TEXT_INITIAL("list_industry_id"), false},
    [COLUMN_SOURCE] = {TEXT_INITIAL("source"), false},
    [COLUMN_SHORT] = {TEXT_INITIAL("is_short"), false},
};

struct csv_capture {
    struct capture_reader *reader;
    struct csv_reader records;
    size_t places[COLUMN_COUNT]; /* in a record, from 1; 0: the file has no such column */
    size_t width;                /* fields of the header row */
};

static void csv_capture_finish(struct csv_capture *capture)
{
    csv_finish(&capture->records);
}

static enum status read_record(struct csv_capture *capture, bool *found)
{
    struct reason reason = {0};
    enum status status = csv_read(&capture->records, found, &reason);
    if (status == STATUS_OK)
        return STATUS_OK;
    struct row_place place = {.line = capture->records.line};
    struct text sentence = reason_text(&reason); /* begins with the line, as the prefix does */
    size_t colon = text_find(sentence, ':');
    return capture_fault(capture->reader, &place, status, "%.*s",
                         TEXT_PRINT(text_slice(sentence, colon + 2, sentence.length)));
}

static enum status unknown_column(struct csv_capture *capture, const struct row_place *place,
                                  struct text name)
{
    CLEANUP(buffer_finish) struct buffer known;
    buffer_init(&known, REASON_BYTES_MAX);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        buffer_append(&known, i > 0 ? TEXT(", ") : TEXT(""));
        buffer_append(&known, columns[i].name);
    }
    return capture_fault(capture->reader, place, STATUS_INVALID,
                         "unknown column \"%.*s\" in the header row; known are %.*s",
                         TEXT_PRINT(reason_shown(name)), TEXT_PRINT(buffer_text(&known)));
}

static size_t find_column(struct text name)
{
    size_t column = 0;
    while (column < COLUMN_COUNT && !text_equals(columns[column].name, name))
        column++;
    return column;
}

static enum status read_header(struct csv_capture *capture)
{
    bool found;
    TRY(read_record(capture, &found));
    struct row_place place = {.line = capture->records.line};
    if (!found)
        return capture_fault(capture->reader, NULL, STATUS_INVALID, "it is empty");
    capture->width = capture->records.field_count;
    for (size_t i = 0; i < capture->width; i++) {
        struct text name = text_trim(capture->records.fields[i]);
        size_t column = find_column(name);
        if (column == COLUMN_COUNT)
            return unknown_column(capture, &place, name);
        if (capture->places[column] != 0)
            return capture_fault(capture->reader, &place, STATUS_INVALID,
                                 "the column %.*s stands in the header row twice",
                                 TEXT_PRINT(name));
        capture->places[column] = i + 1;
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (columns[i].is_required && capture->places[i] == 0)
            return capture_fault(capture->reader, &place, STATUS_INVALID,
                                 "the column %.*s is missing in the header row",
                                 TEXT_PRINT(columns[i].name));
    return STATUS_OK;
}

/* Empty where the file has no such column. */
static struct text cell(const struct csv_capture *capture, enum column column)
{
    size_t place = capture->places[column];
    return place > 0 ? capture->records.fields[place - 1] : TEXT("");
}

/* An empty cell leaves *whole as it is, unless it must be filled. */
static enum status read_whole(struct csv_capture *capture, enum column column,
                              const struct capture_row *row, int64_t *whole)
{
    struct text written = cell(capture, column);
    if (written.length == 0 && !columns[column].is_required)
        return STATUS_OK;
    if (text_read_integer(written, whole) == STATUS_OK)
        return STATUS_OK;
    return capture_fault(capture->reader, &row->place, STATUS_INVALID,
                         "%.*s \"%.*s\" is not a whole number",
                         TEXT_PRINT(columns[column].name), TEXT_PRINT(reason_shown(written)));
}

static enum status read_numbers(struct csv_capture *capture, struct capture_row *row)
{
    struct hashtag *hashtag = &row->hashtag;
    int64_t change;
    TRY(read_whole(capture, COLUMN_RANK, row, &hashtag->rank));
    TRY(read_whole(capture, COLUMN_VIEWS, row, &hashtag->views));
    TRY(read_whole(capture, COLUMN_POSTS, row, &hashtag->posts));
    TRY(read_whole(capture, COLUMN_RANK_DIFF, row, &hashtag->rank_diff));
    if (cell(capture, COLUMN_RANK_DIFF_TYPE).length == 0)
        return STATUS_OK;
    TRY(read_whole(capture, COLUMN_RANK_DIFF_TYPE, row, &change));
    return capture_tell_rank_change(capture->reader, row, change);
}

/* An empty cell is false. */
static enum status read_boolean(struct csv_capture *capture, enum column column,
                                const struct capture_row *row, bool *meant)
{
    struct text written = cell(capture, column);
    *meant = text_equals_ignoring_case(written, TEXT("true"));
    if (written.length == 0 || *meant || text_equals_ignoring_case(written, TEXT("false")))
        return STATUS_OK;
    return capture_fault(capture->reader, &row->place, STATUS_INVALID,
                         "%.*s is neither true nor false", TEXT_PRINT(columns[column].name));
}

static enum status read_texts(struct csv_capture *capture, struct capture_row *row)
{
    struct hashtag *hashtag = &row->hashtag;
    struct text industry = cell(capture, COLUMN_INDUSTRY);
    TRY(capture_keep(capture->reader, cell(capture, COLUMN_HASHTAG_ID), &hashtag->id));
    TRY(capture_keep(capture->reader, cell(capture, COLUMN_HASHTAG_NAME), &hashtag->name));
    if (industry.length > 0 && industry_find_by_name(industry, &hashtag->industry) != STATUS_OK)
        return capture_fault(capture->reader, &row->place, STATUS_INVALID,
                             "the industry \"%.*s\" is none that is known",
                             TEXT_PRINT(reason_shown(industry)));
    TRY(read_boolean(capture, COLUMN_SHORT, row, &row->facts.is_short));
    return read_boolean(capture, COLUMN_PROMOTED, row, &hashtag->is_promoted);
}

static enum status read_cell_json(struct csv_capture *capture, enum column column,
                                  struct capture_row *row,
                                  enum status (*read)(struct capture_reader *reader,
                                                      const json_t *array,
                                                      struct capture_row *row))
{
    CLEANUP(json_document_finish) json_t *array = NULL;
    struct reason reason = {0};
    struct text written = cell(capture, column);
    if (written.length == 0)
        return STATUS_OK;
    if (json_document_read(written, &array, &reason) != STATUS_OK)
        return capture_fault(capture->reader, &row->place, STATUS_INVALID,
                             "in the cell %.*s, %s", TEXT_PRINT(columns[column].name),
                             reason.sentence);
    return read(capture->reader, array, row);
}

/* crawl_date and crawl_time are UTC. */
static enum status read_captured_at(struct csv_capture *capture, struct capture_row *row)
{
    struct text date = cell(capture, COLUMN_DATE);
    struct text time = cell(capture, COLUMN_TIME);
    if (date.length == 0 && time.length == 0)
        return STATUS_OK;
    if (date.length == 0)
        return capture_fault(capture->reader, &row->place, STATUS_INVALID,
                             "crawl_time stands there without crawl_date");
    if (time.length == 0)
        return capture_tell_captured_at(capture->reader, row, date);
    CLEANUP(buffer_finish) struct buffer written;
    buffer_init(&written, CSV_RECORD_BYTES_MAX);
    buffer_append(&written, date);
    buffer_append_byte(&written, 'T');
    buffer_append(&written, time);
    buffer_append_byte(&written, 'Z');
    return capture_tell_captured_at(capture->reader, row, buffer_text(&written));
}

static enum status read_facts(struct csv_capture *capture, struct capture_row *row)
{
    struct text country = cell(capture, COLUMN_COUNTRY);
    struct text source = cell(capture, COLUMN_SOURCE);
    int64_t number = 0;
    if (country.length > 0)
        TRY(capture_tell_country(capture->reader, row, country));
    if (source.length > 0)
        TRY(capture_tell_source(capture->reader, row, source));
    TRY(read_captured_at(capture, row));
    TRY(read_whole(capture, COLUMN_LIST_INDUSTRY, row, &number));
    if (number != 0)
        TRY(capture_tell_industry(capture->reader, row, number));
    if (cell(capture, COLUMN_PERIOD).length == 0)
        return STATUS_OK;
    TRY(read_whole(capture, COLUMN_PERIOD, row, &number));
    return capture_tell_period(capture->reader, row, number);
}

static enum status read_row(struct csv_capture *capture)
{
    struct capture_row row = {.place = {.line = capture->records.line}};
    if (capture->records.field_count != capture->width)
        return capture_fault(capture->reader, &row.place, STATUS_INVALID,
                             "%zu fields, but the header row has %zu",
                             capture->records.field_count, capture->width);
    TRY(read_texts(capture, &row));
    TRY(read_numbers(capture, &row));
    TRY(read_cell_json(capture, COLUMN_TREND, &row, capture_read_trend));
    TRY(read_cell_json(capture, COLUMN_CREATORS, &row, capture_read_creators));
    TRY(read_facts(capture, &row));
    return capture_add_row(capture->reader, &row);
}

enum status capture_read_csv(struct capture_reader *reader)
{
    CLEANUP(csv_capture_finish) struct csv_capture capture = {.reader = reader};
    csv_init(&capture.records, reader->bytes);
    TRY(read_header(&capture));
    bool found;
    TRY(read_record(&capture, &found));
    if (!found)
        return capture_fault(reader, NULL, STATUS_INVALID, "no row follows the header row");
    while (found) {
        TRY(read_row(&capture));
        TRY(read_record(&capture, &found));
    }
    return STATUS_OK;
}
