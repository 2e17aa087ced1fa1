"""The customer's page and tables as data, copied by hand so that a fault in the product's own
tables shows; and the check of a success body against them."""

import datetime
import re

from .steps import dig, equal, fail

COUNTRIES = {
    "AE": "United Arab Emirates",
    "AR": "Argentina",
    "AT": "Austria",
    "AU": "Australia",
    "BD": "Bangladesh",
    "BE": "Belgium",
    "BG": "Bulgaria",
    "BH": "Bahrain",
    "BR": "Brazil",
    "BY": "Belarus",
    "CA": "Canada",
    "CH": "Switzerland",
    "CL": "Chile",
    "CO": "Colombia",
    "CZ": "Czechia",
    "DE": "Germany",
    "DK": "Denmark",
    "EE": "Estonia",
    "EG": "Egypt",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "GR": "Greece",
    "HR": "Croatia",
    "HU": "Hungary",
    "ID": "Indonesia",
    "IE": "Ireland",
    "IL": "Israel",
    "IQ": "Iraq",
    "IS": "Iceland",
    "IT": "Italy",
    "JO": "Hashemite Kingdom of Jordan",
    "JP": "Japan",
    "KH": "Cambodia",
    "KR": "South Korea",
    "KW": "Kuwait",
    "KZ": "Kazakhstan",
    "LB": "Lebanon",
    "LT": "Republic of Lithuania",
    "LU": "Luxembourg",
    "LV": "Latvia",
    "MA": "Morocco",
    "MM": "Myanmar [Burma]",
    "MO": "Macao",
    "MX": "Mexico",
    "MY": "Malaysia",
    "NG": "Nigeria",
    "NL": "Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "OM": "Oman",
    "PE": "Peru",
    "PH": "Philippines",
    "PK": "Pakistan",
    "PL": "Poland",
    "PT": "Portugal",
    "QA": "Qatar",
    "RO": "Romania",
    "SA": "Saudi Arabia",
    "SE": "Sweden",
    "SG": "Singapore",
    "SK": "Slovakia",
    "TH": "Thailand",
    "TR": "Turkey",
    "TW": "Taiwan",
    "UA": "Ukraine",
    "US": "United States",
    "UZ": "Uzbekistan",
    "VN": "Vietnam",
    "ZA": "South Africa",
}

INDUSTRIES = {
    10000000000: "Education",
    11000000000: "Vehicle & Transportation",
    12000000000: "Baby, Kids & Maternity",
    13000000000: "Financial Services",
    14000000000: "Beauty & Personal Care",
    15000000000: "Tech & Electronics",
    17000000000: "Travel",
    18000000000: "Household Products",
    19000000000: "Pets",
    21000000000: "Home Improvement",
    22000000000: "Apparel & Accessories",
    23000000000: "News & Entertainment",
    24000000000: "Business Services",
    25000000000: "Games",
    26000000000: "Life Services",
    27000000000: "Food & Beverage",
    28000000000: "Sports & Outdoor",
    29000000000: "Health",
}
PERIODS = (7, 30, 120)

# The response table of the endpoint's page: path below the body, type. "optional" fields may be
# left out; everything that is not listed must not be there. In the order of the page's example, with
# creators where upstream's answers have them.
FIELDS = [
    ("code", "integer"),
    ("msg", "string"),
    ("data", "object"),
    ("data.code", "integer"),
    ("data.msg", "string"),
    ("data.data", "object"),
    ("data.data.list", "array"),
    ("data.data.list[]", "object"),
    ("data.data.list[].hashtag_id", "string"),
    ("data.data.list[].hashtag_name", "string"),
    ("data.data.list[].country_info", "object"),
    ("data.data.list[].country_info.id", "string"),
    ("data.data.list[].country_info.value", "string"),
    ("data.data.list[].country_info.label", "string"),
    ("data.data.list[].industry_info", "object optional"),
    ("data.data.list[].industry_info.id", "integer"),
    ("data.data.list[].industry_info.value", "string"),
    ("data.data.list[].industry_info.label", "string"),
    ("data.data.list[].is_promoted", "boolean"),
    ("data.data.list[].trend", "array"),
    ("data.data.list[].trend[]", "object"),
    ("data.data.list[].trend[].time", "integer"),
    ("data.data.list[].trend[].value", "number"),
    ("data.data.list[].creators", "array optional"),
    ("data.data.list[].creators[]", "object"),
    ("data.data.list[].creators[].nick_name", "string"),
    ("data.data.list[].creators[].avatar_url", "string"),
    ("data.data.list[].publish_cnt", "integer"),
    ("data.data.list[].video_views", "integer"),
    ("data.data.list[].rank", "integer"),
    ("data.data.list[].rank_diff", "integer"),
    ("data.data.list[].rank_diff_type", "integer"),
    ("data.data.pagination", "object"),
    ("data.data.pagination.page", "integer"),
    ("data.data.pagination.size", "integer"),
    ("data.data.pagination.total", "integer"),
    ("data.data.pagination.has_more", "boolean"),
    ("data.request_id", "string"),
]

TYPES = {
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def children(path):
    """The fields right below path, as {name: (path, words of its type)}."""
    prefix = f"{path}." if path else ""
    return {field[len(prefix):]: (field, kind.split()) for field, kind in FIELDS
            if field.startswith(prefix) and "." not in field[len(prefix):] and not field.endswith("[]")}


TREE = {path: children(path) for path in {""} | {field for field, _ in FIELDS}}


def check_type(value, path, kind):
    if not TYPES[kind](value):
        fail(f"{path} is no {kind}: {value!r}")
    if kind == "object":
        check_members(value, path)
    elif kind == "array":
        for item in value:
            check_type(item, f"{path}[]", "object")


def check_members(value, path):
    """Every member is of the table, in its order and of its type, and no required one is missing."""
    known = TREE[path]
    unknown = [name for name in value if name not in known]
    if unknown:
        fail(f"members that the page does not know in {path!r}: {unknown}")
    for name, (field, kind) in known.items():
        if name in value:
            check_type(value[name], field, kind[0])
        elif "optional" not in kind:
            fail(f"{field} is missing")
    if list(value) != [name for name in known if name in value]:
        fail(f"members of {path!r} out of the page's order: {list(value)}")


def check_success(answer, period=None, country=None):
    """A 200 of the endpoint against the field table and the rules for each field."""
    body = answer.json()
    check_members(body, "")
    for path, wanted in (("code", 200), ("msg", "OK"), ("data.code", 0), ("data.msg", "OK")):
        equal(dig(body, path), wanted, path)
    label = answer.field("X-Request-Id")
    equal(dig(body, "data.request_id"), label, "data.request_id")
    tail = b'"request_id":"' + label.encode() + b'"}}'
    if not answer.body.endswith(tail):
        fail(f"request_id is not the last thing in the body: {answer.body[-120:]!r}")
    for item in body["data"]["data"]["list"]:
        check_item(item, period, country)
    ranks = [item["rank"] for item in body["data"]["data"]["list"]]
    if ranks != sorted(set(ranks)):
        fail(f"ranks do not rise: {ranks}")
    return body


def check_item(item, period, country):
    where = f"item {item['hashtag_id']}"
    if not re.fullmatch(r"[0-9]{1,19}", item["hashtag_id"]):
        fail(f"{where}: hashtag_id {item['hashtag_id']!r}")
    info = item["country_info"]
    code = info["id"]
    equal(info["label"], code, f"{where}: country label")
    equal(info["value"], "All countries" if code == "ALL" else COUNTRIES.get(code), f"{where}: country name")
    if country:
        equal(code, country, f"{where}: country")
    if "industry_info" in item:
        industry = item["industry_info"]
        equal(industry["value"], INDUSTRIES.get(industry["id"]), f"{where}: industry name")
        equal(industry["label"], f"label_{industry['id']}", f"{where}: industry label")
    if item.get("creators") == []:
        fail(f"{where}: creators is empty and should have been left out")
    check_numbers(item, where)
    check_trend(item["trend"], where, period)


def check_numbers(item, where):
    for name in ("publish_cnt", "video_views", "rank_diff"):
        if not 0 <= item[name] < 2**63:
            fail(f"{where}: {name} is {item[name]}")
    if item["rank"] < 1 or item["rank_diff_type"] not in (1, 2, 3, 4):
        fail(f"{where}: rank {item['rank']}, rank_diff_type {item['rank_diff_type']}")
    if item["rank_diff_type"] in (2, 4):
        equal(item["rank_diff"], 0, f"{where}: rank_diff of type {item['rank_diff_type']}")


def check_trend(trend, where, period):
    times = [point["time"] for point in trend]
    if times != sorted(set(times)) or any(time % 86400 for time in times):
        fail(f"{where}: trend times {times}")
    for point in trend:
        value = point["value"]
        if not 0 <= value <= 1 or round(value * 100) / 100 != value:
            fail(f"{where}: trend value {value!r}")
    if period and trend:
        equal(max(point["value"] for point in trend), 1, f"{where}: the window's maximum")
        steps = {later - earlier for earlier, later in zip(times, times[1:])}
        if period in (7, 30):
            equal((len(trend), steps), (period, {86400}), f"{where}: points of {period} days")
        else:
            equal(steps, {7 * 86400}, f"{where}: weekly points")


def iso_day(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).date().isoformat()
