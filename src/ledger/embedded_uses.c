#include "ledger/embedded.h"
#include "ledger/key_uses.h"
#include "ledger/sessions.h"

#define WRITTEN_AT_ONCE 256 /* rows of one transaction, during which no charge is committed */

void ledger_key_used(struct ledger *ledger, const struct key_standing *key,
                     struct text (*address)(void *owner), void *owner)
{
    instant now = time_about(ledger->time);
    if (key_uses_is_due(ledger->uses, key->key_id, now))
        key_uses_note(ledger->uses, key->key_id, key->account_id, now, address(owner));
}

static enum status rows_write(struct ledger *ledger, const struct key_use *uses, size_t count,
                              struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(held->db, &transaction, reason));
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(held->db,
                          "UPDATE api_key SET last_used_at = $4, last_used_ip = $5"
                          " WHERE bucket = $1 AND account_id = $2 AND id = $3",
                          &update, reason));
    for (size_t i = 0; i < count; i++) {
        db_bind_integer(update, 1, account_bucket(uses[i].account_id));
        db_bind_integer(update, 2, uses[i].account_id);
        db_bind_integer(update, 3, uses[i].key_id);
        db_bind_integer(update, 4, uses[i].at.us);
        db_bind_text(update, 5, text_of(uses[i].address));
        TRY(db_run(update, reason));
    }
    db_statement_release(&update);
    return db_commit(&transaction, reason);
}

/* What cannot be written is lost, until the key is used again a minute later. */
static enum status uses_write(struct ledger *ledger, struct reason *reason)
{
    size_t count;
    struct key_use *uses = key_uses_take(ledger->uses, &count);
    enum status status = STATUS_OK;
    for (size_t at = 0; at < count && status == STATUS_OK; at += WRITTEN_AT_ONCE) {
        size_t rows = count - at < WRITTEN_AT_ONCE ? count - at : WRITTEN_AT_ONCE;
        status = rows_write(ledger, uses + at, rows, reason);
    }
    free(uses);
    return status;
}

enum status ledger_seen_write(struct ledger *ledger, struct reason *reason)
{
    TRY(uses_write(ledger, reason));
    return ledger_sessions_write(ledger, reason);
}
