// Rank by capture: best at the top, a point a capture, no line over days that it was not listed.
import { useState } from "preact/hooks";
import type { TargetedKeyboardEvent } from "preact";
import type { Appearance } from "./api_types";
import { DAY, dayOfMonth, moment } from "./format";
import { ticks, useWidth } from "./width";

const HEIGHT = 240;
const LEFT = 40;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 28;

export function RankChart({ appearances }: { appearances: Appearance[] }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const [chosen, setChosen] = useState<number | null>(null);
  const times = appearances.map((one) => Date.parse(one.captured_at));
  const first = times[0] ?? 0;
  const last = times[times.length - 1] ?? first;
  const worst = Math.max(...appearances.map((one) => one.rank));
  const marks = ticks(worst);
  const most = marks[marks.length - 1] ?? worst;
  const across = (time: number) =>
    LEFT + (last === first ? 0.5 : (time - first) / (last - first)) * (width - LEFT - RIGHT);
  const down = (rank: number) => TOP + ((rank - 1) / Math.max(1, most - 1)) * (HEIGHT - TOP - BOTTOM);
  const current = chosen === null ? undefined : appearances[chosen];
  const move = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const at = chosen ?? appearances.length;
    const steps: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      Home: 0,
      End: appearances.length - 1,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    setChosen(Math.max(0, Math.min(appearances.length - 1, step)));
  };
  return (
    <>
      <div
        class="chart"
        ref={frame}
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label="Rank by capture. Left and right arrow keys read the captures."
        onKeyDown={move}
      >
        {width > 0 && (
          <svg width={width} height={HEIGHT} aria-hidden="true">
            {marks
              .map((mark) => Math.max(1, mark))
              .map((rank) => (
                <g key={rank}>
                  <line class="grid" x1={LEFT} x2={width - RIGHT} y1={down(rank)} y2={down(rank)} />
                  <text x={LEFT - 8} y={down(rank) + 4} text-anchor="end">
                    {rank}
                  </text>
                </g>
              ))}
            {runs(appearances, times).map((run) => (
              <polyline
                key={run[0]}
                class="line"
                points={run
                  .map(
                    (at) => `${across(times[at] ?? 0).toFixed(1)},${down(appearances[at]?.rank ?? 1).toFixed(1)}`,
                  )
                  .join(" ")}
              />
            ))}
            {appearances.map((one, at) => (
              <circle
                key={one.captured_at}
                class={at === chosen ? "point is-chosen" : "point"}
                cx={across(times[at] ?? 0)}
                cy={down(one.rank)}
                r={at === chosen ? 6 : 3.5}
                onPointerEnter={() => setChosen(at)}
              />
            ))}
            <text x={LEFT} y={HEIGHT - 6}>
              {dayOfMonth(first)}
            </text>
            {last > first && (
              <text x={width - RIGHT} y={HEIGHT - 6} text-anchor="end">
                {dayOfMonth(last)}
              </text>
            )}
          </svg>
        )}
      </div>
      <p class="readout" aria-live="polite">
        {current ? (
          `Rank ${current.rank} on ${moment(current.captured_at)}`
        ) : (
          <span class="quiet">Rank 1 is at the top. Point at a capture, or use the arrow keys.</span>
        )}
      </p>
    </>
  );
}

// Captures that follow each other closely, by their places; a gap of days ends a run.
function runs(appearances: Appearance[], times: number[]): number[][] {
  const found: number[][] = [];
  appearances.forEach((_, at) => {
    const before = times[at - 1];
    const isNear = before !== undefined && (times[at] ?? 0) - before <= 2 * DAY;
    const run = found[found.length - 1];
    if (isNear && run) run.push(at);
    else found.push([at]);
  });
  return found;
}
