/**
 * The life of an alert on one series and detector, as a pure state machine stepped once a bucket:
 *
 *   inactive → pending (anomalous) → firing (still anomalous after `for_buckets`) → resolved → inactive
 *
 * Hysteresis keeps it from flapping: it starts by the detector's word and ends only when the score has stayed under
 * `clear_score` for `keep_firing_hours`, and what the detector still calls anomalous is never under it: not every detector
 * fires by a score that the settings could be compared with (`threshold` fires by a number). After that the series is left alone for `refractory_hours`. A pending alert
 * whose anomaly passes is resolved at once, without a refractory period. The states and their order are Alertmanager's
 * and Prometheus' (`for`, `keep_firing_for`), in event time.
 */
import { stableId, type Alert } from '../core/event.ts';

export interface LifecycleRules {
  readonly bucketMs: number;
  readonly forBuckets: number;
  readonly clearScore: number;
  /** Critical is what is both improbable (score) and large (times the expected number). */
  readonly criticalScore: number;
  readonly criticalRatio: number;
  readonly keepFiringMs: number;
  readonly refractoryMs: number;
}

export type Severity = Alert['severity'];

/** Times are epoch milliseconds, at ends of buckets. */
export type Life =
  | {
      readonly state: 'inactive';
      readonly anomalous: boolean;
      /** When the last alert that had fired was resolved. */
      readonly resolvedAt: number | null;
    }
  | {
      readonly state: 'pending' | 'firing';
      readonly anomalous: boolean;
      readonly alertId: string;
      readonly startedAt: number;
      readonly revision: number;
      readonly severity: Severity;
      /** Start of the current stretch under `clear_score`. */
      readonly clearSince: number | null;
    };

/** A change that the world should hear of. */
export interface Change {
  readonly state: Alert['state'];
  readonly alertId: string;
  readonly revision: number;
  readonly startedAt: number;
  readonly at: number;
  readonly severity: Severity;
}

export const UNBORN: Life = { state: 'inactive', anomalous: false, resolvedAt: null };

export interface LifeInput {
  readonly series: string;
  readonly detector: string;
  readonly at: number;
  readonly anomalous: boolean;
  readonly score: number;
  /** Observed over expected. */
  readonly ratio: number;
}

/** The next state, and the change to announce, if any. */
export function step(life: Life, input: LifeInput, rules: LifecycleRules): { life: Life; change: Change | null } {
  if (life.state === 'inactive') return begin(life, input, rules);
  const { at, anomalous } = input;
  const severity = severityOf(input, rules);
  const { alertId, startedAt } = life;
  const revision = life.revision + 1;
  const announce = (state: Alert['state'], level: Severity): Change => ({
    state,
    alertId,
    revision,
    startedAt,
    at,
    severity: level,
  });
  if (life.state === 'pending') {
    if (!anomalous) {
      const rest: Life = { state: 'inactive', anomalous, resolvedAt: null };
      return { life: rest, change: announce('resolved', life.severity) };
    }
    if (at - startedAt < rules.forBuckets * rules.bucketMs)
      return { life: { ...life, anomalous, severity }, change: null };
    return {
      life: { ...life, state: 'firing', anomalous, severity, revision, clearSince: null },
      change: announce('firing', severity),
    };
  }
  const isClear = !anomalous && input.score < rules.clearScore;
  const clearSince = isClear ? (life.clearSince ?? at) : null;
  if (clearSince !== null && at - clearSince >= rules.keepFiringMs) {
    return { life: { state: 'inactive', anomalous, resolvedAt: at }, change: announce('resolved', life.severity) };
  }
  if (severity === 'critical' && life.severity === 'warning') {
    return { life: { ...life, anomalous, severity, revision, clearSince }, change: announce('firing', severity) };
  }
  return { life: { ...life, anomalous, clearSince }, change: null };
}

function begin(
  life: Extract<Life, { state: 'inactive' }>,
  input: LifeInput,
  rules: LifecycleRules,
): { life: Life; change: Change | null } {
  const { at, anomalous, series, detector } = input;
  if (!anomalous || isResting(life, at, rules)) return { life: { ...life, anomalous }, change: null };
  const severity = severityOf(input, rules);
  const alertId = stableId(series, detector, String(at));
  const state = rules.forBuckets === 0 ? 'firing' : 'pending';
  return {
    life: { state, anomalous, alertId, startedAt: at, revision: 1, severity, clearSince: null },
    change: { state, alertId, revision: 1, startedAt: at, at, severity },
  };
}

/** True within the refractory period after an alert was resolved. */
export function isResting(life: Life, at: number, rules: LifecycleRules): boolean {
  return life.state === 'inactive' && life.resolvedAt !== null && at - life.resolvedAt < rules.refractoryMs;
}

/** The end of an alert by a person's word; null where no alert lives. It then rests as after any other end. */
export function endByHand(life: Life, at: number): { life: Life; change: Change } | null {
  if (life.state === 'inactive') return null;
  const { alertId, startedAt, severity } = life;
  const revision = life.revision + 1;
  return {
    life: { state: 'inactive', anomalous: life.anomalous, resolvedAt: at },
    change: {
      state: 'resolved',
      alertId,
      revision,
      startedAt,
      at: Math.max(at, startedAt),
      severity,
    },
  };
}

function severityOf({ score, ratio }: LifeInput, rules: LifecycleRules): Severity {
  return score >= rules.criticalScore && ratio >= rules.criticalRatio ? 'critical' : 'warning';
}
