/** A silence that an earlier version took, with a matcher that this one refuses. */
import { expect, it } from 'vitest';
import type { Action } from '../../core/action.ts';
import { systemClock } from '../../core/clock.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { openPeople } from '../../alerting/people.ts';
import { createMute } from '../../alerting/muting.ts';
import { alertOf, listeningLog } from './alerts.ts';

it('is said once to hold no more, and the others and what is due go on', async () => {
  const now = Date.UTC(2026, 2, 2, 12);
  const silence = (id: string, matcher: string): Action => ({
    id,
    at: '2026-03-02T00:00:00.000Z',
    author: 'Priya',
    via: 'api',
    request: {
      kind: 'silence',
      matchers: [matcher],
      starts_at: '2026-03-02T00:00:00.000Z',
      ends_at: '2026-03-03T00:00:00.000Z',
      comment: '例行维护',
    },
  });
  const state = createMemoryState();
  const table = state.table<Action>('alerting.actions');
  for (const one of [silence('slow', 'name=~"((.+))+!"'), silence('plain', 'name=~"贵州.*"')])
    await table.put(one.id, one);
  const { log, warnings } = listeningLog();
  const people = openPeople(state, {} as Store, {
    clock: systemClock,
    log,
    metrics: createMetrics().stage('alerting'),
  });
  const mute = createMute(
    { inhibit: [], maintenance: [] },
    (at) => people.silences(at),
    () => [],
  );
  const named = (name: string) => alertOf({ labels: { name } });
  expect(mute(named('a'.repeat(60)), now)).toBeNull();
  expect(mute(named('贵州茅台'), now)).toEqual({ reason: 'silenced', by: 'plain' });
  expect(warnings).toEqual([expect.stringMatching(/silence slow holds no more.*repeats a repetition/)]);
});
