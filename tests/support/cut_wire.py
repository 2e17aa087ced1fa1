"""Stands between a program and PostgreSQL, and cuts the connection that admits calls at a commit.

cut("before", what): the commit never reaches the server. cut("after", what): the server has answered it,
and the answer never reaches the program. what: "batch", of calls, or "fold". Once each: the program may
connect anew at once."""

import contextlib
import pathlib
import re
import socket
import tempfile
import threading
import urllib.parse

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
ADMISSION = re.compile(rb"P....([^\0]*\0)SELECT admit(?:_bucket)?\(", re.S)  # prepared, under a name
SOCKET = ".s.PGSQL.5432"


class Wire:
    """One connection, both ends."""

    def __init__(self, owner, client):
        self.owner, self.client = owner, client
        self.server = socket.socket(socket.AF_UNIX)
        self.server.connect(str(owner.beyond))
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
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class CutWire:
    """with CutWire(address) as wire: wire.address leads to the same database."""

    def __init__(self, address):
        parts = urllib.parse.urlsplit(address)
        user, _, host = parts.netloc.rpartition("@")
        self.beyond = pathlib.Path(urllib.parse.unquote(host)) / SOCKET
        self.folder = tempfile.TemporaryDirectory(prefix="trendgate-wire-")
        self.address = f"postgresql://{user}@{urllib.parse.quote(self.folder.name, safe='')}{parts.path}"
        self.lock, self.next, self.wires = threading.Lock(), None, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{self.folder.name}/{SOCKET}")
        self.listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for wire in self.wires:
            wire.close()
        self.folder.cleanup()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.wires.append(Wire(self, client))

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
