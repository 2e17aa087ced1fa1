// API keys: all of the account's, and everything that can be done to one.
import { useState } from "preact/hooks";
import { getKeys, send } from "./api";
import type { ApiKey } from "./api_types";
import { SelectField } from "./field";
import { KeyCapDialog } from "./key_cap_dialog";
import { KeyCreateDialog } from "./key_create_dialog";
import { KeyExtendDialog, KeyStopDialog } from "./key_grace_dialogs";
import { KeyList, type KeyAction } from "./key_list";
import { KeyRevealDialog, type Revealed } from "./key_reveal_dialog";
import { KeyRevokeDialog } from "./key_revoke_dialog";
import { KeyRotateDialog } from "./key_rotate_dialog";
import { isLive, nameOf } from "./key_status";
import { Page } from "./page";
import { Empty, FaultNote, Region } from "./region";
import { useResource, useSending } from "./resource";

const KEYS_MAX = 20;
const REFRESH_MS = 20_000; // "last used" follows a call within a minute

type Open = { action: KeyAction | "create"; key?: ApiKey; opener: HTMLElement | null };

export function KeysPage() {
  const keys = useResource(getKeys, "keys", REFRESH_MS);
  const [open, setOpen] = useState<Open | null>(null);
  const [revealed, setRevealed] = useState<(Revealed & { opener: HTMLElement | null }) | null>(null);
  const close = () => setOpen(null);
  const done = () => {
    close();
    keys.again();
  };
  const reveal = (words: Revealed) => {
    setRevealed({ ...words, opener: open?.opener ?? null });
    done();
  };
  const create = (event: MouseEvent) => setOpen({ action: "create", opener: event.currentTarget as HTMLElement });
  const live = keys.value?.filter(isLive) ?? [];
  const isFull = live.length >= KEYS_MAX;
  return (
    <Page
      title="API keys"
      lead={
        <>
          Your programs send a key as <code>x-api-key</code>. A key is shown once, when it is made.
        </>
      }
      action={
        <button type="button" class="primary" disabled={isFull} onClick={create}>
          Create API key
        </button>
      }
    >
      {isFull && <p class="note">{KEYS_MAX} keys are live, and that is the most. Revoke one to make room.</p>}
      <Region
        resource={keys}
        what="your API keys"
        rows={4}
        isEmpty={(all) => all.length === 0}
        empty={
          <Empty title="No API key yet">
            <p>Create one to make your first call. It takes a name, nothing else.</p>
          </Empty>
        }
      >
        {(all) => (
          <>
            {live.length > 0 && <ActiveKey keys={live} changed={keys.again} />}
            <KeyList keys={all} act={(action, key, opener) => setOpen({ action, key, opener })} />
          </>
        )}
      </Region>
      {open?.action === "create" && (
        <KeyCreateDialog {...open} names={live.map((key) => key.name)} close={close} reveal={reveal} />
      )}
      {open?.action === "rotate" && open.key && (
        <KeyRotateDialog of={open.key} opener={open.opener} close={close} reveal={reveal} />
      )}
      {open?.action === "extend" && open.key && (
        <KeyExtendDialog of={open.key} opener={open.opener} close={close} done={done} />
      )}
      {open?.action === "stop" && open.key && (
        <KeyStopDialog of={open.key} opener={open.opener} close={close} done={done} />
      )}
      {open?.action === "cap" && open.key && (
        <KeyCapDialog of={open.key} opener={open.opener} close={close} done={done} />
      )}
      {open?.action === "revoke" && open.key && (
        <KeyRevokeDialog of={open.key} isLast={live.length === 1} opener={open.opener} close={close} done={done} />
      )}
      {revealed && <KeyRevealDialog {...revealed} done={() => setRevealed(null)} />}
    </Page>
  );
}

function ActiveKey({ keys, changed }: { keys: ApiKey[]; changed: () => void }) {
  const { fault, isSending, run } = useSending();
  const chosen = keys.find((key) => key.is_active_key);
  const choose = (id: string) => {
    if (!id) return;
    run(async () => {
      await send("POST", `/user/me/api-keys/${encodeURIComponent(id)}/activate`);
      changed();
    });
  };
  return (
    <div class="active-key">
      <SelectField
        label="Active key"
        value={chosen?.id ?? ""}
        disabled={isSending}
        onValue={choose}
        hint="The playground calls with it. Your other keys work as before."
        choices={[
          ...(chosen ? [] : [{ value: "", label: "None" }]),
          ...keys.map((key) => ({ value: key.id, label: `${nameOf(key)} (${key.masked_key})` })),
        ]}
      />
      {fault && <FaultNote fault={fault} title="The active key is as before." />}
    </div>
  );
}
