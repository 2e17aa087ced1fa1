#include "base/secret.h"
#include "catalog/sample.h"
#include "catalog/store.h"
#include "sql/migrate.h"
#include "support/catalogue_place.h"
#include "support/made_ranking.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#define PUBLISHED_US INT64_C(1795373319000001)

static instant now(void *owner)
{
    (void)owner;
    return (instant){PUBLISHED_US};
}

static const struct time_source fixed_time = {.now = now};

static const char *path;
static struct store *store;
static struct arena arena;

static struct store *store_opened(void)
{
    struct store *opened = NULL;
    struct reason reason = {0};
    if (store_open(text_of(path), &fixed_time, &opened, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return opened;
}

static int set_up(void **state)
{
    (void)state;
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

/* Statements run past the store, as another hand would. */
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

static int64_t publish(const struct ranking *ranking)
{
    int64_t id = -1;
    struct reason reason = {0};
    if (store_publish(store, ranking, &id, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return id;
}

static void render(const struct ranking *ranking, struct buffer *out)
{
    struct json_writer writer = json_writer_on(out);
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        hashtag_write(&writer, &ranking->hashtags[i], ranking->list.country);
    assert_false(out->overflowed);
}

static void assert_reads_back(int64_t id, const struct ranking *ranking)
{
    struct ranking read;
    struct reason reason = {0};
    if (store_read(store, id, &arena, &read, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    struct buffer expected CLEANUP(buffer_finish);
    struct buffer found CLEANUP(buffer_finish);
    buffer_init(&expected, JSON_BYTES_MAX);
    buffer_init(&found, JSON_BYTES_MAX);
    render(ranking, &expected);
    render(&read, &found);
    assert_int_equal(list_key_index(read.list), list_key_index(ranking->list));
    assert_true(read.captured_at.us == ranking->captured_at.us);
    assert_true(text_equals(read.source, ranking->source));
    assert_int_equal(read.hashtag_count, ranking->hashtag_count);
    assert_true(text_equals(buffer_text(&found), buffer_text(&expected)));
    assert_true(ranking_as_of(&read).us == ranking_as_of(ranking).us);
}

static void lists_of_every_kind_read_back(void **state)
{
    (void)state;
    static const struct list_key lists[] = {{0, 0, 0}, {1, 0, 0},  {71, 2, 0},
                                            {5, 1, 4}, {0, 2, 18}, {5, 1, 1}};
    static const size_t counts[] = {250, 1, RANKING_HASHTAGS_MAX, 20, 100, 2};
    for (unsigned i = 0; i < LENGTH_OF(lists); i++) {
        struct ranking ranking = made_ranking(&arena, lists[i], counts[i], i);
        assert_reads_back(publish(&ranking), &ranking);
    }
    for (uint8_t period = 0; period < PERIOD_COUNT; period++) {
        struct ranking ranking;
        struct list_key list = {.country = 30, .period = period};
        assert_int_equal(sample_make(list, 20779, &arena, &ranking), STATUS_OK);
        assert_reads_back(publish(&ranking), &ranking);
    }
}

static void empty_lists_read_back(void **state)
{
    (void)state;
    struct ranking ranking = made_ranking(&arena, (struct list_key){3, 0, 0}, 0, 0);
    assert_reads_back(publish(&ranking), &ranking);
}

/* Everything at its bound: what is valid must never be refused on its way back. */
static void the_widest_hashtag_reads_back(void **state)
{
    (void)state;
    static char letters[CREATOR_URL_BYTES_MAX];
    static struct trend_point points[HASHTAG_TREND_MAX];
    static struct creator creators[HASHTAG_CREATORS_MAX];
    memset(letters, 'a', sizeof(letters));
    for (size_t i = 0; i < LENGTH_OF(points); i++)
        points[i] = (struct trend_point){(int64_t)(20000 + i) * DAY_SECONDS, i == 7 ? 100 : 0};
    for (size_t i = 0; i < LENGTH_OF(creators); i++)
        creators[i] = (struct creator){{letters, CREATOR_NAME_BYTES_MAX},
                                       {letters, CREATOR_URL_BYTES_MAX}};
    struct hashtag hashtags[] = {
        {.id = TEXT("9999999999999999999"),
         .name = {letters, HASHTAG_NAME_BYTES_MAX},
         .industry = INDUSTRY_COUNT - 1,
         .is_promoted = true,
         .rank_change = RANK_DOWN,
         .rank = 1,
         .rank_diff = INT64_MAX,
         .posts = INT64_MAX,
         .views = INT64_MAX,
         .trend = points,
         .trend_count = LENGTH_OF(points),
         .creators = creators,
         .creator_count = LENGTH_OF(creators)},
        {.id = TEXT("0"), .name = TEXT("0"), .rank_change = RANK_NEW, .rank = 2}};
    struct ranking ranking = {.list = {9, 2, 0},
                              .captured_at = {PUBLISHED_US},
                              .source = TEXT("a-source-of-thirty-one-bytes-00"),
                              .hashtags = hashtags,
                              .hashtag_count = LENGTH_OF(hashtags)};
    struct reason reason = {0};
    assert_int_equal(ranking.source.length, RANKING_SOURCE_BYTES_MAX);
    if (ranking_check(&ranking, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    assert_reads_back(publish(&ranking), &ranking);
}

static void the_same_again_exists(void **state)
{
    (void)state;
    struct ranking ranking = made_ranking(&arena, (struct list_key){3, 0, 0}, 10, 1);
    int64_t first = publish(&ranking);
    int64_t id = -1;
    struct reason reason = {0};
    assert_int_equal(store_publish(store, &ranking, &id, &reason), STATUS_EXISTS);
    assert_int_equal(id, first);
    assert_string_not_equal(reason.sentence, "");
    ranking.source = TEXT("business-api"); /* another source may say the same */
    assert_true(publish(&ranking) > first);
    ranking.captured_at.us++;
    assert_true(publish(&ranking) > first);
    ranking.list.period = 1;
    assert_true(publish(&ranking) > first);
}

static void entry_keep(void *owner, const struct snapshot_entry *entry)
{
    *(struct snapshot_entry *)owner = *entry;
}

static void a_short_list_stays_one(void **state)
{
    (void)state;
    struct ranking ranking = made_ranking(&arena, (struct list_key){3, 0, 0}, 10, 1);
    struct ranking read;
    struct snapshot_entry entry;
    ranking.is_short = true;
    int64_t id = publish(&ranking);
    assert_int_equal(store_visit(store, id - 1, entry_keep, &entry, NULL), STATUS_OK);
    assert_true(entry.is_short);
    assert_int_equal(store_read(store, id, &arena, &read, NULL), STATUS_OK);
    assert_true(read.is_short);
    ranking.captured_at.us++;
    ranking.is_short = false;
    id = publish(&ranking);
    assert_int_equal(store_visit(store, id - 1, entry_keep, &entry, NULL), STATUS_OK);
    assert_false(entry.is_short);
    assert_int_equal(store_read(store, id, &arena, &read, NULL), STATUS_OK);
    assert_false(read.is_short);
}

static void entries_count(void *owner, const struct snapshot_entry *entry)
{
    (void)entry;
    ++*(size_t *)owner;
}

static size_t snapshots(void)
{
    size_t count = 0;
    assert_int_equal(store_visit(store, 0, entries_count, &count, NULL), STATUS_OK);
    return count;
}

static void other_content_at_the_same_time_conflicts(void **state)
{
    (void)state;
    struct ranking ranking = made_ranking(&arena, (struct list_key){3, 0, 0}, 10, 1);
    int64_t first = publish(&ranking);
    struct ranking other = made_ranking(&arena, (struct list_key){3, 0, 0}, 10, 2);
    int64_t id = -1;
    struct reason reason = {0};
    assert_int_equal(store_publish(store, &other, &id, &reason), STATUS_CONFLICT);
    assert_int_equal(id, -1);
    assert_string_not_equal(reason.sentence, "");
    assert_int_equal(snapshots(), 1);
    assert_reads_back(first, &ranking);
}

static void what_is_only_checked_is_not_kept(void **state)
{
    (void)state;
    struct reason reason = {0};
    struct ranking ranking = made_ranking(&arena, (struct list_key){3, 0, 0}, 20, 1);
    assert_int_equal(store_check(store, &ranking, &reason), STATUS_OK);
    assert_int_equal(snapshots(), 0);
    int64_t id = publish(&ranking);
    assert_int_equal(snapshots(), 1);
    assert_int_equal(store_check(store, &ranking, &reason), STATUS_EXISTS);
    struct ranking other = made_ranking(&arena, ranking.list, 19, 1);
    other.captured_at = ranking.captured_at;
    assert_int_equal(store_check(store, &other, &reason), STATUS_CONFLICT);
    assert_reads_back(id, &ranking);
}

struct visited {
    int64_t ids[16];
    struct snapshot_entry last;
    size_t count;
};

static void entry_note(void *owner, const struct snapshot_entry *entry)
{
    struct visited *visited = owner;
    assert_in_range(visited->count, 0, LENGTH_OF(visited->ids) - 1);
    visited->ids[visited->count++] = entry->id;
    visited->last = *entry;
}

static void snapshots_are_visited_in_order_of_publication(void **state)
{
    (void)state;
    int64_t ids[5];
    for (unsigned i = 0; i < LENGTH_OF(ids); i++) { /* the newest captures first */
        struct list_key list = {(uint8_t)(9 - i), (uint8_t)(i % 3), (uint8_t)i};
        struct ranking ranking = made_ranking(&arena, list, 10 + i, i);
        ranking.captured_at.us -= (int64_t)i * DAY_US;
        ids[i] = publish(&ranking);
        assert_true(ids[i] >= 1);
    }
    for (size_t after = 0; after <= LENGTH_OF(ids); after++) {
        struct visited visited = {0};
        int64_t start = after == 0 ? 0 : ids[after - 1];
        assert_int_equal(store_visit(store, start, entry_note, &visited, NULL), STATUS_OK);
        assert_int_equal(visited.count, LENGTH_OF(ids) - after);
        for (size_t i = 0; i < visited.count; i++)
            assert_int_equal(visited.ids[i], ids[after + i]);
        if (visited.count == 0)
            continue;
        struct ranking last = made_ranking(&arena, (struct list_key){5, 1, 4}, 14, 4);
        assert_int_equal(list_key_index(visited.last.list), list_key_index(last.list));
        assert_int_equal(visited.last.hashtag_count, 14);
        assert_true(visited.last.captured_at.us == last.captured_at.us - 4 * DAY_US);
        assert_true(visited.last.as_of.us == ranking_as_of(&last).us);
        assert_string_equal(visited.last.source, "import");
    }
}

static void what_is_kept_outlives_the_store(void **state)
{
    (void)state;
    struct ranking ranking = made_ranking(&arena, (struct list_key){3, 0, 0}, 10, 1);
    int64_t id = publish(&ranking);
    store_close(store);
    store = store_opened();
    assert_reads_back(id, &ranking);
}

static void absent_snapshots_are_missing(void **state)
{
    (void)state;
    static const int64_t ids[] = {0, 1, -1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < LENGTH_OF(ids); i++) {
        struct ranking ranking;
        struct reason reason = {0};
        assert_int_equal(store_read(store, ids[i], &arena, &ranking, &reason), STATUS_MISSING);
        assert_string_not_equal(reason.sentence, "");
    }
}

struct damage {
    const char *in_file;
    const char *on_server; /* NULL: the same */
};

static const struct damage damages[] = {
    {"UPDATE snapshot SET items = x'00'", "UPDATE snapshot SET items = '\\x00'"},
    {"UPDATE snapshot SET items = x''", "UPDATE snapshot SET items = '\\x'"},
    {"UPDATE snapshot SET items = substr(items, 1, length(items) - 1)", NULL},
    {"UPDATE snapshot SET items = items || x'00'",
     "UPDATE snapshot SET items = items || CAST('\\x00' AS BYTEA)"},
    {"UPDATE snapshot SET items = g.items, plain_size = g.plain_size FROM good g WHERE g.id = "
     "2",
     NULL},
    {"UPDATE snapshot SET plain_size = plain_size - 1", NULL},
    {"UPDATE snapshot SET plain_size = plain_size + 1", NULL},
    {"UPDATE snapshot SET plain_size = 0", NULL},
    {"UPDATE snapshot SET plain_size = -1", NULL},
    {"UPDATE snapshot SET plain_size = 9223372036854775807", NULL},
    {"UPDATE snapshot SET plain_size = -9223372036854775807", NULL},
    {"UPDATE snapshot SET digest = x''", "UPDATE snapshot SET digest = '\\x'"},
    {"UPDATE snapshot SET digest = zeroblob(32)",
     "UPDATE snapshot SET digest = decode(repeat('00', 32), 'hex')"},
    {"UPDATE list SET country = 'QQ'", NULL},
    {"UPDATE list SET period = 8", NULL},
    {"UPDATE list SET industry = 1", NULL},
};

static void do_damage(const struct damage *damage)
{
    bool is_same = place_kind == DB_SQLITE || !damage->on_server;
    const char *sql = is_same ? damage->in_file : damage->on_server;
    print_message("%s\n", sql);
    execute(sql);
}

static void damage_is_found(void **state)
{
    (void)state;
    struct ranking ranking = made_ranking(&arena, (struct list_key){3, 0, 0}, 10, 1);
    struct ranking other = made_ranking(&arena, (struct list_key){3, 0, 0}, 10, 2);
    other.captured_at.us++;
    int64_t id = publish(&ranking);
    (void)publish(&other);
    execute("DELETE FROM appearance; CREATE TABLE good AS SELECT * FROM snapshot;"
            "CREATE TABLE good_list AS SELECT * FROM list");
    for (size_t i = 0; i < LENGTH_OF(damages); i++) {
        do_damage(&damages[i]);
        struct ranking read = {.hashtag_count = 77};
        struct reason reason = {0};
        assert_int_equal(store_read(store, id, &arena, &read, &reason), STATUS_CORRUPT);
        assert_int_equal(read.hashtag_count, 77);
        assert_string_not_equal(reason.sentence, "");
        execute("DELETE FROM snapshot; DELETE FROM list;"
                "INSERT INTO list SELECT * FROM good_list;"
                "INSERT INTO snapshot SELECT * FROM good");
        assert_reads_back(id, &ranking);
    }
    execute("UPDATE list SET country = 'QQ'");
    size_t count = 0;
    struct reason reason = {0};
    assert_int_equal(store_visit(store, 0, entries_count, &count, &reason), STATUS_CORRUPT);
    assert_int_equal(count, 0);
    assert_string_not_equal(reason.sentence, "");
}

static void a_full_arena_is_no_damage(void **state)
{
    (void)state;
    struct ranking ranking = made_ranking(&arena, (struct list_key){3, 0, 0}, 100, 1);
    int64_t id = publish(&ranking);
    for (size_t bytes = 1; bytes < 20000; bytes *= 4) {
        struct arena small CLEANUP(arena_finish);
        arena_init(&small, bytes);
        struct ranking read = {.hashtag_count = 77};
        struct reason reason = {0};
        assert_int_equal(store_read(store, id, &small, &read, &reason), STATUS_TOO_LARGE);
        assert_int_equal(read.hashtag_count, 77);
    }
}

static void assert_refused(enum status outcome)
{
    struct store *opened = NULL;
    struct reason reason = {0};
    assert_int_equal(store_open(text_of(path), &fixed_time, &opened, &reason), outcome);
    assert_null(opened);
    assert_string_not_equal(reason.sentence, "");
}

static void files_of_others_are_refused(void **state)
{
    (void)state;
    execute("INSERT INTO schema_version (name, version, file) "
            "SELECT name, 9999, '9999_later.sql' FROM schema_version LIMIT 1");
    assert_refused(STATUS_CONFLICT);
    execute("DROP TABLE schema_version");
    assert_refused(STATUS_CONFLICT);
    store_close(store);
    store = NULL;
    if (place_kind == DB_POSTGRES)
        return;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("a text of some length that is no database at all\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_refused(STATUS_CORRUPT);
}

struct publisher {
    pthread_t thread;
    uint8_t country;
};

#define PUBLICATIONS 10

/* A store of its own on the same file, as an import beside a collector has. */
static void *publish_many(void *owner)
{
    const struct publisher *publisher = owner;
    struct store *own;
    struct reason reason = {0};
    check(store_open(text_of(path), &fixed_time, &own, &reason) == STATUS_OK);
    for (unsigned i = 0; i < PUBLICATIONS; i++) {
        struct arena pieces CLEANUP(arena_finish);
        arena_init(&pieces, RANKING_ARENA_BYTES_MAX);
        struct list_key list = {.country = publisher->country};
        struct ranking ranking = made_ranking(&pieces, list, 5, i);
        ranking.captured_at.us += i;
        int64_t id;
        check(store_publish(own, &ranking, &id, &reason) == STATUS_OK);
    }
    store_close(own);
    return NULL;
}

static void several_may_publish_at_once(void **state)
{
    (void)state;
    struct publisher publishers[3];
    for (uint8_t i = 0; i < LENGTH_OF(publishers); i++) {
        publishers[i].country = i;
        assert_int_equal(
            pthread_create(&publishers[i].thread, NULL, publish_many, &publishers[i]), 0);
    }
    for (size_t i = 0; i < LENGTH_OF(publishers); i++)
        assert_int_equal(pthread_join(publishers[i].thread, NULL), 0);
    assert_int_equal(snapshots(), 3 * PUBLICATIONS);
}

static int start(void **state)
{
    (void)state;
    secret_start();
    return 0;
}

static bool is_somebody_waiting(struct db *db)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    bool row = false;
    assert_int_equal(db_statement_take(db,
                                       "SELECT count(*) FROM pg_locks WHERE NOT granted "
                                       "AND relation = CAST('appearance' AS regclass)",
                                       &select, NULL),
                     STATUS_OK);
    assert_int_equal(db_step(select, &row, NULL), STATUS_OK);
    return db_column_integer(select, 0) > 0;
}

struct held_publication {
    struct ranking ranking;
    enum status status;
    int64_t id;
};

static void *publish_held(void *owner)
{
    struct held_publication *held = owner;
    struct store *own;
    struct reason reason = {0};
    check(store_open(text_of(path), &fixed_time, &own, &reason) == STATUS_OK);
    held->status = store_publish(own, &held->ranking, &held->id, &reason);
    store_close(own);
    return NULL;
}

/* Whoever looks for ids above the last one must not pass over a snapshot that was numbered earlier and
 * appears later. The first publication has its number and stands still before it commits. */
static void ids_appear_in_their_order(void **state)
{
    (void)state;
    const struct db_options options = store_db_options(10000);
    struct held_publication first = {
        .ranking = made_ranking(&arena, (struct list_key){3, 0, 0}, 5, 1)};
    struct ranking empty = made_ranking(&arena, (struct list_key){4, 0, 0}, 0, 2);
    struct db *db;
    struct reason reason = {0};
    pthread_t thread;
    int64_t id = 0;
    assert_int_equal(db_open(text_of(path), &options, &db, &reason), STATUS_OK);
    struct db_transaction holding = {NULL};
    assert_int_equal(db_begin(db, &holding, &reason), STATUS_OK);
    assert_int_equal(db_execute(db, "LOCK TABLE appearance IN ACCESS EXCLUSIVE MODE", &reason),
                     STATUS_OK);
    assert_int_equal(pthread_create(&thread, NULL, publish_held, &first), 0);
    struct db *onlooker;
    assert_int_equal(db_open(text_of(path), &options, &onlooker, &reason), STATUS_OK);
    while (!is_somebody_waiting(onlooker))
        (void)sched_yield();
    db_close(onlooker);
    assert_int_equal(store_wait_at_most(store, 50, &reason), STATUS_OK);
    assert_int_equal(store_publish(store, &empty, &id, &reason), STATUS_BUSY);
    db_transaction_finish(&holding);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(first.status, STATUS_OK);
    assert_int_equal(store_publish(store, &empty, &id, &reason), STATUS_OK);
    assert_true(id > first.id);
    db_close(db);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        ON_BOTH(lists_of_every_kind_read_back),
        ON_BOTH(empty_lists_read_back),
        ON_BOTH(the_widest_hashtag_reads_back),
        ON_BOTH(the_same_again_exists),
        ON_BOTH(a_short_list_stays_one),
        ON_BOTH(other_content_at_the_same_time_conflicts),
        ON_BOTH(what_is_only_checked_is_not_kept),
        ON_BOTH(snapshots_are_visited_in_order_of_publication),
        ON_BOTH(what_is_kept_outlives_the_store),
        ON_BOTH(absent_snapshots_are_missing),
        ON_BOTH(damage_is_found),
        ON_BOTH(a_full_arena_is_no_damage),
        ON_BOTH(files_of_others_are_refused),
        ON_BOTH(several_may_publish_at_once),
        ON_SERVER(ids_appear_in_their_order),
    };
    return place_run(tests, LENGTH_OF(tests), set_up_on_server, start);
}
