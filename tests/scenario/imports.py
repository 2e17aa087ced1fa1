"""Captures in, lists out: every form of file, every fault, which capture is served, and the way
import -> endpoint -> export -> import that must change nothing."""

import contextlib
import csv
import json
import random
import re
import time

from support.clock import Clock
from support.http_client import until
from support.lists import (DAY, as_answer, as_bare_list, as_csv, as_export, as_export_lines, as_lines, as_of, day_of,
                           industry_info, make_list, options_of, plain, sample_list, stamp)
from support.reference import COUNTRIES, INDUSTRIES, check_success
from support.server import SHARED, Place
from support.steps import (ENDPOINT, META, Scenario, Skip, act, equal, fail, http_date_seconds, served,
                           within_a_second)

FORMS, FAULTS, PAGES, NEWEST, INDUSTRY, STALE, ROUND_TRIP, REAL = [], [], [], [], [], [], [], []
CAPTURED = 1759276800  # 2025-10-01T00:00:00Z

# Long enough that what these lists are is never called stale but where a test means it.
FRESH = {"TRENDGATE_CATALOG_TTL_HOURS": "87600"}


def unlike(made, **changes):
    return {**made, **changes}


def query_of(made, limit=100, page=1):
    industry = f"&industry_id={made['industry']}" if made["industry"] else ""
    return f"?limit={limit}&page={page}&country_code={made['country']}&period={made['period']}{industry}"


def serves(stage, made, sort=True):
    """Whether the endpoint serves this very list, all of it."""
    items, page = [], 1
    while True:
        answer = stage.get(query_of(made, page=page))
        if answer.status != 200:
            return False
        body = answer.json()["data"]["data"]
        items += body["list"]
        if not body["pagination"]["has_more"]:
            break
        page += 1
    return items == made["items"][:1000]


def check_served(stage, made):
    """Imported while the server runs, and served: every item as it was captured."""
    answer = until(lambda: (found := stage.get(query_of(made))).status == 200 and
                   found.json()["data"]["data"]["list"] == made["items"][:100] and found,
                   f"the list {query_of(made)} is served")
    check_success(answer)
    equal(answer.field("X-Trend-Source"), made["source"], "X-Trend-Source")
    equal(answer.field("X-Trend-As-Of"), as_of(made), "X-Trend-As-Of")
    equal(day_of(http_date_seconds(answer.field("Last-Modified"))), day_of(made["captured_at"]), "Last-Modified")
    if not serves(stage, made):
        fail("later pages differ")


def imported(stage, name, content, *options):
    return stage.place.succeed("import", stage.place.write(name, content), *options)


# ---- Forms ----

def form(label, name, made, content, options=None):
    @act(FORMS, f"{label} is imported and served")
    def play(stage):
        imported(stage, name, content, *(options_of(made) if options is None else options))
        check_served(stage, made)


form("an upstream answer", "answer.json", sample_list(1, "AE"), as_answer(sample_list(1, "AE")))
form("an upstream answer in any order", "mixed.json", sample_list(2, "AR"),
     as_answer(sample_list(2, "AR"), random.Random(2)))
form("a bare list", "bare.json", sample_list(3, "AT"), as_bare_list(sample_list(3, "AT")))
form("NDJSON", "lines.ndjson", sample_list(4, "AU"), as_lines(sample_list(4, "AU")))
form("NDJSON without a last line end", "lines2.ndjson", sample_list(5, "BD"),
     as_lines(sample_list(5, "BD")).rstrip(b"\n"))
form("CSV", "capture.csv", plain(sample_list(6, "BE")), as_csv(sample_list(6, "BE")), ["--period", "7"])
form("CSV with LF", "lf.csv", plain(sample_list(7, "BG")), as_csv(sample_list(7, "BG"), "\n"), ["--period", "7"])
form("CSV with a byte order mark", "bom.csv", plain(sample_list(8, "BH")),
     b"\xef\xbb\xbf" + as_csv(sample_list(8, "BH")), ["--period", "7"])
form("our own export", "export.json", sample_list(9, "BR"), as_export(sample_list(9, "BR")), [])
form("our own export as NDJSON", "export.ndjson", sample_list(10, "BY"), as_export_lines(sample_list(10, "BY")), [])
form("a name that says what the list is", "CA-7d-2025-10-01.json", sample_list(11, "CA"),
     as_bare_list(sample_list(11, "CA")), [])
form("the global list", "global.json", sample_list(12, "ALL"), as_bare_list(sample_list(12, "ALL")))
form("a list of 30 days", "thirty.json", sample_list(13, "CH", 30), as_bare_list(sample_list(13, "CH", 30)))
form("a list of 120 days", "hundred.json", sample_list(14, "CL", 120), as_bare_list(sample_list(14, "CL", 120)))
form("a list of one item", "one.json", sample_list(15, "CO", count=1), as_bare_list(sample_list(15, "CO", count=1)))
form("a list of 1,000 items", "thousand.json", sample_list(16, "CZ", count=1000),
     as_bare_list(sample_list(16, "CZ", count=1000)))
form("a country code in small letters", "small.json", sample_list(17, "DE"), as_bare_list(sample_list(17, "DE")),
     ["--country", "de", "--period", "7", "--captured", "2025-10-01"])


@act(FORMS, "what is imported beside a running server is served within one second")
def at_once(stage):
    for number, country in enumerate(("HU", "ID", "IE", "IL")):
        made = sample_list(90 + number, country, count=100)
        imported(stage, "soon.json", as_bare_list(made), *options_of(made))
        within_a_second(lambda made=made: stage.get(query_of(made)).status == 200, "serving the import")


@act(FORMS, "several lists in one file, several files in one command")
def many_files(stage):
    lists = [sample_list(20 + number, country) for number, country in enumerate(("DK", "EE", "EG", "ES"))]
    one = stage.place.write("two.json", as_export(*lists[:2]))
    two = stage.place.write("two.ndjson", as_export_lines(*lists[2:]))
    stage.place.succeed("import", one, two)
    for made in lists:
        check_served(stage, made)


@act(FORMS, "an answer of our own endpoint is imported as a list")
def own_answer(stage):
    made = sample_list(30, "FI")
    body = {"code": 200, "msg": "OK", "data": json.loads(as_answer(made))}
    imported(stage, "own.json", json.dumps(body), *options_of(made))
    check_served(stage, made)


@act(FORMS, "the same file twice changes nothing and is no fault")
def twice(stage):
    made = sample_list(31, "FR")
    for _ in range(2):
        imported(stage, "same.json", as_bare_list(made), *options_of(made))
    check_served(stage, made)


@act(FORMS, "country-industry-meta tells the imported list's capture time")
def meta_tells(stage):
    made = sample_list(32, "GB")
    imported(stage, "meta.json", as_bare_list(made), *options_of(made))
    check_served(stage, made)
    text = stage.ask(META, headers={"x-api-key": stage.key}).body.decode()
    if "2025-10-01" not in text or '"import"' not in text:
        fail(f"no capture time or source: {text[-400:]!r}")


@act(FORMS, "import without a server is served after the start")
def before_start(stage):
    made = sample_list(33, "GR")
    with Place(FRESH) as place:
        file = place.write("early.json", as_bare_list(made))
        place.succeed("import", file, *options_of(made))
        key = place.new_key()
        server = place.serve()
        answer = server.ask(ENDPOINT + query_of(made), headers={"x-api-key": key})
        equal(answer.json()["data"]["data"]["list"], made["items"], "items")
        server.stop()


@act(FORMS, "numbers that stand in texts, and an id that is a number, are read exactly")
def texts_of_digits(stage):
    made = sample_list(34, "HR", count=3)
    made["items"][0]["hashtag_id"] = "9223372036854775807"
    items = json.loads(as_bare_list(made))
    items[0]["hashtag_id"] = 9223372036854775807
    items[1]["video_views"] = str(items[1]["video_views"])
    imported(stage, "texts.json", json.dumps(items), *options_of(made))
    check_served(stage, made)


# ---- Faults ----

BASE = sample_list(40, "MY", count=12)


def fault(label, name, content, line=None, says=(), options=None, name_of_file=True, status=1):
    """Refused with exit 1; file, line and reason are named; nothing of the list is imported."""
    @act(FAULTS, f"{label}: file, line and reason, nothing imported")
    def play(stage):
        file = stage.place.write(name, content)
        result = stage.place.refuse("import", file, *(options_of(BASE) if options is None else options), status=status)
        if name_of_file and name not in result.stderr:
            fail(f"does not name {name}: {result!r}")
        if line and not re.search(rf"(:|line ){line}\b", result.stderr):
            fail(f"does not name line {line}: {result!r}")
        for word in says:
            if word.lower() not in result.stderr.lower():
                fail(f"does not say {word!r}: {result!r}")
        if stage.get("?country_code=MY").status != 503:
            fail("something was imported")


def csv_with(row, **changes):
    """The CSV with one row changed; rows count from 2, after the header."""
    table = list(csv.reader(as_csv(BASE).decode().splitlines()))
    for column, value in changes.items():
        table[row - 1][table[0].index(column)] = value
    return "".join(",".join(f'"{cell}"' for cell in line) + "\r\n" for line in table).encode()


def lines_with(row, **changes):
    rows = [json.loads(line) for line in as_lines(BASE).splitlines()]
    rows[row - 1].update(changes)
    return "".join(json.dumps(item) + "\n" for item in rows).encode()


PERIOD = ["--period", "7"]
fault("CSV: a rank of letters", "wrong.csv", csv_with(5, rank="five"), 5, ["rank"], PERIOD)
fault("CSV: an empty rank", "wrong.csv", csv_with(5, rank=""), 5, ["rank"], PERIOD)
fault("CSV: views below 0", "wrong.csv", csv_with(6, video_views="-1"), 6, [], PERIOD)
fault("CSV: views past 64 bits", "wrong.csv", csv_with(6, video_views="9" * 25), 6, ["video_views"], PERIOD)
fault("CSV: views with a fraction", "wrong.csv", csv_with(6, video_views="1.5"), 6, ["video_views"], PERIOD)
fault("CSV: an id of letters", "wrong.csv", csv_with(7, hashtag_id="abc"), 7, [], PERIOD)
fault("CSV: an id of 20 digits", "wrong.csv", csv_with(7, hashtag_id="1" * 20), 7, [], PERIOD)
fault("CSV: an empty id", "wrong.csv", csv_with(7, hashtag_id=""), 7, [], PERIOD)
fault("CSV: an empty name", "wrong.csv", csv_with(8, hashtag_name=""), 8, [], PERIOD)
fault("CSV: an unknown industry", "wrong.csv", csv_with(8, industry_value="Alchemy"), 8, ["Alchemy"], PERIOD)
fault("CSV: an unknown country", "wrong.csv", csv_with(8, country="Atlantis"), 8, ["Atlantis"], PERIOD)
fault("CSV: a date that is none", "wrong.csv", csv_with(9, crawl_date="2025-13-01"), 9, [], PERIOD)
fault("CSV: a rank twice", "wrong.csv", csv_with(9, rank="3"), None, ["rank"], PERIOD)
fault("CSV: an id twice", "wrong.csv", csv_with(9, hashtag_id=BASE["items"][0]["hashtag_id"]), None, [], PERIOD)
fault("CSV: a row too short", "wrong.csv", as_csv(BASE) + b'"1","a"\r\n', 14, [], PERIOD)
fault("CSV: a quote that never ends", "wrong.csv", as_csv(BASE) + b'"1","a\r\n', 14, [], PERIOD)
fault("CSV: invalid UTF-8", "wrong.csv",
      csv_with(4).replace(b'"Malaysia"', b'"Mal\xffysia"', 1), None, ["utf-8"], PERIOD)
fault("CSV: NUL", "wrong.csv", as_csv(BASE).replace(b"Malaysia", b"Mal\0ysia", 1), None, [], PERIOD)
fault("CSV: no column rank", "wrong.csv", as_csv(BASE).replace(b'"rank"', b'"runk"'), None, ["rank"], PERIOD)
fault("CSV: only a header", "wrong.csv", as_csv(BASE).splitlines(keepends=True)[0], None, [], PERIOD)
fault("CSV: two capture dates are two lists, the second is cut short by its fault", "wrong.csv",
      csv_with(13, crawl_date="2025-10-02", rank="x"), 13, ["rank"], PERIOD)
fault("NDJSON: a line that is no JSON", "wrong.ndjson", as_lines(BASE) + b"{oops\n", 13)
fault("NDJSON: a line that is no object", "wrong.ndjson", as_lines(BASE) + b"[1]\n", 13)
fault("NDJSON: a rank of 0", "wrong.ndjson", lines_with(4, rank=0), None, ["rank"])
fault("NDJSON: a rank that is a fraction", "wrong.ndjson", lines_with(4, rank=1.5), 4, ["rank"])
fault("NDJSON: an id that went through a double", "wrong.ndjson", lines_with(4, hashtag_id=1e18), 4)
fault("NDJSON: a name that is no text", "wrong.ndjson", lines_with(4, hashtag_name=5), 4, ["hashtag_name"])
fault("NDJSON: no name", "wrong.ndjson", lines_with(4, hashtag_name=None), 4, ["hashtag_name"])
fault("NDJSON: rank_diff_type 5", "wrong.ndjson", lines_with(4, rank_diff_type=5), 4, ["rank_diff_type"])
fault("NDJSON: a difference on a new entry", "wrong.ndjson", lines_with(4, rank_diff=3, rank_diff_type=4))
fault("NDJSON: a difference below 0", "wrong.ndjson", lines_with(4, rank_diff=-3, rank_diff_type=1))
fault("NDJSON: a trend value of 1.2", "wrong.ndjson", lines_with(4, trend=[{"time": CAPTURED, "value": 1.2}]), 4)
fault("NDJSON: a trend time off midnight", "wrong.ndjson", lines_with(4, trend=[{"time": CAPTURED + 5, "value": 1}]))
fault("NDJSON: a trend time twice", "wrong.ndjson",
      lines_with(4, trend=[{"time": CAPTURED, "value": 1}, {"time": CAPTURED, "value": 0.5}]))
fault("NDJSON: an industry that nobody knows", "wrong.ndjson", lines_with(4, industry_info={"id": 5, "value": "x"}), 4)
fault("NDJSON: is_promoted of neither", "wrong.ndjson", lines_with(4, is_promoted="yes"), 4, ["is_promoted"])
fault("JSON: broken at the end", "wrong.json", as_answer(BASE)[:-20])
fault("JSON: a scalar", "wrong.json", b"42")
fault("JSON: an empty list", "wrong.json", b"[]")
fault("JSON: an upstream's 40101", "wrong.json", b'{"code":40101,"msg":"no permission","data":{}}', None, ["40101"])
fault("JSON: nested without end", "wrong.json", b"[" * 100_000)
fault("JSON: NUL in a name", "wrong.json",
      as_bare_list(BASE).replace(b'"hashtag_name": "', b'"hashtag_name": "\\u0000', 1))
fault("JSON: 1,001 items", "wrong.json", as_bare_list(sample_list(41, "MY", count=1001)), None, ["1"])
fault("JSON: made-up data is not taken for a capture", "wrong.json", as_export(unlike(BASE, source="sample")), None,
      ["sample"], [])
fault("an empty file", "wrong.json", b"")
fault("white space alone", "wrong.json", b" \n\n")
fault("bytes of no form", "wrong.bin", bytes(range(256)) * 8)

fault("--country that contradicts the file", "contra.json", as_bare_list(BASE), None, ["country"],
      ["--country", "US", "--period", "7", "--captured", "2025-10-01"])
fault("--country that contradicts a CSV", "contra.csv", as_csv(BASE), None, ["country"], ["--country", "US", *PERIOD])
fault("--captured that contradicts a CSV", "contra.csv", as_csv(BASE), None, ["captured"],
      ["--captured", "2025-10-02", *PERIOD])
fault("--period that contradicts an export", "contra.json", as_export(BASE), None, ["period"], ["--period", "30"])
fault("no period", "what.csv", as_csv(BASE), None, ["--period"], [])
fault("no capture date", "what.json", as_bare_list(BASE), None, ["--captured"], ["--country", "MY", "--period", "7"])

fault("--period that contradicts the file's name", "MY-7d.json", as_bare_list(BASE), None,
      ["the name says 7d, --period says 30: rename the file or drop the option"],
      ["--country", "MY", "--period", "30", "--captured", "2025-10-01"])
fault("a capture of the future", "future.json", as_bare_list(BASE), None, ["is said to be captured at 2099-01-01", "now"],
      ["--country", "MY", "--period", "7", "--captured", "2099-01-01"])
fault("a capture before 1970", "past.json", as_bare_list(BASE), None, ["before 1970"],
      ["--country", "MY", "--period", "7", "--captured", "1960-01-01"], name_of_file=False, status=2)
fault("a trend later than its capture", "later.json", as_bare_list(BASE), None, ["newest trend point"],
      ["--country", "MY", "--period", "7", "--captured", "2025-09-01"])
fault("a list with a gap", "gap.json", as_bare_list({**BASE, "items": BASE["items"][:4] + BASE["items"][5:]}), None,
      ["lacks the rank 5"])
fault("CSV: another time on each row", "times.csv", csv_with(5, crawl_time="23:00:00"), None,
      ["different capture times", "give all rows of a list the same"], PERIOD)
fault("HTML", "page.html", b"<!DOCTYPE html><html><body>Log in</body></html>", None,
      ["looks like HTML", "JSON", "NDJSON", "CSV"])
fault("null", "null.json", b"null", None, ["without a list", "NDJSON"])
fault("CSV with semicolons", "semicolons.csv", as_csv(BASE).replace(b",", b";"), None, ["semicolons"], PERIOD)
fault("NDJSON: a first line that is cut off", "wrong.ndjson", as_lines(BASE)[:60] + b"\n" + as_lines(BASE), 1)
fault("three items of who is not logged in", "three.json", json.dumps({"items": [
    {"hashtagID": rank, "hashtagName": "a", "publishCnt": 1, "rankIndex": rank, "vv": 1} for rank in (1, 2, 3)]}).encode(),
      None, ["not logged in"])

for label, options in (("--period 8", ["--country", "MY", "--period", "8"]),
                       ("--country XX", ["--country", "XX", "--period", "7"]),
                       ("--captured yesterday", ["--captured", "yesterday", "--period", "7"])):
    @act(FAULTS, f"{label} is refused")
    def bad_option(stage, options=options):
        file = stage.place.write("good.csv", as_csv(BASE))
        result = stage.place.run("import", file, *options)
        if result.status not in (1, 2) or not result.stderr.strip():
            fail(f"{result!r}")


@act(FAULTS, "a file that is not there is refused by name")
def no_file(stage):
    result = stage.place.refuse("import", "no-such.json")
    if "no-such.json" not in result.stderr:
        fail(f"{result!r}")


@act(FAULTS, "a wrong file beside a good one: the wrong one is named, exit 1, and nothing of it is served")
def wrong_beside_good(stage):
    good = stage.place.write("good.json", as_bare_list(sample_list(42, "SG")))
    wrong = stage.place.write("wrong.ndjson", lines_with(4, rank="x"))
    result = stage.place.refuse("import", good, wrong, "--period", "7", "--captured", "2025-10-01")
    if "wrong.ndjson" not in result.stderr:
        fail(f"{result!r}")
    equal(stage.get("?country_code=MY").status, 503, "status of the wrong file's list")


@act(FAULTS, "the same capture with other content is refused as a contradiction")
def other_content(stage):
    made = sample_list(43, "PH")
    imported(stage, "first.json", as_bare_list(made), *options_of(made))
    other = sample_list(44, "PH")
    stage.place.refuse("import", stage.place.write("other.json", as_bare_list(other)), *options_of(other))
    check_served(stage, made)


# ---- Pages ----

def pages_of(made, size=50):
    """The answers in which an upstream gives the list."""
    items, total = json.loads(as_bare_list(made)), len(made["items"])
    return [json.dumps({"code": 0, "msg": "OK", "data": {"list": items[start:start + size], "pagination": {
        "page": start // size + 1, "size": size, "total": total, "has_more": start + size < total}}}).encode()
        for start in range(0, total, size)]


def write_pages(stage, made):
    return [stage.place.write(f"p{number}.json", page) for number, page in enumerate(pages_of(made), 1)]


@act(PAGES, "the pages of one list, in any order, are one list")
def pages_joined(stage):
    made = sample_list(45, "MY", count=150)
    one, two, three = write_pages(stage, made)
    result = stage.place.succeed("import", three, one, two, *options_of(made))
    equal(result.stdout, "imported: MY 7 days, 150 hashtags captured 2025-10-01T00:00:00Z\n", "stdout")
    equal(result.stderr, "", "stderr")
    check_served(stage, made)


@act(PAGES, "a page that is missing in between is named, and nothing is imported")
def page_missing(stage):
    made = sample_list(46, "SG", count=150)
    one, two, three = write_pages(stage, made)
    result = stage.place.refuse("import", one, three, *options_of(made))
    for word in ("p1.json", "p3.json", "ranks 51 to 100"):
        if word not in result.stderr:
            fail(f"{result!r}")
    result = stage.place.refuse("import", two, *options_of(made))
    if "ranks 1 to 50" not in result.stderr or "p2.json" not in result.stderr:
        fail(f"{result!r}")
    equal(stage.place.run("export", "--country", "SG", "--format", "ndjson").stdout, "", "what was imported")


@act(PAGES, "without its last pages a list is imported with a warning")
def page_last(stage):
    made = sample_list(47, "PH", count=150)
    one, two, _ = write_pages(stage, made)
    result = stage.place.succeed("import", one, two, *options_of(made))
    if "p2.json" not in result.stderr or "holds 100 of 150" not in result.stderr:
        fail(f"{result!r}")
    check_served(stage, {**made, "items": made["items"][:100]})


@act(PAGES, "pages of several lists beside a whole one")
def pages_mixed(stage):
    paged, other = sample_list(48, "VN", count=60), sample_list(49, "TH", count=70)
    whole = sample_list(50, "KR")
    files = []
    for made in (paged, other):
        files += [stage.place.write(f"{made['country']}-7d-2025-10-01-{number}.json", page)
                  for number, page in enumerate(pages_of(made), 1)]
    files.insert(1, stage.place.write("KR-7d-2025-10-01.json", as_bare_list(whole)))
    stage.place.succeed("import", *files)
    for made in (paged, other, whole):
        check_served(stage, made)


@act(PAGES, "curves that do not reach 1 are kept, with a warning; one hashtag is one")
def low_curves(stage):
    made = sample_list(44, "HU", count=2)
    for item, value in zip(made["items"], (1, 0.5)):
        item["trend"] = [{"time": CAPTURED - DAY, "value": value}]
    result = stage.place.succeed("import", stage.place.write("low.json", as_bare_list(made)), *options_of(made))
    if result.stderr.count("1 of its 2 curves") != 1:
        fail(f"{result!r}")
    check_served(stage, made)
    single = sample_list(44, "TW", count=1)
    result = stage.place.succeed("import", stage.place.write("one.json", as_bare_list(single)), *options_of(single))
    if ", 1 hashtag captured" not in result.stdout:
        fail(f"{result!r}")


@act(PAGES, "export of a database that is not there makes none")
def no_database(stage):
    path = stage.place.folder / "mistyped" / "x.db"
    result = stage.place.refuse("export", "--database", f"sqlite:{path}", database=False)
    if f"there is no database at {path}" not in result.stderr or path.parent.exists():
        fail(f"{result!r}")


@act(PAGES, "export after a damage says where, and its document is not whole")
def export_damaged(_stage):
    lists = [sample_list(46, country) for country in ("MY", "SG")]
    with Place(FRESH) as place:
        place.succeed("import", place.write("two.json", as_export(*lists)))
        place.catalogue("UPDATE snapshot SET items = digest WHERE id = 2")
        result = place.refuse("export")
        for word in ("snapshot 2", "SG, 7 days", "2025-10-01T00:00:00Z", place.catalogue_name, "backup"):
            if word not in result.stderr:
                fail(f"{result!r} does not say {word}")
        try:
            json.loads(result.stdout)
        except ValueError:
            return
        fail(f"looks whole: {result!r}")


# ---- Newest wins ----

@act(NEWEST, "a newer capture replaces the served one within a second, with a new ETag")
def newer(stage):
    first, second = (sample_list(50 + day, "MY", captured_at=CAPTURED + day * DAY) for day in (0, 1))
    imported(stage, "day1.json", as_bare_list(first), *options_of(first))
    check_served(stage, first)
    old = stage.get(query_of(first))
    imported(stage, "day2.json", as_bare_list(second), *options_of(second))
    check_served(stage, second)
    answer = stage.get(query_of(first), {"If-None-Match": old.field("ETag")})
    equal(answer.status, 200, "status for the old ETag")
    if answer.field("ETag") == old.field("ETag"):
        fail("another list has the same ETag")
    since = stage.get(query_of(first), {"If-Modified-Since": old.field("Last-Modified")})
    equal(since.status, 200, "status for the old Last-Modified")


@act(NEWEST, "an older capture imported later does not replace it")
def older(stage):
    current, late = sample_list(51, "MY", captured_at=CAPTURED + DAY), sample_list(53, "MY", captured_at=CAPTURED - DAY)
    imported(stage, "late.json", as_bare_list(late), *options_of(late))
    marker = sample_list(54, "SG")  # imported after it: when this one is seen, so was the other
    imported(stage, "marker.json", as_bare_list(marker), *options_of(marker))
    check_served(stage, marker)
    check_served(stage, current)


@act(NEWEST, "two captures in one file: the newest is served, the history keeps both")
def both_kept(stage):
    lists = [sample_list(55 + day, "TH", captured_at=CAPTURED + day * DAY) for day in (2, 0, 1)]
    imported(stage, "history.json", as_export(*lists))
    check_served(stage, lists[0])
    exported = stage.place.succeed("export", "--country", "TH", "--history").stdout
    for made in lists:
        if day_of(made["captured_at"]) not in exported:
            fail(f"the history lacks {day_of(made['captured_at'])}")
    newest = json.loads(stage.place.succeed("export", "--country", "TH").stdout)
    equal(len(newest["lists"]), 1, "lists without --history")


@act(NEWEST, "a damaged capture gives way to the one before it, with one line in the log")
def damaged(_stage):
    first, second = (sample_list(50 + day, "MY", captured_at=CAPTURED + day * DAY) for day in (0, 1))
    with Place(FRESH) as place:
        place.succeed("import", place.write("both.json", as_export(first, second)))
        place.catalogue("UPDATE snapshot SET items = digest WHERE id = 2")
        key = place.new_key()
        server = place.serve()
        for _ in range(3):
            answer = server.ask(ENDPOINT + query_of(first), headers={"x-api-key": key})
            equal(answer.status, 200, "status")
            equal(answer.json()["data"]["data"]["list"], first["items"], "items")
            equal(answer.field("X-Trend-As-Of"), as_of(first), "X-Trend-As-Of")
        server.stop()
        equal(server.stderr.count("snapshot 2 cannot be served"), 1, "lines in the log")


@act(NEWEST, "other periods and countries are untouched")
def untouched(stage):
    equal(stage.get("?country_code=MY&period=30").status, 503, "another period")
    equal(stage.get("?country_code=VN").status, 503, "another country")


# ---- Industry lists ----

GAMES = 25000000000


@act(INDUSTRY, "without a capture of its own an industry's list is derived, with unfiltered ranks")
def derived(stage):
    made = sample_list(60, "MY", count=100)
    imported(stage, "all.json", as_bare_list(made), *options_of(made))
    check_served(stage, made)
    for industry in INDUSTRIES:
        wanted = [item for item in made["items"] if item.get("industry_info", {}).get("id") == industry]
        body = stage.get(f"?limit=100&country_code=MY&industry_id={industry}").json()["data"]["data"]
        equal(body["list"], wanted, f"items of {industry}")
        equal(body["pagination"]["total"], len(wanted), f"total of {industry}")


@act(INDUSTRY, "an industry's own capture is served instead, with its own ranks")
def captured(stage):
    own = make_list(random.Random(61), "MY", 7, 40, CAPTURED, GAMES)
    imported(stage, "games.json", as_export(own))
    check_served(stage, own)
    made = sample_list(60, "MY", count=100)
    check_served(stage, made)
    other = next(industry for industry in INDUSTRIES if industry != GAMES)
    wanted = [item for item in made["items"] if item.get("industry_info", {}).get("id") == other]
    body = stage.get(f"?limit=100&country_code=MY&industry_id={other}").json()["data"]["data"]
    equal(body["list"], wanted, "another industry stays derived")


@act(INDUSTRY, "country-industry-meta names periods that have a list, and industries with a capture of their own")
def meta_industries(stage):
    data = stage.ask(META, headers={"x-api-key": stage.key}).json()["data"]
    equal(data["periods"], [7], "periods")
    equal([(row["country_code"], row["period"], row.get("industry_id")) for row in data["lists"]],
          [("MY", 7, None), ("MY", 7, GAMES)], "lists")


@act(INDUSTRY, "the filter works on an industry's own capture")
def captured_new(stage):
    own = make_list(random.Random(61), "MY", 7, 40, CAPTURED, GAMES)
    body = stage.get(f"?limit=100&country_code=MY&industry_id={GAMES}&filter_by=new_on_board").json()["data"]["data"]
    equal(body["list"], [item for item in own["items"] if item["rank_diff_type"] == 4], "new ones")


@act(INDUSTRY, "an industry's capture that is older than the country's list does not hide the fresher one")
def shadowed(stage):
    old = make_list(random.Random(63), "PH", 7, 10, CAPTURED - DAY, GAMES)
    made = sample_list(64, "PH", count=100)
    imported(stage, "old.json", as_export(old))
    check_served(stage, old)
    imported(stage, "all.json", as_bare_list(made), *options_of(made))
    check_served(stage, made)
    wanted = [item for item in made["items"] if item.get("industry_info", {}).get("id") == GAMES]
    body = stage.get(f"?limit=100&country_code=PH&industry_id={GAMES}").json()["data"]["data"]
    equal(body["list"], wanted, "items")


@act(INDUSTRY, "an industry's capture alone makes no list of all industries")
def industry_alone(stage):
    own = make_list(random.Random(62), "SG", 7, 10, CAPTURED, GAMES)
    imported(stage, "alone.json", as_export(own))
    check_served(stage, own)
    equal(stage.get("?country_code=SG").status, 503, "the list of all industries")
    equal(stage.get("?country_code=SG&industry_id=29000000000").status, 503, "another industry's list")


# ---- Stale ----

@act(STALE, "a list older than ttl_hours is served, marked X-Trend-Stale: 1")
def stale(stage):
    made = sample_list(70, "MY")
    imported(stage, "old.json", as_bare_list(made), *options_of(made))
    check_served(stage, made)
    for headers, status in (({}, 200), ({"Accept-Encoding": "gzip"}, 200), ({"If-None-Match": "*"}, 304)):
        answer = stage.get(query_of(made), headers)
        equal((answer.status, answer.field("X-Trend-Stale")), (status, "1"), f"status and X-Trend-Stale with {headers}")


@act(STALE, "a list younger than ttl_hours is not marked")
def not_stale(stage):
    today = int(time.time()) - 60
    made = sample_list(71, "SG", captured_at=today)
    imported(stage, "today.json", as_export(made))
    check_served(stage, made)
    equal(stage.get(query_of(made)).field("X-Trend-Stale"), None, "X-Trend-Stale")


@act(STALE, "a longer ttl_hours makes the old list fresh")
def longer_ttl(_stage):
    made = sample_list(70, "MY")
    with Clock("2026-06-01T00:00:00Z") as clock, Place(clock=clock) as place:  # years from now it would be stale
        place.succeed("import", place.write("old.json", as_bare_list(made)), *options_of(made))
        key = place.new_key()
        for settings, mark in ({"TRENDGATE_CATALOG_TTL_HOURS": "24"}, "1"), (FRESH, None):
            server = place.serve(settings=settings)
            answer = server.ask(ENDPOINT + query_of(made), headers={"x-api-key": key})
            equal((answer.status, answer.field("X-Trend-Stale")), (200, mark), f"status and X-Trend-Stale with {settings}")
            server.stop()


# ---- Round trips ----

def odd_list(country):
    """One list with every oddity that captures have shown."""
    made = sample_list(80, country, count=14)
    items = made["items"]
    names = ["fyp\u30b7\u309aviral?tiktok", "30092025", "0",
             "\u1019\u1014\u103a\u101a\u1030\u1016\u1014\u103a\u1010\u103d\u1031\U0001f618\U0001f618\U0001f618",
             "sumudflotillanusantara\U0001f1f2\U0001f1fe\U0001f1f8\U0001f1e9", "?", 'a "quoted", one', "back\\slash",
             "<script>", "\u0645\u0635\u0631", "\u200fmark", "e\u0301", "'", "="]
    for item, name in zip(items, names):
        item["hashtag_name"] = name
    items[0]["hashtag_id"], items[1]["hashtag_id"] = "9223372036854775807", "7243453127734525954"
    items[2]["hashtag_id"], items[3]["hashtag_id"] = "9999999999999999999", "0042"
    items[0]["video_views"], items[1]["video_views"] = 2**32 + 1, 2**62
    items[2]["publish_cnt"], items[3]["video_views"] = 2**33, 2**53 + 1
    items[4].pop("industry_info", None)
    items[5]["industry_info"] = industry_info(22000000000)
    items[6]["trend"] = []
    items[7]["creators"] = [{"nick_name": "\u2764\ufe0fsamjhana\u2764\ufe0f\U0001f495",
                             "avatar_url": "https://x.example/?a=%2F&b=1"}]
    items[8].pop("creators", None)
    return made


def round_trip(label, make, name, write, extra, format_name):
    @act(ROUND_TRIP, f"{label} -> endpoint -> export {format_name} -> a second database -> endpoint, unchanged")
    def play(stage):
        made = make(odd_list("MY"))
        with Place(FRESH) as first, Place(FRESH) as second:
            first.succeed("import", first.write(name, write(odd_list("MY"))), *extra)
            exported = first.succeed("export", "--country", "MY", "--period", "7", "--format", format_name,
                                     binary_output=True).stdout
            second.succeed("import", second.write("exported." + format_name, exported))
            again = second.succeed("export", "--format", format_name, binary_output=True).stdout
            equal(again, exported, "the second export")
            bodies = [served_by(place, made) for place in (first, second)]
        equal(bodies[0][0], made["items"], "items before")
        equal(bodies[1], bodies[0], "items and freshness after")


def served_by(place, made):
    key = place.new_key()
    server = place.serve()
    answer = server.ask(ENDPOINT + query_of(made), headers={"x-api-key": key})
    check_success(answer)
    server.stop()
    facts = [answer.field(name) for name in ("ETag", "Last-Modified", "X-Trend-As-Of", "X-Trend-Source")]
    return answer.json()["data"]["data"]["list"], facts


WHOLE = ["--country", "MY", "--period", "7", "--captured", "2025-10-01"]
for format_name in ("json", "ndjson", "csv"):
    round_trip("JSON", lambda made: made, "odd.json", as_bare_list, WHOLE, format_name)
    round_trip("NDJSON", lambda made: made, "odd.ndjson", as_lines, WHOLE, format_name)
    round_trip("CSV", plain, "odd.csv", as_csv, ["--period", "7"], format_name)


@act(ROUND_TRIP, "a whole catalogue with history and industry lists round-trips")
def whole_catalogue(stage):
    dice = random.Random(90)
    lists = [make_list(dice, country, period, 5, CAPTURED + day * DAY + 3600 * day, industry)
             for country in ("ALL", "US", "MY") for period in (7, 30, 120) for industry in (0, GAMES)
             for day in (0, 1)]
    for format_name in ("json", "ndjson", "csv"):
        with Place(FRESH) as first, Place(FRESH) as second:
            first.succeed("import", first.write("all.json", as_export(*lists)))
            exported = first.succeed("export", "--history", "--format", format_name, binary_output=True).stdout
            second.succeed("import", second.write("all." + format_name, exported))
            again = second.succeed("export", "--history", "--format", format_name, binary_output=True).stdout
            equal(again, exported, f"the second export as {format_name}")


@act(ROUND_TRIP, "export of what is not there is refused or empty, not invented")
def export_nothing(stage):
    result = stage.place.run("export", "--country", "VN")
    if result.status == 0 and json.loads(result.stdout).get("lists"):
        fail(f"{result!r}")
    if result.status not in (0, 1):
        fail(f"{result!r}")


# ---- Real captures ----

def shared(name):
    path = SHARED / "data" / name
    if not path.exists():
        raise Skip(f"the real captures are absent: {path}")
    return path


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_rows(stage, rows):
    """Every row of the CSV against the item of its rank, one by one."""
    body = check_success(until(lambda: (found := stage.get("?limit=100&country_code=MY")).status == 200 and found,
                               "the list is served"))["data"]["data"]
    equal(len(body["list"]), len(rows), "items")
    names = {name: industry for industry, name in INDUSTRIES.items()}
    for row, item in zip(sorted(rows, key=lambda row: int(row["rank"])), body["list"]):
        wanted = {"hashtag_id": row["hashtag_id"], "hashtag_name": row["hashtag_name"],
                  "country_info": {"id": "MY", "value": row["country"], "label": "MY"},
                  "is_promoted": False, "trend": [], "publish_cnt": int(row["publish_count"]),
                  "video_views": int(row["video_views"]), "rank": int(row["rank"]), "rank_diff": 0,
                  "rank_diff_type": 2}
        if row["industry_value"]:
            wanted["industry_info"] = industry_info(names[row["industry_value"]])
        equal(item, wanted, f"row {row['rank']}")


for date in ("2025-10-07", "2025-10-06", "2025-10-02", "2025-10-01"):
    @act(REAL, f"MY-7d-{date}.csv: all 100 rows as captured")
    def real_csv(_stage, date=date):
        path = shared(f"MY-7d-{date}.csv")
        rows = rows_of(path)
        with served(FRESH, sample=False) as own:
            own.place.succeed("import", path, "--period", "7")
            check_rows(own, rows)
            answer = own.get("?country_code=MY")
            equal(answer.field("X-Trend-As-Of"), date, "X-Trend-As-Of")
            equal(stamp(http_date_seconds(answer.field("Last-Modified"))).strftime("%Y-%m-%d %H:%M:%S"),
                  f"{date} {rows[0]['crawl_time']}", "Last-Modified")
            own.drop_connection()


@act(REAL, "all four days in one command, in any order: the newest is served, the others are its history")
def real_history(stage):
    paths = [shared(f"MY-7d-2025-10-{day}.csv") for day in ("06", "01", "07", "02")]
    stage.place.succeed("import", *paths)
    until(lambda: (stage.get("?country_code=MY").field("Last-Modified") or "").startswith("Tue, 07 Oct 2025"),
          "the newest of the four is served")
    check_rows(stage, rows_of(paths[2]))
    exported = stage.place.succeed("export", "--history", "--country", "MY", "--format", "csv").stdout
    if len(exported.splitlines()) < 401:
        fail(f"the history has {len(exported.splitlines())} lines")


@act(REAL, "the US excerpt of an upstream's answer")
def real_us(stage):
    path = shared("US-7d-2025-10-21-excerpt.json")
    wanted = json.loads(path.read_text("utf-8"))["data"]["list"]
    result = stage.place.succeed("import", path, "--captured", "2025-10-21")
    if "holds 1 of 100" not in result.stderr:
        fail(f"{result!r}")
    answer = until(lambda: (found := stage.get("?limit=100&country_code=US")).status == 200 and found, "served")
    body = check_success(answer)["data"]["data"]
    equal(body["list"], [{**item, "rank_diff": 0} for item in wanted], "items")
    equal(answer.field("X-Trend-As-Of"), "2025-10-20", "X-Trend-As-Of")
    equal(body["pagination"], {"page": 1, "size": 100, "total": 1, "has_more": False}, "pagination")


@act(REAL, "the QA excerpt, a bare list with creators and a curve with gaps")
def real_qa(stage):
    path = shared("QA-7d-2025-09-excerpt-items.json")
    wanted = json.loads(path.read_text("utf-8"))
    stage.place.succeed("import", path, "--period", "7", "--captured", "2025-09-27")
    answer = until(lambda: (found := stage.get("?limit=100&country_code=QA")).status == 200 and found, "served")
    equal(check_success(answer)["data"]["data"]["list"], wanted, "items")


@act(REAL, "the successor's answer: numbers, an unsorted curve past 100, brought to 0..1")
def real_one(stage):
    path = shared("creative-one-GetHashtagList-excerpt.json")
    answer = json.loads(path.read_text("utf-8"))
    item = answer["items"][0]
    for point in item["popularityCurve"]:  # of 2026: the test must not depend on the day it runs
        point["timestamp"] -= 300 * DAY
    earlier = stage.place.write("creative-one.json", json.dumps(answer))
    stage.place.succeed("import", earlier, "--country", "SG", "--period", "7", "--captured", "2025-10-30")
    answer = until(lambda: (found := stage.get("?limit=100&country_code=SG")).status == 200 and found, "served")
    got = check_success(answer)["data"]["data"]["list"]
    equal(len(got), 1, "items")
    equal((got[0]["hashtag_id"], got[0]["hashtag_name"], got[0]["publish_cnt"], got[0]["video_views"], got[0]["rank"]),
          (str(item["hashtagID"]), item["hashtagName"], item["publishCnt"], item["vv"], item["rankIndex"]), "item")
    equal(got[0]["industry_info"], industry_info(item["industryIDs"][0]), "industry_info")
    equal(got[0]["trend"], [{"time": 1787529600 - 300 * DAY, "value": 0.63},
                           {"time": 1787616000 - 300 * DAY, "value": 1}], "trend")


assert "MY" in COUNTRIES


def stage(settings=None):
    return lambda: served({**FRESH, **(settings or {})}, sample=False)


SCENARIOS = [
    Scenario("import forms", stage(), FORMS),
    Scenario("import faults", stage(), FAULTS),
    Scenario("pages and warnings", stage(), PAGES),
    Scenario("newest capture", stage(), NEWEST),
    Scenario("industry lists", stage(), INDUSTRY),
    Scenario("stale lists", stage({"TRENDGATE_CATALOG_TTL_HOURS": "24"}), STALE),
    Scenario("round trips", stage(), ROUND_TRIP),
    Scenario("real captures", stage(), REAL),
]
