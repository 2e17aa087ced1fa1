#include "base/secret.h"
#include "catalog/store_history.h"
#include "sql/migrate.h"
#include "support/catalogue_place.h"
#include "support/made_ranking.h"

#include <stdio.h>
#include <unistd.h>

#define NOW_US INT64_C(1795373319000001)

static int64_t now_us;

static instant now(void *owner)
{
    (void)owner;
    return (instant){now_us};
}

static const struct time_source moved_time = {.now = now};

static const char *path;
static struct store *store;
static struct arena arena;
static const struct list_key list = {.country = 3};

static struct store *store_opened(void)
{
    struct store *opened = NULL;
    struct reason reason = {0};
    if (store_open(text_of(path), &moved_time, &opened, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return opened;
}

static int set_up(void **state)
{
    (void)state;
    now_us = NOW_US;
    path = place_take();
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    store = store_opened();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    arena_finish(&arena);
    place_release();
    return 0;
}

SET_UP_ON_BOTH

static void execute(const char *sql)
{
    const struct db_options options = store_db_options(10000);
    struct db *db;
    struct reason reason = {0};
    assert_int_equal(db_open(text_of(path), &options, &db, &reason), STATUS_OK);
    if (db_execute(db, sql, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    db_close(db);
}

static int64_t counted(const char *sql)
{
    const struct db_options options = store_db_options(10000);
    struct db *db;
    struct db_statement *select = NULL;
    struct reason reason = {0};
    bool row;
    assert_int_equal(db_open(text_of(path), &options, &db, &reason), STATUS_OK);
    assert_int_equal(db_statement_take(db, sql, &select, &reason), STATUS_OK);
    assert_int_equal(db_step(select, &row, &reason), STATUS_OK);
    int64_t count = db_column_integer(select, 0);
    db_statement_release(&select);
    db_close(db);
    return count;
}

/* A list of a few hashtags in order of rank, each named by one letter. */
static struct ranking lettered(const char *letters, int64_t captured_us,
                               enum rank_change change)
{
    size_t count = strlen(letters);
    struct hashtag *hashtags = arena_take(&arena, (count + 1) * sizeof(*hashtags));
    for (size_t i = 0; i < count; i++) {
        char id[] = {(char)('1' + (letters[i] | 0x20) - 'a'), '7'};
        hashtags[i] = (struct hashtag){
            .id = arena_copy(&arena, (struct text){id, 2}),
            .name = arena_copy(&arena, (struct text){&letters[i], 1}),
            .rank = (int64_t)i + 1,
            .posts = 100 * ((int64_t)i + 1),
            .views = INT64_C(5000000000) + (int64_t)i,
            .rank_change = change};
    }
    return (struct ranking){.list = list,
                            .captured_at = {captured_us},
                            .source = TEXT("import"),
                            .hashtags = hashtags,
                            .hashtag_count = count};
}

static enum status published(const struct ranking *ranking, int64_t *id)
{
    struct reason reason = {0};
    return store_publish(store, ranking, id, &reason);
}

static int64_t publish(const char *letters, int64_t captured_us)
{
    struct ranking ranking = lettered(letters, captured_us, RANK_UNTOLD);
    int64_t id = -1;
    assert_int_equal(published(&ranking, &id), STATUS_OK);
    return id;
}

static void append(void *owner, const struct appearance *appearance)
{
    struct buffer *out = owner;
    buffer_append_format(out, "%.*s%lld@%lld ", TEXT_PRINT(appearance->hashtag_name),
                         (long long)appearance->rank, (long long)appearance->captured_at.us);
    assert_true(appearance->posts == 100 * appearance->rank);
    assert_true(appearance->views == INT64_C(5000000000) + appearance->rank - 1);
    assert_true(text_equals(appearance->source, TEXT("import")));
}

static void assert_history(const char *name, int64_t id_max, const char *expected)
{
    struct buffer out CLEANUP(buffer_finish);
    struct reason reason = {0};
    buffer_init(&out, 4096);
    struct history_scope scope = {list, id_max};
    struct appearance_visitor visitor = {append, &out};
    assert_int_equal(store_visit_history(store, &scope, text_of(name), &visitor, &reason),
                     STATUS_OK);
    buffer_append_byte(&out, '\0');
    assert_string_equal(out.bytes, expected);
}

/* The rank changes that a snapshot was kept with: "a4 b1+2 ". */
static void assert_changes(int64_t id, const char *expected)
{
    struct ranking ranking;
    struct reason reason = {0};
    struct buffer out CLEANUP(buffer_finish);
    buffer_init(&out, 4096);
    assert_int_equal(store_read(store, id, &arena, &ranking, &reason), STATUS_OK);
    for (size_t i = 0; i < ranking.hashtag_count; i++)
        buffer_append_format(&out, "%.*s%d+%lld ", TEXT_PRINT(ranking.hashtags[i].name),
                             (int)ranking.hashtags[i].rank_change,
                             (long long)ranking.hashtags[i].rank_diff);
    buffer_append_byte(&out, '\0');
    assert_string_equal(out.bytes, expected);
}

static void a_hashtag_has_a_history(void **state)
{
    (void)state;
    (void)publish("abc", 1000);
    (void)publish("cab", 3000);
    (void)publish("ac", 2000); /* captured between the two, published last */
    (void)publish("bB", 4000); /* one name in two letters */
    assert_history("a", INT64_MAX, "a2@3000 a1@2000 a1@1000 ");
    assert_history("a", 2, "a2@3000 a1@1000 ");
    assert_history("B", INT64_MAX, "B2@4000 b1@4000 b3@3000 b2@1000 ");
    assert_history("z", INT64_MAX, "");
    assert_history("", INT64_MAX, "");
}

static void other_lists_stay_apart(void **state)
{
    (void)state;
    struct ranking other = lettered("ab", 1000, RANK_NEW);
    other.list.country = 4;
    int64_t id;
    assert_int_equal(published(&other, &id), STATUS_OK);
    (void)publish("b", 2000);
    assert_history("a", INT64_MAX, "");
    assert_history("b", INT64_MAX, "b1@2000 ");
}

static void changes_come_from_the_capture_before(void **state)
{
    (void)state;
    assert_changes(publish("abc", 1000), "a2+0 b2+0 c2+0 ");
    assert_changes(publish("cda", 2000), "c1+2 d4+0 a3+2 ");
    assert_changes(publish("cda", 3000), "c2+0 d2+0 a2+0 ");
    /* of a longer list than the one before, what is below it may be old */
    assert_changes(publish("cdeab", 4000), "c2+0 d2+0 e4+0 a3+1 b2+0 ");
    /* an old capture that comes in late has the one before it, and changes no later one */
    assert_changes(publish("bac", 1500), "b1+1 a3+1 c2+0 ");
    assert_changes(2, "c1+2 d4+0 a3+2 ");
}

static void no_change_comes_from_a_capture_of_the_same_time(void **state)
{
    (void)state;
    int64_t id;
    (void)publish("abc", 1000);
    struct ranking other = lettered("cba", 1000, RANK_UNTOLD);
    other.source = TEXT("creative-one");
    assert_int_equal(published(&other, &id), STATUS_OK);
    assert_changes(id, "c2+0 b2+0 a2+0 ");
}

static void what_a_source_tells_is_kept(void **state)
{
    (void)state;
    (void)publish("abc", 1000);
    struct ranking told = lettered("cba", 2000, RANK_UNTOLD);
    told.hashtags[1].rank_change = RANK_DOWN;
    told.hashtags[1].rank_diff = 40;
    int64_t id;
    assert_int_equal(published(&told, &id), STATUS_OK);
    assert_changes(id, "c2+0 b3+40 a2+0 ");
}

static void the_same_capture_is_recognised_later(void **state)
{
    (void)state;
    (void)publish("abc", 1000);
    int64_t kept = publish("cab", 3000);
    (void)publish("bca", 2000); /* from now on the changes would be others */
    struct ranking again = lettered("cab", 3000, RANK_UNTOLD);
    int64_t id;
    assert_int_equal(published(&again, &id), STATUS_EXISTS);
    assert_true(id == kept);
    struct ranking other = lettered("cba", 3000, RANK_UNTOLD);
    assert_int_equal(published(&other, &id), STATUS_CONFLICT);
}

static void captures_to_compare_are_found(void **state)
{
    (void)state;
    struct history_scope scope = {list, INT64_MAX};
    struct snapshot_entry entry;
    struct reason reason = {0};
    assert_int_equal(store_newest_capture(store, &scope, &entry, &reason), STATUS_MISSING);
    int64_t newest = publish("a", 9000);
    assert_int_equal(store_newest_capture(store, &scope, &entry, &reason), STATUS_OK);
    assert_true(entry.id == newest);
    instant before = {9000};
    assert_int_equal(store_nearest_capture(store, &scope, before, before, &entry, &reason),
                     STATUS_MISSING);
    (void)publish("ab", 1000);
    (void)publish("abc", 3000);
    const struct {
        int64_t since, nearest;
    } cases[] = {{0, 1000},    {1999, 1000}, {2000, 1000},
                 {2001, 3000}, {9000, 3000}, {INT64_MAX / 2, 3000}};
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        assert_int_equal(store_nearest_capture(store, &scope, before, (instant){cases[i].since},
                                               &entry, &reason),
                         STATUS_OK);
        assert_true(entry.captured_at.us == cases[i].nearest);
    }
    int64_t count;
    assert_int_equal(store_capture_count(store, &scope, &count, &reason), STATUS_OK);
    assert_int_equal(count, 3);
    scope.snapshot_id_max = 2;
    assert_int_equal(store_capture_count(store, &scope, &count, &reason), STATUS_OK);
    assert_int_equal(count, 2);
}

static void a_name_that_was_kept_with_its_sign_is_found(void **state)
{
    (void)state;
    (void)publish("ab", 1000);
    struct ranking ranking = lettered("ba", 2000, RANK_UNTOLD);
    ranking.hashtags[1].name = TEXT("#A");
    int64_t id;
    assert_int_equal(published(&ranking, &id), STATUS_OK);
    assert_history("a", INT64_MAX, "#A2@2000 a1@1000 ");
    assert_history("b", INT64_MAX, "b1@2000 b2@1000 ");
    assert_history("#", INT64_MAX, "");
}

/* As a program of the first version left it. */
static void older_files_get_their_history(void **state)
{
    (void)state;
    struct ranking ranking = lettered("abc", 1000, RANK_NEW);
    int64_t id;
    assert_int_equal(published(&ranking, &id), STATUS_OK);
    ranking = lettered("cab", 2000, RANK_UNTOLD);
    assert_int_equal(published(&ranking, &id), STATUS_OK);
    ranking = lettered("", 3000, RANK_UNTOLD);
    assert_int_equal(published(&ranking, &id), STATUS_OK);
    (void)publish("a", 4000);
    store_close(store);
    execute("DROP TABLE appearance_due; DROP TABLE appearance; DROP TABLE hashtag;"
            "DROP TABLE source_use; DROP TABLE source_request; DROP TABLE collection_job;"
            "DROP TABLE source_file;"
            "ALTER TABLE snapshot DROP COLUMN is_short;"
            "DELETE FROM schema_version WHERE version > 1;"
            "UPDATE snapshot SET items = x'00' WHERE captured_at = 4000");
    store = store_opened();
    assert_history("a", INT64_MAX, "a2@2000 a1@1000 ");
    assert_int_equal(counted("SELECT count(*) FROM appearance_due"), 0);
    /* stopped half-way: it goes on where it was */
    execute("DELETE FROM appearance WHERE snapshot_id = 2;"
            "INSERT INTO appearance_due VALUES (2)");
    assert_history("a", INT64_MAX, "a1@1000 ");
    store_close(store);
    store = store_opened();
    assert_history("a", INT64_MAX, "a2@2000 a1@1000 ");
}

static int64_t prune(int64_t captured_before)
{
    int64_t removed = -1;
    struct reason reason = {0};
    if (store_prune(store, (instant){captured_before}, NULL, &removed, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return removed;
}

static void old_snapshots_go_but_the_newest(void **state)
{
    (void)state;
    for (int64_t at = 1; at <= 60; at++)
        (void)publish(at % 2 ? "ab" : "bc", at * 1000);
    int64_t other;
    struct ranking single = lettered("a", 1, RANK_NEW);
    single.list.country = 9;
    assert_int_equal(published(&single, &other), STATUS_OK);
    assert_int_equal(prune(INT64_MAX), 0); /* a replay may still ask for each */
    now_us += STORE_REPLAY_US;
    assert_int_equal(prune(INT64_MAX), 0);
    now_us += 1;
    assert_int_equal(prune(55000), 54);
    assert_int_equal(prune(55000), 0);
    assert_history("a", INT64_MAX, "a1@59000 a1@57000 a1@55000 ");
    assert_int_equal(prune(INT64_MAX), 5);
    assert_history("a", INT64_MAX, "");
    assert_history("b", INT64_MAX, "b1@60000 ");
    assert_int_equal(counted("SELECT count(*) FROM snapshot"), 2);
    assert_int_equal(counted("SELECT count(*) FROM appearance"), 3);
    assert_int_equal(counted("SELECT count(*) FROM hashtag"), 3);
}

/* A call that was charged a moment before the newest came in may be answered once more. */
static void what_was_the_newest_until_lately_stays(void **state)
{
    (void)state;
    (void)publish("ab", 1000);
    now_us += 2 * STORE_REPLAY_US;
    (void)publish("bc", 2000);
    assert_int_equal(prune(INT64_MAX), 0);
    now_us += STORE_REPLAY_US + 1;
    assert_int_equal(prune(INT64_MAX), 1);
}

/* A day of 216 lists of 100 hashtags is 21,600 rows: a year of them is 350 MB at this bound. */
static void a_row_is_small(void **state)
{
    (void)state;
    enum { CAPTURES = 100, HASHTAGS = 100 };
    for (unsigned i = 0; i < CAPTURES; i++) {
        struct ranking ranking = made_ranking(&arena, list, HASHTAGS, i / 10);
        ranking.captured_at.us += i;
        int64_t id;
        assert_int_equal(published(&ranking, &id), STATUS_OK);
    }
    int64_t before = counted("PRAGMA page_count");
    execute("DROP TABLE appearance; DELETE FROM hashtag; VACUUM");
    int64_t bytes = 4096 * (before - counted("PRAGMA page_count")) / (CAPTURES * HASHTAGS);
    print_message("%lld bytes a row\n", (long long)bytes);
    assert_in_range(bytes, 20, 60);
}

static int start(void **state)
{
    (void)state;
    secret_start();
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[] = {
        ON_BOTH(a_hashtag_has_a_history),
        ON_BOTH(other_lists_stay_apart),
        ON_BOTH(changes_come_from_the_capture_before),
        ON_BOTH(what_a_source_tells_is_kept),
        ON_BOTH(the_same_capture_is_recognised_later),
        ON_BOTH(captures_to_compare_are_found),
        ON_BOTH(a_name_that_was_kept_with_its_sign_is_found),
        IN_FILE(older_files_get_their_history),
        ON_BOTH(old_snapshots_go_but_the_newest),
        IN_FILE(a_row_is_small),
        ON_BOTH(what_was_the_newest_until_lately_stays),
        IN_FILE(a_row_is_small),
        ON_BOTH(no_change_comes_from_a_capture_of_the_same_time),
        IN_FILE(a_row_is_small),
    };
    return place_run(tests, LENGTH_OF(tests), set_up_on_server, start);
}
