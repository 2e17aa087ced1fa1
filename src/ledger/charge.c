#include "ledger/charge.h"

#include "ledger/terms.h"

#include <endian.h>

enum call_outcome charge_refused_outcome(enum quota_verdict verdict)
{
    switch (verdict) {
    case QUOTA_KEY_DAILY: return CALL_KEY_DAILY;
    case QUOTA_DAILY: return CALL_DAILY;
    case QUOTA_INSUFFICIENT: return CALL_INSUFFICIENT;
    case QUOTA_SPEND_LIMIT: return CALL_SPEND_LIMIT;
    case QUOTA_GRANTED: break;
    }
    check_failed(__FILE__, __LINE__, "a refused call has a reason");
}

static enum call_outcome outcome_of(const struct charge *charge)
{
    const struct charge_standing *standing = &charge->standing;
    if (standing->verdict == CHARGE_RATE_LIMITED)
        return CALL_OUTCOMES;
    if (standing->verdict == CHARGE_REFUSED)
        return charge_refused_outcome(standing->quota_verdict);
    if (standing->charged.count > 0)
        return CALL_CHARGED;
    return charge->outcome == CALL_CHARGED ? CALL_FREE : charge->outcome;
}

void charge_id_make(struct charge_ids *ids, uint8_t id[CHARGE_ID_BYTES])
{
    uint16_t number = htobe16((uint16_t)ids->count++);
    if (number == 0)
        secret_draw(ids->drawn, sizeof(ids->drawn));
    memcpy(id, ids->drawn, sizeof(ids->drawn));
    memcpy(id + sizeof(ids->drawn), &number, sizeof(number));
}

bool charge_entry(const struct charge *charge, struct journal_entry *entry)
{
    const struct charge_standing *standing = &charge->standing;
    if (charge->decided != STATUS_OK && charge->decided != STATUS_EXHAUSTED)
        return false;
    *entry = (struct journal_entry){.account_id = charge->account_id,
                                    .key_id = charge->key_id,
                                    .plan_version = standing->terms->version,
                                    .endpoint = charge->endpoint,
                                    .outcome = outcome_of(charge),
                                    .at = standing->now};
    if (entry->outcome != CALL_CHARGED)
        return true;
    entry->credits = standing->charged.count;
    entry->overage = standing->overage.count;
    entry->overage_micros = standing->overage_cost.count;
    entry->request_id = charge->request_id;
    entry->idempotency_key = charge->idempotency_key;
    entry->arguments_hash = charge->arguments_hash;
    entry->snapshot_id = charge->snapshot_id;
    memcpy(entry->charge_id, charge->charge_id, CHARGE_ID_BYTES);
    return true;
}
