/**
 * "For you" against newest-first, by replaying logged clicks of simulated analysts. Each analyst sees one story at a time,
 * drawn uniformly from ten candidates, and opens it or not by a hidden taste. A policy is then replayed over the log:
 * where its choice is the story that was drawn the event counts and the policy learns from it, else it is skipped; with
 * uniform draws the average over what counted is an unbiased estimate of what the policy would have earned (Li, Chu,
 * Langford & Wang 2011). Half way the taste changes. Everything is seeded: bench/for_you.ts prints the figures, and
 * test/dashboards/for_you/replay.test.ts asks that the ranking wins.
 */
import { featuresOf, tasteKeys, type Candidate } from '../dashboards/for_you/features.ts';
import { COLD_START, draw, learn, rank, seeded, type Lesson } from '../dashboards/for_you/ranker.ts';
import { isoTime } from '../core/event.ts';

export const CHOICES = 10;
const HOUR = 3_600_000;
const START = Date.parse('2026-03-01T00:00:00.000Z');
const pick = <Item>(items: readonly Item[], random: () => number): Item =>
  items[Math.floor(random() * items.length)] as Item;
const named = (kind: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${kind}${index}`);
const [ENTITIES, TOPICS, SOURCES] = [named('e', 30), named('t', 20), named('s', 15)];

interface Event {
  readonly now: number;
  readonly choices: readonly Candidate[];
  readonly drawn: number;
  readonly opened: boolean;
  readonly firing: ReadonlySet<string>;
}

/** Stories as a desk meets them: some about nobody watched, few large, most small. */
function candidate(id: string, now: number, random: () => number): Candidate {
  const documents = Math.ceil(Math.exp(random() * random() * 4));
  return {
    story: id,
    document_id: id,
    published_at: isoTime(now - Math.floor(-Math.log(1 - random()) * 8 * HOUR)),
    documents,
    sources: Math.max(1, Math.round(documents * (0.3 + random() * 0.5))),
    negative: random() ** 1.5,
    entities: random() < 0.7 ? [pick(ENTITIES, random)] : [],
    topic: pick(TOPICS, random),
    source: pick(SOURCES, random),
    language: random() < 0.5 ? 'en' : 'zh',
  };
}

/** A hidden taste: five companies, four topics, a language, and how much news and badness matter. Not of the ranker's form. */
function taste(random: () => number): (one: Candidate, now: number) => number {
  const companies = new Set(Array.from({ length: 5 }, () => pick(ENTITIES, random)));
  const topics = new Set(Array.from({ length: 4 }, () => pick(TOPICS, random)));
  const bad = new Set([pick(SOURCES, random), pick(SOURCES, random)]);
  const tongue = random() < 0.5 ? 'en' : 'zh';
  const [freshness, badness] = [random() * 1.2, random() * 1.5];
  return (one, now) => {
    const age = (now - Date.parse(one.published_at)) / HOUR;
    const isMine = one.entities.some((entity) => companies.has(entity));
    const pull =
      -3.2 + (isMine ? 2.4 : 0) + (topics.has(one.topic) ? 1.4 : 0) + (isMine && topics.has(one.topic) ? 0.8 : 0);
    const push =
      (one.language === tongue ? 0.7 : 0) -
      (bad.has(one.source) ? 1 : 0) +
      badness * one.negative +
      freshness * Math.exp(-age / 6);
    return 1 / (1 + Math.exp(-(pull + push)));
  };
}

function logOf(seed: number, events: number): Event[] {
  const random = seeded(seed);
  let liking = taste(random);
  const firing = new Set([pick(ENTITIES, random)]);
  return Array.from({ length: events }, (_, index) => {
    if (index === events >> 1) liking = taste(random);
    const now = START + index * 60_000;
    const choices = Array.from({ length: CHOICES }, (__, place) => candidate(`${index}.${place}`, now, random));
    const drawn = Math.floor(random() * CHOICES);
    const opened = random() < liking(choices[drawn] as Candidate, now);
    return { now, choices, drawn, opened, firing };
  });
}

interface Policy {
  choose(event: Event): number;
  learn(event: Event): void;
}

/** What was learned from is forgotten slowly, as the service forgets by taking the last 2,000 rows only. */
const MEMORY = 400;

function ranker(random: () => number, explores: boolean): Policy {
  const seen: { candidate: Candidate; features: number[]; liked: 0 | 1 }[] = [];
  let model = COLD_START;
  const tastes = new Map<string, { opened: number; shown: number }>();
  const count = (one: Candidate, liked: 0 | 1, sign: 1 | -1): void => {
    for (const key of tasteKeys(one)) {
      const known = tastes.get(key) ?? { opened: 0, shown: 0 };
      tastes.set(key, { opened: known.opened + sign * liked, shown: known.shown + sign });
    }
  };
  return {
    choose({ choices, now, firing }) {
      const all = choices.map((one) => featuresOf(one, tastes, { now, firing }));
      return rank(all, explores ? draw(model, random) : model.mean)[0] ?? 0;
    },
    learn({ choices, drawn, opened, now, firing }) {
      const own = choices[drawn] as Candidate;
      const liked = opened ? 1 : 0;
      seen.push({ candidate: own, features: featuresOf(own, tastes, { now, firing }), liked });
      count(own, liked, 1);
      const oldest = seen.length > MEMORY ? seen.shift() : undefined;
      if (oldest !== undefined) count(oldest.candidate, oldest.liked, -1);
      if (seen.length % 5 !== 0) return;
      const lessons: Lesson[] = seen.map(({ features, liked: was }) => ({ features, liked: was, weight: 1 }));
      model = learn(lessons);
    },
  };
}

const still = (choose: Policy['choose']): Policy => ({ choose, learn: () => undefined });
const newest = (event: Event): number =>
  event.choices.reduce(
    (best, one, index) => (one.published_at > (event.choices[best]?.published_at ?? '') ? index : best),
    0,
  );
const POLICIES: Readonly<Record<string, (random: () => number) => Policy>> = {
  'newest first': () => still(newest),
  'at random': (random) => still(() => Math.floor(random() * CHOICES)),
  'cold start, never learning': () => {
    const tastes = new Map<string, { opened: number; shown: number }>();
    return still(
      ({ choices, now, firing }) =>
        rank(
          choices.map((one) => featuresOf(one, tastes, { now, firing })),
          COLD_START.mean,
        )[0] ?? 0,
    );
  },
  'learning, no exploration': (random) => ranker(random, false),
  'For you (Thompson)': (random) => ranker(random, true),
};

/** How often what a policy showed was opened: by analyst, and by quarter of the log over all of them. */
export interface Rates {
  readonly all: number[];
  readonly parts: { opened: number; shown: number }[];
}

/** Every policy, or those named, over the logs of so many analysts with so many events each. */
export function replayClicks(analysts: number, events: number, policies = Object.keys(POLICIES)): Map<string, Rates> {
  const rates = new Map<string, Rates>();
  for (let analyst = 0; analyst < analysts; analyst += 1) {
    const log = logOf(1000 + analyst, events);
    for (const name of policies) {
      const policy = POLICIES[name]?.(seeded(analyst * 7919 + 1));
      if (policy !== undefined) replayOne(policy, log, rates, name);
    }
  }
  return rates;
}

function replayOne(policy: Policy, log: readonly Event[], rates: Map<string, Rates>, name: string): void {
  const parts = Array.from({ length: 4 }, () => ({ opened: 0, shown: 0 }));
  log.forEach((event, index) => {
    if (policy.choose(event) !== event.drawn) return;
    const part = parts[Math.floor((index / log.length) * 4)] as { opened: number; shown: number };
    part.shown += 1;
    part.opened += event.opened ? 1 : 0;
    policy.learn(event);
  });
  const known = rates.get(name) ?? { all: [], parts: Array.from({ length: 4 }, () => ({ opened: 0, shown: 0 })) };
  known.all.push(parts.reduce((sum, { opened }) => sum + opened, 0) / parts.reduce((sum, { shown }) => sum + shown, 0));
  parts.forEach(({ opened, shown }, at) => {
    const all = known.parts[at] as { opened: number; shown: number };
    all.opened += opened;
    all.shown += shown;
  });
  rates.set(name, known);
}
