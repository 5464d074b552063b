/** Findings and alerts as rows: the same judgement, said once for the researcher and once for the person on duty. */
import { SCHEMA_VERSION, isoTime, seriesKey, stableId, type Alert, type Finding } from '../core/event.ts';
import type { Judgement } from './detector.ts';
import { drivingDocuments, summarize, type DisplayName } from './evidence.ts';
import type { Change } from './lifecycle.ts';
import type { SeriesWindow } from './window.ts';

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
    authors: window.authors,
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
  | 'model'
>;

export function factsOf(window: SeriesWindow, judgement: Judgement, model: string): Facts {
  return {
    ...measuresOf(judgement),
    documents: drivingDocuments(window),
    document_count: window.documents,
    story_count: window.driving.length,
    author_count: window.authors,
    model,
  };
}

/** What an alert is known by beside its measures. */
export type Marks = Pick<Alert, 'incident' | 'labels' | 'resolution'>;

/** The row for one change of an alert's state. `facts` are those of the moment, or of its height when it is resolved. */
export function alertOf(
  change: Change,
  detector: string,
  window: Pick<SeriesWindow, 'series' | 'start' | 'end'>,
  facts: Facts,
  name: DisplayName,
  marks: Marks,
): Alert {
  const hours = (window.end - window.start) / 3_600_000;
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
    ...facts,
    ...marks,
    summary: summarize(name, facts, hours, change.state),
  };
}
