/** The queue of notifications where the machine's clock was ahead, and is set right. */
import { afterEach, expect, it, vi } from 'vitest';
import type { Notifier } from '../../alerting/notifier.ts';
import { createNotifyQueue, type NotifyQueue } from '../../alerting/notify.ts';
import { openEntries, type Queued } from '../../alerting/notify_entries.ts';
import { systemClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import { alertOf, notificationWith, quietLog } from './alerts.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
let queue: NotifyQueue | undefined;
afterEach(async () => {
  await queue?.stop();
  queue = undefined;
});

const about = (id: string) => notificationWith([alertOf({ alert_id: id })], { group: { key: id, labels: {} } });
/** As it lies on disk. */
const queuedAt = (attempts: number, at: number, nextAt = at): Queued => ({
  notifier: 'chat',
  notification: about(`tried ${attempts} times`),
  attempts,
  firstAt: at,
  nextAt,
});

it.each([
  ['keeps a pace', { pace: { messages: 1, perMs: 100 } }, null],
  ['asked to be left alone', {}, new TidewatchError('notify.unavailable', 'later', { retryAfterMs: 100 })],
])('tells on, once a clock that was a day ahead is set right, where the other side %s', async (_, limits, refusal) => {
  let ahead = DAY_MS;
  let tries = 0;
  const sent: string[] = [];
  const notifier: Notifier = {
    ...limits,
    send({ id }) {
      tries += 1;
      if (tries === 1 && refusal !== null) return Promise.reject(refusal);
      sent.push(id);
      return Promise.resolve();
    },
  };
  const state = createMemoryState();
  queue = createNotifyQueue(
    new Map([['chat', notifier]]),
    { maxAttempts: 10, giveUpMs: 3_600_000 },
    {
      state,
      clock: { ...systemClock, now: () => Date.now() + ahead },
      uptime: () => performance.now(),
      log: quietLog,
      metrics: createMetrics().stage('alerting'),
      signal: new AbortController().signal,
      random: () => 0,
    },
  );
  queue.start();
  const tell = async (id: string): Promise<void> => {
    let staged: ReturnType<NotifyQueue['stage']> = [];
    await state.transaction(() => {
      staged = queue?.stage({ notifier: 'chat', notification: about(id) }) ?? [];
    });
    queue?.accept(staged);
  };
  await tell('first');
  await vi.waitFor(() => expect(tries).toBe(1), 10_000);
  ahead = 0;
  await tell('second');
  await vi.waitFor(() => expect(sent.toSorted()).toEqual(['first:2', 'second:2']), 10_000);
});

it('puts off what a clock that was ahead wrote down by an hour at most, and not at all what was never tried', async () => {
  const now = Date.UTC(2026, 2, 2);
  const state = createMemoryState();
  const table = state.table<Queued>('notify.queue');
  await table.put('chat\n000000000000001', queuedAt(0, now + DAY_MS));
  await table.put('chat\n000000000000002', queuedAt(1, now + DAY_MS, now + DAY_MS + 1000));
  await table.put('chat\n000000000000003', queuedAt(2, now - MINUTE_MS, now + MINUTE_MS));
  await table.put('chat\n000000000000004', queuedAt(3, now - MINUTE_MS, now - 1000));
  const { waiting } = openEntries({ state, clock: { ...systemClock, now: () => now }, uptime: () => 5 });
  expect([...waiting.values()].map(({ dueAt }) => dueAt - 5)).toEqual([0, 60 * MINUTE_MS, MINUTE_MS, 0]);
});
