/**
 * The strings by which watched entities are known, and where such a string stands by itself. Word boundaries count for
 * letters and digits that are written in words with blanks between, not for Han; codes are tried in the forms that
 * terminals and the press use. A Chinese name is one name in traditional and in simplified characters. Pure.
 */
import { simplified } from '../core/simplified.ts';
import type { WatchedEntity } from './watchlist.ts';

/** How a name counts: always, only with its own capitals, only where its surroundings say so, or never. */
export type NameUse = 'plain' | 'cased' | 'ambiguous' | 'excluded';

export interface PatternEntity {
  readonly index: number;
  readonly use: NameUse;
  /** For `cased`: the only form that counts, in simplified characters. */
  readonly form: string;
}

export interface Pattern {
  readonly text: string;
  readonly isCode: boolean;
  readonly entities: PatternEntity[];
}

/** Every name, code and excluded phrase of a watchlist; one pattern a string, whoever it belongs to. */
export function collectPatterns(watched: readonly WatchedEntity[]): Pattern[] {
  const patterns = new Map<string, Pattern>();
  const add = (text: string, index: number, use: NameUse, isCode = false): void => {
    const form = simplified(text.normalize('NFKC'));
    const key = form.toLowerCase();
    const pattern = patterns.get(key) ?? { text: form, isCode, entities: [] };
    if (!pattern.entities.some((entity) => entity.index === index)) pattern.entities.push({ index, use, form });
    patterns.set(key, pattern);
  };
  for (const [index, entity] of watched.entries()) {
    // First come, first kept: a name that also stands under `not`, `ambiguous` or `cased` stays so.
    for (const phrase of entity.not) add(phrase, index, 'excluded');
    for (const name of entity.cased) add(name, index, 'cased');
    for (const name of entity.ambiguous) add(name, index, 'ambiguous');
    for (const name of [entity.name, entity.name_zh ?? '', ...entity.aliases, ...entity.aliases_zh]) {
      if (name !== '') add(name, index, 'plain');
    }
    for (const code of entity.codes) for (const form of [code, ...codeForms(code)]) add(form, index, 'plain', true);
  }
  return [...patterns.values()];
}

/**
 * Other common ways to write a code: 600519 → 600519.SH, SH600519; 601318.SH → 601318; 0700.HK → 00700.HK, 700.HK, HK.00700.
 * Hong Kong's bare digits are no form of their own, since 700 is a number: written_tickers.ts knows where they are a code.
 */
export function codeForms(code: string): string[] {
  const hongKong = HONG_KONG.exec(code);
  if (hongKong !== null) return hongKongForms(hongKong[1] ?? hongKong[2] ?? '');
  const [, before, digits, behind] = MAINLAND.exec(code) ?? [];
  if (digits === undefined) return [];
  const stated = EXCHANGES[(before ?? behind ?? '').toUpperCase()];
  const usual = exchangeOf(digits);
  const exchange = stated ?? usual;
  const written = (exchange === 'SH' ? ['SH', 'SS'] : [exchange]).flatMap((name) => [
    `${digits}.${name}`,
    `${name}${digits}`,
    `${name}:${digits}`,
  ]);
  // 000001 is Ping An Bank; 000001.SH is an index, and only with its exchange.
  return exchange === usual ? [digits, ...written] : written;
}

const MAINLAND = /^(?:(SH|SS|SZ|BJ)[.:]?)?(\d{6})(?:\.(SH|SS|SZ|BJ|XSHG|XSHE))?$/i;
const HONG_KONG = /^(?:0*(\d{1,5})[ .-]HK|HK[.:-]?0*(\d{1,5}))$/i;
const EXCHANGES: Readonly<Record<string, string>> = { SH: 'SH', SS: 'SH', XSHG: 'SH', SZ: 'SZ', XSHE: 'SZ', BJ: 'BJ' };

/** The exchange that numbers of this kind are listed on: Beijing has 920000 on beside the older 4 and 8. */
function exchangeOf(digits: string): string {
  if (/^(?:[48]|92)/.test(digits)) return 'BJ';
  return /^[569]/.test(digits) ? 'SH' : 'SZ';
}

function hongKongForms(digits: string): string[] {
  const widths = [...new Set([digits, digits.padStart(4, '0'), digits.padStart(5, '0')])];
  return widths.flatMap((width) => [
    `${width}.HK`,
    `${width}-HK`,
    `${width}:HK`,
    `HK${width}`,
    `HK.${width}`,
    `HK:${width}`,
  ]);
}

/** Letters and digits that are written in words with blanks between: everything but Han, kana and hangul. */
const IN_WORD = Uint8Array.from({ length: 0x10000 }, (_, unit) => {
  const character = String.fromCharCode(unit);
  return /[\p{L}\p{N}_]/u.test(character) && !/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/.test(character)
    ? 1
    : 0;
});
const isInWord = (text: string, at: number): boolean => IN_WORD[text.charCodeAt(at)] === 1;
const isDigit = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  return unit >= 48 && unit <= 57;
};

/** Whether the words from start to end stand by themselves, not inside a longer word or number. */
export function stands(text: string, start: number, end: number, isCode: boolean): boolean {
  if (isInWord(text, start) && start > 0 && isInWord(text, start - 1)) return false;
  if (isInWord(text, end - 1) && end < text.length && isInWord(text, end)) return false;
  if (!isCode) return true;
  // 12.600519, 600519.5, 600519,000, 600519% and 600519手 are amounts, not codes.
  if (text[start - 1] === '.' && isDigit(text, start - 2)) return false;
  return !/^(?:%|[手股元万亿人吨](?!份|价|票|市)|\.\d|,\d{3}(?!\d))/.test(simplified(text.slice(end, end + 5)));
}
