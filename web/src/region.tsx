// A part of a page that shows loaded data, in one of four states: loading, empty, error, ok.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Fault } from "./fault";
import { plural } from "./format";
import type { Resource } from "./resource";
import { signInAddress } from "./signed_out";

const SKELETON_DELAY_MS = 150; // what comes sooner needs no announcement

interface RegionProps<T> {
  resource: Resource<T>;
  what: string; // as in "Could not load <what>."
  rows?: number;
  isEmpty?: (value: T) => boolean;
  empty?: ComponentChildren;
  children: (value: T) => ComponentChildren;
}

export function Region<T>({ resource, what, rows = 3, isEmpty, empty, children }: RegionProps<T>) {
  const { value, fault, isLoading, again } = resource;
  const isSlow = useSlow(isLoading);
  const shown = value !== undefined && (!fault || fault.isSignedOut);
  return (
    <div class={`region${shown && isSlow ? " is-old" : ""}`} aria-busy={isLoading}>
      <div role="status">
        {isLoading && isSlow && <span class="unseen">Loading {what}…</span>}
        {isLoading && isSlow && !shown && <Skeleton rows={rows} />}
      </div>
      {fault?.isSignedOut && !shown && !isLoading && <p class="quiet">Sign in again to see {what}.</p>}
      {fault && !fault.isSignedOut && !shown && !isLoading && (
        <FaultNote fault={fault} title={`Could not load ${what}.`} again={again} />
      )}
      {shown && (isEmpty?.(value) ? empty : children(value))}
    </div>
  );
}

function useSlow(isLoading: boolean): boolean {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!isLoading) return undefined;
    const timer = setTimeout(() => setSlow(true), SKELETON_DELAY_MS);
    return () => clearTimeout(timer);
  }, [isLoading]);
  return isSlow;
}

function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} />
      ))}
    </div>
  );
}

interface FaultNoteProps {
  fault: Fault;
  title: string;
  again?: () => void;
}

export function FaultNote({ fault, title, again }: FaultNoteProps) {
  if (fault.isSignedOut) return <SignedOutNote />;
  return (
    <div class="note is-bad" role="alert">
      <p>
        <strong>{title}</strong> {fault.message}
        {fault.retryAfterS ? ` Try again in ${plural(fault.retryAfterS, "second")}.` : ""}
      </p>
      {fault.requestId && (
        <p class="quiet small">
          Request id <code>{fault.requestId}</code>
        </p>
      )}
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

export function SignedOutNote() {
  return (
    <div class="note is-warning" role="alert">
      <p>
        <strong>Signed out.</strong> <a href={signInAddress()}>Sign in again</a> and you come back to this page.
      </p>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}
