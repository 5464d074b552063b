/**
 * What is posted while things are killed. Two feeds:
 *
 * - `tide`: event time, a day a round. Calm news about eight companies, and on each day bad news about one of them, which
 *   must raise one alert. The next day waits until the last one has passed: a day of event time takes a second here, and
 *   lateness is judged in event time.
 * - `bulk`: as much as one client posts, one batch after the other, so that every fault finds work in hand. Each company's
 *   documents are numbered: their order can be checked.
 *
 * A client posts until it gets its 202, as the http source asks of it. Whatever it got a 202 for must be in the store.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import { BAD_NEWS, POISON } from './rule_model.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
export const TIDE_COMPANIES = [
  'Aldermoor',
  'Brackwell',
  'Cindervale',
  'Dunmarch',
  'Elverstone',
  'Farrowgate',
  'Glenhollow',
  'Hartsmere',
];
const BULK_COMPANIES = [
  'Ironvale',
  'Juniperton',
  'Kestrelby',
  'Larkenwold',
  'Mistlebrook',
  'Norrowdale',
  'Oakenshaw',
  'Pellworth',
  'Quarrendon',
  'Rookwood',
  'Saltmarsh',
  'Thornbury',
];
/** Negative stories of one day's bad news, and the hour of event time at which they begin. */
const BAD_STORIES = 16;
const BAD_HOUR = 10;
const BULK_BATCH = 10;

export function entityId(company: string): string {
  return company.toLowerCase();
}

/** The watchlist, as YAML. */
export function watchlist(): string {
  const names = [...TIDE_COMPANIES, ...BULK_COMPANIES];
  return `entities:\n${names.map((name) => `  - { id: ${entityId(name)}, name: ${name}, kind: company }`).join('\n')}\n`;
}

export interface Posted {
  readonly url: string;
  readonly company: string;
  /** Within its company. */
  readonly number: number;
  readonly isPoison: boolean;
}

export interface Load {
  /** Days of event time before the first round, in which alerting learns what is usual. */
  warmUp(days: number): Promise<void>;
  /** One day with bad news about one company; resolves when every document of it has its 202. */
  day(): Promise<void>;
  /** Days without news, so that event time passes and every alert can settle. */
  calm(days: number): Promise<void>;
  startBulk(): void;
  stopBulk(): Promise<void>;
  /** Poison goes along with the next batches of `bulk`. */
  poison(count: number): void;
  /** Everything that got a 202. */
  posted(): readonly Posted[];
  /** The bad news so far: one alert each. */
  badNews(): readonly { readonly entity: string; readonly day: number }[];
  /** Requests that did not get a 202 and were posted again. */
  repeats(): number;
}

export interface LoadOptions {
  readonly tideUrl: string;
  readonly bulkUrl: string;
  /** Start of event time, epoch milliseconds. */
  readonly start: number;
  readonly chance: Chance;
  readonly bulkPauseMs: number;
  /** Nothing is posted any more after it aborts. */
  readonly signal: AbortSignal;
}

export function createLoad({ tideUrl, bulkUrl, start, chance, bulkPauseMs, signal }: LoadOptions): Load {
  const posted: Posted[] = [];
  const badNews: { entity: string; day: number }[] = [];
  const numbers = new Map<string, number>();
  let dayCount = 0;
  let repeats = 0;
  let poisonWanted = 0;
  let isBulkRunning = false;
  let bulk: Promise<void> = Promise.resolve();

  /** Words that no other text has: no two are one story. */
  const words = (): string => Array.from({ length: 14 }, () => `w${chance.between(0, 999_999).toString(36)}`).join(' ');

  function document(company: string, publishedAt: number, said: string, isPoison = false): [Posted, object] {
    const number = (numbers.get(company) ?? 0) + 1;
    numbers.set(company, number);
    const url = `https://news.example/${entityId(company)}/${number}`;
    const item = {
      url,
      title: `${company} ${said}`,
      text: words(),
      language: 'en',
      source_class: 'news',
      author: `author ${chance.between(0, 9999)}`,
      source: `outlet ${chance.between(0, 20)}`,
      published_at: new Date(publishedAt).toISOString(),
    };
    return [{ url, company, number, isPoison }, item];
  }

  async function post(url: string, batch: readonly [Posted, object][]): Promise<void> {
    const body = JSON.stringify(batch.map(([, item]) => item));
    for (;;) {
      signal.throwIfAborted();
      try {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(15_000) });
        const counts = (await answer.json()) as { accepted?: number; duplicates?: number; rejected?: unknown[] };
        if (answer.status === 202) {
          const taken = (counts.accepted ?? 0) + (counts.duplicates ?? 0);
          if (taken !== batch.length) throw new Error(`202 for ${taken} of ${batch.length}: ${JSON.stringify(counts)}`);
          posted.push(...batch.map(([one]) => one));
          return;
        }
      } catch (error) {
        if (error instanceof Error && error.message.startsWith('202')) throw error;
      }
      repeats += 1;
      await wait(150);
    }
  }

  /** One day of event time in batches of one hour or two. */
  async function postDay(withBadNews: boolean): Promise<void> {
    const from = start + dayCount * DAY;
    const items: { at: number; company: string; said: string }[] = [];
    for (const company of TIDE_COMPANIES) {
      for (let hour = 0; hour < 24; hour += 2) {
        items.push({ at: from + hour * HOUR + chance.between(0, HOUR - 1), company, said: 'keeps its outlook' });
      }
    }
    if (withBadNews) {
      const company = TIDE_COMPANIES[dayCount % TIDE_COMPANIES.length] ?? '';
      badNews.push({ entity: entityId(company), day: from });
      for (let story = 0; story < BAD_STORIES; story += 1) {
        const at = from + BAD_HOUR * HOUR + chance.between(0, 2 * HOUR);
        items.push({ at, company, said: `faces ${BAD_NEWS} charges` });
      }
    }
    items.sort((a, b) => a.at - b.at);
    for (let at = 0; at < items.length; at += 12) {
      const batch = items.slice(at, at + 12).map((item) => document(item.company, item.at, item.said));
      await post(tideUrl, batch);
      await wait(20);
    }
    dayCount += 1;
  }

  async function runBulk(): Promise<void> {
    while (isBulkRunning && !signal.aborted) {
      const batch = Array.from({ length: BULK_BATCH }, () => {
        const isPoison = poisonWanted > 0;
        if (isPoison) poisonWanted -= 1;
        const said = isPoison ? `is ${POISON}` : 'opens an office';
        return document(chance.pick(BULK_COMPANIES), Date.now(), said, isPoison);
      });
      await post(bulkUrl, batch);
      await wait(bulkPauseMs);
    }
  }

  return {
    async warmUp(days) {
      for (let day = 0; day < days; day += 1) await postDay(false);
    },
    day: () => postDay(true),
    async calm(days) {
      for (let day = 0; day < days; day += 1) await postDay(false);
    },
    startBulk() {
      isBulkRunning = true;
      bulk = runBulk();
      bulk.catch(() => undefined);
    },
    async stopBulk() {
      isBulkRunning = false;
      await bulk;
    },
    poison(count) {
      poisonWanted += count;
    },
    posted: () => posted,
    badNews: () => badNews,
    repeats: () => repeats,
  };
}
