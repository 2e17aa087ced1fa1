"""Scenarios: a stage is set once, then a table of labelled steps is played on it.

A Step is one HTTP request and what its answer must be; an Act is a function for what a table
row cannot say. Each is one test and stands for itself: a failed step does not stop the others.
Every answer, whatever the step is about, is held against the promises for *every answer*
(CONTRACT section 2) by check_every_answer.
"""

import contextlib
import email.utils
import re
import time
import traceback

from .http_client import Closed, Malformed, until
from .server import Place, Skip

ENDPOINT = "/api/v1/tiktok/popular-trend/hashtag"
META = "/api/v1/tiktok/popular-trend/country-industry-meta"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
HTTP_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|"
                       r"Nov|Dec) [0-9]{4} [0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT")
DAY_S, DAY_LEFT_S = 86400, 90
LEAKS = re.compile(r"(/work/|/tmp/|/root/|/home/|/src/|\.c:[0-9]|SELECT |INSERT |sqlite|errno|backtrace)", re.I)

# What customers may see of statuses and reasons (CONTRACT section 2). The statuses of broken
# HTTP that the table does not list (408, 501, 505) keep the envelope, with any reason.
REASONS = {
    400: {"invalid_input"},
    401: {"missing_key", "invalid_key"},
    403: {"account_suspended"},
    404: {"not_found"},
    405: {"method_not_allowed"},
    413: {"too_large"},
    414: {"too_large"},
    431: {"too_large"},
    500: {"internal"},
    503: {"no_data", "upstream_unavailable", "overloaded"},
}


def fail(message, *facts):
    raise AssertionError("\n    ".join([message, *map(str, facts)]))


def equal(got, wanted, what):
    if got != wanted or (isinstance(got, bool) != isinstance(wanted, bool)):
        fail(f"{what}: wanted {wanted!r}, got {got!r}")


def dig(value, path):
    """dig(body, "data.data.list.0.rank"); a missing member is a failed step."""
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            fail(f"no {path!r} in the body (at {part!r})")
    return value


def check_every_answer(answer, method="GET", request_id=None):
    """CONTRACT section 2, what holds for each and every answer."""
    equal(answer.count("X-Request-Id"), 1, f"X-Request-Id fields of {answer!r}")
    label = answer.field("X-Request-Id")
    if not REQUEST_ID.fullmatch(label):
        fail(f"X-Request-Id {label!r} is not of the alphabet")
    if request_id is not None:
        equal(label, request_id, "X-Request-Id is the client's")
    equal(answer.field("X-Content-Type-Options"), "nosniff", f"X-Content-Type-Options of {answer!r}")
    date = answer.field("Date") or ""
    if answer.count("Date") != 1 or not HTTP_DATE.fullmatch(date):
        fail(f"Date is {date!r}")
    if answer.status in (204, 304) or method == "HEAD":
        equal(answer.body, b"", "body")
        return
    if answer.field("Content-Encoding") is None:
        check_body(answer, label)


def check_body(answer, label):
    media = re.sub(r"\s", "", answer.field("Content-Type") or "").lower()
    if media not in ("application/json", "application/json;charset=utf-8"):
        fail(f"Content-Type is {media!r} in {answer!r}")
    body = answer.json()
    if type(body.get("code")) is not int or not isinstance(body.get("msg"), str) or not body["msg"]:
        fail(f"no numeric code with a string msg: {answer!r}")
    equal(body["code"], answer.status, "code in the body")
    if answer.status >= 400:
        check_refusal(answer, body, label)


def check_refusal(answer, body, label):
    reason = dig(body, "data.reason")
    if answer.status in REASONS and reason not in REASONS[answer.status]:
        fail(f"reason {reason!r} is none of {sorted(REASONS[answer.status])} for {answer.status}")
    if not re.fullmatch(r"[a-z][a-z_]*", reason):
        fail(f"reason {reason!r} is no stable word")
    equal(dig(body, "data.request_id"), label, "data.request_id")
    leak = LEAKS.search(answer.body.decode("utf-8"))
    if leak:
        fail(f"leaks {leak[0]!r}: {answer.body!r}")
    if reason == "invalid_input" and not dig(body, "data.errors"):
        fail("no fault is listed")
    challenge = 'ApiKey realm="trendgate", header="x-api-key"' if answer.status == 401 else None
    equal(answer.field("WWW-Authenticate"), challenge, "WWW-Authenticate")
    if answer.status == 503:
        check_retry_after(answer)


def check_retry_after(answer):
    seconds = answer.field("Retry-After") or ""
    if not re.fullmatch(r"[1-9][0-9]*", seconds):
        fail(f"Retry-After is {seconds!r}")


class Step:
    """One request on the stage's keep-alive connection.

    status   the wanted status, or a set of them
    body     {path: value}: members that must be equal; a callable value is asked instead
    headers_out   {name: value, None for absent, a compiled pattern, or a callable}
    errors   [(parameter, value)]: exactly these faults, in any order, each with a reason
    says     words that msg (or a fault's reason) must contain, in any letter case
    also     a function (stage, answer) for anything further
    """

    def __init__(self, label, target, status=200, *, method="GET", headers=(), key=True, body=None,
                 body_out=None, headers_out=None, reason=None, errors=None, says=(), also=None,
                 request_id=None, alone=False):
        self.label, self.target, self.status, self.method = label, target, status, method
        self.headers, self.key, self.body = dict(headers), key, body
        self.body_out, self.headers_out = body_out or {}, headers_out or {}
        self.reason, self.errors, self.says = reason, errors, says
        self.also, self.request_id, self.alone = also, request_id, alone

    def play(self, stage):
        headers = dict(self.headers)
        if self.key and "x-api-key" not in headers:
            headers["x-api-key"] = stage.key
        target = self.target(stage) if callable(self.target) else self.target
        answer = stage.ask(target, self.method, headers, self.body, alone=self.alone)
        try:
            self.check(stage, answer)
        except AssertionError as failure:
            raise AssertionError(f"{self.method} {target!r} {self.headers or ''}\n    {failure}\n    "
                                 f"got {answer!r}") from None

    def check(self, stage, answer):
        wanted = self.status if isinstance(self.status, (set, frozenset)) else {self.status}
        if answer.status not in wanted:
            fail(f"status: wanted {sorted(wanted)}, got {answer.status}")
        check_every_answer(answer, self.method, self.request_id)
        self.check_headers(answer)
        if self.reason:
            equal(dig(answer.json(), "data.reason"), self.reason, "reason")
        for path, value in self.body_out.items():
            got = dig(answer.json(), path)
            if callable(value):
                if not value(got):
                    fail(f"{path} is {got!r}")
            else:
                equal(got, value, path)
        if self.errors is not None:
            check_errors(answer.json(), self.errors)
        for word in self.says:
            if word.lower() not in answer.body.decode("utf-8").lower():
                fail(f"the sentence does not say {word!r}")
        if self.also:
            self.also(stage, answer)

    def check_headers(self, answer):
        for name, value in self.headers_out.items():
            got = answer.field(name)
            if isinstance(value, re.Pattern):
                if got is None or not value.fullmatch(got):
                    fail(f"{name}: wanted /{value.pattern}/, got {got!r}")
            elif callable(value):
                if not value(got):
                    fail(f"{name} is {got!r}")
            else:
                equal(got, value, name)


def check_errors(body, wanted):
    """errors[] lists exactly the wanted faults, each with parameter, value and a reason."""
    faults = dig(body, "data.errors")
    for fault in faults:
        for member in ("parameter", "value", "reason"):
            if not isinstance(fault.get(member), str):
                fail(f"a fault without a text {member!r}: {fault!r}")
        if not fault["reason"] or ";" in fault["reason"]:
            fail(f"a fault without a reason, or with ';', which parts faults in msg: {fault!r}")
    got = sorted((fault["parameter"], fault["value"]) for fault in faults)
    wanted = sorted(wanted)
    if len(got) != len(wanted) or any(
            g[0] != w[0] or (w[1] is not None and g[1] != w[1]) for g, w in zip(got, wanted)):
        fail(f"errors[]: wanted {wanted!r}, got {got!r}")


class Act:
    """A labelled function of the stage; returns nothing, raises AssertionError or Skip."""

    def __init__(self, label, function):
        self.label, self.function = label, function

    def play(self, stage):
        self.function(stage)


def act(table, label):
    """Decorator: adds the function to a table of steps."""
    def add(function):
        table.append(Act(label, function))
        return function
    return add


class Stage:
    """What the steps of one scenario share: a place, a server, a key and one connection."""

    def __init__(self, place, server=None, key=None):
        self.place, self.server, self.key = place, server, key
        self.connection = None
        self.notes = {}

    def ask(self, target, method="GET", headers=(), body=None, alone=False):
        if alone:
            return self.server.ask(target, method, headers, body)
        if self.connection is None:
            self.connection = self.server.connect()
        try:
            answer = self.connection.ask(target, method, headers, body)
        except (Malformed, Closed, OSError):
            self.drop_connection()
            raise
        if (answer.field("Connection") or "").lower() == "close":
            self.drop_connection()
        return answer

    def get(self, query="", headers=()):
        """The endpoint with the stage's key."""
        return self.ask(ENDPOINT + query, headers={"x-api-key": self.key, **dict(headers)})

    def drop_connection(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Scenario:
    """set_stage is a context manager that yields a Stage."""

    def __init__(self, title, set_stage, steps):
        self.title, self.set_stage, self.steps = title, set_stage, steps

    def play(self, report, wanted=None):
        steps = [step for step in self.steps
                 if wanted is None or wanted.search(f"{self.title}: {step.label}")]
        if not steps:
            return
        leave_midnight_behind()
        try:
            with self.set_stage() as stage:
                for step in steps:
                    self.play_step(step, stage, report)
                stage.drop_connection()
        except Skip as skip:
            for step in steps:
                report.skipped(f"{self.title}: {step.label}", str(skip))
        except Exception as failure:  # the stage itself: nothing was, or can still be, proved
            report.failed(f"{self.title}: the stage", explain(failure))

    def play_step(self, step, stage, report):
        name = f"{self.title}: {step.label}"
        try:
            step.play(stage)
        except Skip as skip:
            report.skipped(name, str(skip))
        except Exception as failure:
            stage.drop_connection()
            report.failed(name, explain(failure))
        else:
            report.passed(name)


def explain(failure):
    if isinstance(failure, AssertionError) and str(failure):
        return str(failure)
    return "".join(traceback.format_exception(failure)).rstrip()


class Report:
    """Counts, and says each failing and skipped step when it happens."""

    def __init__(self):
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}

    def passed(self, _name):
        self.counts["passed"] += 1

    def failed(self, name, why):
        self.counts["failed"] += 1
        print(f"FAIL {name}\n    {why}", flush=True)

    def skipped(self, name, why):
        self.counts["skipped"] += 1
        print(f"SKIP {name}: {why}", flush=True)

    def summary(self):
        return ", ".join(f"{count} {word}" for word, count in self.counts.items())


def within_a_second(condition, what):
    """CONTRACT: the server sees every change within one second. Counted from the command's end to when
    a look is begun: the measure is of the product's promise, not of its speed."""
    ended = time.monotonic()
    while True:
        asked = time.monotonic()
        if condition():
            return
        if asked - ended > 1.0:
            fail(f"{what}: not yet when looked at after {asked - ended:.2f} s")
        time.sleep(0.01)


def leave_midnight_behind():
    """Days change at midnight (UTC), and with them sample lists and what is left of a day's credits. Who begins now
    has DAY_LEFT_S at least until then."""
    midnight = (time.time() // DAY_S + 1) * DAY_S
    if midnight - time.time() < DAY_LEFT_S:
        until(lambda: time.time() >= midnight, "it is past midnight", patience=2 * DAY_LEFT_S)


def http_date_seconds(written):
    return int(email.utils.parsedate_to_datetime(written).timestamp())


@contextlib.contextmanager
def served(settings=None, sample=True, prepare=None, plan="Roomy", arguments=()):
    """The usual stage: a place, a key, and a running server; prepare(place) runs before it."""
    settings = dict(settings or {})
    if sample:
        settings["TRENDGATE_SOURCE_SAMPLE_ENABLED"] = "true"
    with Place(settings) as place:
        key = place.new_key(plan=plan)
        if prepare:
            prepare(place)
        stage = Stage(place, place.serve(*arguments), key)
        yield stage
        stage.server.stop()  # the one that runs now: steps may have begun another
