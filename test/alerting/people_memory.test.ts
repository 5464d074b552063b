/** What people said, over months and restarts. */
import { describe, expect, it } from 'vitest';
import { openPeople } from '../../alerting/people.ts';
import { actionRow, newAction, type Action, type ActionRow } from '../../core/action.ts';
import { isoTime } from '../../core/event.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { quietLog } from './alerts.ts';
import { DAY, START } from './opinions.ts';

/** A store of actions, of which those up to `now` are there. */
function actionsUpTo(clock: { now: number }, actions: readonly Action[]): Store {
  const query = (_: string, { from }: { from: string }): Promise<ActionRow[]> =>
    Promise.resolve(actions.map(actionRow).filter(({ at }) => at >= from && Date.parse(at) <= clock.now));
  return { query } as unknown as Store;
}

describe('what people said', () => {
  it('ends a silence for as long as the silence would have held, over months and restarts', async () => {
    const silence = newAction(
      {
        kind: 'silence',
        matchers: ['entity="acme"'],
        starts_at: isoTime(START),
        ends_at: isoTime(START + 366 * DAY),
        comment: 'the year of the merger',
      },
      'Priya',
      'api',
      START,
    );
    const expire = newAction({ kind: 'expire', silence_id: silence.id }, 'Priya', 'api', START + DAY);
    const later = newAction({ kind: 'acknowledge', alert_id: 'x', note: '' }, 'Priya', 'api', START + 70 * DAY);
    const last = newAction({ kind: 'acknowledge', alert_id: 'y', note: '' }, 'Priya', 'api', START + 500 * DAY);
    const clock = { now: START };
    const state = createMemoryState();
    const store = actionsUpTo(clock, [silence, expire, later, last]);
    const surroundings = { log: quietLog, metrics: createMetrics().stage('alerting') };
    const kept = (): string[] => [...state.table<Action>('alerting.actions').entries()].map(({ value }) => value.id);

    const active: number[] = [];
    for (const now of [START, START + DAY, START + 70 * DAY]) {
      clock.now = now;
      const people = openPeople(state, store, surroundings);
      await people.poll();
      const taken = people.take();
      await state.transaction(() => people.save(taken));
      active.push(people.silences(now + 1).length);
    }
    const restarted = openPeople(state, store, surroundings);
    await restarted.poll();
    restarted.take();
    active.push(restarted.silences(START + 71 * DAY).length);
    expect(active).toEqual([1, 0, 0, 0]);
    expect(kept().toSorted()).toEqual([silence.id, expire.id, later.id].toSorted());

    clock.now = START + 500 * DAY;
    await restarted.poll();
    const taken = restarted.take();
    await state.transaction(() => restarted.save(taken));
    expect(kept()).toEqual([last.id]);
  });
});
