// How much a billing period will have used at its end, from what it used so far.
import type { Billing } from "./api_types";
import { DAY, count, dayOfMonth, money, startOfDay } from "./format";
import type { Plan } from "./openapi";
import type { Day } from "./usage_days";

const MEAN_DAYS = 7;
const LEAST_DAYS = 3;

export interface Projection {
  total: number;
  mean: number; // credits a day
  daysLeft: number; // after today
  passes: number | null; // the day on which the included credits are used up, in milliseconds
}

// used + mean of the last 7 complete days × days left; nothing before three days are complete.
export function projectionOf(days: Day[], billing: Billing, now: number): Projection | undefined {
  const today = startOfDay(now);
  const complete = days.filter((day) => day.at < today).slice(-MEAN_DAYS);
  if (complete.length < LEAST_DAYS) return undefined;
  const mean = complete.reduce((sum, day) => sum + day.credits, 0) / complete.length;
  const daysLeft = Math.max(0, Math.round((Date.parse(billing.period_end) - today) / DAY) - 1);
  const total = Math.round(billing.credits_used + mean * daysLeft);
  const missing = billing.included_credits - billing.credits_used;
  const passes =
    total <= billing.included_credits ? null : missing <= 0 ? today : today + Math.ceil(missing / mean) * DAY;
  return { total, mean, daysLeft, passes };
}

// What comes of it, in a sentence.
export function projectionWords(projection: Projection, billing: Billing, plan: Plan | undefined): string {
  if (projection.passes === null) return `Within the ${count(billing.included_credits)} included.`;
  const when =
    projection.passes <= Date.now()
      ? "The included credits are used up"
      : `Passes the included credits on ${dayOfMonth(projection.passes)}`;
  if (!billing.allow_overage || billing.hard_limit) {
    return `${when}: calls then fail with 402 until ${dayOfMonth(billing.period_end)}.`;
  }
  if (!plan) return `${when}; the rest is overage.`;
  const cents = Math.round(((projection.total - billing.included_credits) * plan.overage_cents_per_1000) / 1000);
  return `${when}: about ${money(cents, billing.currency)} of overage.`;
}
