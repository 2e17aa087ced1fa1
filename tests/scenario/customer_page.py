"""The customer's page: its curl and its TypeScript run as printed, but for host and key."""

import json
import re
import shutil
import subprocess

from support.reference import FIELDS, check_success
from support.server import PATIENCE_S, SHARED, environment_of
from support.steps import ENDPOINT, Scenario, Skip, act, equal, fail, served

STEPS = []
HOST = "https://api.crawlora.net"


def page():
    path = SHARED / "reference/endpoint.txt"
    if not path.exists():
        raise Skip(f"the customer's page is absent: {path}")
    return path.read_text("utf-8")


def pasted(stage, text):
    """As printed, but for host and key."""
    if HOST not in text or "<api-key>" not in text:
        fail(f"the page has changed: {text!r}")
    return text.replace(HOST, f"http://127.0.0.1:{stage.server.port}").replace("<api-key>", stage.key)


def run(words, **options):
    done = subprocess.run(words, capture_output=True, env=environment_of({}), timeout=PATIENCE_S * 2, check=False,
                          **options)
    equal(done.returncode, 0, f"exit of {words[0]}: {done.stderr.decode()[-800:]}")
    return done.stdout.decode()


def check_fifty(stage, body):
    wanted = stage.get("?limit=50&country_code=US").json()
    equal(len(body["data"]["data"]["list"]), 50, "items")
    for name in ("request_id",):
        body["data"].pop(name), wanted["data"].pop(name)
    equal(body, wanted, "the body")


@act(STEPS, "the curl line works as printed")
def curl(stage):
    line = next(line for line in page().splitlines() if line.startswith("curl "))
    check_fifty(stage, json.loads(run(["bash", "-c", pasted(stage, line) + " --silent --show-error"])))


@act(STEPS, "the TypeScript fetch works as printed")
def typescript(stage):
    text = page()
    if not shutil.which("node"):
        raise Skip("node is absent")
    script = text[text.index("const url = new URL("):].rstrip()
    if not script.endswith("const payload = await response.json();"):
        fail(f"the page has changed: {script[-200:]!r}")
    file = stage.place.write("page.mjs", pasted(stage, script) + "\nconsole.log(JSON.stringify(payload));\n")
    check_fifty(stage, json.loads(run(["node", str(file)])))


@act(STEPS, "the page's response table is the one that answers are checked against")
def table(stage):
    rows = re.findall(r"^\| ((?:data|code|msg)[^ ]*) \| ([^ ]+) \|", page(), re.M)
    ours = {field: kind.split()[0] for field, kind in FIELDS if not field.endswith("[]")}
    theirs = {field: "object" if kind == "popularTrend.HashtagTrendResp" else kind for field, kind in rows}
    equal(theirs, ours, "fields and types")
    check_success(stage.get("?limit=100&country_code=US"), 7, "US")


@act(STEPS, "the page's example has the form of ours")
def example(stage):
    text = page()
    text = text[text.index("Example response") + len("Example response"):text.index("Request schema")]
    theirs = json.loads(text)
    ours = stage.get("?limit=1&country_code=US").json()
    ours["data"].pop("request_id")
    equal(list(ours), list(theirs), "members of the body")
    equal(list(ours["data"]["data"]["pagination"]), list(theirs["data"]["data"]["pagination"]), "of pagination")
    item, sample = theirs["data"]["data"]["list"][0], ours["data"]["data"]["list"][0]
    equal([name for name in sample if name not in ("creators", "industry_info")],
          [name for name in item if name != "industry_info"], "members of an item, in order")
    equal({name: type(value) for name, value in ours["data"]["data"]["pagination"].items()},
          {name: type(value) for name, value in theirs["data"]["data"]["pagination"].items()}, "types")


@act(STEPS, "the page's countries and industries are ours")
def tables(stage):
    for name, path in (("country_code", "countries.tsv"), ("industry_id", "industries.tsv")):
        file = SHARED / "reference" / path
        if not file.exists():
            raise Skip(f"{file} is absent")
        for row in file.read_text("utf-8").splitlines()[1:]:
            equal(stage.get(f"?limit=1&{name}={row.split()[0]}").status, 200, f"status for {row!r}")


assert ENDPOINT.endswith("/tiktok/popular-trend/hashtag")
SCENARIOS = [Scenario("customer's page", served, STEPS)]
