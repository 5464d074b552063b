/**
 * Finds a TensorFlow.js to compute with. Everything else under train/ takes the library as an argument, so the same
 * model runs natively (training), on WebAssembly and on plain JavaScript (tests, comparison with the served model).
 *
 * The native addon is an optional peer: its install script downloads files that many machines cannot reach, which would
 * break `npm ci` for everyone who never trains. Rejected: a static import, for the same reason.
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';
import { TidewatchError } from '../../core/errors.ts';

export type Tensorflow = typeof tfjs;
export type TensorflowBackend = 'node' | 'wasm' | 'cpu';

const NODE_PACKAGE = '@tensorflow/tfjs-node';

/** The library with the wanted backend ready; `library.missing` where it is not installed. */
export async function loadTensorflow(backend: TensorflowBackend): Promise<Tensorflow> {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  if (backend === 'node') return loadNative();
  try {
    const tf = (await import('@tensorflow/tfjs')) as unknown as Tensorflow & { default?: Tensorflow };
    const library = tf.default ?? tf;
    if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
    if (!(await library.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
    await library.ready();
    return library;
  } catch (cause) {
    throw new TidewatchError('library.missing', `TensorFlow.js with the ${backend} backend cannot be loaded`, {
      cause,
      hint: 'Run: npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm',
    });
  }
}

/** The addon from node_modules, else from the folder that TIDEWATCH_TFJS names (see scripts/build-tfjs-node.sh). */
function loadNative(): Tensorflow {
  const folder = process.env['TIDEWATCH_TFJS'];
  const places = [import.meta.url, ...(folder === undefined ? [] : [join(resolve(folder), 'package.json')])];
  const failures: string[] = [];
  for (const place of places) {
    try {
      return createRequire(place)(NODE_PACKAGE) as Tensorflow;
    } catch (error) {
      failures.push(String(error instanceof Error ? error.message : error).split('\n')[0] ?? '');
    }
  }
  throw new TidewatchError('library.missing', `${NODE_PACKAGE} cannot be loaded: ${failures.at(-1) ?? ''}`, {
    hint: `Run: npm install ${NODE_PACKAGE}; or, where its download fails: scripts/build-tfjs-node.sh .tfjs and set TIDEWATCH_TFJS=.tfjs`,
  });
}
