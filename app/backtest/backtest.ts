/** One backtest: labels (cached), the watch under event time, the score, the report. Sweeps run it in processes beside each other. */
import { basename } from 'node:path';
import { readEvents } from '../../backtest/events.ts';
import { examinationsOf } from '../../backtest/nearest.ts';
import { eventStudy } from '../../backtest/event_study.ts';
import { momentOf } from '../../backtest/moment.ts';
import { weeksOf } from '../../backtest/period.ts';
import { normal, readMarket, readPrices, type PriceFile } from '../../backtest/prices.ts';
import type { Report } from '../../backtest/report.ts';
import { scoreRun } from '../../backtest/score.ts';
import { type Override, type SweepRow, withOverrides } from '../../backtest/sweep.ts';
import { systemClock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { createHttpClient } from '../../core/http.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import { loadWatchlists } from '../../ingest/watchlist.ts';
import { readSettings, settingsSchema, type Settings } from '../config.ts';
import { withMeasuredConfusion } from '../measured_confusion.ts';
import { loadNames } from '../names.ts';
import { recordedFeed } from '../recorded_feed.ts';
import { readText } from '../text_file.ts';
import { labelFeed } from './label.ts';
import { readOpinions, readRemovals } from './label_file.ts';
import { createResolver } from './resolve.ts';
import { watchFeed } from './watch_feed.ts';

export interface BacktestOptions {
  readonly feed: string;
  readonly config: string;
  readonly overrides: readonly Override[];
  readonly sourceClass: 'news' | 'social';
  /** Zone of times that name none; null: UTC. */
  readonly timeZone: string | null;
  readonly cache: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly events: string | null;
  readonly prices: string | null;
  /** Symbol in the price file whose returns are taken off. */
  readonly market: string | null;
  readonly progress: (line: string) => void;
}

/** @throws TidewatchError config.*, input.invalid, model.*, storage.* */
export async function backtest(options: BacktestOptions): Promise<Report> {
  const settings = settingsOf(options);
  const feed = recordedFeed(options.feed);
  const watched = await loadWatchlists(settings.ingest.watchlists);
  const names = await loadNames(settings);
  const entityOf = createResolver(watched);
  const events =
    options.events === null ? null : readEvents(await text(options.events, '--events'), options.events, entityOf);
  const closes = options.prices === null ? null : await text(options.prices, '--prices');
  const { prices, notes }: PriceFile =
    closes === null ? NO_PRICES : watchedPrices(readPrices(closes, options.prices ?? '', entityOf), options);
  for (const note of notes) options.progress(note);
  if (options.market !== null && closes === null) {
    throw new TidewatchError(
      'input.invalid',
      `--market ${options.market} names a symbol of --prices, which is not given`,
    );
  }
  const market = options.market === null ? null : readMarket(closes ?? '', options.prices ?? '', options.market);
  const from = timeOf(options.from, '--from', -Infinity);
  const to = timeOf(options.to, '--to', Infinity);

  const labelled = await labelFeed(settings, { ...options, feed });
  const examined = examinationsOf(events ?? []);
  const http = createHttpClient({ userAgent: settings.http.user_agent });
  try {
    const { run } = await watchFeed(
      counted(readOpinions(labelled.opinions), labelled.documents, options.progress),
      await withMeasuredConfusion(settings),
      {
        feed: basename(feed),
        names,
        from,
        to,
        removals: await readRemovals(labelled.removals),
        examined,
        wanted: (events ?? []).flatMap(({ entity }) => (entity === null ? [] : [`entity:${entity}`])),
        context: {
          clock: systemClock,
          log: createLogger({ level: 'warn', format: 'auto' }),
          metrics: createMetrics(),
          signal: new AbortController().signal,
          http,
          state: createMemoryState(),
        },
      },
    );
    const period = { from: Date.parse(run.period.from), to: Date.parse(run.period.to) };
    return {
      run,
      lines: labelled.lines,
      timeZone: options.timeZone,
      score: events === null ? null : scoreRun(run.alerts, events, period, examined),
      study: prices.size === 0 ? null : eventStudy(run.alerts, prices, market),
      sweep: [],
      failed: [],
      prices,
      priceNotes: notes,
      names: (key) => nameOf(key, names),
    };
  } finally {
    await http.close();
  }
}

const PROGRESS_MS = 2000;

/** Says now and then how far the watch has come. It is not resumed: a million documents are minutes (bench/backtest.ts). */
async function* counted<Item>(
  items: AsyncIterable<Item>,
  total: number,
  progress: (line: string) => void,
): AsyncGenerator<Item> {
  let [count, told] = [0, performance.now()];
  for await (const item of items) {
    yield item;
    count += 1;
    if (performance.now() - told < PROGRESS_MS) continue;
    told = performance.now();
    progress(`${count} of ${total} documents judged`);
  }
  progress(`${count} documents judged`);
}

/** What a sweep's table says of one run. */
export function sweepRow({ run, score }: Report, settings: readonly string[]): SweepRow {
  const weeks = weeksOf(Date.parse(run.period.from), Date.parse(run.period.to));
  const none = { hits: 0, of: 0, interval: null };
  return {
    settings,
    alerts: run.alerts.length,
    alertsPerWeek: run.alerts.length / weeks,
    entitiesPerWeek: run.alerts.filter(({ series }) => series.entity !== null).length / weeks,
    recall: score?.recall ?? none,
    precision: score?.precision ?? none,
    medianDelayHours: score?.medianDelayHours ?? null,
  };
}

/** With what --set and --sweep put into them. */
function settingsOf({ config, overrides }: BacktestOptions): Settings {
  const settings = readSettings(config);
  if (overrides.length === 0) return settings;
  const parsed = settingsSchema.safeParse(withOverrides(settings, overrides));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] ?? { path: [], message: 'invalid' };
  throw new TidewatchError('config.invalid', `--set and --sweep: ${path.map(String).join('.')}: ${message}`);
}

function nameOf(key: string, names: Awaited<ReturnType<typeof loadNames>>): string {
  const colon = key.indexOf(':');
  const kind = key.slice(0, colon);
  const rest = key.slice(colon + 1);
  if (kind === 'entity') return names.entity(rest).en;
  if (kind !== 'entity_topic') return rest;
  return `${names.entity(rest.slice(0, rest.indexOf('/'))).en} · ${rest.slice(rest.indexOf('/') + 1)}`;
}

const NO_PRICES: PriceFile = { prices: new Map(), notes: [], unwatched: [] };
const MOST_NAMED = 10;

/** Says what of a file is left out; refuses one that would be ignored as a whole. */
function watchedPrices(file: PriceFile, { prices: path, market }: BacktestOptions): PriceFile {
  const { prices, notes } = file;
  if (prices.size > 0) {
    const unwatched = file.unwatched.filter((symbol) => market === null || normal(symbol) !== normal(market));
    if (unwatched.length === 0) return file;
    const note = `${path ?? ''} has symbols of nobody on the watchlist, which are left out: ${someOf(unwatched)}.`;
    return { ...file, notes: [...notes, note] };
  }
  const why =
    file.unwatched.length === 0 ? 'it has no closes' : `no symbol of it is on the watchlist: ${someOf(file.unwatched)}`;
  throw new TidewatchError('input.invalid', `--prices ${path ?? ''}: ${why}`, {
    hint: 'Symbols are matched with ids, tickers, codes and names of ingest.watchlists.',
  });
}

function someOf(symbols: readonly string[]): string {
  const more = symbols.length > MOST_NAMED ? ` and ${symbols.length - MOST_NAMED} more` : '';
  return `${symbols.slice(0, MOST_NAMED).join(', ')}${more}`;
}

function timeOf(written: string | null, option: string, otherwise: number): number {
  if (written === null) return otherwise;
  const time = momentOf(written);
  if (time === null) {
    throw new TidewatchError('input.invalid', `${option}: "${written}" is no date such as 2020-01-31`);
  }
  return time;
}

async function text(path: string, option: string): Promise<string> {
  return readText(path).catch((error: unknown) => {
    throw new TidewatchError('input.invalid', `${option}: cannot read ${path}`, { cause: error });
  });
}
