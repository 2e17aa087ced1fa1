/* History and movers: read from the disk on a pool thread, while the call is parked. */
#include "catalog/history.h"

#include "api/look_ups.h"
#include "api/parameter_words.h"
#include "model/ranking.h"

const struct parameter history_parameters[HISTORY_PARAMETERS] = {
    [HISTORY_NAME] = {.name = TEXT_INITIAL("hashtag_name"),
                      .aliases = {"hashtag", "name", "tag", "keyword", "q"},
                      .type = STRING,
                      .kind = PARAMETER_TEXT,
                      .minimum = 1,
                      .maximum = HASHTAG_NAME_BYTES_MAX,
                      .prefix = TEXT_INITIAL("#"),
                      .is_required = true,
                      .refusal = TEXT_INITIAL("must be a hashtag of 1 to 512 bytes, with or "
                                              "without #"),
                      .example = TEXT_INITIAL("prom"),
                      .description = TEXT_INITIAL("Hashtag to look for, in any script")},
    [HISTORY_COUNTRY] = COUNTRY_PARAMETER,
    [HISTORY_PERIOD] = PERIOD_PARAMETER,
};
_Static_assert(HASHTAG_NAME_BYTES_MAX == 512, "the sentence above says so");

const struct parameter movers_parameters[MOVERS_PARAMETERS] = {
    [MOVERS_COUNTRY] = COUNTRY_PARAMETER,
    [MOVERS_PERIOD] = PERIOD_PARAMETER,
    [MOVERS_SINCE] = {.name = TEXT_INITIAL("since"),
                      .aliases = {"from", "start", "date", "after"},
                      .type = STRING,
                      .kind = PARAMETER_INSTANT,
                      .absent = -1,
                      .without = TEXT_INITIAL("the capture before the newest"),
                      .refusal = TEXT_INITIAL("must be a date such as 2025-10-01, or a time "
                                              "such as 2025-10-01T21:30:09Z"),
                      .example = TEXT_INITIAL("2025-10-01"),
                      .description = TEXT_INITIAL("Compare with the capture nearest to it")},
};

struct asked {
    struct history_look look;
    struct http_task task;
    struct call *call;
};

/* On the call's loop again. */
static void asked_resumed(struct http_task *task)
{
    struct asked *asked = CONTAINER_OF(task, struct asked, task);
    call_look_up_ended(asked->call, asked->look.outcome, asked->look.page);
}

/* On the pool's thread. */
static void asked_woken(struct history_look *look)
{
    struct asked *asked = CONTAINER_OF(look, struct asked, look);
    http_loop_post(http_exchange_loop(asked->call->exchange), &asked->task);
}

static struct list_key list_of(int64_t country, int64_t days)
{
    unsigned period;
    check(period_find(days, &period) == STATUS_OK);
    return (struct list_key){
        .country = (uint8_t)country, .period = (uint8_t)period, .industry = INDUSTRY_ALL};
}

static void ask(struct call *call, const struct history_look *look)
{
    struct asked *asked = arena_take(http_exchange_arena(call->exchange), sizeof(*asked));
    check(asked != NULL);
    *asked = (struct asked){.look = *look, .task = {.run = asked_resumed}, .call = call};
    asked->look.snapshot_id = call->is_replay ? call->idempotent.snapshot_id : 0;
    asked->look.compressed = call_takes_gzip(call);
    asked->look.wake = asked_woken;
    enum status status = history_find(call->pipeline->history, &asked->look);
    if (status != STATUS_BUSY)
        call_refuse_page(call, status);
}

void history_look_up(struct call *call)
{
    const struct arguments *given = &call->arguments;
    ask(call, &(struct history_look){.kind = HISTORY_OF_HASHTAG,
                                     .list = list_of(given->values[HISTORY_COUNTRY],
                                                     given->values[HISTORY_PERIOD]),
                                     .hashtag_name = given->texts[HISTORY_NAME]});
}

void movers_look_up(struct call *call)
{
    const struct arguments *given = &call->arguments;
    ask(call, &(struct history_look){
                  .kind = HISTORY_MOVERS,
                  .list = list_of(given->values[MOVERS_COUNTRY], given->values[MOVERS_PERIOD]),
                  .since_us = given->values[MOVERS_SINCE]});
}
