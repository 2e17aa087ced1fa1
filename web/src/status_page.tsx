// Whether calls are answered, how old each country's lists are, and which calls failed in the last day.
import { get, getReadiness, pathOf } from "./api";
import type { Captured, Lists, Readiness, SourceState, Timeseries, UsageItem } from "./api_types";
import { DAY, HOUR, clock, count, isoSecond, moment, plural, span } from "./format";
import { Page, Section } from "./page";
import { Empty, Region } from "./region";
import { useResource } from "./resource";
import { Link } from "./router";
import { Ago } from "./time";
import { Refused } from "./usage_refusals";

const REFRESH_MS = 60_000;
const PERIODS = [7, 30, 120];

export function StatusPage() {
  const readiness = useResource(getReadiness, "readiness", REFRESH_MS);
  const lists = useResource((signal) => get<Lists>("/console/lists", signal), "lists", REFRESH_MS);
  return (
    <Page title="Status" lead="Looked at anew each minute.">
      <Region resource={readiness} what="the state of the API">
        {(found) => <Parts of={found} />}
      </Region>
      <Section title="Lists" lead="How long ago each country's newest list was captured, over all industries.">
        <Region
          resource={lists}
          what="the lists"
          rows={10}
          isEmpty={(found) => found.lists.length === 0}
          empty={
            <Empty title="No list has come in yet">
              <p>A call for a list that no source gives is answered with 503, and is not charged.</p>
            </Empty>
          }
        >
          {(found) => <Ages of={found} now={Date.now()} />}
        </Region>
      </Section>
      <LastDay now={Date.now()} />
    </Page>
  );
}

const COMPONENTS = { catalog: "Lists", ledger: "Accounts, keys and charges" };

function Parts({ of: { ready, components, sources = [] } }: { of: Readiness }) {
  return (
    <>
      {ready ? (
        <p>
          <span class="status is-active">Up</span> Calls are answered.
        </p>
      ) : (
        <div class="note is-bad" role="alert">
          <p>
            <strong>Calls are refused with 503</strong> and not charged, until every part below works.
          </p>
        </div>
      )}
      <table class="cards">
        <caption>Parts of the API</caption>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col">State</th>
            <th scope="col">Last list</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(COMPONENTS).map(([name, words]) => (
            <tr key={name}>
              <th scope="row">{words}</th>
              <td data-label="State">
                <span>
                  {components[name]?.ready ? <Works /> : <span class="status is-revoked">Does not answer</span>}
                </span>
              </td>
              <td />
            </tr>
          ))}
          {sources.map((source) => (
            <tr key={source.name}>
              <th scope="row">Source {source.name}</th>
              <td data-label="State">
                <span>
                  <SourceWord of={source} />
                </span>
              </td>
              <td data-label="Last list">
                <span>
                  <Ago time={source.last_success} never="None since the server began" />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

const Works = () => <span class="status is-active">Works</span>;

function SourceWord({ of: { state, until } }: { of: SourceState }) {
  if (state === "works") return <Works />;
  return (
    <>
      {state === "pauses" ? (
        <span class="status is-grace">Pauses</span>
      ) : (
        <span class="status is-revoked">Fails</span>
      )}
      {until && ` until ${clock(until)}`}
    </>
  );
}

function Ages({ of: { countries, lists }, now }: { of: Lists; now: number }) {
  const madeUp = lists.filter(({ source }) => source === "sample").length;
  const byCountry = new Map<string, Captured[]>();
  for (const list of lists) byCountry.set(list.country_code, [...(byCountry.get(list.country_code) ?? []), list]);
  const missing = countries.filter(({ code }) => !byCountry.has(code));
  return (
    <>
      <table class="ages">
        <caption>Age of the lists by country</caption>
        <thead>
          <tr>
            <th scope="col">Country</th>
            {PERIODS.map((days) => (
              <th key={days} scope="col" class="number">
                {days} days
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {countries
            .filter(({ code }) => byCountry.has(code))
            .map(({ code, name }) => (
              <tr key={code}>
                <th scope="row">
                  <Link href={`/console/trends?country_code=${code}`}>{name}</Link>
                </th>
                {PERIODS.map((days) => (
                  <td key={days} class="number">
                    <Age of={byCountry.get(code)?.find(({ period }) => period === days)} now={now} />
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
      {madeUp > 0 && (
        <p class="quiet small">
          {count(madeUp)} of these {plural(lists.length, "list")} {madeUp === 1 ? "has" : "have"} made-up figures (source
          sample).
        </p>
      )}
      {missing.length > 0 && (
        <p class="quiet small">No list yet: {missing.map(({ name }) => name).join(", ")}.</p>
      )}
    </>
  );
}

function Age({ of: list, now }: { of: Captured | undefined; now: number }) {
  if (!list) return <>—</>;
  return (
    <>
      <time dateTime={list.captured_at} title={`${moment(list.captured_at)}, source ${list.source}`}>
        {span(now - Date.parse(list.captured_at))}
      </time>
      {list.stale && (
        <>
          {" "}
          <span class="status is-grace">stale</span>
        </>
      )}
    </>
  );
}

// Usage is kept by the hour: a day and what has passed of this hour.
function LastDay({ now }: { now: number }) {
  const hour = Math.floor(now / HOUR) * HOUR;
  const from = hour - DAY;
  const range = { range: "custom", from: isoSecond(from), to: isoSecond(hour + HOUR) };
  const path = pathOf("/usage/me/timeseries", { ...range, bucket: "hour" });
  const series = useResource((signal) => get<Timeseries>(path, signal), path, REFRESH_MS);
  return (
    <Section title="Your failed calls" lead={`Since ${moment(from)}. None of them cost credits.`}>
      <Region resource={series} what="your calls">
        {({ items }) => <Failed among={items} />}
      </Region>
    </Section>
  );
}

function Failed({ among }: { among: UsageItem[] }) {
  const sum = (of: "requests" | "failed_requests") => among.reduce((total, item) => total + item[of], 0);
  const failed = sum("failed_requests");
  return (
    <>
      <p>
        {count(failed)} of {plural(sum("requests"), "call")} failed.
      </p>
      {failed > 0 && <Refused among={among} />}
    </>
  );
}
