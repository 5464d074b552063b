/**
 * Words to look for as either writing of Chinese has them: 诺维 stands in traditional texts as 諾維. A text is stored as it was
 * written, so that the words are spelt out and not the texts: a search that reads every text anew through a table of 2,800
 * signs, or as a regular expression, takes eight times as long as one for a few plain words. Pure.
 */
import { simplified, SIMPLIFIED_UNITS } from '../core/simplified.ts';

/** ClickHouse looks for 255 words at once; six signs that have two writings each make so many. */
const MOST_WRITINGS = 64;

/** The traditional signs of a simplified one: 发 is 發 and 髮. */
const TRADITIONAL = new Map<string, string[]>();
for (const [unit, simple] of SIMPLIFIED_UNITS.entries()) {
  if (simple === unit) continue;
  const sign = String.fromCharCode(simple);
  TRADITIONAL.set(sign, [...(TRADITIONAL.get(sign) ?? []), String.fromCharCode(unit)]);
}

/**
 * Every way to write the words, each once. Of long words that would be too many: then as they are given, simplified, and with the
 * first traditional sign of each, since a text hardly ever mixes the two.
 */
export function writingsOf(words: string): string[] {
  const simple = simplified(words);
  const choices = Array.from(simple, (sign) => [sign, ...(TRADITIONAL.get(sign) ?? [])]);
  const count = choices.reduce((product, { length }) => product * length, 1);
  if (count > MOST_WRITINGS)
    return [...new Set([words, simple, choices.map(([sign, traditional = sign]) => traditional).join('')])];
  return choices.reduce<string[]>(
    (begun, signs) => begun.flatMap((beginning) => signs.map((sign) => `${beginning}${sign}`)),
    [''],
  );
}
