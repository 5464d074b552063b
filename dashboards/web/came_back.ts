/**
 * That the server is back: what could not be answered while it was away is asked again, on whatever page. What was answered stays as it
 * is, unless its page refreshes it (refresh.ts): somebody may be typing into it.
 */
const waiting = new Set<() => void>();

export function tellCameBack(): void {
  for (const ask of waiting) ask();
}

/** Calls `ask` when the server is back, until the returned function is called. */
export function onCameBack(ask: () => void): () => void {
  waiting.add(ask);
  return () => waiting.delete(ask);
}
