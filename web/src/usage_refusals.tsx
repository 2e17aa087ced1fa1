// Calls that were refused, by reason: what one looks for when things break.
import type { Refusals } from "./api_types";
import { count } from "./format";

const REASONS: [string, string][] = [
  ["rate_limited", "429 rate limit"],
  ["daily", "402 daily cap of the plan"],
  ["key_daily", "402 daily cap of the key"],
  ["insufficient", "402 credits used up"],
  ["spend_limit", "402 spend limit"],
  ["invalid", "400 invalid input"],
  ["conflict", "422 idempotency conflict"],
  ["unavailable", "503 no list to serve"],
];

export function Refused({ among }: { among: { refusals?: Refusals }[] }) {
  const sums = new Map<string, number>();
  for (const { refusals = {} } of among) {
    for (const [reason, times] of Object.entries(refusals)) sums.set(reason, (sums.get(reason) ?? 0) + times);
  }
  const known = new Set(REASONS.map(([reason]) => reason));
  const others = [...sums.keys()]
    .filter((reason) => !known.has(reason))
    .map((reason): [string, string] => [reason, reason]);
  const rows = [...REASONS, ...others].map(([reason, words]) => ({
    reason,
    words,
    times: sums.get(reason) ?? 0,
  }));
  const most = Math.max(...rows.map(({ times }) => times));
  if (most <= 0) return <p class="quiet">No call was refused in these days.</p>;
  return (
    <table class="refusals">
      <caption>Refusals by reason</caption>
      <thead>
        <tr>
          <th scope="col">Reason</th>
          <th scope="col" class="number">
            Calls
          </th>
          <th scope="col">
            <span class="unseen">Share</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows
          .filter(({ times }) => times > 0)
          .map(({ reason, words, times }) => (
            <tr key={reason}>
              <th scope="row">{words}</th>
              <td class="number">{count(times)}</td>
              <td class="bar-cell">
                <svg width="100%" height="10" aria-hidden="true">
                  <rect class="bar-part" width={`${Math.max(1, (times / most) * 100)}%`} height="10" rx="3" />
                </svg>
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
