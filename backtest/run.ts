/**
 * What a backtest run is, between the stages that make it and the pages that tell it: alerts as they fired, daily counts
 * of the series that matter, and what the run was made with. Plain data, written as report.json.
 */
import type { Alert, Opinion, Series } from '../core/event.ts';

/** One alert that fired. Times are epoch milliseconds of event time. */
export interface FiredAlert {
  readonly id: string;
  readonly series: Series;
  readonly key: string;
  readonly name: string;
  readonly detector: string;
  readonly severity: Alert['severity'];
  /** When it fired, which is when somebody would have been told; and when the window that fired it had begun. */
  readonly at: number;
  readonly resolvedAt: number | null;
  readonly observed: number;
  readonly expected: number;
  readonly interval: Alert['interval'];
  readonly qValue: number | null;
  readonly stories: number;
  readonly headlines: readonly {
    readonly title: string;
    readonly source: string;
    readonly at: string;
    readonly url: string | null;
  }[];
}

/** One UTC day of one series. */
export interface Day {
  readonly day: string;
  documents: number;
  /** Sum of the model's probabilities that each is negative. */
  negative: number;
}

export interface Run {
  readonly feed: string;
  readonly model: string;
  readonly settings: string;
  readonly documents: number;
  readonly from: string;
  readonly to: string;
  readonly alerts: readonly FiredAlert[];
  /** By series key, in order of days; only days with documents. */
  readonly days: ReadonlyMap<string, readonly Day[]>;
}

/** Alerts that fired, in order, out of every change of state of all alerts. */
export function firedAlerts(changes: readonly Alert[], keyOf: (series: Series) => string): FiredAlert[] {
  const fired = new Map<string, FiredAlert>();
  for (const alert of changes) {
    const known = fired.get(alert.alert_id);
    if (alert.state === 'firing' && known === undefined) {
      fired.set(alert.alert_id, {
        id: alert.alert_id,
        series: alert.series,
        key: keyOf(alert.series),
        name: alert.name,
        detector: alert.detector,
        severity: alert.severity,
        at: Date.parse(alert.at),
        resolvedAt: null,
        observed: alert.observed,
        expected: alert.expected,
        interval: alert.interval,
        qValue: alert.q_value,
        stories: alert.story_count,
        headlines: alert.documents
          .slice(0, 3)
          .map(({ title, source, published_at: at, url }) => ({ title, source, at, url })),
      });
    } else if (known !== undefined) {
      const severity = alert.severity === 'critical' ? 'critical' : known.severity;
      const resolvedAt = alert.state === 'resolved' ? Date.parse(alert.at) : known.resolvedAt;
      fired.set(alert.alert_id, { ...known, severity, resolvedAt });
    }
  }
  return [...fired.values()].toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

/** Counts opinions by series and UTC day of publication as they come. */
export function createDayCount(seriesKeys: (opinion: Opinion) => readonly string[]) {
  const series = new Map<string, Map<string, Day>>();
  return {
    add(opinion: Opinion): void {
      const day = opinion.document.published_at.slice(0, 10);
      for (const key of seriesKeys(opinion)) {
        let days = series.get(key);
        if (days === undefined) series.set(key, (days = new Map()));
        let count = days.get(day);
        if (count === undefined) days.set(day, (count = { day, documents: 0, negative: 0 }));
        count.documents += 1;
        count.negative += opinion.sentiment_probabilities.negative;
      }
    },
    /** The days of these series, in order; an empty list for one that was never named. */
    of(keys: Iterable<string>): Map<string, readonly Day[]> {
      return new Map(
        [...keys].map((key) => [
          key,
          [...(series.get(key)?.values() ?? [])].toSorted((a, b) => (a.day < b.day ? -1 : 1)),
        ]),
      );
    },
  };
}
