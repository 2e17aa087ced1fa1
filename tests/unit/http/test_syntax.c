/* syntax: raw requests, each with the status it gets and whether the connection ends. */
#include "harness.h"
#include "http/bounds.h"
#include "http/chunked.h"
#include "http/head_scan.h"

#include <stdio.h>

struct row {
    const char *label;
    struct text raw;
    unsigned status;
    bool closes;
    const char *seen; /* in the answer's body; NULL: anything */
};

#define ROW(label, raw, ...)                                                                   \
    {                                                                                          \
        label, TEXT_INITIAL(raw), __VA_ARGS__                                                  \
    }
#define GET "GET / HTTP/1.1\r\nHost: h\r\n"
#define POST "POST /p HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A512 A64 A64 A64 A64 A64 A64 A64 A64
#define X8 "X: 1\r\nX: 2\r\nX: 3\r\nX: 4\r\nX: 5\r\nX: 6\r\nX: 7\r\nX: 8\r\n"

static const struct row rows[] = {
    /* Well-formed. */
    ROW("plain GET", GET "\r\n", 200, false, "GET / ?"),
    ROW("one empty line first", "\r\n" GET "\r\n", 200, false, "GET / ?"),
    ROW("query kept encoded", "GET /a%20b?c=%41&d HTTP/1.1\r\nHost: h\r\n\r\n", 200, false,
        "GET /a%20b ?c=%41&d "),
    ROW("empty query", "GET /a? HTTP/1.1\r\nHost: h\r\n\r\n", 200, false, "GET /a ? "),
    ROW("two question marks", "GET /a?b?c HTTP/1.1\r\nHost: h\r\n\r\n", 200, false, "?b?c "),
    ROW("no space after colon", "GET / HTTP/1.1\r\nHost:h\r\n\r\n", 200, false, "host=h "),
    ROW("white space around a value", "GET / HTTP/1.1\r\nHost: \t h \t\r\n\r\n", 200, false,
        "host=h "),
    ROW("empty value", GET "X:\r\n\r\n", 200, false, "fields=2"),
    ROW("bytes over 127 in a value", GET "X: \xC3\xA4\xFF\r\n\r\n", 200, false, "fields=2"),
    ROW("odd but legal name", GET "x!#$%&'*+-.^_`|~9: 1\r\n\r\n", 200, false, "fields=2"),
    ROW("Host in any case", "GET / HTTP/1.1\r\nhOsT: h\r\n\r\n", 200, false, "host=h "),
    ROW("Host with port", "GET / HTTP/1.1\r\nHost: a.b:8080\r\n\r\n", 200, false,
        "host=a.b:8080 "),
    ROW("Host with empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 200, false, "host=a: "),
    ROW("Host as IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200, false,
        "host=[::1]:80"),
    ROW("Host empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 200, false, "host= "),
    ROW("Host percent-encoded", "GET / HTTP/1.1\r\nHost: a%41\r\n\r\n", 200, false,
        "host=a%41 "),
    ROW("PUT without body", "PUT / HTTP/1.1\r\nHost: h\r\n\r\n", 200, false, "PUT / "),
    ROW("DELETE", "DELETE /x HTTP/1.1\r\nHost: h\r\n\r\n", 200, false, "DELETE /x "),
    ROW("PROPFIND is the owner's", "PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n", 200, false,
        "PROPFIND / "),
    ROW("TRACE is the owner's", "TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", 200, false, "TRACE / "),
    ROW("32 header lines",
        GET X8 X8 X8 "X: 1\r\nX: 2\r\nX: 3\r\nX: 4\r\nX: 5\r\nX: 6\r\nX: 7\r\n"
                     "\r\n",
        200, false, "fields=32"),

    /* Connection and version. */
    ROW("Connection: close", GET "Connection: close\r\n\r\n", 200, true, NULL),
    ROW("Connection: CLOSE in a list", GET "Connection: x, CLOSE\r\n\r\n", 200, true, NULL),
    ROW("Connection: closed is no close", GET "Connection: closed\r\n\r\n", 200, false, NULL),
    ROW("close wins over keep-alive", GET "Connection: keep-alive, close\r\n\r\n", 200, true,
        NULL),
    ROW("Upgrade is ignored", GET "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", 200,
        false, NULL),
    ROW("HTTP/1.0 closes", "GET / HTTP/1.0\r\n\r\n", 200, true, NULL),
    ROW("HTTP/1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, false,
        NULL),
    ROW("HTTP/1.0 close and keep-alive",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", 200, true,
        NULL),
    ROW("HTTP/1.2 without Host", "GET / HTTP/1.2\r\n\r\n", 400, true, NULL),
    ROW("HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505, true, NULL),
    ROW("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, true, NULL),
    ROW("HTTP/0.9", "GET / HTTP/0.9\r\n\r\n", 505, true, NULL),
    ROW("no version", "GET /\r\n\r\n", 400, true, NULL),
    ROW("http/1.1", "GET / http/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("HTTP/1.10", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("HTTP/1", "GET / HTTP/1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("RTSP", "DESCRIBE / RTSP/1.0\r\n\r\n", 400, true, NULL),

    /* The request line. */
    ROW("two empty lines first", "\r\n\r\n" GET "\r\n", 400, true, NULL),
    ROW("space first", " GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("two spaces after the method", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("two spaces before the version", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("space at the end", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("tab for a space", "GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("method alone", "GET\r\n\r\n", 400, true, NULL),
    ROW("method with a colon", "G:T / HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("unknown method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501, true, NULL),
    ROW("lower-case method", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 501, true, NULL),
    ROW("longer than a method", "GETS / HTTP/1.1\r\nHost: h\r\n\r\n", 501, true, NULL),
    ROW("RTSP's method", "PLAY / HTTP/1.1\r\nHost: h\r\n\r\n", 501, true, NULL),
    ROW("CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 501, true, NULL),
    ROW("TLS client hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, true, NULL),

    /* Targets. */
    ROW("absolute-form", "GET http://a.b:81/p?q HTTP/1.1\r\nHost: other\r\n\r\n", 200, false,
        "GET /p ?q host=a.b:81 fields=1"),
    ROW("absolute-form, HTTP/1.0, no Host", "GET HTTP://a/p HTTP/1.0\r\n\r\n", 200, true,
        "GET /p ? host=a fields=1"),
    ROW("absolute-form without path", "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", 200, false,
        "GET / ? host=a "),
    ROW("absolute-form, query only", "GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", 200, false,
        "GET / ?q host=a "),
    ROW("absolute-form, no Host", "GET http://a/ HTTP/1.1\r\n\r\n", 400, true, NULL),
    ROW("absolute-form, userinfo", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, true,
        NULL),
    ROW("absolute-form, no host", "GET http:///p HTTP/1.1\r\nHost: a\r\n\r\n", 400, true, NULL),
    ROW("absolute-form, port only", "GET http://:80/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, true,
        NULL),
    ROW("absolute-form, ftp", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, true, NULL),
    ROW("asterisk-form", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 200, false, "OPTIONS * "),
    ROW("OPTIONS of a whole server", "OPTIONS http://a HTTP/1.1\r\nHost: h\r\n\r\n", 200, false,
        "OPTIONS * "),
    ROW("asterisk with GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("asterisk and more", "OPTIONS *x HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("authority-form with GET", "GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("no leading slash", "GET index HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("target beyond ASCII", "GET /\xC3\xA4 HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("DEL in the target", "GET /\x7F HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),

    /* Line ends and control bytes. */
    ROW("bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("bare LF after a field", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400, true, NULL),
    ROW("bare LF at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400, true, NULL),
    ROW("bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n", 400, true, NULL),
    ROW("bare CR in a value", GET "X: a\rb\r\n\r\n", 400, true, NULL),
    ROW("bare CR in a name", GET "X\r: a\r\n\r\n", 400, true, NULL),
    ROW("CR CR LF", GET "X: a\r\r\n\r\n", 400, true, NULL),
    ROW("NUL in a value", GET "X: a\0b\r\n\r\n", 400, true, NULL),
    ROW("NUL in a name", GET "X\0: a\r\n\r\n", 400, true, NULL),
    ROW("BEL in a value", GET "X: \a\r\n\r\n", 400, true, NULL),
    ROW("DEL in a value", GET "X: \x7F\r\n\r\n", 400, true, NULL),

    /* Fields. */
    ROW("folded line", GET "X: a\r\n b\r\n\r\n", 400, true, NULL),
    ROW("folded with a tab", GET "X: a\r\n\tb\r\n\r\n", 400, true, NULL),
    ROW("white space before the first field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, true,
        NULL),
    ROW("line of a space", GET " \r\n\r\n", 400, true, NULL),
    ROW("space before the colon", GET "X : a\r\n\r\n", 400, true, NULL),
    ROW("tab before the colon", GET "X\t: a\r\n\r\n", 400, true, NULL),
    ROW("empty name", GET ": a\r\n\r\n", 400, true, NULL),
    ROW("no colon", GET "X a\r\n\r\n", 400, true, NULL),
    ROW("parenthesis in a name", GET "X(y): a\r\n\r\n", 400, true, NULL),
    ROW("name beyond ASCII", GET "\xC3\xA4: a\r\n\r\n", 400, true, NULL),
    ROW("no Host", "GET / HTTP/1.1\r\n\r\n", 400, true, NULL),
    ROW("two Host", GET "Host: h\r\n\r\n", 400, true, NULL),
    ROW("Host with userinfo", "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400, true, NULL),
    ROW("Host with a path", "GET / HTTP/1.1\r\nHost: h/p\r\n\r\n", 400, true, NULL),
    ROW("Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, true, NULL),
    ROW("Host list", "GET / HTTP/1.1\r\nHost: a,\"b\"\r\n\r\n", 400, true, NULL),
    ROW("Host with a word for a port", "GET / HTTP/1.1\r\nHost: h:x\r\n\r\n", 400, true, NULL),
    ROW("Host with a port too high", "GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n", 400, true,
        NULL),
    ROW("Host with two ports", "GET / HTTP/1.1\r\nHost: h:1:2\r\n\r\n", 400, true, NULL),
    ROW("Host with a broken IPv6", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, true, NULL),
    ROW("Host with a word in brackets", "GET / HTTP/1.1\r\nHost: [x]\r\n\r\n", 400, true, NULL),
    ROW("Host with a broken escape", "GET / HTTP/1.1\r\nHost: a%4\r\n\r\n", 400, true, NULL),

    /* Bounds. */
    ROW("request line too long", "GET /" A512 A512 " HTTP/1.1\r\nHost: h\r\n\r\n", 414, true,
        NULL),
    ROW("request line without an end", "GET /" A512 A512 A512, 414, true, NULL),
    ROW("one header line too long", GET "X: " A512 A512 A512 A512 "\r\n\r\n", 431, true, NULL),
    ROW("header lines too long together", GET "X: " A512 A512 "\r\nY: " A512 A512 "\r\n\r\n",
        431, true, NULL),
    ROW("too many header lines", GET X8 X8 X8 X8 "\r\n", 431, true, NULL),

    /* Bodies by length. */
    ROW("body of a length", POST "Content-Length: 5\r\n\r\nhello", 200, false, "body=5:hello"),
    ROW("GET with a body", GET "Content-Length: 2\r\n\r\nhi", 200, false, "body=2:hi"),
    ROW("length 0", POST "Content-Length: 0\r\n\r\n", 200, false, "body=0:"),
    ROW("leading zeros", POST "Content-Length: 005\r\n\r\nhello", 200, false, "body=5:hello"),
    ROW("two lengths", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, true,
        NULL),
    ROW("two equal lengths", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400,
        true, NULL),
    ROW("list of lengths", POST "Content-Length: 5, 5\r\n\r\nhello", 400, true, NULL),
    ROW("signed length", POST "Content-Length: +5\r\n\r\nhello", 400, true, NULL),
    ROW("negative length", POST "Content-Length: -5\r\n\r\nhello", 400, true, NULL),
    ROW("empty length", POST "Content-Length:\r\n\r\n", 400, true, NULL),
    ROW("hexadecimal length", POST "Content-Length: 0x5\r\n\r\nhello", 400, true, NULL),
    ROW("space in the length", POST "Content-Length: 1 2\r\n\r\nhello", 400, true, NULL),
    ROW("length past 64 bits", POST "Content-Length: 18446744073709551621\r\n\r\nhello", 400,
        true, NULL),
    ROW("length too large", POST "Content-Length: 100001\r\n\r\n", 413, true, NULL),
    ROW("length and chunked",
        POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true,
        NULL),
    ROW("chunked and length",
        POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, true,
        NULL),

    /* Transfer-Encoding. */
    ROW("gzip alone", POST "Transfer-Encoding: gzip\r\n\r\n", 400, true, NULL),
    ROW("gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, true,
        NULL),
    ROW("chunked, gzip", POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400, true,
        NULL),
    ROW("chunked twice", POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400, true,
        NULL),
    ROW("chunked in two lines",
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
        true, NULL),
    ROW("identity", POST "Transfer-Encoding: identity\r\n\r\n", 400, true, NULL),
    ROW("xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, true, NULL),
    ROW("chunked with a tail", POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 400,
        true, NULL),
    ROW("empty coding", POST "Transfer-Encoding:\r\n\r\n", 400, true, NULL),
    ROW("chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, true, NULL),

    /* Chunked bodies. */
    ROW("chunks", CHUNKED "5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n", 200, false, "body=6:hello!"),
    ROW("no chunk", CHUNKED "0\r\n\r\n", 200, false, "body=0:"),
    ROW("Chunked in capitals", POST "Transfer-Encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        200, false, "body=1:x"),
    ROW("hexadecimal size", CHUNKED "00a\r\n0123456789\r\n0\r\n\r\n", 200, false, "body=10:"),
    ROW("trailers are dropped", CHUNKED "1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n", 200, false,
        "fields=2 body=1:x"),
    ROW("bare LF after the size", CHUNKED "1\nx\r\n0\r\n\r\n", 400, true, NULL),
    ROW("bare LF after the content", CHUNKED "1\r\nx\n0\r\n\r\n", 400, true, NULL),
    ROW("bare LF at the end", CHUNKED "0\r\n\n", 400, true, NULL),
    ROW("bare CR in an extension", CHUNKED "1;a\rb\r\nx\r\n0\r\n\r\n", 400, true, NULL),
    ROW("bare LF in an extension", CHUNKED "1;a\nb\r\nx\r\n0\r\n\r\n", 400, true, NULL),
    ROW("junk after the content", CHUNKED "1\r\nxy\r\n0\r\n\r\n", 400, true, NULL),
    ROW("size missing", CHUNKED "\r\nx\r\n", 400, true, NULL),
    ROW("size of an extension only", CHUNKED ";a\r\nx\r\n", 400, true, NULL),
    ROW("size with a sign", CHUNKED "+1\r\nx\r\n0\r\n\r\n", 400, true, NULL),
    ROW("size with 0x", CHUNKED "0x1\r\nx\r\n0\r\n\r\n", 400, true, NULL),
    ROW("size with a space before", CHUNKED " 1\r\nx\r\n0\r\n\r\n", 400, true, NULL),
    ROW("size with a space after", CHUNKED "1 \r\nx\r\n0\r\n\r\n", 400, true, NULL),
    ROW("size past 64 bits", CHUNKED "10000000000000001\r\nx\r\n0\r\n\r\n", 400, true, NULL),
    ROW("size of all ones", CHUNKED "ffffffffffffffff\r\nx\r\n0\r\n\r\n", 413, true, NULL),
    ROW("chunk too large", CHUNKED "186a1\r\n", 413, true, NULL),
    ROW("extension too long", CHUNKED "1;" A512 "\r\nx\r\n0\r\n\r\n", 400, true, NULL),
    ROW("folded trailer", CHUNKED "0\r\nA: b\r\n c\r\n\r\n", 400, true, NULL),
    ROW("trailer without a name", CHUNKED "0\r\n: b\r\n\r\n", 400, true, NULL),
    ROW("trailer without a colon", CHUNKED "0\r\nA\r\n\r\n", 400, true, NULL),
    ROW("NUL in a trailer", CHUNKED "0\r\nA: \0\r\n\r\n", 400, true, NULL),
    ROW("trailers too long", CHUNKED "0\r\nA: " A512 A512 A512 A512 "\r\n\r\n", 431, true,
        NULL),

    /* Expectations. */
    ROW("another expectation", POST "Expect: tea\r\nContent-Length: 1\r\n\r\nx", 417, true,
        NULL),
    ROW("expectation without a body", GET "Expect: 100-continue\r\n\r\n", 200, false, NULL),
    ROW("too large to continue", POST "Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n",
        413, true, NULL),
};

static void check_answer(int client, const struct row *row, size_t cut)
{
    struct client_answer answer;
    client_read(client, false, &answer);
    bool said = strstr(answer.head, "\r\nConnection: close\r\n") != NULL;
    if (answer.status != row->status || (row->seen && !strstr(answer.body, row->seen)) ||
        said != row->closes)
        fail_msg("%s, cut at %zu: %s%s", row->label, cut, answer.head, answer.body);
    if (row->closes)
        client_expect_closed(client);
    else
        client_expect_open(client);
}

static void rows_in_one_piece(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(2, &limits);
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        int client = client_open(harness);
        client_send(client, rows[i].raw);
        check_answer(client, &rows[i], rows[i].raw.length);
        client_close(client);
    }
    harness_close(harness);
}

/* What is refused early may be closed before its end was sent: the answer is there still. */
static void rows_byte_by_byte(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(1, &limits);
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        int client = client_open(harness);
        for (size_t at = 0; at < rows[i].raw.length; at++)
            if (!client_try_send(client, text_slice(rows[i].raw, at, at + 1)))
                break;
        check_answer(client, &rows[i], 1);
        client_close(client);
    }
    harness_close(harness);
}

/* A request of another client, answered between the two pieces by the one loop, sees to it that
 * the first piece has been read alone. Each row begins at another of the offsets. */
static void rows_in_two_pieces(void **state)
{
    (void)state;
    enum { STEP = 3, LONGEST = 150 };
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(1, &limits);
    int other = client_open(harness);
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct text raw = rows[i].raw;
        for (size_t cut = 1 + i % STEP; cut < raw.length && cut < LONGEST; cut += STEP) {
            int client = client_open(harness);
            client_send(client, text_slice(raw, 0, cut));
            client_expect_open(other);
            (void)client_try_send(client, text_slice(raw, cut, raw.length));
            check_answer(client, &rows[i], cut);
            client_close(client);
        }
    }
    client_close(other);
    harness_close(harness);
}

/* The verdict on a head never depends on where it was cut. */
static void head_split_at_every_offset(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct text raw = rows[i].raw;
        struct http_refusal refusal = {0};
        struct head_scan whole = {0};
        enum head_progress expected = head_scan_read(&whole, raw, &limits, &refusal);
        for (size_t cut = 1; cut < raw.length; cut++) {
            struct http_refusal cut_refusal = {0};
            struct head_scan scan = {0};
            enum head_progress got = head_scan_read(&scan, text_slice(raw, 0, cut), &limits,
                                                    &cut_refusal);
            if (got == HEAD_PARTIAL)
                got = head_scan_read(&scan, raw, &limits, &cut_refusal);
            if (got != expected || cut_refusal.status != refusal.status ||
                (got == HEAD_WHOLE && scan.line_start != whole.line_start))
                fail_msg("%s cut at %zu", rows[i].label, cut);
        }
    }
}

/* Reads the pieces of raw before and after cut; the status, 200 when the body is whole. */
static unsigned read_chunked(struct text raw, size_t cut, char *content, size_t *length)
{
    struct http_limits limits = harness_limits();
    struct chunked chunked = {0};
    struct http_refusal refusal = {0};
    struct buffer body;
    buffer_init(&body, limits.body_bytes_max);
    struct text first = text_slice(raw, 0, cut);
    struct text second = text_slice(raw, cut, raw.length);
    enum status status = chunked_read(&chunked, &first, &limits, &body, &refusal);
    if (status == STATUS_OK)
        status = chunked_read(&chunked, &second, &limits, &body, &refusal);
    *length = body.length;
    memcpy(content, body.bytes ? body.bytes : "", body.length);
    buffer_finish(&body);
    return status != STATUS_OK ? refusal.status : chunked.place == CHUNKED_END ? 200 : 0;
}

static void chunks_split_at_every_offset(void **state)
{
    (void)state;
    size_t head = sizeof(CHUNKED) - 1;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        if (!text_starts_with(rows[i].raw, TEXT(CHUNKED)))
            continue;
        struct text raw = text_slice(rows[i].raw, head, rows[i].raw.length);
        char expected[64];
        char got[64];
        size_t expected_length;
        size_t got_length;
        unsigned status = read_chunked(raw, raw.length, expected, &expected_length);
        assert_int_equal(status, rows[i].status);
        for (size_t cut = 0; cut < raw.length; cut++)
            if (read_chunked(raw, cut, got, &got_length) != status ||
                got_length != expected_length || memcmp(got, expected, got_length) != 0)
                fail_msg("%s cut at %zu", rows[i].label, cut);
    }
}

/* Each is short enough by itself; all of a body's together are bounded too. */
static void chunk_extensions_are_bounded_together(void **state)
{
    (void)state;
    enum { EACH = 200, FIT = HTTP_CHUNK_EXTENSIONS_BYTES_MAX / EACH };
    char content[64];
    size_t length;
    for (unsigned chunks = FIT; chunks <= FIT + 1; chunks++) {
        struct buffer raw;
        char chunk[2 + EACH + 5]; /* "1;" and the extension, CR LF, content, CR LF */
        memset(chunk, 'e', sizeof(chunk));
        memcpy(chunk, "1;", 2);
        memcpy(chunk + 2 + EACH, "\r\nx\r\n", 5);
        buffer_init(&raw, 64 * 1024);
        for (unsigned i = 0; i < chunks; i++)
            buffer_append(&raw, (struct text){chunk, sizeof(chunk)});
        buffer_append(&raw, TEXT("0\r\n\r\n"));
        assert_int_equal(read_chunked(buffer_text(&raw), 0, content, &length),
                         chunks == FIT ? 200 : 400);
        buffer_finish(&raw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_in_one_piece),
        cmocka_unit_test(rows_byte_by_byte),
        cmocka_unit_test(rows_in_two_pieces),
        cmocka_unit_test(head_split_at_every_offset),
        cmocka_unit_test(chunks_split_at_every_offset),
        cmocka_unit_test(chunk_extensions_are_bounded_together),
    };
    return cmocka_run_group_tests_name("http/syntax", tests, NULL, NULL);
}
