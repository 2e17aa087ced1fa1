// Addresses under /console/ on the history API.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

const BASE = "/console/";
const watchers = new Set<() => void>();
let shown = location.href;
let mayLeave: () => boolean = () => true;

function tell(): void {
  shown = location.href;
  for (const watcher of watchers) watcher();
}

addEventListener("popstate", () => {
  if (mayLeave()) tell();
  else history.pushState(null, "", shown);
});

export function navigate(address: string, isReplacing = false): void {
  if (!mayLeave() || new URL(address, location.href).href === shown) return;
  if (isReplacing) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  tell();
}

// While this is mounted, neither Back nor a closed tab takes the page away unasked.
export function useStaying(): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    mayLeave = () => false;
    addEventListener("beforeunload", ask);
    return () => {
      mayLeave = () => true;
      removeEventListener("beforeunload", ask);
    };
  }, []);
}

export interface Place {
  words: string[]; // of the path below /console/, decoded
  query: URLSearchParams;
}

function placeOf(address: string): Place {
  const url = new URL(address);
  const rest = url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : "";
  try {
    const words = rest
      .split("/")
      .filter((word) => word !== "")
      .map(decodeURIComponent);
    return { words, query: url.searchParams };
  } catch {
    return { words: ["", rest], query: url.searchParams }; // a broken escape is no page of ours
  }
}

export function usePlace(): Place {
  const [address, setAddress] = useState(shown);
  useEffect(() => {
    const watcher = () => setAddress(shown);
    watchers.add(watcher);
    watcher();
    return () => void watchers.delete(watcher);
  }, []);
  return placeOf(address);
}

// The same page with some parameters changed; undefined and "" take one out.
export function withQuery(query: URLSearchParams, changes: Record<string, string | undefined>): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const text = next.toString();
  return location.pathname + (text ? `?${text}` : "");
}

interface LinkProps {
  href: string;
  class?: string;
  "aria-current"?: "page" | undefined;
  children: ComponentChildren;
}

export function Link({ href, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    navigate(href);
  };
  return (
    <a {...rest} href={href} onClick={follow}>
      {children}
    </a>
  );
}
