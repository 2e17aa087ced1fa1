// The account: password, sessions, theme; and what billing says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settled, useConsole } from "./support/console.mjs";

const world = useConsole();

async function openAccount(t, options = {}) {
  const page = await world.open(t, "/console/account", options);
  await settled(page);
  return page;
}

test("a password is changed, and what is wrong with it is said at its field", async (t) => {
  const page = await openAccount(t);
  await page.getByLabel("Current password", { exact: true }).fill("wrong");
  await page.getByLabel("New password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Give at least 12 characters.").waitFor();
  await page.getByLabel("New password", { exact: true }).fill("a longer password");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("The current password is not right.").waitFor();
  await page.getByLabel("Current password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("The password is changed.").waitFor();
  assert.equal(await page.getByLabel("New password", { exact: true }).inputValue(), "");
});

test("who came by a link gives no current password for an hour, and is told what to do afterwards", async (t) => {
  const open = async (minutes) => {
    world.fake.account.link_password_until = new Date(Date.now() + minutes * 60_000).toISOString();
    const page = await openAccount(t);
    await page.getByLabel("New password", { exact: true }).fill("a longer password");
    await page.getByRole("button", { name: "Change password" }).click();
    return page;
  };
  const early = await open(5);
  await early.getByText(/You signed in by a link: until \d\d:\d\d UTC this can stay empty\./).waitFor();
  await early.getByText("The password is changed.").waitFor();
  const [sent] = world.fake.requests.filter(({ path }) => path === "/api/v1/user/me/password");
  assert.deepEqual(JSON.parse(sent.body), { new_password: "a longer password" });
  const late = await open(-5);
  await late.getByText("ask whoever made the link for another").waitFor();
  await late.getByText("Give your current password.").waitFor();
});

test("a password can be looked at", async (t) => {
  const page = await openAccount(t);
  const field = page.getByLabel("New password", { exact: true });
  assert.deepEqual(
    [await field.getAttribute("type"), await field.getAttribute("autocomplete")],
    ["password", "new-password"],
  );
  await page.getByRole("button", { name: "Show New password" }).click();
  assert.equal(await field.getAttribute("type"), "text");
});

test("other sessions are signed out, one or all", async (t) => {
  const page = await openAccount(t);
  await page.getByRole("rowheader", { name: "Chrome 142 on Linux This one" }).waitFor();
  await page.getByRole("button", { name: "Sign out all others" }).click();
  await page.getByText("Safari 18 on iOS", { exact: true }).waitFor({ state: "detached" });
  world.fake.reset();
  await page.reload();
  await page.getByRole("button", { name: "Sign out Safari 18 on iOS" }).click();
  await page.getByText("Safari 18 on iOS", { exact: true }).waitFor({ state: "detached" });
  assert.equal(world.fake.requests.findLast((one) => one.method === "DELETE").path, "/api/v1/user/me/sessions/s2");
  assert.deepEqual(page.complaints, []);
});

test("the theme is kept in its cookie, and there from the first paint", async (t) => {
  const page = await openAccount(t, { colorScheme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await ground(), "rgb(255, 255, 255)");
  await page.getByLabel("Dark").check();
  assert.equal(await ground(), "rgb(15, 22, 28)");
  assert.deepEqual(
    (await page.context().cookies()).map(({ name, value, path, sameSite }) => ({
      name,
      value,
      path,
      sameSite,
    })),
    [{ name: "theme", value: "dark", path: "/", sameSite: "Lax" }],
  );
  await page.reload();
  await page.locator("h1").waitFor();
  assert.equal(await ground(), "rgb(15, 22, 28)");
  assert.equal(await page.getByLabel("Dark").isChecked(), true);
  await page.getByLabel("As the system").check();
  assert.equal(await ground(), "rgb(255, 255, 255)");
});

test("signing out is a plain form with the session's token", async (t) => {
  const page = await openAccount(t);
  const form = page.locator("form[action='/console/signout']").first();
  assert.equal(await form.getAttribute("method"), "post");
  assert.equal(await form.locator("input[name=csrf]").inputValue(), "csrf-1");
});
