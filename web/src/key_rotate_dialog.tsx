// Puts a new key in the place of one, which works on for its grace.
import { useState } from "preact/hooks";
import { send } from "./api";
import type { ApiKey, RotatedKey } from "./api_types";
import { Dialog } from "./dialog";
import { Radios } from "./field";
import { moment } from "./format";
import type { Revealed } from "./key_reveal_dialog";
import { nameOf } from "./key_status";
import { FaultNote } from "./region";
import { useSending } from "./resource";
import { Ago } from "./time";

export const GRACES = [
  { value: "0", label: "Now", hint: "calls with the old key fail at once" },
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "24 hours" },
  { value: "604800", label: "7 days" },
];
const STANDARD = "86400";

interface KeyRotateDialogProps {
  of: ApiKey;
  opener: HTMLElement | null;
  close: () => void;
  reveal: (words: Revealed) => void;
}

export function KeyRotateDialog({ of: key, opener, close, reveal }: KeyRotateDialogProps) {
  const [grace, setGrace] = useState(STANDARD);
  const { fault, isSending, run } = useSending();
  const submit = (event: Event) => {
    event.preventDefault();
    run(async () => {
      const made = await send<RotatedKey>("POST", "/user/me/api-keys/rotate", {
        id: key.id,
        grace_period_seconds: Number(grace),
      });
      const stops = made.previous_key.stops_at;
      reveal({
        title: "Your new API key",
        secret: made.new_api_key,
        words: grace === "0" || !stops ? "The old key has stopped." : `The old key works until ${moment(stops)}.`,
      });
    });
  };
  return (
    <Dialog title={`Rotate “${nameOf(key)}”`} onClose={close} opener={opener}>
      <form onSubmit={submit}>
        <p>
          A new key takes its place. The old one, <code>{key.masked_key}</code>, was last used:{" "}
          <Ago time={key.last_used_at} />.
        </p>
        <Radios
          legend="The old key stops"
          name="grace"
          value={grace}
          choices={GRACES}
          onValue={setGrace}
          first={STANDARD}
        />
        {fault && <FaultNote fault={fault} title="Nothing was changed: the key works as before." />}
        <div class="dialog-end">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isSending}>
            Rotate
          </button>
        </div>
      </form>
    </Dialog>
  );
}
