/**
 * What the page asks the store, in ClickHouse's SQL, gathered from one file a subject. Values go in as parameters, never
 * as text.
 */
import type { Clock } from '../core/clock.ts';
import type { Store } from '../core/store/store.ts';
import { readStory, type Story } from '../core/store/stories.ts';
import { TOPIC_NAMES_ZH } from '../core/topics.ts';
import { attentionOn } from './action_queries.ts';
import { createAlertQueries, type AlertQueries } from './alert_queries.ts';
import type { SeriesFilter } from './conditions.ts';
import type { Names, SeriesAnswer, StatusAnswer } from './contract.ts';
import { createFeedbackQueries } from './feedback_queries.ts';
import { createOpinionQueries, type OpinionQueries } from './opinion_queries.ts';
import { createSeriesQueries, type SeriesQueries } from './series_queries.ts';
import type { ExactSpan } from './span.ts';

export type StoredTotals = Pick<StatusAnswer, 'opinions' | 'alerts' | 'sources' | 'model'>;

export interface Queries
  extends
    OpinionQueries,
    Pick<
      AlertQueries,
      'alerts' | 'storedAlerts' | 'withPeople' | 'alert' | 'incident' | 'alertRevisions' | 'alertsStoredSince'
    >,
    Pick<SeriesQueries, 'timeline'> {
  series(kind: 'entity' | 'topic', span: ExactSpan, filter: SeriesFilter, limit: number): Promise<SeriesAnswer>;
  /** Totals over the whole store; `model` is the one that labelled last. */
  totals(): Promise<StoredTotals>;
  /** Size, first source and score of a story; null where there is none. */
  story(id: string): Promise<Story | null>;
  /** @throws TidewatchError storage.unavailable while the store does not answer */
  ping(): Promise<void>;
}

/** The questions of the page, bound to a store. `entityNames` gives an entity's display names. */
export function createQueries(store: Store, clock: Clock, entityNames: (id: string) => Names): Queries {
  const names = (kind: 'entity' | 'topic', id: string): Names =>
    kind === 'entity' ? entityNames(id) : { en: id, zh: TOPIC_NAMES_ZH[id] ?? id };
  const { onDocuments, onAlerts } = createFeedbackQueries(store);
  const alerts = createAlertQueries(store, names, onAlerts, attentionOn(store, clock));
  const series = createSeriesQueries(store, names);

  return {
    ...createOpinionQueries(store, clock, entityNames, onDocuments),
    alerts: alerts.alerts,
    storedAlerts: alerts.storedAlerts,
    withPeople: alerts.withPeople,
    alert: alerts.alert,
    incident: alerts.incident,
    alertRevisions: alerts.alertRevisions,
    alertsStoredSince: alerts.alertsStoredSince,
    timeline: series.timeline,
    story: (id) => readStory(store, id),

    async series(kind, span, filter, limit) {
      return series.series(kind, span, filter, limit, await alerts.firing(kind));
    },

    async totals() {
      const [[opinions], [newest], sources, states] = await Promise.all([
        store.query<{ opinions: number }>('SELECT count() AS opinions FROM opinions'),
        store.query<{ model: string }>(
          'SELECT model FROM opinions ORDER BY labelled_at DESC LIMIT 1 SETTINGS final = 0',
        ),
        store.query<{ source: string }>(
          'SELECT source FROM opinions GROUP BY source ORDER BY count() DESC, source LIMIT 200 SETTINGS final = 0',
        ),
        alerts.alertStates(),
      ]);
      return {
        opinions: opinions?.opinions ?? 0,
        model: newest?.model ?? null,
        sources: sources.map((row) => row.source),
        alerts: states,
      };
    },

    async ping() {
      await store.query('SELECT 1 AS one');
    },
  };
}
