import { describe, expect, it } from 'vitest';
import { labelsOf, type Heads } from '../../classifier/labels.ts';

const heads: Heads = {
  sentiment: { labels: ['negative', 'neutral', 'positive'], temperature: 1 },
  topic: { labels: ['Earnings', 'Markets'], temperature: 2 },
};
const logits = {
  sentiment: Float32Array.of(0, 0, 0, 1, 2, 4),
  topic: Float32Array.of(0, 0, 3, 1),
};

describe('labels from logits', () => {
  it('takes the likeliest class of the row, and its probability as confidence', () => {
    const labels = labelsOf(logits, 1, heads);
    const sum = Math.exp(1) + Math.exp(2) + Math.exp(4);
    expect(labels.sentiment).toBe('positive');
    expect(labels.confidence).toBeCloseTo(Math.exp(4) / sum, 5);
    expect(labels.sentiment_probabilities.negative).toBeCloseTo(Math.exp(1) / sum, 5);
  });

  it('divides by the temperature of the head before the softmax', () => {
    const labels = labelsOf(logits, 1, heads);
    expect(labels.topic).toBe('Earnings');
    expect(labels.topic_probabilities['Earnings']).toBeCloseTo(1 / (1 + Math.exp(-1)), 5);
  });

  it('does not overflow on large logits', () => {
    const large = { sentiment: Float32Array.of(0, 0, 3e38), topic: Float32Array.of(-3e38, 3e38) };
    expect(labelsOf(large, 0, heads)).toMatchObject({ sentiment: 'positive', confidence: 1, topic: 'Markets' });
  });

  it('refuses logits that are no numbers', () => {
    const broken = { sentiment: Float32Array.of(Number.NaN, 0, 0), topic: Float32Array.of(0, 0) };
    expect(() => labelsOf(broken, 0, heads)).toThrow(/no finite logits/);
  });
});
