/**
 * The detector port: one pure statement about one series and window. A detector knows no clock, no state and no other
 * series, so that a replay repeats it exactly; what it remembers of the past is the baseline that it is given. Whether a
 * p-value is small enough beside those of all other series is not its question (discovery.ts).
 */
import type { Measure } from '../core/event.ts';
import type { Baseline } from './baseline.ts';
import type { Observation } from './observation.ts';
import type { Voices } from './voices.ts';
import type { SeriesWindow, WindowSums } from './window.ts';

export interface Judgement {
  /** What `observed` and `expected` are: negative stories, stories of any kind, or a share in percent. */
  readonly measure: Measure;
  /** Hours over which they are counted. */
  readonly hours: number;
  /** Counted, and expected with the interval that 95% of usual windows fall into. */
  readonly observed: number;
  readonly expected: number;
  readonly interval: { readonly low: number; readonly high: number };
  readonly observedShare: number;
  readonly expectedShare: number;
  /** Standardised distance above the baseline (standard deviations of a normal); hysteresis compares it. */
  readonly score: number;
  /** Null for a rule that is no test; then false discoveries are its author's to avoid. */
  readonly pValue: number | null;
  /** Set by the watch, which sees all series. */
  readonly qValue?: number | null;
  readonly anomalous: boolean;
  /** One plain sentence a rule. */
  readonly reasons: readonly string[];
  /** The stories that drove it, most telling first. */
  readonly stories: readonly Observation[];
}

export interface Detector {
  readonly name: string;
  /** False when no baseline could make this window anomalous, which saves working the baseline out. */
  mayFire(sums: WindowSums): boolean;
  evaluate(window: SeriesWindow, baseline: Baseline, voices: Voices): Judgement;
}
