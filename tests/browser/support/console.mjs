// What the tests of the console share: the fake server, a browser, and pages that remember complaints.
import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { startBrowser } from "../../node/support/browser.mjs";
import { roomInTheDay } from "../../node/support/day.mjs";
import { FakeApi } from "./fake_api.mjs";

export const TARGET_PX = 24;

// One fake and one browser for a file of tests; `open` gives a page, and closes it with its test.
export function useConsole() {
  const world = {};
  before(async () => {
    world.fake = await new FakeApi().open();
    world.browser = await startBrowser();
  });
  beforeEach(async () => {
    await roomInTheDay();
    world.fake.reset();
  });
  after(async () => {
    await world.browser?.close();
    await world.fake?.close();
  });
  world.open = (t, path, options = {}, prepare = () => {}) => openPage(world, t, path, options, prepare);
  return world;
}

async function openPage({ fake, browser }, t, path, options, prepare) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  t.after(() => context.close());
  const page = watched(await context.newPage(), fake.url, () => fake.state === "ok" && fake.override.size === 0);
  await prepare(page, context);
  await page.goto(fake.url + path);
  await page.locator("h1").waitFor();
  return page;
}

// `page.complaints` gets what a browser complains about. A refusal is one where areAllFine() says so.
export function watched(page, url, areAllFine = () => true) {
  page.setDefaultTimeout(30_000);
  page.complaints = [];
  page.on("console", (message) => {
    if (!/^Failed to load resource: the server responded/.test(message.text()))
      page.complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${url}/`) && !/^(blob|data):/.test(request.url()))
      page.complaints.push(`leaves the origin: ${request.url()}`);
    if (request.resourceType() === "font") page.complaints.push(`a font: ${request.url()}`);
  });
  page.on("response", (answer) => {
    if (answer.status() >= 400 && areAllFine()) page.complaints.push(`${answer.status()}: ${answer.url()}`);
  });
  return page;
}

// Nothing is on its way any more: a region is busy from the very change on that makes it load.
export const settled = (page) => page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));

// Two frames: charts have been drawn anew for the window's new width.
export async function resize(page, width) {
  await page.setViewportSize({ width, height: 900 });
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

// What scrolls sideways or hangs out of the window, page, tables and their wrappers alike.
export const wideThings = (page) =>
  page.evaluate(() => {
    const isClipped = (node) => {
      for (let at = node; at && at !== document.body; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.clipPath !== "none" || style.display === "none") return true;
      }
      return false;
    };
    const wide = [...document.querySelectorAll("body *")].filter((node) => {
      const box = node.getBoundingClientRect();
      if (box.width <= 1 || isClipped(node) || node.closest(".skip, select, datalist")) return false;
      const scrolls =
        !["inline", "contents"].includes(getComputedStyle(node).display) &&
        !(node instanceof SVGElement) &&
        !/INPUT|SELECT/.test(node.tagName) &&
        node.scrollWidth > Math.ceil(box.width) + 1;
      return box.right > innerWidth + 0.5 || box.left < -0.5 || scrolls;
    });
    if (document.documentElement.scrollWidth > innerWidth) wide.unshift(document.documentElement);
    return wide.slice(0, 5).map((node) => `${node.outerHTML.slice(0, 140)} ${node.scrollWidth}`);
  });

// Links inside a sentence are the exception of WCAG 2.2, 2.5.8.
export const smallTargets = (page) =>
  page.evaluate(
    (least) =>
      [...document.querySelectorAll("a, button, summary, select, input:not([type=hidden])")]
        .filter((node) => {
          const box = (node.closest("label") ?? node).getBoundingClientRect();
          if (box.width <= 1 || node.closest("p, .unseen, .steps li")) return false;
          return box.height < least || box.width < least;
        })
        .map((node) => node.outerHTML.slice(0, 160)),
    TARGET_PX,
  );

// The text of a file that a button saves.
export async function savedBy(page, press) {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  const pieces = [];
  for await (const piece of await download.createReadStream()) pieces.push(piece);
  return {
    name: download.suggestedFilename(),
    text: Buffer.concat(pieces)
      .toString("utf-8")
      .replace(/^\ufeff/, ""),
  };
}
