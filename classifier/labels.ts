/**
 * From a model's raw numbers to labels. The largest logit wins; probabilities are a softmax of the logits divided by
 * the head's temperature, which is fitted on held-out data so that "0.8" is right eight times in ten (Guo et al. 2017,
 * "On Calibration of Modern Neural Networks"). A head of several labels at once takes a sigmoid of each logit and says
 * what reaches the label's threshold. Every model has sentiment and topic; the other heads are there or not. Pure.
 */
import { TidewatchError } from '../core/errors.ts';
import type { Sentiment } from '../core/event.ts';
import { quantised, type Vector } from '../core/search/vector.ts';

export interface Head<Label extends string = string> {
  readonly labels: readonly Label[];
  /** Divides the logits; 1 leaves them as they are, more makes the model less sure. */
  readonly temperature: number;
}

/** Each label is true or not, on its own. */
export interface MultiLabelHead extends Head {
  /** By label: the probability from which on it is said. */
  readonly thresholds: readonly number[];
}

export interface EventHead extends Head {
  /** The label that means "no event". */
  readonly none: string;
}

export interface Heads {
  readonly sentiment: Head<Sentiment>;
  readonly topic: Head;
  readonly topics_zh: MultiLabelHead | null;
  readonly event: EventHead | null;
  /** Asked of a text and one entity in it. */
  readonly entity_sentiment: Head<Sentiment> | null;
}

export type SentimentProbabilities = Readonly<Record<Sentiment, number>>;

export interface Labels {
  readonly sentiment: Sentiment;
  readonly sentiment_probabilities: SentimentProbabilities;
  readonly topic: string;
  /** Every topic's probability. */
  readonly topic_probabilities: Readonly<Record<string, number>>;
  /** Likeliest first; empty where none holds, or the model has no such head. */
  readonly topics_zh: readonly string[];
  /** Kind of negative event; null for none, or where the model has no such head. */
  readonly event: string | null;
  /** Probability of `event`, or of there being none; null where the model has no such head. */
  readonly event_probability: number | null;
  /** Probability of the chosen sentiment. */
  readonly confidence: number;
  /** What the text is near to in meaning; absent where the model gives no embeddings. */
  readonly embedding?: Vector;
}

/** Name of the graph's output with embeddings. */
export const EMBEDDING = 'embedding';

/** What a text says of one entity. */
export interface EntityLabels {
  readonly sentiment: Sentiment;
  readonly probabilities: SentimentProbabilities;
}

/** Raw outputs for several texts by head, row by row. */
export type Logits = Readonly<Record<string, Float32Array>>;

/**
 * The labels of text number `row`.
 * @throws TidewatchError model.failed where the model gave something that is no number
 */
export function labelsOf(logits: Logits, row: number, heads: Heads): Labels {
  const embedding = embeddingOf(logits, row);
  const sentiment = decide(rowOf(logits, 'sentiment', row, heads.sentiment), heads.sentiment);
  const topic = decide(rowOf(logits, 'topic', row, heads.topic), heads.topic);
  const event = heads.event === null ? null : decide(rowOf(logits, 'event', row, heads.event), heads.event);
  return {
    sentiment: sentiment.label,
    sentiment_probabilities: sentiment.probabilities as SentimentProbabilities,
    topic: topic.label,
    topic_probabilities: topic.probabilities,
    topics_zh:
      heads.topics_zh === null ? [] : decideEach(rowOf(logits, 'topics_zh', row, heads.topics_zh), heads.topics_zh),
    event: event === null || event.label === heads.event?.none ? null : event.label,
    event_probability: event?.probability ?? null,
    confidence: sentiment.probability,
    ...(embedding !== null && { embedding }),
  };
}

function embeddingOf(logits: Logits, row: number): Vector | null {
  const [all, sentiment] = [logits[EMBEDDING], logits['sentiment']];
  if (all === undefined || sentiment === undefined) return null;
  const width = all.length / (sentiment.length / 3);
  return quantised(all.subarray(row * width, (row + 1) * width));
}

/**
 * What text number `row` says of the entity that it was asked about.
 * @throws TidewatchError model.failed where the model gave something that is no number
 */
export function entityLabelsOf(logits: Logits, row: number, head: Head<Sentiment>): EntityLabels {
  const { label, probabilities } = decide(rowOf(logits, 'entity_sentiment', row, head), head);
  return { sentiment: label, probabilities: probabilities as SentimentProbabilities };
}

function rowOf(logits: Logits, name: string, row: number, { labels }: Head): Float32Array {
  const own = logits[name]?.subarray(row * labels.length, (row + 1) * labels.length);
  if (own?.length === labels.length && own.every((value) => Number.isFinite(value))) return own;
  throw new TidewatchError('model.failed', `The model gave no finite logits for ${name}: ${own?.join(', ') ?? ''}`);
}

interface Decision<Label extends string> {
  readonly label: Label;
  readonly probability: number;
  readonly probabilities: Record<string, number>;
}

function decide<Label extends string>(own: Float32Array, { labels, temperature }: Head<Label>): Decision<Label> {
  const largest = own.reduce((most, value) => Math.max(most, value), -Infinity);
  const weights = Array.from(own, (value) => Math.exp((value - largest) / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const best = labels[own.indexOf(largest)] as Label;
  const probabilities: Record<string, number> = {};
  labels.forEach((label, index) => {
    probabilities[label] = roundProbability((weights[index] ?? 0) / sum);
  });
  return { label: best, probability: probabilities[best] ?? 0, probabilities };
}

function decideEach(own: Float32Array, { labels, temperature, thresholds }: MultiLabelHead): string[] {
  return labels
    .map((label, index) => {
      const probability = 1 / (1 + Math.exp(-(own[index] ?? 0) / temperature));
      return { label, probability, said: probability >= (thresholds[index] ?? 0.5) };
    })
    .filter(({ said }) => said)
    .sort((a, b) => b.probability - a.probability)
    .map(({ label }) => label);
}

/** Four decimals: an int8 model is not surer than that, and rows and messages stay half as long. */
function roundProbability(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
