"""A PostgreSQL server of the tests' own, and databases on it.

The server keeps its files in a temporary folder and listens on a socket in there alone. PostgreSQL
refuses to run as root: then it runs as the user postgres, whom Debian's package brings along. Its
address, of the database "postgres", is handed on in TRENDGATE_TEST_POSTGRES; whoever finds that unset
has no server and skips aloud.
"""
import contextlib
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

VARIABLE = "TRENDGATE_TEST_POSTGRES"
PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
USER = "postgres"
START_SECONDS = 60
STOP_SECONDS = 30
# Nothing of it outlives the run: it need not survive a power failure.
OPTIONS = {"listen_addresses": "", "fsync": "off", "max_connections": "200", "shared_buffers": "64MB",
           "log_min_messages": "fatal", "autovacuum": "off", "track_commit_timestamp": "on"}


numbers = itertools.count(1)


def is_installed():
    return (PROGRAMS / "postgres").exists()


def make_database():
    """The address of an empty one on the server of the run."""
    server, name = os.environ[VARIABLE], f"place_{os.getpid()}_{next(numbers)}"
    rows(server, f"CREATE DATABASE {name}")
    return f"{server.rpartition('/')[0]}/{name}"


def with_standby(address, standby):
    """The address of a database, on its server or on the standby, whichever takes writes."""
    server, _, name = address.rpartition("/")
    return f"{server},{urllib.parse.quote(str(standby.folder), safe='')}/{name}"


def drop_database(address):
    server, _, name = address.rpartition("/")
    rows(f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


def rows(address, sql, schema="public"):
    """What a statement answers: a list of lists of texts."""
    done = subprocess.run([PROGRAMS / "psql", "--no-psqlrc", "-qtA", "-F\t", "-v", "ON_ERROR_STOP=1", "-c", sql, address],
                          env={**os.environ, "PGOPTIONS": f"-c search_path={schema}"}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{sql}: {done.stderr}")
    return [line.split("\t") for line in done.stdout.splitlines()]


@contextlib.contextmanager
def of_its_own(**options):
    """A server that a test may end: databases are made on it meanwhile."""
    before = os.environ[VARIABLE]
    with Server(**options) as server:
        os.environ[VARIABLE] = server.address
        try:
            yield server
        finally:
            os.environ[VARIABLE] = before


def dump(address):
    return subprocess.run([PROGRAMS / "pg_dump", address], capture_output=True, text=True, check=True).stdout


class Session:
    """One that stays open. RuntimeError: the server lets nobody in."""

    def __init__(self, address):
        self.process = subprocess.Popen([PROGRAMS / "psql", "--no-psqlrc", "-qtA", address], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            self.ask("SELECT 1")
        except OSError as failure:
            self.end()
            raise RuntimeError(f"no session at {address}") from failure

    def ask(self, sql):
        """The first column of the one row."""
        self.process.stdin.write(f"{sql};\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise BrokenPipeError(sql)
        return line.rstrip("\n")

    def end(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def holding(address, sql, schema="public"):
    """What a statement has locked stays so meanwhile."""
    with subprocess.Popen([PROGRAMS / "psql", "--no-psqlrc", "-qtA", "-v", "ON_ERROR_STOP=1", address],
                          env={**os.environ, "PGOPTIONS": f"-c search_path={schema}"}, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as session:
        session.stdin.write(f"BEGIN; {sql}; SELECT 'held';\n")
        session.stdin.flush()
        assert session.stdout.readline() == "held\n", sql
        try:
            yield
        finally:
            session.stdin.close()


# A node has read what others changed when its last statement was of that kind, and is over.
FOLLOWED = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'
    AND query LIKE '%FROM audit_event%' AND query_start > '{since}'
    AND state_change < clock_timestamp() - interval '50 milliseconds'"""


def last_commit(address):
    return rows(address, "SELECT timestamp FROM pg_last_committed_xact()")[0][0]


def followers(address, since):
    """How many nodes have looked for changes after that commit."""
    return int(rows(address, FOLLOWED.format(since=since))[0][0])


def _signal(pid, number):
    """A child of a server that stands still stays its child, also when it has ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _await_stopped(pid):
    while pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "T":
        os.sched_yield()


def _await_gone(pids):
    """One that is left would still have the shared memory, and no other server begins then."""
    for _ in range(STOP_SECONDS * 100):
        if not any(os.access(f"/proc/{pid}/exe", os.F_OK) for pid in pids):
            return
        time.sleep(0.01)
    raise RuntimeError(f"killed processes did not end in {STOP_SECONDS} s")


class Server:
    """with Server() as server: server.address is where it listens. options: settings, beside OPTIONS."""

    def __init__(self, **options):
        self.options = {**OPTIONS, **options}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="trendgate-postgres-"))
        self.account = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam(USER)
            self.account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.server = None

    @property
    def address(self):
        return f"postgresql://{USER}@{urllib.parse.quote(str(self.folder), safe='')}/postgres"

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.server:
            self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self):
        data = self.folder / "data"
        self._run("initdb", "-D", data, "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C",
                  "--no-sync", "--no-instructions")
        self.begin()

    def begin(self):
        """After crash(); waits until it takes connections."""
        data = self.folder / "data"
        words = [f"-c{name}={value}" for name, value in self.options.items()]
        # In a session of its own: Ctrl-C is for this program, which then stops the server.
        self.server = subprocess.Popen(
            [PROGRAMS / "postgres", "-D", data, "-k", self.folder, *words], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("w", encoding="utf-8"), start_new_session=True, **self.account)
        self._await(data / "postmaster.pid")

    def _await(self, told):
        """The server writes how it stands into its pid file."""
        for _ in range(START_SECONDS * 10):
            if self.server.poll() is not None:
                raise RuntimeError("PostgreSQL ended: " + (self.folder / "log").read_text(encoding="utf-8"))
            lines = told.read_text(encoding="utf-8").split("\n") if told.exists() else []
            if len(lines) > 7 and lines[0] == str(self.server.pid) and lines[7].strip() in ("ready", "standby"):
                return
            try:
                self.server.wait(0.1)
            except subprocess.TimeoutExpired:
                pass
        raise RuntimeError(f"PostgreSQL did not start in {START_SECONDS} s")

    def crash(self):
        """Ends it at once, as `pg_ctl stop -m immediate` does: what it has committed, it finds again."""
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(STOP_SECONDS)

    def _stop_all(self):
        """The processes, none of which does anything from now on."""
        stopped = [self.server.pid]
        os.kill(self.server.pid, signal.SIGSTOP)  # no child is made from now on
        _await_stopped(self.server.pid)
        stopped += map(int, pathlib.Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text(
            encoding="ascii").split())
        for pid in stopped[1:]:
            _signal(pid, signal.SIGSTOP)
        return stopped

    @contextlib.contextmanager
    def standing_still(self):
        """None of its processes does anything meanwhile; all go on afterwards."""
        stopped = self._stop_all()
        try:
            yield
        finally:
            for pid in reversed(stopped):
                _signal(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def crashing(self):
        """The same, but all are killed and begun again afterwards: what was sent to them meanwhile is lost."""
        stopped = self._stop_all()
        try:
            yield
        finally:
            for pid in reversed(stopped):
                _signal(pid, signal.SIGKILL)
            self.server.wait(STOP_SECONDS)
            _await_gone(stopped)
        self.begin()

    def _stop(self):
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self.server.send_signal(sign)
            try:
                self.server.wait(STOP_SECONDS)
                return
            except subprocess.TimeoutExpired:
                continue

    def _run(self, program, *words):
        done = subprocess.run([PROGRAMS / program, *words], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              **self.account)
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout}")


class Standby(Server):
    """What it follows commits nothing that it has not."""

    def __init__(self, primary):
        super().__init__()
        self.primary = primary

    def _start(self):
        self._run("pg_basebackup", "-D", self.folder / "data", "-h", self.primary.folder, "-U", USER, "-R", "-X", "stream",
                  "-c", "fast", "--no-sync")
        self.begin()
        self._primary_is_told("SET synchronous_standby_names = '*'")

    def _primary_is_told(self, setting):
        rows(self.primary.address, f"ALTER SYSTEM {setting}")
        rows(self.primary.address, "SELECT pg_reload_conf()")

    def __exit__(self, *_):
        if self.primary.server.poll() is None:
            self._primary_is_told("RESET synchronous_standby_names")
        super().__exit__()

    def promote(self):
        """Waits until it takes writes."""
        rows(self.address, "ALTER SYSTEM RESET synchronous_standby_names")
        rows(self.address, "SELECT pg_promote()")
