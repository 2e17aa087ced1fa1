"""A raw HTTP/1.1 client: sends exactly the bytes it is given and reads answers strictly.

It is stricter than http.client on purpose: a bare LF, two Content-Length fields, bytes after the
last answer or a body on a 304 are faults of the server and are raised as Malformed.
"""

import json
import os
import re
import socket
import time

# Sanitizer builds on a busy machine are slow; nothing here measures speed with this number.
PATIENCE_S = float(os.environ.get("TRENDGATE_TEST_PATIENCE", "30"))

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\t\x20-\x7e]*)\Z")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*\Z")


class Malformed(AssertionError):
    """The server sent something that is no HTTP answer."""


class Closed(AssertionError):
    """The server closed the connection where an answer was due."""


class Answer:
    def __init__(self, status, phrase, fields, body=b""):
        self.status = status
        self.phrase = phrase
        self.fields = fields
        self.body = body

    def field(self, name):
        """The one value of a field, None when absent; several lines of it are joined."""
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def count(self, name):
        return sum(1 for key, _ in self.fields if key.lower() == name.lower())

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def __repr__(self):
        head = "".join(f"\n  {name}: {value}" for name, value in self.fields)
        return f"{self.status} {self.phrase}{head}\n  {self.body[:400]!r}"


class Connection:
    """One TCP connection. method tells receive() whether the answer has a body."""

    def __init__(self, address, patience=PATIENCE_S):
        self.patience = patience
        self.socket = socket.create_connection(address, timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, wire):
        self.socket.settimeout(self.patience)
        self.socket.sendall(wire)

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        self.socket.settimeout(self.patience)
        try:
            piece = self.socket.recv(1 << 18)
        except ConnectionResetError:
            piece = b""
        except socket.timeout:
            raise Closed(f"no answer within {self.patience} s; unread: {self.unread[:200]!r}") from None
        return piece

    def _line(self):
        while True:
            at = self.unread.find(b"\n")
            if at >= 0:
                line, self.unread = self.unread[:at], self.unread[at + 1:]
                if not line.endswith(b"\r"):
                    raise Malformed(f"a line ends in a bare LF: {line[:200]!r}")
                return line[:-1]
            piece = self._more()
            if not piece:
                raise Closed(f"connection closed in a head; unread: {self.unread[:200]!r}")
            self.unread += piece

    def _exactly(self, length):
        if len(self.unread) < length:
            pieces, have = [self.unread], len(self.unread)
            while have < length:
                piece = self._more()
                if not piece:
                    raise Malformed(f"cut in the middle of a body: {have} of {length} bytes")
                pieces.append(piece)
                have += len(piece)
            self.unread = b"".join(pieces)
        body, self.unread = self.unread[:length], self.unread[length:]
        return body

    def _chunked(self):
        pieces = []
        while True:
            size = self._line()
            if not re.fullmatch(rb"[0-9A-Fa-f]+", size):
                raise Malformed(f"chunk size line {size[:80]!r}")
            length = int(size, 16)
            if length == 0:
                while self._line():
                    pass
                return b"".join(pieces)
            pieces.append(self._exactly(length))
            if self._exactly(2) != b"\r\n":
                raise Malformed("no CRLF after a chunk")

    def receive(self, method="GET"):
        line = self._line()
        match = STATUS_LINE.match(line)
        if not match:
            raise Malformed(f"status line {line[:200]!r}")
        status = int(match[1])
        fields = []
        while line := self._line():
            field = FIELD_LINE.match(line)
            if not field:
                raise Malformed(f"field line {line[:200]!r}")
            fields.append((field[1].decode("ascii"), field[2].decode("utf-8", "surrogateescape")))
        answer = Answer(status, match[2].decode("ascii"), fields)
        lengths = [value for name, value in fields if name.lower() == "content-length"]
        if len(lengths) > 1:
            raise Malformed(f"{len(lengths)} Content-Length fields")
        if status < 200 or status == 204:
            if lengths:
                raise Malformed(f"Content-Length on a {status}")
            return answer
        if method == "HEAD" or status == 304:
            return answer
        if answer.field("Transfer-Encoding"):
            if lengths:
                raise Malformed("both Content-Length and Transfer-Encoding")
            answer.body = self._chunked()
        elif lengths:
            answer.body = self._exactly(int(lengths[0]))
        else:
            answer.body = self.rest()
        return answer

    def rest(self):
        """Everything up to the end of the connection."""
        pieces = [self.unread]
        self.unread = b""
        while piece := self._more():
            pieces.append(piece)
        return b"".join(pieces)

    def assert_closed(self):
        """The server ends the connection, and sends nothing more before that."""
        extra = self.rest()
        if extra:
            raise Malformed(f"bytes after the last answer: {extra[:200]!r}")

    def assert_silent(self, method="GET"):
        """Nothing unread is left over: what was received was the whole answer."""
        if self.unread:
            raise Malformed(f"bytes after the answer to {method}: {self.unread[:200]!r}")

    def ask(self, target, method="GET", headers=(), body=None):
        self.send(request_bytes(target, method, headers, body))
        answer = self.receive(method)
        self.assert_silent(method)
        return answer


def request_bytes(target, method="GET", headers=(), body=None):
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    if not any(name.lower() == "host" for name, _ in pairs):
        pairs.insert(0, ("Host", "localhost"))
    if body is not None and not any(
            name.lower() in ("content-length", "transfer-encoding") for name, _ in pairs):
        pairs.append(("Content-Length", str(len(body))))
    raw_target = target if isinstance(target, bytes) else target.encode("utf-8")
    head = method.encode() + b" " + raw_target + b" HTTP/1.1\r\n"
    for name, value in pairs:
        head += name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    return head + b"\r\n" + (body or b"")


def until(condition, what, patience=PATIENCE_S):
    """Polls condition() until it is true and returns that value; the only way tests wait."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.01)
