/**
 * What may be asked of the API: one strict schema a route. An unknown or malformed parameter is refused by name, since
 * a filter that is silently ignored shows the wrong figures with a straight face.
 */
import type { Context } from 'hono';
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { alertStateSchema, languageSchema, sentimentSchema } from '../core/event.ts';

const time = z.iso.datetime({
  offset: true,
  error: 'must be an ISO 8601 time with a zone, such as 2026-03-08T00:00:00Z',
});
const id = z.string().min(1).max(200);
const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));

const span = {
  from: time.optional(),
  to: time.optional(),
  last_secs: whole(60, 400 * 86_400).optional(),
};
const series = { entity: id.optional(), topic: id.optional() };
const limit = (fallback: number, most: number) => whole(1, most).default(fallback);

function spanned<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ ...span, ...shape }).check((context) => {
    const { from, to } = context.value as { from?: string; to?: string };
    if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to)) {
      context.issues.push({ code: 'custom', path: ['from'], message: 'must be before "to"', input: from });
    }
  });
}

export const seriesQuestion = spanned({ kind: z.enum(['entity', 'topic']), ...series, limit: limit(100, 500) });
export const timelineQuestion = spanned({ ...series, step_secs: whole(60, 7 * 86_400).optional() });
export const opinionsQuestion = spanned({
  ...series,
  source: id.optional(),
  language: languageSchema.optional(),
  sentiment: sentimentSchema.optional(),
  q: z.string().max(200).optional(),
  cursor: z.string().max(400).optional(),
  limit: limit(50, 200),
});
export const alertsQuestion = spanned({ ...series, state: alertStateSchema.optional(), limit: limit(50, 200) });
export const nothingAsked = z.strictObject({});

/** The query parameters of a request, checked. @throws TidewatchError input.invalid naming each wrong parameter */
export function readQuestion<Schema extends z.ZodType>(context: Context, schema: Schema): z.output<Schema> {
  const given: Record<string, string> = {};
  for (const [name, values] of Object.entries(context.req.queries())) {
    if (values.length > 1) throw new TidewatchError('input.invalid', `The parameter ${name} is given more than once.`);
    given[name] = values[0] ?? '';
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown parameter ${issue.keys.join(', ')}`
      : `${issue.path.join('.')}: ${issue.message}`,
  );
  throw new TidewatchError('input.invalid', `The question is not understood: ${problems.join('; ')}.`);
}

export interface Cursor {
  readonly published_at: string;
  readonly document_id: string;
}

const cursorSchema = z.tuple([z.iso.datetime(), z.string().min(1).max(64)]);

export function writeCursor({ published_at, document_id }: Cursor): string {
  return Buffer.from(JSON.stringify([published_at, document_id])).toString('base64url');
}

/** @throws TidewatchError input.invalid for text that `writeCursor` did not write */
export function readCursor(text: string): Cursor {
  try {
    const [published_at, document_id] = cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { published_at, document_id };
  } catch (cause) {
    throw new TidewatchError('input.invalid', 'cursor: is not one that this API gave out.', { cause });
  }
}
