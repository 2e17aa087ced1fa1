/* libcurl tells which sockets to watch and when to wake it; libuv does both. */
#include "http/client.h"

#include "http/client_transfer.h"

struct http_client {
    uv_loop_t *loop;
    CURLM *multi; /* NULL once it is closed */
    uv_timer_t timer;
    struct transfer *transfers;
    struct watch *watches;
    size_t open_handles; /* of the loop; the last one that closes frees the client */
};

/* A socket of libcurl's. */
struct watch {
    struct watch *next;
    struct http_client *client;
    curl_socket_t socket;
    uv_poll_t poll;
};

static void release_client(struct http_client *client)
{
    client->open_handles--;
    if (client->open_handles > 0)
        return;
    free(client);
    curl_global_cleanup();
}

/* --- Transfers. --- */

static void take_out(struct http_client *client, const struct transfer *transfer)
{
    struct transfer **place = &client->transfers;
    while (*place != transfer)
        place = &(*place)->next;
    *place = transfer->next;
}

static void begin(struct http_client *client, struct transfer *transfer)
{
    transfer_prepare(transfer, uv_now(client->loop));
    check(curl_multi_add_handle(client->multi, transfer->easy) == CURLM_OK);
}

/* The client may be closed by whoever is told. */
static void tell(struct transfer *transfer, const struct client_answer *answer)
{
    transfer->exchange->answered(transfer->exchange, answer);
    transfer_close(transfer);
}

static void end_transfer(struct http_client *client, CURL *easy, CURLcode code)
{
    struct client_answer answer;
    char *private = NULL;
    check(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private) == CURLE_OK);
    struct transfer *transfer = (struct transfer *)(void *)private;
    check(curl_multi_remove_handle(client->multi, easy) == CURLM_OK);
    if (transfer_goes_on(transfer, code, &answer)) {
        begin(client, transfer);
        return;
    }
    take_out(client, transfer);
    tell(transfer, &answer);
}

/* After libcurl was told of anything. */
static void end_transfers(struct http_client *client)
{
    int left = 0;
    while (client->multi) {
        CURLMsg *message = curl_multi_info_read(client->multi, &left);
        if (!message)
            return;
        if (message->msg == CURLMSG_DONE)
            end_transfer(client, message->easy_handle, message->data.result);
    }
}

/* --- The loop. --- */

static void on_timer(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    int running = 0;
    check(curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running) ==
          CURLM_OK);
    end_transfers(client);
}

/* libcurl's; it must not be told anything from within, so 0 means the loop's next turn. */
static int on_timeout(CURLM *multi, long timeout_ms, void *owner)
{
    (void)multi;
    struct http_client *client = owner;
    if (timeout_ms < 0)
        check(uv_timer_stop(&client->timer) == 0);
    else
        check(uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0) == 0);
    return 0;
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct http_client *client = watch->client;
    int running = 0;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    check(curl_multi_socket_action(client->multi, watch->socket, flags, &running) == CURLM_OK);
    end_transfers(client);
}

static void on_watch_closed(uv_handle_t *closed)
{
    struct watch *watch = closed->data;
    struct http_client *client = watch->client;
    free(watch);
    release_client(client);
}

static void close_watch(struct watch *watch)
{
    struct watch **place = &watch->client->watches;
    while (*place != watch)
        place = &(*place)->next;
    *place = watch->next;
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
}

static struct watch *open_watch(struct http_client *client, curl_socket_t socket)
{
    struct watch *watch = memory_take_zeroed(1, sizeof(*watch));
    watch->client = client;
    watch->socket = socket;
    watch->poll.data = watch;
    check(uv_poll_init_socket(client->loop, &watch->poll, socket) == 0);
    watch->next = client->watches;
    client->watches = watch;
    client->open_handles++;
    return watch;
}

/* libcurl's: watches a socket for something else, or no more. */
static int on_watch_asked(CURL *easy, curl_socket_t socket, int what, void *owner,
                          void *socket_owner)
{
    (void)easy;
    struct http_client *client = owner;
    struct watch *watch = socket_owner;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            close_watch(watch);
        return 0;
    }
    if (!watch) {
        watch = open_watch(client, socket);
        check(curl_multi_assign(client->multi, socket, watch) == CURLM_OK);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) |
                 (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    check(uv_poll_start(&watch->poll, events, on_socket) == 0);
    return 0;
}

/* --- Open, send, close. --- */

enum status http_client_open(uv_loop_t *loop, struct http_client **client,
                             struct reason *reason)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) /* counted, and safe since 7.84 */
        return reason_set(reason, STATUS_IO, "libcurl cannot be started");
    CURLM *multi = curl_multi_init();
    if (!multi) {
        curl_global_cleanup();
        return reason_set(reason, STATUS_IO, "libcurl cannot be started");
    }
    struct http_client *opened = memory_take_zeroed(1, sizeof(*opened));
    opened->loop = loop;
    opened->multi = multi;
    opened->open_handles = 1;
    opened->timer.data = opened;
    check(uv_timer_init(loop, &opened->timer) == 0);
    check(curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_watch_asked) == CURLM_OK);
    check(curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, opened) == CURLM_OK);
    check(curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout) == CURLM_OK);
    check(curl_multi_setopt(multi, CURLMOPT_TIMERDATA, opened) == CURLM_OK);
    *client = opened;
    return STATUS_OK;
}

enum status http_client_send(struct http_client *client, const struct client_request *request,
                             struct client_exchange *exchange, struct reason *reason)
{
    struct transfer *transfer = NULL;
    if (!client->multi)
        return reason_set(reason, STATUS_UNAVAILABLE, "the client is closed");
    TRY(transfer_open(request, exchange, uv_now(client->loop), &transfer, reason));
    transfer->next = client->transfers;
    client->transfers = transfer;
    begin(client, transfer);
    return STATUS_OK;
}

static void on_timer_closed(uv_handle_t *closed)
{
    release_client(closed->data);
}

void http_client_close(struct http_client *client)
{
    if (!client)
        return;
    struct client_answer answer = {.outcome = STATUS_UNAVAILABLE, .retry_after_seconds = -1};
    (void)reason_set(&answer.reason, STATUS_UNAVAILABLE, "the client was closed meanwhile");
    CURLM *multi = client->multi;
    struct transfer *under_way = client->transfers;
    for (struct transfer *transfer = under_way; transfer; transfer = transfer->next)
        check(curl_multi_remove_handle(multi, transfer->easy) == CURLM_OK);
    check(curl_multi_cleanup(multi) == CURLM_OK); /* closes its sockets, and their watches */
    client->multi = NULL;
    client->transfers = NULL;
    while (client->watches)
        close_watch(client->watches);
    uv_close((uv_handle_t *)&client->timer, on_timer_closed);
    while (under_way) {
        struct transfer *transfer = under_way;
        under_way = transfer->next;
        tell(transfer, &answer);
    }
}
