"""Calls to a metered server: plan files, and what CONTRACT sections 2 and 3 promise of every answer to a call."""

import datetime
import re

from .steps import ENDPOINT, check_every_answer, dig, equal, fail

UPGRADE = re.compile(r"(https?://[^ ]+)?/console/billing")
RATE_FIELDS = ("RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
               "X-Credits-Charged", "X-Credits-Remaining")


def plans(rows):
    """rows: (name, included, daily cap, per minute, overage, cents per 1,000), cheapest first."""
    text = ""
    for number, (name, included, cap, rate, overage, cents) in enumerate(rows):
        text += (f"[plan {name}]\nprice_cents = {number * 900}\nincluded_credits = {included}\n"
                 f"daily_credit_cap = {cap}\nrate_limit_per_minute = {rate}\noverage = {overage}\n")
        text += f"overage_cents_per_1000 = {cents}\n" if overage != "none" else ""
    return text + "".join(f"[endpoint tiktok-popular-trend-hashtag{end}]\ncredits = 8\n"
                          for end in ("", "-history", "-movers"))


def new_key(stage, plan, email=None):
    """A key of a new account, named for the step."""
    stage.notes["accounts"] = stage.notes.get("accounts", 0) + 1
    email = email or f"a{stage.notes['accounts']}@example.com"
    return stage.place.new_key(email, plan)


def call(stage, key, query="", method="GET", status=None, **headers):
    answer = stage.ask(ENDPOINT + query, method, {"x-api-key": key, **headers})
    check_call(answer, method)
    if status is not None:
        equal(answer.status, status, f"status of {answer!r}")
    return answer


def number(answer, name):
    value = answer.field(name) or ""
    if not re.fullmatch(r"[0-9]+", value):
        fail(f"{name} is {value!r} in {answer!r}")
    return int(value)


def check_call(answer, method="GET"):
    """What CONTRACT section 2 promises of every answer to a call, all from the same numbers."""
    if answer.status not in (402, 422, 429):
        check_every_answer(answer, method)
    limit, remaining, reset = (number(answer, f"X-RateLimit-{name}") for name in ("Limit", "Remaining", "Reset"))
    equal(answer.field("RateLimit-Policy"), f'"minute";q={limit};w=60', "RateLimit-Policy")
    equal(answer.field("RateLimit"), f'"minute";r={remaining};t={reset}', "RateLimit")
    if not 0 <= remaining <= limit or not 0 <= reset <= 60:
        fail(f"slots out of range: {answer!r}")
    charged = number(answer, "X-Credits-Charged")
    number(answer, "X-Credits-Remaining")
    if charged and (answer.status != 200 or not re.fullmatch(r"[0-9a-f]{32}", answer.field("X-Charge-Id") or "")):
        fail(f"charged wrongly: {answer!r}")


def seconds_of(written):
    return int(datetime.datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(
        tzinfo=datetime.timezone.utc).timestamp())


def date_of(answer):
    return datetime.datetime.strptime(answer.field("Date"), "%a, %d %b %Y %H:%M:%S GMT").replace(
        tzinfo=datetime.timezone.utc)


CREDIT_FIELDS = {"credit_cost", "credits_included", "credits_used", "credits_remaining", "daily_credit_limit",
                 "daily_credits_used", "daily_credits_remaining"}
LIMIT_FIELDS = {"reason", "reset_scope", "resets_at", "retry_after_seconds", "plan", "message", "upgrade_url",
                "request_id"}


def check_limited(answer, status, reason, scope, plan, suggested, **numbers):
    """A 402 or 429: exactly the promised members, and times that agree with each other."""
    equal(answer.status, status, f"status of {answer!r}")
    data = dig(answer.json(), "data")
    equal(dig(answer.json(), "code"), status, "code")
    own = {"rate_limit_per_minute"} if status == 429 else CREDIT_FIELDS
    equal(set(data), LIMIT_FIELDS | own | ({"suggested_plan"} if suggested else set()), "members of data")
    equal((data["reason"], data["reset_scope"], data["plan"]), (reason, scope, plan), "what refused")
    equal(data.get("suggested_plan"), suggested, "suggested_plan")
    equal(answer.field("Retry-After"), str(data["retry_after_seconds"]), "Retry-After")
    equal(data["request_id"], answer.field("X-Request-Id"), "request_id")
    equal(data["message"], answer.json()["msg"], "message")
    if not UPGRADE.fullmatch(data["upgrade_url"]) or data["retry_after_seconds"] < 1:
        fail(f"upgrade_url or retry_after_seconds: {data!r}")
    for name, value in numbers.items():
        equal(data[name], value, name)
    away = seconds_of(data["resets_at"]) - date_of(answer).timestamp()
    if abs(away - data["retry_after_seconds"]) > 2:
        fail(f"resets_at is {away} s away, retry_after_seconds says {data['retry_after_seconds']}")
    equal(number(answer, "X-Credits-Charged"), 0, "X-Credits-Charged")
    return data
