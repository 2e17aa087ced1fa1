"""Several nodes on one PostgreSQL database: what they charge while nodes, connections and the database itself die,
and how soon each knows what another was told."""

import contextlib
import itertools
import json
import os
import random
import signal
import threading
import time

from support import postgres
from support.cluster_books import ClusterBooks
from support.cluster_load import Load, Nodes, at_once, check_told, refusals_of
from support.cut_wire import CutWire
from support.http_client import until
from support.lists import DAY, as_bare_list, options_of, sample_list
from support.metered import call, check_limited, number, plans
from support.server import ON_POSTGRES, Place
from support.steps import ENDPOINT, Scenario, Skip, Stage, act, dig, equal, fail, within_a_second

DYING, LOST, FOLLOWING, REPLAYS, LAST, LISTS, PLACES = [], [], [], [], [], [], []
COST = 8
LOAD_S = 8 if os.environ.get("TRENDGATE_TEST_FULL") == "1" else 5
SEED = int(os.environ.get("TRENDGATE_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
SAMPLE = {"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}

ENOUGH, FEW, A_DAY, TIGHT = 10**9, 160, 160, 150
TABLE = [("Hot", ENOUGH, 0, 100000, "none", 0), ("Tight", ENOUGH, 0, TIGHT, "none", 0),
         ("Few", FEW, 0, 100000, "none", 0), ("Daily", ENOUGH, A_DAY, 100000, "none", 0),
         ("Over", 80, 0, 100000, "always", 30)]
TURNS = ["Hot", "Hot", "Tight", "Hot", "Few", "Hot", "Daily", "Hot", "Over"]
IDS = {name: number for number, (name, *_) in enumerate(TABLE, 1)}


@contextlib.contextmanager
def several(count=4, table=TABLE, settings=None):
    if not ON_POSTGRES:
        raise Skip("a file has one server")
    with Place({**SAMPLE, **(settings or {})}, plans=plans(table)) as place:
        stage = Stage(place)
        stage.notes["keys"] = {name: place.new_key(f"{name}@example.com", name) for name, *_ in table}
        stage.nodes = Nodes(place, count, "--threads", 1)
        yield stage
        stage.nodes.stop()


# ---- Deaths ----

@contextlib.contextmanager
def under_load(what):
    """A story of its own: load while the body disturbs, then the books."""
    print(f"cluster: seed {SEED}")
    with several() as stage:
        load = Load(stage.nodes, stage.notes["keys"], TURNS, SEED)
        try:
            until(lambda: any(told.status == 200 for told in load.told), "a first answer")
            yield stage, load
            await_ends(load)
        finally:
            load.finish()
        stage.nodes.stop()
        check_books(stage, load, what)


def has_ended(load, account):
    return any(told.account == account and told.status == 402 for told in load.told)


def await_ends(load):
    """check_books wants them."""
    until(lambda: all(has_ended(load, account) for account in ("Few", "Daily")), "the little accounts are used up")


def check_books(stage, load, what):
    books = ClusterBooks(stage.place.database)
    check_told(load.told, load.lost, books, IDS)
    books.window_holds(IDS["Tight"], TIGHT)
    for refused in ("Few", "Daily"):
        equal(has_ended(load, refused), True, f"{refused} ends")
    equal(books.credits_of(IDS["Few"]), FEW, "the last credits are used, and no more")
    for day, credits in books.charged_on_days(IDS["Daily"]).items():
        equal(credits <= A_DAY, True, f"day {day} of the daily cap: {credits}")
    left = [told.left for told in load.told if told.account == "Few" and told.charged]
    equal(len(left), len(set(left)), "each 200 leaves other credits")
    statuses = [told.status for told in load.told]
    print(f"cluster: {what}: {len(books.charges)} charges, answers "
          f"{({status: statuses.count(status) for status in sorted(set(statuses))})}, {len(load.lost)} lost")


def while_loaded(dice, least, most):
    """Goes on for LOAD_S, with pauses of random length: how long things live is the very thing that is varied."""
    ends = time.monotonic() + LOAD_S
    while time.monotonic() < ends:
        time.sleep(dice.uniform(least, most))
        yield


@act(DYING, "four nodes under load are killed at random: nothing is charged twice, and nothing is lost")
def nodes_die(_stage):
    dice = random.Random(SEED)

    def killed():
        with under_load("nodes killed") as (stage, load):
            for _ in while_loaded(dice, 0.1, 0.7):
                stage.nodes.replace(dice.randrange(4))
        return [told for told in load.told if told.status == 503]

    if refusals := refusals_of(killed):
        fail("a node that lives refuses because another was killed", *refusals[:5])


@act(DYING, "connections to the database are ended at random: a 503 is never charged, and a 200 always")
def connections_die(_stage):
    dice = random.Random(SEED)
    with under_load("connections ended") as (stage, _):
        for _ in while_loaded(dice, 0.05, 0.3):
            postgres.rows(stage.place.database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                          " current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2")


@act(DYING, "the database crashes and is begun again: a 503 is never charged, and a 200 always")
def database_dies(_stage):
    dice = random.Random(SEED)
    with postgres.of_its_own() as server, under_load("database crashed"):
        for _ in while_loaded(dice, 0.5, 2.0):
            server.crash()
            server.begin()


# ---- A database that is lost ----

def books_of(stage):
    """Read while nodes are at work, none of which has a call to write."""
    return until(lambda: settled(stage), "the books add up")


def settled(stage):
    with contextlib.suppress(AssertionError):
        return ClusterBooks(stage.place.database)
    return None


@act(LOST, "without a database calls are 503 with Retry-After, uncharged; with it they are 200 again")
def database_down(_stage):
    with postgres.of_its_own() as server, several(count=2) as stage:
        key = {"x-api-key": stage.notes["keys"]["Hot"]}
        for node in stage.nodes.all:
            equal(node.ask(ENDPOINT, headers=key).status, 200, "before")
        server.crash()
        try:
            for node in stage.nodes.all * 2:
                answer = node.ask(ENDPOINT, headers=key)
                equal((answer.status, dig(answer.json(), "data.reason")), (503, "overloaded"), f"{answer!r}")
                equal(number(answer, "Retry-After") > 0, True, "Retry-After")
                equal(answer.field("X-Charge-Id"), None, "X-Charge-Id")
        finally:
            server.begin()
        for node in stage.nodes.all:
            until(lambda node=node: node.ask(ENDPOINT, headers=key).status == 200, "calls are admitted again")
        equal(len(books_of(stage).charges), 4, "charges: two before, two after")


@act(LOST, "a database that stands still is refused like one that is gone; what it does later is charged or was doubted")
def database_stands_still(_stage):
    with postgres.of_its_own() as server, several(count=2) as stage:
        keys = stage.notes["keys"]
        load = Load(stage.nodes, keys, ["Hot"], SEED)
        try:
            until(lambda: len(load.told) > 100, "first answers")
            with server.standing_still():
                for node in stage.nodes.all:
                    until(lambda node=node: node.ask("/ready").status == 503, "/ready tells")
                    answer = node.ask(ENDPOINT, "HEAD", {"x-api-key": keys["Hot"]})
                    equal((answer.status, number(answer, "Retry-After") > 0), (503, True), f"refused at once: {answer!r}")
            postgres.rows(server.address, "SELECT 1")  # by now it answers newcomers
            for node in stage.nodes.all:
                within_a_second(lambda node=node: node.ask("/ready").status == 200, "/ready is 200 again")
            before = len(load.told)
            until(lambda: any(told.status == 200 for told in load.told[before:]), "calls are admitted again")
        finally:
            load.finish()
        equal(load.lost, set(), "calls without an answer")
        stage.nodes.stop()
        check_told(load.told, load.lost, ClusterBooks(stage.place.database), IDS, stage.nodes.doubted())


def standbys(server, name):
    """Whose word commits wait for; there is none of that name."""
    postgres.rows(server.address, f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    postgres.rows(server.address, "SELECT pg_reload_conf()")


@act(LOST, "a commit that ends long after its calls were answered 503 is named in the log, and told to who asks again")
def commit_doubted(_stage):
    with postgres.of_its_own() as server, several(count=1) as stage:
        [node], key = stage.nodes.all, stage.notes["keys"]["Hot"]
        turns = itertools.count()
        while not stage.nodes.doubted():  # what stood still before was a fold: then no batch was begun
            until(lambda: asked(node, key).status == 200, "calls are admitted")
            standbys(server, "nobody")
            try:
                until(lambda: asked(node, key, **{"Idempotency-Key": f"doubt-{next(turns)}"}).status == 503, "it stands still")
                with contextlib.suppress(AssertionError):
                    until(stage.nodes.doubted, "the log names it", 3)
            finally:
                standbys(server, "")
        [batch], marked = stage.nodes.doubted(), f"doubt-{next(turns) - 1}"
        again = until(lambda: (told := asked(node, key, **{"Idempotency-Key": marked})).status == 200 and told, "it is told")
        equal((again.field("Idempotent-Replayed"), number(again, "X-Credits-Charged")), ("true", 0), f"{again!r}")
        stage.nodes.stop()
        books = ClusterBooks(stage.place.database)
        entry = books.charges[again.field("X-Charge-Id")]
        equal((entry.idempotency_key, books.batches[entry.row]), (marked, batch), "what the journal has")


@act(LOST, "while nobody calls, a database that stands still or is gone is told by /ready")
def idle_database_lost(_stage):
    def is_ready(node):
        return node.ask("/ready").status == 200
    with postgres.of_its_own() as server, several(count=1) as stage:
        [node] = stage.nodes.all
        # Closing periods, as it does first, may take as long as its statements: nothing else looks meanwhile.
        until(lambda: stage.place.ledger("SELECT count(*) FROM closing") != [["0"]], "periods are closed")
        with server.standing_still():
            until(lambda: not is_ready(node), "/ready tells that it stands still")
        postgres.rows(server.address, "SELECT 1")  # by now it answers newcomers
        within_a_second(lambda: is_ready(node), "/ready is 200 again")
        server.crash()
        try:
            until(lambda: not is_ready(node), "/ready tells that it is gone")
        finally:
            server.begin()
        until(lambda: is_ready(node), "/ready is 200 again")


@contextlib.contextmanager
def wired_node():
    """A node whose connections can be cut, and a function that calls it; the stage has another one."""
    with several(count=1) as stage:
        database = stage.place.database
        with CutWire(database) as wire:
            stage.place.database = wire.address
            node = stage.place.serve("--threads", 1)
            stage.place.database = database
            key = {"x-api-key": stage.notes["keys"]["Hot"]}
            equal(node.ask(ENDPOINT, headers=key).status, 200, "before")
            yield stage, wire, lambda: node.ask(ENDPOINT, headers=key)
            node.stop()


def cut_at_commit(where):
    """The answer to a call whose batch's commit was cut, and the books."""
    with wired_node() as (stage, wire, ask):
        wire.cut(where, "batch")
        answer = ask()
        equal(wire.has_cut, True, "the commit was cut")
        until(lambda: ask().status == 200, "calls are admitted again")
        return answer, books_of(stage)


@act(LOST, "a commit that took place, and whose end nobody heard, is found: 200")
def commit_unheard(_stage):
    answer, books = cut_at_commit("after")
    equal(answer.status, 200, f"status of {answer!r}")
    equal(books.charges[answer.field("X-Charge-Id")].request_id, answer.field("X-Request-Id"), "in the journal")
    equal(len(books.charges), 3, "charges")


@act(LOST, "a commit that never reached the database is 503, and nothing was charged")
def commit_lost(_stage):
    answer, books = cut_at_commit("before")
    equal(answer.status, 503, f"status of {answer!r}")
    equal(answer.field("X-Request-Id") in books.requests, False, "is charged")
    equal(len(books.charges), 2, "charges")


@act(LOST, "a fold that took place, and whose end nobody heard, counts once, and so does what came after it")
def fold_unheard(_stage):
    with wired_node() as (stage, wire, ask):
        def folded():
            return int(stage.place.ledger("SELECT coalesce(sum(charged), 0) FROM usage_hour")[0][0])
        wire.cut("after", "fold")
        until(lambda: wire.has_cut, "a fold is cut")
        before = folded()
        until(lambda: ask() and folded() > before, "what came after is folded")
        ask()
        stage.place.servers[-1].stop()  # which folds whatever either of its lanes has gathered
        books_of(stage)


# ---- What one node is told, all follow ----

def charges_so_far(stage):
    return int(stage.place.ledger("SELECT coalesce(sum(used + overage), 0) FROM balance")[0][0])


@contextlib.contextmanager
def open_connections(stage):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(node.connect()) for node in stage.nodes.all]


def statuses(connections, key):
    return {connection.ask(ENDPOINT, "HEAD", {"x-api-key": key}).status for connection in connections}


def new_key(stage, email):
    return json.loads(stage.place.succeed("key", "create", email, "--json", follows=False).stdout)


@act(FOLLOWING, "a new key works on every node within a second, and stops on every one when it is revoked")
def key_follows(stage):
    with open_connections(stage) as connections:
        made = new_key(stage, "Hot@example.com")
        within_a_second(lambda: statuses(connections, made["api_key"]) == {200}, "the new key works")
        stage.place.succeed("key", "revoke", made["id"], follows=False)
        within_a_second(lambda: statuses(connections, made["api_key"]) == {401}, "the revoked key stops")
        equal(statuses(connections, stage.notes["keys"]["Hot"]), {200}, "the account's other key")


@act(FOLLOWING, "a key that was revoked while a node stood still is refused by it, and takes nothing")
def key_ends_unseen(stage):
    made, node = new_key(stage, "Hot@example.com"), stage.nodes.all[0]
    headers, answers = {"x-api-key": made["api_key"]}, []
    until(lambda: node.ask(ENDPOINT, headers=headers).status == 200, "the new key works")
    before = charges_so_far(stage)
    with node.connect() as connection:
        connection.ask(ENDPOINT, "HEAD", headers)
        node.signal(signal.SIGSTOP)
        try:
            stage.place.succeed("key", "revoke", made["id"], follows=False)
            asking = threading.Thread(target=lambda: answers.append(connection.ask(ENDPOINT, headers=headers)))
            asking.start()
            time.sleep(1)  # the call is there before the news is
        finally:
            node.signal(signal.SIGCONT)
        asking.join()
    equal(answers[0].status in (401, 503), True, f"{answers[0]!r}")
    equal(charges_so_far(stage), before, "charges")
    within_a_second(lambda: node.ask(ENDPOINT, headers=headers).status == 401, "the revoked key stops")


@act(FOLLOWING, "an account that is suspended is refused by every node within a second, and taken when it is resumed")
def suspension_follows(stage):
    key = stage.notes["keys"]["Tight"]
    with open_connections(stage) as connections:
        for verb, status in (("suspend", 403), ("resume", 200)):
            stage.place.succeed("account", verb, "Tight@example.com", follows=False)
            within_a_second(lambda status=status: statuses(connections, key) == {status}, f"{verb} is seen")


@act(FOLLOWING, "a plan that is changed rules on every node within a second")
def plan_follows(stage):
    stage.place.succeed("account", "create", "moves@example.com", "--plan", "Tight")
    key = new_key(stage, "moves@example.com")["api_key"]
    with open_connections(stage) as connections:
        def limits():
            return {connection.ask(ENDPOINT, "HEAD", {"x-api-key": key}).field("X-RateLimit-Limit")
                    for connection in connections}
        until(lambda: limits() == {str(TIGHT)}, "the first plan")
        stage.place.succeed("account", "plan", "moves@example.com", "Over", follows=False)
        within_a_second(lambda: limits() == {"100000"}, "the other plan")


# ---- Idempotency-Key ----

def in_turn(stage, count):
    return list(itertools.islice(itertools.cycle(stage.nodes.all), count))


def asked(node, key, query="", **headers):
    return node.ask(ENDPOINT + query, headers={"x-api-key": key, **headers})


@act(REPLAYS, "a key that one node charged is replayed by the others, and with other arguments refused")
def replayed_elsewhere(stage):
    key = stage.notes["keys"]["Hot"]
    for name, query in (("sample", ""), ("other", "?country_code=MY&limit=3")):
        marked = {"Idempotency-Key": f"once-{name}"}
        first = asked(stage.nodes.all[0], key, query, **marked)
        equal((first.status, number(first, "X-Credits-Charged")), (200, COST), "the first")
        for node in stage.nodes.all[1:] + stage.nodes.all[:1]:
            again = asked(node, key, query, **marked)
            equal((again.status, number(again, "X-Credits-Charged"), again.field("Idempotent-Replayed"),
                   again.field("X-Charge-Id")), (200, 0, "true", first.field("X-Charge-Id")), f"{again!r}")
            equal(again.json()["data"]["data"], first.json()["data"]["data"], "what is replayed")
            other = asked(node, key, "?period=30", **marked)
            equal((other.status, dig(other.json(), "data.reason")), (422, "idempotency_conflict"), f"{other!r}")
            equal(number(other, "X-Credits-Charged"), 0, "credits of the conflict")


@act(REPLAYS, "one key on all nodes at once is charged once")
def replayed_at_once(stage):
    key = stage.notes["keys"]["Hot"]
    for turn in range(20):
        answers = at_once(lambda node, turn=turn: asked(node, key, **{"Idempotency-Key": f"together-{turn}"}), in_turn(stage, 16))
        equal({answer.status for answer in answers}, {200}, "statuses")
        equal(sum(number(answer, "X-Credits-Charged") for answer in answers), COST, "credits")
        equal(len({answer.field("X-Charge-Id") for answer in answers}), 1, "charge ids")


@act(REPLAYS, "a replay renders the capture that was charged, also on a node that has served a later one")
def replayed_capture(stage):
    key, marked = stage.notes["keys"]["Hot"], {"Idempotency-Key": "earlier"}
    first, second = sample_list(301, "SG"), sample_list(302, "SG", captured_at=sample_list(301, "SG")["captured_at"] + DAY)
    query = "?country_code=SG&limit=100"
    publish(stage, first)
    await_list(stage, first, query)
    charged = asked(stage.nodes.all[0], key, query, **marked)
    publish(stage, second)
    await_list(stage, second, query)
    again = asked(stage.nodes.all[1], key, query, **marked)
    equal(again.field("X-Charge-Id"), charged.field("X-Charge-Id"), "X-Charge-Id")
    equal(again.json()["data"]["data"]["list"], first["items"][:100], "the list")


# ---- The last credits ----

@act(LAST, "the last credits of an account, asked for on all nodes at once, are given once each")
def last_credits(stage):
    key = stage.notes["keys"]["Few"]

    def ask_many(node):
        with node.connect() as connection:
            return [connection.ask(ENDPOINT, headers={"x-api-key": key}) for _ in range(8)]

    answers = [answer for some in at_once(ask_many, in_turn(stage, 16)) for answer in some]
    given = [number(answer, "X-Credits-Remaining") for answer in answers if answer.status == 200]
    equal(sorted(given), list(range(0, FEW, COST)), "what each 200 leaves")
    for answer in answers:
        if answer.status != 200:
            check_limited(answer, 402, "insufficient_credits", "monthly", "Few", "Hot", credits_used=FEW)


@act(LAST, "the slots of one minute, asked for on all nodes at once, are given once each")
def last_slots(stage):
    key = stage.notes["keys"]["Tight"]

    def ask_many(node):
        with node.connect() as connection:
            return [connection.ask(ENDPOINT, headers={"x-api-key": key}) for _ in range(12)]

    answers = [answer for some in at_once(ask_many, in_turn(stage, 16)) for answer in some]
    given = [number(answer, "X-RateLimit-Remaining") for answer in answers if answer.status == 200]
    equal({answer.status for answer in answers}, {200, 429}, "statuses")
    books_of(stage).window_holds(IDS["Tight"], TIGHT)
    equal(sorted(given), list(range(TIGHT)), "what each 200 leaves")


# ---- Addresses ----

@act(PLACES, "of 150 addresses that call four nodes at once 64 are told, and the others together: no call is lost")
def addresses_over_nodes(stage):
    key = stage.notes["keys"]["Hot"]
    def ask_many(_node, numbers=itertools.count()):
        for number_of in (next(numbers) for _ in range(10)):
            for node in stage.nodes.all[number_of % 2::2]:  # each address at two nodes
                asked(node, key, **{"X-Forwarded-For": f"192.0.2.{number_of}"})
    at_once(ask_many, in_turn(stage, 15))

    def told(node):
        data = asked_of(node, key, "/api/v1/usage/me/recent-ips?limit=100")
        return len(data["items"]), sum(item["request_count"] for item in data["items"] + [data["others"] or {"request_count": 0}])

    for node in stage.nodes.all:
        until(lambda node=node: told(node) == (64, 300), f"all calls are told by each node: {told(node)}")
    kept = [asked_of(node, key, "/api/v1/usage/me/recent-ips?limit=100") for node in stage.nodes.all]
    equal(all(one["items"] == kept[0]["items"] for one in kept), True, "nodes tell the same")


def asked_of(node, key, path):
    answer = node.ask(path, headers={"x-api-key": key})
    equal(answer.status, 200, f"{answer!r}")
    return answer.json()["data"]


# ---- Lists ----

def publish(stage, made):
    stage.place.succeed("import", stage.place.write("list.json", as_bare_list(made)), *options_of(made))


def await_list(stage, made, query):
    for node in stage.nodes.all:
        def serves(node=node):
            answer = asked(node, stage.notes["keys"]["Hot"], query)
            return answer.status == 200 and answer.json()["data"]["data"]["list"] == made["items"][:100]
        until(serves, f"the list {query} is served by each node")


@act(LISTS, "a list that is imported is served by every node, and so is the one after it")
def list_follows(stage):
    begins = sample_list(311, "DE")["captured_at"]
    for day in range(2):
        made = sample_list(311 + day, "DE", captured_at=begins + day * DAY)
        publish(stage, made)
        await_list(stage, made, "?country_code=DE&limit=100")


@contextlib.contextmanager
def alone():
    if not ON_POSTGRES:
        raise Skip("a file has one server")
    yield Stage(None)


SCENARIOS = [
    Scenario("nodes that die", alone, DYING),
    Scenario("a database that is lost", alone, LOST),
    Scenario("nodes that follow", several, FOLLOWING),
    Scenario("replays over nodes", several, REPLAYS),
    Scenario("the last of it over nodes", several, LAST),
    Scenario("addresses over nodes", lambda: several(settings={"TRENDGATE_SERVER_TRUSTED_PROXIES": "127.0.0.1"}), PLACES),
    Scenario("lists over nodes", several, LISTS),
]
