/**
 * Codes of the mainland and of Hong Kong as lists write them → as a watchlist holds them. The mainland's lose their exchange,
 * since the press leaves it out, but where the digits alone are another's: 000001 is Ping An Bank, 000001.SH an index. Pure.
 */
import { codeForms } from '../entity_patterns.ts';

/** 1 → 000001 is how spreadsheets lose zeros of mainland codes; "700 HK" and "00700" of Hong Kong become 0700.HK. */
export function exchangeCode(code: string): string {
  if (/^\d{6}\.(?:SH|SS|SZ|BJ|XSHG|XSHE)$/i.test(code)) {
    const digits = code.slice(0, 6);
    return codeForms(code).includes(digits) ? digits : code;
  }
  const hongKong =
    /^0*(\d{1,5})(?:[ .]HK)$/i.exec(code)?.[1] ?? (/^0\d{4}$/.test(code) ? String(Number(code)) : undefined);
  if (hongKong !== undefined) return `${hongKong.padStart(4, '0')}.HK`;
  return /^\d{1,4}$/.test(code) ? code.padStart(6, '0') : code;
}

/** Whether a symbol is such a code. Four digits are not: 7203 is Tokyo's, and no mainland code that lost its zeros. */
export function isExchangeCode(symbol: string): boolean {
  return !/^\d{1,4}$/.test(symbol) && codeForms(exchangeCode(symbol)).length > 0;
}
