/**
 * A refused input as it is kept in the dead-letter topic: its reason, which feed it came by and which document it would have
 * been (so that it can be forgotten with them), and its value with long strings cut.
 */
import { isoTime } from '../core/event.ts';
import { DEAD_LETTER_CUT, type DeadLetter } from '../core/stream/stream.ts';
import type { Refusal } from './source.ts';

/** Longest string kept of a refused input: enough to recognise it, too little to fill a disk with. */
const { chars: KEPT_CHARS, mark: CUT } = DEAD_LETTER_CUT;

/** `feed`: the source instance; `now` in epoch milliseconds. */
export function deadLetter({ code, reason, value, origin }: Refusal, feed: string, now: number): DeadLetter {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' && inner.length > KEPT_CHARS ? `${inner.slice(0, KEPT_CHARS)}${CUT}` : inner,
  );
  const { source = feed, id = null } = origin ?? {};
  const kept = JSON.parse(text.toWellFormed()) as unknown;
  return { stage: 'ingest', code, reason, at: isoTime(now), feed, source, id, value: kept };
}
