/**
 * Which parts of what is shown are older than they should be, because asking for them again failed: the page says so, since a monitor
 * that stands still looks just like a calm market.
 */
import { useLayoutEffect, useState } from 'preact/hooks';

/** When the answer came that a part still shows, epoch milliseconds. */
const parts = new Map<symbol, number>();
const listeners = new Set<() => void>();

/** Says that a part shows what was answered at `since`, until the returned function is called. */
export function tellBehind(since: number): () => void {
  const part = Symbol('part');
  parts.set(part, since);
  for (const hear of listeners) hear();
  return () => {
    parts.delete(part);
    for (const hear of listeners) hear();
  };
}

const oldest = (): number | null => (parts.size === 0 ? null : Math.min(...parts.values()));

/** Since when the oldest such part is shown; null where all are as they should be. */
export function useBehind(): number | null {
  const [since, setSince] = useState(oldest);
  useLayoutEffect(() => {
    const hear = (): void => setSince(oldest());
    listeners.add(hear);
    hear();
    return () => {
      listeners.delete(hear);
    };
  }, []);
  return since;
}
