/** Removing what is to be forgotten from the small state of a process: every table, by the fields of what it holds. */
import { isConcerned, removeWithin, type Target } from '../removal.ts';
import type { State } from './state.ts';

/** Tables that hold hashes and times only, and would take long to go through, and those that ingest/memory.ts cleans. */
const LEFT_ALONE = new Set(['ingest_seen_batches', 'alerting.ids', 'ingest_story_log', 'ingest_flood_log']);

/** Things found, by table; tables without any are left out. With `remove` they are taken out, in one transaction. */
export async function reviewState(
  state: State,
  targets: readonly Target[],
  { remove }: { readonly remove: boolean },
): Promise<Record<string, number>> {
  // Opened before the transaction: the state opens no table within one.
  const tables = state
    .tables()
    .filter((name) => !LEFT_ALONE.has(name))
    .map((name) => [name, state.table<unknown>(name)] as const);
  const counts: Record<string, number> = {};
  const work = (): void => {
    for (const [name, table] of tables) {
      let found = 0;
      // Listed first: the loop changes the table.
      for (const { key, value } of Array.from(table.entries())) {
        if (isConcerned(value, targets)) {
          found += 1;
          if (remove) void table.remove(key);
          continue;
        }
        const within = removeWithin(value, targets);
        found += within;
        if (remove && within > 0) void table.put(key, value);
      }
      if (found > 0) counts[name] = found;
    }
  };
  if (remove) await state.transaction(work);
  else work();
  return counts;
}
