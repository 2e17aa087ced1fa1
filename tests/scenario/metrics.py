"""GET /metrics on the admin listener: the text itself as Prometheus reads it, numbers that are what was done, and that
nothing of it is on the public listener."""

import contextlib
import re
import signal
import socket

from support.clock import Clock
from support.fake_upstream import CENTER, DAY, Upstream, hashtags
from support.http_client import Connection, request_bytes, until
from support.lists import as_lines, options_of, sample_list
from support.metered import call, new_key, plans
from support.server import Place
from support.steps import ENDPOINT, META, Scenario, Stage, act, check_every_answer, equal, fail
from metering import reload
from serving import refused_server

FORMAT, NUMBERS, CROWD, COLLECTED, BOUNDS = [], [], [], [], []

ADMIN = re.compile(r"^admin on http://127\.0\.0\.1:([0-9]+)$", re.M)
TABLE = [("Small", 20, 0, 1000, "none", 0), ("Slow", 1000, 0, 3, "none", 0), ("Always", 20, 0, 1000, "always", 30),
         ("Big", 100000, 0, 2000, "none", 0)]
HASHTAG = "tiktok-popular-trend-hashtag"
COUNTRIES = "tiktok-popular-trend-country-industry-meta"


@contextlib.contextmanager
def watched(settings=None):
    settings = {"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true", "TRENDGATE_SERVER_ADMIN_LISTEN": "127.0.0.1:0",
                **(settings or {})}
    with Place(settings, plans=plans(TABLE)) as place:
        stage = Stage(place, place.serve())
        yield stage
        stage.drop_connection()
        stage.server.stop()


def admin_port(server):
    return int(until(lambda: ADMIN.search(server.stdout), "serve prints where the admin listener is")[1])


def ask_admin(stage, target="/metrics", method="GET", headers=()):
    with Connection(("127.0.0.1", admin_port(stage.server))) as connection:
        return connection.ask(target, method, headers)


# ---- The format ----

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9]+(?:\.[0-9]+)?)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\n"])*)"(?:,|\Z)')


def labels_of(written, line):
    """{name: value}, unescaped; each name once."""
    labels, end = {}, 0
    while end < len(written or ""):
        match = LABEL.match(written, end)
        if not match or match[1] in labels:
            fail(f"no label at {written[end:]!r} of {line!r}")
        labels[match[1]] = re.sub(r"\\(.)", lambda escaped: {"n": "\n"}.get(escaped[1], escaped[1]), match[2])
        end = match.end()
    return labels


class Exposition:
    """A text of version 0.0.4, read strictly: what promtool would say against it is a failure."""

    def __init__(self, text):
        self.types, self.helps, self.samples = {}, {}, {}
        if not text.endswith("\n"):
            fail("the last line does not end with a line feed")
        family = None
        for line in text[:-1].split("\n"):
            family = self.read(line, family)
        equal(set(self.types), set(self.helps), "families with a type and with a help")

    def read(self, line, family):
        words = line.split(" ", 3)
        if words[0] != "#":
            return self.read_sample(line, family)
        _, keyword, name, rest = words
        if keyword == "HELP":
            if name in self.helps or not rest or re.search(r"\\[^\\n]", rest.replace("\\\\", "")):
                fail(f"a second or a malformed help: {line!r}")
            self.helps[name] = rest
        elif keyword == "TYPE":
            if name in self.types or name != family or rest not in ("counter", "gauge"):
                fail(f"a second type, or one that does not follow its help: {line!r}")
            if (rest == "counter") != name.endswith("_total"):
                fail(f"counters, and only they, end in _total: {line!r}")
            self.types[name] = rest
        else:
            fail(f"a comment that is neither help nor type: {line!r}")
        return name

    def read_sample(self, line, family):
        match = SAMPLE.fullmatch(line)
        if not match or match[1] != family or match[1] not in self.types:
            fail(f"no sample of the family {family}: {line!r}")
        labels = labels_of(match[2], line)
        series = (match[1], frozenset(labels.items()))
        if series in self.samples:
            fail(f"the series is there twice: {line!r}")
        self.samples[series] = float(match[3])
        return family

    def __call__(self, name, **labels):
        series = (name, frozenset(labels.items()))
        if series not in self.samples:
            fail(f"there is no {name} {labels}")
        return self.samples[series]

    def calls(self, endpoint=HASHTAG):
        """{outcome: count} of those that were."""
        return {dict(labels)["outcome"]: int(value) for (name, labels), value in self.samples.items()
                if name == "trendgate_calls_total" and dict(labels)["endpoint"] == endpoint and value}

    def counters(self):
        return {series: value for series, value in self.samples.items() if self.types[series[0]] == "counter"}


def scrape(stage):
    answer = ask_admin(stage)
    equal(answer.status, 200, "status")
    return Exposition(answer.body.decode("utf-8"))


def fell(before, after):
    """Counters that are smaller than they were, or gone."""
    return [series for series, value in before.counters().items() if after.samples.get(series, -1) < value]


@act(FORMAT, "the text is of version 0.0.4, and says so")
def is_exposition(stage):
    answer = ask_admin(stage)
    equal(answer.field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8", "Content-Type")
    read = Exposition(answer.body.decode("utf-8"))
    if len(read.types) < 20 or any(not re.fullmatch(r"(trendgate|process)_[a-z_]+", name) for name in read.types):
        fail(f"families: {sorted(read.types)}")


@act(FORMAT, "the build and the start are told")
def build_and_start(stage):
    read = scrape(stage)
    ping = ask_admin(stage, "/ping").json()["data"]
    equal(read("trendgate_build_info", version=ping["version"], commit=ping["commit"]), 1, "build_info")
    date = stage.server.ask("/ping").field("Date")
    ready = stage.server.ask("/ready").json()["data"]["checked_at"]
    if not 1.5e9 < read("process_start_time_seconds") < 1e11 or not date or not ready:
        fail("the start is no time")
    for component in ("catalog", "ledger"):
        equal(read("trendgate_ready", component=component), 1, component)


@act(FORMAT, "no number is of one account, key or client")
def no_private_labels(stage):
    call(stage, new_key(stage, "Big", "secret-person@example.com"), status=200)
    text = ask_admin(stage).body.decode("utf-8")
    for word in ("secret-person", "tg_live_", "127.0.0.1"):
        if word in text:
            fail(f"{word} is in the text")


@act(FORMAT, "HEAD, other methods and other paths are answered as elsewhere; no page of another origin may read them")
def methods_and_paths(stage):
    whole = ask_admin(stage)
    for target, method, status in (("/metrics", "HEAD", 200), ("/metrics", "POST", 405), ("/metrics", "OPTIONS", 204),
                                   ("/metrics/", "GET", 404), ("/", "GET", 404), ("/docs", "GET", 404),
                                   ("/ready", "GET", 404), (ENDPOINT, "GET", 404), ("/ping", "GET", 200)):
        answer = ask_admin(stage, target, method)
        equal(answer.status, status, f"{method} {target}")
        if answer.count("Access-Control-Allow-Origin"):
            fail(f"shared with other origins: {answer!r}")
        if (target, method) != ("/metrics", "HEAD"):
            check_every_answer(answer, method)
    head = ask_admin(stage, method="HEAD")
    equal(head.field("Content-Type"), whole.field("Content-Type"), "Content-Type of HEAD")
    equal(head.body, b"", "body of HEAD")


@act(FORMAT, "the public listener knows nothing of it")
def not_in_public(stage):
    for target in ("/metrics", "/metrics/", "/api/v1/metrics", "/admin/metrics"):
        answer = stage.ask(target)
        equal(answer.status, 404, f"GET {target}")
        check_every_answer(answer)
    for document in ("/openapi.json", "/swagger.json", "/docs.md"):
        if b"metrics" in stage.ask(document).body:
            fail(f"{document} speaks of metrics")


# ---- The numbers ----

@act(NUMBERS, "calls by outcome, credits and overage are what was done")
def numbers_are_what_was_done(stage):
    before = scrape(stage)
    big, small, slow, always = (new_key(stage, plan) for plan in ("Big", "Small", "Slow", "Always"))
    etag = call(stage, big, status=200).field("ETag")
    for _ in range(4):
        call(stage, big, status=200)
    call(stage, big, status=304, **{"If-None-Match": etag})
    call(stage, big, method="HEAD", status=200)
    call(stage, big, "?page=10&limit=100&filter_by=new_on_board", status=200)
    call(stage, big, "?period=8", status=400)
    for _ in range(2):
        call(stage, big, status=200, **{"Idempotency-Key": "once"})
    call(stage, big, "?limit=3", status=422, **{"Idempotency-Key": "once"})
    equal(stage.ask(META, headers={"x-api-key": big}).status, 200, "meta")
    for status in (200, 200, 402, 402):
        call(stage, small, status=status)
    for status in (200, 200, 200, 429, 429):
        call(stage, slow, status=status)
    for _ in range(4):
        call(stage, always, status=200)  # 20 included, 32 charged
    wanted = {"charged": 6 + 2 + 3 + 4, "unchanged": 1, "head": 1, "empty_page": 1, "invalid": 1, "replayed": 1,
              "conflict": 1, "insufficient": 2, "rate_limited": 2}
    until(lambda: scrape(stage).calls() == wanted and scrape(stage).calls(COUNTRIES) == {"free": 1},
          f"calls are counted: {wanted}; last {scrape(stage).calls()}")
    after = scrape(stage)
    equal(after("trendgate_credits_charged_total", endpoint=HASHTAG), 8 * 15, "credits")
    equal(after("trendgate_credits_charged_total", endpoint=COUNTRIES), 0, "credits of meta")
    equal(after("trendgate_overage_credits_total", endpoint=HASHTAG), 32 - 20, "overage")
    rows = after("trendgate_journal_rows_total") - before("trendgate_journal_rows_total")
    if not 15 <= rows <= 25:  # charges of one connection are a batch each; slots may have their own
        fail(f"{rows} rows")
    stage.notes["after"] = after


@act(NUMBERS, "what is charged is counted when its answer is there")
def counted_at_once(stage):
    key = new_key(stage, "Big")
    for _ in range(20):
        before = scrape(stage).calls()["charged"]
        call(stage, key, status=200)
        equal(scrape(stage).calls()["charged"], before + 1, "charged")


@act(NUMBERS, "answers by class are those that were given; a scrape is none of them")
def answers_by_class(stage):
    def answers():
        read = scrape(stage)
        return [int(read("trendgate_http_answers_total", **{"class": name})) for name in ("2xx", "3xx", "4xx", "5xx")]
    before = answers()
    for target, count in (("/ping", 3), ("/nothing", 2), (ENDPOINT, 1)):
        for _ in range(count):
            stage.ask(target)
    with stage.server.connect() as connection:  # refused by the server itself
        connection.send(b"GET / HTTP/9.9\r\n\r\n")
        equal(connection.receive().status, 505, "status")
    equal([now - then for now, then in zip(answers(), before)], [3, 0, 3, 1], "answers since")


@act(NUMBERS, "nothing waits, and balances catch up, once nobody calls")
def nothing_waits(stage):
    call(stage, new_key(stage, "Big"), status=200)
    until(lambda: scrape(stage)("trendgate_ledger_fold_lag_seconds") == 0, "everything is folded")
    read = scrape(stage)
    for kind in ("charges", "slots"):
        equal(read(f"trendgate_journal_{kind}_waiting"), 0, kind)
    equal(read("trendgate_ledger_admits"), 1, "admits")
    equal(read("trendgate_journal_commit_failures_total"), 0, "failures")
    equal(read("trendgate_charges_undone_total"), 0, "undone")
    if read("trendgate_ledger_folds_total") < 1:
        fail("nothing was folded")


@act(NUMBERS, "counters never fall over a reload of the plan file")
def reload_keeps_counters(stage):
    key = new_key(stage, "Big")
    call(stage, key, status=200)
    before = scrape(stage)
    equal(reload(stage, plans(TABLE).replace("credits = 8", "credits = 5")), "in force anew", "log")
    equal(fell(before, scrape(stage)), [], "counters that fell")
    call(stage, key, status=200)
    after = scrape(stage)
    equal(after("trendgate_credits_charged_total", endpoint=HASHTAG) -
          before("trendgate_credits_charged_total", endpoint=HASHTAG), 5, "credits at the new price")
    equal(reload(stage, plans(TABLE)), "in force anew", "log")


@act(NUMBERS, "lists are counted by source, with the times of their captures")
def lists_by_source(stage):
    before = scrape(stage)
    samples = before("trendgate_lists", source="sample")
    equal(before("trendgate_lists_stale", source="sample"), 0, "stale samples")
    captured = 1_759_276_800
    made = sample_list(captured_at=captured)
    file = stage.place.write("my.ndjson", as_lines(made))
    stage.place.succeed("import", file, *options_of(made))
    until(lambda: scrape(stage)("trendgate_lists", source="sample") == samples - 1, "the import is served")
    after = scrape(stage)
    source = next(dict(labels)["source"] for name, labels in after.samples
                  if name == "trendgate_lists" and dict(labels)["source"] != "sample")
    equal(after("trendgate_lists", source=source), 1, "imported lists")
    equal(after("trendgate_lists_stale", source=source), 1, "stale imported lists")
    for which in ("oldest", "newest"):
        equal(after(f"trendgate_lists_{which}_capture_timestamp_seconds", source=source), captured, which)


@act(NUMBERS, "the cache's bytes grow with what is asked for")
def cache_bytes(stage):
    key = new_key(stage, "Big")
    before = scrape(stage)("trendgate_catalog_cache_bytes")
    call(stage, key, "?country_code=JP&period=120", status=200)
    if not before < scrape(stage)("trendgate_catalog_cache_bytes") < 256 << 20:
        fail("the cache did not grow")


# ---- Connections ----

@act(CROWD, "open, accepted and turned-away connections are those of the public listener")
def connections(stage):
    with contextlib.ExitStack() as open_ones:
        for _ in range(3):
            connection = open_ones.enter_context(stage.server.connect())
            equal(connection.ask("/ping", "GET", ()).status, 200, "status")
        for _ in range(2):
            with stage.server.connect() as refused:
                refused.send(request_bytes("/ping"))
                equal(refused.receive().status, 503, "status of one more")
        read = scrape(stage)
        equal(read("trendgate_http_connections_open"), 3, "open")
        equal(read("trendgate_http_connections_accepted_total"), 3, "accepted")
        equal(read("trendgate_http_connections_turned_away_total"), 2, "turned away")
    until(lambda: scrape(stage)("trendgate_http_connections_open") == 0, "they are closed")


# ---- Sources ----

@contextlib.contextmanager
def collected():
    """A server that fetches from a fake upstream, which keeps a log of what it was asked."""
    with Clock("2025-10-21T10:00:00Z") as clock, Upstream(clock) as upstream:
        settings = {**upstream.settings(requests_per_minute=6000, concurrency=4, daily_budget=500, timeout_s=30),
                    "TRENDGATE_SERVER_ADMIN_LISTEN": "127.0.0.1:0"}
        with Place(settings, clock=clock) as place:
            stage = Stage(place, place.serve(), place.new_key())
            stage.clock, stage.upstream = clock, upstream
            yield stage
            stage.drop_connection()
            stage.server.stop()


def of_source(read, name):
    return int(read(f"trendgate_source_{name}", source=CENTER))


@act(COLLECTED, "what a source was asked and gave is what its own log says")
def source_counters(stage):
    before = scrape(stage)
    if ("trendgate_source_last_success_timestamp_seconds", frozenset({("source", CENTER)})) in before.samples:
        fail("a success that never was")
    for country in ("US", "DE"):
        equal(stage.get(f"?country_code={country}").status, 200, country)
    until(lambda: of_source(scrape(stage), "lists_total") == 2, "both lists are counted")
    after = scrape(stage)
    asked = len(stage.upstream.asked())
    equal(of_source(after, "requests_total"), asked, "requests")
    equal(of_source(after, "daily_budget_requests"), 500, "the day's budget")
    for name in ("failures_total", "throttled_total", "not_permitted_total", "contradictions_total"):
        equal(of_source(after, name), 0, name)
    equal(of_source(after, "last_success_timestamp_seconds"), int(stage.clock.wall_us / 1e6), "the last success")
    equal(after("trendgate_lists", source=CENTER), 2, "lists")
    equal(fell(before, after), [], "counters that fell")
    until(lambda: stage.clock.pass_by(1) or of_source(scrape(stage), "requests_today") == asked,
          "the collector has looked at the day's budget again")


@act(COLLECTED, "what contradicts itself in a list is counted")
def source_contradictions(stage):
    tags = hashtags("MY", 7, int(stage.clock.wall_us / 1e6 // DAY), 40)
    tags[5]["id"] = tags[4]["id"]
    before = scrape(stage)
    stage.upstream.behave = lambda asked: tags
    equal(stage.get("?country_code=MY").status, 200, "status")
    until(lambda: of_source(scrape(stage), "lists_total") == of_source(before, "lists_total") + 1, "the list is counted")
    counted = of_source(scrape(stage), "contradictions_total")
    equal(counted, of_source(before, "contradictions_total") + 1, "contradictions")
    stage.upstream.behave = lambda asked: "list"


@act(COLLECTED, "a source that fails is counted, and told to be shut")
def source_failures(stage):
    def state(read):
        return [name for name in ("works", "pauses", "shut")
                if read("trendgate_source_state", source=CENTER, state=name) == 1]
    equal(state(scrape(stage)), ["works"], "state")
    stage.upstream.behave = lambda asked: "broken"
    equal(stage.get("?country_code=FR").status, 503, "status")
    until(lambda: stage.clock.pass_by(1200) or stage.get("?country_code=FR") and state(scrape(stage)) == ["shut"],
          "the source is shut")
    if of_source(scrape(stage), "failures_total") < 2:
        fail("failures are not counted")


# ---- The listener ----

@act(BOUNDS, "there is none unless it is asked for")
def none_by_default(stage):
    with Place() as other:
        server = other.serve()
        equal(server.ask("/metrics").status, 404, "status on the public listener")
        server.stop()
        if "admin" in server.stdout:
            fail(f"an admin listener that nobody asked for: {server.stdout!r}")


@act(BOUNDS, "--admin-listen is stronger than the setting; the address is printed after the public one")
def option(stage):
    with Place() as other:
        server = other.serve("--admin-listen", "127.0.0.1:0", settings={"TRENDGATE_SERVER_ADMIN_LISTEN": "192.0.2.1:1"})
        with Connection(("127.0.0.1", admin_port(server))) as connection:
            equal(connection.ask("/metrics", "GET", ()).status, 200, "status")
        server.stop()
        lines = [line.split(" http")[0] for line in server.stdout.splitlines()]
        equal(lines, ["listening on", "admin on"], "lines")


@act(BOUNDS, "an address in use is refused, naming it")
def in_use(stage):
    port = admin_port(stage.server)
    with Place() as other:
        refused_server(other, "--listen", "127.0.0.1:0", "--admin-listen", f"127.0.0.1:{port}", says=[str(port)])
    with socket.socket() as listener, Place() as other:
        listener.bind(("127.0.0.1", 0))
        free = listener.getsockname()[1]
        listener.close()
        refused_server(other, "--listen", f"127.0.0.1:{free}", "--admin-listen", f"127.0.0.1:{free}", says=[str(free)])


@act(BOUNDS, "an address that is none is refused; so is one of elsewhere with --demo")
def bad_address(stage):
    with Place() as other:
        for address in ("nonsense", "127.0.0.1", ":9100", "127.0.0.1:99999"):
            result = other.run("serve", "--listen", "127.0.0.1:0", "--admin-listen", address)
            if result.status not in (1, 2) or address not in result.stderr:
                fail(f"{result!r}")
        refused_server(other, "--demo", "--listen", "127.0.0.1:0", "--admin-listen", "0.0.0.0:0", says=["0.0.0.0:0"])


@act(BOUNDS, "an idle scraper does not hold up the end")
def idle_scraper(stage):
    with Place({"TRENDGATE_SERVER_ADMIN_LISTEN": "127.0.0.1:0"}) as other:
        server = other.serve()
        with Connection(("127.0.0.1", admin_port(server))) as connection:
            equal(connection.ask("/metrics", "GET", ()).status, 200, "status")
            server.signal(signal.SIGTERM)
            equal(server.wait(), 0, "exit status")


SCENARIOS = [
    Scenario("metrics format", watched, FORMAT),
    Scenario("metrics numbers", watched, NUMBERS),
    Scenario("metrics of connections", lambda: watched({"TRENDGATE_SERVER_CONNECTIONS": "3"}), CROWD),
    Scenario("metrics of sources", collected, COLLECTED),
    Scenario("admin listener", watched, BOUNDS),
]
