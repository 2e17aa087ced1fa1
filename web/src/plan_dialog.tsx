// Changes the plan: shows the very lines that this bills, and bills those or nothing.
import { get, pathOf, send } from "./api";
import type { Billing, PlanOnSale, PlanPreview, PreviewLine } from "./api_types";
import { Dialog } from "./dialog";
import { amount, count, day } from "./format";
import { FaultNote, Region } from "./region";
import { useResource, useSending } from "./resource";

interface PlanDialogProps {
  plan: PlanOnSale;
  billing: Billing;
  opener: HTMLElement | null;
  close: () => void;
  done: () => void;
}

export function PlanDialog({ plan, billing, opener, close, done }: PlanDialogProps) {
  const path = pathOf("/billing/me/preview", { plan: plan.name });
  const preview = useResource((signal) => get<PlanPreview>(path, signal), path);
  const { fault, isSending, run } = useSending();
  const isKept = plan.name === billing.plan;
  const submit = (event: Event) => {
    event.preventDefault();
    const digest = preview.value?.preview_digest;
    if (!digest || preview.isLoading) return;
    run(async () => {
      try {
        await send("POST", "/billing/me/plan", { plan: plan.name, preview_digest: digest });
      } catch (error) {
        preview.again(); // whatever was refused, the numbers may be others
        throw error;
      }
      done();
    });
  };
  return (
    <Dialog title={isKept ? `Keep ${plan.name}` : `Change to ${plan.name}`} onClose={close} opener={opener}>
      <form onSubmit={submit}>
        <Region resource={preview} what="what this bills" rows={5}>
          {(found) => <Preview preview={found} plan={plan} billing={billing} isKept={isKept} />}
        </Region>
        {fault && <FaultNote fault={fault} title={`Your plan is ${billing.plan} as before.`} />}
        <div class="dialog-end">
          <button type="button" data-first onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isSending || preview.isLoading || !preview.value}>
            {isKept ? `Keep ${plan.name}` : `Change to ${plan.name}`}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface PreviewProps {
  preview: PlanPreview;
  plan: PlanOnSale;
  billing: Billing;
  isKept: boolean;
}

function Preview({ preview, plan, billing, isKept }: PreviewProps) {
  const end = day(billing.period_end);
  return (
    <>
      <p>
        {isKept
          ? `The change to ${billing.next_plan ?? "another plan"} is taken back; ${plan.name} goes on.`
          : preview.is_at_once
            ? `${plan.name} is in force at once. This billing period then includes ${count(preview.included_credits)} credits.`
            : `${preview.plan_before} goes on until ${end}; ${plan.name} is in force from then on.`}
      </p>
      {preview.use_is_over_plan && (
        <p class="note is-warning">
          <strong>You use more than {plan.name} includes:</strong> {count(billing.credits_used)} credits in this billing
          period, and it includes {count(plan.included_credits)}.{" "}
          {plan.overage === "none" ? "Calls past that are refused with 402." : `Past that: ${plan.overage_text}.`}
        </p>
      )}
      <Lines title="Now" lines={preview.lines_now} total={preview.total_now_cents} none="Nothing is billed now." />
      <Lines title={`On ${end}`} lines={preview.lines_next} total={preview.total_next_cents} none="Nothing is billed then." />
    </>
  );
}

const WORDS: Record<string, string> = {
  subscription: "whole billing period",
  proration: "rest of this billing period",
};

interface LinesProps {
  title: string;
  lines: PreviewLine[];
  total: number;
  none: string;
}

function Lines({ title, lines, total, none }: LinesProps) {
  return (
    <section class="bill">
      <h3>{title}</h3>
      {lines.length === 0 && <p class="quiet">{none}</p>}
      {lines.length > 0 && (
        <table>
          <caption>{title}</caption>
          <thead class="unseen-head">
            <tr>
              <th scope="col">Line</th>
              <th scope="col">Amount</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={line.kind}>
                <th scope="row">
                  {line.plan}, {WORDS[line.kind] ?? line.kind}
                  <span class="line quiet small">{count(line.credits)} credits</span>
                </th>
                <td class="number">{amount(line.cents)}</td>
              </tr>
            ))}
          </tbody>
          {lines.length > 1 && (
            <tfoot>
              <tr>
                <th scope="row">Total</th>
                <td class="number">{amount(total)}</td>
              </tr>
            </tfoot>
          )}
        </table>
      )}
    </section>
  );
}
