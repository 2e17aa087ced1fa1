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

/* Each stands beside its look-up. */
extern const struct parameter hashtag_parameters[HASHTAG_PARAMETERS];
extern const struct parameter history_parameters[HISTORY_PARAMETERS];
extern const struct parameter movers_parameters[MOVERS_PARAMETERS];

/* Likewise of usage; the first three are in usage_range.h. */
enum { TIMESERIES_BUCKET = 3, TIMESERIES_ENDPOINT, TIMESERIES_GROUP, TIMESERIES_PARAMETERS };
enum { BUCKET_HOUR, BUCKET_DAY }; /* places of its words */
extern const struct parameter timeseries_parameters[TIMESERIES_PARAMETERS];

/* Likewise of the events, and of the words of billable. */
enum {
    EVENTS_LIMIT,
    EVENTS_FROM,
    EVENTS_TO,
    EVENTS_ENDPOINT,
    EVENTS_REQUEST_ID,
    EVENTS_STATUS,
    EVENTS_BILLABLE,
    EVENTS_CURSOR,
    EVENTS_PARAMETERS
};
enum { BILLABLE_TRUE, BILLABLE_FALSE };
extern const struct parameter events_parameters[EVENTS_PARAMETERS];

/* Likewise of what is billed. */
enum { PERIODS_LIMIT, PERIODS_PARAMETERS };
enum { PREVIEW_PLAN, PREVIEW_PARAMETERS };
enum { ESTIMATE_CALLS, ESTIMATE_PARAMETERS };
#define ESTIMATE_CALLS_MAX INT64_C(1000000000) /* far past the largest plan */
extern const struct parameter period_id;       /* of their paths */
extern const struct parameter periods_parameters[PERIODS_PARAMETERS];
extern const struct parameter preview_parameters[PREVIEW_PARAMETERS];
extern const struct parameter estimate_parameters[ESTIMATE_PARAMETERS];

void periods_look_up(struct call *call);   /* the account's billing periods */
void period_look_up(struct call *call);    /* one of them */
void statement_look_up(struct call *call); /* what it comes to */
void download_look_up(struct call *call);  /* the same as its canonical JSON alone */
void preview_look_up(struct call *call);   /* what a change of plan would bill */
void plans_look_up(struct call *call);     /* the plans on sale */
void estimate_look_up(struct call *call);  /* what so many calls cost on each */

struct plan_preview;
/* The members of a preview. */
void billing_preview_write(struct json_writer *writer, const struct plan_preview *preview);

void hashtag_look_up(struct call *call);    /* one page of one list */
void history_look_up(struct call *call);    /* one hashtag's ranks and figures by capture */
void movers_look_up(struct call *call);     /* what moved between two captures of a list */
void meta_look_up(struct call *call);       /* countries, industries, periods, capture times */
void billing_look_up(struct call *call);    /* what is used and left in the billing period */
void events_look_up(struct call *call);     /* single calls, charged or not */
void overview_look_up(struct call *call);   /* what the account did in a range of time */
void endpoints_look_up(struct call *call);  /* the same by endpoint */
void timeseries_look_up(struct call *call); /* the same by hour or day, and by key */
void recent_ips_look_up(struct call *call); /* from which addresses */
void ping_look_up(struct call *call);       /* that we run, and what */
void ready_look_up(struct call *call);      /* whether every part works: 200 or 503 */
void mcp_look_up(struct call *call);        /* one message of the Model Context Protocol */

/* What is wrong with their arguments together: see struct endpoint. */
void usage_examine(const struct call *call, struct faults *faults);
void timeseries_examine(const struct call *call, struct faults *faults);
void events_examine(const struct call *call, struct faults *faults);
