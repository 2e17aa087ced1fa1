// Ends a key for ever. One that is in use needs its name typed.
import { useState } from "preact/hooks";
import { send } from "./api";
import type { ApiKey } from "./api_types";
import { Dialog } from "./dialog";
import { TextField } from "./field";
import { plural } from "./format";
import { nameOf, wasUsedToday } from "./key_status";
import { FaultNote } from "./region";
import { useSending } from "./resource";

interface KeyRevokeDialogProps {
  of: ApiKey;
  isLast: boolean;
  opener: HTMLElement | null;
  close: () => void;
  done: () => void;
}

export function KeyRevokeDialog({ of: key, isLast, opener, close, done }: KeyRevokeDialogProps) {
  const [typed, setTyped] = useState("");
  const { fault, isSending, run } = useSending();
  const needsName = wasUsedToday(key) || fault?.reason === "name_required";
  const proof = key.name || key.key_suffix;
  const isSure = !needsName || typed === proof;
  const submit = (event: Event) => {
    event.preventDefault();
    if (!isSure) return;
    run(async () => {
      await send("DELETE", `/user/me/api-keys/${encodeURIComponent(key.id)}`, needsName ? { name: key.name } : {});
      done();
    });
  };
  return (
    <Dialog title={`Revoke “${nameOf(key)}”`} onClose={close} opener={opener}>
      <form onSubmit={submit} autocomplete="off">
        <p>
          Calls with <code>{key.masked_key}</code> are refused with 401 within a second, for ever. It made{" "}
          {plural(key.calls_24h, "call")} in the last 24 hours.
        </p>
        {isLast && (
          <p class="note is-warning">This is your only key that works: without it, no call is answered.</p>
        )}
        {needsName && (
          <TextField
            label={`Type its ${key.name ? "name" : "last four characters"} to revoke it: ${proof}`}
            value={typed}
            onValue={setTyped}
            data-first
            spellcheck={false}
          />
        )}
        {fault && <FaultNote fault={fault} title="The key works as before." />}
        <div class="dialog-end">
          <button type="button" data-first onClick={close}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={!isSure || isSending}>
            Revoke
          </button>
        </div>
      </form>
    </Dialog>
  );
}
