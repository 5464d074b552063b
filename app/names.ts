/** Display names of entities and topics in both languages, from the watchlists that the settings name. */
import { TOPIC_NAMES_ZH } from '../core/topics.ts';
import type { Series } from '../core/event.ts';
import { loadWatchlists } from '../ingest/watchlist.ts';
import type { Settings } from './config.ts';

export interface DisplayName {
  readonly en: string;
  readonly zh: string;
}

export interface Names {
  readonly count: number;
  entity(id: string): DisplayName;
  series(series: Series): DisplayName;
}

/** @throws TidewatchError config.invalid, config.unreadable for a watchlist that is wrong or absent */
export async function loadNames(settings: Settings): Promise<Names> {
  const entities = new Map<string, DisplayName>();
  for (const { id, name, name_zh } of await loadWatchlists(settings.ingest.watchlists)) {
    entities.set(id, { en: name, zh: name_zh ?? name });
  }
  const entity = (id: string): DisplayName => entities.get(id) ?? { en: id, zh: id };
  return {
    count: entities.size,
    entity,
    series(series) {
      if (series.kind === 'entity') return entity(series.entity ?? '');
      const topic = series.topic ?? '';
      return { en: topic, zh: TOPIC_NAMES_ZH[topic] ?? topic };
    },
  };
}
