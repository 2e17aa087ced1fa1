/* The client against servers that answer well, badly, too much or not at all. */
#include "http/client.h"
#include "support/unit.h"
#include "upstream.h"

#include <signal.h>
#include <stdio.h>
#include <zlib.h>

enum {
    PATIENCE_MS = 20000,
    SHORT_MS = 150, /* a timeout that is meant to pass */
    BOMB_BYTES = 64 * 1024 * 1024,
};

/* What is made when the test begins. */
static char bomb[256 * 1024];
static char packed[4096];
static char truncated[4096];
static char full_packed[64 * 1024];
static char full[CLIENT_BODY_BYTES_MAX + 256];
static char over[CLIENT_BODY_BYTES_MAX + 256];
static char hollow[20 * 1024]; /* empty members of gzip, which unpack to nothing */
static char zeros[65536];
static char to_other_port[256];

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define PLAY(path, opening, end)                                                               \
    {                                                                                          \
        path, TEXT_INITIAL(opening), {NULL, 0}, end                                            \
    }
#define RETRY(path, rest)                                                                      \
    PLAY(path, "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n" rest "\r\n", UPSTREAM_WAITS)
#define REDIRECT(path, status, to)                                                             \
    PLAY(path,                                                                                 \
         "HTTP/1.1 " status " Elsewhere\r\nContent-Length: 2\r\nLocation: " to "\r\n\r\nno",   \
         UPSTREAM_WAITS)

static struct upstream_play plays[] = {
    PLAY("/plain", OK_HEAD "Content-Length: 5\r\n\r\nhello", UPSTREAM_WAITS),
    PLAY("/chunked",
         OK_HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
         UPSTREAM_WAITS),
    PLAY("/until-closed", OK_HEAD "\r\nhello", UPSTREAM_CLOSES),
    PLAY("/nothing", "HTTP/1.1 204 No Content\r\n\r\n", UPSTREAM_WAITS),
    PLAY("/empty-gzip", OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
         UPSTREAM_WAITS),
    PLAY("/fault", "HTTP/1.1 500 Ouch\r\nContent-Length: 4\r\n\r\nouch", UPSTREAM_WAITS),
    PLAY("/early",
         "HTTP/1.1 103 Early\r\nRetry-After: 9\r\n\r\n" OK_HEAD
         "Content-Length: 5\r\n\r\nhello",
         UPSTREAM_WAITS),
    PLAY("/short", OK_HEAD "Content-Length: 50\r\n\r\nhello", UPSTREAM_CLOSES),
    PLAY("/reset", OK_HEAD "Content-Length: 50\r\n\r\nhello", UPSTREAM_RESETS),
    PLAY("/not-http", "SSH-2.0-OpenSSH_9.2\r\n", UPSTREAM_CLOSES),
    PLAY("/hangs-up", "", UPSTREAM_CLOSES),
    PLAY("/silent", "", UPSTREAM_WAITS),
    PLAY("/long", OK_HEAD "Content-Length: 999999999999\r\n\r\n", UPSTREAM_WAITS),
    PLAY("/brotli", OK_HEAD "Content-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
         UPSTREAM_WAITS),
    PLAY("/twice",
         OK_HEAD "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"
                 "Content-Length: 5\r\n\r\nhello",
         UPSTREAM_WAITS),
    PLAY("/false-gzip", OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
         UPSTREAM_WAITS),
    {"/endless", TEXT_INITIAL(OK_HEAD "\r\n"), {zeros, sizeof(zeros)}, UPSTREAM_REPEATS},
    {"/endless-chunks", TEXT_INITIAL(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"),
     TEXT_INITIAL("5\r\nhello\r\n"), UPSTREAM_REPEATS},
    {"/endless-head", TEXT_INITIAL("HTTP/1.1 200 OK\r\n"), TEXT_INITIAL("X-More: of it\r\n"),
     UPSTREAM_REPEATS},
    {"/endless-early", TEXT_INITIAL(""), TEXT_INITIAL("HTTP/1.1 103 Early\r\nX: y\r\n\r\n"),
     UPSTREAM_REPEATS},
    {"/drip", TEXT_INITIAL(OK_HEAD "\r\n"), TEXT_INITIAL("drip "), UPSTREAM_DRIPS},
    {"/hollow",
     TEXT_INITIAL(OK_HEAD "Content-Encoding: gzip\r\n\r\n"),
     {NULL, 0},
     UPSTREAM_REPEATS},
    {"/bomb", {NULL, 0}, {NULL, 0}, UPSTREAM_WAITS},
    {"/packed", {NULL, 0}, {NULL, 0}, UPSTREAM_WAITS},
    {"/truncated", {NULL, 0}, {NULL, 0}, UPSTREAM_WAITS},
    {"/full", {NULL, 0}, {NULL, 0}, UPSTREAM_WAITS},
    {"/over", {NULL, 0}, {NULL, 0}, UPSTREAM_CLOSES},
    {"/full-packed", {NULL, 0}, {NULL, 0}, UPSTREAM_WAITS},
    REDIRECT("/moved", "302", "/plain"),
    REDIRECT("/moved-kept", "307", "/plain"),
    REDIRECT("/loop", "302", "/loop"),
    REDIRECT("/three", "301", "/two"),
    REDIRECT("/two", "301", "/moved"),
    REDIRECT("/to-host", "302", "http://example.invalid/plain"),
    REDIRECT("/to-scheme", "302", "https://127.0.0.1/plain"),
    REDIRECT("/to-file", "302", "file:///etc/passwd"),
    REDIRECT("/to-user", "302", "//me@127.0.0.1/plain"),
    {"/to-port", {NULL, 0}, {NULL, 0}, UPSTREAM_WAITS},
    PLAY("/nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", UPSTREAM_WAITS),
    RETRY("/retry/30", "Retry-After: 30\r\n"),
    RETRY("/retry/date", "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
                         "Retry-After: Wed, 21 Oct 2015 07:30:30 GMT\r\n"),
    RETRY("/retry/past", "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
                         "Retry-After: Wed, 21 Oct 2015 07:27:00 GMT\r\n"),
    RETRY("/retry/dateless", "Retry-After: Wed, 21 Oct 2015 07:30:30 GMT\r\n"),
    RETRY("/retry/huge", "Retry-After: 99999999999999999999999\r\n"),
    RETRY("/retry/negative", "Retry-After: -5\r\n"),
    RETRY("/retry/words", "Retry-After: soon\r\n"),
    RETRY("/retry/none", ""),
    {0},
};

/* A gzip member of that many zero bytes after the text; returns its length. */
static size_t pack(struct text text, size_t zero_bytes, char *room, size_t room_bytes)
{
    static const char nothing[65536];
    z_stream gzip = {0};
    check(deflateInit2(&gzip, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    gzip.next_out = (Bytef *)room;
    gzip.avail_out = (uInt)room_bytes;
    gzip.next_in = (Bytef *)(uintptr_t)text.at;
    gzip.avail_in = (uInt)text.length;
    check(deflate(&gzip, Z_NO_FLUSH) == Z_OK);
    for (size_t left = zero_bytes; left > 0;) {
        size_t step = left < sizeof(nothing) ? left : sizeof(nothing);
        gzip.next_in = (Bytef *)(uintptr_t)nothing;
        gzip.avail_in = (uInt)step;
        check(deflate(&gzip, Z_NO_FLUSH) == Z_OK && gzip.avail_in == 0);
        left -= step;
    }
    check(deflate(&gzip, Z_FINISH) == Z_STREAM_END);
    size_t length = room_bytes - gzip.avail_out;
    check(deflateEnd(&gzip) == Z_OK);
    return length;
}

static struct upstream_play *find_play(const char *path)
{
    struct upstream_play *play = plays;
    while (strcmp(play->path, path) != 0)
        play++;
    return play;
}

/* The head goes before the body that stands in room, told to be that long. */
static void set_play(const char *path, const char *more, char *room, size_t room_bytes,
                     size_t body_bytes)
{
    char head[256];
    int length = snprintf(head, sizeof(head), OK_HEAD "%sContent-Length: %zu\r\n\r\n", more,
                          body_bytes);
    check(length > 0 && (size_t)length + body_bytes <= room_bytes);
    memmove(room + length, room, body_bytes);
    memcpy(room, head, (size_t)length);
    find_play(path)->opening = (struct text){room, (size_t)length + body_bytes};
}

#define GZIP "Content-Encoding: gzip\r\n"

static int make_bodies(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    size_t length = pack(TEXT("hello "), 0, packed, sizeof(packed));
    length += pack(TEXT("members"), 0, packed + length, sizeof(packed) - length);
    memcpy(truncated, packed, length);
    set_play("/packed", GZIP, packed, sizeof(packed), length);
    set_play("/truncated", GZIP, truncated, sizeof(truncated), length - 4);
    length = pack(TEXT(""), BOMB_BYTES, bomb, sizeof(bomb));
    set_play("/bomb", GZIP, bomb, sizeof(bomb), length);
    length = pack(TEXT(""), CLIENT_BODY_BYTES_MAX, full_packed, sizeof(full_packed));
    set_play("/full-packed", GZIP, full_packed, sizeof(full_packed), length);
    set_play("/full", "", full, sizeof(full), CLIENT_BODY_BYTES_MAX);
    memcpy(over, OK_HEAD "\r\n", sizeof(OK_HEAD "\r\n") - 1);
    find_play("/over")->opening = (struct text){over, sizeof(OK_HEAD "\r\n") - 1 +
                                                          CLIENT_BODY_BYTES_MAX + 1};
    size_t member = pack(TEXT(""), 0, hollow, sizeof(hollow));
    for (length = member; length + member <= sizeof(hollow); length += member)
        memcpy(hollow + length, hollow, member);
    find_play("/hollow")->piece = (struct text){hollow, length};
    return 0;
}

struct world {
    uv_loop_t loop;
    uv_timer_t patience;
    struct upstream upstream;
    struct upstream elsewhere; /* the same on another port */
    struct http_client *client;
};

/* An exchange and what came of it. */
struct ask {
    struct client_exchange exchange;
    struct world *world;
    bool is_over;
    bool closes; /* the client, when it is answered */
    struct client_answer answer;
    char body[64];
    char content_type[64];
};

static void on_patience(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing came of it in %d ms", PATIENCE_MS);
}

static void world_open(struct world *world)
{
    struct reason reason;
    check(uv_loop_init(&world->loop) == 0);
    check(uv_timer_init(&world->loop, &world->patience) == 0);
    check(uv_timer_start(&world->patience, on_patience, PATIENCE_MS, 0) == 0);
    upstream_open(&world->upstream, &world->loop, plays);
    upstream_open(&world->elsewhere, &world->loop, plays);
    int length = snprintf(to_other_port, sizeof(to_other_port),
                          "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
                          "Location: http://127.0.0.1:%u/plain\r\n\r\n",
                          world->elsewhere.port);
    find_play("/to-port")->opening = (struct text){to_other_port, (size_t)length};
    check(http_client_open(&world->loop, &world->client, &reason) == STATUS_OK);
}

/* Nothing is left open in the loop, or uv_loop_close tells. */
static void world_close(struct world *world)
{
    http_client_close(world->client);
    upstream_close(&world->upstream);
    upstream_close(&world->elsewhere);
    uv_close((uv_handle_t *)&world->patience, NULL);
    check(uv_run(&world->loop, UV_RUN_DEFAULT) == 0);
    assert_int_equal(uv_loop_close(&world->loop), 0);
}

static void keep(struct text from, char *room, size_t room_bytes)
{
    size_t length = from.length < room_bytes - 1 ? from.length : room_bytes - 1;
    if (length > 0)
        memcpy(room, from.at, length);
    room[length] = '\0';
}

static void on_answered(struct client_exchange *exchange, const struct client_answer *answer)
{
    struct ask *ask = CONTAINER_OF(exchange, struct ask, exchange);
    assert_false(ask->is_over);
    ask->is_over = true;
    ask->answer = *answer;
    keep(answer->body, ask->body, sizeof(ask->body));
    keep(answer->content_type, ask->content_type, sizeof(ask->content_type));
    if (ask->closes) {
        http_client_close(ask->world->client);
        ask->world->client = NULL;
    }
}

static void send_to_host(struct world *world, struct ask *ask, const char *host,
                         const char *path, struct client_request request)
{
    char url[256];
    struct reason reason;
    int length = snprintf(url, sizeof(url), "http://%s:%u%s", host, world->upstream.port, path);
    *ask = (struct ask){.exchange = {.answered = on_answered}, .world = world};
    request.url = (struct text){url, (size_t)length};
    if (request.timeout.us == 0)
        request.timeout = (duration){PATIENCE_MS * INT64_C(1000)};
    assert_int_equal(http_client_send(world->client, &request, &ask->exchange, &reason),
                     STATUS_OK);
    assert_false(ask->is_over);
}

static void send_to(struct world *world, struct ask *ask, const char *path,
                    struct client_request request)
{
    send_to_host(world, ask, "127.0.0.1", path, request);
}

static void wait_for(struct world *world, const struct ask *ask)
{
    while (!ask->is_over)
        (void)uv_run(&world->loop, UV_RUN_ONCE);
}

static void fetch_with(struct world *world, struct ask *ask, const char *path,
                       struct client_request request)
{
    send_to(world, ask, path, request);
    wait_for(world, ask);
}

static void fetch(struct world *world, struct ask *ask, const char *path)
{
    fetch_with(world, ask, path, (struct client_request){0});
}

static void expect_body(struct world *world, const char *path, const char *body)
{
    struct ask ask;
    fetch(world, &ask, path);
    assert_string_equal(ask.answer.reason.sentence, "");
    assert_int_equal(ask.answer.outcome, STATUS_OK);
    assert_string_equal(ask.body, body);
    assert_int_equal(ask.answer.retry_after_seconds, -1);
}

static void expect_fault(struct world *world, const char *path, enum status outcome,
                         const char *words)
{
    struct ask ask;
    fetch(world, &ask, path);
    assert_int_equal(ask.answer.outcome, outcome);
    assert_int_equal(ask.answer.body.length, 0);
    if (!strstr(ask.answer.reason.sentence, words))
        fail_msg("%s: \"%s\" does not say \"%s\"", path, ask.answer.reason.sentence, words);
}

static void gives_whole_bodies(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    expect_body(&world, "/plain", "hello");
    expect_body(&world, "/chunked", "hello");
    expect_body(&world, "/until-closed", "hello");
    expect_body(&world, "/early", "hello");
    expect_body(&world, "/packed", "hello members");
    expect_body(&world, "/empty-gzip", "");
    world_close(&world);
}

static void tells_status_and_type(void **state)
{
    struct world world;
    struct ask ask;
    (void)state;
    world_open(&world);
    fetch(&world, &ask, "/plain");
    assert_int_equal(ask.answer.http_status, 200);
    assert_string_equal(ask.content_type, "application/json");
    fetch(&world, &ask, "/nothing");
    assert_int_equal(ask.answer.outcome, STATUS_OK);
    assert_int_equal(ask.answer.http_status, 204);
    assert_int_equal(ask.answer.body.length, 0);
    assert_int_equal(ask.answer.content_type.length, 0);
    fetch(&world, &ask, "/fault");
    assert_int_equal(ask.answer.outcome, STATUS_OK);
    assert_int_equal(ask.answer.http_status, 500);
    assert_string_equal(ask.body, "ouch");
    world_close(&world);
}

static void sends_what_is_asked(void **state)
{
    struct world world;
    struct ask ask;
    const struct client_header headers[] = {{TEXT("Access-Token"), TEXT("secret")},
                                            {TEXT("x-empty"), TEXT("")},
                                            {TEXT("User-Agent"), TEXT("mine")}};
    (void)state;
    world_open(&world);
    fetch_with(&world, &ask, "/plain?a=b",
               (struct client_request){.headers = headers,
                                       .header_count = LENGTH_OF(headers),
                                       .body = TEXT("{\"page\":1}")});
    const char *asked = world.upstream.asked;
    assert_ptr_equal(strstr(asked, "POST /plain?a=b HTTP/1.1\r\n"), asked);
    assert_non_null(strstr(asked, "\r\nAccess-Token: secret\r\n"));
    assert_non_null(strstr(asked, "\r\nx-empty:\r\n"));
    assert_non_null(strstr(asked, "\r\nUser-Agent: mine\r\n"));
    assert_non_null(strstr(asked, "\r\nAccept-Encoding: gzip\r\n"));
    assert_non_null(strstr(asked, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(asked, "\r\n\r\n{\"page\":1}"));
    fetch(&world, &ask, "/plain");
    assert_ptr_equal(strstr(asked, "GET /plain HTTP/1.1\r\n"), asked);
    assert_null(strstr(asked, "Content-Type"));
    assert_non_null(strstr(asked, "\r\nUser-Agent: trendgate\r\n"));
    assert_int_equal(world.upstream.connections, 1);
    world_close(&world);
}

static void bounds_what_comes(void **state)
{
    struct world world;
    struct ask ask;
    (void)state;
    world_open(&world);
    fetch(&world, &ask, "/full");
    assert_int_equal(ask.answer.outcome, STATUS_OK);
    assert_int_equal(ask.answer.body.length, CLIENT_BODY_BYTES_MAX);
    fetch(&world, &ask, "/full-packed");
    assert_int_equal(ask.answer.outcome, STATUS_OK);
    assert_int_equal(ask.answer.body.length, CLIENT_BODY_BYTES_MAX);
    expect_fault(&world, "/over", STATUS_TOO_LARGE, "its body is over");
    expect_fault(&world, "/long", STATUS_TOO_LARGE, "its body is over");
    expect_fault(&world, "/endless", STATUS_TOO_LARGE, "its body is over");
    expect_fault(&world, "/endless-chunks", STATUS_TOO_LARGE, "its body is over");
    expect_fault(&world, "/bomb", STATUS_TOO_LARGE, "unpacked, its body is over");
    expect_fault(&world, "/hollow", STATUS_TOO_LARGE, "its body is over");
    expect_fault(&world, "/endless-head", STATUS_TOO_LARGE, "its headers are over");
    expect_fault(&world, "/endless-early", STATUS_TOO_LARGE, "its headers are over");
    world_close(&world);
}

static void tells_what_broke(void **state)
{
    struct world world;
    (void)state;
    world_open(&world);
    expect_fault(&world, "/short", STATUS_UNAVAILABLE, "");
    expect_fault(&world, "/reset", STATUS_UNAVAILABLE, "");
    expect_fault(&world, "/hangs-up", STATUS_UNAVAILABLE, "Empty reply");
    expect_fault(&world, "/not-http", STATUS_UNAVAILABLE, "HTTP/0.9");
    expect_fault(&world, "/brotli", STATUS_UNAVAILABLE, "another way than gzip");
    expect_fault(&world, "/twice", STATUS_UNAVAILABLE, "another way than gzip");
    expect_fault(&world, "/false-gzip", STATUS_UNAVAILABLE, "its gzip is damaged");
    expect_fault(&world, "/truncated", STATUS_UNAVAILABLE, "its gzip ends before its end");
    uint16_t port = world.upstream.port;
    world.upstream.port = 1; /* nobody listens there */
    expect_fault(&world, "/plain", STATUS_UNAVAILABLE, "connect");
    world.upstream.port = port;
    expect_body(&world, "/plain", "hello");
    world_close(&world);
}

static void gives_up_in_time(void **state)
{
    struct world world;
    struct ask ask;
    const struct client_request soon = {.timeout = {SHORT_MS * 1000}};
    (void)state;
    world_open(&world);
    fetch_with(&world, &ask, "/silent", soon);
    assert_int_equal(ask.answer.outcome, STATUS_UNAVAILABLE);
    assert_non_null(strstr(ask.answer.reason.sentence, "timed out"));
    fetch_with(&world, &ask, "/drip", soon);
    assert_int_equal(ask.answer.outcome, STATUS_UNAVAILABLE);
    assert_non_null(strstr(ask.answer.reason.sentence, "timed out"));
    world_close(&world);
}

static void stays_where_it_was_sent(void **state)
{
    struct world world;
    struct ask ask;
    (void)state;
    world_open(&world);
    expect_body(&world, "/moved", "hello");
    expect_body(&world, "/three", "hello");
    expect_fault(&world, "/loop", STATUS_FORBIDDEN, "redirects over 3 times");
    expect_fault(&world, "/to-host", STATUS_FORBIDDEN, "another host");
    expect_fault(&world, "/to-port", STATUS_FORBIDDEN, "another host");
    expect_fault(&world, "/to-scheme", STATUS_FORBIDDEN, "another host");
    expect_fault(&world, "/to-file", STATUS_FORBIDDEN, "another host");
    expect_fault(&world, "/to-user", STATUS_FORBIDDEN, "another host");
    assert_int_equal(world.elsewhere.requests, 0);
    fetch(&world, &ask, "/nowhere");
    assert_int_equal(ask.answer.outcome, STATUS_OK);
    assert_int_equal(ask.answer.http_status, 302);
    world_close(&world);
}

static void keeps_the_method_where_told(void **state)
{
    struct world world;
    struct ask ask;
    const struct client_request post = {.body = TEXT("{}")};
    (void)state;
    world_open(&world);
    fetch_with(&world, &ask, "/moved-kept", post);
    assert_ptr_equal(strstr(world.upstream.asked, "POST /plain "), world.upstream.asked);
    assert_non_null(strstr(world.upstream.asked, "\r\n\r\n{}"));
    fetch_with(&world, &ask, "/moved", post);
    assert_ptr_equal(strstr(world.upstream.asked, "GET /plain "), world.upstream.asked);
    assert_null(strstr(world.upstream.asked, "Content-Length"));
    world_close(&world);
}

static void reads_when_to_come_back(void **state)
{
    static const struct {
        const char *path;
        int64_t seconds;
    } rows[] = {
        {"/retry/30", 30},       {"/retry/date", 150},
        {"/retry/past", 0},      {"/retry/dateless", -1},
        {"/retry/negative", -1}, {"/retry/huge", CLIENT_RETRY_AFTER_MAX},
        {"/retry/words", -1},    {"/retry/none", -1},
    };
    struct world world;
    struct ask ask;
    (void)state;
    world_open(&world);
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        fetch(&world, &ask, rows[i].path);
        assert_int_equal(ask.answer.http_status, 429);
        if (ask.answer.retry_after_seconds != rows[i].seconds)
            fail_msg("%s: %lld", rows[i].path, (long long)ask.answer.retry_after_seconds);
    }
    world_close(&world);
}

static void refuses_what_cannot_be_sent(void **state)
{
    static const char *const urls[] = {"",
                                       "127.0.0.1/x",
                                       "/x",
                                       "ftp://127.0.0.1/",
                                       "file:///etc/passwd",
                                       "http://me:word@127.0.0.1/",
                                       "http://127.0.0.1/\r\nX: y",
                                       "http://"};
    static const struct client_header headers[] = {
        {TEXT_INITIAL("a b"), TEXT_INITIAL("c")},
        {TEXT_INITIAL(""), TEXT_INITIAL("c")},
        {TEXT_INITIAL("a"), TEXT_INITIAL("b\r\nc: d")},
        {TEXT_INITIAL("a"), TEXT_INITIAL("b\0c")},
        {TEXT_INITIAL("host"), TEXT_INITIAL("b")},
        {TEXT_INITIAL("Accept-Encoding"), TEXT_INITIAL("br")},
        {TEXT_INITIAL("Content-Length"), TEXT_INITIAL("7")},
    };
    struct world world;
    struct ask ask = {.exchange = {.answered = on_answered}};
    struct reason reason;
    (void)state;
    world_open(&world);
    for (size_t i = 0; i < LENGTH_OF(urls); i++) {
        struct client_request request = {.url = text_of(urls[i]), .timeout = {SECOND_US}};
        assert_int_equal(http_client_send(world.client, &request, &ask.exchange, &reason),
                         STATUS_INVALID);
        assert_string_not_equal(reason.sentence, "");
    }
    for (size_t i = 0; i < LENGTH_OF(headers); i++) {
        struct client_request request = {.url = TEXT("http://127.0.0.1:1/"),
                                         .timeout = {SECOND_US},
                                         .headers = &headers[i],
                                         .header_count = 1};
        assert_int_equal(http_client_send(world.client, &request, &ask.exchange, &reason),
                         STATUS_INVALID);
        assert_string_not_equal(reason.sentence, "");
    }
    assert_false(ask.is_over);
    world_close(&world);
}

static void ends_what_is_under_way(void **state)
{
    struct world world;
    struct ask asks[3];
    struct reason reason;
    (void)state;
    world_open(&world);
    send_to(&world, &asks[0], "/silent", (struct client_request){0});
    send_to(&world, &asks[1], "/drip", (struct client_request){0});
    while (world.upstream.requests < 2)
        (void)uv_run(&world.loop, UV_RUN_ONCE);
    send_to(&world, &asks[2], "/plain", (struct client_request){0});
    http_client_close(world.client);
    for (size_t i = 0; i < LENGTH_OF(asks); i++) {
        assert_true(asks[i].is_over);
        assert_int_equal(asks[i].answer.outcome, STATUS_UNAVAILABLE);
        assert_non_null(strstr(asks[i].answer.reason.sentence, "closed"));
    }
    struct client_request late = {.url = TEXT("http://127.0.0.1:1/"), .timeout = {SECOND_US}};
    assert_int_equal(http_client_send(world.client, &late, &asks[0].exchange, &reason),
                     STATUS_UNAVAILABLE);
    world.client = NULL;
    world_close(&world);
}

static void may_be_closed_by_an_answer(void **state)
{
    struct world world;
    struct ask first;
    struct ask second;
    (void)state;
    world_open(&world);
    send_to(&world, &second, "/silent", (struct client_request){0});
    send_to(&world, &first, "/plain", (struct client_request){0});
    first.closes = true;
    wait_for(&world, &first);
    assert_int_equal(first.answer.outcome, STATUS_OK);
    assert_true(second.is_over);
    assert_int_equal(second.answer.outcome, STATUS_UNAVAILABLE);
    world_close(&world);
}

/* Names are looked up by a thread of libcurl's, which wakes the loop through a socket. */
static void looks_names_up(void **state)
{
    struct world world;
    struct ask ask;
    struct ask late;
    (void)state;
    world_open(&world);
    send_to_host(&world, &ask, "localhost", "/plain", (struct client_request){0});
    wait_for(&world, &ask);
    assert_string_equal(ask.answer.reason.sentence, "");
    assert_string_equal(ask.body, "hello");
    send_to_host(&world, &ask, "nobody.invalid", "/plain",
                 (struct client_request){.timeout = {SHORT_MS * 1000}});
    wait_for(&world, &ask);
    assert_int_equal(ask.answer.outcome, STATUS_UNAVAILABLE);
    assert_string_not_equal(ask.answer.reason.sentence, "");
    send_to_host(&world, &late, "somebody.invalid", "/plain", (struct client_request){0});
    (void)uv_run(&world.loop, UV_RUN_ONCE);
    world_close(&world);
    assert_true(late.is_over);
    assert_int_equal(late.answer.outcome, STATUS_UNAVAILABLE);
}

static void takes_no_proxy_from_the_environment(void **state)
{
    struct world world;
    (void)state;
    check(setenv("http_proxy", "http://127.0.0.1:1", 1) == 0);
    check(setenv("ALL_PROXY", "http://127.0.0.1:1", 1) == 0);
    world_open(&world);
    expect_body(&world, "/plain", "hello");
    world_close(&world);
    check(unsetenv("http_proxy") == 0 && unsetenv("ALL_PROXY") == 0);
}

static void asks_many_at_once(void **state)
{
    enum { MANY = 50 };
    static struct ask asks[MANY];
    struct world world;
    (void)state;
    world_open(&world);
    for (size_t i = 0; i < MANY; i++)
        send_to(&world, &asks[i], i % 2 ? "/chunked" : "/packed", (struct client_request){0});
    for (size_t i = 0; i < MANY; i++) {
        wait_for(&world, &asks[i]);
        assert_int_equal(asks[i].answer.outcome, STATUS_OK);
        assert_string_equal(asks[i].body, i % 2 ? "hello" : "hello members");
    }
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_whole_bodies),
        cmocka_unit_test(tells_status_and_type),
        cmocka_unit_test(sends_what_is_asked),
        cmocka_unit_test(bounds_what_comes),
        cmocka_unit_test(tells_what_broke),
        cmocka_unit_test(gives_up_in_time),
        cmocka_unit_test(stays_where_it_was_sent),
        cmocka_unit_test(keeps_the_method_where_told),
        cmocka_unit_test(reads_when_to_come_back),
        cmocka_unit_test(refuses_what_cannot_be_sent),
        cmocka_unit_test(ends_what_is_under_way),
        cmocka_unit_test(may_be_closed_by_an_answer),
        cmocka_unit_test(looks_names_up),
        cmocka_unit_test(takes_no_proxy_from_the_environment),
        cmocka_unit_test(asks_many_at_once),
    };
    return cmocka_run_group_tests(tests, make_bodies, NULL);
}
