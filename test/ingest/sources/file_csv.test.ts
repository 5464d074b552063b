import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectFormat, readRecords } from '../../../ingest/sources/file_records.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewatch-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(content: string, maxRecordBytes = 100_000) {
  const path = join(folder, 'table.csv');
  writeFileSync(path, content);
  const records = [];
  for await (const some of readRecords(path, 'csv', { maxRecordBytes, signal: new AbortController().signal })) {
    records.push(...some);
  }
  return {
    texts: records.flatMap(({ item }) => (item === undefined ? [] : [item.text])),
    refusals: records.flatMap(({ refusal }) => (refusal === undefined ? [] : [`${refusal.code} ${refusal.reason}`])),
    places: records.map(({ place }) => place),
    open: records.filter(({ isOpen }) => isOpen === true).map(({ place }) => place),
  };
}

const plain = (firm: string, count: number): string =>
  Array.from({ length: count }, (_, row) => `${firm}${row},${firm} number ${row} fell\n`).join('');
const quoted = (firm: string, count: number): string =>
  Array.from({ length: count }, (_, row) => `${firm}${row},"${firm}, number ${row}, fell"\n`).join('');

describe('a stray quote in a table', () => {
  it.each([
    ['around the first words', 'x,"Big short" investor warns', '"Big short" investor warns'],
    ['in a Chinese headline', 'x,"重磅"茅台大跌，市场担忧', '"重磅"茅台大跌，市场担忧'],
    ['around words with a comma', 'x,"Big, short" investor "sold"', '"Big, short" investor "sold"'],
    ['twice, and none around it all', 'x,""Big"" short', '""Big"" short'],
    ['within the text', 'x,Screen of 12" and 14" sold', 'Screen of 12" and 14" sold'],
  ])('that is a sign of one line stays in its text: %s', async (_, row, text) => {
    for (const rest of [plain('z', 20), quoted('z', 20)]) {
      const { texts, refusals } = await read(`id,text\n${plain('a', 10)}${row}\n${rest}`);
      expect(refusals).toEqual([]);
      expect(texts).toHaveLength(31);
      expect(texts[10]).toBe(text);
    }
  });

  it.each([
    ['before plain rows, up to the end of the file', plain('z', 20)],
    ['before quoted rows', quoted('z', 20)],
    ['before empty quoted fields', `y,""\n${plain('z', 20)}`],
  ])('that nothing closes costs its own line: %s', async (_, rest) => {
    const { texts, refusals } = await read(`id,text\n${plain('a', 10)}x,"12 inch\n${rest}`);
    expect(texts).toHaveLength(30);
    expect(refusals[0]).toMatch(/^input\.invalid Line 12: a quote opens a field in it, and none .* closes it\. Write/);
  });

  it('that nothing closes within max_document_bytes costs its own line, and of a thousand such each its own', async () => {
    const far = await read(`id,text\nx,"never closed\n${plain('z', 3000)}`, 10_000);
    expect(far.texts).toHaveLength(3000);
    expect(far.refusals).toEqual([
      expect.stringMatching(/^input\.too_large Line 2: .* closes it within max_document_bytes \(10000\)/),
    ]);
    const many = await read(`id,text\n${'x,"never closed\n'.repeat(1000)}${plain('z', 10)}`);
    expect([many.texts.length, many.refusals.length]).toEqual([10, 1000]);
  });

  it('that lines behind it read on from costs those lines, in one refusal and little time', async () => {
    // Each of these closes a field and opens the next, up to a line that leaves it open, or that closes it wrongly.
    const link = 'x","y\n';
    for (const end of ['', plain('z', 20), 'x" y\n']) {
      const began = performance.now();
      const { texts, refusals, places } = await read(`text,x\n"a\n${link.repeat(8000)}${end}`);
      expect(performance.now() - began).toBeLessThan(2000);
      expect(refusals[0]).toMatch(/^input\.\w+ Lines 2 to \d+, read as one row: a quote opens a field in it/);
      expect(refusals.length).toBeLessThan(5);
      expect(places.slice(0, 1)).toEqual([Number(/ to (\d+)/.exec(refusals[0] ?? '')?.[1])]);
      if (end.startsWith('z')) expect(texts).toHaveLength(20);
    }
  });

  it('holds no more lines than max_document_bytes, empty ones too', async () => {
    const { refusals } = await read(`id,text\nx,"never closed${'\n'.repeat(500)}y,plain\n`, 100);
    expect(refusals).toEqual([expect.stringMatching(/^input\.too_large Line 2: /)]);
  });

  it('in a row with more fields than the header costs that row, and says how to write it', async () => {
    const { texts, refusals } = await read(`id,text\nx,"Big" says "sell", loudly\n${plain('z', 20)}`);
    expect(texts).toHaveLength(20);
    expect(refusals).toEqual([expect.stringMatching(/Line 2: it has another number of fields \(3\) than .* quotes/)]);
  });
});

describe('a table', () => {
  it('keeps commas, doubled quotes and line ends of quoted fields, with blanks around them', async () => {
    const { texts, places } = await read(
      'id , text\n1, "a, ""b"""\t\n2,"one\n\ntwo"\n\n  \n3,\t plain \n4,""\n5,"x",\n',
    );
    expect(texts).toEqual(['a, "b"', 'one\n\ntwo', 'plain']);
    // Each place is the last line of its row, as an editor counts the lines: kept cursors depend on it.
    expect(places).toEqual([2, 5, 8, 9, 10]);
  });

  it.each(['\n', '\r\n', '\r'])('is read whatever ends its lines (%j)', async (end) => {
    const { texts, places } = await read(['id,text', '1,one', '2,"two', 'lines"', '3,three', ''].join(end));
    expect(texts).toEqual(['one', 'two\nlines', 'three']);
    expect(places).toEqual([2, 4, 5]);
  });

  it('marks what may change when the file grows: a last line without an end, and all behind an open quote', async () => {
    expect((await read('id,text\n1,one\n2,two')).open).toEqual([3]);
    expect((await read('id,text\n1,one\n2,two\n')).open).toEqual([]);
    expect((await read('id,text\n1,one\n2,"two\n3,three\n')).open).toEqual([3, 4]);
  });
});

describe('a file whose name says nothing', () => {
  it.each([
    ['a JSON Feed on one line', '{"version": "https://jsonfeed.org/version/1.1","items":[]}', 'rss'],
    ['a JSON Feed over lines', '{\n  "title": "新闻",\n  "version" : "http://jsonfeed.org/version/1",\n', 'rss'],
    ['a line that quotes one', '{"text":"{\\"version\\": \\"https://jsonfeed.org/version/1.1\\"}"}\n', 'jsonl'],
    ['lines', '{"text":"a"}\n', 'jsonl'],
    ['a table', 'id,text\n', 'csv'],
  ])('is known by its beginning: %s', async (_, content, format) => {
    const path = join(folder, 'saved.json');
    writeFileSync(path, content);
    expect(await detectFormat(path)).toBe(format);
  });
});
