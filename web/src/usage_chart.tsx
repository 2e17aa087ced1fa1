// Credits by day, stacked by key. One tab stop; the arrow keys read a day at a time.
import type { TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import { compact, count, dayOfMonth, startOfDay, weekday } from "./format";
import { creditsOf, type Day, type Series } from "./usage_days";
import { ticks, useWidth } from "./width";

const HEIGHT = 260;
const LEFT = 46;
const RIGHT = 8;
const TOP = 16;
const BOTTOM = 28;
const CAP_REACH = 2.5; // a cap that is further above the bars would squash them

interface UsageChartProps {
  days: Day[];
  series: Series[];
  mean: number | undefined; // of the days to come, where they are projected
  now: number;
}

export function UsageChart({ days, series, mean, now }: UsageChartProps) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const [chosen, setChosen] = useState<number | null>(null);
  const today = startOfDay(now);
  const past = days.filter((day) => day.at <= today).length;
  const highest = Math.max(1, mean ?? 0, ...days.map((day) => day.credits));
  const cap = Math.max(0, ...days.map((day) => day.cap));
  const isCapNear = cap > 0 && (cap <= highest * CAP_REACH || highest === 1);
  const marks = ticks(isCapNear ? Math.max(cap, highest) : highest);
  const most = marks[marks.length - 1] ?? 1;
  const step = (width - LEFT - RIGHT) / Math.max(1, days.length);
  const down = (credits: number) => TOP + (1 - credits / most) * (HEIGHT - TOP - BOTTOM);
  const current = chosen === null ? undefined : days[chosen];
  const move = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const at = chosen ?? past;
    const steps: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: past - 1 };
    const next = steps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setChosen(Math.max(0, Math.min(past - 1, next)));
  };
  return (
    <>
      <Legend series={series} hasProjection={mean !== undefined && past < days.length} />
      {cap > 0 && !isCapNear && <p class="small quiet">Daily cap {count(cap)} (above this chart)</p>}
      <div
        class="chart"
        ref={frame}
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label="Credits by day. Left and right arrow keys read the days."
        onKeyDown={move}
      >
        {width > 0 && (
          <svg width={width} height={HEIGHT} aria-hidden="true">
            {marks.map((mark) => (
              <g key={mark}>
                <line class="grid" x1={LEFT} x2={width - RIGHT} y1={down(mark)} y2={down(mark)} />
                <text x={LEFT - 8} y={down(mark) + 4} text-anchor="end">
                  {compact(mark)}
                </text>
              </g>
            ))}
            {days.map((day, at) => (
              <g key={day.at} onPointerEnter={() => at < past && setChosen(at)}>
                <rect
                  class={at === chosen ? "reach is-chosen" : "reach"}
                  x={LEFT + at * step}
                  y={TOP}
                  width={step}
                  height={HEIGHT - TOP - BOTTOM}
                />
                {at < past ? (
                  <Stack day={day} series={series} x={LEFT + at * step} step={step} down={down} />
                ) : (
                  mean !== undefined &&
                  mean > 0 && <Projected x={LEFT + at * step} step={step} top={down(mean)} bottom={down(0)} />
                )}
              </g>
            ))}
            {isCapNear && <CapLine days={days} step={step} down={down} />}
            <DayNames days={days} step={step} />
          </svg>
        )}
      </div>
      <p class="readout" aria-live="polite">
        {current ? dayWords(current, series) : <span class="quiet">Point at a day, or use the arrow keys.</span>}
      </p>
    </>
  );
}

const inset = (step: number): number => Math.min(4, step * 0.15);

function dayWords(day: Day, series: Series[]): string {
  const parts = series
    .map((one) => ({ name: one.name, credits: creditsOf(day, one, series) }))
    .filter(({ credits }) => credits > 0);
  const each =
    parts.length > 1 ? `: ${parts.map(({ name, credits }) => `${name} ${count(credits)}`).join(", ")}` : "";
  return `${weekday(day.at)}, ${count(day.credits)} credits${each}. ${count(day.requests)} calls, ${count(day.refused)} refused.`;
}

const seriesClass = (series: Series): string => `series colour-${series.colour ?? "other"}`;

function Legend({ series, hasProjection }: { series: Series[]; hasProjection: boolean }) {
  if (series.length === 0) return null;
  return (
    <ul class="legend">
      {series.map((one) => (
        <li key={one.id}>
          <svg width="12" height="12" aria-hidden="true">
            <rect class={seriesClass(one)} width="12" height="12" rx="3" />
          </svg>
          <span>{one.name}</span> <span class="quiet">{count(one.credits)}</span>
        </li>
      ))}
      {hasProjection && (
        <li>
          <svg width="12" height="12" aria-hidden="true">
            <rect class="projected" x="0.5" y="0.5" width="11" height="11" rx="2" />
          </svg>{" "}
          Projected
        </li>
      )}
    </ul>
  );
}

interface StackProps {
  day: Day;
  series: Series[];
  x: number;
  step: number;
  down: (credits: number) => number;
}

function Stack({ day, series, x, step, down }: StackProps) {
  let below = 0;
  return (
    <>
      {series.map((one) => {
        const credits = creditsOf(day, one, series);
        if (credits <= 0) return null;
        const top = down(below + credits);
        const height = down(below) - top;
        below += credits;
        return (
          <rect
            key={one.id}
            class={seriesClass(one)}
            x={x + inset(step)}
            y={top}
            width={Math.max(1, step - 2 * inset(step))}
            height={height}
          />
        );
      })}
    </>
  );
}

// A dashed bar; where bars are thin, their dashes would run into one another.
function Projected({ x, step, top, bottom }: { x: number; step: number; top: number; bottom: number }) {
  if (step < 14) return <line class="projected" x1={x} x2={x + step} y1={top} y2={top} />;
  return (
    <rect
      class="projected"
      x={x + inset(step) + 0.5}
      y={top + 0.5}
      width={step - 2 * inset(step) - 1}
      height={Math.max(0, bottom - top - 0.5)}
    />
  );
}

// The daily cap of the plan on each day: a step where it changed.
function CapLine({ days, step, down }: { days: Day[]; step: number; down: (credits: number) => number }) {
  const capped = days.map((day, at) => ({ at, cap: day.cap })).filter(({ cap }) => cap > 0);
  const last = capped[capped.length - 1];
  const first = capped[0];
  if (!first || !last) return null;
  const points = capped
    .flatMap(({ at, cap }) => [`${LEFT + at * step},${down(cap)}`, `${LEFT + (at + 1) * step},${down(cap)}`])
    .join(" ");
  return (
    <>
      <polyline class="cap" points={points} />
      <text class="cap-name" x={LEFT + 4 + first.at * step} y={down(first.cap) - 5}>
        Daily cap {count(last.cap)}
      </text>
    </>
  );
}

const NAME_WIDTH = 52;

function DayNames({ days, step }: { days: Day[]; step: number }) {
  const every = Math.max(1, Math.ceil(NAME_WIDTH / step));
  return (
    <>
      {days.map((day, at) =>
        at % every === 0 && (days.length - at) * step >= NAME_WIDTH * 0.8 ? (
          <text key={day.at} x={LEFT + at * step + inset(step)} y={HEIGHT - 8}>
            {dayOfMonth(day.at)}
          </text>
        ) : null,
      )}
    </>
  );
}
