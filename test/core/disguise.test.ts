import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelText } from '../../core/text.ts';

describe('words in disguise', () => {
  it.each([
    ['Accounting frаud at the bаnk', 'Accounting fraud at the bank'],
    ['ѕсаm from start to finish', 'scam from start to finish'],
    ['f r a u d everywhere', 'fraud everywhere'],
    ['a total s.c.a.m again', 'a total scam again'],
    ['暴 雷 了 快跑', '暴雷了 快跑'],
    ['又是割*韭*菜', '又是割韭菜'],
    ['c̶r̶a̶s̶h̶ ahead', 'crash ahead'],
    ['ʙᴀɴᴋʀᴜᴘᴛ soon', 'baɴkrupt soon'.replace('ɴ', 'n')],
    ['de\u200bfault risk', 'default risk'],
    ['ｃｏｌｌａｐｓｅ', 'collapse'],
  ])('%s is read as %s', (text, plain) => {
    expect(modelText(null, text)).toBe(plain);
  });

  it.each([
    'Акции Сбербанка упали на 5%',
    'Το Χρηματιστήριο Αθηνών',
    'Nestlé and Société Générale',
    'U.S.S.R. bonds, S & P, A T & T',
    'Grade A B+ or C',
    '净利大增 股价涨停',
    'β is 1.2 and α is zero',
    'Q4 3M 0700.HK $F $T',
    '苹果CEO蒂姆·库克与约翰斯·霍普金斯大学',
    '彩电业务有望盈利*欣泰(300372)再发提示',
    '法治聚焦_法治频道_苏州新闻网',
    '*ST北桥触及面值退市',
  ])('%s is honest and stays', (text) => {
    expect(modelText(null, text)).toBe(text);
  });

  it('is made plain once and for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const once = modelText(null, text);
        return modelText(null, once) === once;
      }),
    );
  });
});
