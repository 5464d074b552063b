/**
 * Is today's stream still what the model was measured on? Shares of the labels and of confidence among the last opinions
 * against those on the development sets, by the population stability index (PSI: Σ (now - then) · ln(now / then), as credit
 * scoring uses it; Siddiqi 2006): below 0.1 steady, above 0.25 another population. A rise means that the stream, or the
 * world, has changed, not by itself that labels are wrong: look at opinions, and measure on corrected ones.
 *
 * The window is counted in opinions, so that a quiet night is not compared by a handful. Rejected: a test of
 * significance, which at a market's volume calls every difference significant.
 */
import { z } from 'zod';
import type { ModelMetrics } from '../core/metrics.ts';
import type { Labels } from './labels.ts';

const shares = z.record(z.string(), z.number().min(0).max(1));
export const referenceSchema = z.object({ sentiment: shares, topic: shares, confidence: shares });
/** Shares by label, and of confidence by its tenth. */
export type Reference = z.output<typeof referenceSchema>;

type Seen = Pick<Labels, 'sentiment' | 'topic' | 'confidence'>;
export const DRIFT_MEASURES = ['sentiment', 'topic', 'confidence'] as const;
export const WINDOW = 2000;
/** Fewer opinions say nothing: PSI of pure chance is about (labels - 1) / opinions. */
export const LEAST = 500;
/** Shares are not taken to be smaller, or one rare label would decide. */
const SMALLEST = 1e-3;

const bucketOf = (seen: Seen, measure: (typeof DRIFT_MEASURES)[number]): string =>
  measure === 'confidence' ? (Math.min(9, Math.floor(seen.confidence * 10)) / 10).toFixed(1) : seen[measure];

/** The shares of `all`, to be kept beside a model. */
export function referenceOf(all: readonly Seen[]): Reference {
  const of = (measure: (typeof DRIFT_MEASURES)[number]): Record<string, number> => {
    const counts = new Map<string, number>();
    for (const seen of all) counts.set(bucketOf(seen, measure), (counts.get(bucketOf(seen, measure)) ?? 0) + 1);
    const rounded = [...counts].map(([label, count]) => [label, Math.round((1e4 * count) / all.length) / 1e4] as const);
    return Object.fromEntries(rounded.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  return { sentiment: of('sentiment'), topic: of('topic'), confidence: of('confidence') };
}

/** Population stability index of two lists of shares, 0 where they are the same. */
export function stabilityIndex(now: Readonly<Record<string, number>>, then: Readonly<Record<string, number>>): number {
  return [...new Set([...Object.keys(now), ...Object.keys(then)])].reduce((sum, label) => {
    const [a, b] = [Math.max(SMALLEST, now[label] ?? 0), Math.max(SMALLEST, then[label] ?? 0)];
    return sum + (a - b) * Math.log(a / b);
  }, 0);
}

export interface DriftWatch {
  /** Takes new opinions in; sets the gauges once enough are there. */
  see(opinions: readonly Seen[]): void;
}

/** Watches the last 2,000 opinions against `reference`; null watches nothing. */
export function createDriftWatch(reference: Reference | null, metrics: ModelMetrics, window = WINDOW): DriftWatch {
  const recent: Seen[] = [];
  return {
    see(opinions) {
      if (reference === null || opinions.length === 0) return;
      recent.push(...opinions.map(({ sentiment, topic, confidence }) => ({ sentiment, topic, confidence })));
      if (recent.length > window) recent.splice(0, recent.length - window);
      if (recent.length < Math.min(LEAST, window)) return;
      const now = referenceOf(recent);
      for (const measure of DRIFT_MEASURES) metrics.drift(measure, stabilityIndex(now[measure], reference[measure]));
    },
  };
}
