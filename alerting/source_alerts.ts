/**
 * A source that went quiet or died is an alert like any other: it fires, grows worse, ends, is grouped, silenced and sent
 * the same way. Ingest says it on the topic `sources`; what is said twice after a crash has the same id and revision, so
 * it is told once. See docs/decisions/0026-silent-sources.md.
 */
import { z } from 'zod';
import { isoTime, SCHEMA_VERSION, stableId, type Alert } from '../core/event.ts';
import type { State } from '../core/state/state.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';
import { said, whyInChinese, whyInEnglish } from './source_words.ts';
import { pageOf } from './statement.ts';

const DETECTOR = 'source_health';

const time = z.iso.datetime({ precision: 3 });
const causeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('silence'), since: time, expected: z.number(), probability: z.number() }),
  z.object({ kind: z.literal('failure'), since: time, error: z.string().nullable() }),
]);

/** What ingest says of a source: SourceNews of core/health.ts, as far as it is needed here. */
const newsSchema = z.object({
  at: time,
  name: z.string().min(1),
  /** Absent where it has left the settings. */
  type: z.string().optional(),
  status: z.string(),
  reason: z.string().nullable().default(null),
  /** Of a form that this version does not know, it is none. */
  cause: causeSchema.optional().catch(undefined),
  usual_per_hour: z.number().nullable().default(null),
});
type News = z.output<typeof newsSchema>;
type Resolution = NonNullable<Alert['resolution']>;

/** The alert of a source that is down. */
interface Down {
  readonly alert_id: string;
  readonly revision: number;
  readonly started_at: string;
  readonly status: string;
  /** Absent in what an earlier version wrote. */
  readonly type?: string;
  readonly usual_per_hour?: number | null;
}

export interface SourceAlerts {
  /** The changes of alerts that these news are. */
  hear(news: readonly News[]): Alert[];
  /** Ends an alert by a person's word; null where no source has it. `at` in epoch milliseconds. */
  end(alertId: string, at: number, resolution: Resolution): Alert | null;
  /** Writes down what was answered, to be called once that is durable. */
  settle(): Promise<void>;
}

/**
 * Opens them as they were last told. What was answered counts as told at once, so that a save that fails does not tell it twice.
 * @param publicUrl where people reach the page, without a slash at its end; null where nobody said
 */
export function openSourceAlerts(state: State, publicUrl: string | null): SourceAlerts {
  const table = state.table<Down>('alerting.sources');
  const unsettled = new Map<string, Down | null>();

  const linked = (alert: Alert): Alert => ({ ...alert, page_url: pageOf(alert.alert_id, publicUrl) });

  function lastOf(name: string): Down | undefined {
    const known = unsettled.get(name);
    return known === undefined ? table.get(name) : (known ?? undefined);
  }

  function hearOne(news: News): Alert[] {
    const alert = sourceAlert(news, lastOf(news.name));
    if (alert === null) return [];
    const { alert_id, revision, started_at } = alert;
    const { status, type, usual_per_hour } = news;
    const down = { alert_id, revision, started_at, status, usual_per_hour, ...(type !== undefined && { type }) };
    unsettled.set(news.name, alert.state === 'resolved' ? null : down);
    return [linked(alert)];
  }

  return {
    hear: (news) => news.flatMap(hearOne),
    end(alertId, at, resolution) {
      const written = Array.from(table.entries(), ({ key }) => key);
      for (const name of new Set([...written, ...unsettled.keys()])) {
        const down = lastOf(name);
        if (down?.alert_id !== alertId) continue;
        unsettled.set(name, null);
        return linked(sourceEnd(name, down, at, resolution));
      }
      return null;
    },
    async settle() {
      if (unsettled.size === 0) return;
      await state.transaction(() => {
        for (const [name, down] of unsettled) void (down === null ? table.remove(name) : table.put(name, down));
      });
      unsettled.clear();
    },
  };
}

/** Hands what ingest says to `act`, as long as the signal lasts, and acknowledges it when that has resolved. */
export async function readSourceNews(
  stream: Stream,
  group: string,
  signal: AbortSignal,
  act: (news: readonly News[]) => Promise<void>,
): Promise<void> {
  const options = { maxMessages: 100, maxWaitMs: 50, signal };
  for await (const delivery of stream.subscribe<unknown>(TOPICS.sources, group, options)) {
    const news = delivery.messages.flatMap(({ value }) => {
      const parsed = newsSchema.safeParse(value);
      return parsed.success ? [parsed.data] : [];
    });
    if (news.length > 0) await act(news);
    await delivery.acknowledge();
  }
}

/** The change of a source's alert that this is, or null where it is none. Pure. */
export function sourceAlert(news: News, before?: Down): Alert | null {
  const { at, name, type, status, usual_per_hour } = news;
  const isDown = status === 'quiet' || status === 'dead';
  if (before === undefined ? !isDown : before.status === status) return null;
  const { en, zh } = said(name, type ?? before?.type, status);
  return rowOf(name, {
    alert_id: before?.alert_id ?? stableId(DETECTOR, name, at),
    revision: (before?.revision ?? 0) + 1,
    state: isDown ? 'firing' : 'resolved',
    at,
    started_at: before?.started_at ?? at,
    severity: severityOf(isDown ? status : before?.status),
    expected: usual_per_hour ?? 0,
    summary: { en: `${en}.${whyInEnglish(news)}`, zh: `${zh}。${whyInChinese(news)}` },
    resolution: null,
  });
}

/** The end of a source's alert by a person's word: the source may be as it was. Pure. */
function sourceEnd(name: string, down: Down, at: number, resolution: Resolution): Alert {
  const { alert_id, revision, started_at, status, type, usual_per_hour } = down;
  const { en, zh } = said(name, type, status);
  return rowOf(name, {
    alert_id,
    revision: revision + 1,
    state: 'resolved',
    at: isoTime(at),
    started_at,
    severity: severityOf(status),
    expected: usual_per_hour ?? 0,
    summary: { en: `${en}; its alert was ended by hand.`, zh: `${zh}；预警已人工关闭。` },
    resolution,
  });
}

function severityOf(status: string | undefined): Alert['severity'] {
  return status === 'dead' ? 'critical' : 'warning';
}

type Told =
  | 'alert_id'
  | 'revision'
  | 'state'
  | 'at'
  | 'started_at'
  | 'severity'
  | 'expected'
  | 'summary'
  | 'resolution';

/** The row of a source's alert: it counts no stories, so most of what other alerts say is empty. */
function rowOf(name: string, told: Pick<Alert, Told>): Alert {
  const { at, started_at, severity } = told;
  return {
    ...told,
    schema_version: SCHEMA_VERSION,
    at: isoTime(Math.max(Date.parse(at), Date.parse(started_at))),
    series: { kind: 'source', entity: null, topic: null, source: name },
    name,
    detector: DETECTOR,
    observed: 0,
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
    model: '',
    incident: '',
    // Sources that are down together are one message, apart from the news' alerts.
    labels: { kind: 'source', source: name, detector: DETECTOR, severity, name, incident: 'sources' },
  };
}
