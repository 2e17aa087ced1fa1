// Status: whether calls are answered, how old the lists are, what failed in the last day.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cannedReadiness, second } from "./support/canned.mjs";
import { settled, useConsole } from "./support/console.mjs";
import { ok } from "./support/fake_api.mjs";

const HOUR = 3_600_000;
const world = useConsole();
const answer = (path, give) => world.fake.override.set(`GET /api/v1${path}`, give);

async function openStatus(t) {
  const page = await world.open(t, "/console/status");
  await settled(page);
  return page;
}

const rowOf = (page, table, name) =>
  page
    .getByRole("table", { name: table })
    .getByRole("row")
    .filter({ has: page.getByRole("rowheader", { name, exact: true }) })
    .locator("td")
    .allInnerTexts();

test("says that calls are answered, and how each source fares", async (t) => {
  const page = await openStatus(t);
  await page.getByText("Calls are answered.").waitFor();
  const part = (name) => rowOf(page, "Parts of the API", name);
  assert.deepEqual(await part("Accounts, keys and charges"), ["Works", ""]);
  assert.deepEqual(await part("Source creative-center"), ["Works", "2 h ago"]);
  assert.match((await part("Source creative-one"))[0], /^Pauses until \d\d:\d\d UTC$/);
  assert.match((await part("Source business-api"))[0], /^Fails until \d\d:\d\d UTC$/);
  assert.equal((await part("Source business-api"))[1], "None since the server began");
});

test("a part that does not answer is told as that, and not as a page that cannot be loaded", async (t) => {
  const broken = { ...cannedReadiness(), ready: false, reason: "upstream_unavailable" };
  broken.components.ledger = { ready: false, error: "the ledger does not answer" };
  answer("/ready", () => ({ status: 503, body: { code: 503, msg: "Not ready.", data: broken } }));
  const page = await openStatus(t);
  await page.getByRole("alert").filter({ hasText: "Calls are refused with 503" }).waitFor();
  assert.deepEqual(await rowOf(page, "Parts of the API", "Accounts, keys and charges"), ["Does not answer", ""]);
  assert.deepEqual(await rowOf(page, "Parts of the API", "Lists"), ["Works", ""]);
  assert.equal(await page.getByText("Calls are answered.").count(), 0);
  assert.equal(await page.getByText("Could not load").count(), 0);
});

test("each country's lists are as old as their captures, and the stale ones are marked", async (t) => {
  const page = await openStatus(t);
  const country = (name) => rowOf(page, "Age of the lists by country", name);
  assert.deepEqual(await country("All countries"), ["3 h", "3 h", "—"]);
  assert.deepEqual(await country("Malaysia"), ["20 min", "—", "—"]);
  assert.deepEqual(await country("United States"), ["2 h", "2 d stale", "45 d stale"]);
  await page.getByText("1 of these 7 lists has made-up figures (source sample).").waitFor();
  await page.getByText("No list yet: Antarctica.").waitFor();
  await page.getByRole("link", { name: "United States" }).click();
  await page.getByRole("heading", { level: 1, name: "Trends" }).waitFor();
  assert.equal(await page.getByLabel("Country").inputValue(), "US");
});

const hourItem = (at, requests, refusals) => ({
  bucket_start: second(at),
  credits: 0,
  requests,
  charged_requests: 0,
  failed_requests: Object.values(refusals).reduce((sum, times) => sum + times, 0),
  non_billable_requests: 0,
  refusals,
});

test("failed calls of the last 24 hours come to the API's sums, by reason", async (t) => {
  let asked;
  answer("/usage/me/timeseries", ({ query }) => {
    asked = query;
    const from = Date.parse(query.get("from"));
    return ok({
      from: query.get("from"),
      to: query.get("to"),
      daily_credit_limits: [],
      items: [
        hourItem(from, 1200, { rate_limited: 7, invalid: 0 }),
        hourItem(from + 5 * HOUR, 30, { rate_limited: 2, unavailable: 1 }),
      ],
    });
  });
  const page = await openStatus(t);
  await page.getByText("10 of 1,230 calls failed.").waitFor();
  assert.deepEqual(
    await page
      .getByRole("table", { name: "Refusals by reason" })
      .locator("tbody tr")
      .evaluateAll((rows) => rows.map((row) => [row.cells[0].textContent, row.cells[1].textContent])),
    [["429 rate limit", "9"], ["503 no list to serve", "1"]],
  );
  const [from, to] = ["from", "to"].map((name) => Date.parse(asked.get(name)));
  assert.equal(asked.get("bucket"), "hour");
  assert.ok(Date.now() - from >= 24 * HOUR && Date.now() - from < 25 * HOUR + 60_000, "no call of the day is left out");
  assert.ok(to > Date.now() - 60_000);
});

test("where no call failed no table of refusals is drawn", async (t) => {
  world.fake.state = "empty";
  const page = await openStatus(t);
  await page.getByText("0 of 0 calls failed.").waitFor();
  assert.equal(await page.getByRole("table", { name: "Refusals by reason" }).count(), 0);
});
