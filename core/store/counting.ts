/**
 * Counts the hours that changed, again and again, in whichever process runs it. Two at once do the same work twice and
 * nothing wrong (counts.ts). Newest hours first and a limited number a pass, so that an old store that is counted for the
 * first time, or a replay of years, never holds up the writes of the pipeline for long.
 */
import type { Clock } from '../clock.ts';
import { explainError, toTidewatchError } from '../errors.ts';
import type { Service } from '../lifecycle.ts';
import type { Logger } from '../log.ts';
import { COUNT_DAYS, COUNT_HOURS, DAYS_QUERY, HOURS_QUERY, KEEP_HOURS } from './counts.ts';
import type { Retention } from './retention.ts';
import type { Store } from './store.ts';

const HOURS_A_PASS = 48;
const DAYS_A_PASS = 31;
const EVERY_MS = 10_000;
/** So many days before retention takes opinions, what is read is no longer relied on; half of the time where that is short. */
const MARGIN_DAYS = 2;

interface Due {
  /** Start of the hour or day, epoch seconds. */
  readonly at: number;
  readonly changes: number;
}

/** One pass; resolves to how many hours and days were counted. @throws TidewatchError storage.* */
export async function countChanged(store: Store, retention: Retention, now: number): Promise<number> {
  const hours = await store.query<Due>(HOURS_QUERY, { limit: HOURS_A_PASS });
  const days = retention.opinions_days;
  const edge = days === undefined ? -Infinity : now / 1000 - (days - Math.min(MARGIN_DAYS, days / 2)) * 86_400;
  await carryOut(
    store,
    COUNT_HOURS,
    'hours',
    hours.filter(({ at }) => at >= edge),
  );
  await carryOut(
    store,
    KEEP_HOURS,
    'hours',
    hours.filter(({ at }) => at < edge),
  );
  const due = await store.query<Due>(DAYS_QUERY, { limit: DAYS_A_PASS });
  await carryOut(store, COUNT_DAYS, 'days', due);
  return hours.length + due.length;
}

async function carryOut(
  store: Store,
  statements: readonly string[],
  places: 'hours' | 'days',
  due: readonly Due[],
): Promise<void> {
  if (due.length === 0) return;
  const params = { [places]: due.map(({ at }) => at), changes: due.map(({ changes }) => changes) };
  for (const statement of statements) await store.command(statement, params);
}

/** Every ten seconds, and at once again while there is more. */
export function createCounting(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly retention: Retention;
}): Service {
  const { store, clock, log, retention } = parts;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let failing = false;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let counted = 0;
      try {
        counted = await countChanged(store, retention, clock.now());
        if (failing) log.info('Counting works again');
        failing = false;
      } catch (thrown) {
        const error = toTidewatchError(thrown);
        // Charts are right without it, only slower.
        if (!failing)
          log.warn({ code: error.code }, `Counting opinions failed: ${explainError(error)}; it goes on trying`);
        failing = true;
      }
      await clock.sleep(counted < HOURS_A_PASS ? EVERY_MS : EVERY_MS / 20, stopping.signal).catch(() => undefined);
    }
  }

  return {
    name: 'counting',
    async start() {
      running = run();
    },
    async stop() {
      stopping.abort(new Error('Counting is stopping.'));
      await running;
    },
  };
}
