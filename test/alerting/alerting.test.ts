import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { isoTime, type Alert } from '../../core/event.ts';
import type { Removal } from '../../core/removal.ts';
import { openStore } from '../../core/store/registry.ts';
import type { Store } from '../../core/store/store.ts';
import { TOPICS, deadLetterTopic, type DeadLetter } from '../../core/stream/stream.ts';
import { startReceiver, type Receiver } from '../contracts/notifier.ts';
import { quietLog } from './alerts.ts';
import { DAY, HOUR, opinionOf, simulatedFeed, withDocument } from './opinions.ts';
import { counted, openStage, type Stage, type StageOptions } from './stage.ts';

const CRASH_PROCESS = fileURLToPath(new URL('./crash_process.ts', import.meta.url));
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
/** When the trouble of acme begins, a Monday. */
const TROUBLE = Date.UTC(2026, 2, 9);
const INCIDENTS = ['norvale_bank', 'halcyon_motors', 'quillmere_software'];

let storeFolder: string;
let store: Store;
let folder: string;
let stage: Stage | undefined;
let receiver: Receiver | undefined;

beforeAll(async () => {
  storeFolder = await mkdtemp(join(tmpdir(), 'tidewatch-store-'));
  store = await openStore({ type: 'chdb' }, { folder: storeFolder, log: quietLog });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  await rm(storeFolder, { recursive: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-alerting-'));
});
afterEach(async () => {
  await stage?.close();
  await receiver?.close();
  stage = undefined;
  receiver = undefined;
  await rm(folder, { recursive: true });
});

async function start(options: StageOptions = {}, with_: Store = store): Promise<Stage> {
  stage = await openStage(folder, with_, options);
  await stage.alerting.start();
  return stage;
}

async function append(to: Stage, opinions: readonly unknown[]): Promise<void> {
  await to.stream.append(
    TOPICS.opinions,
    opinions.map((value, index) => ({ key: String(index), value })),
  );
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  // Half a minute: what waits for idle_secs takes as long as they are.
  for (let tries = 0; tries < 3000; tries += 1) {
    if (await condition()) return;
    await systemClock.sleep(10);
  }
  expect(await condition()).toBe(true);
}

const fired = (alerts: readonly Alert[]): string[] => [
  ...new Set(alerts.filter(({ state }) => state === 'firing').map(({ name }) => name)),
];

/** The same labels under another seed have other alert ids: rows of one test don't meet those of another. */
async function stored(alerts: readonly Alert[]): Promise<Alert[]> {
  const ids = [...new Set(alerts.map(({ alert_id }) => alert_id))];
  const rows = await store.query<{ body: string }>(
    'SELECT body FROM alerts WHERE has({ids:Array(String)}, alert_id) ORDER BY at, alert_id, revision',
    { ids },
  );
  return rows.map(({ body }) => JSON.parse(body) as Alert);
}

describe('the alerting stage', () => {
  it('stores and tells the alerts of a replayed feed, each change once', async () => {
    receiver = await startReceiver();
    const running = await start({ settings: { notifiers: [{ type: 'webhook', url: receiver.url, secret: SECRET }] } });
    await append(running, simulatedFeed({ seed: 21 }));
    await running.drained();
    await running.alerting.flush();
    expect(fired(running.alerts)).toEqual(INCIDENTS);
    expect(running.alerts.at(-1)?.state).toBe('resolved');
    expect((await stored(running.alerts)).map(({ alert_id, revision }) => `${alert_id}:${revision}`).sort()).toEqual(
      running.alerts.map(({ alert_id, revision }) => `${alert_id}:${revision}`).sort(),
    );

    const told = running.alerts.filter(({ state }) => state !== 'pending');
    await until(() => receiver?.requests.length === told.length);
    for (const { body, headers } of receiver.requests) {
      const { notification, ...alert } = new Webhook(SECRET).verify(
        body,
        headers as Record<string, string>,
      ) as Alert & {
        notification: object;
      };
      expect(notification).toMatchObject({ kind: 'news' });
      expect(told).toContainEqual(alert);
    }
  });

  it('goes on after a stop in the middle as if there had been none', async () => {
    const feed = simulatedFeed({ seed: 22 });
    const whole = await start();
    await append(whole, feed);
    await whole.drained();
    await whole.alerting.flush();
    const usual = whole.alerts;
    await whole.close();
    stage = undefined;
    await rm(folder, { recursive: true });

    const alerts: Alert[] = [];
    // The second cut falls into the first incident.
    for (const [from, to] of [
      [0, 200],
      [200, 285],
      [285, feed.length],
    ] as const) {
      const part = await start();
      await append(part, feed.slice(from, to));
      await part.drained();
      if (to === feed.length) await part.alerting.flush();
      await part.close();
      stage = undefined;
      alerts.push(...part.alerts);
    }
    expect(alerts).toEqual(usual);
  });

  it('puts what is no opinion into the dead letters with its reason, and goes on', async () => {
    const running = await start();
    const good = opinionOf({ id: 'good', time: Date.UTC(2026, 0, 1) });
    await append(running, [{ hello: 'world' }, good, { ...good, schema_version: 99 }]);
    await running.drained();
    const abort = new AbortController();
    const dead: DeadLetter[] = [];
    const options = { maxMessages: 10, maxWaitMs: 10, signal: abort.signal };
    for await (const delivery of running.stream.subscribe<DeadLetter>(
      deadLetterTopic(TOPICS.opinions),
      'test',
      options,
    )) {
      dead.push(...delivery.messages.map(({ value }) => value));
      await delivery.acknowledge();
      if (dead.length === 2) abort.abort();
    }
    expect(dead[0]).toMatchObject({ stage: 'alerting', code: 'input.invalid', value: { hello: 'world' } });
    expect(dead[1]?.reason).toContain('schema_version');
    expect(await counted(running.metrics, 'tidewatch_errors_total', 'input.invalid')).toBe(2);
    expect(await counted(running.metrics, 'tidewatch_documents_in_total')).toBe(3);
  });

  it('keeps alert rows on disk while the store is down', async () => {
    let down = true;
    const flaky: Store = {
      ...store,
      insert: async (...given) => {
        if (down) throw new TidewatchError('storage.unavailable', 'The store is down');
        await store.insert(...given);
      },
    };
    const running = await start({}, flaky);
    await append(running, simulatedFeed({ seed: 23 }));
    await running.drained();
    await expect(running.alerting.flush()).rejects.toThrow('The store is down');
    expect(running.alerts).toEqual([]);
    await running.close();

    down = false;
    const later = await start({}, flaky);
    await until(() => fired(later.alerts).length === 3);
    expect(fired(await stored(later.alerts))).toEqual(INCIDENTS);
  });

  it('loses nothing when the disk is full for a while', async () => {
    let full = 0;
    const running = await start({
      around: {
        state: (state) => ({
          ...state,
          transaction: async (work) => {
            full += 1;
            if (full <= 2) throw new TidewatchError('storage.full', 'The disk is full');
            await state.transaction(work);
          },
        }),
      },
    });
    await append(running, simulatedFeed({ seed: 25 }));
    await running.drained();
    await running.alerting.flush();
    expect(full).toBeGreaterThan(2);
    expect(fired(running.alerts)).toEqual(INCIDENTS);
    expect(fired(await stored(running.alerts))).toEqual(INCIDENTS);
    expect(await counted(running.metrics, 'tidewatch_errors_total', 'storage.full')).toBe(2);
    expect(await counted(running.metrics, 'tidewatch_documents_in_total')).toBe(710);
  });

  it('stops on a full disk, and the next start tells what the one before could not save', async () => {
    let full = false;
    const running = await start({
      around: {
        state: (state) => ({
          ...state,
          transaction: async (work) => {
            if (full) throw new TidewatchError('storage.full', 'The disk is full');
            await state.transaction(work);
          },
        }),
      },
    });
    const feed = simulatedFeed({ seed: 27 });
    await append(running, feed.slice(0, 300));
    await running.drained();
    full = true;
    await append(running, feed.slice(300));
    await until(async () => (await counted(running.metrics, 'tidewatch_errors_total', 'storage.full')) > 0);
    await running.close();

    const later = await start();
    await later.drained();
    await later.alerting.flush();
    expect(fired(await stored([...running.alerts, ...later.alerts]))).toEqual(INCIDENTS);
  });

  /** Seven quiet days, then a story about acme every twenty minutes. */
  const troubled = (stories: number, from = 0) => [
    ...Array.from({ length: from === 0 ? 7 * 24 : 0 }, (_, hour) => opinionOf({ id: `b${hour}`, time: TROUBLE - 7 * DAY + hour * HOUR })),
    ...Array.from({ length: stories }, (_, index) => {
      const story = from + index;
      return opinionOf({ id: `i${story}`, time: TROUBLE + story * 20 * 60_000, negative: 0.9 });
    }),
  ]; // prettier-ignore

  it('ends at the start what the settings no longer judge, and tells those who were told of it', async () => {
    receiver = await startReceiver();
    const settings = {
      group_wait_secs: 0,
      series: ['entity'],
      notifiers: [{ type: 'webhook', url: receiver.url, secret: SECRET }],
    };
    const before = await start({ settings });
    await append(before, troubled(24));
    await until(() => fired(before.alerts).length === 1 && receiver?.requests.length === 1);
    await before.close();

    const after = await start({ settings: { ...settings, group_interval_secs: 1, detectors: [{ type: 'volume' }] } });
    await until(() => after.alerts.length === 1);
    expect(after.alerts[0]).toMatchObject({
      alert_id: before.alerts[0]?.alert_id,
      state: 'resolved',
      detector: 'surge',
      resolution: { by: 'tidewatch', note: 'The settings no longer judge this.' },
    });
    await after.alerting.flush();
    await until(() => receiver?.requests.length === 2);
    expect(JSON.parse(receiver.requests[1]?.body ?? '')).toMatchObject({ state: 'resolved', name: 'acme' });
    expect([...after.state.table('alerting.courses').entries()]).toEqual([]);
  });

  it('tells of what began and ended while it caught up, once and at its end', async () => {
    receiver = await startReceiver();
    const now = Date.now();
    const past = (id: string, time: number, negative: number) => opinionOf({ id, time, fetched: now, negative });
    const running = await start({
      settings: {
        idle_secs: 1,
        series: ['entity'],
        notifiers: [{ type: 'webhook', url: receiver.url, secret: SECRET }],
      },
      deps: { watermark: 'per_feed' },
    });
    // Eight quiet days, within which there were eight bad hours three days ago.
    const quiet = Array.from({ length: 8 * 24 }, (_, hour) => past(`b${hour}`, now - 8 * DAY + hour * HOUR, 0.1));
    const bad = Array.from({ length: 24 }, (_, index) => past(`i${index}`, now - 3 * DAY + index * 20 * 60_000, 0.9));
    await append(
      running,
      [...quiet, ...bad].toSorted((a, b) => a.document.published_at.localeCompare(b.document.published_at)),
    );
    await until(() => receiver?.requests.length === 1);
    const [fire, end] = running.alerts.filter(({ state }) => state !== 'pending').slice(-2);
    expect([fire?.state, end?.state]).toEqual(['firing', 'resolved']);
    expect(JSON.parse(receiver.requests[0]?.body ?? '')).toMatchObject({
      state: 'resolved',
      alert_id: end?.alert_id,
      notification: { kind: 'news', past: [end?.alert_id] },
    });
  });

  it('tells again of what fires without what was taken back, and writes nothing of it down', async () => {
    receiver = await startReceiver();
    const settings = {
      group_wait_secs: 0,
      series: ['entity'],
      repeat_interval_hours: 1,
      notifiers: [{ type: 'webhook', url: receiver.url, secret: SECRET }],
    };
    const before = await start({ settings });
    await append(before, troubled(24));
    await until(() => receiver?.requests.length === 1);
    await before.close();
    const running = await start({ settings });
    const toldOf = (): string[] =>
      (JSON.parse(receiver?.requests.at(-1)?.body ?? '') as Alert).documents.map(({ id }) => id);
    const [gone = ''] = toldOf();
    expect(gone).toMatch(/^i/);
    const removal: Removal = {
      schema_version: 1,
      id: 'r',
      kind: 'document',
      values: [gone],
      outlet: null,
      by: 'operator',
      reason: 'asked',
      requested_at: isoTime(Date.now()),
    };
    const written = (): string => JSON.stringify([...running.state.table('alerting.groups').entries()]);
    expect(written()).toContain(`"${gone}"`);
    await running.stream.append(TOPICS.removals, [{ key: 'r', value: removal }]);
    await until(() => !written().includes(`"${gone}"`));

    const told = receiver.requests.length;
    await append(running, troubled(12, 24));
    await until(() => (receiver?.requests.length ?? 0) > told);
    expect(toldOf().length).toBeGreaterThan(0);
    expect(toldOf()).not.toContain(gone);
    expect(written()).not.toContain(`"${gone}"`);
  });

  it('tells of the end of a pending alert only those who were told of its beginning', async () => {
    const now = Date.UTC(2026, 2, 2);
    const background = Array.from({ length: 6 * 24 }, (_, index) =>
      opinionOf({ id: `b${index}`, time: now + index * HOUR, negative: 0.05 }),
    );
    // Eight stories whose first three leave the window before the next bucket ends: anomalous for one bucket only.
    const short = [0, 1, 2, 3, 4, 5, 6, 7].map((index) =>
      opinionOf({
        id: `i${index}`,
        time: now + 6 * DAY + (index < 3 ? index : 7 * HOUR + index) * 1,
        negative: 0.95,
      }),
    );
    for (const [send, requests] of [
      [['firing', 'resolved'], 0],
      [['pending', 'firing', 'resolved'], 2],
    ] as const) {
      receiver = await startReceiver();
      const running = await start({
        settings: { send, notifiers: [{ type: 'webhook', url: receiver.url, secret: SECRET }] },
      });
      await append(running, [...background, ...short]);
      await running.drained();
      await running.alerting.flush();
      expect(running.alerts.map(({ state }) => state)).toEqual(['pending', 'resolved']);
      await until(() => running.state.table('notify.queue').count() === 0);
      expect(receiver.requests).toHaveLength(requests);
      await running.close();
      await receiver.close();
      stage = undefined;
      receiver = undefined;
      await rm(folder, { recursive: true });
    }
    await mkdir(folder);
  });

  it('judges a feed replayed at a pace beside live feeds dated today, none of it late', async () => {
    const feed = simulatedFeed({ seed: 24 });
    const shift = Date.now() - Date.parse(feed.at(-1)?.document.published_at ?? '');
    const moved = feed.map((opinion) => {
      const time = Date.parse(opinion.document.published_at) + shift;
      return withDocument(opinion, { published_at: isoTime(time), fetched_at: isoTime(Date.now()) });
    });
    const live = Array.from({ length: 60 }, (_, index) =>
      opinionOf({
        id: `rss ${index}`,
        time: Date.now() - index * HOUR,
        fetched: Date.now(),
        feed: `rss ${index % 3}`,
        entities: ['norvale_bank'],
        negative: 0.9,
      }),
    );
    const running = await start({
      settings: { idle_secs: 1 },
      deps: { watermark: 'per_feed', replayedFeeds: ['example'] },
    });
    await append(running, live);
    await running.drained();
    await systemClock.sleep(1500);
    for (let from = 0; from < moved.length; from += 100) {
      await append(running, moved.slice(from, from + 100));
      await systemClock.sleep(100);
    }
    await until(() => fired(running.alerts).length >= 3);
    expect(fired(running.alerts)).toEqual(INCIDENTS);
    expect(await counted(running.metrics, 'tidewatch_documents_skipped_total', 'late')).toBe(0);
  });

  it('judges what happened while it was down, when its feeds bring it after the start', async () => {
    const now = Date.now();
    const quiet = Array.from({ length: 7 * 24 }, (_, index) =>
      opinionOf({ id: `b${index}`, time: now - 7 * DAY + index * HOUR, fetched: now, negative: 0.1 }),
    );
    const settings = { idle_secs: 1, series: ['entity'] };
    const deps = { watermark: 'per_feed' } as const;
    const before = await start({ settings, deps });
    await append(before, quiet);
    await before.drained();
    await systemClock.sleep(2500);
    await before.close();

    const clock = { ...systemClock, now: () => Date.now() + 12 * HOUR };
    const after = await start({ settings: { ...settings, idle_secs: 10 }, deps: { ...deps, clock, wallClock: clock } });
    await systemClock.sleep(2500);
    const missed = Array.from({ length: 20 }, (_, index) =>
      opinionOf({ id: `i${index}`, time: now + index * 20 * 60_000, fetched: clock.now(), negative: 0.9 }),
    );
    await append(after, missed);
    await until(() => fired(after.alerts).length > 0);
    expect(fired(after.alerts)).toEqual(['acme']);
    expect(await counted(after.metrics, 'tidewatch_documents_skipped_total', 'late')).toBe(0);
  });

  it('resolves a live alert by the clock alone when nothing more comes', async () => {
    const now = Date.now();
    const background = Array.from({ length: 7 * 24 }, (_, index) =>
      opinionOf({ id: `b${index}`, time: now - 7 * DAY + index * HOUR, fetched: now, negative: 0.1 }),
    );
    const incident = Array.from({ length: 20 }, (_, index) =>
      opinionOf({ id: `i${index}`, time: now - 30 * HOUR + index * 20 * 60_000, fetched: now, negative: 0.9 }),
    );
    const opinions = [...background, ...incident].sort((a, b) =>
      a.document.published_at.localeCompare(b.document.published_at),
    );
    const running = await start({ settings: { idle_secs: 1 }, deps: { watermark: 'per_feed' } });
    await append(running, opinions);
    await until(() => running.alerts.some(({ state }) => state === 'resolved'));
    expect(fired(running.alerts)).toEqual(['acme']);
  });
});

describe('a process killed at its worst moments', () => {
  async function runProcess(url: string, crashAt?: number): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, ['--import', 'tsx', CRASH_PROCESS, folder, url, SECRET], {
      env: { ...process.env, ...(crashAt === undefined ? {} : { CRASH_AT: String(crashAt) }) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { code, output };
  }

  it('loses no alert, stores none twice, and tells all of them under ids that say what was told before', async () => {
    receiver = await startReceiver();
    let result = { code: null as number | null, output: '' };
    for (const crashAt of [2, 5, 11, 18, 24, 33, 41, undefined]) {
      result = await runProcess(receiver.url, crashAt);
      if (result.code === 0) break;
      expect(result.code).toBeNull();
    }
    const { alerts, findings } = JSON.parse(result.output) as { alerts: Alert[]; findings: number };
    const killed = receiver.requests.map(({ headers }) => String(headers['webhook-id']));

    await rm(folder, { recursive: true });
    await receiver.close();
    receiver = await startReceiver();
    const undisturbed = JSON.parse((await runProcess(receiver.url)).output) as { alerts: Alert[]; findings: number };
    const told = receiver.requests.map(({ headers }) => String(headers['webhook-id']));

    expect(fired(alerts)).toEqual(INCIDENTS);
    expect(alerts).toEqual(undisturbed.alerts);
    expect(findings).toBe(undisturbed.findings);
    expect(new Set(told).size).toBe(told.length);
    expect([...new Set(killed)].sort()).toEqual([...told].sort());
  }, 240_000);
});
