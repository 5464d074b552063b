/** Display names of entities and topics in both languages, from the watchlists that the settings name. */
import { LANGUAGE_NAMES, SOURCE_CLASS_NAMES } from '../core/series_names.ts';
import { TOPIC_NAMES_ZH } from '../core/topics.ts';
import { TidewatchError } from '../core/errors.ts';
import type { Series } from '../core/event.ts';
import { findCashtags } from '../core/text.ts';
import { createEntityMatcher } from '../ingest/entities.ts';
import { loadWatchlists, type WatchedEntity } from '../ingest/watchlist.ts';
import type { Settings } from './config.ts';

export interface DisplayName {
  readonly en: string;
  readonly zh: string;
}

export interface Names {
  readonly count: number;
  entity(id: string): DisplayName;
  series(series: Series): DisplayName;
  /** Ids of the watched entities that a question, or an answer to one, names. */
  entitiesIn(text: string): string[];
  /** The sector of each entity that has one: child's id to parent's id. */
  readonly parents: ReadonlyMap<string, string>;
}

export interface WatchedNames extends Names {
  /** All that are watched. */
  readonly watched: readonly { readonly id: string; readonly name: DisplayName }[];
}

/** @throws TidewatchError config.invalid, config.unreadable for a watchlist that is wrong or absent */
export async function loadNames(settings: Settings): Promise<WatchedNames> {
  return namesOf(await loadWatchlists(settings.ingest.watchlists));
}

/** Names that can be exchanged while they are used: whoever holds them asks the newest. */
export function liveNames(first: WatchedNames): WatchedNames & { exchange(next: WatchedNames): void } {
  let now = first;
  const parents = new Map(first.parents);
  return {
    get count() {
      return now.count;
    },
    get watched() {
      return now.watched;
    },
    parents,
    entity: (id) => now.entity(id),
    series: (series) => now.series(series),
    entitiesIn: (text) => now.entitiesIn(text),
    exchange(next) {
      now = next;
      parents.clear();
      for (const [id, parent] of next.parents) parents.set(id, parent);
    },
  };
}

/** @throws TidewatchError config.invalid for a parent that is none */
export function namesOf(watched: readonly WatchedEntity[]): WatchedNames {
  const entities = new Map<string, DisplayName>();
  const parents = new Map<string, string>();
  for (const { id, name, name_zh, parent } of watched) {
    entities.set(id, { en: name, zh: name_zh ?? name });
    if (parent !== undefined) parents.set(id, parent);
  }
  for (const [id, parent] of parents) {
    if (entities.has(parent) && !parents.has(parent)) continue;
    const why = entities.has(parent) ? 'has a parent itself' : 'is in no watchlist';
    throw new TidewatchError('config.invalid', `The watchlist entry ${id} has the parent ${parent}, which ${why}`, {
      hint: 'Add an entry of kind sector with that id; sectors have no parents.',
    });
  }
  const entity = (id: string): DisplayName => entities.get(id) ?? { en: id, zh: id };
  // Made when it is first asked: a watchlist of 10,000 takes half a second.
  let matcher: ReturnType<typeof createEntityMatcher> | null = null;
  return {
    entitiesIn(text) {
      matcher ??= createEntityMatcher(watched.map(atTheirWord));
      return matcher({ title: null, text, links: [], cashtags: findCashtags(text) }).map(({ id }) => id);
    },
    count: entities.size,
    watched: [...entities].map(([id, name]) => ({ id, name })),
    entity,
    parents,
    series(series) {
      if (series.kind === 'source_class') return SOURCE_CLASS_NAMES[series.source_class ?? 'news'];
      if (series.kind === 'language') return LANGUAGE_NAMES[series.language ?? 'other'];
      const of = series.entity === null ? null : entity(series.entity);
      if (series.topic === null) return of ?? { en: '', zh: '' };
      const topic = { en: series.topic, zh: TOPIC_NAMES_ZH[series.topic] ?? series.topic };
      return of === null ? topic : { en: `${of.en} · ${topic.en}`, zh: `${of.zh} · ${topic.zh}` };
    },
  };
}

/**
 * An entry whose ambiguous Chinese names count as they stand, its `not` apart. Whoever asks 苹果怎么了 means the company and
 * says no more, and Han has no capitals that would say it: ingest's evidence is in the text around a name, and a question has none.
 */
function atTheirWord(entity: WatchedEntity): WatchedEntity {
  const isHan = (name: string): boolean => /\p{Script=Han}/u.test(name);
  return {
    ...entity,
    aliases_zh: [...entity.aliases_zh, ...entity.ambiguous.filter(isHan)],
    ambiguous: entity.ambiguous.filter((name) => !isHan(name)),
  };
}
