"""A person at the console, as a browser without scripts would act: keeps cookies, sends forms and what is in them."""

import html.parser
import json
import urllib.parse

from .server import ON_POSTGRES
from .steps import dig, equal, fail

STRICT = ("Content-Security-Policy", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy")
PASSWORD = "correct horse battery"


class Forms(html.parser.HTMLParser):
    """The forms of a page, and all ids, labels and attributes that must not be there."""

    def __init__(self, page):
        super().__init__()
        self.forms, self.ids, self.described, self.labels, self.forbidden, self.text = [], set(), [], [], [], ""
        self.html = {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        self.described += (given.get("aria-describedby") or "").split()
        self.forbidden += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "html":
            self.html = given
        if tag == "label":
            self.labels.append(given.get("for"))
        if tag == "form":
            self.forms.append({"action": given.get("action"), "method": given.get("method"), "inputs": []})
        if tag == "input":
            self.forms[-1]["inputs"].append(given)

    def handle_data(self, words):
        self.text += words


def check_page(answer):
    """What holds of every page: strict headers, nothing inline, each input named and explained."""
    equal(answer.field("Content-Type"), "text/html; charset=utf-8", "Content-Type")
    equal(answer.field("Cache-Control"), "no-store", "Cache-Control")
    equal(answer.field("X-Content-Type-Options"), "nosniff", "X-Content-Type-Options")
    equal(answer.field("Access-Control-Allow-Origin"), None, "CORS")
    for name in STRICT:
        if not answer.field(name):
            fail(f"no {name}: {answer!r}")
    policy = answer.field("Content-Security-Policy")
    if "unsafe" in policy or "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
        fail(f"a policy that lets something in: {policy}")
    page = Forms(answer.body.decode("utf-8"))
    equal(page.forbidden, [], "style and on... attributes")
    for form in page.forms:
        equal(form["method"], "post", "method of a form")
        for given in form["inputs"]:
            if given["type"] == "hidden":
                continue
            if given["id"] not in page.labels or not given.get("autocomplete"):
                fail(f"an input without label or autocomplete: {given}")
    for described in page.described:
        if described not in page.ids:
            fail(f"nothing has the id {described}")
    return page


class Person:
    """name: of the session's cookie, by what the server is set to."""

    def __init__(self, server, name="__Host-sid"):
        self.server, self.name = server, name
        self.cookies = {}
        self.csrf = None

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server.port}"

    def ask(self, target, method="GET", headers=(), body=None):
        fields = {"Host": f"127.0.0.1:{self.server.port}", **dict(headers)}
        if self.cookies:
            fields.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        answer = self.server.ask(target, method, {n: v for n, v in fields.items() if v is not None}, body)
        for name, value in answer.fields:
            if name.lower() == "set-cookie":
                self.keep(value)
        return answer

    def keep(self, line):
        pair, *rules = line.split("; ")
        name, _, value = pair.partition("=")
        if not {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(rules):
            fail(f"a cookie with other rules: {line}")
        if ("Secure" in rules) != name.startswith("__Host-") or any(rule.startswith("Domain") for rule in rules):
            fail(f"a cookie with other rules: {line}")
        self.cookies[name] = value
        if "Max-Age=0" in rules:
            del self.cookies[name]

    # ---- Pages ----

    def page(self, target, status=200):
        answer = self.ask(target)
        equal(answer.status, status, f"status of {answer!r}")
        return check_page(answer)

    def send(self, target, form, headers=()):
        """The POST of a form whose fields are given whole."""
        fields = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin, **dict(headers)}
        answer = self.ask(target, "POST", fields, urllib.parse.urlencode(form).encode())
        check_page(answer)
        return answer

    def fill(self, target, headers=(), **values):
        """Opens the page, fills in its last form and sends it."""
        form = self.page(target).forms[-1]
        hidden = {given["name"]: given.get("value", "") for given in form["inputs"] if given["type"] == "hidden"}
        return self.send(form["action"], {**hidden, **values}, headers)

    def sign_in(self, email, password=PASSWORD, next=None):
        target = "/console/signin" + (f"?next={urllib.parse.quote(next, safe='')}" if next else "")
        return self.fill(target, email=email, password=password)

    def follow(self, link):
        """A sign-in link, and a password by it."""
        answer = self.fill(link[link.index("/console/link/"):])
        equal((answer.status, answer.field("Location")), (303, "/console/password"), "where a link leads")
        answer = self.fill("/console/password", new_password=PASSWORD)
        equal((answer.status, answer.field("Location")), (303, "/console/"), "where a password leads")
        return self

    @property
    def token(self):
        return self.cookies.get(self.name)

    # ---- The account API ----

    def get(self, path, status=200):
        answer = self.ask("/api/v1" + path)
        equal(answer.status, status, f"status of {answer!r}")
        equal(answer.field("Cache-Control"), "no-store", "Cache-Control")
        equal(answer.field("Access-Control-Allow-Origin"), None, "CORS")
        return dig(answer.json(), "data")

    def proof(self):
        self.csrf = self.get("/user/me")["csrf_token"]
        return self.csrf

    def change(self, method, path, body=None, status=200, reason=None, **headers):
        """Headers of None are left out."""
        fields = {"Content-Type": "application/json", "Origin": self.origin,
                  "x-csrf-token": self.csrf or self.proof(),
                  **{name.replace("_", "-"): value for name, value in headers.items()}}
        answer = self.ask("/api/v1" + path, method, fields, json.dumps(body if body is not None else {}).encode())
        equal(answer.status, status, f"status of {answer!r}")
        equal(answer.field("Cache-Control"), "no-store", "Cache-Control")
        data = dig(answer.json(), "data")
        if reason:
            equal(data["reason"], reason, "reason")
        return data

    def post(self, path, body=None, status=200, reason=None, **headers):
        return self.change("POST", path, body, status, reason, **headers)

    def delete(self, path, body=None, status=200, reason=None, **headers):
        return self.change("DELETE", path, body, status, reason, **headers)

    def key(self, name, **members):
        """A new one: what is shown of it, with the secret under "secret"."""
        made = self.post("/user/me/api-keys", {"name": name, **members})
        return {**made["key"], "secret": made["api_key"]}

    def key_row(self, id):
        for row in self.get("/user/me/api-keys")["items"]:
            if row["id"] == id:
                return row
        return fail(f"no key {id} is listed")


def sign_in_link(place, email):
    lines = place.succeed("account", "sign-in-link", email).lines()
    equal(len(lines), 1, "lines of a sign-in link")
    if not ON_POSTGRES:
        return lines[0]
    # The command tells the address in the settings, and our servers listen where there is room.
    path = lines[0][lines[0].index("/console/"):]
    return f"http://127.0.0.1:{place.servers[-1].port}{path}" if place.servers else lines[0]


def member(stage, email, plan="Roomy"):
    """A person with an account, signed in by a link and with a password since."""
    stage.place.new_key(email, plan)
    return Person(stage.server).follow(sign_in_link(stage.place, email))
