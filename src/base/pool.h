/* pool: a few threads that do what a loop thread must not wait for.
 *
 * Shared: its own lock, lowest of all in lock order. Jobs start in the order in which they came;
 * a job's memory belongs to who submits it until its run function has returned. */
#pragma once

#include "base/status.h"

struct pool;

struct pool_job {
    void (*run)(struct pool_job *job); /* on a pool thread; may free the job */
    struct pool_job *next;             /* the pool's own */
};

/* threads: 1 to 64. queue_max: jobs that may wait. NULL when the system has no thread left. */
struct pool *pool_open(unsigned threads, size_t queue_max);

/* STATUS_EXHAUSTED when queue_max jobs wait already; the job is then untouched. Never blocks. */
enum status pool_submit(struct pool *pool, struct pool_job *job);

/* Runs what was submitted to its end, then joins the threads. */
void pool_close(struct pool *pool);
