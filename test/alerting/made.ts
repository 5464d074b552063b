/** Baselines and windows made to measure, for tests of detectors. */
import type { Baseline, PastBlock } from '../../alerting/baseline.ts';
import type { Level } from '../../alerting/baseline_level.ts';
import { observe, type Observation } from '../../alerting/observation.ts';
import { FIRST_POOL } from '../../alerting/pools.ts';
import { differentBy, type SeriesWindow } from '../../alerting/window.ts';
import { HOUR, START, opinionOf, type OpinionFacts } from './opinions.ts';

export function level(expected: number, variance: number = expected): Level {
  return { expected, lift: 0, variance, perHour: expected / 8, mass: expected * 30, dispersion: variance / expected };
}

export interface BaselineFacts {
  readonly negative?: Level;
  readonly stories?: Level;
  readonly share?: number;
  readonly blocks?: readonly PastBlock[];
}

export function baselineWith({
  negative = level(1, 1.2),
  stories = level(5),
  share = 0.2,
  blocks = [],
}: BaselineFacts): Baseline {
  return {
    negative,
    stories,
    expectedShare: share,
    shareAlpha: share * 100,
    shareBeta: (1 - share) * 100,
    shareCorrelation: 0.01,
    usualHours: 8,
    season: 1,
    activity: 1,
    hours: 240,
    priorHours: 24,
    pool: { ...FIRST_POOL, share },
    blocks,
  };
}

/** A window of 8 hours over these stories, dealt out over its hours unless they have a time. */
export function windowOver(facts: readonly (Omit<OpinionFacts, 'time'> & { readonly time?: number })[]): SeriesWindow {
  const counted = facts
    .map((one, index) => observe(opinionOf({ time: START + ((index * 5) % 8) * HOUR + index, ...one })))
    .sort((a, b) => a.time - b.time);
  const driving = counted.filter(({ leansNegative }) => leansNegative);
  return {
    series: { kind: 'entity', entity: 'acme', topic: null },
    start: START,
    end: START + 8 * HOUR,
    stories: counted.length,
    negative: counted.reduce((sum, { negative }) => sum + negative, 0),
    leaning: driving.length,
    counted,
    driving,
    authors: differentBy(driving, ({ author }: Observation) => author),
    sources: differentBy(driving, ({ source }: Observation) => source),
    documents: driving.length,
    copies: new Map(),
    capped: 0,
    discounted: 0,
    lanes: new Map([['feed', counted.length]]),
  };
}

/** So many negative stories (0.9) by so many authors, and so many neutral ones (0.1). */
export function stories(negative: number, neutral = 0, authors = 99): Omit<OpinionFacts, 'time'>[] {
  return [
    ...Array.from({ length: negative }, (_, index) => ({
      id: `n${index}`,
      negative: 0.9,
      author: `a${index % authors}`,
    })),
    ...Array.from({ length: neutral }, (_, index) => ({ id: `p${index}`, negative: 0.1, author: `b${index}` })),
  ];
}
