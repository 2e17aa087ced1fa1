// Holds the four books of the present billing period side by side: the journal's calls, usage, balance, invoice.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, pathOf } from "./api";
import type { Billing, EventPage, Statement, Timeseries } from "./api_types";
import { amount, count } from "./format";
import { FaultNote } from "./region";
import { useSending } from "./resource";

const PAGE = 100; // the server's own

interface Row {
  name: string;
  cells: (number | undefined)[]; // journal, usage, balance, invoice; undefined: that book does not tell it
  write: (value: number) => string;
}

interface Found {
  rows: Row[];
  hasMoved: boolean; // a call came in while the books were read
}

export function AddsUp({ billing }: { billing: Billing }) {
  const [read, setRead] = useState<number | undefined>();
  const [found, setFound] = useState<Found | undefined>();
  const { fault, isSending, run } = useSending();
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);
  const check = () =>
    run(async () => {
      setFound(undefined);
      setRead(0);
      try {
        const books = await readBooks(leaving.current.signal, setRead);
        if (!leaving.current.signal.aborted) setFound(books);
      } finally {
        setRead(undefined);
      }
    });
  return (
    <>
      <button type="button" disabled={isSending} onClick={check}>
        {found ? "Check again" : "Check now"}
      </button>
      <p role="status" class="readout">
        {read !== undefined
          ? `Reading the journal: ${count(read)} calls of about ${count(billing.credits_used)} credits…`
          : found && verdict(found)}
      </p>
      {fault && <FaultNote fault={fault} title="Could not read the books." />}
      {found && <Books rows={found.rows} />}
    </>
  );
}

const isEqual = ({ cells }: Row): boolean => new Set(cells.filter((cell) => cell !== undefined)).size === 1;

function verdict({ rows, hasMoved }: Found): string {
  if (rows.every(isEqual)) return "Everything adds up.";
  return hasMoved
    ? "Calls came in while the books were read: check again."
    : "Something differs. Tell the operator: an audit finds where.";
}

async function readJournal(period: Billing, signal: AbortSignal, tell: (calls: number) => void) {
  const sums = { calls: 0, credits: 0, overage: 0 };
  let cursor: string | undefined;
  do {
    const query = { from: period.period_start, to: period.period_end, billable: "true", limit: PAGE, cursor };
    const page: EventPage = await get<EventPage>(pathOf("/billing/me/events", query), signal);
    for (const event of page.items) {
      sums.calls += 1;
      sums.credits += event.credit_cost;
      sums.overage += event.overage_credits_delta ?? 0;
    }
    tell(sums.calls);
    cursor = page.next;
  } while (cursor);
  return sums;
}

async function readBooks(signal: AbortSignal, tell: (calls: number) => void): Promise<Found> {
  const before = await get<Billing>("/billing/me", signal);
  const journal = await readJournal(before, signal, tell);
  const series = await get<Timeseries>(pathOf("/usage/me/timeseries", { range: "period", bucket: "day" }), signal);
  const { statement } = await get<Statement>(`/billing/me/periods/${before.period_key}/statement`, signal);
  const balance = await get<Billing>("/billing/me", signal);
  const usage = (name: "credits" | "overage" | "charged_requests") =>
    series.items.reduce((sum, item) => sum + (item[name] ?? 0), 0);
  const dollars = (cents: number) => amount(cents, statement.currency);
  return {
    hasMoved: before.credits_used !== balance.credits_used,
    rows: [
      { name: "Charged calls", cells: [journal.calls, usage("charged_requests"), undefined, undefined], write: count },
      {
        name: "Credits",
        cells: [journal.credits, usage("credits"), balance.credits_used, statement.credits_used],
        write: count,
      },
      {
        name: "Of them overage",
        cells: [journal.overage, usage("overage"), balance.overage_credits, statement.credits_overage],
        write: count,
      },
      {
        name: "Amount so far",
        cells: [undefined, undefined, balance.expected_total_amount_cents, statement.total_cents],
        write: dollars,
      },
      {
        name: "Sum of the lines",
        cells: [
          undefined,
          undefined,
          balance.expected_total_amount_cents,
          statement.lines.reduce((sum, line) => sum + line.cents, 0),
        ],
        write: dollars,
      },
    ],
  };
}

const BOOKS = ["Journal", "Usage", "Balance", "Invoice"];

function Books({ rows }: { rows: Row[] }) {
  return (
    <table class="cards">
      <caption>Journal, usage, balance and invoice of this billing period</caption>
      <thead>
        <tr>
          <th scope="col">What</th>
          {BOOKS.map((book) => (
            <th key={book} scope="col" class="number">
              {book}
            </th>
          ))}
          <th scope="col">Result</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            {row.cells.map((cell, at) => (
              <td key={at} data-label={BOOKS[at]} class="number">
                <span>{cell === undefined ? "—" : row.write(cell)}</span>
              </td>
            ))}
            <td data-label="Result">
              <span class={isEqual(row) ? "status is-active" : "status is-revoked"}>
                {isEqual(row) ? "✓ Equal" : `Differs by ${row.write(difference(row))}`}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function difference({ cells }: Row): number {
  const told = cells.filter((cell) => cell !== undefined);
  return Math.max(...told) - Math.min(...told);
}
