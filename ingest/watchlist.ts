/**
 * The watchlist: who is watched, by which names. YAML files, merged; an id may stand in one place only, so that two
 * files never silently disagree about a company.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseSettings } from '../core/config.ts';
import { configText } from '../core/config_text.ts';
import { TidewatchError } from '../core/errors.ts';
import { watchedEntitySchema, type WatchedEntity } from '../core/watched_entity.ts';

export type { WatchedEntity } from '../core/watched_entity.ts';

/** The schema of a watchlist file, refusing ids that are in `taken` (id → file) or stand in it twice. */
function watchlistSchema(taken: ReadonlyMap<string, string>) {
  return z.strictObject({ entities: z.array(watchedEntitySchema) }).superRefine(({ entities }, context) => {
    const seen = new Map<string, number>();
    for (const [index, { id }] of entities.entries()) {
      const before = seen.get(id);
      const where =
        taken.get(id) ?? (before === undefined ? undefined : `this file as entities.${before}; an id stands once`);
      if (where !== undefined) {
        context.addIssue({
          code: 'custom',
          path: ['entities', index, 'id'],
          message: `is already defined in ${where}`,
        });
      }
      seen.set(id, index);
    }
  });
}

/** One file's entries, on their own: ids that another file has are not looked for. @throws TidewatchError config.invalid */
export function parseWatchlist(source: string, path: string): readonly WatchedEntity[] {
  return parseSettings(source, path, watchlistSchema(new Map()), null).entities;
}

/**
 * Reads watchlist files in order and merges them. `drafts` (path → text) stand for files that are not written yet.
 * @throws TidewatchError config.unreadable (a file is absent or not UTF-8), config.invalid (with file and line)
 */
export async function loadWatchlists(
  paths: readonly string[],
  drafts: ReadonlyMap<string, string> = new Map(),
): Promise<readonly WatchedEntity[]> {
  const merged: WatchedEntity[] = [];
  const taken = new Map<string, string>();
  for (const path of paths) {
    const source = drafts.get(path) ?? (await readWatchlist(path));
    const { entities } = parseSettings(source, path, watchlistSchema(taken), null);
    for (const entity of entities) taken.set(entity.id, path);
    merged.push(...entities);
  }
  return merged;
}

async function readWatchlist(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new TidewatchError('config.unreadable', `Cannot read the watchlist ${path}`, {
      cause,
      hint: 'ingest.watchlists names it, relative to the settings file.',
    });
  });
  return configText(bytes, path);
}
