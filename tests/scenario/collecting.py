"""Collecting: `trendgate collect` against a fake upstream that speaks the three dialects. Sockets are real, time is
the test's: a source's limits are counted in the upstream's own log, by the test's clock."""

import contextlib
import datetime
import email.utils
import json
import os
import random
import signal
import subprocess
import threading

from support.clock import Clock
from support.fake_upstream import BUSINESS, CENTER, DAY, FAULTS, ONE, Upstream, hashtags
from support.http_client import until
from support.metered import call, check_limited, new_key, number, plans
from support.server import SANITIZER, Place, environment_of
from support.steps import ENDPOINT, META, Scenario, Stage, act, equal

ONCE, SOURCES, LIMITS, SERVED, BOUNDED, ODD, DEATHS, WEEK = [], [], [], [], [], [], [], []

MINUTE, HOUR = 60, 3600
ROOMY = {"requests_per_minute": 6000, "concurrency": 4, "daily_budget": 100000, "timeout_s": 30}


class Collector:
    """`trendgate collect` in the background, until it ends or is ended."""

    def __init__(self, stage, *arguments, settings=None):
        environment = environment_of({**stage.place.settings, **(settings or {})})
        self.said = stage.place.folder / "collect.err"
        self.child = subprocess.Popen(
            [str(stage.place.binary), "collect", *arguments, "--json", "--database", stage.place.database],
            cwd=stage.place.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.said.open("ab"))
        os.set_blocking(self.child.stdout.fileno(), False)
        self.rest, self.read = b"", []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self.child.stdout.close()
        said = self.said.read_text(errors="replace")
        assert not SANITIZER.search(said), f"the sanitizer speaks:\n{said}"

    def lists(self):
        """What was told until now: one object a list."""
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self.child.stdout.fileno(), 65536):
                self.rest += piece
        *lines, self.rest = self.rest.split(b"\n")
        self.read += map(json.loads, lines)
        return self.read

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(30)

    def wait(self, clock=None, step=0):
        """To its end; meanwhile the clock goes on by a step whenever it is looked at."""
        def over():
            if clock:
                clock.pass_by(step)
            self.lists()
            return self.child.poll() is not None
        until(over, "collect ends")
        return self.child.returncode


@contextlib.contextmanager
def upstreamed(at="2025-10-21T10:00:00Z", in_memory=False):
    with Clock(at) as clock, Upstream(clock) as upstream, Place(clock=clock, in_memory=in_memory) as place:
        stage = Stage(place)
        stage.clock, stage.upstream = clock, upstream
        yield stage


def once(stage, *arguments, settings=None, status=0):
    """`collect --once`, to its end; what it told of each list."""
    given = settings or stage.upstream.settings(**ROOMY)
    result = stage.place.run("collect", "--once", *arguments, "--json", settings=given)
    equal(result.status, status, f"exit of {result!r}")
    return [json.loads(line) for line in result.lines()]


def kept(stage, country, period=7, history=False):
    """The snapshots of a list as export tells them, oldest first."""
    result = stage.place.succeed("export", "--country", country, "--period", period, *(["--history"] * history))
    return json.loads(result.stdout)["lists"] if result.stdout.strip() else []


def every(stage):
    """All snapshots, in the order of lists."""
    lists = json.loads(stage.place.succeed("export", "--history").stdout)["lists"]
    return sorted(lists, key=lambda one: (one["country_code"], one["period"], one["captured_at"]))


def outcome(told, country, period=7):
    found = [one for one in told if (one["country"], one["period"]) == (country, period)]
    equal(len(found), 1, f"lists {country}/{period} in {told}")
    return found[0]


def names_of(snapshot):
    return [item["hashtag_name"] for item in snapshot["list"]]


def fresh_place(stage):
    """Another database, as if nothing had ever been fetched."""
    stage.notes["places"] = stage.notes.get("places", 0) + 1
    stage.place.database = stage.place.new_database(stage.notes["places"])
    stage.upstream.log.clear()
    stage.upstream.behave = lambda asked: "list"


# ---- Once ----

@act(ONCE, "each list that is named is fetched, page by page, and kept")
def each_list(stage):
    told = once(stage, "--country", "US,MY,ALL", "--period", "7,30")
    equal(sorted((one["country"], one["period"]) for one in told),
          [("ALL", 7), ("ALL", 30), ("MY", 7), ("MY", 30), ("US", 7), ("US", 30)], "lists")
    for one in told:
        equal((one["outcome"], one["source"], one["hashtags"]), ("kept", CENTER, 100), f"what came of {one}")
    asked = [(one.country, one.period, one.page) for one in stage.upstream.asked()]
    equal(sorted(asked), sorted((c, p, n) for c in ("US", "MY", "ALL") for p in (7, 30) for n in (1, 2)), "requests")
    [snapshot] = kept(stage, "US", 30)
    wanted = hashtags("US", 30, int(stage.clock.wall_us / 1e6 // DAY))
    equal(names_of(snapshot), [tag["name"] for tag in wanted], "hashtags of the list")


@act(ONCE, "what is fresh is not asked for again, what is old is")
def fresh_is_left(stage):
    stage.upstream.log.clear()
    equal(once(stage, "--country", "US,MY", "--period", "7"), [], "lists that were told")
    equal(stage.upstream.asked(), [], "requests")
    stage.clock.pass_by(DAY)
    told = once(stage, "--country", "US,MY", "--period", "7")
    equal([one["outcome"] for one in told], ["kept", "kept"], "what came of them")
    equal(len(kept(stage, "US", 7, history=True)), 2, "snapshots of the list")


@act(ONCE, "a list that says the same again is no new capture")
def the_same(stage):
    today = int(stage.clock.wall_us / 1e6 // DAY)
    stage.upstream.day_of = lambda asked: today
    once(stage, "--country", "US", "--period", "7")
    before = kept(stage, "US", 7)
    for day in range(1, 4):
        stage.clock.pass_by(DAY + 1)
        told = once(stage, "--country", "US", "--period", "7")
        equal(told[0]["outcome"], "unchanged", f"what came of it after {day} days")
        equal("the same for" in told[0]["sentence"], day >= 2, f"a warning after {day} days: {told}")
        equal(once(stage, "--country", "US", "--period", "7"), [], "lists, looked at once more")
    equal(kept(stage, "US", 7), before, "what is kept")
    more = [{**tag, "views": tag["views"] + 1} for tag in hashtags("US", 7, today)]
    stage.upstream.behave = lambda asked: more
    stage.clock.pass_by(DAY + 1)
    equal(once(stage, "--country", "US", "--period", "7")[0]["outcome"], "kept", "the same ranks with other views")
    stage.upstream.behave = lambda asked: "list"
    stage.upstream.day_of = lambda asked: int(asked.at // DAY)


@act(ONCE, "an empty list is refused, and what was kept stays; one of less than half is kept with a warning")
def empty_and_short(stage):
    before = kept(stage, "MY", 7)
    stage.clock.pass_by(2 * DAY)
    stage.upstream.behave = lambda asked: "empty"
    told = once(stage, "--country", "MY", "--period", "7", status=1)
    equal(told[0]["outcome"], "failed", f"what came of it: {told}")
    equal(kept(stage, "MY", 7), before, "what is kept")
    stage.clock.pass_by(DAY)
    stage.upstream.behave = lambda asked: hashtags(asked.country, asked.period, int(asked.at // DAY), 30)
    told = once(stage, "--country", "MY", "--period", "7")
    equal((told[0]["outcome"], told[0]["hashtags"]), ("kept", 30), "what came of it")
    equal("less than half" in told[0]["sentence"], True, f"the warning: {told}")
    stage.upstream.behave = lambda asked: "list"
    [short] = kept(stage, "MY", 7)
    equal((short.get("is_short"), [one.get("is_short") for one in before]), (True, [None]), "the mark in an export")
    stage.place.write("short.json", stage.place.succeed("export", "--country", "MY", "--period", "7").stdout)
    database, stage.place.database = stage.place.database, f"sqlite:{stage.place.folder}/short.db"
    stage.place.succeed("import", "short.json")
    equal(kept(stage, "MY", 7), [short], "imported elsewhere, and exported again")
    stage.place.database = database


@act(ONCE, "a list that contradicts itself is kept, with a warning")
def contradicting(stage):
    tags = hashtags("GB", 7, int(stage.clock.wall_us / 1e6 // DAY), 40)
    tags[1]["rank"] = tags[0]["rank"]
    tags[5]["id"] = tags[4]["id"]
    tags[10].update(change=1, diff=3)
    tags[12].update(change=1, diff=1)
    stage.upstream.behave = lambda asked: tags
    told = once(stage, "--country", "GB", "--period", "7")
    equal(told[0]["outcome"], "kept", f"what came of it: {told}")
    equal(bool(told[0]["sentence"]), True, "a warning")
    stage.upstream.behave = lambda asked: "list"


@act(ONCE, "a rank that is missing leaves no gap, and what was collected can be imported elsewhere")
def no_gaps(stage):
    tags = hashtags("IT", 7, int(stage.clock.wall_us / 1e6 // DAY), 40)
    stage.upstream.behave = lambda asked: tags[:6] + tags[8:] if asked.country == "IT" else "list"
    told = once(stage, "--country", "IT", "--period", "7")
    equal(told[0]["sentence"], "the rank 7 is missing", "the warning")
    stage.upstream.behave = lambda asked: "list"
    for country, count in ("IT", 38), ("GB", 39):
        [snapshot] = kept(stage, country, 7)
        equal([item["rank"] for item in snapshot["list"]], list(range(1, count + 1)), f"ranks of {country}")
    stage.place.write("every.json", stage.place.succeed("export", "--history").stdout)
    before = every(stage)
    database, stage.place.database = stage.place.database, stage.place.new_database("elsewhere")
    stage.place.succeed("import", "every.json")
    equal(every(stage), before, "the same comes out again")
    stage.place.database = database


@act(ONCE, "options that name nothing are refused before anything is asked")
def refused(stage):
    stage.upstream.log.clear()
    on = stage.upstream.settings()
    stage.place.refuse("collect", "--once", "--country", "XX", status=2, settings=on)
    stage.place.refuse("collect", "--once", "--period", "90", status=2, settings=on)
    stage.place.refuse("collect", "--once", settings=on)
    stage.place.refuse("collect", "--once", "--country", "US")
    stage.place.refuse("collect", "--once", "--country", "US", "--source", "elsewhere", settings=on)
    stage.place.refuse("collect", "--once", "--country", "US", "--source", ONE, settings=on)
    equal(stage.upstream.asked(), [], "requests")


@act(ONCE, "--status tells how each source fares, and asks none")
def status_told(stage):
    result = stage.place.succeed("collect", "--status", "--json", settings=stage.upstream.settings(**ROOMY))
    rows = {row["source"]: row for row in map(json.loads, result.lines())}
    equal(sorted(rows), sorted([CENTER, ONE, BUSINESS, "file", "sample"]), "sources")
    equal(rows["sample"]["state"], "off", "state of the sample")
    equal((rows[CENTER]["state"], rows[ONE]["state"]), ("works", "off"), "states")
    equal(rows[CENTER]["lists"] > 5 and rows[CENTER]["used_today"] > 0, True, f"its figures: {rows[CENTER]}")
    equal(stage.upstream.asked(), [], "requests")


# ---- Sources ----

def all_on(stage):
    stage.place.write("token", "secret-token\n")
    stage.place.write("headers", "user-sign: abc\ncookie: a=b; c=d\n")
    return {**stage.upstream.settings(CENTER, headers_file="headers", **ROOMY),
            **stage.upstream.settings(ONE, **ROOMY),
            **stage.upstream.settings(BUSINESS, access_token_file="token", advertiser_id="77", **ROOMY)}


@act(SOURCES, "the source that is preferred is asked, with the operator's own access")
def preferred(stage):
    fresh_place(stage)
    told = once(stage, "--country", "US,ALL", "--period", "7", settings=all_on(stage))
    equal(outcome(told, "US")["source"], BUSINESS, "who gave US")
    equal(outcome(told, "ALL")["source"], CENTER, "who gave the global list")
    [asked] = stage.upstream.asked(BUSINESS)
    equal(asked.headers.get("Access-Token"), "secret-token", "the token")
    equal({one.headers.get("user-sign") for one in stage.upstream.asked(CENTER)}, {"abc"}, "the operator's header")


@act(SOURCES, "where one refuses, the next is asked; 90 days are never sold as 120")
def next_one(stage):
    fresh_place(stage)
    stage.upstream.behave = lambda asked: "list" if asked.source == ONE else "not_permitted"
    told = once(stage, "--country", "US", "--period", "7,120", settings=all_on(stage), status=1)
    equal((outcome(told, "US", 7)["outcome"], outcome(told, "US", 7)["source"]), ("kept", ONE), "7 days")
    equal(outcome(told, "US", 120)["outcome"], "failed", "120 days")
    equal({one.period for one in stage.upstream.asked(ONE)}, {7}, "periods that were asked of it")


@act(SOURCES, "a rank change that a source lacks comes from our own history")
def own_history(stage):
    fresh_place(stage)
    settings = stage.upstream.settings(ONE, **ROOMY)
    once(stage, "--country", "US", "--period", "7", settings=settings)
    stage.clock.pass_by(DAY + 1)
    once(stage, "--country", "US", "--period", "7", settings=settings)
    [snapshot] = kept(stage, "US", 7)
    changes = {item["rank_diff_type"] for item in snapshot["list"]}
    equal(1 in changes and 4 in changes, True, f"kinds of change: {changes}")
    equal(snapshot["list"][0]["rank_diff"], 1, "what the first rose by")


def fault_tried(name):
    @act(SOURCES, f"an answer that is no list leaves what is kept alone: {name}")
    def faulty(stage):
        fresh_place(stage)
        once(stage, "--country", "US", "--period", "7")
        before = kept(stage, "US", 7)
        stage.clock.pass_by(2 * DAY)
        how = ("throttled", 600) if name == "throttled" else name
        stage.upstream.behave = lambda asked: how if asked.page == 2 else "list"
        told = once(stage, "--country", "US", "--period", "7",
                    settings=stage.upstream.settings(**{**ROOMY, "timeout_s": 1 if name == "drip" else 30}),
                    status=0 if name == "empty" else 1)
        if name == "empty":  # nothing follows the first page: that is a list of fifty
            equal(outcome(told, "US")["hashtags"], 50, "hashtags")
            equal("more follow" in outcome(told, "US")["sentence"], True, f"a warning: {told}")
            return
        equal(outcome(told, "US")["outcome"], "failed", f"what came of it: {told}")
        equal(kept(stage, "US", 7), before, "what is kept")


for fault in FAULTS:
    fault_tried(fault)


# ---- Limits ----

@act(LIMITS, "a source's requests in any 60 seconds are bound, and all lists come in the end")
def minute_bound(stage):
    fresh_place(stage)
    limits = {**ROOMY, "requests_per_minute": 7}
    with Collector(stage, "--once", "--country", "US,MY,GB,DE,FR,ALL", "--period", "7,30",
                   settings=stage.upstream.settings(**limits)) as collector:
        equal(collector.wait(stage.clock, 1.5), 0, "exit")
        equal(len(collector.lists()), 12, "lists")
    equal(len(stage.upstream.asked()), 24, "requests")
    equal(stage.upstream.most_in_a_minute() <= 7, True, f"requests in a minute: {stage.upstream.most_in_a_minute()}")


@act(LIMITS, "two collectors share one limit and one budget, and fetch each list once")
def two_collectors(stage):
    fresh_place(stage)
    settings = stage.upstream.settings(**{**ROOMY, "requests_per_minute": 10})
    words = ["--once", "--country", "US,MY,GB,DE,FR,ALL", "--period", "7,30"]
    with Collector(stage, *words, settings=settings) as one, Collector(stage, *words, settings=settings) as other:
        exits = one.wait(stage.clock, 0.5), other.wait(stage.clock, 0.5)
        told = one.lists() + other.lists()
        equal(exits, (0, 0), f"exits, with {told}")
    equal(len(told), 12, f"lists that were told: {told}")
    equal(len({asked.list for asked in stage.upstream.asked()}), 12, "lists that were asked for")
    equal(len(stage.upstream.asked()), 24, f"requests, with {(stage.place.folder / 'collect.err').read_text()}")
    equal(stage.upstream.most_in_a_minute() <= 10, True, "requests in a minute")


@act(LIMITS, "a daily budget is kept across restarts, until midnight")
def budget(stage):
    fresh_place(stage)
    stage.clock.set("2025-11-03T23:00:00Z")
    settings = stage.upstream.settings(**{**ROOMY, "daily_budget": 5, "concurrency": 1})
    for _ in range(3):
        once(stage, "--country", "US,MY,GB,DE", "--period", "7", settings=settings, status=1)
    equal(len(stage.upstream.asked()), 5, "requests on that day")
    stage.clock.pass_by(HOUR)
    once(stage, "--country", "US,MY,GB,DE", "--period", "7", settings=settings)
    equal(len(stage.upstream.asked()) <= 10, True, "requests on both days")
    equal(stage.upstream.most_in_a_day() <= 5, True, "requests in a day")


@act(LIMITS, "what was asked by a collector that was killed before the answer counts")
def killed_before_answer(stage):
    fresh_place(stage)
    settings = stage.upstream.settings(**{**ROOMY, "daily_budget": 1})
    stage.upstream.gate.clear()
    with Collector(stage, "--once", "--country", "US", "--period", "7", settings=settings) as collector:
        until(stage.upstream.asked, "the upstream is asked")
        collector.child.kill()
    stage.upstream.gate.set()
    stage.clock.pass_by(HOUR)  # its lease has run out
    once(stage, "--country", "US", "--period", "7", settings=settings, status=1)
    equal(len(stage.upstream.asked()), 1, "requests on a day with a budget of one")


@act(LIMITS, "what a redirect asks for counts like any request")
def redirected(stage):
    fresh_place(stage)
    stage.upstream.behave = lambda asked: "list" if asked.is_moved else "moved"
    told = once(stage, "--country", "US", "--period", "7")
    equal((told[0]["outcome"], len(stage.upstream.asked())), ("kept", 4), "what came of it, in how many requests")
    fresh_place(stage)
    stage.upstream.behave = lambda asked: "list" if asked.is_moved else "moved"
    settings = stage.upstream.settings(**{**ROOMY, "daily_budget": 3})
    once(stage, "--country", "US", "--period", "7", settings=settings, status=1)
    equal(len(stage.upstream.asked()), 3, "requests on a day with a budget of three")


@act(LIMITS, "limits of nothing are refused, and the least there are are kept to")
def least(stage):
    fresh_place(stage)
    for name in ("daily_budget", "concurrency", "requests_per_minute"):
        stage.place.refuse("collect", "--once", "--country", "US",
                           settings=stage.upstream.settings(**{**ROOMY, name: 0}))
    equal(stage.upstream.asked(), [], "requests")
    settings = stage.upstream.settings(requests_per_minute=1, concurrency=1, daily_budget=2, timeout_s=30)
    with Collector(stage, "--once", "--country", "US", "--period", "7,30", settings=settings) as collector:
        equal(collector.wait(stage.clock, 5), 1, "exit")
        equal([one["outcome"] for one in collector.lists()], ["kept", "failed"], f"what came of {collector.lists()}")
    equal((len(stage.upstream.asked()), stage.upstream.most_in_a_minute()), (2, 1), "requests, and in a minute")


@act(LIMITS, "a list that changes while it is paged is kept as it comes, or left alone, never mixed up")
def moves_while_paged(stage):
    fresh_place(stage)
    day = int(stage.clock.wall_us / 1e6 // DAY)
    other = hashtags("US", 7, day - 3)
    stage.upstream.behave = lambda asked: hashtags("US", 7, day) if asked.page == 1 else other
    told = once(stage, "--country", "US", "--period", "7")
    equal((told[0]["outcome"], bool(told[0]["sentence"])), ("kept", True), f"what came of it: {told}")
    [snapshot] = kept(stage, "US", 7)
    equal(len(set(names_of(snapshot))), told[0]["hashtags"], "hashtags, each once")
    equal([item["rank"] for item in snapshot["list"]], sorted({item["rank"] for item in snapshot["list"]}), "ranks")
    stage.clock.pass_by(2 * DAY)
    whole = hashtags("US", 7, day + 2)
    stage.upstream.behave = lambda asked: whole if asked.page == 1 else whole[:80]
    told = once(stage, "--country", "US", "--period", "7")
    equal((told[0]["outcome"], told[0]["hashtags"]), ("kept", 80), f"of a list that shrinks meanwhile: {told}")


@act(LIMITS, "Retry-After is kept to, across restarts")
def retry_after(stage):
    fresh_place(stage)
    stage.upstream.behave = lambda asked: ("throttled", 1800)
    once(stage, "--country", "US,MY,GB", "--period", "7", status=1,
         settings=stage.upstream.settings(**{**ROOMY, "concurrency": 1}))
    equal(len(stage.upstream.asked()), 1, "requests")
    stage.upstream.behave = lambda asked: "list"
    stage.clock.pass_by(1600)
    once(stage, "--country", "US,MY,GB", "--period", "7", status=1)
    equal(len(stage.upstream.asked()), 1, "requests until it is over")
    stage.clock.pass_by(201)
    equal(len(once(stage, "--country", "US,MY,GB", "--period", "7")), 3, "lists after it")


@act(LIMITS, "five failures in a row open the breaker, for longer each time; one request decides whether it closes")
def breaker(stage):
    fresh_place(stage)
    stage.upstream.behave = lambda asked: "broken"
    settings = stage.upstream.settings(**{**ROOMY, "concurrency": 1})
    countries = "US,MY,GB,DE,FR,ES,IT,JP,KR,BR"
    with Collector(stage, "--country", countries, "--period", "7", settings=settings) as collector:
        until(lambda: len(stage.upstream.asked()) == 5, "five requests")
        opened = stage.clock.wall_us / 1e6
        for pause in (5, 10, 20, 40, 60, 60):
            until(lambda: is_shut(stage), "the breaker is open")
            before = len(stage.upstream.asked())
            stage.clock.pass_by(pause * MINUTE - 1)
            quiet(stage, before)
            stage.clock.pass_by(2)
            until(lambda: len(stage.upstream.asked()) == before + 1, f"one request after {pause} minutes")
            quiet(stage, before + 1)
        stage.upstream.behave = lambda asked: "list"
        until(lambda: stage.clock.pass_by(10 * MINUTE) or
              len({one.list for one in stage.upstream.asked() if one.answered == "list"}) == 10, "all ten lists")
        equal(opened < stage.clock.wall_us / 1e6, True, "time went by")
        equal(collector.stop(), 0, "exit")


def is_shut(stage):
    """The last answer is counted too: until then the clock must not go on."""
    said = stage.place.succeed("collect", "--status", settings=stage.upstream.settings()).lines()[0].split("\t")
    if said[1] != "shut" or said[2] == "-":
        return False
    ends = datetime.datetime.fromisoformat(said[2].replace("Z", "+00:00"))
    return ends.timestamp() * 1e6 > stage.clock.wall_us


def quiet(stage, count):
    """Nothing is asked while a command runs from its beginning to its end; that looks at the same clock."""
    stage.place.succeed("collect", "--status", settings=stage.upstream.settings())
    equal(len(stage.upstream.asked()), count, "requests")


# ---- Inside serve ----

@contextlib.contextmanager
def served(at="2025-10-21T10:00:00Z"):
    with upstreamed(at) as stage:
        stage.key = stage.place.new_key()
        stage.server = stage.place.serve(settings={**stage.upstream.settings(**ROOMY), "TRENDGATE_SERVER_THREADS": "2"})
        yield stage
        stage.drop_connection()
        stage.server.stop()
        stage.place.books_agree()


def first_of(answer):
    equal(answer.status, 200, f"status of {answer!r}")
    return answer.json()["data"]["data"]["list"][0]["hashtag_name"]


@act(SERVED, "a call for a list that is missing waits for it, and is answered with it")
def missing(stage):
    answer = stage.get("?country_code=US&limit=100")
    equal(first_of(answer), hashtags("US", 7, int(stage.clock.wall_us / 1e6 // DAY))[0]["name"], "the first hashtag")
    equal((answer.field("X-Trend-Source"), answer.field("X-Trend-Stale")), (CENTER, None), "source and staleness")
    equal(len(answer.json()["data"]["data"]["list"]), 100, "hashtags on the page")
    equal([one.page for one in stage.upstream.asked()], [1, 2], "pages that were asked for")


@act(SERVED, "500 calls for one missing list at once cause one fetch")
def single_flight(stage):
    stage.upstream.log.clear()
    stage.upstream.gate.clear()
    connections = [stage.server.connect() for _ in range(500)]
    try:
        for connection in connections:
            connection.send(f"GET {ENDPOINT}?country_code=DE&period=30 HTTP/1.1\r\nHost: x\r\n"
                            f"x-api-key: {stage.key}\r\n\r\n".encode("ascii"))
        until(lambda: stage.upstream.asked(), "the upstream is asked")
        stage.upstream.gate.set()
        answers = [connection.receive() for connection in connections]
    finally:
        stage.upstream.gate.set()
        for connection in connections:
            connection.close()
    equal({answer.status for answer in answers}, {200}, "statuses")
    equal(len({first_of(answer) for answer in answers}), 1, "different answers")
    equal([(one.list, one.page) for one in stage.upstream.asked()], [(("DE", 30), 1), (("DE", 30), 2)], "requests")


@act(SERVED, "an industry's list is derived from the one that is fetched")
def derived(stage):
    stage.upstream.log.clear()
    answer = stage.get("?country_code=DE&period=30&industry_id=29000000000")
    equal(answer.status, 200, "status")
    equal(stage.upstream.asked(), [], "requests")


@act(SERVED, "a stale list is served at once, marked, and fetched behind")
def stale(stage):
    stage.upstream.log.clear()
    stage.clock.pass_by(2 * DAY)
    answer = stage.get("?country_code=US")
    equal((answer.status, answer.field("X-Trend-Stale")), (200, "1"), "status and staleness")
    until(lambda: stage.get("?country_code=US").field("X-Trend-Stale") is None, "the list is fresh")
    equal({one.list for one in stage.upstream.asked()}, {("US", 7)}, "lists that were asked for")


@act(SERVED, "a list that suddenly is of less than half its length is served marked, until the next capture of that length")
def short(stage):
    until(lambda: stage.get("?country_code=US").field("X-Trend-Stale") is None, "a fresh list is there")
    stage.clock.pass_by(2 * DAY)
    stage.upstream.behave = lambda asked: hashtags(asked.country, asked.period, int(asked.at // DAY), 30)
    stage.get("?country_code=US")
    until(lambda: int(stage.get("?country_code=US&limit=1").json()["data"]["data"]["pagination"]["total"]) == 30,
          "the short list is there")
    captured = stage.clock.wall_us // 1_000_000 // 60
    for page in ("?country_code=US", "?country_code=US&industry_id=29000000000", "?country_code=US&filter_by=new_on_board"):
        answer = stage.get(page)
        equal((answer.status, answer.field("X-Trend-Stale")), (200, "1"), f"status and staleness of {page}")
        modified = email.utils.parsedate_to_datetime(answer.field("Last-Modified")).timestamp()
        equal(modified // 60, captured, "its own capture time")
        equal(answer.field("X-Trend-As-Of"), as_of_of(stage), "its own date")
    moved = stage.ask(f"{ENDPOINT}/movers?country_code=US", headers=[("x-api-key", stage.key)])
    equal((moved.status, moved.field("X-Trend-Stale")), (200, "1"), "status and staleness of what moved")
    asked = stage.ask(META, headers=[("x-api-key", stage.key)])
    equal([listed["stale"] for listed in asked.json()["data"]["lists"] if listed["country_code"] == "US"], [True], "in the meta endpoint")
    equal(short_lists_of(stage), (1, 1), "short lists in /ready and --status")
    stage.clock.pass_by(DAY + 1)
    stage.get("?country_code=US")
    until(lambda: stage.get("?country_code=US").field("X-Trend-Stale") is None, "a second one of that length is believed")
    equal(short_lists_of(stage), (0, 0), "short lists in /ready and --status")
    stage.upstream.behave = lambda asked: "list"


def as_of_of(stage):
    yesterday = datetime.datetime.fromtimestamp(stage.clock.wall_us / 1e6 - DAY, datetime.timezone.utc)
    return yesterday.strftime("%Y-%m-%d")


def short_lists_of(stage):
    rows = map(json.loads, stage.place.succeed("collect", "--status", "--json",
                                               settings=stage.upstream.settings(**ROOMY)).lines())
    [source] = stage.ask("/ready").json()["data"]["sources"]
    return source["short_lists"], {row["source"]: row["short_lists"] for row in rows}[CENTER]


@act(SERVED, "throughout an outage what is there is served, marked; what is missing is 503 and comes back")
def outage(stage):
    stage.upstream.log.clear()
    stage.upstream.behave = lambda asked: "broken"
    stage.clock.pass_by(2 * DAY)
    for _ in range(20):
        answer = stage.get("?country_code=US")
        equal((answer.status, answer.field("X-Trend-Stale")), (200, "1"), "status and staleness")
        stage.clock.pass_by(600)
    answer = stage.get("?country_code=FR")
    equal((answer.status, answer.json()["data"]["reason"]), (503, "upstream_unavailable"), f"status of {answer!r}")
    equal(int(answer.field("Retry-After")) >= 1, True, "Retry-After")
    equal(answer.field("X-Credits-Charged"), "0", "credits")
    until(lambda: stage.clock.pass_by(1200) or stage.get("?country_code=FR") and
          stage.ask("/ready").json()["data"]["sources"][0]["state"] == "shut", "the breaker is open")
    equal(stage.ask("/ready").status, 200, "/ready")
    stage.upstream.behave = lambda asked: "list"
    until(lambda: stage.clock.pass_by(1200) or
          stage.get("?country_code=US").field("X-Trend-Stale") is None, "the list is fresh again")


@act(SERVED, "who waits in vain is answered after ten seconds")
def in_vain(stage):
    stage.upstream.gate.clear()
    stage.upstream.log.clear()
    with stage.server.connect() as connection:
        connection.send(f"GET {ENDPOINT}?country_code=JP HTTP/1.1\r\nHost: x\r\nx-api-key: {stage.key}\r\n\r\n"
                        .encode("ascii"))
        until(lambda: stage.upstream.asked(), "the upstream is asked")
        stage.clock.pass_by(10)
        answer = connection.receive()
    stage.upstream.gate.set()
    equal((answer.status, answer.json()["data"]["reason"]), (503, "upstream_unavailable"), f"status of {answer!r}")
    until(lambda: stage.get("?country_code=JP").status == 200, "the list comes after all")


@act(SERVED, "who waits for a list that another process brings meanwhile is answered with that")
def brought(stage):
    stage.place.write("kr.json", stage.place.succeed("export", "--country", "US").stdout.replace('"US"', '"KR"'))
    stage.upstream.gate.clear()
    stage.upstream.log.clear()
    with stage.server.connect() as connection:
        connection.send(f"GET {ENDPOINT}?country_code=KR HTTP/1.1\r\nHost: x\r\nx-api-key: {stage.key}\r\n\r\n"
                        .encode("ascii"))
        until(lambda: stage.upstream.asked(), "the upstream is asked")
        stage.place.succeed("import", "kr.json")
        answer = connection.receive()
    stage.upstream.gate.set()
    equal((answer.status, answer.field("X-Trend-Stale")), (200, None), f"status of {answer!r}")


@act(SERVED, "a list that each source refuses is 503 no_data")
def refused_by_all(stage):
    stage.upstream.behave = lambda asked: "bad_argument"
    answer = stage.get("?country_code=BR")
    stage.upstream.behave = lambda asked: "list"
    equal((answer.status, answer.json()["data"]["reason"]), (503, "no_data"), f"status of {answer!r}")
    equal(answer.field("X-Credits-Charged"), "0", "credits")


# ---- For those alone who may call ----

@contextlib.contextmanager
def bounded():
    rows = [("Small", 16, 0, 1000, "none", 0), ("Slow", 1600, 0, 2, "none", 0), ("Big", 1600, 0, 1000, "none", 0)]
    with Clock("2025-10-21T10:00:00Z") as clock, Upstream(clock) as upstream, \
            Place(plans=plans(rows), clock=clock) as place:
        stage = Stage(place, place.serve(settings=upstream.settings(**ROOMY)), None)
        stage.clock, stage.upstream = clock, upstream
        yield stage
        stage.drop_connection()
        stage.server.stop()
        place.books_agree()


def spent_key(stage):
    """Of an account without credits; nothing was asked of the upstream since."""
    key = new_key(stage, "Small")
    for left in (8, 0):
        equal(number(call(stage, key, "?country_code=US", status=200), "X-Credits-Remaining"), left, "credits left")
    stage.upstream.log.clear()
    return key


@act(BOUNDED, "a call without the credits for a list that is missing is 402 with its numbers, and nothing is fetched for it")
def unaffordable(stage):
    key = spent_key(stage)
    before = number(call(stage, key, "?page=x"), "X-RateLimit-Remaining")
    answer = call(stage, key, "?country_code=DE")
    numbers = {"credit_cost": 8, "credits_included": 16, "credits_used": 16, "credits_remaining": 0}
    missing_list = check_limited(answer, 402, "insufficient_credits", "monthly", "Small", "Big", **numbers)
    equal(number(answer, "X-RateLimit-Remaining"), before - 1, "slots that are left")
    listed = check_limited(call(stage, key, "?country_code=US"), 402, "insufficient_credits", "monthly", "Small",
                           "Big", **numbers)
    for told in (missing_list, listed):
        del told["request_id"]
    equal(missing_list, listed, "what both are told")
    equal(stage.upstream.asked(), [], "requests")

    def refused_so_far():
        told = stage.server.ask("/api/v1/usage/me/timeseries?range=period", headers={"x-api-key": key}).json()["data"]
        return told["items"][0]["refusals"]
    stage.clock.pass_by(2)
    until(lambda: refused_so_far()["insufficient"] == 2, "both are counted as refused for credits")
    equal(refused_so_far()["unavailable"], 0, "calls that were counted as 503")


@act(BOUNDED, "a HEAD costs nothing, so that its list is fetched")
def head_is_fetched(stage):
    call(stage, spent_key(stage), "?country_code=IT", "HEAD", status=200)
    equal({one.list for one in stage.upstream.asked()}, {("IT", 7)}, "lists that were asked for")


@act(BOUNDED, "a call without a slot is 429, and nothing is fetched for it")
def without_slot(stage):
    key = new_key(stage, "Slow")
    for _ in range(2):
        call(stage, key, "?country_code=US", status=200)
    stage.upstream.log.clear()
    call(stage, key, "?country_code=FR", status=429)
    equal(stage.upstream.asked(), [], "requests")


# ---- Odd clocks ----

@act(ODD, "a list captured while the clock was years ahead is fetched again, and served as stale until then")
def years_ahead(stage):
    settings = stage.upstream.settings(**{**ROOMY, "daily_budget": 20})
    stage.clock.set("2031-10-21T10:00:00Z")
    once(stage, "--country", "US", "--period", "7", settings=settings)
    stage.clock.set("2025-10-21T10:00:00Z")
    key = stage.place.new_key()
    server = stage.place.serve()
    answer = server.ask(f"{ENDPOINT}?country_code=US", headers=[("x-api-key", key)])
    equal((answer.status, answer.field("X-Trend-Stale")), (200, "1"), f"staleness of {answer!r}")
    server.stop()
    told = once(stage, "--country", "US", "--period", "7", settings=settings)
    equal([one["outcome"] for one in told], ["kept"], "what came of it")
    equal(once(stage, "--country", "US", "--period", "7", settings=settings), [], "lists once more")


@act(ODD, "a day that a wrong clock entered holds the budget up until midnight only")
def day_ahead(stage):
    fresh_place(stage)
    settings = stage.upstream.settings(**{**ROOMY, "daily_budget": 4})
    stage.clock.set("2031-10-21T10:00:00Z")
    once(stage, "--country", "US", "--period", "7", settings=settings)
    stage.clock.set("2025-10-21T10:00:00Z")
    once(stage, "--country", "MY", "--period", "7", settings=settings)
    once(stage, "--country", "GB", "--period", "7", settings=settings, status=1)
    stage.clock.set("2025-10-22T00:00:01Z")
    once(stage, "--country", "GB", "--period", "7", settings=settings)
    equal(len(stage.upstream.asked()), 6, "requests")


@act(ODD, "who lost the lease of a list while its source was slow publishes nothing")
def lost_lease(stage):
    fresh_place(stage)
    stage.clock.set("2025-11-21T10:00:00Z")
    begun, gates = stage.clock.wall_us / 1e6, [threading.Event(), threading.Event()]
    tags = hashtags("US", 7, int(begun // DAY), 40)

    def behave(asked):
        came.append(asked)
        gates[asked.at > begun + MINUTE].wait(30)
        return tags

    came, stage.upstream.behave = [], behave
    settings = stage.upstream.settings(**ROOMY)
    words = ["--once", "--country", "US", "--period", "7"]
    with Collector(stage, *words, settings=settings) as slow:
        until(lambda: len(came) == 1, "the first is under way")
        stage.clock.pass_by(6 * MINUTE)
        with Collector(stage, *words, settings=settings) as other:
            until(lambda: len(came) == 2, "the second has the list")
            gates[0].set()
            until(lambda: "another collector has that list" in slow.said.read_text(), "the first gives up")
            gates[1].set()
            equal((slow.wait(stage.clock, 1), other.wait(stage.clock, 1)), (0, 0), "exits")
            equal(len(slow.lists()), 0, "lists of the slow one")
            equal([one["outcome"] for one in other.lists()], ["kept"], "lists of the other")
    equal(len(kept(stage, "US", 7, history=True)), 1, "snapshots")


@act(ODD, "a list that failed again and again is given up by collect --once, not waited for")
def failed_before(stage):
    fresh_place(stage)
    stage.upstream.behave = lambda asked: "bad_argument"
    for _ in range(30):  # the dice make a pause of over five minutes soon
        with Collector(stage, "--once", "--country", "US", "--period", "7",
                       settings=stage.upstream.settings(**ROOMY)) as collector:
            equal(collector.wait(stage.clock, 5), 1, "exit")
            told = collector.lists()
        if "left alone" in told[0]["sentence"]:
            break
    equal((told[0]["outcome"], "left alone" in told[0]["sentence"]), ("failed", True), f"what came of it: {told}")


@act(ODD, "a collector that is told to stop in a fetch ends at once, and the next one need not wait for its lease")
def stopped_in_a_fetch(stage):
    fresh_place(stage)
    settings = stage.upstream.settings(**ROOMY)
    stage.upstream.gate.clear()
    with Collector(stage, "--once", "--country", "US", "--period", "7", settings=settings) as collector:
        until(lambda: stage.upstream.asked(), "the upstream is asked")
        equal(collector.stop(), 1, "exit")
    stage.upstream.gate.set()
    equal(once(stage, "--country", "US", "--period", "7", settings=settings)[0]["outcome"], "kept", "the next one")


# ---- Deaths ----

@act(DEATHS, "a collector that is killed at any moment leaves no half list, and the next one goes on")
def killed(stage):
    dice = random.Random(5)
    countries = "US,MY,GB,DE,FR,ES,IT,JP,KR,BR,ALL"
    settings = stage.upstream.settings(**{**ROOMY, "requests_per_minute": 60})
    for _ in range(12):
        wanted = dice.randrange(1, 14) + len(stage.upstream.asked())
        with Collector(stage, "--once", "--country", countries, settings=settings) as collector:
            until(lambda: stage.clock.pass_by(1) or len(stage.upstream.asked()) >= wanted
                  or collector.child.poll() is not None, "some requests")
            collector.child.kill()
        stage.clock.pass_by(20)
    stage.clock.pass_by(10 * MINUTE)
    with Collector(stage, "--once", "--country", countries, settings=settings) as collector:
        equal(collector.wait(stage.clock, 0.5), 0, "exit of the last")
    equal(stage.upstream.most_in_a_minute() <= 60, True, "requests in a minute, over all lives")
    snapshots = json.loads(stage.place.succeed("export", "--history").stdout)["lists"]
    equal(len(snapshots), 33, "snapshots: each list once")
    equal({len(snapshot["list"]) for snapshot in snapshots}, {100}, "hashtags of each")


# ---- A week ----

DAYS = 7


def in_memory():
    """Some 7,500 transactions, for which a disk that others use too needs minutes."""
    return upstreamed(in_memory=True)


@act(WEEK, "a week of 216 lists: each is fetched each day, and no limit is passed")
def week(stage):
    limits = {"requests_per_minute": 30, "concurrency": 4, "daily_budget": 300, "timeout_s": 10}
    stage.upstream.count = 40
    begun = stage.clock.wall_us / 1e6
    with Collector(stage, settings={**stage.upstream.settings(**limits),
                                    "TRENDGATE_COLLECT_COUNTRIES": "every"}) as collector:
        for day in range(1, DAYS + 1):
            until(lambda: stage.clock.pass_by(5) or len(collector.lists()) >= 216 * day, f"the lists of day {day}", 120)
            stage.clock.pass_by(max(0, begun + day * DAY + 1 - stage.clock.wall_us / 1e6))
        told = collector.lists()
        equal(collector.stop(), 0, "exit")
    equal({one["outcome"] for one in told}, {"kept"}, "what came of them")
    equal(len({(one["country"], one["period"]) for one in told}), 216, "lists")
    equal(stage.upstream.most_in_a_minute() <= 30, True, f"in a minute: {stage.upstream.most_in_a_minute()}")
    equal(stage.upstream.most_in_a_day() <= 300, True, f"in a day: {stage.upstream.most_in_a_day()}")


SCENARIOS = [
    Scenario("collect --once", upstreamed, ONCE),
    Scenario("collect from several sources", upstreamed, SOURCES),
    Scenario("a source's limits", upstreamed, LIMITS),
    Scenario("collecting behind calls", served, SERVED),
    Scenario("collecting for those who may call", bounded, BOUNDED),
    Scenario("collecting by odd clocks and slow sources", upstreamed, ODD),
    Scenario("collect that is killed", upstreamed, DEATHS),
    Scenario("collect for a week", in_memory, WEEK),
]
