#!/usr/bin/env python3
"""Measures how many charges a second nodes of a cluster admit over one PostgreSQL database.

usage: cluster.py [--rounds N] [--seconds S] [--accounts N] [--output FILE]

Writes docs/numbers-cluster.md. The server is one of our own, with fsync and synchronous_commit on, on the
same machine as the nodes; bench/admissions.c plays the nodes, so that HTTP is not in the figures. Rounds
are interleaved and told as medians (least-greatest). 5,000 accounts: with 1,000 each would call 2,400 times
a minute at 40,000 a second, past every plan, and each batch would carry that many instants an account."""
import argparse
import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "tests")]
from support import postgres  # noqa: E402

BUILD = ROOT / "build" / "release"
# Nodes, and charges on their way at each: one, what one batch holds, and enough for two full ones.
CASES = [(1, 1), (1, 128), (1, 512), (1, 1536), (2, 768), (4, 384)]


def measure(address, nodes, outstanding, arguments):
    """Admissions a second, journal rows a second, CPU microseconds of the nodes an admission."""
    done = subprocess.run([BUILD / "admissions", address, str(nodes), str(outstanding), str(arguments.accounts),
                           str(arguments.seconds)], check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    version = subprocess.run([postgres.PROGRAMS / "postgres", "--version"], check=True, capture_output=True, text=True)
    return (f"{model[1] if model else platform.processor()}, {os.cpu_count()} cores, Linux {platform.release()}, "
            f"PostgreSQL {re.search(r'[0-9.]+', version.stdout)[0]}")


def told(numbers, digits=0):
    low, middle, high = min(numbers), statistics.median(numbers), max(numbers)
    return f"{middle:,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs" / "numbers-cluster.md")
    arguments = parser.parse_args()
    subprocess.run(["ninja", "-C", BUILD, "--quiet", "admissions"], check=True)
    postgres.OPTIONS.update(fsync="on", autovacuum="on", shared_buffers="512MB", max_wal_size="4GB")
    rounds = {case: [] for case in CASES}
    with postgres.Server() as server:
        os.environ[postgres.VARIABLE] = server.address
        address = postgres.make_database()
        measure(address, 1, 512, arguments)  # makes the accounts, and warms up
        for _ in range(arguments.rounds):
            for case in CASES:
                rounds[case].append(measure(address, *case, arguments))
    lines = ["# Numbers of a cluster", "", "Written by `./dev bench cluster`.", "",
             f"- date: {datetime.date.today()}",
             f"- command: `./dev bench cluster {' '.join(sys.argv[1:])}`".rstrip(),
             f"- machine: {machine()}",
             f"- medians (least-greatest) of {arguments.rounds} rounds of {arguments.seconds} s; {arguments.accounts:,} "
             "accounts in turn; nodes, PostgreSQL and its disk on this one machine, durable", "",
             "| nodes | charges on their way | admissions/s | a journal row | CPU us an admission, nodes |",
             "|---|---|---|---|---|"]
    for (nodes, outstanding), measured in rounds.items():
        rates, rows, cpu = zip(*measured)
        lines.append(f"| {nodes} | {nodes * outstanding:,} | {told(rates)} | "
                     f"{told([rate / row for rate, row in zip(rates, rows)])} | {told(cpu, 1)} |")
    text = "\n".join(lines) + "\n"
    arguments.output.write_text(text, encoding="utf-8")
    print(text, end="")


main()
