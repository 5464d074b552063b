import { describe, expect, it } from 'vitest';
import { entityLabelsOf, labelsOf, type Heads } from '../../classifier/labels.ts';

const heads: Heads = {
  sentiment: { labels: ['negative', 'neutral', 'positive'], temperature: 1 },
  topic: { labels: ['Earnings', 'Markets'], temperature: 2 },
  topics_zh: null,
  event: null,
  entity_sentiment: null,
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
    expect(labels.confidence).toBeCloseTo(Math.exp(4) / sum, 4);
    expect(labels.sentiment_probabilities.negative).toBeCloseTo(Math.exp(1) / sum, 4);
  });

  it('divides by the temperature of the head before the softmax', () => {
    const labels = labelsOf(logits, 1, heads);
    expect(labels.topic).toBe('Earnings');
    expect(labels.topic_probabilities['Earnings']).toBeCloseTo(1 / (1 + Math.exp(-1)), 4);
  });

  it('does not overflow on large logits', () => {
    const large = { sentiment: Float32Array.of(0, 0, 3e38), topic: Float32Array.of(-3e38, 3e38) };
    expect(labelsOf(large, 0, heads)).toMatchObject({ sentiment: 'positive', confidence: 1, topic: 'Markets' });
  });

  it('refuses logits that are no numbers', () => {
    const broken = { sentiment: Float32Array.of(Number.NaN, 0, 0), topic: Float32Array.of(0, 0) };
    expect(() => labelsOf(broken, 0, heads)).toThrow(/no finite logits/);
  });

  it('says nothing of heads that the model does not have', () => {
    expect(labelsOf(logits, 0, heads)).toMatchObject({ topics_zh: [], event: null, event_probability: null });
  });

  it('says every Chinese topic that reaches its own threshold, likeliest first', () => {
    const topics_zh = { labels: ['公司', '大盘', '债券'], temperature: 2, thresholds: [0.5, 0.9, 0.2] };
    const labels = labelsOf({ ...logits, topics_zh: Float32Array.of(1, 4, -2) }, 0, { ...heads, topics_zh });
    // Sigmoids of 0.5, 2 and -1: 0.62, 0.88, 0.27.
    expect(labels.topics_zh).toEqual(['公司', '债券']);
  });

  it('gives the event with its probability, and null with the probability of there being none', () => {
    const event = { labels: ['无', '财务造假'], temperature: 1, none: '无' };
    const both = { ...logits, event: Float32Array.of(0, 3, 2, 0) };
    expect(labelsOf(both, 0, { ...heads, event })).toMatchObject({ event: '财务造假' });
    const none = labelsOf(both, 1, { ...heads, event });
    expect(none.event).toBeNull();
    expect(none.event_probability).toBeCloseTo(1 / (1 + Math.exp(-2)), 4);
  });

  it('reads the sentiment towards an entity from its own head', () => {
    const answer = entityLabelsOf({ entity_sentiment: Float32Array.of(5, 0, 0) }, 0, heads.sentiment);
    expect(answer.sentiment).toBe('negative');
    expect(answer.probabilities.negative).toBeGreaterThan(0.98);
  });
});
