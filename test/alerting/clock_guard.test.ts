/** Live work after a stop, a sleep or a clock that was wrong. */
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../alerting/checkpoint.ts';
import { createClockGuard } from '../../alerting/clock_guard.ts';
import { createSurge, surge } from '../../alerting/detectors/surge.ts';
import { passQuietly, watermark } from '../../alerting/lanes.ts';
import type { WatchState } from '../../alerting/memory.ts';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';
import { createWatch, type Intake, type Watch } from '../../alerting/watch.ts';
import { systemClock, type Clock } from '../../core/clock.ts';
import { isoTime, type Alert } from '../../core/event.ts';
import { createLogger } from '../../core/log.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import { DAY, HOUR, START, opinionOf, randomFrom } from './opinions.ts';
import { saveWatch } from './saving.ts';

const settings = { series: ['entity'] };
const STOP = START + 10 * DAY + 20 * HOUR;
const BACK = STOP + 12 * HOUR;

const outlet = ({ length }: { length: number }) => ({ source: `outlet ${length % 5}`, sourceClass: 'news' as const });

/** A live watch under a clock that is set by hand. */
function liveWatch(given: { state?: WatchState; replayed?: string[]; mode?: 'per_feed' | 'global' } = {}) {
  const rules = rulesOf(alertingSettings.parse(settings), given.mode ?? 'per_feed', given.replayed ?? []);
  const detector = createSurge('surge', surge.settings.parse({}));
  const watch = createWatch(rules, [detector], ({ entity }) => ({ en: entity ?? '', zh: entity ?? '' }), given.state);
  const time = { now: START, up: 0 };
  const clock: Clock = { ...systemClock, now: () => time.now };
  const errors: string[] = [];
  const log = Object.assign(createLogger({ level: 'silent', format: 'json' }), {
    error: (_: object, text: string) => void errors.push(text),
  });
  const dispatch = { keepWithin: () => undefined, toldAt: () => -Infinity };
  const uptime = (): number => time.up;
  const guard = createClockGuard({ watch, dispatch, rules, clock, wallClock: clock, uptime, log });
  const alerts: Alert[] = [];
  const advance = (): void => {
    const mark = watermark(watch.state.lanes, rules.watermark, time.now);
    if (mark !== null) alerts.push(...watch.advance(mark).alerts);
  };
  return {
    watch,
    errors,
    alerts,
    lanes: watch.state.lanes,
    fired: () => [...new Set(alerts.filter(({ state }) => state === 'firing').map(({ name }) => name))],
    /** A tick at that moment, after so much silence. */
    tick(now: number, quietMs = 0, upMs = 0): void {
      time.now = now;
      time.up += upMs;
      guard.check();
      passQuietly(watch.state.lanes, quietMs);
      advance();
    },
    bring(from: number, to: number, { feed, fetched, bad = 0 }: { feed: string; fetched?: number; bad?: number }) {
      const intake: Intake[] = [];
      const random = randomFrom(from);
      for (let at = from; at < to; at += HOUR / 2) {
        const id = `${feed} ${at}`;
        const negative = random() < 0.15 ? 0.85 : 0.05;
        intake.push(watch.take(opinionOf({ id, time: at, fetched: fetched ?? at, feed, negative, ...outlet(intake) })));
      }
      for (let index = 0; index < bad; index += 1) {
        const at = from + HOUR + index * 6 * 60_000;
        const id = `${feed} bad ${at}`;
        const bad = { id, time: at, fetched: fetched ?? at, feed, negative: 0.9, ...outlet(intake) };
        intake.push(watch.take(opinionOf(bad)));
      }
      advance();
      return intake;
    },
  };
}

type Live = ReturnType<typeof liveWatch>;

function learn({ tick, bring }: Live): void {
  for (let day = START; day < STOP; day += DAY) {
    for (const feed of ['one', 'two']) bring(day, Math.min(STOP, day + DAY), { feed });
    tick(Math.min(STOP, day + DAY), 20_000);
  }
}

async function restarted({ watch }: { watch: Watch }): Promise<Live> {
  const state = createMemoryState();
  await saveWatch(state, openCheckpoint(state, 8 * HOUR), watch);
  return liveWatch({ state: openCheckpoint(state, 8 * HOUR).load(HOUR).state });
}

describe('a process that was down', () => {
  it('judges what happened meanwhile when its feeds bring it, each in its own time', async () => {
    const before = liveWatch();
    learn(before);
    const after = await restarted(before);
    after.tick(BACK);
    expect(after.watch.state.closed).toBeLessThanOrEqual(STOP);
    // The second feed answers seven seconds after the first, which must not overtake it.
    const intake = after.bring(STOP, BACK, { feed: 'one', fetched: BACK + 1000, bad: 15 });
    after.tick(BACK + 1000);
    intake.push(...after.bring(STOP, BACK, { feed: 'two', fetched: BACK + 8000, bad: 15 }));
    after.tick(BACK + 28_000, 20_000);
    expect(new Set(intake)).toEqual(new Set(['taken']));
    expect(after.fired()).toEqual(['acme']);
  });

  it('waits no longer than idle_secs for a feed that brings nothing', async () => {
    const before = liveWatch();
    learn(before);
    const after = await restarted(before);
    after.tick(BACK);
    after.tick(BACK + 19_000, 19_999);
    expect(after.watch.state.closed).toBeLessThanOrEqual(STOP);
    after.tick(BACK + 20_000, 1);
    expect(after.watch.state.closed).toBe(BACK - HOUR);
  });

  it('still takes later documents out of the log as proof that another feed was silent', async () => {
    const before = liveWatch();
    learn(before);
    const after = await restarted(before);
    // Fetched by another process while this one was down.
    after.tick(BACK);
    after.bring(STOP, STOP + 6 * HOUR, { feed: 'one' });
    expect(after.watch.state.closed).toBe(STOP + 4 * HOUR);
  });
});

describe('a machine that slept', () => {
  it('lets its feeds bring what they missed, where it slept for longer than lateness is allowed', () => {
    const idleAfter = (hours: number): boolean[] => {
      const live = liveWatch();
      learn(live);
      live.tick(STOP + hours * HOUR);
      expect(live.watch.state.closed).toBeLessThanOrEqual(STOP);
      return [...live.lanes.values()].map(({ idle }) => idle);
    };
    expect(idleAfter(12)).toEqual([false, false]);
    expect(idleAfter(0.9)).toEqual([true, true]);
  });

  it('is nothing to a feed that is replayed, nor to a replay', () => {
    const paced = liveWatch({ replayed: ['one', 'two'] });
    learn(paced);
    paced.tick(STOP, 600_000);
    paced.tick(BACK);
    expect(paced.watch.state.closed).toBe(BACK - HOUR);
    const replay = liveWatch({ mode: 'global' });
    replay.bring(START, STOP, { feed: 'one' });
    const lanes = JSON.stringify([...replay.lanes]);
    const { closed } = replay.watch.state;
    replay.tick(START - DAY);
    expect([JSON.stringify([...replay.lanes]), replay.watch.state.closed]).toEqual([lanes, closed]);
  });
});

describe('a clock that is behind', () => {
  it('until it is set right forgets nothing of what was learnt, in a process that starts as in one that runs', async () => {
    for (const again of [(live: Live) => Promise.resolve(live), restarted]) {
      const before = liveWatch();
      learn(before);
      before.tick(STOP + HOUR, 20_000);
      const live = await again(before);
      const learnt = (): unknown => [
        live.watch.state.closed,
        [...live.watch.state.records.values()].map(({ buckets, past }) => [buckets.length, past.size]),
      ];
      const known = learnt();
      // A machine without a battery starts in 1970.
      live.tick(5000);
      live.tick(6000, 1000, 14 * 60_000);
      expect(learnt()).toEqual(known);
      live.tick(STOP + HOUR + 60_000);
      live.tick(STOP + HOUR + 61_000, 1000, 60 * 60_000);
      expect(learnt()).toEqual(known);
      expect(live.errors).toEqual([]);
    }
  });
});

describe('a clock that was ahead', () => {
  const AHEAD = STOP + 365 * DAY;

  it('for a moment closes nothing', () => {
    const live = liveWatch();
    learn(live);
    live.tick(AHEAD);
    live.tick(STOP + 2000);
    expect(live.watch.state.closed).toBeLessThanOrEqual(STOP);
    expect(live.errors).toEqual([]);
  });

  it('for longer is said, and event time is set back, so that alerts are raised again', async () => {
    for (const again of [(live: Live) => Promise.resolve(live), restarted]) {
      const before = liveWatch();
      learn(before);
      before.tick(AHEAD);
      before.bring(AHEAD, AHEAD + HOUR, { feed: 'one' });
      before.tick(AHEAD + 20_000, 20_000);
      expect(before.watch.state.closed).toBeGreaterThan(AHEAD - DAY);

      const live = await again(before);
      const now = Math.ceil(STOP / DAY) * DAY;
      live.tick(now);
      // It might be the clock that is wrong now.
      expect(live.watch.state.closed).toBeGreaterThan(AHEAD - DAY);
      live.tick(now, 0, 15 * 60_000);
      expect(live.watch.state.closed).toBe(now - HOUR);
      expect(live.errors).toHaveLength(1);
      expect(live.errors[0]).toContain(isoTime(now));
      expect([...live.lanes.values()].every(({ newest, fetched }) => (newest ?? 0) <= now && fetched <= now)).toBe(
        true,
      );
      const ahead = [...live.watch.state.records.values()].flatMap(({ buckets }) => buckets);
      expect(ahead.filter(({ start }) => start >= now)).toEqual([]);

      // What seemed old then is forgotten: it learns for some days, and speaks.
      const intake: Intake[] = [];
      for (let day = now; day < now + 7 * DAY; day += DAY) {
        for (const feed of ['one', 'two']) intake.push(...live.bring(day, day + DAY, { feed }));
        live.tick(day + DAY, 20_000);
      }
      expect(live.fired()).toEqual([]);
      intake.push(...live.bring(now + 7 * DAY, now + 8 * DAY, { feed: 'one', bad: 30 }));
      live.tick(now + 8 * DAY, 20_000);
      expect(new Set(intake)).toEqual(new Set(['taken']));
      expect(live.fired()).toEqual(['acme']);
      expect(live.errors).toHaveLength(1);
    }
  });
});
