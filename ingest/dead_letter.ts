/** A refused input as it is kept in the dead-letter topic: its reason, and its value with long strings cut. */
import { isoTime } from '../core/event.ts';
import type { DeadLetter } from '../core/stream/stream.ts';
import type { Refusal } from './source.ts';

/** Longest string kept of a refused input: enough to recognise it, too little to fill a disk with. */
const KEPT_CHARS = 2000;

/** `now` in epoch milliseconds. */
export function deadLetter({ code, reason, value }: Refusal, now: number): DeadLetter {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' && inner.length > KEPT_CHARS ? `${inner.slice(0, KEPT_CHARS)}…` : inner,
  );
  return { stage: 'ingest', code, reason, at: isoTime(now), value: JSON.parse(text.toWellFormed()) as unknown };
}
