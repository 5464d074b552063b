/**
 * Rows that a stage holds in memory anyway, kept in the state as batches of changes, in the order in which they were
 * made: a batch is one row of a table, behind the last. What is written is then what changed, and not, for each row, the
 * page on which its key happens to lie (stories alone wrote 21 kB a document that way, and 1.5 kB this way).
 *
 * The log is kept within twice the rows that live: what still lives of the oldest batches moves behind the newest, and they
 * go. So a tombstone, whose batch is the oldest when it goes, has nothing older to hide. Rejected: a snapshot now and then
 * (writes all rows at once, and the process stands still meanwhile); a few changes to a row, so that none is larger than a
 * page (2.1 kB).
 */
import type { State } from './state.ts';

/** The rows that changed, by key; null: removed. */
type Changes<Value> = ReadonlyMap<string, Value | null>;

type Batch<Value> = [key: string, value: Value | null][];

export interface Changelog<Value> {
  /** Writes the changes as one batch. Within `State.transaction`; may be done again where that was undone. */
  record(changes: Changes<Value>): void;
  /** To be called once what was recorded is durable. */
  settle(): void;
  /** Takes every trace of such keys out of all batches, also what had been written over. Resolves when durable. */
  erase(isForgotten: (key: string) => boolean): Promise<void>;
}

/** So many entries more than twice the living ones: a small log need not be tidied up with each batch. */
const SLACK = 1_000;
const CHUNK = 1_000;

/** Opens the log `name`, with the rows as they stand, those that changed last at the end. @throws TidewatchError storage.* */
export function openChangelog<Value>(
  state: State,
  name: string,
): { readonly changelog: Changelog<Value>; readonly rows: ReadonlyMap<string, Value> } {
  const table = state.table<Batch<Value>>(name);
  const rows = new Map<string, Value>();
  /** Which batch has the row of a key. */
  const places = new Map<string, number>();
  let first: number | null = null;
  let next = 0;
  let entries = 0;
  for (const { key, value: batch } of table.entries()) {
    const number = Number(key);
    first ??= number;
    next = number + 1;
    entries += batch.length;
    for (const [changed, value] of batch) {
      rows.delete(changed);
      places.delete(changed);
      if (value === null) continue;
      rows.set(changed, value);
      places.set(changed, number);
    }
  }
  let recorded: { readonly batch: Batch<Value>; readonly first: number; readonly gone: number } | null = null;

  return {
    rows,
    changelog: {
      record(changes) {
        const batch: Batch<Value> = [...changes];
        if (batch.length === 0) return;
        let gone = 0;
        let oldest = first ?? next;
        while (oldest < next && entries - gone + batch.length > 2 * (places.size + changes.size) + SLACK) {
          const old = table.get(batchKey(oldest)) ?? [];
          for (const entry of old) {
            if (entry[1] !== null && places.get(entry[0]) === oldest && !changes.has(entry[0])) batch.push(entry);
          }
          void table.remove(batchKey(oldest));
          gone += old.length;
          oldest += 1;
        }
        void table.put(batchKey(next), batch);
        recorded = { batch, first: oldest, gone };
      },
      settle() {
        if (recorded === null) return;
        first = recorded.first;
        entries += recorded.batch.length - recorded.gone;
        for (const [key, value] of recorded.batch) {
          if (value === null) places.delete(key);
          else places.set(key, next);
        }
        next += 1;
        recorded = null;
      },
      async erase(isForgotten) {
        const erased: { key: string; batch: Batch<Value>; gone: number }[] = [];
        for (const { key, value } of table.entries()) {
          const batch = value.filter(([changed]) => !isForgotten(changed));
          if (batch.length < value.length) erased.push({ key, batch, gone: value.length - batch.length });
        }
        if (erased.length === 0) return;
        await state.transaction(() => {
          for (const { key, batch } of erased) void table.put(key, batch);
        });
        for (const { gone } of erased) entries -= gone;
        for (const key of places.keys()) if (isForgotten(key)) places.delete(key);
      },
    },
  };
}

/** Moves a table that had a row a key into the log `name`, as versions before this one kept it. Resolves when durable. */
export async function takeOver(state: State, earlier: string, name: string): Promise<void> {
  const from = state.table<unknown>(earlier);
  if (from.count() === 0) return;
  const table = state.table<Batch<unknown>>(name);
  const rows: Batch<unknown> = Array.from(from.entries(), ({ key, value }) => [key, value]);
  await state.transaction(() => {
    for (let at = 0; at < rows.length; at += CHUNK) void table.put(batchKey(at / CHUNK), rows.slice(at, at + CHUNK));
    for (const [key] of rows) void from.remove(key);
  });
}

/** In the order of the numbers also as text. */
function batchKey(number: number): string {
  return String(number).padStart(15, '0');
}
