#include "ledger/unfolded.h"

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

enum status unfolded_read(struct db *db, unfolded_visit *visit, void *owner,
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
