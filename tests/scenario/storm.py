"""The storm: nodes, PostgreSQL and the network between them fail at random while many clients ask; afterwards the
clients' own logs are compared with the journal, and every invariant holds. TRENDGATE_TEST_SEED repeats one."""

import collections
import contextlib
import json
import os
import random
import time

from support import postgres
from support.cluster_books import ClusterBooks
from support.cluster_load import DOUBTED, check_told
from support.http_client import Closed, until
from support.metered import number, plans
from support.server import ON_POSTGRES, Place
from support.steps import ENDPOINT, Scenario, Skip, Stage, act, dig, equal, within_a_second
from support.storm_load import COST, StormLoad, check_replays, check_window_seen
from support.storm_wire import DOWN, UP, StormWire

STORMS = []
IS_FULL = os.environ.get("TRENDGATE_TEST_FULL") == "1"
SECONDS = float(os.environ.get("TRENDGATE_TEST_STORM", "120" if IS_FULL else "15"))
CLIENTS = 64 if IS_FULL else 24
OTHERS = 1000 if IS_FULL else 200
SEED = int(os.environ.get("TRENDGATE_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
NODES = 4
LONGEST = 30.0 if IS_FULL else 8.0  # past what a commit is waited and asked for
START_PATIENCE_S = 60
ME = "/api/v1/billing/me"

ENOUGH, FEW, A_DAY, TIGHT, HOT = 10**9, 400, 480, 60, 1000
BASE, SPEND_CENTS, PER_1000_CENTS = 80, 10, 30
OVER_MAX = BASE + SPEND_CENTS * 1000 // PER_1000_CENTS  # credits: the allowance, and what the limit pays for
TABLE = [("Crowd", ENOUGH, 0, 100000, "none", 0), ("Tight", ENOUGH, 0, TIGHT, "none", 0),
         ("Few", FEW, 0, 100000, "none", 0), ("Daily", ENOUGH, A_DAY, 100000, "none", 0),
         ("Over", BASE, 0, 100000, "opt_in", PER_1000_CENTS), ("Enterprise", 5000000, 0, HOT, "always", 12)]
ALLOWANCES = {"Few": FEW, "Over": OVER_MAX}
SPECIAL = ["Enterprise", "Tight", "Few", "Daily", "Over"]


def choose(dice):
    """The hot account has half of all calls, all those who run out a tenth each, the crowd the rest."""
    turn = dice.random()
    if turn < 0.5:
        return "Enterprise"
    if turn < 0.7:
        return dice.choice(SPECIAL[1:])
    return f"other{dice.randrange(OTHERS)}"


class WiredNodes:
    """Nodes each behind a wire of its own; whichever dies is begun again."""

    def __init__(self, place, wires, ports):
        """ports: where clients find them."""
        self.place, self.wires, self.ports = place, wires, ports
        self.begun = []
        self.all = [self._begin(number) for number in range(len(wires))]

    def _begin(self, number):
        """A node needs its database to begin: it is begun until it does."""
        deadline = time.monotonic() + START_PATIENCE_S
        while True:
            database = self.place.database
            self.place.database = self.wires[number].address
            try:
                node = self.place.serve("--threads", 1)
                self.begun.append(node)
                self.ports[number] = node.port
                return node
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
            finally:
                self.place.database = database

    def renew(self, number, ends):
        ends(self.all[number])
        self.all[number] = self._begin(number)

    def are_ready(self):
        return all(is_ready(node) for node in self.all)

    def doubted(self):
        return {batch for node in self.begun for batch in DOUBTED.findall(node.stderr)}

    def stop(self):
        for node in self.all:
            node.stop()


def is_ready(node):
    with contextlib.suppress(OSError, Closed):
        return node.ask("/ready").status == 200
    return False


# ---- Weather ----

class Weather:
    """What is done to nodes, database and network; each returns when the world may be disturbed again."""

    def __init__(self, stage, server, dice):
        self.nodes, self.wires, self.server, self.dice = stage.nodes, stage.nodes.wires, server, dice
        self.counts = collections.Counter()

    def disturb(self):
        name = self.dice.choice(["kill", "kill", "restart", "crash", "cut", "cut", "cut_all", "stall", "stall",
                                 "stall_all", "stand_still"])
        self.counts[name] += 1
        getattr(self, name)()

    def kill(self):
        self.nodes.renew(self.dice.randrange(NODES), lambda node: node.kill())

    def restart(self):
        """Every node, one after the other, as an upgrade does."""
        for number in range(NODES):
            self.nodes.renew(number, lambda node: node.stop())

    def crash(self):
        self.server.crash()
        self._rest(1.0)
        self.server.begin()

    def cut(self):
        self.dice.choice(self.wires).cut(midway=self.dice.random() < 0.5)

    def cut_all(self):
        for wire in self.wires:
            wire.cut(midway=self.dice.random() < 0.5)

    def stall(self):
        self._stall([self.dice.choice(self.wires)])

    def stall_all(self):
        self._stall(self.wires)

    def stand_still(self):
        with self.server.standing_still():
            self._rest(self.dice.choice([0.5, 3.0, 8.0, LONGEST]))

    def _stall(self, wires):
        directions = self.dice.choice([(UP,), (DOWN,), (UP, DOWN)])
        for wire in wires:
            wire.stall(*directions)
        self._rest(self.dice.choice([0.2, 1.0, 3.0, 8.0, LONGEST]))
        for wire in wires:
            wire.go_on(ends=self.dice.random() < 0.5)

    def _rest(self, longest):
        """How long things last is the very thing that is varied."""
        time.sleep(self.dice.uniform(0, longest))


def revoke_in_calm(stage, name):
    """While the database answers, a key that is revoked stops on every node within a second."""
    until(stage.nodes.are_ready, "nodes are ready in a calm", patience=START_PATIENCE_S)
    made = json.loads(stage.place.succeed("key", "create", "Enterprise@example.com", "--name", name, "--json",
                                          follows=False).stdout)
    since = postgres.last_commit(stage.place.database)
    until(lambda: postgres.followers(stage.place.database, since) >= NODES, "all nodes follow")
    statuses = lambda: {ask_head(node, made["api_key"]) for node in stage.nodes.all}  # noqa: E731
    until(lambda: statuses() <= {200, 429}, "the new key works")
    stage.place.succeed("key", "revoke", made["id"], follows=False)
    within_a_second(lambda: statuses() == {401}, "the revoked key stops")


def ask_head(node, key):
    return node.ask(ENDPOINT, "HEAD", {"x-api-key": key}).status


def rage(stage, server, dice):
    """For SECONDS, calms not counted."""
    weather = Weather(stage, server, dice)
    began, calms = time.monotonic(), 0
    while (past := time.monotonic() - began) < SECONDS:
        if past > SECONDS * (calms + 1) / 3 and calms < 2:
            calms += 1
            revoke_in_calm(stage, f"calm{calms}")
            began = time.monotonic() - past
        weather.disturb()
        time.sleep(dice.uniform(0, 0.5))
    until(stage.nodes.are_ready, "nodes are ready after the storm", patience=START_PATIENCE_S)
    return weather.counts


# ---- The reckoning ----

def check_allowances(books, told, ids):
    """What was demanded past it was refused, and up to it given to the last call."""
    for account, most in ALLOWANCES.items():
        equal(any(one.account == account and one.status == 402 for one in told), True, f"{account} ends")
        credits = books.credits_of(ids[account])
        equal(most - COST < credits <= most, True, f"{account} was charged {credits} of {most}")
    for day, credits in books.charged_on_days(ids["Daily"]).items():
        equal(credits <= A_DAY, True, f"day {day} of the daily cap: {credits}")
    left = [one.left for one in told if one.account == "Few" and one.charged]
    equal(len(left), len(set(left)), "each 200 leaves other credits")


def check_windows(books, told, ids):
    for account, rate in (("Enterprise", HOT), ("Tight", TIGHT)):
        books.window_holds(ids[account], rate)
        check_window_seen([one for one in told if one.account == account], rate)
        equal({one.limit for one in told if one.account == account and one.limit}, {str(rate)}, "X-RateLimit-Limit")


def check_accounts(stage, books, ids, dice):
    """GET /billing/me and the headers of every node say what the journal says."""
    for account in SPECIAL + [f"other{dice.randrange(OTHERS)}" for _ in range(8)]:
        for node in stage.nodes.all:
            me = node.ask(ME, headers={"x-api-key": stage.notes["keys"][account]})
            equal(me.status, 200, f"{me!r}")
            used, over = (dig(me.json(), f"data.{name}") for name in ("credits_used", "overage_credits"))
            equal(used, books.credits_of(ids[account]), f"credits of {account}, of which overage {over}")
    for account in ("Few", f"other{dice.randrange(OTHERS)}"):
        head = stage.nodes.all[0].ask(ENDPOINT, "HEAD", {"x-api-key": stage.notes["keys"][account]})
        included = FEW if account == "Few" else ENOUGH
        equal(number(head, "X-Credits-Remaining"), included - books.credits_of(ids[account]), f"header of {account}")


@contextlib.contextmanager
def stormy():
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgres.of_its_own())
        place = stack.enter_context(Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=plans(TABLE)))
        stage = Stage(place)
        rows = "".join(f"{name}@example.com,{name}\n" for name in SPECIAL)
        rows += "".join(f"other{n}@example.com,Crowd\n" for n in range(OTHERS))
        made = place.succeed("account", "import", place.write("all.csv", "email,plan\n" + rows)).lines()
        stage.notes["keys"] = {email.split("@")[0]: key for email, key in (line.split(",") for line in made)}
        place.succeed("account", "overage", "Over@example.com", "on", "--limit", str(SPEND_CENTS))
        load = stack.enter_context(StormLoad(stage.notes["keys"], choose, CLIENTS, SEED, NODES, ALLOWANCES))
        wires = [stack.enter_context(StormWire(place.database)) for _ in range(NODES)]
        stage.nodes = WiredNodes(place, wires, load.ports)
        yield stage, server, load
        stage.nodes.stop()


@act(STORMS, "nodes, database and network fail at random: every answer that a client was given is in the books, once")
def storm(_stage):
    print(f"storm: seed {SEED}, {SECONDS:.0f} s, {CLIENTS} clients, {OTHERS} accounts", flush=True)
    dice = random.Random(SEED)
    with stormy() as (stage, server, load):
        load.begin()
        try:
            until(lambda: load.answered.value, "a first answer")
            disturbed = rage(stage, server, dice)
            until(load.have_ended, "allowances are used up", patience=START_PATIENCE_S)
        finally:
            load.finish()
        reckon(stage, load, dice, disturbed)


def reckon(stage, load, dice, disturbed):
    told = load.told
    statuses = collections.Counter(one.status for one in told)
    slowest = max(one.received - one.sent for one in told)
    print(f"storm: {dict(disturbed)}; answers {dict(sorted(statuses.items()))}, {len(load.lost)} lost, the slowest after "
          f"{slowest:.1f} s", flush=True)
    ids = {email.split("@")[0]: int(account) for account, email in stage.place.ledger("SELECT id, email FROM account")}
    books = until(lambda: settled(stage), "the books add up", patience=START_PATIENCE_S)
    doubted = stage.nodes.doubted()
    check_told(told, load.lost, books, ids, doubted)
    replays = check_replays(told)
    check_allowances(books, told, ids)
    check_windows(books, told, ids)
    check_accounts(stage, books, ids, dice)
    stage.nodes.stop()
    last = ClusterBooks(stage.place.database)
    equal(len(last.charges), len(books.charges), "charges when the nodes have stopped")
    stage.place.succeed("audit")
    refused = {one.request_id for one in told if one.status == 503} & set(books.requests)
    print(f"storm: {len(books.charges)} charges, {replays} replays; batches in doubt {len(doubted)}, calls charged that "
          f"were answered 503: {len(refused)}, that nobody answered: {len(load.lost & set(books.requests))}", flush=True)


def settled(stage):
    with contextlib.suppress(AssertionError):
        return ClusterBooks(stage.place.database)
    return None


@contextlib.contextmanager
def alone():
    if not ON_POSTGRES:
        raise Skip("a file has one server")
    yield Stage(None)


SCENARIOS = [Scenario("the storm", alone, STORMS)]
