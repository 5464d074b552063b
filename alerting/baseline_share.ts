/**
 * The usual negative share of a series and how it scatters from block to block: a beta posterior with the pooled share as
 * prior, beta-binomial in its prediction (Griffiths 1973), estimated by moments and shrunk to the kind's.
 */
import type { Pool } from './baseline_level.ts';
import type { Row } from './baseline_rows.ts';

export const PRIOR_STORIES = 20;

export function shareSums(
  rows: readonly Row[],
  weights: Float64Array,
  usual: Float64Array,
  discount: Float64Array,
  pool: Pool,
) {
  let negative = 0;
  let stories = 0;
  const sums = { squares: 0, products: 0, sizes: 0, pairs: 0 };
  for (let at = 0; at < discount.length; at += 1) {
    if ((usual[at] ?? 0) === 0) continue;
    let [y, n] = [0, 0];
    for (const row of rows) {
      y += row.negative[at] ?? 0;
      n += row.stories[at] ?? 0;
    }
    if (n === 0) continue;
    const weight = (weights[at] ?? 0) * (discount[at] ?? 0);
    negative += weight * y;
    stories += weight * n;
    sums.squares += weight * y * y;
    sums.products += weight * y * n;
    sums.sizes += weight * n * n;
    sums.pairs += weight * Math.max(0, n * n - n);
  }
  const expectedShare = clamp((Math.max(0, negative) + pool.share * PRIOR_STORIES) / (stories + PRIOR_STORIES));
  // E (y - nπ)² = π(1-π)(n + ρ(n² - n)): solved for ρ over all blocks, then shrunk by the pairs of stories behind it.
  const spread = expectedShare * (1 - expectedShare);
  const scatter = sums.squares - 2 * expectedShare * sums.products + expectedShare ** 2 * sums.sizes;
  const correlation = sums.pairs > 0 ? Math.min(0.9, (scatter / spread - stories) / sums.pairs) : 0;
  return { expectedShare, stories, correlation, pairs: sums.pairs };
}

export function shareOf(
  rows: readonly Row[],
  weights: Float64Array,
  usual: Float64Array,
  discount: Float64Array,
  pool: Pool,
) {
  const { correlation: own, expectedShare, pairs, stories } = shareSums(rows, weights, usual, discount, pool);
  const trust = pairs / (pairs + PRIOR_STORIES ** 2);
  const shareCorrelation = Math.max(0, trust * own + (1 - trust) * pool.shareCorrelation);
  const correlation = shareCorrelation + (1 - shareCorrelation) / (stories + PRIOR_STORIES + 1);
  const size = (1 - correlation) / correlation;
  return {
    expectedShare,
    shareCorrelation,
    shareAlpha: expectedShare * size,
    shareBeta: (1 - expectedShare) * size,
  };
}

function clamp(share: number): number {
  return Math.min(0.999, Math.max(0.001, share));
}
