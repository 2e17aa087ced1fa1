// Every page while it loads, when there is nothing, when the server fails, and without a session.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settled, useConsole } from "./support/console.mjs";
import { PAGES } from "./support/pages.mjs";

const world = useConsole();
const loaded = PAGES.filter((page) => page.what);

for (const { name, path, what, empty } of loaded) {
  test(`${name}: says that it loads, then shows what came`, async (t) => {
    world.fake.state = "slow";
    const page = await world.open(t, path);
    await page
      .getByRole("status")
      .filter({ hasText: `Loading ${what}…` })
      .waitFor();
    assert.ok(await page.locator(".skeleton").first().isVisible());
    world.fake.state = "ok";
    world.fake.release();
    await settled(page);
    assert.equal(await page.locator(".skeleton").count(), 0);
    assert.equal(await page.getByRole("alert").count(), 0);
    assert.deepEqual(page.complaints, []);
  });

  test(`${name}: an error says what failed, its request id, and is tried again`, async (t) => {
    world.fake.state = "error";
    const page = await world.open(t, path);
    const alert = page.getByRole("alert").filter({ hasText: `Could not load ${what}.` });
    await alert.waitFor();
    assert.match(await alert.innerText(), /Something went wrong on our side/);
    assert.match(await alert.innerText(), /Request id fake-request-7/);
    world.fake.state = "ok";
    await alert.getByRole("button", { name: "Try again" }).click();
    await alert.waitFor({ state: "detached" });
    assert.deepEqual(page.complaints, []);
  });

  test(`${name}: without a session it stays, and leads back to itself`, async (t) => {
    world.fake.state = "signed-out";
    const page = await world.open(t, path);
    const link = page.getByRole("link", { name: "Sign in again" }).first();
    await link.waitFor();
    assert.equal(await link.getAttribute("href"), `/console/signin?next=${encodeURIComponent(path)}`);
    assert.match(await page.locator("main").innerText(), /Signed out\./);
    assert.equal(new URL(page.url()).pathname, new URL(path, world.fake.url).pathname);
  });

  if (empty) {
    test(`${name}: says why there is nothing`, async (t) => {
      world.fake.state = "empty";
      const page = await world.open(t, path);
      await page.getByText(empty).first().waitFor();
      await settled(page);
      assert.equal(await page.getByRole("alert").count(), 0);
      assert.deepEqual(page.complaints, []);
    });
  }
}

test("a session that is lost on a page keeps what the page shows", async (t) => {
  const page = await world.open(t, "/console/keys");
  const row = page.getByRole("rowheader", { name: "nightly export" });
  await row.waitFor();
  world.fake.state = "signed-out";
  await page.getByLabel("Active key").selectOption({ index: 0 });
  await page.getByRole("link", { name: "Sign in again" }).first().waitFor();
  assert.ok(await row.isVisible());
});

test("a server that is not there is told without jargon", async (t) => {
  const page = await world.open(t, "/console/keys", {}, (fresh) =>
    fresh.route("**/api/v1/user/me/api-keys", (route) => route.abort()),
  );
  await page.getByText("The server could not be reached.").waitFor();
});

test("an account without a key is shown how to begin", async (t) => {
  world.fake.state = "empty";
  const page = await world.open(t, "/console/");
  await page.getByRole("heading", { name: "Get started" }).waitFor();
  await page.getByRole("link", { name: "Create an API key" }).click();
  assert.equal(new URL(page.url()).pathname, "/console/keys");
});

test("an unknown address keeps the navigation", async (t) => {
  const page = await world.open(t, "/console/nowhere");
  assert.equal(await page.locator("h1").innerText(), "Page not found");
  await page.getByRole("link", { name: "Usage" }).click();
  await page.getByRole("heading", { level: 1, name: "Usage" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Page not found" }).waitFor();
});

test("an account whose calls are refused is told so on every page, and what ends that", async (t) => {
  Object.assign(world.fake.account, { suspended: true, unpaid: false });
  const page = await world.open(t, "/console/trends");
  await page.getByText("This account is suspended.").waitFor();
  world.fake.account.unpaid = true;
  await page.reload();
  const note = page.getByRole("alert").filter({ hasText: "An invoice is overdue." });
  await note.getByRole("link", { name: "Billing" }).click();
  await page.getByRole("heading", { level: 1, name: "Billing" }).waitFor();
  assert.equal(await page.getByText("This account is suspended.").count(), 0);
});
