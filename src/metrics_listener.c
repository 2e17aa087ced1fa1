#include "metrics_listener.h"

#include "api/metrics.h"

struct metrics_listener {
    struct metrics metrics;
    struct http_server *http;
};

/* Requests here have neither a long head nor a body. */
#define LINE_BYTES_MAX 1024
#define FIELDS_BYTES_MAX 8192
#define FIELDS_MAX 64
#define BODY_BYTES_MAX 1024

static struct http_server_options http_options(const struct settings *s,
                                               struct metrics *metrics)
{
    return (struct http_server_options){
        .listen = s->admin_listen,
        .time = metrics->pipeline.time,
        .threads = 1,
        .limits =
            {
                .request_line_bytes_max = LINE_BYTES_MAX,
                .fields_bytes_max = FIELDS_BYTES_MAX,
                .fields_max = FIELDS_MAX,
                .body_bytes_max = BODY_BYTES_MAX,
                .connections_max = METRICS_CONNECTIONS_MAX,
                .connections_per_address_max = METRICS_CONNECTIONS_MAX,
                .head_timeout_ms = s->head_timeout_ms,
                .body_timeout_ms = s->body_timeout_ms,
                .idle_timeout_ms = s->idle_timeout_ms,
                .write_timeout_ms = s->write_timeout_ms,
                .stop_timeout_ms = s->stop_timeout_ms,
            },
        .receiver = metrics_receiver(metrics),
    };
}

enum status metrics_listener_open(const struct metrics_listener_options *options,
                                  struct metrics_listener **listener, struct reason *reason)
{
    struct metrics_listener *opened = memory_take_zeroed(1, sizeof(*opened));
    metrics_init(&opened->metrics, options->served, options->http, options->started);
    struct http_server_options http = http_options(options->settings, &opened->metrics);
    enum status status = http_server_open(&http, &opened->http, reason);
    if (status != STATUS_OK) {
        metrics_listener_close(opened);
        return status;
    }
    *listener = opened;
    return STATUS_OK;
}

struct text metrics_listener_address(const struct metrics_listener *listener)
{
    return http_server_address(listener->http);
}

void metrics_listener_close(struct metrics_listener *listener)
{
    if (!listener)
        return;
    http_server_close(listener->http);
    metrics_finish(&listener->metrics);
    free(listener);
}
