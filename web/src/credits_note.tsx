// How much of the included credits is used, at half, at four fifths and at the end, and what comes then.
import { get } from "./api";
import type { Billing } from "./api_types";
import { count, day, money } from "./format";
import { useResource } from "./resource";
import { Link } from "./router";

const NOTED_FROM = 50; // percent
const WARNED_FROM = 80;
const REFRESH_MS = 60_000;

interface Notice {
  kind: "" | "is-warning" | "is-bad";
  title: string;
  words: string;
}

export function CreditsNote({ billing }: { billing: Billing }) {
  const notice = noticeOf(billing);
  return notice ? (
    <div class={`note ${notice.kind}`.trim()} role={notice.kind === "is-bad" ? "alert" : "status"}>
      <p>
        <strong>{notice.title}</strong> {notice.words} <Link href="/console/billing">Billing</Link>
      </p>
    </div>
  ) : null;
}

// The same on a page that knows nothing of credits.
export function CreditsWatch({ at }: { at: string }) {
  const billing = useResource((signal) => get<Billing>("/billing/me", signal), `credits ${at}`, REFRESH_MS);
  return billing.value ? <CreditsNote billing={billing.value} /> : null;
}

function noticeOf(billing: Billing): Notice | undefined {
  const { included_credits: included, credits_remaining: left, allow_overage: goesOn, stopped_by: stop } = billing;
  const end = day(billing.period_end);
  const used = included - left;
  const percent = included > 0 ? Math.floor((100 * used) / included) : 0;
  const share = `${count(used)} of ${count(included)}`;
  if (stop === "spend_limit")
    return { kind: "is-bad", title: "The spend limit is reached.", words: `Calls are refused with 402 until ${end}.` };
  if (stop === "insufficient_credits")
    return {
      kind: "is-bad",
      title: "The included credits are used up.",
      words: `Calls are refused with 402 until ${end}.`,
    };
  if (included === 0 || percent < NOTED_FROM) return undefined;
  if (left === 0) return { kind: "", title: "The included credits are used up.", words: overageWords(billing) };
  if (percent < WARNED_FROM)
    return { kind: "", title: "Half of the included credits are used:", words: `${share}, until ${end}.` };
  return {
    kind: goesOn ? "" : "is-warning",
    title: `${percent} % of the included credits are used:`,
    words: goesOn
      ? `${share}. Past them calls go on as overage.`
      : `${share}. Past them calls are refused with 402 until ${end}.`,
  };
}

function overageWords({ overage_amount_cents: cents, spend_limit_cents: limit, currency }: Billing): string {
  const most = limit === undefined ? "" : ` of a spend limit of ${money(limit, currency)}`;
  return `Calls go on as overage: ${money(cents, currency)} so far${most}.`;
}
