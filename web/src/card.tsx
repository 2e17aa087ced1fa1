// A figure that matters, with what it is measured against.
import type { ComponentChildren } from "preact";

interface CardProps {
  title: string;
  value: ComponentChildren;
  of?: ComponentChildren;
  share?: number | undefined; // 0 to 1, drawn as a bar
  children?: ComponentChildren;
}

export function Card({ title, value, of, share, children }: CardProps) {
  return (
    <section class="card figure">
      <h2>{title}</h2>
      <p class="figure-value">
        {value}
        {of && <span class="figure-of"> {of}</span>}
      </p>
      {share !== undefined && <Share of={share} />}
      {children && <p class="small quiet">{children}</p>}
    </section>
  );
}

function Share({ of: share }: { of: number }) {
  const part = Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0));
  return (
    <svg class={part >= 0.9 ? "share is-high" : "share"} width="100%" height="6" aria-hidden="true">
      <rect class="share-ground" width="100%" height="6" rx="3" />
      {part > 0 && <rect class="share-part" width={`${Math.max(1, part * 100)}%`} height="6" rx="3" />}
    </svg>
  );
}
