// Tables as CSV (RFC 4180), safe to open in a spreadsheet.

export type Cell = string | number | boolean | null | undefined;

// A text that a spreadsheet would take for a formula gets a leading '; our own numbers stay numbers.
export function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  const text = String(cell);
  const safe = typeof cell === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csvOf = (rows: Cell[][]): string => rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("");

export function saveCsv(name: string, rows: Cell[][]): void {
  // Spreadsheets take UTF-8 for what it is when it opens with this mark.
  const address = URL.createObjectURL(new Blob(["\ufeff", csvOf(rows)], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 0);
}
