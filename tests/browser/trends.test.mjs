// Trends: the address is the state, text stays text, and a saved page is safe to open.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTACK } from "./support/canned.mjs";
import { savedBy, settled, useConsole, wideThings } from "./support/console.mjs";
import { refusal } from "./support/fake_api.mjs";

const world = useConsole();
const asked = () =>
  Object.fromEntries(world.fake.requests.findLast((one) => one.path === "/api/v1/console/trends").query);

async function openTrends(t, query = "?country_code=US", options = {}) {
  const page = await world.open(t, `/console/trends${query}`, options);
  await settled(page);
  return page;
}

test("filters stand in the address, survive a reload, and Back takes them off", async (t) => {
  const page = await openTrends(t, "");
  await page.getByLabel("Country").selectOption("US");
  await page.getByLabel("Industry").selectOption("28000000000");
  await page.getByLabel("Period").selectOption("30");
  await settled(page);
  assert.deepEqual(asked(), { country_code: "US", industry_id: "28000000000", period: "30", limit: "20" });
  assert.equal(new URL(page.url()).search, "?country_code=US&industry_id=28000000000&period=30");
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel("Industry").inputValue(), "28000000000");
  await page.goBack();
  await settled(page);
  assert.equal(await page.getByLabel("Period").inputValue(), "7");
  assert.deepEqual(page.complaints, []);
});

test("new entries only shows nothing else", async (t) => {
  const page = await openTrends(t);
  await page.getByLabel("New on the list only").check();
  await settled(page);
  assert.equal(asked().filter_by, "new_on_board");
  const changes = await page.locator("tbody .change").allInnerTexts();
  assert.equal(changes.length, 20);
  assert.ok(changes.every((words) => /new on the list/.test(words)));
});

test("pages are links, and a filter goes back to the first", async (t) => {
  const page = await openTrends(t);
  await page.getByRole("link", { name: "Next" }).click();
  await page.getByText("Page 2 of 5").waitFor();
  await settled(page);
  assert.equal(asked().page, "2");
  assert.equal(await page.locator("tbody tr").first().locator("td").first().innerText(), "21");
  await page.getByLabel("New on the list only").check();
  await settled(page);
  assert.equal(asked().page, undefined);
});

test("each kind of rank change has its arrow and its words; no industry is a dash", async (t) => {
  const page = await openTrends(t);
  const changes = await page
    .locator("tbody .change")
    .evaluateAll((all) => all.slice(0, 4).map((one) => [...one.children].map((part) => part.textContent)));
  assert.deepEqual(changes, [
    ["▲ 1", "up 1"],
    ["–", "unchanged"],
    ["▼ 3", "down 3"],
    ["New", "new on the list"],
  ]);
  assert.equal(await page.locator("tbody tr").nth(1).locator("td").last().innerText(), "—");
  const strokes = await page
    .locator(".sparkline polyline")
    .evaluateAll((all) => [...new Set(all.map((one) => getComputedStyle(one).stroke))]);
  assert.equal(strokes.length, 1, "lines are neutral");
});

test("sorting says so to those who cannot see it, and stands in the address", async (t) => {
  const page = await openTrends(t);
  const views = page.getByRole("columnheader", { name: "Views" });
  assert.equal(await views.getAttribute("aria-sort"), "none");
  await views.getByRole("button").click();
  assert.equal(await views.getAttribute("aria-sort"), "descending");
  const rank = page.getByRole("columnheader", { name: "Rank" });
  assert.equal(await rank.getAttribute("aria-sort"), "none");
  await views.getByRole("button").click();
  assert.equal(await views.getAttribute("aria-sort"), "ascending");
  await page.reload();
  await settled(page);
  assert.equal(await views.getAttribute("aria-sort"), "ascending");
  const figures = (await page.locator("tbody td:nth-of-type(5)").allInnerTexts()).map((words) =>
    Number(words.split("\n")[0].replaceAll(",", "")),
  );
  assert.deepEqual(
    figures,
    [...figures].sort((one, other) => one - other),
  );
});

test("a hashtag is text, in the table, in the address and on its own page", async (t) => {
  const page = await openTrends(t);
  assert.equal(await page.locator("img").count(), 0);
  await page.getByRole("link", { name: `#${ATTACK}` }).click();
  await page.getByRole("heading", { level: 1, name: `#${ATTACK}` }).waitFor();
  await settled(page);
  assert.equal(new URL(page.url()).pathname, `/console/trends/${encodeURIComponent(ATTACK)}`);
  assert.equal(
    world.fake.requests.findLast((one) => one.path.endsWith("/history")).query.get("hashtag_name"),
    ATTACK,
  );
  assert.equal(await page.locator("img").count(), 0);
  await page.goBack();
  await page.getByRole("link", { name: "#whatisthis?" }).click();
  await page.getByRole("heading", { level: 1, name: "#whatisthis?" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "#whatisthis?" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the CSV of a page has every row, and no cell that a spreadsheet would run", async (t) => {
  const page = await openTrends(t);
  const { name, text } = await savedBy(page, () => page.getByRole("button", { name: "CSV of this page" }).click());
  assert.match(name, /^hashtags-US-7d-\d{4}-\d\d-\d\d-page-1\.csv$/);
  const lines = text.split("\r\n");
  assert.equal(lines.length, 22, "a head, twenty rows, and an end");
  assert.equal(lines[0], "rank,change,hashtag_id,hashtag_name,posts,views,industry,is_promoted");
  const cells = lines.map((line) => line.split(",")[3]);
  assert.equal(cells[5], ATTACK);
  assert.match(lines[6], /,"'=HYPERLINK\(""x""\)",/);
  assert.equal(cells[11], "'+1");
  assert.equal(cells[12], "'@home");
  assert.equal(cells[13], "'-5kg");
  assert.match(lines[1], /,5812345678,Education,false$/);
  assert.deepEqual(page.complaints, []);
});

test("the list as an API call is the playground with the same form", async (t) => {
  const page = await openTrends(t, "?country_code=US&period=30&page=2");
  await page.getByRole("link", { name: "Open as API call · 8 credits" }).click();
  await page.getByRole("heading", { level: 1, name: "Playground" }).waitFor();
  await settled(page);
  for (const [name, value] of [
    ["country_code", "US"],
    ["period", "30"],
    ["page", "2"],
    ["limit", "20"],
  ]) {
    assert.equal(await page.getByLabel(name).inputValue(), value);
  }
});

test("a stale list says how old it is", async (t) => {
  world.fake.isStale = true;
  const page = await openTrends(t);
  await page.getByText("This list is stale: it was captured 2 d ago").waitFor();
  await page.getByText("source creative-center").waitFor();
});

test("nothing that matches can be cleared; no snapshot names the countries that have one", async (t) => {
  world.fake.state = "empty";
  const page = await openTrends(t, "?country_code=US&industry_id=28000000000&filter_by=new_on_board");
  world.fake.state = "ok";
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("link", { name: "#animeinspo" }).waitFor();
  assert.equal(new URL(page.url()).search, "?country_code=US");
  world.fake.override.set("GET /api/v1/console/trends", ({ query }) =>
    query.get("country_code") === "AQ"
      ? refusal(503, "no_data", "No list yet")
      : { status: 200, body: { code: 200, data: { list: [] } } },
  );
  await page.getByLabel("Country").selectOption("AQ");
  await page.getByText("No snapshot for this country yet").waitFor();
  assert.deepEqual(await page.locator("main .words a").allInnerTexts(), [
    "All countries",
    "Malaysia",
    "United States",
    "Germany",
  ]);
});

test("too many looks say when to come back", async (t) => {
  world.fake.override.set("GET /api/v1/console/trends", () =>
    refusal(429, "rate_limited", "Lists may be looked at 60 times a minute.", { retry_after_seconds: 12 }),
  );
  const page = await openTrends(t);
  await page.getByText("Try again in 12 seconds.").waitFor();
});

test("where it is narrow, columns fold under the hashtag and filters behind a button", async (t) => {
  for (const width of [600, 390, 320]) {
    const page = await openTrends(t, "?country_code=US&period=30", { viewport: { width, height: 800 } });
    const row = page.locator("tbody tr").first();
    assert.match(await row.locator("th").innerText(), /20\.2K posts · Education/);
    assert.equal(await row.getByText("20,159").isVisible(), false);
    assert.equal(await row.locator("svg").isVisible(), width === 600);
    await page.getByRole("button", { name: "Filters (2)" }).click();
    assert.ok(await page.getByLabel("Country").isVisible());
    assert.deepEqual(await wideThings(page), [], `${width} px`);
  }
});

test("the history of a hashtag is a chart that the keyboard reads, and a table", async (t) => {
  const page = await world.open(t, "/console/trends/animeinspo?country_code=US");
  await settled(page);
  const chart = page.getByRole("application");
  await chart.focus();
  const readout = page.locator("[aria-live=polite]");
  await page.keyboard.press("End");
  const last = await readout.innerText();
  assert.match(last, /^Rank \d+ on \d+ \w+ \d{4}, 06:00 UTC$/);
  await page.keyboard.press("ArrowLeft");
  assert.notEqual(await readout.innerText(), last);
  assert.equal(await chart.locator("polyline").count(), 2, "a gap of days breaks the line");
  assert.equal(await page.locator("tbody tr").count(), 14);
  await page.getByRole("button", { name: "Show all 35 captures" }).click();
  assert.equal(await page.locator("tbody tr").count(), 35);
  await page.getByLabel("Another hashtag").fill("#gymtok");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "#gymtok" }).waitFor();
  assert.equal(new URL(page.url()).search, "?country_code=US");
});
