/** The settings of the whole: what a file's paths are relative to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../app/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-paths-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a watchlist in the place of a settings file', () => {
  it('is called what it is', () => {
    const path = join(folder, 'watchlist.yaml');
    writeFileSync(path, 'entities:\n  - { id: a, name: A, kind: company }\n');
    expect(() => readSettings(path)).toThrow(
      expect.objectContaining({
        message: `${path} is a watchlist, not a settings file`,
        hint: expect.stringContaining('ingest.watchlists') as string,
      }),
    );
  });
});

describe('paths in a settings file', () => {
  it('are relative to the file, those of Kafka’s TLS too, and data_dir to where the command runs', () => {
    const path = join(folder, 'tidewatch.yaml');
    const tls = { ca_file: 'tls/ca.pem', certificate_file: '../own.pem', key_file: '/etc/own.key' };
    writeFileSync(path, JSON.stringify({ data_dir: './data', stream: { type: 'kafka', brokers: ['a:1'], tls } }));
    const { data_dir, stream } = readSettings(path);
    expect(data_dir).toBe(resolve('data'));
    expect(stream).toMatchObject({
      tls: {
        ca_file: join(folder, 'tls/ca.pem'),
        certificate_file: resolve(folder, '../own.pem'),
        key_file: '/etc/own.key',
      },
    });
  });
});
