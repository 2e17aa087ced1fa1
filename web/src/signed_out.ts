// Whether the session is known to be lost; the frame shows it, whoever found out.
import { useEffect, useState } from "preact/hooks";

let isSignedOut = false;
const watchers = new Set<() => void>();

function note(value: boolean): void {
  if (value === isSignedOut) return;
  isSignedOut = value;
  for (const watcher of watchers) watcher();
}

export const noteSignedOut = (): void => note(true);
export const noteSignedIn = (): void => note(false);

export function useSignedOut(): boolean {
  const [value, setValue] = useState(isSignedOut);
  useEffect(() => {
    const watcher = () => setValue(isSignedOut);
    watchers.add(watcher);
    watcher();
    return () => void watchers.delete(watcher);
  }, []);
  return value;
}

// Signing in comes back to the very same address.
export const signInAddress = (): string =>
  `/console/signin?next=${encodeURIComponent(location.pathname + location.search)}`;
