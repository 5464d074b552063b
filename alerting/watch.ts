/**
 * The watch: all series, their windows, baselines and alerts, as one deterministic machine. It takes opinions, is told how
 * far event time has come, and answers with what changed. It does no I/O and asks no clock, so a replay, a live run and a
 * run cut short give the same alerts; alerting.ts wraps it with stream, state, store and notifiers.
 *
 * At each end of a bucket every series that has something in its window, or an alert, is judged: entities first, so that
 * topics know which entities explain them. Quiet stretches are skipped, years of them if need be.
 */
import { seriesKey, type Alert, type Finding, type Opinion, type Series } from '../core/event.ts';
import { baselineOf, historyOf, isLearnt, type HistoryRange } from './baseline.ts';
import type { Detector } from './detector.ts';
import type { DisplayName } from './evidence.ts';
import { incidentOf, touchIncident, type IncidentRules } from './incident.ts';
import { concentrated, heldBack } from './inhibition.ts';
import { labelsOf, type Parents } from './labels.ts';
import { forgetDays, hear, type WatermarkRules } from './lanes.ts';
import { UNBORN, endByHand, isResting, step, type Change, type Life, type LifecycleRules } from './lifecycle.ts';
import { courseKey, newWatchState, type Touched, type WatchState } from './memory.ts';
import { observe, seriesOf } from './observation.ts';
import { createPools } from './pools.ts';
import { alertOf, factsOf, findingOf, type Marks } from './statement.ts';
import {
  admitLate,
  closeThrough,
  forgetBuckets,
  newRecord,
  windowAt,
  type SeriesRecord,
  type SeriesWindow,
  type WindowRules,
} from './window.ts';

export interface Rules {
  readonly window: WindowRules;
  readonly lifecycle: LifecycleRules;
  readonly watermark: WatermarkRules;
  readonly incident: IncidentRules;
  /** The sector of each watched entity that has one: its documents count there, too. */
  readonly parents: Parents;
  readonly historyMs: number;
  /** A feed counts after it spoke on that many hours of whole days. */
  readonly learningHours: number;
}

/** A change of an alert's state; `notify` is false for the end of an alert that never fired. */
export interface AlertChange {
  readonly alert: Alert;
  readonly notify: boolean;
}

export interface Changes {
  readonly alerts: AlertChange[];
  readonly findings: Finding[];
}

export type Intake = 'taken' | 'late' | 'too_old' | 'duplicate';

export interface Watch {
  readonly state: WatchState;
  take(opinion: Opinion): Intake;
  /** Judges every bucket that ends at or before `watermark` (epoch milliseconds). */
  advance(watermark: number): Changes;
  /** Ends an alert by a person's word; null where no such alert lives. `at` in epoch milliseconds of event time. */
  resolve(alertId: string, at: number, resolution: { by: string; note: string }): AlertChange | null;
  /** What changed since it was last cleared; whoever makes it durable clears it. */
  readonly touched: Touched;
}

const DAY_MS = 86_400_000;
/** Ids remembered at most: about 60 MB. The oldest go first. */
const MOST_IDS = 400_000;

export function createWatch(
  rules: Rules,
  detectors: readonly Detector[],
  displayName: (series: Series) => DisplayName,
  state: WatchState = newWatchState(),
): Watch {
  const { bucketMs, windowMs } = rules.window;
  const active = new Set<string>();
  const touched: Touched = { records: new Set(), courses: new Set(), ids: new Set() };
  const poolFor = createPools(state, rules.learningHours);
  let prunedAt = state.closed ?? -Infinity;
  for (const [key, record] of state.records) {
    if (record.waiting.length > 0 || record.admitted.length > 0) active.add(key);
  }
  for (const course of state.courses.keys()) {
    if (state.courses.get(course)?.life.state !== 'inactive') active.add(course.slice(course.indexOf('\n') + 1));
  }

  function take(opinion: Opinion): Intake {
    const observation = observe(opinion);
    const { closed } = state;
    if (state.ids.has(observation.id)) return 'duplicate';
    hear(state.lanes, observation.lane, observation.time, Date.parse(opinion.document.fetched_at));
    if (closed !== null && observation.time < closed - windowMs - rules.historyMs) return 'too_old';
    state.ids.set(observation.id, observation.time);
    touched.ids.add(observation.id);
    state.model = opinion.model;
    const late = closed !== null && observation.time < closed;
    for (const series of seriesOf(opinion, rules.parents)) {
      const key = seriesKey(series);
      let record = state.records.get(key);
      if (record === undefined) state.records.set(key, (record = newRecord(series)));
      // Each series forgets what it cannot show by itself, so each has its own.
      const own = { ...observation };
      if (late) admitLate(record, own, closed, rules.window);
      else record.waiting.push(own);
      active.add(key);
      touched.records.add(key);
    }
    return late ? 'late' : 'taken';
  }

  function advance(watermark: number): Changes {
    const changes: Changes = { alerts: [], findings: [] };
    const target = Math.floor(watermark / bucketMs) * bucketMs;
    let closed = state.closed ?? Math.min(target, Math.floor(earliestWaiting() / bucketMs) * bucketMs);
    while (closed < target) {
      let next = closed + bucketMs;
      if (![...active].some(isUnsettled)) {
        next = Math.min(target, Math.max(next, Math.floor(earliestWaiting() / bucketMs) * bucketMs + bucketMs));
      }
      judgeAll(next, changes);
      closed = next;
    }
    state.closed = closed;
    return changes;
  }

  function earliestWaiting(): number {
    let earliest = Infinity;
    for (const key of active) {
      for (const { time } of state.records.get(key)?.waiting ?? []) earliest = Math.min(earliest, time);
    }
    return earliest;
  }

  /** True while the series has something in its window or an alert: then no bucket may be skipped. */
  function isUnsettled(key: string): boolean {
    const record = state.records.get(key);
    return record !== undefined && (record.admitted.length > 0 || detectors.some((one) => isAlive(one, record)));
  }

  function isAlive(detector: Detector, { series }: SeriesRecord): boolean {
    const life = state.courses.get(courseKey(detector.name, series))?.life;
    return life !== undefined && (life.state !== 'inactive' || life.anomalous);
  }

  function judgeAll(end: number, changes: Changes): void {
    const range: HistoryRange = {
      from: end - windowMs - rules.historyMs,
      to: end - windowMs,
      windowMs,
      learningHours: rules.learningHours,
    };
    const alerting = entitiesWithAlert(end);
    // "entity:" sorts before "topic:", and keys make the order the same in every run.
    for (const key of [...active].sort()) {
      const record = state.records.get(key);
      if (record === undefined) continue;
      const before = record.admitted.length + record.waiting.length;
      closeThrough(record, end, rules.window);
      if (before > 0) touched.records.add(key);
      const window = windowAt(record, end, rules.window, (lane) =>
        isLearnt(state.lanes.get(lane), range.to, rules.learningHours),
      );
      for (const detector of detectors) judge(detector, record, window, range, alerting, changes);
      if (record.waiting.length === 0 && !isUnsettled(key)) active.delete(key);
    }
    if (end - prunedAt >= DAY_MS) prune(end);
  }

  function judge(
    detector: Detector,
    record: SeriesRecord,
    window: SeriesWindow,
    range: HistoryRange,
    alerting: Set<string>,
    changes: Changes,
  ): void {
    if (!detector.mayFire(window) && !isAlive(detector, record)) return;
    const key = courseKey(detector.name, record.series);
    const course = state.courses.get(key) ?? { life: UNBORN, peak: null };
    const baseline = baselineOf(historyOf(record.buckets, state.lanes, range), poolFor(record.series.kind, range));
    let judgement = detector.evaluate(window, baseline);
    const held =
      judgement.anomalous && record.series.kind === 'topic' && course.life.state !== 'firing'
        ? heldBack(window.driving, alerting)
        : judgement.anomalous && course.life.state !== 'firing'
          ? concentrated(record.series, window.driving, rules.parents)
          : null;
    if (held !== null) judgement = { ...judgement, anomalous: false, reasons: [...judgement.reasons, held] };
    if (judgement.anomalous && isResting(course.life, window.end, rules.lifecycle)) {
      judgement = { ...judgement, reasons: [...judgement.reasons, 'No new alert: one on this series ended recently.'] };
    }
    const { life, change } = step(
      course.life,
      {
        series: seriesKey(record.series),
        detector: detector.name,
        at: window.end,
        anomalous: judgement.anomalous,
        score: judgement.score,
        ratio: judgement.expected > 0 ? judgement.observed / judgement.expected : Infinity,
      },
      rules.lifecycle,
    );
    const wasAlive = course.life.state !== 'inactive';
    if (judgement.anomalous || held !== null || course.life.anomalous || wasAlive) {
      changes.findings.push(findingOf(detector.name, window, judgement));
    }
    const facts = factsOf(window, judgement, state.model);
    const peak = wasAlive && course.peak !== null && course.peak.score >= facts.score ? course.peak : facts;
    let incident = course.incident ?? '';
    if (change !== null) {
      const shown = change.state === 'resolved' ? peak : facts;
      const stories = window.driving.map(({ story }) => story);
      if (!wasAlive) {
        incident = incidentOf(state.incidents, change.alertId, stories, change.at, rules.incident);
      }
      touchIncident(state.incidents, incident, stories, change.at, rules.incident);
      const marks = marksOf(change, detector.name, record.series, incident);
      const alert = alertOf(change, detector.name, window, shown, displayName(record.series), marks);
      changes.alerts.push({ alert, notify: change.state !== 'resolved' || change.hadFired });
    }
    state.courses.set(key, life.state === 'inactive' ? { life, peak: null, incident: '' } : { life, peak, incident });
    touched.courses.add(key);
    if (record.series.entity !== null && explains(life, window.end)) alerting.add(record.series.entity);
  }

  function marksOf(change: Change, detector: string, series: Series, incident: string): Marks {
    const { en: name } = displayName(series);
    const { severity } = change;
    return {
      incident,
      labels: labelsOf({ detector, name, severity, incident, series }, rules.parents),
      resolution: null,
    };
  }

  function resolve(alertId: string, at: number, resolution: { by: string; note: string }): AlertChange | null {
    for (const [key, course] of state.courses) {
      if (course.life.state === 'inactive' || course.life.alertId !== alertId || course.peak === null) continue;
      const ended = endByHand(course.life, at);
      const record = state.records.get(key.slice(key.indexOf('\n') + 1));
      if (ended === null || record === undefined) return null;
      const detector = key.slice(0, key.indexOf('\n'));
      const window = { series: record.series, start: at - windowMs, end: at };
      const marks = { ...marksOf(ended.change, detector, record.series, course.incident ?? ''), resolution };
      const alert = alertOf(ended.change, detector, window, course.peak, displayName(record.series), marks);
      state.courses.set(key, { life: ended.life, peak: null, incident: '' });
      touched.courses.add(key);
      return { alert, notify: ended.change.hadFired };
    }
    return null;
  }

  function entitiesWithAlert(at: number): Set<string> {
    const ids = new Set<string>();
    for (const [key, { life }] of state.courses) {
      const series = key.slice(key.indexOf('\n') + 1);
      if (series.startsWith('entity:') && explains(life, at)) ids.add(series.slice('entity:'.length));
    }
    return ids;
  }

  function explains(life: Life, at: number): boolean {
    return life.state !== 'inactive' || isResting(life, at, rules.lifecycle);
  }

  function prune(end: number): void {
    prunedAt = end;
    const before = end - windowMs - rules.historyMs;
    forgetDays(state.lanes, before);
    for (const [id, time] of state.ids) {
      if (time < before || state.ids.size > MOST_IDS) {
        state.ids.delete(id);
        touched.ids.add(id);
      }
    }
    for (const [key, record] of state.records) {
      const buckets = record.buckets.length;
      forgetBuckets(record, before);
      if (record.buckets.length !== buckets) touched.records.add(key);
      if (record.buckets.length > 0 || active.has(key)) continue;
      state.records.delete(key);
      touched.records.add(key);
    }
    for (const [key, { life }] of state.courses) {
      if (life.state !== 'inactive' || life.anomalous || isResting(life, end, rules.lifecycle)) continue;
      state.courses.delete(key);
      touched.courses.add(key);
    }
  }

  return { state, take, advance, resolve, touched };
}
