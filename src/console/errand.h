/* errand: what a request of the console asks of the ledger: done on a thread of the console, and
 * answered on the call's loop.
 *
 * work runs on the pool's thread and writes the members of data, or says how it is refused; the
 * loop then puts the envelope around it. Lives in the call's arena, belongs to the pool's thread
 * while work runs and to the loop's otherwise. */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"
#include "console/console.h"

struct errand;
typedef void errand_step(struct errand *errand);

struct errand {
    struct pool_job job;
    struct http_task task;
    struct call *call;
    errand_step *work;
    errand_step *answer; /* on the loop */

    json_t *body;                  /* of a request that has one; an object */
    struct buffer out;             /* members of data; may hold secrets */
    struct json_writer data;       /* on out */
    struct buffer headers;         /* further lines of the answer */
    struct buffer faults;          /* members of errors[] */
    struct buffer sentence;        /* what msg says of them */
    struct json_writer fault;      /* on faults */
    const struct failure *failure; /* NULL: none */
    struct reason reason;          /* instead of the failure's own sentence, unless empty */
    int64_t retry_after_s;         /* of a 429 */
};

/* Ends the call in an answer: by work on the desk, or, where it takes a password, on a hasher. A
 * POST has a body of JSON, an object of members that are named (ended by NULL); anything else is
 * refused here. members: NULL where there is no body, or none that is looked at. */
void errand_run(struct call *call, errand_step *work, const char *const *members);
void errand_run_hashing(struct call *call, errand_step *work, const char *const *members);

/* The parts of these two, for who keeps more beside an errand: errand_open reads the body, and may
 * have refused it; errand_answer ends the call. */
void errand_open(struct errand *errand, struct call *call, const char *const *members);
void errand_answer(struct errand *errand);
void errand_refuse_queue(struct errand *errand);

/* Gives back what it holds, for who ends the call in another way. */
void errand_finish(struct errand *errand);

/* For who answers in another form: sends it off and has answer run on the loop; false: the queue
 * is full, and nothing was done. */
bool errand_send(struct errand *errand, struct pool *pool);

static inline struct ledger *errand_ledger(const struct errand *errand)
{
    return errand->call->pipeline->ledger;
}

/* ---- For work ---- */

/* The ways in which the console refuses beside call/failures.h. */
enum console_failure {
    REFUSED_NAME_TAKEN,
    REFUSED_KEY_LIMIT,
    REFUSED_NAME_REQUIRED,
    REFUSED_NO_ACTIVE_KEY,
    REFUSED_KEY_STATUS,
    REFUSED_STALE_PREVIEW,
    REFUSED_OVERAGE_FIXED,
    REFUSED_WRONG_PASSWORD,
    REFUSED_TOO_OFTEN,
    REFUSED_MEDIA_TYPE,
    REFUSED_COUNT
};
extern const struct failure console_failures[REFUSED_COUNT];

void errand_refuse(struct errand *errand, enum console_failure failure);
void errand_refuse_missing(struct errand *errand, const char *sentence);

/* By what a verb said; anything that is no refusal of its becomes 503 and a line in the log. */
void errand_refuse_status(struct errand *errand, enum status status);

/* One more fault of the body; the first makes it a 400. value: as it was written, may be empty. */
void errand_fault(struct errand *errand, const char *member, struct text value,
                  const char *words);

/* Members of the body. False: missing or null; or of another type, which is a fault then. */
bool errand_text(struct errand *errand, const char *member, struct text *value);
bool errand_integer(struct errand *errand, const char *member, int64_t *value);
bool errand_boolean(struct errand *errand, const char *member, bool *value);
/* Whether it is there, null too. */
bool errand_has(const struct errand *errand, const char *member);

/* True once anything was refused. */
static inline bool errand_is_refused(const struct errand *errand)
{
    return errand->failure != NULL;
}

/* null where at is 0. */
void errand_member_instant(struct errand *errand, const char *name, instant at);
/* null where the text is empty. */
void errand_member_text(struct errand *errand, const char *name, struct text value);
