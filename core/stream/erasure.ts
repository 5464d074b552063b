/**
 * Goes through the whole embedded log and erases what is to be forgotten, in steps, so that readers and writers get their
 * turns in between. Offsets stay, so that no reader notices. LMDB writes into free pages: what stood in a record may be
 * read off the raw file until its page is used again; `tidewatch forget` on a stopped folder also compacts the file.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Journal } from './journal.ts';
import type { Erasure } from './stream.ts';

const STEP = 500;

export async function eraseMessages(
  journal: Journal,
  isForgotten: (topic: string, value: unknown, key: string) => boolean,
  signal: AbortSignal,
): Promise<Erasure> {
  let scanned = 0;
  let erased = 0;
  // Listed first: writers may add topics meanwhile.
  for (const topic of Array.from(journal.topics(), ([name]) => name)) {
    const end = journal.topic(topic).next;
    for (let from = journal.topic(topic).first; from < end;) {
      signal.throwIfAborted();
      const { messages, next } = journal.read(topic, from, STEP);
      if (next === from) break;
      const offsets = messages.filter(({ key, value }) => isForgotten(topic, value, key)).map(({ offset }) => offset);
      if (offsets.length > 0) await journal.change([topic], (draft) => draft.erase(topic, offsets));
      scanned += messages.length;
      erased += offsets.length;
      from = next;
      await turn();
    }
  }
  return { scanned, erased, kept: null };
}
