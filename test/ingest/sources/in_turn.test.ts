import { describe, expect, it } from 'vitest';
import { TidewatchError } from '../../../core/errors.ts';
import { readInTurn } from '../../../ingest/sources/in_turn.ts';

/** Reads parts a, b, …, of which each of `failing` throws that code; gives which were asked, and the code thrown. */
async function read(failing: Record<string, 'http.unavailable' | 'http.status'>) {
  const asked: string[] = [];
  const thrown = await readInTurn(['a', 'b', 'c', 'd', 'e'], new AbortController().signal, async (part) => {
    asked.push(part);
    const code = failing[part];
    if (code !== undefined) throw new TidewatchError(code, part);
  }).catch((error: unknown) => (error as TidewatchError).code);
  return { asked: asked.join(''), thrown };
}

describe('parts read in turn', () => {
  it('are all read where one fails, or several apart', async () => {
    expect(await read({ a: 'http.unavailable', c: 'http.unavailable' })).toEqual({
      asked: 'abcde',
      thrown: 'http.unavailable',
    });
    expect(await read({ a: 'http.status', b: 'http.status' })).toEqual({ asked: 'abcde', thrown: 'http.status' });
  });
  it('are left where two in a row find the origin away', async () => {
    expect(await read({ b: 'http.unavailable', c: 'http.unavailable' })).toEqual({
      asked: 'abc',
      thrown: 'http.unavailable',
    });
  });
});
