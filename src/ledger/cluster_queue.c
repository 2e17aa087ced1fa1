#include "ledger/cluster_queue.h"

_Static_assert(ACCOUNT_BUCKETS == 64, "a bit of a word each");

static uint64_t bit(unsigned line)
{
    return UINT64_C(1) << line;
}

void queue_init(struct cluster_queue *queue)
{
    *queue = (struct cluster_queue){0};
    for (size_t i = 0; i < ACCOUNT_BUCKETS; i++)
        queue->lines[i].last_link = &queue->lines[i].first;
}

static void line_add(struct cluster_queue *queue, unsigned line, struct charge *first,
                     struct charge **last_link)
{
    *queue->lines[line].last_link = first;
    queue->lines[line].last_link = last_link;
    queue->waiting |= bit(line);
}

void queue_add(struct cluster_queue *queue, struct charge_list *charges)
{
    struct charge *charge = charges->first;
    if (!queue->is_by_bucket && charge)
        line_add(queue, 0, charge, charges->last_link);
    while (queue->is_by_bucket && charge) {
        struct charge *next = charge->next;
        charge->next = NULL;
        line_add(queue, (unsigned)account_bucket(charge->account_id), charge, &charge->next);
        charge = next;
    }
    *charges = (struct charge_list){0};
}

static struct charge *line_take(struct cluster_queue *queue, unsigned line, size_t most,
                                size_t *count)
{
    struct charge_line *from = &queue->lines[line];
    struct charge *taken = from->first, **link = &taken;
    for (*count = 0; *count < most && *link; ++*count)
        link = &(*link)->next;
    from->first = *link;
    *link = NULL;
    if (!from->first) {
        from->last_link = &from->first;
        queue->waiting &= ~bit(line);
    }
    return taken;
}

struct charge *queue_take(struct cluster_queue *queue, size_t most, unsigned *line,
                          size_t *count)
{
    uint64_t ready = queue->waiting & ~queue->at_work;
    *count = 0;
    if (!ready)
        return NULL;
    uint64_t from_turn = ready & ~(bit(queue->turn) - 1);
    *line = (unsigned)__builtin_ctzll(from_turn ? from_turn : ready);
    queue->turn = (*line + 1) % ACCOUNT_BUCKETS;
    if (queue->is_by_bucket)
        queue->at_work |= bit(*line);
    return line_take(queue, *line, most, count);
}

void queue_done(struct cluster_queue *queue, unsigned line)
{
    queue->at_work &= ~bit(line);
}
