import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText, detectLanguage, findCashtags, findLinks, modelText } from '../../core/text.ts';

describe('cleaning text', () => {
  it('folds full-width letters, and drops zero-width, control and direction characters', () => {
    expect(cleanText('ＡＢＣ１２３\u200b de\u00adfault\u202e\u0007  x\u3000y\n')).toBe('ABC123 default x y');
  });

  it('keeps emoji sequences readable and Chinese punctuation folded to one form', () => {
    expect(cleanText('🚀 涨停！（利好）')).toBe('🚀 涨停!(利好)');
  });

  it('repairs lone surrogates', () => {
    expect(cleanText('a\ud800b').isWellFormed()).toBe(true);
  });

  it('is idempotent on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => cleanText(cleanText(text)) === cleanText(text)));
  });
});

describe('links and cashtags', () => {
  it('finds links without the sentence that holds them, each once', () => {
    expect(findLinks('see https://a.example/x?y=1, and https://a.example/x?y=1. 详见https://b.example/路径。')).toEqual(
      ['https://a.example/x?y=1', 'https://b.example/路径'],
    );
  });

  it.each([
    ['https://t.cn/a，茅台跌停', ',茅台跌停'],
    ['https://t.cn/a；2024年茅台跌停', ';2024年茅台跌停'],
    ['https://t.cn/a！！！A股跌停', '!A股跌停'],
    ['https://t.cn/a…茅台跌停', '...茅台跌停'],
    ['https://t.cn/a\u200b茅台跌停', '茅台跌停'],
    ['https://t.cn/a“茅台”跌停', '“茅台”跌停'],
  ])('ends a link where a Chinese sentence goes on without a blank: %s', (text, rest) => {
    expect(findLinks(cleanText(text))).toEqual(['https://t.cn/a']);
    expect(modelText(null, text)).toContain(rest);
  });

  it('leaves a link its own commas, and Han in its path or query', () => {
    for (const link of ['https://a.example/1,2/b(c)/d', 'https://a.example/?q=茅台&p=1,2', 'https://例子.中国/路径'])
      expect(findLinks(cleanText(`见 ${link} 原文`))).toEqual([link]);
  });

  it('takes no longer for a link that never ends than for its length', () => {
    for (const part of ['https://', ',', ',A', '...', ',\u200b']) {
      const text = `https://a${part.repeat(100_000)}`;
      const start = performance.now();
      modelText(null, text);
      expect(performance.now() - start, part).toBeLessThan(5_000);
    }
  });

  it('finds cashtags and not prices or words with a dollar inside', () => {
    expect(findCashtags('$aapl up, $BRK.B flat, $100 gone, US$T no, 看好$TSLA!')).toEqual(['AAPL', 'BRK.B', 'TSLA']);
  });

  it('gives the model no links and no title twice', () => {
    expect(modelText('Bank fails', 'Bank fails https://t.co/abc as run spreads')).toBe('Bank fails as run spreads');
    expect(modelText('Bank fails', 'A run spreads.')).toBe('Bank fails. A run spreads.');
    expect(modelText(null, 'alone')).toBe('alone');
  });

  it('gives the model traditional Chinese in simplified characters', () => {
    expect(modelText('台積電跌停', '股 價 重 挫，債券違約')).toBe('台积电跌停. 股价重挫,债券违约');
  });
});

describe('language', () => {
  it.each([
    ['The central bank held its rate', 'en'],
    ['公司净利润同比增长', 'zh'],
    ['這個 guidance 太差了', 'zh'],
    ['$NVLK to the moon', 'en'],
    ['日経平均は下落した', 'other'],
    ['特斯拉CEO伊隆・馬斯克宣布裁員', 'zh'],
    ['奈雪の茶股价又跌停了', 'zh'],
    [
      '茅台跌停了,股民损失惨重 https://news.example/a-long-path/that-has-more-letters-than-the-sentence-has-signs',
      'zh',
    ],
    ['삼성전자 주가 하락', 'other'],
    ['Der Vorstand hat die Prognose für das Jahr gesenkt und die Dividende', 'other'],
    ['La banque centrale a relevé les taux pour la première fois', 'other'],
    ['Акции упали', 'other'],
    ['12345 !!', 'other'],
  ])('%s is %s', (text, language) => {
    expect(detectLanguage(text)).toBe(language);
  });
});
