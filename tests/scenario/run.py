#!/usr/bin/env python3
"""Plays the scenario files against the real program: run.py [-k PATTERN] [FILE...].

One line for each failing or skipped step, a summary for each file, and last
"N passed, N failed, N skipped". The program comes from TRENDGATE_BINARY."""

import argparse
import importlib
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
sys.dont_write_bytecode = True

from support.server import BINARY  # noqa: E402  (after the path is known)
from support.steps import Report  # noqa: E402


def play_file(name, wanted, total):
    report = Report()
    began = time.monotonic()
    for scenario in importlib.import_module(name).SCENARIOS:
        scenario.play(report, wanted)
    if sum(report.counts.values()):
        print(f"{name}: {report.summary()} ({time.monotonic() - began:.1f} s)", flush=True)
    for word, count in report.counts.items():
        total.counts[word] += count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", metavar="PATTERN", help="only steps whose 'title: label' matches")
    parser.add_argument("files", nargs="*", help="names of scenario files, without .py; default all")
    arguments = parser.parse_args()
    if not BINARY.exists():
        print(f"There is no {BINARY}: build it with ./dev build, or name it in TRENDGATE_BINARY.")
        return 1
    wanted = re.compile(arguments.k, re.I) if arguments.k else None
    names = arguments.files or sorted(
        path.stem for path in HERE.glob("*.py") if path.stem != pathlib.Path(__file__).stem)
    total = Report()
    for name in names:
        play_file(name, wanted, total)
    print(total.summary())
    return 1 if total.counts["failed"] or not total.counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
