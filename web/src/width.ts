// The measured width of an element, so that charts are drawn at one to one.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export function useWidth<E extends HTMLElement>(): [RefObject<E | null>, number] {
  const element = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const target = element.current;
    if (!target) return undefined;
    const measure = () => setWidth(Math.floor(target.clientWidth));
    const watch = new ResizeObserver(measure);
    watch.observe(target);
    measure();
    return () => watch.disconnect();
  }, []);
  return [element, width];
}

// Round numbers from 0 to at least the most, about four of them.
export function ticks(most: number): number[] {
  const rough = Math.max(1, most) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power);
  const found = [0];
  while ((found[found.length - 1] ?? 0) < most) found.push(found.length * step);
  return found.length > 1 ? found : [0, step];
}
