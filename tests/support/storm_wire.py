"""A network of our own between one node and PostgreSQL, that breaks when it is told to.

cut(): every connection ends, at once or in the middle of what is sent next. stall(): what is sent in a direction
is taken and kept, until go_on() hands it over or ends those connections. New ones meet the same."""

import contextlib
import threading

from .listener import DatabaseListener, end

UP, DOWN = "up", "down"  # to the database, to the node


class Line:
    """One connection, both ends."""

    def __init__(self, wire, client, server):
        self.wire, self.client, self.server = wire, client, server
        self.is_doomed = False  # it ends in the middle of what it carries next

    def begin(self):
        for ends in ((UP, self.client, self.server), (DOWN, self.server, self.client)):
            threading.Thread(target=self._run, args=ends, daemon=True).start()

    def _run(self, direction, source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                if not self.wire.let_through(self, direction):
                    break
                if self.is_doomed:
                    target.sendall(piece[:len(piece) // 2])
                    break
                target.sendall(piece)
        self.wire.forget(self)

    def close(self):
        end(self.client, self.server)


class StormWire(DatabaseListener):
    """with StormWire(address) as wire: wire.address leads to the same database."""

    def __init__(self, address):
        self.changed = threading.Condition()  # over all below
        self.lines, self.held, self.ended = set(), set(), set()
        super().__init__(address)

    def __exit__(self, *_):
        super().__exit__()
        self.go_on(ends=True)
        self.cut()

    def carry(self, client, server):
        line = Line(self, client, server)
        with self.changed:
            self.lines.add(line)
        line.begin()

    def forget(self, line):
        with self.changed:
            self.lines.discard(line)
        line.close()

    def let_through(self, line, direction):
        """Waits while that direction is held; false: the connection is to end."""
        with self.changed:
            while direction in self.held and line not in self.ended:
                self.changed.wait()
            return line not in self.ended

    def cut(self, midway=False):
        with self.changed:
            lines = list(self.lines)
            for line in lines:
                line.is_doomed = midway
        if not midway:
            for line in lines:
                self.forget(line)

    def stall(self, *directions):
        with self.changed:
            self.held.update(directions)

    def go_on(self, ends=False):
        with self.changed:
            self.ended = set(self.lines) if ends and self.held else set()
            self.held.clear()
            self.changed.notify_all()
