// API keys: what is shown of them, and every change that the page can make.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTACK, cannedKey, second } from "./support/canned.mjs";
import { settled, useConsole } from "./support/console.mjs";
import { SECRET, ok, refusal } from "./support/fake_api.mjs";

const world = useConsole();
const focused = (page) => page.evaluate(() => document.activeElement?.textContent.trim());
const dialog = (page) => page.getByRole("dialog");
const rowOf = (page, name) =>
  page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: false }) });
const sent = (method, part) =>
  world.fake.requests
    .filter((one) => one.method === method && one.path.includes(part))
    .map((one) => ({ path: one.path, body: JSON.parse(one.body) }));

async function openKeys(t, options, prepare) {
  const page = await world.open(t, "/console/keys", options, prepare);
  await settled(page);
  return page;
}

async function createKey(page, name = "batch") {
  await page.getByRole("button", { name: "Create API key" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.locator("output").waitFor();
}

// Everywhere that a page can keep a text.
const kept = (page) =>
  page.evaluate(() =>
    [
      document.documentElement.outerHTML,
      ...[...document.querySelectorAll("input, select")].map((field) => field.value),
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      document.cookie,
      location.href,
      JSON.stringify(history.state),
      window.name,
    ].join("\n"),
  );

test("the list shows status words, last use and the active key, and a hostile name as text", async (t) => {
  const page = await openKeys(t);
  assert.match(
    await rowOf(page, "production").innerText(),
    /Active key[\s\S]*Enabled[\s\S]*4 min ago[\s\S]*203\.0\.113\.10[\s\S]*9,208/,
  );
  assert.match(await rowOf(page, "nightly export").innerText(), /Stops in 21 h/);
  assert.match(await rowOf(page, "staging").innerText(), /daily cap 800/);
  await page.getByText("Revoked and expired (2)").click();
  assert.match(await rowOf(page, "first try").innerText(), /Revoked/);
  assert.match(await rowOf(page, "workshop").innerText(), /Expired[\s\S]*Never/);
  assert.ok((await page.locator("main").innerText()).includes(ATTACK));
  assert.equal(await page.locator("img").count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("what was used in this minute or the last one was just now", async (t) => {
  const used = (seconds) => ({ last_used_at: second(Date.now() - seconds * 1000) });
  const keys = [cannedKey("1", "last one", used(80)), cannedKey("2", "before it", used(122))];
  world.fake.override.set("GET /api/v1/user/me/api-keys", () => ok({ items: keys }));
  const page = await openKeys(t);
  assert.match(await rowOf(page, "last one").innerText(), /just now/);
  assert.match(await rowOf(page, "before it").innerText(), /2 min ago/);
});

test("a new key is shown until it is stored, and nowhere afterwards", async (t) => {
  const page = await world.open(t, "/console/");
  await page.getByRole("link", { name: "API keys", exact: true }).click();
  await settled(page);
  await createKey(page);
  assert.equal(await page.locator("output").innerText(), SECRET);
  const isWhole = await page
    .locator("output")
    .evaluate((node) => node.scrollWidth <= node.clientWidth && getComputedStyle(node).userSelect === "all");
  assert.ok(isWhole, "it is wrapped, and selected as a whole");
  const done = page.getByRole("button", { name: "Done" });
  assert.equal(await done.isDisabled(), true);
  for (let press = 0; press < 6; press++) await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  assert.ok(await page.locator("output").isVisible(), "neither Esc nor the backdrop closes it");
  await page.evaluate(
    () =>
      new Promise((done) => {
        addEventListener("popstate", done, { once: true });
        history.back();
      }),
  );
  assert.ok(await page.locator("output").isVisible(), "nor does Back");
  assert.equal(new URL(page.url()).pathname, "/console/keys");
  await page.getByLabel("I have stored it").check();
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("output").isVisible(), "Done closes it, and nothing else");
  await done.click();
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await focused(page), "Create API key");
  await rowOf(page, "batch").waitFor();
  assert.ok(!(await kept(page)).includes(SECRET));
  await page.reload();
  await settled(page);
  assert.ok(!(await kept(page)).includes(SECRET));
  assert.deepEqual(page.complaints, []);
});

test("copying the key, or curl with it, is enough to be done", async (t) => {
  for (const label of ["Copy key", "Copy curl with this key"]) {
    const page = await openKeys(t, { permissions: ["clipboard-read", "clipboard-write"] });
    await createKey(page);
    await page.getByRole("button", { name: label }).click();
    await page.getByText("Copied", { exact: true }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(
      label === "Copy key"
        ? copied === SECRET
        : copied.startsWith('curl "https://api.example.com/api/v1/') &&
            copied.endsWith(`-H "x-api-key: ${SECRET}"`),
      copied,
    );
    await page.getByRole("button", { name: "Done" }).click();
    world.fake.reset();
  }
});

test("where the clipboard is refused the key is left selected, and has to be ticked", async (t) => {
  const page = await openKeys(t, {}, (fresh) =>
    fresh.addInitScript(() =>
      Object.defineProperty(navigator, "clipboard", {
        value: { writeText: () => Promise.reject(new Error("no")) },
      }),
    ),
  );
  await createKey(page);
  await page.getByRole("button", { name: "Copy key" }).click();
  await page.getByText("Selected", { exact: false }).waitFor();
  assert.equal(await page.evaluate(() => getSelection().toString().trim()), SECRET);
  assert.equal(await page.getByRole("button", { name: "Done" }).isDisabled(), true);
});

test("what is wrong with a new key is said at its field, and nothing is sent", async (t) => {
  const page = await openKeys(t);
  await page.getByRole("button", { name: "Create API key" }).click();
  assert.equal(await page.evaluate(() => document.activeElement.required), true, "the name has the focus");
  await page.getByLabel("Name").fill("production");
  await page.getByLabel("Daily cap in credits (optional)").fill("1.5");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  const name = page.getByLabel("Name");
  assert.equal(await name.getAttribute("aria-invalid"), "true");
  const described = await name.evaluate((node) =>
    node
      .getAttribute("aria-describedby")
      .split(" ")
      .map((id) => document.getElementById(id).textContent)
      .join(" "),
  );
  assert.match(described, /Another key has this name/);
  await page.getByText("Give a whole number of credits").waitFor();
  assert.deepEqual(sent("POST", "/api-keys"), []);
  await name.fill("batch");
  await page.getByLabel("Expires").selectOption("90");
  await page.getByLabel("Daily cap in credits (optional)").fill("400");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.locator("output").waitFor();
  assert.deepEqual(
    sent("POST", "/api-keys").map(({ body }) => body),
    [{ name: "batch", expires_in_days: 90, daily_credit_cap: 400 }],
  );
});

test("a creation that the server refuses says so, and the dialog stays", async (t) => {
  const page = await openKeys(t);
  world.fake.override.set("POST /api/v1/user/me/api-keys", () =>
    refusal(409, "key_limit", "20 keys are live already"),
  );
  await page.getByRole("button", { name: "Create API key" }).click();
  await page.getByLabel("Name").fill("batch");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("No key was created.").waitFor();
  assert.match(await dialog(page).innerText(), /20 keys are live already[\s\S]*fake-request-7/);
});

test("rotating begins at 24 hours, shows the new key, and keeps the old one for its grace", async (t) => {
  const page = await openKeys(t);
  await rowOf(page, "production").getByRole("button", { name: "Rotate" }).click();
  assert.equal(
    await page.evaluate(() => `${document.activeElement.value} ${document.activeElement.checked}`),
    "86400 true",
  );
  assert.match(await dialog(page).innerText(), /last used: 4 min ago/);
  await dialog(page).getByRole("button", { name: "Rotate" }).click();
  await page.locator("output").waitFor();
  assert.match(await dialog(page).innerText(), /The old key works until/);
  assert.deepEqual(
    sent("POST", "rotate").map(({ body }) => body),
    [{ id: "3", grace_period_seconds: 86400 }],
  );
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("Stops in 23 h").or(page.getByText("Stops in 24 h")).waitFor();
  assert.equal(
    await page.evaluate(() => document.activeElement !== document.body),
    true,
    "the focus is not lost with its row's button",
  );
});

test("a rotation that fails changes nothing and says so", async (t) => {
  const page = await openKeys(t);
  world.fake.override.set("POST /api/v1/user/me/api-keys/rotate", () =>
    refusal(503, "overloaded", "Try again in a second"),
  );
  await rowOf(page, "production").getByRole("button", { name: "Rotate" }).click();
  await dialog(page).getByRole("button", { name: "Rotate" }).click();
  await page.getByText("Nothing was changed: the key works as before.").waitFor();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await focused(page), "Rotate production");
});

test("a key that was used today is revoked only by its name; Enter alone does nothing", async (t) => {
  const page = await openKeys(t);
  await rowOf(page, "production").getByRole("button", { name: "Revoke" }).click();
  assert.match(await dialog(page).innerText(), /148 calls in the last 24 hours/);
  const button = dialog(page).getByRole("button", { name: "Revoke" });
  await page.keyboard.press("Enter");
  assert.equal(await button.isDisabled(), true);
  await page.keyboard.type("productio");
  await page.keyboard.press("Enter");
  assert.deepEqual(sent("DELETE", "api-keys"), []);
  await page.keyboard.type("n");
  await button.click();
  await dialog(page).waitFor({ state: "detached" });
  await page.getByText("Revoked and expired (3)").waitFor();
  assert.deepEqual(sent("DELETE", "api-keys"), [
    { path: "/api/v1/user/me/api-keys/3", body: { name: "production" } },
  ]);
});

test("a key that was not used goes without its name; the only one with a warning", async (t) => {
  world.fake.keys = [cannedKey("1", "only")];
  const page = await openKeys(t);
  await page.getByRole("button", { name: "Revoke only" }).click();
  await page.getByText("This is your only key that works").waitFor();
  assert.equal(await focused(page), "Cancel");
  await dialog(page).getByRole("button", { name: "Revoke" }).click();
  await page.getByText("No key works at the moment").waitFor();
});

test("grace can be extended and ended, the cap changed, the active key chosen", async (t) => {
  const page = await openKeys(t);
  await page.getByRole("button", { name: "Extend nightly export" }).click();
  await dialog(page).getByLabel("7 days").check();
  await dialog(page).getByRole("button", { name: "Extend" }).click();
  await page.getByText("Stops in 6 d").waitFor();
  await page.getByRole("button", { name: "Daily cap staging" }).click();
  await dialog(page).getByLabel("Credits a day").fill("");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await page.getByText("daily cap 800").waitFor({ state: "detached" });
  await page.getByLabel("Active key").selectOption("5");
  await rowOf(page, "staging").getByText("Active key").waitFor();
  await page.getByRole("button", { name: "Stop now nightly export" }).click();
  await dialog(page).getByRole("button", { name: "Stop now" }).click();
  await page.getByText("Revoked and expired (3)").waitFor();
  assert.deepEqual(sent("POST", "/2/extend")[0].body, { grace_period_seconds: 604800 });
  assert.deepEqual(sent("POST", "/5/cap")[0].body, { daily_credit_cap: null });
  assert.deepEqual(page.complaints, []);
});

test("an old token is renewed once, without a word", async (t) => {
  const page = await openKeys(t);
  let refused = 0;
  world.fake.override.set("POST /api/v1/user/me/api-keys/5/activate", () => {
    world.fake.override.clear();
    refused++;
    return refusal(403, "csrf", "The token is an old one");
  });
  await page.getByLabel("Active key").selectOption("5");
  await rowOf(page, "staging").getByText("Active key").waitFor();
  assert.equal(refused, 1);
});
