// What the tests of the page share: a server with a customer's key, a browser, the page's text.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CHECKOUT, Place, SHIPPED_PLANS } from "./support/server.mjs";

const SHARED = resolve(process.env.TRENDGATE_SHARED ?? join(CHECKOUT, "../shared"));

// The customer's own page, where it is there.
export const CUSTOMER_PAGE = join(SHARED, "reference/endpoint.txt");
export const hasCustomerPage = existsSync(CUSTOMER_PAGE);

// A place with a running server and a key on its last plan; close() ends both.
export async function openPlace(options = {}) {
  const place = new Place(options);
  const plans = readPlans(options.plans ?? SHIPPED_PLANS);
  place.key = place.newKey(plans.at(-1).name);
  place.server = await place.serve();
  return place;
}

// What the page says, read by a browser in which no script of the page runs.
export async function readPage(browser, url) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(url);
  const read = await page.evaluate(() => {
    const words = (node) => node.textContent.trim();
    const cells = (row) => [...row.cells].map(words);
    const table = (node) => ({
      caption: words(node.caption),
      columns: cells(node.tHead.rows[0]),
      rows: [...node.tBodies[0].rows].map(cells),
    });
    const section = (node) => ({
      id: node.id,
      title: words(node.querySelector("h2")),
      paragraphs: [...node.querySelectorAll(":scope > p")].map(words),
      facts: [...node.querySelectorAll("dl > div")].map((fact) => [...fact.children].map(words)),
      tables: [...node.querySelectorAll("table")].map(table),
      code: Object.fromEntries([...node.querySelectorAll(".code")].map((block) =>
        [block.id, block.querySelector("pre").textContent])),
    });
    return {
      eyebrow: words(document.querySelector(".eyebrow")),
      title: words(document.querySelector("h1")),
      sentence: words(document.querySelector(".lead")),
      badges: [...document.querySelectorAll(".badges li")].map(words),
      path: words(document.querySelector(".path")),
      facts: [...document.querySelectorAll(".opening dl > div")].map((fact) => [...fact.children].map(words)),
      sections: [...document.querySelectorAll("section")].map(section),
    };
  });
  await context.close();
  read.section = (title) => read.sections.find((section) => section.title === title);
  read.table = (caption) => read.sections.flatMap((section) => section.tables)
    .find((table) => table.caption === caption);
  read.code = Object.assign({}, ...read.sections.map((section) => section.code));
  return read;
}

// The plan file as [{name, price_cents, ...}], every value a text.
export function readPlans(text) {
  const plans = [];
  let open;
  for (const line of text.split("\n")) {
    const section = /^\[(plan|endpoint) (.*)\]$/.exec(line);
    if (section) {
      open = { name: section[2] };
      if (section[1] === "plan") plans.push(open);
    }
    const member = /^(\w+) = (.*)$/.exec(line);
    if (member) open[member[1]] = member[2];
  }
  return plans;
}
