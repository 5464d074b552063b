/**
 * What must hold when all is over, however often what was killed. Pure: from what was posted and what was kept to a list
 * of broken promises, empty when all were kept, and the counts that the report shows.
 */
import type { Contents, Kept } from './form.ts';
import type { Load, Posted } from './load.ts';

export interface Told {
  /** The notification's id, which receivers know repetitions by. */
  readonly id: string;
  /** alert_id:revision of everything that it tells. */
  readonly items: readonly string[];
}

export interface Verdict {
  readonly broken: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface Evidence {
  readonly load: Pick<Load, 'posted' | 'badNews'>;
  readonly contents: Contents;
  readonly told: readonly Told[];
  /** Dead letters that junk in topics must have made. */
  readonly junk: ReadonlyMap<string, number>;
  /** Ids of what people wrote at the page and were told to be kept. */
  readonly written: readonly string[];
}

const DAY = 86_400_000;
const SHOWN = 5;

export function judge({ load, contents, told, junk, written }: Evidence): Verdict {
  const broken: string[] = [];
  const say = (what: string, wrong: readonly string[]): void => {
    if (wrong.length > 0) broken.push(`${what}: ${wrong.length}, such as ${wrong.slice(0, SHOWN).join(', ')}`);
  };
  const sound = load.posted().filter(({ isPoison }) => !isPoison);
  const poison = new Set(load.posted().flatMap(({ isPoison, url }) => (isPoison ? [url] : [])));
  for (const [name, rows] of [
    ['documents', contents.storedDocuments],
    ['opinions', contents.storedOpinions],
  ] as const) {
    say(
      `missing in the table ${name}`,
      sound.flatMap(({ url }) => (rows.has(url) ? [] : [url])),
    );
    say(
      `more than once in the table ${name}`,
      [...rows].flatMap(([url, count]) => (count > 1 ? [url] : [])),
    );
    say(
      `poison in the table ${name}`,
      [...rows.keys()].filter((url) => poison.has(url)),
    );
  }
  // Handed on exactly once: what transactions promise, beyond what deterministic ids mend.
  const read = byKey(contents.documents.filter(({ url }) => url !== null && !poison.has(url)));
  const handed = byKey(contents.opinions.filter(({ url }) => url !== null));
  say(
    'keys whose opinions are not exactly their documents, in order',
    [...new Set([...read.keys(), ...handed.keys()])].filter(
      (key) => (read.get(key) ?? []).join('\n') !== (handed.get(key) ?? []).join('\n'),
    ),
  );
  say('out of order within a company', outOfOrder(load.posted(), contents.opinions));
  const expectedDead = new Map(junk);
  const poisonRead = contents.documents.filter(({ url }) => url !== null && poison.has(url)).length;
  if (poisonRead > 0) expectedDead.set('documents.dead model.failed', poisonRead);
  say(
    'dead letters that are not as many as the poison',
    [...new Set([...expectedDead.keys(), ...contents.dead.keys()])]
      .filter((name) => (expectedDead.get(name) ?? 0) !== (contents.dead.get(name) ?? 0))
      .map((name) => `${name}: ${contents.dead.get(name) ?? 0} of ${expectedDead.get(name) ?? 0}`),
  );
  say(
    'poison without a dead letter',
    [...poison].filter((url) => !contents.documents.some((one) => one.url === url)),
  );
  const firing = contents.alerts.filter(({ state }) => state === 'firing');
  const name = (entity: string, day: number): string => `${entity} ${new Date(day).toISOString().slice(0, 10)}`;
  const fired = [...new Map(firing.map((one) => [one.alert_id, one])).values()].map(({ entity, started_at: at }) =>
    name(entity, Math.floor(at / DAY) * DAY),
  );
  const planted = load.badNews().map(({ entity, day }) => name(entity, Math.floor(day / DAY) * DAY));
  say(
    'bad news without an alert',
    planted.filter((one) => !fired.includes(one)),
  );
  say('alerts without bad news, or twice', without(fired, planted));
  const firstFiring = new Set(firing.map(({ alert_id: id, revision }) => `${id}:${revision}`));
  const ids = new Map<string, Set<string>>();
  for (const { id, items } of told) for (const item of items) ids.set(item, (ids.get(item) ?? new Set()).add(id));
  say(
    'firing alerts that nobody was told of',
    [...firstFiring].filter((item) => !ids.has(item)),
  );
  say(
    'told under two ids',
    [...ids].flatMap(([item, own]) => (own.size > 1 ? [item] : [])),
  );
  const kept = new Map<string, number>();
  for (const id of contents.actions) kept.set(id, (kept.get(id) ?? 0) + 1);
  say(
    'written at the page and not there once',
    written.filter((id) => kept.get(id) !== 1),
  );
  say(
    'written at the page and not in the audit log',
    written.filter((id) => !contents.audited.has(id)),
  );
  return {
    broken,
    counts: {
      posted: load.posted().length,
      poison: poison.size,
      'in the topic documents': contents.documents.length,
      'labelled in the store': contents.storedOpinions.size,
      alerts: fired.length,
      notifications: new Set(told.map(({ id }) => id)).size,
      'notifications that came again under their id': told.length - new Set(told.map(({ id }) => id)).size,
      'written at the page': written.length,
      'dead letters': [...contents.dead.values()].reduce((sum, count) => sum + count, 0),
    },
  };
}

/** Addresses by key, in order. */
function byKey(messages: readonly Kept[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { key, url } of messages) {
    const list = found.get(key);
    if (list === undefined) found.set(key, [url ?? '']);
    else list.push(url ?? '');
  }
  return found;
}

/** A batch that was posted again may stand there twice: what counts is where each document stands first. */
function outOfOrder(posted: readonly Posted[], opinions: readonly Kept[]): string[] {
  const numbers = new Map(posted.map((one) => [one.url, one]));
  const last = new Map<string, number>();
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (const { url } of opinions) {
    const one = url === null || seen.has(url) ? undefined : numbers.get(url);
    if (one === undefined) continue;
    seen.add(one.url);
    if (one.number < (last.get(one.company) ?? 0)) wrong.push(one.url);
    last.set(one.company, one.number);
  }
  return wrong;
}

/** What is in `all` beyond `expected`, each as often as it is too many. */
function without(all: readonly string[], expected: readonly string[]): string[] {
  const left = [...expected];
  return all.filter((one) => {
    const at = left.indexOf(one);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
