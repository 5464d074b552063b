/**
 * The detector port: one pure statement about one series and window. A detector knows no clock, no state and no other
 * series, so that a replay repeats it exactly; what it remembers of the past is the baseline that it is given.
 */
import type { Baseline } from './baseline.ts';
import type { SeriesWindow } from './window.ts';

export interface Judgement {
  /** Negative stories counted, and expected with the interval that 95% of usual windows fall into. */
  readonly observed: number;
  readonly expected: number;
  readonly interval: { readonly low: number; readonly high: number };
  readonly observedShare: number;
  readonly expectedShare: number;
  /** Standardised distance above the baseline (standard deviations of a normal); hysteresis compares it. */
  readonly score: number;
  readonly pValue: number | null;
  readonly anomalous: boolean;
  /** One plain sentence a rule. */
  readonly reasons: readonly string[];
}

export interface Detector {
  readonly name: string;
  /** False when no baseline could make this window anomalous, which saves working the baseline out. */
  mayFire(window: SeriesWindow): boolean;
  evaluate(window: SeriesWindow, baseline: Baseline): Judgement;
}
