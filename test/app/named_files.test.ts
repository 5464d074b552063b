/** What `tidewatch check` finds out that a start would refuse: files that are not there, doors that take each other's port. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSettings, settingsFrom } from '../../app/config.ts';
import { checkNamedFiles } from '../../app/named_files.ts';
import { createSettingsDesk } from '../../app/settings_desk.ts';
import { shippedModel } from '../../classifier/artifact.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-named-'));
const path = join(folder, 'tidewatch.yaml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const check = (settings: object): Promise<string[]> =>
  checkNamedFiles(settingsFrom(JSON.stringify(settings), path), path);

const WRONG = {
  dashboards: { tls: { cert_file: 'no.pem', key_file: 'no.key' } },
  classifier: { backend: { type: 'onnx', model: 'no_model' } },
  ingest: { sources: [{ type: 'file', path: 'feeds' }] },
};

describe('files that settings name', () => {
  it('are refused where a start would refuse them, all at once', async () => {
    mkdirSync(join(folder, 'feeds'), { recursive: true });
    const refused = await check(WRONG).then(
      () => expect.fail('It was accepted.'),
      (error: unknown) => error as Error & { code: string },
    );
    expect(refused.code).toBe('config.invalid');
    expect(refused.message.split('\n')).toEqual([
      `${path} has 3 problems:`,
      expect.stringMatching(
        /^ {2}- dashboards\.tls: .*no\.pem and .*no\.key are no certificate and key: ENOENT/,
      ) as string,
      `  - classifier.backend.model: ${join(folder, 'no_model')} is no folder of a model: it has no SHA256SUMS`,
      `  - ingest.sources.0.path: ${join(folder, 'feeds')} is a folder, not a file`,
    ]);
  });

  it('are warned of where a start goes on without them', async () => {
    writeFileSync(join(folder, 'here.jsonl'), '{"text":"a"}\n');
    const sources = ['here.jsonl', 'later.jsonl'].map((file) => ({ type: 'file', name: file, path: file }));
    const model = shippedModel('tidewatch-small');
    const settings = {
      ingest: { sources },
      dashboards: { prices: 'closes.csv' },
      classifier: { backend: { type: 'onnx', model } },
    };
    expect(await check(settings)).toEqual([
      `dashboards.prices: there is no file ${join(folder, 'closes.csv')} yet`,
      `ingest.sources.1.path: there is no file ${join(folder, 'later.jsonl')} yet`,
    ]);
  });

  it('are none of a remote classifier, whose model is a name', async () => {
    const backend = { type: 'remote', url: 'http://10.0.0.5:8090', model: 'tidewatch-small@1.5.1' };
    expect(await check({ classifier: { backend } })).toEqual([]);
    expect(settingsFrom(JSON.stringify({ classifier: { backend } }), path).classifier.backend).toMatchObject({
      model: 'tidewatch-small@1.5.1',
    });
  });

  it('are only warned of where stages may run on machines of their own', async () => {
    expect(await check({ ...WRONG, stream: { type: 'kafka', brokers: ['a:1'] } })).toHaveLength(3);
  });

  it('are looked for by the page, too, before it keeps a change', async () => {
    writeFileSync(path, '{}\n');
    const desk = createSettingsDesk({ path, running: readSettings(path) });
    const { problems } = await desk.check(JSON.stringify({ classifier: WRONG.classifier }));
    expect(problems).toMatchObject([{ message: expect.stringContaining('no SHA256SUMS') as string }]);
  });
});

describe('the ports of doors', () => {
  const problem = (settings: object): string => {
    try {
      settingsFrom(JSON.stringify(settings), path);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  const post = (port: number, more: object = {}): object => ({
    ingest: { sources: [{ type: 'http', port, ...more }] },
  });

  it('are refused where one process would listen twice on one', () => {
    const twice = {
      dashboards: { port: 9000 },
      monitor: { port: 9000, host: '0.0.0.0', token: 'a-token-of-the-monitor' },
    };
    expect(problem(twice)).toMatch(
      /monitor\.port \(.*\): is also dashboards\.port; give each door a port of its own; it is 9000/,
    );
    expect(problem(post(8080))).toContain('ingest.sources.0.port');
    const sources = ['a', 'b'].map((name) => ({ type: 'http', name }));
    expect(problem({ ingest: { sources } })).toMatch(/sources\.1\.port .*is also ingest\.sources\.0\.port/);
  });

  it('are refused where WebSub hubs would push to another door, and are one for feeds that share them', () => {
    const feed = (name: string, hooks: object): object => ({
      type: 'rss', name, url: 'https://e.com/feed', websub: { callback_url: 'https://me.example/', ...hooks },
    }); // prettier-ignore
    expect(problem({ ingest: { sources: [feed('a', { port: 8080 })] } })).toMatch(
      /ingest\.sources\.0\.websub\.port .*is also dashboards\.port/,
    );
    const door = { type: 'http', name: 'door', port: 9000 };
    expect(problem({ ingest: { sources: [feed('a', {}), feed('b', { port: 9000 }), door] } })).toMatch(
      /sources\.1\.websub\.port .*is also ingest\.sources\.2\.port/,
    );
    const everywhere = feed('b', { host: '0.0.0.0' });
    expect(problem({ ingest: { sources: [feed('a', {}), everywhere] } })).toMatch(
      /sources\.1\.websub\.port .*is also ingest\.sources\.0\.websub\.port/,
    );
    expect(problem({ ingest: { sources: [feed('a', {}), feed('b', {}), feed('c', { port: 0 })] } })).toBe('');
  });

  it('may be the same where nobody minds: any free one, another address, stages in processes of their own', () => {
    expect(problem({ dashboards: { port: 0 }, monitor: { port: 0 } })).toBe('');
    expect(problem(post(8080, { host: '127.0.0.2' }))).toBe('');
    expect(problem({ ...post(8080), stream: { type: 'kafka', brokers: ['a:1'] } })).toBe('');
    expect(problem({ monitor: { port: 8080 }, stream: { type: 'kafka', brokers: ['a:1'] } })).toBe('');
  });
});
