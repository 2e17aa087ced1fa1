"""Accounts and keys on the command line, with no server and with one running (the same table
twice), and how soon a running server knows of them."""

import contextlib
import hashlib
import json
import os
import pty
import re
import subprocess

from support.http_client import until
from support.keys import checksum
from support.server import BINARY, KEY, Place, demand_file, environment_of
from support.steps import ENDPOINT, Scenario, Stage, act, equal, fail, served, within_a_second

COMMANDS, SEEN, PLACES, TERMINAL = [], [], [], []
HEX_ID = re.compile(r"[0-9a-f]{32}")


def records(result):
    """--json: one JSON object a line, or one array of them."""
    text = result.stdout.strip()
    if text.startswith("["):
        return json.loads(text)
    return [json.loads(line) for line in text.splitlines()]


def refuse(stage, *words, says=()):
    result = stage.place.refuse(*words)
    equal(result.stdout, "", f"stdout of a refusal {result!r}")
    equal(len(result.stderr.strip().splitlines()), 1, f"sentences of {result!r}")
    for word in says:
        if word.lower() not in result.stderr.lower():
            fail(f"does not say {word!r}: {result!r}")
    return result


@act(COMMANDS, "account create prints the new key alone on a line")
def create(stage):
    result = stage.place.succeed("account", "create", "ann@example.com")
    equal(len(result.lines()), 1, f"lines of {result!r}")
    key = result.lines()[0]
    if not KEY.fullmatch(key):
        fail(f"{key!r} is no key")
    equal(key[38:], checksum(key[:38]), "the key's checksum")
    stage.notes["ann"] = key


@act(COMMANDS, "account create --json prints api_key and id")
def create_json(stage):
    made = json.loads(stage.place.succeed("account", "create", "json@example.com", "--json").stdout)
    if not KEY.fullmatch(made["api_key"]) or not HEX_ID.fullmatch(made["id"]):
        fail(f"{made!r}")


@act(COMMANDS, "account create --plan takes a plan of the plan file, in any letter case")
def create_plan(stage):
    stage.place.succeed("account", "create", "plan@example.com", "--plan", "roomy")
    shown = records(stage.place.succeed("account", "show", "plan@example.com", "--json"))[0]
    equal(shown["plan"], "Roomy", "plan")


for label, words, says in (
    ("an address twice", ["ann@example.com"], ["ann@example.com"]),
    ("an address twice in another letter case", ["ANN@Example.com"], []),
    ("no address at all", ["not-an-address"], ["not-an-address"]),
    ("two '@'", ["a@b@c"], []),
    ("nothing before the '@'", ["@example.com"], []),
    ("nothing behind the '@'", ["a@"], []),
    ("an address with a space", ["a b@example.com"], []),
    ("an address of 300 bytes", ["a" * 300 + "@example.com"], []),
    ("an empty address", [""], []),
    ("an unknown plan, naming the known ones", ["bob@example.com", "--plan", "Gold"], ["Gold", "Roomy"]),
):
    @act(COMMANDS, f"account create refuses {label}")
    def create_refuses(stage, words=words, says=says):
        refuse(stage, "account", "create", *words, says=says)


@act(COMMANDS, "what was refused was not made")
def refused_not_made(stage):
    refuse(stage, "account", "show", "bob@example.com", says=["bob@example.com"])


@act(COMMANDS, "account list: one record a line")
def account_list(stage):
    lines = stage.place.succeed("account", "list").lines()
    for email in ("ann@example.com", "json@example.com", "plan@example.com"):
        equal(sum(email in line for line in lines), 1, f"lines with {email}")


@act(COMMANDS, "account list --json: every account with email and plan, by email")
def account_list_json(stage):
    found = records(stage.place.succeed("account", "list", "--json"))
    emails = [account["email"] for account in found]
    equal(emails, sorted(emails), "order")
    if not {"ann@example.com", "json@example.com", "plan@example.com"} <= set(emails):
        fail(f"{emails}")
    equal({account["plan"] for account in found}, {"Roomy"}, "plans")


@act(COMMANDS, "account show")
def account_show(stage):
    result = stage.place.succeed("account", "show", "ann@example.com")
    for word in ("ann@example.com", "Roomy"):
        if word not in result.stdout:
            fail(f"does not show {word}: {result!r}")
    if stage.notes["ann"] in result.stdout:
        fail("shows the whole key")


@act(COMMANDS, "account show finds an address in any letter case")
def account_show_case(stage):
    stage.place.succeed("account", "show", "ANN@EXAMPLE.COM")


for verb in ("show", "suspend", "resume"):
    @act(COMMANDS, f"account {verb} of nobody is refused")
    def nobody(stage, verb=verb):
        refuse(stage, "account", verb, "nobody@example.com", says=["nobody@example.com"])


@act(COMMANDS, "account suspend and resume, each twice, are shown")
def suspend_resume(stage):
    for verb, word in (("suspend", True), ("suspend", True), ("resume", False), ("resume", False)):
        stage.place.succeed("account", verb, "ann@example.com")
        shown = stage.place.succeed("account", "show", "ann@example.com").stdout
        equal("suspended" in shown.lower() and "not suspended" not in shown.lower(), word,
              f"suspended after {verb}: {shown!r}")


@act(COMMANDS, "key create prints the key alone; --json with its id")
def key_create(stage):
    plain = stage.place.succeed("key", "create", "ann@example.com")
    equal(len(plain.lines()), 1, "lines")
    if not KEY.fullmatch(plain.lines()[0]) or plain.lines()[0] == stage.notes["ann"]:
        fail(f"{plain!r}")
    made = json.loads(stage.place.succeed("key", "create", "ann@example.com", "--name", "second", "--json").stdout)
    if not KEY.fullmatch(made["api_key"]) or not HEX_ID.fullmatch(made["id"]):
        fail(f"{made!r}")
    stage.notes["second"] = made


@act(COMMANDS, "key list shows ids, names and statuses, never a whole key")
def key_list(stage):
    second = stage.notes["second"]
    plain = stage.place.succeed("key", "list", "ann@example.com").stdout
    rows = records(stage.place.succeed("key", "list", "ann@example.com", "--json"))
    equal(len(rows), 3, "keys")
    row = [row for row in rows if row["id"] == second["id"]][0]
    equal((row["name"], row["status"]), ("second", "active"), "name and status")
    shown = json.dumps(row)
    if second["api_key"][:12] not in shown or second["api_key"][-4:] not in shown:
        fail(f"first 12 and last 4 characters are not shown: {shown}")
    if KEY.search(plain) or KEY.search(json.dumps(rows)):
        fail("a whole key is shown")
    if second["id"] not in plain:
        fail(f"the id is not in {plain!r}")


@act(COMMANDS, "key create refuses a name that a live key has")
def key_name_twice(stage):
    refuse(stage, "key", "create", "ann@example.com", "--name", "second", says=["second"])


@act(COMMANDS, "key revoke, twice, and the status it leaves")
def key_revoke(stage):
    identifier = stage.notes["second"]["id"]
    for _ in range(2):
        stage.place.succeed("key", "revoke", identifier)
    rows = records(stage.place.succeed("key", "list", "ann@example.com", "--json"))
    equal([row["status"] for row in rows if row["id"] == identifier], ["revoked"], "status")


@act(COMMANDS, "a revoked key's name is free again")
def key_name_again(stage):
    stage.place.succeed("key", "create", "ann@example.com", "--name", "second")


for label, words in (
    ("key create of nobody", ["create", "nobody@example.com"]),
    ("key list of nobody", ["list", "nobody@example.com"]),
    ("key revoke of an unknown id", ["revoke", "0" * 32]),
    ("key revoke of words", ["revoke", "the-old-one"]),
):
    @act(COMMANDS, f"{label} is refused")
    def key_refused(stage, words=words):
        refuse(stage, "key", *words)


@act(COMMANDS, "the 21st live key is refused, and one revoked makes room")
def key_limit(stage):
    stage.place.succeed("account", "create", "many@example.com")
    made = [json.loads(stage.place.succeed("key", "create", "many@example.com", "--json").stdout)
            for _ in range(19)]
    refuse(stage, "key", "create", "many@example.com", says=["20"])
    stage.place.succeed("key", "revoke", made[0]["id"])
    stage.place.succeed("key", "create", "many@example.com")


@act(COMMANDS, "account import: one account and one key each, printed as email,key")
def account_import(stage):
    file = stage.place.write("move.csv", "email,plan,name\nx@example.com,Roomy,Mr X\n"
                             'y@example.com,Roomy,"Y, Inc. \u201cbest\u201d"\r\nz@example.com,Roomy,\n')
    lines = stage.place.succeed("account", "import", file).lines()
    pairs = dict(line.split(",") for line in lines if "@" in line)
    equal(list(pairs), ["x@example.com", "y@example.com", "z@example.com"], "emails, in the file's order")
    for key in pairs.values():
        if not KEY.fullmatch(key):
            fail(f"{key!r} is no key")
    shown = records(stage.place.succeed("account", "show", "y@example.com", "--json"))[0]
    equal(shown["name"], "Y, Inc. \u201cbest\u201d", "the quoted name")
    stage.notes["imported"] = pairs


for label, content, line in (
    ("a wrong address", "email,plan,name\nok1@example.com,Roomy,A\nwrong,Roomy,B\n", 3),
    ("an unknown plan", "email,plan,name\nok2@example.com,Gold,A\n", 2),
    ("an address that is there already", "email,plan,name\nok3@example.com,Roomy,A\nann@example.com,Roomy,B\n", 3),
    ("an address twice in the file", "email,plan,name\nok4@example.com,Roomy,A\nok5@example.com,Roomy,A\n"
     "ok4@example.com,Roomy,B\n", 4),
    ("a row with too many columns", "email,plan,name\nok6@example.com,Roomy,A,B,C\n", 2),
    ("a quote that never ends", 'email,plan,name\nok7@example.com,Roomy,"A\n', 2),
):
    @act(COMMANDS, f"account import with {label}: file, line, reason, and nothing is imported")
    def account_import_refused(stage, content=content, line=line):
        before = stage.place.succeed("account", "list").stdout
        file = stage.place.write("wrong.csv", content)
        result = refuse(stage, "account", "import", file, says=["wrong.csv"])
        if not re.search(rf"(:|line ){line}\b", result.stderr):
            fail(f"does not name line {line}: {result!r}")
        equal(stage.place.succeed("account", "list").stdout, before, "accounts")


@act(COMMANDS, "account import of no such file is refused")
def account_import_missing(stage):
    refuse(stage, "account", "import", "no-such.csv", says=["no-such.csv"])


@act(COMMANDS, "account import of 2,500, and account list shows them all, each once")
def account_list_long(stage):
    emails = [f"long{number:04}@example.com" for number in range(2500)]
    file = stage.place.write("long.csv", "email,plan,name\n" + "".join(f"{email},Roomy,\n" for email in emails))
    lines = stage.place.succeed("account", "import", file).lines()
    equal([line.split(",")[0] for line in lines if line.startswith("long")], emails, "printed")
    listed = [line.split()[0] for line in stage.place.succeed("account", "list").lines()]
    equal([email for email in listed if email.startswith("long")], emails, "listed")


@contextlib.contextmanager
def without_server():
    with Place() as place:
        yield Stage(place)


def works(stage, key):
    return stage.server.ask(ENDPOINT, headers={"x-api-key": key}).status == 200


@act(SEEN, "a new account's key works within one second")
def seen_account(stage):
    stage.notes["new"] = stage.place.succeed("account", "create", "new@example.com").lines()[0]
    within_a_second(lambda: works(stage, stage.notes["new"]), "the new key works")


@act(SEEN, "a new key works within one second")
def seen_key(stage):
    stage.notes["made"] = json.loads(stage.place.succeed("key", "create", "new@example.com", "--json").stdout)
    within_a_second(lambda: works(stage, stage.notes["made"]["api_key"]), "the new key works")


@act(SEEN, "a revoked key stops within one second, also on an open connection")
def seen_revocation(stage):
    key = stage.notes["made"]["api_key"]
    with stage.server.connect() as connection:
        equal(connection.ask(ENDPOINT, headers={"x-api-key": key}).status, 200, "before")
        stage.place.succeed("key", "revoke", stage.notes["made"]["id"])
        within_a_second(lambda: connection.ask(ENDPOINT, headers={"x-api-key": key}).status == 401,
                        "the revoked key stops")
        equal(connection.ask(ENDPOINT, headers={"x-api-key": stage.notes["new"]}).status, 200,
              "the account's other key on the same connection")


@act(SEEN, "a revocation through another name of the database reaches the server that owns it")
def seen_through_link(stage):
    demand_file("a database has no other name")
    folder = stage.place.folder
    for label, name in (("a symbolic link", "link.db"), ("a removed lock file", "x.db")):
        made = json.loads(stage.place.succeed("key", "create", "new@example.com", "--json").stdout)
        equal(works(stage, made["api_key"]), True, f"before, by {label}")
        if name == "link.db":
            (folder / name).symlink_to("x.db")
        else:
            (folder / "x.db.lock").unlink()
        stage.place.succeed("key", "revoke", made["id"], "--database", f"sqlite:{folder}/{name}", database=False)
        equal(works(stage, made["api_key"]), False, f"after, by {label}")
    equal(sorted(path.name for path in folder.glob("link.db*")), ["link.db"], "files beside the link")


@act(SEEN, "a hard link to the database is refused, by commands and by serve")
def seen_through_hard_link(stage):
    demand_file("a database has no other name")
    other = stage.place.folder / "hard.db"
    other.hardlink_to(stage.place.folder / "x.db")
    try:
        for words in (["key", "revoke", "0" * 32], ["serve", "--listen", "127.0.0.1:0"]):
            result = stage.place.run(*words, "--database", f"sqlite:{other}", database=False)
            equal(result.status, 1, f"exit of {result!r}")
            if "another name" not in result.stderr:
                fail(f"does not say why: {result!r}")
    finally:
        for path in stage.place.folder.glob("hard.db*"):
            path.unlink()


@act(SEEN, "a suspension stops all keys of an account within one second, on open connections")
def seen_suspension(stage):
    with stage.server.connect() as connection:
        def status():
            return connection.ask(ENDPOINT, headers={"x-api-key": stage.notes["new"]}).status
        equal(status(), 200, "before")
        stage.place.succeed("account", "suspend", "new@example.com")
        within_a_second(lambda: status() == 403, "the suspended account stops")
        equal(connection.ask(ENDPOINT, headers={"x-api-key": stage.key}).status, 200, "another account")
        stage.place.succeed("account", "resume", "new@example.com")
        within_a_second(lambda: status() == 200, "the resumed account works")


@act(SEEN, "imported accounts' keys work within one second")
def seen_import(stage):
    rows = "".join(f"bulk{number}@example.com,Roomy,Bulk\n" for number in range(50))
    file = stage.place.write("bulk.csv", "email,plan,name\n" + rows)
    pairs = [line.split(",") for line in stage.place.succeed("account", "import", file).lines()
             if line.startswith("bulk")]
    equal(len(pairs), 50, "keys")
    within_a_second(lambda: all(works(stage, key) for _, key in pairs[::10]), "the imported keys work")


@act(SEEN, "keys and revocations outlive the server")
def seen_after_restart(stage):
    stage.drop_connection()
    stage.server.stop()
    stage.server = stage.place.serve()
    equal(works(stage, stage.notes["new"]), True, "the live key after a restart")
    equal(works(stage, stage.notes["made"]["api_key"]), False, "the revoked key after a restart")


@act(SEEN, "no key is stored: its SHA-256 alone")
def key_is_not_stored(stage):
    stage.drop_connection()
    stage.server.stop()
    secrets = [stage.notes["new"], stage.key, stage.notes["made"]["api_key"]]
    for path in stage.place.folder.glob("x.db*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        for secret in secrets:
            if secret.encode() in content or secret[12:40].encode() in content:
                fail(f"a key stands in {path.name}")
    stored = stage.place.ledger_dump()
    for secret in secrets:
        if secret[12:40] in stored:
            fail("a key stands in the ledger")
    if hashlib.sha256(stage.notes["new"].encode()).hexdigest().upper() not in stored.upper():
        fail("its SHA-256 is not stored")
    stage.server = stage.place.serve()


@act(PLACES, "a mistyped path makes nothing: commands that need a database refuse")
def mistyped(stage):
    demand_file("a schema that is not there is made")
    with Place() as place:
        for words in (["account", "list"], ["account", "show", "a@example.com"], ["key", "list", "a@example.com"],
                      ["account", "suspend", "a@example.com"], ["key", "create", "a@example.com"],
                      ["key", "revoke", "0" * 32]):
            result = place.refuse(*words)
            for said in ("there is no database at", "x.db", "account create"):
                if said not in result.stderr:
                    fail(f"does not say {said!r}: {result!r}")
        equal([path.name for path in place.folder.iterdir()], ["plans.ini"], "files")
        place.succeed("account", "create", "a@example.com")
        place.succeed("account", "list")


@act(PLACES, "a database in memory is refused")
def in_memory(stage):
    with Place() as place:
        place.database = "sqlite::memory:"
        for words in (["account", "create", "a@example.com"], ["serve", "--listen", "127.0.0.1:0"]):
            if "in memory" not in (result := place.refuse(*words)).stderr:
                fail(f"{result!r}")


@act(PLACES, "the password of a database URL is never shown, wherever the URL is written")
def password(stage):
    url = "postgresql://ann:s3cr3t@db.example.com/x"
    with Place() as place:
        config = place.write("c.ini", f"[database]\nurl = {url}\n")
        for words, settings in ((["account", "list", "--database", url], {}), (["account", "list"],
                                {"TRENDGATE_DATABASE": url}), (["account", "list", "--config", config], {}),
                                (["account", "list", url], {}), (["account", "list", f"--databse={url}"], {}),
                                (["account", url], {}), (["serve", "--listen", "127.0.0.1:0"],
                                {"TRENDGATE_DATABASE": url})):
            result = place.run(*words, settings=settings, database=False)
            if result.status == 0 or "s3cr3t" in result.stderr + result.stdout:
                fail(f"{result!r}")
            if words[-1] == url and "--database" not in words and "ann:***@" not in result.stderr:
                fail(f"{result!r}")
        for words in (["config", "show"], ["config", "show", "--json"], ["config", "show", "--commented"]):
            result = place.succeed(*words, "--database", url, database=False)
            if "s3cr3t" in result.stdout or "postgresql://ann:***@db.example.com/x" not in result.stdout:
                fail(f"{result!r}")
        for words in (["account", "list"], ["serve", "--listen", "127.0.0.1:0"]):
            result = place.refuse(*words, "--database", url, database=False)
            if "is not to be had" not in result.stderr or "s3cr3t" in result.stderr:
                fail(f"{result!r}")


def on_terminal(place, *words):
    """What a person at a terminal sees of a command."""
    end, other = pty.openpty()
    done = subprocess.run([str(BINARY), *words, "--database", place.database], stdout=other, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, env=environment_of(place.settings), check=False)
    os.close(other)
    seen = b""
    with contextlib.suppress(OSError):  # a terminal without its other end
        while piece := os.read(end, 65536):
            seen += piece
    os.close(end)
    equal(done.returncode, 0, f"exit of {words}: {done.stderr}")
    return seen.decode().replace("\r\n", "\n")


@act(TERMINAL, "lists have a header and columns on a terminal, and tabs elsewhere")
def columns(stage):
    with Place() as place:
        for email in ("a@example.com", "somebody.with.a.long.name@example.com"):
            place.succeed("account", "create", email, "--name", "\u00c4nne")
        lines = on_terminal(place, "account", "list").splitlines()
        equal(lines[0].split(), ["EMAIL", "PLAN", "STATUS", "CREATED", "AT"], "header")
        equal(len(lines), 3, "lines")
        equal({line.index("Roomy") for line in lines[1:]}, {lines[0].index("PLAN")}, "where the plans begin")
        equal(on_terminal(place, "account", "list", "--json"),
              place.succeed("account", "list", "--json").stdout, "--json on a terminal")
        if "\t" in "".join(lines) or "EMAIL" in (plain := place.succeed("account", "list").stdout) or "\t" not in plain:
            fail(f"{lines!r} {plain!r}")
        keys = on_terminal(place, "key", "list", "a@example.com").splitlines()
        if not keys[0].startswith("ID ") or "MASKED KEY" not in keys[0] or len(keys) != 2:
            fail(f"{keys!r}")


@act(TERMINAL, "account show names name, id and live keys")
def show_whole(stage):
    with Place() as place:
        place.succeed("account", "create", "a@example.com", "--name", "Anne")
        place.succeed("key", "create", "a@example.com")
        shown = json.loads(place.succeed("account", "show", "a@example.com", "--json").stdout)
        equal((shown["name"], shown["live_keys"]), ("Anne", 2), "name and keys")
        fields = place.succeed("account", "show", "a@example.com").stdout.rstrip("\n").split("\t")
        equal(fields[-3:], ["Anne", shown["id"], "2"], "the record's end")
        lines = on_terminal(place, "account", "show", "a@example.com").splitlines()
        for line in ("EMAIL", "a@example.com"), ("NAME", "Anne"), ("ID", shown["id"]), ("LIVE KEYS", "2"):
            if not any(re.fullmatch(f"{line[0]} +{re.escape(line[1])}", seen) for seen in lines):
                fail(f"no line {line} in {lines!r}")


@act(TERMINAL, "key revoke says which key of whom it revoked, and whether it was so already")
def revoke_says(stage):
    with Place() as place:
        place.succeed("account", "create", "a@example.com")
        made = json.loads(place.succeed("key", "create", "a@example.com", "--json").stdout)
        masked = f"{made['api_key'][:12]}...{made['api_key'][-4:]}"
        equal(place.succeed("key", "revoke", made["id"]).stdout, f"revoked {masked} of a@example.com\n", "first")
        equal(place.succeed("key", "revoke", made["id"]).stdout, f"{masked} of a@example.com was revoked already\n",
              "second")
        equal(json.loads(place.succeed("key", "revoke", made["id"], "--json").stdout),
              {"id": made["id"], "masked_key": masked, "email": "a@example.com", "was_revoked": True}, "--json")


@act(TERMINAL, "--version, -h and help")
def version_and_help(stage):
    with Place() as place:
        for words in (["--version"], ["account", "--version"], ["account", "list", "--version"]):
            if not re.fullmatch(r"trendgate [0-9]+\.[0-9]+\.[0-9]+\n", place.succeed(*words, database=False).stdout):
                fail(f"{words}")
        for words, same in ((["-h"], ["--help"]), (["help"], ["--help"]), (["account", "-h"], ["account", "--help"]),
                            (["help", "account"], ["account", "--help"]), (["account", "help"], ["account", "--help"]),
                            (["help", "account", "show"], ["account", "show", "--help"]),
                            (["account", "show", "-h"], ["account", "show", "--help"])):
            equal(place.succeed(*words, database=False).stdout, place.succeed(*same, database=False).stdout, f"{words}")


SCENARIOS = [
    Scenario("at a terminal", without_server, TERMINAL),
    Scenario("where the database is", without_server, PLACES),
    Scenario("commands without a server", without_server, COMMANDS),
    Scenario("commands beside a server", served, COMMANDS),
    Scenario("seen by the server", served, SEEN),
]
