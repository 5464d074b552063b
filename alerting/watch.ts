/**
 * The watch: all series, their windows, baselines and alerts, as one deterministic machine. It takes opinions, is told how
 * far event time has come, and answers with what changed. It does no I/O and asks no clock, so a replay, a live run and a
 * run cut short give the same alerts; alerting.ts wraps it with stream, state, store and notifiers.
 *
 * At each end of a bucket every series that has something in its window, or an alert, is judged: entities first, so that
 * topics know which entities explain them. Quiet stretches are skipped, years of them if need be.
 */
import { seriesKey, type Alert, type Finding, type Opinion, type Series, type SeriesKind } from '../core/event.ts';
import { gather } from './background.ts';
import { createCorrection, type Confusion } from './correction.ts';
import type { Detector } from './detector.ts';
import type { DisplayName } from './evidence.ts';
import { incidentOf, touchIncident, type IncidentRules } from './incident.ts';
import { alarm, explained, type Alarmed } from './inhibition.ts';
import { createJudging, type JudgingRules, type Verdict } from './judging.ts';
import { labelsOf, type Parents } from './labels.ts';
import { forgetDays, hear, slotOf, type WatermarkRules } from './lanes.ts';
import { UNBORN, endByHand, isResting, step, type Change, type Life, type LifecycleRules } from './lifecycle.ts';
import { courseKey, newWatchState, nothingTouched, type Touched, type WatchState } from './memory.ts';
import { observe, observeFor, seriesOf } from './observation.ts';
import { alertOf, factsOf, findingOf, type Marks, type StatementRules } from './statement.ts';
import { forgetVoices, listen } from './voices.ts';
import { admitLate, closeThrough, forgetBefore, isOccupied, newRecord, type SeriesRecord } from './window.ts';

export interface Rules extends JudgingRules {
  readonly lifecycle: LifecycleRules;
  readonly watermark: WatermarkRules;
  readonly incident: IncidentRules;
  /** The sector of each watched entity that has one: its documents count there, too. */
  readonly parents: Parents;
  /** What each model is known to get wrong, by name@version or *. */
  readonly confusion: ReadonlyMap<string, Confusion>;
  readonly statement: StatementRules;
}

export interface Changes {
  /** Each as it is after a change of its state. */
  readonly alerts: Alert[];
  readonly findings: Finding[];
}

export type Intake = 'taken' | 'late' | 'too_old' | 'duplicate';

export interface Watch {
  readonly state: WatchState;
  take(opinion: Opinion): Intake;
  /** Judges every bucket that ends at or before `watermark` (epoch milliseconds). */
  advance(watermark: number): Changes;
  /** Ends an alert by a person's word; null where no such alert lives. `at` in epoch milliseconds of event time. */
  resolve(alertId: string, at: number, resolution: { by: string; note: string }): Alert | null;
  /** Closes the bucket that ends at `end` and says what every detector makes of one series, whatever it holds. */
  inspect(series: Series, end: number): readonly Verdict[];
  /** What changed since it was last cleared; whoever makes it durable clears it. */
  readonly touched: Touched;
}

const DAY_MS = 86_400_000;
/** What explains stands before what it explains. */
const RANKS: Record<SeriesKind, number> = {
  entity: 0,
  entity_topic: 1,
  topic: 2,
  source_class: 3,
  language: 4,
  source: 5,
};
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
  const touched = nothingTouched();
  const live = new Map<SeriesKind, number>();
  const judging = createJudging(rules, detectors, state, live);
  const corrected = createCorrection(rules.confusion);
  const slotMs = slotOf(bucketMs);
  // Languages are kept in any case: each document is in one of them, so they tell what words are usual.
  const kept: readonly SeriesKind[] = [...new Set<SeriesKind>([...rules.kinds, 'language'])];
  let order: { keys: string[]; records: SeriesRecord[] } | null = null;
  let prunedAt = state.closed ?? -Infinity;
  for (const [key, record] of state.records) {
    live.set(record.series.kind, (live.get(record.series.kind) ?? 0) + 1);
    if (record.waiting.length > 0 || isOccupied(record)) active.add(key);
  }
  for (const course of state.courses.keys()) {
    if (state.courses.get(course)?.life.state !== 'inactive') active.add(course.slice(course.indexOf('\n') + 1));
  }

  function take(opinion: Opinion): Intake {
    const observation = observe(opinion, corrected);
    const { closed } = state;
    if (state.ids.has(observation.id)) return 'duplicate';
    const { lane, time, weight } = observation;
    hear(state.lanes, lane, time, Date.parse(opinion.document.fetched_at), weight, slotMs);
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
      }
      const own = observeFor(observation, series, opinion, corrected);
      if (late) admitLate(record, own, closed, rules.window);
      else record.waiting.push(own);
      if (!active.has(key)) {
        active.add(key);
        order = null;
      }
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
    return record !== undefined && (isOccupied(record) || detectors.some((one) => isAlive(one, record.series)));
  }

  function isAlive(detector: Detector, series: Series): boolean {
    const life = state.courses.get(courseKey(detector.name, series))?.life;
    return life !== undefined && (life.state !== 'inactive' || life.anomalous);
  }

  /** The active series, entities before what they explain, else by key: the same in every run. */
  function inOrder(): { keys: readonly string[]; records: readonly SeriesRecord[] } {
    if (order !== null) return order;
    const found = [...active].flatMap((key) => {
      const record = state.records.get(key);
      return record === undefined ? [] : [{ key, record, rank: RANKS[record.series.kind] }];
    });
    found.sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
    order = { keys: found.map(({ key }) => key), records: found.map(({ record }) => record) };
    return order;
  }

  /** Admits what waits before `end`. */
  function close(key: string, record: SeriesRecord, end: number): void {
    if (!isOccupied(record) && record.waiting.length === 0) return;
    touched.records.add(key);
    const admitted = closeThrough(record, end, rules.window);
    if (record.series.language === undefined || admitted.length === 0) return;
    gather(state.background, admitted, end - windowMs - rules.historyMs);
    touched.languages.add(record.series.language);
  }

  function judgeAll(end: number, changes: Changes): void {
    const alarmed = whoIsAlarmed(end);
    const { keys, records } = inOrder();
    for (const [index, record] of records.entries()) close(keys[index] ?? '', record, end);
    for (const verdict of judging.tick(records, end, isAlive)) proceed(verdict, alarmed, changes);
    for (const [index, record] of records.entries()) {
      const key = keys[index] ?? '';
      if (record.waiting.length > 0 || isOccupied(record) || isUnsettled(key)) continue;
      active.delete(key);
      order = null;
    }
    if (end - prunedAt >= DAY_MS || state.ids.size > MOST_IDS * 1.25) prune(end);
  }

  function inspect(series: Series, end: number): readonly Verdict[] {
    const asked = state.records.get(seriesKey(series)) ?? newRecord(series);
    const { keys, records: inTurn } = inOrder();
    for (const [index, one] of inTurn.entries()) close(keys[index] ?? '', one, end);
    const records = [...new Set([...inTurn, asked])];
    return judging.tick(records, end, isAlive, asked).filter(({ record }) => record === asked);
  }

  function proceed(
    { detector, record, window, baseline, judgement: said }: Verdict,
    alarmed: Alarmed,
    changes: Changes,
  ): void {
    const key = courseKey(detector.name, record.series);
    const known = state.courses.get(key);
    const course = known ?? { life: UNBORN, peak: null };
    let judgement = said;
    const held =
      judgement.anomalous && course.life.state !== 'firing'
        ? explained(record.series, judgement.stories, alarmed, rules.parents)
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
    const name = displayName(record.series);
    if (change !== null || life.state !== 'inactive') {
      const { peak: before } = course;
      const higher = wasAlive && before !== null && before.score >= judgement.score ? before : null;
      const isOver = change === null || change.state === 'resolved';
      const facts =
        higher !== null && isOver
          ? higher
          : factsOf({ detector: detector.name, window, baseline, judgement }, state, name, rules.statement);
      const peak = higher ?? facts;
      let incident = course.incident ?? '';
      if (change !== null) {
        const stories = judgement.stories.map(({ story }) => story);
        if (!wasAlive) {
          incident = incidentOf(state.incidents, change.alertId, stories, change.at, rules.incident);
        }
        touchIncident(state.incidents, incident, stories, change.at, rules.incident);
        const marks = marksOf(change, detector.name, record.series, incident);
        const shown = change.state === 'resolved' ? peak : facts;
        changes.alerts.push(alertOf(change, detector.name, window, shown, name, marks, rules.statement));
      }
      state.courses.set(key, life.state === 'inactive' ? { life, peak: null, incident: '' } : { life, peak, incident });
      touched.courses.add(key);
    } else if (known !== undefined || life.anomalous) {
      state.courses.set(key, { life, peak: null, incident: '' });
      touched.courses.add(key);
    }
    if (explains(life, window.end)) alarm(alarmed, record.series);
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

  function resolve(alertId: string, at: number, resolution: { by: string; note: string }): Alert | null {
    for (const [key, course] of state.courses) {
      if (course.life.state === 'inactive' || course.life.alertId !== alertId || course.peak === null) continue;
      const ended = endByHand(course.life, at);
      const record = state.records.get(key.slice(key.indexOf('\n') + 1));
      if (ended === null || record === undefined) return null;
      const detector = key.slice(0, key.indexOf('\n'));
      const window = { series: record.series, start: at - windowMs, end: at };
      const marks = { ...marksOf(ended.change, detector, record.series, course.incident ?? ''), resolution };
      const alert = alertOf(
        ended.change,
        detector,
        window,
        course.peak,
        displayName(record.series),
        marks,
        rules.statement,
      );
      state.courses.set(key, { life: ended.life, peak: null, incident: '' });
      touched.courses.add(key);
      return alert;
    }
    return null;
  }

  function whoIsAlarmed(at: number): Alarmed {
    const alarmed: Alarmed = { entities: new Set(), pairs: new Set(), topics: new Set(), classes: new Set() };
    for (const [key, { life }] of state.courses) {
      if (!explains(life, at)) continue;
      const series = state.records.get(key.slice(key.indexOf('\n') + 1))?.series;
      if (series !== undefined) alarm(alarmed, series);
    }
    return alarmed;
  }

  function explains(life: Life, at: number): boolean {
    return life.state !== 'inactive' || isResting(life, at, rules.lifecycle);
  }

  function prune(end: number): void {
    prunedAt = end;
    const before = end - windowMs - rules.historyMs;
    for (const [id, time] of state.ids) {
      if (time < before || state.ids.size > MOST_IDS) {
        state.ids.delete(id);
        touched.ids.add(id);
      }
    }
    for (const side of forgetVoices(state.voices, before)) touched.voices.add(side);
    for (const name of forgetDays(state.lanes, before)) touched.lanes.add(name);
    for (const [key, record] of state.records) {
      if (forgetBefore(record, before, rules.window)) touched.records.add(key);
      if (record.past.size > 0 || active.has(key)) continue;
      state.records.delete(key);
      live.set(record.series.kind, (live.get(record.series.kind) ?? 1) - 1);
      touched.records.add(key);
    }
    for (const [key, { life }] of state.courses) {
      if (life.state !== 'inactive' || life.anomalous || isResting(life, end, rules.lifecycle)) continue;
      state.courses.delete(key);
      touched.courses.add(key);
    }
  }

  return { state, take, advance, inspect, resolve, touched };
}
