#include "cli/account_import.h"

#include "base/arena.h"
#include "catalog/csv.h"
#include "cli/progress.h"
#include "cli/verb.h"

#include <stdarg.h>
#include <stdio.h>

#define FILE_BYTES_MAX ((size_t)256 * 1024 * 1024) /* some five million rows */
#define ROWS_MEMORY_BYTES_MAX (2 * FILE_BYTES_MAX)
#define BATCH_BYTES_MAX                                                                        \
    ((size_t)8 * 1024 * 1024) /* of texts: escaped, under the message's bound */

enum column { EMAIL, PLAN, NAME, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"email", "plan", "name"};

struct row {
    struct text fields[COLUMN_COUNT];
    size_t line;
};

struct rows {
    const char *file;
    struct arena memory; /* of the fields */
    struct row *at;
    size_t count;
    size_t capacity;
    size_t columns[COLUMN_COUNT]; /* where in a record; SIZE_MAX: nowhere */
    size_t field_count;           /* of the header */
};

static void rows_finish(struct rows *rows)
{
    arena_finish(&rows->memory);
    free(rows->at);
}

/* ---- Reading and checking the file by itself ---- */

__attribute__((format(printf, 4, 5))) static enum status fault(const struct rows *rows,
                                                               size_t line,
                                                               struct reason *reason,
                                                               const char *format, ...)
{
    char sentence[REASON_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    return reason_set(reason, STATUS_INVALID, "%s, line %zu: %s; nothing is imported",
                      rows->file, line, sentence);
}

static enum status column_take(struct rows *rows, struct text name, size_t place, size_t line,
                               struct reason *reason)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (!text_equals_ignoring_case(text_trim(name), text_of(column_names[i])))
            continue;
        if (rows->columns[i] != SIZE_MAX)
            return fault(rows, line, reason, "the column %s is there twice", column_names[i]);
        rows->columns[i] = place;
        return STATUS_OK;
    }
    return fault(rows, line, reason, "unknown column '%.*s'; email, plan and name are known",
                 TEXT_PRINT(text_slice(name, 0, PLAN_NAME_BYTES_MAX)));
}

static enum status header_read(struct rows *rows, const struct csv_reader *csv,
                               struct reason *reason)
{
    rows->field_count = csv->field_count;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        rows->columns[i] = SIZE_MAX;
    for (size_t i = 0; i < csv->field_count; i++)
        TRY(column_take(rows, csv->fields[i], i, csv->line, reason));
    if (rows->columns[EMAIL] == SIZE_MAX)
        return fault(rows, csv->line, reason, "the header has no column email");
    return STATUS_OK;
}

static enum status row_check(const struct rows *rows, const struct row *row,
                             struct reason *reason)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (!text_is_utf8(row->fields[i]))
            return fault(rows, row->line, reason, "the %s is not UTF-8", column_names[i]);
    if (!account_email_is_valid(row->fields[EMAIL]))
        return fault(rows, row->line, reason, "'%.*s' is not a mail address",
                     TEXT_PRINT(text_slice(row->fields[EMAIL], 0, ACCOUNT_EMAIL_BYTES_MAX)));
    if (row->fields[NAME].length > ACCOUNT_NAME_BYTES_MAX)
        return fault(rows, row->line, reason, "the name has %zu bytes; at most %d are kept",
                     row->fields[NAME].length, ACCOUNT_NAME_BYTES_MAX);
    if (row->fields[PLAN].length > PLAN_NAME_BYTES_MAX)
        return fault(rows, row->line, reason, "no plan has a name of %zu bytes",
                     row->fields[PLAN].length);
    return STATUS_OK;
}

static enum status row_read(struct rows *rows, const struct csv_reader *csv,
                            struct reason *reason)
{
    if (csv->field_count != rows->field_count)
        return fault(rows, csv->line, reason, "%zu fields, but the header has %zu",
                     csv->field_count, rows->field_count);
    struct row row = {.line = csv->line};
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (rows->columns[i] != SIZE_MAX)
            row.fields[i] = csv->fields[rows->columns[i]];
    TRY(row_check(rows, &row, reason));
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        row.fields[i] = arena_copy(&rows->memory, row.fields[i]);
        if (!row.fields[i].at)
            return reason_set(reason, STATUS_TOO_LARGE, "%s is too large: split it",
                              rows->file);
    }
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? rows->capacity * 2 : 1024;
        rows->at = memory_grow(rows->at, rows->capacity * sizeof(rows->at[0]));
    }
    rows->at[rows->count++] = row;
    return STATUS_OK;
}

static enum status record_next(const struct rows *rows, struct csv_reader *csv, bool *found,
                               struct reason *reason)
{
    struct reason wrong = {""};
    enum status status = csv_read(csv, found, &wrong);
    if (status != STATUS_OK)
        return reason_set(reason, status, "%s, %s; nothing is imported", rows->file,
                          wrong.sentence);
    return STATUS_OK;
}

static enum status rows_read(struct rows *rows, struct text contents, struct reason *reason)
{
    struct text mark = TEXT("\xef\xbb\xbf"); /* what some spreadsheets put before UTF-8 */
    if (text_starts_with(contents, mark))
        contents = text_slice(contents, mark.length, contents.length);
    CLEANUP(csv_finish) struct csv_reader csv;
    csv_init(&csv, contents);
    bool found = false;
    TRY(record_next(rows, &csv, &found, reason));
    if (!found)
        return reason_set(reason, STATUS_INVALID,
                          "%s is empty: it begins with the header email,plan,name", rows->file);
    TRY(header_read(rows, &csv, reason));
    for (;;) {
        TRY(record_next(rows, &csv, &found, reason));
        if (!found)
            return STATUS_OK;
        TRY(row_read(rows, &csv, reason));
    }
}

/* By mail in lower-case ASCII, then by line. */
static int row_order(const void *left, const void *right)
{
    const struct row *a = *(const struct row *const *)left;
    const struct row *b = *(const struct row *const *)right;
    char folded_a[ACCOUNT_EMAIL_BYTES_MAX], folded_b[ACCOUNT_EMAIL_BYTES_MAX];
    struct text email_a = account_email_fold(a->fields[EMAIL], folded_a);
    struct text email_b = account_email_fold(b->fields[EMAIL], folded_b);
    size_t shorter = email_a.length < email_b.length ? email_a.length : email_b.length;
    int order = memcmp(email_a.at, email_b.at, shorter);
    if (order == 0)
        order = (email_a.length > email_b.length) - (email_a.length < email_b.length);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static enum status rows_differ(const struct rows *rows, struct reason *reason)
{
    const struct row **sorted = memory_take((rows->count + 1) * sizeof(struct row *));
    for (size_t i = 0; i < rows->count; i++)
        sorted[i] = &rows->at[i];
    qsort(sorted, rows->count, sizeof(struct row *), row_order);
    enum status status = STATUS_OK;
    for (size_t i = 1; i < rows->count && status == STATUS_OK; i++)
        if (text_equals_ignoring_case(sorted[i]->fields[EMAIL], sorted[i - 1]->fields[EMAIL]))
            status = fault(rows, sorted[i]->line, reason, "%.*s is on line %zu already",
                           TEXT_PRINT(sorted[i]->fields[EMAIL]), sorted[i - 1]->line);
    free(sorted);
    return status;
}

/* ---- Batches ---- */

/* Writes the rows from first on, as many as a request takes; returns where the next batch begins. */
static size_t batch_write(const struct rows *rows, size_t first, struct buffer *arguments)
{
    struct json_writer writer = json_writer_on(arguments);
    json_object_open(&writer);
    json_name(&writer, TEXT("rows"));
    json_array_open(&writer);
    size_t next = first;
    while (next < rows->count && next - first < ADMIN_ROWS_MAX &&
           arguments->length < BATCH_BYTES_MAX) {
        json_array_open(&writer);
        for (size_t i = 0; i < COLUMN_COUNT; i++)
            json_write_text(&writer, rows->at[next].fields[i]);
        json_array_close(&writer);
        next++;
    }
    json_array_close(&writer);
    json_object_close(&writer);
    return next;
}

static enum status batch_check(const struct rows *rows, size_t first, const json_t *result,
                               struct reason *reason)
{
    int64_t row;
    struct text sentence;
    if (!json_read_integer(result, "row", &row) ||
        !json_read_text(result, "sentence", &sentence))
        return STATUS_OK;
    check(row >= 0 && first + (size_t)row < rows->count);
    return fault(rows, rows->at[first + (size_t)row].line, reason, "%.*s",
                 TEXT_PRINT(sentence));
}

static enum status rows_check(struct admin *admin, const struct rows *rows,
                              struct buffer *arguments, struct reason *reason)
{
    CLEANUP(progress_finish) struct progress progress;
    progress_init(&progress, "rows checked", (int64_t)rows->count);
    for (size_t first = 0; first < rows->count;) {
        buffer_clear(arguments);
        size_t next = batch_write(rows, first, arguments);
        CLEANUP(json_document_finish) json_t *result = NULL;
        TRY(admin_call(admin, TEXT("account_check"), buffer_text(arguments), &result, reason));
        TRY(batch_check(rows, first, result, reason));
        first = next;
        progress_show(&progress, (int64_t)first);
    }
    return STATUS_OK;
}

static void row_print(bool as_json, const struct row *row, struct text key,
                      struct buffer *record)
{
    struct text email = row->fields[EMAIL];
    buffer_clear(record);
    if (as_json) {
        struct json_writer writer = json_writer_on(record);
        json_object_open(&writer);
        json_member_text(&writer, TEXT("email"), email);
        json_member_text(&writer, TEXT("api_key"), key);
        json_object_close(&writer);
    } else {
        if (text_find(email, ',') < email.length || text_find(email, '"') < email.length)
            csv_write_field(record, email);
        else
            buffer_append(record, email);
        buffer_append_byte(record, ',');
        buffer_append(record, key);
    }
    cli_print(buffer_text(record));
}

static enum status keys_print(struct cli_context *context, const struct rows *rows,
                              size_t first, size_t next, const json_t *result,
                              struct reason *reason)
{
    const json_t *keys = json_object_get(result, "keys");
    check(json_array_size(keys) == next - first);
    CLEANUP(buffer_finish) struct buffer record;
    buffer_init(&record, 16 * (size_t)ACCOUNT_EMAIL_BYTES_MAX);
    for (size_t i = first; i < next; i++) {
        const json_t *key = json_array_get(keys, i - first);
        row_print(context->json, &rows->at[i],
                  (struct text){json_string_value(key), json_string_length(key)}, &record);
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return reason_set(
            reason, STATUS_IO,
            "cannot write the keys to standard output: the accounts up to line %zu "
            "of %s are made; give them new keys with `trendgate key create`",
            rows->at[next - 1].line, rows->file);
    return STATUS_OK;
}

static enum status refuse_batch(const struct rows *rows, size_t first, enum status status,
                                const struct reason *why, struct reason *reason)
{
    if (first == 0)
        return reason_set(reason, status, "%s: %s; nothing is imported", rows->file,
                          why->sentence);
    return reason_set(
        reason, status, "%s: %s; it is imported up to line %zu and not from line %zu on",
        rows->file, why->sentence, rows->at[first - 1].line, rows->at[first].line);
}

static enum status rows_import(struct cli_context *context, struct admin *admin,
                               const struct rows *rows, struct buffer *arguments,
                               struct reason *reason)
{
    CLEANUP(progress_finish) struct progress progress;
    progress_init(&progress, "accounts made", (int64_t)rows->count);
    for (size_t first = 0; first < rows->count;) {
        buffer_clear(arguments);
        size_t next = batch_write(rows, first, arguments);
        CLEANUP(json_document_finish) json_t *result = NULL;
        struct reason why = {""};
        enum status status = admin_call(admin, TEXT("account_import"), buffer_text(arguments),
                                        &result, &why);
        if (status == STATUS_UNAVAILABLE)
            return reason_set(reason, status, "%s", why.sentence);
        if (status != STATUS_OK)
            return refuse_batch(rows, first, status, &why, reason);
        TRY(keys_print(context, rows, first, next, result, reason));
        first = next;
        progress_show(&progress, (int64_t)first);
    }
    return STATUS_OK;
}

static enum status file_read(struct rows *rows, struct reason *reason)
{
    CLEANUP(buffer_finish) struct buffer contents;
    buffer_init(&contents, FILE_BYTES_MAX);
    TRY(cli_read_file(rows->file, &contents, reason));
    TRY(rows_read(rows, buffer_text(&contents), reason));
    return rows_differ(rows, reason);
}

enum status cli_import_accounts(struct cli_context *context, const char *file,
                                struct reason *reason)
{
    CLEANUP(rows_finish) struct rows rows = {.file = file};
    arena_init(&rows.memory, ROWS_MEMORY_BYTES_MAX);
    TRY(file_read(&rows, reason));
    struct admin *admin;
    context->makes_database = true;
    TRY(cli_admin_open(context, &admin, reason));
    CLEANUP(buffer_finish) struct buffer arguments;
    buffer_init(&arguments, ADMIN_MESSAGE_BYTES_MAX);
    enum status status = rows_check(admin, &rows, &arguments, reason);
    if (status == STATUS_OK)
        status = rows_import(context, admin, &rows, &arguments, reason);
    admin_close(admin);
    return status;
}
