/**
 * An entry of the watchlist: who is watched, by which names. Vocabulary of the whole: ingest finds its names in texts, the page
 * shows and edits it.
 */
import { z } from 'zod';

const names = (meaning: string) => z.array(z.string().trim().min(1).max(200)).default([]).describe(meaning);

export const watchedEntitySchema = z.strictObject({
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

export type WatchedEntity = z.output<typeof watchedEntitySchema>;
