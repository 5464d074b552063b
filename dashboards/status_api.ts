/** The state of the whole, the sources, and what happens now. */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import { THIS_MACHINE } from './access.ts';
import { meAnswer, sourcesAnswer, statusAnswer } from './answers/status.ts';
import { defineRoute } from './route.ts';

/** Totals of the whole store are costly on a large one, and nobody reads them to the second. */
const TOTALS_LIFE_MS = 5_000;

const status = defineRoute({
  method: 'get',
  path: '/status',
  role: 'reader',
  subject: 'Status',
  summary: 'Version, model, totals and how old the newest document is',
  response: statusAnswer,
  async handler(_, { queries, share, clock, version, model }) {
    const [newest, labelled, totals] = await Promise.all([
      share('newest', () => queries.newest()),
      share('labelled', () => queries.lastLabelled()),
      share('totals', () => queries.totals(), TOTALS_LIFE_MS),
    ]);
    const now = clock.now();
    return {
      version,
      model: model() ?? totals.model,
      now: isoTime(now),
      opinions: totals.opinions,
      alerts: totals.alerts,
      newest_published_at: newest === null ? null : isoTime(newest),
      newest_labelled_at: labelled === null ? null : isoTime(labelled),
      lag_secs: newest === null ? null : Math.max(0, (now - newest) / 1000),
      sources: totals.sources,
    };
  },
});

const me = defineRoute({
  method: 'get',
  path: '/me',
  role: 'reader',
  subject: 'Status',
  summary: 'Who asks: the name of the token, its role, and whether that name signs what is written',
  response: meAnswer,
  handler({ actor }) {
    const { name, role, isNamed } = actor;
    return Promise.resolve({ name, role, signed_in: actor !== THIS_MACHINE, signs: isNamed });
  },
});

const sources = defineRoute({
  method: 'get',
  path: '/sources',
  role: 'reader',
  subject: 'Status',
  summary: 'How each source fares',
  description: 'By the process that reads them (role ingest).',
  response: sourcesAnswer,
  problems: [501],
  handler(_, services) {
    const health = services.sources();
    if (health === null) {
      throw new TidewatchError('model.missing', 'Sources are read by another process (role ingest).', {
        hint: 'Their metrics and alerts say how they fare.',
      });
    }
    return Promise.resolve({ sources: health });
  },
});

const live = defineRoute({
  method: 'get',
  path: '/live',
  role: 'reader',
  subject: 'Status',
  summary: 'What is labelled and alerted from now on, as server-sent events',
  description:
    'Events: opinions, alerts, sources, reset. With the header Last-Event-ID what was missed is sent first, out of the ' +
    'store, at most 1000 opinions and 200 alerts; where it is more, or more comes at once, a reset says so: fetch the views anew.',
  media: 'text/event-stream',
  response: z.string(),
  handler(asked, services) {
    if (services.live === null) throw new TidewatchError('input.absent', 'There are no live events here.');
    return services.live.open(asked.header('last-event-id') ?? null);
  },
});

export const statusRoutes = { status, me, sources, live };
