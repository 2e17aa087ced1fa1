#!/usr/bin/env python3
"""Plays the scenario files against the real program: run.py [-k PATTERN] [--engine NAME] [FILE...].

One line for each failing or skipped step, a summary for each file, and last
"N passed, N failed, N skipped". The program comes from TRENDGATE_BINARY."""

import argparse
import contextlib
import importlib
import os
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
sys.dont_write_bytecode = True

from support import postgres  # noqa: E402  (after the path is known)

# The two modules that follow ask for it.
if "--engine" in sys.argv[1:-1]:
    os.environ["TRENDGATE_TEST_ENGINE"] = sys.argv[sys.argv.index("--engine") + 1]

from support.server import BINARY, ON_POSTGRES  # noqa: E402
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
    parser.add_argument("--engine", choices=["sqlite", "postgres"], default="sqlite",
                        help="where databases are: in files, or on a PostgreSQL server (TRENDGATE_TEST_POSTGRES, else one "
                        "that is begun for this)")
    parser.add_argument("files", nargs="*", help="names of scenario files, without .py; default all")
    arguments = parser.parse_args()
    if not BINARY.exists():
        print(f"There is no {BINARY}: build it with ./dev build, or name it in TRENDGATE_BINARY.")
        return 1
    wanted = re.compile(arguments.k, re.I) if arguments.k else None
    names = arguments.files or sorted(
        path.stem for path in HERE.glob("*.py") if path.stem != pathlib.Path(__file__).stem)
    total = Report()
    with contextlib.ExitStack() as stack:
        if ON_POSTGRES and postgres.VARIABLE not in os.environ:
            os.environ[postgres.VARIABLE] = stack.enter_context(postgres.Server()).address
        for name in names:
            play_file(name, wanted, total)
    print(total.summary())
    return 1 if total.counts["failed"] or not sum(total.counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
