#include "ledger/embedded_billing.h"

#define IMPORT_LARGE 1000 /* rows from which on a wide cache of a file's pays */
#define ACCOUNT_COLUMNS                                                                        \
    "id, outward_id, email, name, plan, suspended_at, created_at, next_plan, next_plan_at,"    \
    " has_opted_in, spend_limit_cents, unpaid_at"

instant ledger_present(const struct ledger *ledger, int64_t account_id)
{
    instant now = time_now(ledger->time);
    return ledger->meter ? meter_present(ledger->meter, account_id, now) : now;
}

/* A plan that waited is in force from its instant on, whether or not its row was written anew. */
static void plans_read_at(struct db_statement *row, instant now, struct account *account)
{
    instant next_at = {db_column_integer(row, 8)};
    bool waits = next_at.us != 0 && now.us < next_at.us;
    bool is_due = next_at.us != 0 && !waits;
    ledger_copy_text(account->plan, sizeof(account->plan), db_column_text(row, is_due ? 7 : 4));
    if (!waits)
        return;
    account->next_plan_at = next_at;
    ledger_copy_text(account->next_plan, sizeof(account->next_plan), db_column_text(row, 7));
}

static void account_read(struct ledger *ledger, struct db_statement *row,
                         struct account *account)
{
    *account = (struct account){
        .id = db_column_integer(row, 0),
        .is_suspended = !db_column_is_null(row, 5),
        .is_unpaid = !db_column_is_null(row, 11),
        .created_at = {db_column_integer(row, 6)},
        .has_opted_in = db_column_integer(row, 9) != 0,
        .spend_limit_cents = db_column_integer(row, 10),
    };
    ledger_copy_text(account->outward_id, sizeof(account->outward_id), db_column_text(row, 1));
    ledger_copy_text(account->email, sizeof(account->email), db_column_text(row, 2));
    ledger_copy_text(account->name, sizeof(account->name), db_column_text(row, 3));
    plans_read_at(row, ledger_present(ledger, account->id), account);
}

enum status ledger_find_account(struct ledger *ledger, struct text email,
                                struct account *account, struct reason *reason)
{
    if (!account_email_is_valid(email))
        return reason_set(reason, STATUS_MISSING, "'%.*s' is not a mail address",
                          TEXT_PRINT(text_slice(email, 0, ACCOUNT_EMAIL_BYTES_MAX)));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT " ACCOUNT_COLUMNS " FROM account WHERE email_folded = $1",
                          &select, reason));
    char folded[ACCOUNT_EMAIL_BYTES_MAX];
    db_bind_text(select, 1, account_email_fold(email, folded));
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING, "there is no account for %.*s",
                          TEXT_PRINT(email));
    account_read(ledger, select, account);
    return STATUS_OK;
}

enum status ledger_find_account_of(struct ledger *ledger, int64_t account_id,
                                   struct account *account, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT " ACCOUNT_COLUMNS " FROM account"
                          " WHERE bucket = $1 AND id = $2",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING, "there is no such account");
    account_read(ledger, select, account);
    return STATUS_OK;
}

static enum status row_check(const struct account_row *row, struct reason *reason)
{
    if (!account_email_is_valid(row->email))
        return reason_set(reason, STATUS_INVALID, "'%.*s' is not a mail address",
                          TEXT_PRINT(text_slice(row->email, 0, ACCOUNT_EMAIL_BYTES_MAX)));
    if (row->plan.length == 0)
        return reason_set(reason, STATUS_INVALID, "the account of %.*s has no plan",
                          TEXT_PRINT(row->email));
    TRY(ledger_check_label(row->plan, PLAN_NAME_BYTES_MAX, "plan", reason));
    return ledger_check_label(row->name, ACCOUNT_NAME_BYTES_MAX, "name", reason);
}

static enum status refuse_taken(struct text email, struct reason *reason)
{
    return reason_set(
        reason, STATUS_EXISTS,
        "there is an account for %.*s already: `trendgate account show` shows it, "
        "and `trendgate key create` makes another key",
        TEXT_PRINT(email));
}

/* Under the lock, because a reload may have taken the plan away since the caller looked. */
static enum status plan_is_in_force(const struct ledger *ledger, struct text plan,
                                    struct reason *reason)
{
    const struct terms *terms = terms_now(&ledger->terms);
    if (!terms || plans_find(&terms->plans, plan))
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "the plan file in force has no plan %.*s: choose another",
                      TEXT_PRINT(plan));
}

static enum status account_insert(struct ledger *ledger, const struct account_row *row,
                                  int64_t id, instant now, struct reason *reason)
{
    TRY(row_check(row, reason));
    TRY(plan_is_in_force(ledger, row->plan, reason));
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO account (bucket, id, outward_id, email, email_folded,"
                          " name, plan, created_at, updated_at)"
                          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
                          &insert, reason));
    char outward_id[OUTWARD_ID_LENGTH + 1];
    ledger_outward_id(outward_id);
    char folded[ACCOUNT_EMAIL_BYTES_MAX];
    db_bind_integer(insert, 1, account_bucket(id));
    db_bind_integer(insert, 2, id);
    db_bind_text(insert, 3, (struct text){outward_id, OUTWARD_ID_LENGTH});
    db_bind_text(insert, 4, row->email);
    db_bind_text(insert, 5, account_email_fold(row->email, folded));
    db_bind_text(insert, 6, row->name);
    db_bind_text(insert, 7, row->plan);
    db_bind_integer(insert, 8, now.us);
    enum status status = db_run(insert, reason);
    if (status == STATUS_OK && ledger->cluster)
        status = cluster_account_write(ledger, id, account_email_fold(row->email, folded),
                                       reason);
    return status == STATUS_EXISTS ? refuse_taken(row->email, reason) : status;
}

/* key: the one made with it; NULL: none was. */
static enum status creation_event_write(struct ledger *ledger, int64_t account_id,
                                        struct text plan, const struct key_row *key,
                                        struct reason *reason)
{
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("plan"), plan);
    if (key)
        json_member_text(&event.detail, TEXT("key_id"), text_of(key->outward_id));
    return ledger_event_write(ledger, account_id, "account_create", &event, reason);
}

static enum status next_account_id(struct ledger *ledger, int64_t *id, struct reason *reason)
{
    return ledger_number(ledger, "SELECT coalesce(max(id), 0) + 1 FROM account", id, reason);
}

enum status ledger_account_write(struct ledger *ledger, const struct account_row *row,
                                 int64_t *id, struct reason *reason)
{
    TRY(next_account_id(ledger, id, reason));
    TRY(account_insert(ledger, row, *id, ledger_change_time(ledger), reason));
    return creation_event_write(ledger, *id, row->plan, NULL, reason);
}

enum status ledger_account_create(struct ledger *ledger, struct text email, struct text name,
                                  struct text plan, struct account *account,
                                  struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    const struct account_row row = {.email = email, .plan = plan, .name = name};
    int64_t id;
    TRY(ledger_account_write(held, &row, &id, reason));
    struct account made;
    TRY(ledger_find_account(held, email, &made, reason));
    TRY(db_commit(&transaction, reason));
    TRY(ledger_meter_accounts(held, id - 1, reason));
    *account = made;
    return STATUS_OK;
}

static enum status import_rows(struct ledger *ledger, const struct account_row *rows,
                               struct key_row *key_rows, size_t count,
                               struct api_key_text *keys, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(ledger, &transaction, reason));
    int64_t account_id, key_id;
    TRY(next_account_id(ledger, &account_id, reason));
    int64_t before = account_id - 1;
    TRY(ledger_number(ledger, LEDGER_NEXT_KEY_SQL, &key_id, reason));
    instant now = ledger_change_time(ledger);
    for (size_t i = 0; i < count; i++) {
        key_rows[i] = (struct key_row){.id = key_id++, .account_id = account_id++};
        int64_t id = key_rows[i].account_id;
        TRY(account_insert(ledger, &rows[i], id, now, reason));
        TRY(ledger_insert_key(ledger, &key_rows[i], now, &keys[i], reason));
        TRY(creation_event_write(ledger, id, rows[i].plan, &key_rows[i], reason));
    }
    TRY(db_commit(&transaction, reason));
    return ledger_meter_accounts(ledger, before, reason);
}

/* The indexes by random texts are touched all over: with room for them a page is written once a
 * transaction, not once a row. Failing to get it costs time only. */
static void cache_widen(struct ledger *ledger)
{
    (void)!db_execute(ledger->db, "PRAGMA cache_size=-262144", NULL);
}

static void cache_narrow(struct ledger *ledger)
{
    (void)!db_execute(ledger->db, "PRAGMA cache_size=-16384; PRAGMA shrink_memory", NULL);
}

enum status ledger_account_import(struct ledger *ledger, const struct account_row *rows,
                                  size_t count, struct api_key_text *keys,
                                  struct reason *reason)
{
    if (count == 0)
        return STATUS_OK;
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    struct key_row *key_rows = memory_take_zeroed(count, sizeof(*key_rows));
    bool is_large = count >= IMPORT_LARGE && !ledger->cluster;
    if (is_large)
        cache_widen(held);
    enum status status = import_rows(held, rows, key_rows, count, keys, reason);
    if (is_large)
        cache_narrow(held);
    if (status == STATUS_OK)
        for (size_t i = 0; i < count; i++)
            ledger_publish_key(held, &key_rows[i], ACCOUNT_ADMITTED);
    else
        explicit_bzero(keys, count * sizeof(keys[0]));
    free(key_rows);
    return status;
}

enum status ledger_account_check(struct ledger *ledger, const struct account_row *row,
                                 struct reason *reason)
{
    TRY(row_check(row, reason));
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    struct account account;
    enum status found = ledger_find_account(held, row->email, &account, reason);
    if (found == STATUS_MISSING)
        return STATUS_OK;
    return found == STATUS_OK ? refuse_taken(row->email, reason) : found;
}

enum status ledger_account_find(struct ledger *ledger, struct text email,
                                struct account *account, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    return ledger_find_account(held, email, account, reason);
}

enum status ledger_account_list(struct ledger *ledger, struct text after_email,
                                struct account *accounts, size_t count, size_t *listed,
                                struct reason *reason)
{
    if (after_email.length > ACCOUNT_EMAIL_BYTES_MAX)
        return reason_set(reason, STATUS_INVALID, "that is not a mail address to list from");
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(held->db,
                          "SELECT " ACCOUNT_COLUMNS " FROM account"
                          " WHERE email_folded > $1 ORDER BY email_folded LIMIT $2",
                          &select, reason));
    char folded[ACCOUNT_EMAIL_BYTES_MAX];
    db_bind_text(select, 1, account_email_fold(after_email, folded));
    db_bind_integer(select, 2, (int64_t)count);
    size_t read = 0;
    for (; read < count; read++) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        account_read(held, select, &accounts[read]);
    }
    *listed = read;
    return STATUS_OK;
}

static enum status suspension_write(struct ledger *ledger, const struct account *account,
                                    bool suspended, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE account SET suspended_at = $3, updated_at = $4"
                          " WHERE bucket = $1 AND id = $2",
                          &update, reason));
    int64_t now = time_now(ledger->time).us;
    db_bind_integer(update, 1, account_bucket(account->id));
    db_bind_integer(update, 2, account->id);
    if (suspended)
        db_bind_integer(update, 3, now);
    else
        db_bind_null(update, 3);
    db_bind_integer(update, 4, now);
    TRY(db_run(update, reason));
    struct event event;
    ledger_event_open(&event);
    return ledger_event_write(ledger, account->id,
                              suspended ? "account_suspend" : "account_resume", &event, reason);
}

enum status ledger_refusal_publish(struct ledger *ledger, int64_t account_id,
                                   enum account_refusal refusal, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT digest FROM api_key WHERE bucket = $1 AND account_id = $2",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct digest digest;
        struct text stored = db_column_blob(select, 0);
        check(stored.length == sizeof(digest.bytes)); /* as loaded at start, or written since */
        memcpy(digest.bytes, stored.at, sizeof(digest.bytes));
        directory_refuse(ledger->directory, &digest, refusal);
    }
}

enum status ledger_account_suspend(struct ledger *ledger, struct text email, bool suspended,
                                   struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    struct account account = {0};
    TRY(ledger_transact(held, &transaction, reason));
    TRY(ledger_find_account(held, email, &account, reason));
    if (account.is_suspended != suspended) {
        TRY(suspension_write(held, &account, suspended, reason));
        TRY(db_commit(&transaction, reason));
    }
    return ledger_refusal_publish(held, account.id,
                                  account_refusal(suspended, account.is_unpaid), reason);
}
