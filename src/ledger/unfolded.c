#include "ledger/unfolded.h"

#include "model/account.h"

#define ALL_ACCOUNTS 0

struct visiting {
    int64_t account_id;
    unfolded_visit *visit;
    void *owner;
};

static enum status body_visit(struct text body, instant at, int64_t journal_id,
                              const struct visiting *visiting)
{
    struct journal_reader reader;
    TRY(journal_body_read(body, at, &reader));
    for (;;) {
        struct journal_entry entry;
        bool more;
        TRY(journal_body_next(&reader, &entry, &more));
        if (!more)
            return STATUS_OK;
        if (visiting->account_id == ALL_ACCOUNTS || visiting->account_id == entry.account_id)
            visiting->visit(visiting->owner, journal_id, &entry);
    }
}

static enum status rows_visit(struct db *db, struct db_statement *select,
                              const struct visiting *visiting, struct reason *reason)
{
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        int64_t id = db_column_integer(select, 0);
        enum status status = body_visit(db_column_blob(select, 2),
                                        (instant){db_column_integer(select, 1)}, id, visiting);
        if (status != STATUS_OK)
            return reason_set(reason, status,
                              "%s: journal row %lld does not unpack: restore it from a backup",
                              db_path(db), (long long)id);
    }
}

#define SHARED_FROM " FROM unfolded"
#define FILE_FROM                                                                              \
    " FROM journal WHERE id > (SELECT max(journal_id) FROM (SELECT journal_id FROM fold_mark"  \
    " UNION ALL SELECT journal_id FROM fold_cohort WHERE cohort = $1))"

static enum status tail_select(struct db *db, int64_t account_id, const char *of_shared,
                               const char *of_file, struct db_statement **select,
                               struct reason *reason)
{
    bool is_file = db_kind(db) == DB_SQLITE;
    TRY(db_statement_take(db, is_file ? of_file : of_shared, select, reason));
    if (is_file)
        db_bind_integer(*select, 1, account_cohort(account_id));
    return STATUS_OK;
}

enum status unfolded_read(struct db *db, int64_t account_id, unfolded_visit *visit, void *owner,
                          struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(tail_select(db, account_id, "SELECT id, at, body" SHARED_FROM " ORDER BY id",
                    "SELECT id, at, body" FILE_FROM " ORDER BY id", &select, reason));
    return rows_visit(db, select, &(struct visiting){account_id, visit, owner}, reason);
}

enum status unfolded_find(struct db *db, int64_t account_id, int64_t *journal_id,
                          struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(tail_select(db, account_id, "SELECT min(id)" SHARED_FROM, "SELECT min(id)" FILE_FROM,
                    &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *journal_id = db_column_is_null(select, 0) ? INT64_MAX : db_column_integer(select, 0);
    return STATUS_OK;
}

enum status unfolded_read_of_all(struct db *db, unfolded_visit *visit, void *owner,
                                 struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT id, at, body FROM unfolded ORDER BY id", &select,
                          reason));
    return rows_visit(db, select, &(struct visiting){ALL_ACCOUNTS, visit, owner}, reason);
}

enum status unfolded_read_of_node(struct db *db, int64_t node, unfolded_visit *visit,
                                  void *owner, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT id, at, body FROM unfolded WHERE node = $1 ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, node);
    return rows_visit(db, select, &(struct visiting){ALL_ACCOUNTS, visit, owner}, reason);
}
