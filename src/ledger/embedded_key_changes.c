#include "ledger/cluster_closing.h"
#include "ledger/embedded.h"
#include "ledger/unfolded.h"

/* ---- Rotating ---- */

static enum status refuse_rotation(const struct key_found *found, struct reason *reason)
{
    const struct api_key *key = &found->key;
    char written[INSTANT_TEXT_BYTES];
    if (key->status == API_KEY_GRACE)
        return reason_set(
            reason, STATUS_CONFLICT,
            "the key %s was rotated and stops at %.*s: rotate the one that took its "
            "place",
            key->outward_id, TEXT_PRINT(instant_rfc3339(key->stops_at, written)));
    return reason_set(reason, STATUS_CONFLICT, "the key %s is %s: create another one",
                      key->outward_id, api_key_status_word(key->status));
}

/* Whole seconds, so that what is told is what happens; rounded in favour of the caller. */
instant ledger_stop_after(instant now, duration grace)
{
    if (grace.us == 0)
        return now;
    return (instant){(now.us + grace.us + SECOND_US - 1) / SECOND_US * SECOND_US};
}

static enum status rotated_write(struct ledger *ledger, const struct key_found *found,
                                 instant now, instant stops_at, int64_t replaced_by,
                                 struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE api_key SET rotated_at = $4, stops_at = $5, updated_at = $4,"
                          " replaced_by = $6"
                          " WHERE bucket = $1 AND account_id = $2 AND id = $3",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(found->account_id));
    db_bind_integer(update, 2, found->account_id);
    db_bind_integer(update, 3, found->key.id);
    db_bind_integer(update, 4, now.us);
    db_bind_integer(update, 5, stops_at.us);
    db_bind_integer(update, 6, replaced_by);
    return db_run(update, reason);
}

/* Who had chosen the old one has chosen the new one. */
static enum status choice_follow(struct ledger *ledger, const struct key_found *found,
                                 int64_t key_id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE account SET active_key_id = $3"
                          " WHERE bucket = $1 AND id = $2 AND active_key_id = $4",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(found->account_id));
    db_bind_integer(update, 2, found->account_id);
    db_bind_integer(update, 3, key_id);
    db_bind_integer(update, 4, found->key.id);
    return db_run(update, reason);
}

static enum status rotation_event_write(struct ledger *ledger, const struct key_found *found,
                                        const struct key_row *row, instant stops_at,
                                        struct reason *reason)
{
    char written[INSTANT_TEXT_BYTES];
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("key_id"), text_of(row->outward_id));
    json_member_text(&event.detail, TEXT("previous_id"), text_of(found->key.outward_id));
    json_member_text(&event.detail, TEXT("stops_at"), instant_rfc3339(stops_at, written));
    return ledger_event_write(ledger, found->account_id, "key_rotate", &event, reason);
}

/* Both rows, in the ledger's transaction. */
static enum status rotation_write(struct ledger *ledger, const struct key_found *found,
                                  instant now, struct key_row *row,
                                  struct key_rotation *rotation, struct reason *reason)
{
    TRY(ledger_number(ledger, LEDGER_NEXT_KEY_SQL, &row->id, reason));
    TRY(rotated_write(ledger, found, now, rotation->stops_at, row->id, reason));
    enum status status = ledger_check_live_keys(ledger, found->account_id, found->email,
                                                row->name, reason);
    if (status == STATUS_EXHAUSTED)
        return reason_set(reason, status,
                          "%s has %d live keys, the most an account may have: rotate with "
                          "--grace now, or revoke one first",
                          found->email, API_KEY_LIVE_MAX);
    TRY(status);
    TRY(choice_follow(ledger, found, row->id, reason));
    TRY(ledger_insert_key(ledger, row, now, &rotation->secret, reason));
    return rotation_event_write(ledger, found, row, rotation->stops_at, reason);
}

static void rotation_publish(struct ledger *ledger, const struct key_found *found,
                             const struct key_row *row, instant now, instant stops_at)
{
    ledger_publish_key(ledger, row, found->refusal);
    if (stops_at.us > now.us)
        directory_stop(ledger->directory, &found->digest,
                       ledger_key_end(stops_at, found->key.expires_at));
    else
        directory_revoke(ledger->directory, &found->digest);
}

enum status ledger_key_rotate(struct ledger *ledger, struct text id, duration grace,
                              struct key_rotation *rotation, struct reason *reason)
{
    check(grace.us >= 0 && grace.us <= KEY_GRACE_MAX_US);
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    instant now = time_now(held->time);
    struct key_found found = {0};
    TRY(ledger_find_key_row(held, id, &found, reason));
    if (found.key.status != API_KEY_ACTIVE)
        return refuse_rotation(&found, reason);
    struct key_rotation made = {.stops_at = ledger_stop_after(now, grace)};
    struct key_row row = {.account_id = found.account_id,
                          .name = text_of(found.key.name),
                          .source = API_KEY_ROTATED,
                          .cap_family = found.cap_family};
    row.has_cap = found.key.daily_credit_cap != NO_KEY_CAP;
    row.cap = credits_of(row.has_cap ? found.key.daily_credit_cap : 0);
    if (found.key.expires_at.us != 0)
        row.expires_at.us = now.us + (found.key.expires_at.us - found.key.created_at.us);
    TRY(rotation_write(held, &found, now, &row, &made, reason));
    TRY(db_commit(&transaction, reason));
    rotation_publish(held, &found, &row, now, made.stops_at);
    ledger_read_new_key(&row, &made.secret, now, &made.key);
    memcpy(made.previous_id, found.key.outward_id, sizeof(made.previous_id));
    *rotation = made;
    explicit_bzero(&made, sizeof(made));
    return STATUS_OK;
}

/* ---- A key's own cap ---- */

/* The keys that share it: the first one, and all that go back to it by rotations. */
#define OF_FAMILY " WHERE bucket = $1 AND account_id = $2 AND (id = $3 OR cap_family = $3)"

struct family {
    int64_t *ids; /* rising */
    size_t count, capacity;
};

static void family_finish(struct family *family)
{
    free(family->ids);
}

static enum status family_find(struct ledger *ledger, const struct key_found *found,
                               struct family *family, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db, "SELECT id FROM api_key" OF_FAMILY " ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(found->account_id));
    db_bind_integer(select, 2, found->account_id);
    db_bind_integer(select, 3, found->cap_family);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        if (family->count == family->capacity) {
            family->capacity = family->capacity ? 2 * family->capacity : 16;
            family->ids = memory_grow(family->ids, family->capacity * sizeof(family->ids[0]));
        }
        family->ids[family->count++] = db_column_integer(select, 0);
    }
}

static bool family_has(const struct family *family, int64_t key_id)
{
    size_t first = 0, end = family->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (family->ids[middle] < key_id)
            first = middle + 1;
        else
            end = middle;
    }
    return first < family->count && family->ids[first] == key_id;
}

static enum status cap_write(struct ledger *ledger, const struct key_found *found, int64_t cap,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE api_key SET daily_credit_cap = $4, updated_at = $5" OF_FAMILY,
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(found->account_id));
    db_bind_integer(update, 2, found->account_id);
    db_bind_integer(update, 3, found->cap_family);
    if (cap != NO_KEY_CAP)
        db_bind_integer(update, 4, cap);
    db_bind_integer(update, 5, time_now(ledger->time).us);
    TRY(db_run(update, reason));
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("key_id"), text_of(found->key.outward_id));
    if (cap != NO_KEY_CAP)
        json_member_integer(&event.detail, TEXT("daily_credit_cap"), cap);
    return ledger_event_write(ledger, found->account_id, "key_cap", &event, reason);
}

static enum status folded_use(struct ledger *ledger, const struct key_found *found, int64_t day,
                              int64_t *used, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        ledger->db,
        "SELECT CAST(coalesce(sum(credits), 0) AS BIGINT) FROM usage_hour WHERE bucket = $1"
        " AND account_id = $2 AND hour BETWEEN $4 AND $5"
        " AND key_id IN (SELECT id FROM api_key" OF_FAMILY ")",
        &select, reason));
    db_bind_integer(select, 1, account_bucket(found->account_id));
    db_bind_integer(select, 2, found->account_id);
    db_bind_integer(select, 3, found->cap_family);
    db_bind_integer(select, 4, day * 24);
    db_bind_integer(select, 5, day * 24 + 23);
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *used = db_column_integer(select, 0);
    return STATUS_OK;
}

struct family_use {
    const struct family *family;
    int64_t day;
    int64_t used; /* by the family's keys on that day */
};

static void use_add(void *owner, const struct fold_sum *sum)
{
    struct family_use *use = owner;
    if (instant_day(sum->hour) == use->day && family_has(use->family, sum->key_id))
        use->used += sum->credits;
}

/* What was charged to a family on its account's day, as far as it is in the journal. Exact: while
 * the ledger's lock is held no batch is committed; what is decided and not committed yet is caught
 * up with after its commit (meter_key_catch_up), and what is decided once a key is followed is
 * counted there. Without a meter there is nothing to tell: it reads the table when it begins. */
static enum status cap_use(struct ledger *ledger, const struct key_found *found,
                           const struct family *family, struct meter_key *key,
                           struct reason *reason)
{
    if (!ledger->meter && !ledger->cluster)
        return STATUS_OK;
    struct meter_plan plan = {.now = time_now(ledger->time)};
    if (ledger->meter)
        meter_plan_look(ledger->meter, found->account_id, plan.now, &plan);
    if (ledger->cluster)
        TRY(cluster_folds_halt(ledger, reason)); /* the next two see one moment */
    struct family_use use = {.family = family, .day = instant_day(plan.now)};
    TRY(folded_use(ledger, found, use.day, &use.used, reason));
    TRY(unfolded_read(ledger, ledger->db, found->account_id, use_add, &use, reason));
    key->day = (int32_t)use.day;
    key->used = use.used;
    return STATUS_OK;
}

static void cap_publish(struct ledger *ledger, const struct family *family,
                        struct meter_key *key)
{
    for (size_t i = 0; ledger->meter && i < family->count; i++) {
        key->key_id = family->ids[i];
        meter_key_cap_put(ledger->meter, key);
    }
}

enum status ledger_key_cap(struct ledger *ledger, struct text id, int64_t cap,
                           struct api_key *key, struct reason *reason)
{
    check(cap >= NO_KEY_CAP && cap <= KEY_CAP_MAX);
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct key_found found = {0};
    TRY(ledger_find_key_row(held, id, &found, reason));
    if (found.key.status != API_KEY_ACTIVE && found.key.status != API_KEY_GRACE)
        return reason_set(reason, STATUS_CONFLICT, "the key %s is %s: it needs no cap",
                          found.key.outward_id, api_key_status_word(found.key.status));
    TRY(ledger_hold(held, found.account_id, reason));
    CLEANUP(family_finish) struct family family = {0};
    struct meter_key shared = {.account_id = found.account_id,
                               .cap_family = found.cap_family,
                               .cap = cap == NO_KEY_CAP ? NO_LIMIT : credits_of(cap)};
    TRY(cap_write(held, &found, cap, reason));
    TRY(family_find(held, &found, &family, reason));
    TRY(cap_use(held, &found, &family, &shared, reason));
    if (held->cluster)
        TRY(cluster_cap_write(held, &shared, reason));
    TRY(db_commit(&transaction, reason));
    if (cap != NO_KEY_CAP || found.key.daily_credit_cap != NO_KEY_CAP)
        cap_publish(held, &family, &shared);
    found.key.daily_credit_cap = cap;
    *key = found.key;
    return STATUS_OK;
}
