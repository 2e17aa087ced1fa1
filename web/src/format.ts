// Numbers, money and times as the console shows them: UTC everywhere.

const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const whole = new Intl.NumberFormat("en-US");
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const dayForm = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const dayOfMonthForm = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const weekdayForm = new Intl.DateTimeFormat("en-GB", {
  weekday: "long",
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});
const clockForm = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

export const count = (value: number): string => whole.format(value);
export const compact = (value: number): string => short.format(value);
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

export const money = (cents: number, currency = "usd"): string =>
  new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: currency.toUpperCase(),
    minimumFractionDigits: cents % 100 === 0 ? 0 : 2,
  }).format(cents / 100);

// The same in a column: always with its cents.
export const amount = (cents: number, currency = "usd"): string =>
  new Intl.NumberFormat("en-US", { style: "currency", currency: currency.toUpperCase() }).format(cents / 100);

export const day = (time: string | number): string => dayForm.format(new Date(time));
export const dayOfMonth = (time: string | number): string => dayOfMonthForm.format(new Date(time));
export const weekday = (time: string | number): string => weekdayForm.format(new Date(time));
export const clock = (time: string | number): string => `${clockForm.format(new Date(time))} UTC`;
export const moment = (time: string | number): string => `${day(time)}, ${clock(time)}`;

// How long it is, in its largest fitting unit: 12 min, 21 h, 3 d.
export function span(milliseconds: number): string {
  if (milliseconds < MINUTE) return "less than a minute";
  if (milliseconds < HOUR) return `${Math.floor(milliseconds / MINUTE)} min`;
  if (milliseconds < 2 * DAY) return `${Math.floor(milliseconds / HOUR)} h`;
  return `${Math.floor(milliseconds / DAY)} d`;
}

// Uses are told by the minute they fell in: what began less than two minutes ago may be of this moment.
export function ago(time: string, now = Date.now()): string {
  const past = now - Date.parse(time);
  if (past < 2 * MINUTE) return "just now";
  return past < 30 * DAY ? `${span(past)} ago` : day(time);
}

export const until = (time: string, now = Date.now()): string => span(Date.parse(time) - now);

export const startOfDay = (time: number): number => Math.floor(time / DAY) * DAY;
export const isoDay = (time: number): string => new Date(time).toISOString().slice(0, 10);
export const isoSecond = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
