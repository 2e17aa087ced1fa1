// The billing page against the real server: what it shows is what is billed, refused and written.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SHIPPED_PLANS, until } from "../node/support/server.mjs";
import { settled } from "./support/console.mjs";
import { LIST, useServer } from "./support/real.mjs";

const SMALL_PLANS = `
[plan Open]
price_cents = 900
included_credits = 16
daily_credit_cap = 0
rate_limit_per_minute = 1000
overage = opt_in
overage_cents_per_1000 = 100000
[plan Wide]
price_cents = 2900
included_credits = 1600
daily_credit_cap = 0
rate_limit_per_minute = 1000
overage = opt_in
overage_cents_per_1000 = 50000
${SHIPPED_PLANS.slice(SHIPPED_PLANS.indexOf("[endpoint"))}`;

const shipped = useServer();
const small = useServer({ prepare: ({ place }) => place.write("plans.ini", SMALL_PLANS) });

const dollars = (cents) => (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
const count = (value) => value.toLocaleString("en-US");
const day = (time, form = { day: "numeric", month: "short", year: "numeric" }) =>
  new Intl.DateTimeFormat("en-GB", { ...form, timeZone: "UTC" }).format(new Date(time));

const openBilling = (t, world, person) => world.open(t, "/console/billing", { person });
const statementOf = async (person, key) =>
  (await person.get(`/billing/me/periods/${key ?? (await person.get("/billing/me")).period_key}/statement`)).statement;

async function changeTo(page, name) {
  await page.getByRole("button", { name, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("td").first().waitFor();
  await settled(page);
  const shown = await dialog
    .locator("section")
    .evaluateAll((all) =>
      all.map((part) =>
        [...part.querySelectorAll("tbody tr")].map((row) => [
          row.querySelector(".line").textContent,
          row.querySelector("td").textContent,
        ]),
      ),
    );
  return { dialog, shown };
}

const lineWords = (lines) => lines.map((line) => [`${count(line.credits)} credits`, dollars(line.cents)]);

test("a change of plan is billed in the very lines that its dialog showed", async (t) => {
  const person = await shipped.join("Starter");
  const page = await openBilling(t, shipped, person);
  const { dialog, shown } = await changeTo(page, "Change to Enterprise");
  // Its allowance changes twice a second: what was read a while ago is billed all the same.
  await until(async () => {
    const fresh = await person.get("/billing/me/preview?plan=Enterprise");
    return lineWords(fresh.lines_now)[0][0] !== shown[0][0][0];
  }, "another preview would have other numbers");
  await dialog.getByRole("button", { name: "Change to Enterprise" }).click();
  await dialog.waitFor({ state: "detached" });
  const statement = await statementOf(person);
  assert.equal((await person.get("/billing/me")).plan, "Enterprise");
  assert.deepEqual(lineWords(statement.lines.slice(1)), shown[0]);
  await page.locator(".plan.is-present").getByRole("heading", { name: "Enterprise" }).waitFor();
  await page.locator(".invoice > summary").first().click();
  await page.locator(".invoice-sum").getByText(dollars(statement.total_cents)).waitFor();
  assert.deepEqual(page.complaints, []);
});

// ---- The estimator ----

const planFile = [...SHIPPED_PLANS.matchAll(/^\[plan (.*)\]\n((?:\w+ = .*\n)+)/gm)].map(([, name, members]) => ({
  name,
  ...Object.fromEntries([...members.matchAll(/^(\w+) = (.*)$/gm)].map(([, word, value]) => [word, Number(value) || value])),
}));

// In whole micro-dollars, of which 10,000 are a cent; undefined: the plan does not let it be used.
function microsOf(plan, credits) {
  const over = Math.max(0, credits - plan.included_credits);
  if (over > 0 && plan.overage === "none") return undefined;
  return Number(plan.price_cents) * 10_000 + over * 10 * (plan.overage_cents_per_1000 ?? 0);
}

// The subscription is whole cents, so that the overage's line alone is rounded: half a cent goes up.
function costOf(plan, credits) {
  const micros = microsOf(plan, credits);
  return micros === undefined ? undefined : Math.floor((micros + 5_000) / 10_000);
}

test("the estimator shows the server's quote at 0 and around every included amount and break-even", async (t) => {
  const person = await shipped.join("Free");
  const page = await openBilling(t, shipped, person);
  const sold = await person.get("/billing/plans");
  assert.equal(planFile.length, 6);
  const edges = [
    ...sold.plans.map((plan) => plan.included_calls),
    ...sold.plans.flatMap((plan) => (plan.next_plan_cheaper_from_credits ?? -8) / 8),
  ].filter((calls) => calls >= 0);
  assert.equal(edges.length, 10, "six included amounts and four break-evens");
  for (const calls of [0, ...edges.flatMap((edge) => [edge - 1, edge, edge + 1])]) {
    const told = await person.get(`/billing/estimate?calls=${calls}`);
    await page.getByLabel("Calls a month").fill(String(calls));
    await page.getByText(new RegExp(`^${count(calls)} calls? are ${count(calls * 8)} credits\\.`)).waitFor();
    const rows = await page
      .getByRole("table", { name: /a month cost on each plan/ })
      .locator("tbody tr")
      .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
    for (const [at, plan] of planFile.entries()) {
      const cents = costOf(plan, calls * 8);
      assert.equal(rows[at][0], plan.name);
      assert.equal(rows[at][3], cents === undefined ? "—" : dollars(cents), `${plan.name}, ${calls} calls, by the plan file`);
      if (told.plans[at].has_room) assert.equal(rows[at][3], dollars(told.plans[at].total_cents), "by the server");
      assert.equal(/Cheapest/.test(rows[at][4]), told.cheapest_plan === plan.name);
      assert.equal(/The daily cap does not/.test(rows[at][4]), told.plans[at].has_room && !told.plans[at].fits_daily_limit);
    }
  }
  for (const [at, plan] of sold.plans.entries()) {
    const from = plan.next_plan_cheaper_from_credits;
    if (from === undefined) continue;
    assert.ok(microsOf(planFile[at], from) > microsOf(planFile[at + 1], from), "from there on the next costs less");
    assert.ok(microsOf(planFile[at], from - 8) <= microsOf(planFile[at + 1], from - 8), "and before it does not");
  }
  assert.deepEqual(page.complaints, []);
});

test("one price changed in the plan file is on the page, in /docs and in /openapi.json", async (t) => {
  const person = await shipped.join("Starter");
  const page = await openBilling(t, shipped, person);
  await page.locator(".plan").getByText("$29 a month").waitFor();
  try {
    shipped.place.write("plans.ini", SHIPPED_PLANS.replace("price_cents = 2900", "price_cents = 3150"));
    assert.match(await shipped.server.reload(), /in force anew/);
    await page.reload();
    await page.locator(".plan").getByText("$31.50 a month").waitFor();
    assert.equal(await page.locator(".plan").getByText("$29 a month").count(), 0);
    assert.match(await (await shipped.server.ask("/docs")).text(), /\$31\.50\/mo/);
    const document = await (await shipped.server.ask("/openapi.json")).json();
    assert.equal(document["x-plans"].find(({ name }) => name === "Growth").price_cents, 3150);
    const { shown } = await changeTo(page, "Change to Growth");
    assert.equal(shown[1][0][1], "$31.50");
  } finally {
    shipped.place.write("plans.ini", SHIPPED_PLANS);
    await shipped.server.reload();
  }
});

// ---- With a clock that is moved ----

test("at the spend limit calls are refused with 402, and the page says until when", async (t) => {
  const person = await small.join("Open");
  const page = await openBilling(t, small, person);
  const { period_end } = await person.get("/billing/me");
  await page.getByRole("checkbox").check();
  await page.getByLabel("Spend limit, $ a billing period").fill("8");
  await page.getByText(`At this limit calls stop with 402 until ${day(period_end)}.`).waitFor();
  await Promise.all([
    page.waitForResponse((answer) => answer.url().endsWith("/billing/me")),
    page.getByRole("button", { name: "Save" }).click(),
  ]);
  for (let call = 0; call < 3; call++) assert.equal((await person.call(person.firstKey)).status, 200);
  const refused = await small.server.ask(LIST, { key: person.firstKey });
  const { data } = await refused.json();
  assert.deepEqual([refused.status, data.reason, data.resets_at], [402, "spend_limit", period_end]);
  await page.reload();
  await page
    .getByText(`The spend limit is reached. Calls are refused with 402 until ${day(period_end)}, 00:00 UTC.`)
    .waitFor();
  await page.getByText("$9 for the plan, $8 for 8 credits of overage").waitFor();
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText("Everything adds up.").waitFor();
  const rows = await page
    .getByRole("table", { name: /Journal, usage, balance and invoice/ })
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  assert.deepEqual(rows.slice(0, 4), [
    ["Charged calls", "3", "3", "—", "—", "✓ Equal"],
    ["Credits", "24", "24", "24", "24", "✓ Equal"],
    ["Of them overage", "8", "8", "8", "8", "✓ Equal"],
    ["Amount so far", "—", "—", "$17.00", "$17.00", "✓ Equal"],
  ]);
  assert.equal((await person.get("/billing/me")).spend_limit_cents, 800);
  assert.deepEqual(page.complaints, []);
});

test("a downgrade is in force when the period ends, and billed in the lines that were shown", async (t) => {
  const person = await small.join("Wide");
  const before = await person.get("/billing/me");
  const end = Date.parse(before.period_end);
  let page = await openBilling(t, small, person);
  const { dialog, shown } = await changeTo(page, "Change to Open");
  await dialog.getByText(`Wide goes on until ${day(end)}; Open is in force from then on.`).waitFor();
  await dialog.getByRole("button", { name: "Change to Open" }).click();
  await page
    .getByText(`Open from ${day(end, { day: "numeric", month: "short" })} on. Until then everything stays as it is.`)
    .waitFor();
  assert.equal((await person.get("/billing/me")).plan, "Wide");
  await small.clock.passBy((end - small.clock.now()) / 1000 + 1);
  person.cookies.clear();
  await person.signIn();
  const now = await person.get("/billing/me");
  assert.deepEqual([now.plan, now.period_start], ["Open", before.period_end]);
  assert.deepEqual(lineWords((await statementOf(person)).lines), shown[1]);
  const closed = async () => (await person.get(`/billing/me/periods/${before.period_key}`)).status === "closed";
  await until(closed, "the period before is closed");
  page = await openBilling(t, small, person);
  await page.locator(".plan.is-present").getByRole("heading", { name: "Open" }).waitFor();
  const invoice = page.locator(".invoice").nth(1).locator("summary").first();
  assert.match(await invoice.innerText(), new RegExp(`to ${day(end - 1)}[\\s\\S]*Due[\\s\\S]*\\$29\\.00`));
  small.place.run("invoice", person.email, "--period", before.period_key, "--paid");
  await page.reload();
  await invoice.getByText("Paid").waitFor();
  assert.deepEqual(page.complaints, []);
});
