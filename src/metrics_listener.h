/* metrics_listener: the admin listener, a second HTTP server with one thread of its own.
 *
 * There is none unless the operator names an address for it. It takes no key: whoever can reach
 * the address may read the service's numbers. */
#pragma once

#include "call/pipeline.h"
#include "settings/settings.h"

struct metrics_listener;

/* Descriptors that it may need; from open_files.h's point of view. */
#define METRICS_CONNECTIONS_MAX 64
#define METRICS_LISTENER_FILES                                                                 \
    (METRICS_CONNECTIONS_MAX + HTTP_TURNED_AWAY_MAX + HTTP_THREAD_FILES)

struct metrics_listener_options {
    const struct settings *settings; /* its address, and the timeouts of any listener */
    const struct pipeline *served;   /* of the public listener; borrowed */
    const struct http_server *http;  /* likewise; closed after this one */
    instant started;                 /* the process */
};

/* settings->admin_listen is not empty. As http_server_open otherwise. */
enum status metrics_listener_open(const struct metrics_listener_options *options,
                                  struct metrics_listener **listener, struct reason *reason);

/* "127.0.0.1:34567"; lives as long as the listener. */
struct text metrics_listener_address(const struct metrics_listener *listener);

/* NULL is fine. */
void metrics_listener_close(struct metrics_listener *listener);
