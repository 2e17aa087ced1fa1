"""The source that is a folder: captures that somebody puts there are read once and served like lists that were
fetched. Sockets and files are real, time is the test's; only a folder is looked at once a second of the machine's."""

import contextlib
import json
import os
import random
import shutil

from collecting import CENTER, Collector, every, hashtags, kept, upstreamed
from imports import shared
from metrics import scrape
from support.clock import instant
from support.http_client import until
from support.server import Place, demand_file
from support.steps import ENDPOINT, Scenario, Stage, act, equal, served

ONCE, SERVED, TWO, DEATHS, SAMPLE, REAL, STORE = [], [], [], [], [], [], []

BEGIN = "2025-10-21T10:00:00Z"
DAY = 86400


def document(country, day, count=40, period=7, then=()):
    """An export of one list, captured on that day of October 2025, and of those that follow; without sources."""
    date = f"2025-10-{day:02}"
    number = instant(f"{date}T00:00:00Z") // DAY
    items = [{"hashtag_id": tag["id"], "hashtag_name": tag["name"], "rank": tag["rank"], "publish_cnt": tag["posts"],
              "video_views": tag["views"], "is_promoted": False, "rank_diff": 0, "rank_diff_type": 2,
              "trend": [{"time": at, "value": value} for at, value in tag["trend"]]}
             for tag in hashtags(country, period, number, count)]
    one = {"country_code": country, "period": period, "captured_at": f"{date}T09:00:00Z", "list": items}
    return {"lists": [one, *(rest for other in then for rest in other["lists"])]}


@contextlib.contextmanager
def foldered():
    with upstreamed(BEGIN) as stage:
        stage.folder = stage.place.folder / "captures"
        stage.folder.mkdir()
        stage.place.settings.update({"TRENDGATE_SOURCE_FILE_ENABLED": "yes",
                                     "TRENDGATE_SOURCE_FILE_FOLDER": str(stage.folder)})
        yield stage


def put(stage, name, content):
    """As it should be done: written elsewhere, then renamed."""
    part = stage.place.folder / "part"
    part.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    os.replace(part, stage.folder / name)


def once(stage, *arguments, status=0, says=None):
    result = stage.place.run("collect", "--once", *arguments, "--json")
    equal(result.status, status, f"exit of {result!r}")
    if says:
        equal(says in result.stderr, True, f"{says!r} in {result!r}")
    return [json.loads(line) for line in result.lines()]


def told(lines):
    return [(one["outcome"], one["file"], one["country"], one["hashtags"]) for one in lines]


def status_of(stage, source="file"):
    rows = map(json.loads, stage.place.succeed("collect", "--status", "--json").lines())
    return {row["source"]: row for row in rows}[source]


def fresh_folder(stage):
    """Another database and an empty folder."""
    stage.notes["places"] = stage.notes.get("places", 0) + 1
    stage.place.database = f"sqlite:{stage.place.folder}/folder{stage.notes['places']}.db"
    shutil.rmtree(stage.folder, ignore_errors=True)
    stage.folder.mkdir()


# ---- Once ----

@act(ONCE, "what is new in the folder is read, in the order of names, and kept as the source file")
def read_once(stage):
    put(stage, "b.json", document("US", 20))
    put(stage, "a.json", document("US", 19, then=[document("MY", 19, 30)]))
    equal(told(once(stage, "--source", "file")),
          [("kept", "a.json", "MY", 30), ("kept", "a.json", "US", 40), ("kept", "b.json", "US", 40)], "what was told")
    equal([(one["country_code"], one["source"], one["captured_at"]) for one in every(stage)],
          [("MY", "file", "2025-10-19T09:00:00Z"), ("US", "file", "2025-10-19T09:00:00Z"),
           ("US", "file", "2025-10-20T09:00:00Z")], "snapshots")
    equal(sorted(path.name for path in stage.folder.iterdir()), ["a.json", "b.json"], "files, which stay")


@act(ONCE, "what was read is not read again by the next process, and --status tells of it")
def not_again(stage):
    equal(once(stage), [], "what was told")
    row = status_of(stage)
    equal((row["state"], row["lists"], row["refused_files"], row["fault"]), ("works", 3, 0, ""), "how the source fares")
    equal(row["last_success"], BEGIN, "when it last gave lists")


@act(ONCE, "a file that is replaced is read again; the same content is no new capture")
def replaced(stage):
    put(stage, "b.json", document("US", 21))
    equal(told(once(stage)), [("kept", "b.json", "US", 40)], "what was told")
    put(stage, "b.json", document("US", 21))
    equal(told(once(stage)), [("unchanged", "b.json", "US", 40)], "of the same once more")
    equal(len(kept(stage, "US", history=True)), 3, "snapshots of the list")


@act(ONCE, "a bad file is refused whole, told once, shown by --status, and read again when it is mended")
def bad(stage):
    before = every(stage)
    broken = document("DE", 20, then=[document("FR", 20)])
    broken["lists"][1]["list"][7]["rank"] = 3
    put(stage, "bad.json", broken)
    lines = once(stage, status=1, says="refused: 1 of the files; the first: bad.json, line")
    equal(told(lines), [("refused", "bad.json", "", 0)], "what was told")
    equal("its rank stands in the list already" in lines[0]["sentence"], True, f"why: {lines}")
    equal(every(stage), before, "what is kept")
    row = status_of(stage)
    equal((row["refused_files"], row["fault"]), (1, lines[0]["sentence"][:159]), "in --status")
    equal(once(stage), [], "told once more, as it is")
    put(stage, "bad.json", document("DE", 20))
    equal(told(once(stage)), [("kept", "bad.json", "DE", 40)], "mended")
    equal((status_of(stage)["refused_files"], status_of(stage)["fault"]), (0, ""), "in --status")


@act(ONCE, "a list that contradicts what is kept has the whole file refused")
def contradicts(stage):
    put(stage, "base.json", document("US", 17))
    equal(told(once(stage)), [("kept", "base.json", "US", 40)], "what was told before")
    before = every(stage)
    put(stage, "odd.json", document("ES", 20, then=[document("US", 17, 41)]))
    lines = once(stage, status=1)
    equal(told(lines), [("refused", "odd.json", "", 0)], "what was told")
    equal(every(stage), before, "what is kept")


@act(ONCE, "a refused file that is taken away is forgotten")
def taken_away(stage):
    (stage.folder / "odd.json").unlink()
    equal(once(stage), [], "what was told")
    equal((status_of(stage)["refused_files"], status_of(stage)["lists"]), (0, 7), "in --status")


@act(ONCE, "a file that stood still half-written is refused, and read once it is whole")
def half_written(stage):
    whole = json.dumps(document("IT", 20))
    with (stage.folder / "half.json").open("w", encoding="utf-8") as file:
        file.write(whole[:len(whole) // 2])
        file.flush()
        equal(told(once(stage, status=1)), [("refused", "half.json", "", 0)], "of the half")
        file.write(whole[len(whole) // 2:])
    equal(told(once(stage)), [("kept", "half.json", "IT", 40)], "of the whole")


@act(ONCE, "a refused file of the longest name is refused once, and told whole")
def longest_name(stage):
    before = status_of(stage)["refused_files"]
    names = sorted([f"{chr(233) * 120}-.json", f"{'a' * 250}.json"])
    for name in names:
        put(stage, name, "{bad")
    equal([told["file"] for told in once(stage, status=1)], names, "files that were refused")
    told = status_of(stage)
    equal((told["source"], told["refused_files"]), ("file", before + 2), "what --status tells")
    equal(told["fault"].split(":")[0] in names, True, f"the name in {told['fault']!r}")
    for name in names:
        (stage.folder / name).unlink()
    once(stage)


@act(ONCE, "hidden files, links, folders and other names are passed over")
def passed_over(stage):
    text = json.dumps(document("GB", 20))
    for name in (".gb.json", "gb.json.part", "gb.txt"):
        (stage.folder / name).write_text(text, "utf-8")
    (stage.folder / "sub.json").mkdir()
    (stage.folder / "sub.json" / "gb.json").write_text(text, "utf-8")
    (stage.folder / "link.json").symlink_to("gb.txt")
    equal(once(stage), [], "what was told")


@act(ONCE, "a folder that is missing is the source's fault, told with what to do; made again, it works")
def missing(stage):
    stage.folder.rename(stage.place.folder / "away")
    lines = once(stage, status=1, says=f"there is no folder {stage.folder}: make it")
    equal(lines, [], "what was told")
    equal("there is no folder" in status_of(stage)["fault"], True, "in --status")
    (stage.place.folder / "away").rename(stage.folder)
    put(stage, "gb.json", document("GB", 20))
    equal(told(once(stage)), [("kept", "gb.json", "GB", 40)], "what was told then")
    equal(status_of(stage)["fault"], "", "in --status then")


@act(ONCE, "it is on with a folder alone; without one, or off, it is refused with what to set")
def settings(stage):
    off = {"TRENDGATE_SOURCE_FILE_ENABLED": "no"}
    result = stage.place.refuse("collect", "--once", "--source", "file", settings=off)
    equal("the source file is off; set [source.file] enabled = true" in result.stderr, True, f"{result!r}")
    result = stage.place.refuse("collect", "--once", settings={"TRENDGATE_SOURCE_FILE_FOLDER": ""})
    equal("[source.file] folder is missing" in result.stderr, True, f"{result!r}")
    equal(status_of(stage, "sample")["state"], "off", "state of the sample")
    only_sample = {**off, "TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}
    result = stage.place.refuse("collect", "--once", settings=only_sample)
    equal("no source is on" in result.stderr, True, f"with the sample alone: {result!r}")


# ---- Inside serve, beside a source that is asked ----

@contextlib.contextmanager
def foldered_server():
    with foldered() as stage:
        stage.key = stage.place.new_key()
        stage.given = {**stage.upstream.settings(requests_per_minute=6000, daily_budget=100000, timeout_s=60),
                       "TRENDGATE_SERVER_ADMIN_LISTEN": "127.0.0.1:0"}
        stage.server = stage.place.serve(settings=stage.given)
        yield stage
        stage.drop_connection()
        stage.server.stop()
        stage.place.books_agree()


def ready_of(stage, source="file"):
    return {one["name"]: one for one in stage.ask("/ready").json()["data"]["sources"]}[source]


def metric(stage, name, source="file", **labels):
    return int(scrape(stage)(f"trendgate_source_{name}", source=source, **labels))


@act(SERVED, "a file that appears is served, with its own time, and demand for its list is satisfied")
def appears(stage):
    put(stage, "us.json", document("US", 21))
    until(lambda: ready_of(stage)["lists"] == 1, "the file is read")
    answer = stage.get("?country_code=US&limit=100")
    equal((answer.status, answer.field("X-Trend-Source")), (200, "file"), "status and source")
    equal(answer.field("X-Trend-Stale"), None, "staleness")
    equal(answer.field("Last-Modified"), "Tue, 21 Oct 2025 09:00:00 GMT", "Last-Modified")
    equal(len(answer.json()["data"]["data"]["list"]), 40, "hashtags")
    asked = len(stage.upstream.asked())
    stage.get("?country_code=US&limit=1")
    stage.clock.pass_by(3600)
    stage.get("?country_code=US&limit=1")
    equal(len(stage.upstream.asked()), asked, "requests for a list that is fresh")


@act(SERVED, "who waits for a list is answered with the one that a file brings")
def waits(stage):
    stage.upstream.gate.clear()
    before = len(stage.upstream.asked())
    with stage.server.connect() as connection:
        connection.send(f"GET {ENDPOINT}?country_code=KR HTTP/1.1\r\nHost: x\r\nx-api-key: {stage.key}\r\n\r\n"
                        .encode("ascii"))
        until(lambda: len(stage.upstream.asked()) > before, "the upstream is asked")
        put(stage, "kr.json", document("KR", 21))
        answer = connection.receive()
    stage.upstream.gate.set()
    equal((answer.status, answer.field("X-Trend-Source")), (200, "file"), f"status of {answer!r}")


@act(SERVED, "its history and its movers are those of any list")
def history(stage):
    put(stage, "us-2.json", document("US", 20))
    name = hashtags("US", 7, instant("2025-10-21T00:00:00Z") // DAY, 40)[5]["name"]

    def captures():
        answer = stage.ask(f"{ENDPOINT}/history?country_code=US&hashtag_name={name}", headers=[("x-api-key", stage.key)])
        return [one["captured_at"] for one in answer.json()["data"]["data"]["list"] if one["source"] == "file"]
    until(lambda: captures() == ["2025-10-20T09:00:00Z", "2025-10-21T09:00:00Z"], "both captures are in the history")


@act(SERVED, "/ready, /metrics and --status tell of it as of the others, and of a file that is refused")
def states(stage):
    until(lambda: ready_of(stage)["lists"] >= 3, "three lists are counted")
    row = ready_of(stage)
    equal((row["state"], row["lists"], row["failures"], row["short_lists"], row["refused_files"]), ("works", 3, 0, 0, 0),
          "in /ready")
    equal(set(ready_of(stage, CENTER)) <= set(row), True, "members, as those of a source that is asked")
    put(stage, "bad.csv", "hashtag_id;rank\n")
    until(lambda: ready_of(stage)["refused_files"] == 1, "the file is refused")
    equal(stage.ask("/ready").status, 200, "/ready")
    equal((metric(stage, "lists_total"), metric(stage, "failures_total"), metric(stage, "refused_files")), (3, 1, 1),
          "in /metrics")
    equal(metric(stage, "state", state="works"), 1, "state in /metrics")
    equal((status_of(stage)["lists"], status_of(stage)["refused_files"]), (3, 1), "in --status")
    equal("CSV with semicolons" in status_of(stage)["fault"], True, f"why: {status_of(stage)}")
    log = [line for line in stage.server.stderr.splitlines() if "bad.csv" in line]
    equal(len(log), 1, f"lines of the log: {log}")
    equal("it is read again once it changes" in log[0], True, f"what to do: {log}")


@act(SERVED, "a list of a file that suddenly is short is served marked, as of any source")
def short(stage):
    put(stage, "us-short.json", document("US", 22, 15))
    until(lambda: ready_of(stage)["short_lists"] == 1, "the short list is read")
    answer = stage.get("?country_code=US&limit=100")
    equal((len(answer.json()["data"]["data"]["list"]), answer.field("X-Trend-Stale")), (15, "1"), "length and staleness")
    equal((ready_of(stage)["short_lists"], status_of(stage)["short_lists"]), (1, 1), "short lists")


@act(SERVED, "a folder that goes away opens the breaker; when it is back, its files are read again")
def away(stage):
    stage.folder.rename(stage.place.folder / "away")
    until(lambda: ready_of(stage)["state"] == "shut", "the breaker is open")
    equal(metric(stage, "state", state="shut"), 1, "state in /metrics")
    equal((stage.ask("/ready").status, stage.get("?country_code=US").status), (200, 200), "what is there is served")
    equal((status_of(stage)["state"], "there is no folder" in status_of(stage)["fault"]), ("shut", True), "in --status")
    (stage.place.folder / "away").rename(stage.folder)
    before = ready_of(stage)["lists"]
    put(stage, "jp.json", document("JP", 21))
    until(lambda: stage.clock.pass_by(1) or ready_of(stage)["lists"] > before, "the new file is read")
    equal(stage.get("?country_code=JP").field("X-Trend-Source"), "file", "source of its list")
    equal(ready_of(stage)["state"], "works", "in /ready")


@act(SERVED, "a server that starts anew reads nothing again")
def restart(stage):
    stage.drop_connection()
    stage.server.stop()
    stage.server = stage.place.serve(settings=stage.given)
    put(stage, "br.json", document("BR", 21))
    until(lambda: ready_of(stage)["lists"] == 1, "the new file is read")
    equal((ready_of(stage)["refused_files"], ready_of(stage)["failures"]), (1, 0), "what stands refused, told before")
    equal("bad.csv" in stage.server.stderr, False, f"the log: {stage.server.stderr}")


# ---- Two ----

@act(TWO, "two collectors read each file once")
def two(stage):
    countries = ["US", "MY", "GB", "DE", "FR", "ES", "IT", "JP", "KR", "BR"]
    for country in countries:
        for day in (18, 19, 20):
            put(stage, f"{country}-{day}.json", document(country, day, then=[document(country, day, period=30)]))
    put(stage, "bad.json", "{")
    with Collector(stage, "--once") as one, Collector(stage, "--once") as other:
        exits = sorted((one.wait(stage.clock, 0.1), other.wait(stage.clock, 0.1)))
        lines = one.lists() + other.lists()
        equal(exits, [0, 1], f"exits: of the one that the bad file was refused by; {lines}")
    equal(sorted({line["outcome"] for line in lines}), ["kept", "refused"], "what came of them")
    equal(len([line for line in lines if line["outcome"] == "kept"]), 60, "lists")
    equal(len([line for line in lines if line["outcome"] == "refused"]), 1, "refusals")


# ---- Deaths ----

@act(DEATHS, "a collector that is killed at any moment leaves no half list and forgets no file")
def killed(stage):
    dice = random.Random(7)
    countries = ["US", "MY", "GB", "DE", "FR", "ES"]
    for place, country in enumerate(countries):
        days = [document(country, day, period=period) for day in range(5, 19) for period in (7, 30)]
        put(stage, f"{place}.json", {"lists": [one for day in days for one in day["lists"]]})
    for _ in range(10):
        with Collector(stage, "--once") as collector:
            wanted = dice.randrange(1, 30)
            until(lambda: stage.clock.pass_by(1) or len(collector.lists()) >= wanted
                  or collector.child.poll() is not None, "some lists")
            collector.child.kill()
        stage.clock.pass_by(dice.randrange(0, 70))
    with Collector(stage, "--once") as collector:
        equal(collector.wait(stage.clock, 1), 0, "exit of the last")
    snapshots = every(stage)
    equal(len(snapshots), 28 * len(countries), "snapshots: each list once")
    equal({len(snapshot["list"]) for snapshot in snapshots}, {40}, "hashtags of each")
    equal(once(stage), [], "what is left to read")


# ---- The sample ----

@act(SAMPLE, "serve --demo names the sample in /ready and /metrics; without it there is none")
def sample(stage):
    with Place({"TRENDGATE_SERVER_ADMIN_LISTEN": "127.0.0.1:0"}) as place:
        own = Stage(place, place.serve("--demo"))
        equal([(one["name"], one["state"]) for one in own.ask("/ready").json()["data"]["sources"]],
              [("sample", "works")], "in /ready")
        equal(metric(own, "state", "sample", state="works"), 1, "in /metrics")
        own.drop_connection()
        own.server.stop()
    equal(stage.ask("/ready").json()["data"]["sources"], [], "sources without --demo")


# ---- Real captures ----

@act(REAL, "the real captures, put into the folder in the order of their dates, give the history that import gives")
def real(stage):
    names = [f"MY-7d-2025-10-{day}.csv" for day in ("01", "02", "06", "07")] + ["US-7d-2025-10-21-excerpt.json"]
    paths = [shared(name) for name in names]
    for path in paths:
        put(stage, path.name, path.read_text("utf-8"))
        equal([(one["outcome"], one["file"]) for one in once(stage)], [("kept", path.name)], "what was told")
    from_folder = every(stage)
    stage.place.database = f"sqlite:{stage.place.folder}/imported.db"
    for path in paths:
        stage.place.succeed("import", path)
    imported = every(stage)
    for source, lists in ("file", from_folder), ("import", imported):
        equal({one.pop("source") for one in lists}, {source}, "source")
    equal(from_folder, imported, "snapshots")
    equal(len(from_folder), 5, "how many")


# ---- A store that fails ----

NO_END = """CREATE TRIGGER no_end BEFORE UPDATE ON source_file WHEN NEW.outcome <> 0
    BEGIN SELECT RAISE(ABORT, 'the end is not kept'); END"""


@act(STORE, "a file whose end cannot be kept is left alone for a while, and read to its end when that can")
def waits_for_the_store(stage):
    demand_file("what fails there is a trigger of SQLite's")
    stage.place.catalogue(NO_END)
    put(stage, "ph.json", document("PH", 21))

    def put_off():
        return stage.server.stderr.count("a file is put off")

    until(lambda: put_off() == 1, "the file is put off")
    for _ in range(20):  # and turns of the collector go by
        stage.place.run("collect", "--status")
    equal(put_off(), 1, "how often, while no time passes")
    stage.clock.pass_by(6)
    until(lambda: put_off() == 2, "the file is put off once more")
    stage.place.catalogue("DROP TRIGGER no_end")
    stage.clock.pass_by(6)
    until(lambda: stage.place.catalogue("SELECT outcome FROM source_file") == [["1"]], "the file is read to its end")


SCENARIOS = [
    Scenario("captures in a folder, read once", foldered, ONCE),
    Scenario("captures in a folder, served", foldered_server, SERVED),
    Scenario("captures in a folder, a store that fails", foldered_server, STORE),
    Scenario("captures in a folder, two collectors", foldered, TWO),
    Scenario("captures in a folder, a collector that is killed", foldered, DEATHS),
    Scenario("the sample as a source", lambda: served(sample=False), SAMPLE),
    Scenario("real captures in a folder", foldered, REAL),
]
