/** What some receivers of a message are still owed: on disk, to them alone, and beside the rest of the queue. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Claims } from '../../alerting/claims.ts';
import type { Notification } from '../../alerting/notification.ts';
import type { Notifier } from '../../alerting/notifier.ts';
import { createNotifyQueue, type NotifyQueue } from '../../alerting/notify.ts';
import type { Queued } from '../../alerting/notify_entries.ts';
import { systemClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { createMetrics } from '../../core/metrics.ts';
import { openState } from '../../core/state/lmdb.ts';
import { reviewState } from '../../core/state/removal.ts';
import type { State } from '../../core/state/state.ts';
import { alertOf, documentOf, notificationWith, quietLog } from './alerts.ts';

const MINUTE_MS = 60_000;
const EVERYBODY = ['desk', 'risk', 'board'];

let folder: string;
let state: State;
let queue: NotifyQueue | undefined;
/** By how much the clock, and what has passed, is ahead of the machine's. */
let ahead = 0;
/** What reached whom, and who is put off now. */
let got: string[] = [];
let away: readonly string[] = [];
let tries = 0;
let records: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-owed-'));
  state = await openState(folder);
  [ahead, got, away, tries, records] = [0, [], [], 0, []];
});
afterEach(async () => {
  await queue?.stop();
  await state.close();
  await rm(folder, { recursive: true });
});

const mail: Notifier = {
  async send({ id }, owed = EVERYBODY) {
    tries += 1;
    got.push(...owed.filter((one) => !away.includes(one)).map((one) => `${one} ${id}`));
    const receivers = owed.filter((one) => away.includes(one));
    const error = new TidewatchError('notify.unavailable', `put off for ${receivers.join(', ')}`);
    return receivers.length === 0 ? undefined : { receivers, error };
  },
};

function open(claims: Claims | null = null, notifier = mail, maxAttempts = 10): NotifyQueue {
  queue = createNotifyQueue(
    new Map([['mail', notifier]]),
    { maxAttempts, giveUpMs: 24 * 60 * MINUTE_MS },
    {
      state,
      clock: { now: () => Date.now() + ahead, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 10), signal) },
      uptime: () => performance.now() + ahead,
      log: quietLog,
      metrics: createMetrics().stage('alerting'),
      signal: new AbortController().signal,
      random: () => 0,
      claims,
      record: ({ status, notification, reason }) => records.push(`${status} ${notification.id} ${reason}`.trim()),
    },
  );
  queue.start();
  return queue;
}

/** As kill -9 leaves it: nothing is told to anybody, and what is on disk is there. */
async function restart(): Promise<NotifyQueue> {
  await queue?.stop();
  await state.close();
  state = await openState(folder);
  return open();
}

async function enqueue(to: NotifyQueue, notification: Notification): Promise<void> {
  let staged: ReturnType<NotifyQueue['stage']> = [];
  await state.transaction(() => {
    staged = to.stage({ notifier: 'mail', notification });
  });
  to.accept(staged);
}

const first = notificationWith([alertOf({ alert_id: 'a', revision: 1 })]);
const second = notificationWith([alertOf({ alert_id: 'a', revision: 2 })]);
const queued = (): Queued[] => [...state.table<Queued>('notify.queue').entries()].map(({ value }) => value);
const dead = (): { owed?: string[]; reason: string }[] =>
  [...state.table<{ owed?: string[]; reason: string }>('notify.dead').entries()].map(({ value }) => value);
const whenTried = (times: number) => vi.waitFor(() => expect(tries).toBe(times), 10_000);
/** Until a try is settled: only then its outcome is on disk. */
const whenOwed = (receivers: readonly string[], attempts: number) =>
  vi.waitFor(() => expect(queued()).toMatchObject([{ owed: receivers, attempts }]), 10_000);

describe('what receivers who were put off are owed', () => {
  it('outlives a restart, and reaches them alone, once', async () => {
    away = ['risk'];
    await enqueue(open(), first);
    await whenOwed(['risk'], 1);
    const reopened = await restart();
    expect(reopened.waiting()).toBe(1);
    away = [];
    ahead = MINUTE_MS;
    await vi.waitFor(() => expect(reopened.waiting()).toBe(0), 10_000);
    expect(got).toEqual(['desk a:1', 'board a:1', 'risk a:1']);
    expect(queued()).toEqual([]);
    expect(records).toEqual(['sent a:1', 'sent a:1']);
  });

  it('is tried again after a minute at the earliest, while later messages of the group go out', async () => {
    away = ['risk'];
    const opened = open();
    await enqueue(opened, first);
    await whenOwed(['risk'], 1);
    away = [];
    await enqueue(opened, second);
    await whenTried(2);
    ahead = MINUTE_MS - 5000;
    await systemClock.sleep(100);
    expect(got.filter((one) => one.endsWith('a:1'))).toEqual(['desk a:1', 'board a:1']);
    expect(got.filter((one) => one.endsWith('a:2'))).toHaveLength(3);
    ahead = MINUTE_MS;
    await vi.waitFor(() => expect(got).toContain('risk a:1'), 10_000);
  });

  it('shrinks to who is still put off, ends as a dead letter, and is sent again to them', async () => {
    away = ['risk', 'board'];
    const opened = open(null, mail, 3);
    await enqueue(opened, first);
    await whenOwed(['risk', 'board'], 1);
    away = ['risk'];
    ahead = MINUTE_MS;
    await whenOwed(['risk'], 2);
    ahead = 2 * MINUTE_MS;
    await vi.waitFor(() => expect(opened.waiting()).toBe(0), 10_000);
    expect(dead()).toMatchObject([{ owed: ['risk'], reason: 'put off for risk; given up after 3 tries' }]);
    expect(records).toEqual(['sent a:1', 'failed a:1 put off for risk; given up after 3 tries']);
    away = [];
    expect(await opened.replay('a:1')).toBe(1);
    await vi.waitFor(() => expect(opened.waiting()).toBe(0), 10_000);
    expect(got.toSorted()).toEqual(['board a:1', 'desk a:1', 'risk a:1']);
  });

  it('is without what was taken back meanwhile', async () => {
    away = ['risk'];
    const removal = { kind: 'document' as const, values: ['d1'], outlet: null };
    const withdrawing: Notifier = {
      async send(notification, owed) {
        await reviewState(state, [removal], { remove: true });
        return mail.send(notification, owed);
      },
    };
    await enqueue(
      open(null, withdrawing),
      notificationWith([alertOf({ documents: [documentOf(), documentOf({ id: 'd2' })] })]),
    );
    await whenOwed(['risk'], 1);
    expect(queued()[0]?.notification.alerts[0]?.documents.map(({ id }) => id)).toEqual(['d2']);
  });

  it('is claimed once, and on disk before others hear that the message was sent', async () => {
    away = ['risk'];
    const asked: string[] = [];
    const claims: Claims = {
      take: async (_, items) => (asked.push('take'), { mine: items, held: [], againMs: 0 }),
      sent: async () =>
        void asked.push(
          `sent, owed to ${queued()
            .flatMap(({ owed = [] }) => owed)
            .join()}`,
        ),
    };
    const opened = open(claims);
    await enqueue(opened, first);
    await whenOwed(['risk'], 1);
    away = [];
    ahead = MINUTE_MS;
    await vi.waitFor(() => expect(opened.waiting()).toBe(0), 10_000);
    expect(asked).toEqual(['take', 'sent, owed to risk']);
    expect(got).toContain('risk a:1');
  });
});
