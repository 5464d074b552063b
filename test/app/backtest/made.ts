/** What backtests of made feeds share: all of the feed, two names, and what had been said by a time. */
import type { Names } from '../../../app/names.ts';
import { systemClock } from '../../../core/clock.ts';
import type { Alert, Opinion } from '../../../core/event.ts';
import { createHttpClient } from '../../../core/http.ts';
import { createLogger } from '../../../core/log.ts';
import { createMetrics } from '../../../core/metrics.ts';
import { createMemoryState } from '../../../core/state/memory.ts';
import { DAY, HOUR, opinionOf, randomFrom, START } from '../../alerting/opinions.ts';

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

/** Three quiet weeks of one company with a burst of bad news on the fifteenth day, in order of publication. */
export function feed(seed: number): Opinion[] {
  const random = randomFrom(seed);
  const opinions: Opinion[] = [];
  for (let hour = 0; hour < 21 * 24; hour += 2) {
    const time = START + hour * HOUR + Math.floor(random() * HOUR);
    opinions.push(opinionOf({ id: `q${seed}-${hour}`, time, negative: random() < 0.15 ? 0.8 : 0.1 }));
  }
  for (let index = 0; index < 24; index += 1) {
    const time = START + 15 * DAY + Math.floor(random() * 4 * HOUR);
    opinions.push(opinionOf({ id: `b${seed}-${index}`, time, negative: 0.95, sourceClass: 'news' }));
  }
  return opinions.toSorted((a, b) => (a.document.published_at < b.document.published_at ? -1 : 1));
}
