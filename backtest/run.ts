/**
 * What a backtest run is, between the stages that make it and the pages that tell it: alerts as they fired, daily counts
 * of the series that matter, and what the run was made with. Plain data, written as report.json.
 */
import type { Alert, Evidence, Opinion, Series } from '../core/event.ts';
import type { Arrival } from './arrival.ts';

/** What an alert put before its reader beside the headlines; null where its detector gathers none. */
export interface Shown {
  /** Over-represented words, most telling first. */
  readonly words: readonly string[];
  readonly topics: readonly string[];
  readonly events: readonly string[];
  /** Share of the documents that the three loudest authors wrote. */
  readonly topAuthors: number;
  readonly authors: number;
  readonly sources: number;
  /** Of the driving stories: mean confidence, and the part of them below 0.6. */
  readonly confidence: number;
  readonly unsure: number;
  /** Windows of the past, oldest first, the judged one last. */
  readonly chart: Evidence['chart'];
}

/** One alert that fired. Times are epoch milliseconds of event time. */
export interface FiredAlert {
  readonly id: string;
  readonly series: Series;
  readonly key: string;
  readonly name: string;
  readonly detector: string;
  readonly severity: Alert['severity'];
  /** End of the bucket that fired it. */
  readonly at: number;
  /**
   * When somebody would have been told at the earliest: a closed bucket waits for documents that come late, and a message for
   * company. Transport, a slow feed and a busy classifier come on top.
   */
  readonly toldAt: number;
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
  readonly shown: Shown | null;
}

/** One UTC day of one series. */
export interface Day {
  readonly day: string;
  documents: number;
  /** Sum of the model's probabilities that each is negative. */
  negative: number;
}

export interface Run extends Arrival {
  readonly feed: string;
  readonly model: string;
  readonly settings: string;
  /** Milliseconds from the end of a bucket to the moment at which somebody is told of it. */
  readonly tellingMs: number;
  readonly documents: number;
  /** Publication of the first and last document. */
  readonly from: string;
  readonly to: string;
  /** What the feed can be asked about: events outside of it are neither found nor missed. */
  readonly period: { readonly from: string; readonly to: string };
  readonly alerts: readonly FiredAlert[];
  /** By series key, in order of days; only days with documents. */
  readonly days: ReadonlyMap<string, readonly Day[]>;
}

const MOST_WORDS = 8;
const MOST_NAMED = 3;
const MOST_HEADLINES = 5;

function shownBy({ evidence, author_count, source_count }: Alert): Shown | null {
  if (evidence === null) return null;
  return {
    words: evidence.words.slice(0, MOST_WORDS).map(({ word }) => word),
    topics: evidence.topics.slice(0, MOST_NAMED).map(({ topic, stories }) => `${topic} (${stories})`),
    events: evidence.events.slice(0, MOST_NAMED).map(({ event, stories }) => `${event} (${stories})`),
    topAuthors: evidence.authors.top_share,
    authors: author_count,
    sources: source_count,
    confidence: evidence.certainty.mean_confidence,
    unsure: evidence.certainty.low_confidence_share,
    chart: evidence.chart,
  };
}

/** Alerts that fired, in order, out of every change of state of all alerts. `tellingMs`: see Run. */
export function firedAlerts(
  changes: readonly Alert[],
  keyOf: (series: Series) => string,
  tellingMs: number,
): FiredAlert[] {
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
        toldAt: Date.parse(alert.at) + tellingMs,
        resolvedAt: null,
        observed: alert.observed,
        expected: alert.expected,
        interval: alert.interval,
        qValue: alert.q_value,
        stories: alert.story_count,
        headlines: alert.documents
          .slice(0, MOST_HEADLINES)
          .map(({ title, source, published_at: at, url }) => ({ title, source, at, url })),
        shown: shownBy(alert),
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
