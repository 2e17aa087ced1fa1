/* One batch of a cluster's charges: held, decided, written. */
#include "ledger/cluster_batch.h"

#include "ledger/cluster_way.h"
#include "ledger/embedded_billing.h"
#include "ledger/meter_held.h"
#include "ledger/sql_array.h"

/* A call's row in a body: see committer.c. */
#define BODY_BYTES_MAX (CLUSTER_BATCH_MAX * 512)

/* Windows with calls in each millisecond: see rate_window_write. */
#define WINDOWS_BYTES_MAX (CLUSTER_BATCH_MAX * RATE_WINDOW_MS * 4)

/* Writings of windows are numbered by the lane's number and a count of its batches, which comes round after
 * 2^32 of them, when the calls of the first are long over. A journal row's id would not do: a crash of the
 * database may give it again. */
#define WRITING_OF(node, count) ((node) << 32 | (int64_t)(count))

/* A window is written whole, and so loses what is older than a minute, once in each such span. */
#define WINDOW_WHOLE_US (15 * SECOND_US)

/* The parameters of the function admit that are arrays, in its order. */
enum array {
    CALLERS,
    STAMPS,
    STARTS,
    LENGTHS,
    KEEPERS,
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
    struct batch_way way;
    struct charge *charges[CLUSTER_BATCH_MAX];
    bool has_ended[CLUSTER_BATCH_MAX]; /* whether that charge's key works no more */
    size_t charge_count;
    struct charge_ids ids;
    int64_t accounts[CLUSTER_BATCH_MAX]; /* rising */
    struct held held[CLUSTER_BATCH_MAX];
    uint32_t calls[CLUSTER_BATCH_MAX]; /* slots of that account that were taken */
    bool pays[CLUSTER_BATCH_MAX];      /* whether credits were */
    size_t account_count;
    struct batch_name name;
    instant at;
    int64_t call_count; /* in body */
    int64_t journal_id;
    uint32_t writing_count;
    int64_t writing;
    struct buffer body, windows;
    struct sql_array arrays[ARRAYS];
};

struct batch_room *batch_room_open(struct lane *lane)
{
    struct batch_room *room = memory_take_zeroed(1, sizeof(*room));
    room->ledger = lane->cluster->ledger;
    room->way = (struct batch_way){.lane = lane, .db = lane->db};
    room->name.bucket = SEVERAL;
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
    room->ids = (struct charge_ids){0};
    room->call_count = room->journal_id = 0;
    secret_draw(room->name.id, sizeof(room->name.id));
    room->writing = WRITING_OF(room->way.lane->node, ++room->writing_count);
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
    TRY(db_statement_take(room->way.db,
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
        room->way.db,
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
    room->calls[place] += charge->standing.verdict != CHARGE_RATE_LIMITED;
    room->pays[place] |= charge->standing.charged.count > 0;
}

static enum status charge_decide(struct batch_room *room, size_t number, struct reason *reason)
{
    struct charge *charge = room->charges[number];
    size_t place = place_of(room, charge->account_id);
    enum status used = STATUS_MISSING;
    if (charge->idempotency_key.length > 0)
        used = use_find(room, charge, room->held[place].now, reason);
    if (room->held[place].is_refused || room->has_ended[number]) {
        charge->decided = STATUS_FORBIDDEN;
    } else if (used == STATUS_EXISTS || used == STATUS_CONFLICT) {
        charge->decided = used;
    } else if (used == STATUS_MISSING) {
        charge_id_make(&room->ids, charge->charge_id);
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
        room->calls[i] = 0;
        room->pays[i] = false;
        if (room->held[i].now.us < room->at.us)
            room->at = room->held[i].now; /* others' last calls were ahead of the clock */
    }
    struct journal_writer writer;
    journal_body_open(&writer, &room->body, room->at);
    for (size_t i = 0; i < room->charge_count; i++) {
        struct journal_entry entry;
        TRY(charge_decide(room, i, reason));
        if (!charge_entry(room->charges[i], &entry) || entry.outcome == CALL_OUTCOMES)
            continue;
        journal_body_add(&writer, &entry);
        room->call_count++;
    }
    check(!room->body.overflowed);
    return STATUS_OK;
}

/* ---- Writing ---- */

/* Whether the calls of the row stay as they are, behind the new ones. */
static bool window_keeps(const struct held *held)
{
    return held->now.us - held->stamp.us < RATE_WINDOW_MS * INT64_C(1000) &&
           held->now.us / WINDOW_WHOLE_US == held->stamp.us / WINDOW_WHOLE_US;
}

static void window_add(struct batch_room *room, const struct held *held, uint32_t calls)
{
    size_t start = buffer_text(&room->windows).length;
    bool keeps = window_keeps(held);
    if (keeps)
        rate_window_write_run(&room->windows, calls,
                              (uint32_t)(held->now.us / 1000 - held->stamp.us / 1000));
    else
        meter_held_calls(room->ledger->meter, held->account_id, &room->windows);
    check(!room->windows.overflowed);
    sql_array_add(&room->arrays[KEEPERS], keeps);
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
    return cluster_key_day_write(room->way.db, &key, reason);
}

/* A row's id is drawn where all are, and only when the accounts are held: so a lane's ids rise in the order
 * of its commits, and whoever has closed periods has all lower ones. */
static enum status row_id_draw(struct batch_room *room, int64_t *id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(room->way.lane->db, "SELECT nextval('journal_id')", &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *id = db_column_integer(select, 0);
    return STATUS_OK;
}

#define ADMIT_SQL(before)                                                                      \
    "SELECT " before "$1, $2, $3, $4, $5, $6, $7, CAST($8 AS BIGINT[]),"                       \
    " CAST($9 AS BIGINT[]), CAST($10 AS BIGINT[]), CAST($11 AS BIGINT[]),"                     \
    " CAST($12 AS BIGINT[]), CAST($13 AS BIGINT[]), CAST($14 AS BIGINT[]),"                    \
    " CAST($15 AS BIGINT[]), CAST($16 AS BIGINT[]), CAST($17 AS BIGINT[]),"                    \
    " CAST($18 AS BIGINT[]), CAST($19 AS BIGINT[]), CAST($20 AS TEXT[]),"                      \
    " CAST($21 AS BIGINT[]), CAST($22 AS BIGINT[]), CAST($23 AS BIGINT[]))"

static enum status admit(struct batch_room *room, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    bool is_of_one = room->name.bucket != SEVERAL;
    int64_t row_id;
    if (is_of_one)
        TRY(row_id_draw(room, &row_id, reason));
    TRY(db_statement_take(
        room->way.db, is_of_one ? ADMIT_SQL("admit_bucket($24, $25, ") : ADMIT_SQL("admit("),
        &select, reason));
    db_bind_blob(select, 1, (struct text){(const char *)room->name.id, sizeof(room->name.id)});
    db_bind_integer(select, 2, room->way.lane->node);
    db_bind_integer(select, 3, room->writing);
    db_bind_integer(select, 4, room->at.us);
    db_bind_integer(select, 5, room->call_count);
    db_bind_blob(select, 6, buffer_text(&room->body));
    db_bind_blob(select, 7, buffer_text(&room->windows));
    for (enum array i = CALLERS; i < ARRAYS; i++)
        db_bind_text(select, 8 + (int)i, sql_array_text(&room->arrays[i]));
    if (is_of_one) {
        db_bind_integer(select, 24, room->name.bucket);
        db_bind_integer(select, 25, row_id);
    }
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    room->journal_id = db_column_integer(select, 0);
    return STATUS_OK;
}

static void windows_note(struct batch_room *room)
{
    for (size_t i = 0; i < room->account_count; i++)
        if (room->calls[i] > 0)
            meter_held_wrote(room->ledger->meter, room->accounts[i], room->writing);
}

static enum status batch_write(struct batch_room *room, struct reason *reason)
{
    for (enum array i = CALLERS; i < ARRAYS; i++)
        sql_array_clear(&room->arrays[i]);
    buffer_clear(&room->windows);
    for (size_t i = 0; i < room->account_count; i++) {
        if (room->calls[i] > 0)
            window_add(room, &room->held[i], room->calls[i]);
        if (room->pays[i])
            balance_add(room, room->accounts[i]);
    }
    for (size_t i = 0; i < room->charge_count; i++)
        if (room->charges[i]->decided == STATUS_OK)
            TRY(key_day_write(room, room->charges[i], reason));
    TRY(admit(room, reason));
    windows_note(room);
    return STATUS_OK;
}

/* ---- The transaction ---- */

/* Where the batch's accounts are. */
static enum status batch_place(struct batch_room *room, struct reason *reason)
{
    if (!room->way.lane->placement)
        return STATUS_OK;
    room->name.bucket = account_bucket(room->accounts[0]);
    check(account_bucket(room->accounts[room->account_count - 1]) == room->name.bucket);
    return way_find(&room->way, room->name.bucket, reason);
}

static void has_ended(void *owner, int64_t number)
{
    struct batch_room *room = owner;
    check(number >= 1 && (size_t)number <= room->charge_count);
    room->has_ended[number - 1] = true;
}

static bool knows_events(const struct batch_room *room, int64_t event_id)
{
    for (size_t i = 0; i < room->charge_count; i++)
        if (room->charges[i]->known_event < event_id)
            return false;
    return true;
}

/* A node that has stood still, or does not hear, may have let in a key that was revoked meanwhile. */
static enum status keys_check(struct batch_room *room, struct reason *reason)
{
    memset(room->has_ended, 0, sizeof(room->has_ended));
    if (knows_events(room, room->held[0].event_id))
        return STATUS_OK;
    struct sql_array accounts CLEANUP(sql_array_finish), keys CLEANUP(sql_array_finish);
    sql_array_init(&accounts);
    sql_array_init(&keys);
    for (size_t i = 0; i < room->charge_count; i++) {
        sql_array_add(&accounts, room->charges[i]->account_id);
        sql_array_add(&keys, room->charges[i]->key_id);
    }
    return cluster_ended_keys(room->ledger, room->way.db, &accounts, &keys, &room->held[0],
                              has_ended, room, reason);
}

static enum status batch_transact(struct batch_room *room, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(batch_place(room, reason));
    TRY(db_begin(room->way.db, &transaction, reason));
    TRY(cluster_hold(room->ledger, room->way.db, room->accounts, room->account_count,
                     room->held, reason));
    TRY(keys_check(room, reason));
    TRY(batch_decide(room, reason));
    if (room->call_count == 0)
        return STATUS_OK; /* nothing was taken */
    TRY(batch_write(room, reason));
    return db_commit(&transaction, reason);
}

/* What another node has loaded since is loaded, and the batch tried once more. */
static enum status batch_follow(struct batch_room *room, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(room->ledger);
    return cluster_follow(held, reason);
}

static enum status batch_try(struct batch_room *room, struct charge *charges,
                             struct reason *reason)
{
    struct lane *lane = room->way.lane;
    struct cluster *cluster = lane->cluster;
    size_t place = (size_t)(lane - cluster->lanes);
    batch_begin(room, charges);
    claims_take(&cluster->claims, place, room->accounts, room->account_count);
    enum status status = batch_transact(room, reason);
    claims_release(&cluster->claims, place);
    return status;
}

enum status batch_run(struct batch_room *room, struct charge *charges, struct reason *reason)
{
    TRY(way_settle(&room->way, reason));
    enum status status = batch_try(room, charges, reason);
    if (status == STATUS_CONFLICT && batch_follow(room, NULL) == STATUS_OK)
        status = batch_try(room, charges, reason);
    if (way_note(&room->way, status) != STATUS_UNKNOWN)
        return status;
    return way_resolve(&room->way, &room->name, room->call_count, reason);
}

enum status batch_settle(struct batch_room *room, struct reason *reason)
{
    return way_settle(&room->way, reason);
}

int64_t batch_journal_id(const struct batch_room *room)
{
    return room->journal_id;
}
