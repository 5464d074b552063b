/**
 * `tidewatch explain`: reads from the store what was known by then, and lets the alerting core say why. Point in time: a
 * document counts if it was published before that moment and, for a feed that is read live, fetched before it. A feed that
 * brought its past with it (most of it fetched more than a day after it was published) counts by publication, as in its
 * replay. The store keeps probabilities in 32 bits, so figures may differ from the alert's in the seventh digit.
 */
import { join } from 'node:path';
import { explain, type Explanation } from '../alerting/explain.ts';
import type { Detector } from '../alerting/detector.ts';
import { detectors as registry } from '../alerting/registry.ts';
import { levelOf } from '../alerting/discovery.ts';
import { rulesOf } from '../alerting/settings.ts';
import { banditRulesOf } from '../alerting/thresholds/settings.ts';
import { createThresholds } from '../alerting/thresholds/thresholds.ts';
import { readCases } from '../alerting/thresholds/verdicts.ts';
import { systemClock } from '../core/clock.ts';
import { createComponent } from '../core/config.ts';
import { TidewatchError } from '../core/errors.ts';
import { SCHEMA_VERSION, isoTime, opinionSchema, seriesFromKey, type Opinion, type Series } from '../core/event.ts';
import { createHttpClient } from '../core/http.ts';
import { createLogger } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { createMemoryState } from '../core/state/memory.ts';
import { openStore } from '../core/store/registry.ts';
import { alertFromRow } from '../core/store/rows.ts';
import type { Store } from '../core/store/store.ts';
import type { Settings } from './config.ts';
import { lockStore } from './data_folder.ts';
import { withMeasuredConfusion } from './measured_confusion.ts';
import { loadNames } from './names.ts';

/** One alert, or one series at one time (ISO 8601). */
export type Asked = { readonly alert: string } | { readonly series: string; readonly at: string };

const DAY_MS = 86_400_000;
/** Opinions read at most: about 1 GB. */
const MOST_OPINIONS = 1_000_000;

/** @throws TidewatchError input.invalid for what there is not, a data folder among it; storage.locked while a process holds the embedded store */
export async function explainFromStore(settings: Settings, asked: Asked): Promise<Explanation> {
  const log = createLogger({ level: 'error', format: 'auto' });
  const unlock = await lockStore(settings);
  try {
    const store = await openStore(settings.store, { folder: join(settings.data_dir, 'store'), log });
    try {
      await store.migrate();
      const { series, at } = await subjectOf(store, asked);
      const names = await loadNames(settings);
      const fixed = rulesOf(await withMeasuredConfusion(settings), 'global', [], names.parents);
      const bandit = banditRulesOf(settings.alerting.thresholds);
      const thresholds = bandit === null ? null : createThresholds(bandit);
      const level = levelOf(fixed.falseAlertsPerMonth, fixed.window.bucketMs, fixed.mostFalseShare);
      thresholds?.learn(await readCases(store, level, settings.alerting.window_hours));
      const rules = thresholds === null ? fixed : { ...fixed, thresholds };
      // The history before the window, and as much before it as an alert and its rest may last.
      const from = at - rules.window.windowMs - rules.historyMs - rules.lifecycle.refractoryMs - 7 * DAY_MS;
      const opinions = await opinionsKnown(store, from, at);
      return explain(rules, await detectorsOf(settings), names.series, opinions, series, at);
    } finally {
      await store.close();
    }
  } finally {
    await unlock();
  }
}

async function subjectOf(store: Store, asked: Asked): Promise<{ series: Series; at: number }> {
  if ('series' in asked) {
    const series = seriesFromKey(asked.series);
    const at = Date.parse(asked.at);
    if (series === null) {
      throw new TidewatchError('input.invalid', `--series: ${asked.series} is no series`, {
        hint: 'Write entity:ID, topic:NAME, entity_topic:ID/NAME, source_class:news or language:zh.',
      });
    }
    if (Number.isNaN(at)) throw new TidewatchError('input.invalid', `--at: ${asked.at} is no time`);
    return { series, at };
  }
  const rows = await store.query<{ body: string }>(
    `SELECT body FROM alerts WHERE startsWith(alert_id, {id:String}) ORDER BY state = 'firing' DESC, revision LIMIT 1`,
    { id: asked.alert },
  );
  const [row] = rows;
  if (row === undefined) throw new TidewatchError('input.invalid', `There is no alert ${asked.alert} in the store`);
  const alert = alertFromRow(row);
  return { series: alert.series, at: Date.parse(alert.at) };
}

async function detectorsOf(settings: Settings): Promise<Detector[]> {
  const http = createHttpClient({ userAgent: settings.http.user_agent });
  const context = {
    clock: systemClock,
    log: createLogger({ level: 'error', format: 'auto' }),
    metrics: createMetrics(),
    signal: new AbortController().signal,
    http,
    state: createMemoryState(),
  };
  const made: Detector[] = [];
  for (const one of settings.alerting.detectors) made.push(await createComponent<Detector>(registry, one, context));
  await http.close();
  return made;
}

interface StoredOpinion {
  readonly [column: string]: unknown;
  readonly document_id: string;
  readonly feed: string;
  readonly published_at: string;
  readonly fetched_at: string;
  readonly entities: readonly string[];
  readonly entity_sentiments: string;
}

const COLUMNS = `document_id, published_at, fetched_at, labelled_at, source, feed, source_class, author, url, title,
  substring(text, 1, 300) AS text, language, entities, story, coordinated, sentiment, negative, neutral, positive, confidence,
  topic, event, entity_sentiments, model`;

async function opinionsKnown(store: Store, from: number, at: number): Promise<Opinion[]> {
  const rows = await store.query<StoredOpinion>(
    `SELECT ${COLUMNS} FROM opinions
     WHERE published_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
       AND published_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
     ORDER BY published_at, document_id LIMIT {most:UInt32}`,
    { from, to: at, most: MOST_OPINIONS + 1 },
  );
  if (rows.length > MOST_OPINIONS) {
    throw new TidewatchError('input.invalid', `More than ${MOST_OPINIONS} opinions lie before ${isoTime(at)}`, {
      hint: 'Shorten alerting.history_days, or ask on a store with fewer feeds.',
    });
  }
  const brought = new Map<string, { late: number; all: number }>();
  for (const { feed, fetched_at, published_at } of rows) {
    const sum = brought.get(feed) ?? { late: 0, all: 0 };
    sum.all += 1;
    if (Date.parse(fetched_at) - Date.parse(published_at) > DAY_MS) sum.late += 1;
    brought.set(feed, sum);
  }
  return rows.flatMap((row) => {
    const { late, all } = brought.get(row.feed) ?? { late: 0, all: 1 };
    return late * 2 > all || Date.parse(row.fetched_at) <= at ? [opinionOf(row)] : [];
  });
}

/** As far as alerting reads it; what it does not read is left at nothing. */
function opinionOf(row: StoredOpinion): Opinion {
  const empty = (value: unknown): unknown => (value === '' ? null : value);
  return opinionSchema.parse({
    schema_version: SCHEMA_VERSION,
    document: {
      schema_version: SCHEMA_VERSION,
      id: row.document_id,
      source: row['source'],
      feed: row.feed,
      source_class: row['source_class'],
      author: empty(row['author']),
      url: empty(row['url']),
      title: empty(row['title']),
      text: row['text'],
      language: row['language'],
      published_at: isoTime(Date.parse(row.published_at)),
      published_at_estimated: false,
      fetched_at: isoTime(Date.parse(row.fetched_at)),
      links: [],
      cashtags: [],
      entities: row.entities.map((id) => ({ id, surface: id })),
      story: row['story'],
      novelty: 100,
      coordinated: row['coordinated'],
    },
    sentiment: row['sentiment'],
    sentiment_probabilities: { negative: row['negative'], neutral: row['neutral'], positive: row['positive'] },
    topic: row['topic'],
    topic_probabilities: {},
    event: empty(row['event']),
    entity_sentiments: row.entity_sentiments === '' ? [] : (JSON.parse(row.entity_sentiments) as unknown),
    confidence: row['confidence'],
    model: row['model'],
    labelled_at: isoTime(Date.parse(String(row['labelled_at']))),
  });
}
