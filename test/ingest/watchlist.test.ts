import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createEntityMatcher } from '../../ingest/entities.ts';
import { loadWatchlists } from '../../ingest/watchlist.ts';
import { gbk } from './gbk.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-watchlist-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('watchlists', () => {
  it('are merged in order, with defaults filled in', async () => {
    const one = file('one.yaml', 'entities:\n  - { id: a, name: Aardvark, kind: company }\n');
    const two = file('two.yaml', 'entities:\n  - { id: b, name: Badger, name_zh: 獾, kind: asset, tickers: [BDG] }\n');
    const watched = await loadWatchlists([one, two]);
    expect(watched.map(({ id, tickers }) => [id, tickers])).toEqual([
      ['a', []],
      ['b', ['BDG']],
    ]);
  });

  it.each([
    ['twice.yaml', 'entities:\n  - { id: a, name: A, kind: company }\n  - { id: a, name: B, kind: company }\n', /entities\.1\.id \(.*twice\.yaml:3\): is already defined in this file/],
    ['kind.yaml', 'entities:\n  - { id: a, name: A, kind: firm }\n', /entities\.0\.kind \(.*kind\.yaml:2\).*"firm"/],
    ['key.yaml', 'entities:\n  - { id: a, name: A, kind: company, alias: [x] }\n', /unknown setting; did you mean aliases\?/],
    ['id.yaml', 'entities:\n  - { id: "A b", name: A, kind: company }\n', /lower-case/],
  ])('that are wrong are refused with file and line: %s', async (name, text, message) => {
    await expect(loadWatchlists([file(name, text)])).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(message) as string,
    });
  }); // prettier-ignore

  it('that define one id in two files are refused with both names', async () => {
    const one = file('first.yaml', 'entities:\n  - { id: a, name: A, kind: company }\n');
    const two = file('second.yaml', 'entities:\n  - { id: a, name: A, kind: company }\n');
    await expect(loadWatchlists([one, two])).rejects.toThrow(/second\.yaml:2.*already defined in .*first\.yaml/s);
  });

  it('that are not UTF-8 are refused, whose names would match nothing', async () => {
    const path = join(folder, 'gbk.yaml');
    writeFileSync(path, gbk('entities:\n  - { id: moutai, name: 贵州茅台, kind: company, aliases_zh: [茅台] }\n'));
    await expect(loadWatchlists([path])).rejects.toMatchObject({
      code: 'config.unreadable',
      message: `${path} is not UTF-8 (it looks like GBK); save it as UTF-8`,
    });
  });

  it('that are not there are named', async () => {
    await expect(loadWatchlists([join(folder, 'none.yaml')])).rejects.toMatchObject({ code: 'config.unreadable' });
  });
});

describe('the starter watchlist', () => {
  it('is valid, and finds companies and institutions in both languages', async () => {
    const watched = await loadWatchlists(['ingest/watchlist/starter.yaml', 'examples/watchlist.yaml']);
    expect(watched.length).toBeGreaterThan(100);
    const match = createEntityMatcher(watched);
    const ids = (text: string, cashtags: string[] = []): string[] =>
      match({ title: null, text, links: [], cashtags })
        .map(({ id }) => id)
        .sort();
    expect(ids('Nvidia and Microsoft beat estimates, the Federal Reserve waits')).toEqual([
      'federal_reserve',
      'microsoft',
      'nvidia',
    ]);
    expect(ids('英伟达和微软业绩超预期')).toEqual(['microsoft', 'nvidia']);
    expect(ids('an apple a day for the fed-up')).toEqual([]);
    expect(ids('Apple slips as the Fed waits')).toEqual(['apple', 'federal_reserve']);
    expect(ids('诺维银行转不出钱')).toEqual(['norvale_bank']);
    expect(ids('贵州茅台(600519)跌停')).toEqual(['kweichow_moutai']);
  });
});
