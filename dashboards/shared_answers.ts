/**
 * Answers kept for a second. Ten pages that refresh on the same event ask the same questions within milliseconds; the
 * store answers each once. Failures are not kept. Rejected: a longer life, because the page must show what was just
 * labelled, and an LRU library, because a second's worth of questions is a small map.
 */

const MOST = 200;

export type Share = <Answer>(question: string, ask: () => Promise<Answer>, lifeMs?: number) => Promise<Answer>;

/** A function that asks each question at most once in `lifeMs` (a second by default); those who ask meanwhile share the answer. */
export function shareAnswers(): Share {
  const kept = new Map<string, { until: number; answer: Promise<unknown> }>();
  return <Answer>(question: string, ask: () => Promise<Answer>, lifeMs = 1_000): Promise<Answer> => {
    // Real time on purpose: this is about load, and a replay's clock may stand still or leap.
    const now = performance.now();
    for (const [key, entry] of kept) if (now >= entry.until || kept.size > MOST) kept.delete(key);
    const known = kept.get(question);
    if (known !== undefined) return known.answer as Promise<Answer>;
    const answer = ask();
    kept.set(question, { until: now + lifeMs, answer });
    answer.catch(() => kept.delete(question));
    return answer;
  };
}
