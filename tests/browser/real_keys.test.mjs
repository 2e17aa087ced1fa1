// API keys at the real server: from the first of an account to the last call with a rotated one.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { until } from "../node/support/server.mjs";
import { savedBy, settled } from "./support/console.mjs";
import { ATTACK, Person, useServer } from "./support/real.mjs";

const DAY_S = 86_400;
const MINUTE_MS = 60_000;
const SECOND_MS = 1000; // to the next of which times are told
const world = useServer();
const dialog = (page) => page.getByRole("dialog");
const rowOf = (page, name) =>
  page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: false }) });
const focused = (page) => page.evaluate(() => document.activeElement?.textContent.trim());
const statusOf = async (person, secret) => (await person.call(secret)).status;

async function create(page, name) {
  await page.getByRole("button", { name: "Create API key" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create", exact: true }).click();
  return page.locator("output").innerText();
}

async function store(page) {
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await dialog(page).waitFor({ state: "detached" });
  await settled(page);
}

async function rotate(page, name, grace) {
  await rowOf(page, name).getByRole("button", { name: "Rotate" }).click();
  if (grace) await dialog(page).getByLabel(grace).check();
  await dialog(page).getByRole("button", { name: "Rotate" }).click();
  const secret = await page.locator("output").innerText();
  await store(page);
  return secret;
}

// A call in the playground, which the page is led to by its navigation.
async function play(page) {
  await page.getByRole("link", { name: "Playground", exact: true }).click();
  await settled(page);
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("200 OK").waitFor();
}

let seen; // how long after the first call its key's row told of it, in milliseconds

test("sign up, first key, a call in the playground: usage has its 8 credits within a minute, without a reload", async () => {
  const began = Date.now();
  const page = await world.open(null, "/console/signup");
  await page.getByLabel("Mail address").fill("first@example.com");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.getByRole("heading", { name: "Get started" }).waitFor();
  await page.evaluate(() => (globalThis.isSamePage = true));
  await page.getByRole("link", { name: "Create an API key" }).click();
  await settled(page);
  const secret = await create(page, "first");
  assert.match(secret, /^tg_live_[0-9A-Za-z]{36}$/);
  await store(page);
  assert.match(await rowOf(page, "first").innerText(), /Active key[\s\S]*Enabled[\s\S]*Never/);
  await play(page);
  assert.match(await page.locator("main").innerText(), /200 OK[\s\S]*8 credits charged[\s\S]*x-credits-charged\n8\n/);
  await page.getByRole("link", { name: "Usage", exact: true }).click();
  await settled(page);
  const used = page.locator(".card").filter({ has: page.getByRole("heading", { name: "Credits used" }) });
  assert.match(await used.innerText(), /\b8 of 2,000/);
  assert.equal(await page.evaluate(() => globalThis.isSamePage), true, "nothing was reloaded");
  assert.ok(Date.now() - began < 60_000);
  assert.deepEqual(page.complaints, []);
  // The other tests go on meanwhile.
  await page.getByRole("link", { name: "API keys", exact: true }).click();
  const called = Date.now();
  seen = rowOf(page, "first").getByText("just now").waitFor({ timeout: MINUTE_MS }).then(() => Date.now() - called);
  seen.catch(() => {});
});

test("six Esc and the backdrop do not lose a new key; then it is nowhere, and the focus is back", async (t) => {
  const ann = await world.join();
  const page = await world.open(t, "/console/keys", { person: ann });
  const secret = await create(page, "only once");
  for (let press = 0; press < 6; press++) await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  await page.mouse.click(640, 890);
  assert.equal(await page.locator("output").innerText(), secret);
  assert.equal(await page.getByRole("button", { name: "Done" }).isDisabled(), true);
  const holds = [];
  for (const answer of page.answers)
    if ((await answer.text().catch(() => "")).includes(secret)) holds.push(answer);
  assert.equal(holds.length, 1, "one answer ever holds it");
  assert.equal(await holds[0].headerValue("cache-control"), "no-store");
  page.answers.length = 0;
  await store(page);
  assert.equal(await focused(page), "Create API key");
  const kept = () =>
    page.evaluate(() =>
      [
        document.documentElement.outerHTML, JSON.stringify(localStorage), JSON.stringify(sessionStorage),
        document.cookie, location.href, JSON.stringify(history.state), window.name,
        ...[...document.querySelectorAll("input, select, textarea")].map((field) => field.value),
      ].join("\n"));
  const middle = secret.slice(14, -6);
  for (const name of ["Playground", "Trends", "Usage", "Billing", "Account", "Overview", "API keys"]) {
    await page.getByRole("link", { name, exact: true }).first().click();
    await settled(page);
    assert.ok(!(await kept()).includes(middle), name);
  }
  await page.reload();
  await settled(page);
  assert.ok(!(await kept()).includes(middle), "after a reload");
  assert.match(await rowOf(page, "only once").innerText(), new RegExp(`${secret.slice(0, 12)}.*${secret.slice(-4)}`));
  for (const answer of page.answers) {
    assert.ok(!answer.url().includes(middle));
    assert.ok(!(await answer.text().catch(() => "")).includes(middle), answer.url());
  }
  assert.ok(page.answers.length > 15, "it looked at what came");
  const cookies = await page.context().cookies();
  assert.ok(cookies.length > 0 && !JSON.stringify(cookies).includes(middle));
  assert.deepEqual(page.complaints, []);
});

test("the list of keys has their beginnings and ends, and neither a secret nor a hash", async () => {
  const ann = await world.join();
  const { secret, id } = await ann.key("listed");
  const listed = JSON.stringify(await ann.get("/user/me/api-keys"));
  const hash = createHash("sha256").update(secret).digest();
  for (const part of [secret, secret.slice(8), hash.toString("hex"), hash.toString("base64")])
    assert.ok(!listed.includes(part));
  assert.ok(listed.includes(`${secret.slice(0, 12)}...${secret.slice(-4)}`));
  const revealed = await ann.change("POST", `/user/me/api-keys/${id}/reveal`);
  assert.equal(revealed.status, 404);
});

test("rotated now, the old key is refused from the very next call on", async (t) => {
  const ann = await world.join();
  const old = await ann.key("leaked");
  const page = await world.open(t, "/console/keys", { person: ann });
  assert.equal(await statusOf(ann, old.secret), 200);
  await rowOf(page, "leaked").getByRole("button", { name: "Rotate" }).click();
  await dialog(page).getByLabel("Now").check();
  await dialog(page).getByRole("button", { name: "Rotate" }).click();
  await page.locator("output").waitFor();
  assert.equal(await statusOf(ann, old.secret), 401); // within a second at other nodes, at once at this one
  const secret = await page.locator("output").innerText();
  assert.equal(await statusOf(ann, secret), 200);
});

test("a key in its grace can be kept longer, at most 7 days, and stopped now", async (t) => {
  const ann = await world.join();
  const old = await ann.key("nightly");
  const page = await world.open(t, "/console/keys", { person: ann });
  await rotate(page, "nightly", "1 hour");
  await page.getByText(/Stops in (59 min|1 h|60 min)/).waitFor();
  await page.getByRole("button", { name: "Extend nightly" }).click();
  await dialog(page).getByLabel("7 days").check();
  await dialog(page).getByRole("button", { name: "Extend" }).click();
  await page.getByText(/Stops in [67] d/).waitFor();
  const { stops_at, rotated_at } = await ann.keyRow(old.id);
  assert.ok(Date.parse(stops_at) - Date.parse(rotated_at) <= 7 * DAY_S * 1000 + SECOND_MS);
  assert.equal(await statusOf(ann, old.secret), 200);
  await page.getByRole("button", { name: "Stop now nightly" }).click();
  await dialog(page).getByRole("button", { name: "Stop now" }).click();
  await dialog(page).waitFor({ state: "detached" });
  await page.getByText("Revoked and expired (1)").waitFor();
  assert.equal(await statusOf(ann, old.secret), 401);
});

test("a key that was used today goes by its name alone; Enter does nothing before that", async (t) => {
  const ann = await world.join();
  const { secret, id } = await ann.key("used today");
  assert.equal(await statusOf(ann, secret), 200);
  await until(async () => (await ann.keyRow(id)).calls_24h === 1, "the call is counted");
  const page = await world.open(t, "/console/keys", { person: ann });
  const sent = [];
  page.on("request", (request) => request.method() === "DELETE" && sent.push(request));
  await rowOf(page, "used today").getByRole("button", { name: "Revoke" }).click();
  assert.match(await dialog(page).innerText(), /1 call in the last 24 hours[\s\S]*only key that works/);
  await page.keyboard.press("Enter");
  await page.keyboard.type("used toda");
  await page.keyboard.press("Enter");
  assert.equal(await dialog(page).getByRole("button", { name: "Revoke" }).isDisabled(), true);
  assert.deepEqual(sent, []);
  assert.equal(await statusOf(ann, secret), 200);
  const unnamed = await ann.change("DELETE", `/user/me/api-keys/${id}`);
  assert.equal(unnamed.status, 409, "nor does the server take it without");
  assert.equal((await unnamed.json()).data.reason, "name_required");
  await page.keyboard.type("y");
  await page.keyboard.press("Enter");
  await dialog(page).waitFor({ state: "detached" });
  await page.getByText("No key works at the moment").waitFor();
  assert.equal(await statusOf(ann, secret), 401);
  assert.deepEqual(page.complaints, []);
});

test("another active key is the playground's, and what it calls is that key's", async (t) => {
  const ann = await world.join();
  const one = await ann.key("one");
  const two = await ann.key("two");
  const page = await world.open(t, "/console/keys", { person: ann });
  const charged = async () => {
    const { items } = await ann.get("/usage/me/timeseries?range=period&bucket=day&group_by=key");
    return Object.fromEntries([one, two].map(({ id }) => [
      id, items.filter((item) => item.key_id === id).reduce((sum, item) => sum + item.credits, 0),
    ]));
  };
  assert.equal((await ann.get("/user/me")).active_key_id, one.id, "the first that was made");
  await page.getByLabel("Active key").selectOption(two.id);
  await rowOf(page, "two").getByText("Active key").waitFor();
  assert.equal((await ann.get("/user/me")).active_key_id, two.id);
  await page.getByRole("link", { name: "Playground", exact: true }).click();
  await settled(page);
  assert.match(await page.locator(".send").innerText(), /\btwo\b/);
  await page.getByRole("button", { name: "Send" }).click();
  await until(async () => (await charged())[two.id] === 8, "the call is charged to the active key");
  assert.deepEqual(await charged(), { [one.id]: 0, [two.id]: 8 });
  const [event] = (await ann.get("/billing/me/events?limit=1")).items;
  assert.equal(event.credit_cost, 8);
  assert.deepEqual(page.complaints, []);
});

test("a key's name is text everywhere, in tables, menus, dialogs, charts and files", async (t) => {
  const ann = await world.join("Starter");
  const key = await ann.key(ATTACK);
  const formula = await ann.key("=1+1");
  for (const secret of [key.secret, formula.secret]) assert.equal(await statusOf(ann, secret), 200);
  await ann.send("POST", `/user/me/api-keys/${key.id}/activate`);
  const page = await world.open(t, "/console/keys", { person: ann });
  page.on("dialog", () => page.complaints.push("a script of the name ran"));
  const isText = async (where) => {
    assert.ok((await page.locator("body").innerText()).includes(ATTACK), where);
    assert.equal(await page.locator("img, [onerror]").count(), 0, where);
  };
  await isText("keys");
  await rowOf(page, ATTACK).getByRole("button", { name: "Revoke" }).click();
  assert.ok((await dialog(page).innerText()).includes(ATTACK));
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Playground", exact: true }).click();
  await settled(page);
  await isText("playground");
  await page.getByRole("link", { name: "Usage", exact: true }).click();
  await settled(page);
  await isText("usage");
  await page.getByText("Show as a table").click();
  await isText("the table of usage");
  const { text } = await savedBy(page, () => page.getByRole("button", { name: "CSV" }).click());
  const head = text.split("\r\n")[0];
  assert.ok(head.includes(ATTACK) && head.includes("'=1+1"), head);
  assert.doesNotMatch(text, /(^|[,"\n])[=+@]/);
  assert.deepEqual(page.complaints, []);
});

test("last used went from Never to just now within a minute of the first call", async () => {
  assert.ok((await seen) < MINUTE_MS);
});

// ---- From here on the clock is moved ----

test("rotated with 24 hours, which is what is chosen: both keys work, the old one says until when, then it stops", async (t) => {
  const ann = await world.join();
  const old = await ann.key("production");
  const page = await world.open(t, "/console/keys", { person: ann });
  await rowOf(page, "production").getByRole("button", { name: "Rotate" }).click();
  assert.equal(
    await page.evaluate(() => `${document.activeElement.value} ${document.activeElement.checked}`),
    `${DAY_S} true`,
  );
  await dialog(page).getByRole("button", { name: "Rotate" }).click();
  const secret = await page.locator("output").innerText();
  await store(page);
  await page.getByText(/Stops in 2[34] h/).waitFor();
  assert.notEqual(await focused(page), "", "the focus is somewhere");
  const [before, after] = [await ann.call(old.secret), await ann.call(secret)];
  assert.deepEqual([before.status, after.status], [200, 200]);
  const left = Date.parse(before.headers.get("x-key-stops-at")) - world.clock.now();
  assert.ok(left > DAY_S * 1000 - 120_000 && left <= DAY_S * 1000 + SECOND_MS, `${left} ms`);
  assert.equal(after.headers.get("x-key-stops-at"), null);
  const rows = (await ann.get("/user/me/api-keys")).items;
  const replacing = rows.find((key) => key.status === "active");
  assert.equal(rows.find((key) => key.id === old.id).replaced_by, replacing.id);
  assert.equal(replacing.is_active_key, true, "the active key goes along");
  await world.clock.passBy(DAY_S + 1); // an end is told, and kept, in whole seconds
  assert.deepEqual([await statusOf(ann, old.secret), await statusOf(ann, secret)], [401, 200]);
});

test("an expired key is refused, and its row says so", async (t) => {
  const ann = new Person(world);
  Object.assign(ann, await world.join());
  const { secret } = await ann.key("workshop", { expires_in_days: 30 });
  assert.equal(await statusOf(ann, secret), 200);
  await world.clock.passBy(30 * DAY_S);
  assert.equal(await statusOf(ann, secret), 401);
  ann.cookies.clear();
  assert.equal((await ann.signIn()).status, 303, "a session of a month ago is none");
  const page = await world.open(t, "/console/keys", { person: ann });
  await page.getByText("Revoked and expired (1)").click();
  assert.match(await rowOf(page, "workshop").innerText(), /Expired/);
});
