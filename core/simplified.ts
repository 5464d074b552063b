/**
 * Traditional Chinese read as simplified, character by character, so that 台積電 and 台积电 are one name: for comparing, and for
 * the model, which has learnt from simplified texts. What is stored and shown keeps its writing, and a character stays one
 * character, so that places in the one text are places in the other.
 * From traditional to simplified nearly every character has one counterpart (後 and 后 are 后; 發 and 髮 are 发); the way back has
 * several, which only the word tells. Names that differ in such characters alone become one: none do on the watchlists seen.
 * Rejected: a converter by phrases as opencc-js (2 MB of words, for what no name of a company needs; and lengths change).
 */
import { SIMPLIFIED_PAIRS } from './simplified_table.ts';

/** The simplified character of each UTF-16 unit; most are their own. */
export const SIMPLIFIED_UNITS = Uint16Array.from({ length: 0x10000 }, (_, unit) => unit);
const pairs = SIMPLIFIED_PAIRS.replaceAll('\n', '');
for (let at = 0; at < pairs.length; at += 2) SIMPLIFIED_UNITS[pairs.charCodeAt(at)] = pairs.charCodeAt(at + 1);

/** Every character of the table is one of these. */
const HAN = /[\u3400-\u9fff]/;

export function simplified(text: string): string {
  if (!HAN.test(text)) return text;
  let result = '';
  let kept = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const simple = SIMPLIFIED_UNITS[unit] ?? unit;
    if (simple === unit) continue;
    result += text.slice(kept, at) + String.fromCharCode(simple);
    kept = at + 1;
  }
  return result + text.slice(kept);
}
