"""What billing periods come to, over the command line and HTTP: statements that freeze at the period's end, grants and
refunds, payments and what an unpaid invoice does; on clocks that a step moves."""

import contextlib
import hashlib
import json

from support.clock import Clock
from support.http_client import until
from support.metered import call, new_key, plans
from support.server import Place
from support.steps import ENDPOINT, Scenario, Stage, act, dig, equal, fail

MONEY, GIFTS, PAYMENTS, EXTREMES = [], [], [], []
DAY = 86400

# Prices are 0, 900 and 1,800 cents.
TABLE = [("Small", 16, 0, 1000, "none", 0), ("Wide", 16, 0, 1000, "always", 7500),
         ("Large", 1600, 0, 1000, "always", 5000)]
ME = "/api/v1/billing/me"


@contextlib.contextmanager
def clocked(at="2025-01-31T10:00:00Z"):
    with Clock(at) as clock, \
            Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true", "TRENDGATE_PAYMENT_GRACE_DAYS": "14"},
                  plans=plans(TABLE), clock=clock) as place:
        stage = Stage(place, place.serve())
        stage.clock = clock
        yield stage
        stage.drop_connection()
        stage.server.stop()
        place.books_agree()


def told(stage, key, path, status=200):
    answer = stage.ask(ME + path, headers={"x-api-key": key})
    equal(answer.status, status, f"status of {answer!r}")
    return answer.json()


def invoice(stage, email, *options):
    return json.loads(stage.place.succeed("invoice", email, "--format", "json", *options).stdout)


def customer(stage, plan):
    key = new_key(stage, plan)
    return f"a{stage.notes['accounts']}@example.com", key


def closed(stage, key, period):
    """The server closes periods by itself; it looks four times a second."""
    def is_closed():
        return dig(told(stage, key, f"/periods/{period}"), "data.status") == "closed"
    until(is_closed, f"{period} is closed")


@act(MONEY, "a period closes by itself, and its statement never changes")
def freezes(stage):
    email, key = customer(stage, "Wide")
    for _ in range(4):
        call(stage, key, status=200)
    open_one = invoice(stage, email)
    equal(open_one["status"], "open", "status")
    equal(open_one["statement"]["total_cents"], 900 + 120, "total so far")
    equal(dig(told(stage, key, ""), "data.expected_total_amount_cents"), 1020, "the same of /billing/me")
    stage.clock.pass_by(29 * DAY)
    closed(stage, key, "2025-01")
    download = stage.ask(f"{ME}/periods/2025-01/statement/download", headers={"x-api-key": key})
    equal(download.field("Content-Disposition"), 'attachment; filename="trendgate-statement-2025-01.json"', "its name")
    statement = told(stage, key, "/periods/2025-01/statement")["data"]
    digest = hashlib.sha256(download.body).hexdigest()
    equal(dig(statement, "snapshot.canonical_json_sha256"), digest, "SHA-256 of the download")
    canonical = json.dumps(json.loads(download.body), sort_keys=True, separators=(",", ":"))
    equal(download.body.decode(), canonical, "canonical JSON")
    equal(sum(line["cents"] for line in statement["statement"]["lines"]), 1020, "sum of the lines")
    call(stage, key, status=200)
    stage.clock.demand_steps()
    stage.drop_connection()
    stage.server.kill()
    stage.clock.step(-2 * DAY)
    stage.server = stage.place.serve()
    call(stage, key, status=200)
    again = invoice(stage, email, "--period", "2025-01")
    equal((again["status"], again["sha256"]), ("closed", digest), "after a kill, and a clock that stepped back")
    items = dig(told(stage, key, "/periods?limit=5"), "data.items")
    equal([item["period_key"] for item in items], ["2025-02", "2025-01"], "periods")


@act(MONEY, "a clock that was set a year ahead closes nothing, and all goes on once it is back")
def held_back(stage):
    email, key = customer(stage, "Small")
    call(stage, key, status=200)
    stage.clock.pass_by(31 * DAY)
    month = dig(told(stage, key, ""), "data.period_start")[:7]
    before = told(stage, key, "/periods")["data"]["items"]
    stage.clock.step(365 * DAY)
    until(lambda: "was set 365 days ahead" in stage.server.stderr, "the server says that it holds back")
    for words in (("invoice", email), ("account", "grant", email, "8", "--reason", "x")):
        refused = stage.place.refuse(*words)
        if "set it right" not in refused.stderr:
            fail(f"no advice: {refused.stderr!r}")
    stage.clock.step(-365 * DAY)
    equal(told(stage, key, "/periods")["data"]["items"], before, "periods")
    call(stage, key, status=200)
    stage.clock.pass_by(31 * DAY)
    closed(stage, key, month)


@act(MONEY, "an upgrade bills the very lines of its preview")
def previewed(stage):
    email, key = customer(stage, "Wide")
    stage.clock.pass_by(10 * DAY)
    preview = told(stage, key, "/preview?plan=Large")["data"]
    stage.place.succeed("account", "plan", email, "Large")
    lines = invoice(stage, email)["statement"]["lines"]
    equal([(line["kind"], line["credits"], line["cents"]) for line in lines[1:]],
          [(line["kind"], line["credits"], line["cents"]) for line in preview["lines_now"]], "lines")
    for path, name, value in (("/preview?plan=No%22thing", "plan", 'No"thing'), ("/periods/2019-13", "id", "2019-13"),
                              ("/periods/2031-01/statement", "id", "2031-01"),
                              ("/periods/2024-12/statement/download", "id", "2024-12")):
        errors = dig(told(stage, key, path, 400), "data.errors")
        equal([(error["parameter"], error["value"]) for error in errors], [(name, value)], path)


@act(MONEY, "a page and a text have the same sum")
def forms(stage):
    email, _ = customer(stage, "Large")
    stage.place.succeed("account", "grant", email, "1234567", "--reason", "a page")
    text = stage.place.succeed("invoice", email).stdout
    page = stage.place.succeed("invoice", email, "--format", "html").stdout
    if "\t18.00" not in text or "<td>$18.00</td>" not in page or "<td>1,234,567</td>" not in page:
        fail(f"18.00 is missing: {text!r} {page!r}")
    if "<style>" not in page or "the period is open" not in page:
        fail(f"a page to print: {page!r}")
    wide, key = customer(stage, "Wide")
    charges = [call(stage, key, status=200).field("X-Charge-Id") for _ in range(3)]
    stage.clock.pass_by(40 * DAY)
    stage.place.succeed("account", "refund", wide, charges[2], "--reason", "a page")
    page = stage.place.succeed("invoice", wide, "--format", "html").stdout
    if "<td>-$0.60</td>" not in page:
        fail(f"a negative line: {page!r}")
    stage.place.refuse("invoice", email, "--period", "2020-01")
    stage.place.refuse("invoice", email, "--format", "pdf", status=2)


@act(GIFTS, "a grant is there for the next call, and after a kill")
def granted(stage):
    email, key = customer(stage, "Small")
    for status in (200, 200, 402):
        call(stage, key, status=status)
    stage.place.refuse("account", "grant", email, "16", status=2)
    stage.place.refuse("account", "grant", email, "many", "--reason", "x")
    stage.place.succeed("account", "grant", email, "8", "--reason", "an outage")
    call(stage, key, status=200)
    call(stage, key, status=402)
    stage.drop_connection()
    stage.server.kill()
    stage.server = stage.place.serve()
    call(stage, key, status=402)
    equal(dig(told(stage, key, ""), "data.included_credits"), 24, "included with the grant")


@act(GIFTS, "a refund gives back one charge, once")
def refunded(stage):
    email, key = customer(stage, "Wide")
    charges = [call(stage, key, status=200).field("X-Charge-Id") for _ in range(3)]
    equal(invoice(stage, email)["statement"]["total_cents"], 960, "with 8 credits of overage")
    stage.place.succeed("account", "refund", email, charges[2], "--reason", "a wrong list")
    equal(invoice(stage, email)["statement"]["total_cents"], 900, "without them")
    stage.place.refuse("account", "refund", email, charges[2], "--reason", "again")
    stage.place.succeed("account", "refund", email, charges[0], "--reason", "a wrong list")
    equal(dig(told(stage, key, ""), "data.credits_remaining"), 8, "included credits that came back")
    stage.place.refuse("account", "refund", email, "0" * 32, "--reason", "none")


def refused(stage, key, says):
    """403 with one word for whatever the cause is, and a sentence that says what to do about it."""
    answer = stage.ask(ENDPOINT, headers={"x-api-key": key})
    body = answer.json()
    equal((answer.status, body["code"], dig(body, "data.reason")), (403, 403, "account_suspended"), f"{answer!r}")
    if says not in body["msg"]:
        fail(f"does not say {says!r}: {body['msg']}")


@act(PAYMENTS, "an unpaid invoice refuses calls after its grace, and paying ends that")
def unpaid(stage):
    email, key = customer(stage, "Wide")
    stage.clock.pass_by(28 * DAY)
    closed(stage, key, "2025-01")
    stage.place.refuse("invoice", email, "--paid", status=2)
    stage.clock.pass_by(13 * DAY)
    call(stage, key, status=200)
    stage.clock.pass_by(DAY)
    until(lambda: stage.ask(ME, headers={"x-api-key": key}).status == 403, "calls are refused")
    if "unpaid" not in stage.place.succeed("account", "show", email).stdout:
        fail("account show does not say unpaid")
    refused(stage, key, "pay it")
    stage.place.succeed("account", "suspend", email)
    refused(stage, key, "write to the operator")
    stage.place.succeed("account", "resume", email)
    refused(stage, key, "pay it")
    stage.drop_connection()
    stage.server.stop()
    stage.server = stage.place.serve()
    refused(stage, key, "pay it")
    refused(stage, stage.place.succeed("key", "create", email).lines()[0], "pay it")
    paid = json.loads(stage.place.succeed("invoice", email, "--period", "2025-01", "--paid", "--format", "json").stdout)
    equal(paid["payment"], "paid", "payment")
    call(stage, key, status=200)
    stage.place.refuse("invoice", email, "--period", "2025-01", "--paid")


# ---- The dearest plan file ----

# All at the most that a plan file may say.
DEAREST = plans([("Metered", 0, 0, 1000, "always", 1000000), ("Same", 0, 0, 1000, "always", 1000000),
                 ("Wide", 10**12, 0, 1000, "always", 1000000),
                 ("Less", 10**12, 10**12, 1000, "always", 999999)]).replace("credits = 8", "credits = 1000000")


@contextlib.contextmanager
def dearest():
    with Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=DEAREST) as place:
        place.succeed("config", "check")
        stage = Stage(place, place.serve())
        stage.key = new_key(stage, "Metered")
        yield stage
        stage.drop_connection()
        stage.server.stop()
        place.books_agree()


def told_at(stage, target):
    answer = stage.ask(target, headers={"x-api-key": stage.key})
    equal(answer.status, 200, f"status of {answer!r}")
    return answer.json()["data"]


@act(EXTREMES, "plans are told, with where the next one costs less")
def dearest_plans(stage):
    told_plans = told_at(stage, "/api/v1/billing/plans")["plans"]
    # Each costs 900 cents more than the one before it: less than one call, or a cent less for each 1,000 past 10^12.
    equal([plan.get("next_plan_cheaper_from_credits") for plan in told_plans],
          [None, 10**6, 10**12 + 10**6, None], "where")


@act(EXTREMES, "the most calls are estimated to the cent, and the server goes on")
def dearest_estimate(stage):
    data = told_at(stage, "/api/v1/billing/estimate?calls=1000000000")
    equal((data["calls"], data["credits"], data["cheapest_plan"]), (10**9, 10**15, "Wide"), "calls, credits and plan")
    past = 10**15 - 10**12
    equal([plan["total_cents"] for plan in data["plans"]],
          [10**18, 900 + 10**18, 1800 + past * 1000, 2700 + past * 999999 // 1000], "totals")
    equal(told_at(stage, "/api/v1/billing/estimate?calls=999999999999")["calls"], 10**9, "calls past the most")
    equal(told_at(stage, "/api/v1/billing/estimate?calls=0")["plans"][0]["total_cents"], 0, "no calls")


SCENARIOS = [
    Scenario("what a period comes to", clocked, MONEY),
    Scenario("grants and refunds", clocked, GIFTS),
    Scenario("payments", clocked, PAYMENTS),
    Scenario("the dearest plan file", dearest, EXTREMES),
]
