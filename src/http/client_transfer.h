/* client_transfer: one exchange of the client as libcurl carries it out: what is asked, how the
 * answer's body is bounded and decoded, and what it all came to.
 *
 * Owned by the loop's thread. A transfer outlives its redirects: each is another easy
 * handle. */
#pragma once

#include "base/buffer.h"
#include "http/client.h"

#include <curl/curl.h>
#include <zlib.h>

/* How the body arrives; known with its first byte. */
enum body_coding { CODING_UNKNOWN, CODING_IDENTITY, CODING_GZIP };

struct transfer {
    struct transfer *next; /* of the client's */
    struct client_exchange *exchange;
    CURL *easy;
    struct curl_slist *headers; /* as they are sent */
    char *url;                  /* NUL at its end */
    char *asked;                /* the request's body */
    size_t asked_bytes;
    bool is_post; /* a redirect may make it a GET */
    uint64_t deadline_ms;
    unsigned redirects;

    size_t head_bytes;
    size_t wire_bytes;
    enum body_coding coding;
    z_stream gzip;
    bool gzip_ended;
    struct buffer body;
    enum status fault; /* what ended it on our side; STATUS_OK: nothing did */
    struct reason reason;
    char words[CURL_ERROR_SIZE]; /* the library's */
};

/* STATUS_INVALID as http_client_send. now_ms: of the loop. */
enum status transfer_open(const struct client_request *request,
                          struct client_exchange *exchange, uint64_t now_ms,
                          struct transfer **transfer, struct reason *reason);
void transfer_close(struct transfer *transfer);

/* Makes transfer->easy anew, for its url. */
void transfer_prepare(struct transfer *transfer, uint64_t now_ms);

/* After the easy handle is done. True: it was redirected within its host, prepare it again.
 * False: *answer is filled, and lives as long as the transfer. */
bool transfer_goes_on(struct transfer *transfer, CURLcode code, struct client_answer *answer);
