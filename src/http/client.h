/* client: HTTP requests to other servers, many at once, through libcurl's multi interface on a
 * libuv loop.
 *
 * Owned by the loop's thread; nothing here blocks. Redirects are followed within one host, port
 * and scheme alone (RFC 9110 section 15.4), at most CLIENT_REDIRECTS_MAX; http and https are
 * spoken and nothing else; no proxy and no credentials are taken from the environment;
 * certificates are checked. Bodies arrive decoded from gzip, and both their wire and their
 * decoded size are bound; how many are under way is the caller's to bound. The program ignores
 * SIGPIPE. */
#pragma once

#include "base/instant.h"
#include "base/reason.h"

#include <uv.h>

#define CLIENT_BODY_BYTES_MAX                                                                  \
    (4 * 1024 * 1024) /* decoded: a list of 1,000 takes a fifth of it */
#define CLIENT_HEADERS_MAX 64
#define CLIENT_HEADER_BYTES_MAX (16 * 1024) /* name and value: cookies run to 8 KB */
#define CLIENT_HEAD_BYTES_MAX (64 * 1024)   /* of all heads of one answer */
#define CLIENT_URL_BYTES_MAX 8192           /* RFC 9110 section 4.1: what servers should take */
#define CLIENT_REDIRECTS_MAX 3
#define CLIENT_RETRY_AFTER_MAX (INT64_C(7) * 86400) /* nobody is put off for longer */

struct http_client;

/* loop: borrowed. STATUS_IO: libcurl cannot be started. */
enum status http_client_open(uv_loop_t *loop, struct http_client **client,
                             struct reason *reason);

/* What is under way is ended with STATUS_UNAVAILABLE, before this returns; the loop must then
 * run once more, for its handles to close. NULL is fine. */
void http_client_close(struct http_client *client);

struct client_header {
    struct text name, value;
};

/* One that the client sets by itself, and a request must not: Host, Content-Length and such. */
bool client_header_is_own(struct text name);

/* STATUS_INVALID: not a header that a request may have; the sentence does not show the
 * value. */
enum status client_header_check(const struct client_header *header, struct reason *reason);

/* What is asked; copied by http_client_send. */
struct client_request {
    struct text url;  /* absolute; http or https */
    struct text body; /* empty: GET; else POST as application/json */
    const struct client_header *headers;
    size_t header_count; /* at most CLIENT_HEADERS_MAX */
    duration timeout;    /* for all of it; the clock is the loop's */
};

/* What was answered; borrowed for the time of the call of answered. */
struct client_answer {
    /* STATUS_OK: a whole answer, whatever its HTTP status. STATUS_UNAVAILABLE: no connection, a
     * reset, a short body, the timeout, or the client is closed. STATUS_TOO_LARGE: over
     * CLIENT_BODY_BYTES_MAX, on the wire or decoded, or headers over CLIENT_HEAD_BYTES_MAX.
     * STATUS_FORBIDDEN: redirected to another place, or too often. reason says which, in the
     * library's words where they are its own. */
    enum status outcome;
    struct reason reason;
    unsigned http_status;
    struct text body;
    struct text content_type;
    /* Of Retry-After, a number or a date against Date, at most CLIENT_RETRY_AFTER_MAX; -1:
     * none. */
    int64_t retry_after_seconds;
};

/* One exchange; its memory is the caller's until answered was called, which happens once, on
 * the loop's thread, never from within http_client_send. */
struct client_exchange {
    void (*answered)(struct client_exchange *exchange, const struct client_answer *answer);
    /* Whether the request that a redirect asks for may be made, asked before each, on the loop's
     * thread; it must not end the exchange. Else the outcome is STATUS_FORBIDDEN. NULL: it may. */
    bool (*may_follow)(struct client_exchange *exchange, struct reason *reason);
    void *own; /* the client's */
};

/* STATUS_INVALID: no http address, or a header that is refused. STATUS_UNAVAILABLE: the client
 * is closed. answered is then not called. */
enum status http_client_send(struct http_client *client, const struct client_request *request,
                             struct client_exchange *exchange, struct reason *reason);
