/**
 * Which TensorFlow.js computes. None is a dependency: their installers fetch from outside the registry, and who serves with
 * ONNX Runtime needs none of them. So the one that is asked for must be there, and `auto` takes the first that is.
 */
import { TidewatchError, toTidewatchError } from '../../core/errors.ts';
import { loadTensorflow, type Tensorflow, type TensorflowBackend } from '../train/tensorflow.ts';

/** By the name of a setting: what train/tensorflow.ts calls it. */
const BY_NAME = {
  'tfjs-node-gpu': 'node-gpu',
  'tfjs-node': 'node',
  webgpu: 'webgpu',
  wasm: 'wasm',
  cpu: 'cpu',
} as const satisfies Record<string, TensorflowBackend>;
export type LibraryName = keyof typeof BY_NAME;

export const LIBRARIES = Object.keys(BY_NAME) as LibraryName[];
export type LibraryChoice = 'auto' | LibraryName;

/** In this order. Plain JavaScript (cpu) is never taken unasked: it is a hundred times slower. */
const AUTOMATIC: readonly LibraryName[] = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'];

/** What to run for each. */
export const INSTALL: Readonly<Record<LibraryName, string>> = {
  'tfjs-node-gpu':
    'npm install @tensorflow/tfjs-node-gpu (Linux or Windows x64, an NVIDIA card, CUDA 11 with cuDNN 8; where its download fails, scripts/build-tfjs-node.sh shows how to build it)',
  'tfjs-node':
    'npm install @tensorflow/tfjs-node, or where its download fails: scripts/build-tfjs-node.sh .tfjs, and set TIDEWATCH_TFJS=.tfjs',
  webgpu:
    'npm install webgpu @tensorflow/tfjs @tensorflow/tfjs-backend-webgpu; it needs a driver for Vulkan, Metal or Direct3D 12 (a software one: apt-get install chromium libvulkan1, and set VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json)',
  wasm: 'npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm',
  cpu: 'npm install @tensorflow/tfjs',
};

/** @throws TidewatchError library.missing, with what to install */
export async function openLibrary(choice: LibraryChoice): Promise<Tensorflow> {
  const failures: string[] = [];
  for (const name of choice === 'auto' ? AUTOMATIC : [choice]) {
    try {
      return await loadTensorflow(BY_NAME[name]);
    } catch (thrown) {
      failures.push(toTidewatchError(thrown).message);
    }
  }
  const chosen = choice === 'auto' ? 'tfjs-node' : choice;
  throw new TidewatchError('library.missing', `library: ${choice}, but ${failures.join('; ')}`, {
    hint: `Run: ${INSTALL[chosen]}. Or set another library (${LIBRARIES.join(', ')}), or the backend onnx, which needs none.`,
  });
}
