/**
 * The JSON API that the page reads, and anyone else may. Routes only: what may be asked is in questions.ts, the SQL in
 * queries.ts. Answers are kept for a second and shared, so that many open pages cost the store no more than one.
 */
import { Hono } from 'hono';
import type { Clock } from '../core/clock.ts';
import { TidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { Metrics } from '../core/metrics.ts';
import type { SourceHealth } from '../core/health.ts';
import type { AlertsAnswer, SourcesAnswer, StatusAnswer } from './contract.ts';
import type { Live } from './live.ts';
import type { Queries } from './queries.ts';
import {
  alertsQuestion,
  nothingAsked,
  opinionsQuestion,
  readCursor,
  readQuestion,
  seriesQuestion,
  timelineQuestion,
} from './questions.ts';
import { shareAnswers } from './shared_answers.ts';
import { resolveSpan, type ExactSpan, type SpanQuestion } from './span.ts';

export interface ApiDependencies {
  readonly queries: Queries;
  readonly live: Live;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly version: string;
  sources(): readonly SourceHealth[];
  model(): string | null;
}

/** Totals of the whole store are costly on a large one, and nobody reads them to the second. */
const TOTALS_LIFE_MS = 5_000;

/** The routes below /api. Errors are thrown as TidewatchError and answered by the server. */
export function createApi({ queries, live, clock, metrics, version, sources, model }: ApiDependencies): Hono {
  const api = new Hono();
  const share = shareAnswers();
  const stage = metrics.stage('dashboards');
  const span = async (question: SpanQuestion, stepSecs?: number): Promise<ExactSpan> => {
    const { newest } = await share('extent', () => queries.extent());
    return resolveSpan(question, clock.now(), newest, stepSecs);
  };

  api.use(async (context, next) => {
    const start = performance.now();
    await next();
    context.header('Cache-Control', 'no-store');
    if (context.req.path !== '/api/live') stage.seconds((performance.now() - start) / 1000);
  });

  api.get('/status', async (context) => {
    readQuestion(context, nothingAsked);
    const [extent, totals] = await Promise.all([
      share('extent', () => queries.extent()),
      share('totals', () => queries.totals(), TOTALS_LIFE_MS),
    ]);
    const now = clock.now();
    const answer: StatusAnswer = {
      version,
      model: model() ?? totals.model,
      now: isoTime(now),
      opinions: totals.opinions,
      alerts: totals.alerts,
      newest_published_at: extent.newest === null ? null : isoTime(extent.newest),
      newest_labelled_at: extent.labelled === null ? null : isoTime(extent.labelled),
      lag_secs: extent.newest === null ? null : Math.max(0, (now - extent.newest) / 1000),
      sources: totals.sources,
    };
    return context.json(answer);
  });

  api.get('/series', async (context) => {
    const question = readQuestion(context, seriesQuestion);
    const exact = await span(question);
    return context.json(
      await share(context.req.url, () => queries.series(question.kind, exact, question, question.limit)),
    );
  });

  api.get('/timeline', async (context) => {
    const question = readQuestion(context, timelineQuestion);
    const exact = await span(question, question.step_secs);
    const buckets = (exact.to - exact.from) / exact.step;
    if (buckets > 2_000) {
      throw new TidewatchError('input.invalid', `step_secs: gives ${buckets} buckets; at most 2000 are answered.`);
    }
    return context.json(await share(context.req.url, () => queries.timeline(exact, question)));
  });

  api.get('/opinions', async (context) => {
    const { cursor, limit, ...question } = readQuestion(context, opinionsQuestion);
    const after = cursor === undefined ? null : readCursor(cursor);
    const exact = await span(question);
    return context.json(await share(context.req.url, () => queries.opinions(exact, question, after, limit)));
  });

  api.get('/alerts', async (context) => {
    const question = readQuestion(context, alertsQuestion);
    const exact = await span(question);
    const answer: AlertsAnswer = {
      alerts: await share(context.req.url, () => queries.alerts(exact, question, question.limit)),
    };
    return context.json(answer);
  });

  api.get('/alerts/:id', async (context) => {
    readQuestion(context, nothingAsked);
    const alert = await queries.alert(context.req.param('id'));
    if (alert === null)
      return context.json({ error: { code: 'input.invalid', message: 'There is no such alert.' } }, 404);
    return context.json(alert);
  });

  api.get('/stories/:id', async (context) => {
    readQuestion(context, nothingAsked);
    const story = await queries.story(context.req.param('id'));
    if (story === null)
      return context.json({ error: { code: 'input.invalid', message: 'There is no such story.' } }, 404);
    return context.json(story);
  });

  api.get('/sources', (context) => {
    readQuestion(context, nothingAsked);
    const answer: SourcesAnswer = { sources: sources() };
    return context.json(answer);
  });

  api.get('/live', (context) => live.open(context.req.header('last-event-id') ?? null));

  return api;
}
