// Where the account stands: the billing period, today, what is to come, and the calls of the range.
import type { Billing } from "./api_types";
import { Card } from "./card";
import { clock, count, dayOfMonth, span, startOfDay, DAY } from "./format";
import type { Plan } from "./openapi";
import { projectionWords, type Projection } from "./projection";
import type { Totals } from "./usage_days";

interface UsageCardsProps {
  billing: Billing;
  plan: Plan | undefined;
  projection: Projection | undefined;
  isProjected: boolean;
  totals: Totals | undefined;
  range: string;
}

export function UsageCards({ billing, plan, projection, isProjected, totals, range }: UsageCardsProps) {
  return (
    <div class="figures-row">
      <PeriodCard billing={billing} />
      <TodayCard billing={billing} />
      <Card
        title="Projection"
        value={projection ? count(projection.total) : "—"}
        of={projection && "credits"}
      >
        {projection
          ? projectionWords(projection, billing, plan)
          : isProjected && "Not enough days yet: it takes three that are complete."}
      </Card>
      <Card title="Calls" value={totals ? count(totals.requests) : "—"}>
        {totals &&
          `${range}: ${count(totals.charged)} charged (${count(totals.credits)} credits), ${count(totals.requests - totals.charged)} not charged.`}
      </Card>
    </div>
  );
}

export function PeriodCard({ billing }: { billing: Billing }) {
  return (
    <Card
      title="Credits used"
      value={count(billing.credits_used)}
      of={`of ${count(billing.included_credits)}`}
      share={billing.credits_used / billing.included_credits}
    >
      This billing period, until {dayOfMonth(billing.period_end)}.
      {billing.overage_credits > 0 && ` ${count(billing.overage_credits)} of them are overage.`}
    </Card>
  );
}

export function TodayCard({ billing }: { billing: Billing }) {
  const reset = startOfDay(Date.now()) + DAY;
  const cap = billing.daily_credit_limit;
  return (
    <Card
      title="Today"
      value={count(billing.daily_credits_used)}
      of={cap > 0 ? `of ${count(cap)}` : "credits"}
      share={cap > 0 ? billing.daily_credits_used / cap : undefined}
    >
      {cap > 0
        ? `Daily cap; resets at ${clock(reset)}, in ${span(reset - Date.now())}.`
        : "Your plan has no daily cap."}
    </Card>
  );
}
