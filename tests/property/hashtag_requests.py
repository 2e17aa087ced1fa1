#!/usr/bin/env python3
"""Random requests to the hashtag endpoint against a plain model (tests/support/hashtag_model.py).

    hashtag_requests.py [--engine sqlite|postgres] [--seed N] [--requests N] [--sample-requests N]

A random catalogue is imported as JSON, NDJSON and CSV, out of order and partly twice; then whole
bodies (but for request_id) and headers are compared. The same is done with the sample catalogue,
whose unfiltered lists are fetched and whose pages, filters and industries must follow from them.
A mismatch is shrunk and printed with both answers. Last line: "N passed, N failed, N skipped"."""

import argparse
import contextlib
import json
import os
import pathlib
import queue
import random
import sys
import threading
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

# The modules that follow ask for it.
if "--engine" in sys.argv[1:-1]:
    os.environ["TRENDGATE_TEST_ENGINE"] = sys.argv[sys.argv.index("--engine") + 1]

from support import postgres  # noqa: E402
from support.hashtag_model import PARAMETERS, Catalogue, answer_of  # noqa: E402
from support.http_client import until  # noqa: E402
from support.lists import (DAY, as_answer, as_bare_list, as_csv, as_export, as_export_lines,  # noqa: E402
                           as_lines, make_list, options_of, plain)
from support.reference import COUNTRIES, INDUSTRIES  # noqa: E402
from support.server import BINARY, ON_POSTGRES, Place  # noqa: E402
from support.steps import ENDPOINT, check_every_answer, http_date_seconds, leave_midnight_behind  # noqa: E402

THREADS = 3
COUNTRIES_USED = ["ALL", "US", "MY", "JP", "SA", "VN"]
TTL_HOURS = 87600  # the longest: a list of this decade is fresh, one of 2010 is stale at any time
OLD, NEW = 1262304000, 1748736000  # 2010-01-01, 2025-06-01
HUGE = "9" * 40

# ---- A random catalogue ----


def make_lists(dice):
    """Lists of every size that matters; some captured again on a later day."""
    lists = []
    for country in COUNTRIES_USED[:-1]:  # the last one has no list at all
        for period in (7, 30, 120):
            if dice.random() < 0.15:
                continue
            for _ in range(dice.choice((1, 1, 2))):
                lists.append(random_list(dice, country, period, 0))
        for industry in dice.sample(sorted(INDUSTRIES), 2):
            lists.append(random_list(dice, country, dice.choice((7, 30, 120)), industry))
    lists.append(random_list(dice, "US", 7, 0, count=1000))
    return lists


def random_list(dice, country, period, industry, count=None):
    count = count or dice.choice((1, 2, 19, 20, 21, 99, 100, 101, dice.randrange(1, 400)))
    base = OLD if dice.random() < 0.2 else NEW
    captured_at = base + dice.randrange(300) * DAY + dice.choice((0, 0, 0, 3661, 86399))
    return make_list(dice, country, period, count, captured_at, industry)


def reckoned(made, kept):
    """Its changes of rank as our own history tells them: against the last capture before it that was kept."""
    same = [other for other in kept if other["captured_at"] < made["captured_at"]
            and all(other[part] == made[part] for part in ("country", "period", "industry"))]
    if not same:
        return made
    former = {item["hashtag_id"]: item["rank"] for item in max(same, key=lambda other: other["captured_at"])["items"]}
    items = []
    for item in made["items"]:
        rise = former.get(item["hashtag_id"], item["rank"]) - item["rank"]
        change = 1 if rise > 0 else 3 if rise < 0 else 2
        if item["hashtag_id"] not in former and item["rank"] <= max(former.values()):
            change = 4
        items.append({**item, "rank_diff": abs(rise), "rank_diff_type": change})
    return {**made, "items": items}


def import_lists(dice, place, lists):
    """Each in a random form; what a form cannot say goes through one that can. Returns the lists
    as they should then be served."""
    served, forms = [], {}
    for number, made in enumerate(lists):
        whole_day = made["captured_at"] % DAY == 0
        names = ["export", "export-lines"]
        if not made["industry"]:
            names += ["csv"]
            names += ["answer", "bare", "lines"] if whole_day else []
        name = dice.choice(names)
        forms[name] = forms.get(name, 0) + 1
        content, options = {
            "export": lambda: (as_export(made), []),
            "export-lines": lambda: (as_export_lines(made), []),
            "csv": lambda: (as_csv(made), ["--period", made["period"]]),
            "answer": lambda: (as_answer(made, dice), options_of(made)),
            "bare": lambda: (as_bare_list(made, dice), options_of(made)),
            "lines": lambda: (as_lines(made, dice), options_of(made)),
        }[name]()
        place.succeed("import", place.write(f"list{number}.{name}", content), *options)
        served.append(reckoned(plain(made), served) if name == "csv" else made)
    print(f"imported {len(lists)} lists: {forms}")
    return served


# ---- Random requests ----


def random_request(dice):
    """Pairs of (name, value), decoded; mostly valid, weighted towards edges."""
    choices = {
        "page": ["", "1", "1", "2", "2", "3", "4", "5", "9", "10", "11", "0", "-1", HUGE, "-" + HUGE, "007",
                 str(dice.randrange(1, 11))],
        "limit": ["", "1", "2", "19", "20", "21", "50", "99", "100", "101", "0", "-5", HUGE,
                  str(dice.randrange(1, 101)), str(dice.randrange(1, 30))],
        "period": ["", "7", "7", "30", "120", "30", "120"],
        "industry_id": ["", *map(str, dice.sample(sorted(INDUSTRIES), 4))],
        "country_code": ["", *COUNTRIES_USED, dice.choice(COUNTRIES_USED).lower(), dice.choice(list(COUNTRIES)), "uS"],
        "filter_by": ["", "new_on_board", "new_on_board"],
    }
    odds = {"page": 0.6, "limit": 0.7, "period": 0.6, "industry_id": 0.3, "country_code": 0.85, "filter_by": 0.25}
    pairs = [(name, dice.choice(choices[name])) for name in PARAMETERS if dice.random() < odds[name]]
    if dice.random() < 0.08:
        spoil(dice, pairs)
    dice.shuffle(pairs)
    return pairs


def spoil(dice, pairs):
    for _ in range(dice.choice((1, 1, 2, 4))):
        name = dice.choice(PARAMETERS)
        value = dice.choice(("x", "1.0", "+5", " 5", "0x7", "8", "ZZ", "\u0663", "\U0001f618", "new", "-", "1e3",
                             "US "))
        kind = dice.random()
        if kind < 0.25:
            name = dice.choice(("country", "Page", "foo", "limits", "x-api-key"))
        if kind > 0.85 and pairs:
            pairs.append(dice.choice(pairs))
        elif name not in dict(pairs):
            pairs.append((name, value))


def encode(dice, text):
    """Percent-encoded where it must be, and here and there where it need not be."""
    out = ""
    for byte in text.encode("utf-8"):
        sign = chr(byte)
        if sign == " " and dice.random() < 0.5:
            out += "+"
        elif sign.isascii() and (sign.isalnum() or sign in "-._~") and dice.random() < 0.97:
            out += sign
        else:
            out += f"%{byte:02X}" if dice.random() < 0.5 else f"%{byte:02x}"
    return out


def query_of(dice, pairs):
    if not pairs:
        return ""
    return "?" + "&".join(f"{encode(dice, name)}={encode(dice, value)}" for name, value in pairs)


# ---- Comparing ----


class Comparison:
    """One catalogue, its model and its server. Threads share it; connections are their own."""

    def __init__(self, server, key, catalogue, stale_before):
        self.server, self.key, self.catalogue, self.stale_before = server, key, catalogue, stale_before
        self.lock = threading.Lock()
        self.tags = {}  # data.data as bytes -> ETag, which must be one to one
        self.bytes_of = {}

    def differences(self, connection, pairs, query, compressed, label=None):
        """What is wrong with the answer to this request, as sentences."""
        headers = {"x-api-key": self.key}
        if compressed:
            headers["Accept-Encoding"] = "gzip"
        if label:
            headers["X-Request-Id"] = label
        answer = connection.ask(ENDPOINT + query, headers=headers)
        wanted = answer_of(self.catalogue, pairs, self.stale_before)
        try:
            check_every_answer(answer, "GET", label)
        except AssertionError as failure:
            return [str(failure)], wanted, answer
        if answer.field("Content-Encoding") == "gzip":
            try:
                answer.body = zlib.decompress(answer.body, 31)
            except zlib.error as failure:
                return [f"the gzip body: {failure}"], wanted, answer
        return self.compare(answer, wanted, compressed), wanted, answer

    def compare(self, answer, wanted, compressed):
        if answer.status != wanted["status"]:
            return [f"status {answer.status} instead of {wanted['status']}"]
        body = answer.json()
        if answer.status == 400:
            faults = sorted((fault["parameter"], fault["value"]) for fault in body["data"]["errors"])
            return [] if faults == wanted["faults"] else [f"faults {faults} instead of {wanted['faults']}"]
        if answer.status != 200:
            return [] if body["data"]["reason"] == wanted["reason"] else ["another reason"]
        return self.compare_success(answer, body, wanted, compressed)

    def compare_success(self, answer, body, wanted, compressed):
        wrong = []
        label = body["data"].pop("request_id", None)
        if label != answer.field("X-Request-Id"):
            wrong.append("request_id is not that of the header")
        envelope = {"code": 200, "msg": "OK", "data": {"code": 0, "msg": "OK", "data": wanted["data"]}}
        if body != envelope:
            wrong.append(first_difference(body, envelope))
        for name, value in wanted["headers"].items():
            if answer.field(name) != value:
                wrong.append(f"{name} is {answer.field(name)!r} instead of {value!r}")
        if compressed != (answer.field("Content-Encoding") == "gzip"):
            wrong.append(f"Content-Encoding is {answer.field('Content-Encoding')!r}")
        return wrong + self.compare_tag(answer, label)

    def compare_tag(self, answer, label):
        """Same bytes of data.data, same ETag, and the other way round."""
        opening = answer.body.index(b'"data":{"list":') + len(b'"data":')
        content = answer.body[opening:-len(f',"request_id":"{label}"}}}}')]
        tag = answer.field("ETag")
        digest = hash(content)
        with self.lock:
            known = self.tags.setdefault(digest, tag)
            back = self.bytes_of.setdefault(tag, digest)
        if known != tag or back != digest:
            return [f"ETag {tag} is not one to one with the bytes of data.data"]
        return []


def first_difference(got, wanted, path="body"):
    """Where two JSON values begin to differ."""
    if isinstance(got, dict) and isinstance(wanted, dict) and set(got) == set(wanted):
        pairs = [(f"{path}.{name}", got[name], wanted[name]) for name in wanted]
    elif isinstance(got, list) and isinstance(wanted, list) and len(got) == len(wanted):
        pairs = [(f"{path}[{index}]", one, other) for index, (one, other) in enumerate(zip(got, wanted))]
    else:
        return f"{path} is {json.dumps(got)[:300]} instead of {json.dumps(wanted)[:300]}"
    for deeper, one, other in pairs:
        if one != other:
            return first_difference(one, other, deeper)  # as deep as JSON answers are
    return f"{path}: equal in value, not in order or type"


SIMPLER = {"page": "1", "limit": "1", "period": "7", "country_code": "ALL", "filter_by": "", "industry_id": ""}


def shrink(comparison, connection, pairs, compressed):
    """Leaves parameters out, or makes them simple, as long as the answer stays wrong."""
    plain_dice = random.Random(0)

    def is_wrong(candidate):
        query = query_of(plain_dice, candidate)
        return bool(comparison.differences(connection, candidate, query, compressed)[0])

    if not is_wrong(pairs):
        return None
    shrunk = True
    while shrunk:
        shrunk = False
        for at in range(len(pairs)):
            name, value = pairs[at]
            simple = [pairs[:at] + pairs[at + 1:]]
            if value != SIMPLER.get(name, value):
                simple.append(pairs[:at] + [(name, SIMPLER[name])] + pairs[at + 1:])
            for candidate in simple:
                if is_wrong(candidate):
                    pairs, shrunk = candidate, True
                    break
            if shrunk:
                break
    return pairs


def report_mismatch(comparison, connection, pairs, query, compressed, first):
    wrong, wanted, answer = first
    smaller = shrink(comparison, connection, pairs, compressed)
    print(f"FAIL GET {ENDPOINT}{query}{' (gzip)' if compressed else ''}")
    if smaller is not None:
        query = query_of(random.Random(0), smaller)
        wrong, wanted, answer = comparison.differences(connection, smaller, query, compressed)
        print(f"    shrunk to GET {ENDPOINT}{query}")
    for sentence in wrong:
        print(f"    {sentence}")
    print(f"    wanted {json.dumps(wanted, default=str)[:1200]}")
    print(f"    got {answer!r}", flush=True)


FAILURES_MAX = 10


def play(comparison, seed, count):
    """Plays count random requests over a few keep-alive connections; returns (passed, failed)."""
    counts = {"passed": 0, "failed": 0}
    work = queue.SimpleQueue()
    for number in range(count):
        work.put(number)

    def worker():
        connection = comparison.server.connect()
        while counts["failed"] < FAILURES_MAX:
            try:
                number = work.get_nowait()
            except queue.Empty:
                break
            dice = random.Random(f"{seed}/{number}")
            pairs = random_request(dice)
            query, compressed = query_of(dice, pairs), dice.random() < 0.3
            label = "l" * dice.randrange(1, 129) if dice.random() < 0.5 else None
            try:
                first = comparison.differences(connection, pairs, query, compressed, label)
            except Exception as failure:  # the connection is lost: said, counted, and begun anew
                print(f"FAIL GET {ENDPOINT}{query}: {failure!r}", flush=True)
                counts["failed"] += 1
                connection.close()
                connection = comparison.server.connect()
                continue
            with comparison.lock:
                counts["failed" if first[0] else "passed"] += 1
            if first[0]:
                report_mismatch(comparison, connection, pairs, query, compressed, first)
        connection.close()

    workers = [threading.Thread(target=worker) for _ in range(THREADS)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    if counts["failed"] >= FAILURES_MAX:
        print(f"stopped after {FAILURES_MAX} failures")
    return counts["passed"], counts["failed"]


# ---- The two catalogues ----


def imported_catalogue(seed, count):
    dice = random.Random(seed)
    with Place({"TRENDGATE_CATALOG_TTL_HOURS": str(TTL_HOURS), "TRENDGATE_SERVER_ACCESS_LOG": "false"}) as place:
        lists = make_lists(dice)
        dice.shuffle(lists)
        catalogue = Catalogue()
        for made in import_lists(dice, place, distinct(lists)):
            catalogue.add(made)
        key = place.new_key()
        server = place.serve()
        comparison = Comparison(server, key, catalogue, time.time() - TTL_HOURS * 3600)
        result = play(comparison, seed, count)
        server.stop()
    return result


def distinct(lists):
    """Without a second list of the same capture instant, which import would refuse."""
    seen, kept = set(), []
    for made in lists:
        key = (made["country"], made["period"], made["industry"], made["captured_at"])
        if key not in seen:
            seen.add(key)
            kept.append(made)
    return kept


def sample_catalogue(seed, count):
    leave_midnight_behind()  # its lists are of the day
    settings = {"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true", "TRENDGATE_SERVER_ACCESS_LOG": "false"}
    with Place(settings) as place:
        key = place.new_key()
        server = place.serve()
        catalogue = Catalogue()
        with server.connect() as connection:
            for country in ["ALL", *COUNTRIES]:
                for period in (7, 30, 120):
                    catalogue.add(fetch(connection, key, country, period))
        result = play(Comparison(server, key, catalogue, 0), seed + 1, count)
        server.stop()
    return result


def fetch(connection, key, country, period):
    """A whole unfiltered list as the endpoint serves it: what everything else must follow from."""
    query = f"?limit=100&country_code={country}&period={period}"
    answer = until(lambda: (found := connection.ask(ENDPOINT + query, headers={"x-api-key": key})).status == 200
                   and found, f"the sample list {query}")
    return {"country": country, "period": period, "industry": 0, "source": answer.field("X-Trend-Source"),
            "captured_at": http_date_seconds(answer.field("Last-Modified")),
            "as_of": answer.field("X-Trend-As-Of"), "items": answer.json()["data"]["data"]["list"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["sqlite", "postgres"], default="sqlite",
                        help="where the lists are: see tests/scenario/run.py")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--sample-requests", type=int, default=2_000)
    arguments = parser.parse_args()
    if not BINARY.exists():
        print(f"There is no {BINARY}: build it with ./dev build, or name it in TRENDGATE_BINARY.")
        return 1
    with contextlib.ExitStack() as stack:
        if ON_POSTGRES and postgres.VARIABLE not in os.environ:
            os.environ[postgres.VARIABLE] = stack.enter_context(postgres.Server()).address
        return play_both(arguments)


def play_both(arguments):
    print(f"seed {arguments.seed}", flush=True)
    passed, failed = 0, 0
    for name, run, count in (("imported", imported_catalogue, arguments.requests),
                             ("sample", sample_catalogue, arguments.sample_requests)):
        began = time.monotonic()
        good, bad = run(arguments.seed, count)
        print(f"{name} catalogue: {good} as the model says, {bad} not ({time.monotonic() - began:.1f} s)", flush=True)
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or passed < arguments.requests + arguments.sample_requests else 0


if __name__ == "__main__":
    sys.exit(main())
