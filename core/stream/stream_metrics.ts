/**
 * What a stream says of its readers: how far each is behind, asked for when somebody scrapes (autoscaling and alarms go by
 * it: docs/delivery.md, "Lag"), and how often one had to start anew. Every process of a cluster can tell the lag of every
 * group, so take the max by group.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Stream } from './stream.ts';

export type Reader = readonly [topic: string, group: string];

export interface StreamMetrics {
  /** Tells the lag of these readers from now on. */
  watch(stream: Pick<Stream, 'lag'>, readers: readonly Reader[]): void;
  /** A reader left its group and joined anew. */
  restarted(topic: string, group: string, why: 'crashed' | 'fenced' | 'stalled'): void;
}

/** A scrape does not wait longer for brokers that do not answer: then the gauges are absent, not stale. */
const ANSWER_WITHIN_MS = 3000;

export function createStreamMetrics(registry: Registry): StreamMetrics {
  let watched: { readonly stream: Pick<Stream, 'lag'>; readonly readers: readonly Reader[] } | undefined;
  const labelNames = ['topic', 'group'] as const;
  const registers = [registry];
  let answered: Promise<void> = Promise.resolve();
  const messages = new Gauge({
    name: 'tidewatch_stream_lag_messages',
    help: 'Messages that a group of readers has not acknowledged.',
    labelNames,
    registers,
    collect: () => (answered = ask()),
  });
  const seconds = new Gauge({
    name: 'tidewatch_stream_lag_seconds',
    help: 'Age of the oldest message that a group of readers has not acknowledged.',
    labelNames,
    registers,
    collect: () => answered,
  });
  const restarts = new Counter({
    name: 'tidewatch_stream_reader_restarts_total',
    help: 'Readers that left their group and joined anew, by why: crashed, fenced, stalled (Kafka).',
    labelNames: ['topic', 'group', 'why'] as const,
    registers,
  });

  async function ask(): Promise<void> {
    const { stream, readers } = watched ?? { stream: undefined, readers: [] };
    await Promise.all(
      readers.map(async ([topic, group]) => {
        const late = new AbortController();
        const lag = await Promise.race([
          stream?.lag(topic, group).catch(() => undefined),
          wait(ANSWER_WITHIN_MS, undefined, { signal: late.signal }).catch(() => undefined),
        ]);
        late.abort();
        if (lag === undefined) {
          messages.remove(topic, group);
          seconds.remove(topic, group);
          return;
        }
        messages.set({ topic, group }, lag.messages);
        seconds.set({ topic, group }, lag.seconds);
      }),
    );
  }

  return {
    watch(stream, readers) {
      watched = { stream, readers };
    },
    restarted: (topic, group, why) => restarts.inc({ topic, group, why }),
  };
}
