"""A ledger spread by Citus, as far as that shows without one: what `db migrate --citus` calls, and batches of one bucket
against two plain servers that each have the rows of some buckets (support/citus.py)."""

import collections
import contextlib
import itertools
import time

from support import citus, postgres
from support.clock import Clock
from support.cluster_load import at_once
from support.cut_wire import CutWire
from support.http_client import until
from support.metered import number, plans
from support.server import ON_POSTGRES, Place
from support.steps import ENDPOINT, Scenario, Skip, Stage, act, equal, fail

MIGRATING, ROUTED, SQL, SKEWED = [], [], [], []
COST, ENOUGH, FEW, TIGHT = 8, 10**9, 400, 150
TABLE = [("Roomy", ENOUGH, 0, 100000, "none", 0), ("Few", FEW, 0, 100000, "none", 0), ("Tight", ENOUGH, 0, TIGHT, "none", 0)]
SAMPLE = {"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}
REFERENCES = ["plan_version", "plan_load", "closing", "fold_mark"]
ACCOUNTS = 2  # of buckets 1 and 2, for the functions
MANY = 24  # calls that come to every lane of a node
HOME, AWAY = 1, 2  # groups: the coordinator's own server, and another


@contextlib.contextmanager
def coordinator():
    """A place whose database answers as a coordinator with two servers; nothing is migrated yet."""
    if not ON_POSTGRES:
        raise Skip("a file is not spread")
    with Place(SAMPLE, plans=plans(TABLE)) as place:
        citus.install(place.database)
        for group in (HOME, AWAY):
            citus.add_server(place.database, group, place.database)
        yield Stage(place)


def migrate(stage, **options):
    return stage.place.succeed("db", "migrate", "--citus", **options)


def refused(stage, *words):
    sentence = stage.place.refuse("db", "migrate", "--citus").stderr
    for word in words:
        if word not in sentence:
            fail(f"no {word!r} in {sentence!r}")


def fresh(function):
    """Each of these has a coordinator of its own."""
    def play(_stage):
        with coordinator() as stage:
            function(stage, lambda sql: postgres.rows(stage.place.database, sql))
    return play


# ---- db migrate --citus ----

@act(MIGRATING, "account comes first and alone, every other table of customers lies with it, four small ones are copied")
@fresh
def migrate_calls(stage, rows):
    migrate(stage)
    made = citus.calls(stage.place.database)
    equal(made[0], "create_distributed_table(account, bucket, none, 64)", "the first call")
    tables = {table for table, in stage.place.ledger("SELECT tablename FROM pg_tables WHERE schemaname = 'ledger'")}
    spread = [call for call in made[1:] if call.startswith("create_distributed_table")]
    equal(sorted(spread), sorted(f"create_distributed_table({table}, bucket, account, -)" for table in
                                 tables - {"account", "schema_version", *REFERENCES}), "what lies with it")
    equal([call for call in made if "reference" in call], [f"create_reference_table({table})" for table in REFERENCES],
          "what is copied")
    equal(made[-3:], [f"create_distributed_function({name}, b, account)" for name in
                      ("hold_bucket", "admit_bucket", "bucket_group")], "functions")
    equal(rows("SELECT count(DISTINCT colocationid) FROM pg_dist_partition WHERE partmethod = 'h'"), [["1"]], "groups")
    equal(rows("SELECT count(*) FROM ledger.bucket_gate"), [["64"]], "gates")


@act(MIGRATING, "a second run changes nothing, and one that failed half-way is taken to its end")
@fresh
def migrate_again(stage, rows):
    rows("INSERT INTO stub_fault VALUES ('create_distributed_table(journal%')")
    refused(stage, "the stub fails at")
    before = citus.calls(stage.place.database)
    rows("DELETE FROM stub_fault")
    migrate(stage)
    after = [call for call in citus.calls(stage.place.database) if "table" in call]
    equal(set(before) & set(after), set(), "what is done twice")
    equal(after[0], "create_distributed_table(journal, bucket, account, -)", "where it goes on")
    migrate(stage)
    equal([call for call in citus.calls(stage.place.database) if "table" in call], [], "tables of the second run")


@act(MIGRATING, "what is in the way is told with what to do, and nothing was changed")
@fresh
def migrate_refused(stage, rows):
    for wrong, right, words in (
            ("DELETE FROM pg_extension WHERE extname = 'citus'",
             "INSERT INTO pg_extension VALUES (99999, 'citus', 10, 11, false, '12.1-1')", ("has no Citus", "CREATE EXTENSION")),
            ("UPDATE pg_extension SET extversion = '11.3-1' WHERE extname = 'citus'",
             "UPDATE pg_extension SET extversion = '12.1-1' WHERE extname = 'citus'", ("Citus 11", "12 or later")),
            ("UPDATE pg_dist_local_group SET groupid = 3", "UPDATE pg_dist_local_group SET groupid = 0",
             ("of a worker", "coordinator")),
            ("UPDATE pg_dist_node SET shouldhaveshards = false", "UPDATE pg_dist_node SET shouldhaveshards = true",
             ("no server for tables", "citus_add_node"))):
        rows("SET allow_system_table_mods = on; " + wrong)
        refused(stage, *words)
        rows("SET allow_system_table_mods = on; " + right)
        equal(citus.calls(stage.place.database), [], f"calls after {wrong}")
        equal(rows("SELECT to_regnamespace('ledger') IS NULL"), [["t"]], f"no schema after {wrong}")
    equal("a file is not spread" in stage.place.refuse("db", "migrate", "--citus", "--database", "sqlite:a.db",
                                                       database=False).stderr, True, "a file")
    migrate(stage)


@act(MIGRATING, "while a node is at work the tables are left alone")
@fresh
def migrate_busy(stage, rows):
    del rows
    node = stage.place.serve("--threads", 1)
    refused(stage, "in use", "stop every node")
    equal(citus.calls(stage.place.database), [], "calls")
    node.stop()
    migrate(stage)


@act(MIGRATING, "a table that is distributed in another way, or apart, is told")
@fresh
def migrate_otherwise(stage, rows):
    stage.place.succeed("db", "migrate")
    rows("SELECT create_distributed_table('ledger.journal', 'bucket', shard_count := 32)")
    refused(stage, "journal", "undistribute_table")
    rows("DELETE FROM pg_dist_partition; DELETE FROM pg_dist_shard; DELETE FROM pg_dist_placement;"
         "SELECT create_distributed_table('ledger.journal', 'bucket', shard_count := 64)")
    refused(stage, "2 colocation groups", "update_distributed_table_colocation")


@act(MIGRATING, "a call that is not delegated to the server of its bucket is told")
@fresh
def migrate_undelegated(stage, rows):
    rows("INSERT INTO stub_fault VALUES ('nothing is delegated')")
    refused(stage, "not delegated", "start_metadata_sync_to_all_nodes")
    rows("DELETE FROM stub_fault")
    migrate(stage)


# ---- Batches of one bucket, on two servers ----

@contextlib.contextmanager
def two_servers(server, per_plan=1):
    """Accounts whose rows lie on one of two servers, so many of a plan on each, and a node that calls both. The way to
    the other server can be cut."""
    with coordinator() as stage:
        place = stage.place
        other = f"{server.address.rpartition('/')[0]}/{place.database.rpartition('/')[2]}"
        migrate(stage)
        groups = citus.groups_of_buckets(place.database)
        stage.notes["groups"] = groups
        stage.notes["keys"], stage.notes["ids"] = collections.defaultdict(list), {}
        wanted = collections.Counter({(plan, group): per_plan for plan, *_ in TABLE for group in (HOME, AWAY)})
        for account in itertools.count(1):  # ids rise from 1
            plan = next((plan for plan, *_ in TABLE if wanted[plan, groups[account % citus.BUCKETS]] > 0), None)
            key = place.new_key(f"a{account}@example.com", plan or TABLE[0][0])
            if plan:
                wanted[plan, groups[account % citus.BUCKETS]] -= 1
                stage.notes["keys"][plan, groups[account % citus.BUCKETS]].append(key)
                stage.notes["ids"][key] = account
            if not +wanted:
                break
        node = place.serve()  # puts the plan file into force, for both, and closes what can be closed: that moves marks
        until(lambda: place.ledger("SELECT count(*) FROM closing") != [["0"]], "periods are closed")
        node.stop()
        citus.split(place.database, other, AWAY)
        with CutWire(other) as wire:
            postgres.rows(place.database, "UPDATE pg_dist_node SET nodename = "
                                          f"'{citus.folder_of(wire.address)}' WHERE groupid = {AWAY}")
            stage.notes["wire"], stage.notes["other"] = wire, other
            stage.notes["node"] = place.serve("--threads", 2)
            yield stage


def node_anew(stage):
    """It reads the map at its first batch."""
    stage.notes["node"].stop()
    stage.notes["node"] = stage.place.serve("--threads", 1)


def ask(stage, key, **headers):
    return stage.notes["node"].ask(ENDPOINT + "?limit=1", headers={"x-api-key": key, **headers})


def books_of(stage, has_failed=True):
    """All that both servers hold, each row on the server of its bucket."""
    stage.notes["node"].stop()
    for address, group in ((stage.place.database, HOME), (stage.notes["other"], AWAY)):
        buckets = {int(bucket) for bucket, in postgres.rows(address, "SELECT DISTINCT bucket FROM journal", "ledger")}
        equal({stage.notes["groups"][bucket] for bucket in buckets} <= {group}, True, f"buckets {buckets} of group {group}")
    return citus.SpreadBooks(stage.place.database, stage.notes["other"], has_failed=has_failed)


@act(ROUTED, "calls of both servers at once: each account's limits are exact, and rows lie where their bucket does")
def routed(alone):
    with two_servers(alone.notes["server"], 3) as stage:
        keys = [key for some in stage.notes["keys"].values() for key in some]
        answers = collections.defaultdict(list)
        nodes = [stage.notes["node"], stage.place.serve("--threads", 1)]

        def ask_many(turn):
            key = keys[turn // 4 % len(keys)]
            with nodes[turn % 2].connect() as connection:
                for _ in range(40):
                    answers[key].append(connection.ask(ENDPOINT, headers={"x-api-key": key}))

        began = time.monotonic()
        at_once(ask_many, range(4 * len(keys)))
        took = time.monotonic() - began
        nodes[1].stop()
        books = books_of(stage, has_failed=False)
        for (plan, _), some in stage.notes["keys"].items():
            for key in some:
                charged = sum(number(answer, "X-Credits-Charged") for answer in answers[key])
                wanted = {"Roomy": 160 * COST, "Few": FEW, "Tight": TIGHT * COST}[plan]
                if plan == "Tight" and took >= 60:  # calls of the first minute have left the window
                    equal(charged >= wanted, True, f"{charged} credits of account {stage.notes['ids'][key]}, {plan}")
                else:
                    equal(charged, wanted, f"credits of account {stage.notes['ids'][key]}, {plan}")
                equal(books.credits_of(stage.notes["ids"][key]), charged, "in the books")
        for key in stage.notes["keys"]["Tight", HOME] + stage.notes["keys"]["Tight", AWAY]:
            books.window_holds(stage.notes["ids"][key], TIGHT)
        equal(len(books.charges), sum(answer.status == 200 for some in answers.values() for answer in some), "charges")
        rows_of_several = [row for address in books.addresses for row in
                           postgres.rows(address, "SELECT 1 FROM journal WHERE bucket = -1", "ledger")]
        equal(rows_of_several, [], "rows of several buckets")


@act(ROUTED, "an Idempotency-Key is replayed, on the server of its account")
def routed_replay(alone):
    with two_servers(alone.notes["server"]) as stage:
        for group in (HOME, AWAY):
            key = stage.notes["keys"]["Roomy", group][0]
            first, again = (ask(stage, key, **{"Idempotency-Key": "once"}) for _ in range(2))
            equal((first.status, number(first, "X-Credits-Charged")), (200, COST), "the first")
            equal((again.field("X-Charge-Id"), number(again, "X-Credits-Charged")), (first.field("X-Charge-Id"), 0), "again")
        equal(len(books_of(stage, has_failed=False).charges), 2, "charges")


@act(ROUTED, "a map that names the wrong server: 503, nothing is charged, and the map is read anew")
def stale_map(alone):
    with two_servers(alone.notes["server"]) as stage:
        for group, wrong in ((HOME, AWAY), (AWAY, HOME)):
            key = stage.notes["keys"]["Roomy", group][0]
            bucket = stage.notes["ids"][key] % citus.BUCKETS
            equal(ask(stage, key).status, 200, "before")
            citus.move_bucket(stage.place.database, bucket, wrong)
            node_anew(stage)
            equal({ask(stage, key).status for _ in range(MANY)}, {503}, "while it is wrong")
            citus.move_bucket(stage.place.database, bucket, group)
            equal({ask(stage, key).status for _ in range(MANY)}, {200}, "the map is read anew")
        books = books_of(stage)
        equal({charge.credits for charge in books.charges.values()}, {COST}, "credits of each charge")


@act(ROUTED, "a commit of a bucket whose end nobody heard is found on the server of the bucket: 200, charged once")
def bucket_commit_unheard(alone):
    cut_at_commit(alone, "after", 200, 3)


@act(ROUTED, "a commit of a bucket that never reached its server is 503, and nothing was charged")
def bucket_commit_lost(alone):
    cut_at_commit(alone, "before", 503, 2)


def cut_at_commit(alone, where, status, charges):
    with two_servers(alone.notes["server"]) as stage:
        key, wire = stage.notes["keys"]["Roomy", AWAY][0], stage.notes["wire"]
        equal(ask(stage, key).status, 200, "before")
        wire.cut(where, "batch")
        answer = ask(stage, key)
        equal(wire.has_cut, True, "the commit was cut")
        equal(answer.status, status, f"status of {answer!r}")
        until(lambda: ask(stage, key).status == 200, "calls are admitted again")
        books = books_of(stage)
        equal(answer.field("X-Request-Id") in books.requests, status == 200, "is charged")
        equal(len(books.charges), charges, "charges")


# A commit takes as long as somebody holds the lock; it does not wait for it, as nodes let nothing wait for long.
SLOW_COMMITS = ("CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN WHILE NOT pg_try_advisory_xact_lock(1) LOOP PERFORM pg_sleep(0.05); END LOOP; RETURN NULL; END $$;"
                " CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON journal DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION slow()")
SWIFT_COMMITS = "CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"


@act(ROUTED, "while a commit may yet end, its lane folds nothing: usage has its calls when it has")
def bucket_commit_doubted(alone):
    with two_servers(alone.notes["server"]) as stage:
        key, home = stage.notes["keys"]["Roomy", HOME][0], stage.place.database
        equal(ask(stage, key).status, 200, "before")
        postgres.rows(home, SLOW_COMMITS, "ledger")
        with postgres.holding(home, "DO $$ BEGIN PERFORM pg_advisory_xact_lock(1); END $$"):
            doubted = ask(stage, key)
            equal(doubted.status, 503, f"status of {doubted!r}")
            postgres.rows(home, SWIFT_COMMITS, "ledger")
            until(lambda: "usage is not folded" in stage.notes["node"].stderr, "it would have folded")
        equal({ask(stage, key).status for _ in range(MANY)}, {200}, "later calls")
        books = books_of(stage, has_failed=False)
        equal(doubted.field("X-Request-Id") in books.requests, True, "is charged")
        equal(len(books.charges), 2 + MANY, "charges")


@act(ROUTED, "a server that is lost refuses calls of its buckets alone")
def server_lost(alone):
    with two_servers(alone.notes["server"]) as stage:
        near, far = (stage.notes["keys"]["Roomy", group][0] for group in (HOME, AWAY))
        postgres.rows(stage.place.database, f"UPDATE pg_dist_node SET nodename = '/nowhere' WHERE groupid = {AWAY}")
        node_anew(stage)
        for _ in range(3):
            equal((ask(stage, far).status, ask(stage, near).status), (503, 200), "of its buckets, of others")
        postgres.rows(stage.place.database, "UPDATE pg_dist_node SET nodename = "
                                            f"'{citus.folder_of(stage.notes['wire'].address)}' WHERE groupid = {AWAY}")
        until(lambda: ask(stage, far).status == 200, "its calls are admitted again")
        books_of(stage)


# ---- The functions themselves ----

ADMIT = ("SELECT admit_bucket({bucket}, {row}, '\\x{batch}', 1, {row}, {stamp}, 1, '', '', '{{{account}}}', '{{{stamp}}}', '{{1}}', '{{0}}', '{{0}}',"
         " '{{{account}}}', '{{24300}}', '{{1}}', '{{8}}', '{{8}}', '{{0}}', '{{0}}', '{{Roomy}}', '{{1}}', '{{1000}}',"
         " '{{0}}')")


def admit(stage, **values):
    facts = {"bucket": 1, "account": 1, "row": 1000, "batch": "00" * 16, "stamp": 5_000_000, **values}
    return postgres.rows(stage.place.database, ADMIT.format(**facts), "ledger")


def held(stage, bucket, account, own_clock):
    """What the clock says, and how many rows are locked by whoever holds the account meanwhile."""
    sql = f"SELECT hold_bucket({bucket}, '{{{account}}}', {own_clock})"
    with postgres.holding(stage.place.database, f"DO $$ BEGIN PERFORM {sql.removeprefix('SELECT ')}; END $$", "ledger"):
        free = postgres.rows(stage.place.database, "SELECT 1 FROM account_window FOR UPDATE SKIP LOCKED", "ledger")
    return int(postgres.rows(stage.place.database, sql, "ledger")[0][0]), ACCOUNTS - len(free)


@contextlib.contextmanager
def migrated():
    with coordinator() as stage:
        migrate(stage)
        for account in range(1, ACCOUNTS + 1):
            stage.place.new_key(f"a{account}@example.com", "Roomy")
        yield stage


@act(SQL, "the same batch sent twice is one row, and the second time changes nothing")
def batch_twice(stage):
    equal(admit(stage), [["1000"]], "the row's id")
    before = stage.place.ledger("SELECT * FROM balance ORDER BY account_id")
    try:
        admit(stage, row=1001)
    except RuntimeError as failure:
        equal("journal_bucket_batch_id_key" in str(failure), True, f"which key is taken: {failure}")
    else:
        fail("the batch was taken twice")
    equal(stage.place.ledger("SELECT bucket, id FROM journal"), [["1", "1000"]], "the journal")
    equal(stage.place.ledger("SELECT * FROM balance ORDER BY account_id"), before, "balances")


@act(SQL, "an account is held in its own bucket alone")
def wrong_bucket(stage):
    equal([held(stage, bucket, 1, 5)[1] for bucket in (7, 1)], [0, 1], "locked: in another, in its own")


@act(SQL, "a server whose clock is behind decides about nothing in a period that is closed")
def clock_behind(stage):
    hour = 3_600_000_000
    stage.place.ledger(f"INSERT INTO closing VALUES (1, {10 * hour}, 0, 0, NULL)")
    try:
        equal([held(stage, 2, 2, hours * hour)[0] // hour for hours in (9, 10, 11)], [10, 10, 11], "hours")
    finally:
        stage.place.ledger("DELETE FROM closing")


@act(SQL, "whoever closes periods waits for the batches of each bucket, and they for it")
def gate(stage):
    with postgres.holding(stage.place.database, "DO $$ BEGIN PERFORM 1 FROM bucket_gate WHERE bucket = 1"
                          " FOR UPDATE; END $$", "ledger"):
        try:
            postgres.rows(stage.place.database, "SET lock_timeout = 100; SELECT hold_bucket(1, '{1}', 0)", "ledger")
        except RuntimeError as failure:
            equal("lock timeout" in str(failure), True, f"waits: {failure}")
        else:
            fail("a batch went through a gate that is shut")
        equal(held(stage, 2, 2, 5)[1], 1, "another bucket")


# ---- Clocks that are apart ----

@act(SKEWED, "nodes whose deciding clocks are an hour apart admit together what one would")
def clocks_apart(_stage):
    if not ON_POSTGRES:
        raise Skip("a file has one server")
    with Clock("2026-03-10T10:00:00Z") as behind, Clock("2026-03-10T11:00:00Z") as ahead, \
            Place(SAMPLE, plans=plans(TABLE), clock=behind) as place:
        citus.install(place.database)
        citus.add_server(place.database, HOME, place.database)
        place.succeed("db", "migrate", "--citus")
        keys = {plan: place.new_key(f"{plan}@example.com", plan) for plan in ("Few", "Tight")}
        nodes = [place.serve("--threads", 1, settings=clock.settings) for clock in (behind, ahead)]
        answers = collections.defaultdict(list)
        for turn in range(TIGHT + 20):
            for plan, key in keys.items():
                answers[plan].append(nodes[turn % 2].ask(ENDPOINT, headers={"x-api-key": key}))
        equal(sum(number(answer, "X-Credits-Charged") for answer in answers["Few"]), FEW, "credits")
        # One call came before the clock that is ahead was heard of.
        equal(sum(answer.status == 200 for answer in answers["Tight"]), TIGHT + 1, "slots")
        for node in nodes:
            node.stop()


@contextlib.contextmanager
def alone():
    if not ON_POSTGRES:
        raise Skip("a file is not spread")
    yield Stage(None)


@contextlib.contextmanager
def beside_another():
    """With a second server, for databases beside those of the first."""
    with alone() as stage, postgres.Server() as server:
        stage.notes["server"] = server
        yield stage


SCENARIOS = [
    Scenario("spreading a ledger", alone, MIGRATING),
    Scenario("batches of one bucket", beside_another, ROUTED),
    Scenario("functions of one bucket", migrated, SQL),
    Scenario("clocks that are apart, of a spread ledger", alone, SKEWED),
]
