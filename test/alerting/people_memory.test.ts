/** What people said, over months and restarts. */
import { describe, expect, it } from 'vitest';
import { openPeople, type People } from '../../alerting/people.ts';
import { actionRow, newAction, type Action, type ActionRow } from '../../core/action.ts';
import { systemClock } from '../../core/clock.ts';
import { isoTime } from '../../core/event.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import type { State } from '../../core/state/state.ts';
import type { Store } from '../../core/store/store.ts';
import { quietLog } from './alerts.ts';
import { DAY, HOUR, START } from './opinions.ts';

/** A store of actions, of which those up to `clock.now` are there. */
function storeOf(actions: readonly Action[], clock = { now: Infinity }): Store {
  const query = (_: string, { from }: { from: string }): Promise<ActionRow[]> =>
    Promise.resolve(actions.map(actionRow).filter(({ at }) => at >= from && Date.parse(at) <= clock.now));
  return { query } as unknown as Store;
}

const surroundingsAt = (clock: { now: number }) => ({
  clock: { ...systemClock, now: () => clock.now },
  log: quietLog,
  metrics: createMetrics().stage('alerting'),
});

/** Ids of what is heard now. */
async function hear(people: People, state: State): Promise<readonly string[]> {
  await people.poll();
  const taken = people.take();
  await state.transaction(() => people.save(taken));
  return taken.map(({ id }) => id);
}

const acknowledged = (alert: string, at: number): Action =>
  newAction({ kind: 'acknowledge', alert_id: alert, note: '' }, 'Priya', 'api', at);

describe('what people said', () => {
  it.each([1, 90])('is heard again at once after a clock was %i days ahead, and silences go on', async (days) => {
    const silence = newAction(
      {
        kind: 'silence',
        matchers: ['entity="acme"'],
        starts_at: isoTime(START),
        ends_at: isoTime(START + 20 * DAY),
        comment: 'earnings',
      },
      'Priya',
      'api',
      START,
    );
    const ahead = acknowledged('ahead', START + days * DAY);
    const after = acknowledged('after', START + HOUR);
    const state = createMemoryState();
    const clock = { now: START };
    const said = [silence, ahead];
    const store = storeOf(said);
    const people = openPeople(state, store, surroundingsAt(clock));
    expect(await hear(people, state)).toEqual([silence.id, ahead.id]);
    said.push(after);
    clock.now = START + HOUR;
    expect(await hear(people, state)).toEqual([after.id]);
    const restarted = openPeople(state, store, surroundingsAt(clock));
    expect(await hear(restarted, state)).toEqual([]);
    expect(restarted.silences(clock.now).map(({ id }) => id)).toEqual([silence.id]);
  });

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
    const store = storeOf([silence, expire, later, last], clock);
    const surroundings = surroundingsAt(clock);
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
    await hear(restarted, state);
    expect(kept()).toEqual([last.id]);

    // A machine that has lost its clock starts long ago: what was forgotten is not heard a second time.
    clock.now = START + DAY;
    const elsewhere = openPeople(state, storeOf([silence, expire, later, last]), surroundings);
    expect(await hear(elsewhere, state)).toEqual([]);
  });
});
