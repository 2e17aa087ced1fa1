"""Calls that wait for a list, or behind another call with their Idempotency-Key, while their key is revoked or their
account suspended: refused as if they had only come then, and nothing is taken."""

import contextlib
import json
import sqlite3

from support import postgres
from support.http_client import request_bytes
from support.lists import as_bare_list, options_of, sample_list
from support.server import ON_POSTGRES, Place
from support.steps import ENDPOINT, Scenario, Stage, act, check_every_answer, equal, fail

WAITS = []
ATTEMPTS = 20  # a list that was locked for over a second is answered 503: then the step is played once more


@contextlib.contextmanager
def cold_lists():
    """One loop, so that what was sent before another call's answer was begun has been taken up."""
    with Place() as place:
        for number, country in enumerate(("US", "GB", "FR", "DE")):
            made = sample_list(400 + number, country, count=20)
            place.succeed("import", place.write("list.json", as_bare_list(made)), *options_of(made))
        stage = Stage(place, place.serve("--threads", 1), None)
        yield stage
        stage.drop_connection()
        stage.server.stop()


@contextlib.contextmanager
def lists_locked(stage):
    """While another process holds the lists, a cold one is waited for."""
    if ON_POSTGRES:
        with postgres.holding(stage.place.database, "LOCK TABLE snapshot IN ACCESS EXCLUSIVE MODE", "catalog"):
            yield
        return
    with contextlib.closing(sqlite3.connect(stage.place.folder / "x.db-catalog", isolation_level=None)) as lists:
        lists.execute("BEGIN EXCLUSIVE")
        yield
        lists.execute("ROLLBACK")


def taken_up(stage, country, **headers):
    """A call that has been sent, and read by the server: the next request on the same loop was answered."""
    connection = stage.server.connect()
    equal(connection.ask("/ping").status, 200, "ping")
    connection.send(request_bytes(f"{ENDPOINT}?country_code={country}", headers=headers))
    equal(stage.server.ask("/ping").status, 200, "ping")
    return connection


def received(connection):
    with connection:
        return connection.receive()


def refused_as(answer, status, reason):
    check_every_answer(answer)
    equal((answer.status, answer.json()["data"]["reason"]), (status, reason), f"what came of {answer!r}")
    for name in ("RateLimit", "X-RateLimit-Remaining", "X-Credits-Charged", "X-Charge-Id"):
        equal(answer.field(name), None, f"{name} of a request that is no call")


def new_key(stage, email):
    return json.loads(stage.place.succeed("key", "create", email, "--json").stdout)


def slots_and_credits(stage, key):
    """What is left, told by a call that takes a slot."""
    answer = stage.server.ask(ENDPOINT + "?page=x", headers={"x-api-key": key})
    equal(answer.status, 400, "status")
    return int(answer.field("X-RateLimit-Remaining")), int(answer.field("X-Credits-Remaining"))


def nothing_was_taken(stage, key, before):
    after = slots_and_credits(stage, key)
    equal(after, (before[0] - 1, before[1]), "slots and credits that are left")


@act(WAITS, "a key that is revoked while its call waits for a list: 401, and nothing is taken")
def revoked(stage):
    other = stage.place.new_key("revoked@example.com")
    for _ in range(ATTEMPTS):
        made = new_key(stage, "revoked@example.com")
        before = slots_and_credits(stage, other)
        with lists_locked(stage):
            waits = taken_up(stage, "US", **{"x-api-key": made["api_key"]})
            stage.place.succeed("key", "revoke", made["id"])
        answer = received(waits)
        if answer.status != 503:
            refused_as(answer, 401, "invalid_key")
            nothing_was_taken(stage, other, before)
            return
    fail("no list was waited for")


@act(WAITS, "an account that is suspended while its call waits for a list: 403, and nothing is taken")
def suspended(stage):
    key = stage.place.new_key("suspended@example.com")
    for _ in range(ATTEMPTS):
        before = slots_and_credits(stage, key)
        with lists_locked(stage):
            waits = taken_up(stage, "GB", **{"x-api-key": key})
            stage.place.succeed("account", "suspend", "suspended@example.com")
        answer = received(waits)
        stage.place.succeed("account", "resume", "suspended@example.com")
        if answer.status != 503:
            refused_as(answer, 403, "account_suspended")
            nothing_was_taken(stage, key, before)
            return
    fail("no list was waited for")


@act(WAITS, "a key that is revoked while its call waits behind another: 401, and the other one is charged")
def revoked_behind(stage):
    first_key = stage.place.new_key("behind@example.com")
    for attempt in range(ATTEMPTS):
        made = new_key(stage, "behind@example.com")
        label = {"Idempotency-Key": f"label{attempt}"}
        before = slots_and_credits(stage, first_key)
        with lists_locked(stage):
            first = taken_up(stage, "FR", **{"x-api-key": first_key, **label})
            behind = taken_up(stage, "FR", **{"x-api-key": made["api_key"], **label})
            stage.place.succeed("key", "revoke", made["id"])
        answers = received(first), received(behind)
        if answers[0].status != 503:
            refused_as(answers[1], 401, "invalid_key")
            equal((answers[0].status, answers[0].field("X-Credits-Charged")), (200, "8"), "the first call")
            nothing_was_taken(stage, first_key, (before[0] - 1, before[1] - 8))
            return
    fail("no list was waited for")


@act(WAITS, "a first call whose key is revoked while others wait behind it: one of those takes its place")
def revoked_before(stage):
    other = stage.place.new_key("before@example.com")
    for attempt in range(ATTEMPTS):
        made = new_key(stage, "before@example.com")
        label = {"Idempotency-Key": f"label{attempt}"}
        with lists_locked(stage):
            first = taken_up(stage, "DE", **{"x-api-key": made["api_key"], **label})
            behind = taken_up(stage, "DE", **{"x-api-key": other, **label})
            stage.place.succeed("key", "revoke", made["id"])
        answers = received(first), received(behind)
        if answers[0].status != 503:
            refused_as(answers[0], 401, "invalid_key")
            equal((answers[1].status, answers[1].field("X-Credits-Charged")), (200, "8"), "the call behind")
            equal(answers[1].field("Idempotent-Replayed"), None, "Idempotent-Replayed")
            return
    fail("no list was waited for")


SCENARIOS = [Scenario("calls that wait", cold_lists, WAITS)]
