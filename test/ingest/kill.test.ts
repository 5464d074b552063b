import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Document } from '../../core/event.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../core/stream/embedded.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { BATCH, POSTS } from './kill_process.ts';

const KILLS = 8;
const PROGRAM = fileURLToPath(new URL('kill_process.ts', import.meta.url));

/** Runs it, kills it `afterMs` after it has opened its folder; whether it came to its end. */
async function run(folder: string, afterMs: number | null): Promise<boolean> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => {
    const wasOpen = said.includes('open');
    said += bytes.toString();
    if (!wasOpen && afterMs !== null) setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  await new Promise((resolve) => child.once('close', resolve));
  return said.includes('done');
}

async function documentsIn(folder: string): Promise<Document[]> {
  const parts = { folder: join(folder, 'stream'), clock: systemClock, log: pino({ level: 'silent' }) };
  const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), parts);
  const documents: Document[] = [];
  for await (const messages of stream.scan<Document>(TOPICS.documents, new AbortController().signal))
    documents.push(...messages.map(({ value }) => value));
  await stream.close();
  return documents;
}

it('killed again and again while it takes posts in, it loses none, repeats one batch a kill at most, and gives the same stories', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-ingest-kill-'));
  const undisturbed = await mkdtemp(join(tmpdir(), 'tidewatch-ingest-whole-'));
  let kills = 0;
  for (let turn = 0; turn < KILLS; turn += 1) if (!(await run(folder, 20 + turn * 45))) kills += 1;
  expect(await run(folder, null)).toBe(true);
  expect(await run(undisturbed, null)).toBe(true);
  const documents = await documentsIn(folder);
  const expected = await documentsIn(undisturbed);
  expect(kills).toBeGreaterThan(2);
  expect(documents.length - POSTS).toBeLessThanOrEqual(kills * BATCH);
  const placed = ({ id, story, novelty, coordinated }: Document) => [id, { story, novelty, coordinated }] as const;
  // A repeated one must be placed as it was the first time: both stand in the map, and in the list.
  const whole = new Map(expected.map(placed));
  expect(whole.size).toBe(POSTS);
  expect(new Map(documents.map(placed))).toEqual(whole);
  for (const document of documents) expect(placed(document)[1]).toEqual(whole.get(document.id));
  await rm(folder, { recursive: true, force: true });
  await rm(undisturbed, { recursive: true, force: true });
}, 240_000);
