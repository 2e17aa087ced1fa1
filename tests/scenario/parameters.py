"""The endpoint's parameters, row by row of CONTRACT section 1: accepted, absent or empty, otherwise."""

from support.reference import COUNTRIES, INDUSTRIES, check_success
from support.steps import ENDPOINT, Scenario, Step, act, dig, equal, fail, served

HUGE = "9" * 60
PAGINATION = "data.data.pagination."


def accepted(label, query, page=1, size=20, also=None):
    """A 200 whose pagination shows what the parameters became."""
    def check(stage, answer):
        check_success(answer)
        if also:
            also(stage, answer)
    return Step(label, ENDPOINT + query, 200, also=check,
                body_out={PAGINATION + "page": page, PAGINATION + "size": size})


def refused(label, query, *errors, says=()):
    """A 400 that lists exactly these faults as (parameter, value)."""
    return Step(label, ENDPOINT + query if isinstance(query, str) else ENDPOINT.encode() + query, 400,
                reason="invalid_input", errors=list(errors), says=says)


def country_is(code):
    def check(_stage, answer):
        for item in answer.json()["data"]["data"]["list"]:
            equal(item["country_info"]["id"], code, "country")
        equal(len(answer.json()["data"]["data"]["list"]) > 0, True, "there are items")
    return check


def industry_is(industry):
    def check(_stage, answer):
        items = answer.json()["data"]["data"]["list"]
        equal(bool(items), True, "there are items")
        for item in items:
            equal(dig(item, "industry_info.id"), industry, "industry")
    return check


def only_new(_stage, answer):
    items = answer.json()["data"]["data"]["list"]
    equal(bool(items), True, "there are items")
    equal({item["rank_diff_type"] for item in items}, {4}, "rank_diff_type under new_on_board")


def points(count):
    def check(_stage, answer):
        lengths = {len(item["trend"]) for item in answer.json()["data"]["data"]["list"]}
        equal(lengths, {count}, "trend points")
    return check


PAGE = [
    accepted("page absent is 1", ""),
    accepted("page empty is 1", "?page="),
    accepted("page without '=' is 1", "?page"),
    accepted("page=1", "?page=1"),
    accepted("page=2", "?page=2", page=2),
    accepted("page=10", "?page=10", page=10),
    accepted("page=0 is clamped to 1", "?page=0"),
    accepted("page=-1 is clamped to 1", "?page=-1"),
    accepted("page=11 is clamped to 10", "?page=11", page=10),
    accepted("page=2147483648 is clamped to 10", "?page=2147483648", page=10),
    accepted("page of INT64_MAX is clamped to 10", "?page=9223372036854775807", page=10),
    accepted("page past INT64_MAX is clamped to 10", "?page=9223372036854775808", page=10),
    accepted("page past UINT64_MAX is clamped to 10", "?page=18446744073709551617", page=10),
    accepted("page of 60 digits is clamped to 10", f"?page={HUGE}", page=10),
    accepted("page of -60 digits is clamped to 1", f"?page=-{HUGE}"),
    accepted("page below INT64_MIN is clamped to 1", "?page=-9223372036854775809"),
    refused("page=abc", "?page=abc", ("page", "abc"), says=["page", "integer"]),
    refused("page=+5 ('+' is a space)", "?page=+5", ("page", " 5")),
    refused("page=%2B5", "?page=%2B5", ("page", "+5")),
    refused("page=1.0", "?page=1.0", ("page", "1.0")),
    refused("page=1e1", "?page=1e1", ("page", "1e1")),
    refused("page=0x2", "?page=0x2", ("page", "0x2")),
    refused("page='5 '", "?page=5%20", ("page", "5 ")),
    refused("page='-'", "?page=-", ("page", "-")),
    refused("page=--1", "?page=--1", ("page", "--1")),
    refused("page=1,2", "?page=1,2", ("page", "1,2")),
    refused("page of Arabic-Indic digits", "?page=%D9%A3", ("page", "\u0663")),
]

LIMIT = [
    accepted("limit empty is 20", "?limit="),
    accepted("limit=1", "?limit=1", size=1),
    accepted("limit=50", "?limit=50", size=50),
    accepted("limit=100", "?limit=100", size=100),
    accepted("limit=0 is clamped to 1", "?limit=0", size=1),
    accepted("limit=-7 is clamped to 1", "?limit=-7", size=1),
    accepted("limit=101 is clamped to 100", "?limit=101", size=100),
    accepted("limit of 60 digits is clamped to 100", f"?limit={HUGE}", size=100),
    accepted("limit of -60 digits is clamped to 1", f"?limit=-{HUGE}", size=1),
    refused("limit=ten", "?limit=ten", ("limit", "ten"), says=["limit"]),
    refused("limit=20.0", "?limit=20.0", ("limit", "20.0")),
    refused("limit=' 5'", "?limit=%205", ("limit", " 5")),
    refused("limit=true", "?limit=true", ("limit", "true")),
]

PERIOD = [
    accepted("period absent is 7: seven daily points", "", also=points(7)),
    accepted("period empty is 7", "?period=", also=points(7)),
    accepted("period=7", "?period=7", also=points(7)),
    accepted("period=30: thirty daily points", "?period=30", also=points(30)),
    accepted("period=120: weekly points", "?period=120",
             also=lambda stage, answer: check_success(answer, period=120)),
    *[refused(f"period={value}", f"?period={value}", ("period", value), says=["7", "30", "120"])
      for value in ("8", "0", "-7", "90", "1", "365", HUGE, "7.0", "seven", "7,30")],
    refused("period=' 7'", "?period=%207", ("period", " 7")),
]

INDUSTRY = [
    accepted("industry_id empty is all industries", "?industry_id="),
    *[accepted(f"industry_id={industry}, {name}", f"?industry_id={industry}", also=industry_is(industry))
      for industry, name in INDUSTRIES.items()],
    *[refused(f"industry_id={value}", f"?industry_id={value}", ("industry_id", value),
              says=["country-industry-meta"])
      for value in ("0", "1", "-1", "22000000001", "20000000000", HUGE, "abc", "22000000000.0",
                    "label_22000000000")],
]

COUNTRY = [
    accepted("country_code absent is the global list", "", also=country_is("ALL")),
    accepted("country_code empty is the global list", "?country_code=", also=country_is("ALL")),
    *[accepted(f"country_code={code}", f"?country_code={code}", also=country_is(code.upper()))
      for code in ("ALL", "all", "aLl", "US", "us", "uS", "Us", "MY", "my", "QA", "ZA", "AE")],
    *[refused(f"country_code={value}", f"?country_code={value}", ("country_code", value),
              says=["country-industry-meta"])
      for value in ("XX", "USA", "U", "Malaysia", "CN", "1", "UK", "*")],
    refused("country_code='US '", "?country_code=US+", ("country_code", "US ")),
    refused("country_code in full-width letters", "?country_code=%EF%BC%B5%EF%BC%B3",
            ("country_code", "\uff35\uff33")),
]

FILTER = [
    accepted("filter_by empty is no filter", "?filter_by="),
    accepted("filter_by=new_on_board keeps type 4", "?filter_by=new_on_board&limit=100", size=100,
             also=only_new),
    *[refused(f"filter_by={value}", f"?filter_by={value}", ("filter_by", value), says=["new_on_board"])
      for value in ("NEW_ON_BOARD", "new", "new_on_board2", "1", "popular")],
    refused("filter_by='new_on_board '", "?filter_by=new_on_board%20", ("filter_by", "new_on_board ")),
]

NAMES = [
    refused("country suggests country_code", "?country=US", ("country", "US"), says=["country_code"]),
    refused("pages suggests page", "?pages=1", ("pages", "1"), says=["did you mean", "page"]),
    refused("perid suggests period", "?perid=7", ("perid", "7"), says=["period"]),
    refused("filter suggests filter_by", "?filter=new_on_board", ("filter", "new_on_board"), says=["filter_by"]),
    refused("industry suggests industry_id", "?industry=22000000000", ("industry", "22000000000"),
            says=["industry_id"]),
    refused("Page (letter case counts) suggests page", "?Page=2", ("Page", "2"), says=["page"]),
    refused("a name like none of ours", "?xyzzyplugh=1", ("xyzzyplugh", "1")),
    refused("the key has no place in the URL", "?x-api-key=abc", ("x-api-key", None)),
    refused("an empty name", "?=1", ("", "1"), says=["(empty name)"]),
    *[refused(f"{alias} suggests {name}", f"?{alias}=1", (alias, "1"), says=[f"did you mean {name}?"])
      for alias, name in (("days", "period"), ("window", "period"), ("size", "limit"), ("per_page", "limit"),
                          ("page_size", "limit"), ("count", "limit"), ("region", "country_code"),
                          ("cc", "country_code"), ("geo", "country_code"), ("category", "industry_id"))],
    *[refused(f"{name} suggests nothing", f"?{name}=1", (name, "1"), says=["known are page, limit"])
      for name in ("offset", "lang", "sort", "pagination", "limitless")],
    refused("page twice with the same value", "?page=1&page=1", ("page", None), says=["page"]),
    refused("page twice with two values", "?page=1&page=2", ("page", None)),
    refused("page twice, once empty", "?page=&page=2", ("page", None)),
    refused("limit three times: two too many", "?limit=1&limit=2&limit=3", ("limit", "2"), ("limit", "3")),
    refused("a name repeated in another spelling", "?page=1&%70age=2", ("page", None)),
]

ENCODING = [
    accepted("a '?' alone", "?"),
    accepted("empty pairs are passed over", "?&page=2&&", page=2),
    accepted("an encoded name", "?%70%61ge=2", page=2),
    accepted("an encoded value", "?page=%32", page=2),
    accepted("lower-case hexadecimal", "?filter_by=new%5fon%5fboard"),
    accepted("upper-case hexadecimal", "?filter_by=new%5Fon%5Fboard"),
    accepted("an encoded country", "?country_code=%55%53", also=country_is("US")),
    refused("'+' is a space in a value", "?country_code=U+S", ("country_code", "U S")),
    refused("%2B is a plus", "?country_code=U%2BS", ("country_code", "U+S")),
    refused("an encoded '&' stays in its value", "?page=1%26limit=2", ("page", "1&limit=2")),
    refused("a second '=' belongs to the value", "?page=1=2", ("page", "1=2")),
    refused("'%' at the end", "?page=1%", ("page", None)),
    refused("'%4' at the end", "?country_code=%4", ("country_code", None)),
    refused("'%zz'", "?country_code=%zz", ("country_code", None)),
    refused("'%5' before a letter of no hexadecimal", "?page=%5g", ("page", None)),
    refused("NUL", "?country_code=US%00", ("country_code", None)),
    refused("NUL alone", "?page=%00", ("page", None)),
    refused("a byte that starts no UTF-8", "?country_code=%ff", ("country_code", None)),
    refused("a truncated UTF-8 sequence", "?country_code=%e2%82", ("country_code", None)),
    refused("an overlong UTF-8 form", "?country_code=%c0%af", ("country_code", None)),
    refused("a surrogate in UTF-8", "?country_code=%ed%a0%80", ("country_code", None)),
    refused("past U+10FFFF", "?country_code=%f4%90%80%80", ("country_code", None)),
    Step("a malformed escape in a name", ENDPOINT + "?%zz=1", 400, reason="invalid_input"),
    Step("invalid UTF-8 in a name", ENDPOINT + "?%ff=1", 400, reason="invalid_input"),
    refused("an emoji is told back unharmed", "?country_code=%F0%9F%98%98", ("country_code", "\U0001f618")),
    refused("a quote and a backslash are told back unharmed", "?country_code=%22%5C", ("country_code", '"\\')),
    refused("a control byte is told back as JSON", "?country_code=%01", ("country_code", "\x01")),
]

TOGETHER = [
    refused("every fault of one request is listed",
            "?page=x&limit=y&period=9&industry_id=1&country_code=ZZ&filter_by=q&country=US",
            ("page", "x"), ("limit", "y"), ("period", "9"), ("industry_id", "1"), ("country_code", "ZZ"),
            ("filter_by", "q"), ("country", "US")),
    refused("good parameters beside bad ones are not listed", "?page=2&limit=y&period=7&country_code=us&colour=1",
            ("limit", "y"), ("colour", "1")),
    refused("two unknown parameters", "?foo=1&bar=2", ("foo", "1"), ("bar", "2")),
    refused("a malformed escape beside another fault", "?page=%zz&limit=x", ("page", None), ("limit", "x")),
    accepted("all parameters at once, any order",
             "?filter_by=new_on_board&country_code=us&period=30&limit=5&page=1", size=5,
             also=country_is("US")),
    Step("a value of 3,000 bytes is refused, not cut off in silence", ENDPOINT + "?country_code=" + "A" * 3000, 400,
         reason="invalid_input"),
]


@act(TOGETHER, "of 120 unknown parameters the first 64 are listed, the others counted")
def many_unknown(stage):
    query = "&".join(f"unknown{number}=1" for number in range(120))
    answer = stage.get("?" + query)
    equal(answer.status, 400, "status")
    faults = answer.json()["data"]["errors"]
    equal([fault["parameter"] for fault in faults], [f"unknown{number}" for number in range(64)] + ["query"],
          "the faults of the first 64, and one for the others")
    if "56 more" not in faults[-1]["reason"]:
        fail(f"does not say how many more: {faults[-1]!r}")


SCENARIOS = [Scenario(title, served, steps) for title, steps in (
    ("page", PAGE), ("limit", LIMIT), ("period", PERIOD), ("industry_id", INDUSTRY),
    ("country_code", COUNTRY), ("filter_by", FILTER), ("names", NAMES), ("encoding", ENCODING),
    ("together", TOGETHER))]
ALL_COUNTRIES = [accepted(f"country {code} has a list", f"?country_code={code}&limit=1", size=1,
                          also=country_is(code)) for code in COUNTRIES]
SCENARIOS.append(Scenario("countries", served, ALL_COUNTRIES))
