/**
 * Known events to measure alerts against: JSON lines of `{"date" | "at", "entity" | "ticker", "what"?}`. An event belongs
 * to the watched entity of that id, name, alias or ticker; one that belongs to none is kept and reported as unwatched,
 * because an event that nobody looked for is not a miss of the detector.
 */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { momentOf } from './moment.ts';

export interface KnownEvent {
  readonly line: number;
  /** Start of the event: epoch milliseconds; of a date alone, its midnight in UTC, and a time without a zone is UTC. */
  readonly at: number;
  readonly named: string;
  /** Id of the watched entity; null where the watchlist has none of that name. */
  readonly entity: string | null;
  readonly what: string;
}

const lineSchema = z
  .object({
    date: z.string().optional(),
    at: z.string().optional(),
    entity: z.string().min(1).optional(),
    ticker: z.string().min(1).optional(),
    what: z.string().optional(),
    ret: z.number().optional(),
  })
  .refine((line) => line.date !== undefined || line.at !== undefined, { message: 'it has neither date nor at' })
  .refine((line) => line.entity !== undefined || line.ticker !== undefined, {
    message: 'it has neither entity nor ticker',
  });

/**
 * @param text the file
 * @param entityOf id of the watched entity of this name or ticker, null where there is none
 * @throws TidewatchError input.invalid naming line and rule
 */
export function readEvents(text: string, file: string, entityOf: (name: string) => string | null): KnownEvent[] {
  const events: KnownEvent[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '') continue;
    const fail = (why: string): TidewatchError =>
      new TidewatchError('input.invalid', `${file}:${index + 1}: ${why}`, {
        hint: 'A line is {"date": "2020-01-31", "entity": "Acme" or "ticker": "ACM", "what": "…"}.',
      });
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw fail('not JSON');
    }
    const parsed = lineSchema.safeParse(json);
    if (!parsed.success) throw fail(parsed.error.issues[0]?.message ?? 'not an event');
    const { date, at, entity, ticker, what, ret } = parsed.data;
    const written = at ?? date ?? '';
    const time = momentOf(written);
    if (time === null) throw fail(`${written} is no time, such as 2020-01-31 or 2020-01-31T09:00:00Z`);
    const named = entity ?? ticker ?? '';
    // A list may call the company as nobody here does, and still give its ticker.
    const watched = [entity, ticker].flatMap((name) => (name === undefined ? [] : (entityOf(name) ?? [])));
    const told = what ?? (ret === undefined ? '' : `price ${ret > 0 ? '+' : ''}${(ret * 100).toFixed(1)}%`);
    events.push({ line: index + 1, at: time, named, entity: watched[0] ?? null, what: told });
  }
  return events.toSorted((a, b) => a.at - b.at || a.line - b.line);
}
