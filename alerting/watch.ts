/**
 * The watch: all series, their windows, baselines and alerts, as one deterministic machine. It takes opinions, is told how
 * far event time has come, and answers with what changed. It does no I/O and asks no clock, so a replay, a live run and a
 * run cut short give the same alerts; alerting.ts wraps it with stream, state, store and notifiers.
 *
 * At each end of a bucket every series that has something in its window, or an alert, is judged: entities first, so that
 * topics know which entities explain them. Quiet stretches are skipped, years of them if need be. Which series those are is
 * active.ts, what a verdict does to an alert courses.ts, what is forgotten pruning.ts.
 */
import { seriesKey, type Alert, type Opinion, type Series, type SeriesKind } from '../core/event.ts';
import { createActive } from './active.ts';
import { gather } from './background.ts';
import { createCorrection, type Confusion } from './correction.ts';
import { createCourses, type Changes, type CourseRules } from './courses.ts';
import type { Detector } from './detector.ts';
import type { DisplayName } from './evidence.ts';
import { createJudging, type JudgingRules, type Verdict } from './judging.ts';
import { hear, slotOf, type WatermarkRules } from './lanes.ts';
import { newWatchState, nothingTouched, touchBucket, touchWaiting, type Touched, type WatchState } from './memory.ts';
import { observe, observeFor, seriesOf } from './observation.ts';
import { isCrowded, prune } from './pruning.ts';
import { rewind } from './rewind.ts';
import { listen } from './voices.ts';
import { admitLate, closeThrough, isOccupied, newRecord, type SeriesRecord } from './window.ts';

export interface Rules extends JudgingRules, CourseRules {
  readonly watermark: WatermarkRules;
  /** What each model is known to get wrong, by name@version or *. */
  readonly confusion: ReadonlyMap<string, Confusion>;
}

export type Intake = 'taken' | 'late' | 'too_old' | 'duplicate';

export interface Watch {
  readonly state: WatchState;
  /** `heardUntil`: the time of fetching up to which everything has come (heard.ts). */
  take(opinion: Opinion, heardUntil?: number): Intake;
  /** Judges every bucket that ends at or before `watermark` (epoch milliseconds). */
  advance(watermark: number): Changes;
  /** Sets event time back to the end of a bucket (rewind.ts), epoch milliseconds. */
  rewind(to: number): void;
  /** Ends an alert by a person's word; null where no such alert lives. `at` in epoch milliseconds of event time. */
  resolve(alertId: string, at: number, resolution: { by: string; note: string }): Alert | null;
  /** Closes the bucket that ends at `end` and says what every detector makes of one series, whatever it holds. */
  inspect(series: Series, end: number): readonly Verdict[];
  /** What changed since it was last cleared; whoever makes it durable clears it. */
  readonly touched: Touched;
}

const DAY_MS = 86_400_000;

export function createWatch(
  rules: Rules,
  detectors: readonly Detector[],
  displayName: (series: Series) => DisplayName,
  state: WatchState = newWatchState(),
): Watch {
  const { bucketMs, windowMs } = rules.window;
  const touched = nothingTouched();
  const active = createActive(state, detectors);
  const courses = createCourses(rules, displayName, state, touched);
  const live = new Map<SeriesKind, number>();
  const judging = createJudging(rules, detectors, state, live);
  const corrected = createCorrection(rules.confusion);
  const slotMs = slotOf(bucketMs);
  // Languages are kept in any case: each document is in one of them, so they tell what words are usual.
  const kept: readonly SeriesKind[] = [...new Set<SeriesKind>([...rules.kinds, 'language'])];
  let prunedAt = state.closed ?? -Infinity;
  for (const { series } of state.records.values()) live.set(series.kind, (live.get(series.kind) ?? 0) + 1);

  const bucketOf = (time: number): number => Math.floor(time / bucketMs) * bucketMs;

  function take(opinion: Opinion, heardUntil = Infinity): Intake {
    const observation = observe(opinion, corrected);
    const { closed } = state;
    if (state.ids.has(observation.id)) return 'duplicate';
    const { lane, time, weight } = observation;
    hear(state.lanes, lane, time, Date.parse(opinion.document.fetched_at), weight, slotMs, heardUntil);
    touched.lanes.add(lane);
    if (closed !== null && observation.time < closed - windowMs - rules.historyMs) return 'too_old';
    state.ids.set(observation.id, observation.time);
    touched.ids.add(observation.id);
    state.model = opinion.model;
    const late = closed !== null && observation.time < closed;
    for (const side of listen(state.voices, observation)) touched.voices.add(side);
    for (const series of seriesOf(opinion, rules.parents, kept)) {
      const key = seriesKey(series);
      let record = state.records.get(key);
      if (record === undefined) {
        state.records.set(key, (record = newRecord(series)));
        live.set(series.kind, (live.get(series.kind) ?? 0) + 1);
        touched.records.add(key);
      }
      const own = observeFor(observation, series, opinion, corrected);
      if (late) {
        admitLate(record, own, closed, rules.window);
        touched.records.add(key);
        touchBucket(touched, key, bucketOf(time));
      } else {
        record.waiting.push(own);
        touchWaiting(touched, key, own);
      }
      active.add(key);
    }
    return late ? 'late' : 'taken';
  }

  function advance(watermark: number): Changes {
    const changes: Changes = { alerts: [], findings: [] };
    const target = Math.floor(watermark / bucketMs) * bucketMs;
    let closed = state.closed ?? Math.min(target, Math.floor(active.earliestWaiting() / bucketMs) * bucketMs);
    while (closed < target) {
      let next = closed + bucketMs;
      if (!active.isUnsettled()) {
        next = Math.min(target, Math.max(next, Math.floor(active.earliestWaiting() / bucketMs) * bucketMs + bucketMs));
      }
      judgeAll(next, changes);
      closed = next;
    }
    state.closed = closed;
    return changes;
  }

  function rewindTo(to: number): void {
    rewind(state, touched, to, rules.window);
    prunedAt = Math.min(prunedAt, to);
  }

  /** Admits what waits before `end`. */
  function close(key: string, record: SeriesRecord, end: number): void {
    if (!isOccupied(record) && record.waiting.length === 0) return;
    touched.records.add(key);
    for (const { time } of record.waiting) if (time < end) touchBucket(touched, key, bucketOf(time));
    touchBucket(touched, key, end - bucketMs);
    const admitted = closeThrough(record, end, rules.window);
    if (record.series.language === undefined || admitted.length === 0) return;
    gather(state.background, admitted, end - windowMs - rules.historyMs);
    touched.languages.add(record.series.language);
  }

  function judgeAll(end: number, changes: Changes): void {
    const alarmed = courses.alarmed(end);
    const { keys, records } = active.inOrder();
    for (const [index, record] of records.entries()) close(keys[index] ?? '', record, end);
    for (const verdict of judging.tick(records, end, active.isAlive)) courses.proceed(verdict, alarmed, changes);
    active.settle(keys);
    if (end - prunedAt < DAY_MS && !isCrowded(state)) return;
    prune(state, touched, active, live, rules, end);
    prunedAt = end;
  }

  function inspect(series: Series, end: number): readonly Verdict[] {
    const asked = state.records.get(seriesKey(series)) ?? newRecord(series);
    const { keys, records: inTurn } = active.inOrder();
    for (const [index, one] of inTurn.entries()) close(keys[index] ?? '', one, end);
    const records = [...new Set([...inTurn, asked])];
    return judging.tick(records, end, active.isAlive, asked).filter(({ record }) => record === asked);
  }

  return { state, take, advance, rewind: rewindTo, inspect, resolve: courses.resolve, touched };
}
