/**
 * A source that goes quiet or dies, one that is well again, and one that left the settings while it was down: said once in the
 * log, and on a topic of the stream, from where whoever tells people takes it. See docs/decisions/0026-silent-sources.md.
 */
import type { Clock } from '../core/clock.ts';
import { toTidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { ChangedSource, SourceHealth, SourceNews } from '../core/health.ts';
import type { Logger } from '../core/log.ts';
import type { State } from '../core/state/state.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';

type Told = SourceHealth['status'];

export interface Teller {
  readonly clock: Clock;
  readonly log: Logger;
  readonly stream: Stream;
  readonly signal: AbortSignal;
}

const AGAIN_MS = 60_000;

/** What was last told of each source, by name; kept over restarts. */
export const toldOf = (state: State) => state.table<Told>('ingest_told');

/** What people are told of; a failure that may mend itself is only shown and logged. */
export function isBad(status: Told): boolean {
  return status === 'quiet' || status === 'dead';
}

export async function tellOfSource(health: ChangedSource, { clock, log, stream, signal }: Teller): Promise<void> {
  const { name, status } = health;
  const says =
    status === 'removed'
      ? 'is no longer in the settings'
      : isBad(status)
        ? `is ${status}: ${health.reason ?? 'no reason known'}`
        : 'is well again';
  log[status !== 'removed' && isBad(status) ? 'warn' : 'info'](
    { event: 'source.changed', source: name, status },
    `${name} ${says}`,
  );
  const news: SourceNews = { at: isoTime(clock.now()), ...health };
  await stream.append(TOPICS.sources, [{ key: name, value: news }], signal);
}

/**
 * Tells of those that were down when they left the settings, so that their alerts end. Tries again each minute while the stream or
 * the disk refuses; resolves when all are told or the signal aborts.
 */
export async function tellOfRemoved(
  names: ReadonlySet<string>,
  state: State,
  teller: Teller,
  onError: (code: string) => void,
): Promise<void> {
  const table = toldOf(state);
  const removed = [...table.entries()].filter(({ key }) => !names.has(key));
  for (const { key: name, value: told } of removed) {
    while (!teller.signal.aborted) {
      try {
        if (isBad(told)) await tellOfSource({ name, status: 'removed' }, teller);
        await table.remove(name);
        break;
      } catch (thrown) {
        onError(toTidewatchError(thrown).code);
        await teller.clock.sleep(AGAIN_MS, teller.signal).catch(() => undefined);
      }
    }
  }
}
