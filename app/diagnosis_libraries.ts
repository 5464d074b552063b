/** What else than the CPU by ONNX Runtime can run the model here: each tried by labelling a sentence with it. All optional. */
import { openBackend } from './backend.ts';
import type { Check } from './diagnosis.ts';
import { INSTALL, type LibraryName } from '../classifier/backends/tfjs_library.ts';
import { classifierSettings } from '../classifier/settings.ts';
import { toTidewatchError } from '../core/errors.ts';

const SHOWN = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'] as const satisfies readonly LibraryName[];

/** One after another: two that share a processor only tell how slow that is. */
export async function checkLibraries(): Promise<Check[]> {
  const checks = [await attempt('classifier on CUDA (onnx)', { type: 'onnx', provider: 'cuda' })];
  for (const library of SHOWN) {
    const check = await attempt(`classifier on ${library} (tfjs; also trains)`, { type: 'tfjs', library });
    checks.push(check.status === 'absent' ? { ...check, advice: `Optional: ${INSTALL[library]}.` } : check);
  }
  return checks;
}

async function attempt(name: string, backend: object): Promise<Check> {
  try {
    const opened = await openBackend({ settings: classifierSettings.parse({ backend }) });
    const began = performance.now();
    const [labels] = await opened.backend.classify(['Profit warning sends shares lower']);
    const milliseconds = Math.round(performance.now() - began);
    await opened.close();
    return { name, status: 'ok', found: `answers ${labels?.sentiment ?? 'nothing'} in ${milliseconds} ms` };
  } catch (thrown) {
    const { code, message, hint } = toTidewatchError(thrown);
    const found = message.split('\n')[0]?.slice(0, 200) ?? '';
    return {
      name,
      status: code === 'library.missing' ? 'absent' : 'failed',
      found,
      ...(hint === undefined ? {} : { advice: `Optional: ${hint}` }),
    };
  }
}
