/**
 * Tickers where the press writes them as such: after an exchange's name (NASDAQ: AAPL), or alone in brackets, (AAPL). The
 * digits of Hong Kong are found here too, as 0700.HK: bare they are a number, so they count only after the exchange's name, in
 * brackets with the zero that numbers do not have, and as Bloomberg writes them, (700 HK). Pure.
 */

export interface WrittenTicker {
  readonly symbol: string;
  readonly surface: string;
  readonly at: number;
}

const EXCHANGE_TICKER =
  /(?:NASDAQ|NYSE(?: American| Arca)?|AMEX|HKEX|SEHK|HKG|LSE|LON|TSX|ASX|TSE|SSE|SZSE|纳斯达克|納斯達克|纽交所|紐交所|港交所)\s?[:：]\s?\$?([A-Z0-9]{1,6}(?:\.[A-Z]{1,2})?)(?![\w])/g;
/** Three letters or more: (F) is a grade. */
const BRACKETED_TICKER = /[(（]([A-Z]{3,6}(?:\.[A-Z]{1,2})?)[)）]/g;
/** With its zero, or closed by a bracket or the end: "港交所:100家公司" and "HKEX: 700 companies" name none. */
const HONG_KONG_EXCHANGE =
  /(?:HKEX|SEHK|HKG|港交所|联交所|聯交所)\s?[:：]\s?(0\d{3,4}|[1-9]\d{0,4}(?=\s*(?:[)）\];；]|$)))(?!\d|[.:-]?HK|[手股元万萬亿億%])/g;
/** Not a dialling code, (0755)8888. */
const HONG_KONG_BRACKETS = /[(（]\s?(0\d{3,4})\s?[)）](?!\s?-?\d)/g;
const HONG_KONG_BLOOMBERG =
  /(?<![\w.,$])(0\d{3,4}(?= HK(?![\w$]| dollars?\b| cents?\b))|(?<=(?:^|[(（[])\s?)[1-9]\d{0,4}(?= HK(?: Equity\b|\s?(?:[)）\]]|$)))) HK/g;

export function* writtenTickers(text: string): Generator<WrittenTicker> {
  const hasBracket = text.includes('(') || text.includes('（');
  const hasColon = text.includes(':') || text.includes('：');
  if (hasBracket) yield* found(text, BRACKETED_TICKER, String);
  if (hasColon) yield* found(text, EXCHANGE_TICKER, String);
  if (hasColon) yield* found(text, HONG_KONG_EXCHANGE, hongKongCode);
  if (hasBracket) yield* found(text, HONG_KONG_BRACKETS, hongKongCode);
  if (text.includes(' HK')) yield* found(text, HONG_KONG_BLOOMBERG, hongKongCode);
}

function* found(text: string, pattern: RegExp, symbolOf: (written: string) => string): Generator<WrittenTicker> {
  for (const { 1: written = '', index } of text.matchAll(pattern)) {
    yield { symbol: symbolOf(written), surface: written, at: index };
  }
}

function hongKongCode(digits: string): string {
  return `${digits.replace(/^0+/, '').padStart(4, '0')}.HK`;
}
