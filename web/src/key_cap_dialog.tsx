// Sets what one key may use a day.
import { useState } from "preact/hooks";
import { send } from "./api";
import type { ApiKey } from "./api_types";
import { Dialog } from "./dialog";
import { fieldFault } from "./fault";
import { TextField } from "./field";
import { capFault } from "./key_create_dialog";
import { nameOf } from "./key_status";
import { FaultNote } from "./region";
import { useSending } from "./resource";

interface KeyCapDialogProps {
  of: ApiKey;
  opener: HTMLElement | null;
  close: () => void;
  done: () => void;
}

export function KeyCapDialog({ of: key, opener, close, done }: KeyCapDialogProps) {
  const [cap, setCap] = useState(key.daily_credit_cap === null ? "" : String(key.daily_credit_cap));
  const [own, setOwn] = useState<string | undefined>();
  const { fault, isSending, run } = useSending();
  const submit = (event: Event) => {
    event.preventDefault();
    const wrong = capFault(cap).cap;
    setOwn(wrong);
    if (wrong) return;
    run(async () => {
      const value = cap.trim() ? Number(cap) : null;
      await send("POST", `/user/me/api-keys/${encodeURIComponent(key.id)}/cap`, { daily_credit_cap: value });
      done();
    });
  };
  return (
    <Dialog title={`Daily cap of “${nameOf(key)}”`} onClose={close} opener={opener}>
      <form onSubmit={submit} noValidate>
        <TextField
          label="Credits a day"
          value={cap}
          onValue={setCap}
          inputMode="numeric"
          autocomplete="off"
          data-first
          hint="Empty: no cap of its own. The day ends at 00:00 UTC."
          fault={own ?? fieldFault(fault, "daily_credit_cap")}
        />
        {fault && fault.fields.length === 0 && <FaultNote fault={fault} title="The cap is as before." />}
        <div class="dialog-end">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isSending}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
