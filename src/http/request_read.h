/* request_read: a scanned head as a request, its rules checked, and how its body is framed. */
#pragma once

#include "http/head_scan.h"

enum body_framing { BODY_NONE, BODY_OF_LENGTH, BODY_CHUNKED };

struct framing {
    enum body_framing body;
    uint64_t content_length; /* of BODY_OF_LENGTH; never over body_bytes_max */
    bool keeps_alive;
    bool is_http_1_0;
    bool expects_continue; /* the client waits for 100 before it sends the body */
};

/* The places in the head go to *request as texts cut from head, which must live as long; its
 * fields are in arena. Everything else in *request is left alone. field_lines: as counted by
 * head_scan. On a refusal *request has what was understood so far. */
enum status request_read(struct text head, size_t field_lines, const struct http_limits *limits,
                         struct arena *arena, struct http_request *request,
                         struct framing *framing, struct http_refusal *refusal);

/* The method that stands at the beginning of a head, as far as one does. */
enum http_method request_method_at(struct text head);
