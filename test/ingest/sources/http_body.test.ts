import { describe, expect, it } from 'vitest';
import { readDocuments } from '../../../ingest/sources/http_body.ts';

const read = (body: string, contentType: string) =>
  readDocuments(Buffer.from(body), contentType, { max_document_bytes: 10_000 });

describe('a posted JSON text sequence', () => {
  it('gives its records, also those that go over lines, and refuses a broken one alone', () => {
    const body = '\u001e{"text":"first"}\n\u001e{\n  "text": "银行股下跌"\n}\n\u001enot json\n';
    const { items, rejected } = read(body, 'application/json-seq');
    expect(items.map(({ index, item }) => [index, item.text])).toEqual([
      [0, 'first'],
      [1, '银行股下跌'],
    ]);
    expect(rejected).toEqual([{ index: 2, reason: expect.stringContaining('not JSON') as string }]);
  });

  it('is told by the separator that it begins with, not by one within a record', () => {
    const { items, rejected } = read(
      '{"text":"first"}\n{"text":"a\u001eb"}\n{"text":"third"}\n',
      'application/x-ndjson',
    );
    expect(items.map(({ index }) => index)).toEqual([0, 2]);
    expect(rejected.map(({ index }) => index)).toEqual([1]);
  });

  it('is read by lines where it has none of its separators', () => {
    const { items } = read('{"text":"first"}\n{"text":"second"}\n', 'application/json-seq');
    expect(items.map(({ item }) => item.text)).toEqual(['first', 'second']);
  });
});
