"""Keys, paths, methods, sizes and request ids: every row of the table in CONTRACT section 2."""

import json
import re

from support.http_client import request_bytes, until
from support.keys import checksum, well_formed_key
from support.reference import check_success
from support.steps import (ENDPOINT, META, Scenario, Step, act, check_every_answer, equal, fail, served)

KEYS, SUSPENSION, PATHS, METHODS, SIZES, IDS, EMPTY, PUBLIC = [], [], [], [], [], [], [], []

# ---- 401 and 403 ----

KEYS += [
    Step("no key: 401 missing_key", ENDPOINT, 401, key=False, reason="missing_key", says=["x-api-key"]),
    Step("an empty key: 401 missing_key", ENDPOINT, 401, headers={"x-api-key": ""}, reason="missing_key"),
    Step("a key in the URL alone: 401", ENDPOINT + "?x-api-key=tg_live_x", 401, key=False, reason="missing_key"),
    Step("Authorization: Bearer alone: 401", ENDPOINT, 401, key=False, reason="missing_key",
         headers={"Authorization": "Bearer tg_live_x"}),
    Step("no key beside faults: 401, not 400", ENDPOINT + "?page=x", 401, key=False, reason="missing_key"),
]


def refused_key(label, make):
    @act(KEYS, f"{label}: 401 invalid_key")
    def refuse(stage):
        value = make(stage.key)
        answer = stage.ask(ENDPOINT, headers={"x-api-key": value})
        equal(answer.status, 401, f"status for {value!r}")
        check_every_answer(answer)
        body = answer.json()
        equal(body["data"]["reason"], "invalid_key", "reason")
        stage.notes.setdefault("sentence", body["msg"])
        equal(body["msg"], stage.notes["sentence"], "the one sentence of all keys that do not work")
        if value and value in answer.body.decode():
            fail("the answer repeats the key")


refused_key("a word", lambda key: "hello")
refused_key("another scheme", lambda key: "sk_live_" + key[8:])
refused_key("a key cut short", lambda key: key[:-1])
refused_key("a key with one more character", lambda key: key + "0")
refused_key("a key with a sign outside base62", lambda key: key[:20] + "-" + key[21:])
refused_key("a key whose checksum is wrong", lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"))
refused_key("a key with two characters swapped",
            lambda key: key[:10] + ("Zz" if key[10:12] != "Zz" else "yY") + key[12:])
refused_key("a key in upper case", lambda key: key[:8] + key[8:].upper())
refused_key("a well-formed key that nobody has", lambda key: well_formed_key(1))
refused_key("a key with another's checksum", lambda key: well_formed_key(2)[:38] + checksum(key[:38]))
refused_key("8,000 characters", lambda key: "tg_live_" + "a" * 8000)
refused_key("a quote and a backslash", lambda key: 'tg_live_"\\')


@act(KEYS, "a revoked key: 401 invalid_key with the same sentence")
def revoked_key(stage):
    created = stage.place.succeed("key", "create", "test@example.com", "--name", "short-lived", "--json")
    made = json.loads(created.stdout)
    until(lambda: stage.ask(ENDPOINT, headers={"x-api-key": made["api_key"]}).status == 200, "the new key works")
    stage.place.succeed("key", "revoke", made["id"])
    until(lambda: stage.ask(ENDPOINT, headers={"x-api-key": made["api_key"]}).status == 401, "the key stops")
    body = stage.ask(ENDPOINT, headers={"x-api-key": made["api_key"]}).json()
    equal(body["data"]["reason"], "invalid_key", "reason")
    unknown = stage.ask(ENDPOINT, headers={"x-api-key": well_formed_key(3)}).json()
    equal(body["msg"], unknown["msg"], "sentence")


@act(KEYS, "the name of the field in any letter case, white space around the key")
def field_case(stage):
    for name, value in (("X-API-KEY", stage.key), ("X-Api-Key", f" \t{stage.key}  ")):
        answer = stage.ask(ENDPOINT, headers={name: value})
        equal(answer.status, 200, f"status for {name}")


@act(KEYS, "two x-api-key fields: refused")
def two_keys(stage):
    for first, second in ((stage.key, well_formed_key(4)), (stage.key, stage.key), ("", stage.key), (stage.key, "")):
        answer = stage.ask(ENDPOINT, headers=[("x-api-key", first), ("x-api-key", second)])
        check_every_answer(answer)
        equal((answer.status, answer.json()["data"]["reason"]), (401, "invalid_key"), f"{first!r}, then {second!r}")
        sentence = stage.ask(ENDPOINT, headers={"x-api-key": "wrong"}).json()["msg"]
        equal(answer.json()["msg"], sentence, "the one sentence of keys that do not work")


@act(SUSPENSION, "a suspended account: 403 account_suspended, resumed: 200, on one connection")
def suspended(stage):
    stage.place.succeed("account", "suspend", "test@example.com")
    until(lambda: stage.get().status == 403, "the calls of a suspended account stop")
    answer = stage.get()
    check_every_answer(answer)
    equal(answer.json()["data"]["reason"], "account_suspended", "reason")
    stage.place.succeed("account", "resume", "test@example.com")
    until(lambda: stage.get().status == 200, "a resumed account works")


@act(SUSPENSION, "a suspended account's fault is still 403")
def suspended_fault(stage):
    stage.place.succeed("account", "suspend", "test@example.com")
    until(lambda: stage.get("?page=x").status == 403, "403 before 400")
    stage.place.succeed("account", "resume", "test@example.com")
    until(lambda: stage.get("?page=x").status == 400, "400 again")


# ---- 404 and 405 ----

PATHS += [Step(f"GET {target}: 404", target, 404, key=key, reason="not_found") for target, key in (
    ("/nothing", False), ("/api", False), ("/api/v1", False), ("/api/v1/", False), ("/api/v2/ping", False),
    (ENDPOINT + "/", True), (ENDPOINT.upper(), True), (ENDPOINT + "x", True), (ENDPOINT[:-1], True),
    ("/" + ENDPOINT, True), ("/api/v1/../v1/tiktok/popular-trend/hashtag", True),
    (ENDPOINT + "%00", True), (ENDPOINT + ";a=1", True), ("/tiktok/popular-trend/hashtag", True),
    ("/ping/", False), ("/%2e%2e/etc/passwd", False), ("/api/v1/tiktok/popular-trend", True))]
PATHS += [
    Step("404 needs no key and tells nothing of keys", "/nothing", 404, key=False, headers={"x-api-key": "wrong"},
         reason="not_found"),
    Step("a 404 under a long path", "/" + "a" * 2000, 404, key=False, reason="not_found"),
]


def allows(value):
    return {"get", "head", "options"} <= {word.strip().lower() for word in (value or "").split(",")}


METHODS += [Step(f"{method} {target}: 405 with Allow", target, 405, method=method, reason="method_not_allowed",
                 headers_out={"Allow": allows}, body=body)
            for target in (ENDPOINT, META, "/ping")
            for method, body in (("POST", b"{}"), ("PUT", b"x"), ("DELETE", None), ("PATCH", b""))]
METHODS += [
    Step("POST of no such path is 404", "/nothing", 404, method="POST", body=b"{}"),
    Step("TRACE is refused", ENDPOINT, {405, 501}, method="TRACE", alone=True),
    Step("an unknown method is refused", ENDPOINT, {405, 501, 400}, method="BREW", alone=True),
    Step("a method in small letters is no method of ours", ENDPOINT, {405, 501, 400}, method="get", alone=True),
    Step("a GET with a body is answered, the body read and dropped", ENDPOINT, 200, body=b"ignored"),
    Step("and the connection is in step afterwards", ENDPOINT, 200,
         also=lambda stage, answer: check_success(answer)),
]

# ---- 413, 414, 431 ----

SIZES += [
    Step("a request line of 100 KB: 414", ENDPOINT + "?page=" + "1" * 100_000, 414, alone=True, reason="too_large"),
    Step("a path of 100 KB: 414", "/" + "a" * 100_000, 414, alone=True, reason="too_large"),
    Step("one header line of 100 KB: 431", ENDPOINT, 431, alone=True, reason="too_large",
         headers={"X-Long": "a" * 100_000}),
    Step("2,000 header lines: 431", ENDPOINT, 431, alone=True, reason="too_large",
         headers={f"X-{number}": "a" for number in range(2000)}),
    Step("a request line of 7,000 bytes is read", ENDPOINT + "?page=" + "1" * 6900, 200),
    Step("40 header lines are read", ENDPOINT, 200, headers={f"X-{number}": "a" for number in range(40)}),
    Step("a header line of 8,000 bytes is read", ENDPOINT, 200, headers={"Cookie": "a" * 8000}),
]


@act(SIZES, "a body that says it has 1 GB: 413 before it is sent, then closed")
def body_too_large(stage):
    with stage.server.connect() as connection:
        connection.send(request_bytes(ENDPOINT, "POST", {"Content-Length": str(10**9)}))
        answer = connection.receive("POST")
        equal(answer.status, 413, "status")
        check_every_answer(answer, "POST")
        connection.finish_sending()
        connection.assert_closed()


@act(SIZES, "a Content-Length past 2^64: 400 or 413")
def body_past_64_bits(stage):
    with stage.server.connect() as connection:
        connection.send(request_bytes(ENDPOINT, "POST", {"Content-Length": "9" * 30}))
        answer = connection.receive("POST")
        if answer.status not in (400, 413):
            fail(f"status {answer.status}")
        check_every_answer(answer, "POST")


@act(SIZES, "chunks that add up to more than the body limit: 413")
def chunks_too_large(stage):
    with stage.server.connect() as connection:
        connection.send(request_bytes(ENDPOINT, "POST", {"Transfer-Encoding": "chunked"}))
        chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        try:
            for _ in range(8):
                connection.send(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it may have stopped reading already
        answer = connection.receive("POST")
        equal(answer.status, 413, "status")
        check_every_answer(answer, "POST")


@act(SIZES, "a body of 60,000 bytes is read before the 405")
def body_within(stage):
    with stage.server.connect() as connection:
        answer = connection.ask(ENDPOINT, "POST", body=b"x" * 60_000)
        equal(answer.status, 405, "status")
        equal(connection.ask("/ping").status, 200, "the next answer")


# ---- X-Request-Id ----

for label in ("a", "0", "Z9._-", "req-1", "x" * 128, "a" * 127, ".", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"):
    IDS.append(Step(f"X-Request-Id {label[:40]!r} ({len(label)}) is echoed", ENDPOINT,
                    headers={"X-Request-Id": label}, request_id=label,
                    body_out={"data.request_id": label}, also=lambda stage, answer: check_success(answer)))


def fresh(label):
    def check(_stage, answer):
        got = answer.field("X-Request-Id")
        if got == label:
            fail(f"{label!r} was taken")
        equal(answer.json()["data"]["request_id"], got, "data.request_id")
    return check


for label in ("x" * 129, "a b", "a/b", "a:b", "", "a,b", "caf\u00e9", '"a"', "a;b", "a+b", "x" * 4000):
    IDS.append(Step(f"X-Request-Id {label[:40]!r} ({len(label)}) gets a fresh one", ENDPOINT,
                    headers={"X-Request-Id": label}, also=fresh(label)))
IDS += [
    Step("a 404 echoes it", "/nothing", 404, headers={"X-Request-Id": "r404"}, request_id="r404"),
    Step("a 405 echoes it", ENDPOINT, 405, method="POST", body=b"", headers={"X-Request-Id": "r405"},
         request_id="r405"),
    Step("a 401 echoes it", ENDPOINT, 401, key=False, headers={"X-Request-Id": "r401"}, request_id="r401"),
    Step("a 400 echoes it", ENDPOINT + "?page=x", 400, headers={"X-Request-Id": "r400"}, request_id="r400"),
    Step("OPTIONS echoes it", ENDPOINT, 204, method="OPTIONS", headers={"X-Request-Id": "r204"}, request_id="r204"),
    Step("/ping echoes it", "/ping", 200, headers={"X-Request-Id": "ping"}, request_id="ping"),
]


@act(IDS, "fresh ids are not repeated")
def fresh_ids(stage):
    seen = {stage.get("?limit=1").field("X-Request-Id") for _ in range(50)}
    equal(len(seen), 50, "different ids")


@act(IDS, "the id is in the log line, the key is not")
def logged(stage):
    stage.get("?limit=1", {"X-Request-Id": "find-me-in-the-log"})
    until(lambda: "find-me-in-the-log" in stage.server.stderr, "the log line has the id")
    if stage.key in stage.server.stderr or stage.key in stage.server.stdout:
        fail("the key is in the log")


# ---- 503 ----

EMPTY += [
    Step(f"no list to serve: 503 no_data ({query or 'no parameters'})", ENDPOINT + query, 503, reason="no_data",
         headers_out={"Retry-After": re.compile("[1-9][0-9]*"), "ETag": None})
    for query in ("", "?country_code=US", "?period=120&limit=100", "?industry_id=22000000000",
                  "?filter_by=new_on_board", "?page=10")
] + [
    Step("a fault is told before no_data", ENDPOINT + "?page=x", 400, reason="invalid_input"),
    Step("If-None-Match: * is no match of nothing", ENDPOINT, 503, headers={"If-None-Match": "*"}, reason="no_data"),
    Step("HEAD is 503 too", ENDPOINT, 503, method="HEAD"),
    Step("/ready answers though there is no list", "/ready", 200, key=False),
    Step("country-industry-meta answers though there is no list", META, 200),
]

# ---- Paths that need no key ----

for target in ("/ping", "/ready", "/api/v1/ping", "/api/v1/ready"):
    PUBLIC += [
        Step(f"GET {target} needs no key", target, 200, key=False, body_out={"code": 200, "msg": "OK"}),
        Step(f"GET {target} does not mind a wrong key", target, 200, headers={"x-api-key": "wrong"}),
    ]
PUBLIC += [
    Step("/ready says ready", "/ready", 200, key=False, body_out={"data.ready": True}),
    Step("/ready names its components", "/ready", 200, key=False,
         body_out={"data.components": lambda parts: parts and all(part["ready"] is True for part in parts.values())}),
    Step("/ping names the service", "/ping", 200, key=False, body_out={"data.service": "trendgate"}),
    Step("OPTIONS /ping", "/ping", 204, method="OPTIONS", key=False),
]

SCENARIOS = [Scenario(title, served, steps) for title, steps in (
    ("keys", KEYS), ("suspension", SUSPENSION), ("paths", PATHS), ("methods", METHODS), ("sizes", SIZES),
    ("request ids", IDS), ("public paths", PUBLIC))]
SCENARIOS.append(Scenario("no list", lambda: served(sample=False), EMPTY))
