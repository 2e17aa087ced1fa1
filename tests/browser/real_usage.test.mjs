// Usage and trends at the real server: sums that agree wherever they are shown, and text that stays text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../node/support/server.mjs";
import { savedBy, settled, wideThings } from "./support/console.mjs";
import { ATTACK, useServer } from "./support/real.mjs";

const DAY_S = 86_400;
const DAYS = 3;
const FORMULAS = ['=HYPERLINK("x")', "+1", "-5kg", "@home"];
const NAMES = [ATTACK, ...FORMULAS, "skatereview", "sundaystory", "campingfail"];
const CAPTURED = new Date(Date.now() - DAY_S * 1000).toISOString().replace(/\.\d+Z$/, "Z");

// A list with names that a careless page would run, imported as an operator would.
function importHostile(world) {
  const items = NAMES.map((hashtag_name, at) => ({
    hashtag_id: String(7_453_106_634_384_911_000n + BigInt(at)),
    hashtag_name,
    country_info: { id: "MY", value: "Malaysia", label: "MY" },
    ...(at % 2 && { industry_info: { id: 10_000_000_000, value: "Education", label: "label_10000000000" } }),
    is_promoted: at === 1,
    trend: [],
    publish_cnt: 9000 - at * 700,
    video_views: 1_000_000 + ((at * 37) % 11) * 50_000,
    rank: at + 1,
    rank_diff: at % 4 === 0 || at % 4 === 2 ? at + 1 : 0,
    rank_diff_type: 1 + (at % 4),
  }));
  const file = world.place.write("hostile.json", JSON.stringify(items));
  world.place.run("import", file, "--country", "MY", "--period", "7", "--captured", CAPTURED);
}

const world = useServer({ daysBehind: DAYS, prepare: importHostile });
const count = (value) => value.toLocaleString("en-US");
const card = (page, title) =>
  page.locator(".card").filter({ has: page.getByRole("heading", { name: title, exact: true }) });
const sum = (items, name) => items.reduce((all, item) => all + item[name], 0);

// Ann's calls of three days and today, with two keys, some of them refused. The clock is then the real one.
let ann;

test("three days of calls, made a day after the other", async () => {
  ann = await world.join("Growth");
  let other;
  for (let day = 0; day <= DAYS; day++) {
    if (day === 1) other = await ann.key("second");
    for (let calls = 0; calls < 2 + day; calls++) assert.equal((await ann.call(ann.firstKey)).status, 200);
    if (other) assert.equal((await ann.call(other.secret)).status, 200);
    assert.equal((await ann.call(ann.firstKey, "period=8")).status, 400);
    if (day === DAYS) break;
    await world.clock.passBy(DAY_S);
    ann.cookies.clear();
    await ann.signIn();
  }
  assert.equal(world.clock.wallAhead, 0);
});

test("cards, table, file, API and command line come to the same sums", async (t) => {
  const calls = 2 + 3 + 4 + 5 + DAYS;
  const credits = calls * 8;
  const refused = DAYS + 1;
  const api = await until(async () => {
    const { items } = await ann.get("/usage/me/timeseries?range=period&bucket=day&group_by=key");
    return sum(items, "credits") === credits && sum(items, "failed_requests") === refused && items;
  }, "every call is counted");
  assert.equal(sum(api, "charged_requests"), calls);
  const page = await world.open(t, "/console/usage", { person: ann });
  assert.match(await card(page, "Credits used").innerText(), new RegExp(`\\b${count(credits)} of 100,000`));
  assert.match(
    await card(page, "Calls").innerText(),
    new RegExp(`^Calls\\s+${calls + refused}\\s[\\s\\S]*${calls} charged \\(${credits} credits\\), ${refused} not charged`),
  );
  await page.getByText("Show as a table").click();
  const column = (name) =>
    page.locator(`.usage-table tbody td[data-label="${name}"]`).evaluateAll((cells) =>
      cells.map((cell) => Number(cell.textContent.replaceAll(",", ""))));
  const total = (numbers) => numbers.reduce((all, one) => all + one, 0);
  const days = await column("Credits");
  assert.deepEqual(days, [16, 32, 40, 48], "a row a day, each with its own sum");
  assert.equal(total(await column("Charged")), calls);
  assert.equal(total(await column("Refused")), refused);
  assert.equal(await page.locator(".usage-table tfoot td").first().innerText(), String(credits));
  const { text } = await savedBy(page, () => page.getByRole("button", { name: "CSV" }).click());
  const [head, ...lines] = text.trimEnd().split("\r\n").map((line) => line.split(","));
  const ofFile = (name) => total(lines.map((cells) => Number(cells[head.indexOf(name)])));
  assert.equal(ofFile("credits"), credits);
  assert.equal(ofFile("charged"), calls);
  assert.equal(ofFile("refused"), refused);
  const { rows } = JSON.parse(world.place.run("usage", ann.email, "--json"));
  assert.equal(new Set(rows.map(({ day }) => day)).size, DAYS + 1);
  assert.equal(sum(rows, "credits"), credits);
  assert.equal(sum(rows, "charged"), calls);
  assert.equal((await ann.get("/billing/me")).credits_used, credits);
  assert.deepEqual(page.complaints, []);
});

test("arrow keys read the days of the chart aloud", async (t) => {
  const page = await world.open(t, "/console/usage", { person: ann });
  await page.getByRole("application").focus();
  const readout = page.locator("[aria-live=polite]");
  await page.keyboard.press("ArrowLeft");
  assert.match(await readout.innerText(), /, 48 credits: Key …\w{4} 40, second 8\. 7 calls, 1 refused\.$/);
  await page.keyboard.press("ArrowLeft");
  assert.match(await readout.innerText(), /, 40 credits: /);
});

test("one key's usage is that key's, and stands in the address", async (t) => {
  const page = await world.open(t, "/console/usage", { person: ann });
  const second = (await ann.get("/user/me/api-keys")).items.find((key) => key.name === "second");
  await page.getByLabel("API key").selectOption(second.id);
  await settled(page);
  assert.match(await card(page, "Calls").innerText(), new RegExp(`${DAYS} charged \\(${DAYS * 8} credits\\)`));
  await page.reload();
  await settled(page);
  assert.match(await card(page, "Calls").innerText(), new RegExp(`${DAYS} charged`));
});

// ---- Trends ----

const openTrends = (t, query = "?country_code=MY", options = {}) =>
  world.open(t, `/console/trends${query}`, { person: ann, ...options });

test("a hashtag is text in the list, on its own page, and in the title", async (t) => {
  const page = await openTrends(t);
  page.on("dialog", () => page.complaints.push("a script of the name ran"));
  assert.equal(await page.locator(".trends tbody th a").first().innerText(), `#${ATTACK}`);
  await page.locator(".trends tbody th a").first().click();
  await page.getByRole("heading", { level: 1, name: ATTACK }).waitFor();
  await settled(page);
  assert.match(await page.locator("main").innerText(), /at rank 1/);
  await page.goBack();
  await settled(page);
  await page.getByRole("link", { name: "#+1", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "#+1" }).waitFor();
  await settled(page);
  assert.match(await page.locator("main").innerText(), /at rank 3/);
  assert.equal(await page.locator("img, [onerror]").count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("the file of a page defuses what a spreadsheet would run", async (t) => {
  const page = await openTrends(t);
  const { text } = await savedBy(page, () => page.getByRole("button", { name: "CSV of this page" }).click());
  for (const name of FORMULAS)
    assert.ok(text.includes(`'${name.replaceAll('"', '""')}`), `${name} in ${text}`);
  assert.ok(text.includes(`,${ATTACK},`));
  assert.doesNotMatch(text, /(^|[,"\n])[=+@]/);
  assert.doesNotMatch(text, /(^|[,"\n])-\D|,-5kg/);
  assert.equal(text.trimEnd().split("\r\n").length, NAMES.length + 1);
});

test("filters survive a reload, and Back takes them off one by one", async (t) => {
  const page = await openTrends(t, "");
  await page.getByLabel("Country").selectOption("MY");
  await settled(page);
  await page.getByLabel("Industry").selectOption({ label: "Education" });
  await settled(page);
  const names = page.locator(".trends tbody th a");
  const found = await names.allInnerTexts();
  assert.deepEqual(found, NAMES.filter((_, at) => at % 2).map((name) => `#${name}`));
  await page.reload();
  await settled(page);
  assert.deepEqual(await names.allInnerTexts(), found);
  assert.equal(await page.getByLabel("Country").inputValue(), "MY");
  await page.goBack();
  await settled(page);
  assert.deepEqual(await names.allInnerTexts(), NAMES.map((name) => `#${name}`));
  await page.goBack();
  await settled(page);
  assert.equal(await page.getByLabel("Country").inputValue(), "");
  assert.deepEqual(page.complaints, []);
});

test("sorting says so in aria-sort and in the address", async (t) => {
  const page = await openTrends(t);
  const head = page.getByRole("columnheader", { name: "Posts" });
  assert.equal(await head.getAttribute("aria-sort"), "none");
  await head.getByRole("button").click();
  assert.equal(await head.getAttribute("aria-sort"), "descending");
  await head.getByRole("button").click();
  assert.equal(await head.getAttribute("aria-sort"), "ascending");
  assert.equal(await page.locator("[aria-sort$=ending]").count(), 1);
  assert.equal(new URL(page.url()).searchParams.get("sort"), "posts");
  const posts = await page.locator(".trends tbody td.number.wide-only").allInnerTexts();
  const numbers = posts.map((one) => Number(one.replaceAll(",", "")));
  assert.deepEqual(numbers, [...numbers].sort((one, other) => one - other));
  assert.equal(numbers.length, NAMES.length);
});

test("new on the list only shows rows of type 4, and all of them", async (t) => {
  const page = await openTrends(t);
  await page.getByLabel("New on the list only").check();
  await settled(page);
  const changes = await page.locator(".trends tbody .change").allInnerTexts();
  assert.deepEqual(changes.length, NAMES.filter((_, at) => at % 4 === 3).length);
  for (const words of changes) assert.match(words, /new on the list/);
});

test("each kind of change has its words, and no industry is a dash", async (t) => {
  const page = await openTrends(t);
  const rows = await page.locator(".trends tbody tr").evaluateAll((all) =>
    all.map((row) => [row.querySelector(".change").textContent, row.cells[row.cells.length - 1].textContent]));
  assert.match(rows[0][0], /▲\s*1[\s\S]*up/i);
  assert.match(rows[2][0], /▼\s*3[\s\S]*down/i);
  assert.match(rows[3][0], /new/i);
  assert.deepEqual(rows.slice(0, 2).map(([, industry]) => industry), ["—", "Education"]);
});

test("on a phone no name of a usual length breaks, and nothing scrolls sideways", async (t) => {
  for (const width of [390, 360]) {
    const page = await openTrends(t, "?country_code=MY", { viewport: { width, height: 844 } });
    for (const name of ["skatereview", "sundaystory", "campingfail"]) {
      const lines = await page.getByRole("link", { name: `#${name}`, exact: true }).evaluate((link) => {
        const range = document.createRange();
        range.selectNodeContents(link);
        return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
      });
      assert.equal(lines, 1, `${name} at ${width} px`);
    }
    assert.deepEqual(await wideThings(page), []);
  }
});
