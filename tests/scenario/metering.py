"""Metering over real HTTP: every field of a 402 and a 429, the headers of every call, what takes a slot and what
takes credits, the order of refusals, Idempotency-Key, and what a restart, a kill or a new plan file changes."""

import concurrent.futures
import contextlib
import datetime
import json
import math
import re
import signal
import time

from support.http_client import until
from support.metered import (RATE_FIELDS, call, check_call, check_limited, date_of, new_key, number, plans,
                             seconds_of)
from support.server import Place
from support.steps import ENDPOINT, Scenario, Stage, act, dig, equal, fail

CREDITS, RATE, HEADERS, ORDER, REPLAYS, PLANS, LIVES = [], [], [], [], [], [], []

# Monthly and daily limits with room for few calls; rates that no step reaches but where it is meant.
TABLE = [("Small", 20, 0, 1000, "none", 0), ("Daily", 1000, 20, 1000, "none", 0),
         ("Slow", 1000, 0, 3, "none", 0), ("Choice", 20, 0, 1000, "opt_in", 75),
         ("Always", 20, 0, 1000, "always", 30), ("Big", 100000, 0, 2000, "none", 0)]


@contextlib.contextmanager
def metered(rows=TABLE, sample=True, settings=None):
    settings = {**({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"} if sample else {}), **(settings or {})}
    with Place(settings, plans=plans(rows)) as place:
        stage = Stage(place, place.serve())
        yield stage
        stage.drop_connection()
        stage.server.stop()


# ---- 402: credits ----

@act(CREDITS, "the last credits, then 402 insufficient_credits with every field")
def monthly(stage):
    key = new_key(stage, "Small")
    for left in (12, 4):
        answer = call(stage, key, status=200)
        equal(number(answer, "X-Credits-Charged"), 8, "X-Credits-Charged")
        equal(number(answer, "X-Credits-Remaining"), left, "X-Credits-Remaining")
        equal(answer.field("X-Credits-Daily-Remaining"), None, "X-Credits-Daily-Remaining without a cap")
    refused = call(stage, key)
    data = check_limited(refused, 402, "insufficient_credits", "monthly", "Small", "Slow", credit_cost=8,
                         credits_included=20, credits_used=16, credits_remaining=4, daily_credit_limit=0,
                         daily_credits_used=16, daily_credits_remaining=0)
    equal(number(refused, "X-Credits-Remaining"), 4, "X-Credits-Remaining of the refusal")
    # The period began today: it ends on this day of the next month, or on that month's last.
    today = date_of(refused)
    first_of_next = (today.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
    last = (first_of_next + datetime.timedelta(days=32)).replace(day=1) - datetime.timedelta(days=1)
    end = first_of_next.replace(day=min(today.day, last.day), hour=0, minute=0, second=0)
    equal(data["resets_at"], end.strftime("%Y-%m-%dT%H:%M:%SZ"), "the period's end")


@act(CREDITS, "the daily cap, then 402 daily_credit_limit until 00:00 UTC")
def daily(stage):
    key = new_key(stage, "Daily")
    for left in (12, 4):
        equal(number(call(stage, key, status=200), "X-Credits-Daily-Remaining"), left, "X-Credits-Daily-Remaining")
    refused = call(stage, key)
    data = check_limited(refused, 402, "daily_credit_limit", "daily", "Daily", "Slow", credit_cost=8,
                         credits_included=1000, credits_used=16, credits_remaining=984, daily_credit_limit=20,
                         daily_credits_used=16, daily_credits_remaining=4)
    equal(data["resets_at"][10:], "T00:00:00Z", "resets_at")
    if not 0 < seconds_of(data["resets_at"]) - date_of(refused).timestamp() <= 86400:
        fail(f"resets_at is no midnight to come: {data!r}")


@act(CREDITS, "overage always: calls go on past the included credits")
def overage_always(stage):
    key = new_key(stage, "Always")
    for left in (12, 4, 0, 0, 0):
        answer = call(stage, key, status=200)
        equal((number(answer, "X-Credits-Charged"), number(answer, "X-Credits-Remaining")), (8, left), "credits")


@act(CREDITS, "overage opt-in: refused while off, goes on when switched on, up to the spend limit")
def overage_opt_in(stage):
    key = new_key(stage, "Choice", "choice@example.com")
    call(stage, key, status=200)
    call(stage, key, status=200)
    check_limited(call(stage, key), 402, "insufficient_credits", "monthly", "Choice", "Slow", credits_remaining=4)
    # 2 cents at 75 cents for 1,000 pay for 26 credits: 4 + 26 are three calls, with 6 left.
    stage.place.succeed("account", "overage", "choice@example.com", "on", "--limit", "2")
    until(lambda: call(stage, key).status == 200, "the switch is seen")
    call(stage, key, status=200)
    call(stage, key, status=200)
    # Under Always a credit costs 0.03 cents: the half cent that is left pays for a call there.
    check_limited(call(stage, key), 402, "spend_limit", "monthly", "Choice", "Always", credits_included=20,
                  credits_used=40, credits_remaining=0)
    stage.place.succeed("account", "overage", "choice@example.com", "off")
    until(lambda: call(stage, key).json()["data"]["reason"] == "insufficient_credits", "off again")


@act(CREDITS, "an account that no plan would admit gets no suggestion")
def no_suggestion(stage):
    with metered([("Only", 8, 0, 10, "none", 0)]) as lone:
        key = new_key(lone, "Only")
        call(lone, key, status=200)
        check_limited(call(lone, key), 402, "insufficient_credits", "monthly", "Only", None)


@act(CREDITS, "two keys of an account share its allowance")
def shared(stage):
    first = new_key(stage, "Small", "shared@example.com")
    second = stage.place.succeed("key", "create", "shared@example.com").lines()[0]
    call(stage, first, status=200)
    until(lambda: stage.ask(ENDPOINT, "HEAD", {"x-api-key": second}).status == 200, "the second key works")
    equal(number(call(stage, second, status=200), "X-Credits-Remaining"), 4, "X-Credits-Remaining")
    call(stage, first, status=402)
    call(stage, second, status=402)


# ---- What costs nothing ----

@act(CREDITS, "every other outcome takes a slot and no credits, also with none left")
def uncharged(stage):
    key = new_key(stage, "Small")
    tag = call(stage, key, status=200).field("ETag")
    call(stage, key, status=200)
    call(stage, key, status=402)
    slots = number(call(stage, key, status=402), "X-RateLimit-Remaining")
    for query, method, status, headers in (
            ("?page=x", "GET", 400, {}), ("?nonsense=1", "GET", 400, {}), ("", "HEAD", 200, {}),
            ("", "GET", 304, {"If-None-Match": tag}), ("", "HEAD", 304, {"If-None-Match": tag}),
            ("?page=10&limit=100", "GET", 200, {})):
        answer = call(stage, key, query, method, status, **headers)
        slots -= 1
        equal(number(answer, "X-RateLimit-Remaining"), slots, f"slots after {method} {query} {status}")
        equal(number(answer, "X-Credits-Charged"), 0, "X-Credits-Charged")
        equal(number(answer, "X-Credits-Remaining"), 4, "X-Credits-Remaining")
        equal(answer.field("X-Charge-Id"), None, "X-Charge-Id")


@act(CREDITS, "503 no_data takes a slot and no credits")
def no_data(stage):
    with metered(sample=False) as empty:
        key = new_key(empty, "Slow")
        for left in (2, 1, 0):
            answer = call(empty, key, status=503)
            equal(dig(answer.json(), "data.reason"), "no_data", "reason")
            equal(number(answer, "X-RateLimit-Remaining"), left, "slots")
            equal(number(answer, "X-Credits-Remaining"), 1000, "credits")
        call(empty, key, status=429)


# ---- 429 ----

@act(RATE, "exactly as many calls a minute as the plan has, whatever becomes of them, then 429")
def rate(stage):
    key = new_key(stage, "Slow")
    call(stage, key, status=200)
    call(stage, key, "?page=x", status=400)
    equal(number(call(stage, key, method="HEAD", status=200), "X-RateLimit-Remaining"), 0, "slots")
    for query, method in (("", "GET"), ("?page=x", "GET"), ("?page=10&limit=100", "GET")):
        answer = call(stage, key, query, method)
        data = check_limited(answer, 429, "rate_limited", "minute", "Slow", "Small",
                             rate_limit_per_minute=3)
        if not 1 <= data["retry_after_seconds"] <= 60:
            fail(f"retry_after_seconds: {data!r}")
        equal(number(answer, "X-Credits-Remaining"), 992, "credits")
    equal(call(stage, key, method="HEAD").status, 429, "HEAD")


@act(RATE, "as many at once, on many connections: exactly the plan's are admitted")
def rate_at_once(stage):
    key = new_key(stage, "Slow")

    def one(_):
        answer = stage.server.ask(ENDPOINT, headers={"x-api-key": key})
        check_call(answer)
        return answer.status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(one, range(24)))
    equal(statuses, [200] * 3 + [429] * 21, "statuses")


@act(RATE, "Retry-After waits for the oldest slot of the minute")
def rate_returns(stage):
    key = new_key(stage, "Slow")
    began = time.monotonic()
    for _ in range(3):
        answer = call(stage, key, status=200)
    refused = call(stage, key, status=429)
    least = 60 - math.ceil(time.monotonic() - began)
    equal(number(refused, "Retry-After"), number(refused, "X-RateLimit-Reset"), "Retry-After and the oldest slot")
    if not least <= number(refused, "Retry-After") <= 60 or number(answer, "X-RateLimit-Remaining") != 0:
        fail(f"right after the calls: {refused!r}")


# ---- Headers: on every call, on nothing else ----

@act(HEADERS, "answers that are no calls carry none of the rate and credit headers")
def none_elsewhere(stage):
    key = new_key(stage, "Slow", "suspended@example.com")
    stage.place.succeed("account", "suspend", "suspended@example.com")
    until(lambda: stage.ask(ENDPOINT, headers={"x-api-key": key}).status == 403, "403")
    live = {"x-api-key": new_key(stage, "Slow")}
    for target, method, headers, status in (
            (ENDPOINT, "GET", {}, 401), (ENDPOINT, "GET", {"x-api-key": "x"}, 401),
            (ENDPOINT, "GET", {"x-api-key": key}, 403), ("/nowhere", "GET", live, 404),
            (ENDPOINT, "POST", live, 405), (ENDPOINT, "DELETE", live, 405), (ENDPOINT, "OPTIONS", {}, 204),
            ("/ping", "GET", live, 200), ("/ready", "GET", live, 200)):
        answer = stage.ask(target, method, headers)
        equal(answer.status, status, f"{method} {target}")
        for name in RATE_FIELDS:
            equal(answer.field(name), None, f"{name} on {method} {target} {status}")
    equal(number(call(stage, live["x-api-key"], status=200), "X-RateLimit-Remaining"), 2, "slots: none was taken")


# ---- Which refusal comes first ----

@act(ORDER, "429 comes before 402 and before 400; a refused credit takes a slot")
def rate_first(stage):
    with metered([("Tiny", 8, 0, 3, "none", 0)]) as tiny:
        key = new_key(tiny, "Tiny")
        call(tiny, key, status=200)
        call(tiny, key, status=402)
        equal(number(call(tiny, key, status=402), "X-RateLimit-Remaining"), 0, "slots")
        check_limited(call(tiny, key), 429, "rate_limited", "minute", "Tiny", None, rate_limit_per_minute=3)
        call(tiny, key, "?page=x", status=429)


@act(ORDER, "of a spent day and a spent period the one that resets last is told")
def last_reset(stage):
    with metered([("Both", 16, 16, 100, "none", 0), ("More", 1000, 16, 100, "none", 0),
                  ("Most", 1000, 0, 100, "none", 0)]) as both:
        key = new_key(both, "Both")
        call(both, key, status=200)
        call(both, key, status=200)
        check_limited(call(both, key), 402, "insufficient_credits", "monthly", "Both", "Most",
                      daily_credits_remaining=0, credits_remaining=0)


@act(ORDER, "a key's own daily cap refuses that key alone")
def key_cap(stage):
    new_key(stage, "Big", "caps@example.com")
    made = json.loads(stage.place.succeed("key", "create", "caps@example.com", "--name", "capped", "--json").stdout)
    other = stage.place.succeed("key", "create", "caps@example.com").lines()[0]
    stage.place.succeed("key", "cap", made["id"], "20")
    until(lambda: stage.ask(ENDPOINT, "HEAD", {"x-api-key": other}).status == 200, "the keys work")
    call(stage, made["api_key"], status=200)
    call(stage, made["api_key"], status=200)
    check_limited(call(stage, made["api_key"]), 402, "key_daily_limit", "daily", "Big", None,
                  credits_remaining=100000 - 16)
    call(stage, other, status=200)


# ---- Idempotency-Key ----

@act(REPLAYS, "a retry is rendered again, free, with the first charge's id")
def replay(stage):
    key = new_key(stage, "Small")
    first = call(stage, key, "?limit=2", status=200, **{"Idempotency-Key": "one"})
    equal(first.field("Idempotent-Replayed"), None, "Idempotent-Replayed of the first")
    again = call(stage, key, "?limit=2", status=200, **{"Idempotency-Key": "one", "X-Request-Id": "again"})
    equal(number(again, "X-Credits-Charged"), 0, "X-Credits-Charged")
    equal(number(again, "X-Credits-Remaining"), 12, "X-Credits-Remaining")
    equal(again.field("X-Charge-Id"), first.field("X-Charge-Id"), "X-Charge-Id")
    equal(again.field("Idempotent-Replayed"), "true", "Idempotent-Replayed")
    equal(again.json()["data"]["data"], first.json()["data"]["data"], "the list")
    equal(again.json()["data"]["request_id"], "again", "request_id")
    equal(number(again, "X-RateLimit-Remaining"), number(first, "X-RateLimit-Remaining") - 1, "slots")


@act(REPLAYS, "the same arguments written otherwise are the same; others are 422")
def conflict(stage):
    key = new_key(stage, "Small")
    call(stage, key, "?limit=2&page=1", status=200, **{"Idempotency-Key": "two"})
    call(stage, key, "?page=&limit=%32", status=200, **{"Idempotency-Key": "two"})
    answer = call(stage, key, "?limit=3", status=422, **{"Idempotency-Key": "two"})
    equal(dig(answer.json(), "data.reason"), "idempotency_conflict", "reason")
    equal(number(answer, "X-Credits-Charged"), 0, "X-Credits-Charged")
    equal(number(answer, "X-Credits-Remaining"), 12, "X-Credits-Remaining")


@act(REPLAYS, "a retry works with no credits left, and a refused call may be retried")
def replay_without_credits(stage):
    key = new_key(stage, "Small", "replays@example.com")
    call(stage, key, status=200, **{"Idempotency-Key": "a"})
    call(stage, key, status=200)
    call(stage, key, status=402, **{"Idempotency-Key": "b"})
    call(stage, key, status=402, **{"Idempotency-Key": "b"})
    call(stage, key, status=200, **{"Idempotency-Key": "a"})
    stage.place.succeed("account", "plan", "replays@example.com", "Big")
    answer = until(lambda: (lambda got: got if got.status == 200 else None)(
        call(stage, key, **{"Idempotency-Key": "b"})), "the retry after an upgrade")
    equal(number(answer, "X-Credits-Charged"), 8, "X-Credits-Charged of the retry")
    equal(number(call(stage, key, status=200, **{"Idempotency-Key": "b"}), "X-Credits-Charged"), 0, "the next retry")


@act(REPLAYS, "many at once with one key: one is charged, the others are its replays")
def replay_at_once(stage):
    key = new_key(stage, "Big")

    def one(_):
        answer = stage.server.ask(ENDPOINT, headers={"x-api-key": key, "Idempotency-Key": "once"})
        check_call(answer)
        return answer.status, answer.field("X-Charge-Id"), number(answer, "X-Credits-Charged")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(32)))
    equal({status for status, _, _ in answers}, {200}, "statuses")
    equal(len({charge for _, charge, _ in answers}), 1, "charge ids")
    equal(sorted(charged for _, _, charged in answers), [0] * 31 + [8], "charged")


@act(REPLAYS, "another account's key is another key; a malformed one is 400")
def replay_apart(stage):
    for key in (new_key(stage, "Small"), new_key(stage, "Small")):
        equal(number(call(stage, key, status=200, **{"Idempotency-Key": "one"}), "X-Credits-Charged"), 8, "charged")
    for bad in ("", "a b", "x" * 65, "\u00e9"):
        answer = call(stage, key, status=400, **{"Idempotency-Key": bad})
        equal(dig(answer.json(), "data.reason"), "invalid_input", f"reason for {bad!r}")
    call(stage, key, status=200, **{"Idempotency-Key": "x" * 64})


# ---- Plans that change while calls go on ----

def reload(stage, text):
    """A new plan file and SIGHUP; returns what the log said of it."""
    before = len(stage.server.stderr)
    stage.place.write("plans.ini", text)
    stage.server.signal(signal.SIGHUP)
    return until(lambda: re.search(r"in force anew|nothing is reloaded[^\n]*", stage.server.stderr[before:]),
                 "the log tells of the plan file")[0]


@act(PLANS, "a changed price and limit are in force with the next call")
def price_change(stage):
    key = new_key(stage, "Big")
    call(stage, key, status=200)
    text = plans(TABLE).replace("credits = 8\n", "credits = 5\n").replace("2000", "77")
    equal(reload(stage, text), "in force anew", "log")
    answer = call(stage, key, status=200)
    equal(number(answer, "X-Credits-Charged"), 5, "X-Credits-Charged")
    equal(number(answer, "X-RateLimit-Limit"), 77, "X-RateLimit-Limit")
    stage.notes["big"] = key


def bought(stage, key):
    """What the account's billing period includes and costs, in credits and cents."""
    told = stage.ask("/api/v1/billing/me", headers={"x-api-key": key}).json()["data"]
    equal(told["expected_total_amount_cents"], told["subscription_price_cents"], "total without overage")
    return told["included_credits"], told["subscription_price_cents"]


@act(PLANS, "a changed allowance and price count for accounts made from then on, and else from the next period")
def later_period(stage):
    with metered([("Low", 100, 0, 1000, "none", 0), ("High", 1000, 0, 1000, "none", 0)]) as later:
        called, idle = new_key(later, "High"), new_key(later, "High")
        call(later, called, status=200)
        before = bought(later, idle)
        equal((before, bought(later, called)), ((1000, 900), (1000, 900)), "before")
        for number_of_restarts in range(2):
            changed = plans([("Low", 100, 0, 1000, "none", 0), ("High", 3000, 0, 7, "none", 0)])
            reload(later, changed.replace("price_cents = 900\n", "price_cents = 700\n"))
            equal((bought(later, called), bought(later, idle)), (before, before), f"{number_of_restarts} restarts")
            equal(number(call(later, idle, status=200), "X-RateLimit-Limit"), 7, "what is in force at once")
            equal(bought(later, new_key(later, "High")), (3000, 700), "an account made afterwards")
            restart(later, signal.SIGKILL)
            equal((bought(later, called), bought(later, idle)), (before, before), "after a kill")


@act(PLANS, "a faulty plan file changes nothing")
def faulty_file(stage):
    said = reload(stage, plans(TABLE).replace("included_credits = 20\n", "included_credits = -20\n"))
    if "nothing is reloaded" not in said or "plans.ini" not in said:
        fail(f"log: {said!r}")
    equal(number(call(stage, stage.notes["big"], status=200), "X-Credits-Charged"), 5, "X-Credits-Charged")


@act(PLANS, "a plan file that lacks a plan in use is refused, with its accounts counted")
def missing_plan(stage):
    said = reload(stage, plans([row for row in TABLE if row[0] != "Big"]))
    if "Big" not in said or "1 account" not in said:
        fail(f"log: {said!r}")
    equal(number(call(stage, stage.notes["big"], status=200), "X-Credits-Charged"), 5, "X-Credits-Charged")


@act(PLANS, "a limit lowered and raised again grants no call twice")
def lower_and_raise(stage):
    with metered([("Wave", 100000, 0, 12, "none", 0)]) as wave:
        key = new_key(wave, "Wave")
        for _ in range(10):
            call(wave, key, status=200)
        reload(wave, plans([("Wave", 100000, 0, 2, "none", 0)]))
        call(wave, key, status=429)
        reload(wave, plans([("Wave", 100000, 0, 12, "none", 0)]))
        for _ in range(2):
            call(wave, key, status=200)
        call(wave, key, status=429)


# ---- Restarts ----

def restart(stage, number_of_signal):
    stage.drop_connection()
    if number_of_signal == signal.SIGKILL:
        stage.server.child.kill()
        stage.server.child.wait()
    else:
        stage.server.stop()
    stage.server = stage.place.serve()


def lives_on(label, number_of_signal):
    @act(LIVES, f"{label}: credits, slots and replays are what they were")
    def lives(stage):
        big, slow, small = (new_key(stage, plan) for plan in ("Big", "Slow", "Small"))
        first = call(stage, big, status=200, **{"Idempotency-Key": "kept"})
        for key, count in ((slow, 3), (small, 2)):
            for _ in range(count):
                call(stage, key, status=200)
        restart(stage, number_of_signal)
        call(stage, slow, status=429)
        check_limited(call(stage, small), 402, "insufficient_credits", "monthly", "Small", "Slow",
                      credits_remaining=4, credits_used=16)
        again = call(stage, big, status=200, **{"Idempotency-Key": "kept"})
        equal(again.field("X-Charge-Id"), first.field("X-Charge-Id"), "X-Charge-Id")
        equal(again.field("Idempotent-Replayed"), "true", "Idempotent-Replayed")
        equal(number(again, "X-Credits-Remaining"), 100000 - 8, "X-Credits-Remaining")
        call(stage, big, "?limit=7", status=422, **{"Idempotency-Key": "kept"})
        equal(number(call(stage, big, status=200), "X-Credits-Remaining"), 100000 - 16, "X-Credits-Remaining")


lives_on("SIGTERM", signal.SIGTERM)
lives_on("kill -9", signal.SIGKILL)
lives_on("kill -9 after a SIGTERM", signal.SIGKILL)

SCENARIOS = [
    Scenario("credits", metered, CREDITS),
    Scenario("the rate limit", metered, RATE),
    Scenario("rate and credit headers", metered, HEADERS),
    Scenario("the order of refusals", metered, ORDER),
    Scenario("Idempotency-Key", metered, REPLAYS),
    Scenario("plans that change", metered, PLANS),
    Scenario("what outlives the server", metered, LIVES),
]
