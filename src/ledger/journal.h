/* journal: every call that took a slot, packed into rows of one batch each.
 *
 * A row is appended and never changed. Its body begins with a version byte; then, for each call,
 * numbers as base/varint.h has them, signed ones zigzag, and texts
 * as their length and bytes, in the order of struct journal_entry.
 * Ids of one turn begin alike, so a charge id stands as the number of its first bytes that the charge id before it in
 * the body has too, and the bytes that follow. A request id of 32 digits 0-9 a-f, as those that nobody sent are, is taken for the 16
 * bytes that it is, and stands likewise, after the last one of its kind, behind 129 and that number: no text has such a length. Before the
 * first ones stand zeros. (Version 3 has charge ids whole, and 129 alone; version 1 request ids as texts alone.)
 * Pure but for the buffer; any thread. A body that does not unpack is STATUS_CORRUPT. */
#pragma once

#include "base/buffer.h"
#include "base/instant.h"
#include "base/reason.h"
#include "base/secret.h"

#define CHARGE_ID_BYTES 16
#define REQUEST_ID_BYTES 16 /* of 32 digits */
#define IDEMPOTENCY_KEY_MAX 64
#define JOURNAL_TEXT_MAX 128 /* of a request id */

/* How a call that took a slot ended. The numbers are in journals: never change one. */
enum call_outcome {
    CALL_CHARGED = 0,
    CALL_UNCHANGED = 1, /* 304 */
    CALL_HEAD = 2,
    CALL_EMPTY_PAGE = 3,
    CALL_REPLAYED = 4,      /* an idempotent retry */
    CALL_FREE = 5,          /* an endpoint without a price */
    CALL_INVALID = 6,       /* 400 */
    CALL_CONFLICT = 7,      /* 422 */
    CALL_KEY_DAILY = 8,     /* 402, by the key's own cap */
    CALL_DAILY = 9,         /* 402, by the account's daily cap */
    CALL_INSUFFICIENT = 10, /* 402, without overage */
    CALL_SPEND_LIMIT = 11,  /* 402, with overage */
    CALL_UNAVAILABLE = 12,  /* 503 */
    CALL_OUTCOMES,
};

/* Whether a call was answered as asked. */
static inline bool call_has_succeeded(enum call_outcome outcome)
{
    return outcome < CALL_INVALID;
}

struct journal_entry {
    int64_t account_id;
    int64_t key_id;
    int64_t plan_version;
    uint8_t endpoint; /* number of its row in the endpoint table */
    enum call_outcome outcome;
    instant at; /* wall time of its admission */
    int64_t credits;
    int64_t overage;        /* the part of credits past the included ones */
    int64_t overage_micros; /* what that part costs, at the price of its plan version */
    /* The rest is kept for CALL_CHARGED alone. */
    uint8_t charge_id[CHARGE_ID_BYTES];
    struct text request_id;
    struct text idempotency_key; /* empty: none */
    uint64_t arguments_hash;     /* with an idempotency key */
    int64_t snapshot_id;         /* likewise */
};

/* What the next charge's ids are told from. */
struct journal_ids {
    uint8_t charge[CHARGE_ID_BYTES];
    uint8_t request[REQUEST_ID_BYTES];
};

struct journal_writer {
    struct buffer *body;
    instant at;
    struct journal_ids before;
};

/* Begins a body in place of what the buffer has. at: the row's wall time, which entries are told from. The buffer is borrowed. */
void journal_body_open(struct journal_writer *writer, struct buffer *body, instant at);
void journal_body_add(struct journal_writer *writer, const struct journal_entry *entry);

struct journal_reader {
    struct text rest;
    instant at;
    struct journal_ids before;
    uint64_t same_max; /* bytes that ids may share; 0: they are never told so */
    char request_id[2 * REQUEST_ID_BYTES]; /* where the last entry's may stand */
};

/* ---- Adjustments: a row of their own each, whose body begins with another version byte ---- */

enum adjustment_kind {
    ADJUSTMENT_GRANT = 0,
    ADJUSTMENT_REFUND = 1, /* of one charge */
};

#define ADJUSTMENT_REASON_MAX 200

/* What the operator gave an account beside its calls. Balances have it from the moment it is
 * written, in the same transaction, so that it is never folded. */
struct adjustment {
    enum adjustment_kind kind;
    int64_t account_id;
    instant at;
    int32_t period;     /* that it counts in: year * 12 + month - 1 of its start */
    int64_t credits;    /* added to the period's allowance */
    struct text reason; /* at most ADJUSTMENT_REASON_MAX bytes */
    /* The rest is of a refund alone. */
    uint8_t charge_id[CHARGE_ID_BYTES];
    int32_t charge_period;  /* that the charge belongs to */
    int64_t overage;        /* credits of overage whose price is given back */
    int64_t overage_micros; /* that price */
};

void journal_adjustment_write(struct buffer *body, instant at,
                              const struct adjustment *adjustment);

/* *is_one: false for a body of calls. Texts are borrowed from the body. */
enum status journal_adjustment_read(struct text body, instant at, struct adjustment *adjustment,
                                    bool *is_one);

/* ---- Reading calls ---- */

/* A body with an adjustment has no calls. */
enum status journal_body_read(struct text body, instant at, struct journal_reader *reader);

/* *more is false after the last entry. Texts are borrowed: from the body, or from the reader until its next entry. */
enum status journal_body_next(struct journal_reader *reader, struct journal_entry *entry,
                              bool *more);
