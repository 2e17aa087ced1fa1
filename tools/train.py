#!/usr/bin/env python3
"""Shows a build that counts what it does (-fprofile-generate) the calls that most calls are like.

usage: train.py BINARY

Serves the sample catalogue from a folder of its own on a loopback port and calls it over CONNECTIONS connections
at once, so that the journal's rows are batches. When the server ends, its counts are written beside the objects it
was linked from; -fprofile-use finds them there.
"""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

PLANS = """[plan Trained]
price_cents = 100
included_credits = 100000000
daily_credit_cap = 0
rate_limit_per_minute = 100000
overage = none

"""
ENDPOINTS = ("tiktok-popular-trend-hashtag", "tiktok-popular-trend-hashtag-history",
             "tiktok-popular-trend-hashtag-movers")
PATH = "/api/v1/tiktok/popular-trend/hashtag"
ACCOUNTS = 500
CONNECTIONS = 128
ROUNDS = 120

# Target and further header lines; each connection takes the next one in each round.
CALLS = (
    (PATH + "?limit=1&country_code=US", ""),
    (PATH + "?limit=50&country_code=US", ""),
    (PATH + "?limit=50&country_code=DE", "Accept-Encoding: gzip\r\n"),
    (PATH + "?country_code=US&period=30", "Accept-Encoding: gzip, deflate, br\r\nUser-Agent: trained/1.0\r\n"),
    (PATH + "?page=2&limit=20", "Accept: application/json\r\nUser-Agent: trained/1.0\r\n"),
    (PATH + "?limit=20&country_code=JP", "Accept: */*\r\nConnection: keep-alive\r\n"),
)


def accounts_make(binary, folder, environment):
    """The keys of ACCOUNTS accounts."""
    (folder / "plans.ini").write_text(
        PLANS + "".join(f"[endpoint {name}]\ncredits = 8\n" for name in ENDPOINTS))
    (folder / "accounts.csv").write_text(
        "email,plan,name\n" + "".join(f"a{i}@train.test,Trained,\n" for i in range(ACCOUNTS)))
    made = subprocess.run([binary, "account", "import", folder / "accounts.csv"], env=environment,
                          check=True, capture_output=True, text=True)
    return re.findall(r"tg_live_\w+", made.stdout)


@contextlib.contextmanager
def served(binary, folder, environment):
    """The port on which a server listens meanwhile; it must end well."""
    with (folder / "stderr").open("w") as words:
        server = subprocess.Popen([binary, "serve", "--threads", "1", "--listen", "127.0.0.1:0"], env=environment,
                                  stdout=subprocess.PIPE, stderr=words, text=True)
    try:
        yield int(server.stdout.readline().rsplit(":", 1)[1])
        server.send_signal(signal.SIGTERM)
        if server.wait(60) != 0:
            sys.exit(f"train: the server ended with {server.returncode}:\n{(folder / 'stderr').read_text()}")
    finally:
        server.kill()


class Client:
    """One connection, on which a call is sent and its answer read as two steps."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.stream = self.socket.makefile("rb")

    def send(self, call, key):
        target, lines = call
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {key}\r\n{lines}\r\n".encode())

    def answer(self):
        status = int(self.stream.readline().split()[1])
        length = 0
        while (line := self.stream.readline().strip()):
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        self.stream.read(length)
        return status


def call_in_rounds(port, keys):
    clients = [Client(port) for _ in range(CONNECTIONS)]
    for turn in range(ROUNDS):
        for place, client in enumerate(clients):
            client.send(CALLS[(turn + place) % len(CALLS)], keys[(turn * CONNECTIONS + place) % len(keys)])
        for client in clients:
            status = client.answer()
            if status != 200:
                sys.exit(f"train: a call was answered {status}, not 200")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    binary = pathlib.Path(sys.argv[1]).resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("train: ended"))
    with tempfile.TemporaryDirectory(prefix="trendgate-train-") as name:
        folder = pathlib.Path(name)
        environment = {"PATH": os.environ["PATH"], "TRENDGATE_PLANS": str(folder / "plans.ini"),
                       "TRENDGATE_DATABASE": f"sqlite:{folder}/train.db", "TRENDGATE_SERVER_ACCESS_LOG": "false",
                       "TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}
        keys = accounts_make(binary, folder, environment)
        with served(binary, folder, environment) as port:
            call_in_rounds(port, keys)


if __name__ == "__main__":
    main()
