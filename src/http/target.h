/* target: the request target's forms (RFC 9112 section 3.2). */
#pragma once

#include "http/message.h"
#include "http/refusal.h"

struct target {
    struct text authority; /* of absolute-form; at is NULL for the others */
    struct text path;      /* begins with '/', or is "*" */
    struct text query;     /* at is NULL when there is no '?' */
};

/* Accepts origin-form, absolute-form of the scheme http without userinfo, and "*" with OPTIONS.
 * authority-form belongs to CONNECT, which is refused before. */
enum status target_read(struct text written, enum http_method method, struct target *target,
                        struct http_refusal *refusal);
