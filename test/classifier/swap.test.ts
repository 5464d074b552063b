import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClassifier } from '../../classifier/classifier.ts';
import { createBackend } from '../../classifier/registry.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { createModelSwap } from '../../classifier/swap.ts';
import type { Opinion } from '../../core/event.ts';
import type { Store } from '../../core/store/store.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../core/stream/embedded.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { aContext } from './context.ts';
import { aReport } from './reports.ts';
import { writeTinyModel } from './tiny_model.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidewatch-swap-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const open = (model: string) =>
  createBackend(classifierSettings.parse({ backend: { type: 'onnx', model, threads: 1 } }), aContext());

describe('a swap of models', () => {
  it('under load loses, repeats and mixes nothing, and keeps the old model where the new one is broken', async () => {
    const context = aContext();
    const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), {
      ...context,
      folder: join(root, 'log'),
    });
    await stream.createGroup(TOPICS.documents, 'classifier');
    await stream.createGroup(TOPICS.opinions, 'reader');
    const swap = createModelSwap(await open(writeTinyModel(join(root, 'one'))), {
      log: context.log,
      metrics: context.metrics.model,
    });
    // Only the classifier's own writing is asked here; the stores have their tests.
    const store = { insert: () => context.clock.sleep(2) } as unknown as Store;
    const settings = { ...classifierSettings.parse({}), max_batch_documents: 8, max_wait_ms: 0 };
    const stage = createClassifier(settings, { ...context, stream, store, backend: swap });
    await stage.start();

    const count = 1200;
    const given = Array.from({ length: count }, (_, index) => aReport(index));
    const feeding = (async () => {
      for (let from = 0; from < count; from += 40) {
        const values = given.slice(from, from + 40).map((value) => ({ key: value.id, value }));
        await stream.append(TOPICS.documents, values);
        await context.clock.sleep(5);
      }
    })();
    const broken = writeTinyModel(join(root, 'broken'), { version: '9', inverted: true });
    await appendFile(join(broken, 'onnx', 'model_quantized.onnx'), '!');
    const next = writeTinyModel(join(root, 'two'), { version: '2', inverted: true });
    const swapTwice = async (): Promise<boolean[]> => {
      await context.clock.sleep(60);
      return [await swap.swap(() => open(broken)), await swap.swap(() => open(next))];
    };
    const swapping = swapTwice();

    const enough = new AbortController();
    const opinions: Opinion[] = [];
    const deliveries = stream.subscribe<Opinion>(TOPICS.opinions, 'reader', {
      maxMessages: 500,
      maxWaitMs: 0,
      signal: enough.signal,
    });
    for await (const delivery of deliveries) {
      opinions.push(...delivery.messages.map(({ value }) => value));
      await delivery.acknowledge();
      if (opinions.length >= count) enough.abort();
    }
    await feeding;
    expect(await swapping).toEqual([false, true]);
    expect(opinions.map(({ document }) => document.id)).toEqual(given.map(({ id }) => id));
    const models = opinions.map(({ model }) => model);
    expect(new Set(models)).toEqual(new Set(['tiny@1', 'tiny@2']));
    expect(models.lastIndexOf('tiny@1')).toBeLessThan(models.indexOf('tiny@2'));
    for (const { model, sentiment, document } of opinions) {
      const plain = document.text.includes('loss') ? 'negative' : 'positive';
      const turned = plain === 'negative' ? 'positive' : 'negative';
      expect(sentiment).toBe(model === 'tiny@1' ? plain : turned);
    }
    const metrics = await context.metrics.registry.metrics();
    expect(metrics).toContain('tidewatch_model_swaps_total{stage="classifier",result="refused"} 1');
    expect(metrics).toContain('tidewatch_model_swaps_total{stage="classifier",result="done"} 1');
    expect(metrics).toContain('tidewatch_model_info{stage="classifier",model="tiny@2"} 1');
    expect(metrics).not.toContain('model="tiny@1"');
    await stage.stop();
    await swap.close();
    await stream.close();
  });

  it('closes the old model only when nobody holds it any more', async () => {
    const { log, metrics } = aContext();
    const closed: string[] = [];
    const backend = async (version: string) => {
      const opened = await open(writeTinyModel(join(root, version), { version }));
      return {
        ...opened,
        close: async () => {
          closed.push(opened.model);
          await opened.close();
        },
      };
    };
    const swap = createModelSwap(await backend('a'), { log, metrics: metrics.model });
    const held = swap.hold();
    await swap.swap(() => backend('b'));
    expect(closed).toEqual([]);
    expect((await held.backend.classify(['profit']))[0]?.sentiment).toBe('positive');
    held.release();
    expect(closed).toEqual(['tiny@a']);
    await swap.close();
    expect(closed).toEqual(['tiny@a', 'tiny@b']);
  });
});
