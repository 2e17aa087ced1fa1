// Every page, form and dialog of the real server: both themes, wide and narrow; failing, slow and empty.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { assertAccessible, IS_FULL } from "../node/support/axe.mjs";
import { until } from "../node/support/server.mjs";
import { resize, settled, smallTargets, wideThings } from "./support/console.mjs";
import { PAGES } from "./support/pages.mjs";
import { useServer } from "./support/real.mjs";

const THEMES = ["light", "dark"];
const WIDTHS = [1280, 390, 320];
const world = useServer();
const pages = PAGES.filter(({ name }) => name !== "hashtag");
const loaded = PAGES.filter(({ what, name }) => what && name !== "hashtag");

let busy; // an account with keys of each kind, and calls
let fresh; // one with nothing
let hashtag; // a page of a hashtag that is on a list

test("people, keys and calls to look at", async () => {
  [busy, fresh] = [await world.join("Growth"), await world.join()];
  const old = await busy.key("production");
  await busy.key("staging", { daily_credit_cap: 800, expires_in_days: 30 });
  for (let calls = 0; calls < 5; calls++) assert.equal((await busy.call(old.secret)).status, 200);
  assert.equal((await busy.call(old.secret, "period=8")).status, 400);
  await busy.send("POST", "/user/me/api-keys/rotate", { id: old.id, grace_period_seconds: 86_400 });
  await until(async () => (await busy.keyRow(old.id)).calls_24h > 0, "the calls are counted");
  const list = await busy.get("/console/trends?country_code=US");
  hashtag = `/console/trends/${encodeURIComponent(list.list[0].hashtag_name)}?country_code=US`;
});

const ALWAYS_SOME = (width, theme) => (width === 1280) === (theme === "light");
const FULLY_IN_FULL = (width, theme) => IS_FULL || ALWAYS_SOME(width, theme);

// What holds of whatever is on the screen, at every width; axe looks at all themes and widths when tests run in full.
async function assertFine(page, where, isLookedAt = FULLY_IN_FULL) {
  for (const width of WIDTHS) {
    await resize(page, width);
    assert.deepEqual(await wideThings(page), [], `${where}, ${width} px`);
    assert.deepEqual(await smallTargets(page), [], `${where}, ${width} px`);
    for (const colorScheme of THEMES.filter((theme) => width !== 320 && isLookedAt(width, theme))) {
      await page.emulateMedia({ colorScheme });
      await assertAccessible(page, `${where}, ${colorScheme}, ${width} px`);
    }
  }
  assert.deepEqual(page.complaints, [], where);
}

test("axe finds nothing on any page, wide or narrow, light or dark, and nothing scrolls sideways", async (t) => {
  for (const { name, path } of [...pages, { name: "hashtag", path: hashtag }]) {
    const page = await world.open(t, path, { person: busy, bypassCSP: true });
    assert.equal(await page.locator("h1").count(), 1);
    await assertFine(page, name);
    await page.context().close();
  }
});

test("no page leaves its origin, asks for a font or makes the browser complain, in either theme, wide or narrow", async (t) => {
  for (const colorScheme of THEMES)
    for (const width of WIDTHS.slice(0, 2)) {
      const page = await world.open(t, "/console/", {
        person: busy, colorScheme, viewport: { width, height: 844 },
      });
      for (const path of [...pages.map((one) => one.path), hashtag, "/docs"]) {
        await page.goto(world.server.url + path);
        await page.locator("h1").first().waitFor();
        await settled(page);
        assert.deepEqual(page.complaints, [], `${path}, ${colorScheme}, ${width} px`);
      }
      assert.ok(page.answers.length > 40, "requests are watched");
      await page.context().close();
      await world.clock.passForLimits(60);
    }
});

test("axe finds nothing on the forms, right or wrong, wide or narrow, light or dark", async (t) => {
  const open = (path, options) => world.open(t, path, { bypassCSP: true, ...options });
  for (const path of ["/console/signin", "/console/signup"]) {
    const page = await open(path);
    await assertFine(page, path);
    page.isToBeRefused = true;
    await resize(page, 1280);
    await page.getByLabel("Mail address").fill("nobody@example.com");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button").click();
    await page.locator(".fault").waitFor();
    await assertFine(page, `${path}, with a fault`, ALWAYS_SOME);
  }
  await assertFine(await open("/console/password", { person: busy }), "password");
  const link = fresh.link();
  await assertFine(await open(link), "sign-in link");
  await fresh.follow(link);
  const spent = await open("/console/signin");
  spent.isToBeRefused = true;
  await spent.goto(world.server.url + link);
  await spent.locator("h1").waitFor();
  await assertFine(spent, "spent link");
});

test("the forms have the mark and the name of the console's pages, in the same place", async (t) => {
  const page = await world.open(t, "/console/signin");
  const brand = (at) =>
    at.locator(".brand").evaluate((node) => {
      const [words, mark] = [getComputedStyle(node), getComputedStyle(node, "::before")];
      return [node.textContent, words.fontWeight, words.fontSize, words.color, mark.width, mark.height,
        mark.backgroundImage !== "none", Math.round(node.getBoundingClientRect().left)];
    });
  const inside = await world.open(t, "/console/", { person: busy });
  assert.deepEqual(await brand(page), await brand(inside));
  assert.deepEqual(page.complaints, []);
});

test("axe finds nothing in any open dialog, and they fit, light or dark", async (t) => {
  const page = await world.open(t, "/console/keys", { person: busy, bypassCSP: true });
  for (const name of ["Create API key", "Rotate", "Daily cap", "Revoke", "Extend", "Stop now"]) {
    await resize(page, 1280);
    const opener = page.getByRole("button", { name }).first();
    await opener.click();
    await page.getByRole("dialog").waitFor();
    await assertFine(page, name, ALWAYS_SOME);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.ok(await opener.evaluate((node) => node === document.activeElement), `${name} has the focus again`);
  }
  await page.getByRole("button", { name: "Create API key" }).click();
  await page.getByLabel("Name").fill("for a look");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.locator("output").waitFor();
  await assertFine(page, "reveal");
});

test("an answer of the playground fits a phone, in each of its views, and axe finds nothing in it", async (t) => {
  const page = await world.open(t, "/console/playground", { person: busy, bypassCSP: true });
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("200 OK").waitFor();
  for (const view of ["Table", "Raw", "Tree"]) {
    await page.getByRole("tab", { name: view }).click();
    await assertFine(page, view, ALWAYS_SOME);
  }
});

// ---- Failing, slow, empty ----

const API = "**/api/v1/**";
const refuse = (status, reason, msg) => (route) =>
  route.fulfill({
    status, contentType: "application/json",
    body: JSON.stringify({ code: status, msg, data: { reason, request_id: "request-of-the-test" } }),
  });

for (const [status, reason, msg] of [
  [500, "internal", "Something went wrong on our side."],
  [503, "overloaded", "There is more to do than can be done at the moment."],
]) {
  test(`a ${status} is told on every page, with its request id, and tried again`, async (t) => {
    for (const { name, path, what } of loaded) {
      const page = await world.open(t, path, {
        person: busy,
        prepare: async (made) => {
          made.isToBeRefused = true;
          await made.route(API, refuse(status, reason, msg));
          await made.route("**/openapi.json", refuse(status, reason, msg));
        },
      });
      page.isToBeRefused = true;
      const alert = page.getByRole("alert").filter({ hasText: `Could not load ${what}.` });
      await alert.waitFor();
      assert.ok((await alert.innerText()).includes(msg), name);
      assert.match(await alert.innerText(), /Request id request-of-the-test/);
      assert.ok(await page.getByRole("link", { name: "Usage", exact: true }).isVisible(), "the navigation stays");
      await page.unrouteAll();
      await alert.getByRole("button", { name: "Try again" }).click();
      await alert.waitFor({ state: "detached" });
      await page.context().close();
    }
  });
}

test("a slow server is told on every page while it lasts", async (t) => {
  for (const { name, path, what } of loaded) {
    let go;
    const released = new Promise((settle) => (go = settle));
    const context = await world.browser.newContext();
    t.after(() => context.close());
    await context.addCookies(busy.forBrowser());
    const page = await context.newPage();
    for (const route of [API, "**/openapi.json"])
      await page.route(route, async (one) => {
        await released;
        await one.continue().catch(() => {});
      });
    await page.goto(world.server.url + path);
    await page.getByRole("status").filter({ hasText: `Loading ${what}…` }).waitFor();
    assert.ok(await page.locator(".skeleton").first().isVisible(), name);
    go();
    await settled(page);
    assert.equal(await page.locator(".skeleton").count(), 0, name);
    await context.close();
  }
});

test("an account with nothing is told so on every page, and what to do", async (t) => {
  await world.clock.passForLimits(60);
  for (const { name, path, empty } of PAGES.filter((one) => one.empty && !["trends", "hashtag", "account", "status"].includes(one.name))) {
    const page = await world.open(t, path, { person: fresh });
    await page.getByText(empty).first().waitFor();
    assert.equal(await page.getByRole("alert").count(), 0, name);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
  const never = await world.open(t, "/console/trends/neverheardofit?country_code=US", { person: fresh });
  await never.getByText("Never seen on this list").waitFor();
});

test("the status page tells what the server's lists and the account's calls are", async (t) => {
  const calls = async () => {
    const { items } = await busy.get("/usage/me/timeseries?range=period");
    const sum = (of) => items.reduce((total, item) => total + item[of], 0);
    return { all: sum("requests"), failed: sum("failed_requests") };
  };
  await until(async () => (await calls()).failed === 1, "the call that failed is counted");
  const page = await world.open(t, "/console/status", { person: busy });
  await page.getByText("Calls are answered.").waitFor();
  await page.getByText(`1 of ${(await calls()).all} calls failed.`).waitFor();
  await page.getByRole("rowheader", { name: "400 invalid input" }).waitFor();
  const { countries, lists } = await busy.get("/console/lists");
  const ages = page.getByRole("table", { name: "Age of the lists by country" });
  const captured = new Set(lists.map((list) => list.country_code));
  assert.equal(await ages.locator("tbody tr").count(), countries.filter(({ code }) => captured.has(code)).length);
  assert.equal(await ages.locator("tbody time").count(), lists.length);
  await page.getByText(/ have made-up figures/).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("an address of nothing keeps the navigation", async (t) => {
  const page = await world.open(t, "/console/nowhere/at/all", { person: fresh });
  assert.equal(await page.locator("h1").innerText(), "Page not found");
  await page.getByRole("link", { name: "Usage", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Usage" }).waitFor();
});

// ---- What is served ----

test("pages are served under a strict policy, without a style attribute or an inline script", async () => {
  for (const path of [...pages.map((one) => one.path), "/console/signin", "/console/signup", "/console/password"]) {
    const person = /sign/.test(path) ? undefined : busy;
    const answer = await (person ?? { ask: (at) => world.server.ask(at) }).ask(path);
    assert.equal(answer.status, 200, path);
    const policy = answer.headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /require-trusted-types-for 'script'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*/);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    const html = await answer.text();
    assert.doesNotMatch(html, /<[^>]*\s(style|on\w+)=/i, path);
    assert.doesNotMatch(html, /<style|<script(?![^>]*\ssrc=)|font/i, path);
  }
});

test("script and style are small, packed, named by their content and kept for ever", async () => {
  const html = await (await busy.ask("/console/")).text();
  for (const [ending, most] of [["js", 40 * 1024], ["css", 8 * 1024]]) {
    const [path] = new RegExp(`/assets/console\\.[0-9a-f]{16}\\.${ending}`).exec(html);
    const answer = await world.server.ask(path, { headers: { "accept-encoding": "gzip" } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-encoding"), "gzip");
    assert.match(answer.headers.get("cache-control"), /max-age=31536000.*immutable/);
    const bytes = Number(answer.headers.get("content-length"));
    assert.ok(bytes > 1000 && bytes <= most, `${path}: ${bytes} bytes`);
    const content = Buffer.from(await answer.arrayBuffer());
    assert.ok(content.length > bytes, "what is unpacked is more");
    assert.ok(gzipSync(content).length <= most);
    assert.doesNotMatch(content.toString(), /@font-face|fonts\.|https?:\/\/(?!www\.w3\.org\/|127\.)[a-z]+\.[a-z]/);
  }
});

test("the pages of the account are no other's: another account's ids are not found", async () => {
  const [key] = (await busy.get("/user/me/api-keys")).items;
  for (const [method, path, body] of [
    ["POST", `/user/me/api-keys/${key.id}/activate`, {}],
    ["POST", `/user/me/api-keys/${key.id}/cap`, { daily_credit_cap: 8 }],
    ["POST", "/user/me/api-keys/rotate", { id: key.id, grace_period_seconds: 0 }],
    ["DELETE", `/user/me/api-keys/${key.id}`, { name: key.name }],
  ])
    assert.equal((await fresh.change(method, path, body)).status, 404, path);
  assert.deepEqual((await busy.keyRow(key.id)).status, key.status);
});
