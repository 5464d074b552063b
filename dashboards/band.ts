/**
 * Which negative share is usual for a selection at each step of time, judged from what it said before that step and from
 * nothing after it. The picture's band: the method of the detectors' share (alerting/baseline.ts: a level that forgets, past
 * outbreaks weighted down, scatter beyond chance), over documents instead of stories and without feeds, because
 * it must be had for any selection in milliseconds. Whether something is an alert is theirs to say.
 *
 * - Level: negative over all documents, each worth half after `HALF_LIFE_SECS`, and the documents of one step worth fewer the
 *   more alike they are. The level of everybody stands beside it as a prior, so that a thin series is no blank.
 * - Past outbreaks: a step whose standardised residual r is beyond 2.58 weighs (2.58/r)² (Farrington et al. 1996).
 * - Scatter: documents of one step are alike. Their correlation is estimated by moments over the past (the variance of a
 *   beta-binomial), held near `PRIOR_CORRELATION` while the past is short.
 * - Interval: where 95% of steps with that many documents lie, the level's own uncertainty included; normal, cut at 0 and 1.
 *
 * Rejected: mean and deviation of the steps' shares (three posts at night weigh as much as a day's three hundred), a band of
 * equal width (it calls every quiet hour an outbreak), the stored findings (only windows that could fire have one).
 */

/** How the line of the tide weighs a step with its neighbours. */
export const WEIGHTS: readonly number[] = [0.2, 0.6, 1, 0.6, 0.2];
/** Weighted documents below which there is no share to speak of. */
export const LEAST_DOCUMENTS = 3;

const HALF_LIFE_SECS = 7 * 86_400;
/** Documents of the past below which nothing can be called usual. */
const LEAST_PAST = 20;
const RESIDUAL_LIMIT = 2.58;
const Z = 1.96;
const PRIOR_CORRELATION = 0.02;
/** Documents that the share of everybody is worth beside a series' own. */
const PRIOR_DOCUMENTS = 20;
/** Pairs of documents of one step that the prior of the correlation is worth. */
const PRIOR_PAIRS = 200;
const MOST_CORRELATION = 0.2;

export interface Tally {
  readonly documents: number;
  readonly negative: number;
}

export interface Usual {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** A step with its neighbours: weighted documents, and to how many unweighted ones that comes for chance. */
interface Around extends Tally {
  readonly effective: number;
}

/** @param index of the step in `steps`; neighbours beyond the ends count as silent */
export function around(steps: readonly Tally[], index: number): Around {
  const middle = (WEIGHTS.length - 1) / 2;
  let [documents, negative, squares] = [0, 0, 0];
  WEIGHTS.forEach((weight, offset) => {
    const neighbour = steps[index + offset - middle];
    if (neighbour === undefined) return;
    documents += weight * neighbour.documents;
    negative += weight * neighbour.negative;
    squares += weight * weight * neighbour.documents;
  });
  return { documents, negative, effective: squares === 0 ? 0 : documents ** 2 / squares };
}

/**
 * What was usual at each step of `shown`; null where the line has no share, or the past too little to tell.
 * @param all what everybody said at the steps of `past` and `shown`: the prior of a series that says little
 */
export function usualShares(
  past: readonly Tally[],
  shown: readonly Tally[],
  stepSecs: number,
  all?: readonly Tally[],
): (Usual | null)[] {
  const own = createLevel(stepSecs);
  const everybody = createLevel(stepSecs);
  const prior = (): number | null => (everybody.documents() < LEAST_PAST ? null : everybody.share(null));
  past.forEach((step, index) => {
    own.take(step, prior());
    everybody.take(all?.[index] ?? SILENCE, null);
  });
  return shown.map((step, index) => {
    const { documents, effective } = around(shown, index);
    const pooled = prior();
    const known = own.documents() + (pooled === null ? 0 : PRIOR_DOCUMENTS);
    let usual: Usual | null = null;
    if (documents >= LEAST_DOCUMENTS && known >= LEAST_PAST) {
      const share = own.share(pooled);
      const reach = Z * Math.sqrt(own.variance(effective, pooled) + (share * (1 - share)) / (known + 1));
      usual = { share, low: Math.max(0, share - reach), high: Math.min(1, share + reach) };
    }
    own.take(step, pooled);
    everybody.take(all?.[past.length + index] ?? SILENCE, null);
    return usual;
  });
}

const SILENCE: Tally = { documents: 0, negative: 0 };

/** The share of one series up to now. `prior` is the share of everybody, where that is known. */
function createLevel(stepSecs: number) {
  const kept = 2 ** (-stepSecs / HALF_LIFE_SECS);
  const sums = { documents: 0, negative: 0, excess: 0, pairs: 0 };

  const share = (prior: number | null): number => {
    const worth = prior === null ? 0 : PRIOR_DOCUMENTS;
    return (sums.negative + worth * (prior ?? 0) + 0.5) / (sums.documents + worth + 1);
  };
  /** Of two documents of one step: how alike they are beyond the level. */
  const correlation = (usual: number): number => {
    const worth = PRIOR_PAIRS * usual * (1 - usual);
    const measured = (sums.excess + worth * PRIOR_CORRELATION) / (sums.pairs + worth);
    return Math.min(MOST_CORRELATION, Math.max(0, measured));
  };
  /** Of the share of so many documents of one step. */
  const variance = (documents: number, prior: number | null): number => {
    const usual = share(prior);
    return (usual * (1 - usual) * (1 + Math.max(0, documents - 1) * correlation(usual))) / documents;
  };
  return {
    share,
    variance,
    documents: () => sums.documents,
    take({ documents, negative }: Tally, prior: number | null): void {
      for (const key of ['documents', 'negative', 'excess', 'pairs'] as const) sums[key] *= kept;
      if (documents === 0) return;
      const usual = share(prior);
      const residual = (negative / documents - usual) / Math.sqrt(variance(documents, prior));
      const known = sums.documents + (prior === null ? 0 : PRIOR_DOCUMENTS);
      const weight = known < LEAST_PAST || residual <= RESIDUAL_LIMIT ? 1 : (RESIDUAL_LIMIT / residual) ** 2;
      const spread = usual * (1 - usual);
      // Documents of one step that are alike are worth fewer: a burst is one occasion, not fifty.
      const worth = weight / (1 + (documents - 1) * correlation(usual));
      sums.documents += worth * documents;
      sums.negative += worth * negative;
      // Weighted twice: an outbreak must not widen the range so far that the next one lies in it.
      sums.excess += weight * (weight * (negative - documents * usual) ** 2 - documents * spread);
      sums.pairs += weight * spread * (documents * documents - documents);
    },
  };
}
