// The first page: what is left, which keys there are, what was called last, and how to begin.
import type { ComponentChildren } from "preact";
import { get, getEvents, getKeys } from "./api";
import type { ApiKey, Billing, BillingEvent } from "./api_types";
import { Card } from "./card";
import { count, dayOfMonth, plural } from "./format";
import { isLive, nameOf } from "./key_status";
import { Page, Section } from "./page";
import { Region } from "./region";
import { useResource } from "./resource";
import { Link } from "./router";
import { Ago } from "./time";
import { TodayCard } from "./usage_cards";

const EVENTS_SHOWN = 5;

export function OverviewPage() {
  const billing = useResource((signal) => get<Billing>("/billing/me", signal), "billing");
  const keys = useResource(getKeys, "keys");
  const events = useResource((signal) => getEvents({ limit: EVENTS_SHOWN }, signal).then(({ items }) => items), "events");
  const isNew = (keys.value && !keys.value.some(isLive)) || events.value?.length === 0;
  return (
    <Page title="Overview">
      {isNew && keys.value && events.value && <FirstSteps keys={keys.value} events={events.value} />}
      <Region resource={billing} what="your credits" rows={2}>
        {(found) => (
          <div class="figures-row">
            <CreditsCard billing={found} />
            <TodayCard billing={found} />
            <KeysCard keys={keys.value} />
          </div>
        )}
      </Region>
      <Section title="Last calls" action={<Link href="/console/usage">All usage</Link>}>
        <Region
          resource={events}
          what="your last calls"
          rows={EVENTS_SHOWN}
          isEmpty={(found) => found.length === 0}
          empty={
            <p class="quiet">
              No call yet. <Link href="/console/playground">Make one in the playground</Link>.
            </p>
          }
        >
          {(found) => <Events events={found} />}
        </Region>
      </Section>
    </Page>
  );
}

function CreditsCard({ billing }: { billing: Billing }) {
  return (
    <Card
      title="Credits left"
      value={count(billing.credits_remaining)}
      of={`of ${count(billing.included_credits)}`}
      share={billing.credits_remaining / billing.included_credits}
    >
      {billing.plan} plan, until {dayOfMonth(billing.period_end)}.
      {billing.overage_credits > 0 && ` ${count(billing.overage_credits)} credits of overage.`}
    </Card>
  );
}

function KeysCard({ keys }: { keys: ApiKey[] | undefined }) {
  const live = keys?.filter(isLive);
  const active = keys?.find((key) => key.is_active_key && isLive(key));
  return (
    <Card title="API keys" value={live ? count(live.length) : "—"} of={live && "that work"}>
      {active ? <>Active key: {nameOf(active)}. </> : live && live.length > 0 && <>No active key. </>}
      <Link href="/console/keys">See all keys</Link>
    </Card>
  );
}

function FirstSteps({ keys, events }: { keys: ApiKey[]; events: BillingEvent[] }) {
  const hasKey = keys.some(isLive);
  return (
    <section class="card steps">
      <h2>Get started</h2>
      <ol>
        <Step isDone={hasKey}>
          <Link href="/console/keys">Create an API key</Link>, and store it where your program reads it.
        </Step>
        <Step isDone={events.length > 0}>
          <Link href="/console/playground">Make a first call</Link> in the playground, and see what it costs.
        </Step>
        <Step isDone={false}>
          <a href="/docs">Read the docs</a> and take an example into your program.
        </Step>
      </ol>
    </section>
  );
}

function Step({ isDone, children }: { isDone: boolean; children: ComponentChildren }) {
  return (
    <li class={isDone ? "is-done" : undefined}>
      <span>
        {children}
        {isDone && <strong class="done-word"> Done</strong>}
      </span>
    </li>
  );
}

function Events({ events }: { events: BillingEvent[] }) {
  return (
    <table class="cards">
      <caption>Last calls, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Endpoint</th>
          <th scope="col">Status</th>
          <th scope="col">When</th>
          <th scope="col" class="number">
            Credits
          </th>
          <th scope="col">Request id</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.charge_id ?? event.request_id}>
            <th scope="row">{event.endpoint}</th>
            <td data-label="Status">
              <span>
                {event.status_code}
                {event.failure_reason || event.non_billable_reason
                  ? ` ${event.failure_reason || event.non_billable_reason}`
                  : ""}
              </span>
            </td>
            <td data-label="When">
              <span>
                <Ago time={event.created_at} />
              </span>
            </td>
            <td data-label="Credits" class="number">
              <span>{event.credit_cost === 0 ? "Not charged" : plural(event.credit_cost, "credit")}</span>
            </td>
            <td data-label="Request id">
              <code>{event.request_id}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
