/** The streams there are, and how settings choose one. Adding one is a file beside this, a line in each list, and a run of test/contracts/stream.ts. */
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { embeddedStreamSettings, openEmbeddedStream } from './embedded.ts';
import { kafkaStreamSettings, openKafkaStream } from './kafka.ts';
import type { Stream } from './stream.ts';
import type { StreamMetrics } from './stream_metrics.ts';

export const streamComponents = [
  { name: 'embedded', summary: 'A durable log on disk in this process (LMDB).', settings: embeddedStreamSettings },
  { name: 'kafka', summary: 'Apache Kafka: many processes share the work.', settings: kafkaStreamSettings },
] as const;

export const streamSettings = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('embedded'), ...embeddedStreamSettings.shape }),
    z.strictObject({ type: z.literal('kafka'), ...kafkaStreamSettings.shape }),
  ])
  .prefault({ type: 'embedded' });

export type StreamSettings = z.output<typeof streamSettings>;

/**
 * Opens the stream that `settings.type` names; `folder` is the embedded log's.
 * @throws TidewatchError storage.unavailable, storage.read_only, storage.full
 */
export async function openStream(
  settings: StreamSettings,
  { folder, clock, log, metrics }: { folder: string; clock: Clock; log: Logger; metrics?: StreamMetrics },
): Promise<Stream> {
  if (settings.type === 'kafka') return openKafkaStream(settings, { clock, log, ...(metrics && { metrics }) });
  return openEmbeddedStream(settings, { folder, clock, log });
}
