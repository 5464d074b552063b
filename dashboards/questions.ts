/**
 * Parts of what may be asked of the API. Each route's whole question is a strict object: an unknown or malformed
 * parameter is refused by name, since a filter that is silently ignored shows the wrong figures with a straight face.
 */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';

export const time = z.iso.datetime({
  offset: true,
  error: 'must be an ISO 8601 time with a zone, such as 2026-03-08T00:00:00Z',
});
export const id = z.string().min(1).max(200);

/** A whole number as digits. */
export const whole = (least: number, most: number) =>
  z.preprocess(
    (given) => (typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : given),
    z.int('must be a whole number').min(least).max(most),
  );

export const limit = (fallback: number, most: number) =>
  whole(1, most).default(fallback).describe(`How many at most; ${fallback} where absent.`);
export const flag = z.enum(['true', 'false']).default('false');
export const cursor = z.string().max(400).optional().describe('`next_cursor` of the page before.');

export const withId = z.strictObject({ id });
export const seriesFilter = { entity: id.optional(), topic: id.optional() };

/** A question about a span of time. */
export function spanned<Shape extends z.ZodRawShape>(shape: Shape) {
  const span = {
    from: time.optional().describe('Start of the span, inclusive; two weeks before its end where absent.'),
    to: time.optional().describe('End of the span, exclusive; now where absent.'),
    last_secs: whole(60, 400 * 86_400)
      .optional()
      .describe('Length of the span in seconds, where from or to is absent.'),
  };
  return z.strictObject({ ...span, ...shape }).check((context) => {
    const { from, to } = context.value as { from?: string; to?: string };
    if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to)) {
      context.issues.push({ code: 'custom', path: ['from'], message: 'must be before "to"', input: from });
    }
  });
}

/**
 * A place in a list, as text that only this API reads: which list, and the key of the last row that was seen. What is
 * inserted before that row does not move the rows behind it.
 */
export function writeCursor(list: string, ...place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

/** @throws TidewatchError input.invalid for text that `writeCursor` did not write for this list */
export function readCursor<Form extends z.ZodTuple>(written: string, list: string, form: Form): z.output<Form> {
  try {
    const [name, ...place] = JSON.parse(Buffer.from(written, 'base64url').toString('utf8')) as unknown[];
    if (name === list) return form.parse(place);
  } catch {
    // Not JSON, or not of this form: said below.
  }
  throw new TidewatchError('input.invalid', 'cursor: is not one that this list gave out.');
}

/** The first `most` of rows, and the cursor of those behind them where there are any. */
export function pageOf<Row>(
  list: string,
  rows: readonly Row[],
  most: number,
  placeOf: (row: Row) => readonly (string | number)[],
): { readonly page: Row[]; readonly next_cursor: string | null } {
  const last = rows.length > most ? rows[most - 1] : undefined;
  return { page: rows.slice(0, most), next_cursor: last === undefined ? null : writeCursor(list, ...placeOf(last)) };
}

/** The span of a list's first page goes with its cursor, so that "the last two weeks" means the same on every page. */
export const spanPlace = [z.int(), z.int(), z.enum(['now', 'newest', 'given'])] as const;
export const storedTime = z.iso.datetime({ precision: 3 });
