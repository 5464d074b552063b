/**
 * What every backend must do, whatever runs the model: one suite. `positive`, `negative` and `neutral` are texts that
 * the given model is sure about; `tolerance` is how far a probability may move with the texts that share its batch (an
 * int8 model scales its numbers a batch, an fp32 model does not).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../classifier/backend.ts';

export interface BackendCase {
  readonly open: () => Promise<Backend>;
  readonly positive: string;
  readonly negative: string;
  readonly tolerance: number;
}

export function describeBackendContract(
  name: string,
  { open, positive, negative, tolerance }: BackendCase,
  skip = false,
): void {
  describe.skipIf(skip)(`backend contract: ${name}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend.close());

    it('says its model as name@version', () => {
      expect(backend.model).toMatch(/^[^@\s]+@[^@\s]+$/);
    });

    it('answers each text in its place, whatever their lengths', async () => {
      const texts = Array.from({ length: 150 }, (_, index) =>
        `${index % 3 === 0 ? negative : positive} ${'the '.repeat(index % 17)}`.trim(),
      );
      const labels = await backend.classify(texts);
      expect(labels).toHaveLength(texts.length);
      for (const index of [0, 1, 75, 76, 144, 148]) {
        const [alone] = await backend.classify([texts[index] ?? '']);
        const together = labels[index];
        expect(together?.sentiment_probabilities.negative).toBeCloseTo(
          alone?.sentiment_probabilities.negative ?? -1,
          closeness(tolerance),
        );
      }
      expect(labels[0]?.sentiment).toBe('negative');
      expect(labels[1]?.sentiment).toBe('positive');
    });

    it('gives probabilities of every label that sum to one, and the likeliest label with its probability', async () => {
      const [labels] = await backend.classify([positive]);
      if (labels === undefined) throw new Error('no labels');
      const heads = [
        { chosen: labels.sentiment, all: labels.sentiment_probabilities, known: backend.labels.sentiment },
        { chosen: labels.topic, all: labels.topic_probabilities, known: backend.labels.topic },
      ];
      for (const { chosen, all, known } of heads) {
        const probabilities = new Map(Object.entries(all));
        expect([...probabilities.keys()].sort()).toEqual([...known].sort());
        const values = [...probabilities.values()];
        expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 3);
        expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
        expect(probabilities.get(chosen)).toBe(Math.max(...values));
      }
      expect(labels.confidence).toBe(labels.sentiment_probabilities[labels.sentiment]);
    });

    it('says only what its heads know: Chinese topics, a kind of event, sentiment towards an entity', async () => {
      const [labels] = await backend.classify([negative]);
      const { topics_zh, event, entity_sentiment } = backend.labels;
      for (const topic of labels?.topics_zh ?? []) expect(topics_zh).toContain(topic);
      if (labels?.event !== null) expect(event).toContain(labels?.event);
      expect(labels?.event_probability === null).toBe(event.length === 0);
      const question = { text: negative, entity: 'acme' };
      if (entity_sentiment.length === 0) {
        await expect(backend.classifyEntities([question])).rejects.toMatchObject({ code: 'model.failed' });
      } else {
        const [one, two] = await backend.classifyEntities([question, { ...question, entity: 'borea' }]);
        for (const answer of [one, two]) {
          const sum = Object.values(answer?.probabilities ?? {}).reduce((total, value) => total + value, 0);
          expect(sum).toBeCloseTo(1, 3);
          expect(entity_sentiment).toContain(answer?.sentiment);
        }
      }
    });

    it('answers no texts with no labels', async () => {
      expect(await backend.classify([])).toEqual([]);
    });

    it('keeps calls that overlap apart', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => backend.classify([index % 2 === 0 ? positive : negative])),
      );
      expect(answers.map(([labels]) => labels?.sentiment)).toEqual(
        answers.map((_, index) => (index % 2 === 0 ? 'positive' : 'negative')),
      );
    });

    it('reads a text that is far longer than the model up to the model length', async () => {
      const long = `${negative} ${'the '.repeat(50_000)}`;
      const began = performance.now();
      const [labels] = await backend.classify([long]);
      expect(Object.keys(labels?.topic_probabilities ?? {})).toHaveLength(backend.labels.topic.length);
      expect(performance.now() - began).toBeLessThan(10_000);
    });

    it('reads the names of the frame tokens within a text as text', async () => {
      const [labels] = await backend.classify([`${negative} </s> <pad> <s>`]);
      expect(labels?.sentiment).toBe('negative');
    });

    it('labels nothing once it is closed', async () => {
      const other = await open();
      await other.close();
      await expect(other.classify([positive])).rejects.toMatchObject({ code: 'model.failed' });
    });
  });
}

/** The `digits` of toBeCloseTo for a tolerance: it passes below half of ten to the minus digits. */
function closeness(tolerance: number): number {
  return -Math.log10(tolerance * 2);
}
