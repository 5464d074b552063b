/**
 * An end to waiting for an answer: a network that went silent without closing anything never fails by itself. Shorter than the minute
 * after which a view is asked anew, so that the page learns of it; longer than what a busy store takes.
 */
const PATIENCE_MS = 50_000;
/** A language model may be waited for two minutes (dashboards.ask.timeout_ms), after which the plain answer comes. */
export const MODEL_PATIENCE_MS = 130_000;

/** What `ask` brings, which is told by the signal to stop when time is over or `other` aborts; it need not listen. */
export async function withPatience<Answer>(
  ask: (signal: AbortSignal) => Promise<Answer>,
  other?: AbortSignal,
  patience = PATIENCE_MS,
): Promise<Answer> {
  const ended = new AbortController();
  const stop = (): void => ended.abort(other?.reason);
  const over = new Promise<never>((_, reject) => {
    ended.signal.addEventListener('abort', () => reject(ended.signal.reason as Error));
  });
  other?.throwIfAborted();
  other?.addEventListener('abort', stop);
  const timer = setTimeout(
    () => ended.abort(new DOMException('There was no answer in time.', 'TimeoutError')),
    patience,
  );
  try {
    return await Promise.race([ask(ended.signal), over]);
  } finally {
    clearTimeout(timer);
    other?.removeEventListener('abort', stop);
  }
}
