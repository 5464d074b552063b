/** What people do about alerts, and two stages on one store, through the whole stage on real planes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actionRequestSchema, actionRow, newAction } from '../../core/action.ts';
import { systemClock } from '../../core/clock.ts';
import { isoTime, type Alert } from '../../core/event.ts';
import { openStore } from '../../core/store/registry.ts';
import type { Store } from '../../core/store/store.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { startReceiver, type Receiver } from '../contracts/notifier.ts';
import { quietLog } from './alerts.ts';
import { DAY, HOUR, START, opinionOf, randomFrom, simulatedFeed } from './opinions.ts';
import { counted, openStage, type Stage, type StageOptions } from './stage.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let folder: string;
let store: Store;
let receiver: Receiver;
const stages: Stage[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-people-'));
  store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log: quietLog });
  await store.migrate();
  receiver = await startReceiver();
}, 60_000);
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.close();
  await receiver.close();
  await store.close();
  await rm(folder, { recursive: true });
});

async function start(name: string, options: StageOptions = {}): Promise<Stage> {
  const notifiers = [{ type: 'webhook', url: receiver.url, secret: SECRET }];
  const stage = await openStage(join(folder, name), store, {
    ...options,
    settings: { notifiers, ...options.settings },
  });
  await stage.alerting.start();
  stages.push(stage);
  return stage;
}

async function append(stage: Stage, opinions: readonly unknown[]): Promise<void> {
  await stage.stream.append(
    TOPICS.opinions,
    opinions.map((value, index) => ({ key: String(index), value })),
  );
  await stage.drained();
}

async function act(request: object): Promise<void> {
  const action = newAction(actionRequestSchema.parse(request), 'Priya', 'api', Date.now());
  await store.insert('actions', [actionRow(action)], action.id);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000 && !(await condition()); tries += 1) await systemClock.sleep(10);
  expect(await condition()).toBe(true);
}

const bodies = (): Alert[] => receiver.requests.map(({ body }) => JSON.parse(body) as Alert);
const sent = async (stage: Stage): Promise<void> => until(() => stage.state.table('notify.queue').count() === 0);

describe('what people do', () => {
  it('silences one company, ends the alert of another by hand, and leaves both in the store', async () => {
    const feed = simulatedFeed({ seed: 31 });
    await act({
      kind: 'silence',
      matchers: ['entity="halcyon_motors"'],
      starts_at: '2026-01-01T00:00:00.000Z',
      ends_at: '2026-12-31T00:00:00.000Z',
      comment: 'the recall is known',
    });
    // Event time stands still while nothing comes: with a wait, the end would overtake the beginning.
    const first = await start('by-hand', { settings: { group_wait_secs: 0 } });
    // The first incident begins about here.
    let from = 250;
    await append(first, feed.slice(0, from));
    const firing = (): Alert | undefined =>
      first.alerts.find(({ state, name }) => state === 'firing' && name === 'norvale_bank');
    while (firing() === undefined && from < feed.length) {
      await append(first, feed.slice(from, from + 4));
      await systemClock.sleep(150);
      from += 4;
    }
    const alert = firing();
    expect(alert).toBeDefined();
    await act({ kind: 'resolve', alert_id: alert?.alert_id, note: 'withdrawals are back' });
    const ended = (): Alert | undefined =>
      first.alerts.find(({ alert_id, state }) => alert_id === alert?.alert_id && state === 'resolved');
    await until(() => ended() !== undefined);
    expect(ended()?.resolution).toEqual({ by: 'Priya', note: 'withdrawals are back' });
    // Taken up again: what was silenced stays so, what was ended does not begin anew while it rests.
    await first.close();
    stages.length = 0;
    const second = await start('by-hand');
    await append(second, feed.slice(from));
    await second.alerting.flush();
    await sent(second);
    expect(second.alerts.some(({ name, state }) => name === 'norvale_bank' && state === 'firing')).toBe(false);
    expect(second.alerts.some(({ name, state }) => name === 'halcyon_motors' && state === 'firing')).toBe(true);
    expect(new Set(bodies().map(({ name }) => name))).toEqual(new Set(['norvale_bank', 'quillmere_software']));
    expect(bodies().filter(({ state, name }) => name === 'norvale_bank' && state === 'resolved')).toHaveLength(1);
    expect(await counted(second.metrics, 'tidewatch_documents_skipped_total', 'silenced')).toBeGreaterThan(0);
    const rows = await store.query<{ status: string; reason: string }>(
      "SELECT status, reason FROM notifications WHERE notifier = '*' AND status = 'muted'",
    );
    expect(rows.some(({ reason }) => reason.startsWith('silenced: '))).toBe(true);
  });
});

describe('a silence set while no process ran', () => {
  it('holds for what fell due before it, as that is told only now', async () => {
    const now = Date.now();
    const opinions = [
      ...Array.from({ length: 7 * 24 }, (_, hour) =>
        opinionOf({ id: `b${hour}`, time: now - 7 * DAY + hour * HOUR, fetched: now, negative: 0.1 }),
      ),
      ...Array.from({ length: 24 }, (_, index) =>
        opinionOf({ id: `i${index}`, time: now - 10 * HOUR + index * 20 * 60_000, fetched: now, negative: 0.9 }),
      ),
    ].toSorted((a, b) => a.document.published_at.localeCompare(b.document.published_at));
    const settings = { idle_secs: 1, series: ['entity'], group_wait_secs: 3600 };
    const deps = { watermark: 'per_feed' } as const;
    const before = await start('down', { settings, deps });
    await append(before, opinions);
    await until(() => before.alerts.some(({ state }) => state === 'firing'));
    await before.close();
    stages.length = 0;

    // Due after an hour, silenced after an hour and a half, started again after two.
    await act({
      kind: 'silence',
      matchers: ['entity="acme"'],
      starts_at: isoTime(now + 1.5 * HOUR),
      ends_at: isoTime(now + DAY),
      comment: 'known',
    });
    const wallClock = { ...systemClock, now: () => Date.now() + 2 * HOUR };
    const after = await start('down', { settings, deps: { ...deps, wallClock } });
    await until(async () => (await counted(after.metrics, 'tidewatch_documents_skipped_total', 'silenced')) > 0);
    await sent(after);
    expect(receiver.requests).toEqual([]);
  });
});

describe('two alerting processes on one store', () => {
  it('tell each change once between them', async () => {
    const feed = simulatedFeed({ seed: 32 });
    const pair = [
      await start('one', { deps: { sharedStore: true } }),
      await start('two', { deps: { sharedStore: true } }),
    ];
    // Both see everything, as after a partition has moved: more overlap than Kafka ever gives.
    await Promise.all(pair.map((stage) => append(stage, feed)));
    await Promise.all(pair.map((stage) => stage.alerting.flush()));
    for (const stage of pair) await sent(stage);
    const ids = receiver.requests.map(({ headers }) => String(headers['webhook-id']));
    expect(new Set(ids).size).toBe(ids.length);
    const [one] = pair;
    const told = one?.alerts.filter(({ state }) => state !== 'pending') ?? [];
    expect(ids.toSorted()).toEqual(told.map(({ alert_id, revision }) => `${alert_id}:${revision}`).toSorted());
    const skipped = await Promise.all(
      pair.map((stage) => counted(stage.metrics, 'tidewatch_documents_skipped_total', 'told_by_another')),
    );
    expect((skipped[0] ?? 0) + (skipped[1] ?? 0)).toBe(told.length);
  });
});

describe('a sector', () => {
  const banks = ['bank_a', 'bank_b', 'bank_c'];
  const parents = new Map(banks.map((id) => [id, 'banks']));
  const topics = [
    'Markets',
    'Earnings',
    'Stock Commentary',
    'General News | Opinion',
    'Company | Product News',
    'Macro',
  ];

  /** Ten quiet days, then `stories` negative ones spread over the companies named. */
  function feedOf(troubled: readonly string[], stories: number) {
    const random = randomFrom(5);
    const quiet = Array.from({ length: 10 * 24 }, (_, index) =>
      opinionOf({
        id: `q${index}`,
        time: START + index * HOUR,
        negative: random() < 0.15 ? 0.85 : 0.08,
        entities: [[...banks, 'grocer', 'airline'][index % 5] ?? ''],
        topic: topics[index % 6] ?? '',
      }),
    );
    const trouble = Array.from({ length: stories }, (_, index) =>
      opinionOf({
        id: `t${index}`,
        time: START + 10 * DAY + index * 15 * 60_000,
        negative: 0.9,
        entities: [troubled[index % troubled.length] ?? ''],
        topic: topics[index % 6] ?? '',
      }),
    );
    return [...quiet, ...trouble];
  }

  async function toldOf(name: string, troubled: readonly string[]): Promise<string[]> {
    const settings = { group_by: ['entity'], send: ['firing'] };
    const stage = await start(name, { settings, deps: { parents } });
    await append(stage, feedOf(troubled, 30));
    await stage.alerting.flush();
    await sent(stage);
    // All social posts, all English ones: their own series, of no company and no sector.
    return [...new Set(bodies().flatMap(({ series }) => (series.entity === null ? [] : [series.entity])))].toSorted();
  }

  it('in trouble is told as one alert, which hides those of its companies', async () => {
    expect(await toldOf('sector', banks)).toEqual(['banks']);
  });

  it('is not alarmed by one of its companies, which is told itself', async () => {
    expect(await toldOf('company', ['bank_b'])).toEqual(['bank_b']);
  });
});
