#!/usr/bin/env python3
"""What the real server makes of a disk or a file that is not as it should be: serve_faults.py.

A fault at the start is one clear sentence and exit 1, with the file as it was; a full disk while
it runs is 503, nothing charged, and no restart. Closes with "N passed, N failed, N skipped"."""

import contextlib
import os
import pathlib
import resource
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

from support.books import Books  # noqa: E402  (after the path is known)
from support.http_client import until  # noqa: E402
from support.server import BINARY, LISTENING, Place  # noqa: E402
from support.steps import (ENDPOINT, Report, Scenario, Skip, Stage, act, check_every_answer,  # noqa: E402
                           equal, fail)

START, CATALOG, FULL, LIMIT = [], [], [], []
DISK_BYTES = 8 << 20
CALLS_MAX = 20000  # by then a disk without room must have been met
SAMPLE = {"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}


# ---- At the start ----

@contextlib.contextmanager
def used_ledger():
    """A ledger that has charged, closed cleanly."""
    with Place(SAMPLE) as place:
        key = place.new_key()
        server = place.serve()
        for _ in range(3):
            equal(server.ask(ENDPOINT + "?limit=1", headers={"x-api-key": key}).status, 200, "status")
        server.stop()
        yield Stage(place, key=key)


def refused(stage, says, name="x.db", below=()):
    """serve ends with one sentence that names the file, and leaves the file alone."""
    file = stage.place.folder / name
    before = file.read_bytes() if file.is_file() else None
    result = stage.place.run("serve", "--listen", "127.0.0.1:0", below=below)
    equal(result.status, 1, f"exit of {result!r}")
    if LISTENING.search(result.stdout):
        fail(f"says that it listens: {result!r}")
    for word in [name, *says]:
        if word not in result.stderr:
            fail(f"does not say {word!r}: {result!r}")
    equal(len(result.stderr.strip().splitlines()), 1, f"sentences of {result!r}")
    if before is not None and file.read_bytes() != before:
        fail("the file was changed")


@contextlib.contextmanager
def changed(stage, name="x.db"):
    """The ledger, or another file, to be spoilt; afterwards it is as it was."""
    file = stage.place.folder / name
    kept = stage.place.folder / "kept"
    shutil.copyfile(file, kept)
    try:
        yield file
    finally:
        for ending in ("", "-wal", "-shm"):
            path = stage.place.folder / f"{name}{ending}"
            if path.is_dir():
                path.rmdir()
            path.unlink(missing_ok=True)
        shutil.copyfile(kept, file)


def execute(file, sql, *values):
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute(sql, values)


@act(START, "a ledger of a newer program is refused")
def newer(stage):
    with changed(stage) as file:
        execute(file, "INSERT INTO schema_version (name, version, file) VALUES ('ledger', 9999, '9999_new.sql')")
        refused(stage, ["newer"])


@act(START, "a damaged ledger is refused")
def damaged(stage):
    with changed(stage) as file:
        content = bytearray(file.read_bytes())
        content[4096:] = b"\xa5" * (len(content) - 4096)
        file.write_bytes(content)
        refused(stage, ["damaged: restore it from a backup"])


@act(START, "a journal row that is cut short is refused, by its number")
def cut_row(stage):
    with changed(stage) as file:
        execute(file, "UPDATE journal SET body = substr(body, 1, length(body) - 1) WHERE id = 2")
        refused(stage, ["journal row 2", "restore it from a backup"])


@act(START, "a journal row of another version is refused, by its number")
def row_version(stage):
    with changed(stage) as file:
        execute(file, "UPDATE journal SET body = x'09' WHERE id = 3")
        refused(stage, ["journal row 3", "restore it from a backup"])


@act(START, "a ledger without its fold mark is refused")
def no_mark(stage):
    with changed(stage) as file:
        execute(file, "DELETE FROM fold_mark")
        refused(stage, ["fold mark", "restore it from a backup"])


@act(START, "a folder where the ledger should be is refused")
def folder(stage):
    with changed(stage) as file:
        file.unlink()
        file.mkdir()
        refused(stage, [])


def below_root(stage):
    """Words that begin a program as somebody who owns the place and may read its files, but not all files."""
    if os.geteuid() != 0:
        return ()
    words = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    for path in (stage.place.folder, *stage.place.folder.iterdir()):
        os.chown(path, 65534, 65534)
    if subprocess.run([*words, str(stage.place.binary), "--version"], capture_output=True, check=False).returncode:
        raise Skip(f"root reads every file, and nobody else may run {stage.place.binary}")
    return words


@act(START, "a ledger that may not be read is refused")
def unreadable(stage):
    with changed(stage) as file:
        below = below_root(stage)
        file.chmod(0)
        refused(stage, ["Permission denied"], below=below)
        equal(file.stat().st_mode & 0o777, 0, "mode of the file")


@act(START, "a ledger that was cut short is refused")
def cut_short(stage):
    with changed(stage) as file:
        os.truncate(file, file.stat().st_size // 2 // 4096 * 4096)
        refused(stage, ["damaged: restore it from a backup"])


@act(START, "a file of something else is refused")
def something_else(stage):
    for content in (b"email,plan,name\n" * 1000, b"\x00" * 8192):
        with changed(stage) as file:
            file.write_bytes(content)
            refused(stage, ["is not a database"])


@act(CATALOG, "a catalogue of a newer program is refused")
def newer_catalog(stage):
    with changed(stage, "x.db-catalog") as file:
        execute(file, "INSERT INTO schema_version (name, version, file) VALUES ('catalog', 9999, '9999_new.sql')")
        refused(stage, ["newer"], "x.db-catalog")


@act(CATALOG, "a folder, or something else, where the catalogue should be is refused")
def folder_for_catalog(stage):
    with changed(stage, "x.db-catalog") as file:
        file.unlink()
        file.mkdir()
        refused(stage, [], "x.db-catalog")
    with changed(stage, "x.db-catalog") as file:
        file.write_bytes(b"rank,hashtag\n" * 1000)
        refused(stage, ["is not a database"], "x.db-catalog")


@act(CATALOG, "and with the old one there are answers again")
def catalog_again(stage):
    server = stage.place.serve()
    equal(server.ask(ENDPOINT + "?limit=1", headers={"x-api-key": stage.key}).status, 200, "status")
    server.stop()


@act(START, "the ledger is served again once it is whole, with all its charges")
def whole_again(stage):
    server = stage.place.serve()
    answer = server.ask(ENDPOINT + "?limit=1", headers={"x-api-key": stage.key})
    equal(answer.field("X-Credits-Remaining"), str(1000000000 - 4 * 8), "X-Credits-Remaining")
    server.stop()


# ---- A full disk ----

@contextlib.contextmanager
def small_disk():
    """A server whose ledger lies on a disk of a few megabytes."""
    with Place(SAMPLE) as place:
        disk = place.folder / "disk"
        disk.mkdir()
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "trendgate-test", str(disk)],
                               capture_output=True, check=False) if os.geteuid() == 0 else None
        if mount is None or mount.returncode != 0:
            raise Skip("only root may mount a small disk" if mount is None else mount.stderr.decode())
        try:
            place.database = f"sqlite:{disk}/x.db"
            stage = Stage(place, key=place.new_key())
            stage.server = place.serve()
            yield stage
        finally:
            for server in place.servers:
                server.kill()
            subprocess.run(["umount", str(disk)], check=True)


def fill(disk):
    with open(disk / "filling", "wb", buffering=0) as filling, contextlib.suppress(OSError):
        for size in (65536, 1):
            with contextlib.suppress(OSError):
                while True:
                    filling.write(b"x" * size)


def left_of(answer):
    return int(answer.field("X-Credits-Remaining"))


def ledger_is_ready(stage):
    answer = stage.ask("/ready")
    return answer.status, answer.json()["data"]["components"]["ledger"]["ready"]


def refused_until_well(stage, file, spoil, mend):
    """503 and nothing charged while the ledger cannot be written, then 200 without a restart."""
    answered = [stage.get("?limit=1")]
    spoil()
    count = 0
    while answered[-1].status == 200 and count < CALLS_MAX:
        answered.append(stage.get("?limit=1"))
        count += 1
    refusal = answered.pop()
    for _ in range(3):
        check_every_answer(refusal)
        equal(refusal.status, 503, "status when nothing can be written")
        equal(refusal.json()["data"]["reason"], "overloaded", "reason")
        equal(refusal.field("X-Charge-Id"), None, "X-Charge-Id")
        refusal = stage.get("?limit=1")
    equal(stage.ask("/ping").status, 200, "/ping meanwhile")
    until(lambda: ledger_is_ready(stage) == (503, False), "/ready tells what calls find")
    mend()

    def well_again():
        answer = stage.get("?limit=1")
        return answer.status == 200 and answer
    answered.append(until(well_again, "a 200 after the ledger could be written again"))
    until(lambda: ledger_is_ready(stage) == (200, True), "/ready is well again")
    equal(left_of(answered[-2]) - left_of(answered[-1]), 8, "credits between the last 200 and the next")
    stage.server.stop()
    books = Books(file).read()
    equal(set(books.charges), {answer.field("X-Charge-Id") for answer in answered}, "charges in the journal")


@act(FULL, "a full disk is 503 with nothing charged, and room makes it well without a restart")
def full_disk(stage):
    disk = stage.place.folder / "disk"
    refused_until_well(stage, disk / "x.db", lambda: fill(disk), (disk / "filling").unlink)


# ---- A limit on the size of files, as `ulimit -f` sets it: a write past it raises SIGXFSZ ----

@contextlib.contextmanager
def limited():
    with Place(SAMPLE) as place:
        key = place.new_key()
        yield Stage(place, place.serve(), key)


def limit_files(stage, size):
    resource.prlimit(stage.server.child.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@act(LIMIT, "a limit on files is met like a full disk, and raising it makes it well without a restart")
def limited_files(stage):
    refused_until_well(stage, stage.place.folder / "x.db", lambda: limit_files(stage, 4096),
                       lambda: limit_files(stage, resource.RLIM_INFINITY))


@act(LIMIT, "a limit that leaves no room from the start is one sentence")
def limited_start(stage):
    for blocks in (0, 16):
        below = ("sh", "-c", f'ulimit -S -f {blocks} && exec "$0" "$@"')
        if subprocess.run([*below, BINARY, "--version"], capture_output=True, check=False).returncode != 0:
            raise Skip("this build writes files before it begins, as a sanitizer does")
        refused(stage, [], below=below)
    stage.server = stage.place.serve()
    equal(stage.server.ask(ENDPOINT, headers={"x-api-key": stage.key}).status, 200, "status without the limit")
    stage.server.stop()


def main():
    report = Report()
    for scenario in (Scenario("start", used_ledger, START), Scenario("the catalogue at the start", used_ledger, CATALOG),
                     Scenario("full disk", small_disk, FULL), Scenario("limited files", limited, LIMIT)):
        scenario.play(report)
    print(report.summary())
    return 1 if report.counts["failed"] or not report.counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
