/** Removing what is to be forgotten from the small state of a process: every table, by the fields of what it holds. */
import { isConcerned, removeWithin, type Target } from '../removal.ts';
import type { State } from './state.ts';

/** Tables that hold hashes and times only, and would take long to go through. */
const HASHES_ONLY = new Set(['ingest_seen', 'ingest_seen_by_hour', 'alerting.ids', 'ingest_story_index']);

/** Things found, by table; tables without any are left out. With `remove` they are taken out, in one transaction. */
export async function reviewState(
  state: State,
  targets: readonly Target[],
  { remove }: { readonly remove: boolean },
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const work = (): void => {
    for (const name of state.tables()) {
      if (HASHES_ONLY.has(name)) continue;
      const table = state.table<unknown>(name);
      let found = 0;
      // Listed first: the loop changes the table.
      for (const { key, value } of Array.from(table.entries())) {
        if (isConcerned(value, targets) || isKeyOf(key, targets)) {
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

/** Rows about an author have the author in their key, as outlet, line feed, author. */
function isKeyOf(key: string, targets: readonly Target[]): boolean {
  if (!key.includes('\n')) return false;
  const [, author = ''] = key.split('\n');
  const outlet = key.slice(1, key.indexOf('\n'));
  return targets.some(
    (target) =>
      target.kind === 'author' &&
      target.values.includes(author) &&
      (target.outlet === null || target.outlet === outlet),
  );
}
