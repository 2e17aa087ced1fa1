// A timeseries by day and key: what the chart, the table and the CSV all read.
import type { ApiKey, Refusals, Timeseries, UsageItem } from "./api_types";
import { DAY, startOfDay } from "./format";
import { nameOf } from "./key_status";

const SERIES_MAX = 6;
const DAYS_MAX = 400; // more than any range of the page: a broken answer makes no endless loop
export const COLOURS = 8;
export const OTHER = "other";

export interface Day {
  at: number; // its 00:00 UTC
  credits: number;
  byKey: Map<string, number>;
  requests: number;
  charged: number;
  refused: number;
  refusals: Refusals;
  cap: number; // credits a day; 0: none
}

export interface Series {
  id: string;
  name: string;
  colour: number | undefined; // undefined: that of all others together
  credits: number;
}

export function daysOf(series: Timeseries): Day[] {
  const first = startOfDay(Date.parse(series.from));
  const end = Math.min(Date.parse(series.to), first + DAYS_MAX * DAY);
  const days: Day[] = [];
  for (let at = first; at < end; at += DAY) {
    days.push({
      at,
      credits: 0,
      byKey: new Map(),
      requests: 0,
      charged: 0,
      refused: 0,
      refusals: {},
      cap: capAt(series, at),
    });
  }
  for (const item of series.items) {
    const day = days[(startOfDay(Date.parse(item.bucket_start)) - first) / DAY];
    if (day) add(day, item);
  }
  return days;
}

const capAt = ({ daily_credit_limits: caps }: Timeseries, at: number): number =>
  caps.filter(({ from }) => Date.parse(from) <= at).at(-1)?.daily_credit_limit ?? 0;

function add(day: Day, item: UsageItem): void {
  const key = item.key_id ?? "";
  day.credits += item.credits;
  day.byKey.set(key, (day.byKey.get(key) ?? 0) + item.credits);
  day.requests += item.requests;
  day.charged += item.charged_requests;
  for (const [reason, times] of Object.entries(item.refusals ?? {})) {
    day.refusals[reason] = (day.refusals[reason] ?? 0) + times;
    day.refused += times;
  }
}

// The keys with the most credits, biggest first, and all others as one. A key's colour comes from its place
// among all keys ever made, so that it stays the same whatever the range and the other keys do.
export function seriesOf(days: Day[], keys: ApiKey[]): Series[] {
  const sums = new Map<string, number>();
  for (const day of days) for (const [id, credits] of day.byKey) sums.set(id, (sums.get(id) ?? 0) + credits);
  const bySize = [...sums].filter(([, credits]) => credits > 0).sort((one, other) => other[1] - one[1]);
  const kept = bySize.slice(0, SERIES_MAX);
  const rest = bySize.slice(SERIES_MAX).reduce((sum, [, credits]) => sum + credits, 0);
  const taken = new Set<number>();
  const series: Series[] = kept.map(([id, credits]) => ({
    id,
    credits,
    name: seriesName(id, keys),
    colour: colourOf(id, keys, taken),
  }));
  if (rest > 0) series.push({ id: OTHER, name: "Other", colour: undefined, credits: rest });
  return series;
}

function seriesName(id: string, keys: ApiKey[]): string {
  const key = keys.find((one) => one.id === id);
  if (!key) return "Unknown key";
  const isAlone = keys.filter((one) => one.name === key.name).length === 1;
  return isAlone || !key.name ? nameOf(key) : `${key.name} …${key.masked_key.slice(-4)}`;
}

function colourOf(id: string, keys: ApiKey[], taken: Set<number>): number {
  const byAge = [...keys].sort((one, other) => (one.created_at < other.created_at ? -1 : 1));
  let colour =
    Math.max(
      0,
      byAge.findIndex((key) => key.id === id),
    ) % COLOURS;
  while (taken.has(colour)) colour = (colour + 1) % COLOURS;
  taken.add(colour);
  return colour;
}

export function creditsOf(day: Day, series: Series, all: Series[]): number {
  if (series.id !== OTHER) return day.byKey.get(series.id) ?? 0;
  const named = all.reduce((sum, one) => sum + (one.id === OTHER ? 0 : (day.byKey.get(one.id) ?? 0)), 0);
  return day.credits - named;
}

export interface Totals {
  credits: number;
  requests: number;
  charged: number;
  refused: number;
}

export const totalsOf = (days: Day[]): Totals =>
  days.reduce(
    (sum, day) => ({
      credits: sum.credits + day.credits,
      requests: sum.requests + day.requests,
      charged: sum.charged + day.charged,
      refused: sum.refused + day.refused,
    }),
    { credits: 0, requests: 0, charged: 0, refused: 0 },
  );
