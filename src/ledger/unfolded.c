#include "ledger/unfolded.h"

#include "ledger/embedded.h"

/* ---- Rows ---- */

static enum status body_visit(struct text body, instant at, int64_t journal_id,
                              unfolded_visit *visit, void *owner)
{
    struct journal_reader reader;
    TRY(journal_body_read(body, at, &reader));
    for (;;) {
        struct journal_entry entry;
        bool more;
        TRY(journal_body_next(&reader, &entry, &more));
        if (!more)
            return STATUS_OK;
        visit(owner, journal_id, &entry);
    }
}

static enum status rows_visit(struct db *db, struct db_statement *select, unfolded_visit *visit,
                              void *owner, struct reason *reason)
{
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        int64_t id = db_column_integer(select, 0);
        enum status status = body_visit(db_column_blob(select, 2),
                                        (instant){db_column_integer(select, 1)}, id, visit,
                                        owner);
        if (status != STATUS_OK)
            return reason_set(reason, status,
                              "%s: journal row %lld does not unpack: restore it from a backup",
                              db_path(db), (long long)id);
    }
}

enum status unfolded_read_of_all(struct db *db, unfolded_visit *visit, void *owner,
                                 struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT id, at, body FROM unfolded ORDER BY id", &select,
                          reason));
    return rows_visit(db, select, visit, owner, reason);
}

enum status unfolded_read_of_node(struct db *db, int64_t node, unfolded_visit *visit,
                                  void *owner, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT id, at, body FROM unfolded WHERE node = $1 ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, node);
    return rows_visit(db, select, visit, owner, reason);
}

/* ---- One account ---- */

struct visiting {
    int64_t account_id;
    fold_visit *visit;
    void *owner;
};

static void entry_visit(void *owner, int64_t journal_id, const struct journal_entry *entry)
{
    const struct visiting *visiting = owner;
    if (entry->account_id != visiting->account_id)
        return;
    struct fold_sum sum = {.key_id = entry->key_id,
                           .endpoint = entry->endpoint,
                           .hour = entry->at,
                           .credits = entry->credits,
                           .overage = entry->overage,
                           .overage_micros = entry->overage_micros,
                           .first_journal_id = journal_id,
                           .last_journal_id = journal_id};
    sum.calls[entry->outcome] = 1;
    visiting->visit(visiting->owner, &sum);
}

static enum status mark_read(struct db *db, int64_t account_id, int64_t *mark,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT max(journal_id) FROM (SELECT journal_id FROM fold_mark UNION"
                          " ALL SELECT journal_id FROM fold_cohort WHERE cohort = $1)",
                          &select, reason));
    db_bind_integer(select, 1, account_cohort(account_id));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *mark = db_column_integer(select, 0);
    if (!db_column_is_null(select, 0))
        return STATUS_OK;
    return reason_set(reason, STATUS_CORRUPT,
                      "%s lacks its fold mark: restore it from a backup", db_path(db));
}

/* What memory has, and behind which row of the file the rest is. */
static enum status memory_visit(struct ledger *ledger, struct db *db,
                                const struct visiting *visiting, int64_t *behind,
                                struct reason *reason)
{
    struct committer *committer = &ledger->committer;
    TRY(mark_read(db, visiting->account_id, behind, reason));
    if (!ledger->meter)
        return STATUS_OK;
    cohorts_lock(&committer->cohorts);
    *behind = cohorts_visit(&committer->cohorts, visiting->account_id, *behind, visiting->visit,
                            visiting->owner);
    cohorts_unlock(&committer->cohorts);
    return STATUS_OK;
}

enum status unfolded_read(struct ledger *ledger, struct db *db, int64_t account_id,
                          fold_visit *visit, void *owner, struct reason *reason)
{
    struct visiting visiting = {account_id, visit, owner};
    int64_t behind;
    if (db_kind(db) == DB_POSTGRES)
        return unfolded_read_of_all(db, entry_visit, &visiting, reason);
    TRY(memory_visit(ledger, db, &visiting, &behind, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT id, at, body FROM journal WHERE id > $1 ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, behind);
    return rows_visit(db, select, entry_visit, &visiting, reason);
}

static void rows_stretch(void *owner, const struct fold_sum *sum)
{
    struct unfolded_rows *rows = owner;
    if (sum->first_journal_id == 0)
        return;
    if (rows->first == 0) /* sums are visited in the order of their first calls */
        rows->first = sum->first_journal_id;
    if (sum->last_journal_id > rows->last)
        rows->last = sum->last_journal_id;
}

static enum status first_find(struct db *db, int64_t *behind, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT min(id) FROM unfolded", &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *behind = db_column_is_null(select, 0) ? INT64_MAX : db_column_integer(select, 0) - 1;
    return STATUS_OK;
}

enum status unfolded_find(struct ledger *ledger, struct db *db, int64_t account_id,
                          struct unfolded_rows *rows, struct reason *reason)
{
    struct visiting visiting = {account_id, rows_stretch, rows};
    *rows = (struct unfolded_rows){.first = 0};
    return db_kind(db) == DB_POSTGRES
               ? first_find(db, &rows->behind, reason)
               : memory_visit(ledger, db, &visiting, &rows->behind, reason);
}
