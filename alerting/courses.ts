/**
 * From verdicts to alerts: what a verdict does to the life of its series' alert (lifecycle.ts), whether another alert says it already
 * (inhibition.ts), which incident it belongs to, and what is said of it (statement.ts). At its end an alert shows what it was at its
 * height.
 */
import { seriesFromKey, seriesKey, type Alert, type Finding, type Series } from '../core/event.ts';
import type { DisplayName } from './evidence.ts';
import { incidentOf, touchIncident, type IncidentRules } from './incident.ts';
import { alarm, explained, type Alarmed } from './inhibition.ts';
import type { Verdict } from './judging.ts';
import { labelsOf, type Parents } from './labels.ts';
import { UNBORN, endByHand, isResting, step, type Change, type Life, type LifecycleRules } from './lifecycle.ts';
import { courseKey, type Touched, type WatchState } from './memory.ts';
import { alertOf, factsOf, findingOf, type Marks, type StatementRules } from './statement.ts';
import type { WindowRules } from './window.ts';

export interface CourseRules {
  readonly window: WindowRules;
  readonly lifecycle: LifecycleRules;
  readonly incident: IncidentRules;
  /** The sector of each watched entity that has one: its documents count there, too. */
  readonly parents: Parents;
  readonly statement: StatementRules;
}

export interface Changes {
  /** Each as it is after a change of its state. */
  readonly alerts: Alert[];
  readonly findings: Finding[];
}

export interface Courses {
  /** The series that have an alert, or had one lately, at this time of event time. */
  alarmed(at: number): Alarmed;
  /** Steps the life of the alert that the verdict is about; `alarmed` and `changes` are added to. */
  proceed(verdict: Verdict, alarmed: Alarmed, changes: Changes): void;
  /** Ends an alert by a person's word; null where no such alert lives. */
  resolve(alertId: string, at: number, resolution: { by: string; note: string }): Alert | null;
}

/** What `courseKey` was made of; the series is null where a key names none. */
export function readCourseKey(key: string): { readonly detector: string; readonly series: Series | null } {
  const end = key.indexOf('\n');
  return { detector: key.slice(0, end), series: seriesFromKey(key.slice(end + 1)) };
}

export function createCourses(
  rules: CourseRules,
  displayName: (series: Series) => DisplayName,
  state: WatchState,
  touched: Touched,
): Courses {
  const { windowMs } = rules.window;

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
        ? explained(record.series, judgement, alarmed, rules.parents)
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
      // By the key: the series' record may be forgotten before its alert has ended.
      const { detector, series } = readCourseKey(key);
      if (ended === null || series === null) return null;
      const window = { series, start: at - windowMs, end: at };
      const marks = { ...marksOf(ended.change, detector, series, course.incident ?? ''), resolution };
      const alert = alertOf(ended.change, detector, window, course.peak, displayName(series), marks, rules.statement);
      state.courses.set(key, { life: ended.life, peak: null, incident: '' });
      touched.courses.add(key);
      return alert;
    }
    return null;
  }

  function alarmedAt(at: number): Alarmed {
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

  return { alarmed: alarmedAt, proceed, resolve };
}
