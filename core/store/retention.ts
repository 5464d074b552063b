/**
 * How long rows are kept, by setting: ClickHouse's own TTLs, which take rows away when parts merge, hours after they are
 * due. Nothing is set by default: history is the product. Hour and day counts outlive the opinions that they were made of.
 */
import { z } from 'zod';

const days = z.number().int().min(1).max(36_500).optional();

export const retentionSettings = z
  .strictObject({
    documents_days: days.describe('Days after publication that documents are kept; for ever without it.'),
    opinions_days: days.describe(
      'Days after publication that opinions are kept; for ever without it. Longer than the longest baseline: alerting reads them.',
    ),
    findings_days: days.describe('Days that what detectors computed is kept; for ever without it.'),
    minute_counts_days: days.describe('Days that counts by minute are kept; for ever without it. Hours and days stay.'),
  })
  .optional();
export type Retention = NonNullable<z.output<typeof retentionSettings>>;

/** The TTL clause of each table that has one; null where rows are kept for ever. */
export function wantedTtls(retention: Retention): ReadonlyMap<string, string | null> {
  const ttl = (column: string, after: number | undefined, which = ''): string | null =>
    after === undefined ? null : `${column} + toIntervalDay(${after})${which}`;
  // Found is what can be shown: an opinion, with its document's text.
  const { documents_days, opinions_days } = retention;
  const found = [documents_days, opinions_days].filter((one) => one !== undefined);
  return new Map([
    ['search', ttl('toDateTime(published_at)', found.length === 0 ? undefined : Math.min(...found))],
    ['documents', ttl('toDateTime(published_at)', documents_days)],
    ['opinions', ttl('toDateTime(published_at)', opinions_days)],
    ['findings', ttl('toDateTime(window_end)', retention.findings_days)],
    ['opinion_counts', ttl('at', retention.minute_counts_days, " WHERE grain = 'minute'")],
  ]);
}

/** The engine's tables as system.tables shows them. */
export interface TableTtl {
  readonly name: string;
  readonly engine_full: string;
}

/** Statements that bring the tables to what is wanted; none where they are. */
export function ttlStatements(tables: readonly TableTtl[], retention: Retention): string[] {
  const statements: string[] = [];
  for (const [table, wanted] of wantedTtls(retention)) {
    const engine = tables.find(({ name }) => name === table)?.engine_full;
    if (engine === undefined) continue;
    const now = / TTL (.*?)(?: SETTINGS |$)/.exec(engine)?.[1] ?? null;
    if (now === wanted) continue;
    statements.push(wanted === null ? `ALTER TABLE ${table} REMOVE TTL` : `ALTER TABLE ${table} MODIFY TTL ${wanted}`);
  }
  return statements;
}
