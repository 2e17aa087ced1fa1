// What a server would answer about plans and invoices. The numbers come from here alone: a page that
// reckons for itself comes to others.
import assert from "node:assert/strict";

const DAY = 86_400_000;
const second = (time) => new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
const CREDITS_PER_CALL = 8;

export const PLANS = [
  ["Free", 0, 2_000, 500, 5, "none", 0, undefined],
  ["Starter", 900, 20_000, 5_000, 15, "opt_in", 75, 46_672],
  ["Growth", 2_900, 100_000, 25_000, 45, "opt_in", 45, 211_112],
  ["Pro", 7_900, 400_000, 0, 120, "always", 30, 800_008],
  ["Business", 19_900, 1_200_000, 0, 300, "always", 20, 2_700_008],
  ["Enterprise", 49_900, 5_000_000, 0, 1_000, "always", 12, undefined],
].map(([name, price_cents, included_credits, daily_credit_limit, rate_limit_per_minute, overage, rate, from]) => ({
  name,
  price_cents,
  included_credits,
  included_calls: Math.floor(included_credits / CREDITS_PER_CALL),
  daily_credit_limit,
  rate_limit_per_minute,
  overage,
  overage_cents_per_1000: rate,
  overage_text:
    overage === "none"
      ? "No overage"
      : `$${(rate / 100).toFixed(2)}/1,000 overage credits${overage === "opt_in" ? " when enabled" : ""}`,
  ...(from && { next_plan_cheaper_from_credits: from }),
}));

export const cannedPlans = () => ({ credits_per_call: CREDITS_PER_CALL, plans: PLANS });

export function cannedEstimate(calls) {
  const credits = calls * CREDITS_PER_CALL;
  const plans = PLANS.map((plan) => {
    const overage = Math.max(0, credits - plan.included_credits);
    const overageCents = Math.round((overage * plan.overage_cents_per_1000) / 1000);
    return {
      plan: plan.name,
      included_credits: credits - overage,
      overage_credits: overage,
      subscription_price_cents: plan.price_cents,
      overage_amount_cents: overageCents,
      total_cents: plan.price_cents + overageCents,
      has_room: overage === 0 || plan.overage !== "none",
      fits_daily_limit: plan.daily_credit_limit === 0 || credits <= plan.daily_credit_limit * 30,
    };
  });
  const fit = plans.filter((plan) => plan.has_room && plan.fits_daily_limit);
  const cheapest = fit.reduce((best, plan) => (best && best.total_cents <= plan.total_cents ? best : plan), undefined);
  return { calls, credits, days: 30, ...(cheapest && { cheapest_plan: cheapest.plan }), plans };
}

const planOf = (name) => PLANS.find((plan) => plan.name === name);

export function cannedPreview(billing, name, turn = 1) {
  const plan = planOf(name);
  const before = planOf(billing.plan);
  const isAtOnce = PLANS.indexOf(plan) >= PLANS.indexOf(before);
  const next = second(Date.parse(billing.period_end) + DAY).slice(0, 7);
  const credits = Math.floor((plan.included_credits - before.included_credits) / 2) - turn;
  const now =
    isAtOnce && plan !== before
      ? [{ kind: "proration", plan: name, period_key: billing.period_key, credits, cents: Math.round((plan.price_cents - before.price_cents) / 2) }]
      : [];
  return {
    plan: name,
    plan_before: billing.plan,
    is_at_once: isAtOnce,
    in_force_at: isAtOnce ? second(Date.now()) : billing.period_end,
    included_credits: billing.included_credits + (now[0]?.credits ?? 0),
    use_is_over_plan: billing.credits_used > plan.included_credits,
    lines_now: now,
    total_now_cents: now[0]?.cents ?? 0,
    lines_next: [{ kind: "subscription", plan: name, period_key: next, credits: plan.included_credits, cents: plan.price_cents }],
    total_next_cents: plan.price_cents,
    preview_digest: `digest-${name}-${turn}`,
  };
}

function statementOf(billing, period, lines) {
  return {
    period,
    snapshot: {
      canonical_json_sha256: "7f83b1657ff1fc53b92dc18148a1d65dfa1355e5545b1e8d2b0e9f8c9e48a5d8",
      snapshot_status: period.status === "open" ? "projected" : "frozen",
      statement_version: "v1",
    },
    statement: {
      account_id: "account-1",
      credits_used: period.credits_used,
      credits_overage: period.overage_credits,
      currency: "usd",
      lines,
      total_cents: period.expected_total_amount_cents,
    },
  };
}

// The open period and four closed ones: due, paid, paid, nothing owed.
export function cannedInvoices(billing, isEmpty) {
  const start = Date.parse(billing.period_start);
  const periods = [
    { plan: billing.plan, status: "open", payment: "none", used: billing.credits_used, overage: billing.overage_credits },
    { plan: "Starter", status: "closed", payment: "due", used: 24_400, overage: 4_400 },
    { plan: "Growth", status: "closed", payment: "paid", used: 61_216, overage: 0 },
    { plan: "Starter", status: "closed", payment: "paid", used: 8_000, overage: 0 },
    { plan: "Free", status: "closed", payment: "none", used: 1_200, overage: 0 },
  ].slice(0, isEmpty ? 1 : 5);
  const items = new Map();
  periods.forEach(({ plan, status, payment, used, overage }, at) => {
    const from = start - at * 30 * DAY - at * 12 * 3_600_000;
    const key = at === 0 ? billing.period_key : monthsBefore(start, at);
    const lines = [
      line("subscription", key, planOf(plan).included_credits, planOf(plan).price_cents, `${plan}, ${second(from).slice(0, 10)} to ${second(from + 30 * DAY).slice(0, 10)}`, { plan }),
    ];
    if (at === 2) {
      lines[0] = line("subscription", key, 20_000, 900, `Starter, ${second(from).slice(0, 10)} to ${second(from + 30 * DAY).slice(0, 10)}`, { plan: "Starter" });
      lines.push(line("proration", key, 40_000, 1000, `From Starter to Growth, for the rest of the period from ${second(from + 15 * DAY)} on`, { plan, in_force_at: second(from + 15 * DAY) }));
      lines.push(line("grant", key, 5_000, 0, "Credits granted"));
    }
    if (overage > 0) lines.push(line("overage", key, overage, Math.round((overage * 75) / 1000), "Credits past the included ones, 1,000 for $0.75", { cents_per_1000: 75 }));
    if (at === 1) lines.push(line("refund", key, 400, -30, "Refund of credits past the included ones, 1,000 for $0.75", { cents_per_1000: 75 }));
    const period = {
      period_key: key,
      period_start: second(from - (from % DAY)),
      period_end: second(from - (from % DAY) + 30 * DAY),
      status,
      payment,
      ...(payment === "paid" && { paid_at: second(from + 32 * DAY) }),
      plan,
      credits_used: used,
      overage_credits: overage,
      expected_total_amount_cents: lines.reduce((sum, one) => sum + one.cents, 0),
      currency: "usd",
    };
    if (at === 0) Object.assign(period, { period_start: billing.period_start, period_end: billing.period_end });
    items.set(key, { period, statement: statementOf(billing, period, lines) });
  });
  assert.equal(items.size, periods.length, "each invoice has a month of its own");
  return items;
}

function monthsBefore(time, months) {
  const day = new Date(time);
  return second(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() - months, 1)).slice(0, 7);
}

const line = (kind, period_key, credits, cents, description, more = {}) => ({
  kind,
  period_key,
  credits,
  cents,
  description,
  ...more,
});

// As many charged calls as the usage has, the newest first; with overage past the included credits.
export function cannedJournal(usage, included) {
  const calls = [];
  let used = 0;
  for (const item of usage.items)
    for (let at = 0; at < item.charged_requests; at++) {
      used += CREDITS_PER_CALL;
      calls.push({
        request_id: `request-${calls.length}`,
        charge_id: `${String(calls.length).padStart(6, "0")}c9a10aa513b305506b9c3fce70`,
        created_at: second(Date.parse(item.bucket_start) + at * 1000),
        endpoint: "tiktok/popular-trend/hashtag",
        event_status: "charged",
        status_code: 200,
        credit_cost: CREDITS_PER_CALL,
        overage_credits_delta: Math.max(0, Math.min(CREDITS_PER_CALL, used - included)),
      });
    }
  return calls.reverse();
}
