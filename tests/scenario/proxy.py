"""Nodes behind nginx with the shipped etc/nginx.conf: TLS, HTTP/2, addresses, bounds, and restarts under load.

Three nodes share a database on the run's PostgreSQL server. Where there is none it is one node with its files, and the
restarts are skipped."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import threading

from support import postgres
from support.cluster_load import refusals_of
from support.fake_node import FakeNode
from support.http_client import PATIENCE_S, until
from support.nginx import PROGRAM, Nginx, free_port
from support.server import CHECKOUT, KEY, Place, Server, Skip
from support.steps import ENDPOINT, Scenario, act, equal, fail

SHIPPED, PROXY, AGAIN, RESTART = [], [], [], []
NODES = 3
CLIENTS = 8
MAIL = "proxy@example.com"
SETTINGS = {"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true", "TRENDGATE_SERVER_TRUSTED_PROXIES": "127.0.0.1",
            "TRENDGATE_SERVER_STOP_IDLE_MS": "5000", "TRENDGATE_SERVER_THREADS": "1",
            "TRENDGATE_SERVER_PUBLIC_URL": "https://localhost"}


def curl(nginx, target, *words):
    """What came back: the head's lines, and the body."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--http2", "--include", "--max-time", str(PATIENCE_S), "--cacert",
         nginx.folder / "fullchain.pem", "--resolve", f"localhost:{nginx.port}:127.0.0.1", *words,
         f"https://localhost:{nginx.port}{target}"], capture_output=True, text=True, check=False)
    equal(done.returncode, 0, f"curl says {done.stderr!r}")
    head, _, body = done.stdout.partition("\n\n")  # text: universal newlines
    return head.splitlines(), body


class Nodes:
    """A stage: nodes on one database, a key, and nginx in front."""

    def __init__(self, place, count):
        self.place = place
        self.servers = [None] * count
        self.ports = [free_port() for _ in range(count)]
        made = place.succeed("account", "create", MAIL, "--plan", "Roomy")
        self.key = KEY.search(made.stdout)[0]
        for number in range(count):
            self.start(number)

    def start(self, number):
        server = Server(self.place, [], {}, f"127.0.0.1:{self.ports[number]}")
        self.place.servers.append(server)
        self.servers[number] = server.wait_until_listening()

    def curl(self, target, *words):
        return curl(self.nginx, target, *words)

    def called(self):
        """Calls and credits of the account, as the command tells them."""
        totals = json.loads(self.place.succeed("usage", MAIL, "--json").stdout)["totals"]
        return totals["charged"], totals["credits"]

    def drop_connection(self):
        """There is none that lasts."""


@contextlib.contextmanager
def behind_nginx():
    if not PROGRAM:
        raise Skip("nginx is not installed")
    with Place(SETTINGS) as place:
        many = postgres.VARIABLE in os.environ
        if many and not place.databases:
            place.databases.append(postgres.make_database())
            place.database = place.databases[-1]
        stage = Nodes(place, NODES if many else 1)
        with Nginx(stage.ports) as stage.nginx:
            yield stage
        for server in stage.servers:
            server.stop()


@contextlib.contextmanager
def alone():
    yield Alone()


class Alone:
    def drop_connection(self):
        """There is none."""


def demand(program):
    path = shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin:/usr/local/bin")
    if not path:
        raise Skip(f"{program} is not installed")
    return path


def verify(*words, folder):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False, cwd=folder,
                          env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)})
    return done.returncode, done.stdout + done.stderr


# ---- What is shipped is what its program takes ----

@act(SHIPPED, "etc/nginx.conf passes nginx -t, without a warning")
def nginx_takes_it(_):
    if not PROGRAM:
        raise Skip("nginx is not installed")
    with contextlib.ExitStack() as stack:
        nginx = Nginx([free_port(), free_port()])
        stack.callback(shutil.rmtree, nginx.folder, ignore_errors=True)
        status, words = nginx.check()
        equal(status, 0, f"nginx -t says {words!r}")
        if "[warn]" in words or "[emerg]" in words:
            fail(f"nginx -t says {words!r}")


@act(SHIPPED, "etc/Caddyfile passes caddy validate")
def caddy_takes_it(_):
    program = demand("caddy")
    with Place() as place:
        status, words = verify(program, "validate", "--adapter", "caddyfile", "--config", CHECKOUT / "etc/Caddyfile",
                               folder=place.folder)
        equal(status, 0, f"caddy validate says {words!r}")


@act(SHIPPED, "Caddy sends no call again that a node may have taken, but for one with an Idempotency-Key")
def caddy_sends_once(_):
    program = demand("caddy")
    port, *ports = [free_port() for _ in range(3)]
    text = (CHECKOUT / "etc/Caddyfile").read_text(encoding="utf-8")
    for shipped, here in (("api.example.com {", f"http://127.0.0.1:{port} {{"),
                          ("10.0.0.11:8080 10.0.0.12:8080", " ".join(f"127.0.0.1:{node}" for node in ports))):
        equal(text.count(shipped), 1, f"places of {shipped!r}")
        text = text.replace(shipped, here)
    with Place() as place, FakeNode(ports[0]) as node:  # the other refuses connections
        words = [program, "run", "--adapter", "caddyfile", "--config", place.write("Caddyfile", "{\n admin off\n}\n" + text)]
        child = subprocess.Popen(words, env={**os.environ, "HOME": str(place.folder)}, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            def sent_through(target, *more):
                before = len(node.targets)
                done = subprocess.run(["curl", "--silent", "-o", os.devnull, "-w", "%{http_code}", *more,
                                       f"http://127.0.0.1:{port}{target}"], capture_output=True, text=True, check=False)
                return done.stdout, len(node.targets) - before

            until(lambda: sent_through("/fine") == ("200", 1), "a call is answered, by the node that is there")
            equal(sent_through("/lost"), ("502", 1), "status and times sent")
            until(lambda: sent_through("/fine") == ("200", 1), "the node is asked again")
            if sent_through("/lost", "-H", "Idempotency-Key: a")[1] < 2:
                fail("not sent again with an Idempotency-Key")
            equal(sent_through("/metrics"), ("404", 0), "/metrics")
        finally:
            child.terminate()
            child.wait(PATIENCE_S)


@act(SHIPPED, "etc/trendgate.service passes systemd-analyze verify")
def systemd_takes_it(_):
    program = demand("systemd-analyze")
    with Place() as place:
        # Of a machine on which it is installed: the program is where the unit says.
        text = (CHECKOUT / "etc/trendgate.service").read_text(encoding="utf-8")
        if "/usr/local/bin/trendgate" not in text:
            fail("the unit does not start /usr/local/bin/trendgate")
        unit = place.write("trendgate.service", text.replace("/usr/local/bin/trendgate", str(place.binary)))
        status, words = verify(program, "verify", "--man=no", unit, folder=place.folder)
        lines = [line for line in words.splitlines() if "trendgate.service" in line]
        equal((status, lines), (0, []), f"systemd-analyze says {words!r}")


# ---- Calls through it ----

@act(PROXY, "a call through TLS and HTTP/2 is answered and charged")
def call(stage):
    head, body = stage.curl(f"{ENDPOINT}?country_code=US&limit=3", "-H", f"x-api-key: {stage.key}")
    equal(head[0].split()[:2], ["HTTP/2", "200"], f"status line of {head}")
    equal(json.loads(body)["code"], 200, "code")
    equal([line for line in head if line.startswith("x-credits-charged:")], ["x-credits-charged: 8"], "what it cost")


@act(PROXY, "X-Forwarded-For that a client made up does not count; its own address does")
def forwarded(stage):
    for made_up in ("203.0.113.7", "203.0.113.7, 127.0.0.1"):
        stage.curl(f"{ENDPOINT}?limit=1", "-H", f"x-api-key: {stage.key}", "-H", f"X-Forwarded-For: {made_up}")

    def told():
        _, body = stage.curl("/api/v1/usage/me/recent-ips", "-H", f"x-api-key: {stage.key}")
        return {item["ip"] for item in json.loads(body)["data"]["items"]}

    until(told, "the address is told")
    equal(told(), {"127.0.0.1"}, "addresses")


@act(PROXY, "the address that nginx tells is the one that counts, and no other sender's")
def forwarded_by_nginx(stage):
    for address, source in (("203.0.113.9", "127.0.0.1"), ("203.0.113.10", "127.0.0.2")):
        done = subprocess.run(
            ["curl", "--silent", "--interface", source, "-o", "/dev/null", "-w", "%{http_code}", "-H",
             f"x-api-key: {stage.key}", "-H", f"X-Forwarded-For: {address}",
             f"http://127.0.0.1:{stage.ports[0]}{ENDPOINT}?limit=1"], capture_output=True, text=True, check=False)
        equal(done.stdout, "200", "status")

    def told():
        _, body = stage.curl("/api/v1/usage/me/recent-ips", "-H", f"x-api-key: {stage.key}")
        return {item["ip"] for item in json.loads(body)["data"]["items"]} == {"127.0.0.1", "127.0.0.2", "203.0.113.9"}

    until(told, "both addresses are told")


def refused(stage, status, reason, target, *words):
    head, body = stage.curl(target, *words)
    equal(head[0].split()[1], str(status), f"status of {head} {body!r}")
    answer = json.loads(body)
    equal((answer["code"], answer["data"]["reason"]), (status, reason), "code and reason")
    if not answer["data"]["request_id"] or not [line for line in head if line == f"x-request-id: {answer['data']['request_id']}"]:
        fail(f"no request id in head and body: {head} {body!r}")


@act(PROXY, "what is over a node's bounds is refused by the node, what is far over them by nginx, in one form")
def bounds(stage):
    body = stage.place.write("body", b"x" * 100_000)
    huge = stage.place.write("huge", b"x" * 300_000)
    key = ("-H", f"x-api-key: {stage.key}")
    refused(stage, 413, "too_large", "/mcp", *key, "--data-binary", f"@{body}")
    refused(stage, 413, "too_large", "/mcp", *key, "--data-binary", f"@{huge}")
    refused(stage, 414, "too_large", f"{ENDPOINT}?x={'a' * 9000}", *key)
    many = [word for number in range(5) for word in ("-H", f"X-Long-{number}: {'a' * 8000}")]
    refused(stage, 431, "too_large", ENDPOINT, *key, *many)


@act(PROXY, "/metrics is not to be reached, however it is written")
def metrics(stage):
    for path in ("/metrics", "//metrics", "/./metrics", "/%6detrics", "/metrics/"):
        refused(stage, 404, "not_found", path, "--path-as-is")


# ---- What is sent again ----

@contextlib.contextmanager
def before_fakes():
    """Two nodes that are there, and one that refuses connections."""
    if not PROGRAM:
        raise Skip("nginx is not installed")
    ports = [free_port() for _ in range(3)]
    with FakeNode(ports[0]) as first, FakeNode(ports[1]) as second, Nginx(ports) as nginx:
        stage = Alone()
        stage.nginx, stage.nodes = nginx, (first, second)
        yield stage


def sent(stage, target, *words):
    """The status, and how often nodes got the request."""
    before = sum(len(node.targets) for node in stage.nodes)
    head, _ = curl(stage.nginx, target, *words)
    return int(head[0].split()[1]), sum(len(node.targets) for node in stage.nodes) - before


@act(AGAIN, "a call that a node refused to take is sent to another, a body too")
def refused_connection(stage):
    for number in range(8):
        equal(sent(stage, f"/fine/{number}"), (200, 1), "status and times sent")
        equal(sent(stage, f"/fine/{number}", "--data", "{}"), (200, 1), "status and times sent of a POST")


@act(AGAIN, "a call that a node may have taken is not sent again")
def lost_answer(stage):
    for words in ((), ("--data", "{}"), ("-H", "Idempotency-Key;")):
        equal(sent(stage, "/lost", *words), (503, 1), f"status and times sent with {words}")


@act(AGAIN, "a call that a node may have taken is sent again where its client made it safe")
def lost_answer_with_key(stage):
    def is_sent_again():
        status, times = sent(stage, "/lost", "-H", "Idempotency-Key: a")
        equal(status, 503, "status")
        return times > 1

    until(is_sent_again, "it is sent twice, once the nodes are no longer left alone for what they lost before")


@act(AGAIN, "a node's own 503 is the answer, and takes no node out")
def own_refusal(stage):
    for _ in range(6):
        equal(sent(stage, "/503"), (503, 1), "status and times sent")
    equal(sent(stage, "/fine"), (200, 1), "status and times sent afterwards")


# ---- Restarts ----

class Client(threading.Thread):
    """Calls until it is told to stop, over one connection, and counts what became of it."""

    def __init__(self, stage, stop, number, is_keyed=False):
        """is_keyed: each call has an Idempotency-Key of its own."""
        super().__init__(daemon=True)
        self.stage, self.stop, self.number, self.is_keyed = stage, stop, number, is_keyed
        self.charges, self.failures = [], []

    def headers(self):
        key = {"Idempotency-Key": f"{self.name}-{len(self.charges)}"} if self.is_keyed else {}
        return {"x-api-key": self.stage.key, **key}

    def run(self):
        connection = http.client.HTTPSConnection("localhost", self.stage.nginx.port, timeout=PATIENCE_S,
                                                 context=self.stage.nginx.trust())
        while not self.stop.is_set():
            try:
                connection.request("GET", f"{ENDPOINT}?limit=1&page={self.number % 3 + 1}", headers=self.headers())
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as failure:
                self.failures.append(repr(failure))
                connection.close()
                continue
            if answer.status == 200 and (self.is_keyed or answer.getheader("X-Credits-Charged") == "8"):
                self.charges.append(answer.getheader("X-Charge-Id"))
            else:
                self.failures.append((answer.status, body[:300]))
        connection.close()


def has_called(server):
    return f"GET {ENDPOINT} 200" in server.stderr


@contextlib.contextmanager
def calling(stage, keyed=0):
    """Clients that call meanwhile, the first of them with an Idempotency-Key a call."""
    if len(stage.servers) == 1:
        raise Skip("one node with its files is not restarted without a gap; there is no PostgreSQL server")
    stop = threading.Event()
    clients = [Client(stage, stop, number, number < keyed) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        stop.set()
        for client in clients:
            client.join()


def failures_of(clients):
    return [failure for client in clients for failure in client.failures]


def charges_of(clients):
    """Of all 200s; each has a charge of its own."""
    charges = [charge for client in clients for charge in client.charges]
    equal(len(set(charges)), len(charges), "charge ids, each once")
    return len(charges)


@act(RESTART, "each node is stopped and started again, twice around: no call fails, every 200 is charged once")
def rolling_restart(stage):
    equal(refusals_of(lambda: failures_of_restarts(stage)), [], f"failed calls; nginx says {stage.nginx.log()[-2000:]}")


def failures_of_restarts(stage):
    before = stage.called()
    with calling(stage) as clients:
        for number in list(range(len(stage.servers))) * 2:
            stage.servers[number].signal(signal.SIGTERM)
            equal(stage.servers[number].wait(), 0, f"how node {number} ended")
            stage.start(number)
            until(lambda node=number: has_called(stage.servers[node]), f"node {number} takes calls again")
    if failures := failures_of(clients):
        return failures
    charges = charges_of(clients)
    wanted = (before[0] + charges, before[1] + 8 * charges)
    until(lambda: stage.called()[0] >= wanted[0], "every charged call is in usage")
    equal(stage.called(), wanted, "calls and credits charged")
    return []


@act(RESTART, "nodes are killed: with an Idempotency-Key no call fails or is charged twice, without one it is 503 at worst")
def killed(stage):
    before = stage.called()
    with calling(stage, keyed=CLIENTS // 2) as clients:
        for number in list(range(len(stage.servers))) * 2:
            stage.servers[number].kill()
            stage.start(number)
            until(lambda node=number: has_called(stage.servers[node]), f"node {number} takes calls again")
    equal(failures_of(clients[:CLIENTS // 2]), [], f"failed calls with a key; nginx says {stage.nginx.log()[-2000:]}")
    lost = failures_of(clients[CLIENTS // 2:])
    equal([failure for failure in lost if failure[0] != 503], [], "calls that failed otherwise than by 503")
    charges = charges_of(clients)
    until(lambda: stage.called()[0] >= before[0] + charges, "every charged call is in usage")
    charged = stage.called()[0] - before[0]
    if charged > charges + len(lost):
        fail(f"{charged} calls are charged, {charges} were answered 200 and {len(lost)} were lost")


SCENARIOS = [
    Scenario("shipped files", alone, SHIPPED),
    Scenario("behind nginx", behind_nginx, PROXY),
    Scenario("sent again", before_fakes, AGAIN),
    Scenario("restarts behind nginx", behind_nginx, RESTART),
]
