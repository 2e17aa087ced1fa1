#!/usr/bin/env python3
"""Measures what size costs: many accounts, a long journal, idle connections, a full catalogue.

usage: large.py [--accounts N] [--charges N] [--seconds S] [--warm S] [--output FILE]

Writes docs/numbers-large.md. Servers run on core 0, the client on core 1; everything is loopback.
The journal's charges are written into the file directly, as rows that are folded already.
"""
import argparse
import contextlib
import http.client
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run  # noqa: E402  the benchmark beside this one

CALLS_A_ROW = 100
IDLE_CONNECTIONS = 4000
MEASURED_ROUNDS = 7


def resident_kb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def varint(value):
    packed = bytearray()
    while value >= 0x80:
        packed.append(value & 0x7F | 0x80)
        value >>= 7
    packed.append(value)
    return bytes(packed)


def zigzag(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def journal_body(calls):
    """A row of ledger/journal.h: charges of the first accounts."""
    body = bytearray([1])
    for call in range(calls):
        body += zigzag(call + 1) + zigzag(call + 1) + zigzag(1) + varint(1) + varint(0)
        body += zigzag(call) + zigzag(8) + zigzag(0) + zigzag(0)
        body += bytes(16) + varint(32) + b"0123456789abcdef" * 2 + varint(0)
    return bytes(body)


def journal_fill(database, charges):
    rows = charges // CALLS_A_ROW
    body = journal_body(CALLS_A_ROW)
    with sqlite3.connect(database) as connection:
        connection.executemany(
            "INSERT INTO journal (at, boot, elapsed_us, calls, body) VALUES (?, 0, 0, ?, ?)",
            ((1_000_000 * (1_700_000_000 + row), CALLS_A_ROW, body) for row in range(rows)))
        connection.execute("UPDATE fold_mark SET journal_id = (SELECT max(id) FROM journal)")
    return rows


class Stage:
    def __init__(self, folder, accounts):
        self.folder = folder / f"accounts-{accounts}"
        self.folder.mkdir()
        (self.folder / "plans.ini").write_text(run.PLANS)
        self.database = self.folder / "bench.db"
        self.environment = {"PATH": "/usr/bin:/bin", "TRENDGATE_PLANS": str(self.folder / "plans.ini"),
                            "TRENDGATE_DATABASE": f"sqlite:{self.database}",
                            "TRENDGATE_SERVER_ACCESS_LOG": "false",
                            "TRENDGATE_SERVER_CONNECTIONS_PER_ADDRESS": "10000",
                            "TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}
        rows = self.folder / "accounts.csv"
        rows.write_text("email,plan,name\n" +
                        "".join(f"a{i}@bench.test,Bench,\n" for i in range(accounts)))
        with open(self.folder / "keys", "w") as keys:
            made = subprocess.run([run.BINARY, "account", "import", rows], env=self.environment,
                                  check=True, capture_output=True, text=True)
            keys.writelines(line.split(",")[1] + "\n" for line in made.stdout.split()
                            if "tg_live_" in line)

    def serve(self):
        port = run.free_port()
        begun = time.monotonic()
        process = run.on_core(0, run.BINARY, "serve", "--threads", "1", "--listen",
                              f"127.0.0.1:{port}", env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
        process.stdout.readline()
        return run.Peer("trendgate", port, [process]), time.monotonic() - begun

    def measure(self, peer, seconds):
        return run.measure(peer, run.TARGET.format(items=1), 256, seconds, self.folder)


def idle_connection_bytes(peer):
    """What a connection holds that has been used once and rests."""
    pid = peer.processes[0].pid
    opened = []
    before = resident_kb(pid)
    for _ in range(IDLE_CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", peer.port))
        connection.sendall(b"GET /ping HTTP/1.1\r\nHost: bench\r\n\r\n")
        connection.recv(4096)
        opened.append(connection)
    used = resident_kb(pid) - before
    for connection in opened:
        connection.close()
    return used * 1024 / IDLE_CONNECTIONS


def full_catalogue_mb(stage):
    """Every country, period and industry asked for once, 100 items each."""
    peer, _ = stage.serve()
    try:
        key = (stage.folder / "keys").read_text().split()[0]
        client = http.client.HTTPConnection("127.0.0.1", peer.port)
        path = "/api/v1/tiktok/popular-trend/"

        def ask(what):
            client.request("GET", path + what, headers={"x-api-key": key})
            answer = client.getresponse()
            body = answer.read()
            if answer.status != 200:
                sys.exit(f"{what}: {answer.status}")
            return body

        import json
        meta = json.loads(ask("country-industry-meta"))["data"]
        industries = ["", *(str(industry["id"]) for industry in meta["industries"])]
        lists = 0
        for country in meta["countries"]:
            for period in (7, 30, 120):
                for industry in industries:
                    ask(f"hashtag?limit=100&country_code={country['id']}&period={period}"
                        f"&industry_id={industry}")
                    lists += 1
        return lists, resident_kb(peer.processes[0].pid) / 1024
    finally:
        peer.stop()


@contextlib.contextmanager
def paused(peer):
    """It stands still, and what its calls have left to be folded waits, while another one is measured on its core."""
    pid = peer.processes[0].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def busy_figures(few, few_peer, many, many_peer, options):
    """Once the many have been called for as long as a round of their folds takes: then what a call leaves to be folded is paid
    for as it comes."""
    many.measure(many_peer, options.warm)
    rounds = []
    for _ in range(MEASURED_ROUNDS):
        of_many = many.measure(many_peer, options.seconds)
        with paused(many_peer):
            rounds.append((of_many, few.measure(few_peer, options.seconds)))
    many_kb = resident_kb(many_peer.processes[0].pid)
    p99_of_many, p99_of_few = (statistics.median(pair[side]["p99_us"] for pair in rounds) / 1000
                               for side in (0, 1))
    ratios = sorted(of_many["rate"] / of_few["rate"] for of_many, of_few in rounds)
    return [(f"requests/s with {options.accounts:,} accounts that call in turn over 1,000, {MEASURED_ROUNDS} times "
             f"{options.seconds} s of each after {options.warm} s",
             f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})", ">= 0.9", ">= 0.8"),
            (f"p99 of a call with them, at 256 connections (1,000 accounts: {p99_of_few:,.0f} ms)",
             f"{p99_of_many:,.0f} ms", "", ""),
            ("resident memory with them", f"{many_kb / 1024:,.0f} MB", "", "")]


def measure_all(folder, options):
    figures = []
    few = Stage(folder, 1000)
    lists, catalogue_mb = full_catalogue_mb(few)
    figures.append((f"resident memory with {lists:,} lists asked for, cache of 256 MB",
                    f"{catalogue_mb:,.0f} MB", "<= 400 MB", "<= 500 MB"))
    many = Stage(folder, options.accounts)
    few_peer, _ = few.serve()
    few_kb = resident_kb(few_peer.processes[0].pid)
    connection_bytes = idle_connection_bytes(few_peer)
    figures.append((f"memory of an idle connection, mean of {IDLE_CONNECTIONS:,}",
                    f"{connection_bytes:,.0f} bytes", "<= 6 KB", "<= 8 KB"))
    many_peer, bare_start = many.serve()
    many_kb = resident_kb(many_peer.processes[0].pid)
    figures.append((f"memory of an idle account with its key, mean of {options.accounts:,}",
                    f"{(many_kb - few_kb) * 1024 / options.accounts:,.0f} bytes", "<= 200",
                    "<= 300"))
    figures += busy_figures(few, few_peer, many, many_peer, options)
    few_peer.stop()
    many_peer.stop()
    rows = journal_fill(many.database, options.charges)
    peer, start = many.serve()
    peer.stop()
    figures.append((f"start with {options.accounts:,} accounts and {options.charges:,} journal charges "
                    f"in {rows:,} rows ({bare_start:.1f} s without them)", f"{start:.1f} s",
                    "<= 3 s", "<= 10 s"))
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--charges", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--warm", type=int, default=160)
    parser.add_argument("--output", type=pathlib.Path, default=run.ROOT / "docs/numbers-large.md")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="trendgate-bench-"))
    folder.chmod(0o755)
    try:
        figures = measure_all(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    lines = ["# Numbers of size", "", "Written by `./dev bench large`.", "",
             f"- date: {time.strftime('%Y-%m-%d', time.gmtime())}", f"- machine: {run.machine()}", "",
             "| figure | measured | bar | first milestone |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(figure) + " |" for figure in figures]
    options.output.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
