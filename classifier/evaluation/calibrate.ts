/**
 * What is fitted on development sets after training: a head's temperature, by the least log loss (Guo et al. 2017), and
 * the thresholds of a head of several labels, by the best micro-F1. Each set counts by the square root of its rows, so that a
 * large set does not decide alone and a small one does not rule. Pure.
 */
export interface CalibrationRow {
  readonly set: string;
  readonly logits: readonly number[];
  /** Places that count as right. */
  readonly gold: readonly number[];
  /** Places that may be answered; null for all. */
  readonly possible: readonly number[] | null;
}

/** Probabilities at a temperature; places that are not possible get 0. */
export function softmax(
  logits: readonly number[],
  temperature: number,
  possible: readonly number[] | null = null,
): number[] {
  const open = possible ?? logits.map((_, index) => index);
  const top = open.reduce((most, index) => Math.max(most, logits[index] ?? -Infinity), -Infinity);
  const out = logits.map(() => 0);
  for (const index of open) out[index] = Math.exp(((logits[index] ?? 0) - top) / temperature);
  const sum = out.reduce((total, value) => total + value, 0);
  return out.map((value) => value / sum);
}

export function sigmoid(logit: number, temperature: number): number {
  return 1 / (1 + Math.exp(-logit / temperature));
}

const LEAST = 1e-12;

/** The temperature with the least log loss of a softmax head. */
export function fitTemperature(rows: readonly CalibrationRow[]): number {
  return leastLoss(rows, ({ logits, gold, possible }, temperature) => {
    const probabilities = softmax(logits, temperature, possible);
    return -Math.log(
      Math.max(
        LEAST,
        gold.reduce((sum, place) => sum + (probabilities[place] ?? 0), 0),
      ),
    );
  });
}

/** The same for a head whose labels are true or not, each on its own. */
export function fitSigmoidTemperature(rows: readonly CalibrationRow[]): number {
  return leastLoss(rows, ({ logits, gold }, temperature) =>
    logits.reduce((sum, logit, place) => {
      const probability = sigmoid(logit, temperature);
      return sum - Math.log(Math.max(LEAST, gold.includes(place) ? probability : 1 - probability));
    }, 0),
  );
}

/** Golden-section search on the temperature's logarithm, where the loss has one valley. */
function leastLoss(
  rows: readonly CalibrationRow[],
  lossOf: (row: CalibrationRow, temperature: number) => number,
): number {
  const sizes = new Map<string, number>();
  for (const { set } of rows) sizes.set(set, (sizes.get(set) ?? 0) + 1);
  const loss = (logTemperature: number): number =>
    rows.reduce((sum, row) => sum + lossOf(row, Math.exp(logTemperature)) / Math.sqrt(sizes.get(row.set) ?? 1), 0);
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(0.3), Math.log(4)];
  for (let step = 0; step < 30; step += 1) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

const STEPS = Array.from({ length: 19 }, (_, index) => (index + 1) / 20);
const ROUNDS = 3;
/** Labels with fewer true rows keep the threshold that is best for all together. */
const ENOUGH_TRUE = 10;

/** The threshold of each label with the best micro-F1: one for all first, then label by label, three times over. */
export function fitThresholds(rows: readonly CalibrationRow[], labels: number, temperature: number): number[] {
  const probabilities = rows.map(({ logits }) => logits.map((logit) => sigmoid(logit, temperature)));
  const truths = rows.map(({ gold }) => new Set(gold));
  const gold = truths.reduce((sum, { size }) => sum + size, 0);
  const countsAt = (place: number, threshold: number): { right: number; said: number } => {
    let [right, said] = [0, 0];
    probabilities.forEach((row, index) => {
      if ((row[place] ?? 0) < threshold) return;
      said += 1;
      if (truths[index]?.has(place) === true) right += 1;
    });
    return { right, said };
  };
  const places = Array.from({ length: labels }, (_, place) => place);
  const table = places.map((place) => STEPS.map((threshold) => countsAt(place, threshold)));
  const scoreOf = (steps: readonly number[]): number => {
    const own = steps.map((step, place) => table[place]?.[step] ?? { right: 0, said: 0 });
    const sum = (pick: 'right' | 'said'): number => own.reduce((total, counts) => total + counts[pick], 0);
    return (2 * sum('right')) / Math.max(1, sum('said') + gold);
  };
  const best = (options: readonly number[], score: (step: number) => number, first: number): number =>
    options.reduce((top, step) => (score(step) > score(top) ? step : top), first);
  const all = STEPS.map((_, step) => step);
  const common = best(all, (step) => scoreOf(places.map(() => step)), STEPS.indexOf(0.5));
  const chosen = places.map(() => common);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const place of places) {
      if (truths.filter((truth) => truth.has(place)).length < ENOUGH_TRUE) continue;
      chosen[place] = best(all, (step) => scoreOf(chosen.with(place, step)), chosen[place] ?? common);
    }
  }
  return chosen.map((step) => STEPS[step] ?? 0.5);
}
