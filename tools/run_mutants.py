#!/usr/bin/env python3
"""Takes guards out of the program and demands that a test notices.

usage: run_mutants.py --build BUILD_DIR [--sample N] [NAME...]

Each tests/mutants/*.patch names an invariant, the guard that it removes and the test that must
fail without it:

    Invariant: 2, no 60 seconds hold more calls than the plan allows
    Guard: what the journal tells of the last minute is put back at start
    Test: crash/deaths a_killed_process_loses_nothing

Test is a unit or crash test as meson calls it, with the name of its case, or a Python program of
tests/ with its arguments. The tree and BUILD_DIR, which must be complete, are copied to a
temporary folder, so that each patch builds only what it touches. A patch is applied by its
lines, wherever they stand, so that it outlives changes around it; one that no longer applies is a
failure. --sample runs N of them, others each day. A test that ends in _on_postgres, is one of
ledger_postgres/ or ledger_spread/, or has --engine postgres, needs the server of TRENDGATE_TEST_POSTGRES and is skipped without. Closes with "N passed, N failed, N skipped"."""

import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MUTANTS = ROOT / "tests" / "mutants"
NOT_COPIED = shutil.ignore_patterns(".git", "build", "var", "__pycache__", "node_modules")
TEST_TIMEOUT_S = 300
PROGRAMS = ("trendgate", "tests/support/trendgate-clock")  # what the Python tests run
FACTS = ("Invariant", "Guard", "Test")


class Mutant:
    def __init__(self, name, source):
        self.name = name
        self.facts, self.hunks = {}, []
        file = None
        for line in source.split("\n"):
            if line.startswith("+++ "):
                file = re.sub(r"^b/", "", line[4:].strip())
            elif line.startswith("@@"):
                self.hunks.append((file, [], []))
            elif self.hunks and not line.startswith("--- "):
                self._add(line)
            elif (fact := re.match(r"(\w+): (.+)", line)):
                self.facts[fact[1]] = fact[2]
        for fact in FACTS:
            if fact not in self.facts:
                raise ValueError(f"{name} has no line '{fact}: ...'")

    def _add(self, line):
        _, old, new = self.hunks[-1]
        if line[:1] in (" ", "-"):
            old.append(line[1:])
        if line[:1] in (" ", "+"):
            new.append(line[1:])

    def misfits(self, tree):
        """A sentence for each hunk that does not apply to the tree."""
        for file, old, _ in self.hunks:
            path = tree / file
            count = path.read_text(encoding="utf-8").count("\n".join(old)) if path.exists() else 0
            if count != 1:
                yield f"does not apply: {file} has its lines {count} times"

    def apply(self, tree):
        """Returns {path: content before}."""
        for misfit in self.misfits(tree):
            raise ValueError(misfit)
        before = {}
        for file, old, new in self.hunks:
            path = tree / file
            content = path.read_text(encoding="utf-8")
            before.setdefault(path, content)
            path.write_text(content.replace("\n".join(old), "\n".join(new)), encoding="utf-8")
        return before


class Tree:
    """A copy of the sources with a build directory of its own."""

    def __init__(self, folder, build):
        self.path = folder / "tree"
        shutil.copytree(ROOT, self.path, ignore=NOT_COPIED, symlinks=True)
        self.build = self.path / "build" / "mutants"
        shutil.copytree(build, self.build, symlinks=True)
        # The shared reference files are looked for beside the checkout.
        shared = os.environ.get("TRENDGATE_SHARED", str(ROOT.parent / "shared"))
        self.environment = dict(os.environ, TRENDGATE_SHARED=shared, CMOCKA_MESSAGE_OUTPUT="TAP",
                                TRENDGATE_BINARY=str(self.build / PROGRAMS[0]),
                                TRENDGATE_CLOCK_BINARY=str(self.build / PROGRAMS[1]))
        self.passing = {}
        listed = subprocess.run(["meson", "introspect", "--tests", str(build)], text=True, capture_output=True,
                                check=True)
        self.tests = {test["name"]: (pathlib.Path(test["cmd"][0]).relative_to(build), test["env"])
                      for test in json.loads(listed.stdout) if test["cmd"][0].startswith(str(build))}

    def restore(self, before):
        for path, content in before.items():
            path.write_text(content, encoding="utf-8")

    def words_of(self, test):
        """(what to build, the command, the case that must fail or None, its environment beside the tree's)."""
        name, *arguments = test.split()
        if name.endswith(".py"):
            return PROGRAMS, [sys.executable, name, *arguments], None, {}
        program, environment = self.tests[name]
        return [str(program)], [str(self.build / program), *arguments], arguments[0], environment

    def run(self, test):
        """(done, the case that must fail, None) or (None, None, why it could not be run)."""
        targets, words, case, environment = self.words_of(test)
        built = subprocess.run(["ninja", "-C", str(self.build), *targets], text=True, capture_output=True, check=False)
        if built.returncode != 0:
            return None, None, f"does not build:\n{built.stdout[-2000:]}"
        try:
            done = subprocess.run(words, cwd=self.path, env={**self.environment, **environment}, text=True,
                                  errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=TEST_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            return None, None, f"the test did not end within {TEST_TIMEOUT_S} s"
        return done, case, None

    def is_noticed(self, test):
        """(whether the test fails as it must, what was seen)."""
        done, case, fault = self.run(test)
        return (False, fault) if fault else (failed_so(done, case), seen_of(done))

    def passes(self, test):
        """The same with every guard in place: a test that fails anyway proves nothing."""
        if test not in self.passing:
            done, _, fault = self.run(test)
            self.passing[test] = (False, f"without any change: {fault or seen_of(done)}") \
                if fault or done.returncode != 0 else (True, None)
        return self.passing[test]


def seen_of(done):
    return f"exit {done.returncode}:\n{done.stdout[-2000:]}"


def failed_so(done, case):
    """A program that cannot even start proves nothing: the very case must have failed, or a
    check() of the product must have ended it."""
    if case is None:
        return re.search(r"^FAIL ", done.stdout, re.M) is not None
    failed = re.search(rf"^not ok \d+ - {re.escape(case)}$", done.stdout, re.M) is not None
    return failed or done.returncode < 0


def try_one(mutant, tree):
    before = {}
    try:
        noticed, seen = tree.passes(mutant.facts["Test"])
        if noticed:
            before = mutant.apply(tree.path)
            noticed, seen = tree.is_noticed(mutant.facts["Test"])
    except (ValueError, KeyError) as fault:
        noticed, seen = False, str(fault)
    finally:
        tree.restore(before)
    return noticed, seen


def chosen(mutants, names, sample):
    if names:
        mutants = [mutant for mutant in mutants if any(name in mutant.name for name in names)]
    if not sample or sample >= len(mutants):
        return mutants
    first = datetime.date.today().toordinal() * sample
    return [mutants[(first + i) % len(mutants)] for i in range(sample)]


def needs_server(test):
    return test.endswith("_on_postgres") or test.startswith(("ledger_postgres/", "ledger_spread/")) or "--engine postgres" in test


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    all_mutants = [Mutant(path.stem, path.read_text(encoding="utf-8")) for path in sorted(MUTANTS.glob("*.patch"))]
    mutants = chosen(all_mutants, arguments.names, arguments.sample)
    skipped = [] if os.environ.get("TRENDGATE_TEST_POSTGRES") else \
        [mutant for mutant in mutants if needs_server(mutant.facts["Test"])]
    for mutant in skipped:
        print(f"skip    {mutant.name}: there is no PostgreSQL server for its test", flush=True)
    mutants = [mutant for mutant in mutants if mutant not in skipped]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="trendgate-mutants-") as folder:
        tree = Tree(pathlib.Path(folder), arguments.build.resolve())
        for mutant in mutants:
            began = time.monotonic()
            noticed, seen = try_one(mutant, tree)
            verdict = "noticed" if noticed else "MISSED "
            print(f"{verdict} {mutant.name} by {mutant.facts['Test']} in {time.monotonic() - began:.1f} s", flush=True)
            if not noticed:
                failed += 1
                print("    " + seen.replace("\n", "\n    "), flush=True)
    print(f"{len(mutants) - failed} passed, {failed} failed, {len(skipped)} skipped")
    sys.exit(1 if failed or not mutants else 0)


if __name__ == "__main__":
    main()
