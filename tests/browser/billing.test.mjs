// Billing: plans and their previews, overage and its limit, the estimator, invoices down to single calls, and the
// check that the books agree.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible, IS_FULL } from "../node/support/axe.mjs";
import { cannedBilling, periodUsage } from "./support/canned.mjs";
import { PLANS, cannedEstimate, cannedInvoices, cannedPreview } from "./support/canned_billing.mjs";
import { resize, savedBy, settled, smallTargets, useConsole, wideThings } from "./support/console.mjs";
import { ok, refusal } from "./support/fake_api.mjs";

const world = useConsole();
const count = (value) => value.toLocaleString("en-US");
const dollars = (cents) => (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
const day = (time) =>
  new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(
    new Date(time),
  );
const planCard = (page, name) =>
  page.locator(".plan").filter({ has: page.getByRole("heading", { name, exact: true }) });
const sent = (path) => world.fake.requests.filter((one) => one.method === "POST" && one.path === `/api/v1${path}`);

async function openBilling(t, members = {}, options = {}) {
  world.fake.billing = members;
  const page = await world.open(t, "/console/billing", options);
  await settled(page);
  return page;
}

async function openDialog(page, name) {
  await page.getByRole("button", { name, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await settled(page);
  return dialog;
}

// ---- Plans ----

test("each plan is shown in the server's words, and the present one is marked", async (t) => {
  const page = await openBilling(t);
  for (const plan of PLANS) {
    const words = await planCard(page, plan.name).innerText();
    assert.ok(words.includes(`$${count(plan.price_cents / 100)} a month`), words);
    assert.ok(words.includes(`${count(plan.included_calls)} calls`), words);
    assert.ok(words.includes(`${count(plan.included_credits)} credits`), words);
    assert.ok(words.includes(plan.daily_credit_limit ? `At most ${count(plan.daily_credit_limit)} credits a day` : "No daily cap"));
    assert.ok(words.includes(`${count(plan.rate_limit_per_minute)} calls a minute`), words);
    assert.ok(words.includes(plan.overage_text), words);
    assert.equal(words.includes("Current plan"), plan.name === "Starter");
    assert.equal(await planCard(page, plan.name).getByRole("button").count(), plan.name === "Starter" ? 0 : 1);
  }
  assert.match(await page.locator("main").innerText(), /No card is taken here\. The operator/);
  assert.deepEqual(page.complaints, []);
});

test("an upgrade shows the preview's very lines, and sends its digest", async (t) => {
  const page = await openBilling(t);
  const preview = cannedPreview(world.fake.billingNow(), "Growth");
  const dialog = await openDialog(page, "Change to Growth");
  const words = await dialog.innerText();
  assert.match(words, new RegExp(`in force at once.*includes ${count(preview.included_credits)} credits`));
  assert.deepEqual(await dialog.locator("td").allInnerTexts(), ["$10.00", "$29.00"]);
  assert.match(words, new RegExp(`Growth, rest of this billing period\\s+${count(preview.lines_now[0].credits)} credits`));
  assert.match(words, new RegExp(`Growth, whole billing period\\s+100,000 credits`));
  assert.ok(!words.includes("You use more"), "no warning");
  await dialog.getByRole("button", { name: "Change to Growth" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.deepEqual(
    sent("/billing/me/plan").map(({ body }) => JSON.parse(body)),
    [{ plan: "Growth", preview_digest: preview.preview_digest }],
  );
  await planCard(page, "Growth").getByText("Current plan").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a downgrade waits for the period's end, warns of too much use, and is taken back", async (t) => {
  const page = await openBilling(t, { credits_used: 4096 });
  const end = day(cannedBilling().period_end);
  let dialog = await openDialog(page, "Change to Free");
  const words = await dialog.innerText();
  assert.match(words, new RegExp(`Starter goes on until ${end}; Free is in force from then on`));
  assert.match(words, /You use more than Free includes: 4,096 credits in this billing period, and it includes 2,000\./);
  assert.match(words, /Nothing is billed now\./);
  await dialog.getByRole("button", { name: "Change to Free" }).click();
  await planCard(page, "Free").getByText("Next period").waitFor();
  await page.getByText(/Free from .* on\. Until then everything stays as it is\./).waitFor();
  assert.equal(await planCard(page, "Free").getByRole("button").count(), 0);
  dialog = await openDialog(page, "Keep Starter");
  assert.match(await dialog.innerText(), /The change to Free is taken back; Starter goes on\./);
  await dialog.getByRole("button", { name: "Keep Starter" }).click();
  await dialog.waitFor({ state: "detached" });
  await planCard(page, "Free").getByText("Next period").waitFor({ state: "detached" });
});

test("numbers that changed meanwhile are told, shown anew, and can then be agreed to", async (t) => {
  const page = await openBilling(t);
  const dialog = await openDialog(page, "Change to Growth");
  world.fake.previewTurn = 2;
  await dialog.getByRole("button", { name: "Change to Growth" }).click();
  await dialog.getByText("Your plan is Starter as before.").waitFor();
  const fresh = cannedPreview(world.fake.billingNow(), "Growth", 2);
  await dialog.getByText(`${count(fresh.lines_now[0].credits)} credits`, { exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Change to Growth" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(JSON.parse(sent("/billing/me/plan")[1].body).preview_digest, fresh.preview_digest);
});

test("a change that fails leaves the old plan current, and a preview that fails cannot be agreed to", async (t) => {
  const page = await openBilling(t);
  world.fake.override.set("POST /api/v1/billing/me/plan", () => refusal(503, "overloaded", "Not now"));
  let dialog = await openDialog(page, "Change to Pro");
  await dialog.getByRole("button", { name: "Change to Pro" }).click();
  assert.match(await dialog.getByRole("alert").innerText(), /Your plan is Starter as before\. Not now/);
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Change to Pro");
  assert.ok(await planCard(page, "Starter").getByText("Current plan").isVisible());
  world.fake.override.set("GET /api/v1/billing/me/preview", () => refusal(500, "internal", "Went wrong"));
  dialog = await openDialog(page, "Change to Growth");
  await dialog.getByText("Could not load what this bills.").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Change to Growth" }).isDisabled());
});

// ---- Overage ----

const ofPlan = (name) => ({
  plan: name,
  included_credits: PLANS.find((plan) => plan.name === name).included_credits,
  allow_overage: PLANS.find((plan) => plan.name === name).overage === "always",
});

test("overage has no switch where the plan has none, and a fixed one where it is always on", async (t) => {
  let page = await openBilling(t, ofPlan("Free"));
  await page.getByText(/Free has no overage: once its 2,000 credits are used, calls stop with 402 until/).waitFor();
  assert.equal(await page.getByRole("checkbox").count(), 0);
  page = await openBilling(t, ofPlan("Pro"));
  assert.ok(await page.getByRole("checkbox").isChecked());
  assert.ok(await page.getByRole("checkbox").isDisabled());
  await page.getByText("$0.30/1,000 overage credits. It is always on with Pro; the spend limit bounds it.").waitFor();
});

test("overage is switched, with the plan's price as a limit and what happens at it", async (t) => {
  const page = await openBilling(t, { allow_overage: false });
  const limit = page.getByLabel("Spend limit, $ a billing period");
  await page.getByRole("checkbox", { name: "Calls go on past the included credits" }).check();
  await page.getByRole("button", { name: "Use the plan's price, $9" }).click();
  assert.equal(await limit.inputValue(), "9");
  await page.getByText(`At this limit calls stop with 402 until ${day(cannedBilling().period_end)}.`).waitFor();
  const saved = () => page.waitForResponse((answer) => answer.url().endsWith("/billing/me"));
  await Promise.all([saved(), page.getByRole("button", { name: "Save" }).click()]);
  const asked = async () => {
    await settled(page);
    return JSON.parse(sent("/billing/me/overage").at(-1)?.body ?? "null");
  };
  assert.deepEqual(await asked(), { allow_overage: true, spend_limit_cents: 900 });
  for (const [written, cents] of [["12.5", 1250], ["$0", 0], ["1000000", 100_000_000], ["", null]]) {
    const before = sent("/billing/me/overage").length;
    await page.getByLabel("Spend limit, $ a billing period").fill(written);
    await Promise.all([saved(), page.getByRole("button", { name: "Save" }).click()]);
    assert.equal(sent("/billing/me/overage").length, before + 1);
    assert.equal((await asked()).spend_limit_cents, cents, written);
  }
  for (const written of ["-1", "1,5", "9.999", "1000000.01", "ten"]) {
    await page.getByLabel("Spend limit, $ a billing period").fill(written);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Give dollars such as 25 or 25.50, up to 1,000,000, or nothing.").waitFor();
  }
  assert.equal(sent("/billing/me/overage").length, 5);
});

test("what stops calls is said on top, and until when", async (t) => {
  for (const [stopped_by, words] of [
    ["spend_limit", "The spend limit is reached."],
    ["insufficient_credits", "The included credits are used up."],
    ["daily_credit_limit", "The daily cap is reached."],
  ]) {
    const page = await openBilling(t, { stopped_by, stopped_until: "2026-12-12T00:00:00Z" });
    const note = page.locator("main .note").first();
    assert.equal(await note.innerText(), `${words} Calls are refused with 402 until 12 Dec 2026, 00:00 UTC.`);
  }
});

// ---- The estimator ----

test("the estimator shows the server's numbers, by number, slider and break-even", async (t) => {
  const page = await openBilling(t);
  const table = page.getByRole("table", { name: /a month cost on each plan/ });
  const shows = async (calls) => {
    const told = cannedEstimate(calls);
    await page.getByText(`${count(calls)} ${calls === 1 ? "call" : "calls"} are ${count(told.credits)} credits.`).waitFor();
    const rows = await table
      .locator("tbody tr")
      .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
    assert.deepEqual(
      rows.map((cells) => cells.slice(0, 4)),
      told.plans.map((one) => [
        one.plan,
        dollars(one.subscription_price_cents),
        one.has_room ? dollars(one.overage_amount_cents) : "—",
        one.has_room ? dollars(one.total_cents) : "—",
      ]),
    );
    const notes = Object.fromEntries(rows.map((cells) => [cells[0], cells[4]]));
    for (const one of told.plans) {
      assert.equal(notes[one.plan].includes("Cheapest."), one.plan === told.cheapest_plan, one.plan);
      assert.equal(notes[one.plan].includes("Too few credits"), !one.has_room);
      assert.equal(notes[one.plan].includes("The daily cap does not allow it."), one.has_room && !one.fits_daily_limit);
    }
  };
  await shows(5000);
  for (const calls of [0, 1, 18_751, 1_000_000_000]) {
    await page.getByLabel("Calls a month").fill(String(calls));
    await shows(calls);
  }
  await page.getByRole("button", { name: "Starter → Growth" }).click();
  await shows(46_672 / 8);
  const slider = page.getByRole("slider");
  await slider.focus();
  await page.keyboard.press("Home");
  await shows(0);
  await page.keyboard.press("End");
  await shows(1_000_000);
  assert.equal(await slider.getAttribute("aria-valuetext"), "1,000,000 calls");
  await page.getByLabel("Calls a month").fill("many");
  await page.getByText("Give a whole number up to 1,000,000,000.").waitFor();
  assert.deepEqual(page.complaints, []);
});

// ---- Invoices ----

const invoice = (page, at) => page.locator(".invoice").nth(at);

// What a <details> shows is asked for once it says that it is open.
async function unfold(page, details) {
  await details.locator("summary").first().click();
  await details.locator("> :not(summary)").first().waitFor();
  await settled(page);
}

test("invoices have their state, open to their lines, and save them", async (t) => {
  const page = await openBilling(t);
  const told = [...cannedInvoices(world.fake.billingNow()).values()];
  const states = ["Open", "Due", "Paid", "Paid", "Nothing owed"];
  for (const [at, { period, statement }] of told.entries()) {
    const summary = await invoice(page, at).locator("summary").first().innerText();
    assert.ok(summary.includes(states[at]) && summary.includes(dollars(period.expected_total_amount_cents)), summary);
    await unfold(page, invoice(page, at));
    const lines = await invoice(page, at).locator(".invoice-lines summary").allInnerTexts();
    assert.equal(lines.length, statement.statement.lines.length);
    for (const [line, words] of lines.entries()) {
      assert.ok(words.includes(statement.statement.lines[line].description), words);
      assert.ok(words.includes(dollars(statement.statement.lines[line].cents)), words);
    }
    assert.ok((await invoice(page, at).locator(".invoice-sum").innerText()).includes(dollars(statement.statement.total_cents)));
    assert.equal(
      await invoice(page, at).getByRole("link", { name: "Statement as JSON" }).getAttribute("href"),
      `/api/v1/billing/me/periods/${period.period_key}/statement/download`,
    );
    const { name, text } = await savedBy(page, () => invoice(page, at).getByRole("button", { name: "CSV" }).click());
    assert.equal(name, `trendgate-statement-${period.period_key}.csv`);
    const cents = text
      .trimEnd()
      .split("\r\n")
      .map((row) => Number(row.split(",").at(-1)));
    assert.equal(cents.at(-1), statement.statement.total_cents);
    assert.equal(
      cents.slice(1, -1).reduce((sum, one) => sum + one, 0),
      cents.at(-1),
      "the lines are the total",
    );
  }
  assert.deepEqual(page.complaints, []);
});

test("a line opens to what is behind it: days, calls from its moment on, overage alone, or nobody's calls", async (t) => {
  const used = periodUsage().items.reduce((sum, item) => sum + item.credits, 0);
  const page = await openBilling(t, { included_credits: used - 1_000, credits_used: used, overage_credits: 1_000 });
  const line = (at, kind) => invoice(page, at).locator(".invoice-lines details").nth(kind);
  await unfold(page, invoice(page, 0));
  await unfold(page, line(0, 0));
  const foot = await line(0, 0).locator("tfoot td").allInnerTexts();
  assert.equal(foot[1], count(used));
  await unfold(page, line(0, 1));
  const overage = () =>
    line(0, 1).locator("tbody tr").evaluateAll((all) => all.map((row) => Number(row.cells[3].textContent)));
  assert.ok((await overage()).length > 0 && (await overage()).every((credits) => credits > 0));
  const more = line(0, 1).getByRole("button", { name: "More calls" });
  while (await more.count()) {
    await more.click();
    await page.waitForFunction(() => !document.querySelector(".invoice button:disabled"));
  }
  assert.equal(
    (await overage()).reduce((sum, credits) => sum + credits, 0),
    1_000,
  );
  await unfold(page, invoice(page, 2));
  await unfold(page, line(2, 1));
  const asked = Object.fromEntries(world.fake.requests.findLast((one) => one.path.endsWith("/events")).query);
  const { period, statement } = [...cannedInvoices(world.fake.billingNow()).values()][2];
  assert.equal(asked.from, statement.statement.lines[1].in_force_at);
  assert.equal(asked.to, period.period_end);
  await unfold(page, line(2, 2));
  await page.getByText("Given by the operator; no call is behind it.").waitFor();
});

test("where a first look of the server finds no call yet it is asked on, and the calls are shown", async (t) => {
  const used = periodUsage().items.reduce((sum, item) => sum + item.credits, 0);
  const page = await openBilling(t, { included_credits: used - 1_000, credits_used: used, overage_credits: 1_000 });
  const events = "GET /api/v1/billing/me/events";
  world.fake.override.set(events, () => {
    world.fake.override.delete(events);
    return ok({ items: [], next: "0" });
  });
  await unfold(page, invoice(page, 0));
  const line = invoice(page, 0).locator(".invoice-lines details").nth(1);
  await unfold(page, line);
  await line.locator("tbody tr").first().waitFor();
  assert.equal(await page.getByText("No call was charged in this span.").count(), 0);
  const asked = world.fake.requests.filter((one) => one.path.endsWith("/events"));
  assert.deepEqual(asked.slice(-2).map((one) => one.query.get("cursor")), [null, "0"]);
});

test("on paper only the open invoices are left", async (t) => {
  const page = await openBilling(t);
  await unfold(page, invoice(page, 1));
  await page.emulateMedia({ media: "print" });
  assert.ok(await invoice(page, 1).locator(".invoice-sum").isVisible());
  for (const gone of [invoice(page, 2), page.locator(".plans"), page.getByRole("navigation").first(), invoice(page, 1).getByText("CSV")])
    assert.equal(await gone.isVisible(), false);
});

// ---- The books ----

test("the books are read to the last call and agree, or the difference is told", async (t) => {
  const page = await openBilling(t);
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText("Everything adds up.").waitFor();
  const usage = periodUsage().items;
  const sum = (name) => count(usage.reduce((all, item) => all + item[name], 0));
  const rows = () =>
    page
      .getByRole("table", { name: /Journal, usage, balance and invoice/ })
      .locator("tbody tr")
      .evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  const found = await rows();
  assert.deepEqual(found[0], ["Charged calls", sum("charged_requests"), sum("charged_requests"), "—", "—", "✓ Equal"]);
  assert.deepEqual(found[1], ["Credits", ...Array(4).fill(sum("credits")), "✓ Equal"]);
  assert.equal(found.length, 5);
  assert.ok(found.every((cells) => cells[5] === "✓ Equal"));
  world.fake.override.set("GET /api/v1/usage/me/timeseries", () =>
    ok({ ...periodUsage(), items: usage.map((item, at) => (at === 0 ? { ...item, credits: item.credits - 8 } : item)) }),
  );
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByText(/^Something differs\. Tell the operator: an audit finds where/).waitFor();
  assert.equal((await rows())[1][5], "Differs by 8");
  assert.equal((await rows())[0][5], "✓ Equal");
  let turn = 0;
  world.fake.override.set("GET /api/v1/billing/me", () =>
    ok({ ...cannedBilling(), credits_used: cannedBilling().credits_used + 8 * turn++ }),
  );
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByText("Calls came in while the books were read: check again.").waitFor();
  world.fake.override.set("GET /api/v1/billing/me/events", () => refusal(503, "overloaded", "Not now"));
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByText("Could not read the books.").waitFor();
});

// ---- How it looks, opened ----

// At each theme in one width, and at all of them when tests run in full.
const isForAxe = (colorScheme, width) => IS_FULL || (colorScheme === "light") === (width === 1280);

for (const colorScheme of ["light", "dark"]) {
  test(`opened dialogs, invoices and books fit and axe finds nothing, in the ${colorScheme} theme`, async (t) => {
    for (const width of [1280, 390, 320]) {
      const page = await openBilling(t, { credits_used: 4096 }, { colorScheme, bypassCSP: true, viewport: { width, height: 900 } });
      for (const name of ["Change to Free", "Change to Enterprise"]) {
        await openDialog(page, name);
        if (isForAxe(colorScheme, width)) await assertAccessible(page, `${name}, ${width} px`);
        assert.deepEqual(await wideThings(page), [], `${name}, ${width} px`);
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }
      await page.getByRole("button", { name: "Check now" }).click();
      await page.getByRole("table", { name: /Journal, usage/ }).waitFor();
      for (const at of [0, 2]) {
        await unfold(page, invoice(page, at));
        await settled(page);
        for (const line of await invoice(page, at).locator(".invoice-lines details").all()) await unfold(page, line);
      }
      await resize(page, width);
      assert.deepEqual(await wideThings(page), [], `opened, ${width} px`);
      assert.deepEqual(await smallTargets(page), [], `opened, ${width} px`);
      if (isForAxe(colorScheme, width)) await assertAccessible(page, `opened, ${width} px`);
      world.fake.reset();
    }
  });
}

test("everything is reached by the keyboard, and Enter opens a line", async (t) => {
  const page = await openBilling(t);
  await invoice(page, 1).locator("summary").first().focus();
  await page.keyboard.press("Enter");
  await invoice(page, 1).locator(".invoice-sum").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await invoice(page, 1).locator(".behind").waitFor();
});
