/** The same training on WebGPU: any real GPU, or the software driver of Debian's chromium, which is right and slow. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadTensorflow, type Tensorflow } from '../../../classifier/train/tensorflow.ts';
import { train } from '../../../classifier/train/train.ts';
import { tinyRecipe, tinyRows, tinyStudent } from './tiny.ts';

const SOFTWARE = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(SOFTWARE)) process.env['VK_ICD_FILENAMES'] ??= SOFTWARE;
const gpu: Tensorflow | string = await loadTensorflow('webgpu').catch((error: unknown) => String(error));
const skipped = typeof gpu === 'string' ? ` (skipped: ${gpu.split('\n')[0]})` : '';

test.skipIf(typeof gpu === 'string')(
  `some steps on WebGPU end with nearly the weights of plain JavaScript${skipped}`,
  async () => {
    const tf = gpu as Tensorflow;
    const run = async (backend: 'cpu' | 'webgpu') => {
      await tf.setBackend(backend);
      const recipe = tinyRecipe(mkdtempSync(join(tmpdir(), 'gpu-')), { max_steps: 2 });
      return train(tf, recipe, tinyStudent(recipe), tinyRows(18), { log: () => {} });
    };
    const expected = await run('cpu');
    const found = await run('webgpu');
    for (const [name, { data }] of expected) {
      const apart = Math.max(...data.map((number, i) => Math.abs(number - (found.get(name)?.data[i] ?? NaN))));
      expect(apart, name).toBeLessThan(2e-3);
    }
  },
  120_000,
);
