// The days that the usage page looks at, as the API's parameters.
import type { Billing } from "./api_types";
import { DAY, isoSecond, startOfDay } from "./format";

export const RANGES = [
  { value: "", label: "This billing period" },
  { value: "last", label: "Last billing period" },
  { value: "7", label: "Last 7 days" },
  { value: "30", label: "Last 30 days" },
  { value: "90", label: "Last 90 days" },
];

// undefined: it cannot be said before the billing period is known.
export function rangeQuery(
  range: string,
  billing: Billing | undefined,
  now: number,
): Record<string, string> | undefined {
  if (range === "last") {
    if (!billing) return undefined;
    return { range: "custom", from: isoSecond(startOfLastPeriod(billing)), to: billing.period_start };
  }
  if (!RANGES.some(({ value }) => value === range) || range === "") return { range: "period" };
  const end = startOfDay(now) + DAY;
  return { range: "custom", from: isoSecond(end - Number(range) * DAY), to: isoSecond(end) };
}

// A period begins on the account's anchor day; the 31st becomes the last day of a shorter month, so
// that the anchor is the later of the days on which this period begins and ends.
export function startOfLastPeriod(billing: Billing): number {
  const start = new Date(billing.period_start);
  const anchor = Math.max(start.getUTCDate(), new Date(billing.period_end).getUTCDate());
  const lastDay = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth(), 0)).getUTCDate();
  return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() - 1, Math.min(anchor, lastDay));
}
