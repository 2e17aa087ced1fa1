// What so many calls a billing period cost on each plan: the server's own numbers.
import { useEffect, useId, useState } from "preact/hooks";
import { get, pathOf } from "./api";
import type { Estimate, PlansOnSale } from "./api_types";
import { TextField } from "./field";
import { amount, count, money, plural } from "./format";
import { Region } from "./region";
import { useResource } from "./resource";

const PAUSE_MS = 150; // a slider that is drawn asks once it rests
const CALLS_MOST = 1_000_000_000; // the server's own
const STEPS = 600;
const SLIDER_MOST = 1_000_000;

// A hundred calls matter at the left end, a hundred thousand at the right one.
const callsAt = (step: number): number =>
  step <= 0 ? 0 : Number((10 ** (1 + (step / STEPS) * (Math.log10(SLIDER_MOST) - 1))).toPrecision(2));
const stepOf = (calls: number): number =>
  calls <= 10 ? 0 : Math.min(STEPS, Math.round(((Math.log10(calls) - 1) / (Math.log10(SLIDER_MOST) - 1)) * STEPS));

interface EstimatorProps {
  plans: PlansOnSale | undefined;
  present: string | undefined;
}

export function Estimator({ plans, present }: EstimatorProps) {
  const [written, setWritten] = useState("5000");
  const sliderId = useId();
  const calls = /^\d{1,10}$/.test(written.trim()) && Number(written) <= CALLS_MOST ? Number(written) : undefined;
  const asked = useRested(calls);
  const path = asked === undefined ? null : pathOf("/billing/estimate", { calls: asked });
  const estimate = useResource((signal) => get<Estimate>(path ?? "", signal), path);
  return (
    <div class="estimator">
      <div class="estimator-fields">
        <TextField
          label="Calls a month"
          value={written}
          onValue={setWritten}
          inputMode="numeric"
          autocomplete="off"
          fault={calls === undefined ? "Give a whole number up to 1,000,000,000." : undefined}
        />
        <div class="field slider">
          <label for={sliderId}>The same as a slider</label>
          <input
            id={sliderId}
            type="range"
            min={0}
            max={STEPS}
            value={stepOf(calls ?? 0)}
            aria-valuetext={`${count(calls ?? 0)} calls`}
            onInput={(event) => setWritten(String(callsAt(Number(event.currentTarget.value))))}
          />
        </div>
      </div>
      <Region resource={estimate} what="the estimate" rows={7}>
        {(found) => <Costs estimate={found} present={present} />}
      </Region>
      {plans && <BreakEvens plans={plans} choose={(value) => setWritten(String(value))} />}
    </div>
  );
}

function useRested(calls: number | undefined): number | undefined {
  const [rested, setRested] = useState(calls);
  useEffect(() => {
    const timer = setTimeout(() => setRested(calls), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [calls]);
  return rested;
}

function Costs({ estimate, present }: { estimate: Estimate; present: string | undefined }) {
  const cheapest = estimate.plans.find(({ plan }) => plan === estimate.cheapest_plan);
  return (
    <>
      <p aria-live="polite">
        {plural(estimate.calls, "call")} are {count(estimate.credits)} credits.{" "}
        {cheapest ? (
          <>
            Cheapest: <strong>{cheapest.plan}</strong>, {money(cheapest.total_cents)} a month.
          </>
        ) : (
          "No plan lets so much be used in a month."
        )}
      </p>
      <table class="cards">
        <caption>What {plural(estimate.calls, "call")} a month cost on each plan</caption>
        <thead>
          <tr>
            <th scope="col">Plan</th>
            <th scope="col" class="number">
              Included
            </th>
            <th scope="col" class="number">
              Overage
            </th>
            <th scope="col" class="number">
              Total
            </th>
            <th scope="col">What to know</th>
          </tr>
        </thead>
        <tbody>
          {estimate.plans.map((one) => (
            <tr key={one.plan} class={one === cheapest ? "is-best" : undefined}>
              <th scope="row">{one.plan}</th>
              <td data-label="Included" class="number">
                <span>{amount(one.subscription_price_cents)}</span>
              </td>
              <td data-label="Overage" class="number">
                <span>{one.has_room ? amount(one.overage_amount_cents) : "—"}</span>
              </td>
              <td data-label="Total" class="number">
                <span>{one.has_room ? amount(one.total_cents) : "—"}</span>
              </td>
              <td data-label="What to know">{notes(one, one === cheapest, one.plan === present)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function notes(one: Estimate["plans"][number], isCheapest: boolean, isPresent: boolean): string | null {
  const found = [
    isCheapest ? "Cheapest." : "",
    isPresent ? "Your plan." : "",
    one.has_room ? "" : "Too few credits, and no overage.",
    one.has_room && !one.fits_daily_limit ? "The daily cap does not allow it." : "",
  ].filter(Boolean);
  return found.length > 0 ? found.join(" ") : null;
}

function BreakEvens({ plans, choose }: { plans: PlansOnSale; choose: (calls: number) => void }) {
  const found = plans.plans.flatMap((plan, at) => {
    const next = plans.plans[at + 1];
    const credits = plan.next_plan_cheaper_from_credits;
    return next && credits !== undefined ? [{ from: plan.name, to: next.name, credits }] : [];
  });
  if (found.length === 0) return null;
  return (
    <div class="break-evens">
      <h3>Where the next plan costs less</h3>
      <ul>
        {found.map(({ from, to, credits }) => (
          <li key={from}>
            <button type="button" onClick={() => choose(credits / plans.credits_per_call)}>
              {from} → {to}
            </button>{" "}
            from {plural(credits / plans.credits_per_call, "call")} on ({count(credits)} credits)
          </li>
        ))}
      </ul>
    </div>
  );
}
