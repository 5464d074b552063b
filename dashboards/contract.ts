/**
 * What the page and the API say to each other: the answers' forms, as types only, so that the page's bundle carries
 * nothing of the server. Times are ISO 8601 in UTC; shares and probabilities are in [0, 1]. Rejected: deriving these
 * from zod schemas of the answers: the server builds them from typed rows, and nobody validates what it just built.
 */
import type { Action, Silence } from '../core/action.ts';
import type { Alert, Sentiment } from '../core/event.ts';
import type { FeedbackRow, TrainingRow } from '../core/feedback.ts';
import type { SourceHealth } from '../core/health.ts';

/** A display name in both languages of the interface. */
export interface Names {
  readonly en: string;
  readonly zh: string;
}

export interface Counts {
  readonly documents: number;
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
}

/** The time that an answer covers: `from` inclusive, `to` exclusive. */
export interface Span {
  readonly from: string;
  readonly to: string;
  /** `newest`: nothing was published lately, so the span ends at the newest document instead of now. */
  readonly anchor: 'now' | 'newest' | 'given';
}

export interface SeriesRow extends Counts {
  readonly id: string;
  readonly name: Names;
  readonly negative_share: number;
  /** The span of equal length just before; share is null where it has no documents. */
  readonly previous: { readonly documents: number; readonly negative_share: number | null };
  /** Documents and negative documents in equal parts of the span, oldest first. */
  readonly sparkline: { readonly documents: readonly number[]; readonly negative: readonly number[] };
  /** Alerts of this series that are firing now. */
  readonly firing: number;
}

export interface SeriesAnswer extends Span {
  readonly kind: 'entity' | 'topic';
  readonly series: readonly SeriesRow[];
}

export interface TimelineBucket extends Counts {
  /** Start of the bucket. */
  readonly at: string;
  readonly probability_sums: { readonly negative: number; readonly neutral: number; readonly positive: number };
}

export interface TimelineAnswer extends Span {
  readonly step_secs: number;
  readonly buckets: readonly TimelineBucket[];
  readonly totals: Counts;
  readonly previous: { readonly documents: number; readonly negative_share: number | null };
}

export interface OpinionRow {
  readonly document_id: string;
  readonly source: string;
  readonly source_class: 'news' | 'social';
  readonly author: string | null;
  readonly url: string | null;
  readonly title: string | null;
  /** At most 600 characters. */
  readonly text: string;
  readonly language: 'en' | 'zh' | 'other';
  readonly published_at: string;
  readonly labelled_at: string;
  readonly entities: readonly { readonly id: string; readonly name: Names }[];
  readonly topic: string;
  readonly sentiment: Sentiment;
  readonly probabilities: { readonly negative: number; readonly neutral: number; readonly positive: number };
  readonly confidence: number;
  readonly model: string;
  readonly story: string;
  readonly novelty: number;
  /** What people say of it and stands, newest first. */
  readonly feedback: readonly FeedbackRow[];
}

/** One document with its labels. */
export interface DocumentAnswer extends OpinionRow {
  /** At most 20,000 characters. */
  readonly text: string;
  /** Kind of negative event that it reports; null where none. */
  readonly event: string | null;
}

export interface WordWeight {
  readonly word: string;
  /** Place in `text` of the explanation, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Log-odds that the word adds to the label (below 0: takes from it), in nats. */
  readonly weight: number;
}

/** Which words carried the sentiment, by the model that labels now. */
export interface ExplainAnswer {
  readonly label: Sentiment;
  readonly probability: number;
  readonly method: 'exact' | 'shapley' | 'occlusion';
  /** What the model read. */
  readonly text: string;
  readonly words: readonly WordWeight[];
  readonly model: string;
}

export interface StoryDocumentsAnswer {
  /** Oldest first; at most 200. */
  readonly documents: readonly OpinionRow[];
}

export interface FeedbackAnswer {
  /** What stands, newest first; with `history=true` every row, those that were taken back or replaced too. */
  readonly feedback: readonly FeedbackRow[];
}

export interface TrainingAnswer {
  readonly rows: readonly TrainingRow[];
  /** Give it back as `after` for the next rows; null on the last. */
  readonly next: string | null;
}

export interface OpinionsAnswer extends Span {
  readonly opinions: readonly OpinionRow[];
  /** Give it back as `cursor` for the next page; null on the last. */
  readonly next_cursor: string | null;
}

export interface AlertChange {
  readonly revision: number;
  readonly state: Alert['state'];
  readonly at: string;
  readonly severity: Alert['severity'];
  readonly observed: number;
  readonly expected: number;
}

/** The newest revision of an alert, with every change of its life, oldest first. */
export interface AlertRow extends Alert {
  readonly names: Names;
  readonly history: readonly AlertChange[];
  /** Verdicts that stand, newest first. */
  readonly feedback: readonly FeedbackRow[];
}

export interface AlertsAnswer {
  readonly alerts: readonly AlertRow[];
}

export interface SilencesAnswer {
  readonly silences: readonly Silence[];
}

/** The audit log, newest first. */
export interface ActionsAnswer {
  readonly actions: readonly Action[];
}

/** What became of one item (alert_id:revision) at one notifier; "*" where it was not sent to any. */
export interface NotificationRow {
  readonly item: string;
  readonly notifier: string;
  readonly status: 'sent' | 'failed' | 'muted';
  readonly alert_id: string;
  readonly at: string;
  readonly reason: string;
}

export interface NotificationsAnswer {
  readonly notifications: readonly NotificationRow[];
}

export interface SourcesAnswer {
  readonly sources: readonly SourceHealth[];
}

export interface StatusAnswer {
  readonly version: string;
  /** The model that labels now, or that labelled last; null before the first label. */
  readonly model: string | null;
  readonly now: string;
  readonly opinions: number;
  readonly alerts: { readonly pending: number; readonly firing: number; readonly resolved: number };
  /** Newest event time among the opinions; null without any. */
  readonly newest_published_at: string | null;
  readonly newest_labelled_at: string | null;
  /** Seconds from the newest event time to now; null without opinions. */
  readonly lag_secs: number | null;
  /** Names of the sources that opinions came from, most frequent first. */
  readonly sources: readonly string[];
}

export interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** Server-sent events of /api/live, by event name. */
export interface LiveEvents {
  opinions: { readonly opinions: readonly OpinionRow[] };
  alerts: { readonly alerts: readonly AlertRow[] };
  sources: SourcesAnswer;
  /** Too much happened since the last event that this client saw: fetch everything again. */
  reset: Record<string, never>;
}
