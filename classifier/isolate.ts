/**
 * One bad text must not keep a batch from being labelled, and a broken model must not send a whole stream to the dead
 * letters. So a failing batch is halved until the failing text stands alone. Before the first halving, and again before that
 * text is given up, a harmless sentence is tried: if even that fails, the fault is the backend's, and the caller waits and tries
 * again; each half asked of a backend that hangs would take all of its patience. Where the sentence passes, the text has one
 * more try: a network that was cut may have come back in between (test/integration/crash found it).
 */
import { toTidewatchError, type TidewatchError } from '../core/errors.ts';
import type { Backend, EntityQuestion } from './backend.ts';
import type { EntityLabels, Labels } from './labels.ts';

/**
 * Labels, or for a text that the model cannot take, the error it died of; in the order of `texts`.
 * @throws TidewatchError of the backend where no text at all can be labelled
 */
export function classifyEach(backend: Backend, texts: readonly string[]): Promise<(Labels | TidewatchError)[]> {
  return answerEach(texts, (some) => backend.classify(some), backend);
}

/** The same for questions about entities. @throws TidewatchError of the backend where no text at all can be labelled */
export function classifyEntitiesEach(
  backend: Backend,
  questions: readonly EntityQuestion[],
): Promise<(EntityLabels | TidewatchError)[]> {
  return answerEach(questions, (some) => backend.classifyEntities(some), backend);
}

async function answerEach<Item, Answer>(
  items: readonly Item[],
  ask: (items: readonly Item[]) => Promise<Answer[]>,
  backend: Backend,
  isHalf = false,
): Promise<(Answer | TidewatchError)[]> {
  if (items.length === 0) return [];
  try {
    return await ask(items);
  } catch (thrown) {
    const error = toTidewatchError(thrown, 'model.failed');
    if (items.length === 1 || !isHalf) await proveWorking(backend);
    if (items.length === 1) return [await askAgain(items, ask, error)];
    const middle = items.length >> 1;
    const first = await answerEach(items.slice(0, middle), ask, backend, true);
    return [...first, ...(await answerEach(items.slice(middle), ask, backend, true))];
  }
}

/** A backend that was away for a moment passes the proof too: only a text that fails after it is at fault itself. */
async function askAgain<Item, Answer>(
  items: readonly Item[],
  ask: (items: readonly Item[]) => Promise<Answer[]>,
  before: TidewatchError,
): Promise<Answer | TidewatchError> {
  try {
    return (await ask(items))[0] ?? before;
  } catch (thrown) {
    return toTidewatchError(thrown, 'model.failed');
  }
}

let probes = 0;

/** Labels a sentence that no cache knows yet. */
async function proveWorking(backend: Backend): Promise<void> {
  probes += 1;
  await backend.classify([`The company held its annual meeting on day ${probes}.`]);
}
