"""The account API's reading half: overview, endpoints, timeseries, events and recent addresses tell the very numbers
of `trendgate usage`, of billing/me and of the audit, over midnights, folds and a clock that is moved."""

import contextlib
import datetime
import json

from support.clock import Clock
from support.http_client import until
from support.metered import plans
from support.server import Place
from support.steps import ENDPOINT, META, Scenario, Stage, act, check_errors, check_every_answer, dig, equal, fail

NUMBERS, EVENTS, ADDRESSES, RANGES = [], [], [], []
USAGE, BILLING = "/api/v1/usage/me", "/api/v1/billing/me"
TABLE = [("Small", 100, 80, 1000, "none", 0), ("Slow", 100000, 0, 3, "none", 0), ("Large", 100000, 0, 2000, "none", 0)]
ANN, BOB, EVE = "ann@example.com", "bob@example.com", "eve@example.com"
HOUR, DAY = 3600, 86400
COUNTS = ("requests", "charged_requests", "non_billable_requests", "failed_requests", "credits", "overage")
EMPTY_PAGE = "?limit=100&page=10&filter_by=new_on_board&country_code=MY"


@contextlib.contextmanager
def clocked(at="2024-02-28T22:10:00Z"):
    with Clock(at) as clock, \
            Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true", "TRENDGATE_SERVER_TRUSTED_PROXIES": "127.0.0.1"},
                  plans=plans(TABLE), clock=clock) as place:
        keys = {ANN: [place.new_key(ANN, "Large")], BOB: [place.new_key(BOB, "Small")], EVE: [place.new_key(EVE, "Slow")]}
        keys[ANN].append(place.succeed("key", "create", ANN).lines()[0])
        stage = Stage(place, place.serve(), keys[ANN][0])
        stage.clock = clock
        stage.notes.update(keys=keys, charged={mail: [] for mail in keys}, made=dict.fromkeys(keys, 0), limited=0)
        yield stage
        stage.drop_connection()
        stage.server.stop()
        place.books_agree()


def make(stage, mail, target=ENDPOINT + "?limit=1", key=0, method="GET", **headers):
    """One call; what it was charged is noted from its answer alone."""
    answer = stage.ask(target, method, {"x-api-key": stage.notes["keys"][mail][key], **headers})
    if answer.status not in (402, 422, 429):
        check_every_answer(answer, method)
    stage.notes["made"][mail] += 1
    charge = answer.field("X-Charge-Id")
    if charge and int(answer.field("X-Credits-Charged")) > 0:
        stage.notes["charged"][mail].append((charge, answer.field("X-Request-Id")))
    return answer


def told(stage, target, mail=ANN, key=0, status=200):
    answer = stage.ask(target, headers={"x-api-key": stage.notes["keys"][mail][key]})
    equal(answer.status, status, f"status of {answer!r}")
    check_every_answer(answer)
    for name in ("RateLimit", "X-Credits-Charged", "Access-Control-Allow-Origin"):
        equal(answer.field(name), None, f"{name}: the account API is no call")
    equal(answer.field("Cache-Control"), "no-store", "Cache-Control")
    return answer.json()["data"]


def command(stage, mail, *options):
    return json.loads(stage.place.succeed("usage", mail, *options, "--json").stdout)


def all_written(stage, mail):
    """Uncharged calls are answered before they are written: until all are, sums rise. What was rate-limited is
    written with a fold alone, for which time has to go on."""
    def written():
        if mail == EVE:
            stage.clock.pass_by(1.25)
        return command(stage, mail)["totals"]["calls"] == stage.notes["made"][mail]

    until(written, f"all calls of {mail} are in usage")


def sums(items):
    return {name: sum(item[name] for item in items) for name in COUNTS}


def agree(stage, mail, query="", options=()):
    """Overview = endpoints = timeseries by day, by hour, by key = the command."""
    overview = told(stage, f"{USAGE}/overview{query}", mail)
    more = "&" if query else "?"
    wanted = overview["usage"]
    equal(set(wanted), set(COUNTS), "members of usage")
    for path in (f"endpoints{query}", f"timeseries{query}", f"timeseries{query}{more}bucket=hour",
                 f"timeseries{query}{more}group_by=key", f"timeseries{query}{more}group_by=key&bucket=hour"):
        data = told(stage, f"{USAGE}/{path}", mail)
        equal(sums(data["items"]), wanted, f"sums of {path}")
        equal([data[name] for name in ("range", "from", "to")], [overview[name] for name in ("range", "from", "to")],
              f"range of {path}")
        if path.startswith("timeseries"):
            equal(sum(sum(item["refusals"].values()) for item in data["items"]), wanted["failed_requests"],
                  f"refusals of {path}")
            starts = [item["bucket_start"] for item in data["items"]]
            equal(starts, sorted(starts), "order of buckets")
    equal(wanted["requests"], sum(wanted[f"{kind}_requests"] for kind in ("charged", "non_billable", "failed")), "requests")
    equal(overview["requests"]["success_requests"], wanted["charged_requests"] + wanted["non_billable_requests"], "successes")
    equal(overview["requests"]["error_requests"], wanted["failed_requests"], "errors")
    totals = command(stage, mail, *options)["totals"]
    equal([totals[name] for name in ("calls", "charged", "credits", "overage")],
          [wanted[name] for name in ("requests", "charged_requests", "credits", "overage")], "the command's totals")
    return overview


def agree_with_billing(stage, mail):
    overview, me = agree(stage, mail), told(stage, BILLING, mail)
    me.pop("request_id")
    equal(overview["billing"], me, "billing in the overview")
    equal(overview["usage"]["credits"], me["credits_used"], "credits_used")
    equal(overview["usage"]["overage"], me["overage_credits"], "overage_credits")
    equal([overview["from"], overview["to"]], [me["period_start"], me["period_end"]], "the period")
    return overview


def events(stage, mail=ANN, query="", limit=100):
    """All of them, page by page."""
    found, cursor = [], ""
    while True:
        data = told(stage, f"{BILLING}/events?limit={limit}{query}{cursor}", mail)
        if len(data["items"]) > limit:
            fail(f"more than {limit} events at once")
        found += data["items"]
        if "next" not in data:
            return found
        cursor = f"&cursor={data['next']}"


def events_are_the_calls(stage, mail):
    for limit in (3, 100):
        found = events(stage, mail, limit=limit)
        charges = [(event["charge_id"], event["request_id"]) for event in found if event["billable"]]
        equal(charges, stage.notes["charged"][mail][::-1], f"charges of {mail}, newest first, {limit} at once")
    everything = told(stage, f"{USAGE}/overview", mail)["usage"]
    equal(len(found), everything["requests"] - (stage.notes["limited"] if mail == EVE else 0), "events are the calls")
    equal(sum(event["credit_cost"] for event in found), everything["credits"], "credits of the events")
    for status, name in (("charged", "charged"), ("non_billable", "non_billable")):
        equal(len(events(stage, mail, f"&event_status={status}")), everything[f"{name}_requests"], f"events {status}")


def mixed_calls(stage):
    for key in (0, 1):
        make(stage, ANN, key=key)
        make(stage, ANN, META, key=key)
        make(stage, ANN, ENDPOINT + "?period=8", key=key)
        make(stage, ANN, method="HEAD", key=key)
        make(stage, ANN, ENDPOINT + "/movers", key=key)
        make(stage, ANN, key=key, **{"If-None-Match": "*"})
        make(stage, ANN, ENDPOINT + EMPTY_PAGE, key=key)
    make(stage, BOB)
    for _ in range(4):
        stage.notes["limited"] += make(stage, EVE).status == 429


@act(NUMBERS, "an account without a call has sums of 0, and no items")
def empty(stage):
    overview = agree_with_billing(stage, ANN)
    equal(overview["usage"], dict.fromkeys(COUNTS, 0), "usage")
    equal(overview["requests"], {"requests": 0, "success_requests": 0, "error_requests": 0, "distinct_ip_count": 0},
          "requests")
    equal(told(stage, f"{USAGE}/timeseries")["items"], [], "items")
    equal(events(stage), [], "events")


@act(NUMBERS, "every sum is the same: of the tail, over a fold, over midnight of a leap day and a restart")
def sums_agree(stage):
    for step in range(6):
        mixed_calls(stage)
        for mail in (ANN, BOB, EVE):
            all_written(stage, mail)
            agree_with_billing(stage, mail)
            events_are_the_calls(stage, mail)
        stage.clock.pass_by(HOUR + 0.25)
        if step == 3:
            stage.drop_connection()
            stage.server.stop()
            stage.server = stage.place.serve()
    days = {item["bucket_start"] for item in told(stage, f"{USAGE}/timeseries")["items"]}
    equal(days, {"2024-02-28T00:00:00Z", "2024-02-29T00:00:00Z"}, "days of the buckets")


@act(NUMBERS, "ranges of hours cut where they are asked to")
def hours(stage):
    whole = told(stage, f"{USAGE}/overview")["usage"]
    early = told(stage, f"{USAGE}/overview?from=2024-02-28&to=2024-02-29T01:00:00Z")
    late = told(stage, f"{USAGE}/overview?range=custom&from=2024-02-29T01:00:00Z&to=2024-03-01")
    equal({name: early["usage"][name] + late["usage"][name] for name in COUNTS}, whole, "both parts")
    if not 0 < early["usage"]["credits"] < whole["credits"]:
        fail(f"the cut is nowhere: {early!r}")
    first = told(stage, f"{USAGE}/timeseries?from=2024-02-28T23:00:00Z&to=2024-02-29T01:00:00Z&bucket=day")["items"]
    equal([(item["bucket_start"], item["bucket_end"]) for item in first],
          [("2024-02-28T23:00:00Z", "2024-02-29T00:00:00Z"), ("2024-02-29T00:00:00Z", "2024-02-29T01:00:00Z")],
          "buckets end with the range")
    agree(stage, ANN, "?range=day", ("--from", "2024-02-29", "--to", "2024-02-29"))
    agree(stage, ANN, "?range=week", ("--from", "2024-02-23", "--to", "2024-02-29"))
    agree(stage, ANN, "?range=month", ("--from", "2024-01-31", "--to", "2024-02-29"))


@act(NUMBERS, "by key: each key's own calls, and refusals by reason")
def keys(stage):
    ids = {json.loads(line)["id"] for line in stage.place.succeed("key", "list", ANN, "--json").lines()}
    items = told(stage, f"{USAGE}/timeseries?group_by=key")["items"]
    equal({item["key_id"] for item in items}, ids, "keys")
    equal(sum(item["refusals"]["invalid"] for item in items), 12, "calls refused as invalid")
    limited = told(stage, f"{USAGE}/timeseries", EVE)["items"]
    equal(sum(item["refusals"]["rate_limited"] for item in limited), stage.notes["limited"], "rate_limited")
    one = told(stage, f"{USAGE}/timeseries?endpoint=tiktok/popular-trend/hashtag/movers")["items"]
    equal(sum(item["requests"] for item in one), 12, "calls of one endpoint")


@act(NUMBERS, "calls of a clock that was set back before the account's first day are shown with its first period")
def set_back(stage):
    before = told(stage, f"{USAGE}/overview", BOB)
    mail = "new@example.com"
    stage.notes["keys"][mail] = [stage.place.new_key(mail, "Large")]
    stage.notes["made"][mail], stage.notes["charged"][mail] = 0, []
    stage.clock.step(-3 * DAY)
    first = datetime.datetime.fromtimestamp(stage.clock.wall_us / 1e6, datetime.timezone.utc).date().isoformat()
    make(stage, mail)
    stage.clock.step(3 * DAY)
    make(stage, mail)
    all_written(stage, mail)
    overview, me = agree(stage, mail), told(stage, BILLING, mail)
    equal((overview["usage"]["credits"], me["credits_used"]), (16, 16), "credits")
    equal(command(stage, mail)["from"], first, "the first day that usage shows")
    equal(overview["from"][:10], first, "from")
    equal(len(events(stage, mail)), 2, "events")
    equal(told(stage, f"{USAGE}/overview", BOB)["usage"], before["usage"], "usage of others")


@act(NUMBERS, "a month later the period is another one, and the calls of the last are found by their days")
def next_month(stage):
    made = told(stage, f"{USAGE}/overview", ANN)["usage"]
    stage.clock.pass_until("2024-03-31T12:00:00Z")
    equal(told(stage, f"{USAGE}/overview")["usage"], dict.fromkeys(COUNTS, 0), "usage of the new period")
    overview = agree(stage, ANN, "?from=2024-02-28&to=2024-03-01", ("--from", "2024-02-28", "--to", "2024-02-29"))
    equal(overview["usage"], made, "usage of those days")
    equal("distinct_ip_count" in overview["requests"], False, "addresses of that time are kept no more")
    equal(overview["requests"]["last_request_at"], events(stage, ANN, "&from=2024-02-28&to=2024-03-01")[0]["created_at"],
          "the last call of those days")


# ---- Events ----

@act(EVENTS, "each call is one event, once, and never another account's")
def once(stage):
    for step in range(5):
        mixed_calls(stage)
        stage.clock.pass_by(1.5 if step % 2 else 0.1)
    for mail in (ANN, BOB, EVE):
        all_written(stage, mail)
        events_are_the_calls(stage, mail)
    own = {charge for charge, _ in stage.notes["charged"][ANN]}
    others = {event.get("charge_id") for mail in (BOB, EVE) for event in events(stage, mail)}
    equal(own & others, set(), "charges of one account among another's")


@act(EVENTS, "an event says what the answer said")
def says(stage):
    answer = make(stage, ANN, key=1, **{"X-Request-Id": "mine-1", "Idempotency-Key": "once-1"})
    event = told(stage, f"{BILLING}/events?request_id=mine-1")["items"]
    equal(len(event), 1, "events of the request id")
    event = event[0]
    wanted = {"charge_id": answer.field("X-Charge-Id"), "request_id": "mine-1", "idempotency_key": "once-1",
              "event_status": "charged", "billable": True, "status_code": 200, "credit_cost": 8,
              "endpoint": "tiktok/popular-trend/hashtag", "overage_credits_delta": 0, "daily_key": "2024-02-28",
              "period_key": "2024-02"}
    equal({name: event[name] for name in wanted}, wanted, "the event")
    ids = [json.loads(line) for line in stage.place.succeed("key", "list", ANN, "--json").lines()]
    equal(event["key_id"] in {key["id"] for key in ids}, True, "key_id")
    make(stage, ANN, ENDPOINT + "?period=9")
    all_written(stage, ANN)
    failed = told(stage, f"{BILLING}/events?event_status=failed&limit=1")["items"][0]
    equal([failed[name] for name in ("status_code", "failure_reason", "billable", "credit_cost")], [400, "invalid", False, 0],
          "a refused call")
    equal("charge_id" in failed, False, "a charge id without a charge")


@act(EVENTS, "filters go together")
def filters(stage):
    found = events(stage)
    for query, holds in (("&billable=true", lambda event: event["billable"]),
                         ("&billable=false", lambda event: not event["billable"]),
                         ("&endpoint=tiktok/popular-trend/hashtag/movers&event_status=charged",
                          lambda event: event["endpoint"].endswith("movers") and event["billable"]),
                         ("&billable=true&event_status=failed", lambda event: False),
                         ("&from=2024-02-28T22:10:02Z", lambda event: event["created_at"] >= "2024-02-28T22:10:02Z"),
                         ("&to=2024-02-28T22:10:02Z", lambda event: event["created_at"] < "2024-02-28T22:10:02Z")):
        equal(events(stage, query=query, limit=2), [event for event in found if holds(event)], f"events of {query}")


@act(EVENTS, "a page goes on where the one before ended, whatever was called in between")
def pages(stage):
    data = told(stage, f"{BILLING}/events?limit=5")
    rest = events(stage)[5:]
    mixed_calls(stage)
    stage.clock.pass_by(2)
    mixed_calls(stage)
    found, cursor = [], data["next"]
    while cursor:
        data = told(stage, f"{BILLING}/events?limit=4&cursor={cursor}")
        found, cursor = found + data["items"], data.get("next")
    equal(found, rest, "what came before")


# ---- Addresses ----

@act(ADDRESSES, "addresses are counted by call, also before they are written, and survive a restart")
def addresses(stage):
    for address, count in (("203.0.113.1", 3), ("2001:db8::7", 2)):
        for _ in range(count):
            make(stage, ANN, **{"X-Forwarded-For": address, "User-Agent": f"test/{count}"})
    make(stage, ANN, ENDPOINT + "?period=8", **{"X-Forwarded-For": "203.0.113.1"})
    make(stage, BOB, **{"X-Forwarded-For": "198.51.100.9"})
    wanted = {"203.0.113.1": (4, 3, 1, "test/3"), "2001:db8::7": (2, 2, 0, "test/2")}

    def seen():
        items = told(stage, f"{USAGE}/recent-ips")["items"]
        return wanted == {item["ip"]: (item["request_count"], item["success_count"], item["error_count"],
                                       item.get("last_user_agent")) for item in items}

    until(seen, "every call counts for its address")
    equal(told(stage, f"{USAGE}/overview")["requests"]["distinct_ip_count"], 2, "distinct_ip_count")
    equal(told(stage, f"{USAGE}/overview")["requests"]["last_request_at"], "2024-02-28T22:10:00Z", "last_request_at")
    stage.clock.pass_by(2)
    make(stage, ANN, **{"X-Forwarded-For": "203.0.113.1", "User-Agent": "test/3"})
    wanted["203.0.113.1"] = (5, 4, 1, "test/3")
    until(seen, "a fold counts nothing twice")
    stage.drop_connection()
    stage.server.stop()
    stage.server = stage.place.serve()
    equal(seen(), True, "after a restart")
    equal([item["ip"] for item in told(stage, f"{USAGE}/recent-ips?limit=1")["items"]], ["203.0.113.1"], "the last one seen")


@act(ADDRESSES, "more than 64 addresses a day are told together")
def crowd(stage):
    stage.clock.pass_by(DAY)
    for number in range(70):
        make(stage, ANN, **{"X-Forwarded-For": f"192.0.2.{number}"})
    stage.clock.pass_by(2)
    make(stage, ANN, **{"X-Forwarded-For": "192.0.2.0"})
    data = told(stage, f"{USAGE}/recent-ips?range=day&limit=100")
    equal(len(data["items"]), 64, "addresses")
    equal(sum(item["request_count"] for item in data["items"]) + data["others"]["request_count"], 71, "calls")


@act(ADDRESSES, "addresses are forgotten after 30 days")
def forgotten(stage):
    stage.clock.pass_by(31 * DAY)
    make(stage, ANN, **{"X-Forwarded-For": "203.0.113.5"})
    items = told(stage, f"{USAGE}/recent-ips?from=2024-02-01")["items"]
    equal([item["ip"] for item in items], ["203.0.113.5"], "addresses")


# ---- What is refused ----

def refused(label, target, *errors):
    @act(RANGES, label)
    def step(stage):
        answer = stage.ask(target, headers={"x-api-key": stage.key})
        equal(answer.status, 400, f"status of {answer!r}")
        check_every_answer(answer)
        check_errors(answer.json(), errors)


refused("every fault of a range at once", f"{USAGE}/timeseries?range=yesterday&bucket=week&group_by=plan&endpoint=x&to=never",
        ("range", "yesterday"), ("bucket", "week"), ("group_by", "plan"), ("endpoint", "x"), ("to", "never"))
refused("a custom range without its beginning", f"{USAGE}/overview?range=custom", ("from", ""))
refused("from and to beside another range", f"{USAGE}/overview?range=week&from=2024-02-01&to=2024-02-02",
        ("from", "2024-02-01T00:00:00Z"), ("to", "2024-02-02T00:00:00Z"))
refused("parts of an hour", f"{USAGE}/endpoints?from=2024-02-01T10:30:00Z&to=2024-02-01T11:00:01Z",
        ("from", "2024-02-01T10:30:00Z"), ("to", "2024-02-01T11:00:01Z"))
refused("a range that ends before it begins", f"{USAGE}/overview?from=2024-02-02&to=2024-02-02", ("from", None))
refused("a range that begins tomorrow", f"{USAGE}/overview?from=2024-02-29", ("from", None))
refused("more hours than 31 days", f"{USAGE}/timeseries?bucket=hour&from=2024-01-01&to=2024-02-02", ("from", None))
refused("more days than 400", f"{USAGE}/overview?from=2023-01-01&to=2024-02-06", ("from", None))
refused("faults beside a range's own", f"{USAGE}/timeseries?from=2024-02-02&to=2024-02-01&bucket=x", ("from", None), ("bucket", "x"))
refused("wrong events", f"{BILLING}/events?event_status=reserved&billable=yes&cursor=now&from=2024-02-02&to=2024-02-01&page=2",
        ("event_status", "reserved"), ("billable", "yes"), ("cursor", "now"), ("from", None), ("page", "2"))


@act(RANGES, "31 days of hours, 400 days and limits past theirs are taken")
def taken(stage):
    told(stage, f"{USAGE}/timeseries?bucket=hour&from=2024-01-01&to=2024-02-01")
    told(stage, f"{USAGE}/overview?from=2023-01-01&to=2024-02-05")
    told(stage, f"{USAGE}/endpoints?limit=1000&range=&from=")
    told(stage, f"{USAGE}/recent-ips?range=custom&from=2024-02-28T08:00:00%2B08:00")


@act(RANGES, "no key, no answer; and no call of the minute is taken")
def keyed(stage):
    for path in (f"{USAGE}/overview", f"{USAGE}/endpoints", f"{USAGE}/timeseries", f"{USAGE}/recent-ips", f"{BILLING}/events"):
        equal(stage.ask(path).status, 401, f"{path} without a key")
        equal(stage.ask(path, "HEAD", {"x-api-key": stage.key}).status, 200, f"HEAD of {path}")
        for _ in range(5):
            told(stage, path, EVE)
    for _ in range(3):
        equal(make(stage, EVE).status, 200, "a call of the minute")
    equal(dig(told(stage, f"{USAGE}/overview", EVE), "usage.requests"), 3, "requests")


@act(RANGES, "the plan's daily cap is told for the days of a range, also for those without a call")
def caps(stage):
    mail = "fay@example.com"
    stage.notes["keys"][mail] = [stage.place.new_key(mail, "Small")]
    start = told(stage, f"{USAGE}/timeseries", mail)["from"]
    wanted = [{"from": start, "daily_credit_limit": 80}]
    equal(told(stage, f"{USAGE}/timeseries?bucket=hour", mail)["daily_credit_limits"], wanted, "caps")
    stage.clock.pass_by(2 * DAY)
    stage.place.succeed("account", "plan", mail, "Large")
    today = datetime.datetime.fromisoformat(start[:10]) + datetime.timedelta(days=2)
    wanted.append({"from": today.strftime("%Y-%m-%dT00:00:00Z"), "daily_credit_limit": 0})
    found = told(stage, f"{USAGE}/timeseries", mail)
    equal((found["daily_credit_limits"], found["items"]), (wanted, []), "caps after an upgrade, and items")


SCENARIOS = [
    Scenario("sums", clocked, NUMBERS),
    Scenario("events", clocked, EVENTS),
    Scenario("addresses", clocked, ADDRESSES),
    Scenario("ranges", clocked, RANGES),
]
