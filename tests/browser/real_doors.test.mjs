// The real server's doors: signing up, in and out without scripts, what proves a form, what a cookie may do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until, Place } from "../node/support/server.mjs";
import { settled } from "./support/console.mjs";
import { LIST, PASSWORD, Person, SESSION, useServer } from "./support/real.mjs";

const world = useServer();
const JSON_TYPE = { "content-type": "application/json" };

async function fillIn(page, email, password, button) {
  await page.getByLabel("Mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: button }).click();
}

const sessionOf = async (page) =>
  (await page.context().cookies()).find(({ name }) => name === SESSION)?.value;

test("without scripts: make an account, sign out, sign in", async (t) => {
  const page = await world.open(t, "/console/signup", { javaScriptEnabled: false });
  await fillIn(page, "plain@example.com", PASSWORD, "Make the account");
  await page.waitForURL("**/console/");
  const first = await sessionOf(page);
  assert.match(first, /^[0-9a-f]{64}$/);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/console/signin");
  assert.equal(await sessionOf(page), undefined);
  await fillIn(page, "plain@example.com", PASSWORD, "Sign in");
  await page.waitForURL("**/console/");
  assert.notEqual(await sessionOf(page), first);
  assert.deepEqual(page.complaints, []);
});

test("the session's cookie is of this host alone, secure, and hidden from scripts", async () => {
  const ann = await world.join();
  const again = new Person(world);
  const [cookie] = (await again.fill("/console/signin", { email: ann.email, password: PASSWORD })).headers
    .getSetCookie();
  assert.deepEqual(cookie.split("; ").slice(1).sort(), ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
  assert.match(cookie, /^__Host-sid=[0-9a-f]{64};/);
});

test("signing in, a new password and signing out each make the session before worthless", async () => {
  const ann = await world.join();
  const works = async (session) =>
    (await ann.world.server.ask("/api/v1/user/me", { headers: { cookie: `${SESSION}=${session}` } })).status;
  const first = ann.session;
  assert.equal(await works(first), 200);
  const renewed = await ann.change("POST", "/user/me/password", {
    current_password: PASSWORD, new_password: "another horse battery",
  });
  assert.equal(renewed.status, 200);
  const second = ann.session;
  assert.notEqual(second, first);
  assert.deepEqual([await works(first), await works(second)], [401, 200]);
  const elsewhere = new Person(world);
  elsewhere.email = ann.email;
  await elsewhere.signIn("another horse battery");
  assert.notEqual(elsewhere.session, second);
  const { csrf_token } = await ann.get("/user/me");
  await ann.post("/console/signout", new URLSearchParams({ csrf: csrf_token }));
  assert.equal(ann.session, undefined);
  assert.deepEqual([await works(second), await works(elsewhere.session)], [401, 200]);
});

test("an unknown mail address and a wrong password are told the same", async (t) => {
  const ann = await world.join();
  const told = [];
  for (const email of [ann.email, "nobody@example.com"]) {
    const page = await world.open(t, "/console/signin");
    page.isToBeRefused = true;
    await fillIn(page, email, "not the password", "Sign in");
    await page.getByText("is not right").waitFor();
    told.push((await page.locator("main").innerText()).replaceAll(email, "X"));
    assert.equal(await page.getByLabel("Password").inputValue(), "", "it is not sent back");
    const described = await page.getByLabel("Password").getAttribute("aria-describedby");
    assert.match(await page.locator(`#${described}`).innerText(), /mail address or the password is not right/);
  }
  assert.equal(told[0], told[1]);
});

test("signing in leads back to a page of ours, and nowhere else", async () => {
  const ann = await world.join();
  for (const [next, where] of [
    ["/console/usage?range=30d", "/console/usage?range=30d"],
    ["https://elsewhere.example/", "/console/"],
    ["//elsewhere.example/console/", "/console/"],
    ["/docs", "/console/"],
  ]) {
    const again = new Person(world);
    const answer = await again.fill(`/console/signin?next=${encodeURIComponent(next)}`, {
      email: ann.email, password: PASSWORD,
    });
    assert.equal(answer.headers.get("location"), where, next);
  }
});

test("what is wrong at sign-up is said at its field; a second account of an address is refused", async (t) => {
  const page = await world.open(t, "/console/signup");
  page.isToBeRefused = true;
  await fillIn(page, "short@example.com", "eleven char", "Make the account");
  const fault = page.locator("#password-fault");
  assert.equal(await fault.innerText(), "Choose at least 12 characters.");
  assert.match(await page.getByLabel("Password").getAttribute("aria-describedby"), /password-fault/);
  assert.equal(await page.getByLabel("Mail address").inputValue(), "short@example.com");
  const ann = await world.join();
  await fillIn(page, ann.email.toUpperCase(), PASSWORD, "Make the account");
  await page.getByText("An account cannot be made with this address").waitFor();
});

test("a change without the token, with a wrong one, or from another origin is refused with 403", async () => {
  const ann = await world.join();
  const body = JSON.stringify({ name: "stolen" });
  const { csrf_token } = await ann.get("/user/me");
  const other = (await (await world.join()).get("/user/me")).csrf_token;
  const make = async (headers) =>
    (await ann.ask("/api/v1/user/me/api-keys", { method: "POST", body, headers: { ...JSON_TYPE, ...headers } })).status;
  assert.equal(await make({ origin: ann.url }), 403, "without a token");
  assert.equal(await make({ origin: ann.url, "x-csrf-token": other }), 403, "another session's token");
  assert.equal(await make({ origin: "https://elsewhere.example", "x-csrf-token": csrf_token }), 403);
  assert.equal(await make({ "sec-fetch-site": "cross-site", "x-csrf-token": csrf_token }), 403);
  assert.deepEqual((await ann.get("/user/me/api-keys")).items, []);
  assert.equal(await make({ origin: ann.url, "x-csrf-token": csrf_token }), 200, "and so it is made");
});

test("a form without its token, or from another origin, is refused with 403", async () => {
  const ann = await world.join();
  const stay = async (answer) => {
    assert.equal(answer.status, 403);
    assert.equal((await ann.ask("/api/v1/user/me")).status, 200, "and nobody is signed out");
  };
  const { csrf_token } = await ann.get("/user/me");
  await stay(await ann.post("/console/signout", new URLSearchParams({})));
  await stay(await ann.post("/console/signout", new URLSearchParams({ csrf: csrf_token }), { origin: "https://elsewhere.example" }));
  const stranger = new Person(world);
  const values = { email: ann.email, password: PASSWORD };
  assert.equal((await stranger.post("/console/signin", new URLSearchParams(values))).status, 403);
  assert.equal(stranger.session, undefined);
});

test("the product takes keys alone, the account cookies alone", async () => {
  const ann = await world.join();
  const { secret } = await ann.key("worker");
  assert.equal((await ann.ask(`${LIST}?limit=1`)).status, 401, "a cookie is no key");
  assert.equal((await ann.ask("/api/v1/tiktok/popular-trend/country-industry-meta")).status, 401);
  assert.equal((await ann.call(secret)).status, 200);
  const withKey = (path) => world.server.ask(path, { key: secret }).then(({ status }) => status);
  assert.equal(await withKey("/api/v1/user/me"), 401, "a key is no session");
  assert.equal(await withKey("/api/v1/user/me/api-keys"), 401);
});

test("a sign-in link works once, by its button alone, and lets a password be chosen", async (t) => {
  const ann = new Person(world);
  ann.email = "linked@example.com";
  world.place.newKey("Free", ann.email);
  const link = ann.link();
  await world.server.ask(link); // as a mail program that looks at every link
  const page = await world.open(t, link, { javaScriptEnabled: false });
  await page.getByRole("button").click();
  await page.waitForURL("**/console/password");
  await page.getByLabel("New password").fill("a password by link");
  await page.getByRole("button").last().click();
  await page.waitForURL("**/console/");
  const again = await world.open(t, link, { javaScriptEnabled: false });
  again.isToBeRefused = true;
  if (await again.getByRole("button").count()) await again.getByRole("button").click();
  assert.doesNotMatch(again.url(), /console\/password/);
  assert.match(await again.locator("main").innerText(), /link/i);
  assert.equal(await sessionOf(again), undefined);
  assert.equal((await ann.signIn("a password by link")).status, 303);
});

test("too many tries of one account are told when to come back, and then let in", async (t) => {
  const ann = await world.join();
  const guesser = new Person(world);
  guesser.email = ann.email;
  for (let tries = 0; tries < 10; tries++) assert.equal((await guesser.signIn("guess number one")).status, 401);
  const page = await world.open(t, "/console/signin");
  page.isToBeRefused = true;
  await fillIn(page, ann.email, PASSWORD, "Sign in");
  await page.getByRole("heading", { name: "Too many attempts" }).waitFor();
  assert.match(await page.locator("main").innerText(), /Try again in 1[45] minutes\./);
  const answer = page.answers.findLast((one) => one.request().method() === "POST");
  const wait = Number(await answer.headerValue("retry-after"));
  assert.ok(wait > 800 && wait <= 900, `${wait} s`);
  await world.clock.passForLimits(wait);
  assert.equal((await guesser.signIn()).status, 303);
});

test("too many looks at trends say when to come back, and come back", async (t) => {
  const ann = await world.join();
  const page = await world.open(t, "/console/trends?country_code=US", { person: ann });
  page.isToBeRefused = true;
  for (let looks = 0; looks < 60; looks++) await ann.ask("/api/v1/console/trends?country_code=US");
  await page.getByLabel("Country").selectOption("MY");
  const alert = page.getByRole("alert");
  await alert.waitFor();
  assert.match(await alert.innerText(), /Try again in \d+ seconds?\./);
  await world.clock.passForLimits(60);
  await alert.getByRole("button", { name: "Try again" }).click();
  await page.locator(".trends tbody tr").first().waitFor();
});

test("a session that ends under an open page leads back to the very same page", async (t) => {
  const ann = await world.join();
  const page = await world.open(t, "/console/trends?country_code=US&period=30&sort=-views", { person: ann });
  page.isToBeRefused = true;
  const { csrf_token } = await ann.get("/user/me");
  await ann.post("/console/signout", new URLSearchParams({ csrf: csrf_token }));
  const shown = await page.locator(".trends tbody").innerText();
  await page.getByLabel("New on the list only").check();
  const note = page.getByRole("alert").filter({ hasText: "Signed out." });
  await note.waitFor();
  assert.equal(await page.locator(".trends tbody").innerText(), shown, "the page stays");
  const address = page.url();
  await note.getByRole("link", { name: "Sign in again" }).click();
  await fillIn(page, ann.email, PASSWORD, "Sign in");
  await page.waitForURL(address);
  page.isToBeRefused = false;
  await page.locator(".trends tbody tr").first().waitFor();
  await settled(page);
  assert.equal(await page.getByText("Signed out.").count(), 0);
});

test("the docs page's “Run in playground” is the endpoint's form, through the door if need be", async (t) => {
  const ann = await world.join();
  const page = await world.open(t, "/docs", { javaScriptEnabled: true });
  await page.getByRole("link", { name: "Run in playground" }).click();
  await fillIn(page, ann.email, PASSWORD, "Sign in");
  await page.getByRole("heading", { level: 1, name: "Playground" }).waitFor();
  await settled(page);
  const { pathname, searchParams } = new URL(page.url());
  assert.equal(pathname, "/console/playground");
  assert.equal(searchParams.get("operation"), "tiktok-popular-trend-hashtag");
  assert.equal(await page.getByLabel("Endpoint").inputValue(), "tiktok-popular-trend-hashtag");
  assert.equal(await page.locator(".path code").first().innerText(), LIST);
  assert.deepEqual(page.complaints, []);
});

test("the server begins anew under an open page: it says so, and goes on with the same session", async (t) => {
  const ann = await world.join();
  const page = await world.open(t, "/console/keys", { person: ann });
  await page.getByText("No API key yet").waitFor();
  const { host } = new URL(world.server.url);
  await world.server.stop();
  page.isToBeRefused = true;
  await page.getByRole("link", { name: "Usage", exact: true }).click();
  await page.getByText("The server could not be reached.").first().waitFor();
  world.server = await world.place.serve({ listen: host });
  await until(async () => {
    const again = page.getByRole("button", { name: "Try again" });
    if (await again.count()) await again.first().click();
    await settled(page);
    return (await page.getByRole("alert").count()) === 0;
  }, "every region comes with the server");
  page.complaints.length = 0;
  page.isToBeRefused = false;
  await page.getByRole("link", { name: "API keys", exact: true }).click();
  await page.getByText("No API key yet").waitFor();
  await page.getByRole("button", { name: "Create API key" }).click();
  await page.getByLabel("Name").fill("after all");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.locator("output").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("where sign-up is closed its page says who makes accounts, and the sign-in page has no link to it", async (t) => {
  const place = new Place();
  t.after(() => place.close());
  const server = await place.serve();
  const page = await world.open(t, "/console/signin");
  assert.equal(await page.getByRole("link", { name: "Make an account" }).count(), 1);
  const closed = await server.ask("/console/signup");
  assert.equal(closed.status, 404);
  assert.match(await closed.text(), /Whoever runs this service makes the accounts/);
  const sent = await server.ask("/console/signup", {
    method: "POST", body: new URLSearchParams({ email: "x@example.com", password: PASSWORD }),
    headers: { origin: server.url },
  });
  assert.equal(sent.status, 404);
  assert.doesNotMatch(await (await server.ask("/console/signin")).text(), /Make an account/);
});
