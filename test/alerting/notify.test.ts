import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Claims } from '../../alerting/claims.ts';
import type { Notifier } from '../../alerting/notifier.ts';
import { leadOf, type Notification } from '../../alerting/notification.ts';
import { createNotifyQueue, type NotifyQueue } from '../../alerting/notify.ts';
import type { DeadNotification } from '../../alerting/notify_entries.ts';
import { systemClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import type { Alert } from '../../core/event.ts';
import type { Logger } from '../../core/log.ts';
import { createMetrics, type Metrics } from '../../core/metrics.ts';
import type { Removal } from '../../core/removal.ts';
import { openState } from '../../core/state/lmdb.ts';
import { reviewState } from '../../core/state/removal.ts';
import type { State } from '../../core/state/state.ts';
import { alertOf, documentOf, listeningLog, notificationWith, quietLog } from './alerts.ts';
import { counted } from './stage.ts';

let folder: string;
let state: State;
let queue: NotifyQueue | undefined;
let notifierNames: string[] = [];
let metrics: Metrics;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-notify-'));
  state = await openState(folder);
});
afterEach(async () => {
  await queue?.stop();
  queue = undefined;
  await state.close();
  await rm(folder, { recursive: true });
});

/** A notifier that fails as told and remembers what got through. */
function recorder(failures: (alert: Alert, attempt: number) => TidewatchError | null = () => null) {
  const sent: string[] = [];
  const attempts: { id: string; at: number }[] = [];
  const notifier: Notifier = {
    async send(notification) {
      const { id } = notification;
      const alert = leadOf(notification);
      attempts.push({ id, at: Date.now() });
      const failure = failures(alert, attempts.filter((one) => one.id === id).length);
      if (failure !== null) throw failure;
      sent.push(id);
    },
  };
  return { notifier, sent, attempts };
}

const unavailable = (retryAfterMs?: number): TidewatchError =>
  new TidewatchError('notify.unavailable', 'later', retryAfterMs === undefined ? {} : { retryAfterMs });

function open(
  notifiers: Record<string, Notifier>,
  rules = { maxAttempts: 10, giveUpMs: 3_600_000 },
  claims: Claims | null = null,
  log: Logger = quietLog,
): NotifyQueue {
  notifierNames = Object.keys(notifiers);
  metrics = createMetrics();
  queue = createNotifyQueue(new Map(Object.entries(notifiers)), rules, {
    state,
    clock: systemClock,
    uptime: () => performance.now(),
    log,
    metrics: metrics.stage('alerting'),
    signal: new AbortController().signal,
    random: () => 0,
    claims,
  });
  return queue;
}

async function enqueue(to: NotifyQueue, ...alerts: readonly Alert[]): Promise<void> {
  let staged: ReturnType<NotifyQueue['stage']> = [];
  await state.transaction(() => {
    staged = alerts.flatMap((alert) =>
      notifierNames.flatMap((notifier) => {
        const group = { key: alert.alert_id, labels: {} };
        return to.stage({ notifier, notification: notificationWith([alert], { group }) });
      }),
    );
  });
  to.accept(staged);
}

/** One message as it is. */
async function enqueueMessage(to: NotifyQueue, notifier: string, notification: Notification): Promise<void> {
  let staged: ReturnType<NotifyQueue['stage']> = [];
  await state.transaction(() => {
    staged = to.stage({ notifier, notification });
  });
  to.accept(staged);
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !condition(); tries += 1) await systemClock.sleep(10);
  expect(condition()).toBe(true);
}

const dead = (): DeadNotification[] =>
  [...state.table<DeadNotification>('notify.dead').entries()].map(({ value }) => value);

describe('the notification queue', () => {
  it('sends each alert to each notifier once', async () => {
    const [a, b] = [recorder(), recorder()];
    const opened = open({ a: a.notifier, b: b.notifier });
    opened.start();
    await enqueue(opened, alertOf({ revision: 2 }), alertOf({ revision: 3 }));
    await until(() => opened.waiting() === 0);
    expect(a.sent).toEqual([`${alertOf().alert_id}:2`, `${alertOf().alert_id}:3`]);
    expect(b.sent).toEqual(a.sent);
  });

  it('keeps the order of one alert while another one goes ahead', async () => {
    const { notifier, sent } = recorder((alert, attempt) =>
      alert.alert_id === 'slow' && alert.revision === 1 && attempt < 2 ? unavailable() : null,
    );
    const opened = open({ a: notifier });
    opened.start();
    const slow = (revision: number): Alert => alertOf({ alert_id: 'slow', revision });
    await enqueue(opened, slow(1), slow(2), alertOf({ alert_id: 'quick', revision: 1 }));
    await until(() => opened.waiting() === 0);
    expect(sent).toEqual(['quick:1', 'slow:1', 'slow:2']);
  });

  it('is not held up by a notifier that does not work', async () => {
    const broken = recorder(() => unavailable());
    const working = recorder();
    const opened = open({ broken: broken.notifier, working: working.notifier });
    opened.start();
    await enqueue(opened, alertOf());
    await until(() => working.sent.length === 1);
    expect(opened.waiting()).toBe(1);
  });

  it('waits longer after each failure', async () => {
    const { notifier, attempts } = recorder((_, attempt) => (attempt < 3 ? unavailable() : null));
    const opened = open({ a: notifier });
    opened.start();
    await enqueue(opened, alertOf());
    await until(() => opened.waiting() === 0);
    const gaps = attempts.slice(1).map(({ at }, index) => at - (attempts[index]?.at ?? 0));
    // Equal jitter at its least: half of 1 s, half of 2 s.
    expect(gaps[0]).toBeGreaterThanOrEqual(490);
    expect(gaps[1]).toBeGreaterThanOrEqual(990);
  });

  it('honours Retry-After for everything that goes to that notifier', async () => {
    const { notifier, attempts, sent } = recorder((alert, attempt) =>
      alert.alert_id === 'one' && attempt === 1 ? unavailable(1500) : null,
    );
    const opened = open({ a: notifier });
    opened.start();
    await enqueue(opened, alertOf({ alert_id: 'one' }));
    await until(() => attempts.length === 1);
    await enqueue(opened, alertOf({ alert_id: 'two' }));
    await until(() => opened.waiting() === 0);
    expect(sent).toHaveLength(2);
    expect((attempts[1]?.at ?? 0) - (attempts[0]?.at ?? 0)).toBeGreaterThanOrEqual(1490);
  });

  it('says once that all of a notifier’s messages wait, and for how long', async () => {
    const { notifier } = recorder((_, attempt) => (attempt === 1 ? unavailable(1500) : null));
    const { log, warnings } = listeningLog();
    const opened = open({ a: notifier }, undefined, null, log);
    opened.start();
    await enqueue(opened, alertOf({ alert_id: 'one' }));
    await until(() => opened.waiting() === 0);
    expect(warnings.filter((one) => one.includes('left alone'))).toEqual([
      'a asks to be left alone for 2 s: all that is meant for it waits',
    ]);
  });

  it('puts what is refused for good into the dead letters, with the reason', async () => {
    const { notifier, attempts } = recorder(() => new TidewatchError('notify.rejected', 'answered 410'));
    const opened = open({ a: notifier });
    opened.start();
    await enqueue(opened, alertOf());
    await until(() => opened.waiting() === 0);
    expect(attempts).toHaveLength(1);
    expect(dead()).toMatchObject([
      {
        notifier: 'a',
        attempts: 1,
        code: 'notify.rejected',
        reason: 'answered 410',
        notification: { alerts: [alertOf()] },
      },
    ]);
  });

  it('gives up after max_attempts, and after give_up_hours', async () => {
    const { notifier, attempts } = recorder(() => unavailable());
    const opened = open({ a: notifier }, { maxAttempts: 2, giveUpMs: 3_600_000 });
    opened.start();
    await enqueue(opened, alertOf());
    await until(() => opened.waiting() === 0);
    expect(attempts).toHaveLength(2);
    expect(dead()[0]?.reason).toBe('later; given up after 2 tries');
    await opened.stop();

    const second = open({ a: notifier }, { maxAttempts: 99, giveUpMs: 100 });
    second.start();
    await enqueue(second, alertOf({ revision: 9 }));
    await until(() => second.waiting() === 0);
    expect(dead()).toHaveLength(2);
  });

  it('survives a restart: what was not sent is sent by the next process, with the tries it had', async () => {
    const first = recorder(() => unavailable());
    const opened = open({ a: first.notifier });
    opened.start();
    await enqueue(opened, alertOf());
    await until(() => first.attempts.length === 1);
    await opened.stop();
    await state.close();

    state = await openState(folder);
    const second = recorder();
    const reopened = open({ a: second.notifier });
    expect(reopened.waiting()).toBe(1);
    reopened.start();
    await until(() => reopened.waiting() === 0);
    expect(second.sent).toEqual([`${alertOf().alert_id}:2`]);
    expect(state.table('notify.queue').count()).toBe(0);
  });

  it('buries what waits for a notifier that is gone from the settings', async () => {
    const opened = open({ old: recorder(() => unavailable()).notifier });
    await enqueue(opened, alertOf());
    await opened.stop();
    const reopened = open({ other: recorder().notifier });
    reopened.start();
    await until(() => reopened.waiting() === 0);
    expect(dead()[0]?.reason).toContain('No notifier is named old any more');
  });

  it('writes nothing when the transaction around it fails', async () => {
    const { notifier, sent } = recorder();
    const opened = open({ a: notifier });
    opened.start();
    await expect(
      state.transaction(() => {
        opened.stage({ notifier: 'a', notification: notificationWith() });
        throw new Error('no');
      }),
    ).rejects.toThrow();
    expect(state.table('notify.queue').count()).toBe(0);
    expect([opened.waiting(), sent.length]).toEqual([0, 0]);
  });

  it('sends what was given up again when asked to, all or one', async () => {
    let broken = true;
    const { notifier, sent } = recorder(() => (broken ? new TidewatchError('notify.rejected', 'no') : null));
    const opened = open({ a: notifier });
    opened.start();
    await enqueue(opened, alertOf({ alert_id: 'one' }), alertOf({ alert_id: 'two' }), alertOf({ alert_id: 'three' }));
    await until(() => opened.waiting() === 0);
    expect(dead()).toHaveLength(3);
    broken = false;
    expect(await opened.replay('two:2')).toBe(1);
    await until(() => sent.length === 1);
    expect(await opened.replay('*')).toBe(2);
    await until(() => sent.length === 3);
    expect(sent).toEqual(['two:2', 'one:2', 'three:2']);
    expect(dead()).toEqual([]);
    expect(await opened.replay('*')).toBe(0);
  });

  it('does not pile up repeats behind a message that waits', async () => {
    const opened = open({ a: recorder(() => unavailable()).notifier });
    await enqueue(opened, alertOf());
    const group = { key: alertOf().alert_id, labels: {} };
    await state.transaction(() => {
      const repeat = notificationWith([alertOf()], { kind: 'repeat', group });
      expect(opened.stage({ notifier: 'a', notification: repeat })).toEqual([]);
    });
    expect(opened.waiting()).toBe(1);
  });

  it('goes no faster than the other side allows', async () => {
    const { notifier, attempts } = recorder();
    const opened = open({ a: { ...notifier, pace: { messages: 2, perMs: 400 } } });
    opened.start();
    await enqueue(opened, ...['1', '2', '3', '4', '5'].map((id) => alertOf({ alert_id: id })));
    await until(() => opened.waiting() === 0);
    const times = attempts.map(({ at }) => at);
    for (const [index, at] of times.entries())
      if (index >= 2) expect(at - (times[index - 2] ?? 0)).toBeGreaterThanOrEqual(395);
  });

  it.each([
    ['is refused', () => new TidewatchError('notify.rejected', 'answered 401'), 99],
    ['fails too often', () => unavailable(), 1],
  ])(
    'lets a refresh that %s go, counts each, says it once, and says it anew after one got through',
    async (_, failure, maxAttempts) => {
      const warn = vi.spyOn(quietLog, 'warn');
      let broken = true;
      const { notifier, sent } = recorder(() => (broken ? failure() : null));
      const opened = open({ a: { ...notifier, refreshMs: 60_000 } }, { maxAttempts, giveUpMs: 3_600_000 });
      opened.start();
      async function refresh(times: number): Promise<void> {
        for (let time = 0; time < times; time += 1) {
          await enqueueMessage(opened, 'a', notificationWith([alertOf()], { kind: 'repeat', id: `~${time}` }));
          await until(() => opened.waiting() === 0);
        }
      }
      await refresh(3);
      expect(dead()).toEqual([]);
      expect(state.table('notify.queue').count()).toBe(0);
      expect(await counted(metrics, 'tidewatch_errors_total')).toBe(3);
      expect(warn).toHaveBeenCalledTimes(1);
      broken = false;
      await refresh(1);
      broken = true;
      await refresh(2);
      expect(sent).toEqual(['~0']);
      expect(warn).toHaveBeenCalledTimes(2);
      warn.mockRestore();
    },
  );

  it('keeps news that such a notifier refused, and the repeats that another one refused', async () => {
    const refusing = recorder(() => new TidewatchError('notify.rejected', 'answered 401'));
    const opened = open({ a: { ...refusing.notifier, refreshMs: 60_000 }, b: refusing.notifier });
    opened.start();
    await enqueue(opened, alertOf());
    await until(() => opened.waiting() === 0);
    expect(dead().map(({ notifier }) => notifier)).toEqual(['a', 'b']);
    await enqueueMessage(opened, 'b', notificationWith([alertOf()], { kind: 'repeat' }));
    await until(() => opened.waiting() === 0);
    expect(dead().map(({ notifier }) => notifier)).toEqual(['a', 'b', 'b']);
  });

  const withdrawn: Removal = {
    schema_version: 1,
    id: 'r',
    kind: 'document',
    values: ['d1'],
    outlet: null,
    by: 'origin',
    reason: 'deleted',
    requested_at: '2026-03-02T00:00:00.000Z',
  };
  const documentsLeft = (): string[] =>
    [...state.table<{ notification: { alerts: Alert[] } }>('notify.queue').entries()].flatMap(({ value }) =>
      value.notification.alerts.flatMap(({ documents }) => documents.map(({ id }) => id)),
    );

  it('does not write back what was taken back while a try was on its way', async () => {
    const { notifier, attempts } = recorder();
    const opened = open({
      a: {
        async send(notification) {
          await notifier.send(notification);
          await reviewState(state, [withdrawn], { remove: true });
          throw unavailable();
        },
      },
    });
    opened.start();
    await enqueue(opened, alertOf({ documents: [documentOf(), documentOf({ id: 'd2' })] }));
    await until(() => attempts.length === 1 && documentsLeft().length === 1);
    await opened.stop();
    expect(documentsLeft()).toEqual(['d2']);
    expect([...state.table<{ attempts: number }>('notify.queue').entries()][0]?.value.attempts).toBe(1);
  });

  it('nor where a part of the message stays for another process to tell', async () => {
    const alerts = ['one', 'two'].map((alert_id) =>
      alertOf({ alert_id, documents: [documentOf(), documentOf({ id: `of ${alert_id}` })] }),
    );
    const claims: Claims = {
      take: async (_, items) => ({ mine: items.slice(0, 1), held: items.slice(1), againMs: 60_000 }),
      sent: async () => undefined,
    };
    const opened = open(
      { a: { send: async () => void (await reviewState(state, [withdrawn], { remove: true })) } },
      undefined,
      claims,
    );
    await enqueueMessage(opened, 'a', notificationWith(alerts));
    opened.start();
    await until(() => documentsLeft().length === 1);
    await opened.stop();
    expect(documentsLeft()).toEqual(['of two']);
  });

  it('writes down what became of each', async () => {
    const records: string[] = [];
    const { notifier } = recorder((alert) =>
      alert.alert_id === 'bad' ? new TidewatchError('notify.rejected', 'no') : null,
    );
    queue = createNotifyQueue(
      new Map([['a', notifier]]),
      { maxAttempts: 3, giveUpMs: 1000 },
      {
        state,
        clock: systemClock,
        uptime: () => performance.now(),
        log: quietLog,
        metrics: createMetrics().stage('alerting'),
        signal: new AbortController().signal,
        record: ({ status, notification, reason }) => records.push(`${status} ${notification.id} ${reason}`.trim()),
      },
    );
    notifierNames = ['a'];
    queue.start();
    await enqueue(queue, alertOf({ alert_id: 'good' }), alertOf({ alert_id: 'bad' }));
    await until(() => queue?.waiting() === 0);
    expect(records.toSorted()).toEqual(['failed bad:2 no', 'sent good:2']);
  });

  it('takes over what version 0.1.0 left in the queue', async () => {
    const entry = { notifier: 'a', attempts: 3, firstAt: Date.now(), nextAt: 0 };
    for (const revision of [2, 3]) {
      const { incident: _, labels: __, resolution: ___, evidence: ____, ...alert } = alertOf({ revision });
      await state.table<object>('notify.queue').put(`a\n${alert.alert_id}:00000${revision}`, { ...entry, alert });
    }
    const { notifier, sent } = recorder();
    const opened = open({ a: notifier });
    opened.start();
    await until(() => opened.waiting() === 0);
    expect(sent).toEqual([`${alertOf().alert_id}:2`, `${alertOf().alert_id}:3`]);
  });
});
