import { describe, expect, it } from 'vitest';
import { NUMBER_EN, NUMBER_ZH, readNumber } from '../../../dashboards/ask/numbers.ts';

describe('a number in a question', () => {
  it.each<[number, ...string[]]>([
    [0.5, 'half', 'half an', '半'],
    [1, '1', 'a', 'one', '一'],
    [2, 'two', '二', '两', '兩'],
    [8, 'eight', '八'],
    [10, 'ten', '十', '一十'],
    [12, 'twelve', '十二'],
    [14, 'fourteen', '14', '十四'],
    [20, 'twenty', '二十', '廿'],
    [24, 'twenty-four', 'twenty four', '二十四', '廿四'],
    [31, 'thirty-one', '三十一', '卅一'],
    [99, 'ninety-nine', '九十九'],
    [100, 'a hundred', 'one hundred', '一百', '百'],
    [102, '102', '一百零二', '一百〇二'],
    [110, '110', '一百一十', '一百一'],
    [120, '120', '一百二十', '一百二'],
    [365, '365', '三百六十五'],
  ])('reads %d', (value, ...written) => {
    for (const text of written) {
      expect(readNumber(text), text).toBe(value);
      expect(new RegExp(`^(?:${NUMBER_EN}|${NUMBER_ZH})$`).test(text), text).toBe(true);
    }
  });

  it('reads a year sign by sign', () => {
    expect([readNumber('二〇二六'), readNumber('二零二五')]).toEqual([2026, 2025]);
  });

  it('reads nothing else as one', () => {
    for (const text of ['', '零百', '三五', '两三', '十十', 'oneteen', 'twenty-twelve', '百百', 'few', '几'])
      expect(readNumber(text), text).toBeNull();
  });
});
