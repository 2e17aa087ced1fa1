/* account_look: one look at an account for an endpoint of the account API.
 *
 * What is on the disk is read on a pool thread, which also writes most of the answer; what the
 * meter knows is added on the loop again. Lives in the call's arena. The account is the one that
 * authenticate left in the call, and no other. */
#pragma once

#include "base/pool.h"
#include "call/call.h"
#include "ledger/reader.h"

#define ACCOUNT_ANSWER_BYTES_MAX (4 * 1024 * 1024) /* of the longest range: some 10,000 items */

struct account_look {
    struct call *call;
    struct account_identity identity; /* set before read is called */
    instant now;                      /* as the account sees it; likewise */
    struct billing_period period;     /* that now is in; likewise */
    int64_t total_cents; /* what the period comes to so far: by billing_total_read */
    struct buffer body;
    struct json_writer writer; /* on body, inside of data */

    void (*refuse_missing)(struct call *call); /* where read may say STATUS_MISSING */
    bool is_whole;       /* set by read: the body is the answer, without its envelope */
    struct text headers; /* set by read: further lines; lives as long as the look */

    struct pool_job job; /* the rest is its own */
    struct http_task task;
    enum status (*read)(struct account_look *look, struct reason *reason);
    void (*complete)(struct account_look *look);
    enum status status;
};

/* read: on a pool thread; writes members of data. STATUS_TOO_LARGE: more than an answer holds, so
 * the call is refused as invalid with reason's sentence. complete: on the loop, after it; NULL for
 * nothing to add. Ends the call. look: in the call's arena, for as long as it runs. */
void account_look_start(struct account_look *look, struct call *call,
                        enum status (*read)(struct account_look *look, struct reason *reason),
                        void (*complete)(struct account_look *look));

/* Room for a look with more beside it, in the call's arena, zeroed. */
void *account_look_take(struct call *call, size_t bytes);

/* The sum of the lines of the open period's statement; on a pool thread. */
enum status billing_total_read(struct account_look *look, struct reason *reason);

/* The members of GET /billing/me, after billing_total_read; on the loop. Who the account is came
 * from the disk; where it stands comes from the meter, so that the next call finds the same
 * numbers. */
void billing_state_write(struct account_look *look);

/* "tiktok/popular-trend/hashtag" for the endpoint of that number. */
struct text account_endpoint_name(const struct call *call, uint8_t number);

/* The other way round, for parameters: the place in the endpoint table. */
enum status account_endpoint_find(struct text written, unsigned *index);
