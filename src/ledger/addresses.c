#include "base/network.h"
#include "ledger/addresses_parts.h"
#include "ledger/embedded.h"

struct address_part {
    int64_t account_id;
    int64_t day;
    instant first_seen, last_seen;
    int64_t succeeded, failed;
    char *user_agent; /* owned; NULL: none was told */
    char address[ADDRESS_TEXT_BYTES];
};

struct address_cohort {
    int64_t number;
    struct places parts;
    struct places days; /* how many of those an account has of a day */
};

struct address_day {
    int64_t account_id;
    int64_t day;
    size_t addresses;
};

void addresses_init(struct addresses *addresses)
{
    *addresses = (struct addresses){.waiting = 0};
    places_init(&addresses->cohorts, sizeof(struct address_cohort));
    check(pthread_mutex_init(&addresses->lock, NULL) == 0);
}

static struct address_cohort *cohort_at(const struct addresses *addresses, size_t i)
{
    return (struct address_cohort *)addresses->cohorts.entries + i;
}

static void cohort_empty(struct addresses *addresses, struct address_cohort *cohort)
{
    struct address_part *parts = cohort->parts.entries;
    for (size_t i = 0; i < cohort->parts.count; i++)
        free(parts[i].user_agent);
    addresses->waiting -= cohort->parts.count;
    places_finish(&cohort->parts);
    places_finish(&cohort->days);
}

void addresses_forget(struct addresses *addresses)
{
    for (size_t i = 0; i < addresses->cohorts.count; i++)
        cohort_empty(addresses, cohort_at(addresses, i));
}

void addresses_finish(struct addresses *addresses)
{
    addresses_forget(addresses);
    places_finish(&addresses->cohorts);
    check(pthread_mutex_destroy(&addresses->lock) == 0);
}

void addresses_lock(struct addresses *addresses)
{
    check(pthread_mutex_lock(&addresses->lock) == 0);
}

void addresses_unlock(struct addresses *addresses)
{
    check(pthread_mutex_unlock(&addresses->lock) == 0);
}

/* ---- Cohorts ---- */

static struct address_cohort *cohort_of(struct addresses *addresses, int64_t account_id)
{
    struct address_cohort cohort = {.number = account_cohort(account_id)};
    struct address_cohort *known = places_find_number(&addresses->cohorts, cohort.number);
    if (known)
        return known;
    places_init(&cohort.parts, sizeof(struct address_part));
    places_init(&cohort.days, sizeof(struct address_day));
    return places_add_number(&addresses->cohorts, &cohort);
}

void addresses_forget_cohort(struct addresses *addresses, int64_t cohort)
{
    struct address_cohort *known = places_find_number(&addresses->cohorts, cohort);
    if (known)
        cohort_empty(addresses, known);
}

/* ---- Gathering ---- */

struct part_key {
    int64_t account_id;
    int64_t day;
    char address[ADDRESS_TEXT_BYTES];
};

static uint32_t hash_of(const struct part_key *key)
{
    uint64_t sum = places_mix(places_mix(0, key->account_id), key->day);
    for (const char *byte = key->address; *byte; byte++)
        sum = (sum ^ (uint8_t)*byte) * UINT64_C(0x100000001B3);
    return places_hash(places_mix(sum, 0));
}

static bool is_part(const void *entry, const void *wanted)
{
    const struct address_part *part = entry;
    const struct part_key *key = wanted;
    return part->account_id == key->account_id && part->day == key->day &&
           strcmp(part->address, key->address) == 0;
}

static struct address_part *part_make(struct addresses *addresses,
                                      struct address_cohort *cohort, const struct part_key *key,
                                      uint32_t hash)
{
    addresses->waiting++;
    struct address_part part = {.account_id = key->account_id, .day = key->day};
    memcpy(part.address, key->address, sizeof(part.address));
    return places_add(&cohort->parts, hash, &part);
}

/* The bytes that are kept of it: whole characters, or none of what is no UTF-8. */
static struct text user_agent_kept(struct text user_agent)
{
    size_t length = user_agent.length < USER_AGENT_BYTES_MAX ? user_agent.length
                                                             : USER_AGENT_BYTES_MAX;
    while (length > 0 && length < user_agent.length &&
           ((uint8_t)user_agent.at[length] & 0xC0) == 0x80)
        length--;
    struct text kept = text_slice(user_agent, 0, length);
    return text_is_utf8(kept) ? kept : (struct text){0};
}

static void address_copy(struct text written, char address[ADDRESS_TEXT_BYTES])
{
    struct network network;
    struct text kept = network_read_address(written, &network) == STATUS_OK ? written
                                                                            : (struct text){0};
    ledger_copy_text(address, ADDRESS_TEXT_BYTES, kept);
}

/* Most calls come from an address that waits here already, as it is written: it is read once. */
static struct address_part *part_known(const struct address_cohort *cohort,
                                       const struct address_use *use)
{
    struct part_key key = {.account_id = use->account_id, .day = instant_day(use->at)};
    if (use->address.length >= sizeof(key.address))
        return NULL;
    ledger_copy_text(key.address, sizeof(key.address), use->address);
    return places_find(&cohort->parts, hash_of(&key), is_part, &key);
}

static bool is_day(const void *entry, const void *wanted_day)
{
    const struct address_day *day = entry, *wanted = wanted_day;
    return day->account_id == wanted->account_id && day->day == wanted->day;
}

/* Whether the day has one more by name. */
static bool day_takes(struct address_cohort *cohort, const struct part_key *key)
{
    const struct address_day wanted = {.account_id = key->account_id, .day = key->day};
    uint32_t hash = places_hash(places_mix(places_mix(0, key->account_id), key->day));
    struct address_day *day = places_find_or_add(&cohort->days, hash, is_day, &wanted);
    if (day->addresses == ADDRESSES_A_DAY_MAX)
        return false;
    day->addresses++;
    return true;
}

/* NULL: too many wait. */
static struct address_part *part_new(struct addresses *addresses, struct address_cohort *cohort,
                                     const struct address_use *use)
{
    struct part_key key = {.account_id = use->account_id, .day = instant_day(use->at)};
    address_copy(use->address, key.address);
    struct address_part *part = places_find(&cohort->parts, hash_of(&key), is_part, &key);
    if (part || addresses->waiting >= ADDRESSES_WAITING_MAX)
        return part;
    if (key.address[0] && day_takes(cohort, &key))
        return part_make(addresses, cohort, &key, hash_of(&key));
    key.address[0] = '\0';
    part = places_find(&cohort->parts, hash_of(&key), is_part, &key);
    return part ? part : part_make(addresses, cohort, &key, hash_of(&key));
}

static void user_agent_keep(struct address_part *part, struct text told)
{
    if (text_equals(told, text_of(part->user_agent ? part->user_agent : "")))
        return;
    struct text kept = user_agent_kept(told);
    if (kept.length == 0)
        return;
    part->user_agent = memory_grow(part->user_agent, kept.length + 1);
    ledger_copy_text(part->user_agent, kept.length + 1, kept);
}

void addresses_add(struct addresses *addresses, const struct address_use *use)
{
    struct address_cohort *cohort = cohort_of(addresses, use->account_id);
    struct address_part *part = part_known(cohort, use);
    if (!part)
        part = part_new(addresses, cohort, use);
    if (!part)
        return;
    bool is_first = part->succeeded + part->failed == 0;
    if (is_first || use->at.us < part->first_seen.us)
        part->first_seen = use->at;
    if (is_first || use->at.us > part->last_seen.us)
        part->last_seen = use->at;
    part->succeeded += use->has_succeeded;
    part->failed += !use->has_succeeded;
    user_agent_keep(part, use->user_agent);
}

/* ---- Writing ---- */

/* As a plain row, which waits for no answer: what the day has too many of counts under none. */
static enum status part_write(const struct address_part *part, struct db *db,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(
        db,
        "INSERT INTO recent_address (bucket, account_id, day, address, first_seen, last_seen,"
        " succeeded, failed, user_agent) VALUES ($1, $2, $3, CASE WHEN"
        " (SELECT count(*) FROM recent_address WHERE bucket = $1 AND account_id = $2"
        " AND day = $3 AND address <> '') >= $10 AND NOT EXISTS"
        " (SELECT 1 FROM recent_address WHERE bucket = $1 AND account_id = $2 AND day = $3"
        " AND address = $4) THEN '' ELSE $4 END, $5, $6, $7, $8, $9)"
        " ON CONFLICT (bucket, account_id, day, address) DO UPDATE SET"
        " first_seen = CASE WHEN excluded.first_seen < recent_address.first_seen"
        " THEN excluded.first_seen ELSE recent_address.first_seen END,"
        " last_seen = CASE WHEN excluded.last_seen > recent_address.last_seen"
        " THEN excluded.last_seen ELSE recent_address.last_seen END,"
        " succeeded = recent_address.succeeded + excluded.succeeded,"
        " failed = recent_address.failed + excluded.failed,"
        " user_agent = CASE WHEN excluded.user_agent <> '' THEN excluded.user_agent"
        " ELSE recent_address.user_agent END",
        &upsert, reason));
    db_bind_integer(upsert, 1, account_bucket(part->account_id));
    db_bind_integer(upsert, 2, part->account_id);
    db_bind_integer(upsert, 3, part->day);
    db_bind_text(upsert, 4, text_of(part->address));
    db_bind_integer(upsert, 5, part->first_seen.us);
    db_bind_integer(upsert, 6, part->last_seen.us);
    db_bind_integer(upsert, 7, part->succeeded);
    db_bind_integer(upsert, 8, part->failed);
    db_bind_text(upsert, 9,
                 text_of(part->address[0] && part->user_agent ? part->user_agent : ""));
    db_bind_integer(upsert, 10, ADDRESSES_A_DAY_MAX);
    return db_run_soon(upsert, reason);
}

/* As the table's key does: so that neighbours are written together, and each page once. */
static int part_order(const void *left, const void *right)
{
    const struct address_part *a = *(const struct address_part *const *)left;
    const struct address_part *b = *(const struct address_part *const *)right;
    int64_t bucket = account_bucket(a->account_id), other = account_bucket(b->account_id);
    if (bucket != other)
        return bucket < other ? -1 : 1;
    if (a->account_id != b->account_id)
        return a->account_id < b->account_id ? -1 : 1;
    return a->day != b->day ? (a->day > b->day) - (a->day < b->day)
                            : strcmp(a->address, b->address);
}

static void parts_order(const struct address_cohort *cohort,
                        const struct address_part **ordered)
{
    const struct address_part *parts = cohort->parts.entries;
    for (size_t i = 0; i < cohort->parts.count; i++)
        ordered[i] = &parts[i];
}

static enum status parts_write(const struct address_part **ordered, size_t count, struct db *db,
                               struct reason *reason)
{
    enum status status = STATUS_OK;
    qsort(ordered, count, sizeof(ordered[0]), part_order);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = part_write(ordered[i], db, reason);
    free(ordered);
    return status;
}

enum status addresses_write(const struct addresses *addresses, struct db *db,
                            struct reason *reason)
{
    const struct address_part **ordered = memory_take((addresses->waiting + 1) *
                                                      sizeof(ordered[0]));
    size_t count = 0;
    for (size_t i = 0; i < addresses->cohorts.count; i++) {
        parts_order(cohort_at(addresses, i), ordered + count);
        count += cohort_at(addresses, i)->parts.count;
    }
    return parts_write(ordered, count, db, reason);
}

enum status addresses_write_cohort(const struct addresses *addresses, int64_t cohort,
                                   struct db *db, size_t *rows, struct reason *reason)
{
    const struct address_cohort *known = places_find_number(&addresses->cohorts, cohort);
    if (!known || known->parts.count == 0)
        return STATUS_OK;
    const struct address_part **ordered = memory_take(known->parts.count * sizeof(ordered[0]));
    parts_order(known, ordered);
    *rows += known->parts.count;
    return parts_write(ordered, known->parts.count, db, reason);
}

#define OLD_ROWS_BESIDES 16 /* where no call makes room for itself */

enum status addresses_expire(struct db *db, instant now, size_t rows, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *remove = NULL;
    TRY(db_statement_take(
        db,
        "DELETE FROM recent_address WHERE (bucket, account_id, day, address) IN"
        " (SELECT bucket, account_id, day, address FROM recent_address"
        " WHERE day < $1 LIMIT $2)",
        &remove, reason));
    db_bind_integer(remove, 1, instant_day(now) - ADDRESS_DAYS_KEPT);
    db_bind_integer(remove, 2, (int64_t)(2 * rows + OLD_ROWS_BESIDES));
    return db_run(remove, reason);
}

/* ---- Reading ---- */

void addresses_list_waiting(const struct addresses *addresses,
                            const struct address_query *query, struct address_list *list)
{
    const struct address_cohort *cohort = places_find_number(&addresses->cohorts,
                                                             account_cohort(query->account_id));
    const struct address_part *parts = cohort ? cohort->parts.entries : NULL;
    for (size_t i = 0; cohort && i < cohort->parts.count; i++) {
        const struct address_part *part = &parts[i];
        if (part->account_id != query->account_id || part->day < query->day_from ||
            part->day >= query->day_before)
            continue;
        struct recent_address use = {.first_seen = part->first_seen,
                                     .last_seen = part->last_seen,
                                     .succeeded = part->succeeded,
                                     .failed = part->failed};
        memcpy(use.address, part->address, sizeof(use.address));
        ledger_copy_text(use.user_agent, sizeof(use.user_agent),
                         text_of(part->user_agent ? part->user_agent : ""));
        address_list_add(list, &use);
    }
}
