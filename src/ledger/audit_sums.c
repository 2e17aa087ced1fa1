#include "ledger/audit_parts.h"
#include "model/account.h"

struct audit_sum {
    int64_t account_id; /* 0: free place */
    int64_t key_id;
    int64_t hour;
    int64_t values[AUDIT_SUMMED];
    uint8_t endpoint;
    bool is_unfolded;
};

#define PLACES_FIRST 64 /* a power of two: most books are small */

enum status audit_sums_open(struct audit *audit, struct reason *reason)
{
    audit->sum_places = PLACES_FIRST;
    audit->sums = memory_take_zeroed(PLACES_FIRST, sizeof(audit->sums[0]));
    return db_execute(audit->scratch,
                      "CREATE TABLE readded (bucket, account_id, key_id, endpoint, hour,"
                      " is_unfolded, charged, unchanged, head, empty_page, replayed, free,"
                      " invalid, conflict, key_daily, daily, insufficient, spend_limit,"
                      " unavailable, credits, overage, overage_micros,"
                      " PRIMARY KEY (bucket, account_id, key_id, endpoint, hour, is_unfolded))"
                      " WITHOUT ROWID",
                      reason);
}

static uint64_t mixed(uint64_t sum, int64_t value)
{
    sum = (sum ^ (uint64_t)value) * UINT64_C(0x9E3779B97F4A7C15);
    return sum ^ sum >> 32;
}

/* Its place, or the free one that it is to have. */
static struct audit_sum *place_of(const struct audit *audit, const struct audit_sum *wanted)
{
    uint64_t hash = mixed(mixed(mixed(0, wanted->account_id), wanted->key_id), wanted->hour);
    size_t place = mixed(hash, wanted->endpoint * 2 + wanted->is_unfolded);
    for (;; place++) {
        struct audit_sum *sum = &audit->sums[place & (audit->sum_places - 1)];
        if (sum->account_id == 0 ||
            (sum->account_id == wanted->account_id && sum->key_id == wanted->key_id &&
             sum->hour == wanted->hour && sum->endpoint == wanted->endpoint &&
             sum->is_unfolded == wanted->is_unfolded))
            return sum;
    }
}

static void places_double(struct audit *audit)
{
    struct audit_sum *before = audit->sums;
    size_t count = audit->sum_places;
    audit->sum_places = 2 * count;
    audit->sums = memory_take_zeroed(audit->sum_places, sizeof(audit->sums[0]));
    for (size_t i = 0; i < count; i++)
        if (before[i].account_id != 0)
            *place_of(audit, &before[i]) = before[i];
    free(before);
}

static struct audit_sum *sum_of(struct audit *audit, const struct audit_sum *wanted)
{
    if (2 * audit->sum_count == audit->sum_places)
        places_double(audit);
    struct audit_sum *sum = place_of(audit, wanted);
    if (sum->account_id == 0) {
        *sum = *wanted;
        audit->sum_count++;
    }
    return sum;
}

static enum status sum_write(struct audit *audit, const struct audit_sum *sum,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(
        audit->scratch,
        "INSERT INTO readded VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
        " $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)"
        " ON CONFLICT (bucket, account_id, key_id, endpoint, hour, is_unfolded) DO UPDATE SET"
        " charged = charged + excluded.charged, unchanged = unchanged + excluded.unchanged,"
        " head = head + excluded.head, empty_page = empty_page + excluded.empty_page,"
        " replayed = replayed + excluded.replayed, free = free + excluded.free,"
        " invalid = invalid + excluded.invalid, conflict = conflict + excluded.conflict,"
        " key_daily = key_daily + excluded.key_daily, daily = daily + excluded.daily,"
        " insufficient = insufficient + excluded.insufficient,"
        " spend_limit = spend_limit + excluded.spend_limit,"
        " unavailable = unavailable + excluded.unavailable,"
        " credits = credits + excluded.credits, overage = overage + excluded.overage,"
        " overage_micros = overage_micros + excluded.overage_micros",
        &upsert, reason));
    db_bind_integer(upsert, 1, account_bucket(sum->account_id));
    db_bind_integer(upsert, 2, sum->account_id);
    db_bind_integer(upsert, 3, sum->key_id);
    db_bind_integer(upsert, 4, sum->endpoint);
    db_bind_integer(upsert, 5, sum->hour);
    db_bind_integer(upsert, 6, sum->is_unfolded);
    for (int i = 0; i < AUDIT_SUMMED; i++)
        db_bind_integer(upsert, 7 + i, sum->values[i]);
    return db_run(upsert, reason);
}

enum status audit_sums_spill(struct audit *audit, struct reason *reason)
{
    for (size_t i = 0; i < audit->sum_places; i++) {
        if (audit->sums[i].account_id != 0)
            TRY(sum_write(audit, &audit->sums[i], reason));
        audit->sums[i].account_id = 0;
    }
    audit->sum_count = 0;
    return STATUS_OK;
}

enum status audit_sums_add(struct audit *audit, const struct journal_entry *entry,
                           struct reason *reason)
{
    if (audit->sum_count == AUDIT_SUMS_MAX)
        TRY(audit_sums_spill(audit, reason));
    struct audit_sum *sum = sum_of(
        audit, &(struct audit_sum){.account_id = entry->account_id,
                                   .key_id = entry->key_id,
                                   .endpoint = entry->endpoint,
                                   .hour = instant_hour(entry->at),
                                   .is_unfolded = audit->place.is_unfolded});
    sum->values[entry->outcome]++;
    sum->values[CALL_OUTCOMES] += entry->credits;
    sum->values[CALL_OUTCOMES + 1] += entry->overage;
    sum->values[CALL_OUTCOMES + 2] += entry->overage_micros;
    return STATUS_OK;
}
