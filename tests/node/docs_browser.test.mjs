// The page in a real browser: both themes, three widths, with and without scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openPlace } from "./docs_world.mjs";
import { IS_FULL, assertAccessible } from "./support/axe.mjs";
import { startBrowser } from "./support/browser.mjs";
import { SHIPPED_PLANS } from "./support/server.mjs";

const TARGET_PX = 24;

let place, server, browser;

before(async () => {
  place = await openPlace();
  server = place.server;
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await place?.close();
});

// A page that remembers whatever a browser complains about.
async function openPage(options = {}, prepare = () => {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${server.url}/`)) complaints.push(`leaves the origin: ${request.url()}`);
    if (request.resourceType() === "font") complaints.push(`a font: ${request.url()}`);
  });
  page.on("response", (answer) => {
    if (answer.status() >= 400) complaints.push(`${answer.status()}: ${answer.url()}`);
  });
  await prepare(page, context);
  await page.goto(`${server.url}/docs`, { waitUntil: "networkidle" });
  return { context, page, complaints };
}

// At each width in one theme, and in both when tests run in full.
const isForAxe = (colorScheme, width) => IS_FULL || (colorScheme === "light") === width >= 800;

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 800, 390, 320]) {
    test(`nothing is wrong in the ${colorScheme} theme at ${width} px`, async () => {
      const viewport = { width, height: 900 };
      const { context, page, complaints } = await openPage({ colorScheme, viewport });
      assert.deepEqual(complaints, []);
      assert.deepEqual(await page.evaluate(wideThings), []);
      assert.deepEqual(await page.evaluate(smallTargets, TARGET_PX), []);
      await context.close();
      if (!isForAxe(colorScheme, width)) return;
      // The page's policy would keep axe out as it keeps out everything else.
      const seen = await openPage({ colorScheme, viewport, bypassCSP: true });
      await assertAccessible(seen.page, `${colorScheme}, ${width} px`);
      await seen.context.close();
    });
  }
}

test("a plan whose name is one long word keeps its tables on the page", async (t) => {
  const own = await openPlace({ plans: SHIPPED_PLANS.replace("[plan Growth]", `[plan ${"W".repeat(40)}]`) });
  t.after(() => own.close());
  for (const width of [1280, 1100, 1024, 320]) {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${own.server.url}/docs`);
    assert.deepEqual(await page.evaluate(wideThings), [], `${width} px`);
    await context.close();
  }
});

// What scrolls sideways, or hangs out of the window; what only a screen reader sees is clipped.
function wideThings() {
  const wide = [...document.querySelectorAll("body *")].filter((node) => {
    const style = getComputedStyle(node);
    if (node.closest("caption, thead") && style.clipPath !== "none") return false;
    const box = node.getBoundingClientRect();
    const clipped = node.closest("thead")?.getBoundingClientRect().width <= 1;
    return !clipped && style.display !== "none" && box.width > 1
      && (box.right > innerWidth + 0.5 || node.scrollWidth > Math.ceil(box.width) + 1);
  });
  if (document.documentElement.scrollWidth > innerWidth) wide.unshift(document.documentElement);
  return wide.slice(0, 5).map((node) => node.outerHTML.slice(0, 120));
}

// Links inside a sentence are the exception of WCAG 2.2, 2.5.8; the page has none.
function smallTargets(least) {
  return [...document.querySelectorAll("a, button")].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width > 0 && (box.height < least || box.width < least);
  }).map((node) => node.outerHTML);
}

test("a script that the page did not bring is blocked, so the policy is in force", async () => {
  const { context, page, complaints } = await openPage();
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.append("globalThis.ran = true");
    document.head.append(script);
  }).catch(() => {});
  assert.equal(await page.evaluate(() => globalThis.ran), undefined);
  assert.ok(complaints.length > 0, "the browser complains");
  await context.close();
});

test("landmarks, headings in order, captions, scopes, a skip link", async () => {
  const { context, page } = await openPage();
  const seen = await page.evaluate(() => ({
    landmarks: ["header", "nav", "main", "footer"].map((name) => document.querySelectorAll(name).length),
    levels: [...document.querySelectorAll("h1, h2, h3")].map((node) => Number(node.tagName[1])),
    bare: [...document.querySelectorAll("table")].filter((table) => !table.caption).length,
    scopeless: document.querySelectorAll("th:not([scope])").length,
    styled: document.querySelectorAll("[style]").length,
  }));
  assert.deepEqual(seen.landmarks, [1, 2, 1, 1]);
  assert.equal(seen.levels.filter((level) => level === 1).length, 1);
  seen.levels.forEach((level, index) => assert.ok(index === 0 ? level === 1 : level <= seen.levels[index - 1] + 1));
  assert.deepEqual([seen.bare, seen.scopeless, seen.styled], [0, 0, 0]);
  await page.keyboard.press("Tab");
  const skip = page.locator(":focus");
  assert.equal(await skip.textContent(), "Skip to the content");
  assert.ok((await skip.boundingBox()).y >= 0, "the skip link comes into sight");
  assert.notEqual(await skip.evaluate((node) => getComputedStyle(node).outlineStyle), "none");
  await page.keyboard.press("Enter");
  assert.equal(new URL(page.url()).hash, "#content");
  await context.close();
});

test("without scripts every example is shown, and no button that does nothing", async () => {
  const { context, page, complaints } = await openPage({ javaScriptEnabled: false });
  const blocks = await page.locator(".code pre").all();
  assert.equal(blocks.length, 9);
  for (const block of blocks) assert.ok(await block.isVisible());
  assert.equal(await page.locator("button").count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

// What the page says of a copy for two seconds stays, however late it is looked at.
async function stopClock(page) {
  await page.clock.install({ time: 0 });
  await page.clock.pauseAt(1);
}

test("each copy button copies what is shown, to the letter", async () => {
  const permissions = ["clipboard-read", "clipboard-write"];
  const { context, page, complaints } = await openPage({ permissions }, stopClock);
  const blocks = await page.locator(".code").all();
  for (const block of blocks) {
    const id = await block.getAttribute("id");
    if (await block.isHidden()) await page.locator(`#${id}-tab`).click();
    await block.getByRole("button", { name: /^Copy / }).click();
    await block.getByText("Copied", { exact: true }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, await block.locator("pre").innerText(), id);
    assert.ok(copied.length > 20, id);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test("where the clipboard is refused, the example is left selected", async () => {
  const { context, page } = await openPage({}, async (fresh) => {
    await stopClock(fresh);
    await fresh.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  });
  const block = page.locator("#curl");
  await block.getByRole("button").click();
  await block.getByText("Selected", { exact: false }).waitFor();
  const selected = await page.evaluate(() => getSelection().toString());
  assert.equal(selected.trim(), await block.locator("pre").innerText());
  await context.close();
});

test("language tabs work by mouse and by keyboard", async () => {
  const { context, page } = await openPage();
  const shown = async () => (await page.locator("[role=tabpanel]:visible").all()).length;
  const tab = (name) => page.getByRole("tab", { name });
  assert.equal(await shown(), 1);
  assert.equal(await tab("Python").getAttribute("aria-selected"), "true");
  await tab("Go").click();
  assert.ok(await page.locator("#go").isVisible());
  await page.keyboard.press("ArrowRight");
  assert.ok(await page.locator("#c").isVisible());
  await page.keyboard.press("ArrowRight");
  assert.ok(await page.locator("#python").isVisible());
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Home");
  assert.ok(await page.locator("#python").isVisible());
  await page.keyboard.press("End");
  assert.ok(await page.locator("#c").isVisible());
  assert.equal(await shown(), 1);
  await context.close();
});
