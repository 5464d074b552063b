/**
 * Why a series did or did not raise an alert at a moment, as lines of text: the same code over the same documents, up to
 * that moment and no further. Pure; where the documents come from is app/explain.ts' question.
 */
import { isoTime, seriesKey, type Alert, type Opinion, type Series } from '../core/event.ts';
import type { Detector } from './detector.ts';
import type { DisplayName } from './evidence.ts';
import type { Verdict } from './judging.ts';
import { courseKey } from './memory.ts';
import { decimal, factor, percent } from './phrases.ts';
import { createWatch, type Rules } from './watch.ts';

export interface Explanation {
  readonly series: string;
  readonly at: string;
  /** Opinions that were read. */
  readonly opinions: number;
  readonly verdicts: readonly {
    readonly detector: string;
    readonly anomalous: boolean;
    readonly lines: readonly string[];
  }[];
  /** Changes of alerts on this series in the time that was read, oldest first. */
  readonly changes: readonly Pick<Alert, 'alert_id' | 'state' | 'at' | 'severity' | 'detector'>[];
}

/**
 * @param opinions everything published before `at`, in the order of time; it should reach back over history and window
 * @param at epoch milliseconds; the bucket that ended last is explained
 */
export function explain(
  rules: Rules,
  detectors: readonly Detector[],
  displayName: (series: Series) => DisplayName,
  opinions: readonly Opinion[],
  series: Series,
  at: number,
): Explanation {
  const { bucketMs } = rules.window;
  const watch = createWatch(rules, detectors, displayName);
  const end = Math.floor(at / bucketMs) * bucketMs;
  const changes: Alert[] = [];
  const findings = new Map<string, readonly string[]>();
  const advance = (to: number): void => {
    const changed = watch.advance(to);
    for (const alert of changed.alerts) if (seriesKey(alert.series) === seriesKey(series)) changes.push(alert);
    for (const one of changed.findings) {
      const isIt = seriesKey(one.series) === seriesKey(series) && Date.parse(one.window_end) === end;
      if (isIt) findings.set(one.detector, one.reasons);
    }
  };
  let hour = -Infinity;
  let read = 0;
  for (const opinion of opinions) {
    const time = Date.parse(opinion.document.published_at);
    if (time >= end) continue;
    const bucket = Math.floor(time / bucketMs) * bucketMs;
    if (bucket > hour) advance((hour = bucket));
    watch.take(opinion);
    read += 1;
  }
  advance(end);
  const verdicts = watch.inspect(series, end).map((verdict) => {
    const life = watch.state.courses.get(courseKey(verdict.detector.name, series))?.life;
    const { judgement } = verdict;
    // What was decided about its life stands in the finding: held back behind another alert, or resting.
    const more = (findings.get(verdict.detector.name) ?? []).filter((reason) => !judgement.reasons.includes(reason));
    const held = more.filter((reason) => /^(Held back|No new alert)/.test(reason));
    return {
      detector: verdict.detector.name,
      anomalous: judgement.anomalous && held.length === 0,
      lines: [...stepsOf(verdict), ...held, lifeOf(life, rules)],
    };
  });
  return {
    series: seriesKey(series),
    at: isoTime(end),
    opinions: read,
    verdicts,
    changes: changes.map(({ alert_id, state, at: when, severity, detector }) => ({
      alert_id,
      state,
      at: when,
      severity,
      detector,
    })),
  };
}

/** Every number of one judgement, in the order in which it comes about. */
function stepsOf({ window, baseline, judgement }: Verdict): string[] {
  const { negative, pool } = baseline;
  const copies = [...window.copies.values()].reduce((sum, count) => sum + count, 0);
  const raw = window.counted.reduce((sum, { probability, weight }) => sum + probability * weight, 0);
  return [
    `Window: ${isoTime(window.start)} to ${isoTime(window.end)}: ${window.counted.length} stories counted, ${copies} copies, ` +
      `${window.capped} over the cap of an author, ${decimal(window.discounted)} taken off for coordination.`,
    `Negative: ${raw.toFixed(2)} by the model, ${window.negative.toFixed(2)} after correction for its known errors; ` +
      `${decimal(window.leaning)} stories lean negative, by ${decimal(window.authors)} authors at ${decimal(window.sources)} outlets.`,
    `History: ${Math.round(baseline.hours)} h of watching (discounted), ${factor(negative.mass)} negative stories in it: ` +
      `${factor(negative.perHour)} a usual hour.`,
    `Prior: ${factor(pool.negativePerHour)} an hour by all series of the kind, worth ${Math.round(baseline.priorHours)} h; ` +
      `usual share ${percent(pool.share)}.`,
    `Exposure: ${factor(baseline.usualHours)} usual hours in the window, feeds ${factor(baseline.activity)} times as busy as usual; ` +
      `seasonal factor of the series ${factor(baseline.season)}.`,
    `Expected: ${negative.expected.toFixed(3)} negative stories, variance ${negative.variance.toFixed(3)}, dispersion ` +
      `${negative.dispersion.toFixed(2)}; ${baseline.stories.expected.toFixed(2)} stories in all.`,
    `Usual share: ${percent(baseline.expectedShare)}, correlation of stories of one window ${baseline.shareCorrelation.toFixed(3)}.`,
    ...judgement.reasons,
    `Verdict: ${judgement.anomalous ? 'anomalous' : 'not anomalous'}, score ${judgement.score.toFixed(2)}.`,
  ];
}

function lifeOf(life: { readonly state: string } | undefined, { lifecycle }: Rules): string {
  const rule =
    `pending for ${lifecycle.forBuckets} buckets before it fires, ends after ${lifecycle.keepFiringMs / 3_600_000} h under ` +
    `score ${lifecycle.clearScore}, then rests ${lifecycle.refractoryMs / 3_600_000} h`;
  return `Alert: ${life?.state ?? 'inactive'} (${rule}).`;
}
