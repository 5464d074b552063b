/**
 * The watchlist: who is watched, by which names. YAML files, merged; an id may stand in one place only, so that two
 * files never silently disagree about a company.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseSettings } from '../core/config.ts';
import { TidewatchError } from '../core/errors.ts';

const names = (meaning: string) => z.array(z.string().trim().min(1).max(200)).default([]).describe(meaning);

const entitySchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.-]{0,59}$/, 'lower-case letters, digits, "_", "." and "-" only, at most 60')
    .describe('Stable id in rows, alerts and addresses.'),
  name: z.string().trim().min(1).max(200).describe('English name; also matched.'),
  name_zh: z.string().trim().min(1).max(200).optional().describe('Chinese name; also matched.'),
  kind: z.enum(['company', 'institution', 'asset', 'sector']).describe('What it is.'),
  tickers: names('Ticker symbols; matched as $AAPL, (AAPL) or NASDAQ: AAPL, never as a bare word.'),
  codes: names('Exchange codes such as 600519, 0700.HK or AAPL.O; matched in their common forms.'),
  aliases: names('Other English names.'),
  aliases_zh: names('Other Chinese names.'),
  ambiguous: names(
    'Names that are also other words; they count beside other evidence for the same entity, or where the words around them say so.',
  ),
  cased: names('Names that count only with these very capitals: Apple the company, not an apple.'),
  context: names('Words that go with this entity (products, people, trade); beside them an ambiguous name counts.'),
  not: names('Phrases that hold a name but do not mean the entity: "price target", 平安夜.'),
  from: z.iso
    .date()
    .optional()
    .describe('First day on which its names count, as 2021-10-28 (a company is renamed, listed, added to the list).'),
  until: z.iso.date().optional().describe('First day on which they count no more.'),
  sector: z.string().trim().min(1).max(100).optional().describe('Free text, for grouping.'),
  parent: z
    .string()
    .max(60)
    .optional()
    .describe('Id of the sector that it is of, an entry of its own: its documents count there, too.'),
});

export type WatchedEntity = z.output<typeof entitySchema>;

/** The schema of a watchlist file, refusing ids that are in `taken` (id → file) or stand in it twice. */
function watchlistSchema(taken: ReadonlyMap<string, string>) {
  return z.strictObject({ entities: z.array(entitySchema) }).superRefine(({ entities }, context) => {
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

/**
 * Reads watchlist files in order and merges them.
 * @throws TidewatchError config.unreadable (a file is absent), config.invalid (with file and line)
 */
export async function loadWatchlists(paths: readonly string[]): Promise<readonly WatchedEntity[]> {
  const merged: WatchedEntity[] = [];
  const taken = new Map<string, string>();
  for (const path of paths) {
    let source: string;
    try {
      source = await readFile(path, 'utf8');
    } catch (error) {
      throw new TidewatchError('config.unreadable', `Cannot read the watchlist ${path}`, {
        cause: error,
        hint: 'ingest.watchlists names it, relative to the settings file.',
      });
    }
    const { entities } = parseSettings(source, path, watchlistSchema(taken));
    for (const entity of entities) taken.set(entity.id, path);
    merged.push(...entities);
  }
  return merged;
}
