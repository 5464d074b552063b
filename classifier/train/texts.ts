/**
 * Texts of others by id. What we label of them is ours to pass on, the texts are not: such a file has ids and labels only, and
 * its texts are found in files that the user has.
 */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { TidewatchError } from '../../core/errors.ts';

/** Text by id, of JSON lines ({"id","text"}), gzipped where the name ends in .gz. Lines without either are passed over. */
export function textsById(paths: readonly string[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const path of paths)
    for (const line of read(path).split('\n')) {
      const { id, text } = parse(line);
      if (typeof id === 'string' && typeof text === 'string') texts.set(id, text);
    }
  return texts;
}

function read(path: string): string {
  if (!existsSync(path))
    throw new TidewatchError('input.invalid', `texts: there is no file ${path}`, {
      hint: 'It holds the texts of lines that have an id and labels only.',
    });
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

function parse(line: string): { id?: unknown; text?: unknown } {
  try {
    return (JSON.parse(line) as { id?: unknown; text?: unknown } | null) ?? {};
  } catch {
    return {};
  }
}
