// Something that is loaded: kept while it is loaded anew, asked for again on demand or by the clock.
import { useEffect, useRef, useState } from "preact/hooks";
import { Fault } from "./fault";

export interface Resource<T> {
  value: T | undefined;
  fault: Fault | undefined;
  isLoading: boolean;
  again: () => void;
}

interface Held<T> {
  key: string | null; // what it was loaded for
  value?: T | undefined;
  fault?: Fault | undefined;
  isLoading: boolean;
}

function asFault(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault("The console could not read the server's answer.");
}

// `key` names what is loaded: another one loads anew. `refreshMs` also looks again now and then;
// such a look that fails changes nothing.
export function useResource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  key: string | null,
  refreshMs?: number,
): Resource<T> {
  const [held, setHeld] = useState<Held<T>>({ key, isLoading: key !== null });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    if (key === null) return undefined;
    const stop = new AbortController();
    setHeld((old) => ({ key, value: old.value, isLoading: true }));
    latest.current(stop.signal).then(
      (value) => stop.signal.aborted || setHeld({ key, value, isLoading: false }),
      (error) => {
        if (stop.signal.aborted) return;
        const fault = asFault(error);
        // A page is kept when its session is lost.
        setHeld((old) => ({
          key,
          value: fault.isSignedOut ? old.value : undefined,
          fault,
          isLoading: false,
        }));
      },
    );
    return () => stop.abort();
  }, [key, turn]);

  useEffect(() => {
    if (!refreshMs || key === null) return undefined;
    const stop = new AbortController();
    const look = () => {
      if (document.visibilityState !== "visible") return;
      latest.current(stop.signal).then(
        (value) =>
          stop.signal.aborted || setHeld((old) => (old.isLoading ? old : { key, value, isLoading: false })),
        () => {},
      );
    };
    const timer = setInterval(look, refreshMs);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [key, refreshMs]);

  // From the very moment on that something else is wanted, and not from its effect on.
  const isLoading = key !== null && (held.isLoading || held.key !== key);
  return { value: held.value, fault: held.fault, isLoading, again: () => setTurn((old) => old + 1) };
}

// A change that a form or button sends: one at a time, with the fault of the last try.
export function useSending(): {
  fault: Fault | undefined;
  isSending: boolean;
  run: (work: () => Promise<void>) => void;
  clear: () => void;
} {
  const [state, setState] = useState<{ fault?: Fault | undefined; isSending: boolean }>({ isSending: false });
  const run = (work: () => Promise<void>) => {
    if (state.isSending) return;
    setState({ isSending: true });
    work().then(
      () => setState({ isSending: false }),
      (error) => setState({ fault: asFault(error), isSending: false }),
    );
  };
  return { fault: state.fault, isSending: state.isSending, run, clear: () => setState({ isSending: false }) };
}
