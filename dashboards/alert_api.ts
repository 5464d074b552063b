/** Alerts and incidents, each as its newest revision with the changes of its life. */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { alertStateSchema } from '../core/event.ts';
import { alertRow, alertsAnswer, alertsPage } from './answers/alert.ts';
import {
  cursor,
  limit,
  readCursor,
  seriesFilter,
  spanned,
  spanPlace,
  storedTime,
  withId,
  writeCursor,
} from './questions.ts';
import { defineRoute } from './route.ts';
import { untilNow, type ExactSpan } from './span.ts';

const alertPlace = z.tuple([...spanPlace, z.int().min(0).max(1), storedTime, z.string().min(1).max(64)]);

const alerts = defineRoute({
  method: 'get',
  path: '/alerts',
  role: 'reader',
  subject: 'Alerts',
  summary: 'Alerts whose life touches the span, firing first, then newest first',
  description:
    'One that was pending and passed without firing is left out. One that resolves between two pages may come on both. Where the span ends at the newest document, alerts are listed until now all the same.',
  query: spanned({ ...seriesFilter, state: alertStateSchema.optional(), cursor, limit: limit(50, 200) }),
  response: alertsPage,
  async handler({ query: { cursor: written, limit: most, ...query }, url }, { queries, share, span, clock }) {
    const place = written === undefined ? null : readCursor(written, 'alerts', alertPlace);
    const exact: ExactSpan =
      place === null
        ? untilNow(await span(query), clock.now())
        : { from: place[0], to: place[1], anchor: place[2], step: 0 };
    const after = place === null ? null : { rank: place[3], started_at: place[4], alert_id: place[5] };
    const { alerts: found, last } = await share(url, () => queries.storedAlerts(exact, query, most, after));
    const { from, to, anchor } = exact;
    const next_cursor =
      last === null ? null : writeCursor('alerts', from, to, anchor, last.rank, last.started_at, last.alert_id);
    // Not shared: who has just ended a silence asks within the second, and would see it still.
    return { alerts: await queries.withPeople(found), next_cursor };
  },
});

const alert = defineRoute({
  method: 'get',
  path: '/alerts/{id}',
  role: 'reader',
  subject: 'Alerts',
  summary: 'One alert with its evidence and history',
  params: withId,
  response: alertRow,
  problems: [404],
  async handler({ params }, { queries }) {
    return (await queries.alert(params.id)) ?? absent('alert');
  },
});

const incident = defineRoute({
  method: 'get',
  path: '/incidents/{id}',
  role: 'reader',
  subject: 'Alerts',
  summary: 'The alerts of an incident, the first to begin first',
  params: withId,
  response: alertsAnswer,
  problems: [404],
  async handler({ params }, { queries }) {
    const found = await queries.incident(params.id);
    return found.length === 0 ? absent('incident') : { alerts: found };
  },
});

export function absent(what: string): never {
  throw new TidewatchError('input.absent', `There is no such ${what}.`);
}

export const alertRoutes = { alerts, alert, incident };
