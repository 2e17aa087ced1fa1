/* One batch of a cluster's charges: held, decided, written. */
#include "ledger/cluster_batch.h"

#include "base/log.h"
#include "ledger/embedded_billing.h"
#include "ledger/meter_held.h"
#include "ledger/sql_array.h"

/* A call's row in a body: see committer.c. */
#define BODY_BYTES_MAX (CLUSTER_BATCH_MAX * 512)

/* Windows with calls in each millisecond: see rate_window_write. */
#define WINDOWS_BYTES_MAX (CLUSTER_BATCH_MAX * RATE_WINDOW_MS * 4)

#define SEVERAL (-1) /* in place of a bucket */

/* The parameters of the function admit that are arrays, in its order. */
enum array {
    CALLERS,
    STAMPS,
    STARTS,
    LENGTHS,
    PAYERS,
    PERIODS,
    DAYS,
    DAYS_USED,
    USEDS,
    OVERAGES,
    OVERAGES_MICROS,
    PLANS,
    PLAN_VERSIONS,
    INCLUDEDS,
    CENTS,
    ARRAYS,
};

struct batch_room {
    struct ledger *ledger;
    struct db *home;
    struct placement *placement; /* NULL: home has every bucket */
    struct db *db;               /* that has the bucket of the batch; else home */
    int64_t bucket;              /* of all its accounts; SEVERAL: where home has every one */
    int64_t node;
    struct charge *charges[CLUSTER_BATCH_MAX];
    size_t charge_count;
    int64_t accounts[CLUSTER_BATCH_MAX]; /* rising */
    struct held held[CLUSTER_BATCH_MAX];
    bool calls[CLUSTER_BATCH_MAX]; /* whether a slot of that account was taken */
    bool pays[CLUSTER_BATCH_MAX];  /* whether credits were */
    size_t account_count;
    uint8_t id[CHARGE_ID_BYTES];
    instant at;
    int64_t call_count; /* in body */
    int64_t journal_id;
    struct buffer body, windows;
    struct sql_array arrays[ARRAYS];
};

struct batch_room *batch_room_open(struct ledger *ledger, struct db *db,
                                   struct placement *placement, int64_t node)
{
    struct batch_room *room = memory_take_zeroed(1, sizeof(*room));
    room->ledger = ledger;
    room->home = room->db = db;
    room->placement = placement;
    room->bucket = SEVERAL;
    room->node = node;
    buffer_init(&room->body, BODY_BYTES_MAX);
    buffer_init(&room->windows, WINDOWS_BYTES_MAX);
    for (size_t i = 0; i < ARRAYS; i++)
        sql_array_init(&room->arrays[i]);
    return room;
}

void batch_room_close(struct batch_room *room)
{
    if (!room)
        return;
    buffer_finish(&room->body);
    buffer_finish(&room->windows);
    for (size_t i = 0; i < ARRAYS; i++)
        sql_array_finish(&room->arrays[i]);
    free(room);
}

/* ---- Whose calls they are ---- */

static int compare_ids(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void batch_begin(struct batch_room *room, struct charge *charges)
{
    room->charge_count = room->account_count = 0;
    room->call_count = room->journal_id = 0;
    secret_draw(room->id, sizeof(room->id));
    for (struct charge *charge = charges; charge; charge = charge->next) {
        check(room->charge_count < CLUSTER_BATCH_MAX);
        room->accounts[room->charge_count] = charge->account_id;
        room->charges[room->charge_count++] = charge;
    }
    qsort(room->accounts, room->charge_count, sizeof(room->accounts[0]), compare_ids);
    for (size_t i = 0; i < room->charge_count; i++)
        if (i == 0 || room->accounts[i] != room->accounts[i - 1])
            room->accounts[room->account_count++] = room->accounts[i];
}

static size_t place_of(const struct batch_room *room, int64_t account_id)
{
    const int64_t *found = bsearch(&account_id, room->accounts, room->account_count,
                                   sizeof(room->accounts[0]), compare_ids);
    check(found != NULL);
    return (size_t)(found - room->accounts);
}

/* ---- Idempotency ---- */

/* What an earlier call with the same key came to; STATUS_MISSING: there was none. */
static enum status use_find(struct batch_room *room, struct charge *charge, instant now,
                            struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(room->db,
                          "SELECT endpoint, arguments_hash, snapshot_id, charge_id"
                          " FROM idempotency_use WHERE bucket = $1 AND account_id = $2"
                          " AND key = $3 AND at > $4",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(charge->account_id));
    db_bind_integer(select, 2, charge->account_id);
    db_bind_text(select, 3, charge->idempotency_key);
    db_bind_integer(select, 4, now.us - IDEMPOTENCY_LIFE_US);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return STATUS_MISSING;
    if (db_column_integer(select, 0) != charge->endpoint ||
        (uint64_t)db_column_integer(select, 1) != charge->arguments_hash)
        return STATUS_CONFLICT;
    charge->snapshot_id = db_column_integer(select, 2);
    struct text id = db_column_blob(select, 3);
    check(id.length == CHARGE_ID_BYTES);
    memcpy(charge->charge_id, id.at, CHARGE_ID_BYTES);
    return STATUS_EXISTS;
}

static enum status use_write(struct batch_room *room, const struct charge *charge,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(
        room->db,
        "INSERT INTO idempotency_use (bucket, account_id, key, at, endpoint,"
        " arguments_hash, snapshot_id, charge_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (bucket, account_id, key) DO UPDATE SET at = excluded.at,"
        " endpoint = excluded.endpoint,"
        " arguments_hash = excluded.arguments_hash,"
        " snapshot_id = excluded.snapshot_id, charge_id = excluded.charge_id",
        &upsert, reason));
    db_bind_integer(upsert, 1, account_bucket(charge->account_id));
    db_bind_integer(upsert, 2, charge->account_id);
    db_bind_text(upsert, 3, charge->idempotency_key);
    db_bind_integer(upsert, 4, charge->standing.now.us);
    db_bind_integer(upsert, 5, charge->endpoint);
    db_bind_integer(upsert, 6, (int64_t)charge->arguments_hash);
    db_bind_integer(upsert, 7, charge->snapshot_id);
    db_bind_blob(upsert, 8, (struct text){(const char *)charge->charge_id, CHARGE_ID_BYTES});
    return db_run_soon(upsert, reason);
}

/* ---- Deciding ---- */

static enum status verdict_status(const struct charge *charge)
{
    return charge->standing.verdict == CHARGE_TAKEN ? STATUS_OK : STATUS_EXHAUSTED;
}

static void charge_take(struct batch_room *room, struct charge *charge, size_t place)
{
    instant now = room->held[place].now;
    charge->order = (struct charge_order){.account_id = charge->account_id,
                                          .key_id = charge->key_id,
                                          .cost = charge->cost,
                                          .operation_id = charge->operation_id,
                                          .now = now,
                                          .elapsed = {now.us}};
    meter_charge(room->ledger->meter, &charge->order, &charge->standing);
    charge->decided = verdict_status(charge);
    room->calls[place] |= charge->standing.verdict != CHARGE_RATE_LIMITED;
    room->pays[place] |= charge->standing.charged.count > 0;
}

static enum status charge_decide(struct batch_room *room, struct charge *charge,
                                 struct reason *reason)
{
    size_t place = place_of(room, charge->account_id);
    enum status used = STATUS_MISSING;
    if (charge->idempotency_key.length > 0)
        used = use_find(room, charge, room->held[place].now, reason);
    if (room->held[place].is_refused) {
        charge->decided = STATUS_FORBIDDEN;
    } else if (used == STATUS_EXISTS || used == STATUS_CONFLICT) {
        charge->decided = used;
    } else if (used == STATUS_MISSING) {
        secret_draw(charge->charge_id, CHARGE_ID_BYTES);
        charge_take(room, charge, place);
    } else {
        return used;
    }
    return charge->standing.charged.count > 0 && charge->idempotency_key.length > 0 &&
                   charge->decided == STATUS_OK
               ? use_write(room, charge, reason)
               : STATUS_OK;
}

static enum status batch_decide(struct batch_room *room, struct reason *reason)
{
    room->at = room->held[0].now;
    for (size_t i = 0; i < room->account_count; i++) {
        room->calls[i] = room->pays[i] = false;
        if (room->held[i].now.us < room->at.us)
            room->at = room->held[i].now; /* others' last calls were ahead of the clock */
    }
    journal_body_open(&room->body);
    for (size_t i = 0; i < room->charge_count; i++) {
        struct journal_entry entry;
        TRY(charge_decide(room, room->charges[i], reason));
        if (!charge_entry(room->charges[i], &entry) || entry.outcome == CALL_OUTCOMES)
            continue;
        journal_body_add(&room->body, room->at, &entry);
        room->call_count++;
    }
    check(!room->body.overflowed);
    return STATUS_OK;
}

/* ---- Writing ---- */

static void window_add(struct batch_room *room, const struct held *held)
{
    size_t start = buffer_text(&room->windows).length;
    meter_held_calls(room->ledger->meter, held->account_id, held->now, &room->windows);
    check(!room->windows.overflowed);
    sql_array_add(&room->arrays[CALLERS], held->account_id);
    sql_array_add(&room->arrays[STAMPS], held->now.us);
    sql_array_add(&room->arrays[STARTS], (int64_t)start + 1); /* SQL counts from 1 */
    sql_array_add(&room->arrays[LENGTHS],
                  (int64_t)(buffer_text(&room->windows).length - start));
}

static void balance_add(struct batch_room *room, int64_t account_id)
{
    struct meter_balance balance = meter_balance_of(room->ledger->meter, account_id);
    const struct subscription *subscription = &balance.subscription;
    const int64_t numbers[ARRAYS] = {[PAYERS] = account_id,
                                     [PERIODS] = balance.period,
                                     [DAYS] = balance.day,
                                     [DAYS_USED] = balance.day_used,
                                     [USEDS] = balance.used,
                                     [OVERAGES] = balance.overage,
                                     [OVERAGES_MICROS] = balance.overage_micros,
                                     [PLAN_VERSIONS] = subscription->plan_version,
                                     [INCLUDEDS] = subscription->included,
                                     [CENTS] = subscription->cents};
    for (enum array i = PAYERS; i < ARRAYS; i++)
        if (i != PLANS)
            sql_array_add(&room->arrays[i], numbers[i]);
    sql_array_add_text(&room->arrays[PLANS], text_of(subscription->plan->name));
}

static enum status key_day_write(struct batch_room *room, const struct charge *charge,
                                 struct reason *reason)
{
    struct meter_key_day key;
    if (charge->standing.charged.count == 0 || !charge->standing.follows_key ||
        !meter_key_day_find(room->ledger->meter, charge->account_id, charge->key_id, &key))
        return STATUS_OK;
    return cluster_key_day_write(room->db, &key, reason);
}

/* A row's id is drawn where all are, and only when the accounts are held: so a lane's ids rise in the order
 * of its commits, and whoever has closed periods has all lower ones. */
static enum status row_id_draw(struct batch_room *room, int64_t *id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(room->home, "SELECT nextval('journal_id')", &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *id = db_column_integer(select, 0);
    return STATUS_OK;
}

#define ADMIT_SQL(before)                                                                      \
    "SELECT " before "$1, $2, $3, $4, $5, $6, CAST($7 AS BIGINT[]),"                           \
    " CAST($8 AS BIGINT[]), CAST($9 AS BIGINT[]), CAST($10 AS BIGINT[]),"                      \
    " CAST($11 AS BIGINT[]), CAST($12 AS BIGINT[]), CAST($13 AS BIGINT[]),"                    \
    " CAST($14 AS BIGINT[]), CAST($15 AS BIGINT[]), CAST($16 AS BIGINT[]),"                    \
    " CAST($17 AS BIGINT[]), CAST($18 AS TEXT[]), CAST($19 AS BIGINT[]),"                      \
    " CAST($20 AS BIGINT[]), CAST($21 AS BIGINT[]))"

static enum status admit(struct batch_room *room, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    bool is_of_one = room->bucket != SEVERAL;
    int64_t row_id;
    if (is_of_one)
        TRY(row_id_draw(room, &row_id, reason));
    TRY(db_statement_take(
        room->db, is_of_one ? ADMIT_SQL("admit_bucket($22, $23, ") : ADMIT_SQL("admit("),
        &select, reason));
    db_bind_blob(select, 1, (struct text){(const char *)room->id, sizeof(room->id)});
    db_bind_integer(select, 2, room->node);
    db_bind_integer(select, 3, room->at.us);
    db_bind_integer(select, 4, room->call_count);
    db_bind_blob(select, 5, buffer_text(&room->body));
    db_bind_blob(select, 6, buffer_text(&room->windows));
    for (enum array i = CALLERS; i < ARRAYS; i++)
        db_bind_text(select, 7 + (int)i, sql_array_text(&room->arrays[i]));
    if (is_of_one) {
        db_bind_integer(select, 22, room->bucket);
        db_bind_integer(select, 23, row_id);
    }
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    room->journal_id = db_column_integer(select, 0);
    return STATUS_OK;
}

static enum status batch_write(struct batch_room *room, struct reason *reason)
{
    for (enum array i = CALLERS; i < ARRAYS; i++)
        sql_array_clear(&room->arrays[i]);
    buffer_clear(&room->windows);
    for (size_t i = 0; i < room->account_count; i++) {
        if (room->calls[i])
            window_add(room, &room->held[i]);
        if (room->pays[i])
            balance_add(room, room->accounts[i]);
    }
    for (size_t i = 0; i < room->charge_count; i++)
        if (room->charges[i]->decided == STATUS_OK)
            TRY(key_day_write(room, room->charges[i], reason));
    return admit(room, reason);
}

/* ---- The transaction ---- */

/* Where the batch's accounts are. */
static enum status batch_place(struct batch_room *room, struct reason *reason)
{
    if (!room->placement)
        return STATUS_OK;
    room->bucket = account_bucket(room->accounts[0]);
    check(account_bucket(room->accounts[room->account_count - 1]) == room->bucket);
    return placement_find(room->placement, room->bucket,
                          time_elapsed(room->ledger->cluster->base), &room->db, reason);
}

/* What fails may do so because the bucket has moved. */
static enum status place_doubt(struct batch_room *room, enum status status)
{
    if (room->placement && status != STATUS_OK && status != STATUS_BUSY)
        placement_doubt(room->placement);
    return status;
}

static enum status batch_transact(struct batch_room *room, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(batch_place(room, reason));
    TRY(db_begin(room->db, &transaction, reason));
    TRY(cluster_hold(room->ledger, room->db, room->accounts, room->account_count, room->held,
                     reason));
    TRY(batch_decide(room, reason));
    if (room->call_count == 0)
        return STATUS_OK; /* nothing was taken */
    TRY(batch_write(room, reason));
    return db_commit(&transaction, reason);
}

/* Whether a commit whose end was not seen took place: its row's id is taken then. Whoever else is
 * still at it is waited for by the unique key. */
static enum status batch_ask(struct batch_room *room, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(room->db, &transaction, reason));
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(room->db,
                          "INSERT INTO journal (bucket, id, node, batch_id, at, calls, body)"
                          " VALUES ($3, -1, $1, $2, 0, 0, '')",
                          &insert, reason));
    db_bind_integer(insert, 1, room->node);
    db_bind_blob(insert, 2, (struct text){(const char *)room->id, sizeof(room->id)});
    db_bind_integer(insert, 3, room->bucket);
    return db_run(insert, reason);
}

#define ASK_PAUSE_US (SECOND_US / 20)
#define ASK_ANSWER_MS 3000 /* past the wait for a lock, which the database tells of itself */

static enum status batch_ask_soon(struct batch_room *room, struct reason *reason)
{
    enum status status = batch_place(room, reason);
    if (status == STATUS_OK) {
        db_answer_within(room->db, ASK_ANSWER_MS);
        status = batch_ask(room, reason);
        db_answer_within(room->db, 0);
    }
    return status == STATUS_EXISTS ? status : place_doubt(room, status);
}

/* STATUS_OK: it is not in the journal. STATUS_EXISTS: it is. Else whoever asked gave up. */
static enum status batch_ask_until(struct batch_room *room, int64_t until_us,
                                   struct reason *reason)
{
    struct cluster *cluster = room->ledger->cluster;
    for (;;) {
        enum status status = batch_ask_soon(room, reason);
        if (status == STATUS_EXISTS || status == STATUS_OK ||
            time_elapsed(cluster->base).us > until_us)
            return status;
        if (status == STATUS_UNAVAILABLE &&
            !room->placement) /* nobody else need wait as long to learn that */
            (void)cluster_admission_note(cluster, status, reason);
        (void)cluster_pause(cluster, (duration){ASK_PAUSE_US});
    }
}

/* A server that was stopped may go on with a commit that it was sent, however late. */
static enum status batch_doubt(const struct batch_room *room, struct reason *reason)
{
    char id[2 * CHARGE_ID_BYTES];
    secret_hex(room->id, CHARGE_ID_BYTES, id);
    log_line(
        LOG_ERROR, "ledger",
        "%lld calls are answered 503 and may stand in the journal nevertheless, as batch_id "
        "%.*s: the database was lost while it wrote them",
        (long long)room->call_count, (int)sizeof(id), id);
    return reason_set(reason, STATUS_UNAVAILABLE, "the database does not come back");
}

static enum status batch_resolve(struct batch_room *room, struct reason *reason)
{
    int64_t until_us = time_elapsed(room->ledger->cluster->base).us + CLUSTER_SETTLE_US;
    enum status status = batch_ask_until(room, until_us, reason);
    if (status == STATUS_EXISTS)
        return STATUS_OK;
    if (status == STATUS_OK)
        return reason_set(reason, STATUS_UNAVAILABLE,
                          "the connection was lost, and the batch is not in the journal");
    return batch_doubt(room, reason);
}

/* What another node has loaded since is loaded, and the batch tried once more. */
static enum status batch_follow(struct batch_room *room, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(room->ledger);
    return cluster_follow(held, reason);
}

enum status batch_run(struct batch_room *room, struct charge *charges, struct reason *reason)
{
    batch_begin(room, charges);
    enum status status = batch_transact(room, reason);
    if (status == STATUS_BUSY && batch_follow(room, NULL) == STATUS_OK) {
        batch_begin(room, charges);
        status = batch_transact(room, reason);
    }
    return place_doubt(room, status) == STATUS_UNKNOWN ? batch_resolve(room, reason) : status;
}

int64_t batch_journal_id(const struct batch_room *room)
{
    return room->journal_id;
}
