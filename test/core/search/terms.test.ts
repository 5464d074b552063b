import { describe, expect, it } from 'vitest';
import { cosine, quantised } from '../../../core/search/vector.ts';
import { hashedTerms, hashTerm, termsOf } from '../../../core/search/terms.ts';

describe('terms', () => {
  it('cuts English into words without case, plural, possessive and words that say nothing', () => {
    expect(termsOf('The banks’ losses', 'Norvale’s CEO resigns; companies react')).toEqual([
      'bank',
      'losse',
      'norvale',
      'ceo',
      'resign',
      'company',
      'react',
    ]);
  });

  it('cuts Chinese into pairs of neighbouring signs, and leaves a sign alone as it is', () => {
    expect(termsOf(null, '诺维银行，跌')).toEqual(['诺维', '维银', '银行', '跌']);
  });

  it('takes traditional and simplified signs for one', () => {
    expect(termsOf('台積電', '騰訊')).toEqual(termsOf('台积电', '腾讯'));
    expect(hashedTerms(null, '滙豐控股')).toEqual(hashedTerms(null, '汇丰控股'));
  });

  it('keeps a single letter with the sign after it, with or without a blank between', () => {
    expect(termsOf(null, 'A股三大 K 线 TSLA股价')).toEqual(['a股', '股三', '三大', 'k线', 'tsla', '股价']);
  });

  it('stores the signs at the beginning one by one too, so that what is asked by one is there', () => {
    const stored = new Set(hashedTerms('茅台股价上涨', 'A股三大指数集体收跌，油价走高'));
    for (const asked of ['茅台 涨', 'A股', 'ａ股', '油', '油价', '茅'])
      expect(
        termsOf(null, asked).every((term) => stored.has(hashTerm(term))),
        asked,
      ).toBe(true);
    expect(hashedTerms(null, '平'.repeat(30) + '安'.repeat(30))).not.toContain(hashTerm('安'));
    expect(hashedTerms(null, 'The bank fell')).toEqual(termsOf(null, 'The bank fell').map(hashTerm));
  });

  it('keeps figures, tickers and codes whole in a text of both languages', () => {
    expect(termsOf('', '净利同比增14.45% AT&T 600519')).toEqual([
      '净利',
      '利同',
      '同比',
      '比增',
      '14.45',
      'at&t',
      '600519',
    ]);
  });

  it('finds a query in a text by the same terms, whatever width or case they were typed in', () => {
    expect(termsOf(null, 'ＮＶＢ　Ｂａｎｋ')).toEqual(termsOf(null, 'nvb bank'));
  });

  it('spreads near words over all of 32 bits', () => {
    const hashes = Array.from({ length: 2000 }, (_, index) => hashTerm(`word${index}`));
    expect(new Set(hashes).size).toBe(2000);
    expect(hashes.every((hash) => Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32)).toBe(true);
    expect(hashes.filter((hash) => hash >= 2 ** 31).length).toBeGreaterThan(800);
  });
});

describe('vectors', () => {
  it('keeps directions when a float becomes a byte', () => {
    const a = Float32Array.from({ length: 192 }, (_, index) => Math.sin(index * 1.7) / 9);
    const b = Float32Array.from({ length: 192 }, (_, index) => Math.sin(index * 1.7 + 0.4) / 3);
    expect(cosine(quantised(a) ?? [], quantised(b) ?? [])).toBeCloseTo(cosine(a, b), 2);
  });

  it('gives none for what points nowhere', () => {
    expect(quantised(new Float32Array(4))).toBeNull();
    expect(quantised(Float32Array.of(1, NaN))).toBeNull();
    expect(cosine([1, 2], [1, 2, 3])).toBe(0);
  });
});
