"""What stands at a socket in a folder of its own: for a program's clock, and between a program and PostgreSQL."""

import contextlib
import pathlib
import socket
import tempfile
import threading
import urllib.parse

POSTGRES_SOCKET = ".s.PGSQL.5432"


def end(*sockets):
    """Whoever waits for one of them is told."""
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


class Listener:
    """with Listener(name) as listener: each who comes to listener.path is handed to received(client)."""

    def __init__(self, name):
        self.folder = tempfile.TemporaryDirectory(prefix="trendgate-listener-")
        self.path = f"{self.folder.name}/{name}"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # it has ended
                return
            self.received(client)

    def received(self, client):
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.listener)
        self.folder.cleanup()


class DatabaseListener(Listener):
    """self.address leads here in place of the database at address."""

    def __init__(self, address):
        parts = urllib.parse.urlsplit(address)
        user, _, host = parts.netloc.rpartition("@")
        self.beyond = pathlib.Path(urllib.parse.unquote(host)) / POSTGRES_SOCKET
        super().__init__(POSTGRES_SOCKET)
        self.address = f"postgresql://{user}@{urllib.parse.quote(self.folder.name, safe='')}{parts.path}"

    def received(self, client):
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(str(self.beyond))
        except OSError:  # the database is not there
            end(client, server)
            return
        self.carry(client, server)

    def carry(self, client, server):
        """A connection to the database, both its ends."""
        raise NotImplementedError
