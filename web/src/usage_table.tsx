// The chart's numbers as a table, and as CSV.
import type { Cell } from "./csv";
import { count, isoDay, startOfDay, weekday } from "./format";
import { creditsOf, totalsOf, type Day, type Series } from "./usage_days";

interface UsageTableProps {
  days: Day[];
  series: Series[];
  now: number;
}

const upToToday = (days: Day[], now: number): Day[] => days.filter((day) => day.at <= startOfDay(now));

export function UsageTable({ days, series, now }: UsageTableProps) {
  const used = upToToday(days, now).filter((day) => day.requests > 0 || day.refused > 0);
  const sum = totalsOf(used);
  const names = series.length > 1 ? series : [];
  const cell = (label: string, value: number) => (
    <td key={label} data-label={label} class="number">
      <span>{count(value)}</span>
    </td>
  );
  return (
    <table class="cards usage-table">
      <caption>Usage by day; days without a call are left out</caption>
      <thead>
        <tr>
          <th scope="col">Day</th>
          <th scope="col" class="number">
            Credits
          </th>
          {names.map((one) => (
            <th key={one.id} scope="col" class="number">
              {one.name}
            </th>
          ))}
          <th scope="col" class="number">
            Calls
          </th>
          <th scope="col" class="number">
            Charged
          </th>
          <th scope="col" class="number">
            Refused
          </th>
        </tr>
      </thead>
      <tbody>
        {used.map((day) => (
          <tr key={day.at}>
            <th scope="row">{weekday(day.at)}</th>
            {cell("Credits", day.credits)}
            {names.map((one) => (
              <td key={one.id} data-label={one.name} class="number">
                <span>{count(creditsOf(day, one, series))}</span>
              </td>
            ))}
            {cell("Calls", day.requests)}
            {cell("Charged", day.charged)}
            {cell("Refused", day.refused)}
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Total</th>
          {cell("Credits", sum.credits)}
          {names.map((one) => (
            <td key={one.id} data-label={one.name} class="number">
              <span>{count(one.credits)}</span>
            </td>
          ))}
          {cell("Calls", sum.requests)}
          {cell("Charged", sum.charged)}
          {cell("Refused", sum.refused)}
        </tr>
      </tfoot>
    </table>
  );
}

export function usageRows(days: Day[], series: Series[], now: number): Cell[][] {
  return [
    ["day", "credits", ...series.map((one) => one.name), "calls", "charged", "refused"],
    ...upToToday(days, now).map((day) => [
      isoDay(day.at),
      day.credits,
      ...series.map((one) => creditsOf(day, one, series)),
      day.requests,
      day.charged,
      day.refused,
    ]),
  ];
}
