#include "http/counts.h"

#include "http/loop.h"

static int64_t read_number(const _Atomic int64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

void http_server_counts(const struct http_server *server, struct http_counts *counts)
{
    *counts = (struct http_counts){.open = (int64_t)atomic_load(&server->connections)};
    for (size_t i = 0; i < server->loop_count; i++) {
        const struct loop_counts *loop = &server->loops[i]->counts;
        for (size_t class = 0; class < HTTP_STATUS_CLASSES; class ++)
            counts->answers[class] += read_number(&loop->answers[class]);
        counts->accepted += read_number(&loop->accepted);
        counts->turned_away += read_number(&loop->turned_away);
    }
}
