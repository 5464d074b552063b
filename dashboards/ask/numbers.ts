/**
 * Numbers below a thousand as a question writes them: in figures, in English words (twelve, twenty-four, half a) and in
 * Chinese ones (十二, 一百二十, 廿四, 半); years also sign by sign (二〇二六). Pure. Rejected: a library of numerals, for what
 * three patterns say.
 */

const ONES = 'one|two|three|four|five|six|seven|eight|nine';
const TEENS = 'ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen';
const TENS = 'twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety';
const DIGIT = '[一二两兩三四五六七八九]';
/** Patterns of what `readNumber` reads, without groups; they say nothing of what stands around. */
export const NUMBER_EN = `(?:\\d{1,3}|(?:an?|one)\\s+hundred|half(?:\\s+an?)?|an?|(?:${TENS})(?:[\\s-](?:${ONES}))?|${ONES}|${TEENS})`;
export const NUMBER_ZH = '(?:\\d{1,3}|[零〇一二两兩三四五六七八九十百廿卅半]{1,6})';
export const YEAR = '(?:(?:19|20)\\d{2}|[零〇一二三四五六七八九]{4})';

const VALUES: ReadonlyMap<string, number> = new Map([
  ...`${ONES}|${TEENS}`.split('|').map((word, index) => [word, index + 1] as const),
  ...TENS.split('|').map((word, index) => [word, (index + 2) * 10] as const),
  ...Array.from('〇一二三四五六七八九', (sign, index) => [sign, index] as const),
  ['零', 0],
  ['两', 2],
  ['兩', 2],
  ['十', 10],
  ['廿', 20],
  ['卅', 30],
  ['a', 1],
  ['an', 1],
]);
const ENGLISH = new RegExp(`^(?:(${TENS})(?:[\\s-](${ONES}))?|(${ONES}|${TEENS}|an?))$`);
const CHINESE = new RegExp(`^(?:(${DIGIT}?)(百))?(零|〇)?(?:(${DIGIT}?)(十)|([廿卅]))?(${DIGIT})?$`);

/** Null for what is no number. */
export function readNumber(written: string): number | null {
  const text = written.trim().toLowerCase().replace(/\s+/g, ' ');
  if (/^\d+$/.test(text)) return Number(text);
  if (/^(?:半|half(?: an?)?)$/.test(text)) return 0.5;
  if (/^(?:an?|one) hundred$/.test(text)) return 100;
  const value = (word: string | undefined, absent: number): number => VALUES.get(word ?? '') ?? absent;
  const english = ENGLISH.exec(text);
  if (english !== null) return value(english[1], 0) + value(english[2] ?? english[3], 0);
  // Of two signs beside each other 三五 is "three to five", which is no number.
  if (/^[零〇一二三四五六七八九]{4}$/.test(text)) return Number(Array.from(text, (sign) => value(sign, 0)).join(''));
  const chinese = text === '' ? null : CHINESE.exec(text);
  if (chinese === null) return null;
  const [, hundreds, hundred, zero, tens, ten, twenty, ones] = chinese;
  const rest = ten === undefined ? value(twenty, 0) : value(tens, 1) * 10;
  // 一百二 is 120, where 102 is 一百零二.
  const isShort = hundred !== undefined && zero === undefined && rest === 0;
  return (hundred === undefined ? 0 : value(hundreds, 1) * 100) + rest + value(ones, 0) * (isShort ? 10 : 1);
}
