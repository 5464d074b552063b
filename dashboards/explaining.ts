/**
 * Explanations in turn: a page must not keep the model from its stream, so one text at a time is explained, few wait, and
 * the answers of the last texts are kept.
 */
import { TidewatchError } from '../core/errors.ts';
import type { ExplainAnswer } from './contract.ts';
import type { ExplainText } from './services.ts';

const MOST_WAITING = 4;
const MOST_KEPT = 100;

/** One at a time, those that wait in order. @throws TidewatchError access.too_many where too many wait */
export function explainInTurn(explain: ExplainText): ExplainText {
  const kept = new Map<string, Promise<ExplainAnswer>>();
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (text) => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    if (waiting >= MOST_WAITING) {
      const message = 'Too many explanations are asked for; try again soon.';
      return Promise.reject(new TidewatchError('access.too_many', message, { retryAfterMs: 2_000 }));
    }
    waiting += 1;
    const answer = last
      .then(() => explain(text))
      .finally(() => {
        waiting -= 1;
      });
    last = answer.catch(() => kept.delete(text));
    kept.set(text, answer);
    for (const key of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(key);
    return answer;
  };
}
