/** How far each partition of the log has come (heard.ts), asked of the stream at every tick; says where one keeps the others waiting. */
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import { TOPICS, type Lag, type Stream } from '../core/stream/stream.ts';
import type { Heard } from './heard.ts';
import { tooFarAhead, type Lanes } from './lanes.ts';

export interface PartitionsContext {
  readonly stream: Stream;
  readonly heard: Heard;
  readonly lanes: Lanes;
  /** The machine's clock. */
  readonly clock: Clock;
  readonly log: Logger;
}

export const GROUP = 'alerting';
/** Who hands documents on before they come here: while something waits there, no feed is idle. */
const UPSTREAM = { topic: TOPICS.documents, group: 'classifier' } as const;
/** Documents that may wait for a partition that is behind: some 400 MB. */
const MOST_AHEAD = 250_000;
const BEHIND_MS = 600_000;

/** A function that learns it; `holds`: messages that were read and are not acknowledged, by partition. */
export function createPartitions({ stream, heard, lanes, clock, log }: PartitionsContext) {
  let behindAt = -Infinity;
  return async (holds: ReadonlyMap<number, number>): Promise<{ upstream: Lag; own: Lag }> => {
    const at = clock.now();
    const upstream = await stream.lag(UPSTREAM.topic, UPSTREAM.group);
    const own = await stream.lag(TOPICS.opinions, GROUP);
    heard.learn(at, upstream, own, holds);
    const tooFar = tooFarAhead(lanes, MOST_AHEAD);
    if (tooFar !== null) heard.letGo(tooFar);
    const slowest = heard.slowest();
    const isBehind =
      tooFar !== null || (slowest !== null && slowest.behindMs > BEHIND_MS && slowest.behindMs < Infinity);
    if (slowest !== null && isBehind && at - behindAt >= BEHIND_MS) {
      behindAt = at;
      const seconds = Math.round(slowest.behindMs / 1000);
      const then =
        tooFar === null
          ? 'alerts wait for it'
          : `${MOST_AHEAD} documents wait for it, and what it brings may be late now`;
      log.warn(
        { event: 'alerting.partition_behind', partition: slowest.partition, seconds },
        `Partition ${slowest.partition} of ${TOPICS.opinions} is ${seconds} s behind another: ${then}`,
      );
    }
    return { upstream, own };
  };
}
