#include "ledger/embedded_sessions.h"

enum status ledger_account_of(struct ledger *ledger, int64_t account_id,
                              struct account *account, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    return ledger_find_account_of(held, account_id, account, reason);
}

/* ---- Passwords ---- */

static enum status login_read(struct db_statement *select, struct account_login *login,
                              struct reason *reason)
{
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING, "there is no such account");
    login->account_id = db_column_integer(select, 0);
    ledger_copy_text(login->password_hash, sizeof(login->password_hash),
                     db_column_text(select, 1));
    return STATUS_OK;
}

enum status ledger_login_find(struct ledger *ledger, struct text email,
                              struct account_login *login, struct reason *reason)
{
    if (!account_email_is_valid(email))
        return reason_set(reason, STATUS_MISSING, "there is no such account");
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(held->db,
                          "SELECT id, password_hash FROM account WHERE email_folded = $1",
                          &select, reason));
    char folded[ACCOUNT_EMAIL_BYTES_MAX];
    db_bind_text(select, 1, account_email_fold(email, folded));
    return login_read(select, login, reason);
}

enum status ledger_login_of(struct ledger *ledger, int64_t account_id,
                            struct account_login *login, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(held->db,
                          "SELECT id, password_hash FROM account"
                          " WHERE bucket = $1 AND id = $2",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    return login_read(select, login, reason);
}

static enum status hash_write(struct ledger *ledger, int64_t account_id, struct text hash,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE account SET password_hash = $3, updated_at = $4"
                          " WHERE bucket = $1 AND id = $2",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(account_id));
    db_bind_integer(update, 2, account_id);
    db_bind_text(update, 3, hash);
    db_bind_integer(update, 4, time_now(ledger->time).us);
    return db_run(update, reason);
}

static enum status links_delete(struct ledger *ledger, int64_t account_id,
                                struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *delete = NULL;
    TRY(db_statement_take(ledger->db,
                          "DELETE FROM sign_in_link WHERE bucket = $1 AND account_id = $2",
                          &delete, reason));
    db_bind_integer(delete, 1, account_bucket(account_id));
    db_bind_integer(delete, 2, account_id);
    return db_run(delete, reason);
}

enum status ledger_password_set(struct ledger *ledger, int64_t account_id, struct text hash,
                                struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct sessions_ended ended = {.count = 0};
    struct event event;
    ledger_event_open(&event);
    TRY(hash_write(held, account_id, hash, reason));
    TRY(links_delete(held, account_id, reason));
    TRY(ledger_sessions_delete(held, account_id, 0, &ended, reason));
    TRY(ledger_event_write(held, account_id, "password_set", &event, reason));
    TRY(db_commit(&transaction, reason));
    ledger_sessions_forget(held, &ended);
    return STATUS_OK;
}

enum status ledger_account_sign_up(struct ledger *ledger, const struct account_row *row,
                                   struct text password_hash, int64_t *account_id,
                                   struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    int64_t id;
    TRY(ledger_account_write(held, row, &id, reason));
    TRY(hash_write(held, id, password_hash, reason));
    TRY(db_commit(&transaction, reason));
    TRY(ledger_meter_accounts(held, id - 1, reason));
    *account_id = id;
    return STATUS_OK;
}

/* ---- Sign-in links ---- */

static struct text digest_bytes(const struct digest *digest)
{
    return (struct text){(const char *)digest->bytes, sizeof(digest->bytes)};
}

static enum status link_insert(struct ledger *ledger, int64_t account_id,
                               const struct digest *digest, instant expires_at,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO sign_in_link (bucket, account_id, digest, expires_at)"
                          " VALUES ($1, $2, $3, $4)",
                          &insert, reason));
    db_bind_integer(insert, 1, account_bucket(account_id));
    db_bind_integer(insert, 2, account_id);
    db_bind_blob(insert, 3, digest_bytes(digest));
    db_bind_integer(insert, 4, expires_at.us);
    return db_run(insert, reason);
}

enum status ledger_link_make(struct ledger *ledger, struct text email,
                             struct session_token *token, instant *expires_at,
                             struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct account account;
    struct event event;
    instant until = {time_now(held->time).us + SIGN_IN_LINK_LIFE_US};
    struct session_token made = session_token_make();
    struct digest digest = secret_digest(text_of(made.characters));
    TRY(ledger_find_account(held, email, &account, reason));
    TRY(links_delete(held, account.id, reason));
    TRY(link_insert(held, account.id, &digest, until, reason));
    ledger_event_open(&event);
    TRY(ledger_event_write(held, account.id, "sign_in_link", &event, reason));
    TRY(db_commit(&transaction, reason));
    *token = made;
    *expires_at = until;
    return STATUS_OK;
}

static enum status link_find(struct ledger *ledger, const struct digest *digest,
                             int64_t *account_id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT account_id FROM sign_in_link"
                          " WHERE digest = $1 AND expires_at > $2",
                          &select, reason));
    db_bind_blob(select, 1, digest_bytes(digest));
    db_bind_integer(select, 2, time_now(ledger->time).us);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING,
                          "the link does not work: it was used, is over an hour old, or a "
                          "newer one was made");
    *account_id = db_column_integer(select, 0);
    return STATUS_OK;
}

enum status ledger_link_check(struct ledger *ledger, const struct digest *digest,
                              struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    int64_t account_id;
    return link_find(held, digest, &account_id, reason);
}

enum status ledger_link_use(struct ledger *ledger, const struct digest *digest,
                            const struct session_origin *origin, struct session_token *token,
                            struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    int64_t account_id = 0;
    struct session_begun begun;
    TRY(link_find(held, digest, &account_id, reason));
    TRY(links_delete(held, account_id, reason));
    TRY(ledger_session_write(held, account_id, origin, &begun, reason));
    TRY(db_commit(&transaction, reason));
    ledger_sessions_forget(held, &begun.ended);
    session_table_add(held->sessions, &begun.entry);
    *token = begun.token;
    return STATUS_OK;
}
