#include "http/deadlines.h"

#include "http/bounds.h"

static void list_append(struct deadline_list *list, struct deadline *deadline)
{
    deadline->earlier = list->last;
    deadline->later = NULL;
    if (list->last)
        list->last->later = deadline;
    else
        list->first = deadline;
    list->last = deadline;
}

static void list_remove(struct deadline_list *list, struct deadline *deadline)
{
    if (deadline->earlier)
        deadline->earlier->later = deadline->later;
    else
        list->first = deadline->later;
    if (deadline->later)
        deadline->later->earlier = deadline->earlier;
    else
        list->last = deadline->earlier;
}

static void on_timer(uv_timer_t *timer);

static void arm(struct deadlines *deadlines, uint64_t at_ms)
{
    uint64_t now_ms = uv_now(deadlines->timer.loop);
    deadlines->armed_ms = at_ms;
    check(uv_timer_start(&deadlines->timer, on_timer, at_ms > now_ms ? at_ms - now_ms : 0, 0) ==
          0);
}

static void on_timer(uv_timer_t *timer)
{
    struct deadlines *deadlines = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    uint64_t next_ms = UINT64_MAX;
    deadlines->armed_ms = 0; /* nothing that passed does may arm the timer: it is done below */
    for (size_t kind = 0; kind < DEADLINE_KINDS; kind++) {
        struct deadline_list *list = &deadlines->lists[kind];
        while (list->first && list->first->at_ms <= now_ms) {
            struct deadline *deadline = list->first;
            deadline_set(deadlines, deadline, DEADLINE_NONE);
            deadlines->passed(deadline, (enum deadline_kind)kind);
        }
    }
    for (size_t kind = 0; kind < DEADLINE_KINDS; kind++) {
        const struct deadline *first = deadlines->lists[kind].first;
        if (first && first->at_ms < next_ms)
            next_ms = first->at_ms;
    }
    deadlines->armed_ms = UINT64_MAX;
    if (next_ms != UINT64_MAX)
        arm(deadlines, next_ms);
}

static uint64_t length(int64_t ms)
{
    return ms > 1 ? (uint64_t)ms : 1;
}

void deadlines_init(struct deadlines *deadlines, uv_loop_t *uv,
                    const struct http_limits *limits,
                    void (*passed)(struct deadline *deadline, enum deadline_kind kind))
{
    *deadlines = (struct deadlines){.armed_ms = UINT64_MAX, .passed = passed};
    deadlines->lists[DEADLINE_IDLE].length_ms = length(limits->idle_timeout_ms);
    deadlines->lists[DEADLINE_HEAD].length_ms = length(limits->head_timeout_ms);
    deadlines->lists[DEADLINE_BODY].length_ms = length(limits->body_timeout_ms);
    deadlines->lists[DEADLINE_WRITE].length_ms = length(limits->write_timeout_ms);
    deadlines->lists[DEADLINE_LINGER].length_ms = HTTP_LINGER_MS;
    check(uv_timer_init(uv, &deadlines->timer) == 0);
    deadlines->timer.data = deadlines;
}

void deadline_set(struct deadlines *deadlines, struct deadline *deadline,
                  enum deadline_kind kind)
{
    if (deadline->kind != DEADLINE_NONE)
        list_remove(&deadlines->lists[deadline->kind], deadline);
    deadline->kind = kind;
    if (kind == DEADLINE_NONE)
        return;
    struct deadline_list *list = &deadlines->lists[kind];
    deadline->at_ms = uv_now(deadlines->timer.loop) + list->length_ms;
    list_append(list, deadline);
    if (deadline->at_ms < deadlines->armed_ms)
        arm(deadlines, deadline->at_ms);
}
