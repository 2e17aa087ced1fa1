// One line of an invoice, and what is behind it: the days of a subscription, the calls of the others.
import { useState } from "preact/hooks";
import { get, getEvents, pathOf } from "./api";
import type { BillingEvent, BillingPeriod, EventPage, StatementLine, Timeseries } from "./api_types";
import { count, amount, plural, weekday } from "./format";
import { FaultNote, Region } from "./region";
import { useResource, useSending } from "./resource";
import { Moment } from "./time";

const PAGE = 50;

interface InvoiceLineProps {
  line: StatementLine;
  period: BillingPeriod | undefined; // in which it was used, if it is listed
}

export function InvoiceLine({ line, period }: InvoiceLineProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span>
          {line.description}
          <span class="line small quiet">{count(line.credits)} credits</span>
        </span>
        <span class="invoice-total">{amount(line.cents)}</span>
      </summary>
      {isOpen && <Behind line={line} period={period} />}
    </details>
  );
}

function Behind({ line, period }: InvoiceLineProps) {
  if (line.kind === "grant") return <p class="quiet">Given by the operator; no call is behind it.</p>;
  if (line.kind === "refund") return <p class="quiet">Calls that the operator gave back; their charges stay in the journal.</p>;
  if (!period) return <p class="quiet">Its calls are of {line.period_key}, a billing period that is not listed here.</p>;
  if (line.kind === "subscription") return <Days period={period} />;
  return (
    <Calls
      from={line.kind === "proration" && line.in_force_at ? line.in_force_at : period.period_start}
      to={period.period_end}
      isOverage={line.kind === "overage"}
    />
  );
}

function Days({ period }: { period: BillingPeriod }) {
  const path = pathOf("/usage/me/timeseries", {
    range: "custom",
    from: period.period_start,
    to: period.period_end,
    bucket: "day",
  });
  const series = useResource((signal) => get<Timeseries>(path, signal), path);
  return (
    <Region
      resource={series}
      what="the days behind this line"
      isEmpty={({ items }) => items.length === 0}
      empty={<p class="quiet">No call was made in this billing period.</p>}
    >
      {({ items }) => (
        <table class="behind">
          <caption>Usage by day; days without a call are left out</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col" class="number">
                Charged
              </th>
              <th scope="col" class="number">
                Credits
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.bucket_start}>
                <th scope="row">{weekday(item.bucket_start)}</th>
                <td class="number">{count(item.charged_requests)}</td>
                <td class="number">{count(item.credits)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              <td class="number">{count(items.reduce((sum, item) => sum + item.charged_requests, 0))}</td>
              <td class="number">{count(items.reduce((sum, item) => sum + item.credits, 0))}</td>
            </tr>
          </tfoot>
        </table>
      )}
    </Region>
  );
}

interface CallsProps {
  from: string;
  to: string;
  isOverage: boolean;
}

function Calls({ from, to, isOverage }: CallsProps) {
  const asked = { from, to, billable: "true", limit: PAGE };
  const first = useResource((signal) => getEvents(asked, signal), pathOf("", asked));
  const [further, setFurther] = useState<EventPage[]>([]);
  const { fault, isSending, run } = useSending();
  const more = (cursor: string) =>
    run(async () => {
      const page = await getEvents({ ...asked, cursor });
      setFurther((old) => [...old, page]);
    });
  return (
    <Region resource={first} what="the calls behind this line">
      {(found) => {
        const pages = [found, ...further];
        const read = pages.flatMap(({ items }) => items);
        const shown = isOverage ? read.filter((event) => (event.overage_credits_delta ?? 0) > 0) : read;
        const next = pages[pages.length - 1]?.next;
        return (
          <>
            {shown.length > 0 && <CallTable calls={shown} />}
            <p class="small quiet" role="status">
              {read.length === 0
                ? "No call was charged in this span."
                : isOverage
                ? `${plural(shown.length, "call")} with overage, of the ${count(read.length)} newest charged ones.`
                : `The ${plural(shown.length, "newest charged call", "newest charged calls")} of this span.`}
              {!next && read.length > 0 && " There are no more."}
            </p>
            {fault && <FaultNote fault={fault} title="Could not load more calls." />}
            {next && (
              <button type="button" disabled={isSending} onClick={() => more(next)}>
                More calls
              </button>
            )}
          </>
        );
      }}
    </Region>
  );
}

function CallTable({ calls }: { calls: BillingEvent[] }) {
  return (
    <table class="cards">
      <caption>Charged calls, the newest first</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Endpoint</th>
          <th scope="col" class="number">
            Credits
          </th>
          <th scope="col" class="number">
            Overage
          </th>
          <th scope="col">Charge</th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <tr key={call.charge_id}>
            <th scope="row">
              <Moment time={call.created_at} />
            </th>
            <td data-label="Endpoint">
              <span>{call.endpoint}</span>
            </td>
            <td data-label="Credits" class="number">
              <span>{count(call.credit_cost)}</span>
            </td>
            <td data-label="Overage" class="number">
              <span>{count(call.overage_credits_delta ?? 0)}</span>
            </td>
            <td data-label="Charge">
              <code>{call.charge_id}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
