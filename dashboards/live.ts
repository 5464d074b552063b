/**
 * Server-sent events: what was labelled, which alerts changed, how the sources fare. One poll of the store a second
 * serves every open page; with no page open nothing is asked. Polling, not a hook into the classifier, because the page
 * may run in another process than the stages that write, and the store is the one place where their work meets.
 *
 * The event id is two times, both by the machines' clocks: up to which labels, and up to which changes of alerts, a
 * client has seen everything. With Last-Event-ID what came since is read from the store and sent before anything else;
 * where that is more than is worth sending, a `reset` says so. Rows may become visible a little out of
 * order (two workers), so each look goes back a few seconds: what is sent twice has the same ids.
 */
import type { Clock } from '../core/clock.ts';
import { TidewatchError, toTidewatchError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { SourceHealth } from '../core/health.ts';
import type { AlertRow, LiveEvents, OpinionRow } from './contract.ts';
import type { Queries } from './queries.ts';

const POLL_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** Has data, because a browser hands on no comment, and no name, because it is news of nothing: other readers pass it over. */
const HEARTBEAT = 'data: "still here"\n\n';
const LOOK_BACK_MS = 5_000;
/** More news than this between two polls is told as `reset`: fetch the views anew instead of row by row. */
const MOST_ROWS = 300;
/** What a returning client is sent at most, in events of so many rows; more is told as `reset`. */
const MOST_MISSED = 1_000;
const MISSED_PART = 100;
/** So many changed alerts are told at most, be it between two polls or to a returning client; more is told as `reset`. */
const MOST_ALERTS = 200;
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
  /** Null where another process reads them: then nothing is told of them. */
  sources(): readonly SourceHealth[] | null;
}

export interface Live {
  /** The event stream of one client. `lastEventId` is the header of that name, null on a first visit. */
  open(lastEventId: string | null): Promise<Response>;
  close(): Promise<void>;
}

type Client = ReadableStreamDefaultController<Uint8Array>;

/** Up to when everything was seen, epoch milliseconds: labels, and stored changes of alerts. */
interface Seen {
  readonly labelled: number;
  readonly stored: number;
}

export function createLive({ queries, clock, log, metrics, signal, sources }: LiveDependencies): Live {
  const clients = new Set<Client>();
  /** What happens while a client is being told what it missed, by client: it hears that after. */
  const joining = new Map<Client, string[]>();
  const encoder = new TextEncoder();
  const closing = new AbortController();
  const stop = AbortSignal.any([signal, closing.signal]);
  let loop: Promise<void> = Promise.resolve();
  let started: Promise<void> | null = null;
  /** Labelling time up to which everything was sent. */
  let seenUntil = 0;
  let storedUntil = 0;
  /** Rows sent within the look-back, by document and labelling time. */
  let sent = new Map<string, number>();
  let alertStates = new Map<string, number>();
  let sourceState = '';

  const send = (client: Client, text: string): void => {
    if ((client.desiredSize ?? 0) <= 0) {
      clients.delete(client);
      metrics.stage('dashboards').skipped('slow_reader');
      client.close();
      return;
    }
    client.enqueue(encoder.encode(text));
  };
  const event = <Name extends keyof LiveEvents>(
    name: Name,
    data: LiveEvents[Name],
    { labelled, stored }: Seen = { labelled: seenUntil, stored: storedUntil },
  ): string => `id: ${labelled}-${stored}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  const tell = <Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): void => {
    const text = event(name, data);
    for (const waiting of joining.values()) waiting.push(text);
    for (const client of clients) send(client, text);
  };
  const alertsOf = async (ids: readonly string[]): Promise<AlertRow[]> =>
    (await Promise.all(ids.map((id) => queries.alert(id)))).filter((row) => row !== null);
  const see = (revisions: Awaited<ReturnType<Queries['alertRevisions']>>): void => {
    alertStates = new Map(revisions.map((alert) => [alert.alert_id, alert.revision]));
    for (const { stored } of revisions) storedUntil = Math.max(storedUntil, stored);
  };

  const begin = async (): Promise<void> => {
    seenUntil = (await queries.lastLabelled()) ?? 0;
    sent = new Map();
    for (const row of await queries.labelledSince(seenUntil - LOOK_BACK_MS, MOST_ROWS))
      sent.set(keyOf(row), Date.parse(row.labelled_at));
    see(await queries.alertRevisions());
    sourceState = JSON.stringify(sources());
  };

  const poll = async (): Promise<void> => {
    const rows = await queries.labelledSince(seenUntil - LOOK_BACK_MS, MOST_ROWS + sent.size);
    const news = rows.filter((row) => !sent.has(keyOf(row)));
    const isTooMuch = news.length >= MOST_ROWS;
    // All that may fail comes before anything counts as seen: what was not told is told by the next poll.
    const newest = isTooMuch ? await queries.lastLabelled() : null;
    for (const row of news) sent.set(keyOf(row), Date.parse(row.labelled_at));
    seenUntil = Math.max(seenUntil, ...news.map((row) => Date.parse(row.labelled_at)));
    for (const [key, at] of sent) if (at < seenUntil - LOOK_BACK_MS) sent.delete(key);
    if (isTooMuch) {
      seenUntil = newest ?? seenUntil;
      tell('reset', { reason: 'too_much' });
    } else if (news.length > 0) tell('opinions', { opinions: news });

    const revisions = await queries.alertRevisions();
    const changed = revisions.filter((alert) => alertStates.get(alert.alert_id) !== alert.revision);
    if (changed.length > MOST_ALERTS) {
      see(revisions);
      tell('reset', { reason: 'too_much' });
    } else if (changed.length > 0) {
      const alerts = await alertsOf(changed.map(({ alert_id }) => alert_id));
      see(revisions);
      tell('alerts', { alerts });
    }
    const health = sources();
    const state = JSON.stringify(health);
    if (health !== null && state !== sourceState) {
      sourceState = state;
      tell('sources', { sources: health });
    }
  };

  /** Beside the polls: one that waits for a slow store must not look like a connection that died. */
  const beat = async (over: AbortSignal): Promise<void> => {
    while (!over.aborted) {
      await clock.sleep(HEARTBEAT_MS, over).catch(() => undefined);
      if (!over.aborted) for (const client of clients) send(client, HEARTBEAT);
    }
  };
  const run = async (): Promise<void> => {
    const over = new AbortController();
    const beating = beat(over.signal);
    while (clients.size + joining.size > 0 && !stop.aborted) {
      await clock.sleep(POLL_MS, stop).catch(() => undefined);
      if (stop.aborted) break;
      try {
        await poll();
      } catch (thrown) {
        const error = toTidewatchError(thrown, 'storage.unavailable');
        metrics.stage('dashboards').error(error.code);
        log.warn({ code: error.code }, `Live events wait for the store: ${error.message}`);
      }
    }
    over.abort();
    started = null;
    await beating;
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

  /** What a new client should know: the last few seconds, since it asked for its views a moment before it came here. */
  const lately = async (): Promise<string[]> => {
    const rows = await queries.labelledSince(seenUntil - LOOK_BACK_MS, MOST_ROWS);
    if (rows.length >= MOST_ROWS) return [event('reset', { reason: 'too_much' })];
    return rows.length === 0 ? [] : [event('opinions', { opinions: rows })];
  };

  /** What a returning client missed: labels first, then alerts, each with the id up to which it then has everything. */
  const missed = async (lastEventId: string): Promise<string[]> => {
    const seen = readSeen(lastEventId);
    // Not of this store: it knows nothing so new.
    const isAhead =
      seen !== null && (seen.labelled > seenUntil + LOOK_BACK_MS || seen.stored > storedUntil + LOOK_BACK_MS);
    if (seen === null || isAhead) return [event('reset', { reason: 'unknown_id' })];
    const [rows, alertIds] = await Promise.all([
      queries.labelledSince(seen.labelled - LOOK_BACK_MS, MOST_MISSED + 1),
      queries.alertsStoredSince(seen.stored - LOOK_BACK_MS, MOST_ALERTS + 1),
    ]);
    if (rows.length > MOST_MISSED || alertIds.length > MOST_ALERTS) return [event('reset', { reason: 'too_much' })];
    const events: string[] = [];
    let { labelled } = seen;
    for (let start = 0; start < rows.length; start += MISSED_PART) {
      const part = rows.slice(start, start + MISSED_PART);
      labelled = Math.max(labelled, ...part.map((row) => Date.parse(row.labelled_at)));
      events.push(event('opinions', { opinions: part }, { labelled, stored: seen.stored }));
    }
    if (alertIds.length > 0) {
      const alerts = await alertsOf(alertIds);
      events.push(event('alerts', { alerts }, { labelled, stored: Math.max(seen.stored, storedUntil) }));
    }
    return events;
  };

  /** Tells what was missed before what happens meanwhile: the id of an event never says more than was sent. */
  const admit = async (client: Client, lastEventId: string | null): Promise<void> => {
    const meanwhile: string[] = [];
    joining.set(client, meanwhile);
    try {
      await ensureRunning();
      const events = lastEventId === null ? await lately() : await missed(lastEventId);
      if (!joining.has(client)) return;
      clients.add(client);
      for (const text of [...events, ...meanwhile]) if (clients.has(client)) send(client, text);
    } finally {
      joining.delete(client);
    }
  };

  return {
    async open(lastEventId) {
      if (clients.size >= MOST_CLIENTS || stop.aborted) {
        throw new TidewatchError('access.too_many', 'Too many live readers.', { retryAfterMs: 10_000 });
      }
      let mine: Client | undefined;
      const body = new ReadableStream<Uint8Array>(
        {
          start(client) {
            mine = client;
            client.enqueue(encoder.encode('retry: 1000\n\n'));
          },
          cancel() {
            if (mine === undefined) return;
            joining.delete(mine);
            clients.delete(mine);
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

/** What an event's id says; null for text that is none. */
function readSeen(id: string): Seen | null {
  const [, labelled, stored] = /^(\d{1,15})-(\d{1,15})$/.exec(id) ?? [];
  return labelled === undefined || stored === undefined ? null : { labelled: Number(labelled), stored: Number(stored) };
}
