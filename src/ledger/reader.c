#include "ledger/reader.h"

#include "ledger/embedded.h"

#define READER_BUSY_TIMEOUT_MS 5000 /* readers of a WAL wait for nobody but its recovery */
#define READER_STATEMENT_MS 10000   /* of one account's books; whoever asked waits */

void reader_init(struct reader *reader)
{
    *reader = (struct reader){.db = NULL};
    check(pthread_mutex_init(&reader->lock, NULL) == 0);
}

void reader_finish(struct reader *reader)
{
    db_close(reader->db);
    check(pthread_mutex_destroy(&reader->lock) == 0);
}

enum status reader_take(struct reader *reader, struct db *writer, struct reader_view *view,
                        struct reason *reason)
{
    const struct db_options options = {.busy_timeout_ms = READER_BUSY_TIMEOUT_MS,
                                       .schema = LEDGER_SCHEMA,
                                       .statement_timeout_ms = READER_STATEMENT_MS};
    check(pthread_mutex_lock(&reader->lock) == 0);
    view->reader = reader;
    if (!reader->db)
        TRY(db_open_to_read(text_of(db_address(writer)), &options, &reader->db, reason));
    return db_begin_reading(reader->db, &view->transaction, reason);
}

void reader_release(struct reader_view *view)
{
    if (!view->reader)
        return;
    db_transaction_finish(&view->transaction);
    check(pthread_mutex_unlock(&view->reader->lock) == 0);
    view->reader = NULL;
}

enum status ledger_account_identity(struct ledger *ledger, int64_t account_id,
                                    struct account_identity *identity, struct reason *reason)
{
    CLEANUP(reader_release) struct reader_view view = {.reader = NULL};
    TRY(reader_take(&ledger->reader, ledger->db, &view, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(view.reader->db,
                          "SELECT outward_id, created_at, updated_at, next_plan, next_plan_at"
                          " FROM account"
                          " WHERE bucket = $1 AND id = $2",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING, "there is no account %lld",
                          (long long)account_id);
    ledger_copy_text(identity->outward_id, sizeof(identity->outward_id),
                     db_column_text(select, 0));
    identity->created_at = (instant){db_column_integer(select, 1)};
    identity->updated_at = (instant){db_column_integer(select, 2)};
    ledger_copy_text(identity->next_plan, sizeof(identity->next_plan),
                     db_column_text(select, 3));
    identity->next_plan_at = (instant){db_column_integer(select, 4)};
    return STATUS_OK;
}

static struct account_key *key_add(struct account_keys *keys)
{
    if (keys->count == keys->capacity) {
        keys->capacity = keys->capacity ? 2 * keys->capacity : 16;
        keys->at = memory_grow(keys->at, keys->capacity * sizeof(keys->at[0]));
    }
    return &keys->at[keys->count++];
}

enum status ledger_account_keys(struct ledger *ledger, int64_t account_id,
                                struct account_keys *keys, struct reason *reason)
{
    CLEANUP(reader_release) struct reader_view view = {.reader = NULL};
    TRY(reader_take(&ledger->reader, ledger->db, &view, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(view.reader->db,
                          "SELECT id, outward_id FROM api_key"
                          " WHERE bucket = $1 AND account_id = $2 ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct account_key *key = key_add(keys);
        key->id = db_column_integer(select, 0);
        ledger_copy_text(key->outward_id, sizeof(key->outward_id),
                         text_slice(db_column_text(select, 1), 0, OUTWARD_ID_LENGTH));
    }
}

void account_keys_finish(struct account_keys *keys)
{
    free(keys->at);
}

const struct account_key *account_keys_find(const struct account_keys *keys, int64_t id)
{
    size_t first = 0, end = keys->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (keys->at[middle].id == id)
            return &keys->at[middle];
        if (keys->at[middle].id < id)
            first = middle + 1;
        else
            end = middle;
    }
    return NULL;
}
