/**
 * Finds a TensorFlow.js to compute with. Everything else under train/ takes the library as an argument, so the same code
 * runs natively on the CPU (`node`) or a GPU (`node-gpu`, CUDA 11), through WebGPU on any GPU with Vulkan, Metal or
 * Direct3D 12 (`webgpu`), on WebAssembly and on plain JavaScript (small models, tests). One setting of the recipe chooses.
 *
 * The native addons are optional peers: their install scripts download files that many machines cannot reach, which would
 * break `npm ci` for everyone who never trains. Rejected: a static import, for the same reason.
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as tfjs from '@tensorflow/tfjs';
import { TidewatchError } from '../../core/errors.ts';

export type Tensorflow = typeof tfjs;
export const TENSORFLOW_BACKENDS = ['node', 'node-gpu', 'webgpu', 'wasm', 'cpu'] as const;
export type TensorflowBackend = (typeof TENSORFLOW_BACKENDS)[number];

const NATIVE_HINT =
  'Run: npm install --no-save NAME; or, where its download fails: scripts/build-tfjs-node.sh .tfjs and set TIDEWATCH_TFJS=.tfjs; or set "backend": "webgpu" in the recipe';
const WEBGPU_HINT =
  'Run: npm install --no-save webgpu @tensorflow/tfjs-backend-webgpu, and see that a Vulkan, Metal or Direct3D 12 driver is there. To try without a GPU: apt-get install chromium libvulkan1, and set VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json (right, but very slow)';

/** The library with the wanted backend ready; `library.missing` where it is not installed. */
export async function loadTensorflow(backend: TensorflowBackend): Promise<Tensorflow> {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  if (backend === 'node' || backend === 'node-gpu') {
    restoreUtil();
    const name = `@tensorflow/tfjs-${backend}`;
    return fromSomewhere(name, NATIVE_HINT.replace('NAME', name), (require) => require(name) as Tensorflow);
  }
  if (backend === 'webgpu') return fromSomewhere('TensorFlow.js on WebGPU', WEBGPU_HINT, openWebGpu);
  try {
    const tf = (await import('@tensorflow/tfjs')) as unknown as Tensorflow & { default?: Tensorflow };
    const library = tf.default ?? tf;
    if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
    return await start(library, backend);
  } catch (cause) {
    throw new TidewatchError('library.missing', `TensorFlow.js with the ${backend} backend cannot be loaded`, {
      cause,
      hint: 'Run: npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm',
    });
  }
}

async function start(library: Tensorflow, backend: string): Promise<Tensorflow> {
  if (!(await library.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
  await library.ready();
  return library;
}

/** From node_modules, else from the folder that TIDEWATCH_TFJS names (see scripts/build-tfjs-node.sh). */
async function fromSomewhere(
  what: string,
  hint: string,
  open: (require: NodeJS.Require) => Tensorflow | Promise<Tensorflow>,
): Promise<Tensorflow> {
  const folder = process.env['TIDEWATCH_TFJS'];
  const places = [import.meta.url, ...(folder === undefined ? [] : [join(resolve(folder), 'package.json')])];
  const failures: string[] = [];
  for (const place of places) {
    try {
      return await open(createRequire(place));
    } catch (error) {
      failures.push(String(error instanceof Error ? error.message : error).split('\n')[0] ?? '');
    }
  }
  throw new TidewatchError('library.missing', `${what} cannot be loaded: ${failures.at(-1) ?? ''}`, { hint });
}

/** The addon calls two functions that Node 23 took out of node:util. */
function restoreUtil(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

interface Dawn {
  create: (options: string[]) => { requestAdapter: () => Promise<unknown> };
  globals: object;
}

/** Gives Node the `navigator.gpu` of a browser (npm `webgpu`, Dawn), which the backend looks for when it is loaded. */
async function openWebGpu(require: NodeJS.Require): Promise<Tensorflow> {
  const dawn = (await import(pathToFileURL(require.resolve('webgpu')).href)) as Dawn;
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  if ((await gpu.requestAdapter()) === null) throw new Error('no GPU and no driver for one');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
  const library = require('@tensorflow/tfjs') as Tensorflow;
  // oxlint-disable-next-line import/no-unassigned-import -- it registers itself
  require('@tensorflow/tfjs-backend-webgpu');
  return start(library, 'webgpu');
}
