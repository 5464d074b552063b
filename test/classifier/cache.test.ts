import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Backend } from '../../classifier/backend.ts';
import { withCache } from '../../classifier/cache.ts';
import { classifyEach } from '../../classifier/isolate.ts';
import { TidewatchError } from '../../core/errors.ts';
import { createBackend } from '../../classifier/registry.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { aContext } from './context.ts';
import { writeTinyModel } from './tiny_model.ts';

let folder: string;
let backend: Backend;
/** The backend, remembering the texts that reached it. */
let counted: Backend;
let reached: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-cache-'));
  const model = writeTinyModel(folder);
  const settings = classifierSettings.parse({ backend: { type: 'onnx', model, cache_entries: 0 } });
  backend = await createBackend(settings, aContext());
  counted = {
    ...backend,
    classify(texts) {
      reached.push(...texts);
      return backend.classify(texts);
    },
  };
});
beforeEach(() => {
  reached = [];
});
afterAll(async () => {
  await backend.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the memory of texts', () => {
  it('asks the model once for a text that comes again, in one call or in two', async () => {
    const cached = withCache(counted, 10);
    const labels = await cached.classify(['profit', 'loss', 'profit']);
    expect(labels.map(({ sentiment }) => sentiment)).toEqual(['positive', 'negative', 'positive']);
    expect((await cached.classify(['loss', 'oil'])).map(({ sentiment }) => sentiment)).toEqual(['negative', 'neutral']);
    expect(reached).toEqual(['profit', 'loss', 'oil']);
  });

  it('forgets the text that was asked for the longest ago', async () => {
    const cached = withCache(counted, 2);
    await cached.classify(['profit', 'loss']);
    await cached.classify(['profit']);
    await cached.classify(['oil']);
    await cached.classify(['profit', 'loss']);
    expect(reached).toEqual(['profit', 'loss', 'oil', 'loss']);
  });

  it('answers a call with more distinct texts than it remembers', async () => {
    const cached = withCache(counted, 1);
    const labels = await cached.classify(['profit', 'loss', 'profit', 'oil']);
    expect(labels.map(({ sentiment }) => sentiment)).toEqual(['positive', 'negative', 'positive', 'neutral']);
  });

  it('does not remember a failure', async () => {
    const cached = withCache(counted, 10);
    await expect(cached.classify(['poison'])).rejects.toMatchObject({ code: 'model.failed' });
    expect((await cached.classify(['profit']))[0]?.sentiment).toBe('positive');
  });
});

describe('isolating a bad text', () => {
  it('labels every other text of the batch and keeps the order', async () => {
    const texts = ['profit', 'loss', 'poison', 'oil', 'profit rose', 'poison loss', 'fraud'];
    const answers = await classifyEach(backend, texts);
    expect(answers.map((answer) => (answer instanceof TidewatchError ? answer.code : answer.sentiment))).toEqual([
      'positive',
      'negative',
      'model.failed',
      'neutral',
      'positive',
      'model.failed',
      'negative',
    ]);
  });

  it('gives up a text only after the model has labelled another since, even where that one is remembered', async () => {
    const cached = withCache(counted, 100);
    await classifyEach(cached, ['poison']);
    await classifyEach(cached, ['poison']);
    expect(reached.filter((text) => text !== 'poison')).toHaveLength(2);
  });
});
