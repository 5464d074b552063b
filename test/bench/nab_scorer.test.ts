import { describe, expect, it } from 'vitest';
import {
  PROFILES,
  bestThreshold,
  probationRows,
  scaledSigmoid,
  scoreCorpus,
  scoreFile,
  type Profile,
} from '../../bench/alerting/nab_scorer.ts';

const [standard, lowFalsePositives, lowFalseNegatives] = PROFILES as [Profile, Profile, Profile];

/** 100 rows, 15 of them probation, one window of the rows 40 to 59. */
function toy(detections: readonly number[]) {
  const scores = new Float64Array(100);
  for (const row of detections) scores[row] = 0.9;
  return { name: 'toy', scores, windows: [[40, 59]] as const };
}
const scored = (detections: readonly number[], profile = standard): number =>
  scoreFile(toy(detections), profile, 0.5).score;

describe('the benchmark scorer', () => {
  it('gives a missed window its full cost, by profile', () => {
    expect(scored([])).toBe(-1);
    expect(scored([], lowFalseNegatives)).toBe(-2);
  });

  it('gives a detection on the first row of a window exactly 1, and less the later it comes', () => {
    expect(scored([40])).toBeCloseTo(1, 12);
    // Row 49 stands at -(59 - 49 + 1) / 20 = -0.55: (2 / (1 + e^-2.75) - 1) / (2 / (1 + e^-5) - 1), by hand 0.89177.
    expect(scored([49])).toBeCloseTo(0.89177, 4);
    expect(scored([59])).toBeCloseTo(0.12603, 4);
  });

  it('counts only the earliest of several detections in a window', () => {
    expect(scored([49, 50, 58])).toBe(scored([49]));
  });

  it('charges a false detection in full before any window, less just after one, by profile', () => {
    expect(scored([20])).toBeCloseTo(-1 - 0.11, 12);
    expect(scored([20], lowFalsePositives)).toBeCloseTo(-1 - 0.22, 12);
    // Row 70 stands 11/19 of a width behind: 0.11 x (2 / (1 + e^2.8947) - 1), by hand -0.09847.
    expect(scored([40, 70])).toBeCloseTo(1 - 0.09847, 4);
    expect(scaledSigmoid(3)).toBe(-1);
  });

  it('leaves probation out: 15% of the rows, at most 750', () => {
    expect(probationRows(100)).toBe(15);
    expect(probationRows(22_695)).toBe(750);
    expect(scored([3, 14])).toBe(scored([]));
  });

  it('puts a corpus on a scale from nothing said (0) to every window found at once (100)', () => {
    expect(scoreCorpus([toy([])], standard).normalised).toBe(0);
    expect(scoreCorpus([toy([40])], standard).normalised).toBeCloseTo(100, 9);
    expect(scoreCorpus([toy([])], lowFalseNegatives).normalised).toBe(0);
  });

  it('finds the one threshold that is best for all series together', () => {
    const first = toy([40]);
    const second = toy([]);
    first.scores[20] = 0.6;
    first.scores[22] = 0.6;
    second.scores[45] = 0.4;
    second.scores[25] = 0.3;
    // Down to 0.4: both windows found, two false. Down to 0.3 a third false one comes for nothing.
    expect(bestThreshold([first, second], standard)).toBe(0.4);
    const best = scoreCorpus([first, second], standard);
    const every = [1.1, 0.9, 0.6, 0.4, 0.3].map((threshold) => scoreCorpus([first, second], standard, threshold).raw);
    expect(best.raw).toBe(Math.max(...every));
  });
});
