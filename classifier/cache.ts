/**
 * Answers texts seen before without the model: syndicated stories, retweets, templates of exchange notices. Bounded by
 * entries, least recently used first out. Keys are hashes, so a long article costs no more memory than a headline. A
 * cache lives as long as its backend, and a backend has one model, so no label outlives its model version.
 */
import { hash } from 'node:crypto';
import { TidewatchError } from '../core/errors.ts';
import type { Backend } from './backend.ts';
import type { EntityLabels, Labels } from './labels.ts';

/** The same backend with a memory of its last `entries` distinct texts (about 1.5 kB each), and of as many questions. */
export function withCache(backend: Backend, entries: number): Backend {
  const texts = createMemory<Labels>(entries);
  const questions = createMemory<EntityLabels>(entries);
  return {
    model: backend.model,
    labels: backend.labels,
    reference: backend.reference ?? null,
    classify: (given, options) =>
      options?.remember === false
        ? backend.classify(given, options)
        : texts(
            given,
            (text) => [text],
            (unknown) => backend.classify(unknown, options),
          ),
    classifyEntities: (given) =>
      questions(
        given,
        ({ text, entity }) => [entity, text],
        (unknown) => backend.classifyEntities(unknown),
      ),
    close: () => backend.close(),
  };
}

type Ask<Item, Answer> = (items: readonly Item[]) => Promise<Answer[]>;

/** Answers items by what is known of their key, asks about the others once each, and remembers those. */
function createMemory<Answer>(entries: number) {
  const known = new Map<string, Answer>();
  const recall = (key: string): Answer | undefined => {
    const answer = known.get(key);
    if (answer === undefined) return undefined;
    known.delete(key);
    known.set(key, answer);
    return answer;
  };
  const remember = (key: string, answer: Answer): void => {
    known.set(key, answer);
    if (known.size <= entries) return;
    const [oldest] = known.keys();
    if (oldest !== undefined) known.delete(oldest);
  };
  return async <Item>(
    items: readonly Item[],
    keyOf: (item: Item) => readonly string[],
    ask: Ask<Item, Answer>,
  ): Promise<Answer[]> => {
    const keys = items.map((item) => hash('sha256', keyOf(item).join('\u0000'), 'base64'));
    const answers = new Map<string, Answer>();
    const unknown = new Map<string, Item>();
    keys.forEach((key, index) => {
      if (answers.has(key) || unknown.has(key)) return;
      const answer = recall(key);
      if (answer === undefined) unknown.set(key, items[index] as Item);
      else answers.set(key, answer);
    });
    if (unknown.size > 0) {
      const fresh = await ask([...unknown.values()]);
      [...unknown.keys()].forEach((key, index) => {
        const answer = fresh[index];
        if (answer === undefined) return;
        answers.set(key, answer);
        remember(key, answer);
      });
    }
    return keys.map((key) => {
      const answer = answers.get(key);
      if (answer === undefined) throw new TidewatchError('internal', 'A backend gave fewer labels than texts.');
      return answer;
    });
  };
}
