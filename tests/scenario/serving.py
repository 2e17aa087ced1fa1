"""The life of `serve`: one owner of a database, addresses, signals, --demo, settings, help."""

import contextlib
import json
import re
import shlex
import signal
import socket
import subprocess

from support.http_client import Connection, request_bytes, until
from support.reference import check_success
from support.server import BINARY, KEY, LISTENING, PATIENCE_S, Place, environment_of, demand_file
from support.steps import ENDPOINT, Scenario, Skip, Stage, act, equal, fail, served

OWNER, STOP, RELOAD, DEMO, CONFIG, USAGE = [], [], [], [], [], []


# ---- One owner, one address ----

def refused_server(place, *arguments, says=(), status=1, settings=None):
    result = place.run("serve", *arguments, settings=settings)
    equal(result.status, status, f"exit of {result!r}")
    if LISTENING.search(result.stdout):
        fail(f"says that it listens: {result!r}")
    for word in says:
        if word.lower() not in result.stderr.lower():
            fail(f"does not say {word!r}: {result!r}")
    return result


@act(OWNER, "a second serve on the same database is refused, naming the file")
def second_owner(stage):
    demand_file("any number of nodes share a database")
    refused_server(stage.place, "--listen", "127.0.0.1:0", says=["x.db"])
    equal(stage.get().status, 200, "the first answers on")


@act(OWNER, "an address in use is refused, naming it, although our loops share ports")
def address_in_use(stage):
    with Place() as other:
        refused_server(other, "--listen", f"127.0.0.1:{stage.server.port}", says=[f"127.0.0.1:{stage.server.port}"])


@act(OWNER, "an address in use by another program is refused")
def address_of_another(stage):
    with socket.socket() as listener, Place() as other:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        refused_server(other, "--listen", f"127.0.0.1:{listener.getsockname()[1]}",
                       says=[str(listener.getsockname()[1])])


for listen in ("nonsense", "127.0.0.1", "127.0.0.1:99999", "999.0.0.1:80", ":", "127.0.0.1:http", "127.0.0.1:-1"):
    @act(OWNER, f"--listen {listen} is refused")
    def bad_listen(stage, listen=listen):
        with Place() as other:
            result = other.run("serve", "--listen", listen)
            if result.status not in (1, 2) or listen.strip(":") not in result.stderr:
                fail(f"{result!r}")


@act(OWNER, "a database URL of another scheme is refused")
def bad_database(stage):
    with Place() as other:
        result = other.run("serve", "--listen", "127.0.0.1:0", "--database", "mysql:x", database=False)
        if result.status not in (1, 2) or "sqlite" not in result.stderr:
            fail(f"{result!r}")


@act(OWNER, "a file that is no database is refused and left as it was")
def no_database(stage):
    demand_file("it is about the file")
    with Place() as other:
        garbage = b"this is a letter to my aunt, and no database at all\n" * 40
        file = other.write("x.db", garbage)
        refused_server(other, "--listen", "127.0.0.1:0", says=["x.db"])
        equal(file.read_bytes(), garbage, "the file")


@act(OWNER, "serve listens on [::1] too")
def listen_ipv6(stage):
    with contextlib.suppress(OSError):
        probe = socket.socket(socket.AF_INET6)
        with probe:
            try:
                probe.bind(("::1", 0))
            except OSError:
                raise Skip("this machine has no [::1]") from None
    with Place() as other:
        server = other.serve(listen="[::1]:0")
        with Connection(("::1", server.port)) as connection:
            equal(connection.ask("/ping").status, 200, "status")
        server.stop()


@act(OWNER, "--threads 1 and --threads 4 answer alike")
def threads(stage):
    for number in (1, 4):
        with Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}) as other:
            key = other.new_key()
            server = other.serve("--threads", number)
            for _ in range(8):  # connections of their own: the kernel spreads them over the loops
                answer = server.ask(ENDPOINT, headers={"x-api-key": key})
                equal(answer.json()["data"]["data"], stage.get().json()["data"]["data"], f"{number} threads")
            server.stop()


@act(OWNER, "the database's folder that is not there is made or refused by name")
def missing_folder(stage):
    with Place() as other:
        other.database = f"sqlite:{other.folder}/deep/er/x.db"
        result = other.run("account", "create", "a@example.com")
        if result.status != 0 and "deep" not in result.stderr:
            fail(f"{result!r}")


# ---- SIGTERM ----

def in_flight(stage, connection, count=300):
    """Makes the server stick in the middle of an answer: more is asked for than the sockets'
    buffers hold, and nothing is read but the first byte."""
    wire = b"".join(request_bytes(f"{ENDPOINT}?limit=100&period=30", headers={
        "x-api-key": stage.key, "X-Request-Id": f"f{number}"}) for number in range(count))
    connection.send(wire)
    connection.socket.settimeout(PATIENCE_S)
    connection.unread += connection.socket.recv(1)


def is_refusing(server):
    try:
        with socket.create_connection(server.address, timeout=PATIENCE_S):
            return False
    except ConnectionRefusedError:
        return True


@act(STOP, "SIGTERM: an answer in flight is finished, no connection is cut mid-answer, exit 0")
def finishes(stage):
    with stage.server.connect() as connection:
        in_flight(stage, connection)
        stage.server.signal(signal.SIGTERM)
        until(lambda: is_refusing(stage.server), "no new connection is taken")
        answers = 0
        everything = connection.rest()
        connection.unread = everything
        while connection.unread:
            answer = connection.receive()  # raises Malformed when the rest is no whole answer
            equal(answer.field("X-Request-Id"), f"f{answers}", "order")
            check_success(answer)
            answers += 1
    if answers < 1:
        fail("no answer was finished")
    equal(stage.server.wait(), 0, "exit status")
    stage.server = stage.place.serve()


@act(STOP, "SIGTERM: a resting keep-alive connection is closed, and the server ends at once")
def closes_idle(stage):
    with stage.server.connect() as connection:
        equal(connection.ask("/ping").status, 200, "status")
        stage.server.signal(signal.SIGTERM)
        connection.assert_closed()
    equal(stage.server.wait(), 0, "exit status")
    stage.server = stage.place.serve()


@act(STOP, "SIGINT ends it as SIGTERM does")
def interrupts(stage):
    stage.server.signal(signal.SIGINT)
    equal(stage.server.wait(), 0, "exit status")
    stage.server = stage.place.serve()


@act(STOP, "a client that never reads cannot hold the stop for ever")
def stop_is_bounded(stage):
    with Place({**stage.place.settings, "TRENDGATE_SERVER_STOP_TIMEOUT_MS": "500"}) as place:
        key = place.new_key()
        server = place.serve()
        other = Stage(place, server, key)
        with server.connect() as connection:
            in_flight(other, connection)
            server.signal(signal.SIGTERM)
            equal(server.wait(), 0, "exit status while the client still holds the connection")


@act(STOP, "SIGTERM in the very moment that it says it listens is a clean end")
def stop_at_once(_stage):
    with Place() as place:
        for round_number in range(25):
            with subprocess.Popen([str(BINARY), "serve", "--listen", "127.0.0.1:0", "--database", place.database],
                                  cwd=place.folder, env=environment_of(place.settings), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
                line = child.stdout.readline()
                child.send_signal(signal.SIGTERM)
                equal(child.wait(PATIENCE_S), 0, f"exit status of start {round_number} after {line!r}")


@act(STOP, "SIGHUP in the very moment that it says it listens does not end it")
def reload_at_once(_stage):
    with Place() as place:
        for _ in range(10):
            server = place.serve()
            server.signal(signal.SIGHUP)
            equal(server.ask("/ping").status, 200, "status")
            server.stop()


@act(STOP, "after kill -9 the database opens and the key works")
def killed(stage):
    stage.server.child.kill()
    stage.server.child.wait()
    stage.server = stage.place.serve()
    equal(stage.server.ask(ENDPOINT, headers={"x-api-key": stage.key}).status, 200, "status")


@act(STOP, "nothing is left behind but the database's files")
def leaves_nothing(stage):
    stage.server.stop()
    left = {path.name for path in stage.place.folder.iterdir()} - {"plans.ini"}
    odd = sorted(name for name in left if not re.fullmatch(r"x\.db(-catalog)?(-wal|-shm|-journal)?|x\.db\.lock", name))
    equal(odd, [], "files")
    stage.server = stage.place.serve()


# ---- SIGHUP ----

PLAN = """
[plan {name}]
price_cents = 200
included_credits = 1000000
daily_credit_cap = 0
rate_limit_per_minute = 1000000
overage = none
overage_cents_per_1000 = 0
"""


def rewrite_plans(stage, addition):
    path = stage.place.folder / "plans.ini"
    before = stage.notes.setdefault("plans", path.read_text())
    head, tail = before.split("[endpoint", 1)
    path.write_text(head + addition.strip("\n") + "\n\n[endpoint" + tail)


def hang_up(stage):
    """SIGHUP, then what the server says about it."""
    already = len(stage.server.stderr)
    stage.server.signal(signal.SIGHUP)
    def said():
        new = stage.server.stderr[already:]
        lines = [line for line in new.splitlines(keepends=True) if re.search(r"reload|plan|setting", line, re.I)]
        return lines and lines[-1].endswith("\n") and "".join(lines)
    return until(said, "the log says what became of the reload")


@act(RELOAD, "a good plan file is in force after SIGHUP")
def good_plans(stage):
    rewrite_plans(stage, PLAN.format(name="Extra"))
    hang_up(stage)
    stage.place.succeed("account", "create", "extra@example.com", "--plan", "Extra")
    equal(stage.get().status, 200, "calls go on")


@act(RELOAD, "a faulty plan file is refused with file, line and reason, and the old one stays")
def faulty_plans(stage):
    rewrite_plans(stage, PLAN.format(name="Extra") + "price_cents = many\n")
    path = stage.place.folder / "plans.ini"
    line = path.read_text().splitlines().index("price_cents = many") + 1
    said = hang_up(stage)
    if "plans.ini" not in said or not re.search(rf"(:|line ){line}\b", said):
        fail(f"does not name plans.ini and line {line}: {said!r}")
    equal(stage.get().status, 200, "calls go on")
    rewrite_plans(stage, PLAN.format(name="Extra"))
    hang_up(stage)


@act(RELOAD, "a plan file that is gone is refused, and the old one stays")
def missing_plans(stage):
    path = stage.place.folder / "plans.ini"
    kept = path.read_text()
    path.unlink()
    said = hang_up(stage)
    if "plans.ini" not in said:
        fail(f"does not name plans.ini: {said!r}")
    equal(stage.get().status, 200, "calls go on")
    path.write_text(kept)
    hang_up(stage)


@act(RELOAD, "a faulty settings file is refused with file, line and reason")
def faulty_settings(stage):
    path = stage.place.folder / "trendgate.ini"
    path.write_text("[server]\nthreads = 2\n")
    with Place({**stage.place.settings}) as place:
        server = place.serve("--config", path)
        other = Stage(place, server)
        path.write_text("[server]\nthreads = 2\nthreads_of_gold = 7\n")
        said = hang_up(other)
        if "trendgate.ini" not in said or not re.search(r"(:|line )3\b", said) or "threads_of_gold" not in said:
            fail(f"does not name trendgate.ini, line 3 and the name: {said!r}")
        equal(server.ask("/ping").status, 200, "it answers on")
        server.stop()


@act(RELOAD, "twenty SIGHUPs during calls disturb none")
def many_reloads(stage):
    for _ in range(20):
        stage.server.signal(signal.SIGHUP)
        equal(stage.get("?limit=3").status, 200, "status")


# ---- --demo ----

def curl_line(server):
    """The ready curl line of --demo, as printed."""
    def printed():
        lines = [line.strip() for line in server.stdout.splitlines() if line.strip().startswith("curl ")]
        return lines and server.stdout.rstrip("\n") != lines[-1] and lines[0]
    return until(printed, "--demo prints a curl line")


@act(DEMO, "--demo prints a key and a curl line that works when pasted")
def demo_curl(stage):
    line = curl_line(stage.server)
    stage.key = KEY.search(line)[0]
    done = subprocess.run(["bash", "-c", line + " --silent --show-error --max-time 30"], capture_output=True,
                          env=environment_of({}), timeout=PATIENCE_S * 2, check=False)
    equal(done.returncode, 0, f"exit of {line!r}: {done.stderr!r}")
    body = json.loads(done.stdout)
    equal((body["code"], body["msg"]), (200, "OK"), "answer")
    if not body["data"]["data"]["list"]:
        fail("the answer has no items")


@act(DEMO, "--demo serves the sample")
def demo_sample(stage):
    answer = stage.get("?limit=100&country_code=JP&period=120")
    check_success(answer, 120, "JP")
    equal(answer.field("X-Trend-Source"), "sample", "X-Trend-Source")


@act(DEMO, "--demo makes demo@localhost on the last plan of the plan file")
def demo_account(stage):
    shown = stage.place.succeed("account", "show", "demo@localhost").stdout
    if "Roomy" not in shown:
        fail(f"{shown!r}")


@act(DEMO, "the next start revokes the previous demo key and prints a new one")
def demo_again(stage):
    old = stage.key
    stage.drop_connection()
    stage.server.stop()
    stage.server = stage.place.serve("--demo")
    new = KEY.search(curl_line(stage.server))[0]
    if new == old:
        fail("the same key again")
    equal(stage.server.ask(ENDPOINT, headers={"x-api-key": new}).status, 200, "the new key")
    equal(stage.server.ask(ENDPOINT, headers={"x-api-key": old}).status, 401, "the old key")
    stage.key = new


@act(DEMO, "a key made for demo@localhost by hand is not revoked by a restart")
def demo_keeps_others(stage):
    own = stage.place.succeed("key", "create", "demo@localhost", "--name", "mine").lines()[0]
    stage.drop_connection()
    stage.server.stop()
    stage.server = stage.place.serve("--demo")
    equal(stage.server.ask(ENDPOINT, headers={"x-api-key": own}).status, 200, "the key made by hand")


@act(DEMO, "without --demo the database is served without the sample")
def demo_off(stage):
    stage.drop_connection()
    stage.server.stop()
    server = stage.place.serve()
    own = stage.place.succeed("key", "create", "demo@localhost", "--name", "plain").lines()[0]
    until(lambda: server.ask(ENDPOINT, headers={"x-api-key": own}).status == 503, "no_data without the sample")
    server.stop()
    stage.server = stage.place.serve("--demo")


for listen in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
    @act(DEMO, f"--demo on {listen} is refused")
    def demo_is_local(stage, listen=listen):
        with Place() as other:
            result = other.run("serve", "--demo", "--listen", listen)
            if result.status not in (1, 2) or "127.0.0.1" not in result.stderr:
                fail(f"{result!r}")


# ---- Settings ----

def config_file(stage, content):
    return stage.place.write("trendgate.ini", content)


@act(CONFIG, "config show prints every setting in force as an ini file")
def config_show(stage):
    shown = stage.place.succeed("config", "show", settings={"TRENDGATE_CATALOG_CACHE_MB": "123"}).stdout
    for word in ("[server]", "listen", "threads", "[database]", "url", "[plans]", "[catalog]", "cache_mb = 123",
                 "ttl_hours", "[source.sample]", "enabled"):
        if word not in re.sub(r" *= *", " = ", shown):
            fail(f"does not show {word!r}: {shown!r}")


@act(CONFIG, "what config show prints is a file that config check accepts")
def config_round_trip(stage):
    file = config_file(stage, stage.place.succeed("config", "show").stdout)
    stage.place.succeed("config", "check", "--config", file)
    again = stage.place.succeed("config", "show", "--config", file).stdout
    equal(again, file.read_text(), "shown again")


@act(CONFIG, "config check of a good file, exit 0")
def config_good(stage):
    file = config_file(stage, "# ours\n[server]\nlisten = 127.0.0.1:9090\nthreads=3\n\n[catalog]\nttl_hours = 48\n")
    stage.place.succeed("config", "check", "--config", file)


for label, content, line, word in (
    ("an unknown name", "[server]\nlisten = 127.0.0.1:1\nlitsen = 127.0.0.1:2\n", 3, "litsen"),
    ("an unknown section", "[server]\nthreads = 1\n[sevrer]\nthreads = 1\n", 3, "sevrer"),
    ("a number of letters", "[server]\nthreads = many\n", 2, "threads"),
    ("a number past its range", "\n\n[catalog]\nttl_hours = 0\n", 4, "ttl_hours"),
    ("a number past 64 bits", "[catalog]\ncache_mb = 99999999999999999999\n", 2, "cache_mb"),
    ("a truth value of neither", "[source.sample]\nenabled = maybe\n", 2, "enabled"),
    ("a listen address that is none", "[server]\nlisten = here\n", 2, "listen"),
    ("a line that is no setting", "[server]\nthreads = 1\nwhat is this\n", 3, ""),
    ("a name twice", "[server]\nthreads = 1\nthreads = 2\n", 3, "threads"),
    ("a database of another scheme", "[database]\nurl = mysql:x\n", 2, "url"),
    ("NUL", "[server]\nthreads = 1\nlisten = 127.0.0.1:\x001\n", 3, ""),
):
    @act(CONFIG, f"config check of {label} names file, line and reason")
    def config_fault(stage, content=content, line=line, word=word):
        file = config_file(stage, content)
        options = {"database": "url" not in word, "settings": {}}
        result = stage.place.refuse("config", "check", "--config", file, **options)
        if "trendgate.ini" not in result.stderr or not re.search(rf"(:|line ){line}\b", result.stderr):
            fail(f"does not name trendgate.ini and line {line}: {result!r}")
        if word not in result.stderr:
            fail(f"does not name {word!r}: {result!r}")
        stage.place.refuse("serve", "--listen", "127.0.0.1:0", "--config", file, **options)


@act(CONFIG, "config check of a faulty environment variable names it")
def config_environment(stage):
    result = stage.place.refuse("config", "check", settings={"TRENDGATE_SERVER_THREADS": "many"})
    if "TRENDGATE_SERVER_THREADS" not in result.stderr:
        fail(f"{result!r}")


@act(CONFIG, "the command line beats the environment, which beats the file")
def config_order(stage):
    file = config_file(stage, "[catalog]\nttl_hours = 11\ncache_mb = 22\n")
    shown = stage.place.succeed("config", "show", "--config", file,
                                settings={"TRENDGATE_CATALOG_CACHE_MB": "33"}).stdout
    shown = re.sub(r" *= *", " = ", shown)
    if "ttl_hours = 11" not in shown or "cache_mb = 33" not in shown:
        fail(shown)
    shown = stage.place.succeed("config", "show", settings={"TRENDGATE_DATABASE": "sqlite:/nowhere/y.db"}).stdout
    if "/nowhere/y.db" in shown or stage.place.database.rpartition("/")[2] not in shown:
        fail(shown)


@act(CONFIG, "TRENDGATE_DATABASE and TRENDGATE_CONFIG stand for the options")
def config_short(stage):
    file = config_file(stage, "[catalog]\nttl_hours = 12\n")
    shown = stage.place.succeed("config", "show", database=False, settings={
        "TRENDGATE_DATABASE": "sqlite:/nowhere/y.db", "TRENDGATE_CONFIG": str(file)}).stdout
    shown = re.sub(r" *= *", " = ", shown)
    if "/nowhere/y.db" not in shown or "ttl_hours = 12" not in shown:
        fail(shown)


@act(CONFIG, "--config of no such file is refused by name")
def config_missing(stage):
    result = stage.place.refuse("config", "check", "--config", "no-such.ini")
    if "no-such.ini" not in result.stderr:
        fail(f"{result!r}")


for label, content, line in (
    ("an unknown name", "[plan A]\nprice_cents = 1\ncolour = red\n", 3),
    ("a price of letters", "[plan A]\nprice_cents = cheap\n", 2),
    ("an unknown section", "[plam A]\nprice_cents = 1\n", None),
    ("a rate limit of 0", "[plan A]\nprice_cents = 1\nincluded_credits = 1\ndaily_credit_cap = 0\n"
     "rate_limit_per_minute = 0\noverage = none\noverage_cents_per_1000 = 0\n", 5),
    ("an overage word that is none", "[plan A]\nprice_cents = 1\nincluded_credits = 1\ndaily_credit_cap = 0\n"
     "rate_limit_per_minute = 1\noverage = sometimes\noverage_cents_per_1000 = 0\n", 6),
    ("no plan at all", "", None),
):
    @act(CONFIG, f"a plan file with {label} is refused with file, line and reason")
    def plans_fault(stage, content=content, line=line):
        file = stage.place.write("wrong-plans.ini", content)
        for words in (["config", "check"], ["serve", "--listen", "127.0.0.1:0"]):
            result = stage.place.refuse(*words, settings={"TRENDGATE_PLANS": str(file)})
            if "wrong-plans.ini" not in result.stderr:
                fail(f"does not name the file: {result!r}")
            if line and not re.search(rf"(:|line ){line}\b", result.stderr):
                fail(f"does not name line {line}: {result!r}")


@act(CONFIG, "the shipped plans are the six of the contract")
def shipped_plans(stage):
    with Place(plans=None) as place:
        for plan in ("Free", "Starter", "Growth", "Pro", "Business", "Enterprise"):
            place.succeed("account", "create", f"{plan}@example.com".lower(), "--plan", plan)
        place.succeed("account", "create", "default@example.com")
        if "Free" not in place.succeed("account", "show", "default@example.com").stdout:
            fail("the first plan is not the default")


# ---- Help and usage ----

HELP = [[], ["serve"], ["import"], ["export"], ["account"], ["account", "create"], ["account", "import"],
        ["account", "list"], ["account", "show"], ["account", "suspend"], ["account", "resume"], ["key"],
        ["key", "create"], ["key", "list"], ["key", "revoke"], ["config"], ["config", "check"], ["config", "show"]]

for words in HELP:
    @act(USAGE, f"trendgate {' '.join([*words, '--help'])}: help on stdout, exit 0")
    def help_is_there(stage, words=words):
        result = stage.place.succeed(*words, "--help", database=False)
        if len(result.stdout) < 40 or result.stderr:
            fail(f"{result!r}")
        if words and words[-1] not in result.stdout:
            fail(f"does not speak of {words[-1]}: {result!r}")


for words in (["frobnicate"], ["account"], ["account", "frobnicate"], ["account", "create"], ["key"],
              ["key", "revoke"], ["key", "create", "a@example.com", "b@example.com"], ["import"], ["config"],
              ["serve", "--frobnicate"], ["serve", "extra-word"], ["account", "list", "--plan", "x"],
              ["account", "create", "a@example.com", "--plan"], ["export", "--format", "xml"],
              ["import", "--period"], ["serve", "--threads", "many"], ["account", "show"], ["--frobnicate"]):
    @act(USAGE, f"trendgate {' '.join(words)}: a sentence on stderr, exit 2")
    def usage_fault(stage, words=words):
        result = stage.place.run(*words, database=False)
        equal(result.status, 2, f"exit of {result!r}")
        if not result.stderr.strip() or result.stdout:
            fail(f"{result!r}")


for words in (["account", "list"], ["config", "show"], ["export"], ["--help"]):
    @act(USAGE, f"trendgate {' '.join(words)} into a full disk is refused with a sentence")
    def full_disk(stage, words=words):
        stage.place.run("account", "create", "a@example.com")
        line = shlex.join([str(BINARY), *words, "--database", stage.place.database]) + " > /dev/full"
        done = subprocess.run(["bash", "-c", line], capture_output=True, cwd=stage.place.folder, check=False,
                              env=environment_of(stage.place.settings), timeout=PATIENCE_S * 2)
        equal(done.returncode, 1, f"exit status; {done.stderr!r}")
        if not done.stderr.strip():
            fail("no sentence on stderr")


@act(USAGE, "trendgate alone says how to see what there is, exit 2")
def alone(stage):
    result = stage.place.run(database=False)
    equal(result.status, 2, f"exit of {result!r}")
    if "--help" not in result.stderr:
        fail(f"{result!r}")


@act(USAGE, "trendgate --help names every command")
def all_commands(stage):
    shown = stage.place.succeed("--help", database=False).stdout
    for word in ("serve", "import", "export", "account", "key", "config"):
        if word not in shown:
            fail(f"does not name {word}: {shown}")


@act(USAGE, "a misspelt command suggests the nearest")
def misspelt(stage):
    result = stage.place.run("acount", "list", database=False)
    equal(result.status, 2, f"exit of {result!r}")
    if "account" not in result.stderr:
        fail(f"{result!r}")


@contextlib.contextmanager
def place_alone():
    with Place() as place:
        yield Stage(place)


SCENARIOS = [
    Scenario("one owner", served, OWNER),
    Scenario("stop", served, STOP),
    Scenario("reload", served, RELOAD),
    Scenario("demo", lambda: served(sample=False, arguments=["--demo"]), DEMO),
    Scenario("settings", place_alone, CONFIG),
    Scenario("help and usage", place_alone, USAGE),
]
