import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOpinions, readRemovals, takeUp } from '../../../app/backtest/label_file.ts';
import { labelKey } from '../../../app/backtest/label_key.ts';
import { settingsSchema, type Settings } from '../../../app/config.ts';
import { withOverrides } from '../../../backtest/sweep.ts';
import { writeTinyModel } from '../../classifier/tiny_model.ts';

let folder: string;
let feed: string;
let cache: string;
const DOCUMENTS = 400;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-label-'));
  feed = join(folder, 'feed.jsonl');
  cache = join(folder, 'cache');
  writeTinyModel(join(folder, 'model'));
  const lines = Array.from({ length: DOCUMENTS }, (_, index) =>
    JSON.stringify({
      id: `d${index}`,
      // Every word differs: the stage would take copies for one story, and the same text for one document.
      text: `loss ${['north', 'south', 'east', 'west'][index % 4]} number ${index * 7919} of ${index}`,
      published_at: new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString(),
      source: 'outlet',
    }),
  );
  const goes = { deleted: true, id: 'd3', source: 'outlet', fetched_at: '2026-01-02T00:00:00.000Z' };
  await writeFile(feed, `${[...lines, JSON.stringify(goes)].join('\n')}\n`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly said: string;
}

function label(): { done: Promise<End>; kill: () => void } {
  const script = fileURLToPath(new URL('label_child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, feed, cache, join(folder, 'model')]);
  let [output, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return {
    done: new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, output, said }))),
    kill: () => child.kill('SIGKILL'),
  };
}

/** Resolves when the labels that lie in the cache have at least this many bytes. */
async function written(bytes: number): Promise<void> {
  for (let tries = 0; tries < 2400; tries += 1) {
    for (const key of existsSync(cache) ? await readdir(cache) : []) {
      const size = await stat(join(cache, key, 'opinions.jsonl')).then(
        (file) => file.size,
        () => 0,
      );
      if (size >= bytes) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('nothing was labelled');
}

async function idsIn(file: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { document } of readOpinions(file)) ids.push(document.id);
  return ids;
}

describe('labelling a feed', () => {
  it('goes on where it was killed, has every document once, and is read from the cache afterwards', async () => {
    const first = label();
    await written(1000);
    first.kill();
    expect((await first.done).signal).toBe('SIGKILL');
    const [key = ''] = await readdir(cache);
    const before = await takeUp(join(cache, key, 'opinions.jsonl'));
    expect(existsSync(join(cache, key, 'done.json'))).toBe(false);
    // A line that the kill cut off.
    await writeFile(join(cache, key, 'opinions.jsonl'), '{"document":{"id":"cu', { flag: 'a' });

    const second = await label().done;
    expect(second.code).toBe(0);
    const { opinions, removals } = JSON.parse(second.output) as { opinions: string; removals: string };
    const ids = await idsIn(opinions);
    expect(before.size).toBeGreaterThan(0);
    expect(ids.slice(0, before.size)).toEqual([...before]);
    expect(ids).toHaveLength(DOCUMENTS);
    expect(new Set(ids).size).toBe(DOCUMENTS);
    expect((await readRemovals(removals)).map(({ kind }) => kind)).toEqual(['document']);
    expect(existsSync(join(cache, key, 'work'))).toBe(false);

    const bytes = await readFile(opinions);
    const third = await label().done;
    expect(third.said).toContain('labels of an earlier run');
    expect(await readFile(opinions)).toEqual(bytes);
  }, 240_000);

  it('is done by one of two processes that want the same labels, and the other waits for it', async () => {
    const ends = await Promise.all([label().done, label().done]);
    expect(ends.map(({ code, said }) => (code === 0 ? 0 : said))).toEqual([0, 0]);
    expect(new Set(ends.map(({ output }) => output)).size).toBe(1);
    expect(ends.filter(({ said }) => said.includes('waiting for'))).toHaveLength(1);
    const { opinions } = JSON.parse(ends[0]?.output ?? '') as { opinions: string };
    const ids = await idsIn(opinions);
    expect(ids).toHaveLength(DOCUMENTS);
    expect(new Set(ids).size).toBe(DOCUMENTS);
  }, 240_000);
});

function settingsWith(overrides: readonly { path: string; value: string | number | boolean }[]): Settings {
  const plain = settingsSchema.parse({
    log: { level: 'silent' },
    store: { type: 'chdb' },
    classifier: {
      backend: { type: 'onnx', model: join(folder, 'model'), threads: 1 },
      max_batch_documents: 20,
    },
  });
  return settingsSchema.parse(withOverrides(plain, overrides));
}

const keyWith = (
  overrides: Parameters<typeof settingsWith>[0],
  sourceClass: 'news' | 'social' = 'news',
  timeZone: string | null = null,
) => labelKey(settingsWith(overrides), { feed, sourceClass, timeZone, model: 'tiny@1' });

describe('the name of labels', () => {
  it.each([
    ['classifier.entity_sentiment', 'each'],
    ['classifier.abstain_below', 0.5],
    ['classifier.backend.early_exit', 'off'],
    ['ingest.dedupe_hours', 24],
    ['ingest.max_text_chars', 500],
    ['ingest.authors', 'plain'],
  ] as const)('changes with %s', async (path, value) => {
    const plain = await keyWith([]);
    expect(await keyWith([{ path, value }])).not.toBe(plain);
  });

  it.each([
    ['classifier.backend.threads', 2],
    ['classifier.max_wait_ms', 5],
    ['alerting.window_hours', 24],
    ['ingest.dead_after_hours', 5],
  ] as const)('does not change with %s', async (path, value) => {
    const plain = await keyWith([]);
    expect(await keyWith([{ path, value }])).toBe(plain);
  });

  it('changes with the feed, the class and the time zone of its sources, and a model trained anew under the same name', async () => {
    const plain = await keyWith([]);
    expect(await keyWith([], 'social')).not.toBe(plain);
    expect(await keyWith([], 'news', 'Asia/Shanghai')).not.toBe(plain);
    writeTinyModel(join(folder, 'model'), { inverted: true });
    const retrained = await keyWith([]);
    expect(retrained).not.toBe(plain);
    await writeFile(feed, '{"deleted":true,"id":"d3","fetched_at":"2026-01-02T00:00:00.000Z"}\n', { flag: 'a' });
    expect(await keyWith([])).not.toBe(retrained);
  });
});
