/* session_table: every session of the console in memory, found by the digest of its cookie.
 *
 * Shared: one lock, held for one look or change. Sessions are few beside calls: people have them,
 * not programs. An entry takes some 100 bytes. */
#pragma once

#include "base/instant.h"
#include "base/secret.h"

struct session_table;

struct session_entry {
    struct digest digest;
    int64_t id;
    int64_t account_id;
    instant created_at;
    instant last_seen_at;
    bool by_link;
    bool is_unwritten; /* last_seen_at is newer than in the file */
    bool is_doubted;   /* its account was changed elsewhere: it may be over */
};

struct session_table *session_table_open(void);
void session_table_close(struct session_table *table);

/* A digest that is there already is a bug. */
void session_table_add(struct session_table *table, const struct session_entry *entry);

/* False when it is not there. Where it is, and was last seen SESSION_SEEN_US or more before now,
 * it is seen now. A session that is over is not marked, and its entry stays. */
bool session_table_see(struct session_table *table, const struct digest *digest, instant now,
                       struct session_entry *entry);

/* False when it is not there. */
bool session_table_remove(struct session_table *table, const struct digest *digest);

/* What others changed of an account's sessions: all are doubted, those that go on are put, which adds
 * one that is not there and leaves what was seen of one since; then the rest is removed. Who looks
 * meanwhile finds every one that goes on. */
void session_table_doubt_account(struct session_table *table, int64_t account_id);
void session_table_put(struct session_table *table, const struct session_entry *entry);
void session_table_remove_doubted(struct session_table *table);

/* Up to count entries whose last use is not in the file yet; they count as written from then on. */
size_t session_table_unwritten(struct session_table *table, struct session_entry *entries,
                               size_t count);
