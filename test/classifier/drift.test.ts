import { describe, expect, it } from 'vitest';
import { createDriftWatch, referenceOf, stabilityIndex } from '../../classifier/drift.ts';
import type { Backend } from '../../classifier/backend.ts';
import { createClassifier } from '../../classifier/classifier.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { createModelSwap } from '../../classifier/swap.ts';
import type { Sentiment } from '../../core/event.ts';
import type { Store } from '../../core/store/store.ts';
import type { Delivery, Stream } from '../../core/stream/stream.ts';
import { aContext } from './context.ts';
import { aReport } from './reports.ts';

const seen = (sentiment: Sentiment, count: number, confidence = 0.93) =>
  Array.from({ length: count }, () => ({ sentiment, topic: 'Earnings', confidence }));

describe('drift', () => {
  it('is the population stability index, by hand', () => {
    const index = stabilityIndex({ a: 0.6, b: 0.4 }, { a: 0.5, b: 0.5 });
    expect(index).toBeCloseTo(0.1 * Math.log(0.6 / 0.5) - 0.1 * Math.log(0.4 / 0.5), 10);
    expect(stabilityIndex({ a: 1 }, { a: 1 })).toBe(0);
  });

  it('is near zero on the same mixture, and rises when the mixture changes', () => {
    const gauges = new Map<string, number>();
    const none = (): void => undefined;
    const metrics = {
      drift: (measure: string, psi: number) => void gauges.set(measure, psi),
      abstained: none,
      current: none,
      swap: none,
    };
    const mixture = [...seen('negative', 200), ...seen('neutral', 600), ...seen('positive', 200)];
    const watch = createDriftWatch(referenceOf(mixture), metrics, 1000);
    watch.see(mixture.slice(0, 100));
    expect(gauges.size).toBe(0);
    watch.see(mixture.slice(100));
    expect(gauges.get('sentiment')).toBeCloseTo(0, 6);
    watch.see(seen('negative', 1000, 0.5));
    expect(gauges.get('sentiment')).toBeGreaterThan(0.25);
    expect(gauges.get('confidence')).toBeGreaterThan(0.25);
    expect(gauges.get('topic')).toBeCloseTo(0, 6);
  });

  it('of a model that was swapped is told no more, though it finishes its delivery', async () => {
    const context = aContext();
    const { metrics, log } = context;
    const told = async (): Promise<string[]> =>
      (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('tidewatch_model_drift_psi{'));
    const model = (name: string, reference: Backend['reference']): Backend =>
      ({
        model: name,
        labels: { entity_sentiment: [] },
        reference,
        classify: async (texts: readonly string[]) => {
          if (texts.some((text) => text.includes('swap'))) await swap.swap(async () => model('new@2', null));
          return seen('negative', texts.length).map((labels) => ({ ...labels, topics_zh: [], event: null }));
        },
        close: async () => undefined,
      }) as unknown as Backend;
    const swap = createModelSwap(model('old@1', referenceOf(seen('neutral', 10))), { log, metrics: metrics.model });
    const delivery = (text: string): Delivery<unknown> => ({
      messages: Array.from({ length: 600 }, (_, offset) => ({
        partition: 0,
        offset,
        key: 'a',
        appended_at: 0,
        value: { ...aReport(offset), text },
      })),
      acknowledge: async () => undefined,
    });
    const told_at: string[][] = [];
    async function* deliveries(): AsyncGenerator<Delivery<unknown>> {
      yield delivery('profit');
      told_at.push(await told());
      yield delivery('swap');
      told_at.push(await told());
      ended();
      await new Promise(() => undefined);
    }
    let ended = (): void => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    const stream = { subscribe: deliveries, lag: async () => ({ messages: 0, seconds: 0 }) } as unknown as Stream;
    const store = { insert: async () => undefined } as unknown as Store;
    const stage = createClassifier(classifierSettings.parse({}), { ...context, stream, store, backend: swap });
    await stage.start();
    await end;
    expect(told_at).toEqual([expect.arrayContaining([expect.stringContaining('sentiment')]), []]);
  });
});
