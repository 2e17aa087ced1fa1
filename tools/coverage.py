#!/usr/bin/env python3
"""Prints how much of each source file the tests have run: lines and branches.

usage: coverage.py [--uncovered] BUILD_DIR FOLDER...

BUILD_DIR was built by meson with -Db_coverage=true and its tests have run. FOLDERs are folders of
src/. After the table it counts by reason what was not taken, as coverage_reasons.txt has them,
and lists what has no reason there and the rows there that fit nothing; --uncovered lists all of it.
Exit 1 when one has no reason.
docs/coverage.md explains the reasons.
"""
import argparse
import collections
import fnmatch
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
REASONS = ROOT / "tools" / "coverage_reasons.txt"


def reports(build, folder):
    """gcov's own words on each object of that folder's library: one JSON document each."""
    counts = sorted((build / "src" / folder).glob("lib*.a.p/*.gcda"))
    if not counts:
        sys.exit(f"coverage.py: {build}/src/{folder} holds no counts: build it with "
                 "-Db_coverage=true and run its tests")
    with tempfile.TemporaryDirectory(prefix="trendgate-coverage-") as place:
        subprocess.run(["gcov", "--json-format", "--branch-probabilities",
                        *(str(path.resolve()) for path in counts)],
                       cwd=place, check=True, stdout=subprocess.DEVNULL)
        for path in sorted(pathlib.Path(place).glob("*.gcov.json.gz")):
            yield json.loads(gzip.decompress(path.read_bytes()))


class File:
    """Sums over all objects that a file was compiled into: a header is in many."""

    def __init__(self):
        self.lines = {}     # number: times run
        self.branches = {}  # number: times each way was taken
        self.functions = {}  # number: in which it is

    def add(self, lines):
        for line in lines:
            number = line["line_number"]
            self.lines[number] = self.lines.get(number, 0) + line["count"]
            self.functions[number] = line.get("function_name", "")
            ways = [branch["count"] for branch in line["branches"]]
            known = self.branches.get(number, [])
            if len(known) == len(ways):
                ways = [a + b for a, b in zip(known, ways)]
            if len(ways) >= len(known):
                self.branches[number] = ways

    def counts(self):
        ways = [way for line in self.branches.values() for way in line]
        return (sum(count > 0 for count in self.lines.values()), len(self.lines),
                sum(count > 0 for count in ways), len(ways))

    def uncovered(self):
        """(line number, whether it ran, ways never taken), by line."""
        for number in sorted(self.lines):
            never = self.branches.get(number, []).count(0)
            if self.lines[number] == 0 or never:
                yield number, self.lines[number] > 0, never


class Reason:
    """A row of coverage_reasons.txt: why something in some functions need not have been taken."""

    def __init__(self, row):
        fields = row.split(" ", 4)
        if len(fields) != 5 or fields[1] not in ("way", "any"):
            sys.exit(f"coverage.py: {REASONS}: five fields, the second way or any, not: {row}")
        self.text = row
        self.name, self.scope, self.file, self.function, self.pattern = fields
        self.pattern = re.compile(self.pattern)

    def fits(self, name, function, line, ran):
        return ((ran or self.scope == "any") and fnmatch.fnmatch(name, self.file) and
                fnmatch.fnmatch(function, self.function) and self.pattern.search(line))


def read_reasons():
    rows = REASONS.read_text(encoding="utf-8").splitlines()
    return [Reason(row) for row in rows if row and not row.startswith("#")]


def explain(files, lists_all):
    """Prints what was not taken, by reason; false when something has none."""
    reasons = read_reasons()
    idle = set(reasons)
    lines, ways = collections.Counter(), collections.Counter()
    for name in sorted(files):
        source = (ROOT / name).read_text(encoding="utf-8").splitlines()
        for number, ran, never in files[name].uncovered():
            line = source[number - 1].strip()
            function = files[name].functions[number]
            row = next((row for row in reasons if row.fits(name, function, line, ran)), None)
            idle.discard(row)
            reason = row.name if row else "NO REASON"
            lines[reason] += not ran
            ways[reason] += never
            if lists_all or not row:
                what = f"{never} ways never taken" if ran else "never run"
                print(f"{name}:{number}: {function}: {what}: {reason}: {line}")
    print(f"\n{'not taken, by reason':34}{'lines':>6}{'branches':>10}")
    for reason in sorted(ways):
        print(f"{reason:34}{lines[reason]:6}{ways[reason]:10}")
    for row in filter(idle.__contains__, reasons):
        print(f"fits nothing: {row.text}")
    return "NO REASON" not in ways


def read(build, folders):
    files = {}
    for folder in folders:
        for report in reports(build, folder):
            for entry in report["files"]:
                path = pathlib.Path(report["current_working_directory"], entry["file"]).resolve()
                if path.is_relative_to(ROOT / "src" / folder):
                    files.setdefault(str(path.relative_to(ROOT)), File()).add(entry["lines"])
    return files


def percent(part, whole):
    return f"{part:5}/{whole:<5} {100 * part / whole if whole else 100:5.1f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--uncovered", action="store_true")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("folders", nargs="+")
    arguments = parser.parse_args()
    files = read(arguments.build, arguments.folders)
    total = [0, 0, 0, 0]
    print(f"{'':34}{'lines':>13}        {'branches':>12}")
    for name in sorted(files):
        counts = files[name].counts()
        total = [a + b for a, b in zip(total, counts)]
        print(f"{name:34}{percent(*counts[:2])}  {percent(*counts[2:])}")
    print(f"{'all':34}{percent(*total[:2])}  {percent(*total[2:])}")
    if not explain(files, arguments.uncovered):
        sys.exit("coverage.py: what has NO REASON above wants a test, or a row in "
                 "tools/coverage_reasons.txt")


main()
