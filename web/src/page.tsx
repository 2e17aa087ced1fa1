// The frame of one page's content: its title, what it is for, and what can be done at once.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

interface PageProps {
  title: string;
  heading?: ComponentChildren;
  lead?: ComponentChildren;
  action?: ComponentChildren;
  children: ComponentChildren;
}

export function Page({ title, heading, lead, action, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · trendgate`;
  }, [title]);
  return (
    <>
      <div class="opening">
        <div>
          <h1 tabIndex={-1}>{heading ?? title}</h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {action && <div class="opening-action">{action}</div>}
      </div>
      {children}
    </>
  );
}

interface SectionProps {
  title: string;
  lead?: ComponentChildren;
  action?: ComponentChildren;
  children: ComponentChildren;
}

export function Section({ title, lead, action, children }: SectionProps) {
  return (
    <section class="section">
      <div class="section-top">
        <h2>{title}</h2>
        {action}
      </div>
      {lead && <p class="quiet">{lead}</p>}
      {children}
    </section>
  );
}
