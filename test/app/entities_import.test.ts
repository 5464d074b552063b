import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { entitiesCommand } from '../../app/commands/entities.ts';
import { loadWatchlists } from '../../ingest/watchlist.ts';
import { gbk } from '../ingest/gbk.ts';

const SEC = JSON.stringify({
  0: { cik_str: 320193, ticker: 'AAPL', title: 'Apple Inc.' },
  1: { cik_str: 27419, ticker: 'TGT', title: 'TARGET CORP' },
  2: { cik_str: 789019, ticker: 'MSFT', title: 'MICROSOFT CORP' },
  3: { cik_str: 1, ticker: '', title: '' },
});

let folder: string;
let output: string;
let said: { out: string; err: string };
let server: Server;
let asked: { url: string; agent: string }[];
/** How the server answers. */
let answer: 'list' | 'forbidden' | 'cut off';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-import-'));
  output = join(folder, 'us.yaml');
  said = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((said.out += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said.err += String(text)), true));
  asked = [];
  answer = 'list';
  server = createServer((request, response) => {
    const agent = request.headers['user-agent'] ?? '';
    asked.push({ url: request.url ?? '', agent });
    if (answer === 'forbidden' && !agent.includes('@')) response.writeHead(403).end('Undeclared Automated Tool');
    else if (answer === 'cut off') {
      response.writeHead(200, { 'content-length': String(SEC.length) });
      response.write(SEC.slice(0, 60), () => response.destroy());
    } else response.end(SEC);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  await rm(folder, { recursive: true, force: true });
});

const address = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}/company_tickers.json`;
const run = async (...given: string[]): Promise<unknown> =>
  entitiesCommand().parseAsync(['import', ...given, '--output', output], { from: 'user' });

describe('tidewatch entities import', () => {
  it('makes a watchlist of a file, which ingest reads, and says what it left out', async () => {
    const list = join(folder, 'list.json');
    await writeFile(list, SEC);
    await run(list, '--from', 'sec');
    const entities = await loadWatchlists([output]);
    expect(entities.map(({ tickers }) => tickers)).toEqual([['AAPL'], ['TGT'], ['MSFT']]);
    expect(entities.find(({ tickers }) => tickers.includes('TGT'))?.ambiguous).toContain('Target');
    expect(said.out).toContain(`${output}: 3 entities, `);
    expect(said.err).toContain('left out: row ');
    expect(await readdir(folder)).toEqual(['list.json', 'us.yaml']);
  });

  it('reads a list in GBK, as exchanges and Excel in China write it', async () => {
    const list = join(folder, 'codes.csv');
    await writeFile(list, gbk('证券代码,证券简称\n600519,贵州茅台\n000100,TCL科技\n'));
    await run(list, '--from', 'csv');
    expect((await loadWatchlists([output])).map(({ name }) => name)).toEqual(['贵州茅台', 'TCL科技']);
  });

  it('refuses to write over the list, and to where it cannot write', async () => {
    output = join(folder, 'list.json');
    await writeFile(output, SEC);
    await expect(run(output, '--from', 'sec')).rejects.toThrow(/--output: .*list\.json is the input itself/);
    expect(await readFile(output, 'utf8')).toBe(SEC);
    const list = output;
    output = join(folder, 'absent', 'us.yaml');
    await expect(run(list, '--from', 'sec')).rejects.toMatchObject({
      code: 'input.invalid',
      message: expect.stringMatching(/--output: .*us\.yaml cannot be written/) as string,
    });
  });

  it('takes only the first so many where that is asked', async () => {
    const list = join(folder, 'list.json');
    await writeFile(list, SEC);
    await run(list, '--from', 'sec', '--limit', '1');
    expect((await loadWatchlists([output])).map(({ tickers }) => tickers)).toEqual([['AAPL']]);
  });

  it('fetches an address, with the contact in the user agent, and writes no secret of it into the file', async () => {
    await run(`http://ann:secret@${address()}?key=hidden`, '--from', 'sec', '--contact', 'ann@example.com');
    expect(asked).toMatchObject([{ url: '/company_tickers.json?key=hidden' }]);
    expect(asked[0]?.agent).toMatch(/^Tidewatch\/\S+ \(ann@example\.com\)$/);
    expect(await loadWatchlists([output])).toHaveLength(3);
    const written = await readFile(output, 'utf8');
    expect(written).toContain('/company_tickers.json');
    expect(written).not.toMatch(/secret|hidden/);
  });

  it('says what to do where the SEC refuses a program without a contact', async () => {
    answer = 'forbidden';
    await expect(run(`http://${address()}`, '--from', 'sec')).rejects.toMatchObject({
      code: 'http.status',
      message: expect.stringContaining('403') as string,
      hint: expect.stringContaining('--contact you@example.com') as string,
    });
    expect(asked[0]?.agent).not.toContain('@');
    await run(`http://${address()}`, '--from', 'sec', '--contact', 'ann@example.com');
    expect(await loadWatchlists([output])).toHaveLength(3);
  });

  it.each([
    ['an answer that is cut off', 'cut off'],
    ['a refusal', 'forbidden'],
  ] as const)('leaves the old watchlist as it was after %s', async (_, how) => {
    await writeFile(output, 'entities: []\n');
    answer = how;
    await expect(run(`http://${address()}`, '--from', 'sec')).rejects.toThrow(/./);
    expect(await readFile(output, 'utf8')).toBe('entities: []\n');
    expect(await readdir(folder)).toEqual(['us.yaml']);
  });

  it('leaves the old watchlist as it was where the list names no company, or cannot be read', async () => {
    await writeFile(output, 'entities: []\n');
    const list = join(folder, 'list.json');
    await writeFile(list, '{"0":{"cik_str":1,"ticker":"","title":""}}');
    await expect(run(list, '--from', 'sec')).rejects.toMatchObject({ code: 'input.invalid' });
    await expect(run(join(folder, 'none.json'), '--from', 'sec')).rejects.toMatchObject({ code: 'config.unreadable' });
    expect(await readFile(output, 'utf8')).toBe('entities: []\n');
    expect(await readdir(folder)).toEqual(['list.json', 'us.yaml']);
  });
});
