/** The ranking of "For you" against newest-first on the simulated analysts of bench/, few and seeded: the same each time. */
import { expect, it } from 'vitest';
import { replayClicks } from '../../../bench/for_you_replay.ts';

it('shows more of what simulated analysts open than newest-first does, for each of them, also after their taste changed', () => {
  const rates = replayClicks(4, 4000, ['newest first', 'For you (Thompson)']);
  const [newest, ranked] = [rates.get('newest first'), rates.get('For you (Thompson)')];
  if (newest === undefined || ranked === undefined) throw new Error('A policy was not replayed.');
  expect(ranked.all).toHaveLength(4);
  ranked.all.forEach((rate, analyst) => expect(rate).toBeGreaterThan(1.2 * (newest.all[analyst] ?? 1)));
  const last = ({ parts }: typeof ranked): number => (parts[3]?.opened ?? 0) / (parts[3]?.shown ?? 1);
  expect(last(ranked)).toBeGreaterThan(1.3 * last(newest));
});
