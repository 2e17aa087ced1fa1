/* pipeline: takes every request to its endpoint and through the steps of a call.
 *
 * One pipeline serves all loops; it is frozen once it is filled but for the parts that it
 * borrows, which lock for themselves. */
#pragma once

#include "call/endpoint.h"
#include "call/shelf.h"
#include "catalog/catalog.h"
#include "catalog/history.h"
#include "collector/collector.h"
#include "http/server.h"
#include "ledger/ledger.h"

#include <stdatomic.h>

struct console;

struct pipeline {
    struct ledger *ledger;
    struct catalog *catalog;
    struct history *history;     /* what the history endpoints ask */
    struct collector *collector; /* fetches what is missing or old; NULL: nobody does */
    struct pool *readers;        /* who read accounts for the loops */
    const struct time_source *time;
    const struct endpoint *endpoints;
    size_t endpoint_count;
    const struct endpoint *console_endpoints; /* looked at where none of those has the path */
    size_t console_endpoint_count;
    const struct console *console; /* what those work with; NULL: there is none */
    struct shelf *shelf;           /* what is published about the endpoints */
    duration time_to_live;         /* pipeline_is_stale */
    bool logs_access;
    bool has_insecure_cookie;    /* sessions over plain HTTP, for development */
    bool is_private;             /* no page of another origin may read what is answered */
    struct text trusted_proxies; /* comma-separated addresses and networks */
    struct text upgrade_url;     /* where a customer finds other plans */
    struct text public_url;      /* how customers reach the service; empty: by its address */
    atomic_bool ledger_answers;  /* kept up to date by who watches the ledger */
};

/* Whether a list is marked stale: it is older than its time to live, or short whatever its age, or
 * from so far ahead that the clock was wrong when it was captured, and its age is not known. */
static inline bool pipeline_is_stale(const struct pipeline *pipeline, instant captured_at,
                                     bool is_short)
{
    int64_t age_us = time_about(pipeline->time).us - captured_at.us;
    return is_short || age_us > pipeline->time_to_live.us ||
           age_us < -pipeline->time_to_live.us - DAY_US;
}

/* The receiver for http_server_open. */
struct http_receiver pipeline_receiver(struct pipeline *pipeline);
