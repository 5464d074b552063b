/**
 * The process that crash.test.ts kills: appends numbered messages to `in`, and hands what it reads from there on to `out`
 * by acknowledge(outputs), several deliveries in flight and acknowledged out of order. Says on stdout what is durable.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../../core/clock.ts';
import { createLogger } from '../../../core/log.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../../core/stream/embedded.ts';
import type { Delivery } from '../../../core/stream/stream.ts';

const [folder = '', start = '0', seed = '1'] = process.argv.slice(2);
let random = Number(seed);
const next = (below: number): number => {
  random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((random / 2_147_483_648) * below);
};

const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), {
  folder,
  clock: systemClock,
  log: createLogger({ level: 'silent', format: 'json' }),
});
await stream.createGroup('in', 'g');
writeSync(1, 'ready\n');

async function write(): Promise<never> {
  for (let number = Number(start); ;) {
    const count = 1 + next(40);
    await stream.append(
      'in',
      Array.from({ length: count }, (_, index) => ({
        key: `k${(number + index) % 7}`,
        value: { number: number + index, text: 'x'.repeat(next(3_000)) },
      })),
    );
    number += count;
    writeSync(1, `appended ${number - 1}\n`);
  }
}

async function read(): Promise<void> {
  const signal = new AbortController().signal;
  const held: Delivery<{ number: number }>[] = [];
  const options = { maxMessages: 1 + next(60), maxWaitMs: next(5), signal, maxInFlight: 3 };
  for await (const delivery of stream.subscribe<{ number: number }>('in', 'g', options)) {
    held.push(delivery);
    if (held.length < 3) continue;
    await Promise.all(
      held
        .splice(0)
        .toReversed()
        .map(async ({ messages, acknowledge }) => {
          await acknowledge([
            { topic: 'out', messages: messages.map(({ key, value }) => ({ key, value: value.number })) },
          ]);
          writeSync(1, `acknowledged ${messages.at(-1)?.value.number}\n`);
        }),
    );
  }
}

await Promise.all([write(), read()]);
