"""What a 200 holds: the field table, pagination, the list's arithmetic, freshness."""

import datetime
import re
import time

from support.http_client import request_bytes
from support.reference import COUNTRIES, FIELDS, INDUSTRIES, check_success, iso_day
from support.steps import (ENDPOINT, META, Scenario, Step, act, dig, equal, fail, http_date_seconds, served)

FIELD_STEPS, PAGINATION, ARITHMETIC, FRESHNESS, META_STEPS = [], [], [], [], []


def present(value, parts):
    """Whether the path is somewhere below value; 'list[]' means in any item."""
    if not parts:
        return True
    name = parts[0]
    if name.endswith("[]"):
        return any(present(item, parts[1:]) for item in value.get(name[:-2], []))
    return name in value and present(value[name], parts[1:])


for field, _kind in FIELDS:
    @act(FIELD_STEPS, f"{field} is served")
    def field_is_served(stage, field=field):
        if "body" not in stage.notes:
            stage.notes["body"] = stage.get("?limit=100&country_code=US").json()
        if not present(stage.notes["body"], field.split(".")):
            fail(f"{field} is nowhere in 100 items")

for period in (7, 30, 120):
    for country in ("ALL", "US", "MY", "JP"):
        FIELD_STEPS.append(Step(
            f"100 items of {country}, {period} days, against the field table",
            f"{ENDPOINT}?limit=100&period={period}&country_code={country}",
            also=lambda stage, answer, period=period, country=country: check_success(answer, period, country)))


@act(FIELD_STEPS, "the global list's country is All countries")
def global_country(stage):
    item = dig(stage.get("?limit=1").json(), "data.data.list.0")
    equal(item["country_info"], {"id": "ALL", "value": "All countries", "label": "ALL"}, "country_info")


@act(FIELD_STEPS, "the sample shows what real lists show")
def sample_is_varied(stage):
    items = []
    for country in ("ALL", "US", "MY", "SA"):
        items += stage.get(f"?limit=100&country_code={country}").json()["data"]["data"]["list"]
    facts = {
        "views past 2^32": any(item["video_views"] > 2**32 for item in items),
        "an id of 19 digits": any(len(item["hashtag_id"]) == 19 for item in items),
        "no industry": any("industry_info" not in item for item in items),
        "an industry": any("industry_info" in item for item in items),
        "creators": any("creators" in item for item in items),
        "no creators": any("creators" not in item for item in items),
        "promoted": any(item["is_promoted"] for item in items),
        "a new entry": any(item["rank_diff_type"] == 4 for item in items),
        "digits only": any(item["hashtag_name"].isdigit() for item in items),
        "a question mark": any("?" in item["hashtag_name"] for item in items),
        "no ASCII": any(not item["hashtag_name"].isascii() for item in items),
        "an emoji": any(ord(sign) > 0xFFFF for item in items for sign in item["hashtag_name"]),
    }
    missing = [name for name, found in facts.items() if not found]
    if missing:
        fail(f"nowhere in the sample: {missing}")


def pages(label, query, count, has_more, total=100):
    def check(_stage, answer):
        body = check_success(answer)
        equal(len(body["data"]["data"]["list"]), count, "items on the page")
    return Step(label, ENDPOINT + query, also=check, body_out={
        "data.data.pagination.has_more": has_more, "data.data.pagination.total": total})


PAGINATION += [
    pages("the first of five pages", "?limit=20", 20, True),
    pages("the last but one page", "?limit=20&page=4", 20, True),
    pages("the last page has no more", "?limit=20&page=5", 20, False),
    pages("a page past the end is empty", "?limit=20&page=6", 0, False),
    pages("page 10 past the end is empty", "?limit=20&page=10", 0, False),
    pages("a last page that is not full", "?limit=30&page=4", 10, False),
    pages("a whole list on one page", "?limit=100", 100, False),
    pages("page 9 of 5 has more", "?limit=5&page=9", 5, True),
    pages("page 10 has no more though items remain", "?limit=5&page=10", 5, False),
    pages("page 10 of exactly the list", "?limit=10&page=10", 10, False),
    pages("limit 99 leaves one", "?limit=99&page=2", 1, False),
]


@act(PAGINATION, "ten pages of ten are the list of 100")
def pages_join(stage):
    whole = stage.get("?limit=100&country_code=MY").json()["data"]["data"]["list"]
    joined = []
    for page in range(1, 11):
        joined += stage.get(f"?limit=10&page={page}&country_code=MY").json()["data"]["data"]["list"]
    equal(joined, whole, "the pages put together")
    equal([item["rank"] for item in whole], list(range(1, 101)), "ranks")


@act(PAGINATION, "total counts the filtered list")
def total_is_filtered(stage):
    whole = stage.get("?limit=100").json()["data"]["data"]["list"]
    new = [item for item in whole if item["rank_diff_type"] == 4]
    body = stage.get("?limit=100&filter_by=new_on_board").json()["data"]["data"]
    equal(body["pagination"]["total"], len(new), "total under the filter")


@act(ARITHMETIC, "filter_by=new_on_board keeps items, order and unfiltered ranks")
def filter_keeps_ranks(stage):
    for country in ("ALL", "US", "MY"):
        whole = stage.get(f"?limit=100&country_code={country}").json()["data"]["data"]["list"]
        kept = stage.get(f"?limit=100&country_code={country}&filter_by=new_on_board").json()
        equal(kept["data"]["data"]["list"], [item for item in whole if item["rank_diff_type"] == 4],
              f"the filtered list of {country}")


for industry, name in INDUSTRIES.items():
    @act(ARITHMETIC, f"the list of {name} is derived, with unfiltered ranks")
    def industry_list(stage, industry=industry):
        whole = stage.get("?limit=100&country_code=US&period=30").json()["data"]["data"]["list"]
        wanted = [item for item in whole if item.get("industry_info", {}).get("id") == industry]
        got = stage.get(f"?limit=100&country_code=US&period=30&industry_id={industry}").json()
        equal(got["data"]["data"]["list"], wanted, "the industry's list")
        equal(got["data"]["data"]["pagination"]["total"], len(wanted), "total")


@act(ARITHMETIC, "industry and filter together")
def industry_and_filter(stage):
    whole = stage.get("?limit=100&country_code=GB").json()["data"]["data"]["list"]
    for industry in INDUSTRIES:
        wanted = [item for item in whole if item.get("industry_info", {}).get("id") == industry
                  and item["rank_diff_type"] == 4]
        got = stage.get(f"?limit=100&country_code=GB&industry_id={industry}&filter_by=new_on_board").json()
        equal(got["data"]["data"]["list"], wanted, f"new ones of {industry}")


@act(ARITHMETIC, "the same request twice is the same answer but for its request id")
def same_twice(stage):
    first, second = stage.get("?limit=50"), stage.get("?limit=50")
    cut = len('"request_id":"') + len(first.field("X-Request-Id")) + len('"}}')
    equal(first.body[:-cut], second.body[:-(len(second.field("X-Request-Id")) + cut
                                            - len(first.field("X-Request-Id")))], "bodies")
    if first.field("X-Request-Id") == second.field("X-Request-Id"):
        fail("two requests without an id got the same one")


@act(ARITHMETIC, "request ids that nobody sent rise on a connection")
def request_ids_rise(stage):
    with stage.server.connect() as connection:
        ids = [connection.ask(ENDPOINT, headers={"x-api-key": stage.key}).field("X-Request-Id") for _ in range(300)]
    equal({len(one) for one in ids}, {32}, "digits")
    equal({one[:16] for one in ids}, {ids[0][:16]}, "what stays")
    counts = [int(one[16:], 16) for one in ids]
    equal(all(before < after for before, after in zip(counts, counts[1:])), True, f"{counts}")


@act(ARITHMETIC, "the code's letter case does not matter to the list")
def letter_case(stage):
    equal(stage.get("?country_code=us").json()["data"]["data"],
          stage.get("?country_code=US").json()["data"]["data"], "lists of us and US")


@act(ARITHMETIC, "countries and periods have lists of their own")
def lists_differ(stage):
    seen = set()
    for country in ("ALL", "US", "MY"):
        for period in (7, 30, 120):
            body = stage.get(f"?limit=100&country_code={country}&period={period}").json()
            seen.add(str(body["data"]["data"]["list"]))
    equal(len(seen), 9, "different lists")


FRESHNESS += [
    Step("X-Trend-Source names the sample", ENDPOINT, headers_out={"X-Trend-Source": "sample"}),
    Step("X-Trend-As-Of is a date", ENDPOINT, headers_out={"X-Trend-As-Of": re.compile(r"\d{4}-\d\d-\d\d")}),
    Step("a fresh list is not marked stale", ENDPOINT, headers_out={"X-Trend-Stale": None}),
    Step("Last-Modified is a date of HTTP", ENDPOINT,
         headers_out={"Last-Modified": lambda value: value and http_date_seconds(value) <= time.time()}),
    Step("Cache-Control is private, no-cache", ENDPOINT, headers_out={"Cache-Control": "private, no-cache"}),
    Step("Vary names Accept-Encoding", ENDPOINT,
         headers_out={"Vary": lambda value: "accept-encoding" in (value or "").lower()}),
    Step("an empty page tells its freshness too", ENDPOINT + "?page=9",
         headers_out={"X-Trend-Source": "sample", "ETag": re.compile(r'W/"[\x21\x23-\x7e]+"')}),
]


@act(FRESHNESS, "X-Trend-As-Of is the newest trend point's date")
def as_of_is_newest_point(stage):
    answer = stage.get("?limit=100")
    newest = max(point["time"] for item in answer.json()["data"]["data"]["list"] for point in item["trend"])
    equal(answer.field("X-Trend-As-Of"), iso_day(newest), "X-Trend-As-Of")


@act(FRESHNESS, "Date is now")
def date_is_now(stage):
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    apart = abs(http_date_seconds(stage.get().field("Date")) - now)
    if apart > 60:
        fail(f"Date is {apart:.0f} s from now")


def texts_and_numbers(value):
    """Every text and number anywhere in a JSON value."""
    stack, found = [value], set()
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += [*value.values(), *value.keys()]
        elif isinstance(value, list):
            stack += value
        else:
            found.add(str(value))
    return found


META_STEPS += [
    Step("answers with a key", META, 200, also=lambda stage, answer: equal(answer.json()["msg"], "OK", "msg")),
    Step("without a key it is 401", META, 401, key=False, reason="missing_key"),
    Step("takes no parameters", META + "?page=1", 400, reason="invalid_input"),
]


@act(META_STEPS, "names every country, industry and period")
def meta_is_complete(stage):
    found = texts_and_numbers(stage.ask(META, headers={"x-api-key": stage.key}).json())
    wanted = {"ALL", *COUNTRIES, *COUNTRIES.values(), *map(str, INDUSTRIES), *INDUSTRIES.values(), "7", "30", "120"}
    if wanted - found:
        fail(f"missing: {sorted(wanted - found)}")


@act(META_STEPS, "request_id is last in its body too")
def meta_ends_in_request_id(stage):
    connection = stage.server.connect()
    connection.send(request_bytes(META, headers={"x-api-key": stage.key, "X-Request-Id": "meta-1"}))
    answer = connection.receive()
    connection.close()
    equal(answer.field("X-Request-Id"), "meta-1", "X-Request-Id")
    if b'"request_id":"meta-1"' not in answer.body[-40:]:
        fail(f"the body ends in {answer.body[-60:]!r}")


SCENARIOS = [Scenario(title, served, steps) for title, steps in (
    ("fields", FIELD_STEPS), ("pagination", PAGINATION), ("arithmetic", ARITHMETIC),
    ("freshness", FRESHNESS), ("country-industry-meta", META_STEPS))]
