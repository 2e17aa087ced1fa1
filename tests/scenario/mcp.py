"""The Model Context Protocol at POST /mcp: what is free and to whom, what a tool call takes and tells, how its
refusals read, and every message, header and page that is turned away."""

import base64
import concurrent.futures
import json
import os
import random
import re
import urllib.parse

from metering import metered, new_key, number, plans, reload
from support.http_client import until
from support.steps import ENDPOINT, Scenario, act, dig, equal, fail

MESSAGES, ERRORS, CALLS, REFUSALS, KEYS, DOOR, MODERN, BOOKS = [], [], [], [], [], [], [], []

TOOL = "tiktok-popular-trend-hashtag"
SEED = int(os.environ.get("TRENDGATE_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
META_TOOL = "tiktok-popular-trend-country-industry-meta"
REVISIONS = ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]
VERSION, CAPABILITIES = (f"io.modelcontextprotocol/{name}" for name in ("protocolVersion", "clientCapabilities"))
RATE_FIELDS = ("RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
               "X-Credits-Charged", "X-Credits-Remaining")


def post(stage, message, status=200, key=None, **headers):
    """One message; a value that is no dict or list goes as it is. Checks what holds of every answer."""
    body = json.dumps(message).encode() if isinstance(message, (dict, list)) else message
    fields = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {}),
              **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = stage.ask("/mcp", "POST", {name: value for name, value in fields.items() if value is not None}, body)
    equal(answer.status, status, f"status of {answer!r}")
    equal(answer.field("X-Content-Type-Options"), "nosniff", "X-Content-Type-Options")
    equal(answer.field("Access-Control-Allow-Origin"), None, "CORS headers")
    equal(answer.field("Mcp-Session-Id"), None, "a session")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,128}", answer.field("X-Request-Id") or ""):
        fail(f"X-Request-Id: {answer!r}")
    if status != 202:
        equal(answer.field("Content-Type"), "application/json; charset=utf-8", "Content-Type")
        equal(dig(answer.json(), "jsonrpc"), "2.0", "jsonrpc")
    return answer


def request(method, params=None, id=1):
    return {"jsonrpc": "2.0", "id": id, "method": method, **({} if params is None else {"params": params})}


def error(stage, message, code, status=400, says="", **options):
    """An error of JSON-RPC, which is no call: it carries no rate or credit header."""
    answer = post(stage, message, status, **options)
    told = dig(answer.json(), "error")
    equal(told["code"], code, "code")
    if says not in told["message"] or not told["message"].endswith("."):
        fail(f"message: {told['message']!r}")
    no_call(answer)
    return answer.json()


def no_call(answer):
    for name in RATE_FIELDS:
        equal(answer.field(name), None, f"{name} of {answer!r}")


def tool(stage, key, arguments=None, name=TOOL, **headers):
    params = {"name": name, **({} if arguments is None else {"arguments": arguments})}
    answer = post(stage, request("tools/call", params, "a-1"), key=key, **headers)
    equal(answer.json()["id"], "a-1", "id")
    for field in RATE_FIELDS:
        if answer.field(field) is None:
            fail(f"no {field}: {answer!r}")
    return answer


def delivered(answer, charged=8):
    """The result of a tool call: content says what structuredContent says."""
    result = dig(answer.json(), "result")
    equal(result["isError"], False, "isError")
    envelope = result["structuredContent"]
    equal([block["type"] for block in result["content"]], ["text", "text"], "content")
    equal(json.loads(result["content"][0]["text"]), envelope, "content and structuredContent")
    equal((envelope["code"], envelope["msg"]), (200, "OK"), "envelope")
    equal(envelope["data"]["request_id"], answer.field("X-Request-Id"), "request_id")
    equal(number(answer, "X-Credits-Charged"), charged, "X-Credits-Charged")
    left = f"{charged} credits charged; {number(answer, 'X-Credits-Remaining')} remain"
    if left not in result["content"][1]["text"]:
        fail(f"{left!r} is not in {result['content'][1]!r}")
    return envelope


def refused(answer, status, reason, says=""):
    """A tool error: words for the agent, the envelope that REST would have sent for its program."""
    result = dig(answer.json(), "result")
    equal(result["isError"], True, "isError")
    envelope = result["structuredContent"]
    equal((envelope["code"], envelope["data"]["reason"]), (status, reason), "envelope")
    words = result["content"][0]["text"]
    for part in (f"({reason})", envelope["msg"], "nothing was charged", says):
        if part not in words:
            fail(f"{part!r} is not in {words!r}")
    equal(number(answer, "X-Credits-Charged"), 0, "X-Credits-Charged")
    seconds = envelope["data"].get("retry_after_seconds")
    if seconds is not None:
        equal(answer.field("Retry-After"), str(seconds), "Retry-After")
        if not re.search(rf"Come back in {seconds} seconds?, at {envelope['data']['resets_at']}\.", words):
            fail(f"when to come back: {words!r}")
    return envelope


# ---- Messages that are free ----

@act(MESSAGES, "initialize answers with the revision asked for, else with the newest that has it")
def initialize(stage):
    for asked, agreed in [(revision, revision) for revision in REVISIONS[1:]] + [
            (REVISIONS[0], REVISIONS[1]), ("2024-11-05", REVISIONS[1]), ("nonsense", REVISIONS[1])]:
        message = request("initialize", {"protocolVersion": asked, "capabilities": {},
                                         "clientInfo": {"name": "test", "version": "1"}}, 0)
        answer = post(stage, message)
        no_call(answer)
        result = answer.json()["result"]
        equal(answer.json()["id"], 0, "id")
        equal(result["protocolVersion"], agreed, f"agreed upon {asked}")
        equal(result["capabilities"], {"tools": {}}, "capabilities")
        equal((result["serverInfo"]["name"], "resultType" in result), ("trendgate", False), "serverInfo")
        if "API key" not in result["instructions"]:
            fail(f"instructions: {result!r}")
    error(stage, request("initialize", {}), -32602, 200, "protocolVersion")


@act(MESSAGES, "ping, tools/list and notifications need no key and take no slot, with a key or without")
def free(stage):
    key = new_key(stage, "Slow")
    for _ in range(3):
        for sent in (None, key, "nonsense"):
            equal(post(stage, request("ping"), key=sent).json()["result"], {}, "ping")
            no_call(post(stage, request("tools/list", {}), key=sent))
            answer = post(stage, {"jsonrpc": "2.0", "method": "notifications/initialized"}, 202, key=sent)
            equal((answer.body, answer.field("Content-Type")), (b"", None), "body of a 202")
            no_call(answer)
    equal(number(tool(stage, key), "X-RateLimit-Remaining"), 2, "slots: none was taken")


@act(MESSAGES, "a notification is never a call, whatever it names")
def notification(stage):
    key = new_key(stage, "Slow")
    post(stage, {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": TOOL}}, 202, key=key)
    equal(number(tool(stage, key), "X-RateLimit-Remaining"), 2, "slots")


@act(MESSAGES, "tools/list has every product endpoint with its schema and its price")
def tools(stage):
    listed = post(stage, request("tools/list")).json()["result"]["tools"]
    equal([one["name"] for one in listed], [TOOL, TOOL + "-history", TOOL + "-movers", META_TOOL], "names")
    for one in listed:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", one["name"]) or not one["title"] or not one["description"]:
            fail(f"{one!r}")
        equal(one["annotations"]["readOnlyHint"], True, "readOnlyHint")
        equal(one["inputSchema"]["additionalProperties"], False, "additionalProperties")
        equal(one["inputSchema"]["type"], "object", "type")
        equal(one["inputSchema"].get("required"), ["hashtag_name"] if one["name"] == TOOL + "-history" else None,
              "required")
    properties = listed[0]["inputSchema"]["properties"]
    equal(list(properties), ["page", "limit", "period", "industry_id", "country_code", "filter_by"], "properties")
    equal(properties["period"]["enum"], [7, 30, 120], "enum")
    equal([one["type"] for one in properties.values()], ["integer"] * 4 + ["string"] * 2, "types")
    for one in properties.values():
        if not one["description"]:
            fail(f"{one!r}")
    if "8 credits" not in listed[0]["description"]:
        fail(f"no price: {listed[0]['description']!r}")
    error(stage, request("tools/list", {"cursor": "x"}), -32602, 200, "cursor")


@act(MESSAGES, "a new price is in tools/list with the plan file, and charged")
def price(stage):
    with metered() as other:
        key = new_key(other, "Big")
        reload(other, plans([("Big", 100, 0, 10, "none", 0)]).replace("credits = 8", "credits = 5"))
        told = post(other, request("tools/list")).json()["result"]["tools"][0]["description"]
        if "5 credits" not in told:
            fail(f"description: {told!r}")
        delivered(tool(other, key), charged=5)


@act(MESSAGES, "an id comes back as it was, string or integer")
def ids(stage):
    for value in (0, -7, 2**53 + 1, "", "a\"\\\u00fc\n\U0001f600", "x" * 200):
        equal(post(stage, request("ping", id=value)).json()["id"], value, "id")


# ---- Errors of JSON-RPC ----

def wrong(label, message, code, status=400, says="", has_id=None):
    @act(ERRORS, label)
    def play(stage):
        told = error(stage, message, code, status, says)
        equal(told.get("id"), has_id, "id")


wrong("no JSON", b'{"jsonrpc":', -32700, says="line 1")
wrong("an empty body", b"", -32700)
wrong("invalid UTF-8", b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700)
wrong("a member twice", b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700)
wrong("nested too deep", b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * 40 + b"]" * 40 + b"}", -32700,
      says="nested")
wrong("a batch", [request("ping"), request("ping", id=2)], -32600, says="Batches")
wrong("an empty batch", [], -32600)
wrong("no object", b'"ping"', -32600)
wrong("no jsonrpc", {"id": 1, "method": "ping"}, -32600, says="jsonrpc", has_id=1)
wrong("another jsonrpc", {"jsonrpc": "1.0", "id": 1, "method": "ping"}, -32600, has_id=1)
wrong("no method", {"jsonrpc": "2.0", "id": 1}, -32600, says="method", has_id=1)
wrong("a method that is no string", {"jsonrpc": "2.0", "id": 1, "method": 7}, -32600, has_id=1)
wrong("a response", {"jsonrpc": "2.0", "id": 1, "result": {}}, -32600, says="response", has_id=1)
for bad in (None, 1.5, True, [], {}):
    wrong(f"an id of {bad!r}", request("ping", id=bad), -32600, says="id")
wrong("an id that is too long", request("ping", id="x" * 300), -32600, says="256")
wrong("params that are no object", request("ping", [1]), -32602, says="params", has_id=1)
for name in ("prompts/list", "resources/read", "logging/setLevel", "Ping", ""):
    wrong(f"the method {name!r}", request(name), -32601, 200, says="tools/call", has_id=1)
wrong("a tool that is none", request("tools/call", {"name": "nothing"}), -32602, 200, "no tool", 1)
wrong("an endpoint that is no tool", request("tools/call", {"name": "billing-me"}), -32602, 200, "no tool", 1)
wrong("no tool", request("tools/call", {}), -32602, 200, "no tool", 1)
wrong("arguments that are no object", request("tools/call", {"name": TOOL, "arguments": [1]}), -32602, 200,
      "arguments", 1)


# ---- Tool calls ----

@act(CALLS, "a tool call is the same list as REST has, at the same price")
def same(stage):
    key = new_key(stage, "Big")
    arguments = {"page": 2, "limit": 3, "period": 30, "country_code": "us"}
    query = "?" + "&".join(f"{name}={value}" for name, value in arguments.items())
    rest = stage.ask(ENDPOINT + query, headers={"x-api-key": key})
    answer = tool(stage, key, arguments)
    equal(delivered(answer)["data"]["data"], rest.json()["data"]["data"], "list")
    for name in ("ETag", "Last-Modified", "X-Trend-As-Of", "X-Trend-Source", "X-RateLimit-Limit"):
        equal(answer.field(name), rest.field(name), name)
    equal(number(answer, "X-RateLimit-Remaining"), number(rest, "X-RateLimit-Remaining") - 1, "slots")
    equal(number(answer, "X-Credits-Remaining"), number(rest, "X-Credits-Remaining") - 8, "credits")
    if not re.fullmatch(r"[0-9a-f]{32}", answer.field("X-Charge-Id") or ""):
        fail(f"X-Charge-Id: {answer!r}")


@act(CALLS, "an industry's list is the same too, however many of the sample's hashtags it has today")
def industry(stage):
    key = new_key(stage, "Big")
    rest = stage.ask(ENDPOINT + "?industry_id=10000000000", headers={"x-api-key": key}).json()["data"]["data"]
    answer = tool(stage, key, {"industry_id": 10000000000})
    equal(delivered(answer, charged=8 if rest["list"] else 0)["data"]["data"], rest, "list")


@act(CALLS, "arguments may be left out, null, empty, or numbers in any writing")
def arguments(stage):
    key = new_key(stage, "Big")
    plain = delivered(tool(stage, key))["data"]["data"]
    for given in ({}, {"page": None, "country_code": None}, {"filter_by": "", "period": "7"}, {"page": 1.0},
                  {"page": -5}, {"limit": "20"}, {"country_code": "ALL"}):
        equal(delivered(tool(stage, key, given))["data"]["data"], plain, f"list for {given}")
    equal(len(delivered(tool(stage, key, {"limit": 10**9}))["data"]["data"]["list"]), 100, "items")


VALUES = {"page": (1, 2, 10, 11, -1, 0, "3", "x", "", None, 2.0), "limit": (1, 5, 100, 101, -7, "20", True, None),
          "period": (7, 30, 120, "7", 8, 0, "30 ", None), "industry_id": (10000000000, 22000000000, 1, "no", "", None),
          "country_code": ("US", "us", "ALL", "MY", "XX", "\u00e9", "", 7), "filter_by": ("new_on_board", "", "new", 0),
          "country": ("US",), "per_page": (5,), "nonsense\U0001f600": ("a&b=c", "%41+")}


def written(value):
    """How a query would say it."""
    if isinstance(value, bool):
        return json.dumps(value)
    return "" if value is None else str(int(value) if isinstance(value, float) else value)


@act(CALLS, "random arguments: what REST delivers the tool delivers, what REST refuses it refuses in the same words")
def alike(stage):
    print(f"mcp: seed {SEED}")
    key, dice = new_key(stage, "Big"), random.Random(SEED)
    for _ in range(120):
        names = dice.sample(sorted(VALUES), dice.choice((0, 1, 1, 2, 3, 6)))
        given = {name: dice.choice(VALUES[name]) for name in names}
        query = urllib.parse.urlencode([(name, written(value)) for name, value in given.items()])
        rest = stage.ask(f"{ENDPOINT}?{query}", headers={"x-api-key": key})
        answer = tool(stage, key, given)
        wanted = {**rest.json()["data"], "request_id": answer.field("X-Request-Id")}
        envelope = dig(answer.json(), "result.structuredContent")
        equal(envelope, {**rest.json(), "data": wanted}, f"envelope for {given!r}")
        equal(number(answer, "X-Credits-Charged"), number(rest, "X-Credits-Charged"), f"credits for {given!r}")
        equal(number(answer, "X-RateLimit-Remaining"), number(rest, "X-RateLimit-Remaining") - 1, "slots")


@act(CALLS, "as many at once, by REST and as tools: exactly the plan's calls are admitted")
def at_once(stage):
    key = new_key(stage, "Slow")
    body = json.dumps(request("tools/call", {"name": TOOL})).encode()

    def one(turn):
        if turn % 2:
            return stage.server.ask(ENDPOINT, headers={"x-api-key": key}).status
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        answer = stage.server.ask("/mcp", "POST", headers, body)
        return dig(answer.json(), "result.structuredContent.code")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        equal(sorted(pool.map(one, range(24))), [200] * 3 + [429] * 21, "outcomes")


@act(CALLS, "texts of the list survive being quoted twice")
def quoted(stage):
    key = new_key(stage, "Big")
    for country in ("JP", "EG", "US"):
        delivered(tool(stage, key, {"limit": 100, "country_code": country}))


@act(CALLS, "an empty page takes a slot and no credits; so does the endpoint that costs none")
def empty(stage):
    key = new_key(stage, "Slow")
    envelope = delivered(tool(stage, key, {"page": 10, "limit": 100}), charged=0)
    equal(envelope["data"]["data"]["list"], [], "list")
    envelope = delivered(tool(stage, key, {}, META_TOOL), charged=0)
    if not envelope["data"]["countries"]:
        fail("no countries")
    equal(number(tool(stage, key), "X-RateLimit-Remaining"), 0, "slots")


@act(CALLS, "conditions and Accept-Encoding are for GET: a tool call is always told whole")
def whole(stage):
    key = new_key(stage, "Big")
    answer = tool(stage, key, If_None_Match="*", Accept_Encoding="gzip")
    equal(answer.field("Content-Encoding"), None, "Content-Encoding")
    delivered(answer)


@act(CALLS, "the request id is the client's; the Idempotency-Key makes a retry free, also across REST and back")
def retried(stage):
    key = new_key(stage, "Small")
    first = tool(stage, key, {"limit": 2}, Idempotency_Key="one", X_Request_Id="mine")
    equal(delivered(first)["data"]["request_id"], "mine", "request_id")
    again = tool(stage, key, {"limit": 2}, Idempotency_Key="one")
    delivered(again, charged=0)
    equal(again.field("Idempotent-Replayed"), "true", "Idempotent-Replayed")
    equal(again.field("X-Charge-Id"), first.field("X-Charge-Id"), "X-Charge-Id")
    rest = stage.ask(ENDPOINT + "?limit=2", headers={"x-api-key": key, "Idempotency-Key": "one"})
    equal((rest.status, rest.field("X-Charge-Id")), (200, first.field("X-Charge-Id")), "the same call by REST")
    refused(tool(stage, key, {"limit": 3}, Idempotency_Key="one"), 422, "idempotency_conflict")
    refused(tool(stage, key, Idempotency_Key="a b"), 400, "invalid_input")


# ---- Refusals of tool calls ----

@act(REFUSALS, "wrong arguments: one tool error names them all, as REST does, for a slot and no credits")
def invalid(stage):
    key = new_key(stage, "Slow")
    envelope = refused(tool(stage, key, {"country": "US", "period": 8, "page": 1.5, "filter_by": ["new"],
                                         "limit": True, "industry_id": {"a": 1}}), 400, "invalid_input",
                       "did you mean country_code?")
    equal({fault["parameter"]: fault["value"] for fault in envelope["data"]["errors"]},
          {"country": "US", "period": "8", "page": "1.5", "filter_by": '["new"]', "limit": "true",
           "industry_id": '{"a":1}'}, "errors")
    refused(tool(stage, key, {f"x{i}": i for i in range(70)}), 400, "invalid_input", "6 more are not read")
    refused(tool(stage, key, {"a": 1}, META_TOOL), 400, "invalid_input", "a is not a parameter")
    refused(tool(stage, key), 429, "rate_limited")


@act(REFUSALS, "the last credits, then 402 that says when the period ends and which plan would do")
def spent(stage):
    key = new_key(stage, "Small")
    delivered(tool(stage, key))
    delivered(tool(stage, key))
    envelope = refused(tool(stage, key), 402, "insufficient_credits", "The plan Slow would have admitted this call: ")
    equal((envelope["data"]["credits_remaining"], envelope["data"]["suggested_plan"]), (4, "Slow"), "numbers")
    delivered(tool(stage, key, {"page": 10, "limit": 100}), charged=0)


@act(REFUSALS, "the daily cap: 402 until midnight")
def capped(stage):
    key = new_key(stage, "Daily")
    for left in (12, 4):
        words = tool(stage, key).json()["result"]["content"][1]["text"]
        if f", {left} today" not in words:
            fail(f"what is left today: {words!r}")
    refused(tool(stage, key), 402, "daily_credit_limit", "T00:00:00Z")


@act(REFUSALS, "the minute's calls are counted with those of REST; then 429 that says when to come back")
def limited(stage):
    key = new_key(stage, "Slow")
    delivered(tool(stage, key))
    equal(stage.ask(ENDPOINT, headers={"x-api-key": key}).status, 200, "REST")
    delivered(tool(stage, key))
    envelope = refused(tool(stage, key), 429, "rate_limited")
    equal(envelope["data"]["rate_limit_per_minute"], 3, "rate_limit_per_minute")
    equal(stage.ask(ENDPOINT, headers={"x-api-key": key}).status, 429, "REST")
    equal(post(stage, request("ping"), key=key).json()["result"], {}, "ping is free")


@act(REFUSALS, "no list yet: 503 that says when to come back")
def no_list(stage):
    with metered(sample=False) as bare:
        answer = tool(bare, new_key(bare, "Slow"))
        refused(answer, 503, "no_data", "Come back in 60 seconds.")
        equal(answer.field("Retry-After"), "60", "Retry-After")


@act(REFUSALS, "a suspended account is told so, and takes no slot")
def suspended(stage):
    key = new_key(stage, "Slow", "agent@example.com")
    delivered(tool(stage, key))
    stage.place.succeed("account", "suspend", "agent@example.com")
    message = request("tools/call", {"name": TOOL})
    answer = until(lambda: (lambda got: got if got.json()["result"]["isError"] else None)(
        post(stage, message, key=key)), "suspended")
    equal(answer.json()["result"]["structuredContent"]["data"]["reason"], "account_suspended", "reason")
    no_call(answer)


# ---- Keys ----

CALL = request("tools/call", {"name": TOOL, "arguments": {"limit": 1}})


def unauthorized(stage, reason, challenge, **headers):
    answer = post(stage, CALL, 401, **headers)
    told = answer.json()
    equal((told["id"], told["error"]["code"]), (1, 401), "error")
    equal(told["error"]["data"]["data"]["reason"], reason, "reason")
    equal(answer.field("WWW-Authenticate"), f'Bearer realm="trendgate"{challenge}', "WWW-Authenticate")
    no_call(answer)


@act(KEYS, "a call without a key, or with a wrong one, is 401 with a challenge")
def wrong_keys(stage):
    key = new_key(stage, "Slow")
    bad = key[:-1] + ("a" if key[-1] != "a" else "b")
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": ""}, {"x_api_key": ""},
                    {"Authorization": "Bearer"}, {"Authorization": "Bearer "}):
        unauthorized(stage, "missing_key", "", **headers)
    for headers in ({"Authorization": f"Bearer {bad}"}, {"x_api_key": bad}, {"Authorization": "Bearer nonsense"},
                    {"Authorization": f"Bearer {key} {key}"},
                    {"Authorization": f"Bearer {key}", "x_api_key": new_key(stage, "Slow")},
                    {"Authorization": f"Bearer {bad}", "x_api_key": key}):
        unauthorized(stage, "invalid_key", ', error="invalid_token"', **headers)


@act(KEYS, "a key is taken as bearer token or in x-api-key, and in both when they are one")
def right_keys(stage):
    key = new_key(stage, "Small")
    for headers in ({"Authorization": f"bearer  {key}"}, {"x_api_key": key},
                    {"Authorization": f"Bearer {key}", "x_api_key": key},
                    {"Authorization": "Basic YTpi", "x_api_key": key}):
        equal(number(post(stage, CALL, **headers), "X-RateLimit-Limit"), 1000, "limit")


@act(KEYS, "everywhere else a bearer token is no key")
def not_by_rest(stage):
    key = new_key(stage, "Small")
    answer = stage.ask(ENDPOINT, headers={"Authorization": f"Bearer {key}"})
    equal((answer.status, dig(answer.json(), "data.reason")), (401, "missing_key"), "REST with a bearer token")
    equal(answer.field("WWW-Authenticate"), 'ApiKey realm="trendgate", header="x-api-key"', "challenge")


# ---- The door ----

@act(DOOR, "GET, HEAD, DELETE and PUT are 405 with Allow; OPTIONS invites no other page")
def methods(stage):
    for method in ("GET", "HEAD", "DELETE", "PUT"):
        answer = stage.ask("/mcp", method, {"Accept": "text/event-stream"})
        equal((answer.status, answer.field("Allow")), (405, "POST, OPTIONS"), method)
        if method != "HEAD":
            equal(dig(answer.json(), "data.reason"), "method_not_allowed", "reason")
    answer = stage.ask("/mcp", "OPTIONS", {"Origin": "https://evil.example"})
    equal((answer.status, answer.field("Allow")), (204, "POST, OPTIONS"), "OPTIONS")
    equal([name for name, _ in answer.fields if name.lower().startswith("access-control")], [], "CORS headers")
    equal(stage.ask(ENDPOINT, "POST", {}, b"{}").status, 405, "POST elsewhere")


@act(DOOR, "pages of other origins are 403; the server's own loopback origin is let in")
def origins(stage):
    host = f"127.0.0.1:{stage.server.port}"
    key = new_key(stage, "Slow")
    for origin in ("https://evil.example", f"https://{host}", "http://127.0.0.1", "null", "", f"http://{host}/",
                   f"http://{host}.evil.example", "http://localhost"):
        error(stage, CALL, 403, 403, "origin", key=key, Origin=origin, Host=host)
    error(stage, CALL, 403, 403, "origin", key=key, Origin="http://evil.example:80", Host="evil.example:80")
    for name in (host, f"localhost:{stage.server.port}", f"[::1]:{stage.server.port}"):
        post(stage, request("ping"), Origin=f"http://{name}", Host=name)
    with metered(settings={"TRENDGATE_SERVER_PUBLIC_URL": "https://api.example.com:443"}) as public:
        post(public, request("ping"), Origin="https://api.example.com", Host="api.example.com")
        error(public, CALL, 403, 403, "origin", Origin="http://api.example.com", Host="api.example.com")
    equal(number(tool(stage, key), "X-RateLimit-Remaining"), 2, "slots: none was taken")


@act(DOOR, "bodies of another type are 415, clients that take no JSON 406")
def types(stage):
    for written in (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        error(stage, request("ping"), 415, 415, "application/json", Content_Type=written)
    for written in ("application/json; charset=utf-8", "Application/JSON"):
        post(stage, request("ping"), Content_Type=written)
    for written in ("text/event-stream", "text/html, application/json;q=0", "*/*;q=0", ""):
        error(stage, request("ping"), 406, 406, "Accept", Accept=written)
    for written in ("application/json, text/event-stream", "*/*", "application/*;q=0.1", "application/json"):
        post(stage, request("ping"), Accept=written)


@act(DOOR, "a body past the limit is 413 and closes; one up to it is read")
def sizes(stage):
    padding = {"_meta": {"padding": "x" * 60000}}
    post(stage, request("ping", padding))
    answer = stage.ask("/mcp", "POST", {"Content-Type": "application/json"}, b" " * 65537, alone=True)
    equal((answer.status, dig(answer.json(), "data.reason")), (413, "too_large"), "status")


@act(DOOR, "a revision that is none of ours is 400 and names ours")
def revisions(stage):
    for name in ("2024-11-05", "2030-01-01", "", "x"):
        told = error(stage, request("ping"), -32022, MCP_Protocol_Version=name)
        equal(told["error"]["data"], {"supported": REVISIONS, "requested": name}, "data")
        error(stage, {"jsonrpc": "2.0", "method": "notifications/initialized"}, -32022, MCP_Protocol_Version=name)
    for name in REVISIONS[1:]:
        post(stage, request("ping"), MCP_Protocol_Version=name)
    post(stage, request("initialize", {"protocolVersion": "2025-11-25"}), MCP_Protocol_Version="2024-11-05")


# ---- Revision 2026-07-28: no handshake, each request tells all ----

def modern(method, params=None, id=1, version=REVISIONS[0], capabilities=None):
    meta = {VERSION: version, CAPABILITIES: {} if capabilities is None else capabilities}
    return request(method, {"_meta": meta, **(params or {})}, id)


def modern_post(stage, method, params=None, status=200, key=None, **headers):
    fields = {"MCP_Protocol_Version": REVISIONS[0], "Mcp_Method": method}
    if params and "name" in params:
        fields["Mcp_Name"] = params["name"]
    return post(stage, modern(method, params), status, key, **{**fields, **headers})


@act(MODERN, "server/discover tells what initialize tells, and results name their type and their server")
def discover(stage):
    answer = modern_post(stage, "server/discover")
    no_call(answer)
    result = answer.json()["result"]
    equal(result["supportedVersions"], REVISIONS, "supportedVersions")
    equal(result["capabilities"], {"tools": {}}, "capabilities")
    listed = modern_post(stage, "tools/list").json()["result"]
    for one in (result, listed):
        equal((one["resultType"], one["cacheScope"]), ("complete", "public"), "resultType and cacheScope")
        if one["ttlMs"] < 1000:
            fail(f"ttlMs: {one!r}")
        equal(one["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "trendgate", "serverInfo")
    equal(modern_post(stage, "ping").json()["result"]["resultType"], "complete", "resultType of ping")
    modern_post(stage, "prompts/list", status=404)


@act(MODERN, "a tool call is charged and refused as under the other revisions")
def modern_call(stage):
    key = new_key(stage, "Small")
    for _ in range(2):
        answer = modern_post(stage, "tools/call", {"name": TOOL, "arguments": {"limit": 1}}, key=key)
        delivered(answer)
        equal(answer.json()["result"]["resultType"], "complete", "resultType")
    refused(modern_post(stage, "tools/call", {"name": TOOL}, key=key), 402, "insufficient_credits")
    modern_post(stage, "tools/call", {"name": TOOL}, 401)


@act(MODERN, "headers that contradict the body, or are missing, are refused; base64 ones are read")
def mirrored(stage):
    call = ("tools/call", {"name": TOOL})
    for headers in ({"Mcp_Method": None}, {"Mcp_Method": "tools/list"}, {"Mcp_Name": None}, {"Mcp_Name": "other"},
                    {"MCP_Protocol_Version": None}, {"MCP_Protocol_Version": "2025-11-25"},
                    {"Mcp_Name": "=?base64?" + base64.b64encode(b"other").decode() + "?="},
                    {"Mcp_Name": "=?base64?!!!?="}, {"Mcp_Name": "=?base64?="}):
        answer = modern_post(stage, *call, status=400, **headers)
        equal(answer.json()["error"]["code"], -32020, f"code for {headers}")
        no_call(answer)
    encoded = "=?base64?" + base64.b64encode(TOOL.encode()).decode() + "?="
    modern_post(stage, *call, key=new_key(stage, "Small"), Mcp_Name=encoded)


@act(MODERN, "what a request must say of itself and does not is refused")
def missing(stage):
    fields = {"MCP_Protocol_Version": REVISIONS[0], "Mcp_Method": "ping"}
    error(stage, request("ping"), -32602, 400, VERSION, **fields)
    error(stage, request("ping", {"_meta": {VERSION: REVISIONS[0]}}), -32602, 400, CAPABILITIES, **fields)
    error(stage, modern("ping", capabilities=[]), -32602, 400, CAPABILITIES, **fields)
    told = error(stage, modern("ping", version="2031-01-01"), -32022, 400, **fields)
    equal(told["error"]["data"]["requested"], "2031-01-01", "requested")


# ---- The books ----

@act(BOOKS, "what tool calls said adds up in billing/me, usage and the audit, beside REST")
def books(stage):
    key = new_key(stage, "Big", "books@example.com")
    for _ in range(3):
        delivered(tool(stage, key))
    stage.ask(ENDPOINT, headers={"x-api-key": key})
    refused(tool(stage, key, {"period": 1}), 400, "invalid_input")
    delivered(tool(stage, key, {}, META_TOOL), charged=0)
    told = stage.ask("/api/v1/billing/me", headers={"x-api-key": key}).json()["data"]
    equal(told["credits_used"], 32, "credits_used")

    def counted():
        totals = json.loads(stage.place.succeed("usage", "books@example.com", "--json").stdout)["totals"]
        return totals if totals["calls"] == 6 else None
    equal(until(counted, "usage has six calls")["credits"], 32, "credits in usage")
    stage.place.books_agree()


SCENARIOS = [
    Scenario("mcp: messages", metered, MESSAGES),
    Scenario("mcp: errors", metered, ERRORS),
    Scenario("mcp: tool calls", metered, CALLS),
    Scenario("mcp: refusals", metered, REFUSALS),
    Scenario("mcp: keys", metered, KEYS),
    Scenario("mcp: the door", metered, DOOR),
    Scenario("mcp: revision 2026-07-28", metered, MODERN),
    Scenario("mcp: the books", metered, BOOKS),
]
