/**
 * Answers texts seen before without the model: syndicated stories, retweets, templates of exchange notices. Bounded by
 * entries, least recently used first out. Keys are hashes, so a long article costs no more memory than a headline. A
 * cache lives as long as its backend, and a backend has one model, so no label outlives its model version.
 */
import { hash } from 'node:crypto';
import { TidewatchError } from '../core/errors.ts';
import type { Backend } from './backend.ts';
import type { Labels } from './labels.ts';

/** The same backend with a memory of its last `entries` distinct texts (about 1.5 kB each). */
export function withCache(backend: Backend, entries: number): Backend {
  const known = new Map<string, Labels>();
  const recall = (key: string): Labels | undefined => {
    const labels = known.get(key);
    if (labels === undefined) return undefined;
    known.delete(key);
    known.set(key, labels);
    return labels;
  };
  const remember = (key: string, labels: Labels): void => {
    known.set(key, labels);
    if (known.size <= entries) return;
    const [oldest] = known.keys();
    if (oldest !== undefined) known.delete(oldest);
  };
  return {
    model: backend.model,
    labels: backend.labels,
    async classify(texts) {
      const keys = texts.map((text) => hash('sha256', text, 'base64'));
      const answers = new Map<string, Labels>();
      const unknown = new Map<string, string>();
      keys.forEach((key, index) => {
        if (answers.has(key) || unknown.has(key)) return;
        const labels = recall(key);
        if (labels === undefined) unknown.set(key, texts[index] ?? '');
        else answers.set(key, labels);
      });
      if (unknown.size > 0) {
        const fresh = await backend.classify([...unknown.values()]);
        [...unknown.keys()].forEach((key, index) => {
          const labels = fresh[index];
          if (labels === undefined) return;
          answers.set(key, labels);
          remember(key, labels);
        });
      }
      return keys.map((key) => {
        const labels = answers.get(key);
        if (labels === undefined) throw new TidewatchError('internal', 'A backend gave fewer labels than texts.');
        return labels;
      });
    },
    close: () => backend.close(),
  };
}
