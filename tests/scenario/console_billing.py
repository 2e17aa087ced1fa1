"""The console's two rows that change what is billed: plan and overage, as commands would, in the numbers that a
preview showed; and what GET /billing/me says of it."""

import contextlib
import json
import signal

from support.clock import Clock
from support.console import Person, member
from support.http_client import until
from support.metered import plans
from support.server import Place
from support.steps import ENDPOINT, Scenario, Stage, act, dig, equal, fail

CHANGES = []
TABLE = [("Tiny", 160, 0, 1000, "none", 0), ("Open", 320, 0, 1000, "opt_in", 100000), ("Wide", 1600, 800, 1000, "opt_in", 50000),
         ("Deep", 8000, 0, 1000, "always", 20000)]
START = "2026-04-16T00:00:00Z"
PLAN, OVERAGE = "/billing/me/plan", "/billing/me/overage"


@contextlib.contextmanager
def clocked():
    with Clock("2026-04-01T00:00:00Z") as clock, \
            Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=plans(TABLE), clock=clock) as place:
        stage = Stage(place, place.serve())
        stage.clock = clock
        stage.notes["ann"] = member(stage, "ann@example.com", "Open")
        stage.notes["bob"] = member(stage, "bob@example.com", "Tiny")
        stage.notes["dee"] = member(stage, "dee@example.com", "Deep")
        clock.pass_until(START)
        for name in ("ann", "bob", "dee"):
            again(stage, name)
        yield stage
        stage.drop_connection()
        stage.server.stop()
        if "ERROR" in stage.server.stderr.upper():
            fail(f"the log holds an error: {stage.server.stderr[-2000:]}")
        place.books_agree()


def again(stage, name):
    """Sessions end by themselves while days go by."""
    person = stage.notes[name] = Person(stage.server)
    equal(person.sign_in(f"{name}@example.com").status, 303, "status of a sign-in")
    return person


def preview(person, plan):
    return person.get(f"/billing/me/preview?plan={plan}")


def lines(person, key):
    """Of a statement, in the members that a preview has."""
    told = person.get(f"/billing/me/periods/{key}/statement")["statement"]["lines"]
    return [{name: line[name] for name in ("kind", "plan", "period_key", "credits", "cents") if name in line} for line in told]


def events(stage, name, verb):
    return [json.loads(detail) for detail, in stage.place.ledger(
        "SELECT detail FROM audit_event e JOIN account a ON a.id = e.account_id"
        f" WHERE a.email = '{name}@example.com' AND verb = '{verb}' ORDER BY e.id")]


def call(stage, key, status=200):
    answer = stage.ask(ENDPOINT + "?limit=1", headers={"x-api-key": key})
    equal(answer.status, status, f"status of {answer!r}")
    return answer


@act(CHANGES, "neither row goes without our origin, the session's token and JSON")
def proved(stage):
    ann, other = stage.notes["ann"], stage.notes["bob"].proof()
    for path, body in ((PLAN, {"plan": "Wide"}), (OVERAGE, {"allow_overage": True, "spend_limit_cents": None})):
        for headers in ({"x_csrf_token": None}, {"x_csrf_token": other}, {"Origin": "https://evil.example"}, {"Origin": None}):
            ann.post(path, body, 403, "csrf", **headers)
        ann.post(path, body, 415, "unsupported_media_type", Content_Type="text/plain")
        key = ann.key(f"for {path}")["secret"]
        answer = stage.ask("/api/v1" + path, "POST", {"x-api-key": key, "Content-Type": "application/json"}, json.dumps(body).encode())
        equal((answer.status, dig(answer.json(), "data.reason")), (401, "no_session"), "a key instead of a session")
        equal(ann.ask("/api/v1" + path).status, 405, "status of a GET")
    equal((events(stage, "ann", "account_plan"), events(stage, "ann", "account_overage")), ([], []), "events after all this")


@act(CHANGES, "bodies are taken whole or not at all")
def bodies(stage):
    ann = stage.notes["ann"]
    for path, body, parameter in ((PLAN, {}, "plan"), (PLAN, {"plan": 7}, "plan"), (PLAN, {"plan": "Gold"}, "plan"), (PLAN, {"plan": ""}, "plan"),
                                  (PLAN, {"plan": "Wide", "preview_digest": 7}, "preview_digest"), (PLAN, {"plan": "Wide", "x": 1}, "x"),
                                  (OVERAGE, {"allow_overage": True}, "spend_limit_cents"), (OVERAGE, {"spend_limit_cents": None}, "allow_overage"),
                                  (OVERAGE, {"allow_overage": "on", "spend_limit_cents": None}, "allow_overage"),
                                  (OVERAGE, {"allow_overage": True, "spend_limit_cents": -1}, "spend_limit_cents"),
                                  (OVERAGE, {"allow_overage": True, "spend_limit_cents": 100000001}, "spend_limit_cents"),
                                  (OVERAGE, {"allow_overage": True, "spend_limit_cents": 1.5}, "spend_limit_cents")):
        told = ann.post(path, body, 400, "invalid_input")
        equal([fault["parameter"] for fault in told["errors"]], [parameter], f"faults of {body}")
    equal(events(stage, "ann", "account_plan"), [], "events after all this")


@act(CHANGES, "an upgrade is billed in the very lines of the preview, also minutes later")
def upgraded(stage):
    ann = stage.notes["ann"]
    before, shown = lines(ann, "2026-04"), preview(ann, "Wide")
    equal((shown["is_at_once"], shown["lines_now"][0]["credits"]), (True, 640), "the preview: half of 1,280 credits")
    stage.clock.pass_by(599)
    told = ann.post(PLAN, {"plan": "wide", "preview_digest": shown["preview_digest"]})
    equal({name: told[name] for name in told if name not in ("request_id", "next_plan")},
          {name: shown[name] for name in shown if name != "request_id"}, "the answer")
    equal(told["next_plan"], None, "next_plan")
    equal(lines(ann, "2026-04"), before + shown["lines_now"], "the statement's lines")
    me = ann.get("/billing/me")
    equal((me["plan"], me["included_credits"]), ("Wide", shown["included_credits"]), "billing/me")
    equal([(event["by"], event["from"], event["to"]) for event in events(stage, "ann", "account_plan")],
          [("console", "Open", "Wide")], "events")


@act(CHANGES, "a preview of other numbers is refused with 409, and changes nothing")
def stale(stage):
    ann, bob = stage.notes["ann"], stage.notes["bob"]
    kept = preview(ann, "Deep")
    for digest in (preview(bob, "Deep")["preview_digest"], preview(ann, "Open")["preview_digest"], "x", kept["preview_digest"][:-1] + "x"):
        ann.post(PLAN, {"plan": "Deep", "preview_digest": digest}, 409, "stale_preview")
    stage.clock.pass_by(601)
    ann.post(PLAN, {"plan": "Deep", "preview_digest": kept["preview_digest"]}, 409, "stale_preview")
    kept = preview(ann, "Deep")
    written = (stage.place.folder / "plans.ini").read_text()
    (stage.place.folder / "plans.ini").write_text(plans(TABLE[:3] + [("Deep", 9000, 0, 1000, "always", 20000)]))
    stage.server.signal(signal.SIGHUP)
    until(lambda: preview(ann, "Deep")["lines_next"] != kept["lines_next"], "the new plan file is in force")
    ann.post(PLAN, {"plan": "Deep", "preview_digest": kept["preview_digest"]}, 409, "stale_preview")
    (stage.place.folder / "plans.ini").write_text(written)
    stage.server.signal(signal.SIGHUP)
    until(lambda: preview(ann, "Deep")["lines_next"] == kept["lines_next"], "the old one is again")
    equal(len(events(stage, "ann", "account_plan")), 1, "events after all this")


@act(CHANGES, "a downgrade waits for the period's end, and choosing the present plan takes it back")
def downgraded(stage):
    ann = stage.notes["ann"]
    shown = preview(ann, "Open")
    told = ann.post(PLAN, {"plan": "Open", "preview_digest": shown["preview_digest"]})
    equal((told["is_at_once"], told["next_plan"], told["in_force_at"], told["lines_now"], told["lines_next"][0]["plan"]),
          (False, "Open", "2026-05-01T00:00:00Z", [], "Open"), "the answer")
    equal([ann.get("/billing/me").get(name) for name in ("plan", "next_plan")], ["Wide", "Open"], "what waits")
    back = preview(ann, "Wide")
    told = ann.post(PLAN, {"plan": "Wide", "preview_digest": back["preview_digest"]})
    equal((told["is_at_once"], told["next_plan"], told["lines_now"]), (True, None, []), "the answer")
    equal([ann.get("/billing/me").get(name) for name in ("plan", "next_plan")], ["Wide", None], "what waits")
    ann.post(PLAN, {"plan": "Open"})
    stage.clock.pass_until("2026-05-01T00:00:01Z")
    ann = again(stage, "ann")
    equal([ann.get("/billing/me").get(name) for name in ("plan", "next_plan")], ["Open", None], "in the next period")
    equal(lines(ann, "2026-05"), shown["lines_next"], "the next statement's lines are the preview's")


@act(CHANGES, "overage goes by the plan: refused without it, and never off where it is always on")
def settled(stage):
    bob, dee = again(stage, "bob"), again(stage, "dee")
    bob.post(OVERAGE, {"allow_overage": True, "spend_limit_cents": None}, 409, "overage_fixed")
    dee.post(OVERAGE, {"allow_overage": False, "spend_limit_cents": None}, 409, "overage_fixed")
    told = dee.post(OVERAGE, {"allow_overage": True, "spend_limit_cents": 0})
    equal((told["allow_overage"], told["spend_limit_cents"]), (True, 0), "the answer")
    equal(dee.get("/billing/me")["spend_limit_cents"], 0, "billing/me")


@act(CHANGES, "switched on, it counts up to its limit; then billing/me says what stops calls, and until when")
def spent(stage):
    ann = stage.notes["ann"]
    key = ann.key("spender")["secret"]
    for _ in range(40):
        call(stage, key)
    call(stage, key, 402)
    me = ann.get("/billing/me")
    equal((me["stopped_by"], me["stopped_until"]), ("insufficient_credits", "2026-06-01T00:00:00Z"), "without overage")
    ann.post(OVERAGE, {"allow_overage": True, "spend_limit_cents": 1600})
    me = ann.get("/billing/me")
    equal((me["allow_overage"], me["spend_limit_cents"], me["overage_amount_cents"], me.get("stopped_by")), (True, 1600, 0, None), "billing/me")
    for _ in range(2):
        call(stage, key)
    equal(dig(call(stage, key, 402).json(), "data.reason"), "spend_limit", "reason")
    me = ann.get("/billing/me")
    equal((me["overage_amount_cents"], me["stopped_by"], me["stopped_until"]), (1600, "spend_limit", "2026-06-01T00:00:00Z"), "at the limit")
    ann.post(OVERAGE, {"allow_overage": True, "spend_limit_cents": None})
    call(stage, key)
    equal([ann.get("/billing/me").get(name) for name in ("spend_limit_cents", "stopped_by")], [None, None], "without a limit")
    equal([(event["by"], event["has_opted_in"], event.get("spend_limit_cents")) for event in events(stage, "ann", "account_overage")],
          [("console", True, 1600), ("console", True, None)], "events")


SCENARIOS = [Scenario("console billing", clocked, CHANGES)]
