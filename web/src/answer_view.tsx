// What came back for a call: status, time, the headers that matter, and the body in three views.
import { useState } from "preact/hooks";
import type { PlaygroundAnswer } from "./api_types";
import { CopyButton } from "./copy_button";
import { plural } from "./format";
import { JsonTable, tableIn } from "./json_table";
import { JsonTree } from "./json_tree";
import { Tabs } from "./tabs";

const TOLD =
  /^(x-credits-|x-charge-id$|ratelimit|x-ratelimit-|retry-after$|x-request-id$|x-trend-|x-key-stops-at$)/;
const WORDS: Record<number, string> = {
  200: "OK",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export const statusKind = (status: number): string =>
  status < 400 ? "active" : status < 500 ? "grace" : "revoked";

export const headerOf = (answer: PlaygroundAnswer, name: string): string | undefined =>
  answer.headers.find(([known]) => known.toLowerCase() === name)?.[1];

export function AnswerView({ answer }: { answer: PlaygroundAnswer }) {
  const charged = Number(headerOf(answer, "x-credits-charged") ?? 0);
  return (
    <section class="card answer" aria-label="Answer">
      <p class="answer-top" role="status">
        <span class={`status is-${statusKind(answer.status)}`}>
          {answer.status} {WORDS[answer.status] ?? ""}
        </span>
        <span>{answer.time_ms} ms</span>
        <strong>{charged > 0 ? `${plural(charged, "credit")} charged` : "Not charged"}</strong>
      </p>
      <p class="small answer-path">
        <code>
          {answer.method} {answer.path}
        </code>
      </p>
      <Headers answer={answer} />
      <Body text={answer.body} />
    </section>
  );
}

function Headers({ answer }: { answer: PlaygroundAnswer }) {
  const told = answer.headers.filter(([name]) => TOLD.test(name.toLowerCase()));
  const others = answer.headers.filter((header) => !told.includes(header));
  const list = (headers: [string, string][]) => (
    <dl class="headers">
      {headers.map(([name, value]) => (
        <div key={name}>
          <dt>{name.toLowerCase()}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
  return (
    <>
      {list(told)}
      {others.length > 0 && (
        <details class="fold">
          <summary>All headers ({answer.headers.length})</summary>
          {list(others)}
        </details>
      )}
    </>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function Body({ text }: { text: string }) {
  const value = parsed(text);
  const rows = tableIn(value);
  const names = [...(value === undefined ? [] : ["Tree"]), "Raw", ...(rows ? ["Table"] : [])];
  const [chosen, setChosen] = useState("Tree");
  const shown = names.includes(chosen) ? chosen : (names[0] ?? "Raw");
  return (
    <div class="body">
      <Tabs label="Body" names={names} chosen={shown} onChoice={setChosen}>
        {shown === "Tree" && <JsonTree value={value} />}
        {shown === "Raw" && <Raw text={text} />}
        {shown === "Table" && rows && <JsonTable rows={rows} />}
      </Tabs>
    </div>
  );
}

function Raw({ text }: { text: string }) {
  return (
    <>
      <CopyButton label="Copy body" text={text} />
      <pre class="raw">
        <code>{text}</code>
      </pre>
    </>
  );
}
