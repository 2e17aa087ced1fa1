// Makes one call of the product with the active key, as a program would, and shows all of its answer.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, getKeys, getLists, send } from "./api";
import type { ApiKey, Billing, PlaygroundAnswer } from "./api_types";
import { AnswerView, headerOf } from "./answer_view";
import { CodeTabs } from "./code_tabs";
import { CopyButton } from "./copy_button";
import { SelectField } from "./field";
import { count, plural } from "./format";
import { isLive, nameOf } from "./key_status";
import type { Operation, Product } from "./openapi";
import { Page, Section } from "./page";
import { ParameterField } from "./parameter_field";
import { useProduct } from "./product";
import { Empty, FaultNote, Region } from "./region";
import { useResource, useSending } from "./resource";
import { Link, navigate, withQuery } from "./router";
import { addCall, lastCalls, type Call } from "./last_calls";
import { LastCalls } from "./last_calls_list";

export function PlaygroundPage({ query }: { query: URLSearchParams }) {
  const product = useProduct();
  return (
    <Page title="Playground" lead="Make a call and see what your programs get. It is metered like any other call.">
      <Region
        resource={product}
        what="the API's description"
        rows={6}
        isEmpty={(found) => found.operations.length === 0}
        empty={<Empty title="The API has no endpoint to call" />}
      >
        {(found) => <Bench product={found} query={query} />}
      </Region>
    </Page>
  );
}

function chosenValues(operation: Operation, query: URLSearchParams): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name } of operation.parameters) {
    const value = query.get(name);
    if (value) values[name] = value;
  }
  return values;
}

function Bench({ product, query }: { product: Product; query: URLSearchParams }) {
  const operation = product.operations.find(({ id }) => id === query.get("operation")) ?? product.operations[0];
  const keys = useResource(getKeys, "keys");
  const billing = useResource((signal) => get<Billing>("/billing/me", signal), "billing");
  const lists = useResource(getLists, "lists");
  const [calls, setCalls] = useState<Call[]>(lastCalls);
  const [shown, setShown] = useState<Call | null>(null);
  const { fault, isSending, run, clear } = useSending();
  const outcome = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The form is long: where the answer came above or below what is in sight, it is brought there.
    const top = outcome.current?.getBoundingClientRect().top ?? 0;
    if ((shown || fault) && (top < 0 || top > innerHeight * 0.7)) outcome.current?.scrollIntoView();
  }, [shown, fault]);
  if (!operation) return null;
  const values = chosenValues(operation, query);
  const key = keys.value?.find((one) => one.is_active_key && isLive(one));
  const choose = (id: string) => {
    clear();
    setShown(null);
    navigate(`/console/playground?operation=${encodeURIComponent(id)}`);
  };
  const set = (name: string) => (value: string) =>
    navigate(withQuery(query, { operation: operation.id, [name]: value || undefined }), true);
  const call = (event: Event) => {
    event.preventDefault();
    run(async () => {
      const answer = await send<PlaygroundAnswer>("POST", "/console/playground", {
        operation_id: operation.id,
        parameters: values,
      });
      const made: Call = { at: Date.now(), operation: operation.id, values, answer };
      setCalls(addCall(made));
      setShown(made);
    });
  };
  const left = creditsLeft(shown?.answer, billing.value);
  return (
    <>
      <div class="bench">
        <form class="card" onSubmit={call} aria-label="Call">
          <SelectField
            label="Endpoint"
            value={operation.id}
            onValue={choose}
            choices={product.operations.map(({ id, summary }) => ({ value: id, label: summary }))}
          />
          <p class="path">
            <span class="method">{operation.method}</span> <code>{operation.path}</code>
          </p>
          {operation.parameters.map((parameter) => (
            <ParameterField
              key={`${operation.id} ${parameter.name}`}
              of={parameter}
              value={values[parameter.name] ?? ""}
              onValue={set(parameter.name)}
              lists={lists.value}
            />
          ))}
          <div class="send">
            <KeyLine resource={keys} active={key} />
            <button type="submit" class="primary" disabled={!key || isSending}>
              {isSending ? "Sending…" : "Send"}
            </button>
            <span class="quiet small">
              {operation.credits === 0 ? "Free" : plural(operation.credits, "credit")}
              {left !== undefined && ` · ${count(left)} left`}
            </span>
            <CopyButton
              label="Copy link"
              text={new URL(withQuery(query, { operation: operation.id }), location.href).href}
            />
          </div>
        </form>
        <div ref={outcome}>
          {fault && <CallFault fault={fault} />}
          {shown ? (
            <AnswerView answer={shown.answer} />
          ) : (
            !fault && (
              <Empty title="The answer comes here">
                <p>Status, headers and body of the call, and what it cost.</p>
              </Empty>
            )
          )}
        </div>
      </div>
      <Section
        title="The same call in code"
        lead={
          <>
            Put your key into the environment variable <code>TRENDGATE_API_KEY</code> first.
          </>
        }
      >
        <CodeTabs server={product.server} operation={operation} values={values} />
      </Section>
      <Section title="Last calls">
        <LastCalls
          calls={calls}
          shown={shown}
          show={(made) => {
            clear();
            setShown(made);
            navigate(`/console/playground?${new URLSearchParams({ operation: made.operation, ...made.values })}`);
          }}
        />
      </Section>
    </>
  );
}

function creditsLeft(answer: PlaygroundAnswer | undefined, billing: Billing | undefined): number | undefined {
  const told = answer && headerOf(answer, "x-credits-remaining");
  return told === undefined ? billing?.credits_remaining : Number(told);
}

function CallFault({ fault }: { fault: Parameters<typeof FaultNote>[0]["fault"] }) {
  if (fault.reason !== "no_active_key")
    return <FaultNote fault={fault} title="No call was made, nothing was charged." />;
  return (
    <div class="note is-bad" role="alert">
      <p>
        <strong>There is no active key.</strong> <Link href="/console/keys">Choose or create one</Link>, then send
        again.
      </p>
    </div>
  );
}

function KeyLine({
  resource,
  active,
}: {
  resource: Parameters<typeof Region<ApiKey[]>>[0]["resource"];
  active: ApiKey | undefined;
}) {
  return (
    <Region resource={resource} what="your API keys" rows={1}>
      {(keys) =>
        active ? (
          <p class="small">
            Calls with your active key <strong>{nameOf(active)}</strong> <code>{active.masked_key}</code>.{" "}
            <Link href="/console/keys">Change</Link>
          </p>
        ) : (
          <p class="note">
            {keys.some(isLive) ? "No key is the active key: " : "You have no key that works: "}
            <Link href="/console/keys">{keys.some(isLive) ? "choose one" : "Create key"}</Link>
          </p>
        )
      }
    </Region>
  );
}
