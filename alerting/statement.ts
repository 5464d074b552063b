/** Findings and alerts as rows: the same judgement, said once for the researcher and once for the person on duty. */
import { SCHEMA_VERSION, isoTime, seriesKey, stableId, type Alert, type Finding } from '../core/event.ts';
import type { Baseline } from './baseline.ts';
import type { Judgement } from './detector.ts';
import { drivingDocuments, evidenceOf, summarize, type DisplayName } from './evidence.ts';
import type { Change } from './lifecycle.ts';
import type { WatchState } from './memory.ts';
import type { SeriesWindow } from './window.ts';

const HOUR_MS = 3_600_000;

export function findingOf(detector: string, window: SeriesWindow, judgement: Judgement): Finding {
  return {
    schema_version: SCHEMA_VERSION,
    id: stableId('finding', detector, seriesKey(window.series), String(window.end)),
    detector,
    series: window.series,
    window_start: isoTime(window.start),
    window_end: isoTime(window.end),
    ...measuresOf(judgement),
    p_value: judgement.pValue,
    documents: window.documents,
    stories: window.driving.length,
    authors: Math.round(window.authors),
    sources: Math.round(window.sources),
    anomalous: judgement.anomalous,
    reasons: [...judgement.reasons],
  };
}

/** What findings and alerts both say of a judgement. */
function measuresOf(judgement: Judgement) {
  return {
    observed: judgement.observed,
    expected: judgement.expected,
    interval: judgement.interval,
    observed_share: judgement.observedShare,
    expected_share: judgement.expectedShare,
    score: judgement.score,
    q_value: judgement.qValue ?? null,
    measure: judgement.measure,
  };
}

/** What an alert showed at its height: kept while it lives, because at its end there is nothing left to show. */
export type Facts = Pick<
  Alert,
  | 'observed'
  | 'expected'
  | 'interval'
  | 'observed_share'
  | 'expected_share'
  | 'score'
  | 'documents'
  | 'document_count'
  | 'story_count'
  | 'author_count'
  | 'source_count'
  | 'measure'
  | 'q_value'
  | 'evidence'
  | 'settings'
  | 'model'
> & {
  /** Hours over which it was counted. */
  readonly hours: number;
};

/** What is the same for every alert of a run. */
export interface StatementRules {
  /** Hash of the settings that judge. */
  readonly settings: string;
  /** Where people reach the page, without a slash at its end; null where nobody said. */
  readonly publicUrl: string | null;
}

/** One judgement with what it went by. */
export interface Judged {
  readonly detector: string;
  readonly window: SeriesWindow;
  readonly baseline: Baseline;
  readonly judgement: Judgement;
}

export function factsOf(
  { window, baseline, judgement }: Judged,
  { model, background }: Pick<WatchState, 'model' | 'background'>,
  name: DisplayName,
  rules: StatementRules,
): Facts {
  const { stories } = judgement;
  return {
    ...measuresOf(judgement),
    observed: toldCount(judgement, window),
    documents: drivingDocuments(stories, window.copies),
    document_count: stories.reduce((sum, { story }) => sum + 1 + (window.copies.get(story) ?? 0), 0),
    story_count: stories.length,
    author_count: new Set(stories.map(({ author }) => author)).size,
    source_count: new Set(stories.map(({ source }) => source)).size,
    evidence: evidenceOf(window, baseline, judgement, background, name),
    hours: judgement.hours,
    settings: rules.settings,
    model,
  };
}

/**
 * The count that people are told. With the model's errors taken out (correction.ts) a sum over a few stories may exceed them all: the
 * detectors judge by it as it is, but 26 negative ones of 23 stories is a number that nobody believes.
 */
function toldCount({ measure, observed, hours }: Judgement, { start, end, stories }: SeriesWindow): number {
  const isOfWindow = measure === 'negative' && hours === (end - start) / HOUR_MS;
  return isOfWindow ? Math.min(observed, stories) : observed;
}

/** What an alert is known by beside its measures. */
export type Marks = Pick<Alert, 'incident' | 'labels' | 'resolution'>;

/** Where people find an alert on the page; null where nobody said how they reach it. */
export function pageOf(alertId: string, publicUrl: string | null): string | null {
  return publicUrl === null ? null : `${publicUrl}/#/alert/${alertId}`;
}

/** The row for one change of an alert's state. `facts` are those of the moment, or of its height when it is resolved. */
export function alertOf(
  change: Change,
  detector: string,
  window: Pick<SeriesWindow, 'series' | 'start' | 'end'>,
  facts: Facts,
  name: DisplayName,
  marks: Marks,
  { publicUrl }: StatementRules,
): Alert {
  const { hours, ...shown } = facts;
  return {
    schema_version: SCHEMA_VERSION,
    alert_id: change.alertId,
    revision: change.revision,
    state: change.state,
    at: isoTime(change.at),
    started_at: isoTime(change.startedAt),
    series: window.series,
    name: name.en,
    severity: change.severity,
    detector,
    ...shown,
    ...marks,
    page_url: pageOf(change.alertId, publicUrl),
    summary: summarize(name, facts, hours, change.state),
  };
}
