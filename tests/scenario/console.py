"""The console's server half over real HTTP: signing in and out without scripts, what a cookie may and may not do, keys
from their making to their end, lists that are looked at for free, and calls from the playground."""

import contextlib
import datetime
import json
import re
import select
import sqlite3
import urllib.parse

from support.clock import SECOND_US, Clock, instant
from support.console import PASSWORD, Person, check_page, member, sign_in_link
from support.http_client import request_bytes, until
from support.server import KEY, Place, demand_file
from support.steps import ENDPOINT, META, Scenario, Stage, act, dig, equal, fail

DOOR, LINKS, PROOF, SESSIONS, LIMITS, KEYS, LIVES, USES, CALLS, OPEN, PLAIN, PROXIED = ([] for _ in range(12))
HOUR, DAY = 3600, 86400
LIST = "/user/me/api-keys"


@contextlib.contextmanager
def staged(clock=None, settings=None):
    settings = {"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true", **(settings or {})}
    with Place(settings, clock=clock) as place:
        stage = Stage(place, place.serve())
        stage.clock = clock
        yield stage
        stage.drop_connection()
        stage.server.stop()
        for secret in stage.notes.get("secrets", []):
            if secret in stage.server.stderr:
                fail("the log holds a secret")
        if KEY.search(stage.server.stderr):
            fail("the log holds a key")
        place.books_agree()


@contextlib.contextmanager
def clocked():
    with Clock("2025-01-31T10:00:00Z") as clock, staged(clock) as stage:
        yield stage


def hide(stage, *secrets):
    """Must never be found in the log."""
    stage.notes.setdefault("secrets", []).extend(secrets)


def call(stage, key, status=200):
    answer = stage.ask(ENDPOINT + "?limit=1", headers={"x-api-key": key})
    equal(answer.status, status, f"status of {answer!r}")
    return answer


# ---- The door ----

@act(DOOR, "an account made by a command comes in by a link, sets a password, and signs in with it")
def comes_in(stage):
    ann = member(stage, "ann@example.com")
    hide(stage, ann.token, PASSWORD)
    me = ann.get("/user/me")
    equal((me["email"], me["plan"], me["suspended"], me["sign_up"]),
          ("ann@example.com", "Roomy", False, "closed"), "me")
    again = Person(stage.server)
    answer = again.sign_in("ANN@example.com", next="/console/keys?sort=name")
    equal((answer.status, answer.field("Location")), (303, "/console/keys?sort=name"), "where it leads")
    equal(again.get("/user/me")["id"], me["id"], "the account")
    if again.token == ann.token:
        fail("two sessions with one token")


@act(DOOR, "the session's cookie is of this host, secure, and hidden from scripts")
def cookie(stage):
    ann = Person(stage.server)
    line = ann.sign_in("ann@example.com").field("Set-Cookie")
    if not re.fullmatch(r"__Host-sid=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Lax; Secure", line):
        fail(f"Set-Cookie: {line}")


@act(DOOR, "an unknown address and a wrong password are answered alike")
def alike(stage):
    answers = []
    for email, password in (("ann@example.com", "wrong password!"), ("nobody@example.com", "wrong password!"),
                            ("ann@example.com", ""), ("no mail address", PASSWORD)):
        person = Person(stage.server)
        answer = person.sign_in(email, password)
        equal(answer.status, 401, f"status of {answer!r}")
        equal(person.token, None, "a session")
        page = answer.body.decode().replace(email, "EMAIL")
        answers.append((re.sub(r'name="csrf" value="[0-9a-f]+"', "", page).replace(' value="EMAIL"', ""),
                        [(n, v) for n, v in answer.fields if n not in ("X-Request-Id", "Content-Length", "Date")]))
    for other in answers[1:]:
        equal(other, answers[0], "answer")


@act(DOOR, "a wrong password is explained at its field")
def explained(stage):
    answer = Person(stage.server).sign_in("ann@example.com", "wrong password!")
    page = check_page(answer)
    given = {field["name"]: field for field in page.forms[0]["inputs"]}
    equal(given["password"]["aria-describedby"], "password-fault", "aria-describedby")
    equal(given["password"].get("value"), None, "a password that is sent back")
    equal(given["email"]["value"], "ann@example.com", "the address")


@act(DOOR, "a sign-in leads to paths of the console alone")
def leads(stage):
    for next in ("https://example.com/", "//example.com/console/", "/docs", "/console/\\example.com", "/console/\n",
                 "/console/../docs", "/console/a/%2E%2e/../docs", "/console/.", "javascript:alert(1)", "/console/" + "a" * 600):
        equal(Person(stage.server).sign_in("ann@example.com", next=next).field("Location"), "/console/",
              f"where {next!r} leads")


@act(DOOR, "without a session every page of the console leads to the sign-in page, and back")
def first(stage):
    for path in ("/console/", "/console/keys", "/console/trends/prom?period=30&x=a%26b"):
        answer = Person(stage.server).ask(path)
        equal(answer.status, 303, f"status of {answer!r}")
        target = urllib.parse.urlsplit(answer.field("Location"))
        equal(target.path, "/console/signin", "path")
        equal(urllib.parse.parse_qs(target.query).get("next", ["/console/"]), [path], "next")
    equal(Person(stage.server).ask("/console").field("Location"), "/console/", "where /console leads")


@act(DOOR, "the theme is the cookie's, and no other word of it reaches the page")
def theme(stage):
    for cookie, wanted in (("theme=dark", "dark"), ("theme=light", "light"), ("theme=\"><script>", None), ("a=b", None),
                           ("theme=dark; theme=light", None)):
        answer = Person(stage.server).ask("/console/signin", headers={"Cookie": cookie})
        equal(check_page(answer).html.get("data-theme"), wanted, f"theme of {cookie}")


@act(DOOR, "signing out ends the session, whatever its cookie says afterwards")
def signs_out(stage):
    ann = Person(stage.server)
    ann.sign_in("ann@example.com")
    old = dict(ann.cookies)
    answer = ann.fill("/console/")
    equal((answer.status, answer.field("Location"), ann.token), (303, "/console/signin", None), "after signing out")
    ann.cookies = old
    equal(ann.get("/user/me", 401)["reason"], "no_session", "reason")
    equal(ann.ask("/api/v1/user/me").count("WWW-Authenticate"), 1, "challenge of a 401")


@act(DOOR, "a sign-in ends the session that the browser had")
def replaced(stage):
    ann, old = Person(stage.server), Person(stage.server)
    ann.sign_in("ann@example.com")
    old.cookies = dict(ann.cookies)
    equal(ann.ask("/console/signin").field("Location"), "/console/", "where the sign-in page leads who is in")
    answer = ann.send("/console/signin", {"csrf": ann.proof(), "email": "ann@example.com", "password": PASSWORD})
    equal(answer.status, 303, f"status of {answer!r}")
    ann.get("/user/me")
    old.get("/user/me", 401)


@act(DOOR, "passwords are hashed beside the loop: who asks for less is answered before")
def beside(_stage):
    """In one of three rounds: this process may stand still between the ping and its look. In all they are 48 sign-ins
    of the 50 that may fail from one address."""
    with Place() as place:
        server = place.serve("--threads", "1")
        if not any(is_answered_first(server, round_number) for round_number in range(3)):
            fail("all passwords were hashed before the ping")
        server.stop()


def is_answered_first(server, round_number):
    """A ping, well before the last of 16 sign-ins that were sent before it: not just when all of them are hashed."""
    with contextlib.ExitStack() as open_ones:
        person = Person(server)
        form = {given["name"]: given.get("value", "") for given in person.page("/console/signin").forms[0]["inputs"]}
        fields = {"Host": person.origin[7:], "Origin": person.origin, "Content-Type": "application/x-www-form-urlencoded",
                  "Cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items())}
        waiting = [open_ones.enter_context(server.connect()) for _ in range(16)]
        for number, connection in enumerate(waiting):
            sent = urllib.parse.urlencode({**form, "email": f"n{round_number}-{number}@example.com", "password": "a wrong password"})
            connection.send(request_bytes("/console/signin", "POST", fields, sent.encode()))
        equal(server.ask("/ping").status, 200, "status of a ping behind them")
        is_first = not select.select([waiting[-1].socket], [], [], 0.1)[0]
        for connection in waiting:
            equal(connection.receive("POST").status, 401, "status of a sign-in")
        return is_first


@act(DOOR, "a suspended account may sign in, and its calls are refused as before")
def suspended(stage):
    eve = member(stage, "eve@example.com")
    key = eve.key("own")
    stage.place.succeed("account", "suspend", "eve@example.com")
    person = Person(stage.server)
    equal(person.sign_in("eve@example.com").status, 303, "status of a sign-in")
    me = person.get("/user/me")
    equal((me["suspended"], me["unpaid"]), (True, False), "suspended, unpaid")
    equal(dig(call(stage, key["secret"], 403).json(), "data.reason"), "account_suspended", "reason")
    told = person.post("/console/playground", {"operation_id": "tiktok-popular-trend-hashtag"})
    equal(told["status"], 403, "status in the playground")


@act(DOOR, "sign-up is closed unless it is opened")
def closed(stage):
    page = Person(stage.server).page("/console/signup", 404)
    if page.forms:
        fail("a form on the page of a closed sign-up")
    person = Person(stage.server)
    person.page("/console/signin")
    answer = person.send("/console/signup", {"email": "new@example.com", "password": PASSWORD})
    equal(answer.status, 404, "status of a POST")
    stage.place.refuse("account", "show", "new@example.com")


# ---- Links ----

@act(LINKS, "a link signs in once; looking at it does not use it up")
def once(stage):
    stage.place.new_key("lou@example.com")
    link = sign_in_link(stage.place, "lou@example.com")
    if not re.fullmatch(rf"http://127\.0\.0\.1:{stage.server.port}/console/link/[0-9a-f]{{64}}", link):
        fail(f"the link is {link}")
    path = link[link.index("/console/"):]
    hide(stage, path[-64:])
    for _ in range(3):
        Person(stage.server).page(path)
    lou = Person(stage.server)
    equal(lou.fill(path).status, 303, "status of the first use")
    equal(lou.get("/user/me")["email"], "lou@example.com", "who is in")
    other = Person(stage.server)
    equal(other.fill(path).status, 404, "status of the second use")
    equal(other.token, None, "a session by a used link")


@act(LINKS, "a newer link takes the place of an older one, and an hour ends it")
def newer(stage):
    older, newest = (sign_in_link(stage.place, "lou@example.com") for _ in range(2))
    equal(Person(stage.server).fill(older[older.index("/console/"):]).status, 404, "status of the older")
    stage.clock.pass_by(HOUR)
    equal(Person(stage.server).fill(newest[newest.index("/console/"):]).status, 404, "status after an hour")
    in_time = sign_in_link(stage.place, "lou@example.com")
    stage.clock.pass_by(HOUR - 1)
    equal(Person(stage.server).fill(in_time[in_time.index("/console/"):]).status, 303, "status within the hour")


@act(LINKS, "a link ends the session that the browser had, whosever it was")
def link_replaces(stage):
    lou = Person(stage.server).follow(sign_in_link(stage.place, "lou@example.com"))
    stage.place.new_key("lil@example.com")
    old, other = Person(stage.server), sign_in_link(stage.place, "lil@example.com")
    old.cookies = dict(lou.cookies)
    equal(lou.fill(other[other.index("/console/link/"):]).status, 303, "status of the link")
    equal(lou.get("/user/me")["email"], "lil@example.com", "who is in")
    old.get("/user/me", 401)


@act(LINKS, "a password that was set ends the link that was made before")
def ended_by_password(stage):
    lou = Person(stage.server).follow(sign_in_link(stage.place, "lou@example.com"))
    link = sign_in_link(stage.place, "lou@example.com")
    answer = lou.fill("/console/password", current_password=PASSWORD, new_password="another horse battery")
    equal((answer.status, answer.field("Location")), (303, "/console/"), "a change of password")
    equal(Person(stage.server).fill(link[link.index("/console/"):]).status, 404, "status of the link afterwards")


@act(LINKS, "what is no token of a link is a page that says so")
def no_link(stage):
    for path in ("/console/link/x", "/console/link/" + "A" * 64, "/console/link/" + "0" * 65):
        Person(stage.server).page(path, 404)
    equal(Person(stage.server).fill("/console/link/" + "0" * 64).status, 404, "status of an unknown link")


@act(LINKS, "a command without a server makes a link for the server that is to come")
def offline(stage):
    with Place() as place:
        place.new_key("off@example.com")
        link = sign_in_link(place, "off@example.com")
        place.refuse("account", "sign-in-link", "nobody@example.com")
        off = Person(place.serve()).follow(link)
        equal(off.get("/user/me")["email"], "off@example.com", "who is in")
        off.server.stop()


# ---- The proof ----

@act(PROOF, "what changes something needs our origin and the session's token")
def proved(stage):
    pat = member(stage, "pat@example.com")
    right = pat.proof()
    other = member(stage, "oda@example.com").proof()
    foreign = "https://evil.example"
    for headers in ({"x_csrf_token": None}, {"x_csrf_token": ""}, {"x_csrf_token": other}, {"x_csrf_token": right[:-1]},
                    {"Origin": foreign}, {"Origin": "null"}, {"Origin": None},
                    {"Origin": foreign, "Sec_Fetch_Site": "same-origin"}, {"Origin": None, "Sec_Fetch_Site": "cross-site"},
                    {"Origin": None, "Sec_Fetch_Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}):
        pat.post(LIST, {"name": "no"}, 403, "csrf", **headers)
        pat.delete("/user/me/sessions/" + "0" * 32, status=403, reason="csrf", **headers)
    equal([row["name"] for row in pat.get(LIST)["items"]], [""], "keys after all this")
    pat.post(LIST, {"name": "by fetch"}, Origin=None, Sec_Fetch_Site="same-origin")
    pat.post(LIST, {"name": "by origin"})


@act(PROOF, "a form needs the same, in a field")
def forms(stage):
    ann = Person(stage.server)
    form = {given["name"]: given.get("value", "") for given in ann.page("/console/signin").forms[0]["inputs"]}
    form = {**form, "email": "pat@example.com", "password": PASSWORD}
    stranger = Person(stage.server)
    for person, sent, headers in ((ann, {**form, "csrf": "0" * 64}, {}), (ann, {**form, "csrf": ""}, {}),
                                  (stranger, form, {}), (ann, form, {"Origin": "https://evil.example"}),
                                  (ann, form, {"Origin": None})):
        answer = person.send("/console/signin", sent, headers)
        equal((answer.status, person.token), (403, None), "a form without its proof")
    equal(ann.send("/console/signin", form, {"Content-Type": "text/plain"}).status, 415, "status of no form")
    equal(ann.send("/console/signin", form).status, 303, "status with all of it")
    equal(ann.send("/console/signout", {"csrf": form["csrf"]}).status, 403, "the proof of before signing in")
    ann.get("/user/me")


@act(PROOF, "a form of another site signs nobody out: it comes without the session's cookie, and its answer sets none")
def signed_out_by_others(stage):
    for headers, wanted in (({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": None}, 403),
                            ({}, 303)):
        answer = Person(stage.server).send("/console/signout", {}, headers)
        equal((answer.status, answer.count("Set-Cookie")), (wanted, int(wanted == 303)), f"signing out with {headers}")


@act(PROOF, "a body is JSON of the members that are known, or is refused whole")
def bodies(stage):
    pat = Person(stage.server)
    pat.sign_in("pat@example.com")
    pat.post(LIST, {"name": "x"}, 415, "unsupported_media_type", Content_Type="text/plain")
    for type in ("text/plain", None):
        pat.delete(f"{LIST}/{'0' * 32}", {"name": "x"}, 415, "unsupported_media_type", Content_Type=type)
    for body, parameter in (({"name": "x", "nmae": "y"}, "nmae"), ({}, "name"), ({"name": 7}, "name"), ({"name": " "}, "name"),
                            ({"name": "a\nb"}, "name"), ({"name": "x" * 101}, "name"),
                            ({"name": "a\u202etxt"}, "name"), ({"name": "x\u200b"}, "name"), ({"name": "a\x85b"}, "name"),
                            ({"name": "x", "expires_in_days": 31}, "expires_in_days"),
                            ({"name": "x", "daily_credit_cap": -1}, "daily_credit_cap"),
                            ({"name": "x", "daily_credit_cap": "8"}, "daily_credit_cap"), ([], "body")):
        told = pat.post(LIST, body, 400, "invalid_input")
        equal([fault["parameter"] for fault in told["errors"]], [parameter], f"faults of {body}")
    equal(len(pat.get(LIST)["items"]), 3, "keys after all this")


@act(PROOF, "a product endpoint takes no cookie, and the account's endpoints no key")
def two_worlds(stage):
    pat = Person(stage.server)
    pat.sign_in("pat@example.com")
    for path in (ENDPOINT, META):
        answer = pat.ask(path)
        equal((answer.status, dig(answer.json(), "data.reason")), (401, "missing_key"), "a cookie alone")
    key = pat.key("two worlds")["secret"]
    for path in ("/api/v1/user/me", "/api/v1" + LIST, "/api/v1/console/trends"):
        answer = stage.ask(path, headers={"x-api-key": key})
        equal((answer.status, dig(answer.json(), "data.reason")), (401, "no_session"), "a key alone")


@act(PROOF, "billing takes either, and a key that is sent counts alone")
def either(stage):
    pat = Person(stage.server)
    pat.sign_in("pat@example.com")
    own = pat.get("/billing/me")["user_id"]
    equal(own, pat.get("/user/me")["id"], "whose billing")
    other = stage.place.new_key("zoe@example.com")
    answer = pat.ask("/api/v1/billing/me", headers={"x-api-key": other})
    if answer.status != 200 or dig(answer.json(), "data.user_id") == own:
        fail(f"the cookie won: {answer!r}")
    for key in ("nonsense", ""):
        equal(pat.ask("/api/v1/billing/me", headers={"x-api-key": key}).status, 401, f"status with the key {key!r}")


@act(PROOF, "each path says which methods it answers")
def methods(stage):
    for path, allow in (("/api/v1" + LIST, "GET, HEAD, POST, OPTIONS"), ("/api/v1/user/me/password", "POST, OPTIONS"),
                        ("/console/signout", "POST, OPTIONS"), ("/console/signin", "GET, HEAD, POST, OPTIONS"),
                        ("/api/v1" + LIST + "/abc", "DELETE, OPTIONS"), ("/console/any", "GET, HEAD, OPTIONS")):
        answer = stage.ask(path, "PUT")
        equal((answer.status, answer.field("Allow")), (405, allow), f"PUT {path}")
        answer = stage.ask(path, "OPTIONS")
        equal((answer.status, answer.field("Allow"), answer.field("Access-Control-Allow-Origin")), (204, allow, None),
              f"OPTIONS {path}")
    equal(stage.ask("/api/v1/user/me/nothing").status, 404, "status of no path")


# ---- Sessions ----

@act(SESSIONS, "twelve hours without a look end a session; fourteen days end it whatever was looked at")
def ends(stage):
    sam = member(stage, "sam@example.com")
    stage.clock.pass_by(12 * HOUR - 1)
    sam.get("/user/me")
    stage.clock.pass_by(12 * HOUR)
    sam.get("/user/me", 401)
    sam.sign_in("sam@example.com")
    for _ in range(33):
        stage.clock.pass_by(10 * HOUR)
        sam.get("/user/me")
    stage.clock.pass_by(6 * HOUR - 1)
    sam.get("/user/me")
    stage.clock.pass_by(1)
    sam.get("/user/me", 401)


@act(SESSIONS, "a session outlives the server, with when it was seen last")
def outlives(stage):
    sam = Person(stage.server)
    sam.sign_in("sam@example.com")
    stage.clock.pass_by(11 * HOUR)
    sam.get("/user/me")
    stage.drop_connection()
    stage.server.stop()
    stage.clock.pass_by(11 * HOUR)
    stage.server = sam.server = stage.place.serve()
    sam.get("/user/me")
    listed = [row for row in sam.get("/user/me/sessions")["items"] if row["is_current"]]
    equal(len(listed), 1, "current sessions")
    stage.clock.pass_by(12 * HOUR)
    stage.server.stop()
    stage.server = sam.server = stage.place.serve()
    sam.get("/user/me", 401)


@act(SESSIONS, "sessions are listed without their secrets, and ended one by one or all but this one")
def listed(stage):
    people = [Person(stage.server) for _ in range(3)]
    for person in people:
        person.sign_in("sam@example.com")
        hide(stage, person.token)
    rows = people[0].get("/user/me/sessions")["items"]
    equal([row["is_current"] for row in rows], [False, False, True], "which is current, newest first")
    equal(set(rows[0]), {"id", "created_at", "last_seen_at", "ip", "user_agent", "is_current"}, "members")
    people[0].delete(f"/user/me/sessions/{rows[0]['id']}")
    people[2].get("/user/me", 401)
    people[1].get("/user/me")
    people[0].delete(f"/user/me/sessions/{rows[0]['id']}", status=404)
    people[0].post("/user/me/sessions/sign-out-others")
    people[1].get("/user/me", 401)
    equal(len(people[0].get("/user/me/sessions")["items"]), 1, "sessions")


@act(SESSIONS, "another account's session is not there to be ended")
def foreign_session(stage):
    sam, kim = Person(stage.server), member(stage, "kim@example.com")
    sam.sign_in("sam@example.com")
    row = kim.get("/user/me/sessions")["items"][0]
    sam.delete(f"/user/me/sessions/{row['id']}", status=404, reason="not_found")
    kim.get("/user/me")


@act(SESSIONS, "a change of password needs the old one, ends all sessions and begins a new one")
def password(stage):
    kim, other = Person(stage.server), Person(stage.server)
    kim.sign_in("kim@example.com")
    other.sign_in("kim@example.com")
    old = Person(stage.server)
    old.cookies = dict(kim.cookies)
    wanted = "another horse battery"
    hide(stage, wanted, PASSWORD)
    path = "/user/me/password"
    kim.post(path, {"current_password": "not this one", "new_password": wanted}, 403, "wrong_password")
    kim.post(path, {"current_password": PASSWORD, "new_password": "short"}, 400, "invalid_input")
    kim.post(path, {"new_password": wanted}, 400, "invalid_input")
    told = kim.post(path, {"current_password": PASSWORD, "new_password": wanted})
    if kim.token == old.token:
        fail("the session's token is the one of before")
    kim.csrf = told["csrf_token"]
    equal(kim.get("/user/me")["csrf_token"], told["csrf_token"], "csrf_token")
    for person in (old, other):
        person.get("/user/me", 401)
    equal(Person(stage.server).sign_in("kim@example.com").status, 401, "status with the old password")
    equal(Person(stage.server).sign_in("kim@example.com", wanted).status, 303, "status with the new one")


@act(SESSIONS, "the page of the password asks for the old one, but not after a link")
def password_page(stage):
    kim = Person(stage.server)
    kim.sign_in("kim@example.com", "another horse battery")
    answer = kim.fill("/console/password", current_password="not this one", new_password=PASSWORD)
    equal(answer.status, 403, "status of a wrong password")
    equal(kim.fill("/console/password", current_password="another horse battery", new_password="x" * 11).status, 400,
          "status of a short one")
    equal(kim.fill("/console/password", current_password="another horse battery", new_password=PASSWORD).status, 303,
          "status of a change")
    by_link = Person(stage.server)
    by_link.fill(sign_in_link(stage.place, "kim@example.com")[len(by_link.origin):])
    names = [given["name"] for given in by_link.page("/console/password").forms[0]["inputs"]]
    equal(names, ["csrf", "email", "new_password"], "what is asked for after a link")
    by_link.fill("/console/password", new_password="a third horse battery")
    names = [given["name"] for given in by_link.page("/console/password").forms[0]["inputs"]]
    equal(names, ["csrf", "email", "current_password", "new_password"], "what is asked for afterwards")


@act(SESSIONS, "for an hour a link stands for the old password, and then for none")
def link_hour(stage):
    wanted = "another horse battery"
    path, asked = "/console/password", ["csrf", "email", "current_password", "new_password"]
    for email, kept in (("lea@example.com", PASSWORD), ("ivy@example.com", None)):
        if kept:
            member(stage, email)
        else:
            stage.place.new_key(email)
        early, late = Person(stage.server), Person(stage.server)
        late.fill(sign_in_link(stage.place, email)[len(late.origin):])
        late.proof()
        end = late.get("/user/me")["link_password_until"]
        equal(instant(end) * SECOND_US, stage.clock.wall_us + HOUR * SECOND_US, "link_password_until")
        form = {given["name"]: given.get("value", "") for given in late.page(path).forms[-1]["inputs"]}
        stage.clock.pass_by(HOUR)
        page = late.page(path)
        equal([given["name"] for given in page.forms[-1]["inputs"]], asked, "what is asked for")
        if "ask whoever made the link for another" not in page.text:
            fail(f"the page does not say what to do: {page.text}")
        equal(late.send(path, {**form, "new_password": wanted}).status, 403, "status of the form of before")
        told = late.post("/user/me/password", {"new_password": wanted}, 400, "invalid_input")
        if "ask for a new link" not in told["errors"][0]["reason"]:
            fail(f"the refusal does not say what to do: {told}")
        late.post("/user/me/password", {"current_password": wanted, "new_password": wanted}, 403, "wrong_password")
        if kept:
            late.post("/user/me/password", {"current_password": kept, "new_password": wanted})
        early.fill(sign_in_link(stage.place, email)[len(early.origin):])
        stage.clock.pass_by(HOUR - 1)
        early.proof()
        early.post("/user/me/password", {"new_password": wanted})
        equal(early.get("/user/me")["link_password_until"], None, "link_password_until with a password")


# ---- Limits ----

@act(LIMITS, "the eleventh attempt with one address waits, right or wrong, and says how long")
def guesses(stage):
    member(stage, "gil@example.com")
    for _ in range(10):
        equal(Person(stage.server).sign_in("gil@example.com", "a wrong password").status, 401, "status")
    answer = Person(stage.server).sign_in("gil@example.com")
    equal((answer.status, answer.field("Retry-After")), (429, "900"), f"{answer!r}")
    if "15 minutes" not in check_page(answer).text:
        fail("the page does not say when")
    equal(Person(stage.server).sign_in("another@example.com", "a wrong password").status, 401, "another account")
    stage.clock.pass_by(899)
    equal(Person(stage.server).sign_in("gil@example.com").field("Retry-After"), "1", "Retry-After")
    stage.clock.pass_by(1)
    equal(Person(stage.server).sign_in("gil@example.com").status, 303, "status a quarter of an hour later")


@act(LIMITS, "who signs in is counted anew")
def cleared(stage):
    for _ in range(2):
        for _ in range(9):
            Person(stage.server).sign_in("gil@example.com", "a wrong password")
        equal(Person(stage.server).sign_in("gil@example.com").status, 303, "status")
    stage.clock.pass_by(900)


@act(LIMITS, "one network address has fifty attempts that fail in a quarter of an hour, with whatever accounts")
def addresses(stage):
    member(stage, "sue@example.com")
    for _ in range(2):
        equal(Person(stage.server).sign_in("sue@example.com").status, 303, "status of what is no guess")
    for number in range(50):
        equal(Person(stage.server).sign_in(f"n{number}@example.com", "a wrong password").status, 401, "status")
    equal(Person(stage.server).sign_in("gil@example.com").status, 429, "status of one more")
    stage.clock.pass_by(900)
    equal(Person(stage.server).sign_in("gil@example.com").status, 303, "status later")


@act(LIMITS, "lists are looked at sixty times a minute by one session")
def browsing(stage):
    gil, other = Person(stage.server), Person(stage.server)
    gil.sign_in("gil@example.com")
    other.sign_in("gil@example.com")
    for number in range(60):
        gil.get(("/console/lists", "/console/trends?limit=1", "/console/trends/history?hashtag_name=prom")[number % 3])
    answer = gil.ask("/api/v1/console/lists")
    equal((answer.status, dig(answer.json(), "data.reason"), answer.field("Retry-After")), (429, "rate_limited", "60"),
          f"{answer!r}")
    other.get("/console/lists")
    gil.get("/user/me")
    stage.clock.pass_by(60)
    gil.get("/console/lists")


@act(LIMITS, "two hundred keys are made a day, by whatever session; what is refused does not count")
def keys_a_day(stage):
    hal, other = member(stage, "hal@example.com"), Person(stage.server)
    other.sign_in("hal@example.com")
    key = hal.key("first")
    for _ in range(198):
        key = hal.post(f"{LIST}/rotate", {"id": key["id"], "grace_period_seconds": 0})["active_key"]
    other.post(LIST, {"name": "first"}, 409, "name_taken")
    other.post(f"{LIST}/rotate", {"id": "0" * 32, "grace_period_seconds": 0}, 404, "not_found")
    other.key("two hundredth")
    for person, path, body in ((hal, LIST, {"name": "one more"}),
                               (other, f"{LIST}/rotate", {"id": key["id"], "grace_period_seconds": 0})):
        told = person.post(path, body, 429, "rate_limited")
        equal(told["retry_after_seconds"], DAY, "when there is room again")
    stage.clock.pass_by(HOUR)
    equal(hal.post(LIST, {"name": "one more"}, 429, "rate_limited")["retry_after_seconds"], DAY - HOUR, "an hour later")
    call(stage, stage.place.succeed("key", "create", "hal@example.com").lines()[0])


# ---- Keys ----

@act(KEYS, "a new key is shown once, works, and is nowhere in what is listed")
def made(stage):
    kay = member(stage, "kay@example.com")
    stage.notes["kay"] = kay
    key = kay.key("laptop", daily_credit_cap=80)
    secret = key["secret"]
    if not KEY.fullmatch(secret):
        fail(f"the key is {secret!r}")
    equal(key["masked_key"], f"{secret[:12]}...{secret[-4:]}", "masked_key")
    equal((key["name"], key["status"], key["source"], key["daily_credit_cap"], key["expires_at"], key["last_used_at"],
           key["calls_24h"]), ("laptop", "active", "created", 80, None, None, 0), "what is told of it")
    call(stage, secret)
    answer = kay.ask("/api/v1" + LIST)
    if secret.encode() in answer.body or b"digest" in answer.body:
        fail("the list holds a secret")
    row = kay.key_row(key["id"])
    equal((row["credits_this_period"], row["calls_24h"], row["last_used_ip"]), (8, 1, "127.0.0.1"), "what it did")
    if row["last_used_at"] is None:
        fail("it was never used, it says")


@act(KEYS, "names are unique among live keys, and twenty keys may live")
def bounds(stage):
    kay = stage.notes["kay"]
    kay.post(LIST, {"name": "laptop"}, 409, "name_taken")
    kay.post(LIST, {"name": " laptop "}, 409, "name_taken")
    made = [kay.key(f"key {number}") for number in range(18)]
    kay.post(LIST, {"name": "one more"}, 409, "key_limit")
    kay.delete(f"{LIST}/{made[0]['id']}")
    kay.key("key 0")
    for row in kay.get(LIST)["items"]:
        if row["name"].startswith("key ") and row["status"] == "active":
            kay.delete(f"{LIST}/{row['id']}")


@act(KEYS, "another account's key is not there, whatever is asked of it")
def foreign(stage):
    kay, max = stage.notes["kay"], member(stage, "max@example.com")
    theirs = max.key("theirs")
    for path, body in (("/activate", {}), ("/extend", {"grace_period_seconds": 3600}), ("/stop", {}),
                       ("/cap", {"daily_credit_cap": 8}), ("/reveal", {})):
        kay.post(f"{LIST}/{theirs['id']}{path}", body, 404, "not_found")
    kay.post(f"{LIST}/rotate", {"id": theirs["id"], "grace_period_seconds": 0}, 404, "not_found")
    kay.delete(f"{LIST}/{theirs['id']}", {"name": "theirs"}, 404, "not_found")
    row = max.key_row(theirs["id"])
    equal({**row, "secret": theirs["secret"]}, theirs, "the key after all this")
    call(stage, theirs["secret"])


@act(KEYS, "no key can be shown again")
def reveal(stage):
    kay = stage.notes["kay"]
    id = kay.get(LIST)["items"][0]["id"]
    answer = kay.ask(f"/api/v1{LIST}/{id}/reveal", "POST",
                     {"Origin": kay.origin, "x-csrf-token": kay.csrf, "Content-Type": "application/json"}, b"{}")
    equal((answer.status, answer.json()["msg"]), (404, "raw value unavailable"), "reveal")


@act(KEYS, "a key that was used today is deleted by its name alone, and at once")
def deleted(stage):
    kay = stage.notes["kay"]
    key = kay.key("gone")
    call(stage, key["secret"])
    kay.delete(f"{LIST}/{key['id']}", status=409, reason="name_required")
    kay.delete(f"{LIST}/{key['id']}", {"name": "Gone"}, 409, "name_required")
    call(stage, key["secret"])
    told = kay.delete(f"{LIST}/{key['id']}", {"name": "gone"})
    equal(told["key"]["status"], "revoked", "status")
    call(stage, key["secret"], 401)


@act(KEYS, "a rotation without grace ends the old key and keeps name and cap")
def rotated_now(stage):
    kay = stage.notes["kay"]
    key = kay.key("now", daily_credit_cap=16)
    for seconds in (1, -1, 604801):
        kay.post(f"{LIST}/rotate", {"id": key["id"], "grace_period_seconds": seconds}, 400, "invalid_input")
    told = kay.post(f"{LIST}/rotate", {"id": key["id"], "grace_period_seconds": 0})
    new, old = told["active_key"], told["previous_key"]
    equal((new, old), (kay.key_row(new["id"]), kay.key_row(old["id"])), "both as the list tells them")
    call(stage, key["secret"], 401)
    call(stage, told["new_api_key"])
    equal((new["name"], new["daily_credit_cap"], new["source"], new["status"]), ("now", 16, "rotated", "active"), "new")
    equal((old["status"], old["replaced_by"]), ("expired", new["id"]), "old")
    kay.post(f"{LIST}/rotate", {"id": key["id"], "grace_period_seconds": 0}, 409, "key_status")


@act(KEYS, "a cap is set, changed and taken away")
def caps(stage):
    kay = stage.notes["kay"]
    key = kay.key("capped")
    path = f"{LIST}/{key['id']}/cap"
    equal(kay.post(path, {"daily_credit_cap": 8})["key"]["daily_credit_cap"], 8, "cap")
    call(stage, key["secret"])
    equal(dig(call(stage, key["secret"], 402).json(), "data.reason"), "key_daily_limit", "reason")
    kay.post(path, {}, 400, "invalid_input")
    equal(kay.post(path, {"daily_credit_cap": None})["key"]["daily_credit_cap"], None, "cap")
    call(stage, key["secret"])


@act(KEYS, "the active key is chosen, follows a rotation, and is none once it is deleted")
def active(stage):
    kay = stage.notes["kay"]
    chosen = kay.key("chosen")
    told = kay.post(f"{LIST}/{chosen['id']}/activate")
    equal((told["key"]["is_active_key"], kay.get("/user/me")["active_key_id"]), (True, chosen["id"]), "active key")
    equal(sum(row["is_active_key"] for row in kay.get(LIST)["items"]), 1, "active keys")
    new = kay.post(f"{LIST}/rotate", {"id": chosen["id"], "grace_period_seconds": 3600})["active_key"]["id"]
    equal(kay.get("/user/me")["active_key_id"], new, "active key after a rotation")
    kay.delete(f"{LIST}/{new}", {"name": "chosen"})
    equal(kay.get("/user/me")["active_key_id"], None, "active key after its end")
    kay.post(f"{LIST}/{new}/activate", status=409, reason="key_status")
    kay.post("/console/playground", {"operation_id": "tiktok-popular-trend-hashtag"}, 409, "no_active_key")


@contextlib.contextmanager
def unwritable_uses():
    """A person whose list of keys cannot be read once after each call, since its use cannot be written before."""
    demand_file("a trigger in the file")
    with Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}) as place:
        stage = Stage(place, place.serve())
        may = member(stage, "may@example.com")
        keys = [may.key(name) for name in ("old", "other")]
        stage.server.stop()
        with contextlib.closing(sqlite3.connect(place.folder / "x.db")) as books, books:
            books.execute("CREATE TRIGGER no_uses BEFORE UPDATE OF last_used_at ON api_key"
                          " BEGIN SELECT abs(-9223372036854775807 - 1); END")
        stage.server = may.server = place.serve()
        yield stage, may, keys
        stage.drop_connection()
        stage.server.stop()


@act(KEYS, "a key is not made, nor rotated, where it cannot be told: no secret is lost")
def told_or_not_made(_stage):
    with unwritable_uses() as (stage, may, keys):
        rotation = {"id": keys[0]["id"], "grace_period_seconds": 86400}
        names = [row["name"] for row in may.get(LIST)["items"]]
        for used, path, body in zip(keys, (LIST, f"{LIST}/rotate"), ({"name": "new"}, rotation)):
            call(stage, used["secret"])
            may.post(path, body, 503, "overloaded")
            equal([row["name"] for row in may.get(LIST)["items"]], names, f"keys after POST {path}")
        told = may.post(f"{LIST}/rotate", rotation)
        equal(told["previous_key"], may.key_row(keys[0]["id"]), "the old key as the rotation tells it")
        call(stage, told["new_api_key"])


@act(KEYS, "each change of a key leaves an audit event, without secrets")
def events(stage):
    rows = stage.place.ledger("SELECT verb, detail FROM audit_event")
    for verb in ("sign_in_by_link", "sign_in_link", "password_set", "key_create", "key_rotate", "key_revoke", "key_cap",
                 "key_choose"):
        if verb not in {row[0] for row in rows}:
            fail(f"no event {verb}")
    for _, detail in rows:
        if re.search(r"tg_live_|\$argon2|[0-9a-f]{64}", detail):
            fail(f"an event with a secret: {detail}")


# ---- Their lives ----

@act(LIVES, "a key with an end is refused from that instant on, across a restart too")
def expires(stage):
    liv = member(stage, "liv@example.com")
    stage.notes["liv"] = liv
    key = liv.key("month", expires_in_days=30)
    equal(key["expires_at"], "2025-03-02T10:00:00Z", "expires_at")
    equal(call(stage, key["secret"]).field("X-Key-Stops-At"), None, "X-Key-Stops-At of a key that was not rotated")
    stage.clock.pass_by(30 * DAY - 1)
    call(stage, key["secret"])
    stage.drop_connection()
    stage.server.stop()
    stage.server = liv.server = stage.place.serve()
    call(stage, key["secret"])
    stage.clock.pass_by(1)
    equal(dig(call(stage, key["secret"], 401).json(), "data.reason"), "invalid_key", "reason")
    liv.sign_in("liv@example.com")
    liv.proof()
    equal(liv.key_row(key["id"])["status"], "expired", "status")
    liv.post(f"{LIST}/{key['id']}/activate", status=409, reason="key_status")
    stage.drop_connection()
    stage.server.stop()
    stage.server = liv.server = stage.place.serve()
    call(stage, key["secret"], 401)
    liv.key("month")


@act(LIVES, "a rotated key's life begins anew, and a grace ends no later than the old life")
def life_anew(stage):
    liv = stage.notes["liv"]
    key = liv.key("short", expires_in_days=30)
    stage.clock.pass_by(29 * DAY + 23 * HOUR)
    liv.sign_in("liv@example.com")
    liv.proof()
    told = liv.post(f"{LIST}/rotate", {"id": key["id"], "grace_period_seconds": 86400})
    equal(told["grace_period_seconds"], 86400, "grace")
    stage.clock.pass_by(HOUR - 1)
    call(stage, key["secret"])
    stage.clock.pass_by(1)
    call(stage, key["secret"], 401)
    stage.clock.pass_by(28 * DAY)
    call(stage, told["new_api_key"])
    stage.clock.pass_by(2 * DAY)
    call(stage, told["new_api_key"], 401)


@act(LIVES, "a grace is told in the answer, ends in time, is extended and stopped")
def grace(stage):
    liv = stage.notes["liv"]
    liv.sign_in("liv@example.com")
    liv.proof()
    key = liv.key("graceful")
    liv.post(f"{LIST}/{key['id']}/extend", {"grace_period_seconds": 3600}, 409, "key_status")
    liv.post(f"{LIST}/{key['id']}/stop", status=409, reason="key_status")
    told = liv.post(f"{LIST}/rotate", {"id": key["id"], "grace_period_seconds": 3600})
    equal(told["previous_key"]["status"], "grace", "status")
    equal(call(stage, key["secret"]).field("X-Key-Stops-At"), told["previous_key"]["stops_at"], "X-Key-Stops-At")
    call(stage, told["new_api_key"])
    stage.clock.pass_by(HOUR - 1)
    told = liv.post(f"{LIST}/{key['id']}/extend", {"grace_period_seconds": 86400})
    stage.clock.pass_by(HOUR)
    equal(call(stage, key["secret"]).field("X-Key-Stops-At"), told["key"]["stops_at"], "X-Key-Stops-At")
    seven = liv.post(f"{LIST}/{key['id']}/extend", {"grace_period_seconds": 604800})["key"]
    equal(seven["stops_at"][8:], seven_days_after(seven["rotated_at"])[8:], "the longest grace")
    equal(liv.post(f"{LIST}/{key['id']}/stop")["key"]["status"], "revoked", "status")
    call(stage, key["secret"], 401)


def seven_days_after(written):
    at = datetime.datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ") + datetime.timedelta(days=7)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@act(LIVES, "a key that was not used for a day is deleted without its name")
def unnamed(stage):
    liv = stage.notes["liv"]
    key = liv.key("quiet")
    call(stage, key["secret"])
    stage.clock.pass_by(DAY - 3600)
    liv.sign_in("liv@example.com")
    liv.proof()
    liv.delete(f"{LIST}/{key['id']}", status=409, reason="name_required")
    stage.clock.pass_by(3600)
    liv.delete(f"{LIST}/{key['id']}")


# ---- Last use ----

@act(USES, "a key's last use is told by the minute, and kept across a restart")
def uses(stage):
    uma = member(stage, "uma@example.com")
    key = uma.key("used")
    stage.clock.pass_by(90)
    call(stage, key["secret"])
    equal(uma.key_row(key["id"])["last_used_at"], "2025-01-31T10:01:00Z", "last_used_at")
    stage.clock.pass_by(60)
    call(stage, key["secret"])
    call(stage, key["secret"])
    stage.drop_connection()
    stage.server.stop()
    stage.server = uma.server = stage.place.serve()
    row = uma.key_row(key["id"])
    equal((row["last_used_at"], row["last_used_ip"], row["calls_24h"]), ("2025-01-31T10:02:00Z", "127.0.0.1", 3), "use")


@act(USES, "uses reach the file by themselves within a minute")
def written_behind(stage):
    with Place({"TRENDGATE_SOURCE_SAMPLE_ENABLED": "true"}) as place:
        key = place.new_key("bea@example.com")
        server = place.serve()
        equal(server.ask(ENDPOINT, headers={"x-api-key": key}).status, 200, "status")

        def is_written():
            return place.ledger("SELECT last_used_ip FROM api_key") == [["127.0.0.1"]]
        until(is_written, "the use is in the file", patience=60)
        server.stop()


# ---- Calls and lists ----

@act(CALLS, "the playground calls as the active key: 8 credits, its headers, its place in the usage")
def playground(stage):
    pia = member(stage, "pia@example.com")
    stage.notes["pia"] = pia
    key = pia.key("play")
    other = pia.key("other")
    pia.post(f"{LIST}/{key['id']}/activate")
    ask = {"operation_id": "tiktok-popular-trend-hashtag", "parameters": {"limit": 2, "country_code": "us"}}
    told = pia.post("/console/playground", ask)
    equal((told["status"], told["method"], told["path"]), (200, "GET", ENDPOINT + "?limit=2&country_code=us"), "call")
    headers = {name.lower(): value for name, value in told["headers"]}
    equal((headers["x-credits-charged"], headers["content-type"]), ("8", "application/json; charset=utf-8"), "headers")
    equal(len(dig(json.loads(told["body"]), "data.data.list")), 2, "items")
    equal(pia.key_row(key["id"])["credits_this_period"], 8, "credits of the key")
    equal(pia.get("/billing/me")["credits_used"], 8, "credits of the account")
    pia.post(f"{LIST}/{other['id']}/activate")
    pia.post("/console/playground", ask)
    equal((pia.key_row(key["id"])["credits_this_period"], pia.key_row(other["id"])["credits_this_period"]), (8, 8),
          "credits by key")


@act(CALLS, "the playground shows the API's own refusals, which cost nothing")
def refusals(stage):
    pia = stage.notes["pia"]
    used = pia.get("/billing/me")["credits_used"]
    told = pia.post("/console/playground", {"operation_id": "tiktok-popular-trend-hashtag", "parameters": {"country": "US"}})
    equal((told["status"], dig(json.loads(told["body"]), "data.reason")), (400, "invalid_input"), "refusal")
    equal(pia.get("/billing/me")["credits_used"], used, "credits")
    for body in ({"operation_id": "mcp"}, {"operation_id": "https://example.com/"}, {}, {"operation_id": 1},
                 {"operation_id": "ping"}, {"operation_id": "tiktok-popular-trend-hashtag", "parameters": []},
                 {"operation_id": "tiktok-popular-trend-hashtag", "url": "http://example.com/"}):
        pia.post("/console/playground", body, 400, "invalid_input")
    for name in ("-history", "-movers"):
        parameters = {"hashtag_name": "<img src=x onerror=alert(1)>"} if name == "-history" else {}
        told = pia.post("/console/playground", {"operation_id": f"tiktok-popular-trend-hashtag{name}",
                                                "parameters": parameters})
        equal(told["status"], 200, f"status of {told}")


@act(CALLS, "lists are looked at for nothing, with when they were captured")
def looks(stage):
    pia = stage.notes["pia"]
    used = pia.get("/billing/me")["credits_used"]
    trends = pia.get("/console/trends?country_code=US&limit=3")
    equal((len(trends["list"]), trends["pagination"]["size"], trends["source"], trends["stale"]), (3, 3, "sample", False),
          "trends")
    if not re.fullmatch(r"20..-..-..T00:00:00Z", trends["captured_at"]) or not trends["as_of"]:
        fail(f"captured_at: {trends['captured_at']}")
    equal(pia.get("/console/trends?country_code=US&page=10&limit=100")["list"], [], "a page past the end")
    name = urllib.parse.quote(trends["list"][0]["hashtag_name"], safe="")
    history = pia.get(f"/console/trends/history?hashtag_name={name}&country_code=US")
    if not history["list"] or not history["captured_at"]:
        fail(f"history: {history}")
    lists = pia.get("/console/lists")
    equal([row for row in lists["countries"] if row["code"] == "US"],
          [{"code": "US", "name": "United States", "periods": [7, 30, 120]}], "a country")
    if len(lists["industries"]) < 10:
        fail("industries are missing")
    answer = pia.ask("/api/v1/console/trends?country=US")
    equal((answer.status, dig(answer.json(), "data.reason")), (400, "invalid_input"), "a wrong parameter")
    equal(pia.get("/billing/me")["credits_used"], used, "credits")
    equal(sum(row["calls_24h"] for row in pia.get(LIST)["items"]), 5, "calls")


# ---- Open sign-up, and plain HTTP ----

@act(OPEN, "anybody makes an account on the first plan, and is in")
def signs_up(stage):
    new = Person(stage.server)
    answer = new.fill("/console/signup", email="new@example.com", password=PASSWORD)
    equal((answer.status, answer.field("Location")), (303, "/console/"), f"{answer!r}")
    me = new.get("/user/me")
    equal((me["email"], me["plan"], me["active_key_id"], me["sign_up"]), ("new@example.com", "Roomy", None, "open"), "me")
    key = new.key("first")
    equal(new.get("/user/me")["active_key_id"], key["id"], "the first key is the active one")
    told = new.post("/console/playground", {"operation_id": "tiktok-popular-trend-hashtag"})
    equal((told["status"], new.get("/billing/me")["credits_used"]), (200, 8), "a first call")


@act(OPEN, "a sign-up is refused for an address that is taken or none, and for a short password")
def sign_up_refused(stage):
    for email, password, fault in (("new@example.com", PASSWORD, "email-fault"), ("no mail", PASSWORD, "email-fault"),
                                   ("b@example.com", "eleven char", "password-fault")):
        person = Person(stage.server)
        answer = person.fill("/console/signup", email=email, password=password)
        equal((answer.status, person.token), (400, None), f"{answer!r}")
        if fault not in check_page(answer).ids:
            fail(f"no {fault}")


@act(OPEN, "one network address makes twenty accounts an hour")
def sign_up_limit(stage):
    for number in range(18):
        Person(stage.server).fill("/console/signup", email=f"s{number}@example.com", password=PASSWORD)
    answer = Person(stage.server).fill("/console/signup", email="six@example.com", password=PASSWORD)
    equal((answer.status, answer.count("Retry-After")), (429, 1), f"{answer!r}")


@act(PLAIN, "where it is allowed, the cookie goes without Secure and by another name")
def insecure(stage):
    stage.place.new_key("dev@example.com")
    dev = Person(stage.server, "sid").follow(sign_in_link(stage.place, "dev@example.com"))
    equal(set(dev.cookies), {"sid", "form"}, "cookies")
    dev.get("/user/me")
    dev.cookies = {"__Host-sid": dev.token}
    dev.get("/user/me", 401)


# ---- Behind a proxy ----

PUBLIC = "https://api.example.com"


def via(client):
    """What a proxy adds to a request of that client's, behind what the client made up."""
    return {"Host": "api.example.com", "Origin": PUBLIC, "X-Forwarded-For": f"198.51.100.99, {client}"}


@act(PROXIED, "what changes something comes from the public address, or from this very machine")
def public_origin(stage):
    fay = member(stage, "fay@example.com")
    stage.notes["fay"] = fay
    for number, origin in enumerate((PUBLIC, PUBLIC.upper().replace("HTTPS", "https"), fay.origin)):
        fay.post(LIST, {"name": f"key {number}"}, Origin=origin)
    for origin in ("http://api.example.com", PUBLIC + ":8443", PUBLIC + ".evil.example", "https://evil.example"):
        fay.post(LIST, {"name": "no"}, 403, "csrf", Origin=origin)
    fay.post(LIST, {"name": "no"}, 403, "csrf", Host="evil.example", Origin="http://evil.example")


@act(PROXIED, "pages tell browsers to keep to TLS")
def keeps_to_tls(stage):
    answer = stage.notes["fay"].ask("/console/signin", headers={"Host": "api.example.com"})
    equal(answer.field("Strict-Transport-Security"), "max-age=31536000", "Strict-Transport-Security")


@act(PROXIED, "sessions and keys remember the client, not the proxy")
def remembers(stage):
    fay = Person(stage.server)
    fay.fill("/console/signin", via("203.0.113.7"), email="fay@example.com", password=PASSWORD)
    equal([row["ip"] for row in fay.get("/user/me/sessions")["items"] if row["is_current"]], ["203.0.113.7"], "ip")
    key = fay.key("seen")
    equal(stage.ask(ENDPOINT + "?limit=1", headers={"x-api-key": key["secret"], **via("2001:db8::7")}).status, 200, "status")
    equal(fay.key_row(key["id"])["last_used_ip"], "2001:db8::7", "last_used_ip")


@act(PROXIED, "sign-ins are counted for each client, whatever it says of itself")
def counted(stage):
    def status(client, number):
        answer = Person(stage.server).fill("/console/signin", via(client), email=f"n{number}@example.com", password=PASSWORD)
        return answer.status

    for number in range(50):
        equal(status("::ffff:203.0.113.1" if number % 2 else "203.0.113.1", number), 401, "status")
    equal(status("203.0.113.1", 50), 429, "status of one more")
    equal(status("::ffff:203.0.113.2", 51), 401, "status of another client")
    equal(status("203.0.113.3", 52), 401, "status of a third")


SCENARIOS = [
    Scenario("console door", staged, DOOR),
    Scenario("console links", clocked, LINKS),
    Scenario("console proof", staged, PROOF),
    Scenario("console sessions", clocked, SESSIONS),
    Scenario("console limits", clocked, LIMITS),
    Scenario("console keys", staged, KEYS),
    Scenario("console lives", clocked, LIVES),
    Scenario("console uses", clocked, USES),
    Scenario("console calls", staged, CALLS),
    Scenario("console open", lambda: staged(settings={"TRENDGATE_CONSOLE_SIGN_UP": "open"}), OPEN),
    Scenario("console proxied", lambda: staged(settings={"TRENDGATE_SERVER_TRUSTED_PROXIES": "127.0.0.1",
                                                         "TRENDGATE_SERVER_PUBLIC_URL": PUBLIC}), PROXIED),
    Scenario("console plain", lambda: staged(settings={"TRENDGATE_CONSOLE_INSECURE_COOKIE": "true"}), PLAIN),
]
