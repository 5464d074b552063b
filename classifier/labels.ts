/**
 * From a model's raw numbers to labels. The largest logit wins; probabilities are a softmax of the logits divided by
 * the head's temperature, which is fitted on held-out data so that "0.8" is right eight times in ten (Guo et al. 2017,
 * "On Calibration of Modern Neural Networks"). Pure.
 */
import { TidewatchError } from '../core/errors.ts';
import type { Sentiment } from '../core/event.ts';

export interface Head {
  readonly labels: readonly string[];
  /** Divides the logits; 1 leaves them as they are, more makes the model less sure. */
  readonly temperature: number;
}

export interface Heads {
  readonly sentiment: Head & { readonly labels: readonly Sentiment[] };
  readonly topic: Head;
}

export interface Labels {
  readonly sentiment: Sentiment;
  readonly sentiment_probabilities: Readonly<Record<Sentiment, number>>;
  readonly topic: string;
  /** Every topic's probability. */
  readonly topic_probabilities: Readonly<Record<string, number>>;
  /** Probability of the chosen sentiment. */
  readonly confidence: number;
}

/** Raw outputs for several texts, row by row. */
export interface Logits {
  readonly sentiment: Float32Array;
  readonly topic: Float32Array;
}

/**
 * The labels of text number `row`.
 * @throws TidewatchError model.failed where the model gave something that is no number
 */
export function labelsOf(logits: Logits, row: number, heads: Heads): Labels {
  const sentiment = decide<Sentiment>(logits.sentiment, row, heads.sentiment);
  const topic = decide<string>(logits.topic, row, heads.topic);
  return {
    sentiment: sentiment.label,
    sentiment_probabilities: sentiment.probabilities as Record<Sentiment, number>,
    topic: topic.label,
    topic_probabilities: topic.probabilities,
    confidence: sentiment.probability,
  };
}

interface Decision<Label extends string> {
  readonly label: Label;
  readonly probability: number;
  readonly probabilities: Record<string, number>;
}

function decide<Label extends string>(
  logits: Float32Array,
  row: number,
  { labels, temperature }: { readonly labels: readonly Label[]; readonly temperature: number },
): Decision<Label> {
  const own = logits.subarray(row * labels.length, (row + 1) * labels.length);
  const largest = own.reduce((most, value) => Math.max(most, value), -Infinity);
  const weights = Array.from(own, (value) => Math.exp((value - largest) / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const best = labels[own.indexOf(largest)];
  if (best === undefined || !Number.isFinite(sum)) {
    throw new TidewatchError('model.failed', `The model gave no finite logits for a text: ${own.join(', ')}`);
  }
  const probabilities: Record<string, number> = {};
  labels.forEach((label, index) => {
    probabilities[label] = roundProbability((weights[index] ?? 0) / sum);
  });
  return { label: best, probability: probabilities[best] ?? 0, probabilities };
}

/** Five decimals: an int8 model is not surer than that, and rows and messages stay half as long. */
function roundProbability(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}
