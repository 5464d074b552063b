/**
 * Titles that show which words are usual: an even sample of the documents of the past, a language each. Those whose id has
 * the smallest hash are kept (bottom-k sampling, Cohen & Kaplan 2007), so the sample is the same however documents came,
 * and no document's chance depends on what is in it.
 */
import type { Observation } from './observation.ts';

export interface Sampled {
  readonly hash: number;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly title: string;
  /** Whose it is, by which it can be taken back (core/removal.ts). */
  readonly id: string;
  readonly author: string;
  readonly source: string;
  readonly lane: string;
}

/** By language. */
export type Background = Map<string, Sampled[]>;

const SAMPLE = 1000;

/** Offers admitted documents to the sample, and forgets what is older than `before` (epoch milliseconds). */
export function gather(background: Background, admitted: readonly Observation[], before: number): void {
  for (const [language, sample] of background) {
    if (sample.every(({ time }) => time >= before)) continue;
    background.set(
      language,
      sample.filter(({ time }) => time >= before),
    );
  }
  for (const { id, time, shown, author, source, lane } of admitted) {
    if (shown === null || time < before) continue;
    let sample = background.get(shown.language);
    if (sample === undefined) background.set(shown.language, (sample = []));
    const hash = hashOf(id);
    const last = sample.at(-1);
    if (sample.length >= SAMPLE && last !== undefined && hash >= last.hash) continue;
    let place = sample.length;
    while (place > 0 && (sample[place - 1]?.hash ?? 0) > hash) place -= 1;
    sample.splice(place, 0, { hash, time, title: shown.title, id, author, source, lane });
    if (sample.length > SAMPLE) sample.pop();
  }
}

/** FNV-1a, 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
