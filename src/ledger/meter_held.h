/* meter_held: the meter's states as rows of a database that several nodes share.
 *
 * There a state counts only between being put here and being looked up again, by whoever holds the
 * account's row lock meanwhile: what stands in the meter before and after is what this node knew
 * last. Decisions are made by the one meter_charge, with the database's clock for both of its
 * clocks. */
#pragma once

#include "base/buffer.h"
#include "ledger/meter_changes.h"

/* What an account may do at one instant. */
struct meter_held {
    struct meter_account account;
    struct meter_balance balance; /* of its last period; period 0: it has none yet */
    instant stamp;                /* of the newest of its calls */
    int64_t writing;              /* by which calls were written last */
    bool has_calls;               /* false: the window is said to equal that writing */
    struct text calls;            /* as rate_window_write has them; borrowed */
};

/* now: not before the stamp. STATUS_CORRUPT: calls are no window. STATUS_BUSY: the window has changed since
 * it was asked for its writing; it has none now. */
enum status meter_held_put(struct meter *meter, const struct meter_held *held, instant now);

/* The writing whose calls the window has, and no others; 0: none. So calls travel only where another node
 * added some. A number is given once, also where the writing was not kept. */
int64_t meter_held_writing(struct meter *meter, int64_t account_id);

/* Calls that were added are being written: before the lock of the row is given back. */
void meter_held_wrote(struct meter *meter, int64_t account_id, int64_t writing);

/* All calls of the minute up to the newest, appended. */
void meter_held_calls(struct meter *meter, int64_t account_id, struct buffer *calls);

/* What the keys that share a daily cap were charged on a day. */
struct meter_key_day {
    int64_t account_id;
    int64_t cap_family;
    int32_t day;
    int64_t used;
};

/* Of a family that is followed. */
void meter_key_day_put(struct meter *meter, const struct meter_key_day *key);

/* False: the key has no cap. */
bool meter_key_day_find(struct meter *meter, int64_t account_id, int64_t key_id,
                        struct meter_key_day *key);
