/* look_ups: what each row of the endpoint table asks for; on the call's loop thread, never
 * blocking. Each ends the call. */
#pragma once

#include "call/call.h"

/* Places in the arguments of the hashtag endpoint. */
enum {
    HASHTAG_PAGE,
    HASHTAG_LIMIT,
    HASHTAG_PERIOD,
    HASHTAG_INDUSTRY,
    HASHTAG_COUNTRY,
    HASHTAG_FILTER,
    HASHTAG_PARAMETERS
};

/* Likewise of history and of movers. */
enum { HISTORY_NAME, HISTORY_COUNTRY, HISTORY_PERIOD, HISTORY_PARAMETERS };
enum { MOVERS_COUNTRY, MOVERS_PERIOD, MOVERS_SINCE, MOVERS_PARAMETERS };

/* For who offers the same look-up elsewhere. */
extern const struct parameter hashtag_parameters[HASHTAG_PARAMETERS];
extern const struct parameter history_parameters[HISTORY_PARAMETERS];

void hashtag_look_up(struct call *call); /* one page of one list */
void history_look_up(struct call *call); /* one hashtag's ranks and figures by capture */
void movers_look_up(struct call *call);  /* what moved between two captures of a list */
void meta_look_up(struct call *call);    /* countries, industries, periods, capture times */
void billing_look_up(struct call *call); /* what is used and left in the billing period */
void ping_look_up(struct call *call);    /* that we run, and what */
void ready_look_up(struct call *call);   /* whether every part works: 200 or 503 */
void mcp_look_up(struct call *call);     /* one message of the Model Context Protocol */
