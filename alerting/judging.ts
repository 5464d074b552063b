/**
 * One tick: every series that may matter is judged by every detector, then the p-values of all of them are read together
 * (discovery.ts). Pure but for the caches of exposures and pools; lives of alerts are the watch's.
 */
import type { Series, SeriesKind } from '../core/event.ts';
import { baselineOf, type Baseline } from './baseline.ts';
import type { Detector, Judgement } from './detector.ts';
import { levelOf, qValues } from './discovery.ts';
import { createExposures, type Exposures } from './exposure.ts';
import type { WatchState } from './memory.ts';
import type { Thresholds } from './thresholds/thresholds.ts';
import { probability } from './phrases.ts';
import { createPools } from './pools.ts';
import { sumsAt, windowAt, type SeriesRecord, type SeriesWindow, type WindowRules } from './window.ts';

export interface JudgingRules {
  readonly window: WindowRules;
  readonly historyMs: number;
  /** A feed counts after it spoke on that many hours of whole days. */
  readonly learningHours: number;
  /** Kinds of series that are judged. */
  readonly kinds: readonly SeriesKind[];
  readonly falseAlertsPerMonth: number;
  /** Largest level of one tick. */
  readonly mostFalseShare: number;
  /** What verdicts have taught; absent where the level is the settings' for all. */
  readonly thresholds?: Thresholds;
}

/** What one detector says of one series, with what it went by. */
export interface Verdict {
  readonly detector: Detector;
  readonly record: SeriesRecord;
  readonly window: SeriesWindow;
  readonly baseline: Baseline;
  readonly judgement: Judgement;
}

export interface Judging {
  /**
   * Judges `records` (in an order that is the same in every run) over the window that ends at `end`. `isAlive` says where a
   * detector is asked although it cannot fire; `always` names a series that is judged in any case.
   */
  tick(
    records: readonly SeriesRecord[],
    end: number,
    isAlive: (detector: Detector, series: Series) => boolean,
    always?: SeriesRecord,
  ): Verdict[];
}

export function createJudging(
  rules: JudgingRules,
  detectors: readonly Detector[],
  state: WatchState,
  live: ReadonlyMap<SeriesKind, number>,
): Judging {
  const { bucketMs, windowMs } = rules.window;
  const exposureRules = {
    windowMs,
    historyMs: rules.historyMs,
    halfLifeMs: rules.window.halfLifeMs,
    learningHours: rules.learningHours,
  };
  const exposuresAt = createExposures(state.lanes, exposureRules);
  const poolFor = createPools(state, exposureRules);
  const level = levelOf(rules.falseAlertsPerMonth, bucketMs, rules.mostFalseShare);
  const isCapped = level === rules.mostFalseShare;

  function judge(record: SeriesRecord, end: number, exposures: Exposures, asked: readonly Detector[]): Verdict[] {
    const window = windowAt(record, end, rules.window, (lane) => exposures.lanes.has(lane));
    const baseline = baselineOf(
      record.past,
      window.lanes,
      exposures,
      poolFor(record.series.kind, exposures.windowStart),
    );
    return asked.map((detector) => ({
      detector,
      record,
      window,
      baseline,
      judgement: detector.evaluate(window, baseline, state.voices),
    }));
  }

  /** Adds the q-value and what follows from it. */
  function controlled(verdicts: readonly Verdict[]): Verdict[] {
    const results = [...verdicts];
    const judged = new Map([...live].filter(([kind]) => rules.kinds.includes(kind)));
    const total = [...judged.values()].reduce((sum, count) => sum + count, 0);
    for (const detector of detectors) {
      const tested = verdicts.flatMap(({ detector: one, record, judgement: { pValue } }, index) =>
        one === detector && pValue !== null ? [{ index, kind: record.series.kind, pValue }] : [],
      );
      const values = qValues(tested, judged);
      for (const [place, { index }] of tested.entries()) {
        const verdict = verdicts[index];
        if (verdict === undefined) continue;
        const qValue = values[place] ?? 1;
        const { judgement, record, window } = verdict;
        const learned = rules.thresholds?.factorFor(record.series, judgement, window.end) ?? null;
        const own = level * (learned?.factor ?? 1);
        const passes = qValue <= own;
        const reason =
          `Among ${total} live series: q = ${probability(qValue)}, ${passes ? 'at or below' : 'above'} ` +
          `${probability(own)}, ${isCapped ? 'the most that one tick may have (max_false_share)' : `the hour's part of ${rules.falseAlertsPerMonth} false alerts in 30 days`}.`;
        results[index] = {
          ...verdict,
          judgement: {
            ...judgement,
            qValue,
            anomalous: judgement.anomalous && passes,
            reasons: [
              ...judgement.reasons,
              bucketMs === 3_600_000 ? reason : reason.replace("hour's", "tick's"),
              ...(learned === null ? [] : [learned.reason]),
            ],
          },
        };
      }
    }
    return results;
  }

  return {
    tick(records, end, isAlive, always) {
      const exposures = exposuresAt(end);
      const counts = (lane: string): boolean => exposures.lanes.has(lane);
      const verdicts: Verdict[] = [];
      for (const record of records) {
        if (!rules.kinds.includes(record.series.kind)) continue;
        const sums = sumsAt(record, counts);
        const asked = detectors.filter((one) => record === always || one.mayFire(sums) || isAlive(one, record.series));
        if (asked.length > 0) verdicts.push(...judge(record, end, exposures, asked));
      }
      return controlled(verdicts);
    },
  };
}
