/**
 * Shares of small counts. One bad post at night is not "100 % negative", so the line of the tide weighs each bucket with
 * its neighbours, documents counted, and breaks where even those are too few; changes are told only against a period
 * with enough documents. Pure. Rejected: an average of the buckets' shares (one post weighs as much as fifty), and a
 * curve drawn across gaps (it shows a rise where there was silence).
 */
import { around, LEAST_DOCUMENTS } from '../band.ts';
import type { Counts } from '../contract.ts';

/** Documents that a period must have to be compared with. */
const LEAST_TO_COMPARE = 10;

/** Negative share around each bucket, null where too few documents support one. */
export function smoothShares(buckets: readonly Pick<Counts, 'documents' | 'negative'>[]): (number | null)[] {
  return buckets.map((_, index) => {
    const { documents, negative } = around(buckets, index);
    return documents < LEAST_DOCUMENTS ? null : negative / documents;
  });
}

/** Whether a period has enough documents to be compared with. */
export function comparable({ documents }: Pick<Counts, 'documents'>): boolean {
  return documents >= LEAST_TO_COMPARE;
}

/** Change of the negative share against the period before; null where either has too few documents to say. */
export function changeOfShare(
  current: Pick<Counts, 'documents' | 'negative'>,
  previous: { readonly documents: number; readonly negative_share: number | null },
): number | null {
  if (current.documents === 0 || previous.negative_share === null || !comparable(previous)) return null;
  return current.negative / current.documents - previous.negative_share;
}

/** How a change reads: only half a point and more is one. */
export function tendency(change: number | null): 'worse' | 'better' | '' {
  if (change === null || Math.abs(change) < 0.005) return '';
  return change > 0 ? 'worse' : 'better';
}
