"""What happens around the server: its standard error, and signals while it stops."""

import os
import re
import signal
import stat

from support.http_client import PATIENCE_S, request_bytes, until
from support.server import Place
from support.steps import ENDPOINT, Scenario, act, fail, equal, served
from serving import is_refusing

LOG, STOPPING = [], []


class UnreadLog:
    """A place whose servers write standard error into a pipe that is only read when asked."""

    def __init__(self, place):
        self.path = place.folder / "log"
        os.mkfifo(self.path, stat.S_IRUSR | stat.S_IWUSR)
        self.pipe = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        self.words = ("sh", "-c", 'exec "$0" "$@" 2>>log')
        self.said = b""

    def read(self):
        try:
            while piece := os.read(self.pipe, 65536):
                self.said += piece
        except BlockingIOError:
            pass
        return self.said.decode("utf-8")


def ask_often(server, count):
    """One line of the log each."""
    wire = request_bytes("/ping") * 100
    with server.connect() as connection:
        for _ in range(count // 100):
            connection.send(wire)
            for _ in range(100):
                equal(connection.receive().status, 200, "status")


@act(LOG, "a standard error that nobody reads holds no call up; what is dropped is counted")
def unread_log(stage):
    with Place() as place:
        log = UnreadLog(place)
        server = place.serve("--threads", 1, below=log.words)
        count = 20_000
        ask_often(server, count)
        server.ask("/ping")
        until(lambda: "lines were dropped" in log.read(), "the log says how many lines were dropped")
        server.stop()
        text = log.read()
        dropped = sum(int(number) for number in re.findall(r"warning log: ([0-9]+) lines were dropped", text))
        whole = len(re.findall(r"^\S+Z request id=\S+ client=127\.0\.0\.1 GET /ping 200 .*$", text, re.M))
        equal(whole + dropped, count + 1, "lines that are there or counted")


@act(LOG, "a standard error that nobody reads does not hold up the end")
def unread_log_at_the_end(stage):
    with Place() as place:
        log = UnreadLog(place)
        server = place.serve("--threads", 1, below=log.words)
        ask_often(server, 2_000)
        server.stop()


@act(LOG, "an API key is logged by its prefix alone, whatever becomes of its call")
def key_is_not_logged(stage):
    key = stage.place.new_key("logged@example.com")
    other = key[:-1] + ("0" if key[-1] != "0" else "1")
    targets = [ENDPOINT, f"{ENDPOINT}?limit=nonsense", f"{ENDPOINT}?api_key={key}", f"{ENDPOINT}?x={key}&limit=1",
               "/nothing", "/ping"]
    for target in targets:
        for value in (key, other, key + "x", " " + key):
            stage.server.ask(target, headers={"x-api-key": value, "X-Request-Id": "whose-key"})
    until(lambda: stage.server.stderr.count("id=whose-key ") == 4 * len(targets), "every call is logged")
    if key[:12] not in stage.server.stderr:
        fail("the log does not name the key by its prefix")
    for secret in (key, other, key[12:], other[12:]):
        if secret in stage.server.stderr + stage.server.stdout:
            fail("the key's secret part is in the log")


@act(STOPPING, "signals that come while answers are finished change nothing")
def signals_while_stopping(stage):
    with stage.server.connect() as connection:
        connection.send(b"GET /ping HTTP/1.1\r\nHos")
        equal(stage.server.ask("/ping").status, 200, "the server has read what came first")
        stage.server.signal(signal.SIGTERM)
        until(lambda: is_refusing(stage.server), "no new connection is taken")
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            stage.server.signal(number)
        connection.send(b"t: localhost\r\n\r\n")
        equal(connection.receive().status, 200, "status")
        connection.assert_closed()
    equal(stage.server.wait(PATIENCE_S), 0, "exit status")
    stage.server = stage.place.serve()


SCENARIOS = [
    Scenario("the log", served, LOG),
    Scenario("while it stops", served, STOPPING),
]
