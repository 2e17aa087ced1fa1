// What became of one hashtag in one list: its rank by capture, as a chart and as a table.
import { useState } from "preact/hooks";
import { getHistory, getLists } from "./api";
import type { Appearance, History } from "./api_types";
import { saveCsv } from "./csv";
import { SelectField, TextField } from "./field";
import { compact, count, day, moment, plural } from "./format";
import { Page, Section } from "./page";
import { RankChart } from "./rank_chart";
import { Empty, Region } from "./region";
import { useResource } from "./resource";
import { Link, navigate, withQuery } from "./router";
import { PeriodField, countryChoices } from "./trends_filters";

const ROWS_FIRST = 14;

export function HashtagPage({ name, query }: { name: string; query: URLSearchParams }) {
  const country = query.get("country_code") ?? "";
  const period = query.get("period") ?? "";
  const asked = { hashtag_name: name, country_code: country, period };
  const history = useResource((signal) => getHistory(asked, signal), JSON.stringify(asked));
  const lists = useResource(getLists, "lists");
  const set = (parameter: string) => (value: string) =>
    navigate(withQuery(query, { [parameter]: value || undefined }));
  const back = withQuery(query, {}).replace(location.pathname, "/console/trends");
  return (
    <Page
      title={`#${name}`}
      lead={
        <>
          <Link href={back}>Trends</Link> · where it stood in each capture of a list
        </>
      }
      action={<Search query={query} />}
    >
      <form class="filters is-open" aria-label="Which list" onSubmit={(event) => event.preventDefault()}>
        <div class="filters-fields">
          <SelectField
            label="Country"
            value={country}
            onValue={set("country_code")}
            choices={countryChoices(lists.value, country)}
          />
          <PeriodField value={period} onValue={set("period")} />
        </div>
      </form>
      <Region
        resource={history}
        what="its history"
        rows={8}
        isEmpty={(found) => found.list.length === 0}
        empty={<NeverListed name={name} />}
      >
        {(found) => <Found history={found} name={name} />}
      </Region>
    </Page>
  );
}

function NeverListed({ name }: { name: string }) {
  return (
    <Empty title="Never seen on this list">
      <p>No capture that is kept has #{name} in it. Try another country or period, or another hashtag.</p>
    </Empty>
  );
}

function Found({ history, name }: { history: History; name: string }) {
  const [isWhole, setWhole] = useState(false);
  const newest = history.list[history.list.length - 1];
  return (
    <>
      <dl class="figures">
        <Figure
          label="Last seen"
          value={history.last_seen ? day(history.last_seen) : "—"}
          note={newest ? `at rank ${newest.rank}` : ""}
        />
        <Figure label="First seen" value={history.first_seen ? day(history.first_seen) : "—"} />
        <Figure label="Best rank" value={history.best_rank ? String(history.best_rank) : "—"} />
        <Figure
          label="On the list"
          value={plural(history.total, "time")}
          note={`of ${plural(history.captures, "capture")}`}
        />
      </dl>
      <Section title="Rank history">
        <RankChart appearances={history.list} />
      </Section>
      <Section
        title="By capture"
        action={
          <button type="button" onClick={() => saveCsv(`history-${name}.csv`, csvRows(history.list))}>
            CSV
          </button>
        }
      >
        <table class="trends">
          <caption>Rank, posts and views by capture, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Captured</th>
              <th scope="col" class="number">
                Rank
              </th>
              <th scope="col" class="number">
                Posts
              </th>
              <th scope="col" class="number">
                Views
              </th>
            </tr>
          </thead>
          <tbody>
            {[...history.list]
              .reverse()
              .slice(0, isWhole ? undefined : ROWS_FIRST)
              .map((one) => (
                <tr key={one.captured_at}>
                  <th scope="row">
                    <time dateTime={one.captured_at} title={moment(one.captured_at)}>
                      {day(one.captured_at)}
                    </time>
                  </th>
                  <td class="number">{one.rank}</td>
                  <td class="number">{count(one.publish_cnt)}</td>
                  <td class="number">
                    <span class="wide-only">{count(one.video_views)}</span>
                    <span class="narrow-only">{compact(one.video_views)}</span>
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
        {!isWhole && history.list.length > ROWS_FIRST && (
          <button type="button" onClick={() => setWhole(true)}>
            Show all {history.list.length} captures
          </button>
        )}
      </Section>
    </>
  );
}

function Figure({ label, value, note }: { label: string; value: string; note?: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {value}
        {note && <span class="quiet small line">{note}</span>}
      </dd>
    </div>
  );
}

const csvRows = (list: Appearance[]) => [
  ["captured_at", "rank", "posts", "views", "source"],
  ...list.map((one) => [one.captured_at, one.rank, one.publish_cnt, one.video_views, one.source]),
];

function Search({ query }: { query: URLSearchParams }) {
  const [words, setWords] = useState("");
  const find = (event: Event) => {
    event.preventDefault();
    const name = words.trim().replace(/^#/, "");
    if (name)
      navigate(withQuery(query, {}).replace(location.pathname, `/console/trends/${encodeURIComponent(name)}`));
  };
  return (
    <form class="search" onSubmit={find}>
      <TextField label="Another hashtag" value={words} onValue={setWords} autocomplete="off" spellcheck={false} />
      <button type="submit">Look up</button>
    </form>
  );
}
