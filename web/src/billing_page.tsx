// What the account's plan includes and costs in this billing period.
import type { ComponentChildren } from "preact";
import { get } from "./api";
import type { Billing } from "./api_types";
import { count, day, money } from "./format";
import { Page, Section } from "./page";
import { Region } from "./region";
import { useResource } from "./resource";
import { PeriodCard, TodayCard } from "./usage_cards";
import { Card } from "./card";

export function BillingPage() {
  const billing = useResource((signal) => get<Billing>("/billing/me", signal), "billing");
  return (
    <Page title="Billing">
      <Region resource={billing} what="your billing period" rows={6}>
        {(found) => <Period billing={found} />}
      </Region>
    </Page>
  );
}

function Period({ billing }: { billing: Billing }) {
  const lastDay = Date.parse(billing.period_end) - 1;
  return (
    <>
      <div class="figures-row">
        <Card title="Plan" value={billing.plan}>
          {money(billing.subscription_price_cents, billing.currency)} a billing period.
        </Card>
        <PeriodCard billing={billing} />
        <TodayCard billing={billing} />
      </div>
      <Section title="This billing period">
        <dl class="facts">
          <Fact name="From, to">
            {day(billing.period_start)} to {day(lastDay)}
          </Fact>
          <Fact name="Included">{count(billing.included_credits)} credits</Fact>
          <Fact name="Left">{count(billing.credits_remaining)} credits</Fact>
          <Fact name="Overage">{overageWords(billing)}</Fact>
          <Fact name="Expected amount">{money(billing.expected_total_amount_cents, billing.currency)}</Fact>
        </dl>
      </Section>
    </>
  );
}

function overageWords(billing: Billing): string {
  if (billing.overage_credits > 0) return `${count(billing.overage_credits)} credits so far`;
  return billing.allow_overage && !billing.hard_limit
    ? "On; none so far"
    : "Off: calls are refused with 402 once the included credits are used up";
}

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
