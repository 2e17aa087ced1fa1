"""The books: after random calls the headers, billing/me, usage and the audit tell the same sums, with
a server at work and after it was killed; tampering is found; a backup of a working server is whole."""

import contextlib
import datetime
import json
import os
import random
import shutil
import threading

from support.http_client import until
from support.server import Place, demand_file
from support.steps import ENDPOINT, Scenario, Stage, Step, act, check_every_answer, dig, equal, fail

BILLING, BOOKS, DATABASE, KILLED = [], [], [], []
ME = "/api/v1/billing/me"
COST = 8
SEED = int(os.environ.get("TRENDGATE_TEST_SEED", random.SystemRandom().randrange(1 << 32)))

PLANS = f"""\
[plan Capped]
price_cents = 0
included_credits = 2000
daily_credit_cap = 160
rate_limit_per_minute = 1000
overage = none
overage_cents_per_1000 = 0

[plan Open]
price_cents = 7900
included_credits = 100
daily_credit_cap = 0
rate_limit_per_minute = 60
overage = always
overage_cents_per_1000 = 75000

[endpoint tiktok-popular-trend-hashtag]
credits = {COST}
[endpoint tiktok-popular-trend-hashtag-history]
credits = {COST}
[endpoint tiktok-popular-trend-hashtag-movers]
credits = {COST}
"""

# Targets by what becomes of the call while credits last.
TARGETS = {
    "charged": "?limit=1",
    "empty_page": "?limit=100&page=10&filter_by=new_on_board&country_code=MY",
    "invalid": "?period=8",
}


@contextlib.contextmanager
def stage_with_two_accounts():
    print(f"books: seed {SEED}")
    with Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=PLANS) as place:
        keys = {mail: place.new_key(mail, plan) for mail, plan in
                (("open@example.com", "Open"), ("capped@example.com", "Capped"))}
        stage = Stage(place, place.serve(), keys["open@example.com"])
        stage.notes.update(keys=keys, random=random.Random(SEED), seen={mail: {} for mail in keys},
                           credits=dict.fromkeys(keys, 0))
        yield stage
        stage.drop_connection()
        stage.server.stop()


def outcome_of(answer, method):
    if answer.status == 200 and method == "HEAD":
        return "head"
    if answer.status == 200:
        return "charged" if answer.field("X-Credits-Charged") == str(COST) else "empty_page"
    words = {304: "unchanged", 400: "invalid", 429: "rate_limited", 503: "unavailable"}
    if answer.status in words:
        return words[answer.status]
    return {"daily_credit_limit": "daily", "insufficient_credits": "insufficient"}[answer.json()["data"]["reason"]]


def call(stage, mail):
    """One random call; what it was is counted by its answer alone."""
    source = stage.notes["random"]
    method = source.choice(["GET"] * 5 + ["HEAD"])
    headers = {"x-api-key": stage.notes["keys"][mail]}
    if source.random() < 0.1 and "etag" in stage.notes:
        headers["If-None-Match"] = "*"
    answer = stage.ask(ENDPOINT + source.choice([*TARGETS.values(), TARGETS["charged"]]), method, headers)
    check_every_answer(answer, method)
    stage.notes["etag"] = True
    word = outcome_of(answer, method)
    seen = stage.notes["seen"][mail]
    seen[word] = seen.get(word, 0) + 1
    stage.notes["credits"][mail] += int(answer.field("X-Credits-Charged"))
    stage.notes["last", mail] = answer
    return answer


def billing(stage, mail):
    answer = stage.ask(ME, headers={"x-api-key": stage.notes["keys"][mail]})
    equal(answer.status, 200, f"status of {answer!r}")
    check_every_answer(answer)
    return answer.json()["data"]


def usage(stage, mail, *options):
    return json.loads(stage.place.succeed("usage", mail, *options, "--json").stdout)


def audit(stage, *options, **how):
    """The summary of a clean audit."""
    lines = stage.place.succeed("audit", "--json", *options, **how).lines()
    equal(len(lines), 1, f"lines of a clean audit: {lines[:3]!r}")
    return json.loads(lines[0])


# ---- billing/me ----

def me_step(label, **wanted):
    BILLING.append(Step(label, ME, **wanted))


RFC3339 = "%Y-%m-%dT%H:%M:%SZ"


def check_fields(stage, answer):
    types = {"plan": str, "period_key": str, "period_start": str, "period_end": str, "included_credits": int,
             "credits_used": int, "credits_remaining": int, "overage_credits": int, "allow_overage": bool,
             "hard_limit": bool, "daily_key": str, "daily_credit_limit": int, "daily_credits_used": int,
             "daily_credits_remaining": int, "subscription_price_cents": int, "expected_total_amount_cents": int,
             "currency": str, "pricing_source": str, "user_id": str, "created_at": str, "updated_at": str}
    data = answer.json()["data"]
    for name, kind in types.items():
        if type(dig(data, name)) is not kind:
            fail(f"{name} is {data[name]!r}")
    for name in ("period_start", "period_end", "created_at", "updated_at"):
        datetime.datetime.strptime(data[name], RFC3339)
    if not data["period_start"][:10] <= data["daily_key"] < data["period_end"][:10]:
        fail(f"today is outside of the period: {data!r}")
    equal(data["period_key"], data["period_start"][:7], "period_key")
    shown = json.loads(stage.place.succeed("account", "show", "open@example.com", "--json").stdout)
    equal(data["user_id"], shown["id"], "user_id")
    equal(data["created_at"], shown["created_at"], "created_at")


NO_CALL = {name: None for name in ("RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-Credits-Charged",
                                   "X-Credits-Remaining", "X-Charge-Id", "Access-Control-Allow-Origin")}

me_step("before any call it has every field, no rate headers and no CORS", also=check_fields,
        headers_out={**NO_CALL, "Cache-Control": "no-store"},
        body_out={"data.plan": "Open", "data.included_credits": 100, "data.credits_used": 0,
                  "data.credits_remaining": 100, "data.overage_credits": 0, "data.allow_overage": True,
                  "data.hard_limit": False, "data.subscription_price_cents": 7900,
                  "data.expected_total_amount_cents": 7900, "data.currency": "usd",
                  "data.daily_credit_limit": 0, "data.pricing_source": "plan_default"})
me_step("without a key it is 401", status=401, key=False, reason="missing_key", headers_out=NO_CALL)
me_step("with an unknown key it is 401", status=401, headers={"x-api-key": "tg_live_x"}, reason="invalid_key")
me_step("OPTIONS tells no other page anything", status=204, method="OPTIONS", key=False,
        headers_out={"Access-Control-Allow-Origin": None, "Access-Control-Allow-Methods": None,
                     "Allow": "GET, HEAD, OPTIONS"})
me_step("HEAD is answered without a body", method="HEAD", headers_out=NO_CALL)
me_step("POST is 405", status=405, method="POST", reason="method_not_allowed")
BILLING.append(Step("an unknown parameter is 400 and takes no slot", ME + "?plan=Pro", 400,
                    errors=[("plan", "Pro")], headers_out=NO_CALL))


@act(BILLING, "none of this was counted, and a hundred more are not limited")
def billing_is_free(stage):
    for _ in range(100):
        billing(stage, "open@example.com")
    answer = call(stage, "open@example.com")
    equal(answer.field("X-RateLimit-Remaining"), "59", "slots left after the first call")


@act(BILLING, "the meta endpoint takes a slot and no credits")
def meta_takes_a_slot(stage):
    answer = stage.ask("/api/v1/tiktok/popular-trend/country-industry-meta", headers={"x-api-key": stage.key})
    equal(answer.status, 200, f"status of {answer!r}")
    equal(answer.field("X-RateLimit-Remaining"), "58", "slots left")
    seen = stage.notes["seen"]["open@example.com"]
    seen["free"] = seen.get("free", 0) + 1
    stage.notes["last", "open@example.com"] = answer


@act(BILLING, "a suspended account is 403 and sees nothing")
def suspended(stage):
    stage.place.succeed("account", "suspend", "capped@example.com")
    answer = stage.ask(ME, headers={"x-api-key": stage.notes["keys"]["capped@example.com"]})
    stage.place.succeed("account", "resume", "capped@example.com")
    equal(answer.status, 403, f"status of {answer!r}")
    equal(answer.json()["data"]["reason"], "account_suspended", "reason")


# ---- The same sums everywhere ----

def usage_when_written(stage, mail):
    """Charges are in the journal before their answers; what took only a slot follows within a second."""
    wanted = {name: count for name, count in stage.notes["seen"][mail].items() if name != "rate_limited"}

    def counted():
        told = usage(stage, mail)
        equal(told["totals"]["credits"], stage.notes["credits"][mail], f"credits in usage of {mail}")
        got = {name: count for name, count in told["totals"].items()
               if count and name not in ("calls", "credits", "overage", "overage_micros", "rate_limited")}
        return told if got == wanted else None

    return until(counted, f"usage of {mail} is {wanted}")


def agree(stage, mail):
    """Headers of the last call = billing/me = usage = what the answers said, call by call."""
    last, me = stage.notes["last", mail], billing(stage, mail)
    told = usage_when_written(stage, mail)
    credits = stage.notes["credits"][mail]
    equal(told["totals"]["credits"], credits, f"credits in usage of {mail}")
    equal(me["credits_used"], credits, f"credits_used of {mail}")
    equal(me["daily_credits_used"], credits, f"daily_credits_used of {mail}")
    equal(me["overage_credits"], told["totals"]["overage"], "overage")
    equal(str(me["credits_remaining"]), last.field("X-Credits-Remaining"), "X-Credits-Remaining")
    equal(me["credits_remaining"], max(0, me["included_credits"] - credits), "credits_remaining")
    if me["daily_credit_limit"]:
        equal(str(me["daily_credits_remaining"]), last.field("X-Credits-Daily-Remaining"), "daily credits")
    equal(me["expected_total_amount_cents"] - me["subscription_price_cents"],
          (told["totals"]["overage_micros"] + 5000) // 10000, "cents of overage")
    equal(sum(row["credits"] for row in told["rows"]), credits, "the rows add up to the totals")


@act(BOOKS, "after each burst of random calls headers, billing/me, usage and audit agree")
def bursts_agree(stage):
    source = stage.notes["random"]
    for burst in range(6):
        for _ in range(source.randrange(5, 25)):
            call(stage, source.choice(list(stage.notes["keys"])))
        for mail in stage.notes["keys"]:
            if ("last", mail) in stage.notes:
                agree(stage, mail)
        summary = audit(stage)
        equal(summary["credits"], sum(stage.notes["credits"].values()), f"the audit's credits, burst {burst}")
        equal(summary["calls"], sum(sum(n for word, n in seen.items() if word != "rate_limited")
                                    for seen in stage.notes["seen"].values()), "the audit's calls")


@act(BOOKS, "usage prints a heading, a line a day and key, and totals")
def usage_table(stage):
    lines = [line.split("\t") for line in stage.place.succeed("usage", "open@example.com").lines()]
    equal(lines[0][:4], ["day", "key", "calls", "charged"], "heading")
    equal(lines[-1][0], "total", "the last line")
    at = lines[0].index("credits")
    equal(int(lines[-1][at]), sum(int(line[at]) for line in lines[1:-1]), "credits")


@act(BOOKS, "usage of days without calls is empty, and wrong days are refused")
def usage_days(stage):
    equal(usage(stage, "open@example.com", "--from", "2020-01-01", "--to", "2020-01-31")["rows"], [], "rows")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    week = usage(stage, "open@example.com", "--from", today - datetime.timedelta(7), "--to", today)
    equal(week["totals"]["credits"], stage.notes["credits"]["open@example.com"], "credits of the last days")
    for words in (["--from", "yesterday"], ["--from", "2020-02-01", "--to", "2020-01-01"],
                  ["--from", "1980-01-01", "--to", "2020-01-01"], ["--to", "2020-01-01T00:00:00Z"]):
        stage.place.refuse("usage", "open@example.com", *words)
    stage.place.refuse("usage", "nobody@example.com")


@act(BOOKS, "audits while four connections call are clean every time")
def audit_under_load(stage):
    key, done, faults = stage.notes["keys"]["capped@example.com"], threading.Event(), []

    def load():
        try:
            with stage.server.connect() as connection:
                while not done.is_set():
                    connection.ask(ENDPOINT + "?limit=1", headers={"x-api-key": key})
        except (AssertionError, OSError) as fault:
            faults.append(fault)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            audit(stage)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    equal(faults, [], "faults of the callers")


# ---- db ----

@act(DATABASE, "db status tells versions, sizes and the fold's lag")
def database_status(stage):
    for _ in range(10):
        call(stage, "open@example.com")
    until(lambda: call(stage, "open@example.com").field("X-Charge-Id"), "a charge, which is in the journal when it is answered")
    lines = [json.loads(line) for line in stage.place.succeed("db", "status", "--json").lines()]
    equal([line["kind"] for line in lines], ["ledger", "catalog"], "kinds")
    for line in lines:
        equal(line["version"], line["known_version"], f"version of the {line['kind']}")
    if lines[0]["journal_rows"] < 1 or lines[0]["unfolded_rows"] > lines[0]["journal_rows"]:
        fail(f"{lines[0]!r}")
    until(lambda: json.loads(stage.place.succeed("db", "status", "--json").lines()[0])["unfolded_rows"] == 0,
          "the journal is folded")


@act(DATABASE, "db migrate beside a server finds nothing to do")
def database_migrate(stage):
    equal(len(stage.place.succeed("db", "migrate").lines()), 2, "lines")


@act(DATABASE, "db backup beside a server is whole, private, and audits clean by --database")
def backup_serving(stage):
    demand_file("a server is backed up by its own tools")
    target = stage.place.folder / "backup.db"
    before = audit(stage)
    shown = json.loads(stage.place.succeed("db", "backup", target, "--json").stdout)
    equal(shown["differences"], 0, "differences of the backup")
    for file in (target, target.with_name("backup.db-catalog")):
        equal(file.stat().st_mode & 0o777, 0o600, f"mode of {file.name}")
    after = audit(stage, "--database", f"sqlite:{target}", database=False)
    equal(after["credits"], before["credits"], "credits in the backup")
    listed = stage.place.succeed("account", "list", "--database", f"sqlite:{target}", database=False).lines()
    equal(len(listed), 2, "accounts in the backup")


@act(DATABASE, "db backup overwrites neither file")
def backup_overwrites_nothing(stage):
    demand_file("a server is backed up by its own tools")
    target = stage.place.folder / "backup.db"
    content = target.read_bytes()
    stage.place.refuse("db", "backup", target)
    equal(target.read_bytes(), content, "the first backup")
    other = stage.place.folder / "other.db"
    other.with_name("other.db-catalog").write_bytes(b"mine")
    stage.place.refuse("db", "backup", other)
    if other.exists():
        fail("a refused backup left a file")
    stage.place.refuse("db", "backup", stage.place.folder / "none" / "x.db")


@act(DATABASE, "a server on the backup goes on where the first one was")
def serve_backup(stage):
    demand_file("a server is backed up by its own tools")
    me = billing(stage, "open@example.com")
    folder = stage.place.folder / "restored"
    folder.mkdir()
    for ending in ("", "-catalog"):
        shutil.copy(stage.place.folder / f"backup.db{ending}", folder / f"x.db{ending}")
    with Place(stage.place.settings, plans=PLANS) as place:
        place.database = f"sqlite:{folder}/x.db"
        server = place.serve()
        answer = server.ask(ME, headers={"x-api-key": stage.key})
        equal(answer.json()["data"]["credits_used"], me["credits_used"], "credits_used after the restore")
        server.stop()


@act(DATABASE, "reading commands on a database that is not there make none")
def reading_makes_nothing(stage):
    nowhere = f"sqlite:{stage.place.folder}/nowhere.db"
    for words in (["audit"], ["db", "status"], ["db", "backup", stage.place.folder / "n.db"]):
        stage.place.refuse(*words, "--database", nowhere, database=False)
    if list(stage.place.folder.glob("nowhere*")) or list(stage.place.folder.glob("n.db*")):
        fail("a reading command made a file")


# ---- After a kill, and after a lie ----

@act(KILLED, "killed before the fold, audit and usage still tell every call")
def killed(stage):
    for _ in range(12):
        call(stage, "open@example.com")
    until(lambda: call(stage, "open@example.com").field("X-Charge-Id"), "a charge, without which there is no balance")
    stage.drop_connection()
    stage.server.kill()
    summary = audit(stage)
    equal(summary["credits"], stage.notes["credits"]["open@example.com"], "credits after the kill")
    equal(usage(stage, "open@example.com")["totals"]["credits"], summary["credits"], "credits in usage")
    stage.server = stage.place.serve()
    equal(billing(stage, "open@example.com")["credits_used"], summary["credits"], "credits_used")
    equal(audit(stage)["credits"], summary["credits"], "credits after the restart")


@act(KILLED, "what was tampered with is told with account, journal's and table's sum, and exit 1")
def tampered(stage):
    stage.drop_connection()
    stage.server.stop()
    stage.place.ledger("UPDATE balance SET used = used + 8")
    result = stage.place.run("audit")
    equal(result.status, 1, f"exit status of {result!r}")
    line = result.lines()[0].split("\t")
    equal(line[0], "open@example.com", "account")
    equal(int(line[3]) - int(line[2]), 8, f"what is too much in {line!r}")
    found = json.loads(stage.place.run("audit", "--json").lines()[0])
    equal((found["account"], found["table"] - found["journal"]), ("open@example.com", 8), "as JSON")
    stage.place.ledger("UPDATE balance SET used = used - 8")
    audit(stage)
    stage.server = stage.place.serve()


SCENARIOS = [
    Scenario("billing/me", stage_with_two_accounts, BILLING + BOOKS),
    Scenario("the database", stage_with_two_accounts, DATABASE),
    Scenario("after the end", stage_with_two_accounts, KILLED),
]
