#include "ledger/session_table.h"

#include "model/session.h"

#include <pthread.h>

#define CHAINS 4096 /* by the digest's first twelve bits */

struct link {
    struct session_entry entry;
    struct link *next;
};

struct session_table {
    pthread_mutex_t lock;
    struct link *chains[CHAINS];
};

struct session_table *session_table_open(void)
{
    struct session_table *table = memory_take_zeroed(1, sizeof(*table));
    check(pthread_mutex_init(&table->lock, NULL) == 0);
    return table;
}

void session_table_close(struct session_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < CHAINS; i++)
        while (table->chains[i]) {
            struct link *first = table->chains[i];
            table->chains[i] = first->next;
            free(first);
        }
    check(pthread_mutex_destroy(&table->lock) == 0);
    free(table);
}

static void table_lock(struct session_table *table)
{
    check(pthread_mutex_lock(&table->lock) == 0);
}

static void table_unlock(struct session_table *table)
{
    check(pthread_mutex_unlock(&table->lock) == 0);
}

/* The pointer that leads to the link of that digest, or to NULL at its chain's end. */
static struct link **place_find(struct session_table *table, const struct digest *digest)
{
    unsigned chain = (unsigned)digest->bytes[0] << 4 | digest->bytes[1] >> 4;
    struct link **place = &table->chains[chain];
    while (*place &&
           memcmp((*place)->entry.digest.bytes, digest->bytes, sizeof(digest->bytes)) != 0)
        place = &(*place)->next;
    return place;
}

void session_table_add(struct session_table *table, const struct session_entry *entry)
{
    struct link *added = memory_take(sizeof(*added));
    *added = (struct link){.entry = *entry};
    table_lock(table);
    struct link **place = place_find(table, &entry->digest);
    check(*place == NULL);
    *place = added;
    table_unlock(table);
}

bool session_table_see(struct session_table *table, const struct digest *digest, instant now,
                       struct session_entry *entry)
{
    table_lock(table);
    struct link *found = *place_find(table, digest);
    if (found) {
        struct session_entry *seen = &found->entry;
        if (now.us - seen->last_seen_at.us >= SESSION_SEEN_US &&
            session_is_live(seen->created_at, seen->last_seen_at, now)) {
            seen->last_seen_at = now;
            seen->is_unwritten = true;
        }
        *entry = *seen;
    }
    table_unlock(table);
    return found != NULL;
}

bool session_table_remove(struct session_table *table, const struct digest *digest)
{
    table_lock(table);
    struct link **place = place_find(table, digest);
    struct link *removed = *place;
    if (removed)
        *place = removed->next;
    table_unlock(table);
    free(removed);
    return removed != NULL;
}

void session_table_doubt_account(struct session_table *table, int64_t account_id)
{
    table_lock(table);
    for (size_t i = 0; i < CHAINS; i++)
        for (struct link *link = table->chains[i]; link; link = link->next)
            link->entry.is_doubted |= link->entry.account_id == account_id;
    table_unlock(table);
}

void session_table_put(struct session_table *table, const struct session_entry *entry)
{
    table_lock(table);
    struct link **place = place_find(table, &entry->digest);
    if (!*place) {
        *place = memory_take(sizeof(**place));
        **place = (struct link){.entry = *entry};
    } else {
        struct session_entry *there = &(*place)->entry;
        there->is_doubted = false;
        if (entry->last_seen_at.us > there->last_seen_at.us)
            there->last_seen_at = entry->last_seen_at;
    }
    table_unlock(table);
}

static void doubted_remove(struct link **place)
{
    while (*place) {
        struct link *link = *place;
        if (link->entry.is_doubted) {
            *place = link->next;
            free(link);
        } else {
            place = &link->next;
        }
    }
}

void session_table_remove_doubted(struct session_table *table)
{
    table_lock(table);
    for (size_t i = 0; i < CHAINS; i++)
        doubted_remove(&table->chains[i]);
    table_unlock(table);
}

size_t session_table_unwritten(struct session_table *table, struct session_entry *entries,
                               size_t count)
{
    size_t found = 0;
    table_lock(table);
    for (size_t i = 0; i < CHAINS; i++)
        for (struct link *link = table->chains[i]; link && found < count; link = link->next)
            if (link->entry.is_unwritten) {
                link->entry.is_unwritten = false;
                entries[found++] = link->entry;
            }
    table_unlock(table);
    return found;
}
