"""A database that moves to another server, has no connection left, or has its rows locked: calls are refused meanwhile,
and nothing is charged twice, nor lost."""

import concurrent.futures
import contextlib
import signal
import time

from cluster import COST, ENOUGH, IDS, SEED, TURNS, await_ends, check_books, several
from support import postgres
from support.cluster_load import Load
from support.http_client import PATIENCE_S, until
from support.metered import number
from support.server import ON_POSTGRES, Skip
from support.steps import ENDPOINT, Scenario, Stage, act, dig, equal, within_a_second

MOVING, REFUSED = [], []
HOT = "Hot"


@contextlib.contextmanager
def own_nodes():
    if not ON_POSTGRES:
        raise Skip("a file has one server")
    with postgres.of_its_own(max_connections="30") as server, several(count=2) as stage:
        stage.notes["server"] = server
        yield stage


@contextlib.contextmanager
def nothing():
    if not ON_POSTGRES:
        raise Skip("a file has one server")
    yield Stage(None)


def await_charge(load):
    """A 200 for a call that begins from now on."""
    already = len(load.told)
    until(lambda: any(told.charged for told in load.told[already:]), "calls are charged")


def begin_with_standby(stage, standby):
    """The nodes anew, each of which knows both servers."""
    stage.nodes.stop()
    stage.place.databases.clear()  # they end with their servers
    stage.place.database = postgres.with_standby(stage.place.database, standby)
    stage.nodes.all = [stage.place.serve("--threads", 1) for _ in stage.nodes.all]


@act(MOVING, "a standby that takes the place of its primary under load has every charge that was answered, once")
def failover(_stage):
    with postgres.of_its_own() as primary, several(count=2) as stage, postgres.Standby(primary) as standby:
        begin_with_standby(stage, standby)
        load = Load(stage.nodes, stage.notes["keys"], TURNS, SEED)
        try:
            await_charge(load)
            time.sleep(2)  # a load of some length is what is wanted
            primary.crash()
            until(lambda: load.told and load.told[-1].status == 503, "calls are refused")
            standby.promote()
            began = time.monotonic()
            await_charge(load)
            print(f"failover: {time.monotonic() - began:.2f} s from the promotion to the first charge")
            time.sleep(2)
            await_ends(load)
        finally:
            load.finish()
        stage.nodes.stop()
        stage.place.books_agree()
        check_books(stage, load, "failover")


@act(MOVING, "a node does not begin on a standby alone")
def standby_alone(_stage):
    with postgres.of_its_own() as primary, several(count=1) as stage, postgres.Standby(primary) as standby:
        stage.nodes.stop()
        stage.place.databases.clear()
        name = stage.place.database.rpartition("/")[2]
        refused = stage.place.run("serve", "--database", f"{standby.address.rpartition('/')[0]}/{name}", database=False)
        equal(refused.status != 0, True, f"{refused!r}")
        equal("is not to be had" in refused.stderr, True, f"{refused!r}")


def is_ready(node):
    return node.ask("/ready").status == 200


@act(MOVING, "a primary that answers and cannot commit is told by /ready, from before the first call until it can")
def standby_lost(_stage):
    with postgres.of_its_own() as primary, several(count=1) as stage, postgres.Standby(primary) as standby:
        [node] = stage.nodes.all
        key = {"x-api-key": stage.notes["keys"][HOT]}
        equal(node.ask(ENDPOINT, headers=key).status, 200, "before")
        with standby.standing_still():
            until(lambda: not is_ready(node), "/ready tells that nothing is committed")
            for _ in range(30):
                equal((is_ready(node), node.ask(ENDPOINT, headers=key).status), (False, 503), "while nothing is committed")
                time.sleep(0.1)  # the follower, which only reads, comes by four times a second
        postgres.rows(primary.address, "SELECT pg_logical_emit_message(true, '', '')")  # by now a newcomer can commit
        within_a_second(lambda: is_ready(node), "/ready is 200 again")
        equal(node.ask(ENDPOINT, headers=key).status, 200, "after")
        equal(charges_of(stage), 2, "charges")


@act(MOVING, "a node ends while its database stands still")
def ended_standing_still(_stage):
    with postgres.of_its_own() as server, several(count=1) as stage:
        [node] = stage.nodes.all
        equal(node.ask(ENDPOINT, headers={"x-api-key": stage.notes["keys"][HOT]}).status, 200, "before")
        # Closing periods, as it does first, may take as long as its statements, and a stop waits for it.
        until(lambda: stage.place.ledger("SELECT count(*) FROM closing") != [["0"]], "periods are closed")
        with server.standing_still():
            node.signal(signal.SIGTERM)
            equal(node.wait(patience=PATIENCE_S), 0, "its status")
        stage.place.books_agree()
        equal(charges_of(stage), 1, "charges")


def call_in_one_batch(node, key, count):
    """Statuses of calls that a node finds waiting all at once."""
    node.signal(signal.SIGSTOP)
    with concurrent.futures.ThreadPoolExecutor(count) as callers:
        calls = [callers.submit(node.ask, ENDPOINT, headers=key) for _ in range(count)]
        time.sleep(0.3)  # until all are sent
        node.signal(signal.SIGCONT)
        return [each.result().status for each in calls]


# A batch's commit, and not one that is merely tried: it has locked windows.
BATCHES_WAITING = """SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
    WHERE a.wait_event = 'SyncRep' AND l.relation = 'account_window'::regclass AND l.mode = 'RowExclusiveLock'"""


def waits_for_standby(stage):
    return stage.place.ledger(BATCHES_WAITING) != [["0"]]


def last_id(stage):
    return int(stage.place.ledger("SELECT last_value FROM journal_id")[0][0])


@act(MOVING, "what a crash undid is not taken for what another node wrote after it")
def undone_by_a_crash(_stage):
    table = [("Hot", ENOUGH, 0, 100000, "none", 0), ("Five", ENOUGH, 0, 5, "none", 0)]
    with postgres.of_its_own() as primary, several(count=2, table=table) as stage, postgres.Standby(primary) as standby:
        begin_with_standby(stage, standby)
        near, far = stage.nodes.all
        hot, five = ({"x-api-key": stage.notes["keys"][name]} for name in ("Hot", "Five"))
        # Ids are logged 32 at a time: the next one is given again after a crash.
        until(lambda: near.ask(ENDPOINT, headers=hot) and stage.place.ledger("SELECT log_cnt FROM journal_id") == [["0"]],
              "all ids that are logged are given")
        id_before = last_id(stage)
        with concurrent.futures.ThreadPoolExecutor(1) as caller:
            with standby.crashing():
                undone = caller.submit(near.ask, ENDPOINT, headers=five)
                until(lambda: waits_for_standby(stage), "the call's batch waits for the standby")
                undone_id = last_id(stage)
                primary.crash()
            standby.promote()
        equal(undone.result().status, 503, "the call whose commit was undone")
        until(lambda: is_ready(near) and is_ready(far), "both nodes are ready")
        equal(call_in_one_batch(far, five, 5), [200] * 5, "a minute's calls on the other node")
        equal(stage.place.ledger(f"SELECT min(id) FROM journal WHERE id > {id_before}"), [[str(undone_id)]],
              "the id of what was undone, given again")
        equal(near.ask(ENDPOINT, headers=five).status, 429, "one more on the first node")


def refused_then_admitted(stage, disturbance):
    """Calls are 503 while it lasts and 200 after it; one charge a 200."""
    key, node = {"x-api-key": stage.notes["keys"][HOT]}, stage.nodes.all[0]
    before = charges_of(stage)
    equal(node.ask(ENDPOINT, headers=key).status, 200, "before")
    with disturbance:
        answer = node.ask(ENDPOINT, headers=key)
        equal((answer.status, dig(answer.json(), "data.reason")), (503, "overloaded"), f"{answer!r}")
        equal(number(answer, "Retry-After") > 0, True, "Retry-After")
    until(lambda: node.ask(ENDPOINT, headers=key).status == 200, "calls are admitted again")
    equal(charges_of(stage), before + 2, "charges")


def charges_of(stage):
    return int(stage.place.ledger("SELECT coalesce(sum(calls), 0) FROM journal")[0][0])


@act(REFUSED, "a batch that is undone after it was decided leaves the minute and the credits as they were")
def undone(stage):
    key, node = {"x-api-key": stage.notes["keys"][HOT]}, stage.nodes.all[0]
    before = node.ask(ENDPOINT, headers=key)
    with postgres.holding(stage.place.database, "LOCK TABLE balance IN EXCLUSIVE MODE", "ledger"):
        equal(node.ask(ENDPOINT, headers=key).status, 503, "while nothing can be written")
    after = node.ask(ENDPOINT, headers=key)
    for name, taken in (("X-RateLimit-Remaining", 1), ("X-Credits-Remaining", COST)):
        equal(number(after, name), number(before, name) - taken, name)


@contextlib.contextmanager
def standing_still(nodes):
    for node in nodes:
        node.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for node in nodes:
            node.signal(signal.SIGCONT)


@contextlib.contextmanager
def no_connection_left(stage):
    """Those of the nodes are ended, and others take them all before the nodes see it."""
    address = stage.notes["server"].address
    with contextlib.ExitStack() as others:
        def take():
            session = postgres.Session(address)
            others.callback(session.end)
            return session
        admin = take()

        def all_are_taken():
            # Each time: one that a node had asked for may begin only now.
            admin.ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'trendgate'")
            with contextlib.suppress(RuntimeError):
                while True:
                    take()
            return admin.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trendgate'") == "0"
        with standing_still(stage.nodes.all):
            until(all_are_taken, "nodes have no connection")
        yield


@act(REFUSED, "without a connection to be had calls are 503, uncharged, and 200 when there is one again")
def too_many(stage):
    refused_then_admitted(stage, no_connection_left(stage))


@contextlib.contextmanager
def read_only(stage):
    """As who keeps a disk from running full sets it; sessions that are open follow too."""
    address = stage.notes["server"].address

    def has_come(value):
        return postgres.rows(address, "SHOW default_transaction_read_only") == [[value]]
    postgres.rows(address, "ALTER SYSTEM SET default_transaction_read_only = on")
    postgres.rows(address, "SELECT pg_reload_conf()")
    until(lambda: has_come("on"), "the server is read-only")
    time.sleep(0.5)  # sessions read their settings one after the other
    try:
        yield
    finally:
        postgres.rows(address, "ALTER SYSTEM RESET default_transaction_read_only")
        postgres.rows(address, "SELECT pg_reload_conf()")


@act(REFUSED, "while the server is made read-only calls are 503, uncharged, and 200 after it")
def made_read_only(stage):
    refused_then_admitted(stage, read_only(stage))


@act(REFUSED, "while the rows of accounts are locked by another calls are 503, uncharged, and 200 after it")
def locked(stage):
    refused_then_admitted(stage, postgres.holding(stage.place.database, "LOCK TABLE account_window IN EXCLUSIVE MODE", "ledger"))


SCENARIOS = [
    Scenario("a database that moves", nothing, MOVING),
    Scenario("a database that cannot", own_nodes, REFUSED),
]
