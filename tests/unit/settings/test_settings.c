/* settings.h: order of strength, faults by name, and the shipped file. */
#include "settings/settings.h"
#include "settings/table.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

static char path[] = "/tmp/trendgate-settings-XXXXXX";

static int file_make(void **state)
{
    (void)state;
    int descriptor = mkstemp(path);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int file_remove(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(struct text bytes)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.at, 1, bytes.length, file), bytes.length);
    assert_int_equal(fclose(file), 0);
}

static void environment_is_stronger_than_file_than_default(void **state)
{
    (void)state;
    write_file(TEXT("[server]\nlisten = 127.0.0.1:1\nthreads = 3\naccess_log = off\n"
                    "[source.sample]\nenabled = yes\n"));
    const char *environment[] = {"TRENDGATE_SERVER_LISTEN=[::1]:2",     "HOME=/",
                                 "TRENDGATE_DATABASE=sqlite:/tmp/x.db", "TRENDGATE_CONFIG=a",
                                 "TRENDGATE_PORT=tcp://10.0.0.1:80",    NULL};
    struct settings settings;
    struct reason reason = {0};
    assert_int_equal(settings_open(path, (char *const *)environment, &settings, &reason),
                     STATUS_OK);
    assert_true(text_equals(settings.listen, TEXT("[::1]:2")));
    assert_int_equal(settings.threads, 3);
    assert_false(settings.access_log);
    assert_true(settings.sample.enabled);
    assert_true(text_equals(settings.database_url, TEXT("sqlite:/tmp/x.db")));
    assert_int_equal(settings.cache_mb, 256);
    assert_int_equal(settings.plans_file.length, 0);
    settings_close(&settings);
}

static void faults_in_the_file_name_line_and_nearest(void **state)
{
    (void)state;
    static const struct {
        struct text bytes;
        const char *sentence; /* behind "PATH:" */
    } cases[] = {
        {TEXT_INITIAL("[sever]\n"), "1: there is no section [sever]; did you mean [server]?"},
        {TEXT_INITIAL("[source.samples]\n"),
         "1: there is no section [source.samples]; did you mean [source.sample]?"},
        {TEXT_INITIAL("[server]\nlissten = 1\n"),
         "2: [server] has no lissten; did you mean listen?"},
        {TEXT_INITIAL("[catalog]\nlisten = 1\n"),
         "2: [catalog] has no listen; `trendgate config show --commented` lists all settings"},
        {TEXT_INITIAL("[server]\nbogus = 1\n"),
         "2: [server] has no bogus; `trendgate config show --commented` lists all settings"},
        {TEXT_INITIAL("[nonsense]\n"),
         "1: there is no section [nonsense]; `trendgate config show --commented` lists all "
         "settings"},
        {TEXT_INITIAL("[server]\nthreads = 1\n\n[server]\nthreads = 1\n"),
         "5: threads is set in line 2 already"},
        {TEXT_INITIAL("[server]\nthreads = many\n"),
         "2: threads = many: write a whole number from 0 to 256"},
        {TEXT_INITIAL("[server]\nthreads = 257\n"),
         "2: threads = 257: write a whole number from 0 to 256"},
        {TEXT_INITIAL("[server]\nthreads = -1\n"),
         "2: threads = -1: write a whole number from 0 to 256"},
        {TEXT_INITIAL("[server]\nthreads =\n"),
         "2: threads = : write a whole number from 0 to 256"},
        {TEXT_INITIAL("[server]\nthreads = 99999999999999999999\n"),
         "2: threads = 99999999999999999999: write a whole number from 0 to 256"},
        {TEXT_INITIAL("[server]\naccess_log = 2\n"), "2: access_log = 2: write true or false"},
        {TEXT_INITIAL("[database]\nurl = mysql:x\n"),
         "2: url = mysql:x: write sqlite:PATH, such as sqlite:./var/trendgate.db, or "
         "postgresql://USER@HOST:PORT/NAME"},
        {TEXT_INITIAL("[database]\nurl = mysql://ann:s3cr3t@db/x\n"),
         "2: url = mysql://ann:***@db/x: write sqlite:PATH, such as sqlite:./var/trendgate.db, "
         "or postgresql://USER@HOST:PORT/NAME"},
        {TEXT_INITIAL("[database]\nurl = sqlite::memory:\n"),
         "2: url = sqlite::memory:: a database in memory would be gone with each command; "
         "write sqlite:PATH, such as sqlite:./var/trendgate.db, or "
         "postgresql://USER@HOST:PORT/NAME"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        write_file(cases[i].bytes);
        struct settings settings;
        struct reason reason = {0};
        assert_int_equal(settings_open(path, NULL, &settings, &reason), STATUS_INVALID);
        assert_memory_equal(reason.sentence, path, strlen(path));
        assert_string_equal(reason.sentence + strlen(path) + 1, cases[i].sentence);
    }
}

/* Whoever needs the ledger takes files alone; the sentence does not hold what was written. */
static void addresses_of_postgresql_are_for_lists(void **state)
{
    (void)state;
    static const char *const urls[] = {"postgresql://ann:s3cr3t@db/x", "postgres://db/x"};
    for (size_t i = 0; i < LENGTH_OF(urls); i++) {
        struct reason reason = {0};
        struct text sqlite_path;
        assert_int_equal(settings_database_check(text_of(urls[i]), &reason), STATUS_OK);
        assert_true(settings_database_is_postgres(text_of(urls[i])));
        assert_int_equal(settings_sqlite_path(text_of(urls[i]), &sqlite_path, &reason),
                         STATUS_INVALID);
        assert_non_null(strstr(reason.sentence, "PostgreSQL"));
        assert_null(strstr(reason.sentence, "s3cr3t"));
    }
    assert_false(settings_database_is_postgres(TEXT("sqlite:postgresql://db/x")));
}

static void faults_in_the_environment_name_the_variable(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        const char *sentence;
    } cases[] = {
        {"TRENDGATE_SERVER_LISTN=127.0.0.1:1", NULL,
         "environment: there is no TRENDGATE_SERVER_LISTN; did you mean "
         "TRENDGATE_SERVER_LISTEN?"},
        {"TRENDGATE_SERVER_THREADS=x", NULL,
         "environment: TRENDGATE_SERVER_THREADS=x: write a whole number from 0 to 256"},
        {"TRENDGATE_DATABASE=sqlite:a", "TRENDGATE_DATABASE_URL=sqlite:b",
         "environment: TRENDGATE_DATABASE_URL and its other name are both set; set one"},
        {"TRENDGATE_DATABASE=postgre://ann:s3@cr3t@db/x?password=s3cr3t&a=b", NULL,
         "environment: TRENDGATE_DATABASE=postgre://ann:***@db/x?password=***&a=b: write "
         "sqlite:PATH, such as sqlite:./var/trendgate.db, or postgresql://USER@HOST:PORT/NAME"},
        {"TRENDGATE_SOURCE_SAMPLE_ENABLED=maybe", NULL,
         "environment: TRENDGATE_SOURCE_SAMPLE_ENABLED=maybe: write true or false"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        const char *environment[] = {cases[i].first, cases[i].second, NULL};
        struct settings settings;
        struct reason reason = {0};
        assert_int_not_equal(
            settings_open(NULL, (char *const *)environment, &settings, &reason), STATUS_OK);
        assert_string_equal(reason.sentence, cases[i].sentence);
    }
}

static void listens(const char *value, bool accepted)
{
    char variable[256];
    (void)snprintf(variable, sizeof(variable), "TRENDGATE_SERVER_LISTEN=%s", value);
    const char *environment[] = {variable, NULL};
    struct settings settings;
    struct reason reason = {0};
    enum status status = settings_open(NULL, (char *const *)environment, &settings, &reason);
    if ((status == STATUS_OK) != accepted)
        fail_msg("'%s': %s", value, reason.sentence);
    if (status == STATUS_OK)
        settings_close(&settings);
}

static void an_address_has_a_port(void **state)
{
    (void)state;
    listens("0.0.0.0:0", true);
    listens("[::]:65535", true);
    listens("127.0.0.1:65536", false);
    listens("127.0.0.1:", false);
    listens("127.0.0.1", false);
    listens("127.0.0.1:80x", false);
    listens(":8080", false);
    listens("", false);
    listens("::1:8080", false);
    listens("[::1]", false);
    listens("[::1:8080", false);
    listens("[127.0.0.1]:8080", false);
    listens("127.0.0.256:80", false);
    listens("127.0.0.1:-1", false);
}

static void forms_hold(const char *variable, bool accepted)
{
    char room[512];
    (void)snprintf(room, sizeof(room), "%s", variable);
    const char *environment[] = {room, NULL};
    struct settings settings;
    struct reason reason = {0};
    enum status status = settings_open(NULL, (char *const *)environment, &settings, &reason);
    if ((status == STATUS_OK) != accepted)
        fail_msg("'%s': %s", variable, reason.sentence);
    if (status == STATUS_OK)
        settings_close(&settings);
}

static void texts_have_the_form_of_what_they_are(void **state)
{
    (void)state;
    forms_hold("TRENDGATE_SERVER_TRUSTED_PROXIES=", true);
    forms_hold("TRENDGATE_SERVER_TRUSTED_PROXIES=10.0.0.0/8, ::1,fd00::/64", true);
    forms_hold("TRENDGATE_SERVER_TRUSTED_PROXIES=10.0.0.0/33", false);
    forms_hold("TRENDGATE_SERVER_TRUSTED_PROXIES=10.0.0.0/", false);
    forms_hold("TRENDGATE_SERVER_TRUSTED_PROXIES=::/129", false);
    forms_hold("TRENDGATE_SERVER_TRUSTED_PROXIES=10.0.0.1,", false);
    forms_hold("TRENDGATE_SERVER_TRUSTED_PROXIES=proxy", false);
    forms_hold("TRENDGATE_SERVER_PUBLIC_URL=", true);
    forms_hold("TRENDGATE_SERVER_PUBLIC_URL=https://api.example.com", true);
    forms_hold("TRENDGATE_SERVER_PUBLIC_URL=http://[::1]:80", true);
    forms_hold("TRENDGATE_SERVER_PUBLIC_URL=http://[::1]", true);
    forms_hold("TRENDGATE_SERVER_PUBLIC_URL=https://api.example.com/", false);
    forms_hold("TRENDGATE_SERVER_PUBLIC_URL=https://", false);
    forms_hold("TRENDGATE_SERVER_PUBLIC_URL=https://a:b", false);
    forms_hold("TRENDGATE_SERVER_PUBLIC_URL=https://a:99999", false);
    forms_hold("TRENDGATE_SERVER_PUBLIC_URL=ftp://a", false);
    forms_hold("TRENDGATE_PLANS=a\nb", false);
    forms_hold("TRENDGATE_PLANS=a ;b", false);
    forms_hold("TRENDGATE_PLANS=;b", false);
    forms_hold("TRENDGATE_PLANS= a", false);
    forms_hold("TRENDGATE_PLANS=\xFF", false);
}

static struct text written(const struct settings *settings, bool commented,
                           struct buffer *buffer)
{
    buffer_init(buffer, 65536);
    settings_write(settings, commented, buffer);
    return buffer_text(buffer);
}

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    const char *environment[] = {"TRENDGATE_SERVER_THREADS=7", "TRENDGATE_PLANS=a # b = c",
                                 "TRENDGATE_SERVER_ACCESS_LOG=no", NULL};
    struct settings settings;
    struct settings again;
    struct reason reason = {0};
    CLEANUP(buffer_finish) struct buffer first;
    CLEANUP(buffer_finish) struct buffer second;
    assert_int_equal(settings_open(NULL, (char *const *)environment, &settings, &reason),
                     STATUS_OK);
    for (int commented = 0; commented < 2; commented++) {
        write_file(written(&settings, commented, &first));
        if (settings_open(path, NULL, &again, &reason) != STATUS_OK)
            fail_msg("%s", reason.sentence);
        assert_int_equal(again.threads, 7);
        assert_true(text_equals(written(&again, commented, &second), buffer_text(&first)));
        settings_close(&again);
        buffer_finish(&first);
        buffer_finish(&second);
    }
    settings_close(&settings);
}

static void the_shipped_file_is_what_the_table_says(void **state)
{
    (void)state;
    struct settings settings;
    struct reason reason = {0};
    assert_int_equal(settings_open(NULL, NULL, &settings, &reason), STATUS_OK);
    CLEANUP(buffer_finish) struct buffer buffer;
    struct text expected = written(&settings, true, &buffer);
    settings_close(&settings);
    char shipped[65536];
    FILE *file = fopen(TRENDGATE_SOURCE_ROOT "/etc/trendgate.ini", "r");
    assert_non_null(file);
    size_t length = fread(shipped, 1, sizeof(shipped), file);
    assert_int_equal(fclose(file), 0);
    if (!text_equals(expected, (struct text){shipped, length}))
        fail_msg("etc/trendgate.ini is out of date: write "
                 "`trendgate config show --commented` into it");
}

static void json_shows_every_setting_by_its_type(void **state)
{
    (void)state;
    struct settings settings;
    struct reason reason = {0};
    assert_int_equal(settings_open(NULL, NULL, &settings, &reason), STATUS_OK);
    CLEANUP(buffer_finish) struct buffer buffer;
    buffer_init(&buffer, 65536);
    struct json_writer writer = json_writer_on(&buffer);
    settings_write_json(&settings, &writer);
    settings_close(&settings);
    buffer_append_byte(&buffer, '\0');
    assert_non_null(strstr(buffer.bytes, "{\"server.listen\":\"127.0.0.1:8080\","));
    assert_non_null(strstr(buffer.bytes, ",\"catalog.cache_mb\":256,"));
    assert_non_null(strstr(buffer.bytes, ",\"source.sample.enabled\":false,"));
}

static void no_two_rows_share_a_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        for (size_t k = 0; k < i; k++) {
            char a[VARIABLE_BYTES_MAX];
            char b[VARIABLE_BYTES_MAX];
            assert_false(text_equals(setting_variable(&setting_table[i], a),
                                     setting_variable(&setting_table[k], b)));
            assert_int_not_equal(setting_table[i].offset, setting_table[k].offset);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_is_stronger_than_file_than_default),
        cmocka_unit_test(faults_in_the_file_name_line_and_nearest),
        cmocka_unit_test(addresses_of_postgresql_are_for_lists),
        cmocka_unit_test(faults_in_the_environment_name_the_variable),
        cmocka_unit_test(an_address_has_a_port),
        cmocka_unit_test(texts_have_the_form_of_what_they_are),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(the_shipped_file_is_what_the_table_says),
        cmocka_unit_test(json_shows_every_setting_by_its_type),
        cmocka_unit_test(no_two_rows_share_a_name),
    };
    return cmocka_run_group_tests(tests, file_make, file_remove);
}
