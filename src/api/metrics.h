/* metrics: what the admin listener answers: GET /metrics for Prometheus, and GET /ping.
 *
 * A pipeline of its own, so that nothing of it can be reached through the public listener. No
 * number is of one account: those are in the ledger, and would be too many series. */
#pragma once

#include "call/pipeline.h"

struct metrics {
    struct pipeline pipeline;      /* of the admin listener */
    const struct pipeline *served; /* of the public one */
    const struct http_server *http;
    instant started; /* the process; at 0 or later */
    struct shelf no_documents;
};

/* served and http are borrowed and outlive the server that metrics_receiver was given to. */
void metrics_init(struct metrics *metrics, const struct pipeline *served,
                  const struct http_server *http, instant started);
void metrics_finish(struct metrics *metrics);

struct http_receiver metrics_receiver(struct metrics *metrics);
