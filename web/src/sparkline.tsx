// A hashtag's trend as a small line; neutral, because colour is for the rank change alone.

const WIDTH = 88;
const HEIGHT = 24;
const EDGE = 2;

export function Sparkline({ points }: { points: { time: number; value: number }[] }) {
  const first = points[0];
  const last = points[points.length - 1];
  if (!first || !last || points.length < 2) return <span class="quiet">—</span>;
  const across = (time: number) =>
    EDGE + ((time - first.time) / (last.time - first.time || 1)) * (WIDTH - 2 * EDGE);
  const down = (value: number) => HEIGHT - EDGE - value * (HEIGHT - 2 * EDGE);
  const line = points.map(({ time, value }) => `${across(time).toFixed(1)},${down(value).toFixed(1)}`).join(" ");
  const percent = (value: number) => Math.round(value * 100);
  return (
    <svg
      class="sparkline"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Trend from ${percent(first.value)} to ${percent(last.value)} percent of its peak`}
    >
      <polyline points={line} />
    </svg>
  );
}
