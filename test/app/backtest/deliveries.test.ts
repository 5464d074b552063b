/** A feed out of order through the alerting stage of a replay, in deliveries of one and of hundreds, and through a backtest. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { watchFeed } from '../../../app/backtest/watch_feed.ts';
import { alertingSettings } from '../../../alerting/settings.ts';
import type { Alert, Opinion } from '../../../core/event.ts';
import { openStore } from '../../../core/store/registry.ts';
import type { Store } from '../../../core/store/store.ts';
import { TOPICS } from '../../../core/stream/stream.ts';
import { quietLog } from '../../alerting/alerts.ts';
import { DAY, HOUR, opinionOf, randomFrom, START } from '../../alerting/opinions.ts';
import { openStage } from '../../alerting/stage.ts';
import { wholeFeed } from './made.ts';

const SETTINGS = { bucket_mins: 60, window_hours: 6, allowed_lateness_mins: 60 };
let folder: string;
let store: Store;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-deliveries-'));
  store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log: quietLog });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** Three quiet weeks with a burst on the fifteenth day; each comes up to seven hours late, where one is allowed. */
function shuffledFeed(): Opinion[] {
  const random = randomFrom(9);
  const quiet = Array.from({ length: 21 * 12 }, (_, index) => ({
    time: START + index * 2 * HOUR + Math.floor(random() * HOUR),
    negative: random() < 0.15 ? 0.8 : 0.1,
  }));
  const burst = Array.from({ length: 40 }, () => ({
    time: START + 15 * DAY + Math.floor(random() * 8 * HOUR),
    negative: 0.95,
  }));
  return [...quiet, ...burst]
    .map((facts, index) => ({ facts, index, comes: facts.time + random() * 7 * HOUR }))
    .toSorted((a, b) => a.comes - b.comes)
    .map(({ facts, index, comes }) =>
      opinionOf({ id: `d${index}`, sourceClass: 'news', fetched: Math.floor(comes), ...facts }),
    );
}

const changesOf = (alerts: readonly Alert[]): string[] =>
  alerts.map(({ alert_id, revision, state, at, documents }) =>
    JSON.stringify([alert_id, revision, state, at, documents.map(({ id }) => id)]),
  );

/** What the stage of a replay says of the feed when it reads so many opinions at a time. */
async function replayed(opinions: readonly Opinion[], together: number): Promise<string[]> {
  const stage = await openStage(join(folder, String(together)), store, {
    settings: SETTINGS,
    around: {
      stream: (stream) => ({
        ...stream,
        subscribe: (topic, group, options) => stream.subscribe(topic, group, { ...options, maxMessages: together }),
      }),
    },
  });
  try {
    await stage.stream.createGroup(TOPICS.opinions, 'alerting');
    await stage.stream.append(
      TOPICS.opinions,
      opinions.map((value) => ({ key: value.document.id, value })),
    );
    await stage.alerting.start();
    await stage.drained();
    await stage.alerting.flush();
    return changesOf(stage.alerts);
  } finally {
    await stage.close();
  }
}

it('gives the same alerts however many opinions come at a time, and those of a backtest', async () => {
  const opinions = shuffledFeed();
  const { changes, run } = await watchFeed(
    (async function* () {
      yield* opinions;
    })(),
    alertingSettings.parse(SETTINGS),
    wholeFeed(),
  );
  expect(run.alerts.length).toBeGreaterThan(0);
  const expected = changesOf(changes);
  expect(await replayed(opinions, 1)).toEqual(expected);
  expect(await replayed(opinions, 500)).toEqual(expected);
}, 120_000);
