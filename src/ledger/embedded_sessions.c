#include "ledger/embedded_sessions.h"

#define WRITTEN_AT_ONCE 256 /* rows of one transaction, while which no charge is committed */

struct session_token session_token_make(void)
{
    uint8_t bits[SESSION_TOKEN_BYTES];
    struct session_token token;
    secret_fill(bits, sizeof(bits));
    secret_hex(bits, sizeof(bits), token.characters);
    token.characters[SESSION_TOKEN_LENGTH] = '\0';
    explicit_bzero(bits, sizeof(bits));
    return token;
}

bool session_token_is_well_formed(struct text written)
{
    if (written.length != SESSION_TOKEN_LENGTH)
        return false;
    for (size_t i = 0; i < written.length; i++)
        if (text_hexadecimal(written.at[i]) < 0 ||
            (written.at[i] >= 'A' && written.at[i] <= 'F'))
            return false;
    return true;
}

enum status ledger_find_session(struct ledger *ledger, const struct digest *digest,
                                struct session_standing *standing)
{
    struct session_entry entry;
    instant now = time_now(ledger->time);
    if (!session_table_see(ledger->sessions, digest, now, &entry) ||
        !session_is_live(entry.created_at, entry.last_seen_at, now))
        return STATUS_MISSING;
    *standing = (struct session_standing){.id = entry.id, .account_id = entry.account_id};
    if (entry.by_link)
        standing->link_password_until.us = entry.created_at.us + LINK_PASSWORD_US;
    return STATUS_OK;
}

/* ---- Ending ---- */

/* Those of an account, in the order that sql gives; what was over when the program began is gone. */
static enum status digests_read(struct db_statement *select, struct sessions_ended *ended,
                                struct reason *reason)
{
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        check(ended->count < LENGTH_OF(ended->digests));
        struct text stored = db_column_blob(select, 0);
        check(stored.length == sizeof(ended->digests[0].bytes));
        memcpy(ended->digests[ended->count++].bytes, stored.at, stored.length);
    }
}

static struct text digest_bytes(const struct digest *digest)
{
    return (struct text){(const char *)digest->bytes, sizeof(digest->bytes)};
}

static enum status rows_delete(struct ledger *ledger, const struct sessions_ended *ended,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *delete = NULL;
    TRY(db_statement_take(ledger->db, "DELETE FROM session WHERE digest = $1", &delete,
                          reason));
    for (size_t i = 0; i < ended->count; i++) {
        db_bind_blob(delete, 1, digest_bytes(&ended->digests[i]));
        TRY(db_run(delete, reason));
    }
    return STATUS_OK;
}

void ledger_sessions_forget(struct ledger *ledger, const struct sessions_ended *ended)
{
    for (size_t i = 0; i < ended->count; i++)
        (void)session_table_remove(ledger->sessions, &ended->digests[i]);
}

static enum status plain_event_write(struct ledger *ledger, int64_t account_id,
                                     const char *verb, struct reason *reason)
{
    struct event event;
    ledger_event_open(&event);
    return ledger_event_write(ledger, account_id, verb, &event, reason);
}

enum status ledger_session_end(struct ledger *ledger, const struct digest *digest,
                               struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    const struct sessions_ended ended = {.digests = {*digest}, .count = 1};
    struct session_entry entry;
    if (session_table_see(held->sessions, digest, time_now(held->time), &entry))
        TRY(plain_event_write(held, entry.account_id, "sign_out", reason));
    TRY(rows_delete(held, &ended, reason));
    TRY(db_commit(&transaction, reason));
    ledger_sessions_forget(held, &ended);
    return STATUS_OK;
}

enum status ledger_session_end_by_id(struct ledger *ledger, int64_t account_id, struct text id,
                                     struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(held->db,
                          "SELECT digest FROM session WHERE bucket = $1 AND account_id = $2"
                          " AND outward_id = $3",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    db_bind_text(select, 3, id);
    struct sessions_ended ended = {.count = 0};
    TRY(digests_read(select, &ended, reason));
    if (ended.count == 0)
        return reason_set(reason, STATUS_MISSING, "the account has no such session");
    TRY(plain_event_write(held, account_id, "session_end", reason));
    TRY(rows_delete(held, &ended, reason));
    TRY(db_commit(&transaction, reason));
    ledger_sessions_forget(held, &ended);
    return STATUS_OK;
}

enum status ledger_sessions_delete(struct ledger *ledger, int64_t account_id,
                                   int64_t but_session_id, struct sessions_ended *ended,
                                   struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT digest FROM session WHERE bucket = $1 AND account_id = $2"
                          " AND id <> $3",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    db_bind_integer(select, 3, but_session_id);
    TRY(digests_read(select, ended, reason));
    return rows_delete(ledger, ended, reason);
}

enum status ledger_session_end_others(struct ledger *ledger, int64_t account_id,
                                      int64_t but_session_id, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct sessions_ended ended = {.count = 0};
    TRY(ledger_sessions_delete(held, account_id, but_session_id, &ended, reason));
    TRY(plain_event_write(held, account_id, "sign_out_others", reason));
    TRY(db_commit(&transaction, reason));
    ledger_sessions_forget(held, &ended);
    return STATUS_OK;
}

/* ---- Beginning ---- */

/* Those that are over, and of the others those that were idle longest, down to one below the
 * most that there may be. */
static enum status room_make(struct ledger *ledger, int64_t account_id, instant now,
                             struct sessions_ended *ended, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        ledger->db,
        "SELECT digest FROM session WHERE bucket = $1 AND account_id = $2 AND"
        " (created_at <= $3 OR last_seen_at <= $4 OR id NOT IN (SELECT id FROM session"
        " WHERE bucket = $1 AND account_id = $2 ORDER BY last_seen_at DESC, id DESC LIMIT $5))",
        &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    db_bind_integer(select, 3, now.us - SESSION_LIFE_US);
    /* What was seen of a session may not be in the file yet. */
    db_bind_integer(select, 4, now.us - SESSION_IDLE_US - 2 * SESSION_SEEN_US);
    db_bind_integer(select, 5, SESSIONS_MAX - 1);
    TRY(digests_read(select, ended, reason));
    return rows_delete(ledger, ended, reason);
}

static struct text agent_kept(struct text written)
{
    struct text kept = text_slice(written, 0, SESSION_AGENT_BYTES_MAX);
    return ledger_check_label(kept, SESSION_AGENT_BYTES_MAX, "browser", NULL) == STATUS_OK
               ? kept
               : TEXT("");
}

static enum status row_insert(struct ledger *ledger, const struct session_entry *entry,
                              const struct session_origin *origin, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO session (bucket, account_id, id, outward_id, digest,"
                          " created_at, last_seen_at, ip, user_agent, by_link)"
                          " VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9)",
                          &insert, reason));
    char outward_id[OUTWARD_ID_LENGTH + 1];
    ledger_outward_id(outward_id);
    db_bind_integer(insert, 1, account_bucket(entry->account_id));
    db_bind_integer(insert, 2, entry->account_id);
    db_bind_integer(insert, 3, entry->id);
    db_bind_text(insert, 4, (struct text){outward_id, OUTWARD_ID_LENGTH});
    db_bind_blob(insert, 5, digest_bytes(&entry->digest));
    db_bind_integer(insert, 6, entry->created_at.us);
    db_bind_text(insert, 7, text_slice(origin->ip, 0, sizeof(((struct session *)0)->ip) - 1));
    db_bind_text(insert, 8, agent_kept(origin->user_agent));
    db_bind_integer(insert, 9, entry->by_link);
    return db_run(insert, reason);
}

enum status ledger_session_write(struct ledger *ledger, int64_t account_id,
                                 const struct session_origin *origin,
                                 struct session_begun *begun, struct reason *reason)
{
    instant now = time_now(ledger->time);
    begun->ended.count = 0;
    begun->token = session_token_make();
    begun->entry = (struct session_entry){
        .digest = secret_digest(text_of(begun->token.characters)),
        .account_id = account_id,
        .created_at = now,
        .last_seen_at = now,
        .by_link = origin->by_link};
    TRY(room_make(ledger, account_id, now, &begun->ended, reason));
    TRY(ledger_number(ledger, "SELECT coalesce(max(id), 0) + 1 FROM session", &begun->entry.id,
                      reason));
    TRY(row_insert(ledger, &begun->entry, origin, reason));
    return plain_event_write(ledger, account_id,
                             origin->by_link ? "sign_in_by_link" : "sign_in", reason);
}

enum status ledger_session_begin(struct ledger *ledger, int64_t account_id,
                                 const struct session_origin *origin,
                                 struct session_token *token, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct session_begun begun;
    TRY(ledger_session_write(held, account_id, origin, &begun, reason));
    TRY(db_commit(&transaction, reason));
    ledger_sessions_forget(held, &begun.ended);
    session_table_add(held->sessions, &begun.entry);
    *token = begun.token;
    return STATUS_OK;
}

/* ---- Listing, loading, writing what was seen ---- */

static void session_read(struct db_statement *row, struct session *session)
{
    *session = (struct session){.id = db_column_integer(row, 0),
                                .created_at = {db_column_integer(row, 2)},
                                .last_seen_at = {db_column_integer(row, 3)}};
    ledger_copy_text(session->outward_id, sizeof(session->outward_id), db_column_text(row, 1));
    ledger_copy_text(session->ip, sizeof(session->ip), db_column_text(row, 4));
    ledger_copy_text(session->user_agent, sizeof(session->user_agent), db_column_text(row, 5));
}

static enum status unwritten_write(struct ledger *ledger, struct reason *reason);

enum status ledger_session_list(struct ledger *ledger, int64_t account_id,
                                struct session sessions[SESSIONS_MAX], size_t *listed,
                                struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    TRY(unwritten_write(held, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        held->db,
        "SELECT id, outward_id, created_at, last_seen_at, ip, user_agent"
        " FROM session WHERE bucket = $1 AND account_id = $2"
        " AND created_at > $3 AND last_seen_at > $4 ORDER BY id DESC LIMIT $5",
        &select, reason));
    instant now = time_now(held->time);
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    db_bind_integer(select, 3, now.us - SESSION_LIFE_US);
    db_bind_integer(select, 4, now.us - SESSION_IDLE_US);
    db_bind_integer(select, 5, SESSIONS_MAX);
    size_t read = 0;
    for (; read < SESSIONS_MAX; read++) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        session_read(select, &sessions[read]);
    }
    *listed = read;
    return STATUS_OK;
}

static enum status overdue_delete(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *delete = NULL;
    TRY(db_statement_take(ledger->db,
                          "DELETE FROM session WHERE created_at <= $1 OR last_seen_at <= $2",
                          &delete, reason));
    instant now = time_now(ledger->time);
    db_bind_integer(delete, 1, now.us - SESSION_LIFE_US);
    db_bind_integer(delete, 2, now.us - SESSION_IDLE_US);
    return db_run(delete, reason);
}

enum status ledger_sessions_load(struct ledger *ledger, struct reason *reason)
{
    TRY(overdue_delete(ledger, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db, "SELECT " SESSION_COLUMNS " FROM session", &select,
                          reason));
    return ledger_sessions_add(ledger, select, reason);
}

enum status ledger_sessions_add(struct ledger *ledger, struct db_statement *select,
                                struct reason *reason)
{
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct session_entry entry = {.id = db_column_integer(select, 1),
                                      .account_id = db_column_integer(select, 2),
                                      .created_at = {db_column_integer(select, 3)},
                                      .last_seen_at = {db_column_integer(select, 4)},
                                      .by_link = db_column_integer(select, 5) != 0};
        struct text stored = db_column_blob(select, 0);
        if (stored.length != sizeof(entry.digest.bytes))
            return reason_set(reason, STATUS_CORRUPT,
                              "%s holds a session's digest of %zu bytes: restore it from a "
                              "backup",
                              db_path(ledger->db), stored.length);
        memcpy(entry.digest.bytes, stored.at, stored.length);
        session_table_put(ledger->sessions, &entry);
    }
}

static enum status seen_write(struct ledger *ledger, const struct session_entry *entries,
                              size_t count, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(ledger->db, &transaction, reason));
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE session SET last_seen_at = $4"
                          " WHERE bucket = $1 AND account_id = $2 AND id = $3",
                          &update, reason));
    for (size_t i = 0; i < count; i++) {
        db_bind_integer(update, 1, account_bucket(entries[i].account_id));
        db_bind_integer(update, 2, entries[i].account_id);
        db_bind_integer(update, 3, entries[i].id);
        db_bind_integer(update, 4, entries[i].last_seen_at.us);
        TRY(db_run(update, reason));
    }
    db_statement_release(&update);
    return db_commit(&transaction, reason);
}

/* What cannot be written is lost until the session is used again a minute later. */
static enum status unwritten_write(struct ledger *ledger, struct reason *reason)
{
    struct session_entry entries[WRITTEN_AT_ONCE];
    size_t count = session_table_unwritten(ledger->sessions, entries, LENGTH_OF(entries));
    return count > 0 ? seen_write(ledger, entries, count, reason) : STATUS_OK;
}

enum status ledger_sessions_write(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    return unwritten_write(held, reason);
}
