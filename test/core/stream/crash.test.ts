import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { createLogger } from '../../../core/log.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../../core/stream/embedded.ts';
import type { Stream } from '../../../core/stream/stream.ts';

const ROUNDS = 16;
const SEED = 20_240_607;
const log = createLogger({ level: 'silent', format: 'json' });
const child = fileURLToPath(new URL('crash_child.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-crash-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const openHere = (): Promise<Stream> =>
  openEmbeddedStream(embeddedStreamSettings.parse({}), { folder, clock: systemClock, log });

/** Runs the child until `afterMs` after it is ready, kills it, and tells the last numbers that it called durable. */
async function runAndKill(start: number, seed: number, afterMs: number) {
  const running = spawn(process.execPath, ['--import', 'tsx', child, folder, String(start), String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  running.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes('ready')) timer ??= setTimeout(() => running.kill('SIGKILL'), afterMs);
  });
  const signal = await new Promise((resolve) => running.on('close', (_, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
  // The last line may be cut short by the kill.
  const lines = said.split('\n').slice(0, -1);
  const last = (what: string): number => Number(lines.findLast((line) => line.startsWith(what))?.split(' ')[1] ?? -1);
  return { appended: last('appended'), acknowledged: last('acknowledged') };
}

async function readAll(stream: Stream, topic: string, group: string, hand: 'on' | 'back'): Promise<unknown[]> {
  await stream.createGroup(topic, group);
  const total = (await stream.lag(topic, group)).messages;
  const values: unknown[] = [];
  const stop = new AbortController();
  if (total === 0) return values;
  const options = { maxMessages: 1_000, maxWaitMs: 0, signal: stop.signal, maxInFlight: 1_000_000 };
  for await (const { messages, acknowledge } of stream.subscribe<{ number: number }>(topic, group, options)) {
    values.push(...messages.map((message) => message.value));
    if (hand === 'on') {
      await acknowledge([{ topic: 'out', messages: messages.map(({ key, value }) => ({ key, value: value.number })) }]);
    }
    if (values.length >= total) stop.abort();
  }
  return values;
}

describe('the embedded stream under kill -9', () => {
  it(
    `loses no acknowledged append and hands each message on exactly once, in order, over ${ROUNDS} kills`,
    { timeout: 300_000 },
    async () => {
      let start = 0;
      let handedOn = -1;
      for (let round = 0; round < ROUNDS; round += 1) {
        const afterMs = 20 + ((round * 7_919 + SEED) % 400);
        const said = await runAndKill(start, SEED + round, afterMs);
        handedOn = Math.max(handedOn, said.acknowledged);
        const stream = await openHere();
        const numbers = (await readAll(stream, 'in', `probe ${round}`, 'back')).map(
          (value) => (value as { number: number }).number,
        );
        const out = await readAll(stream, 'out', `probe ${round}`, 'back');
        await stream.close();
        expect(numbers).toEqual(numbers.map((_, index) => index));
        expect(numbers.length - 1).toBeGreaterThanOrEqual(said.appended);
        expect(out).toEqual(out.map((_, index) => index));
        expect(out.length - 1).toBeGreaterThanOrEqual(handedOn);
        start = numbers.length;
      }
      const stream = await openHere();
      await readAll(stream, 'in', 'g', 'on');
      const out = await readAll(stream, 'out', 'check', 'back');
      await stream.close();
      expect(start).toBeGreaterThan(ROUNDS);
      expect(out).toEqual(Array.from({ length: start }, (_, index) => index));
    },
  );
});
