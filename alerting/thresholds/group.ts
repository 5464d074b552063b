/**
 * The group of series that a verdict speaks for: the kind of the series, and how much is usually said of it. Of a company that
 * a story a day mentions an alert means something else than of one with a hundred; a verdict on one bank says something of
 * other banks. Worked out from what both the judgement and the stored alert carry: usual stories are the expected negative
 * ones divided by the usual negative share.
 */
import type { Measure, SeriesKind } from '../../core/event.ts';

export const VOLUMES = ['quiet', 'steady', 'busy'] as const;
export type Volume = (typeof VOLUMES)[number];

/** Usual stories a day from which on a series is steady, and busy. */
const STEADY = 4;
const BUSY = 40;

export interface Usual {
  readonly measure: Measure;
  readonly expected: number;
  readonly expectedShare: number;
  /** Hours of the window. */
  readonly hours: number;
}

export function volumeOf({ measure, expected, expectedShare, hours }: Usual): Volume {
  const stories = measure === 'negative' ? expected / Math.max(0.01, expectedShare) : expected;
  const aDay = (24 * stories) / Math.max(1, hours);
  return aDay < STEADY ? 'quiet' : aDay < BUSY ? 'steady' : 'busy';
}

/** Such as `entity/steady`. */
export function groupOf(kind: SeriesKind, usual: Usual): string {
  return `${kind}/${volumeOf(usual)}`;
}
