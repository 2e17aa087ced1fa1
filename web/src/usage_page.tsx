// What the account's keys used: cards, a chart by day, the same as a table and as CSV, refusals, addresses.
import { get, getKeys, pathOf } from "./api";
import type { Address, ApiKey, Billing, Timeseries } from "./api_types";
import { clientName } from "./client_name";
import { saveCsv } from "./csv";
import { SelectField } from "./field";
import { count, isoDay } from "./format";
import { isLive } from "./key_status";
import { Page, Section } from "./page";
import { useProduct } from "./product";
import { projectionOf } from "./projection";
import { Empty, Region } from "./region";
import { useResource, type Resource } from "./resource";
import { Link, navigate, withQuery } from "./router";
import { Ago } from "./time";
import { UsageCards } from "./usage_cards";
import { UsageChart } from "./usage_chart";
import { daysOf, seriesOf, totalsOf, type Day } from "./usage_days";
import { RANGES, rangeQuery } from "./usage_range";
import { Refused } from "./usage_refusals";
import { UsageTable, usageRows } from "./usage_table";

const seriesPath = (query: Record<string, string>) =>
  pathOf("/usage/me/timeseries", { ...query, bucket: "day", group_by: "key" });

export function UsagePage({ query }: { query: URLSearchParams }) {
  const now = Date.now();
  const range = query.get("range") ?? "";
  const billing = useResource((signal) => get<Billing>("/billing/me", signal), "billing");
  const keys = useResource(getKeys, "keys");
  const asked = rangeQuery(range, billing.value, now);
  const series = useTimeseries(asked);
  const isPeriod = asked?.range === "period";
  const ofPeriod = useTimeseries(isPeriod ? undefined : { range: "period" });
  const period = isPeriod ? series : ofPeriod;
  const product = useProduct();
  const plan = product.value?.plans.find(({ name }) => name === billing.value?.plan);
  const chosen = query.get("key") ?? "";
  const of = (found: Timeseries): Timeseries =>
    chosen ? { ...found, items: found.items.filter((item) => item.key_id === chosen) } : found;
  const projection = period.value && billing.value && projectionOf(daysOf(period.value), billing.value, now);
  const set = (name: string) => (value: string) => navigate(withQuery(query, { [name]: value || undefined }));
  return (
    <Page title="Usage" lead="Days begin at 00:00 UTC. What is not answered with a list is not charged.">
      <form class="filters is-open" aria-label="What to look at" onSubmit={(event) => event.preventDefault()}>
        <div class="filters-fields">
          <SelectField label="Range" value={range} choices={RANGES} onValue={set("range")} />
          <SelectField label="API key" value={chosen} choices={keyChoices(keys.value ?? [])} onValue={set("key")} />
        </div>
      </form>
      <Region resource={billing} what="your billing period" rows={2}>
        {(found) => (
          <UsageCards
            billing={found}
            plan={plan}
            projection={projection}
            isProjected={period.value !== undefined}
            totals={series.value && totalsOf(daysOf(of(series.value)))}
            range={RANGES.find(({ value }) => value === range)?.label ?? ""}
          />
        )}
      </Region>
      <Region resource={series} what="your usage" rows={8}>
        {(found) => (
          <ByDay
            days={daysOf(of(found))}
            keys={keys.value ?? []}
            mean={isPeriod && !chosen ? projection?.mean : undefined}
            now={now}
          />
        )}
      </Region>
      <Section title="Recent addresses" lead="Where calls came from in these days.">
        <Addresses query={asked} />
      </Section>
    </Page>
  );
}

function useTimeseries(query: Record<string, string> | undefined): Resource<Timeseries> {
  const path = query ? seriesPath(query) : null;
  return useResource((signal) => get<Timeseries>(path ?? "", signal), path);
}

const keyChoices = (keys: ApiKey[]) => [
  { value: "", label: "All keys" },
  ...[...keys]
    .sort((one, other) => Number(other.is_active_key) - Number(one.is_active_key))
    .map((key) => ({
      value: key.id,
      label: `${key.name || "Key"} …${key.key_suffix}${key.is_active_key ? " (active key)" : isLive(key) ? "" : ` (${key.status})`}`,
    })),
];

interface ByDayProps {
  days: Day[];
  keys: ApiKey[];
  mean: number | undefined;
  now: number;
}

function ByDay({ days, keys, mean, now }: ByDayProps) {
  const series = seriesOf(days, keys);
  const name = `usage-${isoDay(days[0]?.at ?? now)}-to-${isoDay(days[days.length - 1]?.at ?? now)}.csv`;
  const isIdle = totalsOf(days).requests === 0;
  return (
    <>
      <Section
        title="Credits by day"
        action={
          <button type="button" onClick={() => saveCsv(name, usageRows(days, series, now))}>
            CSV
          </button>
        }
      >
        {isIdle && (
          <Empty title="No calls yet">
            <p>
              Nothing was called in these days.{" "}
              <Link href="/console/playground">Make a call in the playground</Link>.
            </p>
          </Empty>
        )}
        <UsageChart days={days} series={series} mean={mean} now={now} />
        <details class="fold">
          <summary>Show as a table</summary>
          <UsageTable days={days} series={series} now={now} />
        </details>
      </Section>
      <Section title="Refusals" lead="Calls that got no list, by reason. None of them cost credits.">
        <Refused among={days} />
      </Section>
    </>
  );
}

function Addresses({ query }: { query: Record<string, string> | undefined }) {
  const path = query ? pathOf("/usage/me/recent-ips", { ...query, limit: 10 }) : null;
  const addresses = useResource((signal) => get<{ items: Address[] }>(path ?? "", signal), path);
  return (
    <Region
      resource={addresses}
      what="recent addresses"
      isEmpty={({ items }) => items.length === 0}
      empty={<p class="quiet">No call came in these days.</p>}
    >
      {({ items }) => (
        <table class="cards">
          <caption>Recent addresses</caption>
          <thead>
            <tr>
              <th scope="col">Address</th>
              <th scope="col">Last seen</th>
              <th scope="col" class="number">
                Calls
              </th>
              <th scope="col" class="number">
                Failed
              </th>
              <th scope="col">Client</th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <tr key={one.ip}>
                <th scope="row">{one.ip}</th>
                <td data-label="Last seen">
                  <span>
                    <Ago time={one.last_seen_at} />
                  </span>
                </td>
                <td data-label="Calls" class="number">
                  <span>{count(one.request_count)}</span>
                </td>
                <td data-label="Failed" class="number">
                  <span>{count(one.error_count)}</span>
                </td>
                <td data-label="Client">
                  <span title={one.last_user_agent}>{clientName(one.last_user_agent)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Region>
  );
}
