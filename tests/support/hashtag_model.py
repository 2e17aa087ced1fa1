"""What the hashtag endpoint should answer, written from the contract and not from the product:
lists as plain Python values, a request as pairs of texts, an answer as a dict."""

import datetime
import email.utils

from .lists import as_of
from .reference import COUNTRIES, INDUSTRIES

PARAMETERS = ("page", "limit", "period", "industry_id", "country_code", "filter_by")


def is_integer(text):
    digits = text[1:] if text.startswith("-") else text
    return digits.isascii() and digits.isdigit()


def clamp(value, least, most):
    return max(least, min(most, value))


def read_arguments(pairs):
    """(arguments, faults): every fault of the request as (parameter, value)."""
    arguments = {"page": 1, "limit": 20, "period": 7, "industry_id": 0, "country_code": "ALL", "filter_by": ""}
    faults, seen = [], set()
    for name, value in pairs:
        if name not in PARAMETERS or name in seen:
            faults.append((name, value))
            continue
        seen.add(name)
        if value == "":
            continue
        try:
            arguments[name] = READ[name](value)
        except ValueError:
            faults.append((name, value))
    return arguments, faults


def one_of(value, allowed):
    if value not in allowed:
        raise ValueError(value)
    return value


def integer(text):
    if not is_integer(text):
        raise ValueError(text)
    return int(text)


READ = {
    "page": lambda text: clamp(integer(text), 1, 10),
    "limit": lambda text: clamp(integer(text), 1, 100),
    "period": lambda text: one_of(integer(text), (7, 30, 120)),
    "industry_id": lambda text: one_of(integer(text), INDUSTRIES),
    "country_code": lambda text: one_of(text.upper() if text.isascii() else text, {"ALL", *COUNTRIES}),
    "filter_by": lambda text: one_of(text, ("new_on_board",)),
}


class Catalogue:
    """Lists by (country, period, industry); the newest capture of each counts."""

    def __init__(self):
        self.lists = {}

    def add(self, made):
        key = (made["country"], made["period"], made["industry"])
        if key not in self.lists or self.lists[key]["captured_at"] < made["captured_at"]:
            self.lists[key] = made

    def find(self, country, period, industry):
        """The list and whether it is filtered to the industry here."""
        own, whole = self.lists.get((country, period, industry)), self.lists.get((country, period, 0))
        if own and not (whole and whole["captured_at"] > own["captured_at"]):
            return own, False
        return whole, bool(industry)


def answer_of(catalogue, pairs, stale_before):
    """The wanted answer: status, and for a 200 data.data and headers."""
    arguments, faults = read_arguments(pairs)
    if faults:
        return {"status": 400, "reason": "invalid_input", "faults": sorted(faults)}
    industry = arguments["industry_id"]
    made, derived = catalogue.find(arguments["country_code"], arguments["period"], industry)
    if not made:
        return {"status": 503, "reason": "no_data"}
    items = made["items"]
    if derived:
        items = [item for item in items if item.get("industry_info", {}).get("id") == industry]
    if arguments["filter_by"]:
        items = [item for item in items if item["rank_diff_type"] == 4]
    page, limit = arguments["page"], arguments["limit"]
    shown = items[(page - 1) * limit:page * limit]
    return {
        "status": 200,
        "data": {"list": shown, "pagination": {"page": page, "size": limit, "total": len(items),
                                               "has_more": page < 10 and page * limit < len(items)}},
        "headers": {
            "Last-Modified": http_date(made["captured_at"]),
            "X-Trend-As-Of": made.get("as_of") or as_of(made),
            "X-Trend-Source": made["source"],
            "X-Trend-Stale": "1" if made["captured_at"] < stale_before else None,
            "Cache-Control": "private, no-cache",
        },
    }


def http_date(seconds):
    return email.utils.format_datetime(
        datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc), usegmt=True)
