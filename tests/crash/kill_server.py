#!/usr/bin/env python3
"""Kills the real server under load, again and again: kill_server.py [--kills N] [--seed N].

Clients keep the X-Charge-Id of every 200 that reached them. After each `kill -9` the journal is
read with an unpacker of its own while the server is down: none of those ids is missing, none is
there twice, nothing is charged that was not asked for, balances and usage re-add. The next server
must then say the credits that the journal says, and no 60 seconds hold more calls of an account
than its plan allows. Closes with "N passed, N failed, N skipped": one test a kill."""

import argparse
import os
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from support.books import CHARGED, Books  # noqa: E402  (after the path is known)
from support.http_client import Closed, Connection, Malformed, until  # noqa: E402
from support.server import Place  # noqa: E402
from support.steps import ENDPOINT, Report, equal, explain, fail  # noqa: E402

KILLS_IN_A_SAMPLE = 15
KILLS_IN_FULL = 200
CLIENTS = 4
LOAD_S = (0.05, 0.7)  # how long a server lives under load
INCLUDED = 1000000000
COST = 8
MINUTE_US = 60 * 1000000
MILLISECOND_US = 1000  # the window counts in whole ones

RATES = {"Tight": 40, "Middle": 2000, "Roomy": 1000000}
PLANS = "".join(f"""\
[plan {name}]
price_cents = 100
included_credits = {INCLUDED}
daily_credit_cap = 0
rate_limit_per_minute = {rate}
overage = none
overage_cents_per_1000 = 0

""" for name, rate in RATES.items()) + f"""\
[endpoint tiktok-popular-trend-hashtag]
credits = {COST}
[endpoint tiktok-popular-trend-hashtag-history]
credits = {COST}
[endpoint tiktok-popular-trend-hashtag-movers]
credits = {COST}
"""
# What the clients ask with, in turn: mostly what is never refused, and more accounts than a slice of a fold takes.
CROWD = 72
TURNS = [turn for one in range(2, CROWD, 2)
         for turn in ("Roomy", f"Roomy {one}", "Middle", "Roomy", f"Roomy {one + 1}", "Tight")]


class Load:
    """A few clients that ask until their server is gone."""

    def __init__(self, address, keys, opening):
        self.address, self.keys, self.opening = address, keys, opening
        self.lock = threading.Lock()
        self.answered = []  # (account, charge id, credits remaining) of every 200
        self.asked = set()  # request ids
        self.faults = []
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        try:
            with Connection(self.address) as connection:
                count = 0
                while self._ask(connection, TURNS[(count + number) % len(TURNS)],
                                f"{self.opening}-{number}-{count}"):
                    count += 1
        except (Closed, OSError):
            pass  # killed
        except Malformed as cut:
            if "cut in the middle" not in str(cut):
                self.faults.append(explain(cut))
        except Exception as failure:  # to be told by the thread that waits
            self.faults.append(explain(failure))

    def _ask(self, connection, account, request_id):
        with self.lock:
            self.asked.add(request_id)
        answer = connection.ask(ENDPOINT + "?limit=1", headers={"x-api-key": self.keys[account],
                                                                "X-Request-Id": request_id})
        if answer.status == 200:
            equal(answer.field("X-Credits-Charged"), str(COST), "X-Credits-Charged")
            with self.lock:
                self.answered.append((account, answer.field("X-Charge-Id"),
                                      int(answer.field("X-Credits-Remaining"))))
        elif answer.status != 429 or account.startswith("Roomy"):
            fail(f"{account} is answered {answer!r}")
        return True

    def finish(self):
        for thread in self.threads:
            thread.join()
        if self.faults:
            fail("\n".join(self.faults))


class Story:
    """One database through all its deaths."""

    def __init__(self, place, dice):
        self.place, self.dice = place, dice
        self.books = Books(place.folder / "x.db")
        self.accounts = list(dict.fromkeys(TURNS))
        self.keys = {account: place.new_key(f"{account.replace(' ', '-')}@example.com", account.split()[0])
                     for account in self.accounts}
        self.ids = {account: number for number, account in enumerate(self.accounts, 1)}
        self.answered, self.asked = [], set()
        self.in_rounds = 0  # deaths
        self.checked = 0  # of the journal's entries
        self.left = set()  # (account, credits remaining) of every 200
        self.instants = {account: [] for account in self.accounts}

    def live_and_die(self, number):
        server = self.place.serve("--threads", "2")
        self.headers_agree(server)
        load = Load(server.address, self.keys, f"kill{number}")
        # How long it lives is the very thing that is varied: no condition to wait for.
        until(lambda: load.answered, "a first answer")
        time.sleep(self.dice.uniform(*LOAD_S))
        server.child.kill()
        server.child.wait()
        load.finish()
        self.answered += load.answered
        self.asked |= load.asked
        self.books.read()
        self.in_rounds += self.books.is_in_round
        self.all_are_there(load.answered)
        self.all_are_different(load.answered)
        self.windows_hold()
        return len(load.answered)

    def headers_agree(self, server):
        """What is left is what the journal leaves: told by calls that are not charged."""
        for account in self.accounts:
            answer = server.ask(ENDPOINT + "?limit=1", "HEAD", {"x-api-key": self.keys[account]})
            if answer.status == 429:
                continue  # its headers are the same, but it took no slot; the window is full
            equal(answer.status, 200, f"status for {account}")
            equal(int(answer.field("X-Credits-Remaining")), INCLUDED - self.books.credits_of(self.ids[account]),
                  f"X-Credits-Remaining of {account}")

    def all_are_there(self, answered):
        missing = [charge for charge in answered if charge[1] not in self.books.charges]
        if missing:
            fail(f"{len(missing)} of {len(answered)} charges with a 200 are not in the journal", missing[:3])
        foreign = {entry.request_id for entry in self.books.entries[self.checked:]} - self.asked - {""}
        if foreign:
            fail(f"{len(foreign)} charges are in the journal that nobody asked for", sorted(foreign)[:3])

    def all_are_different(self, answered):
        for account, charge_id, left in answered:
            if (account, left) in self.left:
                fail(f"two 200s of {account} say X-Credits-Remaining: {left}; one is {charge_id}")
            self.left.add((account, left))

    def windows_hold(self):
        """Of the charged calls: uncharged slots may be forgotten with their unwritten batch."""
        names = {number: account for account, number in self.ids.items()}
        for entry in self.books.entries[self.checked:]:
            if entry.outcome == CHARGED:
                self.instants[names[entry.account]].append(entry.at)
        self.checked = len(self.books.entries)
        for account, instants in self.instants.items():
            instants.sort()
            rate = RATES[account.split()[0]]
            for first, last in zip(instants, instants[rate:]):
                if last - first < MINUTE_US - MILLISECOND_US:
                    fail(f"{rate + 1} calls of {account} within {last - first} us")

    def nothing_was_rewritten(self):
        """The journal from its first row, read anew: every 200 is still there."""
        self.books = Books(self.books.path).read()
        self.checked = 0
        self.all_are_there(self.answered)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    whole = os.environ.get("TRENDGATE_TEST_FULL") == "1"
    parser.add_argument("--kills", type=int, default=KILLS_IN_FULL if whole else KILLS_IN_A_SAMPLE)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    report = Report()
    answers = 0
    with Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, plans=PLANS) as place:
        story = Story(place, random.Random(arguments.seed))
        for number in range(arguments.kills):
            try:
                answers += story.live_and_die(number)
            except Exception as failure:
                report.failed(f"kill {number}", explain(failure))
                break  # what follows would fail for the same reason
            report.passed(f"kill {number}")
        else:
            story.nothing_was_rewritten()
            if story.in_rounds == 0:
                report.failed("folds", "no death found a round of folds half written: let more accounts call")
    print(f"{answers} charged answers, {len(story.books.entries)} calls in {story.books.last_row} journal rows;"
          f" {story.in_rounds} deaths found a round of folds half written")
    print(report.summary())
    return 1 if report.counts["failed"] or not report.counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
