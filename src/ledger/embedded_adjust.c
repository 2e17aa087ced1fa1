/* Grants and refunds: a journal row each, and in the same transaction what it adds to the balance
 * and to what is billed, so that nothing of it waits for a fold. */
#include "ledger/billing.h"
#include "ledger/embedded_billing.h"
#include "ledger/unfolded.h"

#define BUSY_TIMEOUT_MS 5000
#define ADJUSTMENT_BYTES_MAX 512 /* numbers, a charge id, and the reason */

static enum status why_check(struct text why, struct reason *reason)
{
    if (why.length == 0)
        return reason_set(reason, STATUS_INVALID, "say why: the reason is kept with it");
    return ledger_check_label(why, ADJUSTMENT_REASON_MAX, "reason", reason);
}

/* ---- Writing ---- */

static enum status row_write(struct ledger *ledger, const struct adjustment *adjustment,
                             struct reason *reason)
{
    char room[ADJUSTMENT_BYTES_MAX];
    struct buffer body;
    buffer_init_on(&body, room, sizeof(room));
    instant now = time_now(ledger->time);
    journal_adjustment_write(&body, now, adjustment);
    check(!body.overflowed);
    if (ledger->cluster)
        return cluster_adjustment_write(ledger, adjustment->account_id, now, buffer_text(&body),
                                        reason);
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO journal (at, boot, elapsed_us, calls, body)"
                          " VALUES ($1, $2, $3, 0, $4)",
                          &insert, reason));
    db_bind_integer(insert, 1, now.us);
    db_bind_integer(insert, 2, ledger->time->boot);
    db_bind_integer(insert, 3, time_elapsed(ledger->time).us);
    db_bind_blob(insert, 4, buffer_text(&body));
    return db_run(insert, reason);
}

static enum status balance_add(struct ledger *ledger, const struct meter_allowance *allowance,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE balance SET granted = granted + $4,"
                          " refunded_micros = refunded_micros + $5"
                          " WHERE bucket = $1 AND account_id = $2 AND period = $3",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(allowance->account_id));
    db_bind_integer(update, 2, allowance->account_id);
    db_bind_integer(update, 3, allowance->period);
    db_bind_integer(update, 4, allowance->credits);
    db_bind_integer(update, 5, allowance->refunded_micros);
    return db_run(update, reason);
}

static enum status bill(struct ledger *ledger, const struct adjustment *adjustment,
                        struct reason *reason)
{
    struct billed billed = {.account_id = adjustment->account_id,
                            .billed_in = adjustment->period,
                            .period = adjustment->period,
                            .kind = BILLED_GRANTED,
                            .cents_per_1000 = BILLED_NO_RATE,
                            .credits = adjustment->credits};
    if (adjustment->kind == ADJUSTMENT_GRANT)
        return billed_add(ledger->db, &billed, reason);
    billed.period = adjustment->charge_period;
    billed.kind = BILLED_REFUNDED_INCLUDED;
    TRY(billed_add(ledger->db, &billed, reason));
    if (adjustment->overage == 0)
        return STATUS_OK;
    billed.kind = BILLED_REFUNDED;
    billed.cents_per_1000 = adjustment->overage_micros / (10 * adjustment->overage);
    billed.credits = adjustment->overage;
    return billed_add(ledger->db, &billed, reason);
}

static enum status adjustment_event(struct ledger *ledger, const struct adjustment *adjustment,
                                    int64_t allowance_before, struct reason *reason)
{
    char key[PERIOD_KEY_BYTES], charge_id[2 * CHARGE_ID_BYTES];
    bool is_refund = adjustment->kind == ADJUSTMENT_REFUND;
    period_number_write(adjustment->period, key);
    secret_hex(adjustment->charge_id, CHARGE_ID_BYTES, charge_id);
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("period_key"), text_of(key));
    json_member_integer(&event.detail, TEXT("credits"), adjustment->credits);
    json_member_integer(&event.detail, TEXT("included_before"), allowance_before);
    json_member_integer(&event.detail, TEXT("included"),
                        allowance_before + adjustment->credits);
    if (is_refund) {
        json_member_text(&event.detail, TEXT("charge_id"),
                         (struct text){charge_id, sizeof(charge_id)});
        json_member_integer(&event.detail, TEXT("overage_micros"), adjustment->overage_micros);
    }
    json_member_text(&event.detail, TEXT("reason"), adjustment->reason);
    return ledger_event_write(ledger, adjustment->account_id,
                              is_refund ? "account_refund" : "account_grant", &event, reason);
}

/* Inside the transaction; adjustment lacks its period and time so far. */
static enum status adjustment_make(struct ledger *ledger, struct adjustment *adjustment,
                                   struct meter_allowance *allowance,
                                   struct adjustment_made *made, struct reason *reason)
{
    struct meter_plan plan;
    TRY(ledger_hold(ledger, adjustment->account_id, reason));
    meter_plan_look(ledger->meter, adjustment->account_id, ledger_change_time(ledger), &plan);
    int64_t before = subscription_allowance(&plan.subscription).count;
    if (before + adjustment->credits > CREDITS_MAX / 2)
        return reason_set(reason, STATUS_INVALID,
                          "the account has %lld credits in its period already",
                          (long long)before);
    adjustment->at = plan.now;
    adjustment->period = period_number(&plan.period);
    bool is_of_period = adjustment->charge_period == adjustment->period;
    *allowance = (struct meter_allowance){
        .account_id = adjustment->account_id,
        .period = adjustment->period,
        .credits = adjustment->credits,
        .refunded_micros = is_of_period ? adjustment->overage_micros : 0};
    TRY(ledger_period_keep(ledger, &plan, reason));
    TRY(row_write(ledger, adjustment, reason));
    TRY(balance_add(ledger, allowance, reason));
    TRY(bill(ledger, adjustment, reason));
    TRY(adjustment_event(ledger, adjustment, before, reason));
    *made = (struct adjustment_made){.period = adjustment->period,
                                     .credits = adjustment->credits,
                                     .allowance = before + adjustment->credits,
                                     .overage_micros = adjustment->overage_micros};
    return STATUS_OK;
}

/* ---- Grants ---- */

enum status ledger_account_grant(struct ledger *ledger, struct text email, int64_t count,
                                 struct text why, struct adjustment_made *made,
                                 struct reason *reason)
{
    if (count < 1 || count > GRANT_CREDITS_MAX)
        return reason_set(reason, STATUS_INVALID, "a grant has 1 to %lld credits",
                          (long long)GRANT_CREDITS_MAX);
    TRY(why_check(why, reason));
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    struct account account;
    struct meter_allowance allowance;
    TRY(ledger_transact(held, &transaction, reason));
    TRY(ledger_find_account(held, email, &account, reason));
    struct adjustment adjustment = {
        .kind = ADJUSTMENT_GRANT, .account_id = account.id, .credits = count, .reason = why};
    struct adjustment_made done;
    TRY(adjustment_make(held, &adjustment, &allowance, &done, reason));
    TRY(db_commit(&transaction, reason));
    meter_allowance_add(held->meter, &allowance);
    *made = done;
    return STATUS_OK;
}

/* ---- Finding a charge ---- */

struct charge_sought {
    int64_t account_id;
    uint8_t id[CHARGE_ID_BYTES];
    bool is_found;
    instant at;
    int64_t taken, overage, overage_micros;
};

static enum status body_search(struct text body, instant at, struct charge_sought *sought)
{
    struct journal_reader reader;
    TRY(journal_body_read(body, at, &reader));
    for (;;) {
        struct journal_entry entry;
        bool more;
        TRY(journal_body_next(&reader, &entry, &more));
        if (!more)
            return STATUS_OK;
        if (entry.account_id != sought->account_id || entry.outcome != CALL_CHARGED ||
            memcmp(entry.charge_id, sought->id, CHARGE_ID_BYTES) != 0)
            continue;
        sought->is_found = true;
        sought->at = entry.at;
        sought->taken = entry.credits;
        sought->overage = entry.overage;
        sought->overage_micros = entry.overage_micros;
    }
}

static enum status rows_search(struct db *db, int64_t first, int64_t last,
                               struct charge_sought *sought, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT id, at, body FROM journal WHERE id BETWEEN $1 AND $2"
                          " ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, first);
    db_bind_integer(select, 2, last);
    while (!sought->is_found) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        enum status status = body_search(db_column_blob(select, 2),
                                         (instant){db_column_integer(select, 1)}, sought);
        if (status != STATUS_OK)
            return reason_set(reason, status, "%s: journal row %lld does not unpack",
                              db_path(db), (long long)db_column_integer(select, 0));
    }
    return STATUS_OK;
}

/* The newest first. */
static enum status ranges_search(struct db *db, struct charge_sought *sought,
                                 struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT first_id, last_id FROM activity WHERE bucket = $1"
                          " AND account_id = $2 ORDER BY first_id DESC",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(sought->account_id));
    db_bind_integer(select, 2, sought->account_id);
    while (!sought->is_found) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        TRY(rows_search(db, db_column_integer(select, 0), db_column_integer(select, 1), sought,
                        reason));
    }
    return STATUS_OK;
}

static void db_finish(struct db **db)
{
    db_close(*db);
}

/* On a connection of its own, so that neither charges nor readers wait for a long search. */
static enum status charge_find(struct ledger *ledger, struct charge_sought *sought,
                               struct reason *reason)
{
    CLEANUP(db_finish) struct db *db = NULL;
    const struct db_options options = {.busy_timeout_ms = BUSY_TIMEOUT_MS,
                                       .schema = LEDGER_SCHEMA};
    TRY(db_open_to_read(text_of(db_address(ledger->db)), &options, &db, reason));
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin_reading(db, &transaction, reason));
    struct unfolded_rows unfolded; /* before all: what is given back was charged lately */
    TRY(unfolded_find(ledger, db, sought->account_id, &unfolded, reason));
    TRY(rows_search(db, unfolded.first, unfolded.last, sought, reason));
    if (!sought->is_found && unfolded.behind < INT64_MAX)
        TRY(rows_search(db, unfolded.behind + 1, INT64_MAX, sought, reason));
    return sought->is_found ? STATUS_OK : ranges_search(db, sought, reason);
}

/* ---- Refunds ---- */

static enum status charge_id_read(struct text written, uint8_t id[CHARGE_ID_BYTES],
                                  struct reason *reason)
{
    static const char digits[] = "0123456789abcdef";
    if (written.length != 2 * CHARGE_ID_BYTES)
        return reason_set(reason, STATUS_INVALID,
                          "a charge id has %d hexadecimal digits: it is the X-Charge-Id of the "
                          "answer",
                          2 * CHARGE_ID_BYTES);
    for (size_t i = 0; i < written.length; i++) {
        char digit = (char)(written.at[i] >= 'A' && written.at[i] <= 'F' ? written.at[i] + 32
                                                                         : written.at[i]);
        const char *found = digit ? strchr(digits, digit) : NULL;
        if (!found)
            return reason_set(reason, STATUS_INVALID,
                              "a charge id has hexadecimal digits alone");
        id[i / 2] = (uint8_t)(id[i / 2] << 4 | (found - digits));
    }
    return STATUS_OK;
}

static enum status refund_mark(struct ledger *ledger, const struct adjustment *adjustment,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO refund (bucket, account_id, charge_id)"
                          " VALUES ($1, $2, $3)",
                          &insert, reason));
    db_bind_integer(insert, 1, account_bucket(adjustment->account_id));
    db_bind_integer(insert, 2, adjustment->account_id);
    db_bind_blob(insert, 3,
                 (struct text){(const char *)adjustment->charge_id, CHARGE_ID_BYTES});
    enum status status = db_run(insert, reason);
    return status == STATUS_EXISTS ? reason_set(reason, STATUS_CONFLICT,
                                                "that charge was given back already: a charge "
                                                "is refunded once")
                                   : status;
}

static enum status refund_write(struct ledger *ledger, struct adjustment *adjustment,
                                struct adjustment_made *made, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    struct meter_allowance allowance;
    struct adjustment_made done;
    TRY(ledger_transact(held, &transaction, reason));
    TRY(refund_mark(held, adjustment, reason));
    TRY(adjustment_make(held, adjustment, &allowance, &done, reason));
    TRY(db_commit(&transaction, reason));
    meter_allowance_add(held->meter, &allowance);
    *made = done;
    return STATUS_OK;
}

enum status ledger_account_refund(struct ledger *ledger, struct text email,
                                  struct text charge_id, struct text why,
                                  struct adjustment_made *made, struct reason *reason)
{
    struct account account;
    struct charge_sought sought = {0};
    TRY(why_check(why, reason));
    TRY(charge_id_read(charge_id, sought.id, reason));
    TRY(ledger_account_find(ledger, email, &account, reason));
    sought.account_id = account.id;
    TRY(charge_find(ledger, &sought, reason));
    if (!sought.is_found)
        return reason_set(reason, STATUS_MISSING, "%s has no charge %.*s", account.email,
                          TEXT_PRINT(charge_id));
    struct billing_period period = billing_period_at(account.created_at, sought.at);
    struct adjustment adjustment = {.kind = ADJUSTMENT_REFUND,
                                    .account_id = account.id,
                                    .credits = sought.taken - sought.overage,
                                    .reason = why,
                                    .charge_period = period_number(&period),
                                    .overage = sought.overage,
                                    .overage_micros = sought.overage_micros};
    memcpy(adjustment.charge_id, sought.id, CHARGE_ID_BYTES);
    return refund_write(ledger, &adjustment, made, reason);
}
