"""Made-up lists as plain Python values, and as the files that `import` reads.

A list is a dict: country (code or ALL), period, industry (0: all), captured_at (unix seconds,
UTC), source, items (in order of rank, each as the endpoint serves it)."""

import csv
import datetime
import io
import json
import random

from .reference import COUNTRIES, INDUSTRIES

DAY = 86400
NAMES = ["prom", "fyp", "\u304a\u3059\u3059\u3081", "\u0645\u0635\u0631", "\ud55c\uad6d", "\u0e44\u0e17\u0e22",
         "caf\u00e9", "what?", "fyp\u30b7\u309aviral?tiktok", "20", "30092025", "00", "\U0001f618\U0001f618",
         "\U0001f1f2\U0001f1fe", "\u1019\u1014\u103a\u101a\u1030", 'say"so"', "a,b", "back\\slash", "<b>", "&amp;",
         "%41", "\u2764\ufe0f", "semi;colon", "'quote'", "tab\u00a0space", "\u200dzwj", "i\u0307stanbul",
         "null", "true", "-1", "=1+1"]


def country_info(code):
    if code == "ALL":
        return {"id": "ALL", "value": "All countries", "label": "ALL"}
    return {"id": code, "value": COUNTRIES[code], "label": code}


def industry_info(industry):
    return {"id": industry, "value": INDUSTRIES[industry], "label": f"label_{industry}"}


def stamp(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def day_of(seconds):
    return stamp(seconds).date().isoformat()


def make_trend(dice, period, captured_at):
    if dice.random() < 0.15:
        return []
    step = 7 * DAY if period == 120 else DAY
    count = 17 if period == 120 else period
    newest = captured_at - captured_at % DAY - DAY
    points = [{"time": newest - step * back, "value": dice.randrange(101) / 100} for back in range(count)][::-1]
    dice.choice(points)["value"] = 1
    return points


def make_item(dice, rank, identifier, country, period, captured_at, industry=0):
    change = dice.choice((1, 2, 3, 4, 4))
    item = {
        "hashtag_id": identifier,
        "hashtag_name": dice.choice(NAMES) + (str(rank) if dice.random() < 0.7 else ""),
        "country_info": country_info(country),
        "industry_info": None,
        "is_promoted": dice.random() < 0.1,
        "trend": make_trend(dice, period, captured_at),
        "creators": None,
        "publish_cnt": dice.choice((0, 1, dice.randrange(10**6), 2**31, 2**33)),
        "video_views": dice.choice((0, dice.randrange(10**9), 2**32 - 1, 2**32, 2**53 + 1, 2**62 + 1)),
        "rank": rank,
        "rank_diff": dice.randrange(1, 500) if change in (1, 3) else 0,
        "rank_diff_type": change,
    }
    own = industry or (dice.choice(list(INDUSTRIES)) if dice.random() < 0.5 else 0)
    if own:
        item["industry_info"] = industry_info(own)
    if dice.random() < 0.4:
        item["creators"] = [{"nick_name": dice.choice(NAMES), "avatar_url": f"https://a.example/{n}.png?x=1&y=\u00e9"}
                            for n in range(dice.randrange(1, 4))]
    return {name: value for name, value in item.items() if value is not None}


def make_list(dice, country, period, count, captured_at, industry=0):
    identifiers = set()
    while len(identifiers) < count:
        digits = dice.choice((1, 4, 7, 10, 16, 19, 19))
        identifiers.add(str(dice.randrange(10 ** (digits - 1), 10**digits)))
    identifiers = sorted(identifiers)
    dice.shuffle(identifiers)
    items = [make_item(dice, rank, identifier, country, period, captured_at, industry)
             for rank, identifier in enumerate(identifiers, 1)]
    return {"country": country, "period": period, "industry": industry, "captured_at": captured_at,
            "source": "import", "items": items}


def plain(made):
    """The list as a CSV can say it: what a CSV has no column for is as it is when unknown."""
    items = []
    for item in made["items"]:
        item = {**item, "is_promoted": False, "trend": [], "rank_diff": 0, "rank_diff_type": 2}
        item.pop("creators", None)
        items.append(item)
    return {**made, "items": items}


def as_of(made):
    """CONTRACT: the date of the newest trend point, else of the capture."""
    newest = max((point["time"] for item in made["items"] for point in item["trend"]), default=made["captured_at"])
    return day_of(newest)


# ---- As files ----

def upstream_items(made, dice=None):
    """As captures write them: what is nothing may be left out, and order is not promised."""
    items = []
    for item in made["items"]:
        item = dict(item)
        if item["rank_diff"] == 0:
            del item["rank_diff"]
        if dice:
            item["trend"] = dice.sample(item["trend"], len(item["trend"]))
        items.append(item)
    if dice:
        dice.shuffle(items)
    return items


def as_answer(made, dice=None):
    return json.dumps({
        "code": 0, "msg": "OK", "request_id": "20251021142231C1F07AF59616583266A4",
        "data": {"list": upstream_items(made, dice), "pagination": {
            "page": 1, "size": len(made["items"]), "total": len(made["items"]), "has_more": False}},
    }, ensure_ascii=dice is not None and dice.random() < 0.5).encode()


def as_bare_list(made, dice=None):
    return json.dumps(upstream_items(made, dice), ensure_ascii=False, indent=1).encode()


def as_lines(made, dice=None):
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in upstream_items(made, dice)).encode()


COLUMNS = ["hashtag_id", "hashtag_name", "country", "rank", "video_views", "publish_count", "industry_value",
           "crawl_date", "crawl_time"]


def as_csv(made, line_end="\r\n"):
    """With the columns of the captures that customers have; texts quoted, numbers bare."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator=line_end)
    writer.writerow(COLUMNS)
    at = stamp(made["captured_at"])
    for item in made["items"]:
        writer.writerow([item["hashtag_id"], item["hashtag_name"], item["country_info"]["value"], item["rank"],
                         item["video_views"], item["publish_cnt"], item.get("industry_info", {}).get("value", ""),
                         at.strftime("%Y-%m-%d"), at.strftime("%H:%M:%S")])
    return out.getvalue().encode()


def options_of(made):
    """The options that tell import what list it is; captured to the day."""
    return ["--country", made["country"], "--period", made["period"], "--captured", day_of(made["captured_at"])]


def sample_list(seed=1, country="MY", period=7, count=30, captured_at=1759276800, industry=0):
    return make_list(random.Random(seed), country, period, count, captured_at, industry)


def export_row(made):
    return {"country_code": made["country"], "period": made["period"], "industry_id": made["industry"],
            "captured_at": stamp(made["captured_at"]).strftime("%Y-%m-%dT%H:%M:%SZ"), "source": made["source"],
            "list": made["items"]}


def as_export(*many):
    """As `export --format json` writes lists: each says what it is."""
    return json.dumps({"lists": [export_row(made) for made in many]}, ensure_ascii=False).encode()


def as_export_lines(*many):
    """As `export --format ndjson` does: each hashtag says what list it is of."""
    lines = []
    for made in many:
        row = export_row(made)
        facts = {"country_code": row["country_code"], "period": row["period"],
                 "list_industry_id": row["industry_id"], "captured_at": row["captured_at"], "source": row["source"]}
        lines += [json.dumps({**item, **facts}, ensure_ascii=False) + "\n" for item in made["items"]]
    return "".join(lines).encode()
