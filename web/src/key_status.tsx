// How a key stands, in words.
import type { ApiKey } from "./api_types";
import { DAY, count, until } from "./format";

export const isLive = (key: ApiKey): boolean => key.status === "active" || key.status === "grace";

export const wasUsedToday = (key: ApiKey): boolean =>
  key.calls_24h > 0 || (key.last_used_at !== null && Date.now() - Date.parse(key.last_used_at) < DAY);

// A key that was made on the command line need not have a name.
export const nameOf = (key: ApiKey): string => key.name || `Key …${key.key_suffix}`;

export function statusWords(key: ApiKey): string {
  switch (key.status) {
    case "active":
      return "Enabled";
    case "grace":
      return key.stops_at ? `Stops in ${until(key.stops_at)}` : "Stops soon";
    case "revoked":
      return "Revoked";
    case "expired":
      return "Expired";
  }
}

export const capWords = (key: ApiKey): string =>
  key.daily_credit_cap === null ? "no daily cap" : `daily cap ${count(key.daily_credit_cap)}`;

export function KeyStatus({ of: key }: { of: ApiKey }) {
  return <span class={`status is-${key.status}`}>{statusWords(key)}</span>;
}
