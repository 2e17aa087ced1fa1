// Usage: the same sums in cards, chart, table and CSV; the projection; the keyboard.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTACK, cannedBilling, cannedKey, cannedUsage, periodUsage, second } from "./support/canned.mjs";
import { savedBy, settled, useConsole } from "./support/console.mjs";
import { ok } from "./support/fake_api.mjs";

const DAY = 86_400_000;
const world = useConsole();
const total = (usage, name) => usage.items.reduce((sum, item) => sum + item[name], 0);
const count = (value) => value.toLocaleString("en-US");
const card = (page, title) =>
  page.locator(".card").filter({ has: page.getByRole("heading", { name: title, exact: true }) });
const answer = (path, give) => world.fake.override.set(`GET /api/v1${path}`, give);

async function openUsage(t, query = "", options = {}) {
  const page = await world.open(t, `/console/usage${query}`, options);
  await settled(page);
  return page;
}

test("cards, table and CSV come to the API's sums", async (t) => {
  const page = await openUsage(t);
  const usage = periodUsage();
  const credits = total(usage, "credits");
  assert.match(await card(page, "Credits used").innerText(), new RegExp(`${count(credits)} of 20,000`));
  assert.match(
    await card(page, "Calls").innerText(),
    new RegExp(
      `${count(total(usage, "requests"))}[\\s\\S]*${count(total(usage, "charged_requests"))} charged \\(${count(credits)} credits\\), ${count(total(usage, "failed_requests"))} not charged`,
    ),
  );
  await page.getByText("Show as a table").click();
  const foot = await page.locator("tfoot td").allInnerTexts();
  assert.equal(foot[0], count(credits));
  const rows = await page
    .locator(".usage-table tbody tr")
    .evaluateAll((all) => all.map((row) => Number(row.cells[1].textContent.replaceAll(",", ""))));
  assert.equal(
    rows.reduce((sum, value) => sum + value, 0),
    credits,
  );
  const { text } = await savedBy(page, () => page.getByRole("button", { name: "CSV" }).click());
  const [head, ...lines] = text
    .trimEnd()
    .split("\r\n")
    .map((line) => line.split(","));
  assert.deepEqual(head, [
    "day",
    "credits",
    "production",
    "nightly export",
    "staging",
    ATTACK,
    "calls",
    "charged",
    "refused",
  ]);
  assert.equal(
    lines.reduce((sum, cells) => sum + Number(cells[1]), 0),
    credits,
  );
  for (const cells of lines)
    assert.equal(
      cells.slice(2, 6).reduce((sum, cell) => sum + Number(cell), 0),
      Number(cells[1]),
    );
  assert.deepEqual(page.complaints, []);
});

test("the chart is one stop; arrows read its days aloud", async (t) => {
  const page = await openUsage(t);
  const chart = page.getByRole("application");
  await page.getByRole("button", { name: "CSV" }).focus();
  await page.keyboard.press("Tab");
  assert.ok(await chart.evaluate((node) => node === document.activeElement));
  const readout = page.locator("[aria-live=polite]");
  await page.keyboard.press("ArrowLeft");
  const today = await readout.innerText();
  assert.match(today, /^\w+ \d+ \w+, [\d,]+ credits: production \d+, .*\. \d+ calls, \d+ refused\.$/);
  await page.keyboard.press("ArrowRight");
  assert.equal(await readout.innerText(), today, "it ends at today");
  await page.keyboard.press("ArrowLeft");
  assert.notEqual(await readout.innerText(), today);
  await page.keyboard.press("Home");
  assert.match(await readout.innerText(), new RegExp(new Date(cannedBilling().period_start).getUTCDate()));
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY", "and Tab leaves it");
});

test("the text of a chart is as large as any, however narrow the window", async (t) => {
  for (const width of [1280, 320]) {
    const page = await openUsage(t, "", { viewport: { width, height: 800 } });
    const sizes = await page
      .locator(".chart text")
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
    assert.ok(sizes.length > 5 && sizes.every((height) => height >= 11), `${width} px: ${Math.min(...sizes)}`);
  }
});

test("a near cap is a line, a step where it changed; a far one is words", async (t) => {
  const page = await openUsage(t);
  await page.getByText("Daily cap 5,000 (above this chart)").waitFor();
  assert.equal(await page.locator(".cap").count(), 0);
  answer("/usage/me/timeseries", () => {
    const usage = periodUsage();
    const day = (at) => second(Date.parse(usage.from) + at * DAY);
    return ok({
      ...usage,
      daily_credit_limits: [{ from: day(0), daily_credit_limit: 1500 }, { from: day(5), daily_credit_limit: 1000 }],
    });
  });
  await page.reload();
  await settled(page);
  const heights = await page
    .locator(".cap")
    .evaluate((node) => [...new Set([...node.points].map((point) => point.y))]);
  assert.equal(heights.length, 2);
  await page.getByText("Daily cap 1,000", { exact: true }).waitFor();
});

// Ten days of 800 credits, then whatever the test says of the account.
async function openProjection(t, days, changes) {
  const today = Math.floor(Date.now() / DAY) * DAY;
  const start = today - days * DAY;
  const items = Array.from({ length: days }, (_, at) => ({
    bucket_start: second(start + at * DAY),
    key_id: "3",
    credits: 800,
    requests: 100,
    charged_requests: 100,
    failed_requests: 0,
    non_billable_requests: 0,
  }));
  answer("/usage/me/timeseries", () => ok({ from: second(start), to: second(start + 30 * DAY), daily_credit_limits: [], items }));
  answer("/billing/me", () =>
    ok({
      ...cannedBilling(),
      period_start: second(start),
      period_end: second(start + 30 * DAY),
      credits_used: days * 800,
      ...changes,
    }),
  );
  const page = await openUsage(t);
  return card(page, "Projection").innerText();
}

test("the projection is used + mean of complete days × days left, with what comes of it", async (t) => {
  const words = await openProjection(t, 10, {});
  assert.match(words, /23,200 credits/, "8,000 + 800 × 19");
  const passes = new Date(Math.floor(Date.now() / DAY) * DAY + 15 * DAY);
  assert.match(words, new RegExp(`Passes the included credits on ${passes.getUTCDate()} `));
  assert.match(words, /about \$2\.40 of overage/, "3,200 credits at $0.75 per 1,000");
});

test("without overage the projection says from when calls fail", async (t) => {
  assert.match(await openProjection(t, 10, { allow_overage: false }), /calls then fail with 402 until/);
});

test("a projection that stays inside says so; one of two days is none", async (t) => {
  assert.match(await openProjection(t, 10, { included_credits: 100_000 }), /Within the 100,000 included/);
});

test("two complete days are not enough for a projection", async (t) => {
  assert.match(await openProjection(t, 2, {}), /Not enough days yet/);
});

test("more than six keys are six and Other; colours stay with their keys", async (t) => {
  const keys = Array.from({ length: 9 }, (_, at) =>
    cannedKey(String(at), `key ${at}`, { created_at: second(Date.now() - (50 - at) * DAY) }),
  );
  answer("/user/me/api-keys", () => ok({ items: keys }));
  const items = (least) =>
    keys.slice(least).map((key, at) => ({
      bucket_start: second(Date.now() - DAY),
      key_id: key.id,
      credits: 800 - 8 * at,
      requests: 100,
      charged_requests: 100,
      failed_requests: 0,
      non_billable_requests: 0,
    }));
  const colours = async (page) =>
    Object.fromEntries(
      await page
        .locator(".legend li")
        .evaluateAll((all) =>
          all.map((one) => [
            one.querySelector("span")?.textContent,
            one.querySelector("rect").getAttribute("class"),
          ]),
        ),
    );
  answer("/usage/me/timeseries", () => ok({ ...periodUsage(), items: items(0) }));
  const page = await openUsage(t);
  const before = await colours(page);
  assert.deepEqual(Object.keys(before).slice(0, 7), [
    "key 0",
    "key 1",
    "key 2",
    "key 3",
    "key 4",
    "key 5",
    "Other",
  ]);
  answer("/usage/me/timeseries", () => ok({ ...periodUsage(), items: items(3) }));
  await page.reload();
  await settled(page);
  const after = await colours(page);
  assert.deepEqual([after["key 3"], after["key 5"]], [before["key 3"], before["key 5"]]);
});

test("other ranges are asked for by their days", async (t) => {
  const page = await openUsage(t, "?range=last");
  const asked = () =>
    Object.fromEntries(world.fake.requests.findLast((one) => one.path.endsWith("/recent-ips")).query);
  assert.equal(asked().to, cannedBilling().period_start);
  await page.getByLabel("Range", { exact: true }).selectOption("7");
  await settled(page);
  assert.equal(Date.parse(asked().to) - Date.parse(asked().from), 7 * DAY);
  const usage = cannedUsage(Date.parse(asked().from), Date.parse(asked().to));
  assert.match(await card(page, "Calls").innerText(), new RegExp(count(total(usage, "requests"))));
  assert.equal(await page.locator(".projected").count(), 0);
});

test("one key alone can be looked at", async (t) => {
  const page = await openUsage(t);
  await page.getByLabel("API key").selectOption("2");
  await settled(page);
  const own = periodUsage().items.filter((item) => item.key_id === "2");
  assert.match(await card(page, "Calls").innerText(), new RegExp(count(total({ items: own }, "requests"))));
});

test("refusals are told by reason, addresses with their clients", async (t) => {
  const page = await openUsage(t);
  const table = page.getByRole("table", { name: "Refusals by reason" });
  const sums = await table
    .locator("tbody tr")
    .evaluateAll((all) =>
      all.map((row) => [row.cells[0].textContent, Number(row.cells[1].textContent.replaceAll(",", ""))]),
    );
  const told = periodUsage().items.reduce((sum, item) => sum + item.refusals.rate_limited, 0);
  assert.deepEqual(sums[0], ["429 rate limit", told]);
  assert.match(
    await page.getByRole("table", { name: "Recent addresses" }).innerText(),
    /203\.0\.113\.10[\s\S]*python-requests\/2\.32\.3[\s\S]*Chrome 142 on Linux/,
  );
});

test("a chart that cannot be loaded does not hide the totals", async (t) => {
  answer("/usage/me/timeseries", () => ({
    status: 500,
    body: { code: 500, msg: "No", data: { reason: "internal", request_id: "r" } },
  }));
  const page = await openUsage(t);
  await page.getByText("Could not load your usage.").waitFor();
  assert.match(await card(page, "Credits used").innerText(), /of 20,000/);
});
