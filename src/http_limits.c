#include "http_limits.h"

struct http_limits http_limits_of(const struct settings *settings, unsigned connections_max)
{
    return (struct http_limits){
        .request_line_bytes_max = (size_t)settings->request_line_bytes,
        .fields_bytes_max = (size_t)settings->fields_bytes,
        .fields_max = (size_t)settings->fields,
        .body_bytes_max = (size_t)settings->body_bytes,
        .connections_max = connections_max,
        .connections_per_address_max = (unsigned)settings->connections_per_address,
        .head_timeout_ms = settings->head_timeout_ms,
        .body_timeout_ms = settings->body_timeout_ms,
        .idle_timeout_ms = settings->idle_timeout_ms,
        .write_timeout_ms = settings->write_timeout_ms,
        .stop_timeout_ms = settings->stop_timeout_ms,
        .stop_idle_ms = settings->stop_idle_ms,
    };
}
