// The playground's last calls, each of which can be looked at again.
import { headerOf, statusKind } from "./answer_view";
import { clock } from "./format";
import type { Call } from "./last_calls";

interface LastCallsProps {
  calls: Call[];
  shown: Call | null;
  show: (call: Call) => void;
}

export function LastCalls({ calls, shown, show }: LastCallsProps) {
  if (calls.length === 0)
    return <p class="quiet">None since you opened the console. The last ten are kept until you leave it.</p>;
  return (
    <table class="cards">
      <caption>Last calls, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Call</th>
          <th scope="col">Status</th>
          <th scope="col">At</th>
          <th scope="col" class="number">
            Time
          </th>
          <th scope="col" class="number">
            Credits
          </th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <tr key={call.at}>
            <th scope="row">
              <code>{call.answer.path}</code>
            </th>
            <td data-label="Status">
              <span class={`status is-${statusKind(call.answer.status)}`}>{call.answer.status}</span>
            </td>
            <td data-label="At">
              <span>{clock(call.at)}</span>
            </td>
            <td data-label="Time" class="number">
              <span>{call.answer.time_ms} ms</span>
            </td>
            <td data-label="Credits" class="number">
              <span>{headerOf(call.answer, "x-credits-charged") ?? "0"}</span>
            </td>
            <td class="actions">
              <button type="button" aria-pressed={call === shown} onClick={() => show(call)}>
                Show<span class="unseen"> call at {clock(call.at)}</span>
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
