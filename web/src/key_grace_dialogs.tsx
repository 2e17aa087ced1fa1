// What can be done to a key that was rotated and still works: more time, or none.
import { useState } from "preact/hooks";
import { send } from "./api";
import type { ApiKey } from "./api_types";
import { Dialog } from "./dialog";
import { Radios } from "./field";
import { moment } from "./format";
import { GRACES } from "./key_rotate_dialog";
import { nameOf } from "./key_status";
import { FaultNote } from "./region";
import { useSending } from "./resource";
import { Ago } from "./time";

interface GraceDialogProps {
  of: ApiKey;
  opener: HTMLElement | null;
  close: () => void;
  done: () => void;
}

export function KeyExtendDialog({ of: key, opener, close, done }: GraceDialogProps) {
  const [grace, setGrace] = useState("86400");
  const { fault, isSending, run } = useSending();
  const submit = (event: Event) => {
    event.preventDefault();
    run(async () => {
      await send("POST", `/user/me/api-keys/${encodeURIComponent(key.id)}/extend`, {
        grace_period_seconds: Number(grace),
      });
      done();
    });
  };
  return (
    <Dialog title={`Extend “${nameOf(key)}”`} onClose={close} opener={opener}>
      <form onSubmit={submit}>
        {key.stops_at && (
          <p>It stops on {moment(key.stops_at)}. It can work until 7 days after its rotation, and no longer.</p>
        )}
        <Radios
          legend="From now it works for"
          name="grace"
          value={grace}
          onValue={setGrace}
          first="86400"
          choices={GRACES.filter((choice) => choice.value !== "0")}
        />
        {fault && <FaultNote fault={fault} title="Nothing was changed." />}
        <div class="dialog-end">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isSending}>
            Extend
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function KeyStopDialog({ of: key, opener, close, done }: GraceDialogProps) {
  const { fault, isSending, run } = useSending();
  const stop = () =>
    run(async () => {
      await send("POST", `/user/me/api-keys/${encodeURIComponent(key.id)}/stop`);
      done();
    });
  return (
    <Dialog title={`Stop “${nameOf(key)}” now`} onClose={close} opener={opener}>
      <p>
        Calls with <code>{key.masked_key}</code> are refused with 401 from now on. It was last used:{" "}
        <Ago time={key.last_used_at} />.
      </p>
      {fault && <FaultNote fault={fault} title="Nothing was changed." />}
      <div class="dialog-end">
        <button type="button" data-first onClick={close}>
          Cancel
        </button>
        <button type="button" class="danger" disabled={isSending} onClick={stop}>
          Stop now
        </button>
      </div>
    </Dialog>
  );
}
