/**
 * A source that went quiet or died is an alert like any other: it fires, grows worse, ends, is grouped, silenced and sent
 * the same way. Ingest says it on the topic `sources`; what is said twice after a crash has the same id and revision, so
 * it is told once. See docs/decisions/0026-silent-sources.md.
 */
import { z } from 'zod';
import { isoTime, SCHEMA_VERSION, stableId, type Alert } from '../core/event.ts';
import type { State } from '../core/state/state.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';

/** What ingest says of a source: SourceNews of core/health.ts, as far as it is needed here. */
const newsSchema = z.object({
  at: z.iso.datetime({ precision: 3 }),
  name: z.string().min(1),
  type: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  usual_per_hour: z.number().nullable().default(null),
});
type News = z.output<typeof newsSchema>;

/** The alert of a source that is down. */
interface Down {
  readonly alert_id: string;
  readonly revision: number;
  readonly started_at: string;
  readonly status: string;
}

/** Reads what ingest says, as long as the signal lasts; `tell` resolves when the alert is durable. */
export async function readSourceNews(
  stream: Stream,
  state: State,
  group: string,
  signal: AbortSignal,
  tell: (alert: Alert) => Promise<void>,
): Promise<void> {
  const table = state.table<Down>('alerting.sources');
  const options = { maxMessages: 100, maxWaitMs: 50, signal };
  for await (const delivery of stream.subscribe<unknown>(TOPICS.sources, group, options)) {
    for (const { value } of delivery.messages) {
      const news = newsSchema.safeParse(value);
      if (!news.success) continue;
      const before = table.get(news.data.name);
      const alert = sourceAlert(news.data, before);
      if (alert === null) continue;
      await tell(alert);
      if (alert.state === 'resolved') await table.remove(news.data.name);
      else {
        const { alert_id, revision, started_at } = alert;
        await table.put(news.data.name, { alert_id, revision, started_at, status: news.data.status });
      }
    }
    await delivery.acknowledge();
  }
}

/** The change of a source's alert that this is, or null where it is none. Pure. */
export function sourceAlert({ at, name, type, status, reason, usual_per_hour }: News, before?: Down): Alert | null {
  const isDown = status === 'quiet' || status === 'dead';
  if (before === undefined ? !isDown : before.status === status) return null;
  const started_at = before?.started_at ?? at;
  const severity = (isDown ? status : before?.status) === 'dead' ? 'critical' : 'warning';
  const series = { kind: 'source', entity: null, topic: null, source: name } as const;
  const detector = 'source_health';
  const why = reason === null ? '' : ` ${reason.replace(/\.$/, '')}.`;
  return {
    schema_version: SCHEMA_VERSION,
    alert_id: before?.alert_id ?? stableId(detector, name, started_at),
    revision: (before?.revision ?? 0) + 1,
    state: isDown ? 'firing' : 'resolved',
    at: isoTime(Math.max(Date.parse(at), Date.parse(started_at))),
    started_at,
    series,
    name,
    severity,
    detector,
    observed: 0,
    expected: usual_per_hour ?? 0,
    interval: { low: 0, high: 0 },
    observed_share: 0,
    expected_share: 0,
    score: 0,
    documents: [],
    document_count: 0,
    story_count: 0,
    author_count: 0,
    source_count: 0,
    measure: 'stories',
    q_value: null,
    evidence: null,
    settings: '',
    page_url: null,
    summary: isDown
      ? {
          en: `The source ${name} (${type}) is ${status}.${why}`,
          zh: `数据源 ${name}（${type}）${status === 'dead' ? '已失效' : '异常沉默'}。${why}`,
        }
      : { en: `The source ${name} (${type}) works again.`, zh: `数据源 ${name}（${type}）已恢复。` },
    model: '',
    incident: '',
    // Sources that are down together are one message, apart from the news' alerts.
    labels: { kind: 'source', source: name, detector, severity, name, incident: 'sources' },
    resolution: null,
  };
}
