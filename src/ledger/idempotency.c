#include "ledger/idempotency.h"

#include <pthread.h>

struct record {
    struct record *next_in_bucket;
    struct record *newer; /* of the decided ones, in the order of their ends */
    int64_t account_id;
    uint64_t arguments_hash;
    int64_t snapshot_id;
    duration ends;
    struct idempotent_call *waiters; /* while undecided */
    uint8_t charge_id[CHARGE_ID_BYTES];
    uint8_t endpoint;
    uint8_t key_length;
    bool is_decided;
    char key[IDEMPOTENCY_KEY_MAX];
};

struct idempotency {
    pthread_mutex_t lock;
    struct record **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    struct record *oldest, *newest; /* decided */
};

#define BUCKETS_FIRST 256

struct idempotency *idempotency_open(void)
{
    struct idempotency *table = memory_take_zeroed(1, sizeof(*table));
    table->bucket_count = BUCKETS_FIRST;
    table->buckets = memory_take_zeroed(BUCKETS_FIRST, sizeof(table->buckets[0]));
    check(pthread_mutex_init(&table->lock, NULL) == 0);
    return table;
}

void idempotency_close(struct idempotency *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->bucket_count; i++) {
        struct record *record = table->buckets[i];
        while (record) {
            struct record *next = record->next_in_bucket;
            free(record);
            record = next;
        }
    }
    free(table->buckets);
    check(pthread_mutex_destroy(&table->lock) == 0);
    free(table);
}

static uint64_t hash_of(int64_t account_id, struct text key)
{
    uint64_t hash = (uint64_t)account_id * UINT64_C(0x9E3779B97F4A7C15);
    for (size_t i = 0; i < key.length; i++)
        hash = (hash ^ (uint8_t)key.at[i]) * UINT64_C(0x100000001B3);
    return hash ^ hash >> 31;
}

static struct text key_of(const struct record *record)
{
    return (struct text){record->key, record->key_length};
}

static struct record **link_of(struct idempotency *table, int64_t account_id, struct text key)
{
    struct record **link =
        &table->buckets[hash_of(account_id, key) & (table->bucket_count - 1)];
    while (*link && !((*link)->account_id == account_id && text_equals(key_of(*link), key)))
        link = &(*link)->next_in_bucket;
    return link;
}

static void grow(struct idempotency *table)
{
    struct record **old = table->buckets;
    size_t old_count = table->bucket_count;
    table->bucket_count *= 2;
    table->buckets = memory_take_zeroed(table->bucket_count, sizeof(table->buckets[0]));
    for (size_t i = 0; i < old_count; i++) {
        struct record *record = old[i];
        while (record) {
            struct record *next = record->next_in_bucket;
            struct record **link = link_of(table, record->account_id, key_of(record));
            record->next_in_bucket = *link;
            *link = record;
            record = next;
        }
    }
    free(old);
}

static struct record *record_make(struct idempotency *table, int64_t account_id,
                                  struct text key)
{
    check(key.length >= 1 && key.length <= IDEMPOTENCY_KEY_MAX);
    if (table->count >= table->bucket_count)
        grow(table);
    struct record *record = memory_take_zeroed(1, sizeof(*record));
    record->account_id = account_id;
    record->key_length = (uint8_t)key.length;
    memcpy(record->key, key.at, key.length);
    *link_of(table, account_id, key) = record;
    table->count++;
    return record;
}

static void record_drop(struct idempotency *table, struct record *record)
{
    struct record **link = link_of(table, record->account_id, key_of(record));
    *link = record->next_in_bucket;
    table->count--;
    free(record);
}

static void decide(struct idempotency *table, struct record *record, duration ends)
{
    record->is_decided = true;
    record->ends = ends;
    *(table->newest ? &table->newest->newer : &table->oldest) = record;
    table->newest = record;
}

static void forget_ended(struct idempotency *table, duration now)
{
    while (table->oldest && table->oldest->ends.us <= now.us) {
        struct record *ended = table->oldest;
        table->oldest = ended->newer;
        if (!table->oldest)
            table->newest = NULL;
        record_drop(table, ended);
    }
}

static enum idempotency_verdict enter(struct idempotency *table, struct idempotent_call *call,
                                      duration now)
{
    forget_ended(table, now);
    struct record *record = *link_of(table, call->account_id, call->key);
    if (!record) {
        record = record_make(table, call->account_id, call->key);
        record->endpoint = call->endpoint;
        record->arguments_hash = call->arguments_hash;
        return IDEMPOTENCY_FIRST;
    }
    if (record->endpoint != call->endpoint || record->arguments_hash != call->arguments_hash)
        return IDEMPOTENCY_CONFLICT;
    if (!record->is_decided) {
        call->next = record->waiters;
        record->waiters = call;
        return IDEMPOTENCY_WAITS;
    }
    call->snapshot_id = record->snapshot_id;
    memcpy(call->charge_id, record->charge_id, CHARGE_ID_BYTES);
    return IDEMPOTENCY_REPLAY;
}

enum idempotency_verdict idempotency_enter(struct idempotency *table,
                                           struct idempotent_call *call, duration now)
{
    check(pthread_mutex_lock(&table->lock) == 0);
    enum idempotency_verdict verdict = enter(table, call, now);
    check(pthread_mutex_unlock(&table->lock) == 0);
    return verdict;
}

/* Returns who waited, to be woken without the lock. */
static struct idempotent_call *leave(struct idempotency *table,
                                     const struct idempotent_call *call, bool charged,
                                     duration now)
{
    struct record *record = *link_of(table, call->account_id, call->key);
    check(record && !record->is_decided);
    struct idempotent_call *waiters = record->waiters;
    record->waiters = NULL;
    if (!charged) {
        record_drop(table, record);
        return waiters;
    }
    record->snapshot_id = call->snapshot_id;
    memcpy(record->charge_id, call->charge_id, CHARGE_ID_BYTES);
    decide(table, record, (duration){now.us + IDEMPOTENCY_LIFE_US});
    return waiters;
}

void idempotency_leave(struct idempotency *table, const struct idempotent_call *call,
                       bool charged, duration now)
{
    check(pthread_mutex_lock(&table->lock) == 0);
    struct idempotent_call *waiter = leave(table, call, charged, now);
    check(pthread_mutex_unlock(&table->lock) == 0);
    while (waiter) {
        struct idempotent_call *next = waiter->next;
        waiter->wake(waiter);
        waiter = next;
    }
}

/* Two charges with one key are far enough apart for the first to have ended: the newer counts. */
void idempotency_restore(struct idempotency *table, const struct journal_entry *entry,
                         duration age, duration now)
{
    if (entry->idempotency_key.length == 0 || age.us >= IDEMPOTENCY_LIFE_US)
        return;
    check(pthread_mutex_lock(&table->lock) == 0);
    struct record *record = *link_of(table, entry->account_id, entry->idempotency_key);
    if (!record) {
        record = record_make(table, entry->account_id, entry->idempotency_key);
        decide(table, record, (duration){now.us - age.us + IDEMPOTENCY_LIFE_US});
    }
    record->endpoint = entry->endpoint;
    record->arguments_hash = entry->arguments_hash;
    record->snapshot_id = entry->snapshot_id;
    memcpy(record->charge_id, entry->charge_id, CHARGE_ID_BYTES);
    check(pthread_mutex_unlock(&table->lock) == 0);
}
