// The account's plan, what it costs, and its invoices.
import { useState } from "preact/hooks";
import { AddsUp } from "./adds_up";
import { get, pathOf } from "./api";
import type { Billing, BillingPeriod, PlanOnSale, PlansOnSale } from "./api_types";
import { Card } from "./card";
import { CreditsNote } from "./credits_note";
import { Estimator } from "./estimator";
import { count, day, dayOfMonth, money } from "./format";
import { Invoices } from "./invoices";
import { OverageForm } from "./overage_form";
import { Page, Section } from "./page";
import { PlanCards } from "./plan_cards";
import { PlanDialog } from "./plan_dialog";
import { Region } from "./region";
import { useResource } from "./resource";
import { PeriodCard, TodayCard } from "./usage_cards";

const PERIODS_MOST = 24; // as many as the server lists at once

type Open = { plan: PlanOnSale; opener: HTMLElement | null };

export function BillingPage() {
  const billing = useResource((signal) => get<Billing>("/billing/me", signal), "billing");
  const plans = useResource((signal) => get<PlansOnSale>("/billing/plans", signal), "plans");
  const periodsPath = pathOf("/billing/me/periods", { limit: PERIODS_MOST });
  const periods = useResource((signal) => get<{ items: BillingPeriod[] }>(periodsPath, signal), periodsPath);
  const [open, setOpen] = useState<Open | null>(null);
  const change = (plan: PlanOnSale, opener: HTMLElement) => setOpen({ plan, opener });
  const done = () => {
    setOpen(null);
    billing.again();
    periods.again();
  };
  const present = plans.value?.plans.find(({ name }) => name === billing.value?.plan);
  return (
    <Page
      title="Billing"
      lead="No card is taken here. The operator of this service asks for the amount of a closed invoice and marks it paid."
    >
      <Region resource={billing} what="your billing period" rows={4}>
        {(found) => (
          <>
            {!found.stopped_by && <CreditsNote billing={found} />}
            <Standing billing={found} />
          </>
        )}
      </Region>
      <Section title="Plans" lead="A dearer plan is in force at once, prorated; a cheaper one from the next billing period on.">
        <Region resource={plans} what="the plans" rows={6}>
          {(found) => (
            <PlanCards plans={found.plans} present={billing.value?.plan} next={billing.value?.next_plan} change={change} />
          )}
        </Region>
      </Section>
      {present && billing.value && (
        <Section title="Overage">
          <OverageForm key={overageKey(billing.value)} billing={billing.value} plan={present} changed={billing.again} />
        </Section>
      )}
      <Section title="What would it cost?" lead="Reckoned by the lines that an invoice would have, with overage switched on where the plan leaves it open.">
        <Estimator plans={plans.value} present={billing.value?.plan} />
      </Section>
      <Section title="Invoices">
        <Region resource={periods} what="your invoices" rows={3}>
          {({ items }) => <Invoices periods={items} />}
        </Region>
      </Section>
      {billing.value && (
        <Section
          title="This page adds up"
          lead="Reads every charged call of this billing period and holds journal, usage, balance and invoice side by side."
        >
          <AddsUp billing={billing.value} />
        </Section>
      )}
      {open && billing.value && (
        <PlanDialog {...open} billing={billing.value} close={() => setOpen(null)} done={done} />
      )}
    </Page>
  );
}

// Another plan, or another answer of the server, fills the form anew.
const overageKey = ({ plan, allow_overage, spend_limit_cents }: Billing) =>
  `${plan} ${allow_overage} ${spend_limit_cents}`;

const STOPS: Record<NonNullable<Billing["stopped_by"]>, string> = {
  insufficient_credits: "The included credits are used up",
  daily_credit_limit: "The daily cap is reached",
  key_daily_limit: "The key's daily cap is reached",
  spend_limit: "The spend limit is reached",
};

function Standing({ billing }: { billing: Billing }) {
  return (
    <>
      {billing.stopped_by && billing.stopped_until && (
        <p class="note is-warning" role="status">
          <strong>{STOPS[billing.stopped_by]}.</strong> Calls are refused with 402 until {day(billing.stopped_until)},
          00:00 UTC.
        </p>
      )}
      <div class="figures-row">
        <Card title="Plan" value={billing.plan}>
          {billing.next_plan
            ? `${billing.next_plan} from ${dayOfMonth(billing.period_end)} on. Until then everything stays as it is.`
            : `Billing period ${dayOfMonth(billing.period_start)} to ${dayOfMonth(Date.parse(billing.period_end) - 1)}.`}
        </Card>
        <PeriodCard billing={billing} />
        <TodayCard billing={billing} />
        <Card title="So far" value={money(billing.expected_total_amount_cents, billing.currency)}>
          {money(billing.subscription_price_cents, billing.currency)} for the plan
          {billing.overage_credits > 0 &&
            `, ${money(billing.overage_amount_cents, billing.currency)} for ${count(billing.overage_credits)} credits of overage`}
          . The invoice closes on {dayOfMonth(billing.period_end)}.
        </Card>
      </div>
    </>
  );
}
