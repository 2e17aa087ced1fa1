#include "catalog/store.h"

#include "base/folder.h"
#include "base/secret.h"
#include "catalog/capture.h"
#include "catalog/store_parts.h"
#include "settings/settings.h"
#include "sql/migrate.h"

#include <stdio.h>
#include <zstd.h>

#define BUSY_TIMEOUT_MS 10000 /* another process may be importing a large file */
#define ZSTD_LEVEL 9          /* written once, kept for years */

/* Of canonical JSON; leaves room for what is put around it to be read. */
#define ITEMS_BYTES_MAX (JSON_BYTES_MAX - 64)

enum status store_path_of(struct text database_url, char path[PATH_BYTES_MAX],
                          struct reason *reason)
{
    char resolved[PATH_BYTES_MAX];
    struct text ledger_path;
    int length;
    if (settings_database_is_postgres(database_url)) {
        length = snprintf(path, PATH_BYTES_MAX, "%.*s", TEXT_PRINT(database_url));
    } else {
        TRY(settings_sqlite_path(database_url, &ledger_path, reason));
        TRY(folder_make_for(ledger_path, reason));
        TRY(path_resolve(ledger_path, resolved, reason));
        length = snprintf(path, PATH_BYTES_MAX, "%s-catalog", resolved);
    }
    if (length >= PATH_BYTES_MAX)
        return reason_set(reason, STATUS_TOO_LARGE,
                          "the database's path is over %d bytes long; use a shorter one",
                          PATH_BYTES_MAX);
    return STATUS_OK;
}

struct db_options store_db_options(int busy_timeout_ms)
{
    return (struct db_options){.journal = DB_JOURNAL_ROLLBACK,
                               .busy_timeout_ms = busy_timeout_ms,
                               .schema = "catalog"};
}

enum status store_open(struct text path, const struct time_source *time, struct store **opened,
                       struct reason *reason)
{
    return store_open_showing(path, time, NULL, opened, reason);
}

enum status store_open_showing(struct text path, const struct time_source *time,
                               const struct store_progress *progress, struct store **opened,
                               struct reason *reason)
{
    struct db_options options = store_db_options(BUSY_TIMEOUT_MS);
    struct db *db;
    if (db_kind_of(path) == DB_SQLITE)
        TRY(folder_make_for(path, reason));
    TRY(db_open(path, &options, &db, reason));
    enum status status = db_migrate(db, &migrations_catalog, reason);
    if (status != STATUS_OK) {
        db_close(db);
        return status;
    }
    struct store *store = memory_take_zeroed(1, sizeof(*store));
    *store = (struct store){db, time};
    status = store_catch_up(store, progress, reason);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    *opened = store;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    db_close(store->db);
    free(store);
}

enum status store_wait_at_most(struct store *store, int milliseconds, struct reason *reason)
{
    return db_wait_at_most(store->db, milliseconds, reason);
}

void store_answer_within(struct store *store, int milliseconds)
{
    db_answer_within(store->db, milliseconds);
}

const char *store_path(const struct store *store)
{
    return db_path(store->db);
}

/* ---- Publishing ---- */

static void canonical_write(const struct ranking *ranking, struct buffer *json)
{
    struct json_writer writer = json_writer_on(json);
    json_array_open(&writer);
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        hashtag_write(&writer, &ranking->hashtags[i], ranking->list.country);
    json_array_close(&writer);
}

void store_list_bind(struct db_statement *statement, struct list_key list)
{
    db_bind_text(statement, 1, country_at(list.country)->code);
    db_bind_integer(statement, 2, period_days[list.period]);
    db_bind_integer(statement, 3, industry_at(list.industry)->id);
}

static enum status list_id_of(struct store *store, struct list_key list, int64_t *id,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(store->db,
                          "INSERT INTO list (country, period, industry) VALUES ($1, $2, $3) "
                          "ON CONFLICT (country, period, industry) DO NOTHING",
                          &insert, reason));
    store_list_bind(insert, list);
    TRY(db_run(insert, reason));
    CLEANUP(db_statement_release) struct db_statement *find = NULL;
    TRY(db_statement_take(
        store->db, "SELECT id FROM list WHERE country = $1 AND period = $2 AND industry = $3",
        &find, reason));
    store_list_bind(find, list);
    bool row;
    TRY(db_step(find, &row, reason));
    check(row);
    *id = db_column_integer(find, 0);
    return STATUS_OK;
}

struct kept_snapshot {
    int64_t id; /* 0: there is none */
    struct digest digest;
};

/* The same capture, where it was kept before. */
static enum status kept_find(struct store *store, int64_t list_id,
                             const struct ranking *ranking, struct kept_snapshot *kept,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *find = NULL;
    TRY(db_statement_take(store->db,
                          "SELECT id, digest FROM snapshot "
                          "WHERE list_id = $1 AND captured_at = $2 AND source = $3",
                          &find, reason));
    db_bind_integer(find, 1, list_id);
    db_bind_integer(find, 2, ranking->captured_at.us);
    db_bind_text(find, 3, ranking->source);
    bool row;
    TRY(db_step(find, &row, reason));
    *kept = (struct kept_snapshot){0};
    if (!row)
        return STATUS_OK;
    struct text digest = db_column_blob(find, 1);
    if (digest.length != sizeof(kept->digest.bytes))
        return reason_set(reason, STATUS_CORRUPT, "a snapshot's digest is of no use");
    memcpy(kept->digest.bytes, digest.at, digest.length);
    kept->id = db_column_integer(find, 0);
    return STATUS_OK;
}

static enum status kept_compare(const struct kept_snapshot *kept, const struct ranking *ranking,
                                const struct digest *digest, struct reason *reason)
{
    if (memcmp(kept->digest.bytes, digest->bytes, sizeof(digest->bytes)) != 0)
        return reason_set(reason, STATUS_CONFLICT,
                          "the list %.*s, %d days, was captured at that time with other "
                          "content; a capture is never changed: give the time of this one",
                          TEXT_PRINT(country_at(ranking->list.country)->code),
                          period_days[ranking->list.period]);
    return reason_set(reason, STATUS_EXISTS, "the snapshot is there already");
}

static enum status snapshot_insert(struct store *store, int64_t list_id,
                                   const struct ranking *ranking, struct text json,
                                   const struct digest *digest, int64_t *snapshot_id,
                                   struct reason *reason)
{
    struct buffer packed CLEANUP(buffer_finish);
    size_t bound = ZSTD_compressBound(json.length);
    buffer_init(&packed, bound);
    packed.length = ZSTD_compress(buffer_reserve(&packed, bound), bound, json.at, json.length,
                                  ZSTD_LEVEL);
    check(!ZSTD_isError(packed.length));

    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(store->db,
                          "INSERT INTO snapshot (list_id, captured_at, as_of, source, "
                          "hashtag_count, digest, plain_size, items, published_at, "
                          "is_short) "
                          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
                          &insert, reason));
    db_bind_integer(insert, 1, list_id);
    db_bind_integer(insert, 2, ranking->captured_at.us);
    db_bind_integer(insert, 3, ranking_as_of(ranking).us);
    db_bind_text(insert, 4, ranking->source);
    db_bind_integer(insert, 5, (int64_t)ranking->hashtag_count);
    db_bind_blob(insert, 6, (struct text){(const char *)digest->bytes, sizeof(digest->bytes)});
    db_bind_integer(insert, 7, (int64_t)json.length);
    db_bind_blob(insert, 8, buffer_text(&packed));
    db_bind_integer(insert, 9, time_now(store->time).us);
    db_bind_integer(insert, 10, ranking->is_short);
    bool row;
    TRY(db_step(insert, &row, reason));
    check(row);
    *snapshot_id = db_column_integer(insert, 0);
    return STATUS_OK;
}

static enum status rendered(const struct ranking *ranking, struct buffer *json,
                            struct digest *digest, struct reason *reason)
{
    buffer_init(json, ITEMS_BYTES_MAX);
    canonical_write(ranking, json);
    if (json->overflowed)
        return reason_set(reason, STATUS_TOO_LARGE, "the list is over %d bytes of JSON",
                          ITEMS_BYTES_MAX);
    *digest = secret_digest(buffer_text(json));
    return STATUS_OK;
}

/* Within a transaction. *snapshot_id is set where the capture was kept before, too. */
static enum status snapshot_write(struct store *store, const struct ranking *ranking,
                                  struct hashtag *room, int64_t *snapshot_id,
                                  struct reason *reason)
{
    int64_t list_id;
    struct kept_snapshot kept;
    struct ranking filled;
    struct digest digest;
    struct buffer json CLEANUP(buffer_finish);
    buffer_init(&json, 0);
    TRY(list_id_of(store, ranking->list, &list_id, reason));
    TRY(kept_find(store, list_id, ranking, &kept, reason));
    TRY(store_changes_fill(store, list_id, kept.id, ranking, room, &filled, reason));
    TRY(rendered(&filled, &json, &digest, reason));
    if (kept.id != 0) {
        *snapshot_id = kept.id;
        return kept_compare(&kept, ranking, &digest, reason);
    }
    TRY(snapshot_insert(store, list_id, &filled, buffer_text(&json), &digest, snapshot_id,
                        reason));
    return store_appearances_write(store, *snapshot_id, list_id, &filled, reason);
}

/* A number of our own, beside that of migrations. */
#define WRITER_LOCK "SELECT pg_advisory_xact_lock(8390880580549960053)"

enum status store_begin(struct store *store, struct db_transaction *transaction,
                        struct reason *reason)
{
    TRY(db_begin(store->db, transaction, reason));
    return db_kind(store->db) == DB_POSTGRES ? db_execute(store->db, WRITER_LOCK, reason)
                                             : STATUS_OK;
}

static enum status ranking_publish(struct store *store, const struct ranking *ranking,
                                   bool is_to_stay, int64_t *snapshot_id, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(store_begin(store, &transaction, reason));
    struct hashtag *room = memory_take((ranking->hashtag_count + 1) * sizeof(*room));
    int64_t id = 0;
    enum status status = snapshot_write(store, ranking, room, &id, reason);
    free(room);
    if (status == STATUS_OK && is_to_stay)
        status = db_commit(&transaction, reason);
    if (status == STATUS_OK || status == STATUS_EXISTS)
        *snapshot_id = id;
    return status;
}

enum status store_publish(struct store *store, const struct ranking *ranking,
                          int64_t *snapshot_id, struct reason *reason)
{
    return ranking_publish(store, ranking, true, snapshot_id, reason);
}

enum status store_check(struct store *store, const struct ranking *ranking,
                        struct reason *reason)
{
    int64_t snapshot_id;
    return ranking_publish(store, ranking, false, &snapshot_id, reason);
}

/* ---- Reading ---- */

static enum status list_read(struct db_statement *row, int column, struct list_key *list,
                             struct reason *reason)
{
    unsigned country;
    unsigned period;
    unsigned industry = INDUSTRY_ALL;
    int64_t industry_id = db_column_integer(row, column + 2);
    if (country_find(db_column_text(row, column), &country) != STATUS_OK ||
        period_find(db_column_integer(row, column + 1), &period) != STATUS_OK ||
        (industry_id != 0 && industry_find(industry_id, &industry) != STATUS_OK))
        return reason_set(reason, STATUS_CORRUPT,
                          "the catalogue holds a list of an unknown country, period or "
                          "industry; was it written by a newer program?");
    *list = (struct list_key){(uint8_t)country, (uint8_t)period, (uint8_t)industry};
    return STATUS_OK;
}

enum status store_entry_read(struct db_statement *row, struct snapshot_entry *entry,
                             struct reason *reason)
{
    struct text source = db_column_text(row, 6);
    if (source.length >= sizeof(entry->source))
        return reason_set(reason, STATUS_CORRUPT, "a snapshot's source name is too long");
    *entry = (struct snapshot_entry){.id = db_column_integer(row, 0),
                                     .captured_at = {db_column_integer(row, 4)},
                                     .as_of = {db_column_integer(row, 5)},
                                     .hashtag_count = (size_t)db_column_integer(row, 7),
                                     .is_short = db_column_integer(row, 8) != 0};
    memcpy(entry->source, source.at, source.length);
    return list_read(row, 1, &entry->list, reason);
}

enum status store_visit(struct store *store, int64_t after,
                        void (*visit)(void *owner, const struct snapshot_entry *entry),
                        void *owner, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          "SELECT " ENTRY_COLUMNS
                          " FROM snapshot JOIN list ON list.id = list_id "
                          "WHERE snapshot.id > $1 ORDER BY snapshot.id",
                          &select, reason));
    db_bind_integer(select, 1, after);
    bool row;
    TRY(db_step(select, &row, reason));
    while (row) {
        struct snapshot_entry entry;
        TRY(store_entry_read(select, &entry, reason));
        visit(owner, &entry);
        TRY(db_step(select, &row, reason));
    }
    return STATUS_OK;
}

enum status store_find_before(struct store *store, struct list_key list, instant captured_at,
                              int64_t id, struct snapshot_entry *before, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          "SELECT " ENTRY_COLUMNS
                          " FROM snapshot JOIN list ON list.id = list_id "
                          "WHERE country = $1 AND period = $2 AND industry = $3 "
                          "AND (captured_at, snapshot.id) < ($4, $5) "
                          "ORDER BY captured_at DESC, snapshot.id DESC LIMIT 1",
                          &select, reason));
    store_list_bind(select, list);
    db_bind_integer(select, 4, captured_at.us);
    db_bind_integer(select, 5, id);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING, "there is no earlier snapshot of that list");
    return store_entry_read(select, before, reason);
}

static enum status items_unpack(const struct stored_snapshot *stored, struct buffer *json,
                                struct reason *reason)
{
    size_t plain_bytes = stored->plain_bytes > 0 ? (size_t)stored->plain_bytes : 0;
    char *room = plain_bytes > 0 ? buffer_reserve(json, plain_bytes) : NULL;
    if (!room)
        return reason_set(reason, STATUS_CORRUPT, "a snapshot's size is out of range");
    size_t unpacked = ZSTD_decompress(room, plain_bytes, stored->packed.at,
                                      stored->packed.length);
    if (ZSTD_isError(unpacked) || unpacked != plain_bytes)
        return reason_set(reason, STATUS_CORRUPT, "a snapshot does not unpack");
    json->length = unpacked;
    struct digest found = secret_digest(buffer_text(json));
    if (!text_equals(stored->digest,
                     (struct text){(const char *)found.bytes, sizeof(found.bytes)}))
        return reason_set(reason, STATUS_CORRUPT, "a snapshot's content is not what was kept");
    return STATUS_OK;
}

/* What was kept is a bare array of hashtags. It is told its period in the way of an export, for
 * an option that a curve contradicts would be refused: right for a file, wrong for what is
 * kept. */
static enum status items_read(struct text json, struct arena *arena, struct ranking *ranking,
                              struct reason *reason)
{
    if (text_equals(json, TEXT("[]")))
        return STATUS_OK;
    struct buffer document CLEANUP(buffer_finish);
    buffer_init(&document, JSON_BYTES_MAX);
    buffer_append_format(
        &document, "{\"lists\":[{\"period\":%d,\"list\":", period_days[ranking->list.period]);
    buffer_append(&document, json);
    buffer_append(&document, TEXT("}]}"));
    check(!document.overflowed);
    struct capture_options options = {.has_country = true,
                                      .has_captured_at = true,
                                      .country = ranking->list.country,
                                      .captured_at = ranking->captured_at,
                                      .file_name = TEXT("snapshot"),
                                      .is_kept = true};
    struct capture capture;
    enum status status = capture_read(buffer_text(&document), &options, arena, &capture,
                                      reason);
    if (status != STATUS_OK)
        return status == STATUS_TOO_LARGE ? status : STATUS_CORRUPT;
    ranking->hashtags = capture.rankings[0].hashtags;
    ranking->hashtag_count = capture.rankings[0].hashtag_count;
    return STATUS_OK;
}

enum status store_fetch(struct store *store, int64_t id, struct arena *arena,
                        struct stored_snapshot *stored, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        store->db,
        "SELECT country, period, industry, captured_at, source, items, "
        "plain_size, digest, is_short FROM snapshot JOIN list ON list.id = list_id "
        "WHERE snapshot.id = $1",
        &select, reason));
    db_bind_integer(select, 1, id);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING, "there is no snapshot %lld", (long long)id);
    struct stored_snapshot fetched = {.captured_at = {db_column_integer(select, 3)},
                                      .plain_bytes = db_column_integer(select, 6),
                                      .is_short = db_column_integer(select, 8) != 0};
    TRY(list_read(select, 0, &fetched.list, reason));
    fetched.source = arena_copy(arena, db_column_text(select, 4));
    fetched.packed = arena_copy(arena, db_column_blob(select, 5));
    fetched.digest = arena_copy(arena, db_column_blob(select, 7));
    if (!fetched.source.at || !fetched.packed.at || !fetched.digest.at)
        return reason_set(reason, STATUS_TOO_LARGE, "a snapshot does not fit in memory");
    *stored = fetched;
    return STATUS_OK;
}

enum status stored_snapshot_read(const struct stored_snapshot *stored, struct arena *arena,
                                 struct ranking *ranking, struct reason *reason)
{
    struct ranking read = {
        .list = stored->list, .captured_at = stored->captured_at, .is_short = stored->is_short};
    read.source = arena_copy(arena, stored->source);
    if (!read.source.at)
        return reason_set(reason, STATUS_TOO_LARGE, "a snapshot does not fit in memory");
    struct buffer json CLEANUP(buffer_finish);
    buffer_init(&json, ITEMS_BYTES_MAX);
    TRY(items_unpack(stored, &json, reason));
    TRY(items_read(buffer_text(&json), arena, &read, reason));
    *ranking = read;
    return STATUS_OK;
}

enum status store_read(struct store *store, int64_t id, struct arena *arena,
                       struct ranking *ranking, struct reason *reason)
{
    struct stored_snapshot stored = {0};
    TRY(store_fetch(store, id, arena, &stored, reason));
    return stored_snapshot_read(&stored, arena, ranking, reason);
}
