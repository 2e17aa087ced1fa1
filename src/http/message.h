/* message: one request as it was read, and one answer as it is to be sent (RFC 9110, 9112). */
#pragma once

#include "http/field.h"

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER_METHOD
};

/* Borrowed from the exchange it came with; every text lives until that exchange is answered. */
struct http_request {
    enum http_method method;
    struct text method_name; /* as written */
    struct text target;      /* as written */
    struct text path;        /* of origin-form or absolute-form, or "*"; still encoded */
    struct text query;       /* after the '?', still encoded; at is NULL when there is no '?' */
    const struct http_field *fields;
    size_t field_count;
    struct text body;
    struct text peer_address; /* printable, without port: the other end of the socket */
};

/* The value of the first field of that name; at is NULL when there is none. */
struct text http_request_field(const struct http_request *request, struct text name);

/* How many fields have that name. */
size_t http_request_field_count(const struct http_request *request, struct text name);

#define HTTP_BODY_PIECES_MAX 6

/* What to send back. The server adds the status line, Date, Content-Length (none for 204 and
 * 304) and Connection, and leaves the body out for HEAD, 204 and 304. */
struct http_answer {
    unsigned status;                        /* 200 to 599 */
    struct text headers;                    /* whole lines, each ended by CRLF; not kept */
    struct text body[HTTP_BODY_PIECES_MAX]; /* sent in order; short ones are copied */
    size_t body_pieces;
    /* Called once on the loop's thread when no byte of body is needed any more; NULL when body
     * lives in the exchange's arena or for ever. */
    void (*release)(void *held);
    void *held;
    bool closes; /* end the connection after this answer */
};

/* The standard phrase of a status, "OK" for 200; "Status" for one that has none here. */
const char *http_status_phrase(unsigned status);
