/* directory: every API key in memory, found by its digest.
 *
 * Shared: 1,024 shards by the digest's first ten bits, each an open-addressing table under a
 * lock of its own. A new key moves the entries of one shard at most; a look-up takes one shard's
 * lock for reading, so loop threads meet only on the same shard. Entries are never removed. An
 * entry takes 56 bytes, and a table is filled to between 64 and 80 of a hundred: 70 to 88 bytes
 * a key. */
#pragma once

#include "base/instant.h"
#include "base/secret.h"
#include "model/account.h"

struct directory;

struct directory_entry {
    int64_t key_id;
    int64_t account_id;
    instant stops_at; /* its grace or its life is over then; 0: never by itself */
    bool is_revoked;
    enum account_refusal refusal; /* of its account's calls */
    bool is_rotated;              /* another took its place */
};

struct directory *directory_open(void);
void directory_close(struct directory *directory);

/* A digest that is there already is a bug. */
void directory_add(struct directory *directory, const struct digest *digest,
                   const struct directory_entry *entry);

/* A digest that is not there is a bug. In force for every look-up that begins afterwards. */
void directory_revoke(struct directory *directory, const struct digest *digest);
/* Of a rotated one. */
void directory_stop(struct directory *directory, const struct digest *digest, instant stops_at);
void directory_refuse(struct directory *directory, const struct digest *digest,
                      enum account_refusal refusal);

/* False when it is not there. */
bool directory_find(struct directory *directory, const struct digest *digest,
                    struct directory_entry *entry);

/* Memory in use, for the operator and the budget. */
size_t directory_bytes(struct directory *directory);
