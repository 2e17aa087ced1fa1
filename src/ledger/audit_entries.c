#include "base/places.h"
#include "ledger/audit_parts.h"
#include "model/account.h"

/* The activity range that held an account's last charge. */
struct audit_range {
    int64_t account_id; /* 0: free place */
    int64_t first, last;
    bool is_told; /* that a charge is outside of all */
};

/* ---- Charge ids ---- */

static bool is_zero(const uint8_t id[CHARGE_ID_BYTES])
{
    static const uint8_t zero[CHARGE_ID_BYTES];
    return memcmp(id, zero, CHARGE_ID_BYTES) == 0;
}

/* Those of one row begin alike, and their numbers are neighbours: see charge_id_make. */
static uint8_t *charge_id_place(const struct audit *audit, const uint8_t id[CHARGE_ID_BYTES])
{
    uint64_t drawn;
    memcpy(&drawn, id, sizeof(drawn));
    int64_t number = id[CHARGE_ID_BYTES - 2] << 8 | id[CHARGE_ID_BYTES - 1];
    size_t place = places_mix(drawn, number) & (audit->charge_id_capacity - 1);
    while (!is_zero(audit->charge_ids[place]) &&
           memcmp(audit->charge_ids[place], id, CHARGE_ID_BYTES) != 0)
        place = (place + 1) & (audit->charge_id_capacity - 1);
    return audit->charge_ids[place];
}

#define CHARGE_IDS_FIRST 4096

static void charge_ids_grow(struct audit *audit)
{
    uint8_t(*old)[CHARGE_ID_BYTES] = audit->charge_ids;
    size_t old_capacity = audit->charge_id_capacity;
    audit->charge_id_capacity = old_capacity ? 2 * old_capacity : CHARGE_IDS_FIRST;
    audit->charge_ids = memory_take_zeroed(audit->charge_id_capacity, CHARGE_ID_BYTES);
    for (size_t i = 0; i < old_capacity; i++)
        if (!is_zero(old[i]))
            memcpy(charge_id_place(audit, old[i]), old[i], CHARGE_ID_BYTES);
    free(old);
}

static enum status charge_id_check(struct audit *audit, const struct journal_entry *entry,
                                   struct reason *reason)
{
    if (4 * (audit->charge_id_count + 1) > 3 * audit->charge_id_capacity)
        charge_ids_grow(audit);
    uint8_t *place = charge_id_place(audit, entry->charge_id);
    char written[2 * CHARGE_ID_BYTES + 1] = "";
    secret_hex(entry->charge_id, CHARGE_ID_BYTES, written);
    if (is_zero(entry->charge_id) || !is_zero(place))
        return audit_differs(audit, entry->account_id, NULL, reason,
                             "journal row %lld: the charge id %.32s is %s",
                             (long long)audit->place.id, written,
                             is_zero(place) ? "none" : "used a second time");
    memcpy(place, entry->charge_id, CHARGE_ID_BYTES);
    audit->charge_id_count++;
    return STATUS_OK;
}

/* ---- Activity ---- */

static struct audit_range *range_place(const struct audit *audit, int64_t account_id)
{
    size_t place = (uint64_t)account_id * UINT64_C(0x9E3779B97F4A7C15) >> 20 &
                   (audit->range_capacity - 1);
    while (audit->ranges[place].account_id != 0 &&
           audit->ranges[place].account_id != account_id)
        place = (place + 1) & (audit->range_capacity - 1);
    return &audit->ranges[place];
}

#define RANGES_FIRST 1024

static void ranges_grow(struct audit *audit)
{
    struct audit_range *old = audit->ranges;
    size_t old_capacity = audit->range_capacity;
    audit->range_capacity = old_capacity ? 2 * old_capacity : RANGES_FIRST;
    audit->ranges = memory_take_zeroed(audit->range_capacity, sizeof(old[0]));
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].account_id != 0)
            *range_place(audit, old[i].account_id) = old[i];
    free(old);
}

/* Ranges overlap when several keys were charged between two folds, so the nearest one behind may
 * have ended already while an earlier one still goes on. */
static enum status range_find(struct audit *audit, struct audit_range *range,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT first_id, last_id FROM activity WHERE bucket = $1"
                          " AND account_id = $2 AND first_id <= $3 ORDER BY first_id DESC",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(range->account_id));
    db_bind_integer(select, 2, range->account_id);
    db_bind_integer(select, 3, audit->place.id);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (row && db_column_integer(select, 1) < audit->place.id)
            continue;
        if (row) {
            range->first = db_column_integer(select, 0);
            range->last = db_column_integer(select, 1);
            return STATUS_OK;
        }
        range->is_told = true;
        return audit_differs(audit, range->account_id, NULL, reason,
                             "activity: no range holds journal row %lld, where it was charged",
                             (long long)audit->place.id);
    }
}

static enum status activity_check(struct audit *audit, int64_t account_id,
                                  struct reason *reason)
{
    if (2 * (audit->range_count + 1) > audit->range_capacity)
        ranges_grow(audit);
    struct audit_range *range = range_place(audit, account_id);
    if (range->account_id == 0) {
        *range = (struct audit_range){.account_id = account_id};
        audit->range_count++;
    }
    bool is_held = range->first <= audit->place.id && audit->place.id <= range->last;
    return is_held || range->is_told ? STATUS_OK : range_find(audit, range, reason);
}

/* ---- One entry ---- */

#define DAYS_TO_10000 INT64_C(2932897) /* the year, from 1970 */

static bool is_in_calendar(instant at)
{
    return at.us >= 0 && instant_day(at) < DAYS_TO_10000;
}

/* What cannot be right of it, whatever else is in the journal; NULL: nothing. */
static const char *fault_of(const struct audit *audit, const struct journal_entry *entry)
{
    bool is_charged = entry->outcome == CALL_CHARGED;
    if (entry->account_id <= 0 || entry->key_id <= 0 || entry->endpoint == 0)
        return "a call without account, key or endpoint";
    if (!is_in_calendar(entry->at))
        return "a call outside of the calendar";
    if (!audit_plans_has(audit, entry->plan_version))
        return "a call under a plan version that is not there";
    if (is_charged != (entry->credits > 0))
        return is_charged ? "a charge of nothing" : "credits for a call that was not charged";
    if (!is_charged && entry->overage_micros > 0) /* overage itself is within credits */
        return "overage for a call that was not charged";
    return NULL;
}

enum status audit_entry(struct audit *audit, const struct journal_entry *entry,
                        bool *can_be_added, struct reason *reason)
{
    const char *fault = fault_of(audit, entry);
    *can_be_added = entry->account_id > 0 && is_in_calendar(entry->at);
    if (fault)
        TRY(audit_differs(audit, entry->account_id, NULL, reason, "journal row %lld: %s",
                          (long long)audit->place.id, fault));
    if (entry->outcome != CALL_CHARGED || !*can_be_added)
        return STATUS_OK;
    TRY(charge_id_check(audit, entry, reason));
    if (entry->credits > 0)
        TRY(audit_plans_entry(audit, entry, reason));
    TRY(audit_overage_entry(audit, entry, reason));
    TRY(audit_billed_entry(audit, entry, reason));
    return audit->place.is_unfolded ? STATUS_OK
                                    : activity_check(audit, entry->account_id, reason);
}

void audit_entries_close(struct audit *audit)
{
    free(audit->charge_ids);
    free(audit->ranges);
}
