// The table of keys; those that work no more are folded away below it.
import type { ApiKey } from "./api_types";
import { count, day } from "./format";
import { KeyStatus, capWords, isLive, nameOf } from "./key_status";
import { Ago } from "./time";

export type KeyAction = "rotate" | "extend" | "stop" | "cap" | "revoke";
type Act = (action: KeyAction, key: ApiKey, opener: HTMLElement) => void;

export function KeyList({ keys, act }: { keys: ApiKey[]; act: Act }) {
  const ended = keys.filter((key) => !isLive(key));
  const live = keys.filter(isLive);
  return (
    <>
      {live.length > 0 ? (
        <KeyTable caption="API keys that work" keys={live} act={act} />
      ) : (
        <p class="note">No key works at the moment: calls are refused with 401 until you create one.</p>
      )}
      {ended.length > 0 && (
        <details class="fold">
          <summary>Revoked and expired ({ended.length})</summary>
          <KeyTable caption="Revoked and expired API keys" keys={ended} />
        </details>
      )}
    </>
  );
}

function KeyTable({ caption, keys, act }: { caption: string; keys: ApiKey[]; act?: Act }) {
  return (
    <table class="cards">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Status</th>
          <th scope="col">Created</th>
          <th scope="col">Last used</th>
          <th scope="col" class="number">
            Credits this billing period
          </th>
          {act && (
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <KeyRow key={key.id} of={key} act={act} />
        ))}
      </tbody>
    </table>
  );
}

function KeyRow({ of: key, act }: { of: ApiKey; act: Act | undefined }) {
  return (
    <tr>
      <th scope="row">
        <span class="key-name">{nameOf(key)}</span>
        {key.is_active_key && (
          <>
            {" "}
            <span class="badge">Active key</span>
          </>
        )}
        <code class="masked">{key.masked_key}</code>
      </th>
      <td data-label="Status">
        <span>
          <KeyStatus of={key} />
          {key.status === "active" && key.expires_at && (
            <span class="quiet small line day">until {day(key.expires_at)}</span>
          )}
        </span>
      </td>
      <td data-label="Created">
        <span class="day">{day(key.created_at)}</span>
      </td>
      <td data-label="Last used">
        <span>
          <Ago time={key.last_used_at} />
          {key.last_used_ip && <span class="quiet small line">from {key.last_used_ip}</span>}
        </span>
      </td>
      <td data-label="Credits this billing period" class="number">
        <span>
          {count(key.credits_this_period)}
          <span class="quiet small line day">{capWords(key)}</span>
        </span>
      </td>
      {act && (
        <td class="actions">
          <Actions of={key} act={act} />
        </td>
      )}
    </tr>
  );
}

function Actions({ of: key, act }: { of: ApiKey; act: Act }) {
  const button = (action: KeyAction, word: string) => (
    <button
      type="button"
      class={action === "revoke" || action === "stop" ? "is-danger" : undefined}
      onClick={(event) => act(action, key, event.currentTarget)}
    >
      {word}
      <span class="unseen"> {nameOf(key)}</span>
    </button>
  );
  return (
    <div class="buttons">
      {key.status === "grace" ? (
        <>
          {button("extend", "Extend")}
          {button("stop", "Stop now")}
        </>
      ) : (
        <>
          {button("rotate", "Rotate")}
          {button("cap", "Daily cap")}
          {button("revoke", "Revoke")}
        </>
      )}
    </div>
  );
}
