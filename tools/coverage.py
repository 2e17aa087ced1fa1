#!/usr/bin/env python3
"""Prints how much of each source file the tests have run: lines and branches.

usage: coverage.py BUILD_DIR FOLDER...

BUILD_DIR was built by meson with -Db_coverage=true and its tests have run. FOLDERs are folders of
src/. --uncovered lists, after the table, each line with a branch that was never taken.
"""
import argparse
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


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

    def add(self, lines):
        for line in lines:
            number = line["line_number"]
            self.lines[number] = self.lines.get(number, 0) + line["count"]
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
        for number in sorted(self.lines):
            never = self.branches.get(number, []).count(0)
            if self.lines[number] == 0 or never:
                yield number, "never run" if self.lines[number] == 0 else f"{never} ways never taken"


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
    if arguments.uncovered:
        for name in sorted(files):
            for number, what in files[name].uncovered():
                print(f"{name}:{number}: {what}")


main()
