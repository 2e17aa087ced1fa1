#include "ledger/embedded.h"

#define LIVE_KEY                                                                               \
    "revoked_at IS NULL AND (stops_at IS NULL OR stops_at > $3)"                               \
    " AND (expires_at IS NULL OR expires_at > $3)"

instant ledger_key_end(instant stops_at, instant expires_at)
{
    if (stops_at.us == 0 || (expires_at.us != 0 && expires_at.us < stops_at.us))
        return expires_at;
    return stops_at;
}

enum status ledger_insert_key(struct ledger *ledger, struct key_row *row, instant now,
                              struct api_key_text *secret, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO api_key (bucket, account_id, id, outward_id, digest,"
                          " prefix, suffix, name, created_at, updated_at, daily_credit_cap,"
                          " cap_family, expires_at, source)"
                          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12,"
                          " $13)",
                          &insert, reason));
    *secret = api_key_make();
    struct text written = {secret->characters, API_KEY_LENGTH};
    row->digest = secret_digest(written);
    ledger_outward_id(row->outward_id);
    db_bind_integer(insert, 1, account_bucket(row->account_id));
    db_bind_integer(insert, 2, row->account_id);
    db_bind_integer(insert, 3, row->id);
    db_bind_text(insert, 4, (struct text){row->outward_id, OUTWARD_ID_LENGTH});
    db_bind_blob(insert, 5,
                 (struct text){(const char *)row->digest.bytes, sizeof(row->digest.bytes)});
    db_bind_text(insert, 6, text_slice(written, 0, API_KEY_PREFIX_LENGTH));
    db_bind_text(insert, 7,
                 text_slice(written, API_KEY_LENGTH - API_KEY_SUFFIX_LENGTH, API_KEY_LENGTH));
    db_bind_text(insert, 8, row->name);
    db_bind_integer(insert, 9, now.us);
    if (row->has_cap)
        db_bind_integer(insert, 10, row->cap.count);
    if (row->cap_family != 0)
        db_bind_integer(insert, 11, row->cap_family);
    if (row->expires_at.us != 0)
        db_bind_integer(insert, 12, row->expires_at.us);
    db_bind_text(insert, 13, text_of(api_key_source_word(row->source)));
    TRY(db_run(insert, reason));
    const struct meter_key cap = {.account_id = row->account_id, .cap_family = row->id};
    return ledger->cluster && row->has_cap && row->cap_family == 0
               ? cluster_cap_write(ledger, &cap, reason)
               : STATUS_OK;
}

void ledger_publish_key(struct ledger *ledger, const struct key_row *row,
                        enum account_refusal refusal)
{
    if (ledger->meter && row->cap_family != 0)
        meter_key_join(ledger->meter, row->account_id, row->id, row->cap_family);
    else if (ledger->meter && row->has_cap)
        meter_key_cap_put(ledger->meter, &(struct meter_key){.account_id = row->account_id,
                                                             .key_id = row->id,
                                                             .cap_family = row->id,
                                                             .cap = row->cap});
    directory_add(ledger->directory, &row->digest,
                  &(struct directory_entry){.key_id = row->id,
                                            .account_id = row->account_id,
                                            .stops_at = row->expires_at,
                                            .refusal = refusal});
}

enum status ledger_check_live_keys(struct ledger *ledger, int64_t account_id, const char *email,
                                   struct text name, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT count(*), count(CASE WHEN name <> '' AND name = $4"
                          " AND rotated_at IS NULL THEN 1 END)"
                          " FROM api_key WHERE bucket = $1 AND account_id = $2 AND " LIVE_KEY,
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    db_bind_integer(select, 3, time_now(ledger->time).us);
    db_bind_text(select, 4, name);
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    if (db_column_integer(select, 0) >= API_KEY_LIVE_MAX)
        return reason_set(reason, STATUS_EXHAUSTED,
                          "%s has %d live keys, the most an account may have: revoke one first",
                          email, API_KEY_LIVE_MAX);
    if (db_column_integer(select, 1) > 0)
        return reason_set(reason, STATUS_EXISTS,
                          "%s has a live key named '%.*s' already: choose another name", email,
                          TEXT_PRINT(name));
    return STATUS_OK;
}

void ledger_read_new_key(const struct key_row *row, const struct api_key_text *secret,
                         instant now, struct api_key *key)
{
    struct text written = {secret->characters, API_KEY_LENGTH};
    *key = (struct api_key){.id = row->id,
                            .status = API_KEY_ACTIVE,
                            .created_at = now,
                            .updated_at = now,
                            .expires_at = row->expires_at,
                            .source = row->source,
                            .daily_credit_cap = row->has_cap ? row->cap.count : NO_KEY_CAP};
    memcpy(key->outward_id, row->outward_id, sizeof(key->outward_id));
    ledger_copy_text(key->prefix, sizeof(key->prefix),
                     text_slice(written, 0, API_KEY_PREFIX_LENGTH));
    ledger_copy_text(
        key->suffix, sizeof(key->suffix),
        text_slice(written, API_KEY_LENGTH - API_KEY_SUFFIX_LENGTH, API_KEY_LENGTH));
    ledger_copy_text(key->name, sizeof(key->name), row->name);
}

static enum status creation_event_write(struct ledger *ledger, const struct key_row *row,
                                        struct reason *reason)
{
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("key_id"), text_of(row->outward_id));
    json_member_text(&event.detail, TEXT("name"), row->name);
    if (row->has_cap)
        json_member_integer(&event.detail, TEXT("daily_credit_cap"), row->cap.count);
    char written[INSTANT_TEXT_BYTES];
    if (row->expires_at.us != 0)
        json_member_text(&event.detail, TEXT("expires_at"),
                         instant_rfc3339(row->expires_at, written));
    return ledger_event_write(ledger, row->account_id, "key_create", &event, reason);
}

enum status ledger_key_make(struct ledger *ledger, struct text email,
                            const struct key_request *request, struct api_key *key,
                            struct api_key_text *secret, struct reason *reason)
{
    check(request->daily_credit_cap >= NO_KEY_CAP && request->daily_credit_cap <= KEY_CAP_MAX);
    TRY(ledger_check_label(request->name, API_KEY_NAME_BYTES_MAX, "name of the key", reason));
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    instant now = time_now(held->time);
    struct account account;
    TRY(ledger_find_account(held, email, &account, reason));
    TRY(ledger_check_live_keys(held, account.id, account.email, request->name, reason));
    struct key_row row = {
        .account_id = account.id, .name = request->name, .source = request->source};
    if (request->life.us > 0)
        row.expires_at.us = now.us + request->life.us;
    row.has_cap = request->daily_credit_cap != NO_KEY_CAP;
    row.cap = credits_of(row.has_cap ? request->daily_credit_cap : 0);
    struct api_key_text made;
    TRY(ledger_number(held, LEDGER_NEXT_KEY_SQL, &row.id, reason));
    TRY(ledger_insert_key(held, &row, now, &made, reason));
    TRY(creation_event_write(held, &row, reason));
    TRY(ledger_choose_first(held, account.id, row.id, now, reason));
    TRY(db_commit(&transaction, reason));
    ledger_publish_key(held, &row, account_refusal(account.is_suspended, account.is_unpaid));
    ledger_read_new_key(&row, &made, now, key);
    *secret = made;
    explicit_bzero(&made, sizeof(made));
    return STATUS_OK;
}

enum status ledger_key_create(struct ledger *ledger, struct text email, struct text name,
                              struct api_key *key, struct api_key_text *secret,
                              struct reason *reason)
{
    const struct key_request request = {.name = name, .daily_credit_cap = NO_KEY_CAP};
    return ledger_key_make(ledger, email, &request, key, secret, reason);
}

#define KEY_COLUMNS                                                                            \
    "k.id, k.outward_id, k.prefix, k.suffix, k.name, k.created_at, k.stops_at, k.revoked_at,"  \
    " k.rotated_at, k.daily_credit_cap, k.expires_at, k.updated_at, k.last_used_at,"           \
    " k.last_used_ip, k.source,"                                                               \
    " (SELECT r.outward_id FROM api_key r WHERE r.id = k.replaced_by)"
#define KEY_COLUMN_COUNT 16

/* A rotation without grace ends a key for every clock, also for one that steps back. */
static enum api_key_status status_of(struct db_statement *row, instant now)
{
    if (!db_column_is_null(row, 7))
        return API_KEY_REVOKED;
    if (!db_column_is_null(row, 10) && db_column_integer(row, 10) <= now.us)
        return API_KEY_EXPIRED;
    if (db_column_is_null(row, 6))
        return API_KEY_ACTIVE;
    int64_t stops_at_us = db_column_integer(row, 6);
    bool had_grace = stops_at_us > db_column_integer(row, 8);
    return had_grace && stops_at_us > now.us ? API_KEY_GRACE : API_KEY_EXPIRED;
}

static enum api_key_source source_of(struct text word)
{
    for (enum api_key_source source = 0; source < API_KEY_SOURCES; source++)
        if (text_equals(word, text_of(api_key_source_word(source))))
            return source;
    return API_KEY_BY_COMMAND;
}

static void key_read(struct db_statement *row, instant now, struct api_key *key)
{
    *key = (struct api_key){
        .id = db_column_integer(row, 0),
        .status = status_of(row, now),
        .created_at = {db_column_integer(row, 5)},
        .stops_at = {db_column_integer(row, 6)},
        .daily_credit_cap = db_column_is_null(row, 9) ? NO_KEY_CAP : db_column_integer(row, 9),
        .rotated_at = {db_column_integer(row, 8)},
        .expires_at = {db_column_integer(row, 10)},
        .updated_at = {db_column_integer(row, 11)},
        .last_used_at = {db_column_integer(row, 12)},
        .source = source_of(db_column_text(row, 14)),
    };
    ledger_copy_text(key->last_used_address, sizeof(key->last_used_address),
                     db_column_text(row, 13));
    ledger_copy_text(key->replaced_by, sizeof(key->replaced_by), db_column_text(row, 15));
    ledger_copy_text(key->outward_id, sizeof(key->outward_id), db_column_text(row, 1));
    ledger_copy_text(key->prefix, sizeof(key->prefix), db_column_text(row, 2));
    ledger_copy_text(key->suffix, sizeof(key->suffix), db_column_text(row, 3));
    ledger_copy_text(key->name, sizeof(key->name), db_column_text(row, 4));
}

enum status ledger_key_list(struct ledger *ledger, struct text email, struct api_key *keys,
                            size_t count, size_t *listed, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    struct account account;
    TRY(ledger_find_account(held, email, &account, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(held->db,
                          "SELECT " KEY_COLUMNS " FROM api_key k WHERE k.bucket = $1"
                          " AND k.account_id = $2 AND k.id IN (SELECT id FROM api_key"
                          " WHERE bucket = $1 AND account_id = $2"
                          " ORDER BY CASE WHEN " LIVE_KEY " THEN 0 ELSE 1 END, id DESC"
                          " LIMIT $4) ORDER BY k.id DESC",
                          &select, reason));
    instant now = time_now(held->time);
    db_bind_integer(select, 1, account_bucket(account.id));
    db_bind_integer(select, 2, account.id);
    db_bind_integer(select, 3, now.us);
    db_bind_integer(select, 4, (int64_t)count);
    size_t read = 0;
    for (; read < count; read++) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        key_read(select, now, &keys[read]);
    }
    *listed = read;
    return STATUS_OK;
}

enum status ledger_find_key_row(struct ledger *ledger, struct text outward_id,
                                struct key_found *found, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT " KEY_COLUMNS ", k.account_id, k.digest,"
                          " a.suspended_at, a.email, coalesce(k.cap_family, k.id),"
                          " a.unpaid_at FROM api_key k JOIN account "
                          "a ON a.bucket = k.bucket"
                          " AND a.id = k.account_id WHERE k.outward_id = $1",
                          &select, reason));
    db_bind_text(select, 1, outward_id);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(
            reason, STATUS_MISSING,
            "there is no key with the id '%.*s': `trendgate key list EMAIL` shows "
            "the ids of an account",
            TEXT_PRINT(text_slice(outward_id, 0, API_KEY_PREFIX_LENGTH)));
    key_read(select, time_now(ledger->time), &found->key);
    struct text stored = db_column_blob(select, KEY_COLUMN_COUNT + 1);
    check(stored.length ==
          sizeof(found->digest.bytes)); /* as loaded at start, or written since */
    memcpy(found->digest.bytes, stored.at, sizeof(found->digest.bytes));
    found->account_id = db_column_integer(select, KEY_COLUMN_COUNT);
    found->refusal = account_refusal(!db_column_is_null(select, KEY_COLUMN_COUNT + 2),
                                     !db_column_is_null(select, KEY_COLUMN_COUNT + 5));
    found->cap_family = db_column_integer(select, KEY_COLUMN_COUNT + 4);
    ledger_copy_text(found->email, sizeof(found->email),
                     db_column_text(select, KEY_COLUMN_COUNT + 3));
    return STATUS_OK;
}

enum status ledger_revocation_write(struct ledger *ledger, const struct key_found *found,
                                    const char *verb, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE api_key SET revoked_at = $4, updated_at = $4"
                          " WHERE bucket = $1 AND account_id = $2 AND id = $3",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(found->account_id));
    db_bind_integer(update, 2, found->account_id);
    db_bind_integer(update, 3, found->key.id);
    db_bind_integer(update, 4, time_now(ledger->time).us);
    TRY(db_run(update, reason));
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("key_id"), text_of(found->key.outward_id));
    return ledger_event_write(ledger, found->account_id, verb, &event, reason);
}

enum status ledger_key_find(struct ledger *ledger, struct text id, struct api_key *key,
                            char email[ACCOUNT_EMAIL_BYTES_MAX + 1], struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    struct key_found found = {0};
    TRY(ledger_find_key_row(held, id, &found, reason));
    *key = found.key;
    ledger_copy_text(email, sizeof(found.email), text_of(found.email));
    return STATUS_OK;
}

enum status ledger_key_revoke(struct ledger *ledger, struct text id, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct key_found found = {0};
    TRY(ledger_find_key_row(held, id, &found, reason));
    if (found.key.status != API_KEY_REVOKED) {
        TRY(ledger_revocation_write(held, &found, "key_revoke", reason));
        TRY(db_commit(&transaction, reason));
    }
    directory_revoke(held->directory, &found.digest);
    return STATUS_OK;
}
