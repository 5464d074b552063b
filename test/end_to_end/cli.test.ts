/** Every command from outside, with right and wrong input: what it prints, what it writes, how it exits. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, run } from './program.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function finished(args: readonly string[]): Promise<{ code: number | string; output: string }> {
  const program = run(args, { cwd: folder });
  const code = await program.exited;
  return { code, output: program.output() };
}

async function settingsFile(name: string, settings: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof settings === 'string' ? settings : JSON.stringify(settings));
  return path;
}

describe('tidewatch', () => {
  it.each(['', 'up', 'replay', 'classify', 'check', 'list', 'doctor'])(
    'explains itself: %s --help',
    async (command) => {
      const { code, output } = await finished([...(command === '' ? [] : [command]), '--help']);
      expect(code).toBe(0);
      expect(output).toContain('Usage: tidewatch');
    },
  );

  it('check accepts the quickstart and says what it holds', async () => {
    const { code, output } = await finished(['check', join(REPOSITORY, 'examples', 'quickstart.yaml')]);
    expect(output).toMatch(/is right: \d+ sources, \d+ entities/);
    expect(code).toBe(0);
  });

  it('check refuses an unknown setting with its line and the nearest right name', async () => {
    const path = await settingsFile(
      'wrong.yaml',
      'dashboards:\n  prot: 8080\ningest:\n  sources:\n    - {type: rsss, url: x}\n',
    );
    const { code, output } = await finished(['check', path]);
    expect(code).toBe(1);
    expect(output).toContain('did you mean port?');
    expect(output).toContain('wrong.yaml:2');
    expect(output).toContain('did you mean rss?');
  });

  it('list prints components with their settings as text and as JSON', async () => {
    const text = await finished(['list', 'notifier']);
    expect(text.output).toContain('notifier webhook');
    const json = await finished(['list', '--json']);
    const kinds = new Set((JSON.parse(json.output) as { kind: string }[]).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['backend', 'detector', 'notifier', 'source', 'store', 'stream']);
  });

  it('doctor finds the engines and the model in working order', { timeout: 120_000 }, async () => {
    const { output } = await finished(['doctor', '--json', '--data', folder]);
    const checks = JSON.parse(output) as { name: string; status: string; found: string }[];
    for (const name of ['Node', 'embedded stream (LMDB)', 'embedded store (chdb)', 'classifier (onnxruntime)']) {
      expect(checks.find((check) => check.name === name)?.status, name).toBe('ok');
    }
  });
});

describe('tidewatch classify', () => {
  it('labels line by line in order and marks a bad line in its place', { timeout: 120_000 }, async () => {
    const input = join(folder, 'in.jsonl');
    const output = join(folder, 'out.jsonl');
    const lines = [
      '{"id":"a","text":"The bank halted withdrawals and its shares collapsed after the fraud inquiry."}',
      'not json',
      '{"id":"c","text":"公司净利润同比大增85%，上调全年业绩指引"}',
    ];
    await writeFile(input, `${lines.join('\n')}\n`);
    const { code } = await finished(['classify', '--input', input, '--output', output]);
    const rows = (await readFile(output, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatchObject({ id: 'a', language: 'en', sentiment: 'negative' });
    expect(rows[1]).toMatchObject({ line: 2, error: { code: 'input.invalid' } });
    expect(rows[2]).toMatchObject({ id: 'c', language: 'zh', sentiment: 'positive' });
    expect(code).toBe(1);
  });

  it('refuses to write over its input, and says in two lines where it cannot write', { timeout: 120_000 }, async () => {
    const input = join(folder, 'own.jsonl');
    await writeFile(input, '{"id":"a","text":"Profit rose"}\n');
    const over = await finished(['classify', '--input', input, '--output', input]);
    expect(over.code).toBe(1);
    expect(over.output).toContain('is the input itself');
    expect(await readFile(input, 'utf8')).toContain('Profit rose');
    const nowhere = await finished(['classify', '--input', input, '--output', join(folder, 'none', 'out.jsonl')]);
    expect(nowhere.code).toBe(1);
    expect(nowhere.output).toContain('--output: ');
    expect(nowhere.output).not.toContain('at ');
    const unreadable = await finished(['classify', '--input', folder, '--output', '-']);
    expect(unreadable.code).toBe(1);
    expect(unreadable.output).toContain('--input: ');
  });

  it('refuses a model whose checksum is wrong and says which file', { timeout: 120_000 }, async () => {
    const model = join(folder, 'model');
    await cp(join(REPOSITORY, 'classifier', 'models', 'tidewatch-small'), model, { recursive: true });
    await writeFile(join(model, 'tokenizer.json'), `${await readFile(join(model, 'tokenizer.json'), 'utf8')} `);
    const config = await settingsFile('model.yaml', { classifier: { backend: { type: 'onnx', model } } });
    const { code, output } = await finished(['classify', '--input', config, '--output', '-', '--config', config]);
    expect(code).toBe(1);
    expect(output).toContain('tokenizer.json');
    expect(output).toContain('[model.checksum]');
  });
});

describe('tidewatch replay', () => {
  it(
    'ends with every document in the store, writes alert changes, and adds nothing the second time',
    { timeout: 240_000 },
    async () => {
      const config = await settingsFile('replay.yaml', {
        data_dir: join(folder, 'replay-data'),
        ingest: { watchlists: [join(REPOSITORY, 'examples', 'watchlist.yaml')] },
      });
      const feed = join(REPOSITORY, 'examples', 'feed.jsonl');
      const alerts = join(folder, 'alerts.jsonl');
      const once = await finished(['replay', '--feed', feed, '--config', config, '--alerts', alerts, '--json']);
      expect(once.code, once.output).toBe(0);
      const first = JSON.parse(once.output.slice(once.output.lastIndexOf('{"documents"'))) as {
        documents: number;
        skipped: number;
      };
      const items = (await readFile(feed, 'utf8')).trim().split('\n').length;
      expect(first.documents + first.skipped).toBe(items);
      const written = await readFile(alerts, 'utf8');
      const changes = written
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { state: string; entity: string; documents: string[] });
      const fired = changes.filter(({ state }) => state === 'firing').map(({ entity }) => entity);
      expect([...new Set(fired)].sort()).toEqual(['halcyon_motors', 'norvale_bank', 'quillmere_software']);
      for (const change of changes.filter(({ state }) => state === 'firing'))
        expect(change.documents.length).toBeGreaterThan(0);

      const twice = await finished(['replay', '--feed', feed, '--config', config, '--alerts', alerts, '--json']);
      expect(twice.code, twice.output).toBe(0);
      expect(twice.output).toContain(`"documents":${first.documents},`);
      expect(await readFile(alerts, 'utf8')).toBe(written);
    },
  );

  it('names a feed that is not there', async () => {
    const { code, output } = await finished(['replay', '--feed', 'nowhere.jsonl']);
    expect(code).toBe(1);
    expect(output).toContain('there is no file nowhere.jsonl');
  });
});

describe('tidewatch up', () => {
  it('names the port that is taken and the setting to change', { timeout: 120_000 }, async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const config = await settingsFile('port.yaml', { data_dir: join(folder, 'port-data'), dashboards: { port } });
    const { code, output } = await finished(['up', '--config', config]);
    server.close();
    expect(code).toBe(1);
    expect(output).toContain(String(port));
    expect(output).toContain('dashboards.port');
  });

  it('names the folder of data that another process holds', { timeout: 120_000 }, async () => {
    const settings = { data_dir: join(folder, 'locked-data'), dashboards: { port: 0 } };
    const config = await settingsFile('locked.yaml', settings);
    const holder = run(['up', '--config', config], { cwd: folder });
    await holder.seen(/The page is at/);
    const { code, output } = await finished(['up', '--config', config]);
    holder.child.kill('SIGTERM');
    await holder.exited;
    expect(code).toBe(1);
    expect(output).toContain('[storage.locked]');
  });

  it('refuses a data folder that cannot be written', { timeout: 60_000 }, async () => {
    const blocked = join(folder, 'a-file');
    await mkdir(folder, { recursive: true });
    await writeFile(blocked, '');
    const config = await settingsFile('blocked.yaml', { data_dir: join(blocked, 'data') });
    const { code, output } = await finished(['up', '--config', config]);
    expect(code).toBe(1);
    expect(output).toMatch(/data_dir|data folder/);
  });
});
