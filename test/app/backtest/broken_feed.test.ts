import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyModel } from '../../classifier/tiny_model.ts';

const execute = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const DOCUMENTS = 120;
let folder: string;
let whole: Buffer;
/** As a process that runs by the same settings would have it: neither command minds. */
const monitor = createServer();
const at = (...path: string[]): string => join(folder, ...path);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-broken-'));
  writeTinyModel(at('model'));
  await new Promise<void>((resolve) => {
    monitor.listen(0, '127.0.0.1', resolve);
  });
  await writeFile(at('watchlist.yaml'), 'entities:\n  - { id: acme, name: Acme, kind: company }\n');
  await writeFile(
    at('settings.yaml'),
    [
      'log: { level: silent }',
      `monitor: { port: ${(monitor.address() as AddressInfo).port} }`,
      'ingest: { watchlists: [watchlist.yaml] }',
      'classifier: { backend: { type: onnx, model: model, threads: 1 }, entity_sentiment: off }',
    ].join('\n'),
  );
  const lines = Array.from({ length: DOCUMENTS }, (_, index) =>
    JSON.stringify({
      id: `d${index}`,
      text: `acme meeting ${index * 7919} of ${(index * 104_729) % 99_991}`,
      published_at: new Date(Date.UTC(2026, 0, 1) + index * 3_600_000).toISOString(),
      source: 'outlet',
    }),
  );
  whole = gzipSync(`${lines.join('\n')}\n`);
});
afterAll(async () => {
  monitor.close();
  await rm(folder, { recursive: true, force: true });
});

async function tidewatch(...command: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = ['--import', 'tsx', 'app/cli.ts', ...command, '--config', at('settings.yaml')];
  try {
    return { code: 0, ...(await execute(process.execPath, program, { cwd: REPOSITORY })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe('a recorded feed that breaks off', () => {
  const broken = () => writeFile(at('feed.jsonl.gz'), whole.subarray(0, whole.length - 300));
  const mended = () => writeFile(at('feed.jsonl.gz'), whole);

  it('is not backtested, and none of its labels pass for those of a whole feed; the mended one is', async () => {
    await broken();
    const command = ['backtest', '--feed', at('feed.jsonl.gz'), '--cache', at('cache'), '--report', at('report')];
    const first = await tidewatch(...command);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/feed\.jsonl\.gz breaks off.*\[input\.invalid\]/);
    const [key = ''] = await readdir(at('cache'));
    expect(await readdir(at('cache', key))).not.toContain('done.json');
    // The same file again is as broken as before.
    expect((await tidewatch(...command)).code).toBe(1);

    await mended();
    expect((await tidewatch(...command)).code).toBe(0);
    const facts = JSON.parse(await readFile(at('report', 'report.json'), 'utf8')) as { documents: number };
    expect(facts.documents).toBe(DOCUMENTS);
  }, 300_000);

  it('is not summed up by a replay, which goes on with the mended one', async () => {
    await broken();
    const command = ['replay', '--feed', at('feed.jsonl.gz'), '--data', at('data'), '--json'];
    const first = await tidewatch(...command);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/feed\.jsonl\.gz breaks off.*\[input\.invalid\]/);
    expect(first.stdout).toBe('');

    await mended();
    const second = await tidewatch(...command);
    expect(JSON.parse(second.stdout)).toMatchObject({ documents: DOCUMENTS, skipped: 0 });
  }, 300_000);

  it('is never written over by its own alerts, and where those cannot be written nothing is begun', async () => {
    await mended();
    const command = ['replay', '--feed', at('feed.jsonl.gz'), '--data', at('unused'), '--alerts'];
    const over = await tidewatch(...command, at('feed.jsonl.gz'));
    expect(over.stderr).toMatch(/--alerts: .*feed\.jsonl\.gz is the input itself.*\[input\.invalid\]/);
    expect(await readFile(at('feed.jsonl.gz'))).toEqual(whole);
    const nowhere = await tidewatch(...command, at('absent', 'alerts.jsonl'));
    expect(nowhere.stderr).toMatch(/--alerts: .*alerts\.jsonl cannot be written.*\[input\.invalid\]/);
    expect(nowhere.stderr).not.toContain('    at ');
    expect(await readdir(folder)).not.toContain('unused');
  }, 300_000);
});
