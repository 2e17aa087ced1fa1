"""Clients of several nodes that keep what they were told, and never give up while nodes die."""

import collections
import random
import re
import threading
import time

from .http_client import Closed, Connection, Malformed
from .steps import ENDPOINT, equal, explain, fail

CLIENTS = 16
COST = 8
TICK_S, STOOD_STILL_S = 0.05, 1.5  # nodes wait 2 s for what another one has locked
PAUSE_S = 0.02  # before one asks again who was refused by a node that cannot, or found none

DOUBTED = re.compile(r"calls are answered 503 and may stand in the journal nevertheless, as batch_id ([0-9a-f]{32})")

Told = collections.namedtuple("Told", "account request_id status charge_id charged left idempotency_key")


def at_once(function, arguments):
    """What so many threads are answered that begin together, one for each argument."""
    answers, start = [], threading.Barrier(len(arguments))

    def run(argument):
        start.wait()
        answers.append(function(argument))

    threads = [threading.Thread(target=run, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(len(answers), len(arguments), "answers")
    return answers


class Standstill(threading.Thread):
    """with Standstill() as still: for how long at most this machine did not let it go on, in still.longest_s."""

    def __init__(self):
        super().__init__(daemon=True)
        self.longest_s, self.is_over = 0.0, threading.Event()

    def run(self):
        before = time.monotonic()
        while not self.is_over.wait(TICK_S):
            now = time.monotonic()
            self.longest_s, before = max(self.longest_s, now - before - TICK_S), now

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()


def refusals_of(play):
    """What play() returns: refusals, which a node may give that others waited for while the machine stood still. Then
    it is played again, three times in all."""
    for _ in range(3):
        with Standstill() as still:
            refusals = play()
        if not refusals or still.longest_s < STOOD_STILL_S:
            break
    return refusals


class Nodes:
    """serve processes on one database; any of them may be replaced while clients ask."""

    def __init__(self, place, count, *arguments):
        self.place, self.arguments = place, arguments
        self.lock = threading.Lock()
        self.all = [place.serve(*arguments) for _ in range(count)]
        self.begun = list(self.all)  # also those that were replaced

    def any(self, dice):
        with self.lock:
            return dice.choice(self.all).address

    def replace(self, number):
        """Kills one, and begins another in its place."""
        self.all[number].kill()
        node = self.place.serve(*self.arguments)
        self.begun.append(node)
        with self.lock:
            self.all[number] = node

    def stop(self):
        for node in self.all:
            node.stop()

    def doubted(self):
        """Ids of batches that may stand in the journal, though their calls were answered 503: nodes say so."""
        return {batch for node in self.begun for batch in DOUBTED.findall(node.stderr)}


class Load:
    """Clients that ask until finish(). keys: by account; turns: which accounts are asked for, in turn."""

    def __init__(self, nodes, keys, turns, seed):
        self.nodes, self.keys, self.turns = nodes, keys, turns
        self.told, self.lost, self.faults = [], set(), []  # appending needs no lock
        self.is_over = False
        self.threads = [threading.Thread(target=self._run, args=(number, random.Random(seed + number)))
                        for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()
        if self.faults:
            fail("\n".join(self.faults[:5]))

    def _run(self, number, dice):
        self_connection = [None]
        try:
            count = 0
            while not self.is_over:
                count += 1
                account = self.turns[(count + number) % len(self.turns)]
                name = f"c{number}-{count}"
                # Every fourth call of the first account is asked for until there is an answer.
                key = name if account == self.turns[0] and count % 4 == 0 else None
                self._ask(self_connection, dice, account, name, key)
        except Exception as failure:  # to be told by the thread that waits
            self.faults.append(explain(failure))
        if self_connection[0]:
            self_connection[0].close()

    def _ask(self, held, dice, account, name, key):
        for attempt in range(100000):
            told = self._ask_once(held, dice, account, f"{name}-{attempt}", key)
            if not key or self.is_over or (told and told.status == 200):
                return

    def _ask_once(self, held, dice, account, request_id, key):
        """None: nobody answered."""
        try:
            if not held[0]:
                held[0] = Connection(self.nodes.any(dice))
        except OSError:
            time.sleep(PAUSE_S)
            return None
        headers = {"x-api-key": self.keys[account], "X-Request-Id": request_id}
        if key:
            headers["Idempotency-Key"] = key
        try:
            answer = held[0].ask(ENDPOINT + "?limit=1", headers=headers)
        except (Closed, OSError, Malformed) as failure:
            if isinstance(failure, Malformed) and "cut in the middle" not in str(failure):
                raise
            self.lost.add(request_id)
            held[0].close()
            held[0] = None
            return None
        return self._keep(held, dice, account, request_id, key, answer)

    def _keep(self, held, dice, account, request_id, key, answer):
        told = Told(account, request_id, answer.status, answer.field("X-Charge-Id"),
                    int(answer.field("X-Credits-Charged") or 0), answer.field("X-Credits-Remaining"), key)
        self.told.append(told)
        if answer.status not in (200, 402, 429, 503):
            fail(f"{account} is answered {answer!r}")
        if answer.status == 503:
            equal(answer.field("Retry-After") is not None, True, "a 503 has Retry-After")
            time.sleep(PAUSE_S)
        if answer.status == 503 or (answer.field("Connection") or "").lower() == "close" or dice.random() < 0.02:
            held[0].close()  # another node, for a change
            held[0] = None
        return told


def check_told(told, lost, books, ids, doubted=()):
    """What clients were told is what stands in the books. ids: of accounts in the ledger; doubted: batches that may
    stand in the journal, though their calls were answered 503."""
    charged, doubted = set(), books.requests_of(doubted)
    for one in told:
        if one.status != 200:
            equal(one.request_id in books.requests and (one.status != 503 or one.request_id not in doubted), False,
                  f"{one} is charged")
            continue
        entry = books.charges.get(one.charge_id)
        if not entry or entry.account != ids[one.account]:
            fail(f"{one} is not in the journal: {entry}")
        if one.charged:
            equal((one.charged, entry.request_id, entry.credits), (COST, one.request_id, COST), f"entry of {one}")
            charged.add(one.request_id)
        elif not one.idempotency_key or entry.idempotency_key != one.idempotency_key:
            fail(f"{one} was free, for {entry}")
    strangers = set(books.requests) - charged - lost - doubted
    equal(strangers, set(), "charged calls whose client was told otherwise")
    keys = collections.Counter(entry.idempotency_key for entry in books.charges.values() if entry.idempotency_key)
    equal([key for key, count in keys.items() if count > 1], [], "idempotency keys that were charged twice")
