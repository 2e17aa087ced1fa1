// Whether calls go on past the included credits, and what that may cost.
import { useState } from "preact/hooks";
import { send } from "./api";
import type { Billing, PlanOnSale } from "./api_types";
import { fieldFault } from "./fault";
import { TextField } from "./field";
import { day, money } from "./format";
import { FaultNote } from "./region";
import { useSending } from "./resource";

const LIMIT_CENTS_MOST = 100_000_000; // the server's own
const dollars = (cents: number) => (cents % 100 === 0 ? String(cents / 100) : (cents / 100).toFixed(2));

interface OverageFormProps {
  billing: Billing;
  plan: PlanOnSale;
  changed: () => void;
}

export function OverageForm({ billing, plan, changed }: OverageFormProps) {
  const [isOn, setOn] = useState(plan.overage === "always" || billing.allow_overage);
  const [limit, setLimit] = useState(
    billing.spend_limit_cents === undefined ? "" : dollars(billing.spend_limit_cents),
  );
  const [own, setOwn] = useState<string | undefined>();
  const { fault, isSending, run } = useSending();
  const end = day(billing.period_end);
  if (plan.overage === "none")
    return (
      <p>
        {plan.name} has no overage: once its {billing.included_credits.toLocaleString("en-US")} credits are used, calls
        stop with 402 until {end}.
      </p>
    );
  const submit = (event: Event) => {
    event.preventDefault();
    const cents = centsOf(limit);
    setOwn(cents === undefined ? "Give dollars such as 25 or 25.50, up to 1,000,000, or nothing." : undefined);
    if (cents === undefined) return;
    run(async () => {
      await send("POST", "/billing/me/overage", { allow_overage: isOn, spend_limit_cents: cents });
      changed();
    });
  };
  return (
    <form class="overage" onSubmit={submit} noValidate>
      <div>
        <label class="choice">
          <input
            type="checkbox"
            checked={isOn}
            disabled={plan.overage === "always"}
            onChange={(event) => setOn(event.currentTarget.checked)}
          />
          <span>Calls go on past the included credits</span>
        </label>
        <p class="hint">
          {plan.overage_text}.{" "}
          {plan.overage === "always"
            ? `It is always on with ${plan.name}; the spend limit bounds it.`
            : isOn
              ? `Switched off, calls stop with 402 until ${end} once the credits are used.`
              : `Without it, calls stop with 402 until ${end} once the credits are used.`}
        </p>
      </div>
      <div class="overage-limit">
        <TextField
          label="Spend limit, $ a billing period"
          value={limit}
          onValue={setLimit}
          inputMode="numeric"
          autocomplete="off"
          fault={own ?? fieldFault(fault, "spend_limit_cents")}
          hint={
            limit.trim()
              ? `At this limit calls stop with 402 until ${end}.`
              : "Empty: no limit. With one, calls stop with 402 when overage has cost that much."
          }
        />
        {plan.price_cents > 0 && (
          <button type="button" onClick={() => setLimit(dollars(plan.price_cents))}>
            Use the plan's price, {money(plan.price_cents)}
          </button>
        )}
      </div>
      {fault && fault.fields.length === 0 && <FaultNote fault={fault} title="Overage is as before." />}
      <button type="submit" class="primary" disabled={isSending}>
        Save
      </button>
    </form>
  );
}

// null: no limit; undefined: no amount of money.
function centsOf(written: string): number | null | undefined {
  const text = written.trim().replace(/^\$/, "");
  if (!text) return null;
  const found = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text);
  if (!found) return undefined;
  const cents = Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
  return cents <= LIMIT_CENTS_MOST ? cents : undefined;
}
