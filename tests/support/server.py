"""Runs the real program: the server as a child that is stopped by SIGTERM to its own pid, and
commands with their three results (exit status, stdout, stderr)."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading

from . import postgres
from .http_client import PATIENCE_S, Connection, until

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("TRENDGATE_BINARY", CHECKOUT / "build/release/trendgate")).resolve()
SHARED = pathlib.Path(os.environ.get("TRENDGATE_SHARED", CHECKOUT.parent / "shared")).resolve()

# Where databases are: in files, or on the server of support/postgres.py.
ON_POSTGRES = os.environ.get("TRENDGATE_TEST_ENGINE") == "postgres"

KEY = re.compile(r"tg_live_[0-9A-Za-z]{36}")
LISTENING = re.compile(r"^listening on http://(127\.0\.0\.1|\[::1\]):([0-9]+)$", re.M)
SANITIZER = re.compile(r"AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:")

# A plan under which tests may ask as much as they like, also once limits are enforced.
ROOMY_PLANS = """\
[plan Roomy]
price_cents = 100
included_credits = 1000000000
daily_credit_cap = 0
rate_limit_per_minute = 1000000
overage = none
overage_cents_per_1000 = 0

[endpoint tiktok-popular-trend-hashtag]
credits = 8
[endpoint tiktok-popular-trend-hashtag-history]
credits = 8
[endpoint tiktok-popular-trend-hashtag-movers]
credits = 8
"""


CHANGING = ("account", "key", "billing")  # commands whose verbs change what nodes know
MEMORY = "/dev/shm"


class Result:
    def __init__(self, arguments, status, stdout, stderr):
        self.arguments = arguments
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    def lines(self):
        return self.stdout.splitlines()

    def __repr__(self):
        return (f"trendgate {' '.join(map(str, self.arguments))}: exit {self.status}\n"
                f"  stdout: {self.stdout[:800]!r}\n  stderr: {self.stderr[:800]!r}")


def environment_of(settings):
    """Only what the program needs, so that the caller's own settings cannot colour a test."""
    kept = {name: os.environ[name] for name in
            ("PATH", "HOME", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS") if name in os.environ}
    kept.update(settings)
    return kept


class Skip(Exception):
    """The step cannot be played here; the message says what is missing."""


def demand_file(why):
    """Skips what is about the file of a ledger, or the socket of the server that owns it."""
    if ON_POSTGRES:
        raise Skip(f"with SQLite alone: {why}")


class Place:
    """A folder of its own with a database, from which commands and servers are run."""

    def __init__(self, settings=None, plans=ROOMY_PLANS, clock=None, in_memory=False):
        """clock: a support.clock.Clock that all programs run here go by. in_memory: where the machine lets us, the
        folder is of memory, for those who write thousands of times and are not about the disk."""
        above = MEMORY if in_memory and os.access(MEMORY, os.W_OK) else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="trendgate-test-", dir=above))
        self.binary = clock.binary if clock else BINARY
        self.settings = {**(settings or {}), **(clock.settings if clock else {})}
        # Nobody pays here, and clocks run for months: only those who are about that are refused for it.
        self.settings.setdefault("TRENDGATE_PAYMENT_GRACE_DAYS", "-1")
        self.servers, self.databases = [], []
        self.database = self.new_database("x")
        if plans is not None:
            self.write("plans.ini", plans)
            self.settings.setdefault("TRENDGATE_PLANS", str(self.folder / "plans.ini"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
        for address in self.databases:
            postgres.drop_database(address)
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self, name):
        """Where one may be made that is not there yet, for --database."""
        if not ON_POSTGRES:
            return f"sqlite:{self.folder}/{name}.db"
        self.databases.append(postgres.make_database())
        return self.databases[-1]

    @property
    def catalogue_name(self):
        """What sentences call it."""
        return "schema catalog" if ON_POSTGRES else "x.db-catalog"

    def catalogue(self, sql):
        """What a statement answers that runs past the program: a list of lists of texts."""
        return self._rows(sql, "catalog", "x.db-catalog")

    def ledger(self, sql):
        return self._rows(sql, "ledger", "x.db")

    def ledger_dump(self):
        """All that it holds, as SQL."""
        if ON_POSTGRES:
            return postgres.dump(self.database)
        with contextlib.closing(sqlite3.connect(self.folder / "x.db")) as database:
            return "".join(database.iterdump())

    def _rows(self, sql, schema, name):
        if ON_POSTGRES:
            return postgres.rows(self.database, sql, schema)
        with contextlib.closing(sqlite3.connect(self.folder / name)) as database, database:
            return [[str(value) for value in row] for row in database.execute(sql)]

    def books_agree(self):
        """`audit` finds no sum that differs."""
        self.succeed("audit")

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    def run(self, *arguments, settings=None, database=True, stdin=b"", binary_output=False, below=(), follows=True):
        """Runs one command to its end. database=False leaves the --database option away; below is for serve;
        follows=False: nodes may not know yet what it changed."""
        if arguments[:1] == ("serve",) and "--help" not in arguments:
            return self.run_refused_server(arguments, settings, database, below)
        words = [str(word) for word in arguments]
        if database:
            words += ["--database", self.database]
        environment = environment_of({**self.settings, **(settings or {})})
        done = subprocess.run([str(self.binary), *words], input=stdin, capture_output=True, cwd=self.folder,
                              env=environment, timeout=PATIENCE_S * 4, check=False)
        stdout = done.stdout if binary_output else done.stdout.decode("utf-8")
        result = Result(arguments, done.returncode, stdout, done.stderr.decode("utf-8", "replace"))
        if SANITIZER.search(result.stderr):
            raise AssertionError(f"the sanitizer speaks: {result!r}\n{result.stderr}")
        if follows and result.status == 0 and arguments[0] in CHANGING:
            self.await_nodes()
        return result

    def run_refused_server(self, arguments, settings, database, below):
        """A serve that should end by itself: one that listens instead is stopped and is a failure."""
        server = Server(self, arguments[1:], settings or {}, None, database, below)
        self.servers.append(server)
        until(lambda: server.child.poll() is not None or "listening on" in server.stdout, f"{arguments} ends")
        listens = server.child.poll() is None
        if listens:
            server.signal(signal.SIGTERM)
        result = Result(arguments, server.wait(), server.stdout, server.stderr)
        assert not listens, f"should have been refused, and listens: {result!r}"
        return result

    def succeed(self, *arguments, **options):
        result = self.run(*arguments, **options)
        assert result.status == 0, f"should have worked: {result!r}"
        return result

    def refuse(self, *arguments, status=1, **options):
        result = self.run(*arguments, **options)
        assert result.status == status, f"should have been refused with exit {status}: {result!r}"
        assert result.stderr.strip(), f"a refusal needs a sentence on stderr: {result!r}"
        return result

    def new_key(self, email="test@example.com", plan="Roomy"):
        """Makes an account and returns its first key."""
        extra = ["--plan", plan] if plan else []
        result = self.succeed("account", "create", email, *extra)
        assert len(result.lines()) == 1 and KEY.fullmatch(result.lines()[0]), repr(result)
        return result.lines()[0]

    def await_nodes(self):
        """Until all of them know what a command changed; where the one server of a file runs it, it does already."""
        count = sum(1 for server in self.servers if server.port and server.child.poll() is None)
        if ON_POSTGRES and count:
            since = postgres.last_commit(self.database)
            until(lambda: postgres.followers(self.database, since) >= count, "all nodes follow")

    def serve(self, *arguments, settings=None, listen="127.0.0.1:0", below=()):
        """below: words of a program that begins the server, such as a shell that sets a limit."""
        server = Server(self, arguments, settings or {}, listen, below=below)
        self.servers.append(server)
        return server.wait_until_listening()


class Server:
    def __init__(self, place, arguments, settings, listen, database=True, below=()):
        self.place = place
        self.stdout, self.stderr = "", ""
        self.port = None
        environment = environment_of({**place.settings, **settings})
        words = ["serve", *map(str, arguments)] + (["--database", place.database] if database else [])
        if listen:
            words += ["--listen", listen]
        self.child = subprocess.Popen([*below, str(place.binary), *words], cwd=place.folder, env=environment,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.readers = [threading.Thread(target=self._read, args=(name,), daemon=True)
                        for name in ("stdout", "stderr")]
        for reader in self.readers:
            reader.start()

    def _read(self, name):
        pipe = getattr(self.child, name)
        while piece := os.read(pipe.fileno(), 65536):
            setattr(self, name, getattr(self, name) + piece.decode("utf-8", "replace"))
        pipe.close()

    def wait_until_listening(self):
        def listening():
            if self.child.poll() is not None:
                for reader in self.readers:
                    reader.join(PATIENCE_S)
                raise AssertionError(f"serve ended with {self.child.returncode}: "
                                     f"{self.stdout[:800]!r} {self.stderr[:2000]!r}")
            return LISTENING.search(self.stdout)
        match = until(listening, "serve prints 'listening on http://127.0.0.1:PORT'")
        self.port = int(match[2])
        return self

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def connect(self, **options):
        return Connection(self.address, **options)

    def ask(self, target, method="GET", headers=(), body=None):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.ask(target, method, headers, body)

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, patience=PATIENCE_S * 2):
        try:
            status = self.child.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server did not end within {patience} s: {self.stderr[-2000:]}") from None
        for reader in self.readers:
            reader.join(PATIENCE_S)
        if SANITIZER.search(self.stderr):
            raise AssertionError(f"the sanitizer speaks:\n{self.stderr}")
        return status

    def stop(self):
        """SIGTERM, and nothing less than a clean end."""
        if self.child.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait()
        assert status == 0, f"serve ended with {status}: {self.stderr[-2000:]}"

    def kill(self):
        """For clean-up only, when a test has failed already."""
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
