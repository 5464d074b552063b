/** What was kept, read from outside: topics through the stream port, rows by SQL. */
import type { DeadLetter, Stream } from '../../../core/stream/stream.ts';
import { deadLetterTopic, TOPICS } from '../../../core/stream/stream.ts';
import type { AlertRow, Contents, Kept } from './form.ts';

export type Ask = <Row>(sql: string) => Promise<Row[]>;

export async function readContents(stream: Stream, ask: Ask): Promise<Contents> {
  const { signal } = new AbortController();
  const topic = async (name: string): Promise<Kept[]> => {
    const all: Kept[] = [];
    for await (const part of stream.scan<unknown>(name, signal)) {
      for (const { key, value } of part) all.push({ key, url: urlOf(value) });
    }
    return all;
  };
  const dead = new Map<string, number>();
  for (const name of [TOPICS.documents, TOPICS.opinions].map(deadLetterTopic)) {
    for await (const part of stream.scan<DeadLetter>(name, signal)) {
      for (const { value } of part) dead.set(`${name} ${value.code}`, (dead.get(`${name} ${value.code}`) ?? 0) + 1);
    }
  }
  const byUrl = async (table: string): Promise<Map<string, number>> => {
    const rows = await ask<{ url: string; rows: number | string }>(
      `SELECT url, count() AS rows FROM ${table} FINAL GROUP BY url`,
    );
    return new Map(rows.map(({ url, rows: count }) => [url, Number(count)]));
  };
  return {
    documents: await topic(TOPICS.documents),
    opinions: await topic(TOPICS.opinions),
    dead,
    storedDocuments: await byUrl('documents'),
    storedOpinions: await byUrl('opinions'),
    alerts: (
      await ask<Omit<AlertRow, 'started_at'> & { started_at: number | string }>(
        `SELECT alert_id, revision, state, entity, toUnixTimestamp64Milli(started_at) AS started_at
         FROM alerts FINAL ORDER BY started_at, alert_id, revision`,
      )
    ).map((row) => ({ ...row, started_at: Number(row.started_at) })),
    actions: (await ask<{ id: string }>('SELECT id FROM actions FINAL')).map(({ id }) => id),
    audited: new Set((await ask<{ target: string }>('SELECT target FROM audit FINAL')).map(({ target }) => target)),
  };
}

function urlOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const { url, document } = value as { url?: unknown; document?: { url?: unknown } | null };
  const found = document === undefined ? url : document?.url;
  return typeof found === 'string' ? found : null;
}
