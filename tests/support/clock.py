"""The clocks of the programs that a test runs: a wall clock that may be stepped, and one that counts on.

Both stand still until they are moved. Each program of tests/support/clock_main.c hangs on them while it
runs: it is told at once, and a move is over when all of them have it."""

import datetime
import os
import pathlib
import threading

from .http_client import PATIENCE_S
from .listener import Listener, end
from .server import BINARY, CHECKOUT, demand_file

PROGRAM = "tests/support/trendgate-clock"
SECOND_US = 1_000_000
UTC = datetime.timezone.utc


def instant(written):
    """Seconds of "2025-01-31T10:00:00Z"."""
    return int(datetime.datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


def program():
    """trendgate with our main. Release builds are without tests: then that of the debug build."""
    named = os.environ.get("TRENDGATE_CLOCK_BINARY")
    places = [pathlib.Path(named)] if named else [BINARY.parent / PROGRAM, CHECKOUT / "build/debug" / PROGRAM]
    for place in places:
        if place.exists():
            return place.resolve()
    raise AssertionError(f"there is no {places[-1]}: build it with ./dev build debug, or name it in "
                         "TRENDGATE_CLOCK_BINARY")


class Clock(Listener):
    def __init__(self, at):
        """at: what the wall clock says, "2025-01-31T10:00:00Z"."""
        self.binary = program()
        self.wall_us = instant(at) * SECOND_US
        self.elapsed_us = 3600 * SECOND_US
        self.boot = 1
        self.lock = threading.Lock()
        self.programs = []
        super().__init__("clock")

    def __exit__(self, *_):
        super().__exit__()
        end(*self.programs)

    @property
    def settings(self):
        """What a program's environment needs."""
        return {"TRENDGATE_TEST_CLOCK": self.path}

    def received(self, program):
        program.settimeout(PATIENCE_S)
        with self.lock:
            if self._tell(program):
                self.programs.append(program)

    def _tell(self, program):
        """False: it has ended."""
        try:
            program.sendall(f"{self.wall_us} {self.elapsed_us} {self.boot}\n".encode("ascii"))
            answered = program.recv(3)
        except (BrokenPipeError, ConnectionResetError):
            answered = b""
        if not answered:
            program.close()
            return False
        assert answered == b"ok\n", f"the clock was answered {answered!r}"
        return True

    def _tell_all(self):
        self.programs = [program for program in self.programs if self._tell(program)]

    @staticmethod
    def demand_steps():
        demand_file("nodes go by the database's clock, which is not ours to step")

    def step(self, seconds):
        """The wall clock alone, backward too: somebody sets it."""
        self.demand_steps()
        with self.lock:
            self.wall_us += round(seconds * SECOND_US)
            self._tell_all()

    def set(self, at):
        self.step(instant(at) - self.wall_us / SECOND_US)

    def pass_by(self, seconds):
        """Time goes by, on both clocks."""
        with self.lock:
            self.wall_us += round(seconds * SECOND_US)
            self.elapsed_us += round(seconds * SECOND_US)
            self._tell_all()

    def pass_until(self, at):
        self.pass_by(instant(at) - self.wall_us / SECOND_US)

    def boot_anew(self):
        """Between programs: the machine was off, and the counting clock begins again."""
        with self.lock:
            self._tell_all()
            assert not self.programs, "a machine that is booted anew takes its programs along"
            self.boot += 1
            self.elapsed_us = 10 * SECOND_US
