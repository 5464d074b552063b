/** Alerts, each as its newest revision with the changes of its life. The table holds a row a change, with the whole alert as JSON. */
import type { Alert } from '../core/event.ts';
import { alertFromRow } from '../core/store/rows.ts';
import type { Store } from '../core/store/store.ts';
import type { AttentionOn } from './action_queries.ts';
import { alertNames } from './alert_names.ts';
import { alertConditions, moment, type SeriesFilter } from './conditions.ts';
import type { AlertRow, Names } from './contract.ts';
import { feedbackOf, type Standing } from './feedback_queries.ts';
import type { ExactSpan } from './span.ts';

export interface AlertFilter extends SeriesFilter {
  readonly state?: Alert['state'] | undefined;
}

/** Where an alert stands in the list: 0 while it fires, 1 else. One that resolves between two pages may come twice. */
export interface AlertPlace {
  readonly rank: number;
  readonly started_at: string;
  readonly alert_id: string;
}

/** An alert by its own table alone, without what people did about it. */
export type StoredAlert = Omit<AlertRow, 'feedback' | 'silences' | 'acknowledged'>;

export interface AlertPage<Row = AlertRow> {
  readonly alerts: readonly Row[];
  /** Place of the last one, where there are more. */
  readonly last: AlertPlace | null;
}

export interface AlertQueries {
  /** A page of the alerts whose life touches the span, firing first, then newest first, that starts behind `after`. */
  alerts(span: ExactSpan, filter: AlertFilter, limit: number, after?: AlertPlace | null): Promise<AlertPage>;
  /** That page without what people did, for answers that are kept a while. */
  storedAlerts(
    span: ExactSpan,
    filter: AlertFilter,
    limit: number,
    after?: AlertPlace | null,
  ): Promise<AlertPage<StoredAlert>>;
  /** Alerts with what people did about them until now. */
  withPeople(rows: readonly StoredAlert[]): Promise<AlertRow[]>;
  alert(id: string): Promise<AlertRow | null>;
  /** The alerts of an incident, the first to begin first; at most 100. */
  incident(id: string): Promise<AlertRow[]>;
  /** The newest revision of each of the thousand alerts that changed last, and when it was stored (epoch milliseconds). */
  alertRevisions(): Promise<{ alert_id: string; revision: number; stored: number }[]>;
  /** Ids of alerts of which a revision was stored after `since` (epoch milliseconds), the first to change first. */
  alertsStoredSince(since: number, limit: number): Promise<string[]>;
  /** Alerts that fire now, by the id of their entity or topic. */
  firing(kind: 'entity' | 'topic'): Promise<ReadonlyMap<string, number>>;
  alertStates(): Promise<Record<Alert['state'], number>>;
}

/** What was pending and passed without firing was no alert to anybody; its own address shows it all the same. */
const WORTH_LISTING = `(argMax(alerts.state, revision) != 'resolved' OR countIf(alerts.state = 'firing') > 0)`;

/** `names` gives the display names of a series, `verdicts` what stands on alerts, `attention` who silences or looks after them. */
export function createAlertQueries(
  store: Store,
  names: (kind: 'entity' | 'topic', id: string) => Names,
  verdicts: Standing,
  attention: AttentionOn,
): AlertQueries {
  const withPeople = async (rows: readonly StoredAlert[]): Promise<AlertRow[]> => {
    const [said, done] = await Promise.all([verdicts(rows.map(({ alert_id }) => alert_id)), attention(rows)]);
    return rows.map((row) => ({
      ...row,
      feedback: feedbackOf(said, row.alert_id),
      ...(done.get(row.alert_id) ?? { silences: [], acknowledged: null }),
    }));
  };
  /** One alert from the bodies of all its revisions, oldest first; none from none. */
  const whole = (bodies: readonly string[]): StoredAlert[] => {
    const revisions = bodies.map((body) => alertFromRow({ body }));
    const newest = revisions.at(-1);
    if (newest === undefined) return [];
    const history = revisions.map(({ revision, state, at, severity, observed, expected }) => ({
      revision,
      state,
      at,
      severity,
      observed,
      expected,
    }));
    return [{ ...newest, names: alertNames(newest, names), history }];
  };

  const queries: AlertQueries = {
    withPeople,

    async alerts(span, filter, limit, after = null) {
      const { alerts, last } = await queries.storedAlerts(span, filter, limit, after);
      return { alerts: await withPeople(alerts), last };
    },

    async storedAlerts(span, filter, limit, after = null) {
      const { sql, params } = alertConditions(filter);
      const { state } = filter;
      const behind = `AND (rank > {rank:UInt8} OR rank = {rank:UInt8} AND (started < {started:DateTime64(3)}
        OR started = {started:DateTime64(3)} AND alert_id > {last:String}))`;
      const rows = await store.query<{ bodies: string[]; rank: number; started: string; alert_id: string }>(
        `SELECT alert_id, arrayMap(pair -> pair.2, arraySort(pair -> pair.1, groupArray((revision, body)))) AS bodies,
           toUInt8(argMax(state, revision) != 'firing') AS rank, min(started_at) AS started
         FROM alerts WHERE 1${sql} GROUP BY alert_id
         HAVING (argMax(state, revision) != 'resolved' OR max(at) >= ${moment('from')}) AND ${WORTH_LISTING}
           AND min(started_at) < ${moment('to')}
           ${state === undefined ? '' : 'AND argMax(state, revision) = {state:String}'}
           ${after === null ? '' : behind}
         ORDER BY rank, started DESC, alert_id LIMIT {limit:UInt32}`,
        {
          ...params,
          ...(state !== undefined && { state }),
          ...(after !== null && { rank: after.rank, started: after.started_at, last: after.alert_id }),
          from: span.from,
          to: span.to,
          limit: limit + 1,
        },
      );
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      return {
        alerts: page.flatMap((row) => whole(row.bodies)),
        last: last === undefined ? null : { rank: last.rank, started_at: last.started, alert_id: last.alert_id },
      };
    },

    async alert(id) {
      const rows = await store.query<{ body: string }>(
        'SELECT body FROM alerts WHERE alert_id = {id:String} ORDER BY revision',
        { id },
      );
      return (await withPeople(whole(rows.map((row) => row.body))))[0] ?? null;
    },

    async incident(id) {
      const rows = await store.query<{ bodies: string[] }>(
        `SELECT arrayMap(pair -> pair.2, arraySort(pair -> pair.1, groupArray((revision, body)))) AS bodies
         FROM alerts GROUP BY alert_id HAVING argMax(JSONExtractString(body, 'incident'), revision) = {id:String}
         ORDER BY min(started_at), alert_id LIMIT 100`,
        { id },
      );
      return withPeople(rows.flatMap((row) => whole(row.bodies)));
    },

    alertRevisions: () =>
      store.query(
        `SELECT alert_id, max(revision) AS revision, toUnixTimestamp64Milli(max(stored_at)) AS stored FROM alerts
         GROUP BY alert_id ORDER BY max(stored_at) DESC, alert_id LIMIT 1000`,
      ),

    async alertsStoredSince(since, limit) {
      const rows = await store.query<{ alert_id: string }>(
        `SELECT alert_id FROM alerts WHERE stored_at > ${moment('since')}
         GROUP BY alert_id ORDER BY max(stored_at), alert_id LIMIT {limit:UInt32}`,
        { since, limit },
      );
      return rows.map((row) => row.alert_id);
    },

    async firing(kind) {
      const rows = await store.query<{ id: string; alerts: number }>(
        `SELECT id, count() AS alerts FROM (
           SELECT any(${kind}) AS id, argMax(state, revision) AS current
           FROM alerts WHERE series_kind = {kind:String} GROUP BY alert_id
         ) WHERE current = 'firing' GROUP BY id`,
        { kind },
      );
      return new Map(rows.map((row) => [row.id, row.alerts]));
    },

    async alertStates() {
      const rows = await store.query<{ state: Alert['state']; alerts: number }>(
        `SELECT state, count() AS alerts FROM (
           SELECT argMax(alerts.state, revision) AS state FROM alerts GROUP BY alert_id HAVING ${WORTH_LISTING}
         ) GROUP BY state`,
      );
      const counts = { pending: 0, firing: 0, resolved: 0 };
      for (const row of rows) counts[row.state] = row.alerts;
      return counts;
    },
  };
  return queries;
}
