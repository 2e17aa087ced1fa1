// What every page says of the included credits, by how many are used and what comes then.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAccessible } from "../node/support/axe.mjs";
import { useConsole } from "./support/console.mjs";

const world = useConsole();
const UNTIL = { stopped_until: "2026-12-12T00:00:00Z" };
const INCLUDED = { included_credits: 20_000, allow_overage: false, period_end: "2026-12-12T00:00:00Z" };
for (const [title, billing, role, words] of [
  ["below half nothing is said", { credits_remaining: 10_008 }, null],
  ["at half, so much", { credits_remaining: 10_000 }, "status",
    "Half of the included credits are used: 10,000 of 20,000, until 12 Dec 2026."],
  ["at four fifths, that calls will be refused", { credits_remaining: 4000 }, "status",
    "80 % of the included credits are used: 16,000 of 20,000. Past them calls are refused with 402 until 12 Dec 2026."],
  ["at four fifths with overage, that calls go on", { credits_remaining: 4000, allow_overage: true }, "status",
    "80 % of the included credits are used: 16,000 of 20,000. Past them calls go on as overage."],
  ["at the end, that calls are refused", { credits_remaining: 0, stopped_by: "insufficient_credits", ...UNTIL }, "alert",
    "The included credits are used up. Calls are refused with 402 until 12 Dec 2026."],
  ["with a rest that is no call's, the same", { credits_remaining: 4, stopped_by: "insufficient_credits", ...UNTIL }, "alert",
    "The included credits are used up. Calls are refused with 402 until 12 Dec 2026."],
  ["at the end with overage, what that comes to",
    { credits_remaining: 0, allow_overage: true, overage_amount_cents: 150, spend_limit_cents: 900 }, "status",
    "The included credits are used up. Calls go on as overage: $1.50 so far of a spend limit of $9."],
  ["at the spend limit, that calls are refused",
    { credits_remaining: 0, allow_overage: true, stopped_by: "spend_limit", ...UNTIL }, "alert",
    "The spend limit is reached. Calls are refused with 402 until 12 Dec 2026."],
]) {
  test(`the credits on every page: ${title}`, async (t) => {
    world.fake.billing = { ...INCLUDED, ...billing };
    const page = await world.open(t, "/console/keys", { bypassCSP: true });
    await page.waitForLoadState("networkidle");
    const note = page.locator("main > .note");
    if (!role) return assert.equal(await note.count(), 0);
    await note.waitFor();
    assert.equal(await note.getAttribute("role"), role);
    assert.equal((await note.innerText()).trim(), `${words} Billing`);
    await assertAccessible(page, title);
    await note.getByRole("link", { name: "Billing" }).click();
    await page.getByRole("heading", { level: 1, name: "Billing" }).waitFor();
    await page.getByText(/Half of|80 %|used up|spend limit is/).first().waitFor();
    return assert.deepEqual(page.complaints, []);
  });
}
