#include "ledger/audit_parts.h"
#include "model/account.h"

struct audit_sum {
    int64_t account_id;
    int64_t key_id;
    int64_t hour;
    int64_t values[AUDIT_SUMMED];
    uint8_t endpoint;
    bool is_unfolded;
};

enum status audit_sums_open(struct audit *audit, struct reason *reason)
{
    places_init(&audit->sums, sizeof(struct audit_sum));
    return db_execute(audit->scratch,
                      "CREATE TABLE readded (bucket, account_id, key_id, endpoint, hour,"
                      " is_unfolded, charged, unchanged, head, empty_page, replayed, free,"
                      " invalid, conflict, key_daily, daily, insufficient, spend_limit,"
                      " unavailable, credits, overage, overage_micros,"
                      " PRIMARY KEY (bucket, account_id, key_id, endpoint, hour, is_unfolded))"
                      " WITHOUT ROWID",
                      reason);
}

static bool is_sum(const void *entry, const void *wanted_sum)
{
    const struct audit_sum *sum = entry, *wanted = wanted_sum;
    return sum->account_id == wanted->account_id && sum->key_id == wanted->key_id &&
           sum->hour == wanted->hour && sum->endpoint == wanted->endpoint &&
           sum->is_unfolded == wanted->is_unfolded;
}

static uint32_t hash_of(const struct audit_sum *sum)
{
    uint64_t mixed = places_mix(places_mix(0, sum->account_id), sum->key_id);
    mixed = places_mix(places_mix(mixed, sum->hour), sum->endpoint * 2 + sum->is_unfolded);
    return places_hash(mixed);
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
    const struct audit_sum *sums = audit->sums.entries;
    for (size_t i = 0; i < audit->sums.count; i++)
        TRY(sum_write(audit, &sums[i], reason));
    places_clear(&audit->sums, AUDIT_SUMS_MAX);
    return STATUS_OK;
}

enum status audit_sums_add(struct audit *audit, const struct journal_entry *entry,
                           struct reason *reason)
{
    if (audit->sums.count == AUDIT_SUMS_MAX)
        TRY(audit_sums_spill(audit, reason));
    const struct audit_sum wanted = {.account_id = entry->account_id,
                                     .key_id = entry->key_id,
                                     .endpoint = entry->endpoint,
                                     .hour = instant_hour(entry->at),
                                     .is_unfolded = audit->place.is_unfolded};
    struct audit_sum *sum = places_find_or_add(&audit->sums, hash_of(&wanted), is_sum, &wanted);
    sum->values[entry->outcome]++;
    sum->values[CALL_OUTCOMES] += entry->credits;
    sum->values[CALL_OUTCOMES + 1] += entry->overage;
    sum->values[CALL_OUTCOMES + 2] += entry->overage_micros;
    return STATUS_OK;
}
