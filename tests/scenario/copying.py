"""A database of PostgreSQL by the commands of the operator: it is migrated, shown, filled with accounts,
audited, and refused a backup; and a ledger in files is copied into one, by which a server goes on; it is audited while two servers write."""

import contextlib
import itertools
import json
import os
import sqlite3
import threading

from support import postgres
from support.clock import Clock
from support.http_client import until
from support.server import Place, Skip, demand_file
from support.steps import ENDPOINT, Scenario, Stage, act, check_every_answer, equal, fail

COMMANDS, COPY, UNCALLED, SHARED, PERIODS = [], [], [], [], []
DAY = 86400
ME = "/api/v1/billing/me"
COST = 8
ACCOUNTS = 1500  # more than what SQLite's cache is widened for

PLANS = f"""\
[plan Open]
price_cents = 7900
included_credits = 20
daily_credit_cap = 0
rate_limit_per_minute = 1000000
overage = always
overage_cents_per_1000 = 75

[endpoint tiktok-popular-trend-hashtag]
credits = {COST}
[endpoint tiktok-popular-trend-hashtag-history]
credits = {COST}
[endpoint tiktok-popular-trend-hashtag-movers]
credits = {COST}
"""


@contextlib.contextmanager
def stage_with_a_database():
    demand_file("it is copied to a server")
    if postgres.VARIABLE not in os.environ:
        raise Skip("there is no PostgreSQL server: TRENDGATE_TEST_POSTGRES is not set")
    address = postgres.make_database()
    try:
        with Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=PLANS) as place:
            stage = Stage(place)
            stage.notes["address"] = address
            yield stage
            stage.drop_connection()
            if stage.server:
                stage.server.stop()
    finally:
        postgres.drop_database(address)


def on_server(stage, *words):
    return stage.place.succeed(*words, "--database", stage.notes["address"], database=False)


def refused(stage, *words):
    return stage.place.refuse(*words, "--database", stage.notes["address"], database=False)


def audited(stage, *words):
    lines = on_server(stage, "audit", "--json", *words).lines()
    equal(len(lines), 1, f"lines of a clean audit: {lines[:3]!r}")
    return json.loads(lines[0])


# ---- The commands ----

@act(COMMANDS, "db migrate makes both schemas, and db status shows them without the address's password")
def migrate(stage):
    refused(stage, "db", "status")
    equal(len(on_server(stage, "db", "migrate").lines()), 2, "lines")
    shown = [json.loads(line) for line in on_server(stage, "db", "status", "--json").lines()]
    equal([line["kind"] for line in shown], ["ledger", "catalog"], "kinds")
    for line in shown:
        equal(line["version"], line["known_version"], f"version of {line!r}")
        equal("file" in line or "wal_bytes" in line, False, "what files alone have")
        if line["bytes"] <= 0 or "@" in line["database"]:
            fail(f"{line!r}")
    equal(shown[0]["unfolded_rows"], 0, "lag")


@act(COMMANDS, f"account import of {ACCOUNTS} rows makes whole accounts")
def account_import(stage):
    rows = "".join(f"u{number}@example.com,Open\n" for number in range(ACCOUNTS))
    file = stage.place.write("accounts.csv", "email,plan\n" + rows)
    made = on_server(stage, "account", "import", file).lines()
    equal(len([line for line in made if "tg_live_" in line]), ACCOUNTS, "keys")
    audited(stage)
    address = stage.notes["address"]
    for table in ("account", "account_email", "account_window", "api_key"):
        equal(postgres.rows(address, f"SELECT count(*) FROM {table}", "ledger"), [[str(ACCOUNTS)]], table)


@act(COMMANDS, "an audit tells what was tampered with")
def audit_tells(stage):
    address = stage.notes["address"]
    postgres.rows(address, "DELETE FROM account_window WHERE account_id = 7", "ledger")
    told = refused_audit(stage)
    postgres.rows(address, "INSERT INTO account_window VALUES (7, 7, 0, 0, 0, '')", "ledger")
    equal(told[0]["what"].split(":")[0], "account_window", f"{told!r}")
    equal(told[-1]["differences"], 1, "differences")


def refused_audit(stage):
    result = stage.place.run("audit", "--json", "--database", stage.notes["address"], database=False)
    equal(result.status, 1, f"status of {result!r}")
    return [json.loads(line) for line in result.lines()]


@act(COMMANDS, "db backup names PostgreSQL's own tools")
def backup(stage):
    said = refused(stage, "db", "backup", stage.place.folder / "copy.db").stderr
    if "pg_dump" not in said or (stage.place.folder / "copy.db").exists():
        fail(said)


# ---- The copy ----

def call(stage, key, **arguments):
    answer = stage.server.ask(ENDPOINT + "?limit=1", headers={"x-api-key": key}, **arguments)
    check_every_answer(answer)
    return answer


def billing(stage, key):
    data = stage.server.ask(ME, headers={"x-api-key": key}).json()["data"]
    return {name: value for name, value in data.items() if not name.startswith("daily_") and name != "request_id"}


def copied(stage):
    return stage.place.run("db", "copy", stage.place.database, stage.notes["address"], "--json", database=False)


@act(COPY, "a ledger that a server has is not copied")
def copy_of_a_served(stage):
    place = stage.place
    stage.notes["keys"] = [place.new_key("open@example.com", "Open"), place.new_key("other@example.com", "Open")]
    capped = place.succeed("key", "create", "open@example.com", "--daily-cap", "16").lines()[0]
    stage.notes["keys"].append(capped)
    stage.server = place.serve()
    for key in stage.notes["keys"]:
        for _ in range(2):
            equal(call(stage, key).status, 200, "status")
    equal(call(stage, capped).status, 402, "past the key's cap")
    place.succeed("account", "grant", "other@example.com", "100", "--reason", "sorry")
    equal(copied(stage).status, 1, "status")
    stage.notes["me"] = [billing(stage, key) for key in stage.notes["keys"]]
    stage.server.stop()


@act(COPY, "a stopped one is, and both audits come to the same")
def copy_of_a_stopped(stage):
    result = copied(stage)
    equal(result.status, 0, f"status of {result!r}")
    file = json.loads(stage.place.succeed("audit", "--json").lines()[0])
    told, there = json.loads(result.stdout), audited(stage)
    for name in ("journal_rows", "calls", "charges", "credits", "overage_micros"):
        equal(told[name], file[name], name)
        equal(there[name], file[name], name)


@act(COPY, "each table has the rows that it had")
def copy_of_each_table(stage):
    left = {"fold_mark", "fold_cohort", "schema_version", "sqlite_sequence"}
    for name, schema in (("x.db", "ledger"), ("x.db-catalog", "catalog")):
        with contextlib.closing(sqlite3.connect(stage.place.folder / name)) as file:
            tables = [table for (table,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in set(tables) - left:
                count = f"SELECT count(*) FROM {table}"
                equal(postgres.rows(stage.notes["address"], count, schema), [[str(file.execute(count).fetchone()[0])]],
                      f"rows of {table}")
    equal(postgres.rows(stage.notes["address"], "SELECT bucket, account_id, cap_family, used FROM key_day", "ledger"),
          [["1", "1", "3", "16"]], "the capped key's day")


@act(COPY, "it is not copied twice")
def copy_twice(stage):
    equal(copied(stage).status, 1, "status")


@act(COPY, "a server goes on by it: same keys, same sums, the key's cap still reached")
def copy_served(stage):
    stage.place.database = stage.notes["address"]
    stage.server = stage.place.serve()
    equal([billing(stage, key) for key in stage.notes["keys"]], stage.notes["me"], "billing/me")
    equal(call(stage, stage.notes["keys"][2]).status, 402, "past the key's cap")
    equal(call(stage, stage.notes["keys"][0]).status, 200, "status")
    audited(stage)
    stage.server.stop()
    equal(audited(stage)["unfolded_rows"], 0, "rows that are not folded")
    stage.server = None


@act(UNCALLED, "a ledger that nobody has called is copied, and called where it went")
def copy_of_an_uncalled(stage):
    key = stage.place.new_key("open@example.com", "Open")
    stage.place.serve().stop()
    equal(copied(stage).status, 0, "status")
    stage.place.database = stage.notes["address"]
    stage.server = stage.place.serve()
    equal(call(stage, key).status, 200, "status")
    equal(audited(stage)["charges"], 1, "charges")


# ---- Two servers by one database ----

def calls_of(stage, keys, done, faults):
    """Each call to the other server than the last one."""
    try:
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(server.connect()) for server in stage.notes["servers"]]
            while not done.is_set():
                for connection, key in itertools.product(connections, keys):
                    equal(connection.ask(ENDPOINT + "?limit=1", headers={"x-api-key": key}).status, 200, "status")
    except (AssertionError, OSError) as fault:
        faults.append(fault)


@act(SHARED, "audits are clean while both are called for the same accounts, into their overage")
def audit_beside_two(stage):
    place = stage.place
    place.database = stage.notes["address"]
    place.succeed("db", "migrate")
    keys = [place.succeed("account", "create", f"u{number}@example.com", "--plan", "Open").lines()[0]
            for number in range(3)]
    stage.notes["servers"] = [place.serve(), place.serve()]
    done, faults = threading.Event(), []
    threads = [threading.Thread(target=calls_of, args=(stage, keys, done, faults)) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        seen = [audited(stage)["calls"] for _ in range(5)]
    finally:
        done.set()
        for thread in threads:
            thread.join()
    equal(faults, [], "faults of the callers")
    for server in stage.notes["servers"]:
        server.stop()
    summary = audited(stage)
    if summary["calls"] < seen[-1] or summary["overage_credits"] == 0 or summary["unfolded_rows"] > 0:
        fail(f"{summary!r}")


# ---- Periods ----

@contextlib.contextmanager
def stage_on_a_clock():
    demand_file("it is copied to a server")
    if postgres.VARIABLE not in os.environ:
        raise Skip("there is no PostgreSQL server: TRENDGATE_TEST_POSTGRES is not set")
    address = postgres.make_database()
    try:
        with Clock("2025-01-31T10:00:00Z") as clock, \
                Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=PLANS, clock=clock) as place:
            stage = Stage(place)
            stage.clock = clock
            stage.notes.update(address=address, key=place.new_key("open@example.com", "Open"))
            stage.server = place.serve()
            yield stage
            stage.server.stop()
    finally:
        postgres.drop_database(address)


def closed(stage, period):
    def is_closed():
        told = stage.server.ask(f"{ME}/periods/{period}", headers={"x-api-key": stage.notes["key"]}).json()
        return told["data"]["status"] == "closed"
    until(is_closed, f"{period} is closed")


def invoice(stage, period):
    words = ("invoice", "open@example.com", "--format", "json", "--period", period)
    return json.loads(stage.place.succeed(*words).stdout)


@act(PERIODS, "what a killed server had not folded is folded first")
def copy_of_a_killed(stage):
    for _ in range(4):
        equal(call(stage, stage.notes["key"]).status, 200, "status")
    stage.server.kill()
    result = copied(stage)
    equal(result.status, 1, f"status of {result!r}")
    if "not folded" not in result.stderr:
        fail(f"{result!r}")
    stage.server = stage.place.serve()


@act(PERIODS, "closed periods are copied as they are, and the next one closes on the server")
def copy_of_periods(stage):
    stage.clock.pass_by(29 * DAY)
    closed(stage, "2025-01")
    charge_id = call(stage, stage.notes["key"]).field("X-Charge-Id")
    stage.place.succeed("account", "refund", "open@example.com", charge_id, "--reason", "broken")
    equal(call(stage, stage.notes["key"]).status, 200, "status")
    before = invoice(stage, "2025-01")
    stage.server.stop()
    result = copied(stage)
    equal(result.status, 0, f"status of {result!r}")
    equal(json.loads(result.stdout)["statements"], 1, "statements")
    stage.place.database = stage.notes["address"]
    stage.server = stage.place.serve()
    equal(invoice(stage, "2025-01"), before, "the invoice")
    equal(call(stage, stage.notes["key"]).status, 200, "status")
    stage.clock.pass_by(31 * DAY)
    closed(stage, "2025-02")
    equal(sum(line["cents"] for line in invoice(stage, "2025-02")["statement"]["lines"]), 7900, "the second period")
    audited(stage)


SCENARIOS = [Scenario("a database of PostgreSQL, by commands", stage_with_a_database, COMMANDS),
             Scenario("a copy into PostgreSQL", stage_with_a_database, COPY),
             Scenario("a copy of what nobody called", stage_with_a_database, UNCALLED),
             Scenario("two servers by one database", stage_with_a_database, SHARED),
             Scenario("periods copied into PostgreSQL", stage_on_a_clock, PERIODS)]
