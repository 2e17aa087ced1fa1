#include "ledger/embedded.h"

/* ---- Whose a key is ---- */

static enum status refuse_foreign(struct reason *reason)
{
    return reason_set(reason, STATUS_MISSING, "the account has no key with this id");
}

enum status ledger_key_of(struct ledger *ledger, int64_t account_id, struct text id,
                          struct api_key *key, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    struct key_found found = {0};
    enum status status = ledger_find_key_row(held, id, &found, reason);
    if (status == STATUS_MISSING)
        return refuse_foreign(reason);
    TRY(status);
    if (found.account_id != account_id)
        return refuse_foreign(reason);
    *key = found.key;
    return STATUS_OK;
}

/* ---- The end of a grace ---- */

static enum status grace_find(struct ledger *ledger, struct text id, struct key_found *found,
                              struct reason *reason)
{
    TRY(ledger_find_key_row(ledger, id, found, reason));
    if (found->key.status == API_KEY_GRACE)
        return STATUS_OK;
    return reason_set(reason, STATUS_CONFLICT, "the key %s is %s: it is in no grace",
                      found->key.outward_id, api_key_status_word(found->key.status));
}

static enum status extension_write(struct ledger *ledger, const struct key_found *found,
                                   instant stops_at, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE api_key SET stops_at = $4, updated_at = $5"
                          " WHERE bucket = $1 AND account_id = $2 AND id = $3",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(found->account_id));
    db_bind_integer(update, 2, found->account_id);
    db_bind_integer(update, 3, found->key.id);
    db_bind_integer(update, 4, stops_at.us);
    db_bind_integer(update, 5, time_now(ledger->time).us);
    TRY(db_run(update, reason));
    char written[INSTANT_TEXT_BYTES];
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("key_id"), text_of(found->key.outward_id));
    json_member_text(&event.detail, TEXT("stops_at"), instant_rfc3339(stops_at, written));
    return ledger_event_write(ledger, found->account_id, "key_extend", &event, reason);
}

enum status ledger_key_extend(struct ledger *ledger, struct text id, duration grace,
                              struct api_key *key, struct reason *reason)
{
    check(grace.us > 0 && grace.us <= KEY_GRACE_MAX_US);
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct key_found found = {0};
    TRY(grace_find(held, id, &found, reason));
    instant stops_at = ledger_stop_after(time_now(held->time), grace);
    instant last = ledger_stop_after(found.key.rotated_at, (duration){KEY_GRACE_MAX_US});
    if (stops_at.us > last.us)
        stops_at = last;
    TRY(extension_write(held, &found, stops_at, reason));
    TRY(db_commit(&transaction, reason));
    directory_stop(held->directory, &found.digest,
                   ledger_key_end(stops_at, found.key.expires_at));
    found.key.stops_at = stops_at;
    *key = found.key;
    return STATUS_OK;
}

enum status ledger_key_stop(struct ledger *ledger, struct text id, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct key_found found = {0};
    TRY(grace_find(held, id, &found, reason));
    TRY(ledger_revocation_write(held, &found, "key_stop", reason));
    TRY(db_commit(&transaction, reason));
    directory_revoke(held->directory, &found.digest);
    return STATUS_OK;
}

/* ---- The chosen key ---- */

static enum status choice_write(struct ledger *ledger, int64_t account_id, int64_t key_id,
                                struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE account SET active_key_id = $3"
                          " WHERE bucket = $1 AND id = $2",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(account_id));
    db_bind_integer(update, 2, account_id);
    db_bind_integer(update, 3, key_id);
    return db_run(update, reason);
}

static enum status chosen_find(struct ledger *ledger, int64_t account_id, instant now,
                               struct chosen_key *chosen, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        ledger->db,
        "SELECT k.id, k.outward_id, k.digest, k.prefix FROM account a JOIN api_key k"
        " ON k.bucket = a.bucket AND k.account_id = a.id AND k.id = a.active_key_id"
        " WHERE a.bucket = $1 AND a.id = $2 AND k.revoked_at IS NULL"
        " AND (k.stops_at IS NULL OR (k.stops_at > $3 AND k.stops_at > k.rotated_at))"
        " AND (k.expires_at IS NULL OR k.expires_at > $3)",
        &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    db_bind_integer(select, 3, now.us);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING, "no key that works is chosen");
    *chosen = (struct chosen_key){.id = db_column_integer(select, 0)};
    ledger_copy_text(chosen->outward_id, sizeof(chosen->outward_id), db_column_text(select, 1));
    struct text stored = db_column_blob(select, 2);
    check(stored.length ==
          sizeof(chosen->digest.bytes)); /* as loaded at start, or written since */
    memcpy(chosen->digest.bytes, stored.at, stored.length);
    ledger_copy_text(chosen->prefix, sizeof(chosen->prefix), db_column_text(select, 3));
    return STATUS_OK;
}

enum status ledger_choose_first(struct ledger *ledger, int64_t account_id, int64_t key_id,
                                instant now, struct reason *reason)
{
    struct chosen_key chosen;
    enum status status = chosen_find(ledger, account_id, now, &chosen, reason);
    return status == STATUS_MISSING ? choice_write(ledger, account_id, key_id, reason) : status;
}

enum status ledger_key_choose(struct ledger *ledger, struct text id, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct key_found found = {0};
    TRY(ledger_find_key_row(held, id, &found, reason));
    if (found.key.status != API_KEY_ACTIVE && found.key.status != API_KEY_GRACE)
        return reason_set(reason, STATUS_CONFLICT, "the key %s is %s: choose one that works",
                          found.key.outward_id, api_key_status_word(found.key.status));
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("key_id"), text_of(found.key.outward_id));
    TRY(choice_write(held, found.account_id, found.key.id, reason));
    TRY(ledger_event_write(held, found.account_id, "key_choose", &event, reason));
    return db_commit(&transaction, reason);
}

enum status ledger_key_chosen(struct ledger *ledger, int64_t account_id,
                              struct chosen_key *chosen, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    return chosen_find(held, account_id, time_now(held->time), chosen, reason);
}
