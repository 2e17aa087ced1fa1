// JSON as a tree whose branches are made when they are opened.
import { useState } from "preact/hooks";

const OPEN_DEPTH = 3; // code, data, its data: the list itself is a click away
const OPEN_ITEMS = 12;

export function JsonTree({ value }: { value: unknown }) {
  return (
    <div class="tree">
      <Node name={null} value={value} depth={0} />
    </div>
  );
}

function Node({ name, value, depth }: { name: string | null; value: unknown; depth: number }) {
  if (typeof value === "object" && value !== null) return <Branch name={name} value={value} depth={depth} />;
  const kind = value === null ? "null" : typeof value;
  return (
    <div class="leaf">
      {name !== null && <Name of={name} />}
      <span class={`json-${kind}`}>{JSON.stringify(value)}</span>
    </div>
  );
}

function Branch({ name, value, depth }: { name: string | null; value: object; depth: number }) {
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH && entries.length <= OPEN_ITEMS);
  const size = isList ? `[${entries.length}]` : `{${entries.length}}`;
  if (entries.length === 0)
    return (
      <div class="leaf">
        {name !== null && <Name of={name} />}
        {isList ? "[]" : "{}"}
      </div>
    );
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {name === null ? "Answer " : <Name of={name} />}
        <span class="quiet">{size}</span>
      </summary>
      {isOpen && entries.map(([key, child]) => <Node key={key} name={key} value={child} depth={depth + 1} />)}
    </details>
  );
}

const Name = ({ of: name }: { of: string }) => <span class="json-name">{name}: </span>;
