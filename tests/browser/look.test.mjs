// Every page in both themes and at every width: what axe, the policy and the browser say about it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, IS_FULL } from "../node/support/axe.mjs";
import { resize, settled, smallTargets, useConsole, wideThings } from "./support/console.mjs";
import { PAGES } from "./support/pages.mjs";

const world = useConsole();

// At each theme in one width, and at all of them when tests run in full.
const SAMPLE = [["light", 390], ["dark", 1280]];
const LOOKS = IS_FULL ? [...SAMPLE, ["light", 1280], ["dark", 390]] : SAMPLE;
const DIALOG_WIDTHS = IS_FULL ? { light: [1280, 320], dark: [1280, 320] } : { light: [320], dark: [1280] };

const STATES = ["empty", "error", "signed-out", "slow"];

PAGES.forEach(({ name, path }, number) => {
  test(`${name}: nothing is wrong, wide or narrow`, async (t) => {
    const page = await world.open(t, path);
    await settled(page);
    for (const width of [1280, 768, 390, 320]) {
      await resize(page, width);
      assert.deepEqual(await wideThings(page), [], `${width} px`);
      assert.deepEqual(await smallTargets(page), [], `${width} px`);
    }
    assert.equal(await page.locator("[style]").count(), 0, "no style attribute");
    assert.equal(await page.locator("h1").count(), 1);
    assert.deepEqual(page.complaints, []);
  });

  test(`${name}: axe finds nothing in either theme`, async (t) => {
    const page = await world.open(t, path, { bypassCSP: true });
    await settled(page);
    for (const [colorScheme, width] of LOOKS) {
      await page.emulateMedia({ colorScheme });
      await resize(page, width);
      await assertAccessible(page, `${colorScheme}, ${width} px`);
    }
  });

  // In two of the states, the next page in the two others; in full in all of them.
  const states = STATES.filter((_, at) => IS_FULL || at % 2 === number % 2);
  test(`${name}: axe finds nothing while it is ${states.join(", ")}`, async (t) => {
    for (const state of states) {
      world.fake.state = state;
      const page = await world.open(t, path, { bypassCSP: true });
      if (state === "slow" && name !== "missing") await page.locator(".skeleton").first().waitFor();
      else if (state !== "slow") await settled(page);
      await assertAccessible(page, state);
      world.fake.release();
    }
  });
});

const DIALOGS = ["Create API key", "Rotate", "Daily cap", "Revoke", "Extend", "Stop now"];

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing in open dialogs, and they fit, in the ${colorScheme} theme`, async (t) => {
    for (const width of DIALOG_WIDTHS[colorScheme]) {
      const page = await world.open(t, "/console/keys", {
        colorScheme,
        viewport: { width, height: 700 },
        bypassCSP: true,
      });
      await settled(page);
      for (const name of DIALOGS) {
        await page.getByRole("button", { name }).first().click();
        await assertAccessible(page, name);
        assert.deepEqual(await wideThings(page), [], name);
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }
      await page.getByRole("button", { name: "Create API key" }).click();
      await page.getByLabel("Name").fill("x");
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await page.locator("output").waitFor();
      await assertAccessible(page, "reveal");
      assert.deepEqual(await wideThings(page), [], "reveal");
      world.fake.reset();
    }
  });
}

test("the navigation is a menu button where it is narrow", async (t) => {
  const page = await world.open(t, "/console/", { viewport: { width: 390, height: 800 } });
  const link = page.getByRole("link", { name: "Playground", exact: true });
  assert.equal(await link.isVisible(), false);
  await page.getByRole("button", { name: "Menu" }).click();
  assert.equal(await page.getByRole("button", { name: "Menu" }).getAttribute("aria-expanded"), "true");
  assert.deepEqual(await smallTargets(page), []);
  await link.click();
  await page.getByRole("heading", { level: 1, name: "Playground" }).waitFor();
  await link.waitFor({ state: "hidden" }); // it folds away with the page
});

test("the skip link comes first and leads to the content", async (t) => {
  const page = await world.open(t, "/console/billing");
  await settled(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.locator(":focus").innerText(), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
});

test("the policy is in force: a script that the page did not bring does not run", async (t) => {
  const page = await world.open(t, "/console/");
  await page
    .evaluate(() => {
      const script = document.createElement("script");
      script.append("globalThis.ran = true");
      document.head.append(script);
    })
    .catch(() => {});
  assert.equal(await page.evaluate(() => globalThis.ran), undefined);
  assert.ok(page.complaints.length > 0, "the browser complains");
});
