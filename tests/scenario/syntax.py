"""HTTP/1.1 syntax over a raw socket (RFC 9110, 9112): what is refused, what is read, and that
the connection ends where the stream can no longer be trusted."""

from support.http_client import Closed, Malformed, request_bytes, until
from support.reference import check_success
from support.steps import ENDPOINT, Act, Scenario, act, check_every_answer, equal, fail, served

REFUSED, READ, PIPELINE, EXPECT, TIMEOUTS, CROWD = [], [], [], [], [], []

HOST = b"Host: localhost\r\n"
GET = b"GET /ping HTTP/1.1\r\n"
POST = b"POST /ping HTTP/1.1\r\n" + HOST


def refused(label, wire, *statuses, closes=True, says=""):
    """The bytes get exactly one answer of these statuses, in our envelope, and then the end. says:
    words of its sentence, where another fault could give the same status."""
    def play(stage):
        with stage.server.connect() as connection:
            connection.send(wire)
            try:
                answer = connection.receive()
            except (Closed, Malformed) as failure:
                fail(f"{wire[:300]!r}: {failure}")
            if answer.status not in (statuses or (400,)):
                fail(f"{wire[:300]!r}: wanted {statuses or (400,)}, got {answer!r}")
            check_every_answer(answer)
            if says not in answer.json()["msg"]:
                fail(f"{wire[:300]!r}: wanted {says!r} in {answer!r}")
            if closes:
                equal((answer.field("Connection") or "").lower(), "close", f"Connection of {answer!r}")
                connection.finish_sending()
                connection.assert_closed()
    REFUSED.append(Act(label, play))


# Host (RFC 9112 section 3.2)
refused("no Host", GET + b"\r\n")
refused("two Host fields", GET + HOST + HOST + b"\r\n")
refused("two different Hosts", GET + HOST + b"Host: example.com\r\n\r\n")
refused("a Host with a space in it", GET + b"Host: local host\r\n\r\n")
refused("a Host with a path", GET + b"Host: localhost/x\r\n\r\n")
refused("a Host with user information", GET + b"Host: me@localhost\r\n\r\n")
refused("a Host with a port of letters", GET + b"Host: localhost:http\r\n\r\n")
refused("two Hosts in one field", GET + b"Host: a, b\r\n\r\n")

# Line ends and control bytes (section 2.2, RFC 9110 section 5.5)
refused("a bare LF after the request line", b"GET /ping HTTP/1.1\n" + HOST + b"\r\n")
refused("a bare LF after a field", GET + b"Host: localhost\n\r\n")
refused("bare LFs alone", b"GET /ping HTTP/1.1\nHost: localhost\n\n")
refused("a bare CR in the request line", b"GET /ping\rx HTTP/1.1\r\n" + HOST + b"\r\n")
refused("a bare CR in a value", GET + HOST + b"X-A: a\rb\r\n\r\n")
refused("a bare CR before a hidden field", GET + HOST + b"X-A: a\rTransfer-Encoding: chunked\r\n\r\n")
refused("CR CR LF", GET + HOST + b"X-A: a\r\r\n\r\n")
refused("NUL in a value", GET + HOST + b"X-A: a\0b\r\n\r\n")
refused("NUL in the target", b"GET /pi\0ng HTTP/1.1\r\n" + HOST + b"\r\n")
refused("a control byte in a value", GET + HOST + b"X-A: a\x01b\r\n\r\n")
refused("DEL in a value", GET + HOST + b"X-A: a\x7fb\r\n\r\n")
refused("a tab in the target", b"GET /pi\tng HTTP/1.1\r\n" + HOST + b"\r\n")
refused("a raw byte past ASCII in the target", b"GET /ping?a=\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n")
refused("a raw byte that is no UTF-8 in the target", b"GET " + ENDPOINT.encode() + b"?country_code=\xff HTTP/1.1\r\n"
        + HOST + b"\r\n")
refused("a quote in the target", b'GET /ping?"=1 HTTP/1.1\r\n' + HOST + b"\r\n", 400, 404, 200, closes=False)
refused("a fragment in the target", b"GET /ping#x HTTP/1.1\r\n" + HOST + b"\r\n")

# Fields (RFC 9112 section 5)
refused("obs-fold", GET + HOST + b"X-A: a\r\n b\r\n\r\n")
refused("obs-fold with a tab", GET + HOST + b"X-A: a\r\n\tb\r\n\r\n")
refused("white space before the first field", GET + b" Host: localhost\r\n\r\n")
refused("a space before the colon", GET + b"Host : localhost\r\n\r\n")
refused("a tab before the colon", GET + HOST + b"X-A\t: b\r\n\r\n")
refused("a space in a field's name", GET + HOST + b"X A: b\r\n\r\n")
refused("an empty field name", GET + HOST + b": b\r\n\r\n")
refused("a field without a colon", GET + HOST + b"nonsense\r\n\r\n")
refused("a field name in brackets", GET + HOST + b"(X): b\r\n\r\n")
refused("a field name past ASCII", GET + HOST + b"X-\xc3\xa9: b\r\n\r\n")

# Lengths (section 6)
refused("two Content-Lengths", POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        says="Content-Length is given twice")
refused("two equal Content-Lengths", POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
        says="Content-Length is given twice")
refused("a list of Content-Lengths", POST + b"Content-Length: 1, 1\r\n\r\na")
refused("Content-Length with a sign", POST + b"Content-Length: +1\r\n\r\na")
refused("a negative Content-Length", POST + b"Content-Length: -1\r\n\r\na")
refused("Content-Length in hexadecimal", POST + b"Content-Length: 0x1\r\n\r\na")
refused("Content-Length of words", POST + b"Content-Length: one\r\n\r\na")
refused("an empty Content-Length", POST + b"Content-Length: \r\n\r\n")
refused("Content-Length with a space inside", POST + b"Content-Length: 1 1\r\n\r\na")
refused("Content-Length with Transfer-Encoding",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", says="stands beside Transfer-Encoding")
refused("Transfer-Encoding with Content-Length",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", says="stands beside Transfer-Encoding")
refused("chunked is not the last coding", POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400, 501)
refused("chunked twice", POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400, 501)
refused("a coding that nobody knows", POST + b"Transfer-Encoding: magic\r\n\r\n", 400, 501)
refused("gzip, chunked", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, 501)
refused("Transfer-Encoding twice", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, 501, says="Transfer-Encoding is malformed")
refused("Transfer-Encoding: xchunked", POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, 501)
refused("Transfer-Encoding under HTTP/1.0",
        b"POST /ping HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")

# Chunks (section 7.1)
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
refused("a chunk size of no hexadecimal", CHUNKED + b"xyz\r\n\r\n")
refused("a negative chunk size", CHUNKED + b"-1\r\n\r\n")
refused("a chunk size with 0x", CHUNKED + b"0x1\r\na\r\n0\r\n\r\n")
refused("a chunk size past 64 bits", CHUNKED + b"10000000000000001\r\na\r\n0\r\n\r\n", 400, 413)
refused("an empty chunk size", CHUNKED + b"\r\n\r\n")
refused("a bare LF after a chunk size", CHUNKED + b"1\na\r\n0\r\n\r\n")
refused("a chunk longer than it says", CHUNKED + b"1\r\nab\r\n0\r\n\r\n")
refused("a bare LF after a chunk", CHUNKED + b"1\r\na\n0\r\n\r\n")
refused("a bare CR in a chunk extension", CHUNKED + b"1;a\rb\r\na\r\n0\r\n\r\n")
refused("NUL in a chunk extension", CHUNKED + b"1;a=\0\r\na\r\n0\r\n\r\n")
refused("a chunk extension of 100 KB", CHUNKED + b"1;" + b"a" * 100_000 + b"\r\na\r\n0\r\n\r\n", 400, 413, 431)
refused("chunk extensions without end, a chunk of one byte each", CHUNKED + (b"1;" + b"e" * 600 + b"\r\na\r\n") * 200,
        400, 413, 431)
refused("trailers of 100 KB", CHUNKED + b"0\r\n" + b"X-T: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 2700 + b"\r\n",
        400, 413, 431)
refused("a bare LF in a trailer", CHUNKED + b"0\r\nX-T: a\n\r\n")

# Request lines (section 3)
refused("an empty request", b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nx\r\n\r\n")
refused("no version", b"GET /ping\r\n" + HOST + b"\r\n", 400, 505)
refused("HTTP/0.9", b"GET /ping\r\n\r\n", 400, 505)
refused("HTTP/2.0", b"GET /ping HTTP/2.0\r\n" + HOST + b"\r\n", 400, 505)
refused("HTTP/1.10", b"GET /ping HTTP/1.10\r\n" + HOST + b"\r\n", 400, 505)
refused("http/1.1 in small letters", b"GET /ping http/1.1\r\n" + HOST + b"\r\n", 400, 505)
refused("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 405, 505)
refused("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n")
refused("words", b"hello there\r\n\r\n", 400, 405, 501, 505)
refused("two spaces after the method", b"GET  /ping HTTP/1.1\r\n" + HOST + b"\r\n")
refused("two spaces before the version", b"GET /ping  HTTP/1.1\r\n" + HOST + b"\r\n")
refused("a space in the target", b"GET /pi ng HTTP/1.1\r\n" + HOST + b"\r\n")
refused("a space before the method", b" GET /ping HTTP/1.1\r\n" + HOST + b"\r\n")
refused("a space after the version", b"GET /ping HTTP/1.1 \r\n" + HOST + b"\r\n", 400, 505)
refused("a target without a slash", b"GET ping HTTP/1.1\r\n" + HOST + b"\r\n")
refused("absolute-form of another scheme", b"GET ftp://localhost/ping HTTP/1.1\r\n" + HOST + b"\r\n", 400, 404,
        closes=False)
refused("absolute-form without a host", b"GET http:///ping HTTP/1.1\r\n" + HOST + b"\r\n")
refused("GET of asterisk-form", b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400, 404, 405, closes=False)
refused("CONNECT", b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", 400, 404, 405, 501, closes=False)
refused("an expectation that nobody knows", POST + b"Expect: wonders\r\nContent-Length: 1\r\n\r\na", 417, 400,
        closes=False)


def read(label, wire, status=200, method="GET", answers=1, stays=True):
    """The bytes get this many answers of that status, and the connection stays open (or not)."""
    def play(stage):
        with stage.server.connect() as connection:
            connection.send(wire)
            for _ in range(answers):
                answer = connection.receive(method)
                equal(answer.status, status, f"status of {wire[:200]!r}")
                check_every_answer(answer, method)
            if stays:
                equal(connection.ask("/ping").status, 200, "one more request on the connection")
            else:
                connection.assert_closed()
    READ.append(Act(label, play))


read("the plainest request", GET + HOST + b"\r\n")
read("HTTP/1.2, which is read as 1.1", b"GET /ping HTTP/1.2\r\n" + HOST + b"\r\n")
read("HTTP/1.9, with a chunked body", CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.9") + b"3\r\nabc\r\n0\r\n\r\n", 405, "POST")
read("an empty line before the request", b"\r\n" + GET + HOST + b"\r\n")
read("a Host with a port", GET + b"Host: localhost:8080\r\n\r\n")
read("a Host of IPv6", GET + b"Host: [::1]:8080\r\n\r\n")
read("a Host in any letter case", GET + b"HOST: LOCALHOST\r\n\r\n")
read("white space around a value", GET + b"Host: \t localhost \t \r\n\r\n")
read("an empty value", GET + HOST + b"X-A:\r\n\r\n")
read("bytes past ASCII in a value", GET + HOST + b"X-A: caf\xc3\xa9 \xff\r\n\r\n")
read("absolute-form", b"GET http://localhost/ping HTTP/1.1\r\n" + HOST + b"\r\n")
read("absolute-form whose Host differs: the target counts",
     b"GET http://other.example/ping HTTP/1.1\r\n" + HOST + b"\r\n")
read("absolute-form with a query", b"GET http://localhost/ping?a=b HTTP/1.1\r\n" + HOST + b"\r\n")
read("absolute-form in capitals", b"GET HTTP://localhost/ping HTTP/1.1\r\n" + HOST + b"\r\n")
read("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 204, "OPTIONS")
read("a chunked body", CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", 405, "POST")
read("a chunked body with an extension and a trailer", CHUNKED + b"3;a=b\r\nabc\r\n0\r\nX-T: a\r\n\r\n", 405, "POST")
read("chunk sizes in capitals and with leading zeros", CHUNKED + b"00A\r\n0123456789\r\n000\r\n\r\n", 405, "POST")
read("Transfer-Encoding in any letter case",
     POST + b"transfer-encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\n\r\n", 405, "POST")
read("Content-Length: 0", POST + b"Content-Length: 0\r\n\r\n", 405, "POST")
read("a POST without a length has no body", POST + b"\r\n", 405, "POST")
read("Connection: close ends it", GET + HOST + b"Connection: close\r\n\r\n", stays=False)
read("Connection: CLOSE among others ends it", GET + HOST + b"Connection: x, CLOSE\r\n\r\n", stays=False)
read("HTTP/1.0 ends it", b"GET /ping HTTP/1.0\r\n" + HOST + b"\r\n", stays=False)
read("HTTP/1.0 without Host", b"GET /ping HTTP/1.0\r\n\r\n", stays=False)
read("HTTP/1.0 with keep-alive", b"GET /ping HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\n\r\n",
     stays=True)
read("two requests in one packet", (GET + HOST + b"\r\n") * 2, answers=2)
read("an Upgrade is not taken up", GET + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")


@act(READ, "a request that comes byte by byte")
def byte_by_byte(stage):
    with stage.server.connect() as connection:
        for byte in GET + HOST + b"X-Request-Id: slow\r\n\r\n":
            connection.send(bytes([byte]))
        equal(connection.receive().field("X-Request-Id"), "slow", "X-Request-Id")


@act(READ, "a chunked body that comes byte by byte")
def chunks_byte_by_byte(stage):
    with stage.server.connect() as connection:
        for byte in CHUNKED + b"3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nX-T: a\r\n\r\n":
            connection.send(bytes([byte]))
        equal(connection.receive("POST").status, 405, "status")
        equal(connection.ask("/ping").status, 200, "the next answer")


@act(READ, "a client that has finished sending still gets its answer")
def half_closed(stage):
    with stage.server.connect() as connection:
        connection.send(GET + HOST + b"\r\n")
        connection.finish_sending()
        equal(connection.receive().status, 200, "status")
        connection.assert_closed()


@act(READ, "a client that hangs up mid-request does no harm")
def hang_up(stage):
    for wire in (b"G", GET, GET + HOST, CHUNKED + b"5\r\nab", GET + HOST + b"\r\n"):
        connection = stage.server.connect()
        connection.send(wire)
        connection.close()
    equal(stage.server.ask("/ping").status, 200, "the server answers on")


@act(READ, "the smuggled request behind a refused one is never answered")
def no_smuggling(stage):
    smuggled = b"GET /ping HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: smuggled\r\n\r\n"
    for head in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 b"Content-Length: 0\r\nContent-Length: 80\r\n\r\n",
                 b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
                 b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                 b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
        with stage.server.connect() as connection:
            connection.send(POST + head + smuggled)
            connection.finish_sending()
            everything = connection.rest()
            equal(everything.count(b"HTTP/1.1 "), 1, f"answers to {head!r}")
            if b"smuggled" in everything:
                fail(f"the smuggled request behind {head!r} was answered")


# ---- Pipelining ----

@act(PIPELINE, "60 pipelined requests are answered in order")
def in_order(stage):
    with stage.server.connect() as connection:
        wire = b""
        for number in range(60):
            target = (ENDPOINT + f"?limit={number % 7 + 1}", "/ping", "/nothing", ENDPOINT + "?page=x")[number % 4]
            wire += request_bytes(target, headers={"x-api-key": stage.key, "X-Request-Id": f"n{number}"})
        connection.send(wire)
        for number in range(60):
            answer = connection.receive()
            equal(answer.field("X-Request-Id"), f"n{number}", "order")
            equal(answer.status, (200, 200, 404, 400)[number % 4], f"status of n{number}")


@act(PIPELINE, "cold and warm lists, HEAD and POST mixed, in order")
def mixed_in_order(stage):
    kinds = []
    wire = b""
    for number, country in enumerate(("AE", "AR", "AT", "AU", "BD", "BE", "BG", "BH", "BR", "BY", "CA", "CH")):
        for method in ("GET", "HEAD", "POST"):
            kinds.append(method)
            wire += request_bytes(f"{ENDPOINT}?country_code={country}&limit=100&period=30", method,
                                  {"x-api-key": stage.key, "X-Request-Id": f"m{len(kinds)}"},
                                  b"body" if method == "POST" else None)
    with stage.server.connect() as connection:
        connection.send(wire)
        for number, method in enumerate(kinds, 1):
            answer = connection.receive(method)
            equal(answer.field("X-Request-Id"), f"m{number}", "order")
            equal(answer.status, 405 if method == "POST" else 200, f"status of m{number}")


@act(PIPELINE, "what follows a refused request is not answered")
def after_refusal(stage):
    with stage.server.connect() as connection:
        connection.send(GET + HOST + b"\r\n" + GET + HOST + HOST + b"\r\n" + GET + HOST + b"\r\n")
        equal(connection.receive().status, 200, "the first")
        equal(connection.receive().status, 400, "the second")
        connection.finish_sending()
        connection.assert_closed()


@act(PIPELINE, "what follows Connection: close is not answered")
def after_close(stage):
    with stage.server.connect() as connection:
        connection.send(GET + HOST + b"Connection: close\r\n\r\n" + GET + HOST + b"\r\n")
        equal(connection.receive().status, 200, "the first")
        connection.assert_closed()


@act(PIPELINE, "a client that reads late gets every answer whole")
def late_reader(stage):
    count = 120  # of 20 to 100 KB: more than the sockets' buffers hold
    with stage.server.connect() as connection:
        for number in range(count):
            connection.send(request_bytes(f"{ENDPOINT}?limit=100&period=30", headers={
                "x-api-key": stage.key, "X-Request-Id": f"late{number}"}))
        for number in range(count):
            answer = connection.receive()
            equal(answer.field("X-Request-Id"), f"late{number}", "order")
            check_success(answer)


# ---- Expect: 100-continue ----

def continued(label, wire_head, body, status):
    def play(stage):
        with stage.server.connect() as connection:
            connection.send(wire_head)
            equal(connection.receive("POST").status, 100, "the interim answer")
            connection.send(body)
            equal(connection.receive("POST").status, status, "the final answer")
            equal(connection.ask("/ping").status, 200, "the next answer")
    EXPECT.append(Act(label, play))


continued("100 before a body with a length", POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", b"abc", 405)
continued("100 before a chunked body", POST + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
          b"3\r\nabc\r\n0\r\n\r\n", 405)
continued("100-Continue in any letter case", POST + b"expect: 100-CONTINUE\r\nContent-Length: 3\r\n\r\n", b"abc", 405)


@act(EXPECT, "a body too large is refused instead of a 100")
def expect_too_large(stage):
    with stage.server.connect() as connection:
        connection.send(POST + b"Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n")
        equal(connection.receive("POST").status, 413, "status")


@act(EXPECT, "a client that does not wait for the 100")
def expect_impatient(stage):
    with stage.server.connect() as connection:
        connection.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
        answer = connection.receive("POST")
        if answer.status == 100:
            answer = connection.receive("POST")
        equal(answer.status, 405, "status")
        equal(connection.ask("/ping").status, 200, "the next answer")


@act(EXPECT, "Expect without a body gets its answer")
def expect_no_body(stage):
    with stage.server.connect() as connection:
        connection.send(GET + HOST + b"Expect: 100-continue\r\n\r\n")
        answer = connection.receive()
        if answer.status == 100:
            answer = connection.receive()
        equal(answer.status, 200, "status")


# ---- Time limits, made short by settings ----

SHORT = {"TRENDGATE_SERVER_HEAD_TIMEOUT_MS": "2000", "TRENDGATE_SERVER_BODY_TIMEOUT_MS": "2000",
         "TRENDGATE_SERVER_IDLE_TIMEOUT_MS": "2500"}


def timed_out(label, wire):
    def play(stage):
        with stage.server.connect() as connection:
            connection.send(wire)
            answer = connection.receive()
            equal(answer.status, 408, "status")
            check_every_answer(answer)
            connection.assert_closed()
    TIMEOUTS.append(Act(label, play))


timed_out("half a request line: 408", b"GET /pi")
timed_out("headers that never end: 408", GET + HOST + b"X-A: a\r\n")
timed_out("a body that never comes: 408", POST + b"Content-Length: 5\r\n\r\nab")
timed_out("chunks that never end: 408", CHUNKED + b"5\r\nab")


@act(TIMEOUTS, "a connection without a request is closed silently")
def idle_from_start(stage):
    with stage.server.connect() as connection:
        connection.assert_closed()


@act(TIMEOUTS, "a resting keep-alive connection is closed silently")
def idle_after_answer(stage):
    with stage.server.connect() as connection:
        equal(connection.ask("/ping").status, 200, "status")
        connection.assert_closed()


@act(TIMEOUTS, "others are answered meanwhile")
def slow_clients_cost_nobody(stage):
    slow = [stage.server.connect() for _ in range(20)]
    for connection in slow:
        connection.send(b"GET /ping HTTP/1.1\r\nHost: ")
    equal(stage.server.ask("/ping").status, 200, "status")
    for connection in slow:
        equal(connection.receive().status, 408, "status of a slow client")
        connection.close()


# ---- Bounded connections ----

@act(CROWD, "one connection too many of an address: 503 overloaded, then room again")
def crowded(stage):
    kept = []
    for _ in range(4):
        connection = stage.server.connect()
        equal(connection.ask("/ping").status, 200, "a connection within the limit")
        kept.append(connection)
    with stage.server.connect() as extra:
        extra.send(GET + HOST + b"\r\n")
        answer = extra.receive()
        equal(answer.status, 503, "status of the fifth")
        check_every_answer(answer)
        equal(answer.json()["data"]["reason"], "overloaded", "reason")
    for connection in kept:
        equal(connection.ask("/ping").status, 200, "the four are served on")
        connection.close()

    def room_again():
        try:
            return stage.server.ask("/ping").status == 200
        except (Closed, OSError):
            return False
    until(room_again, "a closed connection makes room")


SCENARIOS = [Scenario(title, served, steps) for title, steps in (
    ("refused syntax", REFUSED), ("read syntax", READ), ("pipelining", PIPELINE), ("100-continue", EXPECT))]
SCENARIOS += [
    Scenario("timeouts", lambda: served(SHORT), TIMEOUTS),
    Scenario("crowd", lambda: served({"TRENDGATE_SERVER_CONNECTIONS_PER_ADDRESS": "4"}), CROWD),
]
