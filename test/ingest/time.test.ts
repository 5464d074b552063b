import { describe, expect, it } from 'vitest';
import { isTimeZone, parseTime, readTime } from '../../ingest/time.ts';

const iso = (text: string): string | null => {
  const time = parseTime(text);
  return time === null ? null : new Date(time).toISOString();
};

describe('a written time', () => {
  it.each([
    ['2018-03-22', '2018-03-22T00:00:00.000Z'],
    ['20180322', '2018-03-22T00:00:00.000Z'],
    ['2018-03-22T10:30:00Z', '2018-03-22T10:30:00.000Z'],
    ['2018-03-22T10:30:00.1239Z', '2018-03-22T10:30:00.123Z'],
    ['2018-03-22T10:30:00+08:00', '2018-03-22T02:30:00.000Z'],
    ['2018-03-22 10:30:00 +0800', '2018-03-22T02:30:00.000Z'],
    ['2018-03-22 10:30', '2018-03-22T10:30:00.000Z'],
    ['Thu, 22 Mar 2018 10:30:00 GMT', '2018-03-22T10:30:00.000Z'],
    ['Thu, 22 Mar 2018 10:30:00 EST', '2018-03-22T15:30:00.000Z'],
    ['22 Mar 18 10:30 +0200', '2018-03-22T08:30:00.000Z'],
    ['Thursday, 22 March 2018 10:30:00', '2018-03-22T10:30:00.000Z'],
    ['March 22, 2018', '2018-03-22T00:00:00.000Z'],
    ['Mar 22, 2018 10:30:00 PDT', '2018-03-22T17:30:00.000Z'],
    ['Sat, Mar 24 2018 02:02:33 PM', '2018-03-24T14:02:33.000Z'],
    ['24 Mar 2018 12:30 a.m. GMT', '2018-03-24T00:30:00.000Z'],
    ['Sat, 24 Mar 2018 10:30:00 GMT+8:00', '2018-03-24T02:30:00.000Z'],
    ['Sat Mar 24 10:30:00 2018', '2018-03-24T10:30:00.000Z'],
    ['Sat Mar 24 10:30:00 PST 2018', '2018-03-24T18:30:00.000Z'],
    ['2018年3月22日 10:30', '2018-03-22T10:30:00.000Z'],
    ['2018年3月22日', '2018-03-22T00:00:00.000Z'],
    ['2018/3/22 10:30:05', '2018-03-22T10:30:05.000Z'],
    ['1521714600', '2018-03-22T10:30:00.000Z'],
    ['1521714600000', '2018-03-22T10:30:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
  ])('%s is %s, wherever this machine stands', (text, expected) => {
    expect(iso(text)).toBe(expected);
  });

  it.each([
    '',
    'yesterday',
    '2018-02-30',
    '2018-13-01',
    '31/12/2018',
    '2018-03-22T10:30:00+99:00',
    '0000-01-01',
    '99999999999999',
  ])('is not believed where it is no time: %j', (text) => {
    expect(iso(text)).toBeNull();
  });

  it.each([
    ['1 Jan 2024 10:00', '!'],
    ['Jan 1, 2024 10:00', '!'],
    ['1 Jan 2024 10:00', 'pm GMT !'],
    ['1 Jan 2024', '('],
    ['2024-01-01T10:00:00', '!'],
  ])('with a long run of blanks in it holds nobody up: %j + blanks + %j', (before, after) => {
    expect(iso(`${before}${' '.repeat(100_000)}${after}`)).toBeNull();
    expect(iso(`${before}${' '.repeat(100)}${after}`)).toBeNull();
  });

  it.each([
    ['2018-03-22T10:30:00Z', 'zoned'], ['1521714600', 'zoned'], ['Thu, 22 Mar 2018 10:30:00 EST', 'zoned'],
    ['2018-03-22T10:30:00', 'no_zone'], ['Thu, 22 Mar 2018 10:30:00', 'no_zone'], ['Thu, 22 Mar 2018 10:30:00 XYZ', 'no_zone'],
    ['2018年3月22日 10:30', 'no_zone'], ['2018/3/22', 'day'], ['22 Mar 2018', 'day'], ['2018年3月22日', 'day'],
  ])('%s is known as %s', (written, precision) => {
    expect(readTime(written)?.precision).toBe(precision);
  }); // prettier-ignore

  it('without a zone is read in that of its source, with its own where it has one', () => {
    const read = (text: string, zone: string): string => new Date(readTime(text, zone)?.at ?? 0).toISOString();
    expect(read('2018-03-22 10:30', 'Asia/Shanghai')).toBe('2018-03-22T02:30:00.000Z');
    expect(read('2018-03-22', '+08:00')).toBe('2018-03-21T16:00:00.000Z');
    expect(read('2018-01-22 10:30', 'America/New_York')).toBe('2018-01-22T15:30:00.000Z');
    expect(read('2018-07-22 10:30', 'America/New_York')).toBe('2018-07-22T14:30:00.000Z');
    expect(read('Thu, 22 Mar 2018 10:30:00 CST', 'Asia/Shanghai')).toBe('2018-03-22T02:30:00.000Z');
    expect(read('2018-03-22T10:30:00Z', 'Asia/Shanghai')).toBe('2018-03-22T10:30:00.000Z');
    expect(['Asia/Shanghai', '+08:00', 'UTC'].every(isTimeZone)).toBe(true);
    expect(isTimeZone('Middle/Earth')).toBe(false);
  });
});
