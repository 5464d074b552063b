/**
 * What bench/line.ts sends down the line, and the settings of its processes. Event time runs through DAYS; from the
 * fifteenth on, each day has one piece of bad news about one entity, which must raise one alert and no other.
 */
import { isoTime, SCHEMA_VERSION, stableId, type Document } from '../core/event.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
export const DAYS = 40;
const QUIET_DAYS = 14;
const ENTITIES = 500;
/** Negative stories of one piece of bad news: within two hours, above the detector's 14. */
const BAD_STORIES = 24;
/** What the fixed backend takes for negative (stream_worker.ts). */
export const BAD_NEWS = 'zwindle';
export const BAD_DAYS = DAYS - QUIET_DAYS;

const start = Math.floor(Date.now() / DAY) * DAY - (DAYS + 1) * DAY;
const nameOf = (entity: number): string => `Tidemark${String.fromCharCode(65 + (entity % 26))}${entity}`;
const idOf = (entity: number): string => nameOf(entity).toLowerCase();

/** A small generator of whole numbers below 2^32, so that texts differ and runs do not. */
function mixed(seed: number): number {
  let t = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  t = Math.imul(t ^ (t >>> 13), 0xc2b2ae35);
  return (t ^ (t >>> 16)) >>> 0;
}

interface Told {
  readonly entity: number;
  readonly at: number;
  readonly title: string;
  readonly text: string;
}

/** The number-th of `count` documents: in order of event time. */
function told(number: number, count: number): Told {
  const perDay = Math.ceil(count / DAYS);
  const day = Math.floor(number / perDay);
  const within = number % perDay;
  const at = start + day * DAY + Math.floor((within / perDay) * DAY);
  // Those of two hours in the middle of a day, evenly.
  const first = Math.floor((perDay * 11) / 24);
  const step = Math.max(1, Math.floor(perDay / 12 / BAD_STORIES));
  const isBad =
    day >= QUIET_DAYS && (within - first) % step === 0 && within >= first && within < first + step * BAD_STORIES;
  const entity = isBad ? (day * 37) % ENTITIES : mixed(number) % ENTITIES;
  const words = Array.from({ length: 14 }, (_, index) => `w${mixed(number * 16 + index).toString(36)}`);
  return {
    entity,
    at,
    title: `${nameOf(entity)} ${isBad ? `faces ${BAD_NEWS} charges` : 'opens an office'}`,
    text: words.join(' '),
  };
}

export function documentOf(number: number, count: number): { readonly key: string; readonly value: Document } {
  const { entity, at, title, text } = told(number, count);
  const id = stableId('line', String(number));
  const key = idOf(entity);
  const value: Document = {
    schema_version: SCHEMA_VERSION,
    id,
    source: `outlet ${number % 200}`,
    feed: 'line',
    source_class: 'news',
    author: `author ${mixed(number + 1) % 20_011}`,
    url: `https://news.example/line/${number}`,
    title,
    text,
    language: 'en',
    published_at: isoTime(at),
    published_at_estimated: false,
    published_at_mark: 'stated',
    fetched_at: isoTime(Date.now()),
    links: [],
    cashtags: [],
    entities: [{ id: key, surface: nameOf(entity), relevance: 100 }],
    story: id,
    novelty: 100,
    repost_of: null,
    coordinated: 0,
  };
  return { key, value };
}

/** The same as a line of a file that ingest reads. */
export function itemOf(number: number, count: number): string {
  const { at, title, text } = told(number, count);
  const url = `https://news.example/line/${number}`;
  const author = `author ${mixed(number + 1) % 20_011}`;
  const source = `outlet ${number % 200}`;
  return JSON.stringify({ url, title, text, language: 'en', author, source, published_at: isoTime(at) });
}

export function watchlist(): string {
  const rows = Array.from(
    { length: ENTITIES },
    (_, entity) => `  - { id: ${idOf(entity)}, name: ${nameOf(entity)}, kind: company }`,
  );
  return `entities:\n${rows.join('\n')}\n`;
}

export interface SettingsParts {
  readonly stream: object;
  readonly storeUrl: string;
  readonly watchlist: string;
  readonly items: string;
  readonly monitorPort: number;
}

/** Settings of the ingest or the alerting process. JSON is YAML. */
export function settingsText({ stream, storeUrl, watchlist: watched, items, monitorPort }: SettingsParts): string {
  return JSON.stringify({
    monitor: { port: monitorPort },
    log: { level: 'warn', format: 'json' },
    stream: { type: 'kafka', ...stream },
    store: { type: 'clickhouse', url: storeUrl },
    ingest: { watchlists: [watched], sources: [{ type: 'file', name: 'line', path: items, language: 'en' }] },
    alerting: {
      series: ['entity'],
      detectors: [{ type: 'threshold', name: 'threshold', min_negative: 14 }],
      window_hours: 4,
      history_days: 14,
      min_history_hours: 48,
      // The default: what the partitions are ahead of one another is not to need more.
      allowed_lateness_mins: 60,
      idle_secs: 36_000,
      notifiers: [{ type: 'console', name: 'console' }],
    },
  });
}
