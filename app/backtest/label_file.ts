/** A labelled feed on disk: opinions and removals as JSON lines, read one by one, so that no size is too large for memory. */
import { createReadStream, existsSync, truncateSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { opinionSchema, type Opinion } from '../../core/event.ts';
import { removalSchema, type Removal } from '../../core/removal.ts';

const CHUNK_BYTES = 1 << 20;

/** Ids of what is already written; a last line that was cut off is taken away. */
export async function takeUp(file: string): Promise<Set<string>> {
  const ids = new Set<string>();
  if (!existsSync(file)) return ids;
  let whole = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    const bytes: Buffer = Buffer.concat([rest, chunk as Buffer]);
    const end = bytes.lastIndexOf(10) + 1;
    for (const line of bytes.toString('utf8', 0, end).split('\n')) {
      if (line !== '') ids.add((JSON.parse(line) as Opinion).document.id);
    }
    whole += end;
    rest = bytes.subarray(end);
  }
  if (rest.length > 0) truncateSync(file, whole);
  return ids;
}

/** The opinions of a file, one after the other. @throws zod's error where a line is none */
export async function* readOpinions(file: string): AsyncGenerator<Opinion> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line !== '') yield opinionSchema.parse(JSON.parse(line));
  }
}

/** What was taken back, in the order of time. */
export async function readRemovals(file: string): Promise<Removal[]> {
  if (!existsSync(file)) return [];
  const removals: Removal[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const removal = removalSchema.safeParse(jsonOrNull(line)).data;
    // A line that a crash cut off was written again.
    if (removal !== undefined) removals.push(removal);
  }
  return removals.toSorted((a, b) => Date.parse(a.requested_at) - Date.parse(b.requested_at));
}

function jsonOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
