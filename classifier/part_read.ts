/**
 * The part of a long text that the model reads: the shortest beginning that it answers as it answers the whole. No backend says how
 * far it reads, and it is counted in tokens: of English several times as many characters as of Chinese. Rejected: asking the
 * tokenizer, which lives in the model's thread, or on another machine.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Backend } from './backend.ts';

/** More than any model of ours reads: some 430 tokens, about 2,500 characters of English and 800 of Chinese. */
const MOST_CHARACTERS = 4_000;
/** Each beginning that is tried is so much of the one before it: what is kept in vain is a fifth at most. */
const STEP = 0.8;
const STEPS = 10;

/** @throws TidewatchError model.failed */
export async function partRead(backend: Backend, text: string): Promise<string> {
  const most = beginning(text, MOST_CHARACTERS);
  const lengths = Array.from({ length: STEPS }, (_, step) => Math.floor(MOST_CHARACTERS * STEP ** (step + 1)));
  const beginnings = [
    most,
    ...lengths.filter((length) => length < most.length).map((length) => beginning(most, length)),
  ];
  if (beginnings.length === 1) return most;
  const answers = await backend.classify(beginnings, { remember: false });
  // Without its vector, which may differ in the last bit.
  const said = answers.map((labels) => [labels.sentiment_probabilities, labels.topic_probabilities]);
  const differs = said.findIndex((one) => !isDeepStrictEqual(one, said[0]));
  return beginnings[(differs === -1 ? beginnings.length : differs) - 1] ?? most;
}

/** So many characters, without half of one at the end. */
function beginning(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}
