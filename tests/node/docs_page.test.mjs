// The page says, letter by letter, what the customer's own page says, and what the plans say.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import Ajv from "ajv/dist/2020.js";
import { CUSTOMER_PAGE, hasCustomerPage, openPlace, readPage, readPlans } from "./docs_world.mjs";
import { startBrowser } from "./support/browser.mjs";
import { CHECKOUT, SHIPPED_PLANS as PLANS } from "./support/server.mjs";

let place, server, browser, page, markdown;

before(async () => {
  place = await openPlace();
  server = place.server;
  browser = await startBrowser();
  page = await readPage(browser, `${server.url}/docs`);
  markdown = await (await fetch(`${server.url}/docs.md`)).text();
});
after(async () => {
  await browser?.close();
  await place?.close();
});

// ---- The customer's page, a text whose tables have lost their empty cells ----

const CUSTOMER_BASE = "https://api.crawlora.net";
const LIST = "/api/v1/tiktok/popular-trend/hashtag";
const HEADINGS = ["Parameters", "Authentication", "Billing", "Failure responses", "Example response",
  "Request schema", "Response schema", "Example request", "TypeScript fetch"];

function readCustomerPage() {
  // Two headings stand at the end of the line before them.
  const text = readFileSync(CUSTOMER_PAGE, "utf-8")
    .replace("/hashtagParameters\n", "/hashtag\nParameters\n").replace("}Request schema\n", "}\nRequest schema\n");
  const sections = { opening: [] };
  let open = sections.opening;
  for (const line of text.split("\n")) {
    if (HEADINGS.includes(line)) open = sections[line] = [];
    else if (line.trim()) open.push(line.trim());
  }
  return sections;
}

function rowsOf(lines) {
  return lines.filter((line) => line.startsWith("|") && !line.startsWith("|---"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

// Puts what is left of a row into its columns: a row of numbers is an enum, 50, US, 200 and OK are
// examples, and sentences are descriptions.
function placed(columns, row, certain) {
  const cells = Object.fromEntries(columns.map((column) => [column, ""]));
  row.slice(0, certain).forEach((cell, index) => (cells[columns[index]] = cell));
  for (const cell of row.slice(certain).filter(Boolean)) {
    const column = /^\d+(, \d+)+$/.test(cell) ? "Enum" : /^(50|US|200|OK)$/.test(cell) ? "Example" : "Description";
    cells[column] = cell;
  }
  return columns.map((column) => cells[column]);
}

const theirs = hasCustomerPage ? readCustomerPage() : undefined;
const skip = theirs ? false : "the customer's page, ../shared/reference/endpoint.txt, is not there";

test("the opening is that of the customer's page", { skip }, () => {
  const [eyebrow, title, sentence, badges, address] = theirs.opening;
  assert.equal(page.eyebrow, eyebrow);
  assert.equal(page.title, title);
  assert.equal(page.sentence, sentence);
  assert.equal(page.badges.join(""), badges);
  assert.equal(page.path, address);
});

test("its sections come first and in its order", { skip }, () => {
  assert.deepEqual(page.sections.map((section) => section.title).slice(0, HEADINGS.length), HEADINGS);
});

test("each parameter row is the same, cell by cell", { skip }, () => {
  const [columns, ...rows] = rowsOf(theirs.Parameters);
  const table = page.section("Parameters").tables[0];
  assert.deepEqual(table.columns, columns);
  assert.deepEqual(table.rows, rows.map((row) => placed(columns, row, 4)));
  assert.equal(table.rows.length, 7);
});

test("authentication and billing begin with its sentences", { skip }, () => {
  assert.equal(page.section("Authentication").paragraphs[0], theirs.Authentication[0]);
  const billing = page.section("Billing");
  assert.equal(billing.paragraphs[0], theirs.Billing[0]);
  const facts = theirs.Billing.filter((line) => line.startsWith("- ")).map((line) => line.slice(2));
  assert.deepEqual(billing.facts.flat(), facts);
});

test("each plan row is the same, cell by cell", { skip }, () => {
  const [columns, ...rows] = rowsOf(theirs.Billing);
  const table = page.section("Billing").tables[0];
  assert.deepEqual(table.columns, columns);
  assert.deepEqual(table.rows, rows);
});

test("its failures are there in its order, and those that it lacks", { skip }, () => {
  const [columns, ...rows] = rowsOf(theirs["Failure responses"]);
  const table = page.section("Failure responses").tables[0];
  assert.deepEqual(table.columns, columns);
  const known = rows.map((row) => row[0]);
  assert.deepEqual(table.rows.filter((row) => known.includes(row[0])), rows);
  for (const status of ["401", "402", "403", "422", "503"])
    assert.ok(table.rows.some((row) => row[0] === status && row[2] === rows[0][2]), status);
});

test("the example response is the same, and both documents would have it", { skip }, async () => {
  const shown = page.section("Example response").code.response;
  assert.deepEqual(shown.split("\n").map((line) => line.trim()), theirs["Example response"]);
  const openapi = await (await fetch(`${server.url}/openapi.json`)).json();
  const answer = openapi.paths[openapiPath(openapi)].get.responses["200"].content["application/json"].schema;
  const ajv = new Ajv({ strict: false, allErrors: true });
  const validate = ajv.addSchema({ $id: "https://x.test/", ...openapi }).compile(absolute(answer));
  assert.ok(validate(JSON.parse(shown)), JSON.stringify(validate.errors));
  const wrong = JSON.parse(shown);
  wrong.data.data.list[0].rank = "first";
  assert.ok(!validate(wrong), "a rank that is a text must be refused");
});

function openapiPath(openapi) {
  return Object.keys(openapi.paths).find((name) => name.endsWith(page.path));
}

// A reference within the document, as one into the document that was added under that name.
function absolute(schema) {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"https://x.test/#/'));
}

test("the schemas are the same, each row and column", { skip }, () => {
  assert.deepEqual(page.section("Request schema").paragraphs, theirs["Request schema"]);
  const section = page.section("Response schema");
  assert.equal(section.paragraphs[0], theirs["Response schema"][0]);
  const [columns, ...rows] = rowsOf(theirs["Response schema"]);
  assert.deepEqual(section.tables[0].columns, columns);
  assert.deepEqual(section.tables[0].rows, rows.map((row) => placed(columns, row, 3)));
});

test("the examples are the same but for the address", { skip }, () => {
  const ours = (lines) => lines.join("\n").replaceAll(CUSTOMER_BASE, server.url);
  const trimmed = (code) => code.split("\n").map((line) => line.trim()).join("\n");
  assert.equal(page.section("Example request").code.curl, ours(theirs["Example request"]));
  assert.equal(trimmed(page.section("TypeScript fetch").code.typescript), ours(theirs["TypeScript fetch"]));
});

// ---- The plans ----

const grouped = (number) => Number(number).toLocaleString("en-US");

function planRow(plan) {
  const dollars = Number(plan.price_cents) / 100;
  const overage = (Number(plan.overage_cents_per_1000 ?? 0) / 100).toFixed(2);
  return [plan.name, `$${grouped(dollars)}/mo`, grouped(plan.included_credits),
    plan.daily_credit_cap === "0" ? "No daily cap" : `${grouped(plan.daily_credit_cap)} daily credits`,
    `${grouped(plan.rate_limit_per_minute)}/min`,
    { none: "No overage", opt_in: `$${overage}/1,000 overage credits when enabled`,
      always: `$${overage}/1,000 overage credits` }[plan.overage]];
}

test("the plan table is the plan file", () => {
  assert.deepEqual(page.table("Plans").rows, readPlans(PLANS).map(planRow));
});

test("the limits in calls are whole calls of that price", () => {
  const price = Number(/credits = (\d+)/.exec(PLANS.slice(PLANS.indexOf("[endpoint")))[1]);
  const calls = (credits) => grouped(Math.floor(Number(credits) / price));
  const rows = page.table("The plans in calls").rows;
  readPlans(PLANS).forEach((plan, index) => {
    const daily = plan.daily_credit_cap === "0" ? "No daily cap" : calls(plan.daily_credit_cap);
    assert.deepEqual(rows[index].slice(0, 4),
      [plan.name, calls(plan.included_credits), daily, grouped(plan.rate_limit_per_minute)]);
  });
  assert.equal(rows[0][2], "62");
  assert.deepEqual(rows.map((row) => row[4]), ["Refused", "$0.006 when enabled", "$0.0036 when enabled",
    "$0.0024", "$0.0016", "$0.00096"]);
});

// ---- What their page lacks ----

test("what is accepted where a parameter is absent is the default of the documents, and of a call", async () => {
  const { parameters } = (await (await fetch(`${server.url}/openapi.json`)).json()).paths[LIST].get;
  const absent = Object.fromEntries(page.table("What each parameter accepts").rows.map((row) => [row[0], row[1]]));
  const defaults = parameters.filter((parameter) => "default" in parameter.schema);
  assert.deepEqual(defaults.map((parameter) => parameter.name), ["page", "limit", "period"]);
  for (const parameter of defaults) assert.equal(absent[parameter.name], String(parameter.schema.default));
  const answer = await fetch(server.url + LIST, { headers: { "x-api-key": place.key } });
  const { pagination } = (await answer.json()).data.data;
  assert.deepEqual([absent.page, absent.limit], [String(pagination.page), String(pagination.size)]);
});

test("a key is as long as the page says", () => {
  const said = /`?tg_live_`? and (\d+) letters and digits/.exec(page.section("Authentication").paragraphs[1]);
  assert.equal(place.key.length, "tg_live_".length + Number(said[1]));
});

test("the other endpoints cost, and ask for, what the documents say", async () => {
  const { paths } = await (await fetch(`${server.url}/openapi.json`)).json();
  const rows = page.table("Related endpoints").rows;
  assert.deepEqual(rows.map((row) => row[0]).sort(),
    [...Object.keys(paths).filter((path) => path !== LIST), "/mcp"].sort());
  for (const [path, summary, credits, key] of rows) {
    if (path === "/mcp") {
      assert.deepEqual([credits, key], ["The tool's", "x-api-key, or Authorization: Bearer"]);
      continue;
    }
    const said = paths[path].get;
    assert.deepEqual([summary, credits, key],
      [said.summary, String(said["x-credit-cost"]), said.security.length > 0 ? "x-api-key" : "None"]);
  }
});

test("rank_diff_type, and what each answer takes, are explained as they are", () => {
  assert.deepEqual(page.table("Values of rank_diff_type").rows.map((row) => row.slice(0, 2)),
    [["1", "Up"], ["2", "Unchanged"], ["3", "Down"], ["4", "New"]]);
  const taken = page.table("What is charged").rows.map(([answer, ...row]) =>
    [[...answer.matchAll(/\b[2-5]\d\d\b/g)].join(" "), ...row]);
  assert.deepEqual(taken, [["200", "8", "Yes"], ["200", "0", "Yes"], ["200", "0", "Yes"], ["304", "0", "Yes"],
    ["400 402 422 503", "0", "Yes"], ["429", "0", "No"], ["401 403 404 405 413 414 431", "0", "No"]]);
  assert.match(page.section("Retries").paragraphs[0], /for 10 minutes a repeated call/);
});

// ---- Markdown ----

function markdownTables(text) {
  const unescaped = (cell) => cell.trim().replace(/`/g, "").replace(/\\([\\`*[\]<>|&~#!_])/g, "$1");
  return text.split("\n\n").filter((block) => block.startsWith("|"))
    .map((block) => block.trim().split("\n").filter((line) => !line.startsWith("|---"))
      .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map(unescaped)));
}

test("the Markdown says the same: each table and each example", () => {
  const tables = page.sections.flatMap((section) => section.tables).map((table) => [table.columns, ...table.rows]);
  assert.deepEqual(markdownTables(markdown), tables);
  for (const [id, code] of Object.entries(page.code)) assert.ok(markdown.includes(`\n${code}\n\`\`\`\n`), id);
  const headings = [...markdown.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
  assert.deepEqual(headings, page.sections.map((section) => section.title));
});

// ---- How it is sent ----

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
  + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
  + "require-trusted-types-for 'script'; trusted-types 'none'";

test("the page is sent under a strict policy, compressed, and not again when it is the same", async () => {
  const answer = await fetch(`${server.url}/docs`);
  const html = await answer.text();
  assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(answer.headers.get("content-security-policy"), POLICY);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.equal(answer.headers.get("referrer-policy"), "same-origin");
  assert.equal(answer.headers.get("cross-origin-opener-policy"), "same-origin");
  assert.match(answer.headers.get("permissions-policy"), /camera=\(\), .*microphone=\(\)/);
  assert.equal(answer.headers.get("content-encoding"), "gzip");
  assert.ok(Number(answer.headers.get("content-length")) <= 20480, answer.headers.get("content-length"));
  assert.ok(gzipSync(html).length <= 20480);
  assert.doesNotMatch(html, / style=| on[a-z]+=|<style|<script(?! src="\/assets\/)/);
  const again = await fetch(`${server.url}/docs`, { headers: { "If-None-Match": answer.headers.get("etag") } });
  assert.equal(again.status, 304);
  assert.equal(again.headers.get("content-security-policy"), POLICY);
});

test("what the page loads may be kept for ever, under a name that tells its content", async () => {
  const html = await (await fetch(`${server.url}/docs`)).text();
  const paths = [...html.matchAll(/"(\/assets\/[^"]*)"/g)].map((match) => match[1]);
  assert.equal(paths.length, 3);
  for (const asset of paths) {
    const answer = await fetch(server.url + asset);
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("cache-control"), "public, max-age=31536000, immutable");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(/\.([0-9a-f]{16})\./.exec(asset)[1],
      createHash("sha256").update(bytes).digest("hex").slice(0, 16));
    assert.ok(gzipSync(bytes).length <= 8192, `${asset} is ${gzipSync(bytes).length} bytes`);
  }
});

test("the newest change is that of this version", async () => {
  const { version } = (await (await fetch(`${server.url}/ping`)).json()).data;
  assert.equal(page.table("Changes").rows[0][0], version);
});

test("links on the page lead to something", async () => {
  const html = await (await fetch(`${server.url}/docs`)).text();
  const targets = new Set([...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]));
  assert.ok(targets.has("/openapi.json") && targets.has("/swagger.json") && targets.has("/docs.md"));
  for (const target of targets) {
    if (target.startsWith("#")) assert.equal(html.split(`id="${target.slice(1)}"`).length, 2, target);
    else assert.equal((await fetch(server.url + target)).status, 200, target);
  }
});

// ---- The plan file changes ----

async function everything(url) {
  const texts = {};
  for (const name of ["/docs", "/docs.md", "/openapi.json", "/swagger.json"])
    texts[name] = await (await fetch(url + name)).text();
  return texts;
}

test("one price changes all documents together, and a fault changes none", async (t) => {
  const own = await openPlace();
  t.after(() => own.close());
  const { url } = own.server;
  const old = await everything(url);
  own.write("plans.ini", PLANS.replace("price_cents = 2900", "price_cents = 3150"));
  assert.match(await own.server.reload(), /in force anew/);
  const changed = await everything(url);
  for (const name of Object.keys(changed)) {
    assert.ok(changed[name].includes("$31.50/mo") && !old[name].includes("$31.50/mo"), name);
    assert.ok(old[name].includes("$29/mo") && !changed[name].includes("$29/mo"), name);
  }
  own.write("plans.ini", PLANS.replace("price_cents = 2900", "price_cents = cheap"));
  assert.match(await own.server.reload(), /nothing is reloaded/);
  assert.deepEqual(await everything(url), changed);
});

test("the address is the public one where there is one, and a plan's name is text", async (t) => {
  const plans = PLANS.replace("[plan Growth]", "[plan _Growth_ 2]");
  const own = await openPlace({ plans, settings: { TRENDGATE_SERVER_PUBLIC_URL: "https://api.example.com",
    TRENDGATE_CATALOG_TTL_HOURS: "7" } });
  t.after(() => own.close());
  const read = await readPage(browser, `${own.server.url}/docs`);
  assert.match(read.code.curl, /^curl -X GET "https:\/\/api\.example\.com\/api\/v1\//);
  assert.deepEqual(read.facts[0], ["Base URL", "https://api.example.com/api/v1"]);
  assert.equal(read.table("Plans").rows[2][0], "_Growth_ 2");
  assert.match(read.section("Freshness").paragraphs[0], /captured more than 7 hours ago/);
  const texts = await everything(own.server.url);
  for (const words of [texts["/docs.md"], ...["/openapi.json", "/swagger.json"]
    .map((name) => JSON.parse(texts[name]).info.description)])
    assert.ok(words.includes("\n| \\_Growth\\_ 2 | $29/mo |"), "the name is not emphasis");
  for (const text of Object.values(texts))
    assert.ok(!text.includes(own.folder) && !text.includes(CHECKOUT), "no path of the machine");
});

test("a call that costs nothing has no price in calls", async (t) => {
  const own = await openPlace({ plans: PLANS.replace("credits = 8", "credits = 0") });
  t.after(() => own.close());
  const read = await readPage(browser, `${own.server.url}/docs`);
  assert.equal(read.badges[2], "0 credits/request");
  assert.equal(read.table("The plans in calls"), undefined);
});
