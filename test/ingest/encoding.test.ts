import { describe, expect, it } from 'vitest';
import { decodeFeed, isCertainlyUtf8, isGarbled } from '../../ingest/encoding.ts';

/** 中国平安银行股价下跌，投资者担心业绩 in GB 2312. */
const GB = 'd6d0b9fac6bdb0b2d2f8d0d0b9c9bcdbcfc2b5f8a3accdb6d7cad5dfb5a3d0c4d2b5bca8';
const ZH = '中国平安银行股价下跌，投资者担心业绩';
/** 銀行股價下跌，投資者擔心業績 in Big5. */
const BIG5 = 'bbc8a6e6aad1bbf9a455b65ea141a7ebb8eaaaccbee1a4dfb77ec15a';
const TW = '銀行股價下跌，投資者擔心業績';

const xml = (hex: string, declared?: string): Buffer =>
  Buffer.concat([
    Buffer.from(`<?xml version="1.0"${declared === undefined ? '' : ` encoding="${declared}"`}?><t>`),
    Buffer.from(hex, 'hex'),
    Buffer.from('</t>'),
  ]);
const hexOf = (text: string): string => Buffer.from(text).toString('hex');
const read = (bytes: Uint8Array, type?: string): string => /<t>(.*)<\/t>/s.exec(decodeFeed(bytes, type))?.[1] ?? '';
const wide = (text: string, width: 2 | 4, isLittle: boolean): Buffer => {
  const codes = Array.from(text, (sign) => sign.codePointAt(0) ?? 0);
  const bytes = Buffer.alloc(codes.length * width);
  for (const [index, code] of codes.entries()) {
    if (width === 4) bytes[isLittle ? 'writeUInt32LE' : 'writeUInt32BE'](code, index * 4);
    else bytes[isLittle ? 'writeUInt16LE' : 'writeUInt16BE'](code, index * 2);
  }
  return bytes;
};

describe('the bytes of a feed', () => {
  it.each([
    ['as the XML declares', xml(GB, 'gb2312'), undefined, ZH],
    ['as HTTP says, against the XML', xml(GB, 'big5'), 'text/xml; charset=GBK', ZH],
    ['under a name that only programs use', xml(GB, 'cp936'), undefined, ZH],
    ['in GB18030 with four-byte characters', xml(`${GB}8139ef30`, 'GB18030'), undefined, `${ZH}㐀`.replace('㐀', new TextDecoder('gb18030').decode(Buffer.from('8139ef30', 'hex')))],
    ['in Big5', xml(BIG5, 'big5'), undefined, TW],
    ['in UTF-8 with a mark', Buffer.concat([Buffer.from('efbbbf', 'hex'), xml(hexOf(ZH), 'gb2312')]), 'text/xml; charset=big5', ZH],
    ['in windows-1252 with its own signs', xml('636166e99273208035', 'windows-1252'), undefined, 'café’s €5'],
    ['in Latin-1', xml('636166e9', 'iso-8859-1'), undefined, 'café'],
  ])('are read %s', (_, bytes, type, expected) => {
    expect(read(bytes, type)).toBe(expected);
  }); // prettier-ignore

  it.each([2, 4] as const)('are read in UTF-%s × 8, with a mark and without, whatever is said', (width) => {
    for (const isLittle of [true, false]) {
      const text = `<?xml version="1.0" encoding="gb2312"?><t>${ZH}</t>`;
      expect(read(wide(text, width, isLittle), 'text/xml; charset=utf-8')).toBe(ZH);
      expect(read(wide(`\ufeff${text}`, width, isLittle))).toBe(ZH);
      expect(decodeFeed(wide(`\ufeff{}`, width, isLittle))).toBe('{}');
    }
  });

  it.each([
    ['GBK called UTF-8', xml(GB, 'utf-8'), undefined, ZH],
    ['GBK that nothing is said of', xml(GB), undefined, ZH],
    ['GBK called UTF-16', xml(GB, 'utf-16'), undefined, ZH],
    ['GBK that HTTP calls UTF-8 and the XML nothing', xml(GB), 'application/xml; charset=utf-8', ZH],
    ['Big5 called UTF-8', xml(BIG5, 'utf-8'), undefined, TW],
    ['UTF-8 called GBK', xml(hexOf(ZH), 'gbk'), undefined, ZH],
    ['UTF-8 called Latin-1 by HTTP', xml(hexOf(ZH)), 'text/xml; charset=iso-8859-1', ZH],
    ['GBK that HTTP calls Latin-1 and the XML GB 2312', xml(GB, 'gb2312'), 'text/xml; charset=ISO-8859-1', ZH],
    ['Big5 that HTTP calls windows-1252 and the XML Big5', xml(BIG5, 'big5'), 'text/xml; charset=windows-1252', TW],
    ['Latin-1 that HTTP calls so and the XML GB 2312', xml('636166e9', 'gb2312'), 'text/xml; charset=ISO-8859-1', 'café'],
    ['UTF-8 under a name that nobody knows', xml(hexOf(ZH), 'bogus'), undefined, ZH],
    ['Latin-1 called UTF-8', xml('636166e920e0206c61206361727465', 'utf-8'), undefined, 'café à la carte'],
    ['UTF-8 with a broken byte', xml(`${hexOf(ZH)}ff`, 'utf-8'), undefined, `${ZH}\ufffd`],
  ])('are read right though they are declared wrong: %s', (_, bytes, type, expected) => {
    expect(read(bytes, type)).toBe(expected);
  }); // prettier-ignore

  it('that lost their words in decoding are told from those that lost a sign or two', () => {
    expect(isGarbled(new TextDecoder().decode(Buffer.from(GB, 'hex')))).toBe(true);
    expect(isGarbled(new TextDecoder().decode(Buffer.from(ZH).subarray(0, -1)))).toBe(false);
    expect(isGarbled('$AAPL to the moon \ufffd\ufffd\ufffd')).toBe(false);
    expect(isGarbled('')).toBe(false);
  });

  it('are certainly UTF-8 where they are so without a fault and nothing else would fit', () => {
    expect(isCertainlyUtf8(Buffer.from('贵'))).toBe(true);
    expect(isCertainlyUtf8(Buffer.from('à é è ç ù ê'))).toBe(true);
    expect(isCertainlyUtf8(Buffer.from(ZH).subarray(0, -1))).toBe(false);
    // «CAFÉ» in windows-1252 ends as a Cyrillic or phonetic letter would in UTF-8.
    expect(isCertainlyUtf8(Buffer.from('CAF\u00c9\u00bb', 'latin1'))).toBe(false);
    expect(isCertainlyUtf8(Buffer.from('all of it ASCII'))).toBe(false);
    for (const hex of [GB, BIG5]) expect(isCertainlyUtf8(Buffer.from(hex, 'hex'))).toBe(false);
  });

  it('that are nothing at all give a text all the same', () => {
    expect(decodeFeed(new Uint8Array())).toBe('');
    expect(decodeFeed(Uint8Array.of(0xff))).toHaveLength(1);
    expect(decodeFeed(Uint8Array.of(0x81, 0x30, 0x81))).not.toBe('');
  });
});
