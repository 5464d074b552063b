/** The two planes that stages share, stream and store: which adapters there are, and how the settings choose one. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import { openStore, storeComponents, storeSettings } from '../core/store/registry.ts';
import type { Store } from '../core/store/store.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../core/stream/embedded.ts';
import { kafkaStreamSettings, openKafkaStream } from '../core/stream/kafka.ts';
import type { Stream } from '../core/stream/stream.ts';
import type { Described } from './components.ts';
import type { Settings } from './config.ts';

export { storeComponents, storeSettings };

export const streamComponents: readonly Described[] = [
  { name: 'embedded', summary: 'A durable log on disk in this process (LMDB).', settings: embeddedStreamSettings },
  { name: 'kafka', summary: 'Apache Kafka: many processes share the work.', settings: kafkaStreamSettings },
];

export const streamSettings = z
  .discriminatedUnion('type', [
    embeddedStreamSettings.extend({ type: z.literal('embedded') }),
    kafkaStreamSettings.extend({ type: z.literal('kafka') }),
  ])
  .prefault({ type: 'embedded' });

export interface PlaneOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Opens the durable log. @throws TidewatchError storage.* */
export async function openStream({ settings, clock, log }: PlaneOptions): Promise<Stream> {
  const context = { clock, log: log.child({ stage: 'stream' }) };
  if (settings.stream.type === 'kafka') return openKafkaStream(settings.stream, context);
  return openEmbeddedStream(settings.stream, { ...context, folder: join(settings.data_dir, 'stream') });
}

/** Opens the store and brings its schema up to date. @throws TidewatchError storage.* */
export async function openMigratedStore({ settings, log }: PlaneOptions): Promise<Store> {
  const store = await openStore(settings.store, {
    folder: join(settings.data_dir, 'store'),
    log: log.child({ stage: 'store' }),
  });
  await store.migrate();
  return store;
}
