// The list inside an answer as a table: a column for each simple field.

type Row = Record<string, unknown>;

const isRow = (value: unknown): value is Row =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// The first list of objects, looked for from the outside in.
export function tableIn(value: unknown): Row[] | undefined {
  let level: unknown[] = [value];
  while (level.length > 0) {
    const found = level.find((one): one is Row[] => Array.isArray(one) && one.length > 0 && one.every(isRow));
    if (found) return found;
    level = level.flatMap((one) => (isRow(one) ? Object.values(one) : []));
  }
  return undefined;
}

// Of an object its value or name, if it has one; lists stay out.
function cellOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return undefined;
  if (isRow(value)) return cellOf(value["value"] ?? value["name"]);
  return value === undefined || value === null ? undefined : String(value);
}

export function JsonTable({ rows }: { rows: Row[] }) {
  const names = [
    ...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => cellOf(row[name]) !== undefined))),
  ];
  return (
    <table class="cards json-table">
      <caption>The list in the answer</caption>
      <thead>
        <tr>
          {names.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={at}>
            {names.map((name) => (
              <td key={name} data-label={name}>
                <span>{cellOf(row[name]) ?? "—"}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
