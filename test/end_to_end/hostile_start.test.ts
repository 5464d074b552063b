/** What keeps the program from starting: each time two lines of a person's words, an error code, exit code 1, no stack. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY, run } from './program.ts';

const MODEL = join(REPOSITORY, 'classifier', 'models', 'tidewatch-small');

describe('a start that is refused', { timeout: 120_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewatch-start-'));
    await writeFile(join(folder, 'not-a-watchlist.yaml'), 'companies: [Acme]\n');
    await writeFile(join(folder, 'bytes.yaml'), Buffer.from([0xff, 0xfe, 0x00, 0x5b]));
    await cp(MODEL, join(folder, 'tampered'), { recursive: true });
    await writeFile(join(folder, 'tampered', 'config.json'), '{}');
    await cp(MODEL, join(folder, 'halved'), { recursive: true });
    await rm(join(folder, 'halved', 'onnx'), { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function refusal(settings: string): Promise<string> {
    const config = join(folder, 'settings.yaml');
    await writeFile(config, settings);
    const program = run(['up', '--config', config, '--data', join(folder, 'data')]);
    expect(await program.exited, program.output()).toBe(1);
    expect(program.output()).not.toMatch(/\n\s+at /);
    return program.output();
  }

  it.each([
    ['an unknown setting', 'ingets: {}', ['ingets (', 'settings.yaml:1', 'did you mean ingest?', '[config.invalid]']],
    ['a wrong type', 'dashboards: { port: eighty }', ['dashboards.port', 'expected number', '"eighty"']],
    ['a port out of range', 'dashboards: { port: 80800 }', ['dashboards.port', '80800']],
    ['a list for a section', 'ingest: [1]', ['ingest (', 'expected object']],
    ['a file that is not YAML', 'a: [1,\n b: }', ['is not valid YAML', 'line 2', '[config.unreadable]']],
    ['a file that holds no settings', '"hello"', ['the file as a whole', 'expected object']],
    [
      'an absent watchlist',
      'ingest: { watchlists: [no.yaml] }',
      ['no.yaml', 'ingest.watchlists', '[config.unreadable]'],
    ],
    [
      'a wrong watchlist',
      'ingest: { watchlists: [not-a-watchlist.yaml] }',
      ['entities', 'companies', 'unknown setting'],
    ],
    ['a watchlist of bytes', 'ingest: { watchlists: [bytes.yaml] }', ['bytes.yaml', '[config.']],
    [
      'a model with a wrong checksum',
      'classifier: { backend: { type: onnx, model: tampered } }',
      ['tampered', 'config.json', '[model.checksum]'],
    ],
    [
      'a model whose file is missing',
      'classifier: { backend: { type: onnx, model: halved } }',
      ['model_quantized.onnx', '[model.missing]'],
    ],
    ['no model at all', 'classifier: { backend: { type: onnx, model: nowhere } }', ['nowhere', '[model.missing]']],
    [
      'an http source open to the street without a token',
      'ingest: { sources: [{ type: http, host: 0.0.0.0 }] }',
      ['a token is required', 'anyone could post', 'token_file', '[config.invalid]'],
    ],
  ])('names %s', async (_, settings, said) => {
    const output = await refusal(settings);
    for (const text of said) expect(output).toContain(text);
  });

  it('names an environment variable that is not set, once', async () => {
    const output = await refusal(
      'alerting: { notifiers: [{ type: webhook, url: "https://a.example", secret: "${NO_SUCH_SECRET}" }] }',
    );
    expect(output).toContain('one problem');
    expect(output).toContain('alerting.notifiers.0.secret: the environment variable NO_SUCH_SECRET is not set');
  });
});
