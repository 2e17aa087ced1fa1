#!/usr/bin/env python3
"""Runs the tests and counts test cases, not programs.

usage: run_tests.py [--unit BUILD_DIR] [--binary PROGRAM] [--timeout-factor N] [--full]
                    [--mutants N] [NAME...]

--unit    the unit tests of that build directory, by `meson test`
--binary  the Python programs of tests/ and tools/ against that trendgate, and *.test.mjs of tests/node and tests/browser
--full    the long tests at their whole length, not a sample of them, and all scenario files on both engines
--mutants so many of tests/mutants, or all of them; see run_mutants.py

One PostgreSQL server serves the whole run (tests/support/postgres.py); where it is not installed, what
needs it is skipped. Programs run side by side, as many as there are processors, and beside them, from the beginning on, one of
those that drive a browser; each is told when it is over.

Each NAME keeps what has it in its name, as printed. A Python program ends its output with
"N passed, N failed, N skipped"; so does this one, with the sums; those of Node end in TAP's. Exit 1 if a case failed, if a
program ended without its last line, or if nothing ran.
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

# Scenario files that are played on a server too; with --full all of them are.
ON_POSTGRES = ("cluster", "storm", "failover", "spread", "billing", "history", "waiting")
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support import postgres
CLOCK_PROGRAM = "tests/support/trendgate-clock"  # the program with a clock that tests move
NODE_FOLDERS = ("node", "browser")
AT_ONCE = (os.cpu_count() or 1) + 1  # many wait for a disk or a clock
# What node --test closes its TAP with.
NODE_SUM = re.compile(r"^# (pass|fail|cancelled|skipped) (\d+)$", re.M)
NODE_SKIPPED = re.compile(r"^ *ok \d+ - (.*?) # SKIP", re.M)
SUMMARY = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped")
TAP_PLAN = re.compile(r"^1\.\.(\d+)", re.M)
# cmocka 1.1.5 writes a skipped test as "not ok 3 # SKIP name".
TAP_LINE = re.compile(r"^(ok|not ok) \d+(?: - | # SKIP )(.*)$", re.M)


class Counts:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed, failed, skipped):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_unit_test(log):
    """(passed, failed, names of skipped) of one executable, from what meson logged of it."""
    output = log.get("stdout") or ""
    good = log["result"] == "OK"
    planned = TAP_PLAN.search(output)
    if not planned:
        return (1, 0, []) if good else (0, 1, [])
    passed = failed = 0
    skipped = []
    for match in TAP_LINE.finditer(output):
        if " # SKIP " in match[0]:
            skipped.append(match[2])
        elif match[1] == "ok":
            passed += 1
        else:
            failed += 1
    # A crash takes the cases after it along; a bad exit with no bad case is one more failure.
    failed += max(0, int(planned[1]) - passed - failed - len(skipped))
    return passed, failed if good or failed else 1, skipped


def run_unit_tests(build, names, factor, total):
    listed = subprocess.run(["meson", "introspect", "--tests", str(build)], cwd=ROOT, text=True,
                            capture_output=True, check=True)
    wanted = [test["name"] for test in json.loads(listed.stdout) if is_wanted(test["name"], names)]
    if not wanted:
        return
    environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    subprocess.run(["meson", "test", "-C", str(build), "--no-rebuild", "--quiet", "-t", str(factor),
                    "--num-processes", str(AT_ONCE), *wanted], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    log = (build / "meson-logs" / "testlog.json").read_text(encoding="utf-8")
    logs = {entry["name"]: entry for entry in map(json.loads, log.splitlines())}
    for name in wanted:
        # meson writes "project:suite / name" for a test that has a suite.
        entry = next((logs[key] for key in logs if key.split(" / ")[-1] == name), None)
        if entry is None:
            entry = {"result": "ERROR", "stderr": "meson did not run it"}
        passed, failed, skipped = count_unit_test(entry)
        total.add(passed, failed, len(skipped))
        report(name, passed, failed, skipped, entry.get("duration", 0.0))
        if failed:
            print(f"    {entry['result']}, exit {entry.get('returncode')}")
            show((entry.get("stdout") or "") + (entry.get("stderr") or ""))


def report(name, passed, failed, skipped, seconds):
    verdict = "FAILED" if failed else "ok"
    print(f"{verdict:6}  {name}: {passed} of {passed + failed} in {seconds:.1f} s", flush=True)
    for case in skipped:
        print(f"skip    {name}: {case}", flush=True)


def show(output):
    for line in output.splitlines()[-60:]:
        print("    " + line)


def programs(arguments):
    """(name, command) of each; long ones first, so that none of them is left alone at the end."""
    python = [sys.executable]
    scenarios = sorted(path.stem for path in (ROOT / "tests" / "scenario").glob("*.py") if path.stem != "run")
    if postgres.VARIABLE in os.environ:
        for name in sorted(scenarios, key=lambda name: name not in ON_POSTGRES) if arguments.full else ON_POSTGRES:
            yield f"scenario_postgres/{name}", [*python, "tests/scenario/run.py", "--engine", "postgres", name]
        yield "property_postgres/hashtag_requests", [*python, "tests/property/hashtag_requests.py", "--engine", "postgres",
                                                     "--requests", "800", "--sample-requests", "200"]
    if arguments.mutants and arguments.unit:
        yield "mutants", [*python, "tools/run_mutants.py", "--build", str(arguments.unit.resolve()),
                          *([] if arguments.mutants == "all" else ["--sample", arguments.mutants])]
    for folder in ("crash", "property"):
        for path in sorted((ROOT / "tests" / folder).glob("*.py")):
            yield f"{folder}/{path.stem}", [*python, str(path)]
    for name in scenarios:
        yield f"scenario/{name}", [*python, "tests/scenario/run.py", name]
    for folder in NODE_FOLDERS:
        for path in sorted((ROOT / "tests" / folder).glob("*.test.mjs")):
            yield (f"{folder}/{path.name.removesuffix('.test.mjs')}",
                   ["node", "--test", "--test-reporter=tap", str(path)])
    yield "tidy/rules", [*python, "tools/tidy.py", "--self-test"]
    yield "tidy/tree", [*python, "tools/tidy.py"]


running = set()


def run_program(words, environment):
    """(exit code, output, seconds)."""
    began = time.monotonic()
    with subprocess.Popen(words, cwd=ROOT, env=environment, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        running.add(child)
        output, _ = child.communicate()
        running.discard(child)
    return child.returncode, output, time.monotonic() - began


def add_program(name, code, output, seconds, total):
    *lines, last = output.splitlines() or [""]
    summary = SUMMARY.fullmatch(last.strip())
    passed, failed, skipped = map(int, summary.groups()) if summary else (0, 1, 0)
    if code != 0 and failed == 0:
        failed = 1
    for line in lines if summary else [*lines, last]:
        print(f"    {line}")
    if not summary:
        print(f"    {name} ended with {code} and without its last line")
    total.add(passed, failed, skipped)
    report(name, passed, failed, [], seconds)


def add_node_tests(name, code, output, seconds, total):
    sums = {word: int(count) for word, count in NODE_SUM.findall(output)}
    failed = sums.get("fail", 0) + sums.get("cancelled", 0)
    if not sums or (code != 0 and failed == 0):
        failed += 1
    skipped = NODE_SKIPPED.findall(output)
    total.add(sums.get("pass", 0), failed, len(skipped))
    report(name, sums.get("pass", 0), failed, skipped, seconds)
    if failed:
        show(output)


def run_all(arguments, total):
    """One browser drives its programs from the beginning on, beside all others."""
    environment = dict(os.environ, TRENDGATE_TEST_FULL="1" if arguments.full else "0")
    if arguments.binary:
        environment["TRENDGATE_BINARY"] = str(arguments.binary.resolve())
    if arguments.unit:
        environment["TRENDGATE_CLOCK_BINARY"] = str(arguments.unit.resolve() / CLOCK_PROGRAM)
    pool, browsers = (concurrent.futures.ThreadPoolExecutor(count) for count in (AT_ONCE - 1, 1))
    asked = {}

    def ask(executor, is_for):
        for name, words in programs(arguments):
            if is_for(name) and is_wanted(name, arguments.names):
                asked[executor.submit(run_program, words, environment)] = name
    try:
        if arguments.binary:
            ask(browsers, needs_browser)
        if arguments.unit:
            run_unit_tests(arguments.unit.resolve(), arguments.names, arguments.timeout_factor, total)
        if arguments.binary:
            ask(pool, lambda name: not needs_browser(name))
        for done in concurrent.futures.as_completed(asked):
            name = asked[done]
            add = add_node_tests if name.split("/")[0] in NODE_FOLDERS else add_program
            add(name, *done.result(), total)
    finally:
        for each in (pool, browsers):
            each.shutdown(wait=False, cancel_futures=True)
        for child in list(running):
            child.terminate()


def needs_browser(name):
    return "browser" in name


def is_wanted(name, names):
    return not names or any(part in name for part in names)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--unit", type=pathlib.Path)
    parser.add_argument("--binary", type=pathlib.Path)
    parser.add_argument("--timeout-factor", type=int, default=4)  # a machine that is several times slower
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--mutants")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what runs is ended, and the server
    total = Counts()
    with postgres_server():
        run_all(arguments, total)
    print(total)
    sys.exit(1 if total.failed or not total.passed else 0)


@contextlib.contextmanager
def postgres_server():
    """Tells all tests of a server, unless somebody told them of another one."""
    if postgres.VARIABLE in os.environ:
        yield
    elif not postgres.is_installed():
        print("skip    PostgreSQL is not installed, and what needs it is left out", flush=True)
        yield
    else:
        with postgres.Server() as server:
            os.environ[postgres.VARIABLE] = server.address
            yield


main()
