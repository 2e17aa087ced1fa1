#include "base/pool.h"

#include <pthread.h>
#include <stdbool.h>

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct pool_job *first;
    struct pool_job **last_link;
    size_t waiting;
    size_t waiting_max;
    bool closing;
    unsigned thread_count;
    pthread_t threads[];
};

static struct pool_job *job_await(struct pool *pool)
{
    check(pthread_mutex_lock(&pool->lock) == 0);
    while (!pool->first && !pool->closing)
        check(pthread_cond_wait(&pool->arrived, &pool->lock) == 0);
    struct pool_job *job = pool->first;
    if (job) {
        pool->first = job->next;
        pool->waiting--;
        if (!pool->first)
            pool->last_link = &pool->first;
    }
    check(pthread_mutex_unlock(&pool->lock) == 0);
    return job;
}

static void *work(void *owner)
{
    struct pool *pool = owner;
    struct pool_job *job;
    while ((job = job_await(pool)))
        job->run(job);
    return NULL;
}

struct pool *pool_open(unsigned threads, size_t queue_max)
{
    check(threads >= 1 && threads <= 64);
    struct pool *pool = memory_take(sizeof(*pool) + threads * sizeof(pool->threads[0]));
    *pool = (struct pool){.waiting_max = queue_max};
    pool->last_link = &pool->first;
    check(pthread_mutex_init(&pool->lock, NULL) == 0);
    check(pthread_cond_init(&pool->arrived, NULL) == 0);
    while (pool->thread_count < threads &&
           pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) == 0)
        pool->thread_count++;
    if (pool->thread_count == threads)
        return pool;
    pool_close(pool);
    return NULL;
}

enum status pool_submit(struct pool *pool, struct pool_job *job)
{
    check(pthread_mutex_lock(&pool->lock) == 0);
    bool full = pool->waiting >= pool->waiting_max;
    if (!full) {
        job->next = NULL;
        *pool->last_link = job;
        pool->last_link = &job->next;
        pool->waiting++;
        check(pthread_cond_signal(&pool->arrived) == 0);
    }
    check(pthread_mutex_unlock(&pool->lock) == 0);
    return full ? STATUS_EXHAUSTED : STATUS_OK;
}

void pool_close(struct pool *pool)
{
    if (!pool)
        return;
    check(pthread_mutex_lock(&pool->lock) == 0);
    pool->closing = true;
    check(pthread_cond_broadcast(&pool->arrived) == 0);
    check(pthread_mutex_unlock(&pool->lock) == 0);
    for (unsigned i = 0; i < pool->thread_count; i++)
        check(pthread_join(pool->threads[i], NULL) == 0);
    check(pthread_cond_destroy(&pool->arrived) == 0);
    check(pthread_mutex_destroy(&pool->lock) == 0);
    free(pool);
}
