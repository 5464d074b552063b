import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { shippedModel } from '../../../classifier/artifact.ts';
import { shareCores } from '../../../classifier/backends/onnx.ts';
import { createBackend } from '../../../classifier/registry.ts';
import { classifierSettings } from '../../../classifier/settings.ts';
import { describeBackendContract } from '../../contracts/backend.ts';
import { aContext } from '../context.ts';
import { writeTinyModel } from '../tiny_model.ts';

const folder = await mkdtemp(join(tmpdir(), 'tidewatch-onnx-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const tiny = writeTinyModel(join(folder, 'tiny'));
const shipped = shippedModel('tidewatch-small');

const open = (backend: object) =>
  createBackend(classifierSettings.parse({ backend: { type: 'onnx', workers: 1, ...backend } }), aContext());

describeBackendContract('onnx, a tiny model', {
  open: () => open({ model: tiny }),
  positive: 'profit rose',
  negative: 'loss fraud',
  tolerance: 1e-5,
});

describeBackendContract('onnx without its memory of texts', {
  open: () => open({ model: tiny, cache_entries: 0, max_batch_tokens: 16, max_batch_texts: 3, threads: 1 }),
  positive: 'profit rose',
  negative: 'loss fraud',
  tolerance: 1e-5,
});

describeBackendContract('onnx, a tiny model in two graphs, all texts leaving half way', {
  open: () => open({ model: writeTinyModel(join(folder, 'early'), { exitFrom: 0 }), max_batch_texts: 8 }),
  positive: 'profit rose',
  negative: 'loss fraud',
  tolerance: 1e-5,
});

const hasShipped = existsSync(join(shipped, 'SHA256SUMS'));
if (!hasShipped) console.warn(`skipped: the shipped model is not in ${shipped}`);
describeBackendContract(
  'onnx, the shipped model',
  {
    open: () => open({ cache_entries: 0, workers: 2 }),
    positive: 'Quarterly profit rose 40% and the company raised its outlook and its dividend',
    negative: 'Shares plunge after the bank admits accounting fraud and huge losses',
    tolerance: 0.03,
  },
  !hasShipped,
);

describeBackendContract('onnx, three copies of a tiny model', {
  open: () => open({ model: tiny, cache_entries: 0, workers: 3, threads: 1 }),
  positive: 'profit rose',
  negative: 'loss fraud',
  tolerance: 1e-5,
});

describe('the cores of a machine', () => {
  it('go to copies of the model, a core each, and to threads once there are four copies', () => {
    expect(shareCores({ provider: 'cpu' }, 2)).toEqual({ workers: 2, threads: 1 });
    expect(shareCores({ provider: 'cpu' }, 16)).toEqual({ workers: 4, threads: 4 });
    expect(shareCores({ provider: 'cpu' }, 1)).toEqual({ workers: 1, threads: 1 });
  });

  it('are shared as the settings say, where they say', () => {
    expect(shareCores({ provider: 'cpu', threads: 8 }, 16)).toEqual({ workers: 2, threads: 8 });
    expect(shareCores({ provider: 'cpu', workers: 1 }, 16)).toEqual({ workers: 1, threads: 16 });
    expect(shareCores({ provider: 'cpu', threads: 32 }, 16)).toEqual({ workers: 1, threads: 32 });
    expect(shareCores({ provider: 'cuda' }, 16)).toEqual({ workers: 1, threads: 16 });
  });
});

describe('the onnx backend', () => {
  it('gives the probabilities that the graph and the temperature say', async () => {
    const cool = writeTinyModel(join(folder, 'cool'), { temperature: 2 });
    const backends = [await open({ model: tiny }), await open({ model: cool })] as const;
    const [warm, mild] = await Promise.all(backends.map(async (backend) => (await backend.classify(['the loss']))[0]));
    await Promise.all(backends.map((backend) => backend.close()));
    // Four tokens, one of which votes 12 for negative: logits 3, 0, 0.
    const softmax = (logit: number) => Math.exp(logit) / (Math.exp(logit) + 2);
    expect(warm?.confidence).toBeCloseTo(softmax(3), 4);
    expect(mild?.confidence).toBeCloseTo(softmax(1.5), 4);
    expect(warm?.topic).toBe('Earnings');
  });

  it('labels a Chinese text by the same topics', async () => {
    const backend = await open({ model: tiny });
    const [labels] = await backend.classify(['亏损']);
    await backend.close();
    expect(labels).toMatchObject({ sentiment: 'negative', topic: 'Earnings' });
  });

  it('lets only texts that are certain half way leave there, with the calibration of the exit', async () => {
    // The upper half turns sentiments round, so a label tells where a text left.
    const backend = await open({ model: writeTinyModel(join(folder, 'exits'), { exitFrom: 0.9 }) });
    const labels = await backend.classify([
      'loss loss',
      'the the the the the the loss',
      'profit rose',
      'the the the 亏损',
    ]);
    expect(labels.map(({ sentiment }) => sentiment)).toEqual(['negative', 'positive', 'positive', 'negative']);
    // Two of four tokens vote 12 for negative; the exit divides by 0.5.
    expect(labels[0]?.confidence).toBeCloseTo(Math.exp(12) / (Math.exp(12) + 2), 4);
    // One of nine tokens votes 12; the head divides by 1.
    expect(labels[1]?.confidence).toBeCloseTo(Math.exp(12 / 9) / (Math.exp(12 / 9) + 2), 4);
    const [acme] = await backend.classifyEntities([{ text: 'acme borea', entity: 'acme' }]);
    expect(acme?.sentiment).toBe('negative');
    await backend.close();
  });

  it('sends every text all the way where early exit is off', async () => {
    const model = writeTinyModel(join(folder, 'no-exits'), { exitFrom: 0 });
    const backend = await open({ model, early_exit: 'off' });
    const labels = await backend.classify(['loss loss', 'profit rose']);
    await backend.close();
    // The upper half turns sentiments round.
    expect(labels.map(({ sentiment }) => sentiment)).toEqual(['positive', 'negative']);
  });

  it('fails a batch with model.failed where the graph refuses a text, and labels the next one', async () => {
    const backend = await open({ model: tiny });
    await expect(backend.classify(['profit', 'poison'])).rejects.toMatchObject({ code: 'model.failed' });
    expect((await backend.classify(['profit']))[0]?.sentiment).toBe('positive');
    await backend.close();
  });

  it('names the version of the folder it was given', async () => {
    const next = writeTinyModel(join(folder, 'next'), { version: '2', inverted: true });
    const backend = await open({ model: next });
    expect(backend.model).toBe('tiny@2');
    expect((await backend.classify(['profit']))[0]?.sentiment).toBe('negative');
    await backend.close();
  });

  it('refuses a model whose file is not the one that was exported, naming both checksums', async () => {
    const broken = writeTinyModel(join(folder, 'broken'));
    await appendFile(join(broken, 'onnx', 'model_quantized.onnx'), '!');
    await expect(open({ model: broken })).rejects.toMatchObject({
      code: 'model.checksum',
      message: expect.stringMatching(/model_quantized\.onnx.*should be [0-9a-f]{64}, it is [0-9a-f]{64}/) as string,
    });
  });

  it('says model.missing where the folder is absent', async () => {
    await expect(open({ model: join(folder, 'nowhere') })).rejects.toMatchObject({ code: 'model.missing' });
  });

  it('says model.missing where the graph is no model, although its checksum is right', async () => {
    const odd = writeTinyModel(join(folder, 'odd'), { graph: new TextEncoder().encode('not a graph') });
    await expect(open({ model: odd })).rejects.toMatchObject({
      code: 'model.missing',
      message: expect.stringContaining('cannot load') as string,
    });
  });

  it('says library.missing, with what to install, where CUDA is asked for and absent', async ({ skip }) => {
    const backend = await open({ model: tiny, provider: 'cuda' }).catch((error: unknown) => error);
    if (!(backend instanceof Error)) {
      await (backend as Awaited<ReturnType<typeof open>>).close();
      skip('CUDA is installed here');
    }
    expect(backend).toMatchObject({ code: 'library.missing', hint: expect.stringContaining('CUDA 12') as string });
  });

  it('refuses a misspelt setting', () => {
    expect(() => classifierSettings.parse({ backend: { type: 'onnx', thread: 2 } })).toThrow(/thread/);
  });
});
