/**
 * What analysts say of the labels and the alerts: a corrected sentiment, topic or list of entities of a document, a verdict
 * on an alert. Rows are only ever added, so the table is at once the state (the latest row of a person about one thing
 * stands) and the history; taking back is a row as well. A row names its document by id and holds none of its text, so
 * nothing more is to be forgotten than the row. The model's labels at that moment are kept beside: a later model may agree.
 * Rejected: rows changed in place (who said what, when, would be lost), a table a kind (four queries for one row of the page).
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { authorSchema } from './action.ts';
import { isoTime, sentimentSchema, stableId } from './event.ts';

export const VERDICTS = ['useful', 'noise', 'late', 'wrong'] as const;
export type Verdict = (typeof VERDICTS)[number];

const target = z.string().min(1).max(64);
const reason = z.string().trim().max(1000).default('');
const label = z.string().trim().min(1).max(200);
const author = authorSchema;

/** What a person says. `entities` is the whole list as it should be, by watchlist id; empty: about none of them. */
export const feedbackRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ author, kind: z.literal('sentiment'), document_id: target, value: sentimentSchema, reason }),
  z.strictObject({ author, kind: z.literal('topic'), document_id: target, value: label, reason }),
  z.strictObject({ author, kind: z.literal('entities'), document_id: target, value: z.array(label).max(50), reason }),
  z.strictObject({ author, kind: z.literal('verdict'), alert_id: target, value: z.enum(VERDICTS), reason }),
]);
export type FeedbackRequest = z.output<typeof feedbackRequestSchema>;
export type FeedbackKind = FeedbackRequest['kind'];

/** The labels that a document had when somebody corrected them. */
export interface ModelLabels {
  readonly model: string;
  readonly sentiment: string;
  readonly topic: string;
  readonly entities: readonly string[];
}

/** One row, as the store has it. Absent texts are empty. */
export interface FeedbackRow {
  readonly id: string;
  readonly at: string;
  readonly kind: FeedbackKind;
  readonly author: string;
  readonly via: 'api' | 'command';
  readonly document_id: string;
  readonly alert_id: string;
  /** Sentiment, topic, verdict, or the entities as a JSON list; empty in a row that takes back. */
  readonly value: string;
  readonly reason: string;
  /** Id of the row that this one takes back. */
  readonly takes_back: string;
  /** name@version of the model that was corrected, and its label in the form of `value`. */
  readonly model: string;
  readonly model_value: string;
}

export function newFeedback(
  request: FeedbackRequest,
  labels: ModelLabels | null,
  via: FeedbackRow['via'],
  now: number,
): FeedbackRow {
  return {
    id: newId(),
    at: isoTime(now),
    kind: request.kind,
    author: request.author,
    via,
    document_id: 'document_id' in request ? request.document_id : '',
    alert_id: 'alert_id' in request ? request.alert_id : '',
    value: request.kind === 'entities' ? listText(request.value) : request.value,
    reason: request.reason,
    takes_back: '',
    model: labels?.model ?? '',
    model_value: labels === null || request.kind === 'verdict' ? '' : modelValue(request.kind, labels),
  };
}

/** The row that takes `row` back. */
export function takenBack(row: FeedbackRow, via: FeedbackRow['via'], now: number): FeedbackRow {
  // Later than the row, whatever the clock does: the latest stands.
  const at = isoTime(Math.max(now, Date.parse(row.at) + 1));
  return { ...row, id: newId(), at, via, value: '', reason: '', takes_back: row.id };
}

/** What stands: of each person, about each thing, the latest row, unless it takes back. Newest first. */
export function standing(rows: readonly FeedbackRow[]): FeedbackRow[] {
  const latest = new Map<string, FeedbackRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.author, row.kind, row.document_id, row.alert_id]);
    const known = latest.get(key);
    if (known === undefined || isLater(row, known)) latest.set(key, row);
  }
  return [...latest.values()].filter((row) => row.takes_back === '').sort((a, b) => (isLater(a, b) ? -1 : 1));
}

/** The labels of a training row: what people say, where they say anything; the latest of several wins. */
export interface TrainingRow {
  readonly id: string;
  /** What the model reads: title and text in one, cleaned. */
  readonly text: string;
  readonly language: string;
  readonly sentiment?: string;
  readonly topic?: string;
  readonly entities?: readonly string[];
  readonly model: string;
  readonly model_labels: { readonly sentiment: string; readonly topic: string; readonly entities: readonly string[] };
  /** A pseudonym: the same person has the same one. Names are few, so it can be guessed back by who knows them. */
  readonly author: string;
  readonly at: string;
}

/** The standing corrections of one person about one document as one row for training. */
export function trainingRow(
  corrections: readonly FeedbackRow[],
  document: { readonly id: string; readonly text: string; readonly language: string },
  labels: ModelLabels,
): TrainingRow | null {
  const [newest] = standing(corrections);
  if (newest === undefined) return null;
  const said = (kind: FeedbackKind): string | undefined => corrections.find((row) => row.kind === kind)?.value;
  const [sentiment, topic, entities] = [said('sentiment'), said('topic'), said('entities')];
  const { model, ...model_labels } = labels;
  return {
    ...document,
    ...(sentiment !== undefined && { sentiment }),
    ...(topic !== undefined && { topic }),
    ...(entities !== undefined && { entities: readList(entities) }),
    model,
    model_labels,
    author: stableId('analyst', newest.author).slice(0, 16),
    at: newest.at,
  };
}

export function readList(text: string): string[] {
  return z.array(z.string()).parse(JSON.parse(text));
}

function listText(values: readonly string[]): string {
  return JSON.stringify([...new Set(values)].sort());
}

function modelValue(kind: 'sentiment' | 'topic' | 'entities', labels: ModelLabels): string {
  return kind === 'entities' ? listText(labels.entities) : labels[kind];
}

function isLater(a: FeedbackRow, b: FeedbackRow): boolean {
  return a.at === b.at ? a.id > b.id : a.at > b.at;
}

function newId(): string {
  return randomUUID().replaceAll('-', '');
}
