import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginningOf, resumeCursor } from '../../../ingest/sources/file_cursor.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewatch-cursor-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a stored cursor', () => {
  it.each([
    ['of an earlier version, of JSON lines', 'jsonl', undefined, 7],
    ['of an earlier version, of a table', 'csv', undefined, 0],
    ['of an earlier version, of a feed', 'rss', undefined, 0],
    ['of JSON lines in what is a feed now', 'rss', 'jsonl', 0],
    ['of a table', 'csv', 'csv2', 7],
    ['of a feed', 'rss', 'rss', 7],
  ] as const)('keeps its place only where the same reader counted it: %s', async (_, format, reader, place) => {
    const path = join(folder, 'saved');
    writeFileSync(path, 'the content does not matter\n');
    const stored = { path, place: 7, ...(await beginningOf(path)), shift_ms: 1000 };
    const resumed = await resumeCursor(path, format, reader === undefined ? stored : { ...stored, reader });
    expect(resumed).toMatchObject({ place, shift_ms: 1000 });
    expect((await resumeCursor(path, format, resumed ?? undefined))?.place).toBe(place);
  });
});
