import { appendFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPrices } from '../../app/prices.ts';
import { settingsSchema } from '../../app/config.ts';
import { createLogger } from '../../core/log.ts';

const watchlist = new URL('../../examples/watchlist.yaml', import.meta.url).pathname;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-prices-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function settingsWith(prices: string | undefined) {
  return settingsSchema.parse({
    ingest: { watchlists: [watchlist] },
    dashboards: prices === undefined ? {} : { prices },
    stream: { type: 'embedded' },
    store: { type: 'chdb' },
  });
}

it('gives the closes of the watched by ticker or id, and reads the file again when it has changed', async () => {
  const file = join(folder, 'prices.csv');
  await writeFile(
    file,
    'date,symbol,close\n2026-03-02,norvale_bank,41.5\n2026-03-03,norvale_bank,40\n2026-03-03,NOBODY,1\n',
  );
  const log = createLogger({ level: 'silent', format: 'json' });
  const prices = openPrices(settingsWith(file), log);
  if (prices === undefined) throw new Error('There are no prices.');
  expect(await prices('norvale_bank')).toEqual([
    { day: '2026-03-02', close: 41.5 },
    { day: '2026-03-03', close: 40 },
  ]);
  expect(await prices('halcyon_motors')).toEqual([]);
  await appendFile(file, '2026-03-04,norvale_bank,44\n');
  expect(await prices('norvale_bank')).toHaveLength(3);
});

it('keeps what it read where the file turns wrong, and complains once', async () => {
  const file = join(folder, 'turns.csv');
  await writeFile(file, 'date,symbol,close\n2026-03-02,norvale_bank,41.5\n');
  const complaints: string[] = [];
  const log = { ...createLogger({ level: 'silent', format: 'json' }), warn: (text: string) => complaints.push(text) };
  const prices = openPrices(settingsWith(file), log as never);
  expect(await prices?.('norvale_bank')).toHaveLength(1);
  await writeFile(file, 'date,symbol,close\n2026-03-02,norvale_bank,none\n');
  await utimes(file, new Date(), new Date(Date.now() + 5_000));
  expect(await prices?.('norvale_bank')).toHaveLength(1);
  await prices?.('norvale_bank');
  await rm(file);
  expect(await prices?.('norvale_bank')).toHaveLength(1);
  await prices?.('norvale_bank');
  expect(complaints).toHaveLength(2);
  expect(complaints[0]).toContain('turns.csv:2');
  expect(complaints[1]).toContain('dashboards.prices');
});

it('draws one listing of a company that the file has two of, and names the other', async () => {
  const file = join(folder, 'doubled.csv');
  await writeFile(file, 'date,NVB,NVB.EGX\n2026-03-02,41.5,300\n2026-03-03,,301\n2026-03-04,44,302\n');
  const told: string[] = [];
  const log = { ...createLogger({ level: 'silent', format: 'json' }), warn: (text: string) => told.push(text) };
  const prices = openPrices(settingsWith(file), log as never);
  expect((await prices?.('norvale_bank'))?.map(({ close }) => close)).toEqual([300, 301, 302]);
  expect(told).toEqual([expect.stringMatching(/dashboards\.prices: .* NVB\.EGX are used, those of NVB are not/)]);
});

it('has none where the settings name no file', () => {
  expect(openPrices(settingsWith(undefined), createLogger({ level: 'silent', format: 'json' }))).toBeUndefined();
});
