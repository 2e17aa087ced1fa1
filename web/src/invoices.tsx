// Billing periods, the newest first: each opens to its lines, each line to what is behind it.
import { useState } from "preact/hooks";
import { get } from "./api";
import type { BillingPeriod, Statement } from "./api_types";
import { saveCsv, type Cell } from "./csv";
import { count, day, dayOfMonth, amount } from "./format";
import { InvoiceLine } from "./invoice_line";
import { Empty, Region } from "./region";
import { useResource } from "./resource";

export function Invoices({ periods }: { periods: BillingPeriod[] }) {
  const open = periods.find(({ status }) => status === "open");
  return (
    <>
      {open && periods.length === 1 && (
        <Empty title="No invoices yet">
          <p>The first closes on {day(open.period_end)}. Below is what it comes to so far.</p>
        </Empty>
      )}
      <div class="invoices">
        {periods.map((period) => (
          <Invoice key={period.period_key} period={period} periods={periods} />
        ))}
      </div>
    </>
  );
}

const STATES = {
  open: ["Open", ""],
  none: ["Nothing owed", ""],
  due: ["Due", "is-grace"],
  paid: ["Paid", "is-active"],
} as const;

function Invoice({ period, periods }: { period: BillingPeriod; periods: BillingPeriod[] }) {
  const [isOpen, setOpen] = useState(false);
  const [word, look] = STATES[period.status === "open" ? "open" : period.payment];
  return (
    <details class="invoice card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="invoice-name">
          {dayOfMonth(period.period_start)} to {day(Date.parse(period.period_end) - 1)}
        </span>
        <span class="quiet">
          {period.plan}, {count(period.credits_used)} credits
        </span>
        <span class={`status ${look}`}>{word}</span>
        <span class="invoice-total">{amount(period.expected_total_amount_cents, period.currency)}</span>
      </summary>
      {isOpen && <Lines period={period} periods={periods} />}
    </details>
  );
}

function Lines({ period, periods }: { period: BillingPeriod; periods: BillingPeriod[] }) {
  const path = `/billing/me/periods/${period.period_key}/statement`;
  const name = `trendgate-statement-${period.period_key}`;
  const statement = useResource((signal) => get<Statement>(path, signal), path);
  return (
    <Region resource={statement} what="the invoice's lines" rows={3}>
      {({ statement: found, snapshot }) => (
        <>
          <ul class="invoice-lines">
            {found.lines.map((line, at) => (
              <li key={at}>
                <InvoiceLine line={line} period={periods.find((one) => one.period_key === line.period_key)} />
              </li>
            ))}
            <li class="invoice-sum">
              <span>{period.status === "open" ? "Total so far" : "Total"}</span>
              <span>{amount(found.total_cents, found.currency)}</span>
            </li>
          </ul>
          <div class="buttons">
            <button type="button" onClick={() => saveCsv(`${name}.csv`, rowsOf(period, found))}>
              CSV
            </button>
            <a class="button" href={`/api/v1${path}/download`} download={`${name}.json`}>
              Statement as JSON
            </a>
            <button type="button" onClick={() => print()}>
              Print
            </button>
          </div>
          <p class="small quiet fingerprint">
            {period.status === "open"
              ? "Open: lines change until the billing period ends."
              : period.payment === "paid" && period.paid_at
                ? `Marked paid by the operator on ${day(period.paid_at)}.`
                : period.payment === "due"
                  ? "Due. It is paid once the operator has marked it so; no card is taken here."
                  : "Nothing is owed for it."}{" "}
            SHA-256 of the statement: <code>{snapshot.canonical_json_sha256}</code>
          </p>
        </>
      )}
    </Region>
  );
}

function rowsOf(period: BillingPeriod, statement: Statement["statement"]): Cell[][] {
  return [
    ["period", "of_period", "kind", "description", "credits", "cents_per_1000", "cents"],
    ...statement.lines.map((line) => [
      period.period_key,
      line.period_key,
      line.kind,
      line.description,
      line.credits,
      line.cents_per_1000,
      line.cents,
    ]),
    [period.period_key, "", "total", "", "", "", statement.total_cents],
  ];
}
