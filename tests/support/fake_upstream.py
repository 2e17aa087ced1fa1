"""A server that speaks the three dialects that lists are fetched in, with the oddities that were met there.

It listens on 127.0.0.1, answers each request as `behave` says, and keeps a log of all of them with the time by
the test's clock, where there is one. What it gives depends on the list and the day alone."""

import bisect
import gzip
import http.server
import json
import re
import socket
import struct
import threading
import time
import urllib.parse
import zlib

DAY = 86400
CENTER, ONE, BUSINESS = "creative-center", "creative-one", "business-api"
PATHS = {
    "/creative_radar_api/v1/popular_trend/hashtag/list": CENTER,
    "/CreativeOne/KnowledgeAPI/GetHashtagList": ONE,
    "/open_api/v1.3/discovery/trending_list/": BUSINESS,
}

# The ways to answer that are no list. "drip": a byte now and then, for ever; "bomb": small on the wire alone.
FAULTS = ("not_permitted", "bad_argument", "throttled", "html", "wrong_types", "empty", "reset", "drip", "endless",
          "bomb", "redirect", "broken", "cut_short", "invalid_utf8")


class Asked:
    """One request, as it is logged."""

    def __init__(self, at, source, country, period, page, headers):
        self.at = at  # seconds, by the test's clock
        self.source, self.country, self.period, self.page = source, country, period, page
        self.headers = headers
        self.is_moved = False  # whether a redirect asked for it
        self.answered = None  # what `behave` said

    @property
    def list(self):
        return (self.country, self.period)

    def __repr__(self):
        return f"<{self.source} {self.country}/{self.period} page {self.page} at {self.at}: {self.answered}>"


def hashtags(country, period, day, count=100):
    """A list as plain values; the order turns with the days, so that ranks change."""
    seed = zlib.crc32(f"{country}/{period}".encode())
    names = [f"tag{seed % 1000}x{(place + day) % (count + 7)}" for place in range(count)]
    return [{"id": str(10**9 + zlib.crc32(name.encode())), "name": name, "rank": rank,
             "posts": 1000 - rank + day % 50, "views": 5_000_000_000 - rank * 1000 + day,
             "trend": [((day - back) * DAY, (101 - back) / 100) for back in range(min(period, 7), 0, -1)]}
            for rank, name in enumerate(names, start=1)]


def _center(tags, asked, limit):
    rows = tags[(asked.page - 1) * limit:asked.page * limit]
    return {"code": 0, "msg": "OK", "request_id": "r", "data": {
        "list": [{"hashtag_id": tag["id"], "hashtag_name": tag["name"], "rank": tag["rank"],
                  "publish_cnt": tag["posts"], "video_views": tag["views"], "is_promoted": False,
                  "rank_diff": tag.get("diff", 0), "rank_diff_type": tag.get("change", 2),
                  "trend": [{"time": at, "value": value} for at, value in tag["trend"]]} for tag in rows],
        "pagination": {"page": asked.page, "size": limit, "total": len(tags),
                       "has_more": asked.page * limit < len(tags)}}}


def _one(tags, asked, limit):
    """Numbers as strings, curves from 0 to over 100 and out of order, no change of rank."""
    rows = tags[(asked.page - 1) * limit:asked.page * limit]
    return {"BaseResp": {"StatusCode": 0}, "items": [
        {"hashtagID": tag["id"], "hashtagName": tag["name"], "rankIndex": str(tag["rank"]),
         "publishCnt": str(tag["posts"]), "vv": str(tag["views"]),
         "trend": [{"time": at, "value": value * 130} for at, value in reversed(tag["trend"])]} for tag in rows],
        "pagination": {"hasMore": asked.page * limit < len(tags)}}


def _business(tags, asked, _):
    return {"code": 0, "message": "OK", "request_id": "r", "data": {
        "filter_info": {"country_code": asked.country, "date_range": f"{asked.period}DAY"},
        "list": [{"hashtag_id": tag["id"], "hashtag_name": tag["name"], "rank_position": str(tag["rank"]),
                  "rank_change": "NEW" if tag["rank"] == 1 else 0, "views": tag["views"],
                  "posts": tag["posts"]} for tag in tags]}}


ANSWERS = {CENTER: _center, ONE: _one, BUSINESS: _business}


class Upstream:
    def __init__(self, clock=None):
        self.clock = clock
        self.log = []
        self.lock = threading.Lock()
        self.behave = lambda asked: "list"  # or a fault of FAULTS, or ("throttled", seconds), or a list of hashtags
        self.count = 100
        self.day_of = lambda asked: int(asked.at // DAY)
        self.is_over = threading.Event()
        self.gate = threading.Event()  # closed: nobody is answered until it opens
        self.gate.set()
        upstream = self

        class Handler(_Handler):
            owner = upstream

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # clients go away: that is what some tests are about
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def now(self):
        return self.clock.wall_us / 1e6 if self.clock else time.time()

    def settings(self, source=CENTER, **values):
        """What a program's environment needs for that source to be on, and asked here."""
        name = "TRENDGATE_SOURCE_" + source.upper().replace("-", "_")
        given = {"enabled": "true", "base_url": self.url, **values}
        return {f"{name}_{key.upper()}": str(value) for key, value in given.items()}

    def asked(self, source=None):
        with self.lock:
            return [one for one in self.log if source in (None, one.source)]

    def most_in_a_minute(self, source=None):
        """The most requests in any 60 seconds of the log."""
        times = sorted(one.at for one in self.asked(source))
        return max((bisect.bisect_left(times, begin + 60) - place for place, begin in enumerate(times)), default=0)

    def most_in_a_day(self, source=None):
        days = [int(one.at // DAY) for one in self.asked(source)]
        return max((days.count(day) for day in set(days)), default=0)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(b"")

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _read(self, body):
        path, _, query = self.path.partition("?")
        source = PATHS[path]
        values = dict(urllib.parse.parse_qsl(query))
        if source == ONE:
            values = json.loads(body)
            facts = values["countryCode"], int(values["timeRange"]), int(values["page"])
        elif source == BUSINESS:
            facts = values["country_code"], int(re.fullmatch(r"(\d+)DAY", values["date_range"])[1]), 1
        else:
            facts = values.get("country_code", "ALL"), int(values["period"]), int(values["page"])
        limit = int(values.get("limit", 100))
        asked = Asked(self.owner.now(), source, *facts, dict(self.headers))
        asked.is_moved = "moved" in values
        return asked, limit

    def _answer(self, body):
        asked, limit = self._read(body)
        how = self.owner.behave(asked)
        asked.answered = how if isinstance(how, str) else type(how).__name__
        with self.owner.lock:
            self.owner.log.append(asked)
        self.owner.gate.wait()
        if how == "list":
            how = hashtags(asked.country, asked.period, self.owner.day_of(asked), self.owner.count)
        if isinstance(how, list):
            self._send(200, json.dumps(ANSWERS[asked.source](how, asked, limit)).encode())
            return
        name, *values = how if isinstance(how, tuple) else (how,)
        getattr(self, "_" + name)(asked, *values)

    def _send(self, status, body, headers=(), kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _not_permitted(self, asked):
        if asked.source == ONE:
            self._send(200, json.dumps(_one(hashtags(asked.country, asked.period, 1, 3), asked, 20)).encode())
        else:
            self._send(200, b'{"code":40101,"msg":"no permission","message":"no permission","data":null}')

    def _bad_argument(self, _):
        self._send(200, b'{"code":40000,"msg":"bad argument","message":"bad argument"}')

    def _throttled(self, _, seconds=30):
        self._send(429, b"{}", [("Retry-After", str(seconds))] if seconds else [])

    def _html(self, _):
        self._send(200, b"<!doctype html><title>Sign in</title>", kind="text/html")

    def _wrong_types(self, _):
        self._send(200, b'{"code":0,"data":{"list":{"0":"no"}},"BaseResp":{"StatusCode":0},"items":7}')

    def _empty(self, asked):
        self._send(200, json.dumps(ANSWERS[asked.source]([], asked, 50)).encode())

    def _broken(self, _):
        self._send(502, b"bad gateway", kind="text/plain")

    def _invalid_utf8(self, _):
        self._send(200, b'{"code":0,"data":{"list":[{"hashtag_name":"\xff\xfe\x00"}]}}')

    def _moved(self, _):
        """To the same place under another name."""
        self._send(302, b"", [("Location", f"{self.path}&moved=1")])

    def _redirect(self, _):
        self._send(302, b"", [("Location", "http://127.0.0.2:1/elsewhere")])

    def _reset(self, _):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True  # else it stays open for the next request

    def _cut_short(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b'{"code":0,"data":{"list":[')
        self.close_connection = True

    def _drip(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.owner.is_over.wait(0.2):
            self.wfile.write(b" ")

    def _endless(self, _):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while not self.owner.is_over.is_set():
            self.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    def _bomb(self, _):
        self._send(200, gzip.compress(b" " * 200_000_000, 1), [("Content-Encoding", "gzip")])
