// How a rank moved since the list before: an arrow for the eye, words for the ear.

export function changeWords(type: number, places: number): string {
  switch (type) {
    case 1:
      return `up ${places}`;
    case 3:
      return `down ${places}`;
    case 4:
      return "new on the list";
    default:
      return "unchanged";
  }
}

export function RankChange({ type, places }: { type: number; places: number }) {
  const kind = type === 1 ? "up" : type === 3 ? "down" : type === 4 ? "new" : "same";
  const sign = { up: `▲ ${places}`, down: `▼ ${places}`, new: "New", same: "–" }[kind];
  return (
    <span class={`change is-${kind}`}>
      <span aria-hidden="true">{sign}</span>
      <span class="unseen">{changeWords(type, places)}</span>
    </span>
  );
}
