/**
 * Replays a finite feed through the same stages that run live, under a clock that event time drives. Because every
 * write is idempotent and cursors are durable, a replay that was killed goes on where it was, and a second one over the
 * same data folder adds nothing; the alerts file is written from the store at the end, so it is whole either way.
 */
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createReplayClock, systemClock } from '../core/clock.ts';
import type { Alert } from '../core/event.ts';
import { TOPICS } from '../core/stream/stream.ts';
import type { Store } from '../core/store/store.ts';
import { createApp, type App } from './app.ts';
import type { Settings } from './config.ts';
import { feedRead, recordedFeed } from './recorded_feed.ts';
import { claimFolder } from './replay_folder.ts';
import { countsByReason, linesLeftOut } from './stage_counts.ts';

export interface ReplayOptions {
  readonly feed: string;
  /** How many times faster than real time; max: as fast as the machine goes. */
  readonly speed: 'max' | number;
  /** Zone of times that name none; null: UTC. */
  readonly timeZone: string | null;
  readonly alertsFile: string | null;
  readonly notify: boolean;
  /** Show a progress line on standard error. */
  readonly progress: boolean;
}

export interface ReplaySummary {
  readonly documents: number;
  readonly skipped: number;
  readonly skipped_reasons: string;
  /** Lines that are no documents. These counts are of this process: what an earlier one read of the feed is not in them. */
  readonly refused: number;
  /** Documents whose window had been judged when they came; documents older than all that is remembered. */
  readonly late: number;
  readonly too_old: number;
  /** Documents whose time names no zone. */
  readonly without_zone: number;
  readonly alerts: number;
  readonly alert_changes: number;
  readonly seconds: number;
  readonly documents_per_second: number;
  readonly peak_memory_mb: number;
}

/**
 * @throws TidewatchError input.invalid when there is no such feed or it breaks off; whatever createApp throws
 */
export async function replay(settings: Settings, options: ReplayOptions): Promise<ReplaySummary> {
  const feed = recordedFeed(options.feed);
  settings.ingest.sources = [
    {
      type: 'file',
      name: basename(feed)
        .replace(/[^\p{L}\p{N}_.-]/gu, '_')
        .slice(0, 60),
      path: feed,
      format: 'auto',
      source_class: 'news',
      ...(options.timeZone === null ? {} : { time_zone: options.timeZone }),
      ...(options.speed === 'max' ? {} : { replay: { speed: options.speed, rebase: 'none' } }),
    },
  ];
  if (!options.notify) settings.alerting.notifiers = [];
  // Its port is that of the process that runs by the same settings.
  delete settings.monitor;

  const app = await createApp(settings, {
    roles: ['ingest', 'classifier', 'alerting'],
    clock: createReplayClock(0),
    watermark: 'global',
  });
  const started = performance.now();
  const meter = startMeter(app, started, options.progress);
  let stopping: Promise<void> | undefined;
  const interrupt = (): void => {
    stopping ??= app.stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await claimFolder(settings, feed, options.timeZone);
    await app.start();
    await feedRead(app);
    await drained(app, TOPICS.documents, 'classifier');
    await drained(app, TOPICS.opinions, 'alerting');
    await app.alerting?.flush();
    const summary = await summarise(app, (performance.now() - started) / 1000, meter);
    if (options.alertsFile !== null) await writeAlerts(app.store, options.alertsFile);
    return summary;
  } finally {
    meter.stop();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await (stopping ?? app.stop());
  }
}

async function drained(app: App, topic: string, group: string): Promise<void> {
  while ((await app.stream.lag(topic, group)).messages > 0) await systemClock.sleep(50);
}

interface Meter {
  peakBytes(): number;
  stop(): void;
}

function startMeter(app: App, started: number, progress: boolean): Meter {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
    if (!progress) return;
    void counted(app).then(({ labelled, taken }) => {
      const rate = labelled / ((performance.now() - started) / 1000);
      const left = rate > 0 ? (taken - labelled) / rate : 0;
      process.stderr.write(
        `\r${labelled} labelled of ${taken} read, ${rate.toFixed(0)}/s, ${left.toFixed(0)} s behind   `,
      );
    });
  }, 1000);
  return {
    peakBytes: () => Math.max(peak, process.memoryUsage.rss()),
    stop() {
      clearInterval(timer);
      if (progress) process.stderr.write('\n');
    },
  };
}

async function counted(app: App): Promise<{ labelled: number; taken: number }> {
  const labelled = (await countsByReason(app.metrics, 'tidewatch_documents_out_total', 'classifier')).get('') ?? 0;
  const taken = (await countsByReason(app.metrics, 'tidewatch_documents_out_total', 'ingest')).get('') ?? 0;
  return { labelled, taken };
}

async function summarise(app: App, seconds: number, meter: Meter): Promise<ReplaySummary> {
  const [row] = await app.store.query<{ documents: number; zoneless: number; fired: number; changes: number }>(
    `SELECT (SELECT count() FROM documents) AS documents,
            (SELECT count() FROM documents WHERE published_at_mark = 'no_zone') AS zoneless,
            (SELECT uniqExact(alert_id) FROM alerts WHERE state = 'firing') AS fired,
            (SELECT count() FROM alerts) AS changes`,
  );
  const skipped = await countsByReason(app.metrics, 'tidewatch_documents_skipped_total', 'ingest');
  const judged = await countsByReason(app.metrics, 'tidewatch_documents_skipped_total', 'alerting');
  const { refused } = await linesLeftOut(app.metrics);
  const { labelled } = await counted(app);
  return {
    documents: row?.documents ?? 0,
    skipped: [...skipped.values()].reduce((sum, count) => sum + count, 0),
    skipped_reasons: [...skipped].map(([reason, count]) => `${reason} ${count}`).join(', '),
    refused,
    late: judged.get('late') ?? 0,
    too_old: judged.get('too_old') ?? 0,
    without_zone: row?.zoneless ?? 0,
    alerts: row?.fired ?? 0,
    alert_changes: row?.changes ?? 0,
    seconds,
    documents_per_second: labelled / seconds,
    peak_memory_mb: meter.peakBytes() / 1e6,
  };
}

/** One line a change of state, in event order; the form is documented in docs/architecture.md. */
async function writeAlerts(store: Store, path: string): Promise<void> {
  const rows = await store.query<{ body: string }>('SELECT body FROM alerts ORDER BY at, alert_id, revision');
  const lines = rows.map(({ body }) => `${JSON.stringify(alertLine(JSON.parse(body) as Alert))}\n`);
  await writeFile(path, lines);
}

function alertLine(alert: Alert): object {
  return {
    alert_id: alert.alert_id,
    state: alert.state,
    at: alert.at,
    entity: alert.series.entity,
    topic: alert.series.topic,
    severity: alert.severity,
    observed: alert.observed,
    expected: alert.expected,
    documents: alert.documents.map(({ id }) => id),
  };
}
