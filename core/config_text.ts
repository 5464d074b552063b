/**
 * The text of a file that people write for us (settings, watchlists), which is UTF-8. Chinese Windows saves GBK and PowerShell
 * UTF-16; read as UTF-8 all the same, their names would turn to signs that match nothing, the file would be called right, and
 * the next save from the page would put the signs where the names were. Rejected: decoding by a guess, as feeds are: these
 * files are few, ours to mend, and written back.
 */
import { TidewatchError } from './errors.ts';

/** @throws TidewatchError config.unreadable where the bytes are not UTF-8. A byte order mark stays, so that it can be written back. */
export function configText(bytes: Uint8Array, path: string): string {
  const text = strictly(bytes, 'utf-8');
  if (text !== null) return text;
  const likely = likelyEncoding(bytes);
  throw new TidewatchError(
    'config.unreadable',
    `${path} is not UTF-8${likely === null ? '' : ` (it looks like ${likely})`}; save it as UTF-8`,
    { hint: 'Editors have it under "Save as": encoding UTF-8 (编码选 UTF-8). Nothing in the file was changed.' },
  );
}

function likelyEncoding(bytes: Uint8Array): string | null {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'UTF-16';
  // Latin letters beside each other seldom make one Chinese character, and hardly ever two in a row.
  return /\p{Script=Han}{2}/u.test(strictly(bytes, 'gb18030') ?? '') ? 'GBK' : null;
}

function strictly(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
