#!/usr/bin/env python3
"""Compares trendgate with its peers in interleaved rounds, and writes docs/numbers.md.

usage: run.py [--rounds N] [--seconds S] [--quick] [--output FILE]

Server processes run on core 0, the client (wrk) on core 1. Peers: trendgate metered and durable
with 1,000 accounts; nginx serving the same bytes as a static file (gzip_static for gzip); nginx
with Lua and Redis doing the same exact work; a raw loop answering canned bytes. Each round runs
every peer of a case once, in an order that turns; what is told are medians and ranges, and the median of the
rounds' ratios. CPU is that of all server processes (the committer and Redis included).
"""
import argparse
import gzip
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
BINARY = pathlib.Path(os.environ.get("TRENDGATE_BINARY", ROOT / "build/release/trendgate"))
TARGET = "/api/v1/tiktok/popular-trend/hashtag?limit={items}&country_code=US"
ACCOUNTS = 1000
TICKS = os.sysconf("SC_CLK_TCK")
PLANS = """[plan Bench]
price_cents = 100
included_credits = 1000000000000
daily_credit_cap = 0
rate_limit_per_minute = 1000000
overage = none

[endpoint tiktok-popular-trend-hashtag]
credits = 8
[endpoint tiktok-popular-trend-hashtag-history]
credits = 8
[endpoint tiktok-popular-trend-hashtag-movers]
credits = 8
"""


def free_port():
    """Below the ephemeral range, as another bind is about to follow."""
    for port in range(21000, 22000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    sys.exit("no port from 21000 to 21999 is free")


def on_core(core, *command, **options):
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], **options)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def children(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def await_port(port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"nothing answers on port {port}")


class Peer:
    """Server processes that answer on one port."""

    def __init__(self, name, port, processes):
        self.name = name
        self.port = port
        self.processes = processes

    def cpu(self):
        pids = [process.pid for process in self.processes]
        return sum(cpu_seconds(pid) for parent in pids for pid in [parent, *children(parent)])

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def start_trendgate(folder):
    (folder / "plans.ini").write_text(PLANS)
    (folder / "accounts.csv").write_text(
        "email,plan,name\n" + "".join(f"a{i}@bench.test,Bench,\n" for i in range(ACCOUNTS)))
    environment = {"PATH": os.environ["PATH"], "TRENDGATE_PLANS": str(folder / "plans.ini"),
                   "TRENDGATE_DATABASE": f"sqlite:{folder}/bench.db",
                   "TRENDGATE_SERVER_ACCESS_LOG": "false",
                   "TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}
    made = subprocess.run([BINARY, "account", "import", folder / "accounts.csv"], env=environment,
                          check=True, capture_output=True, text=True)
    keys = [line.split(",")[1] for line in made.stdout.split()]
    (folder / "keys").write_text("\n".join(key for key in keys if key.startswith("tg_")) + "\n")
    port = free_port()
    process = on_core(0, BINARY, "serve", "--threads", "1", "--listen", f"127.0.0.1:{port}",
                      env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    process.stdout.readline()
    return Peer("trendgate", port, [process])


def fill(name, folder, **places):
    text = (BENCH / name).read_text()
    for place, value in {"FOLDER": folder, "BENCH": folder, **places}.items():
        text = text.replace(f"@{place}@", str(value))
    path = folder / name
    path.write_text(text)
    return path


def start_nginx(name, folder, config):
    port = free_port()
    path = fill(config, folder, PORT=port)
    process = on_core(0, "nginx", "-c", path, "-p", folder, stderr=subprocess.DEVNULL)
    await_port(port)
    return Peer(name, port, [process])


def start_redis(folder):
    process = on_core(0, "redis-server", "--port", "0", "--unixsocket", folder / "redis.sock",
                      "--dir", folder, "--appendonly", "yes", "--appendfsync", "everysec",
                      "--save", "", stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while not (folder / "redis.sock").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    command = ["redis-cli", "-s", folder / "redis.sock"]
    import hashlib
    for account, key in enumerate((folder / "keys").read_text().split()):
        subprocess.run([*command, "HSET", "keys", hashlib.sha1(key.encode()).hexdigest(),
                        str(account)], check=True, capture_output=True)
    script = (BENCH / "admit.lua").read_text()
    sha = subprocess.run([*command, "SCRIPT", "LOAD", script], check=True, capture_output=True,
                         text=True).stdout.strip()
    return process, sha


def start_lua(folder):
    redis, sha = start_redis(folder)
    fill("call.lua", folder, SHA=sha)
    peer = start_nginx("nginx+Lua+Redis", folder, "nginx_lua.conf")
    peer.processes.insert(0, redis)
    return peer


def start_raw(folder, answer):
    program = folder / "raw_loop"
    if not program.exists():
        subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", program, BENCH / "raw_loop.c"], check=True)
    port = free_port()
    process = on_core(0, program, port, answer)
    await_port(port)
    return Peer("raw loop", port, [process])


def fetch(port, items, key, encoding=None):
    headers = {"x-api-key": key}
    if encoding:
        headers["Accept-Encoding"] = encoding
    request = urllib.request.Request(f"http://127.0.0.1:{port}{TARGET.format(items=items)}",
                                     headers=headers)
    with urllib.request.urlopen(request) as answer:
        return answer.read(), answer.headers


def measure(peer, target, connections, seconds, folder, encoding=""):
    environment = {**os.environ, "KEYS_FILE": str(folder / "keys"), "TARGET": target,
                   "ACCEPT_ENCODING": encoding}
    before = peer.cpu()
    ran = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}",
                          f"-d{seconds}s", "--timeout", "20s", "-s", BENCH / "keys.lua",
                          f"http://127.0.0.1:{peer.port}"],
                         env=environment, capture_output=True, text=True, check=True)
    used = peer.cpu() - before
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", ran.stdout)
    requests, duration_us, refused, broken, p50_us, p99_us = map(int, found.groups())
    if refused or broken:
        sys.exit(f"{peer.name}: {refused} answers were no 2xx or 3xx, {broken} connections broke")
    return {"rate": requests / duration_us * 1e6, "cpu_us": used / requests * 1e6,
            "p50_us": p50_us, "p99_us": p99_us}


def sync_p50_us(folder):
    times = []
    with open(folder / "sync", "wb", buffering=0) as file:
        for _ in range(400):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(times)


def spread(values, form):
    return f"{form(statistics.median(values))} ({form(min(values))}-{form(max(values))})"


class Case:
    def __init__(self, items, connections, encoding=""):
        self.items = items
        self.connections = connections
        self.encoding = encoding
        self.samples = {}

    def title(self):
        noun = "item" if self.items == 1 else "items"
        return (f"{self.items} {noun}{', gzip' if self.encoding else ''}, "
                f"{self.connections} connections")

    def median(self, peer, what):
        return statistics.median(sample[what] for sample in self.samples[peer])

    def ratio(self, peer, what):
        """The median of each round's own: a machine that slows down for a while slows all peers of a round."""
        return statistics.median(ours[what] / theirs[what]
                                 for ours, theirs in zip(self.samples["trendgate"], self.samples[peer]))


def files_make(folder, port, key):
    """What nginx and the raw loop answer with: trendgate's own bytes."""
    www = folder / "www"
    www.mkdir()
    for items in (1, 50):
        body, _ = fetch(port, items, key)
        (www / f"{items}.json").write_bytes(body)
        (www / f"{items}.json.gz").write_bytes(gzip.compress(body, 1))
        head = (f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        (folder / f"{items}.raw").write_bytes(head + body)


def target_of(peer, case):
    return TARGET.format(items=case.items) if peer.name == "trendgate" else f"/{case.items}.json"


def run_cases(folder, cases, rounds, seconds):
    ours = start_trendgate(folder)
    started = [ours]
    try:
        key = (folder / "keys").read_text().split()[0]
        files_make(folder, ours.port, key)
        static = start_nginx("nginx static", folder, "nginx_static.conf")
        started.append(static)
        lua = start_lua(folder)
        started.append(lua)
        for case in cases:
            raw = start_raw(folder, folder / f"{case.items}.raw")
            started.append(raw)
            peers = [ours, static] + ([] if case.encoding else [lua, raw])
            for turn in range(rounds):
                for peer in peers[turn % len(peers):] + peers[:turn % len(peers)]:
                    print(f"{case.title()}: round {turn + 1} of {rounds}, {peer.name}",
                          file=sys.stderr)
                    case.samples.setdefault(peer.name, []).append(
                        measure(peer, target_of(peer, case), case.connections, seconds, folder,
                                case.encoding))
            raw.stop()
            started.remove(raw)
    finally:
        for peer in reversed(started):
            peer.stop()


def table_of(case):
    lines = [f"### {case.title()}", "",
             "| peer | requests/s | ours over it | CPU us a call | ours over it | p50 | p99 |",
             "|---|---|---|---|---|---|---|"]
    for peer, samples in case.samples.items():
        rates = [sample["rate"] for sample in samples]
        costs = [sample["cpu_us"] for sample in samples]
        own = peer == "trendgate"
        lines.append(
            f"| {peer} | {spread(rates, lambda value: f'{value:,.0f}')} | "
            f"{'' if own else format(case.ratio(peer, 'rate'), '.2f')} | "
            f"{spread(costs, lambda value: f'{value:.1f}')} | "
            f"{'' if own else format(case.ratio(peer, 'cpu_us'), '.2f')} | "
            f"{case.median(peer, 'p50_us') / 1000:.2f} ms | "
            f"{case.median(peer, 'p99_us') / 1000:.2f} ms |")
    return lines + [""]


# Figure, case (items, connections, encoding), peer, what, whether more is better, bar, milestone.
BUDGETS = [
    ("requests/s over nginx static, 1 item, 256 connections", (1, 256, ""), "nginx static",
     "rate", True, 1.10, 0.9),
    ("requests/s over nginx static, 50 items, 256 connections", (50, 256, ""), "nginx static",
     "rate", True, 0.85, 0.65),
    ("requests/s over nginx gzip_static, 50 items, gzip, 256 connections", (50, 256, "gzip"),
     "nginx static", "rate", True, 1.10, 1.0),
    ("requests/s over nginx static, 1 item, 32 connections", (1, 32, ""), "nginx static",
     "rate", True, 0.70, 0.45),
    ("CPU a call over nginx static, 1 item, 256 connections", (1, 256, ""), "nginx static",
     "cpu_us", False, 0.75, 0.9),
    ("CPU a call over nginx static, 50 items, 256 connections", (50, 256, ""), "nginx static",
     "cpu_us", False, 1.05, 1.3),
    ("requests/s over nginx + Lua + Redis, 1 item, 256 connections", (1, 256, ""),
     "nginx+Lua+Redis", "rate", True, 6, 4),
]


def budget_lines(cases):
    by_key = {(case.items, case.connections, case.encoding): case for case in cases}
    lines = ["| figure | measured | bar | first milestone | |", "|---|---|---|---|---|"]
    for figure, key, peer, what, more, bar, milestone in BUDGETS:
        if key not in by_key:
            continue
        value = by_key[key].ratio(peer, what)
        reached = [name for name, wanted in (("bar", bar), ("first milestone", milestone))
                   if (value >= wanted if more else value <= wanted)]
        sign = ">=" if more else "<="
        lines.append(f"| {figure} | {value:.2f} | {sign} {bar} | {sign} {milestone} | "
                     f"{reached[0] + ' reached' if reached else 'below the first milestone'} |")
    return lines + [""]


def version_of(*command):
    ran = subprocess.run(command, capture_output=True, text=True)
    return re.search(r"\d+(\.\d+)+", ran.stdout + ran.stderr)[0]


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return (f"{model[1] if model else platform.processor()}, {os.cpu_count()} cores, "
            f"Linux {platform.release()}, nginx {version_of('nginx', '-v')}, "
            f"Redis {version_of('redis-server', '--version')}")


def report(cases, folder, options, sync_us):
    command = f"./dev bench --rounds {options.rounds} --seconds {options.seconds}"
    lines = ["# Numbers", "",
             "Written by `./dev bench`; the text below the last table is kept.", "",
             f"- date: {time.strftime('%Y-%m-%d', time.gmtime())}", f"- command: `{command}`",
             f"- machine: {machine()}", f"- fdatasync of 4 KB, p50: {sync_us:.0f} us",
             "- medians (least-greatest) of interleaved rounds, ratios of each round by itself; server on one core, "
             "client (wrk) on another;", "  trendgate metered and durable (`synchronous=FULL`), 1,000 accounts, one "
             "loop thread and the committer on that core;", "  Redis with `appendfsync everysec`, "
             "which may lose a second of charges where trendgate loses none", ""]
    lines += ["## Against the budgets", "", *budget_lines(cases), "## All cases", ""]
    for case in cases:
        lines += table_of(case)
    return "\n".join(lines)


KEPT_MARK = "<!-- kept -->"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="the 1-item cases alone")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs/numbers.md")
    options = parser.parse_args()
    if os.cpu_count() < 2:
        sys.exit("the benchmark needs two cores: one for servers, one for the client")
    cases = [Case(1, 256), Case(1, 32)]
    if not options.quick:
        cases += [Case(50, 256), Case(50, 32), Case(50, 256, "gzip")]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trendgate-bench-"))
    folder.chmod(0o755)
    try:
        sync_us = sync_p50_us(folder)
        run_cases(folder, cases, options.rounds, options.seconds)
        text = report(cases, folder, options, sync_us)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    kept = ""
    if options.output.exists() and KEPT_MARK in options.output.read_text():
        kept = options.output.read_text().split(KEPT_MARK, 1)[1]
    options.output.write_text(text + "\n" + KEPT_MARK + kept + ("" if kept else "\n"))
    print(text)


if __name__ == "__main__":
    main()
