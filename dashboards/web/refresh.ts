/**
 * When to fetch the views again: soon after opinions arrived (a burst of them is one refresh), at once on a change of
 * alerts, and each minute because the span moves on even in silence. Paused means none of these.
 */
import { useEffect, useRef, useState } from 'preact/hooks';

const BURST_MS = 2_500;
const SILENCE_MS = 60_000;

export interface Refresh {
  /** Changes with each refresh. */
  readonly version: number;
  soon(): void;
  now(): void;
}

export function useRefresh(paused: boolean): Refresh {
  const [version, setVersion] = useState(0);
  const planned = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [control] = useState(() => ({
    soon() {
      planned.current ??= setTimeout(() => control.now(), BURST_MS);
    },
    now() {
      clearTimeout(planned.current);
      planned.current = undefined;
      setVersion((before) => before + 1);
    },
  }));
  useEffect(() => {
    if (paused) {
      clearTimeout(planned.current);
      planned.current = undefined;
      return undefined;
    }
    const silence = setInterval(() => control.now(), SILENCE_MS);
    return () => clearInterval(silence);
  }, [paused]);
  return { version, ...control };
}
