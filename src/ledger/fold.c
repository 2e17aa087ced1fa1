#include "ledger/fold.h"

#include "ledger/billed.h"
#include "model/account.h"

#define RATE_LIMITED CALL_OUTCOMES /* counted behind the outcomes that the journal knows */
#define HOUR_US (INT64_C(3600) * SECOND_US)

struct fold_part {
    int64_t account_id;
    struct fold_sum sum;
    int64_t cents_per_1000;    /* of all its overage; NO_RATE: it has none */
    instant first_at, last_at; /* of the calls in its rows */
    struct fold_period period;
};

#define NO_RATE BILLED_NO_RATE

void fold_init(struct fold *fold, bool is_shared)
{
    *fold = (struct fold){.is_shared = is_shared};
    places_init(&fold->parts, sizeof(struct fold_part));
}

void fold_finish(struct fold *fold)
{
    places_finish(&fold->parts);
    fold->last_journal_id = 0;
}

#define PARTS_KEPT 8192 /* some 2 MB, however few parts there are */

void fold_forget(struct fold *fold)
{
    places_clear(&fold->parts, PARTS_KEPT);
    fold->last_journal_id = 0;
}

static bool is_part(const void *entry, const void *wanted_part)
{
    const struct fold_part *part = entry, *wanted = wanted_part;
    return part->account_id == wanted->account_id && part->sum.key_id == wanted->sum.key_id &&
           part->sum.endpoint == wanted->sum.endpoint &&
           part->sum.hour.us == wanted->sum.hour.us &&
           part->cents_per_1000 == wanted->cents_per_1000;
}

static uint32_t hash_of(const struct fold_part *part)
{
    uint64_t sum = places_mix(places_mix(0, part->account_id), part->sum.key_id);
    sum = places_mix(places_mix(sum, part->sum.hour.us), part->sum.endpoint);
    return places_hash(places_mix(sum, part->cents_per_1000));
}

/* Overage of one hour may be at two rates: each is a part of its own. */
static int64_t rate_of(const struct journal_entry *entry)
{
    return entry->overage > 0 ? entry->overage_micros / (10 * entry->overage) : NO_RATE;
}

static struct fold_part *part_of(struct fold *fold, const struct journal_entry *entry)
{
    const struct fold_part wanted = {.account_id = entry->account_id,
                                     .sum = {.key_id = entry->key_id,
                                             .endpoint = entry->endpoint,
                                             .hour = {entry->at.us / HOUR_US * HOUR_US}},
                                     .cents_per_1000 = rate_of(entry)};
    return places_find_or_add(&fold->parts, hash_of(&wanted), is_part, &wanted);
}

/* Over the calls of the part: rows rise, wall clocks are stepped. */
static void range_stretch(struct fold_part *part, int64_t journal_id, instant at)
{
    bool is_first = part->sum.first_journal_id == 0;
    if (is_first)
        part->sum.first_journal_id = journal_id;
    part->sum.last_journal_id = journal_id;
    if (is_first || at.us < part->first_at.us)
        part->first_at = at;
    if (is_first || at.us > part->last_at.us)
        part->last_at = at;
}

void fold_add(struct fold *fold, int64_t journal_id, const struct journal_entry *entry,
              const struct fold_period *period)
{
    struct fold_part *part = part_of(fold, entry);
    part->sum.calls[entry->outcome]++;
    part->sum.credits += entry->credits;
    part->sum.overage += entry->overage;
    part->sum.overage_micros += entry->overage_micros;
    fold->last_journal_id = journal_id;
    range_stretch(part, journal_id, entry->at);
    if (entry->outcome == CALL_CHARGED)
        part->period = *period;
}

void fold_add_rate_limited(struct fold *fold, int64_t account_id, int64_t key_id,
                           uint8_t endpoint, instant at)
{
    part_of(fold,
            &(struct journal_entry){
                .account_id = account_id, .key_id = key_id, .endpoint = endpoint, .at = at})
        ->sum.calls[RATE_LIMITED]++;
}

void fold_visit_account(const struct fold *fold, int64_t account_id, fold_visit *visit,
                        void *owner)
{
    const struct fold_part *parts = fold->parts.entries;
    for (size_t i = 0; i < fold->parts.count; i++)
        if (parts[i].account_id == account_id)
            visit(owner, &parts[i].sum);
}

bool fold_has_before(const struct fold *fold, instant then)
{
    const struct fold_part *parts = fold->parts.entries;
    for (size_t i = 0; i < fold->parts.count; i++)
        if (parts[i].sum.hour.us < then.us)
            return true;
    return false;
}

static bool part_is_dense(const struct fold_sum *sum)
{
    int64_t calls = 0; /* in the journal */
    for (size_t i = 0; i < CALL_OUTCOMES; i++)
        calls += sum->calls[i];
    return calls >= FOLD_DENSE_CALLS &&
           (sum->last_journal_id - sum->first_journal_id) < FOLD_DENSE_ROWS * calls;
}

bool fold_is_dense(const struct fold *fold)
{
    const struct fold_part *parts = fold->parts.entries;
    for (size_t i = 0; i < fold->parts.count; i++)
        if (!part_is_dense(&parts[i].sum))
            return false;
    return true;
}

void fold_forget_journal(struct fold *fold)
{
    const struct fold_part *parts = fold->parts.entries;
    struct fold kept;
    fold_init(&kept, fold->is_shared);
    for (size_t i = 0; i < fold->parts.count; i++) {
        const struct fold_part *part = &parts[i];
        if (part->sum.calls[RATE_LIMITED] == 0)
            continue;
        const struct journal_entry call = {.account_id = part->account_id,
                                           .key_id = part->sum.key_id,
                                           .endpoint = part->sum.endpoint,
                                           .at = {part->sum.hour.us}};
        part_of(&kept, &call)->sum.calls[RATE_LIMITED] += part->sum.calls[RATE_LIMITED];
    }
    fold_finish(fold);
    *fold = kept;
}

/* ---- Writing ---- */

static enum status usage_write(const struct fold_part *part, struct db *db,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(
        db,
        "INSERT INTO usage_hour (bucket, account_id, key_id, endpoint, hour, charged, "
        "unchanged,"
        " head, empty_page, replayed, free, invalid, conflict, key_daily, daily, insufficient,"
        " spend_limit, unavailable, rate_limited, credits, overage, overage_micros)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
        " $18, $19, $20, $21, $22)"
        " ON CONFLICT (bucket, account_id, key_id, endpoint, hour) DO UPDATE SET"
        " charged = usage_hour.charged + excluded.charged,"
        " unchanged = usage_hour.unchanged + excluded.unchanged,"
        " head = usage_hour.head + excluded.head,"
        " empty_page = usage_hour.empty_page + excluded.empty_page,"
        " replayed = usage_hour.replayed + excluded.replayed,"
        " free = usage_hour.free + excluded.free,"
        " invalid = usage_hour.invalid + excluded.invalid,"
        " conflict = usage_hour.conflict + excluded.conflict,"
        " key_daily = usage_hour.key_daily + excluded.key_daily,"
        " daily = usage_hour.daily + excluded.daily,"
        " insufficient = usage_hour.insufficient + excluded.insufficient,"
        " spend_limit = usage_hour.spend_limit + excluded.spend_limit,"
        " unavailable = usage_hour.unavailable + excluded.unavailable,"
        " rate_limited = usage_hour.rate_limited + excluded.rate_limited,"
        " credits = usage_hour.credits + excluded.credits,"
        " overage = usage_hour.overage + excluded.overage,"
        " overage_micros = usage_hour.overage_micros + excluded.overage_micros",
        &upsert, reason));
    db_bind_integer(upsert, 1, account_bucket(part->account_id));
    db_bind_integer(upsert, 2, part->account_id);
    db_bind_integer(upsert, 3, part->sum.key_id);
    db_bind_integer(upsert, 4, part->sum.endpoint);
    db_bind_integer(upsert, 5, part->sum.hour.us / HOUR_US);
    for (int i = 0; i <= CALL_OUTCOMES; i++)
        db_bind_integer(upsert, 6 + i, part->sum.calls[i]);
    db_bind_integer(upsert, 7 + CALL_OUTCOMES, part->sum.credits);
    db_bind_integer(upsert, 8 + CALL_OUTCOMES, part->sum.overage);
    db_bind_integer(upsert, 9 + CALL_OUTCOMES, part->sum.overage_micros);
    return db_run_soon(upsert, reason);
}

/* A day of the account is its last charge's: an earlier hour's part, written after a later one's,
 * adds to the period and not to the day. */
static enum status balance_write(const struct fold_part *part, struct db *db,
                                 struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(
        db,
        "INSERT INTO balance (bucket, account_id, period, day, day_used, used, overage,"
        " overage_micros, plan, plan_version, included, subscription_cents)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " ON CONFLICT (bucket, account_id, period) DO UPDATE SET"
        " day_used = CASE WHEN excluded.day > balance.day THEN excluded.day_used"
        " WHEN excluded.day = balance.day THEN balance.day_used + excluded.day_used"
        " ELSE balance.day_used END,"
        " day = CASE WHEN excluded.day > balance.day THEN excluded.day ELSE balance.day END,"
        " used = balance.used + excluded.used,"
        " overage = balance.overage + excluded.overage,"
        " overage_micros = balance.overage_micros + excluded.overage_micros",
        &upsert, reason));
    db_bind_integer(upsert, 1, account_bucket(part->account_id));
    db_bind_integer(upsert, 2, part->account_id);
    db_bind_integer(upsert, 3, part->period.period);
    db_bind_integer(upsert, 4, part->sum.hour.us / DAY_US);
    db_bind_integer(upsert, 5, part->sum.credits);
    db_bind_integer(upsert, 6, part->sum.credits - part->sum.overage);
    db_bind_integer(upsert, 7, part->sum.overage);
    db_bind_integer(upsert, 8, part->sum.overage_micros);
    const struct subscription *subscription = &part->period.subscription;
    db_bind_text(upsert, 9, text_of(subscription->plan->name));
    db_bind_integer(upsert, 10, subscription->plan_version);
    db_bind_integer(upsert, 11, subscription->included);
    db_bind_integer(upsert, 12, subscription->cents);
    return db_run_soon(upsert, reason);
}

enum status billed_add(struct db *db, const struct billed *billed, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    if (billed->credits == 0)
        return STATUS_OK;
    TRY(db_statement_take(db,
                          "INSERT INTO billed (bucket, account_id, billed_in, period, kind,"
                          " cents_per_1000, credits) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                          " ON CONFLICT (bucket, account_id, billed_in, period, kind,"
                          " cents_per_1000) DO UPDATE SET"
                          " credits = billed.credits + excluded.credits",
                          &upsert, reason));
    db_bind_integer(upsert, 1, account_bucket(billed->account_id));
    db_bind_integer(upsert, 2, billed->account_id);
    db_bind_integer(upsert, 3, billed->billed_in);
    db_bind_integer(upsert, 4, billed->period);
    db_bind_integer(upsert, 5, billed->kind);
    db_bind_integer(upsert, 6, billed->cents_per_1000);
    db_bind_integer(upsert, 7, billed->credits);
    return db_run_soon(upsert, reason);
}

static enum status part_bill(const struct fold_part *part, struct db *db, struct reason *reason)
{
    struct billed billed = {.account_id = part->account_id,
                            .billed_in = part->period.billed_in,
                            .period = part->period.period,
                            .kind = BILLED_INCLUDED,
                            .cents_per_1000 = BILLED_NO_RATE,
                            .credits = part->sum.credits - part->sum.overage};
    if (billed.billed_in != billed.period) /* else the balance says the same */
        TRY(billed_add(db, &billed, reason));
    billed.kind = BILLED_OVERAGE;
    billed.cents_per_1000 = part->cents_per_1000;
    billed.credits = part->sum.overage;
    return billed_add(db, &billed, reason);
}

static enum status activity_write(const struct fold_part *part, struct db *db,
                                  struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(
        db,
        "INSERT INTO activity (bucket, account_id, first_id, last_id, first_at, last_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (bucket, account_id, first_id) DO UPDATE SET last_id ="
        " CASE WHEN excluded.last_id > activity.last_id"
        " THEN excluded.last_id ELSE activity.last_id END,"
        " first_at = CASE WHEN excluded.first_at < activity.first_at"
        " THEN excluded.first_at ELSE activity.first_at END,"
        " last_at = CASE WHEN excluded.last_at > activity.last_at"
        " THEN excluded.last_at ELSE activity.last_at END",
        &upsert, reason));
    db_bind_integer(upsert, 1, account_bucket(part->account_id));
    db_bind_integer(upsert, 2, part->account_id);
    db_bind_integer(upsert, 3, part->sum.first_journal_id);
    db_bind_integer(upsert, 4, part->sum.last_journal_id);
    db_bind_integer(upsert, 5, part->first_at.us);
    db_bind_integer(upsert, 6, part->last_at.us);
    return db_run_soon(upsert, reason);
}

/* As the tables' keys do: so that neighbours are written together, and each page once. */
static int part_order(const void *left, const void *right)
{
    const struct fold_part *a = *(const struct fold_part *const *)left;
    const struct fold_part *b = *(const struct fold_part *const *)right;
    const int64_t keys[][2] = {{account_bucket(a->account_id), account_bucket(b->account_id)},
                               {a->account_id, b->account_id},
                               {a->sum.key_id, b->sum.key_id},
                               {a->sum.endpoint, b->sum.endpoint},
                               {a->sum.hour.us, b->sum.hour.us}};
    size_t i = 0;
    while (i < LENGTH_OF(keys) - 1 && keys[i][0] == keys[i][1])
        i++;
    return (keys[i][0] > keys[i][1]) - (keys[i][0] < keys[i][1]);
}

static enum status part_write(const struct fold *fold, const struct fold_part *part,
                              struct db *db, struct reason *reason)
{
    TRY(usage_write(part, db, reason));
    if (part->sum.calls[CALL_CHARGED] > 0) {
        if (!fold->is_shared)
            TRY(balance_write(part, db, reason));
        TRY(part_bill(part, db, reason));
    }
    return part->sum.first_journal_id == 0 ? STATUS_OK : activity_write(part, db, reason);
}

enum status fold_write(const struct fold *fold, struct db *db, struct reason *reason)
{
    const struct fold_part *parts = fold->parts.entries;
    size_t count = fold->parts.count;
    const struct fold_part **ordered = memory_take((count + 1) * sizeof(ordered[0]));
    for (size_t i = 0; i < count; i++)
        ordered[i] = &parts[i];
    qsort(ordered, count, sizeof(ordered[0]), part_order);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = part_write(fold, ordered[i], db, reason);
    free(ordered);
    return status;
}
