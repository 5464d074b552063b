/**
 * What `tidewatch evaluate` finds out about one model on one split, as it is written to evaluation.json: everything that
 * the table, the picture and the card show comes from here.
 */
import type { Reference } from '../drift.ts';
import type { Figures, MultiLabelFigures } from './measures.ts';
import type { KindFigures } from './robustness.ts';
import type { Task } from './sets.ts';

/** A head's calibration as it is served, and as these rows would fit it. */
export interface Calibration {
  readonly temperature: number;
  readonly fitted_temperature: number;
  readonly thresholds?: readonly number[];
  readonly fitted_thresholds?: readonly number[];
}

/** One set in one language, asked for one task; the set `all` is every set of that language. */
export interface Group {
  readonly set: string;
  readonly lang: string;
  readonly task: Task;
  /** Labels that could be answered where the set knows fewer than the model; null for all. */
  readonly masked: readonly string[] | null;
  /** For one label a text. */
  readonly figures: Figures | null;
  /** For several labels a text. */
  readonly multi: MultiLabelFigures | null;
  /** Where `masked`: what remains when every label may be answered, as in serving. */
  readonly open: { readonly accuracy: number; readonly macro_f1: number; readonly ece: number } | null;
  /** ECE with a temperature fitted on the other half of these rows: what fitting could gain, not flattered. */
  readonly ece_fitted: number | null;
}

export interface Evaluation {
  readonly model: string;
  readonly split: string;
  /** Names of the files, and lines of each that put no question to this model. */
  readonly files: readonly string[];
  readonly skipped: Readonly<Record<string, number>>;
  readonly groups: readonly Group[];
  readonly calibration: Readonly<Record<string, Calibration>>;
  /**
   * Mean probability of negative, neutral, positive (columns) given to text that is truly negative, neutral, positive (rows), over
   * the sets that know all three: what `alerting.confusion` takes out of sums. Null where one of them has no row.
   */
  readonly mean_probabilities: readonly (readonly number[])[] | null;
  /** Texts that the normaliser changes in what people wrote honestly, and accuracy on just these. */
  readonly normaliser: {
    readonly texts: number;
    readonly changed: number;
    readonly asked: number;
    readonly before: number;
    readonly after: number;
  };
  readonly robustness: readonly KindFigures[];
  /** Shares of labels and confidence on these texts, which drift is measured against. */
  readonly reference: Reference;
}

/** evaluation.json: one evaluation a split. */
export type Evaluations = Partial<Record<string, Evaluation>>;
