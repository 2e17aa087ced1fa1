/* Closing periods of a ledger that several nodes share. A batch takes its part of the journal's lock
 * when it holds its accounts; from then on no charge is decided in a period that is closed. So none
 * comes late here. */
#include "ledger/cluster_closing.h"

#include "ledger/embedded_billing.h"
#include "ledger/unfolded.h"

enum status cluster_folds_halt(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *marks = NULL;
    TRY(db_statement_take(ledger->db, "SELECT 1 FROM fold_mark ORDER BY node FOR UPDATE",
                          &marks, reason));
    return db_run(marks, reason);
}

/* A batch holds the gate of its bucket shared. */
static enum status gates_shut(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *gate = NULL;
    TRY(db_statement_take(ledger->db, "SELECT 1 FROM bucket_gate WHERE bucket = $1 FOR UPDATE",
                          &gate, reason));
    for (int64_t bucket = 0; bucket < ACCOUNT_BUCKETS; bucket++) {
        db_bind_integer(gate, 1, bucket);
        TRY(db_run(gate, reason));
    }
    return STATUS_OK;
}

enum status cluster_batches_halt(struct ledger *ledger, struct reason *reason)
{
    return ledger->cluster->is_spread
               ? gates_shut(ledger, reason)
               : db_execute(ledger->db, "LOCK TABLE journal IN SHARE MODE", reason);
}

struct folding {
    struct ledger *ledger;
    struct fold *fold;
};

static void entry_fold(void *owner, int64_t journal_id, const struct journal_entry *entry)
{
    const struct folding *folding = owner;
    struct meter_account account;
    struct fold_period counted = {0};
    if (entry->outcome == CALL_CHARGED &&
        meter_account_find(folding->ledger->meter, entry->account_id, &account)) {
        struct billing_period period = billing_period_at(account.anchor, entry->at);
        counted.period = counted.billed_in = period.year * 12 + period.month - 1;
    }
    fold_add(folding->fold, journal_id, entry, &counted);
}

enum status cluster_unfolded_read(struct ledger *ledger, struct db *db, int64_t node,
                                  struct fold *fold, struct reason *reason)
{
    struct folding folding = {ledger, fold};
    return node == ALL_NODES ? unfolded_read_of_all(db, entry_fold, &folding, reason)
                             : unfolded_read_of_node(db, node, entry_fold, &folding, reason);
}

/* All is folded: no row that comes later has a lower id. */
static enum status marks_move(struct ledger *ledger, struct reason *reason)
{
    int64_t last;
    TRY(ledger_number(ledger, "SELECT coalesce(max(id), 0) FROM journal", &last, reason));
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db, "UPDATE fold_mark SET journal_id = $1", &update, reason));
    db_bind_integer(update, 1, last);
    return db_run(update, reason);
}

/* Inside the transaction of a verb. */
static enum status periods_close(struct ledger *ledger, struct fold *fold, instant until,
                                 struct reason *reason)
{
    TRY(cluster_folds_halt(ledger, reason)); /* first: whoever folds waits for no batch */
    TRY(cluster_batches_halt(ledger, reason));
    TRY(cluster_unfolded_read(ledger, ledger->db, ALL_NODES, fold, reason));
    TRY(fold_write(fold, ledger->db, reason));
    TRY(marks_move(ledger, reason));
    return ledger_closing_write(ledger, until, reason);
}

static enum status closing_transact(struct ledger *held, instant until, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    CLEANUP(fold_finish) struct fold fold;
    fold_init(&fold, true);
    TRY(cluster_begin(held, &transaction, reason));
    if (until.us <= atomic_load(&held->closed_us))
        return STATUS_OK;          /* another node has */
    db_answer_within(held->db, 0); /* as long as its statements may */
    TRY(periods_close(held, &fold, until, reason));
    meter_decide_by(held->meter, until);
    TRY(db_commit(&transaction, reason));
    atomic_store(&held->closed_us, until.us);
    atomic_store(&held->has_statements_due, true);
    return STATUS_OK;
}

enum status cluster_close_periods(struct ledger *ledger, instant until, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    enum status status = closing_transact(held, until, reason);
    db_answer_within(held->db, CLUSTER_VERB_ANSWER_MS);
    return status;
}

#define NO_NODE 0

enum status cluster_adjustment_write(struct ledger *ledger, int64_t account_id, instant at,
                                     struct text body, struct reason *reason)
{
    uint8_t batch_id[CHARGE_ID_BYTES];
    secret_fill(batch_id, sizeof(batch_id));
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO journal (bucket, id, node, batch_id, at, calls, body)"
                          " VALUES ($1, nextval('journal_id'), $2, $3, $4, 0, $5)",
                          &insert, reason));
    db_bind_integer(insert, 1, account_bucket(account_id));
    db_bind_integer(insert, 2, NO_NODE);
    db_bind_blob(insert, 3, (struct text){(const char *)batch_id, sizeof(batch_id)});
    db_bind_integer(insert, 4, at.us);
    db_bind_blob(insert, 5, body);
    return db_run(insert, reason);
}
