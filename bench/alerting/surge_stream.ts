/**
 * Seeded streams of opinions about companies, with planted surges of negative opinion and with what is mistaken for one:
 * negative binomial volumes with a daily and a weekly swing, a labeller that errs, floods by few accounts, swarms of many accounts
 * with a post or two each, syndicated stories, days of attention without blame, feed outages, slow drifts of volume. Each post
 * has the `coordinated` score that ingest's own watch for floods gives it when it comes. What a surge is was settled before any detector ran:
 * for 12 to 36 hours different people write negative stories at 3, 6 or 12 times the usual negative rate, and at least 8, 16 or 32 of them.
 */
import { createFloodWatch } from '../../ingest/floods.ts';
import { drawFrom, type Draw } from './random.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** A Monday. */
export const START = Date.UTC(2026, 2, 2);

export type Size = 'small' | 'medium' | 'large';
export const SIZES: readonly Size[] = ['small', 'medium', 'large'];
export type Distraction = 'flood' | 'swarm' | 'syndicated' | 'attention' | 'outage';

export interface SurgePost {
  readonly id: string;
  readonly entity: string;
  readonly time: number;
  readonly story: string;
  readonly author: string;
  readonly news: boolean;
  /** The labeller's probability that it is negative; from 0.5 on it says so. */
  readonly negative: number;
  /** Ingest's score in [0, 1]: how much it looks like part of a campaign. */
  readonly coordinated: number;
}

/** Before ingest saw it; `template` is what near copies have in common although each is a story of its own. */
type Written = Omit<SurgePost, 'coordinated'> & { readonly template: string };

export interface Planted {
  readonly entity: string;
  readonly kind: Size | Distraction;
  readonly from: number;
  readonly to: number;
}

export interface SurgeStream {
  /** Ascending by time. */
  readonly posts: readonly SurgePost[];
  readonly entities: readonly string[];
  readonly planted: readonly Planted[];
  readonly days: number;
}

const GROWTH: Record<Size, { times: number; atLeast: number }> = {
  small: { times: 3, atLeast: 8 },
  medium: { times: 6, atLeast: 16 },
  large: { times: 12, atLeast: 32 },
};
/** Days before anything is planted: what a detector may learn from. */
export const LEARNING_DAYS = 21;
/** Chances that the labeller overlooks a negative text, and that it calls another one negative. */
const OVERLOOKED = 0.15;
const FALSE_NEGATIVITY = 0.07;

/** @param swarmHours how long a swarm lasts; the benchmark's are of 3 hours */
export function surgeStream(seed: number, entityCount: number, days: number, swarmHours = 3): SurgeStream {
  const posts: Written[] = [];
  const planted: Planted[] = [];
  const draw = drawFrom(seed);
  const entities = Array.from({ length: entityCount }, (_, index) => `company-${index}`);
  const outages = plan(draw, days, 2, 12, 36).map(([from, to]) => ({ from, to }));
  for (const { from, to } of outages) planted.push({ entity: '*', kind: 'outage', from, to });
  entities.forEach((entity, index) =>
    speak(drawFrom(seed * 1009 + index), entity, days, swarmHours, outages, posts, planted),
  );
  posts.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
  return { posts: scored(posts), entities, planted, days };
}

const WORDS = 14;

/** As ingest scores posts that come in this order; outlets are never scored. */
function scored(posts: readonly Written[]): SurgePost[] {
  const floods = createFloodWatch();
  return posts.map(({ template, ...post }) => {
    const seen = { author: post.author, feed: 'forum', family: template, at: post.time, target: post.entity };
    const plain = { isTimed: true, isRepost: false, hasLink: false, words: WORDS, cashtags: [] };
    return { ...post, coordinated: post.news ? 0 : floods.score({ ...seen, ...plain }, post.time) };
  });
}

/** `count` stretches of `least` to `most` hours, at least three days apart, after the learning days. */
function plan(draw: Draw, days: number, count: number, least: number, most: number): [number, number][] {
  const room = (days - LEARNING_DAYS) / count;
  return Array.from({ length: count }, (_, index) => {
    const hours = least + draw.below(most - least + 1);
    const span = Math.max(1, Math.floor(room * 24) - hours - 72);
    const from = START + (LEARNING_DAYS + index * room) * DAY + draw.below(span) * HOUR;
    return [from, from + hours * HOUR];
  });
}

function speak(
  draw: Draw,
  entity: string,
  days: number,
  swarmHours: number,
  outages: readonly { from: number; to: number }[],
  posts: Written[],
  planted: Planted[],
): void {
  const level = 0.15 * 40 ** draw.uniform();
  const share = 0.08 + 0.2 * draw.uniform();
  const size = 1.5 + 5 * draw.uniform();
  const swing = 0.3 + 0.6 * draw.uniform();
  const weekend = 0.35 + 0.4 * draw.uniform();
  const drift = draw.uniform() < 0.3 ? 1 + 2 * draw.uniform() : 1;
  const news = draw.uniform() < 0.5;
  const kinds = shuffled(draw, [
    ...SIZES,
    draw.uniform() < 0.5 ? 'small' : 'medium',
    'flood',
    'swarm',
    'syndicated',
    'attention',
  ] as const);
  const stretches = plan(draw, days, kinds.length, 12, 36);
  let number = 0;

  interface Voice {
    readonly story?: string;
    readonly author?: string;
    readonly template?: string;
    /** Accounts post on the forum, also about a company that is otherwise in the news. */
    readonly isAccount?: boolean;
  }
  const write = (time: number, isNegative: boolean, voice: Voice = {}): void => {
    if (outages.some(({ from, to }) => time >= from && time < to)) return;
    const errs = draw.uniform() < (isNegative ? OVERLOOKED : FALSE_NEGATIVITY);
    const says = isNegative !== errs;
    const sure = errs ? 0.25 : 0.15;
    const negative = says ? 1 - sure * (0.3 + 1.4 * draw.uniform()) : sure * (0.1 + 1.4 * draw.uniform());
    number += 1;
    const id = `${entity}-${number}`;
    const story = voice.story ?? id;
    posts.push({
      id,
      entity,
      time,
      story,
      template: voice.template ?? story,
      author: voice.author ?? `${entity} reader ${draw.below(5000)}`,
      news: news && voice.isAccount !== true,
      negative,
    });
  };

  for (let hour = 0; hour < days * 24; hour += 1) {
    const at = START + hour * HOUR;
    const attention = stretches.some(([from, to], index) => kinds[index] === 'attention' && at >= from && at < to);
    const mean = level * usual(hour, swing, weekend) * drift ** (hour / (days * 24)) * (attention ? 4 : 1);
    const count = draw.negativeBinomial(mean, size);
    for (let k = 0; k < count; k += 1) write(at + draw.below(HOUR), draw.uniform() < share);
  }
  stretches.forEach(([from, to], index) => {
    const kind = kinds[index] ?? 'small';
    planted.push({ entity, kind, from, to });
    const hours = (to - from) / HOUR;
    if (kind === 'flood') {
      const bots = 2 + draw.below(3);
      const same = draw.uniform() < 0.5;
      const count = 25 + draw.below(50);
      for (let k = 0; k < count; k += 1) {
        const author = `${entity} bot ${index}-${k % bots}`;
        write(from + draw.below(3 * HOUR), true, {
          author,
          isAccount: true,
          ...(same ? { story: `${entity} flood ${index}` } : {}),
        });
      }
    } else if (kind === 'swarm') {
      const accounts = 25 + draw.below(50);
      // Half fill one template with figures of their own, half put it into words of their own; most accounts are made for it.
      const filled = draw.uniform() < 0.5;
      for (let k = 0; k < accounts; k += 1) {
        const bought = draw.uniform() < 0.3;
        const author = bought ? `${entity} reader ${draw.below(5000)}` : `${entity} swarm ${index}-${k}`;
        const times = draw.uniform() < 0.2 ? 2 : 1;
        for (let turn = 0; turn < times; turn += 1) {
          write(from + draw.below(swarmHours * HOUR), true, {
            author,
            isAccount: true,
            ...(filled ? { template: `${entity} swarm ${index}` } : {}),
          });
        }
      }
    } else if (kind === 'syndicated') {
      const copies = 12 + draw.below(30);
      for (let k = 0; k < copies; k += 1) {
        const [story, author] = [`${entity} wire ${index}`, `${entity} outlet ${index}-${k}`];
        write(from + draw.below(8 * HOUR), true, { story, author });
      }
    } else if (kind !== 'attention') {
      const { times, atLeast } = GROWTH[kind];
      const more = Math.max(atLeast, (times - 1) * level * share * hours);
      const count = Math.max(atLeast, draw.poisson(more));
      // Rises within the first quarter, then holds.
      for (let k = 0; k < count; k += 1) write(from + Math.floor((to - from) * draw.uniform() ** 0.9), true);
    }
  });
}

/** Share of the mean rate in this hour of the week. */
function usual(hour: number, swing: number, weekend: number): number {
  const day = Math.floor(hour / 24) % 7;
  return (1 + swing * Math.sin((2 * Math.PI * ((hour % 24) - 8)) / 24)) * (day >= 5 ? weekend : 1);
}

function shuffled<Item>(draw: Draw, items: readonly Item[]): Item[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = draw.below(index + 1);
    [result[index], result[other]] = [result[other] as Item, result[index] as Item];
  }
  return result;
}
