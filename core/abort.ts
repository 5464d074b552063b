/**
 * Hearing of an abort, and letting go again: for signals that live as long as a stage, and at which every request and every
 * item of it waits.
 *
 * A signal has one listener of this file, however many wait there: Node warns of more than ten, and looks through all of
 * them to take one off. Rejected: `AbortSignal.any`, which on Node 20 leaves a weak reference in the long-lived signal at
 * each call and never takes it out (120 bytes for each post to the http source).
 */

interface Waiting {
  readonly all: Set<() => void>;
  readonly ring: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls `heard` when the signal aborts, at once where it has. Returns what lets go: until then the signal holds `heard`. */
export function onAbort(signal: AbortSignal, heard: () => void): () => void {
  if (signal.aborted) {
    heard();
    return () => undefined;
  }
  const { all, ring } = waiting.get(signal) ?? listen(signal);
  // Wrapped, so that who gives the same function twice waits twice.
  const one = (): void => heard();
  all.add(one);
  return () => {
    if (!all.delete(one) || all.size > 0 || signal.aborted) return;
    signal.removeEventListener('abort', ring);
    waiting.delete(signal);
  };
}

function listen(signal: AbortSignal): Waiting {
  const all = new Set<() => void>();
  const ring = (): void => {
    for (const one of all) one();
  };
  signal.addEventListener('abort', ring, { once: true });
  const here = { all, ring };
  waiting.set(signal, here);
  return here;
}

/** A signal that aborts with the first of the two; whoever asks for it lets go when nobody waits at it any more. */
export function either(
  one: AbortSignal,
  other: AbortSignal,
): { readonly signal: AbortSignal; readonly letGo: () => void } {
  const first = new AbortController();
  const letGo = [one, other].map((signal) => onAbort(signal, () => first.abort(signal.reason)));
  return {
    signal: first.signal,
    letGo() {
      for (const leave of letGo) leave();
    },
  };
}
