/**
 * Texts that try the model: negation, turned pairs, disguised letters, emoji, mixed languages, sarcasm. Our own, in
 * robustness.jsonl, each with the kind of trouble and the sentiment it has all the same. Measured twice, as it stands in the
 * file and after the normaliser (core/text.ts), so that the card can say what the normaliser is worth.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { TidewatchError } from '../../core/errors.ts';
import { sentimentSchema } from '../../core/event.ts';

const caseSchema = z.strictObject({
  id: z.string(),
  text: z.string().min(1),
  lang: z.enum(['en', 'zh']),
  sentiment: sentimentSchema,
  kind: z.string(),
});
export type RobustnessCase = z.output<typeof caseSchema>;

/** @throws TidewatchError input.invalid, with the line */
export function readCases(file: string): RobustnessCase[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      const parsed = caseSchema.safeParse(JSON.parse(line));
      if (parsed.success) return parsed.data;
      throw new TidewatchError('input.invalid', `${file}, line ${index + 1}: ${z.prettifyError(parsed.error)}`);
    });
}

export interface KindFigures {
  readonly kind: string;
  readonly rows: number;
  /** Accuracy of the sentiment on the texts as they stand. */
  readonly before: number;
  /** The same after the normaliser. */
  readonly after: number;
}

/** Accuracy by kind, and for all together under the name `all`. */
export function kindFigures(
  cases: readonly RobustnessCase[],
  before: readonly string[],
  after: readonly string[],
): KindFigures[] {
  const right = (said: readonly string[], index: number): number => (said[index] === cases[index]?.sentiment ? 1 : 0);
  const measure = (kind: string, places: readonly number[]): KindFigures => {
    const share = (said: readonly string[]): number =>
      places.reduce((sum, place) => sum + right(said, place), 0) / Math.max(1, places.length);
    return { kind, rows: places.length, before: share(before), after: share(after) };
  };
  const kinds = [...new Set(cases.map(({ kind }) => kind))];
  const all = cases.map((_, index) => index);
  return [
    ...kinds.map((kind) =>
      measure(
        kind,
        all.filter((place) => cases[place]?.kind === kind),
      ),
    ),
    measure('all', all),
  ];
}
