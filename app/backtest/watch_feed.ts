/**
 * Opinions through the live alerting code under event time: the same watch, told of one opinion after another and of
 * how far event time has come, as the alerting stage does for a replay. Nothing later is known to anything earlier.
 */
import { createWatch } from '../../alerting/watch.ts';
import type { Detector } from '../../alerting/detector.ts';
import { watermark } from '../../alerting/lanes.ts';
import { seriesOf } from '../../alerting/observation.ts';
import { detectors as registry } from '../../alerting/registry.ts';
import { forgetIn } from '../../alerting/removal.ts';
import { rulesOf, versionOf, type AlertingSettings } from '../../alerting/settings.ts';
import { createArrival } from '../../backtest/arrival.ts';
import { keepNearest, type Examination } from '../../backtest/nearest.ts';
import { createDayCount, firedAlerts, type Run } from '../../backtest/run.ts';
import { createPeriod } from '../../backtest/period.ts';
import { createReplayClock } from '../../core/clock.ts';
import type { Context } from '../../core/component.ts';
import { createComponent } from '../../core/config.ts';
import { TidewatchError } from '../../core/errors.ts';
import { isoTime, seriesKey, type Alert, type Opinion } from '../../core/event.ts';
import type { Removal } from '../../core/removal.ts';
import type { Names } from '../names.ts';

export interface WatchFeedOptions {
  readonly feed: string;
  readonly names: Names;
  /** Epoch milliseconds: only documents published in [from, to) are taken. */
  readonly from: number;
  readonly to: number;
  /** Keys of series whose days are wanted besides those with alerts. */
  readonly wanted: readonly string[];
  /** What was taken back, in the order of time: it goes out of what is remembered at its moment, not before. */
  readonly removals: readonly Removal[];
  /** Times of entities that are looked at window by window; each learns how near it came to an alert. */
  readonly examined: readonly Examination[];
  readonly context: Omit<Context, 'name'>;
}

/** @throws TidewatchError input.invalid where no document lies in the period */
export async function watchFeed(
  opinions: AsyncIterable<Opinion>,
  settings: AlertingSettings,
  { feed, names, from, to, wanted, removals, examined, context }: WatchFeedOptions,
): Promise<{ run: Run; changes: readonly Alert[] }> {
  const rules = rulesOf(settings, 'global', [], names.parents);
  const detectors: Detector[] = [];
  for (const one of settings.detectors) detectors.push(await createComponent<Detector>(registry, one, context));
  const watch = createWatch(rules, detectors, names.series);
  const clock = createReplayClock(0);
  const count = createDayCount((opinion) => seriesOf(opinion, names.parents).map(seriesKey));
  const arrival = createArrival();
  const period = createPeriod(from, to);
  const changes: Alert[] = [];
  let taken = 0;
  const { bucketMs, windowMs } = rules.window;
  const advance = (until: number): void => {
    for (let end = watch.state.closed ?? Infinity; (end += bucketMs) <= until;) {
      const asked = examined.filter((one) => end >= one.from && end <= one.to);
      if (asked.length === 0) continue;
      changes.push(...watch.advance(end).alerts);
      for (const one of asked) examine(one, end);
    }
    changes.push(...watch.advance(until).alerts);
  };
  function examine(one: Examination, end: number): void {
    for (const { detector, judgement } of watch.inspect({ kind: 'entity', entity: one.entity, topic: null }, end)) {
      keepNearest(one, { at: end, detector: detector.name, score: judgement.score, reasons: judgement.reasons });
    }
  }
  const judge = (): void => {
    const mark = watermark(watch.state.lanes, rules.watermark, clock.now());
    if (mark !== null) advance(mark);
  };
  /** What is taken back until then goes at its own moment, after what was judged by then. */
  function moveTo(time: number): void {
    for (let next = removals[taken]; next !== undefined; next = removals[taken]) {
      const at = Date.parse(next.requested_at);
      if (at > time) break;
      clock.advanceTo(at);
      judge();
      forgetIn(watch.state, watch.touched, [next]);
      taken += 1;
    }
    clock.advanceTo(time);
  }
  /** Behind the last document no other carries event time, so what is taken back then goes when its moment has been judged. */
  function endAt(end: number): void {
    for (const removal of removals.slice(taken)) {
      const at = Date.parse(removal.requested_at);
      if (at >= end) break;
      advance(at - rules.watermark.latenessMs);
      forgetIn(watch.state, watch.touched, [removal]);
    }
    advance(end);
  }
  for await (const opinion of opinions) {
    if (!period.admits(Date.parse(opinion.document.published_at))) continue;
    moveTo(Date.parse(opinion.document.fetched_at));
    arrival.note(opinion.document, watch.take(opinion));
    count.add(opinion);
    judge();
  }
  const { documents, first, last } = period.admitted();
  if (documents === 0) throw new TidewatchError('input.invalid', `${feed} has no document in that period`);
  endAt(last + windowMs + rules.lifecycle.keepFiringMs + 2 * bucketMs);
  const tellingMs = rules.watermark.latenessMs + settings.group_wait_secs * 1000;
  const alerts = firedAlerts(changes, seriesKey, tellingMs);
  const keys = new Set([...wanted, ...alerts.map(({ key }) => key)]);
  const run: Run = {
    feed,
    model: watch.state.model,
    settings: versionOf(settings),
    tellingMs,
    documents,
    from: isoTime(first),
    to: isoTime(last),
    period: period.asked(),
    ...arrival.result(),
    alerts,
    days: count.of([...keys].toSorted()),
  };
  return { run, changes };
}
