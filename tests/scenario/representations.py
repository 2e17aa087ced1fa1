"""Encodings, validators (ETag, Last-Modified), HEAD and OPTIONS of the endpoint."""

import email.utils
import re
import zlib

from support.reference import check_success
from support.steps import (ENDPOINT, META, Scenario, Step, act, check_every_answer, equal, fail,
                           http_date_seconds, served)

WEAK = re.compile(r'W/"[\x21\x23-\x7e]+"')
ENCODINGS, VALIDATORS, HEADS, PREFLIGHT = [], [], [], []


def gunzip(body):
    """The content of exactly one gzip member, checked to its CRC and length."""
    member = zlib.decompressobj(31)
    content = member.decompress(body) + member.flush()
    if not member.eof:
        fail("the gzip member does not end")
    if member.unused_data:
        fail(f"{len(member.unused_data)} bytes after the gzip member")
    return content


def content_of(answer):
    coding = answer.field("Content-Encoding")
    if coding is None:
        return answer.body
    equal(coding, "gzip", "Content-Encoding")
    return gunzip(answer.body)


def without_request_id(answer):
    content = content_of(answer)
    tail = b'"request_id":"' + answer.field("X-Request-Id").encode() + b'"}}'
    if not content.endswith(tail):
        fail(f"ends in {content[-80:]!r}, not in {tail!r}")
    return content[:-len(tail)]


# Accept-Encoding, and the coding that RFC 9110 section 12.5.3 leaves as the right choice; either
# is right where None stands (nothing acceptable: the answer may ignore the field).
ACCEPTED = [
    ("gzip", "gzip"),
    ("GZIP", "gzip"),
    ("gzip, deflate, br", "gzip"),
    ("deflate, gzip;q=1.0, *;q=0.5", "gzip"),
    ("br;q=1.0, gzip;q=0.8", "gzip"),
    ("gzip;q=0.001", "gzip"),
    ("gzip ; q=0.5", "gzip"),
    ("gzip;Q=0.5", "gzip"),
    ("identity;q=0, gzip", "gzip"),
    ("identity;q=0.2, gzip;q=0.7", "gzip"),
    ("*", None),
    ("*;q=0.5, gzip;q=1", "gzip"),
    ("*;q=0, gzip", "gzip"),
    ("identity;q=0, *", "gzip"),
    (", gzip ,", "gzip"),
    ("", "identity"),
    ("identity", "identity"),
    ("br", "identity"),
    ("deflate, br;q=0.9", "identity"),
    ("gzip;q=0", "identity"),
    ("gzip;q=0.000", "identity"),
    ("gzip;q=0, *", "identity"),
    ("gzip;q=0, *;q=1", "identity"),
    ("gzip;q=0.5, identity;q=1", "identity"),
    ("identity, gzip;q=0.1", "identity"),
    ("notgzip", "identity"),
    ("gzipped", "identity"),
    ("*;q=0", None),
    ("identity;q=0", None),
    ("identity;q=0, gzip;q=0", None),
    ("gzip;q=2", None),
    ("gzip;q=abc", None),
    (";;;,,,", None),
]

for accept, wanted in ACCEPTED:
    def check_coding(_stage, answer, wanted=wanted):
        if wanted is not None:
            equal(answer.field("Content-Encoding") or "identity", wanted, "coding")
        without_request_id(answer)
    ENCODINGS.append(Step(f"Accept-Encoding: {accept!r} gives {wanted or 'either'}", ENDPOINT + "?limit=50",
                          headers={"Accept-Encoding": accept}, also=check_coding))


@act(ENCODINGS, "two Accept-Encoding lines are one list")
def two_lines(stage):
    answer = stage.ask(ENDPOINT, headers=[("x-api-key", stage.key), ("Accept-Encoding", "br"),
                                          ("Accept-Encoding", "gzip")])
    equal(answer.field("Content-Encoding"), "gzip", "Content-Encoding")


for query in ("", "?limit=1", "?limit=100", "?limit=100&period=30", "?limit=100&period=120&country_code=SA",
              "?page=9", "?limit=7&page=10", "?filter_by=new_on_board", "?industry_id=25000000000"):
    @act(ENCODINGS, f"gzip and identity agree: {query or 'no parameters'}")
    def gzip_is_identity(stage, query=query):
        plain, packed = stage.get(query), stage.get(query, {"Accept-Encoding": "gzip"})
        equal(plain.field("Content-Encoding"), None, "Content-Encoding of the plain answer")
        equal(packed.field("Content-Encoding"), "gzip", "Content-Encoding")
        equal(without_request_id(packed), without_request_id(plain), "content")
        for name in ("ETag", "Last-Modified", "X-Trend-As-Of", "X-Trend-Source", "Vary", "Content-Type"):
            equal(packed.field(name), plain.field(name), name)


@act(ENCODINGS, "a cached gzip answer carries the new request id")
def gzip_request_id(stage):
    for label in ("first", "second-one", "x" * 128):
        answer = stage.get("?limit=50", {"Accept-Encoding": "gzip", "X-Request-Id": label})
        equal(answer.field("X-Request-Id"), label, "X-Request-Id")
        without_request_id(answer)


@act(ENCODINGS, "gzip is smaller for a long list")
def gzip_is_smaller(stage):
    plain, packed = stage.get("?limit=100"), stage.get("?limit=100", {"Accept-Encoding": "gzip"})
    if len(packed.body) * 2 > len(plain.body):
        fail(f"{len(packed.body)} bytes of gzip for {len(plain.body)}")


def validators(stage, query="?limit=10"):
    """ETag and Last-Modified of a plain answer, asked once a stage."""
    if query not in stage.notes:
        answer = stage.get(query)
        equal(answer.status, 200, "status")
        stage.notes[query] = (answer.field("ETag"), answer.field("Last-Modified"))
    return stage.notes[query]


def check_not_modified(answer, tag):
    equal(answer.status, 304, "status")
    check_every_answer(answer)
    equal(answer.field("ETag"), tag, "ETag of the 304")
    equal(answer.field("Cache-Control"), "private, no-cache", "Cache-Control of the 304")
    if "accept-encoding" not in (answer.field("Vary") or "").lower():
        fail("the 304 has no Vary: Accept-Encoding")


# label, If-None-Match with TAG for the whole weak tag and OPAQUE for its quoted part, 304 or 200
NONE_MATCH = [
    ("the tag itself", "TAG", 304),
    ("the strong form compares weakly", "OPAQUE", 304),
    ("any: *", "*", 304),
    ("the last of a list", '"a", W/"b", TAG', 304),
    ("the first of a list", 'TAG, "zzz"', 304),
    ("a list without spaces", '"a",TAG,"c"', 304),
    ("a list with empty elements", ', ,TAG', 304),
    ("another's tag with a comma in it", '"a,b", TAG', 304),
    ("another tag", 'W/"nothing-like-it"', 200),
    ("a list of others", '"a", "b", W/"c"', 200),
    ("the tag without quotes", "BARE", 200),
    ("an empty field", "", 200),
    ("a tag that only begins alike", 'W/"BAREx"', 200),
]

for label, written, wanted in NONE_MATCH:
    @act(VALIDATORS, f"If-None-Match: {label}: {wanted}")
    def none_match(stage, written=written, wanted=wanted):
        tag, _ = validators(stage)
        opaque = tag[2:]
        value = written.replace("TAG", tag).replace("OPAQUE", opaque).replace("BARE", opaque.strip('"'))
        answer = stage.get("?limit=10", {"If-None-Match": value})
        if wanted == 304:
            check_not_modified(answer, tag)
        else:
            equal(answer.status, 200, f"status for {value!r}")
            check_success(answer)


@act(VALIDATORS, "two If-None-Match lines are one list")
def none_match_lines(stage):
    tag, _ = validators(stage)
    answer = stage.ask(ENDPOINT + "?limit=10", headers=[
        ("x-api-key", stage.key), ("If-None-Match", '"a"'), ("If-None-Match", tag)])
    check_not_modified(answer, tag)


@act(VALIDATORS, "the ETag is weak and the same for every encoding and request")
def tag_is_stable(stage):
    tag, _ = validators(stage)
    if not WEAK.fullmatch(tag):
        fail(f"ETag {tag!r}")
    for headers in ({"Accept-Encoding": "gzip"}, {"X-Request-Id": "another"}, {}):
        equal(stage.get("?limit=10", headers).field("ETag"), tag, f"ETag with {headers}")


@act(VALIDATORS, "304 under gzip too")
def not_modified_gzip(stage):
    tag, _ = validators(stage)
    check_not_modified(stage.get("?limit=10", {"If-None-Match": tag, "Accept-Encoding": "gzip"}), tag)


@act(VALIDATORS, "different data.data, different ETag")
def tags_differ(stage):
    queries = ["?limit=10", "?limit=11", "?limit=10&page=2", "?limit=10&period=30", "?limit=10&country_code=US",
               "?limit=10&filter_by=new_on_board", "?limit=10&industry_id=25000000000", "?page=9", "?page=10"]
    tags = [validators(stage, query)[0] for query in queries]
    equal(len(set(tags)), len(queries), f"different tags of {tags}")


@act(VALIDATORS, "the same data.data asked for in other words has the same ETag")
def tags_agree(stage):
    equal(validators(stage, "?limit=10&page=1&period=7&country_code=all")[0], validators(stage)[0], "ETag")


# label, offset of seconds from Last-Modified (or a text), wanted
SINCE = [
    ("Last-Modified itself", 0, 304),
    ("a day later", 86400, 304),
    ("a second earlier", -1, 200),
    ("a year earlier", -365 * 86400, 200),
    ("no date at all", "yesterday", 200),
    ("empty", "", 200),
    ("a number", "1700000000", 200),
]

for label, offset, wanted in SINCE:
    @act(VALIDATORS, f"If-Modified-Since: {label}: {wanted}")
    def modified_since(stage, offset=offset, wanted=wanted):
        tag, modified = validators(stage)
        value = offset if isinstance(offset, str) else email.utils.formatdate(
            http_date_seconds(modified) + offset, usegmt=True)
        answer = stage.get("?limit=10", {"If-Modified-Since": value})
        if wanted == 304:
            check_not_modified(answer, tag)
        else:
            equal(answer.status, 200, f"status for {value!r}")


@act(VALIDATORS, "If-Modified-Since does not count beside If-None-Match")
def none_match_wins(stage):
    _, modified = validators(stage)
    answer = stage.get("?limit=10", {"If-None-Match": '"other"', "If-Modified-Since": modified})
    equal(answer.status, 200, "status")
    tag, _ = validators(stage)
    early = email.utils.formatdate(http_date_seconds(modified) - 86400, usegmt=True)
    check_not_modified(stage.get("?limit=10", {"If-None-Match": tag, "If-Modified-Since": early}), tag)


VALIDATORS += [
    Step("If-None-Match: * does not excuse a fault", ENDPOINT + "?page=x", 400, headers={"If-None-Match": "*"},
         reason="invalid_input"),
    Step("If-None-Match: * does not excuse a missing key", ENDPOINT, 401, key=False,
         headers={"If-None-Match": "*"}, reason="missing_key"),
]

for query in ("", "?limit=100", "?page=9"):
    @act(HEADS, f"HEAD is GET without a body: {query or 'no parameters'}")
    def head_is_get(stage, query=query):
        whole = stage.get(query, {"X-Request-Id": "same"})
        head = stage.ask(ENDPOINT + query, "HEAD", {"x-api-key": stage.key, "X-Request-Id": "same"})
        equal(head.status, 200, "status")
        check_every_answer(head, "HEAD", "same")
        metered = {"ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-charge-id",
                   "x-credits-charged", "x-credits-remaining"}
        ignored = {"date"} | metered
        equal(sorted(pair for pair in head.fields if pair[0].lower() not in ignored),
              sorted(pair for pair in whole.fields if pair[0].lower() not in ignored), "headers")


@act(HEADS, "HEAD knows If-None-Match")
def head_not_modified(stage):
    tag, _ = validators(stage)
    answer = stage.ask(ENDPOINT + "?limit=10", "HEAD", {"x-api-key": stage.key, "If-None-Match": tag})
    check_not_modified(answer, tag)


HEADS += [
    Step("HEAD with a fault is 400 without a body", ENDPOINT + "?page=x", 400, method="HEAD"),
    Step("HEAD without a key is 401 without a body", ENDPOINT, 401, method="HEAD", key=False),
    Step("HEAD of no such path is 404 without a body", "/nothing", 404, method="HEAD"),
    Step("HEAD of /ping", "/ping", 200, method="HEAD", key=False),
    Step("HEAD of /ready", "/ready", 200, method="HEAD", key=False),
    Step("HEAD of country-industry-meta", META, 200, method="HEAD"),
    Step("the connection is in step after HEADs", ENDPOINT, 200,
         also=lambda stage, answer: check_success(answer)),
]


def names(value):
    return {name.strip().lower() for name in (value or "").split(",")}


def exposes(value):
    """Without credentials "*" means every header (Fetch standard, section 3.3.2)."""
    return value == "*"


for target in (ENDPOINT, META):
    PREFLIGHT += [
        Step(f"OPTIONS {target} is 204 without a key", target, 204, method="OPTIONS", key=False,
             headers={"Origin": "https://example.com", "Access-Control-Request-Method": "GET",
                      "Access-Control-Request-Headers": "x-api-key"},
             headers_out={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": None,
                          "Access-Control-Allow-Methods": lambda value: {"get", "head"} <= names(value),
                          "Access-Control-Allow-Headers": lambda value: {"x-api-key", "content-type"} <= names(value)}),
        Step(f"OPTIONS {target} without Origin is 204 too", target, 204, method="OPTIONS", key=False,
             headers_out={"Access-Control-Allow-Origin": "*"}),
    ]
PREFLIGHT += [
    Step("OPTIONS with parameters that GET would refuse", ENDPOINT + "?page=x", 204, method="OPTIONS", key=False),
    Step("a page of another origin may read a 200 and our headers", ENDPOINT, 200,
         headers={"Origin": "https://example.com"},
         headers_out={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": None,
                      "Access-Control-Expose-Headers": exposes}),
    Step("and a 401", ENDPOINT, 401, key=False, headers={"Origin": "https://example.com"},
         headers_out={"Access-Control-Allow-Origin": "*"}),
    Step("and a 400", ENDPOINT + "?page=x", 400, headers={"Origin": "https://example.com"},
         headers_out={"Access-Control-Allow-Origin": "*"}),
]

SCENARIOS = [Scenario(title, served, steps) for title, steps in (
    ("encodings", ENCODINGS), ("validators", VALIDATORS), ("HEAD", HEADS), ("OPTIONS", PREFLIGHT))]
