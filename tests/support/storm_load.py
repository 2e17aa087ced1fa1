"""Clients of several nodes, each with a log of all that it was told, and when."""

import bisect
import collections
import multiprocessing
import random
import threading
import time

from .cluster_load import COST, PAUSE_S
from .http_client import Closed, Connection, Malformed
from .steps import ENDPOINT, equal, explain, fail

Told = collections.namedtuple("Told", "account request_id status charge_id charged left idempotency_key replayed "
                                      "sent received limit")
TARGET = ENDPOINT + "?limit=1"
CLIENTS_A_PROCESS = 16
PATIENCE_S = 60  # past the longest wait that docs/scaling.md promises


class StormLoad:
    """with StormLoad(...) as load: its clients ask from begin() to finish(), in processes of their own, which are made
    here: before there are threads and connections that these would share. keys: by account. choose(dice): which account
    a client asks for next; ending: accounts for which have_ended() looks."""

    def __init__(self, keys, choose, clients, seed, nodes, ending):
        self.keys, self.choose, self.seed = keys, choose, seed
        fork = multiprocessing.get_context("fork")
        self.ports = fork.Array("i", nodes)  # of the nodes that live
        self.answered = fork.Value("i", 0)  # some call with 200
        self.ended = {account: fork.Value("i", 0) for account in ending}  # some call of it with 402
        self.has_begun, self.is_over = fork.Event(), fork.Event()
        self.told, self.lost, self.faults = [], set(), []  # lost: calls whose end nobody saw
        self.parts = []
        for first in range(0, clients, CLIENTS_A_PROCESS):
            here, there = fork.Pipe()
            process = fork.Process(target=self._run_some, daemon=True, args=(
                there, range(first, min(clients, first + CLIENTS_A_PROCESS))))
            process.start()
            self.parts.append((process, here))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process, _ in self.parts:
            process.terminate()
            process.join()

    def begin(self):
        self.has_begun.set()

    def have_ended(self):
        return all(ended.value for ended in self.ended.values())

    def finish(self):
        self.is_over.set()
        for process, pipe in self.parts:
            told, lost, faults = pipe.recv()
            self.told += map(Told._make, told)
            self.lost |= lost
            self.faults += faults
            process.join()
        if self.faults:
            fail("\n".join(self.faults[:5]))

    def _run_some(self, pipe, numbers):
        self.has_begun.wait()
        threads = [threading.Thread(target=self._run, args=(number,)) for number in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pipe.send(([tuple(one) for one in self.told], self.lost, self.faults))

    def _run(self, number):
        client = Client(self, random.Random(self.seed * 1000 + number))
        try:
            count = 0
            while not self.is_over.is_set():
                count += 1
                name = f"s{number}-{count}"
                client.call(self.choose(client.dice), name, name if client.dice.random() < 0.2 else None)
        except Exception as failure:  # to be told by who waits for the end
            self.faults.append(explain(failure))
        client.close()


class Client:
    def __init__(self, load, dice):
        self.load, self.dice = load, dice
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def call(self, account, name, key):
        """With a key it is asked for until it is answered 200, and some of those once more."""
        again = self.dice.random() < 0.5
        for attempt in range(100000):
            told = self._ask(account, f"{name}-{attempt}", key)
            if not key or self.load.is_over.is_set() or (told and told.status in (402, 429)):
                return
            if told and told.status == 200:
                if not again:
                    return
                again = False

    def _ask(self, account, request_id, key):
        """None: nobody answered."""
        try:
            if not self.connection:
                self.connection = Connection(("127.0.0.1", self.dice.choice(self.load.ports)), patience=PATIENCE_S)
        except OSError:
            time.sleep(PAUSE_S)
            return None
        headers = {"x-api-key": self.load.keys[account], "X-Request-Id": request_id}
        if key:
            headers["Idempotency-Key"] = key
        sent = time.monotonic()
        try:
            answer = self.connection.ask(TARGET, headers=headers)
        except (Closed, OSError, Malformed) as failure:
            if "no answer within" in str(failure):
                raise
            if isinstance(failure, Malformed) and "cut in the middle" not in str(failure):
                raise
            self.load.lost.add(request_id)
            self.close()
            return None
        return self._keep(account, request_id, key, answer, sent)

    def _keep(self, account, request_id, key, answer, sent):
        told = Told(account, request_id, answer.status, answer.field("X-Charge-Id"),
                    int(answer.field("X-Credits-Charged") or 0), answer.field("X-Credits-Remaining"), key,
                    answer.field("Idempotent-Replayed"), sent, time.monotonic(), answer.field("X-RateLimit-Limit"))
        self.load.told.append(told)  # which needs no lock
        if answer.status not in (200, 402, 429, 503):
            fail(f"{account} is answered {answer!r}")
        if answer.status == 503:
            equal(answer.field("Retry-After") is not None, True, "a 503 has Retry-After")
        if answer.status == 200:
            self.load.answered.value = 1
        else:
            if answer.status == 402 and account in self.load.ended:
                self.load.ended[account].value = 1
            time.sleep(PAUSE_S)
        if answer.status == 503 or (answer.field("Connection") or "").lower() == "close" or self.dice.random() < 0.02:
            self.close()  # another node, for a change
        return told


def check_replays(told):
    """Of one Idempotency-Key all are told of one charge, which was paid once at most."""
    by_key = collections.defaultdict(list)
    for one in told:
        if one.idempotency_key and one.status == 200:
            by_key[one.account, one.idempotency_key].append(one)
    replays = 0
    for key, answers in by_key.items():
        equal(len({one.charge_id for one in answers}), 1, f"charge ids of {key}")
        equal(sum(one.charged for one in answers) in (0, COST), True, f"credits of {key}: {answers}")
        for one in answers:
            equal(one.replayed == "true", one.charged == 0, f"whether it is told as a replay: {one}")
            replays += one.charged == 0
    return replays


def check_window_seen(told, limit, span_s=60.0):
    """No 60 seconds hold more calls that were sent and answered 200, and charged, in them."""
    calls = sorted((one.sent, one.received) for one in told if one.status == 200 and one.charged)
    for at, (first, _) in enumerate(calls):
        end = bisect.bisect_right(calls, (first + span_s, 0))
        within = sum(received <= first + span_s for _, received in calls[at:end])
        equal(within <= limit, True, f"{within} calls were sent and answered within {span_s} s")
