#include "ledger/cluster_way.h"

#include "base/log.h"
#include "ledger/cluster_batch.h"

#define ASK_PAUSE_US (SECOND_US / 20)

enum status way_find(struct batch_way *way, int64_t bucket, struct reason *reason)
{
    if (!way->lane->placement)
        return STATUS_OK;
    return placement_find(way->lane->placement, bucket, time_elapsed(way->lane->cluster->base),
                          &way->db, reason);
}

enum status way_note(struct batch_way *way, enum status status)
{
    if (way->lane->placement && status != STATUS_OK && status != STATUS_BUSY &&
        status != STATUS_CONFLICT)
        placement_doubt(way->lane->placement);
    return status;
}

/* Whether a commit whose end was not seen took place: its row's id is taken then. Whoever else is
 * still at it is waited for by the unique key. */
static enum status row_try(struct batch_way *way, const struct batch_name *name,
                           struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(way->db, &transaction, reason));
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(way->db,
                          "INSERT INTO journal (bucket, id, node, batch_id, at, calls, body)"
                          " VALUES ($3, -1, $1, $2, 0, 0, '')",
                          &insert, reason));
    db_bind_integer(insert, 1, way->lane->node);
    db_bind_blob(insert, 2, (struct text){(const char *)name->id, sizeof(name->id)});
    db_bind_integer(insert, 3, name->bucket);
    return db_run(insert, reason);
}

/* STATUS_OK: it is not in the journal. STATUS_EXISTS: it is. Else nobody told. */
static enum status batch_ask(struct batch_way *way, const struct batch_name *name,
                             struct reason *reason)
{
    enum status status = way_find(way, name->bucket, reason);
    if (status == STATUS_OK) {
        db_answer_within(way->db, CLUSTER_ASK_ANSWER_MS);
        status = row_try(way, name, reason);
        db_answer_within(way->db, 0);
    }
    return status == STATUS_EXISTS ? status : way_note(way, status);
}

static enum status batch_ask_until(struct batch_way *way, const struct batch_name *name,
                                   int64_t until_us, struct reason *reason)
{
    for (;;) {
        enum status status = batch_ask(way, name, reason);
        if (status == STATUS_EXISTS || status == STATUS_OK ||
            time_elapsed(way->lane->cluster->base).us > until_us)
            return status;
        if (status == STATUS_UNAVAILABLE && !way->lane->placement)
            lane_lose(way->lane, reason); /* nobody else need wait as long to learn that */
        (void)cluster_pause(way->lane->cluster, (duration){ASK_PAUSE_US});
    }
}

#define ID_TEXT_BYTES (2 * CHARGE_ID_BYTES)

/* A server that was stopped may go on with a commit that it was sent, however late. */
static enum status batch_doubt(struct batch_way *way, const struct batch_name *name,
                               int64_t call_count, struct reason *reason)
{
    char id[ID_TEXT_BYTES];
    way->is_doubted = true;
    way->doubted = *name;
    secret_hex(name->id, sizeof(name->id), id);
    log_line(
        LOG_ERROR, "ledger",
        "%lld calls are answered 503 and may stand in the journal nevertheless, as batch_id "
        "%.*s: the database was lost while it wrote them",
        (long long)call_count, ID_TEXT_BYTES, id);
    return reason_set(reason, STATUS_UNAVAILABLE, "the database does not come back");
}

enum status way_resolve(struct batch_way *way, const struct batch_name *name,
                        int64_t call_count, struct reason *reason)
{
    int64_t until_us = time_elapsed(way->lane->cluster->base).us + CLUSTER_SETTLE_US;
    enum status status = batch_ask_until(way, name, until_us, reason);
    if (status == STATUS_EXISTS)
        return STATUS_OK;
    if (status == STATUS_OK)
        return reason_set(reason, STATUS_UNAVAILABLE,
                          "the connection was lost, and the batch is not in the journal");
    return batch_doubt(way, name, call_count, reason);
}

static void outcome_tell(const struct batch_name *name, bool is_kept)
{
    char id[ID_TEXT_BYTES];
    secret_hex(name->id, sizeof(name->id), id);
    log_line(LOG_WARNING, "ledger", "the batch_id %.*s %s", ID_TEXT_BYTES, id,
             is_kept ? "stands in the journal: its calls are charged"
                     : "does not stand in the journal: its calls are not charged");
}

enum status way_settle(struct batch_way *way, struct reason *reason)
{
    if (!way->is_doubted)
        return STATUS_OK;
    enum status status = batch_ask(way, &way->doubted, reason);
    if (status != STATUS_OK && status != STATUS_EXISTS)
        return reason_set(reason, STATUS_UNAVAILABLE,
                          "the database does not tell yet what became of a batch");
    outcome_tell(&way->doubted, status == STATUS_EXISTS);
    way->is_doubted = false;
    return STATUS_OK;
}
