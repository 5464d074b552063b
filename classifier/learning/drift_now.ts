/**
 * How far the newest opinions of a model are from what it was measured on: the same index and the same window as the gauge of the
 * process that labels (drift.ts), but out of the store, so that any process can show it, and with the shares behind it.
 */
import { isoTime } from '../../core/event.ts';
import type { Store } from '../../core/store/store.ts';
import { DRIFT_MEASURES, LEAST, referenceOf, stabilityIndex, WINDOW, type Reference } from '../drift.ts';

export interface DriftNow {
  /** Opinions that were looked at; fewer than `least` say nothing, and then there are no measures. */
  readonly opinions: number;
  readonly least: number;
  readonly measures: readonly {
    readonly measure: (typeof DRIFT_MEASURES)[number];
    readonly psi: number;
    /** By label, or tenth of confidence. */
    readonly shares: readonly { readonly label: string; readonly now: number; readonly usual: number }[];
  }[];
}

const DAYS = 14;

/** @throws TidewatchError storage.* */
export async function driftNow(store: Store, model: string, reference: Reference): Promise<DriftNow> {
  const [newest] = await store.query<{ at: number }>(
    'SELECT toUnixTimestamp64Milli(max(published_at)) AS at FROM opinions SETTINGS final = 0',
  );
  const seen = await store.query<{ sentiment: 'negative' | 'neutral' | 'positive'; topic: string; confidence: number }>(
    `SELECT sentiment, topic, confidence FROM opinions
     WHERE model = {model:String} AND published_at >= parseDateTime64BestEffort({from:String}, 3)
     ORDER BY published_at DESC, labelled_at DESC LIMIT 1 BY document_id LIMIT ${WINDOW}`,
    { model, from: isoTime(Math.max(0, (newest?.at ?? 0) - DAYS * 86_400_000)) },
  );
  if (seen.length < LEAST) return { opinions: seen.length, least: LEAST, measures: [] };
  const now = referenceOf(seen);
  const measures = DRIFT_MEASURES.map((measure) => {
    const labels = [...new Set([...Object.keys(reference[measure]), ...Object.keys(now[measure])])].toSorted();
    const shares = labels.map((label) => ({
      label,
      now: now[measure][label] ?? 0,
      usual: reference[measure][label] ?? 0,
    }));
    return { measure, psi: stabilityIndex(now[measure], reference[measure]), shares };
  });
  return { opinions: seen.length, least: LEAST, measures };
}
