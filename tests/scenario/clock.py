"""The server through time: its clocks stand still until a step moves them, so that each limit is met at its very
instant: the minute's slots, midnight, a billing period's end, a rotated key's grace, an Idempotency-Key's ten minutes.
A wall clock that is stepped grants and refuses nothing, and enters no day and no period twice."""

import contextlib
import json
import signal

from support.clock import Clock
from support.http_client import until
from support.metered import call, check_limited, new_key, number, plans
from support.server import Place
from support.steps import ENDPOINT, Scenario, Stage, act, dig, equal, fail

MINUTE, STEPS, DAYS, PERIODS, PLANS, KEYS, REPLAYS = [], [], [], [], [], [], []

# What is small in each is in its name; a call costs 8.
TABLE = [("Slow", 1000, 0, 3, "none", 0), ("Month", 20, 0, 1000, "none", 0), ("Day", 1000, 20, 1000, "none", 0),
         ("Large", 100000, 0, 2000, "none", 0)]

REFUSALS = {"rate_limited": (429, "minute", "Slow"), "daily_credit_limit": (402, "daily", "Day"),
            "key_daily_limit": (402, "daily", "Large"), "insufficient_credits": (402, "monthly", "Month")}

MILLISECOND = 0.001
HOUR, DAY, MONTH = 3600, 86400, 31 * 86400


@contextlib.contextmanager
def clocked(at="2025-01-31T10:00:00Z"):
    with Clock(at) as clock, \
            Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=plans(TABLE), clock=clock) as place:
        stage = Stage(place, place.serve())
        stage.clock = clock
        yield stage
        stage.drop_connection()
        stage.server.stop()
        place.books_agree()


def stop(stage, number_of_signal=signal.SIGTERM):
    stage.drop_connection()
    if number_of_signal == signal.SIGKILL:
        stage.server.kill()
    else:
        stage.server.stop()


def restart(stage, number_of_signal=signal.SIGTERM, away=0, stepped=0):
    """away: seconds that go by in between; stepped: those that somebody sets the wall clock by."""
    if stepped:
        stage.clock.demand_steps()
    stop(stage, number_of_signal)
    stage.clock.pass_by(away)
    if stepped:
        stage.clock.step(stepped)
    stage.server = stage.place.serve()


def refused(stage, key, reason, **numbers):
    """Which plan is suggested has tests elsewhere."""
    status, scope, plan = REFUSALS[reason]
    answer = call(stage, key)
    suggested = answer.json()["data"].get("suggested_plan")
    return check_limited(answer, status, reason, scope, plan, suggested, **numbers)


def standing(stage, key):
    answer = stage.ask("/api/v1/billing/me", headers={"x-api-key": key})
    equal(answer.status, 200, f"status of {answer!r}")
    return dig(answer.json(), "data")


def spend_minute(stage, key, gaps=(10.5, 9.75)):
    """The three slots of Slow, so many seconds apart."""
    call(stage, key, status=200)
    for gap in gaps:
        stage.clock.pass_by(gap)
        call(stage, key, status=200)


def slot_returns_in(stage, key, seconds):
    """Not a millisecond before, and then one slot alone; what is told until then is rounded up."""
    refused(stage, key, "rate_limited", retry_after_seconds=-int(-seconds // 1))
    stage.clock.pass_by(seconds - MILLISECOND)
    refused(stage, key, "rate_limited", retry_after_seconds=1)
    stage.clock.pass_by(MILLISECOND)
    answer = call(stage, key, status=200)
    equal(number(answer, "X-RateLimit-Remaining"), 0, "slots after the one that returned")


# ---- The window ----

@act(MINUTE, "slots return one by one, each 60 seconds after it was taken")
def slots(stage):
    key = new_key(stage, "Slow")
    spend_minute(stage, key)
    slot_returns_in(stage, key, 39.75)
    slot_returns_in(stage, key, 10.5)
    slot_returns_in(stage, key, 9.75)
    slot_returns_in(stage, key, 39.75)


@act(MINUTE, "RateLimit counts the seconds to the oldest slot")
def told(stage):
    key = new_key(stage, "Slow")
    spend_minute(stage, key, gaps=(20, 20))
    for seconds in range(20, 0, -1):
        answer = call(stage, key, status=429)
        equal(answer.field("RateLimit"), f'"minute";r=0;t={seconds}', "RateLimit")
        equal(answer.field("Retry-After"), str(seconds), "Retry-After")
        stage.clock.pass_by(1)
    call(stage, key, status=200)


@act(MINUTE, "a refused call takes no slot: asking on does not put off the next")
def refused_calls(stage):
    key = new_key(stage, "Slow")
    spend_minute(stage, key, gaps=(0, 0))
    for _ in range(59):
        stage.clock.pass_by(1)
        call(stage, key, status=429)
    stage.clock.pass_by(1)
    for _ in range(3):
        call(stage, key, status=200)
    call(stage, key, status=429)


def lives_on(label, number_of_signal):
    @act(MINUTE, f"{label}: each slot is as old as it was")
    def lives(stage):
        key = new_key(stage, "Slow")
        spend_minute(stage, key)
        restart(stage, number_of_signal, away=15)
        slot_returns_in(stage, key, 24.75)
        restart(stage, number_of_signal)
        slot_returns_in(stage, key, 10.5)


lives_on("a restart", signal.SIGTERM)
lives_on("kill -9", signal.SIGKILL)


@act(MINUTE, "the machine booted anew: the wall clock says how old each slot is")
def boot(stage):
    key = new_key(stage, "Slow")
    spend_minute(stage, key)
    stop(stage)
    stage.clock.boot_anew()
    stage.clock.pass_by(15)
    stage.server = stage.place.serve()
    slot_returns_in(stage, key, 24.75)


@act(MINUTE, "a machine that slept for weeks finds every slot free")
def slept(stage):
    key = new_key(stage, "Slow")
    for days in (26, 45):
        spend_minute(stage, key)
        stage.clock.pass_by(days * DAY)
    spend_minute(stage, key)
    call(stage, key, status=429)


# ---- A wall clock that is stepped ----

def step_tried(label, seconds):
    @act(STEPS, f"{label}: the window grants and refuses nothing")
    def stepped(stage):
        full, half = new_key(stage, "Slow"), new_key(stage, "Slow")
        spend_minute(stage, full)
        call(stage, half, status=200)
        stage.clock.step(seconds)
        equal(number(call(stage, half, status=200), "X-RateLimit-Remaining"), 1, "slots left")
        slot_returns_in(stage, full, 39.75)
        stage.clock.step(-seconds)
        slot_returns_in(stage, full, 10.5)

    @act(STEPS, f"{label} while the server is away: likewise")
    def stepped_away(stage):
        key = new_key(stage, "Slow")
        spend_minute(stage, key)
        restart(stage, signal.SIGKILL, stepped=seconds)
        slot_returns_in(stage, key, 39.75)
        restart(stage)
        slot_returns_in(stage, key, 10.5)


step_tried("stepped back a day", -DAY)
step_tried("stepped forward a month", MONTH)


@act(STEPS, "stepped before a call's slot is in the journal, and killed: the slot is as old as it was")
def stepped_unwritten(stage):
    key = new_key(stage, "Slow")
    call(stage, key, method="HEAD", status=200)
    stage.clock.step(MONTH)
    call(stage, key, method="HEAD", status=200)
    call(stage, key, status=200)
    restart(stage, signal.SIGKILL)
    refused(stage, key, "rate_limited", retry_after_seconds=60)


# ---- The day ----

def spend_day(stage, key):
    for _ in range(2):
        call(stage, key, status=200)
    return refused(stage, key, "daily_credit_limit")


@act(DAYS, "the daily cap is refilled at 00:00 UTC, and not a millisecond before")
def midnight(stage):
    key = stage.notes["day"] = new_key(stage, "Day")
    stage.clock.pass_until("2025-01-31T23:59:50Z")
    refusal = spend_day(stage, key)
    equal((refusal["retry_after_seconds"], refusal["resets_at"]), (10, "2025-02-01T00:00:00Z"), "what was told")
    stage.clock.pass_by(10 - MILLISECOND)
    equal(refused(stage, key, "daily_credit_limit")["retry_after_seconds"],
          1, "seconds")
    stage.clock.pass_by(MILLISECOND)
    answer = call(stage, key, status=200)
    equal(number(answer, "X-Credits-Daily-Remaining"), 12, "X-Credits-Daily-Remaining")
    equal(standing(stage, key)["daily_key"], "2025-02-01", "daily_key")


def in_the_same_day(stage):
    """After a step back out of the day that was entered, and on into it again: it is one day."""
    key = stage.notes["day"]
    refused(stage, key, "daily_credit_limit", daily_credits_used=16)
    equal(standing(stage, key)["daily_key"], stage.notes["date"], "daily_key")


@act(DAYS, "a clock stepped back over midnight refills nothing, nor does the second midnight")
def midnight_again(stage):
    call(stage, stage.notes["day"], status=200)
    stage.notes["date"] = "2025-02-01"
    in_the_same_day(stage)
    stage.clock.step(-HOUR)
    in_the_same_day(stage)
    restart(stage)
    in_the_same_day(stage)
    stage.clock.pass_by(HOUR)
    in_the_same_day(stage)
    restart(stage, signal.SIGKILL)
    in_the_same_day(stage)
    stage.clock.pass_by(DAY)
    spend_day(stage, stage.notes["day"])


@act(DAYS, "a clock stepped forward enters a day, and stepped back keeps it")
def day_ahead(stage):
    key = stage.notes["day"]
    stage.clock.step(DAY)
    spend_day(stage, key)
    stage.notes["date"] = "2025-02-03"
    stage.clock.step(-DAY)
    in_the_same_day(stage)
    restart(stage, signal.SIGKILL)
    in_the_same_day(stage)


@act(DAYS, "midnight comes while the server is away")
def midnight_away(stage):
    key = new_key(stage, "Day")
    spend_day(stage, key)
    restart(stage, signal.SIGKILL, away=DAY)
    spend_day(stage, key)


@act(DAYS, "a key's own cap is refilled at midnight as well")
def key_cap(stage):
    made = json.loads(stage.place.succeed("account", "create", "cap@example.com", "--plan", "Large", "--json").stdout)
    stage.place.succeed("key", "cap", made["id"], "8")
    key = made["api_key"]
    for away in (0, 0, DAY):
        call(stage, key, status=200)
        refused(stage, key, "key_daily_limit")
        restart(stage, away=away)
        if not away:
            refused(stage, key, "key_daily_limit")
            stage.clock.pass_by(DAY)


@act(DAYS, "a day that a capped key met with free calls alone, and that a step took back, refills nothing")
def key_cap_again(stage):
    made = json.loads(stage.place.succeed("account", "create", "again@example.com", "--plan", "Large", "--json").stdout)
    stage.place.succeed("key", "cap", made["id"], "8")
    call(stage, made["api_key"], status=200)
    stage.clock.pass_by(DAY)
    call(stage, made["api_key"], "?period=8", status=400)
    restart(stage, stepped=-DAY)
    refused(stage, made["api_key"], "key_daily_limit")
    stage.clock.pass_by(DAY)
    call(stage, made["api_key"], status=200)


@act(DAYS, "a start while the clock is a day ahead refills the cap of no key")
def key_cap_at_an_early_start(stage):
    made = json.loads(stage.place.succeed("account", "create", "early@example.com", "--plan", "Large", "--json").stdout)
    stage.place.succeed("key", "cap", made["id"], "8")
    call(stage, made["api_key"], status=200)
    restart(stage, stepped=DAY)
    stage.clock.step(-DAY)
    refused(stage, made["api_key"], "key_daily_limit")
    stage.clock.pass_by(DAY)
    call(stage, made["api_key"], status=200)


# ---- Plans ----

def reload(stage, includes):
    """Another plan file: how many credits Large includes."""
    table = [row if row[0] != "Large" else ("Large", includes, *row[2:]) for row in TABLE]
    stage.place.write("plans.ini", plans(table))
    seen = len(stage.server.stderr)
    stage.server.signal(signal.SIGHUP)
    until(lambda: "in force anew" in stage.server.stderr[seen:], "plans are reloaded")
    return stage.server.stderr[seen:]


@act(PLANS, "a reload while the clock is a month ahead carries out no change of plan that waits")
def reloaded_ahead(stage):
    stage.clock.demand_steps()
    key = new_key(stage, "Large", "down@example.com")
    call(stage, key, status=200)
    stage.place.succeed("account", "plan", "down@example.com", "Month")
    stage.clock.step(MONTH)
    reload(stage, 200000)
    stage.clock.step(-MONTH)
    now = standing(stage, key)
    equal((now["plan"], now["period_key"], now["included_credits"]), ("Large", "2025-01", 100000), "what is in force")
    equal(stage.place.ledger("SELECT next_plan FROM account WHERE email = 'down@example.com'"), [["Month"]], "what waits")


@act(PLANS, "after calls by a clock that was ahead it is told from when on a plan file counts")
def loaded_late(stage):
    stage.clock.step(2 * MONTH)
    call(stage, new_key(stage, "Large", "ahead@example.com"), status=200)
    stage.clock.step(-2 * MONTH)
    told = reload(stage, 300000)
    if "counts for periods that begin after 2025-0" not in told or "the clock was ahead" not in told:
        fail(f"does not tell of the clock: {told}")
    if "the clock was ahead" in reload(stage, 300000):
        fail("tells of a plan file that is in force already")


# ---- The billing period ----

def spend_period(stage, key, ends):
    for _ in range(2):
        call(stage, key, status=200)
    refusal = refused(stage, key, "insufficient_credits")
    equal(refusal["resets_at"], ends, "resets_at")
    return refusal


@act(PERIODS, "credits come back when the period ends: the 31st, the last of February, the 31st again")
def months(stage):
    key = stage.notes["month"] = new_key(stage, "Month", "month@example.com")
    stage.clock.demand_steps()
    for number_of_period, (begins, ends) in enumerate([("2025-01-31", "2025-02-28"), ("2025-02-28", "2025-03-31"),
                                                       ("2025-03-31", "2025-04-30")]):
        spend_period(stage, key, f"{ends}T00:00:00Z")
        now = standing(stage, key)
        equal((now["period_start"], now["period_end"], now["period_key"]),
              (f"{begins}T00:00:00Z", f"{ends}T00:00:00Z", begins[:7]), f"period {number_of_period}")
        stage.clock.pass_until(f"{ends}T00:00:00Z")
        stage.clock.step(-MILLISECOND)
        refusal = refused(stage, key, "insufficient_credits")
        equal(refusal["retry_after_seconds"], 1, "seconds")
        stage.clock.step(MILLISECOND)


def in_the_same_period(stage, key="month", period="2025-04"):
    refused(stage, stage.notes[key], "insufficient_credits", credits_used=16)
    equal(standing(stage, stage.notes[key])["period_key"], period, "period_key")


@act(PERIODS, "a clock stepped back over the period's end refills nothing, nor does the second end")
def end_again(stage):
    stage.clock.demand_steps()
    spend_period(stage, stage.notes["month"], "2025-05-31T00:00:00Z")
    in_the_same_period(stage)
    for turn in (signal.SIGTERM, signal.SIGKILL):
        stage.clock.step(-DAY)
        in_the_same_period(stage)
        restart(stage, turn)
        in_the_same_period(stage)
        stage.clock.step(DAY)
        in_the_same_period(stage)


@act(PERIODS, "a clock stepped forward a month enters a period, and stepped back keeps it")
def period_ahead(stage):
    stage.clock.step(MONTH)
    spend_period(stage, stage.notes["month"], "2025-06-30T00:00:00Z")
    stage.clock.step(-MONTH)
    in_the_same_period(stage, period="2025-05")
    restart(stage, signal.SIGKILL)
    in_the_same_period(stage, period="2025-05")
    stage.clock.pass_until("2025-05-31T00:00:00Z")
    in_the_same_period(stage, period="2025-05")
    stage.clock.pass_until("2025-06-30T00:00:00Z")
    call(stage, stage.notes["month"], status=200)


def told_alike(stage, key, email):
    """Commands go by the account's present, as billing/me does."""
    now = standing(stage, key)
    shown, used = (json.loads(stage.place.succeed(*words, email, "--json").stdout) for words in (
        ("account", "show"), ("usage",)))
    listed = next(row for row in map(json.loads, stage.place.succeed("account", "list", "--json").lines())
                  if row["email"] == email)
    for what in (shown, listed, used):
        equal((what["plan"], what.get("next_plan")), (now["plan"], None), f"plan in {what}")
    equal((shown["period_start"], used["from"]), (now["period_start"], now["period_start"][:10]), "period")
    equal((shown["credits_used"], used["totals"]["credits"]), (now["credits_used"],) * 2, "credits used")


def downgrade_tried(label, crosses):
    @act(PERIODS, f"a downgrade waits for the period's end {label}")
    def downgrade(stage):
        stage.notes["downgrades"] = stage.notes.get("downgrades", 0) + 1
        email = f"down{stage.notes['downgrades']}@example.com"
        key = new_key(stage, "Large", email)
        call(stage, key, status=200)
        stage.place.succeed("account", "plan", email, "Month")
        ends = standing(stage, key)["period_end"]
        stage.clock.pass_until(ends)
        stage.clock.step(-MILLISECOND)
        equal(number(call(stage, key, status=200), "X-RateLimit-Limit"), 2000, "the plan until then")
        crosses(stage)
        answer = call(stage, key, status=200)
        equal((number(answer, "X-RateLimit-Limit"), number(answer, "X-Credits-Remaining")), (1000, 12),
              "the plan from then on, with its allowance")
        shown = json.loads(stage.place.succeed("account", "show", email, "--json").stdout)
        equal((shown["plan"], shown.get("next_plan")), ("Month", None), "account show")
        stage.clock.step(-DAY)
        equal(number(call(stage, key, status=200), "X-Credits-Remaining"), 4, "stepped back: the plan stays")
        refused(stage, key, "insufficient_credits")
        for turn in (lambda _: None, restart):
            turn(stage)
            told_alike(stage, key, email)


downgrade_tried("while the server runs", lambda stage: stage.clock.step(MILLISECOND))
downgrade_tried("while the server is away", lambda stage: restart(stage, signal.SIGKILL, away=MILLISECOND))


# ---- Keys ----

def grace_tried(label, turn):
    @act(KEYS, f"a rotated key works for its grace and no longer{label}")
    def grace(stage):
        stage.notes["rotated"] = stage.notes.get("rotated", 0) + 1
        email = f"rotated{stage.notes['rotated']}@example.com"
        made = json.loads(stage.place.succeed("account", "create", email, "--plan", "Large", "--json").stdout)
        new = json.loads(stage.place.succeed("key", "rotate", made["id"], "--json").stdout)
        turn(stage)
        stage.clock.pass_by(DAY - MILLISECOND)
        for key, stops_at in ((made["api_key"], new["stops_at"]), (new["api_key"], None)):
            equal(call(stage, key, status=200).field("X-Key-Stops-At"), stops_at, "X-Key-Stops-At")
        stage.clock.pass_by(MILLISECOND)
        for _ in range(2):
            ended = stage.ask(ENDPOINT, headers={"x-api-key": made["api_key"]})
            equal((ended.status, dig(ended.json(), "data.reason")), (401, "invalid_key"), "the old key")
            call(stage, new["api_key"], status=200)
            turn(stage)
        kept = {row["id"]: row["status"] for row in map(json.loads, stage.place.succeed(
            "key", "list", email, "--json").lines())}
        equal((kept[made["id"]], kept[new["id"]]), ("expired", "active"), "key list")


grace_tried("", lambda stage: None)
grace_tried(", across restarts", restart)


# ---- Idempotency-Key ----

def retry(stage, key, first=None):
    """first: the answer that is rendered again; None: it is a new call."""
    answer = call(stage, key, status=200, **{"Idempotency-Key": "again"})
    wanted = (0, first.field("X-Charge-Id"), "true") if first else (8, answer.field("X-Charge-Id"), None)
    equal((number(answer, "X-Credits-Charged"), answer.field("X-Charge-Id"), answer.field("Idempotent-Replayed")),
          wanted, "charged, by which id, and whether it is a replay")
    return answer


def replay_tried(label, turn):
    @act(REPLAYS, f"a retry is free for ten minutes and not after{label}")
    def replays(stage):
        key = new_key(stage, "Large")
        first = retry(stage, key)
        stage.clock.pass_by(300)
        turn(stage)
        retry(stage, key, first)
        stage.clock.pass_by(300 - MILLISECOND)
        retry(stage, key, first)
        stage.clock.pass_by(MILLISECOND)
        second = retry(stage, key)
        turn(stage)
        retry(stage, key, second)
        stage.clock.pass_by(600)
        turn(stage)
        retry(stage, key)


replay_tried("", lambda stage: None)
replay_tried(", across restarts", restart)
replay_tried(", across kills", lambda stage: restart(stage, signal.SIGKILL))
replay_tried(", whatever is done to the wall clock", lambda stage: stage.clock.step(-DAY))
replay_tried(", a wall clock that is stepped while the server is away", lambda stage: restart(stage, stepped=-DAY))
replay_tried(", likewise forward", lambda stage: restart(stage, signal.SIGKILL, stepped=DAY))

SCENARIOS = [
    Scenario("the minute", clocked, MINUTE),
    Scenario("a stepped wall clock", clocked, STEPS),
    Scenario("the day", clocked, DAYS),
    Scenario("the billing period", clocked, PERIODS),
    Scenario("plans while the clock is ahead", clocked, PLANS),
    Scenario("a key's grace", clocked, KEYS),
    Scenario("Idempotency-Key in time", clocked, REPLAYS),
]
