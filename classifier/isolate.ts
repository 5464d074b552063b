/**
 * One bad text must not keep a batch from being labelled, and a broken model must not send a whole stream to the dead
 * letters. So a failing batch is halved until the failing text stands alone; before that text is given up, a harmless
 * sentence is tried: if even that fails, the fault is the backend's, and the caller waits and tries again.
 */
import { toTidewatchError, type TidewatchError } from '../core/errors.ts';
import type { Backend } from './backend.ts';
import type { Labels } from './labels.ts';

/**
 * Labels, or for a text that the model cannot take, the error it died of; in the order of `texts`.
 * @throws TidewatchError of the backend where no text at all can be labelled
 */
export async function classifyEach(backend: Backend, texts: readonly string[]): Promise<(Labels | TidewatchError)[]> {
  if (texts.length === 0) return [];
  try {
    return await backend.classify(texts);
  } catch (thrown) {
    const error = toTidewatchError(thrown, 'model.failed');
    if (texts.length === 1) {
      await proveWorking(backend);
      return [error];
    }
    const middle = texts.length >> 1;
    const first = await classifyEach(backend, texts.slice(0, middle));
    return [...first, ...(await classifyEach(backend, texts.slice(middle)))];
  }
}

let probes = 0;

/** Labels a sentence that no cache knows yet. */
async function proveWorking(backend: Backend): Promise<void> {
  probes += 1;
  await backend.classify([`The company held its annual meeting on day ${probes}.`]);
}
