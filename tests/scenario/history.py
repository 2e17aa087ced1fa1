"""Where a hashtag stood, and what moved: captures come in by date, and both endpoints tell of every one."""

import contextlib
import csv
import datetime
import gzip
import itertools
import json
import random
import sqlite3
import urllib.parse

from support.clock import Clock
from support.http_client import until
from support.lists import DAY, as_csv, as_export, make_list, plain, sample_list, stamp
from support.metered import check_call, number
from support.movers import capture, movers
from support.server import ON_POSTGRES, SHARED, Place
from support.steps import ENDPOINT, Scenario, Skip, Stage, Step, act, dig, equal, fail, served

HISTORY, MOVERS = ENDPOINT + "/history", ENDPOINT + "/movers"
ONE, BETWEEN, CHANGES, REPEATED, SAMPLED, KEPT, REAL = [], [], [], [], [], [], []
FIRST = 1759276800  # 2025-10-01T00:00:00Z
FRESH = {"TRENDGATE_CATALOG_TTL_HOURS": "87600"}


def ask(stage, path, method="GET", headers=(), **query):
    target = path + ("?" + urllib.parse.urlencode(query) if query else "")
    answer = stage.ask(target, method, {"x-api-key": stage.key, **dict(headers)})
    check_call(answer, method)
    return answer


def found(stage, path, **query):
    answer = ask(stage, path, **query)
    equal(answer.status, 200, f"status of {answer!r}")
    return answer.json()["data"]["data"]


def moment(seconds):
    return stamp(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def days(country, count=4, size=30):
    """The list of several days: hashtags come, go and change places, and their figures grow and shrink."""
    dice = random.Random(country)
    items = make_list(dice, country, 7, 2 * size, FIRST)["items"]
    lists = []
    for day in range(count):
        dice.shuffle(items)
        chosen = [{**item, "rank": rank, "rank_diff": 0, "rank_diff_type": 4, "trend": [],
                   "publish_cnt": dice.randrange(10**5), "video_views": dice.randrange(2**40)}
                  for rank, item in enumerate(items[:size], 1)]
        lists.append({"country": country, "period": 7, "industry": 0, "captured_at": FIRST + day * DAY + day * 3601,
                      "source": "import", "items": chosen})
    return lists


def imported(stage, *lists):
    stage.place.succeed("import", stage.place.write("lists.json", as_export(*lists)))


def rows_wanted(lists, name):
    return [{"captured_at": moment(made["captured_at"]), "source": made["source"], "hashtag_id": item["hashtag_id"],
             "hashtag_name": item["hashtag_name"], "rank": item["rank"], "publish_cnt": item["publish_cnt"],
             "video_views": item["video_views"]}
            for made in lists for item in made["items"] if item["hashtag_name"].lower() == name.lower()]


@contextlib.contextmanager
def told():
    with served(FRESH, sample=False, prepare=lambda place: place.succeed(
            "import", place.write("lists.json", as_export(*days("MY"))))) as stage:
        yield stage
        stage.drop_connection()


# ---- One hashtag ----

@act(ONE, "every hashtag that ever stood on the list has its rows, oldest first, with first and last seen")
def every_hashtag(stage):
    lists = days("MY")
    names = sorted({item["hashtag_name"] for made in lists for item in made["items"]})
    for name in names:
        wanted = rows_wanted(lists, name)
        body = found(stage, HISTORY, hashtag_name=name, country_code="MY", period=7)
        equal(body, {"hashtag_name": name, "country_info": {"id": "MY", "value": "Malaysia", "label": "MY"},
                     "period": 7, "first_seen": wanted[0]["captured_at"], "last_seen": wanted[-1]["captured_at"],
                     "best_rank": min(row["rank"] for row in wanted), "captures": 4, "total": len(wanted),
                     "has_more": False, "list": wanted}, f"history of {name!r}")


@act(ONE, "a # before it, other letters of A-Z and escapes name the same hashtag")
def other_spellings(stage):
    name = next(item["hashtag_name"] for item in days("MY")[0]["items"] if item["hashtag_name"].isascii() and
                item["hashtag_name"].islower())
    wanted = rows_wanted(days("MY"), name)
    for written in (name, "#" + name, name.upper(), "#" + name.title()):
        equal(found(stage, HISTORY, hashtag_name=written, country_code="my")["list"], wanted, f"rows of {written!r}")


@act(ONE, "8 credits, all headers of a list; ETag and If-None-Match, HEAD, gzip")
def like_a_list(stage):
    name = days("MY")[3]["items"][0]["hashtag_name"]
    for path, query in ((HISTORY, {"hashtag_name": name, "country_code": "MY"}), (MOVERS, {"country_code": "MY"})):
        answer = ask(stage, path, **query)
        equal((answer.status, number(answer, "X-Credits-Charged")), (200, 8), "status and credits")
        equal(answer.field("X-Trend-Source"), "import", "X-Trend-Source")
        equal(answer.field("Last-Modified"), "Sat, 04 Oct 2025 03:00:03 GMT", "Last-Modified")
        equal(list(answer.json()["data"]), ["code", "msg", "data", "request_id"], "members of data")
        again = ask(stage, path, **query)
        equal(again.field("ETag"), answer.field("ETag"), "ETag of the same question")
        unchanged = ask(stage, path, headers={"If-None-Match": answer.field("ETag")}, **query)
        equal((unchanged.status, number(unchanged, "X-Credits-Charged")), (304, 0), "the client's copy is current")
        head = ask(stage, path, "HEAD", **query)
        equal((head.status, number(head, "X-Credits-Charged")), (200, 0), "HEAD")
        packed = ask(stage, path, headers={"Accept-Encoding": "gzip"}, **query)
        equal(packed.field("Content-Encoding"), "gzip", "Content-Encoding")
        equal(json.loads(gzip.decompress(packed.body))["data"]["data"], answer.json()["data"]["data"], "unpacked")


@act(ONE, "a hashtag that never was on the list has an empty history, which costs nothing")
def unknown(stage):
    answer = ask(stage, HISTORY, hashtag_name="nobody's", country_code="MY")
    equal((answer.status, number(answer, "X-Credits-Charged")), (200, 0), "status and credits")
    body = answer.json()["data"]["data"]
    equal(body, {"hashtag_name": "nobody's", "country_info": {"id": "MY", "value": "Malaysia", "label": "MY"},
                 "period": 7, "captures": 4, "total": 0, "has_more": False, "list": []}, "body")


@act(ONE, "a history of over 1,000 captures has the newest 1,000, and tells that it has more")
def cut(stage):
    [made] = days("FI", 1, 1)
    lists = [{**made, "captured_at": FIRST + hour * 3600} for hour in range(1001)]
    name = made["items"][0]["hashtag_name"]
    imported(stage, *lists[1:])
    until(lambda: ask(stage, HISTORY, hashtag_name=name, country_code="FI").status == 200, "the list is there")
    whole = found(stage, HISTORY, hashtag_name=name, country_code="FI")
    equal((whole["total"], whole["has_more"], len(whole["list"])), (1000, False, 1000), "of exactly so many")
    imported(stage, lists[0])
    cut_off = found(stage, HISTORY, hashtag_name=name, country_code="FI")
    equal((cut_off["total"], cut_off["has_more"], len(cut_off["list"])), (1001, True, 1000), "of one more")
    equal((cut_off["first_seen"], cut_off["list"][0]), (moment(FIRST), whole["list"][0]), "the first, and the first listed")


@act(ONE, "no text is read as SQL, as a pattern or as another hashtag")
def odd_names(stage):
    for name in ("%", "_", "'", "' OR 1=1 --", "*", "\\", "\u0000a"[1:] + "\u0661", "##", "\U0001f618" * 100):
        equal(found(stage, HISTORY, hashtag_name=name, country_code="MY")["total"],
              len(rows_wanted(days("MY"), name.removeprefix("#"))), f"rows of {name!r}")


ONE += [
    Step("a list that was never captured is no_data", HISTORY + "?hashtag_name=prom&country_code=VN", 503,
         reason="no_data"),
    Step("movers of one likewise", MOVERS + "?country_code=VN", 503, reason="no_data"),
    Step("without a name it is refused", HISTORY + "?country_code=MY", 400, errors=[("hashtag_name", "")]),
    Step("an empty name likewise", HISTORY + "?hashtag_name=", 400, errors=[("hashtag_name", "")]),
    Step("a # alone", HISTORY + "?hashtag_name=%23", 400, errors=[("hashtag_name", "#")]),
    Step("513 bytes", HISTORY + "?hashtag_name=" + 513 * "a", 400, errors=[("hashtag_name", 513 * "a")]),
    Step("512 bytes are looked for", HISTORY + "?hashtag_name=" + 512 * "a" + "&country_code=MY", 200),
    Step("every fault at once", HISTORY + "?hashtag=x&period=8&country_code=XX", 400, says=("did you mean hashtag_name",),
         errors=[("hashtag", "x"), ("period", "8"), ("country_code", "XX"), ("hashtag_name", "")]),
    Step("a name twice", HISTORY + "?hashtag_name=a&hashtag_name=b", 400, errors=[("hashtag_name", "b")]),
    Step("a since that is none", MOVERS + "?since=yesterday", 400, errors=[("since", "yesterday")]),
    Step("a since before 1970", MOVERS + "?since=1969-12-31", 400, errors=[("since", "1969-12-31")]),
    Step("without a key", MOVERS, 401, key=False, reason="missing_key"),
    Step("another method", HISTORY + "?hashtag_name=a", 405, method="POST", reason="method_not_allowed"),
]


# ---- Between two captures ----

def as_capture(made):
    at = datetime.datetime.fromtimestamp(made["captured_at"], datetime.timezone.utc)
    return at, [{"id": item["hashtag_id"], "name": item["hashtag_name"], "rank": item["rank"],
                 "posts": item["publish_cnt"], "views": item["video_views"]} for item in made["items"]]


def check_movers(body, earlier, later):
    for name, made in (("before", earlier), ("after", later)):
        equal(dig(body, name + ".captured_at"), moment(made["captured_at"]), f"captured_at of {name}")
        equal(dig(body, name + ".total"), len(made["items"]), f"total of {name}")
        equal(dig(body, name + ".source"), "import", f"source of {name}")
    for name, wanted in movers(as_capture(earlier), as_capture(later)).items():
        equal(body[name], wanted, name)


@act(BETWEEN, "by default the newest is compared with the one before it: each hashtag stands in one of five lists")
def newest_two(stage):
    lists = days("MY")
    body = found(stage, MOVERS, country_code="MY")
    check_movers(body, lists[2], lists[3])
    if not all(body[name] for name in ("new", "gone", "up", "down")):
        fail("the example shows too little")


@act(BETWEEN, "since takes the capture nearest to it, of two as near the earlier; never the newest itself")
def nearest(stage):
    lists = days("MY")
    times = [made["captured_at"] for made in lists]
    middle = (times[0] + times[1]) / 2
    for since, place in ((moment(times[0]), 0), (moment(times[1]), 1), (moment(times[1] + 60), 1), ("1970-01-01", 0),
                         ("9999-12-31", 2), (moment(times[3]), 2), ("2025-10-02", 1),
                         (moment(middle - 0.5) if middle % 1 else moment(middle), 0), (moment(middle + 1), 1)):
        check_movers(found(stage, MOVERS, country_code="MY", since=since), lists[place], lists[3])


@act(BETWEEN, "while there is one capture alone every list is empty, which costs nothing")
def one_alone(stage):
    imported(stage, sample_list(1, "SG"))
    answer = ask(stage, MOVERS, country_code="SG")
    equal((answer.status, number(answer, "X-Credits-Charged")), (200, 0), "status and credits")
    body = answer.json()["data"]["data"]
    equal([name for name in body if body[name] == []], ["new", "gone", "up", "down", "unchanged"], "empty lists")
    if "before" in body:
        fail("an earlier capture is told of")


@act(BETWEEN, "lists of other periods and industries are none of its captures")
def apart(stage):
    imported(stage, make_list(random.Random(7), "MY", 30, 9, FIRST + 9 * DAY),
             make_list(random.Random(8), "MY", 7, 9, FIRST + 9 * DAY, 25000000000))
    check_movers(found(stage, MOVERS, country_code="MY"), *days("MY")[2:])


@act(BETWEEN, "a capture that comes in counts for the next call, an older one in its place")
def coming_in(stage):
    lists = days("PH", count=3)
    imported(stage, lists[0], lists[2])
    check_movers(found(stage, MOVERS, country_code="PH"), lists[0], lists[2])
    imported(stage, lists[1])
    check_movers(found(stage, MOVERS, country_code="PH"), lists[1], lists[2])
    name = lists[0]["items"][0]["hashtag_name"]
    equal(found(stage, HISTORY, hashtag_name=name, country_code="PH")["list"], rows_wanted(lists, name), "rows")


# ---- Rank changes that a capture does not tell ----

@act(CHANGES, "come from the capture before it, and are served and exported with the list")
def reckoned(stage):
    lists = [plain(made) for made in days("TH", count=2)]
    for made in lists:
        stage.place.succeed("import", stage.place.write("list.csv", as_csv(made)), "--period", 7)
    body = until(lambda: (answer := stage.get("?limit=100&country_code=TH")).status == 200 and
                 [item for item in answer.json()["data"]["data"]["list"] if item["rank_diff_type"] != 2] and answer,
                 "the second day is served").json()["data"]["data"]
    changes = movers(*map(as_capture, lists))
    wanted = {row["hashtag_id"]: (row["rank_diff"], row["rank_diff_type"])
              for name in ("up", "down", "new", "unchanged") for row in changes[name]}
    equal({item["hashtag_id"]: (item["rank_diff"], item["rank_diff_type"]) for item in body["list"]}, wanted, "changes")
    again = stage.place.succeed("import", stage.place.write("list.csv", as_csv(lists[1])), "--period", 7)
    if "already there" not in again.stdout:
        fail(f"the same capture is not recognised: {again!r}")
    exported = stage.place.succeed("export", "--history", "--country", "TH", binary_output=True).stdout
    with Place(FRESH) as other:
        other.succeed("import", other.write("exported.json", exported))
        equal(other.succeed("export", "--history", binary_output=True).stdout, exported, "the export of the export")


# ---- Asked again ----

@act(REPEATED, "an Idempotency-Key replays the very answer, whatever was captured meanwhile")
def replayed(stage):
    lists = days("MY")
    name = lists[3]["items"][0]["hashtag_name"]
    for path, query in ((HISTORY, {"hashtag_name": name, "country_code": "MY"}), (MOVERS, {"country_code": "MY"})):
        key = {"Idempotency-Key": "again" + path[-3:]}
        first = ask(stage, path, headers=key, **query)
        late = {**lists[0], "captured_at": FIRST + 20 * DAY + len(path), "source": "late"}
        imported(stage, late)
        fresh = ask(stage, path, **query)
        if fresh.field("ETag") == first.field("ETag"):
            fail("the new capture is not told of")
        again = ask(stage, path, headers=key, **query)
        equal((again.field("Idempotent-Replayed"), number(again, "X-Credits-Charged")), ("true", 0), "the replay")
        equal(again.json()["data"]["data"], first.json()["data"]["data"], "the replay's body")
        equal(again.field("ETag"), first.field("ETag"), "the replay's ETag")


@act(REPEATED, "the same key with another hashtag is refused")
def conflict(stage):
    key = {"Idempotency-Key": "other"}
    name = days("MY")[3]["items"][0]["hashtag_name"]
    equal(ask(stage, HISTORY, headers=key, hashtag_name=name, country_code="MY").status, 200, "the first")
    answer = stage.ask(f"{HISTORY}?hashtag_name=other&country_code=MY", headers={"x-api-key": stage.key, **key})
    equal((answer.status, dig(answer.json(), "data.reason")), (422, "idempotency_conflict"), "another hashtag")


@act(REPEATED, "what is asked at once by many is answered to each")
def many(stage):
    connections = [stage.server.connect() for _ in range(32)]
    for connection in connections:
        connection.send((f"GET {MOVERS}?country_code=MY HTTP/1.1\r\nHost: x\r\nx-api-key: {stage.key}\r\n\r\n").encode())
    etags = {connection.receive().field("ETag") for connection in connections}
    for connection in connections:
        connection.close()
    equal(len(etags), 1, "different answers")


# ---- The sample ----

@act(SAMPLED, "where there is no capture the sample's last 30 days are the history, as its lists were")
def sampled(stage):
    top = stage.get("?country_code=US&limit=100").json()["data"]["data"]["list"]
    body = found(stage, MOVERS, country_code="US")
    shown = {row["hashtag_id"]: row for name in ("new", "up", "down", "unchanged") for row in body[name]}
    for item in top:
        row = shown[item["hashtag_id"]]
        equal({name: row[name] for name in ("rank", "rank_diff", "rank_diff_type", "publish_cnt", "video_views")},
              {name: item[name] for name in ("rank", "rank_diff", "rank_diff_type", "publish_cnt", "video_views")},
              item["hashtag_name"])
    name = next(item["hashtag_name"] for item in top if item["rank_diff_type"] != 4)
    history = found(stage, HISTORY, hashtag_name=name, country_code="US")
    equal((history["captures"], history["list"][-1]["source"]), (30, "sample"), "captures and source")
    equal(history["list"][-1]["rank"], shown[history["list"][-1]["hashtag_id"]]["rank"], "today's rank")


@act(SAMPLED, "a replay of the sample is of the same day")
def sampled_replay(stage):
    key = {"Idempotency-Key": "sample"}
    first = ask(stage, MOVERS, headers=key, country_code="US")
    stage.clock.pass_by(300)
    again = ask(stage, MOVERS, headers=key, country_code="US")
    equal(again.field("Idempotent-Replayed"), "true", "Idempotent-Replayed")
    equal(again.json()["data"]["data"], first.json()["data"]["data"], "the replay's body")


@contextlib.contextmanager
def sampling():
    with Clock("2026-01-31T23:58:00Z") as clock, \
            Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}, clock=clock) as place:
        stage = Stage(place, place.serve())
        stage.key, stage.clock = place.new_key(), clock
        yield stage
        stage.drop_connection()
        stage.server.stop()


# ---- Retention ----

def snapshots(place):
    return [moment(int(at) // 10**6) for at, in place.catalogue("SELECT captured_at FROM snapshot ORDER BY captured_at")]


@act(KEPT, "what is older than retention_days goes at the start and once a day; never the newest of a list")
def retention(_stage):
    lists = days("MY")
    alone = sample_list(3, "US", captured_at=FIRST - 400 * DAY)
    with Clock("2025-10-10T00:00:00Z") as clock, Place({"TRENDGATE_CATALOG_RETENTION_DAYS": "8"}, clock=clock) as place:
        place.succeed("import", place.write("lists.json", as_export(*lists, alone)))
        kept = [moment(made["captured_at"]) for made in [alone, *lists]]
        server = place.serve()
        equal(server.ask("/ping").status, 200, "the server runs")
        equal(snapshots(place), kept, "within ten minutes nothing goes")
        server.stop()
        clock.pass_by(3600)
        server = place.serve()
        until(lambda: snapshots(place) == [kept[0], *kept[2:]], "the oldest day goes at the start")
        clock.pass_by(DAY + 60)
        until(lambda: snapshots(place) == [kept[0], *kept[3:]], "the next day goes a day later")
        clock.pass_by(30 * DAY)
        until(lambda: snapshots(place) == [kept[0], kept[4]], "the newest of each list stay")
        key = place.new_key()
        answer = server.ask(MOVERS + "?country_code=MY", headers={"x-api-key": key})
        equal((answer.status, "before" in answer.json()["data"]["data"]), (200, False), "nothing to compare with")
        server.stop()


@act(KEPT, "an import removes what is older, too, but nothing that was the newest within the last ten minutes")
def retention_by_import(_stage):
    lists = days("MY")
    with Clock("2025-11-10T00:00:00Z") as clock, Place({"TRENDGATE_CATALOG_RETENTION_DAYS": "8"}, clock=clock) as place:
        place.succeed("import", place.write("old.json", as_export(*lists[:3])))
        equal(len(snapshots(place)), 3, "snapshots")
        clock.pass_by(660)
        place.succeed("import", place.write("new.json", as_export(lists[3])))
        equal(snapshots(place), [moment(made["captured_at"]) for made in lists[2:]], "snapshots")
        clock.pass_by(660)
        place.succeed("import", place.write("new.json", as_export(lists[3])))
        equal(snapshots(place), [moment(lists[3]["captured_at"])], "snapshots")


@act(KEPT, "without it all is kept")
def kept_for_ever(_stage):
    with Clock("2035-10-10T00:00:00Z") as clock, Place(clock=clock) as place:
        place.succeed("import", place.write("lists.json", as_export(*days("MY"))))
        clock.pass_by(DAY)
        server = place.serve()
        key = place.new_key()
        equal(server.ask(MOVERS + "?country_code=MY", headers={"x-api-key": key}).status, 200, "status")
        equal(len(snapshots(place)), 4, "snapshots")
        server.stop()


@act(KEPT, "a catalogue file of the first version gets its history when it is opened")
def older_file(_stage):
    if ON_POSTGRES:
        raise Skip("there was no PostgreSQL in the first version")
    lists = days("MY")
    with Place(FRESH) as place:
        place.succeed("import", place.write("lists.json", as_export(*lists)))
        with contextlib.closing(sqlite3.connect(place.folder / "x.db-catalog")) as database, database:
            later = [row[0] for row in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' "
                "AND name NOT IN ('schema_version', 'list', 'snapshot')")]
            database.executescript("".join(f"DROP TABLE {name};" for name in later) +
                                   "ALTER TABLE snapshot DROP COLUMN is_short;"
                                   "DELETE FROM schema_version WHERE version > 1")
        stage = Stage(place, place.serve())
        stage.key = place.new_key()
        check_movers(found(stage, MOVERS, country_code="MY"), *lists[2:])
        name = lists[0]["items"][0]["hashtag_name"]
        equal(found(stage, HISTORY, hashtag_name=name, country_code="MY")["list"], rows_wanted(lists, name), "rows")
        stage.drop_connection()
        stage.server.stop()


# ---- Real captures ----

@act(REAL, "the captures of four days, imported in the order of their dates, move as a separate reckoning says")
def real(stage):
    paths = [SHARED / "data" / f"MY-7d-2025-10-{day}.csv" for day in ("01", "02", "06", "07")]
    if missing := [path for path in paths if not path.exists()]:
        raise Skip(f"the real captures are absent: {missing[0]}")
    for count, path in enumerate(paths, 1):
        stage.place.succeed("import", path, "--period", 7)
        for earlier, later in itertools.product(paths[:count - 1], [path]):
            since = capture(earlier)[0].strftime("%Y-%m-%dT%H:%M:%SZ")
            body = found(stage, MOVERS, country_code="MY", since=since)
            for name, wanted in movers(capture(earlier), capture(later)).items():
                equal(body[name], wanted, f"{name} between {earlier.name} and {later.name}")
    with paths[3].open(encoding="utf-8", newline="") as file:
        last = {row["hashtag_id"]: row for row in csv.DictReader(file)}
    row = last["7525476975683895314"]
    body = found(stage, HISTORY, hashtag_name=row["hashtag_name"], country_code="MY")
    equal([entry["rank"] for entry in body["list"]], [1, 1], "ranks of the first of both last days")
    equal(body["list"][-1]["video_views"], int(row["video_views"]), "its views")


@contextlib.contextmanager
def bare():
    with served(FRESH, sample=False) as stage:
        yield stage
        stage.drop_connection()


@contextlib.contextmanager
def nothing():
    yield Stage(None)


SCENARIOS = [
    Scenario("the history of a hashtag", told, ONE),
    Scenario("movers between two captures", told, BETWEEN),
    Scenario("rank changes from history", bare, CHANGES),
    Scenario("history asked again", told, REPEATED),
    Scenario("history of the sample", sampling, SAMPLED),
    Scenario("history that is kept", nothing, KEPT),
    Scenario("movers of real captures", bare, REAL),
]
