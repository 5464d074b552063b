/**
 * A reader in a process of its own, to be killed: copies topic `in` to `out` as group `g` with acknowledge(outputs), and
 * prints a line for each acknowledgement. Arguments: brokers, topic prefix, its name.
 */
import { systemClock } from '../../../core/clock.ts';
import { createLogger } from '../../../core/log.ts';
import { kafkaStreamSettings, openKafkaStream } from '../../../core/stream/kafka.ts';

const [brokers = '', prefix = '', name = ''] = process.argv.slice(2);
const settings = kafkaStreamSettings.parse({
  brokers: brokers.split(','),
  topic_prefix: prefix,
  session_timeout_ms: 2000,
});
const log = createLogger({ level: 'warn', format: 'json' });
const stream = await openKafkaStream(settings, { clock: systemClock, log });
const options = { maxMessages: 20, maxWaitMs: 5, maxInFlight: 2, signal: new AbortController().signal };
for await (const delivery of stream.subscribe<{ n: number }>('in', 'g', options)) {
  const messages = delivery.messages.map(({ key, value }) => ({ key, value: { ...value, by: name } }));
  await new Promise((resolve) => setTimeout(resolve, 10));
  delivery.acknowledge([{ topic: 'out', messages }]).then(
    () => console.log(`acknowledged ${messages.length}`),
    (error: unknown) => console.log(`refused: ${String(error)}`),
  );
}
