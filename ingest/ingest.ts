/**
 * The ingest stage: sources → documents in the stream. It knows no source by name; the registry does. Sources run side
 * by side, their items go through one intake.
 */
import { setMaxListeners } from 'node:events';
import { isReplayClock, type Clock } from '../core/clock.ts';
import { createComponent } from '../core/config.ts';
import type { HttpClient } from '../core/http.ts';
import type { Service } from '../core/lifecycle.ts';
import type { Logger } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { State } from '../core/state/state.ts';
import type { Stream } from '../core/stream/stream.ts';
import { createIntake } from './intake.ts';
import type { Forgetful } from './memory.ts';
import { takeRedriven } from './redriven.ts';
import { sources } from './registry.ts';
import type { IngestSettings } from './settings.ts';
import type { SourceHealth } from '../core/health.ts';
import type { Emit } from './source.ts';
import { tellOfRemoved, tellOfSource } from './source_news.ts';
import { superviseSource } from './supervise.ts';
import { loadWatchlists, type WatchedEntity } from './watchlist.ts';

export interface IngestParts {
  readonly stream: Stream;
  readonly state: State;
  /** A replay clock is driven by this stage: it moves to each item's own time. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly http: HttpClient;
  readonly signal: AbortSignal;
}

export interface Ingest extends Service {
  health(): SourceHealth[];
  /** What it remembers of texts and authors, for who wants that forgotten. */
  readonly memory: Forgetful;
  /** Looks for these entities from the next batch on; what was taken in keeps those that it was found about. */
  watch(watched: readonly WatchedEntity[]): void;
  /** Resolves when every source has ended; never while one of them is endless, or when the stage was stopped first. */
  readonly finished: Promise<void>;
}

/**
 * Reads the watchlists and creates the sources; nothing runs until `start`.
 * @throws TidewatchError config.invalid, config.unreadable
 */
export async function createIngest(settings: IngestSettings, parts: IngestParts): Promise<Ingest> {
  const { clock, log, metrics } = parts;
  const stopping = new AbortController();
  const signal = AbortSignal.any([parts.signal, stopping.signal]);
  const watched = await loadWatchlists(settings.watchlists);
  const intake = createIntake(settings, watched, { ...parts, signal, metrics: metrics.stage('ingest') });
  const supervised = await Promise.all(
    settings.sources.map(async (chosen) => {
      const { stream: _, ...shared } = parts;
      // Its own, because taking a listener off a signal looks through all of them: with 10,000 sources at one, that is work.
      const own = AbortSignal.any([signal]);
      setMaxListeners(0, own);
      const source = await createComponent(sources, chosen, { ...shared, signal: own });
      const context = { clock, log, metrics, signal: own, state: parts.state };
      const take: Emit = (items, options) => intake.take(chosen.name, items, options, own);
      return superviseSource(chosen, source, take, context, {
        silence: { quietProbability: settings.quiet_probability, deadAfterMs: settings.dead_after_hours * 3_600_000 },
        onChange: (health) => tellOfSource(health, { clock, log, stream: parts.stream, signal: own }),
      });
    }),
  );
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let running: Promise<unknown> = Promise.resolve();
  let redriven: Promise<unknown> = Promise.resolve();
  let removed: Promise<unknown> = Promise.resolve();

  return {
    name: 'ingest',
    finished,
    memory: intake,
    watch: (entities) => intake.watch(entities),
    health: () => supervised.map((source) => source.health()),
    async start() {
      redriven = takeRedriven({ stream: parts.stream, intake, log, signal });
      // A replay has a source of its own, and knows nothing of those of the settings.
      if (!isReplayClock(clock)) {
        removed = tellOfRemoved(
          new Set(settings.sources.map(({ name }) => name)),
          parts.state,
          { clock, log, stream: parts.stream, signal },
          (code) => metrics.stage('ingest').error(code),
        );
      }
      running = Promise.all(supervised.map((source) => source.run())).then(() => {
        if (!signal.aborted && supervised.every(({ endless }) => !endless)) finish();
      });
    },
    async stop() {
      stopping.abort(new Error('The ingest stage is stopping.'));
      await Promise.all([running, redriven, removed]);
      await intake.idle();
    },
  };
}
