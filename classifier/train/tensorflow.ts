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
import type * as tfjs from '@tensorflow/tfjs';
import { TidewatchError } from '../../core/errors.ts';

export type Tensorflow = typeof tfjs;
export const TENSORFLOW_BACKENDS = ['node', 'node-gpu', 'webgpu', 'wasm', 'cpu'] as const;
export type TensorflowBackend = (typeof TENSORFLOW_BACKENDS)[number];

/** The library with the wanted backend ready; `library.missing` where it is not installed. */
export async function loadTensorflow(backend: TensorflowBackend): Promise<Tensorflow> {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  if (backend === 'node' || backend === 'node-gpu') return loadNative(`@tensorflow/tfjs-${backend}`);
  try {
    const tf = (await import('@tensorflow/tfjs')) as unknown as Tensorflow & { default?: Tensorflow };
    const library = tf.default ?? tf;
    if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
    if (backend === 'webgpu') await openWebGpu();
    if (!(await library.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
    await library.ready();
    return library;
  } catch (cause) {
    if (cause instanceof TidewatchError) throw cause;
    const packages = backend === 'webgpu' ? WEBGPU.join(' ') : '@tensorflow/tfjs @tensorflow/tfjs-backend-wasm';
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new TidewatchError(
      'library.missing',
      `TensorFlow.js with the ${backend} backend cannot be loaded: ${reason}`,
      {
        cause,
        hint: `Run: npm install --no-save ${packages}`,
      },
    );
  }
}

/** The addon from node_modules, else from the folder that TIDEWATCH_TFJS names (see scripts/build-tfjs-node.sh). */
function loadNative(name: string): Tensorflow {
  restoreUtil();
  const folder = process.env['TIDEWATCH_TFJS'];
  const places = [import.meta.url, ...(folder === undefined ? [] : [join(resolve(folder), 'package.json')])];
  const failures: string[] = [];
  for (const place of places) {
    try {
      return createRequire(place)(name) as Tensorflow;
    } catch (error) {
      failures.push(String(error instanceof Error ? error.message : error).split('\n')[0] ?? '');
    }
  }
  throw new TidewatchError('library.missing', `${name} cannot be loaded: ${failures.at(-1) ?? ''}`, {
    hint: `Run: npm install --no-save ${name}; or, where its download fails: scripts/build-tfjs-node.sh .tfjs and set TIDEWATCH_TFJS=.tfjs; or set "backend": "webgpu" in the recipe`,
  });
}

/** The addon calls two functions that Node 23 took out of node:util. */
function restoreUtil(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

const WEBGPU = ['webgpu', '@tensorflow/tfjs-backend-webgpu'] as const;

/** Gives Node the `navigator.gpu` of a browser (npm `webgpu`, Dawn), which the backend looks for when it is imported. */
async function openWebGpu(): Promise<void> {
  const [dawn, backend] = WEBGPU as readonly string[]; // as variables: neither package need be there to check types
  const { create, globals } = (await import(dawn ?? '')) as {
    create: (options: string[]) => { requestAdapter: () => Promise<unknown> };
    globals: object;
  };
  Object.assign(globalThis, globals);
  const gpu = create([]);
  if ((await gpu.requestAdapter()) === null) {
    throw new TidewatchError('library.missing', 'WebGPU found no GPU and no driver (Vulkan, Metal or Direct3D 12)', {
      hint: 'Install a Vulkan driver. To try without a GPU: apt-get install chromium and set VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json (right, but very slow)',
    });
  }
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
  await import(backend ?? '');
}
