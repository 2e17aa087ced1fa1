#include "catalog/csv.h"
#include "support/unit.h"

/* Fields as one text, '|' after each field and a line end after each record. */
static enum status read_all(struct text bytes, struct buffer *out, struct reason *reason)
{
    CLEANUP(csv_finish) struct csv_reader reader;
    csv_init(&reader, bytes);
    buffer_clear(out);
    for (;;) {
        bool found;
        TRY(csv_read(&reader, &found, reason));
        if (!found)
            return STATUS_OK;
        buffer_append_format(out, "%zu:", reader.line);
        for (size_t i = 0; i < reader.field_count; i++) {
            buffer_append(out, reader.fields[i]);
            buffer_append_byte(out, '|');
        }
        buffer_append_byte(out, '\n');
    }
}

static const struct {
    const char *label;
    struct text bytes;
    const char *records;
} good[] = {
    {"nothing", TEXT_INITIAL(""), ""},
    {"one field", TEXT_INITIAL("a"), "1:a|\n"},
    {"LF", TEXT_INITIAL("a,b\nc,d\n"), "1:a|b|\n2:c|d|\n"},
    {"CRLF", TEXT_INITIAL("a,b\r\nc,d\r\n"), "1:a|b|\n2:c|d|\n"},
    {"empty fields", TEXT_INITIAL(",\n,,"), "1:||\n2:|||\n"},
    {"quoted empty fields", TEXT_INITIAL("\"\",\"\"\n"), "1:||\n"},
    {"a comma in quotes", TEXT_INITIAL("\"Baby, Kids\",x\n"), "1:Baby, Kids|x|\n"},
    {"doubled quotes", TEXT_INITIAL("\"a\"\"b\"\"\"\n"), "1:a\"b\"|\n"},
    {"line ends in quotes", TEXT_INITIAL("\"a\nb\r\nc\",d\ne\n"), "1:a\nb\r\nc|d|\n4:e|\n"},
    {"empty lines", TEXT_INITIAL("\na\n\r\n\nb\n\n"), "2:a|\n5:b|\n"},
    {"spaces are kept", TEXT_INITIAL(" a , b"), "1: a | b|\n"},
};

static void records_are_read(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    for (size_t i = 0; i < LENGTH_OF(good); i++) {
        struct reason reason = {0};
        enum status status = read_all(good[i].bytes, &out, &reason);
        if (status != STATUS_OK || !text_equals(buffer_text(&out), text_of(good[i].records)))
            fail_msg("%s: %s %s: %.*s", good[i].label, status_word(status), reason.sentence,
                     TEXT_PRINT(buffer_text(&out)));
    }
    buffer_finish(&out);
}

static const struct {
    struct text bytes;
    const char *sentence;
} bad[] = {
    {TEXT_INITIAL("a\n\"b"), "line 2: a quote is never closed"},
    {TEXT_INITIAL("a\n\n\"b\n\n"), "line 3: a quote is never closed"},
    {TEXT_INITIAL("a\"b"),
     "line 1: a quote stands inside a field that does not begin with one"},
    {TEXT_INITIAL("a\n\"b\"c"),
     "line 2: something follows a closing quote: quotes inside a field are doubled"},
    {TEXT_INITIAL("a\rb"), "line 1: a carriage return stands there without a line feed"},
    {TEXT_INITIAL("\"a\"\r"), "line 1: a carriage return stands there without a line feed"},
};

static void faults_are_told_with_their_line(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4096);
    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        struct reason reason = {0};
        assert_int_equal(read_all(bad[i].bytes, &out, &reason), STATUS_INVALID);
        assert_string_equal(reason.sentence, bad[i].sentence);
    }
    buffer_finish(&out);
}

static void bounds_are_kept(void **state)
{
    (void)state;
    struct reason reason = {0};
    struct buffer out;
    buffer_init(&out, 2 * CSV_RECORD_BYTES_MAX);
    char commas[CSV_FIELDS_MAX];
    memset(commas, ',', sizeof(commas));
    assert_int_equal(read_all((struct text){commas, sizeof(commas) - 1}, &out, &reason),
                     STATUS_OK);
    assert_int_equal(read_all((struct text){commas, sizeof(commas)}, &out, &reason),
                     STATUS_INVALID);
    assert_string_equal(reason.sentence, "line 1: there are over 64 fields");
    char *wide = memory_take(CSV_RECORD_BYTES_MAX + 1);
    memset(wide, 'a', CSV_RECORD_BYTES_MAX + 1);
    assert_int_equal(read_all((struct text){wide, CSV_RECORD_BYTES_MAX}, &out, &reason),
                     STATUS_OK);
    assert_int_equal(read_all((struct text){wide, CSV_RECORD_BYTES_MAX + 1}, &out, &reason),
                     STATUS_INVALID);
    assert_string_equal(reason.sentence, "line 1: the record is over 2097152 bytes");
    free(wide);
    buffer_finish(&out);
}

static void written_fields_read_back(void **state)
{
    (void)state;
    static const struct text fields[] = {TEXT_INITIAL(""), TEXT_INITIAL("\""),
                                         TEXT_INITIAL("a,\"b\"\r\n\n\"\"🔥"), TEXT_INITIAL(",")};
    struct buffer out;
    buffer_init(&out, 4096);
    for (size_t i = 0; i < LENGTH_OF(fields); i++) {
        buffer_append(&out, i > 0 ? TEXT(",") : TEXT(""));
        csv_write_field(&out, fields[i]);
    }
    struct csv_reader reader;
    bool found;
    csv_init(&reader, buffer_text(&out));
    assert_int_equal(csv_read(&reader, &found, NULL), STATUS_OK);
    assert_true(found);
    assert_int_equal(reader.field_count, LENGTH_OF(fields));
    for (size_t i = 0; i < LENGTH_OF(fields); i++)
        assert_true(text_equals(reader.fields[i], fields[i]));
    csv_finish(&reader);
    buffer_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read),
        cmocka_unit_test(faults_are_told_with_their_line),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(written_fields_read_back),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
