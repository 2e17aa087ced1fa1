"""Many at once: cold lists, imports under readers, commands side by side, a stop in the middle."""

import contextlib
import json
import signal
import socket
import threading
import time

from support.http_client import Closed, Malformed, request_bytes, until
from support.lists import DAY, as_bare_list, options_of, sample_list
from support.reference import COUNTRIES, check_success
from support.server import PATIENCE_S, Place, demand_file
from support.steps import ENDPOINT, Scenario, Stage, act, equal, fail, served

COLD, PUBLISHING, COMMANDS, ALONE, STUCK, FULL, FILES = [], [], [], [], [], [], []


def at_once(functions):
    """Runs them in threads of their own; the first failure is raised here."""
    failures, results = [], [None] * len(functions)

    def run(number, function):
        try:
            results[number] = function()
        except BaseException as failure:  # carried over to the step's thread
            failures.append(failure)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results


@act(COLD, "40 connections ask for one cold list at once: all get it, the same bytes")
def one_cold_list(stage):
    connections = [stage.server.connect() for _ in range(40)]
    wire = request_bytes(f"{ENDPOINT}?country_code=NZ&limit=100&period=30",
                         headers={"x-api-key": stage.key, "X-Request-Id": "same"})
    for connection in connections:
        connection.send(wire)
    bodies = {connection.receive().body for connection in connections}
    for connection in connections:
        connection.close()
    equal(len(bodies), 1, "different bodies")
    equal(json.loads(bodies.pop())["code"], 200, "code")


@act(COLD, "every country's cold list at once, plain and gzip")
def all_cold_lists(stage):
    pairs = []
    for number, country in enumerate(COUNTRIES):
        connection = stage.server.connect()
        headers = {"x-api-key": stage.key, **({"Accept-Encoding": "gzip"} if number % 2 else {})}
        connection.send(request_bytes(f"{ENDPOINT}?country_code={country}&limit=100&period=120", headers=headers))
        pairs.append((country, connection))
    for country, connection in pairs:
        answer = connection.receive()
        equal(answer.status, 200, f"status for {country}")
        if answer.field("Content-Encoding") is None:
            check_success(answer, 120, country)
        connection.close()


@act(COLD, "2,000 pipelined requests are answered in order")
def long_pipeline(stage):
    count = 2000
    with stage.server.connect() as connection:
        wire = b"".join(request_bytes("/ping", headers={"X-Request-Id": f"p{number}"}) for number in range(count))
        sender = threading.Thread(target=connection.send, args=(wire,))
        sender.start()
        for number in range(count):
            equal(connection.receive().field("X-Request-Id"), f"p{number}", "order")
        sender.join()


@act(COLD, "SIGTERM while cold lists are being made: each call gets a whole answer, or none at all")
def stop_while_cold(stage):
    connections = []
    for country in list(COUNTRIES)[:48]:
        connection = stage.server.connect()
        connection.send(request_bytes(f"{ENDPOINT}?country_code={country}&limit=100",
                                      headers={"x-api-key": stage.key}))
        connections.append(connection)
    stage.server.signal(signal.SIGTERM)
    whole = 0
    for connection in connections:
        try:
            answer = connection.receive()
            equal(answer.status, 200, "status")
            check_success(answer)
            connection.assert_closed()
            whole += 1
        except Closed:
            if connection.unread:
                fail(f"cut in a head: {connection.unread[:80]!r}")
        connection.close()
    equal(stage.server.wait(), 0, "exit status")
    stage.server = stage.place.serve()
    if whole == 0:
        fail("none of 48 calls in flight was answered")


@act(PUBLISHING, "readers during imports see one capture or the other, whole, with its own ETag")
def readers_during_imports(stage):
    captures = [sample_list(200 + day, "MY", count=100, captured_at=1759276800 + day * DAY) for day in range(6)]
    known = [made["items"] for made in captures]
    stop = threading.Event()
    seen = {}

    def read():
        newest = 0
        with stage.server.connect() as connection:
            while not stop.is_set():
                answer = connection.ask(f"{ENDPOINT}?country_code=MY&limit=100", headers={"x-api-key": stage.key})
                items = answer.json()["data"]["data"]["list"]
                if items not in known:
                    fail("a list of neither capture")
                day = known.index(items)
                if day < newest:
                    fail(f"capture {day} after capture {newest} on one connection")
                newest = day
                equal(seen.setdefault(day, answer.field("ETag")), answer.field("ETag"), f"ETag of capture {day}")

    def write():
        try:
            for made in captures[1:]:
                stage.place.succeed("import", stage.place.write("next.json", as_bare_list(made)), *options_of(made))
                until(lambda made=made: stage.get("?country_code=MY&limit=100").json()["data"]["data"]["list"]
                      == made["items"], "the new capture is served")
        finally:
            stop.set()

    first = captures[0]
    stage.place.succeed("import", stage.place.write("first.json", as_bare_list(first)), *options_of(first))
    until(lambda: stage.get("?country_code=MY").status == 200, "the first capture is served")
    at_once([read, read, read, write])
    equal(len(set(seen.values())), len(seen), "different ETags of different captures")


@act(PUBLISHING, "six imports at once, beside the server: all are kept and served")
def imports_at_once(stage):
    lists = [sample_list(300 + number, country, count=200)
             for number, country in enumerate(("US", "GB", "FR", "DE", "IT", "ES"))]
    files = [stage.place.write(f"{made['country']}.json", as_bare_list(made)) for made in lists]
    at_once([lambda made=made, file=file: stage.place.succeed("import", file, *options_of(made))
             for made, file in zip(lists, files)])
    for made in lists:
        until(lambda made=made: (found := stage.get(f"?country_code={made['country']}&limit=100")).status == 200
              and found.json()["data"]["data"]["list"] == made["items"][:100], f"{made['country']} is served")


def key_commands_at_once(stage):
    results = at_once([lambda number=number: stage.place.succeed(
        "key", "create", "test@example.com", "--name", f"name{number}") for number in range(8)])
    equal(len({result.stdout for result in results}), 8, "different keys")
    listed = stage.place.succeed("key", "list", "test@example.com").lines()
    equal(sum("name" in line for line in listed), 8, "keys that are listed")


act(COMMANDS, "eight key commands at once, beside the server: all are done")(key_commands_at_once)
act(ALONE, "eight key commands at once, without a server: all are done")(key_commands_at_once)


@act(COMMANDS, "of eight commands that make the same account one succeeds")
def same_account(stage):
    results = at_once([lambda: stage.place.run("account", "create", "same@example.com")] * 8)
    equal(sorted(result.status for result in results), [0] + [1] * 7, "exit statuses")


@act(COMMANDS, "the command socket is its owner's alone")
def socket_mode(stage):
    demand_file("commands need no socket")
    found = list(stage.place.folder.glob("x.db.sock"))
    equal(len(found), 1, "sockets")
    equal(oct(found[0].stat().st_mode & 0o777), "0o600", "mode")


@act(COMMANDS, "a stranger's words on the command socket do no harm")
def socket_noise(stage):
    demand_file("commands need no socket")
    for noise in (b"", b"\n", b"hello\n", b"{}\n", b'{"verb":"nonsense"}\n', b"{" * 100_000, b"\xff\x00\n" * 50):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(PATIENCE_S)
            stranger.connect(str(stage.place.folder / "x.db.sock"))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                stranger.sendall(noise)
                stranger.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while stranger.recv(65536):
                    pass
    equal(stage.get().status, 200, "calls")
    stage.place.succeed("account", "list")


@act(COMMANDS, "a stranger who says nothing on the command socket holds nobody up")
def socket_silence(stage):
    demand_file("commands need no socket")
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stranger = stack.enter_context(socket.socket(socket.AF_UNIX))
            stranger.connect(str(stage.place.folder / "x.db.sock"))
        stage.place.succeed("account", "list")


@act(COMMANDS, "after kill -9 of the server commands work without it, over the socket it left behind")
def after_kill(stage):
    stage.drop_connection()
    stage.server.child.kill()
    stage.server.child.wait()
    stage.place.succeed("account", "create", "after-kill@example.com")
    stage.server = stage.place.serve()
    stage.place.succeed("account", "show", "after-kill@example.com")


@act(COMMANDS, "a database whose path is too long for a socket works, or is refused with a sentence")
def long_path(_stage):
    demand_file("commands need no socket")
    with Place() as place:
        folder = place.folder / ("d" * 120)
        folder.mkdir()
        place.database = f"sqlite:{folder}/x.db"
        made = place.run("account", "create", "a@example.com")
        if made.status != 0:
            if made.status != 1 or not made.stderr.strip():
                fail(f"{made!r}")
            return
        server = place.serve()
        place.succeed("account", "create", "b@example.com")
        server.stop()


@contextlib.contextmanager
def no_server():
    with Place() as place:
        place.new_key()
        yield Stage(place)


# One connection an address: its place is free again exactly when the server has let go of it.
SHORT = {"TRENDGATE_SERVER_WRITE_TIMEOUT_MS": "5000", "TRENDGATE_SERVER_CONNECTIONS_PER_ADDRESS": "1"}


def admitted(stage):
    """A connection that has the one place there is, as soon as it is free."""
    def attempt():
        connection = stage.server.connect()
        with contextlib.suppress(Closed, Malformed, OSError):
            if connection.ask("/ping").status == 200:
                return connection
        connection.close()
        return None
    return until(attempt, "the one place is free")


def read_slowly(connection, until_at_least):
    """In small pieces, each followed by a pause that is the client's slowness itself: some 200 KB a
    write timeout, too little to make the room in the kernel's buffer that wakes the server."""
    pieces, have = [], 0
    connection.socket.settimeout(PATIENCE_S)
    while have < until_at_least:
        piece = connection.socket.recv(8 * 1024)
        if not piece:
            fail(f"cut after {have} bytes")
        pieces.append(piece)
        have += len(piece)
        time.sleep(0.2)
    return b"".join(pieces)


@act(STUCK, "a client that reads slowly but steadily is served to the end")
def reads_slowly(stage):
    with admitted(stage) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        wire = request_bytes(f"{ENDPOINT}?limit=100&period=30", headers={"x-api-key": stage.key})
        connection.send(wire)
        length = len(connection.receive().body)
        count = 8_000_000 // length
        connection.send(wire * count)
        connection.unread = read_slowly(connection, 400_000)  # for two write timeouts
        for _ in range(count):
            equal(connection.receive().status, 200, "status")


@act(STUCK, "a client that takes no byte of its answers loses its place after write_timeout_ms")
def never_reads(stage):
    with admitted(stage) as stuck:
        stuck.send(b"".join(request_bytes(f"{ENDPOINT}?limit=100&period=30", headers={"x-api-key": stage.key})
                            for _ in range(300)))
        admitted(stage).close()


@act(FULL, "one connection too many of the whole server: 503 overloaded")
def full(stage):
    kept = [stage.server.connect() for _ in range(6)]
    for connection in kept:
        equal(connection.ask("/ping").status, 200, "a connection within the limit")
    with stage.server.connect() as extra:
        extra.send(request_bytes("/ping"))
        answer = extra.receive()
        equal((answer.status, answer.json()["data"]["reason"]), (503, "overloaded"), "the seventh")
    for connection in kept:
        connection.close()


def below_limit(files):
    return ("sh", "-c", f'ulimit -n {files} && exec "$0" "$@"')


def answers(server):
    try:
        return server.ask("/ping").status == 200
    except (Closed, OSError):
        return False


@act(FILES, "with few descriptors, connections past them are answered 503, and commands work")
def few_files(stage):
    with Place() as place:
        server = place.serve("--threads", 1, below=below_limit(300))
        until(lambda: "limit of open files, 300," in server.stderr, "the log warns of the limit at start")
        kept, told = [], 0
        for _ in range(320):
            kept.append(server.connect())
            try:
                kept[-1].send(request_bytes("/ping"))
                told += kept[-1].receive().status == 503
            except (Closed, OSError):
                break  # as many as may be are being told: the others are closed
        if told < 1 or len(kept) < 100:
            fail(f"{told} told of {len(kept)}: {server.stderr[-500:]}")
        place.succeed("account", "create", "few@example.com")
        until(lambda: "as many connections are open as may be" in server.stderr, "the log says so")
        if "could not be accepted" in server.stderr:
            fail(f"ran out of descriptors: {server.stderr[-500:]}")
        for connection in kept:
            connection.close()
        until(lambda: answers(server), "answers again")
        server.stop()


@act(FILES, "too few descriptors for the server itself are refused at start")
def no_files(stage):
    with Place() as place:
        try:
            place.serve("--threads", 1, below=below_limit(100))
        except AssertionError as refusal:
            if "raise it" not in str(refusal):
                raise
        else:
            fail("it serves")


@contextlib.contextmanager
def nothing():
    yield Stage(None)


SCENARIOS = [
    Scenario("few descriptors", nothing, FILES),
    Scenario("cold lists", served, COLD),
    Scenario("publishing", lambda: served({"TRENDGATE_CATALOG_TTL_HOURS": "87600"}, sample=False), PUBLISHING),
    Scenario("commands beside each other", served, COMMANDS),
    Scenario("commands without a server", no_server, ALONE),
    Scenario("stuck clients", lambda: served(SHORT), STUCK),
    Scenario("a full server", lambda: served({"TRENDGATE_SERVER_CONNECTIONS": "6"}), FULL),
]
