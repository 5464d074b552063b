/** One model on every TensorFlow.js that is here, beside ONNX Runtime; what is not here is skipped with its reason. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LibraryName } from '../../../classifier/backends/tfjs_library.ts';
import { toTidewatchError } from '../../../core/errors.ts';
import { createBackend } from '../../../classifier/registry.ts';
import { classifierSettings } from '../../../classifier/settings.ts';
import { describeBackendContract } from '../../contracts/backend.ts';
import { aContext } from '../context.ts';
import { writeTinyModel } from '../tiny_model.ts';
import { writeTinyBert } from './tiny_bert.ts';

const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(SOFTWARE_DRIVER)) process.env['VK_ICD_FILENAMES'] ??= SOFTWARE_DRIVER;
const built = join(import.meta.dirname, '../../../.tfjs');
if (existsSync(built)) process.env['TIDEWATCH_TFJS'] ??= built;

const folder = await mkdtemp(join(tmpdir(), 'tidewatch-tfjs-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const tiny = writeTinyBert(join(folder, 'tiny'));
const open = (backend: object) => createBackend(classifierSettings.parse({ backend }), aContext());
const SERVED = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'] as const satisfies readonly LibraryName[];
/** Why a library cannot be tried here; null where it can. Tried in a thread, as it is served: two in one do not mix. */
async function whyNot(library: LibraryName): Promise<string | null> {
  try {
    await (await open({ type: 'tfjs', model: tiny, library })).close();
    return null;
  } catch (thrown) {
    const error = toTidewatchError(thrown);
    if (error.code === 'library.missing') return error.message;
    throw error;
  }
}
const absent = new Map<LibraryName, string | null>();
for (const library of SERVED) absent.set(library, await whyNot(library));

const texts = ['profit rose', 'the loss', 'loss fraud 亏损', 'the meeting', '盈利 the the the the the the the'];

describe('the tfjs backend', () => {
  for (const library of SERVED) {
    it(`gives the probabilities of ONNX Runtime for the same weights, on ${library}`, async ({ skip }) => {
      const missing = absent.get(library) ?? null;
      if (missing !== null) skip(missing);
      for (const precision of library === 'wasm' ? (['float', 'int8'] as const) : (['float'] as const)) {
        const model = writeTinyBert(join(folder, `${library}-${precision}`), precision);
        const [theirs, own] = [await open({ type: 'onnx', model }), await open({ type: 'tfjs', model, library })];
        const [expected, found] = [await theirs.classify(texts), await own.classify(texts)];
        await Promise.all([theirs.close(), own.close()]);
        expect(own.model).toBe(theirs.model);
        found.forEach((labels, row) => {
          expect(labels.sentiment).toBe(expected[row]?.sentiment);
          for (const head of ['sentiment_probabilities', 'topic_probabilities'] as const) {
            const right = new Map(Object.entries(expected[row]?.[head] ?? {}));
            // ONNX Runtime rounds activations to int8 too, where the weights are.
            for (const [label, probability] of Object.entries(labels[head]))
              expect(probability).toBeCloseTo(right.get(label) ?? NaN, precision === 'float' ? 3 : 1);
          }
        });
      }
    });
  }

  it('says library.missing, with what to install, where the library that is asked for is absent', async ({ skip }) => {
    if (absent.get('tfjs-node-gpu') === null) skip('tfjs-node-gpu is installed here');
    await expect(open({ type: 'tfjs', model: tiny, library: 'tfjs-node-gpu' })).rejects.toMatchObject({
      code: 'library.missing',
      message: expect.stringContaining('tfjs-node-gpu') as string,
      hint: expect.stringContaining('npm install @tensorflow/tfjs-node-gpu') as string,
    });
  });

  it('refuses a graph that is not of our making, naming the weights it lacks', async () => {
    const model = writeTinyModel(join(folder, 'other'));
    await expect(open({ type: 'tfjs', model, library: 'cpu' })).rejects.toMatchObject({ code: 'model.missing' });
  });

  it('refuses a misspelt library', () => {
    expect(() => classifierSettings.parse({ backend: { type: 'tfjs', library: 'tfjs' } })).toThrow(/library/);
  });
});

for (const library of SERVED) {
  const missing = absent.get(library) ?? null;
  if (missing !== null) console.warn(`skipped: the contract on ${library}: ${missing}`);
  describeBackendContract(
    `tfjs on ${library}, a tiny model`,
    {
      open: () => open({ type: 'tfjs', model: tiny, library, cache_entries: 0 }),
      positive: 'profit rose',
      negative: 'loss fraud',
      tolerance: 1e-4,
    },
    missing !== null,
  );
}
