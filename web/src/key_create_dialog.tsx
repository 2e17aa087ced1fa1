// Asks for a new key's name, and if wanted for when it expires and what it may use a day.
import { useState } from "preact/hooks";
import { send } from "./api";
import type { CreatedKey } from "./api_types";
import { Dialog } from "./dialog";
import { fieldFault } from "./fault";
import { SelectField, TextField } from "./field";
import type { Revealed } from "./key_reveal_dialog";
import { FaultNote } from "./region";
import { useSending } from "./resource";

const EXPIRIES = [
  { value: "", label: "Never" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
];

interface KeyCreateDialogProps {
  names: string[]; // of the keys that work
  opener: HTMLElement | null;
  close: () => void;
  reveal: (words: Revealed) => void;
}

export function KeyCreateDialog({ names, opener, close, reveal }: KeyCreateDialogProps) {
  const [name, setName] = useState("");
  const [expiry, setExpiry] = useState("");
  const [cap, setCap] = useState("");
  const [own, setOwn] = useState<{ name?: string; cap?: string }>({});
  const { fault, isSending, run } = useSending();
  const submit = (event: Event) => {
    event.preventDefault();
    const faults = { ...nameFault(name, names), ...capFault(cap) };
    setOwn(faults);
    if (Object.keys(faults).length) return;
    run(async () => {
      const made = await send<CreatedKey>("POST", "/user/me/api-keys", {
        name: name.trim(),
        ...(expiry && { expires_in_days: Number(expiry) }),
        ...(cap.trim() && { daily_credit_cap: Number(cap) }),
      });
      reveal({ title: "Your new API key", secret: made.api_key, words: `“${made.key.name}” works at once.` });
    });
  };
  return (
    <Dialog title="Create API key" onClose={close} opener={opener}>
      <form onSubmit={submit} noValidate>
        <TextField
          label="Name"
          value={name}
          onValue={setName}
          required
          data-first
          autocomplete="off"
          hint="Say where it will run, such as “production”."
          fault={own.name ?? fieldFault(fault, "name")}
        />
        <SelectField
          label="Expires"
          value={expiry}
          choices={EXPIRIES}
          onValue={setExpiry}
          fault={fieldFault(fault, "expires_in_days")}
        />
        <TextField
          label="Daily cap in credits (optional)"
          value={cap}
          onValue={setCap}
          inputMode="numeric"
          autocomplete="off"
          hint="Past it, calls with this key are refused with 402 until 00:00 UTC."
          fault={own.cap ?? fieldFault(fault, "daily_credit_cap")}
        />
        {fault && fault.fields.length === 0 && <FaultNote fault={fault} title="No key was created." />}
        <div class="dialog-end">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isSending}>
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function nameFault(name: string, names: string[]): { name?: string } {
  if (!name.trim()) return { name: "Give the key a name." };
  return names.includes(name.trim()) ? { name: "Another key has this name: choose a different one." } : {};
}

export function capFault(cap: string): { cap?: string } {
  return cap.trim() === "" || /^[1-9]\d{0,11}$/.test(cap.trim())
    ? {}
    : { cap: "Give a whole number of credits from 1, or leave it empty." };
}
