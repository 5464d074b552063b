/** What backtests of made feeds share: all of the feed, two names, and what had been said by a time. */
import type { Names } from '../../../app/names.ts';
import { systemClock } from '../../../core/clock.ts';
import type { Alert } from '../../../core/event.ts';
import { createHttpClient } from '../../../core/http.ts';
import { createLogger } from '../../../core/log.ts';
import { createMetrics } from '../../../core/metrics.ts';
import { createMemoryState } from '../../../core/state/memory.ts';

const both = (id: string) => ({ en: id, zh: id });
const names: Names = {
  count: 2,
  entity: both,
  entitiesIn: () => [],
  series: (series) => both(series.entity ?? series.topic ?? series.kind),
  parents: new Map(),
};

/** For `watchFeed`: the whole of a feed, with a memory of its own. */
export function wholeFeed() {
  return {
    feed: 'made',
    names,
    from: -Infinity,
    to: Infinity,
    wanted: [],
    removals: [],
    examined: [],
    context: {
      clock: systemClock,
      log: createLogger({ level: 'silent', format: 'json' }),
      metrics: createMetrics(),
      signal: new AbortController().signal,
      http: createHttpClient({ userAgent: 'test' }),
      state: createMemoryState(),
    },
  };
}

export const said = (changes: readonly Alert[], until: number): string[] =>
  changes.filter(({ at }) => Date.parse(at) <= until).map((alert) => JSON.stringify(alert));
