#!/usr/bin/env python3
"""movers.py EARLIER.csv LATER.csv: what moved between two captures, from the files alone.

A second reckoning beside the product's, for its tests: it knows nothing of it but the form of the answer."""

import csv
import datetime
import fractions
import json
import sys


def capture(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    at = datetime.datetime.fromisoformat(f"{rows[0]['crawl_date']}T{rows[0]['crawl_time']}+00:00")
    return at, [{"id": row["hashtag_id"], "name": row["hashtag_name"], "rank": int(row["rank"]),
                 "posts": int(row["publish_count"]), "views": int(row["video_views"])} for row in rows]


def a_day(before, after, seconds):
    """To the nearest whole number, halves away from zero."""
    rate = fractions.Fraction(after - before) * 86400 / seconds
    whole = int(abs(rate) + fractions.Fraction(1, 2))
    return whole if rate >= 0 else -whole


def move(old, new, seconds):
    shown = new or old
    told = {"hashtag_id": shown["id"], "hashtag_name": shown["name"], "publish_cnt": shown["posts"],
            "video_views": shown["views"]}
    if old:
        told["rank_before"] = old["rank"]
    if new:
        rise = old["rank"] - new["rank"] if old else 0
        kind = 4 if not old else 1 if rise > 0 else 3 if rise < 0 else 2
        told.update(rank=new["rank"], rank_diff=abs(rise), rank_diff_type=kind)
    if old and new:
        told["publish_cnt_per_day"] = a_day(old["posts"], new["posts"], seconds)
        told["video_views_per_day"] = a_day(old["views"], new["views"], seconds)
    return told


def movers(earlier, later):
    """The five lists of the answer, from two pairs of (time, rows)."""
    seconds = fractions.Fraction((later[0] - earlier[0]) // datetime.timedelta(microseconds=1), 10**6)
    before, after = ({row["id"]: row for row in rows} for _, rows in (earlier, later))
    moves = [move(before.get(name), after.get(name), seconds) for name in before | after]
    found = {"gone": sorted((m for m in moves if "rank" not in m), key=lambda m: m["rank_before"])}
    for name, kind in (("up", 1), ("unchanged", 2), ("down", 3), ("new", 4)):
        found[name] = sorted((m for m in moves if m.get("rank_diff_type") == kind),
                             key=lambda m: (-m["rank_diff"], m["rank"]))
    return found


if __name__ == "__main__":
    json.dump(movers(*map(capture, sys.argv[1:3])), sys.stdout, ensure_ascii=False, indent=1)
