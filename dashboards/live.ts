/**
 * Server-sent events: what was labelled, which alerts changed, how the sources fare. One poll of the store a second
 * serves every open page; with no page open nothing is asked. Polling, not a hook into the classifier, because the page
 * may run in another process than the stages that write, and the store is the one place where their work meets.
 *
 * The event id is the labelling time up to which a client has seen everything, so that Last-Event-ID resumes there.
 * Rows may become visible a little out of that order (two workers), so each poll looks back a few seconds and remembers
 * what it already sent.
 */
import type { Clock } from '../core/clock.ts';
import { toTidewatchError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { SourceHealth } from '../core/health.ts';
import type { LiveEvents, OpinionRow } from './contract.ts';
import type { Queries } from './queries.ts';

const POLL_MS = 1_000;
const HEARTBEAT_MS = 15_000;
const LOOK_BACK_MS = 5_000;
/** More news than this between two polls is told as `reset`: fetch the views anew instead of row by row. */
const MOST_ROWS = 300;
/** Unread events after which a client is let go; it comes back by itself and resumes. */
const MOST_UNREAD = 200;
const MOST_CLIENTS = 500;

export interface LiveDependencies {
  readonly queries: Queries;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Ends the polling when the process is asked to stop. */
  readonly signal: AbortSignal;
  sources(): readonly SourceHealth[];
}

export interface Live {
  /** The event stream of one client. `lastEventId` is the header of that name, null on a first visit. */
  open(lastEventId: string | null): Promise<Response>;
  close(): Promise<void>;
}

type Client = ReadableStreamDefaultController<Uint8Array>;

export function createLive({ queries, clock, log, metrics, signal, sources }: LiveDependencies): Live {
  const clients = new Set<Client>();
  const encoder = new TextEncoder();
  const closing = new AbortController();
  const stop = AbortSignal.any([signal, closing.signal]);
  let loop: Promise<void> = Promise.resolve();
  let started: Promise<void> | null = null;
  /** Labelling time up to which everything was sent. */
  let seenUntil = 0;
  /** Rows sent within the look-back, by document and labelling time. */
  let sent = new Map<string, number>();
  let alertStates = new Map<string, number>();
  let sourceState = '';
  let beat = 0;

  const send = (client: Client, text: string): void => {
    if ((client.desiredSize ?? 0) <= 0) {
      clients.delete(client);
      metrics.stage('dashboards').skipped('slow_reader');
      client.close();
      return;
    }
    client.enqueue(encoder.encode(text));
  };
  const event = <Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): string =>
    `id: ${seenUntil}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  const tell = <Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): void => {
    const text = event(name, data);
    for (const client of clients) send(client, text);
  };

  const begin = async (): Promise<void> => {
    seenUntil = (await queries.extent()).labelled ?? 0;
    sent = new Map();
    for (const row of await queries.labelledSince(seenUntil - LOOK_BACK_MS, MOST_ROWS))
      sent.set(keyOf(row), Date.parse(row.labelled_at));
    alertStates = new Map((await queries.alertRevisions()).map((alert) => [alert.alert_id, alert.revision]));
    sourceState = JSON.stringify(sources());
  };

  const poll = async (): Promise<void> => {
    const rows = await queries.labelledSince(seenUntil - LOOK_BACK_MS, MOST_ROWS + sent.size);
    const news = rows.filter((row) => !sent.has(keyOf(row)));
    for (const row of news) sent.set(keyOf(row), Date.parse(row.labelled_at));
    seenUntil = Math.max(seenUntil, ...news.map((row) => Date.parse(row.labelled_at)));
    for (const [key, at] of sent) if (at < seenUntil - LOOK_BACK_MS) sent.delete(key);
    if (news.length >= MOST_ROWS) {
      seenUntil = (await queries.extent()).labelled ?? seenUntil;
      tell('reset', {});
    } else if (news.length > 0) tell('opinions', { opinions: news });

    const revisions = await queries.alertRevisions();
    const changed = revisions.filter((alert) => alertStates.get(alert.alert_id) !== alert.revision);
    if (changed.length > 0) {
      alertStates = new Map(revisions.map((alert) => [alert.alert_id, alert.revision]));
      const rowsOf = await Promise.all(changed.slice(0, 50).map((alert) => queries.alert(alert.alert_id)));
      tell('alerts', { alerts: rowsOf.filter((row) => row !== null) });
    }
    const health = JSON.stringify(sources());
    if (health !== sourceState) {
      sourceState = health;
      tell('sources', { sources: sources() });
    }
  };

  const run = async (): Promise<void> => {
    while (clients.size > 0 && !stop.aborted) {
      await clock.sleep(POLL_MS, stop).catch(() => undefined);
      if (stop.aborted) break;
      try {
        await poll();
      } catch (thrown) {
        const error = toTidewatchError(thrown, 'storage.unavailable');
        metrics.stage('dashboards').error(error.code);
        log.warn({ code: error.code }, `Live events wait for the store: ${error.message}`);
      }
      beat += POLL_MS;
      if (beat >= HEARTBEAT_MS) {
        beat = 0;
        for (const client of clients) send(client, ': still here\n\n');
      }
    }
    started = null;
  };
  /** Starts the loop unless it runs; those who come while it starts wait for the same start. */
  const ensureRunning = (): Promise<void> =>
    (started ??= begin().then(
      () => {
        loop = run();
      },
      (error: unknown) => {
        started = null;
        throw error;
      },
    ));

  /**
   * What a client should know before the events that follow: what a returning one missed, and for a new one the last few
   * seconds, since it asked for its views a moment before it came here. A long absence or an unknown id is a reset.
   */
  const catchUp = async (lastEventId: string | null): Promise<string> => {
    const since = lastEventId === null ? seenUntil : /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : null;
    if (since === null) return event('reset', {});
    const rows = await queries.labelledSince(since - LOOK_BACK_MS, MOST_ROWS);
    if (rows.length === 0) return '';
    if (rows.length < MOST_ROWS) return event('opinions', { opinions: rows });
    return lastEventId === null ? '' : event('reset', {});
  };

  /** Listens first and catches up then, so that nothing falls in between; what comes twice has the same id. */
  const admit = async (client: Client, lastEventId: string | null): Promise<void> => {
    clients.add(client);
    try {
      await ensureRunning();
      const text = await catchUp(lastEventId);
      if (text !== '') send(client, text);
    } catch (error) {
      clients.delete(client);
      throw error;
    }
  };

  return {
    async open(lastEventId) {
      if (clients.size >= MOST_CLIENTS || stop.aborted) {
        return Response.json({ error: { code: 'input.invalid', message: 'Too many live readers.' } }, { status: 503 });
      }
      let mine: Client | undefined;
      const body = new ReadableStream<Uint8Array>(
        {
          start(client) {
            mine = client;
            client.enqueue(encoder.encode('retry: 1000\n\n'));
          },
          cancel() {
            if (mine !== undefined) clients.delete(mine);
          },
        },
        new CountQueuingStrategy({ highWaterMark: MOST_UNREAD }),
      );
      if (mine !== undefined) await admit(mine, lastEventId);
      return new Response(body, {
        headers: {
          'Content-Type': 'text/event-stream; charset=utf-8',
          'Cache-Control': 'no-store',
          'X-Accel-Buffering': 'no',
        },
      });
    },
    async close() {
      closing.abort(new Error('The server is stopping.'));
      await loop;
      for (const client of clients) client.close();
      clients.clear();
    },
  };
}

function keyOf(row: OpinionRow): string {
  return `${row.document_id} ${row.labelled_at}`;
}
