"""Plans, overage, rotated keys and keys with a cap of their own: changed on the command line while
the server answers, in force for the next call, and the same after a restart."""

import contextlib
import datetime
import json
import signal

from support.http_client import until
from support.server import KEY, ON_POSTGRES, Place
from support.steps import ENDPOINT, Scenario, Stage, act, check_every_answer, equal, fail, within_a_second

# Small enough to be used up by a few calls of 8 credits; a credit of overage costs a cent.
PLANS = """\
[plan Tiny]
price_cents = 0
included_credits = 80
daily_credit_cap = 64
rate_limit_per_minute = 40
overage = none
overage_cents_per_1000 = 0

[plan Open]
price_cents = 900
included_credits = 160
daily_credit_cap = 0
rate_limit_per_minute = 60
overage = opt_in
overage_cents_per_1000 = 1000

[plan Wide]
price_cents = 2000
included_credits = 100000
daily_credit_cap = 0
rate_limit_per_minute = 1000
overage = always
overage_cents_per_1000 = 300

[endpoint tiktok-popular-trend-hashtag]
credits = 8
[endpoint tiktok-popular-trend-hashtag-history]
credits = 8
[endpoint tiktok-popular-trend-hashtag-movers]
credits = 8
"""

PRICES = {"Tiny": 0, "Open": 900, "Wide": 2000}

PLAN, OVERAGE, ROTATION, CAP, RELOAD, ALONE = [], [], [], [], [], []


@contextlib.contextmanager
def metered():
    with Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=PLANS) as place:
        stage = Stage(place, place.serve(), None)
        yield stage
        stage.server.stop()


@contextlib.contextmanager
def without_server():
    with Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=PLANS) as place:
        yield Stage(place)


def command(stage, *words):
    return json.loads(stage.place.succeed(*words, "--json").stdout)


def shown(stage, email):
    return command(stage, "account", "show", email)


def refuse(stage, *words, says=()):
    result = stage.place.refuse(*words)
    for word in says:
        if word.lower() not in result.stderr.lower():
            fail(f"does not say {word!r}: {result!r}")


def ask(stage, key, query=""):
    answer = stage.ask(ENDPOINT + query, headers={"x-api-key": key})
    check_every_answer(answer)
    return answer


def served(stage, key, times=1):
    for _ in range(times):
        answer = ask(stage, key)
        equal(answer.status, 200, f"status of {answer!r}")
    return answer


def refused(stage, key, reason):
    answer = ask(stage, key)
    equal(answer.status, 402, f"status of {answer!r}")
    equal(answer.json()["data"]["reason"], reason, "reason")
    equal(answer.field("X-Credits-Charged"), "0", "X-Credits-Charged")
    return answer.json()["data"]


def seconds(written):
    return int(datetime.datetime.fromisoformat(written.replace("Z", "+00:00")).timestamp())


def restart(stage):
    stage.drop_connection()
    stage.server.stop()
    stage.server = stage.place.serve()


def events(stage, email):
    """What audit_event keeps of an account; only while no server owns the file."""
    return list(map(tuple, stage.place.ledger("SELECT e.verb, e.detail FROM audit_event e JOIN account a ON"
                                              f" a.id = e.account_id WHERE a.email = '{email}' ORDER BY e.id")))


# ---- Plans ----

@act(PLAN, "an upgrade counts for the next call, with the added credits prorated by the second")
def upgrade(stage):
    key = stage.notes["key"] = stage.place.new_key("up@example.com", plan="Tiny")
    before = served(stage, key)
    equal(before.field("X-RateLimit-Limit"), "40", "limit of Tiny")
    equal(before.field("X-Credits-Remaining"), "72", "left of Tiny")
    equal(before.field("X-Credits-Daily-Remaining"), "56", "left of Tiny today")
    moved = command(stage, "account", "plan", "up@example.com", "wide")
    equal(moved["plan"], "Wide", "plan")
    if "next_plan" in moved:
        fail(f"an upgrade waits: {moved}")
    standing = shown(stage, "up@example.com")
    rest = seconds(standing["period_end"]) - seconds(moved["from"])
    whole = seconds(standing["period_end"]) - seconds(standing["period_start"])
    equal(moved["credits_included"], 80 + 99920 * rest // whole, f"credits included by {standing}")
    after = served(stage, key)
    equal(after.field("X-RateLimit-Limit"), "1000", "limit of Wide")
    equal(after.field("X-Credits-Remaining"), str(moved["credits_included"] - 16), "left of Wide")
    equal(after.field("X-Credits-Daily-Remaining"), None, "Wide has no daily cap")
    stage.notes["included"] = moved["credits_included"]
    told = stage.ask("/api/v1/billing/me", headers={"x-api-key": key}).json()["data"]
    micros = (PRICES["Wide"] - PRICES["Tiny"]) * 10000 * rest // whole
    equal(told["subscription_price_cents"], PRICES["Tiny"] + (micros + 5000) // 10000, "price of the period")


@act(PLAN, "account show tells plan, overage, and what is used and left")
def show(stage):
    standing = shown(stage, "up@example.com")
    included = stage.notes["included"]
    for name, wanted in {"plan": "Wide", "status": "active", "overage": "always", "credits_used": 16,
                         "credits_included": included, "credits_remaining": included - 16,
                         "overage_credits": 0, "daily_credit_limit": 0, "daily_credits_used": 16}.items():
        equal(standing[name], wanted, name)
    line = stage.place.succeed("account", "show", "up@example.com").lines()[0].split("\t")
    equal([line[1], line[2], line[6], line[8], line[9]],
          ["Wide", "active", "always", "16", str(included - 16)], "columns")


@act(PLAN, "a downgrade waits for the end of the period, and says so")
def downgrade(stage):
    key = stage.notes["key"]
    line = stage.place.succeed("account", "plan", "up@example.com", "Open").lines()
    end = shown(stage, "up@example.com")["period_end"]
    equal([part.split("\t") for part in line], [["up@example.com", "Wide", "Open", end]], "printed")
    answer = served(stage, key)
    equal(answer.field("X-RateLimit-Limit"), "1000", "limit")
    equal(answer.field("X-Credits-Remaining"), str(stage.notes["included"] - 24), "left")
    standing = shown(stage, "up@example.com")
    equal((standing["plan"], standing["next_plan"], standing["next_plan_at"]), ("Wide", "Open", end), "shown")


@act(PLAN, "both survive a restart")
def plan_restart(stage):
    restart(stage)
    answer = served(stage, stage.notes["key"])
    equal(answer.field("X-RateLimit-Limit"), "1000", "limit")
    equal(answer.field("X-Credits-Remaining"), str(stage.notes["included"] - 32), "left")
    equal(shown(stage, "up@example.com")["next_plan"], "Open", "plan that waits")


@act(PLAN, "naming the present plan takes a waiting change back, and grants nothing")
def take_back(stage):
    moved = command(stage, "account", "plan", "up@example.com", "Wide")
    equal(moved["credits_included"], stage.notes["included"], "credits included")
    if "next_plan" in shown(stage, "up@example.com"):
        fail("a change still waits")


@act(PLAN, "an unknown plan is refused with the names of those that there are")
def unknown_plan(stage):
    refuse(stage, "account", "plan", "up@example.com", "Gold", says=["Gold", "Tiny, Open, Wide"])
    refuse(stage, "account", "plan", "nobody@example.com", "Wide", says=["nobody@example.com"])
    stage.place.refuse("account", "plan", "up@example.com", status=2)


@act(PLAN, "each change left its event")
def plan_events(stage):
    stage.drop_connection()
    stage.server.stop()
    kept = events(stage, "up@example.com")
    equal([verb for verb, _ in kept], ["account_create"] + ["account_plan"] * 3, "events")
    first = json.loads(kept[1][1])
    equal((first["from"], first["to"], first["included"]), ("Tiny", "Wide", stage.notes["included"]), "detail")
    stage.server = stage.place.serve()


# ---- Overage ----

@act(OVERAGE, "without overage the last included credit is the last")
def overage_off(stage):
    key = stage.notes["key"] = stage.place.new_key("over@example.com", plan="Open")
    served(stage, key, times=20)
    data = refused(stage, key, "insufficient_credits")
    equal((data["credits_included"], data["credits_used"], data["credits_remaining"]), (160, 160, 0), "credits")
    equal(shown(stage, "over@example.com")["overage"], "off", "overage")


@act(OVERAGE, "switched on, it counts for the next call, up to the spend limit to the cent")
def overage_on(stage):
    key = stage.notes["key"]
    line = stage.place.succeed("account", "overage", "over@example.com", "on", "--limit", "23").lines()[0]
    equal(line.split("\t"), ["over@example.com", "Open", "on", "23"], "printed")
    served(stage, key, times=2)
    data = refused(stage, key, "spend_limit")
    equal(data["credits_used"], 176, "credits used")
    stage.place.succeed("account", "overage", "over@example.com", "on", "--limit", "24")
    served(stage, key)
    refused(stage, key, "spend_limit")
    standing = shown(stage, "over@example.com")
    equal((standing["overage"], standing["spend_limit_cents"], standing["overage_credits"]), ("on", 24, 24), "shown")


@act(OVERAGE, "switch and limit survive a restart")
def overage_restart(stage):
    restart(stage)
    refused(stage, stage.notes["key"], "spend_limit")
    stage.place.succeed("account", "overage", "over@example.com", "on", "--limit", "none")
    served(stage, stage.notes["key"], times=2)
    if "spend_limit_cents" in shown(stage, "over@example.com"):
        fail("a spend limit is left")


@act(OVERAGE, "switched off, the next call is refused")
def overage_off_again(stage):
    stage.place.succeed("account", "overage", "over@example.com", "off")
    refused(stage, stage.notes["key"], "insufficient_credits")


@act(OVERAGE, "a plan without overage, one with it always, and nonsense are refused with a sentence")
def overage_refused(stage):
    stage.place.new_key("tiny@example.com", plan="Tiny")
    stage.place.new_key("wide@example.com", plan="Wide")
    refuse(stage, "account", "overage", "tiny@example.com", "on", says=["Tiny", "without overage"])
    refuse(stage, "account", "overage", "wide@example.com", "off", says=["Wide", "always", "--limit"])
    refuse(stage, "account", "overage", "over@example.com", "on", "--limit", "1.5", says=["cents"])
    refuse(stage, "account", "overage", "over@example.com", "on", "--limit", "-1", says=["cents"])
    refuse(stage, "account", "overage", "over@example.com", "on", "--limit", "99999999999999999999")
    stage.place.refuse("account", "overage", "over@example.com", "maybe", status=2)
    equal(command(stage, "account", "overage", "wide@example.com", "on", "--limit", "500")["spend_limit_cents"],
          500, "limit of a plan that always has overage")


# ---- Rotation ----

@act(ROTATION, "both keys work in the grace; the old one's answers say when it stops")
def rotate(stage):
    stage.place.new_key("rot@example.com", plan="Wide")
    old = stage.notes["old"] = command(stage, "key", "create", "rot@example.com", "--name", "laptop")
    if served(stage, old["api_key"]).field("X-Key-Stops-At") is not None:
        fail("X-Key-Stops-At before the rotation")
    new = stage.notes["new"] = command(stage, "key", "rotate", old["id"])
    equal(sorted(new), ["api_key", "id", "previous_id", "stops_at"], "members")
    equal(new["previous_id"], old["id"], "previous_id")
    answer = served(stage, old["api_key"])
    equal(answer.field("X-Key-Stops-At"), new["stops_at"], "X-Key-Stops-At")
    exposed = answer.field("Access-Control-Expose-Headers")
    if exposed != "*" and "X-Key-Stops-At" not in exposed:
        fail("X-Key-Stops-At is not exposed")
    left = seconds(new["stops_at"]) - int(datetime.datetime.now(datetime.timezone.utc).timestamp())
    if not 86300 < left <= 86401:
        fail(f"24 h of grace are {left} s")
    equal(ask(stage, old["api_key"], "?period=8").field("X-Key-Stops-At"), new["stops_at"], "on a 400")
    equal(served(stage, new["api_key"]).field("X-Key-Stops-At"), None, "X-Key-Stops-At of the new key")


@act(ROTATION, "key list shows the grace and its end")
def rotation_listed(stage):
    lines = {line.split("\t")[0]: line.split("\t") for line in
             stage.place.succeed("key", "list", "rot@example.com").lines()}
    new, old = stage.notes["new"], stage.notes["old"]
    equal(lines[old["id"]][2:4] + lines[old["id"]][5:], ["laptop", "grace", new["stops_at"], "-"], "the old key")
    equal(lines[new["id"]][2:4] + lines[new["id"]][5:], ["laptop", "active", "-", "-"], "the new key")


@act(ROTATION, "a key in grace, an unknown one and a strange grace are refused")
def rotation_refused(stage):
    old, new = stage.notes["old"]["id"], stage.notes["new"]["id"]
    refuse(stage, "key", "rotate", old, says=["was rotated", stage.notes["new"]["stops_at"]])
    refuse(stage, "key", "rotate", "0123", says=["key list"])
    for grace in ("8d", "soon", "-1h", "1.5h", "h", "99999999999999999999d", "169h"):
        refuse(stage, "key", "rotate", new, "--grace", grace, says=["7d"])
    stage.place.refuse("key", "rotate", new, "--grace", "", status=2)


@act(ROTATION, "a short grace ends by itself, on an open connection")
def short_grace(stage):
    made = command(stage, "key", "create", "rot@example.com")
    served(stage, made["api_key"])
    new = command(stage, "key", "rotate", made["id"], "--grace", "1s")
    served(stage, new["api_key"])
    until(lambda: ask(stage, made["api_key"]).status == 401, "the grace of a second ends", patience=10)
    served(stage, new["api_key"])


@act(ROTATION, "rotated now, the old key stops within a second, on an open connection")
def rotate_now(stage):
    old = stage.notes["new"]
    served(stage, old["api_key"])
    result = stage.place.succeed("key", "rotate", old["id"], "--grace", "now")
    if len(result.lines()) != 1 or not KEY.fullmatch(result.lines()[0]):
        fail(f"not a key alone on a line: {result!r}")
    within_a_second(lambda: ask(stage, old["api_key"]).status == 401, "the old key stops")
    served(stage, result.lines()[0])
    stage.notes["newest"] = result.lines()[0]


@act(ROTATION, "all of it survives a restart")
def rotation_restart(stage):
    restart(stage)
    old = served(stage, stage.notes["old"]["api_key"])
    equal(old.field("X-Key-Stops-At"), stage.notes["new"]["stops_at"], "X-Key-Stops-At")
    equal(ask(stage, stage.notes["new"]["api_key"]).status, 401, "the key rotated now")
    served(stage, stage.notes["newest"])


@act(ROTATION, "revoking ends a grace")
def revoke_grace(stage):
    stage.place.succeed("key", "revoke", stage.notes["old"]["id"])
    within_a_second(lambda: ask(stage, stage.notes["old"]["api_key"]).status == 401, "the key in grace stops")


@act(ROTATION, "at 20 live keys only a rotation without grace is possible")
def rotation_at_the_bound(stage):
    stage.place.new_key("full@example.com", plan="Wide")
    made = [command(stage, "key", "create", "full@example.com") for _ in range(19)]
    refuse(stage, "key", "rotate", made[0]["id"], says=["20 live keys", "--grace now"])
    served(stage, made[0]["api_key"])
    new = command(stage, "key", "rotate", made[0]["id"], "--grace", "0")
    equal(ask(stage, made[0]["api_key"]).status, 401, "the old key")
    served(stage, new["api_key"])


@act(ROTATION, "each change left its event, and none has a key")
def rotation_events(stage):
    stage.drop_connection()
    stage.server.stop()
    kept = events(stage, "rot@example.com")
    equal([verb for verb, _ in kept],
          ["account_create", "key_create", "key_rotate", "key_create", "key_rotate", "key_rotate", "key_revoke"],
          "events")
    secrets = [stage.notes["old"]["api_key"], stage.notes["new"]["api_key"], stage.notes["newest"]]
    for _, detail in kept:
        for secret in secrets:
            if secret[8:] in detail or secret[-8:] in detail:
                fail(f"an event has a key: {detail}")
    stage.server = stage.place.serve()


# ---- A key's own cap ----

@act(CAP, "a key made with a cap is refused past it; the account's other keys are not")
def cap_made(stage):
    stage.notes["other"] = stage.place.new_key("cap@example.com", plan="Wide")
    made = stage.notes["capped"] = command(stage, "key", "create", "cap@example.com", "--daily-cap", "20")
    served(stage, made["api_key"], times=2)
    data = refused(stage, made["api_key"], "key_daily_limit")
    equal(data["reset_scope"], "daily", "reset_scope")
    served(stage, stage.notes["other"])


@act(CAP, "a cap that is changed counts for the next call")
def cap_changed(stage):
    made = stage.notes["capped"]
    line = stage.place.succeed("key", "cap", made["id"], "24").lines()[0].split("\t")
    equal((line[0], line[4]), (made["id"], "24"), "printed")
    served(stage, made["api_key"])
    refused(stage, made["api_key"], "key_daily_limit")
    equal(command(stage, "key", "cap", made["id"], "none").get("daily_credit_cap"), None, "cap")
    served(stage, made["api_key"], times=2)


@act(CAP, "what a key took today counts when a cap is set later")
def cap_later(stage):
    fresh = command(stage, "key", "create", "cap@example.com")
    served(stage, fresh["api_key"], times=5)
    stage.place.succeed("key", "cap", fresh["id"], "48")
    served(stage, fresh["api_key"])
    refused(stage, fresh["api_key"], "key_daily_limit")
    stage.place.succeed("key", "cap", stage.notes["capped"]["id"], "40")
    refused(stage, stage.notes["capped"]["api_key"], "key_daily_limit")
    stage.notes["fresh"] = fresh


@act(CAP, "caps and what counts against them survive a restart")
def cap_restart(stage):
    restart(stage)
    for name in ("capped", "fresh"):
        refused(stage, stage.notes[name]["api_key"], "key_daily_limit")
    served(stage, stage.notes["other"])
    caps = {key["id"]: key.get("daily_credit_cap") for line in
            stage.place.succeed("key", "list", "cap@example.com", "--json").lines() for key in [json.loads(line)]}
    equal((caps[stage.notes["capped"]["id"]], caps[stage.notes["fresh"]["id"]]), (40, 48), "listed")


@act(CAP, "a key that was rotated and the one in its place share one cap, also after a restart")
def cap_rotated(stage):
    old = command(stage, "key", "create", "cap@example.com", "--daily-cap", "16")
    served(stage, old["api_key"])
    new = command(stage, "key", "rotate", old["id"], "--grace", "1h")
    served(stage, new["api_key"])
    for _ in range(2):
        refused(stage, old["api_key"], "key_daily_limit")
        refused(stage, new["api_key"], "key_daily_limit")
        restart(stage)
    stage.place.succeed("key", "cap", new["id"], "24")
    served(stage, old["api_key"])
    refused(stage, new["api_key"], "key_daily_limit")


@act(CAP, "a cap that is none is refused")
def cap_refused(stage):
    identity = stage.notes["fresh"]["id"]
    for written in ("1.5", "many", "1000000000001"):
        refuse(stage, "key", "cap", identity, written, says=["none"])
        refuse(stage, "key", "create", "cap@example.com", "--daily-cap", written)
    refuse(stage, "key", "cap", "0123", "8", says=["key list"])
    refused(stage, stage.notes["fresh"]["api_key"], "key_daily_limit")


# ---- A plan file that lacks a plan in use ----

@act(RELOAD, "SIGHUP with a plan file that lacks a used plan is refused, naming plan and accounts")
def reload_refused(stage):
    keys = [stage.place.new_key(f"open{number}@example.com", plan="Open") for number in range(3)]
    head, tail = PLANS.split("[plan Open]")
    stage.place.write("plans.ini", head + "[plan Wide]" + tail.split("[plan Wide]")[1])
    seen = len(stage.server.stderr)
    stage.server.signal(signal.SIGHUP)
    until(lambda: "nothing is reloaded" in stage.server.stderr[seen:], "the refusal is logged")
    told = [line for line in stage.server.stderr[seen:].splitlines() if "nothing is reloaded" in line][0]
    for word in ("Open", "3 accounts"):
        if word not in told:
            fail(f"does not say {word!r}: {told}")
    equal(served(stage, keys[0]).field("X-RateLimit-Limit"), "60", "the old plans are in force")
    for number in range(3):
        stage.place.succeed("account", "plan", f"open{number}@example.com", "Wide")
    seen = len(stage.server.stderr)
    stage.server.signal(signal.SIGHUP)
    until(lambda: "in force anew" in stage.server.stderr[seen:], "accepted when nobody is on the plan")
    refuse(stage, "account", "plan", "open0@example.com", "Open", says=["Tiny, Wide"])


# ---- Without a server ----

@act(ALONE, "commands that own the ledger change the same, and a server finds it")
def alone(stage):
    key = stage.place.new_key("ann@example.com", plan="Open")
    end = shown(stage, "ann@example.com")["period_end"]
    equal(command(stage, "account", "plan", "ann@example.com", "Wide")["plan"], "Wide", "plan")
    stage.place.succeed("account", "plan", "ann@example.com", "Tiny")
    stage.place.succeed("account", "overage", "ann@example.com", "on", "--limit", "7")
    made = command(stage, "key", "create", "ann@example.com", "--daily-cap", "8")
    new = command(stage, "key", "rotate", made["id"], "--grace", "1h")
    standing = shown(stage, "ann@example.com")
    equal((standing["plan"], standing["next_plan"], standing["next_plan_at"], standing["spend_limit_cents"]),
          ("Wide", "Tiny", end, 7), "shown")
    stage.server = stage.place.serve()
    equal(served(stage, key).field("X-RateLimit-Limit"), "1000", "limit")
    equal(served(stage, made["api_key"]).field("X-Key-Stops-At"), new["stops_at"], "X-Key-Stops-At")
    refused(stage, made["api_key"], "key_daily_limit")
    refused(stage, new["api_key"], "key_daily_limit")
    stage.drop_connection()
    stage.server.stop()
    equal(shown(stage, "ann@example.com")["credits_used"], 16, "credits used")


@act(ALONE, "account show works when the plan file lacks the account's plan")
def show_without_plan(stage):
    stage.place.write("plans.ini", PLANS.replace("[plan Wide]", "[plan Broad]"))
    standing = shown(stage, "ann@example.com")
    equal(standing["plan"], "Wide", "plan")
    refuse(stage, "account", "plan", "ann@example.com", "Broad", says=["in force has no plan 'Broad'", "start or reload"])


@act(ALONE, "a command brings no plan file into force")
def command_loads_nothing(stage):
    stage.place.write("plans.ini", PLANS)
    stage.place.serve().stop()
    loads = stage.place.ledger("SELECT count(*) FROM plan_load")
    stage.place.succeed("account", "create", "early@example.com", "--plan", "Wide")
    stage.place.write("plans.ini", PLANS.replace("price_cents = 900", "price_cents = 100"))
    shown(stage, "early@example.com")
    stage.place.succeed("account", "create", "late@example.com", "--plan", "Wide")
    equal(stage.place.ledger("SELECT count(*) FROM plan_load"), loads, "loads")


SCENARIOS = [
    Scenario("plans", metered, PLAN),
    Scenario("overage", metered, OVERAGE),
    Scenario("rotation", metered, ROTATION),
    Scenario("key caps", metered, CAP),
    Scenario("reload", metered, RELOAD),
    Scenario("without a server", without_server, ALONE),
]
