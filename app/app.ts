/**
 * The only place that knows every stage: opens the planes, creates the stages, starts them from the last to the first
 * (readers before writers) and stops them the other way round, so that nothing is produced that nobody can store.
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { createAlerting, type Alerting } from '../alerting/alerting.ts';
import { REMOVAL_GROUP as ALERTING_REMOVAL_GROUP } from '../alerting/removal.ts';
import { createClassifier } from '../classifier/classifier.ts';
import { createShadowSeat } from '../classifier/learning/shadow_seat.ts';
import { createBackend } from '../classifier/registry.ts';
import { createModelSwap } from '../classifier/swap.ts';
import { recordSettings } from '../core/audit.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import { explainError, toTidewatchError } from '../core/errors.ts';
import { createHttpClient } from '../core/http.ts';
import { startAll, type Service } from '../core/lifecycle.ts';
import { lockFolder } from '../core/lock.ts';
import { createLogger, type Logger } from '../core/log.ts';
import { createMetrics, type Metrics } from '../core/metrics.ts';
import { createFolder } from '../core/state/folder.ts';
import { openState } from '../core/state/lmdb.ts';
import { createCounting } from '../core/store/counting.ts';
import { openStore } from '../core/store/registry.ts';
import type { Store } from '../core/store/store.ts';
import { openStream } from '../core/stream/registry.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';
import { createClickHouseHttp } from '../dashboards/clickhouse_http/endpoint.ts';
import { createDashboards, type Dashboards } from '../dashboards/server.ts';
import { createIngest, type Ingest } from '../ingest/ingest.ts';
import { keptMemory } from '../ingest/memory.ts';
import type { Settings } from './config.ts';
import { liveConfusion } from './measured_confusion.ts';
import { learningOf, libraryOf, openShadow, withPromoted } from './models.ts';
import { liveNames, loadNames } from './names.ts';
import { createMonitor } from './monitor.ts';
import { openPrices } from './prices.ts';
import { createRedriving } from './redriving.ts';
import { createRemoving, REMOVAL_GROUP } from './removing.ts';
import { answersOf } from './forget_answers.ts';
import { createHearing, processId } from './hearing.ts';
import { embedHeld, explainHeld } from './held_model.ts';
import { VERSION } from './package_root.ts';
import { createSettingsDesk, type SettingsFile } from './settings_desk.ts';
import { createWatchlistDesk } from './watchlist_desk.ts';

export const ROLES = ['ingest', 'classifier', 'alerting', 'dashboards'] as const;
export type Role = (typeof ROLES)[number];

export interface AppOptions {
  readonly roles?: readonly Role[];
  readonly clock?: Clock;
  /** Where the settings were read from, for who may edit them on the page. */
  readonly settingsFile?: Omit<SettingsFile, 'running'>;
  /** Whether this process listens for SIGHUP, by which commands tell it of a change. */
  readonly reloads?: boolean;
  /** How event time advances: a lane a feed for live work, one lane for a replay. */
  readonly watermark?: 'per_feed' | 'global';
  /** False: what is taken back stays in the log, for who judges a recorded feed by what was there at the time. */
  readonly removing?: boolean;
}

export interface App {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly stream: Stream;
  readonly ingest: Ingest | null;
  readonly alerting: Alerting | null;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The page's address, such as http://127.0.0.1:8080; null without the dashboards stage. */
  address(): string | null;
  /** Labels with the backend of these settings from the next delivery on; false, and the old one kept, where it cannot be opened. */
  swapModel(section: Settings['classifier']): Promise<boolean>;
  /** Reads the watchlists again and looks for who stands in them. @throws TidewatchError config.invalid, config.unreadable */
  takeUpWatchlists(): Promise<void>;
}

/**
 * Opens everything that `settings` name; nothing runs until `start`.
 * @throws TidewatchError storage.*, model.*, config.invalid, library.missing
 */
export async function createApp(settings: Settings, options: AppOptions = {}): Promise<App> {
  const roles = new Set<Role>(options.roles ?? ROLES);
  const clock = options.clock ?? systemClock;
  const log = createLogger(settings.log);
  const metrics = createMetrics();
  const abort = new AbortController();
  // Every source and wait listens to it: their number is the settings', not a leak.
  setMaxListeners(0, abort.signal);
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };

  try {
    const names = liveNames(await loadNames(settings));
    await createFolder(settings.data_dir);
    closers.push(
      await lockFolder(settings.data_dir, {
        reloads: options.reloads ?? false,
        answers: options.removing !== false,
      }),
    );
    const state = await openState(join(settings.data_dir, 'state'));
    closers.push(() => state.close());
    const stream = await openStream(settings.stream, {
      folder: join(settings.data_dir, 'stream'),
      clock,
      log: log.child({ stage: 'stream' }),
      metrics: metrics.stream,
    });
    closers.push(() => stream.close());
    const readers = [
      [TOPICS.documents, 'classifier'],
      [TOPICS.opinions, 'alerting'],
      [TOPICS.removals, REMOVAL_GROUP],
    ] as const;
    for (const [topic, group] of readers) await stream.createGroup(topic, group);
    metrics.stream.watch(stream, readers);
    const store = await openStore(settings.store, {
      folder: join(settings.data_dir, 'store'),
      log: log.child({ stage: 'store' }),
    });
    closers.push(() => store.close());
    await store.migrate();
    const http = createHttpClient({
      userAgent: settings.http.user_agent,
      allowPrivateHosts: settings.http.allow_private_hosts,
    });
    closers.push(() => http.close());

    const shared = { clock, metrics, signal: abort.signal, http, state, stream, store };
    const logOf = (stage: Role): Logger => log.child({ stage });
    const library = libraryOf(settings);
    const openBackend = (section: Settings['classifier']) =>
      createBackend(section, { ...shared, log: logOf('classifier') });
    const backend = roles.has('classifier')
      ? createModelSwap(await openBackend(await withPromoted(settings.classifier, library)), {
          log: logOf('classifier'),
          metrics: metrics.model,
        })
      : null;
    if (backend !== null) closers.push(() => backend.close());
    const shadow = createShadowSeat(logOf('classifier'));
    closers.push(() => shadow.close());
    const seatShadow = (section: Settings['classifier']): Promise<void> =>
      shadow.replace(() =>
        openShadow(section, library, openBackend, {
          ...shared,
          log: logOf('classifier'),
          metrics: metrics.stage('classifier'),
        }),
      );
    if (backend !== null) await seatShadow(settings.classifier);

    const ingest = roles.has('ingest')
      ? await createIngest(settings.ingest, { ...shared, log: logOf('ingest') })
      : null;
    const confusion = roles.has('alerting') ? await liveConfusion(settings) : null;
    const alerting =
      confusion === null
        ? null
        : await createAlerting(confusion.alerting, {
            ...shared,
            log: logOf('alerting'),
            displayName: names.series,
            parents: names.parents,
            confusion: confusion.matrices,
            sharedStore: settings.store.type === 'clickhouse',
            watermark: options.watermark ?? 'per_feed',
            replayedFeeds: settings.ingest.sources
              .filter((source) => source['replay'] !== undefined)
              .map(({ name }) => name),
          });
    const watchlist = createWatchlistDesk({
      paths: settings.ingest.watchlists,
      watch(watched, next) {
        names.exchange(next);
        ingest?.watch(watched);
      },
    });
    const dashboards: Dashboards | null = roles.has('dashboards')
      ? createDashboards(settings.dashboards, {
          ...shared,
          log: logOf('dashboards'),
          sources: () => ingest?.health() ?? null,
          names: names.entity,
          version: VERSION,
          model: () => backend?.current().model ?? null,
          explain: backend === null ? null : (text) => explainHeld(backend, text),
          embed: backend === null ? null : (text) => embedHeld(backend, text),
          entitiesIn: names.entitiesIn,
          watchlist,
          settingsFile:
            options.settingsFile === undefined
              ? null
              : createSettingsDesk({ ...options.settingsFile, running: settings }),
          watched: () => names.watched,
          prices: openPrices(settings, logOf('dashboards')),
          learning: learningOf(settings, {
            ...shared,
            reference: () => backend?.current().reference ?? null,
            model: () => backend?.current().model ?? null,
          }),
        })
      : null;
    const door = roles.has('dashboards') ? settings.dashboards.clickhouse_http : undefined;
    const clickhouseHttp =
      door === undefined ? null : createClickHouseHttp(door, { ...shared, log: logOf('dashboards') });
    const classifier =
      backend === null
        ? null
        : createClassifier(settings.classifier, { ...shared, log: logOf('classifier'), backend, shadow });

    const memory = ingest?.memory ?? keptMemory(state, settings.ingest.dedupe_hours);
    const isShared = settings.stream.type === 'kafka';
    const self = await processId(state);
    const removing =
      options.removing === false
        ? null
        : createRemoving({
            ...shared,
            dataDir: settings.data_dir,
            authors: settings.ingest,
            log: log.child({ stage: 'removing' }),
            memory,
            // These keep their data folder in every form; the others may have it in memory.
            takes: roles.has('ingest') || roles.has('alerting'),
            elsewhere: async (removal) => (isShared ? await answersOf(stream, { removal, self }, abort.signal) : []),
          });
    const hearing =
      removing === null || !isShared
        ? null
        : await createHearing({
            ...shared,
            memory,
            roles: [...roles],
            log: log.child({ stage: 'removing' }),
            waitsFor: roles.has('alerting') ? [ALERTING_REMOVAL_GROUP] : [],
          });

    const redriving = createRedriving({ stream, dataDir: settings.data_dir, log: log.child({ stage: 'stream' }) });

    // Where alerting is, because there is one of it; charts are right without it, only slower.
    const counting = roles.has('alerting')
      ? createCounting({
          store,
          clock: systemClock,
          log: log.child({ stage: 'store' }),
          retention: settings.store.retention ?? {},
        })
      : null;

    const monitor =
      settings.monitor === undefined
        ? null
        : createMonitor(settings.monitor, { metrics, log, ready: async () => void (await store.query('SELECT 1')) });

    const services: Service[] = [
      monitor,
      removing,
      hearing,
      redriving,
      counting,
      alerting,
      classifier,
      dashboards,
      clickhouseHttp,
      ingest,
    ].filter((service) => service !== null);
    let stopAll: (() => Promise<void>) | null = null;
    return {
      log,
      metrics,
      store,
      stream,
      ingest,
      alerting,
      address: () => dashboards?.address() ?? null,
      takeUpWatchlists: () => watchlist.takeUp(),
      async swapModel(section) {
        if (backend === null) {
          // The process that labels swaps it; its opinions come here.
          await confusion?.takeUp(section).catch((thrown: unknown) => {
            const error = toTidewatchError(thrown);
            log.error({ code: error.code }, `What the new model gets wrong is not known here: ${explainError(error)}`);
          });
          return false;
        }
        const done = await backend.swap(async () => {
          await confusion?.takeUp(section);
          return openBackend(await withPromoted(section, library));
        });
        await seatShadow(section);
        return done;
      },
      async start() {
        try {
          await recordSettings(store, settings, systemClock.now());
          stopAll = await startAll(services);
        } catch (error) {
          abort.abort(error);
          await closeAll();
          throw error;
        }
        log.info(`Tidewatch ${VERSION} runs ${[...roles].join(', ')}; data in ${settings.data_dir}`);
        if (dashboards !== null) log.info(`The page is at ${dashboards.address()}`);
      },
      async stop() {
        abort.abort(new Error('Tidewatch is stopping.'));
        try {
          await stopAll?.();
        } finally {
          await closeAll();
        }
        log.info('Stopped; nothing is lost: what is not stored yet waits on disk for the next start.');
      },
    };
  } catch (error) {
    await closeAll().catch(() => undefined);
    throw toTidewatchError(error);
  }
}
