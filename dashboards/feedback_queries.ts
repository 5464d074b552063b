/**
 * Feedback in the store: what stands on the documents or alerts of a view, the rows of one of them, and what is to be
 * learned from. Which row stands is decided by core/feedback.ts, not by SQL: one place, tested without a store.
 */
import { standing, trainingRow, type FeedbackRow, type ModelLabels, type TrainingRow } from '../core/feedback.ts';
import type { Store } from '../core/store/store.ts';
import { modelText } from '../core/text.ts';

/** What stands on these ids, by id. */
export type Standing = (ids: readonly string[]) => Promise<ReadonlyMap<string, readonly FeedbackRow[]>>;

type TargetColumn = 'document_id' | 'alert_id';

const COLUMNS = `id, at, kind, author, via, document_id, alert_id, value, reason, takes_back, model, model_value`;
const MOST_ROWS = 10_000;

export interface FeedbackQueries {
  readonly onDocuments: Standing;
  readonly onAlerts: Standing;
  /** Every row about one document or alert, or of all, oldest first; the newest 10,000. */
  rows(column: TargetColumn | null, id: string): Promise<FeedbackRow[]>;
  row(id: string): Promise<FeedbackRow | null>;
  /** The newest labels of a document; null where the store has none. */
  labels(documentId: string): Promise<ModelLabels | null>;
  hasAlert(alertId: string): Promise<boolean>;
  /**
   * Training rows of documents with feedback since `since` (ISO 8601; '' for all), by document id, after the id `after`;
   * those of `limit` documents, and the last of these ids where there may be more.
   */
  training(since: string, after: string, limit: number): Promise<{ rows: TrainingRow[]; last: string | null }>;
}

interface StoredLabels extends ModelLabels {
  readonly document_id: string;
  readonly title: string;
  readonly text: string;
  readonly language: string;
}

export function createFeedbackQueries(store: Store): FeedbackQueries {
  const on =
    (column: TargetColumn): Standing =>
    async (ids) => {
      const grouped = new Map<string, FeedbackRow[]>();
      if (ids.length === 0) return grouped;
      const rows = await store.query<FeedbackRow>(
        `SELECT ${COLUMNS} FROM feedback WHERE ${column} IN {ids:Array(String)} AND ${column} != ''
         ORDER BY at, id LIMIT ${MOST_ROWS}`,
        { ids },
      );
      for (const row of standing(rows)) {
        const known = grouped.get(row[column]);
        if (known === undefined) grouped.set(row[column], [row]);
        else known.push(row);
      }
      return grouped;
    };

  return {
    onDocuments: on('document_id'),
    onAlerts: on('alert_id'),

    async rows(column, id) {
      const where = column === null ? '1' : `${column} = {id:String}`;
      const rows = await store.query<FeedbackRow>(
        `SELECT ${COLUMNS} FROM feedback WHERE ${where} ORDER BY at DESC, id DESC LIMIT ${MOST_ROWS}`,
        column === null ? {} : { id },
      );
      return rows.reverse();
    },

    async row(id) {
      const [row] = await store.query<FeedbackRow>(`SELECT ${COLUMNS} FROM feedback WHERE id = {id:String} LIMIT 1`, {
        id,
      });
      return row ?? null;
    },

    async labels(documentId) {
      const [row] = await store.query<ModelLabels>(
        `SELECT model, sentiment, topic, entities FROM opinions WHERE document_id = {id:String}
         ORDER BY labelled_at DESC LIMIT 1 SETTINGS final = 0`,
        { id: documentId },
      );
      return row ?? null;
    },

    async hasAlert(alertId) {
      const rows = await store.query('SELECT 1 AS found FROM alerts WHERE alert_id = {id:String} LIMIT 1', {
        id: alertId,
      });
      return rows.length > 0;
    },

    async training(since, after, limit) {
      const found = await store.query<{ document_id: string }>(
        `SELECT document_id FROM feedback WHERE document_id > {after:String}
           ${since === '' ? '' : 'AND at >= {since:DateTime64(3)}'}
         GROUP BY document_id ORDER BY document_id LIMIT {limit:UInt32}`,
        { after, limit, ...(since !== '' && { since }) },
      );
      const ids = found.map((row) => row.document_id);
      if (ids.length === 0) return { rows: [], last: null };
      const stored = await store.query<StoredLabels>(
        `SELECT document_id, title, text, language, model, sentiment, topic, entities FROM opinions
         WHERE document_id IN {ids:Array(String)} ORDER BY labelled_at DESC LIMIT 1 BY document_id SETTINGS final = 0`,
        { ids },
      );
      const documents = new Map(stored.map((row) => [row.document_id, row]));
      const said = await on('document_id')(ids);
      const rows = ids.flatMap((id) => {
        const document = documents.get(id);
        const corrections = said.get(id) ?? [];
        const authors = [...new Set(corrections.map(({ author }) => author))];
        if (document === undefined) return [];
        const { title, text, language, model, sentiment, topic, entities } = document;
        const shown = { id, text: modelText(title || null, text), language };
        return authors.flatMap((name) => {
          const own = corrections.filter(({ author }) => author === name);
          return trainingRow(own, shown, { model, sentiment, topic, entities }) ?? [];
        });
      });
      return { rows: rows.filter(({ at }) => at >= since), last: ids.length < limit ? null : (ids.at(-1) ?? null) };
    },
  };
}

export function feedbackOf(said: Awaited<ReturnType<Standing>>, id: string): readonly FeedbackRow[] {
  return said.get(id) ?? [];
}
