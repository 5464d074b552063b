/**
 * Which watched entities a text names. One pass finds every name and code; word boundaries count for Latin letters and
 * digits, not for Han; where names overlap the leftmost, then the longest wins ("Bank of America" is not "America").
 * Tickers count only where they are written as tickers ($AAPL, NASDAQ: AAPL, (AAPL)): "IT" and "ALL" are words.
 * An ambiguous name counts only beside other evidence for the same entity, a cased one only in its own capitals. Rejected: a named-entity model here (a
 * hundred times the cost, and it finds names, not which listed company is meant).
 */
import type { Document } from '../core/event.ts';
import { createAutomaton } from './automaton.ts';
import type { WatchedEntity } from './watchlist.ts';

export type NamedEntity = Document['entities'][number];

export interface NamingText {
  readonly title: string | null;
  readonly text: string;
  readonly links: readonly string[];
  /** Without the dollar sign, upper case: from the text and from the origin's own tags. */
  readonly cashtags: readonly string[];
}

export type EntityMatcher = (document: NamingText) => NamedEntity[];

interface Pattern {
  readonly text: string;
  readonly entities: { readonly index: number; readonly ambiguous: boolean; readonly cased: string | null }[];
  readonly isCode: boolean;
}

interface Hit {
  readonly pattern: Pattern;
  readonly start: number;
  readonly end: number;
}

/** Tickers as the press writes them: after an exchange's name, or alone in brackets (then three letters or more). */
const EXCHANGE_TICKER =
  /(?:NASDAQ|NYSE(?: American| Arca)?|AMEX|HKEX|SEHK|HKG|LSE|LON|TSX|ASX|TSE|SSE|SZSE|纳斯达克|纽交所|港交所)\s?[:：]\s?\$?([A-Z0-9]{1,6}(?:\.[A-Z]{1,2})?)(?![\w])/g;
const BRACKETED_TICKER = /[(（]([A-Z]{3,6}(?:\.[A-Z]{1,2})?)[)）]/g;

export function createEntityMatcher(watched: readonly WatchedEntity[]): EntityMatcher {
  const patterns = collectPatterns(watched);
  const automaton = createAutomaton(patterns.map(({ text }) => text));
  const byTicker = new Map<string, number[]>();
  for (const [index, { tickers, codes }] of watched.entries()) {
    for (const symbol of [...tickers, ...codes, ...codes.flatMap(codeForms)]) {
      const key = symbol.toUpperCase();
      byTicker.set(key, [...new Set([...(byTicker.get(key) ?? []), index])]);
    }
  }

  return (document) => {
    const whole = document.title === null ? document.text : `${document.title}\n${document.text}`;
    const text = blankLinks(whole, document.links);
    const hits: Hit[] = [];
    automaton.scan(text, (index, end) => {
      const pattern = patterns[index];
      if (pattern === undefined) return;
      const start = end - pattern.text.length;
      if (stands(text, start, end, pattern.isCode)) hits.push({ pattern, start, end });
    });
    const certain = new Map<number, string>();
    const doubtful = new Map<number, string>();
    for (const { pattern, start, end } of leftmostLongest(hits)) {
      const surface = text.slice(start, end);
      for (const { index, ambiguous, cased } of pattern.entities) {
        if (cased !== null && surface !== cased) continue;
        const into = ambiguous ? doubtful : certain;
        if (!into.has(index)) into.set(index, surface);
      }
    }
    for (const { symbol, surface } of symbols(text, document.cashtags)) {
      for (const index of byTicker.get(symbol) ?? []) if (!certain.has(index)) certain.set(index, surface);
    }
    return [...certain].map(([index, surface]) => ({
      id: watched[index]?.id ?? '',
      // The word a reader sees beats the bare symbol.
      surface: surface.startsWith('$') ? (doubtful.get(index) ?? surface) : surface,
      relevance: 100,
    }));
  };
}

function collectPatterns(watched: readonly WatchedEntity[]): Pattern[] {
  const patterns = new Map<string, Pattern>();
  const add = (
    text: string,
    index: number,
    as: { ambiguous?: boolean; cased?: boolean; isCode?: boolean } = {},
  ): void => {
    const key = text.normalize('NFKC').toLowerCase();
    const pattern = patterns.get(key) ?? { text: text.normalize('NFKC'), entities: [], isCode: as.isCode === true };
    if (!pattern.entities.some((entity) => entity.index === index)) {
      const cased = as.cased === true ? text.normalize('NFKC') : null;
      pattern.entities.push({ index, ambiguous: as.ambiguous === true, cased });
    }
    patterns.set(key, pattern);
  };
  for (const [index, entity] of watched.entries()) {
    // First, so that a name which also stands under `ambiguous` or `cased` stays so.
    for (const name of entity.ambiguous) add(name, index, { ambiguous: true });
    for (const name of entity.cased) add(name, index, { cased: true });
    for (const name of [entity.name, entity.name_zh ?? '', ...entity.aliases, ...entity.aliases_zh]) {
      if (name !== '') add(name, index);
    }
    for (const code of entity.codes) {
      for (const form of [code, ...codeForms(code)]) add(form, index, { isCode: true });
    }
  }
  return [...patterns.values()];
}

/** Other common ways to write a code: 600519 → 600519.SH, SH600519; 0700.HK → 00700.HK, 700.HK, HK0700. */
function codeForms(code: string): string[] {
  if (/^\d{6}$/.test(code)) {
    const exchanges = /^[569]/.test(code) ? ['SH', 'SS'] : /^[48]/.test(code) ? ['BJ'] : ['SZ'];
    return exchanges.flatMap((exchange) => [`${code}.${exchange}`, `${exchange}${code}`, `${exchange}:${code}`]);
  }
  const hongKong = /^0*(\d{1,5})\.HK$/i.exec(code)?.[1];
  if (hongKong === undefined) return [];
  const widths = [...new Set([hongKong, hongKong.padStart(4, '0'), hongKong.padStart(5, '0')])];
  return widths.flatMap((digits) => [`${digits}.HK`, `HK${digits}`, `HK:${digits}`, `${digits}:HK`]);
}

function* symbols(text: string, cashtags: readonly string[]): Generator<{ symbol: string; surface: string }> {
  for (const tag of cashtags) yield { symbol: tag, surface: `$${tag}` };
  if (text.includes('(') || text.includes('（')) {
    for (const match of text.matchAll(BRACKETED_TICKER)) yield { symbol: match[1] ?? '', surface: match[1] ?? '' };
  }
  if (text.includes(':') || text.includes('：')) {
    for (const match of text.matchAll(EXCHANGE_TICKER)) yield { symbol: match[1] ?? '', surface: match[1] ?? '' };
  }
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
function stands(text: string, start: number, end: number, isCode: boolean): boolean {
  if (isInWord(text, start) && start > 0 && isInWord(text, start - 1)) return false;
  if (isInWord(text, end - 1) && end < text.length && isInWord(text, end)) return false;
  if (!isCode) return true;
  // 12.600519, 600519.5, 600519,000 and 600519% are amounts, not codes.
  if (text[start - 1] === '.' && isDigit(text, start - 2)) return false;
  return !/^(?:%|\.\d|,\d{3}(?!\d))/.test(text.slice(end, end + 5));
}

function leftmostLongest(hits: Hit[]): Hit[] {
  if (hits.length < 2) return hits;
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  const chosen: Hit[] = [];
  let free = 0;
  for (const hit of hits) {
    if (hit.start < free) continue;
    chosen.push(hit);
    free = hit.end;
  }
  return chosen;
}

/** Links replaced by blanks of the same length: a company's name in an address is no mention. */
function blankLinks(text: string, links: readonly string[]): string {
  let result = text;
  for (const link of links) result = result.replaceAll(link, ' '.repeat(link.length));
  return result;
}
