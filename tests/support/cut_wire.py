"""Stands between a program and PostgreSQL, and cuts the connection that admits calls at a commit.

cut("before", what): the commit never reaches the server. cut("after", what): the server has answered it,
and the answer never reaches the program. what: "batch", of calls, or "fold". Once each: the program may
connect anew at once."""

import contextlib
import re
import threading

from .listener import DatabaseListener, end

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
ADMISSION = re.compile(rb"P....([^\0]*\0)SELECT admit(?:_bucket)?\(", re.S)  # prepared, under a name


class Wire:
    """One connection, both ends."""

    def __init__(self, owner, client, server):
        self.owner, self.client, self.server = owner, client, server
        self.admits = self.keeps_back = False
        self.name = None  # of the prepared admission
        for pump in (self._to_server, self._to_client):
            threading.Thread(target=self._run, args=(pump,), daemon=True).start()

    def _run(self, pump):
        with contextlib.suppress(OSError):
            pump()
        self.close()

    def _to_server(self):
        while piece := self.client.recv(1 << 16):
            if prepared := ADMISSION.search(piece):
                self.name = prepared[1]
            if self.name and piece[:1] == b"B" and self.name in piece[:64]:
                self.admits = True
            where = None
            if self.name and COMMIT in piece:
                where = self.owner.take("batch" if self.admits else "fold")
                self.admits = False
            if where == "before":
                return
            self.keeps_back = where == "after"
            self.server.sendall(piece)

    def _to_client(self):
        while (piece := self.server.recv(1 << 16)) and not self.keeps_back:
            self.client.sendall(piece)

    def close(self):
        end(self.client, self.server)


class CutWire(DatabaseListener):
    """with CutWire(address) as wire: wire.address leads to the same database."""

    def __init__(self, address):
        self.lock, self.next, self.wires = threading.Lock(), None, []
        super().__init__(address)

    def __exit__(self, *_):
        super().__exit__()
        for wire in self.wires:
            wire.close()

    def carry(self, client, server):
        self.wires.append(Wire(self, client, server))

    def cut(self, where, what):
        with self.lock:
            self.next = (where, what)

    def take(self, what):
        """Where to cut a commit of that, which is the one that was asked for, or None."""
        with self.lock:
            if not self.next or self.next[1] != what:
                return None
            where, self.next = self.next[0], None
            return where

    @property
    def has_cut(self):
        return self.next is None
