// The plans on sale, the present one marked.
import type { PlanOnSale } from "./api_types";
import { count, money } from "./format";

interface PlanCardsProps {
  plans: PlanOnSale[];
  present: string | undefined;
  next: string | undefined; // the one that waits for the next period
  change: (plan: PlanOnSale, opener: HTMLElement) => void;
}

export function PlanCards({ plans, present, next, change }: PlanCardsProps) {
  return (
    <ul class="plans">
      {plans.map((plan) => {
        const isPresent = plan.name === present;
        return (
          <li key={plan.name} class={isPresent ? "card plan is-present" : "card plan"}>
            <div class="plan-top">
              <h3>{plan.name}</h3>
              {isPresent && <span class="badge">Current plan</span>}
              {plan.name === next && <span class="status is-grace">Next period</span>}
            </div>
            <p class="plan-price">
              {money(plan.price_cents)}
              <span class="figure-of"> a month</span>
            </p>
            <ul class="plan-facts">
              <li>
                <strong>{count(plan.included_calls)} calls</strong>
                <span class="line quiet">{count(plan.included_credits)} credits</span>
              </li>
              <li>
                {plan.daily_credit_limit > 0 ? `At most ${count(plan.daily_credit_limit)} credits a day` : "No daily cap"}
              </li>
              <li>{count(plan.rate_limit_per_minute)} calls a minute</li>
              <li>{plan.overage_text}</li>
            </ul>
            {present && (!isPresent || next) && plan.name !== next && (
              <button type="button" onClick={(event) => change(plan, event.currentTarget)}>
                {isPresent ? "Keep" : "Change to"} {plan.name}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
