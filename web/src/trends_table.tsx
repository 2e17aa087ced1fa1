// The hashtags of one page. Where it is narrow, posts and industry move under the hashtag.
import type { ComponentChildren } from "preact";
import type { Hashtag } from "./api_types";
import type { Cell } from "./csv";
import { compact, count } from "./format";
import { RankChange, changeWords } from "./rank_change";
import { Link, navigate, withQuery } from "./router";
import { Sparkline } from "./sparkline";

const ORDERS: Record<string, (hashtag: Hashtag) => number | string> = {
  rank: (hashtag) => hashtag.rank,
  hashtag: (hashtag) => hashtag.hashtag_name.toLowerCase(),
  posts: (hashtag) => hashtag.publish_cnt,
  views: (hashtag) => hashtag.video_views,
};

// "posts" is upward, "-posts" downward; rank upward needs no words.
function orderOf(query: URLSearchParams): { column: string; isDown: boolean } {
  const words = query.get("sort") ?? "rank";
  const column = words.replace(/^-/, "");
  return ORDERS[column] ? { column, isDown: words.startsWith("-") } : { column: "rank", isDown: false };
}

function sorted(hashtags: Hashtag[], query: URLSearchParams): Hashtag[] {
  const { column, isDown } = orderOf(query);
  const key = ORDERS[column] ?? ((hashtag: Hashtag) => hashtag.rank);
  const rising = [...hashtags].sort((one, other) =>
    key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : one.rank - other.rank,
  );
  return isDown ? rising.reverse() : rising;
}

export function TrendsTable({ hashtags, query }: { hashtags: Hashtag[]; query: URLSearchParams }) {
  const head = (column: string, label: string, kind = "") => <SortHead {...{ column, label, kind, query }} />;
  return (
    <table class="trends">
      <caption>Trending hashtags; the columns with a button sort this page</caption>
      <thead>
        <tr>
          {head("rank", "Rank", "number")}
          <th scope="col">
            <span class="change-head">Change</span>
          </th>
          {head("hashtag", "Hashtag")}
          <th scope="col" class="trend-column">
            Trend
          </th>
          {head("posts", "Posts", "number wide-only")}
          {head("views", "Views", "number")}
          <th scope="col" class="wide-only">
            Industry
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted(hashtags, query).map((hashtag) => (
          <Row key={hashtag.hashtag_id} of={hashtag} query={query} />
        ))}
      </tbody>
    </table>
  );
}

interface SortHeadProps {
  column: string;
  label: string;
  kind: string;
  query: URLSearchParams;
}

function SortHead({ column, label, kind, query }: SortHeadProps) {
  const order = orderOf(query);
  const isSorted = order.column === column;
  // Figures are first wanted with the biggest on top, ranks and names the other way round.
  const opening = column === "posts" || column === "views" ? `-${column}` : column;
  const turned = order.isDown ? column : `-${column}`;
  const next = isSorted ? turned : opening;
  const arrow: ComponentChildren = isSorted ? (order.isDown ? "↓" : "↑") : "↕";
  return (
    <th scope="col" class={kind} aria-sort={isSorted ? (order.isDown ? "descending" : "ascending") : "none"}>
      <button
        type="button"
        class="sort"
        onClick={() => navigate(withQuery(query, { sort: next === "rank" ? undefined : next }))}
      >
        {label}{" "}
        <span class="sort-arrow" aria-hidden="true">
          {arrow}
        </span>
      </button>
    </th>
  );
}

function Row({ of: hashtag, query }: { of: Hashtag; query: URLSearchParams }) {
  const kept = new URLSearchParams();
  for (const name of ["country_code", "period"]) {
    const value = query.get(name);
    if (value) kept.set(name, value);
  }
  const address = `/console/trends/${encodeURIComponent(hashtag.hashtag_name)}${kept.size ? `?${kept}` : ""}`;
  const industry = hashtag.industry_info?.value;
  return (
    <tr>
      <td class="number rank">{hashtag.rank}</td>
      <td>
        <RankChange type={hashtag.rank_diff_type} places={hashtag.rank_diff} />
      </td>
      <th scope="row">
        <Link href={address}>#{hashtag.hashtag_name}</Link>
        {hashtag.is_promoted && (
          <>
            {" "}
            <span class="badge">Promoted</span>
          </>
        )}
        <span class="under">
          {compact(hashtag.publish_cnt)} posts{industry ? ` · ${industry}` : ""}
        </span>
      </th>
      <td class="trend-column">
        <Sparkline points={hashtag.trend} />
      </td>
      <td class="number wide-only">{count(hashtag.publish_cnt)}</td>
      <td class="number">
        <span class="wide-only">{count(hashtag.video_views)}</span>
        <span class="narrow-only">{compact(hashtag.video_views)}</span>
      </td>
      <td class="wide-only">{industry ?? "—"}</td>
    </tr>
  );
}

export function csvRows(hashtags: Hashtag[]): Cell[][] {
  return [
    ["rank", "change", "hashtag_id", "hashtag_name", "posts", "views", "industry", "is_promoted"],
    ...hashtags.map((hashtag) => [
      hashtag.rank,
      changeWords(hashtag.rank_diff_type, hashtag.rank_diff),
      hashtag.hashtag_id,
      hashtag.hashtag_name,
      hashtag.publish_cnt,
      hashtag.video_views,
      hashtag.industry_info?.value,
      hashtag.is_promoted,
    ]),
  ];
}
