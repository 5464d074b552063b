/** What is said in English and in Chinese for the same time is read as the same time. */
import { describe, expect, it } from 'vitest';
import { readTime } from '../../../dashboards/ask/times.ts';
import { UTC, zoneOf } from '../../../dashboards/ask/zone.ts';

/** A Friday. */
const now = Date.parse('2026-03-20T12:00:00.000Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function spanOf(text: string, at = now): string | null {
  const time = readTime(text, { now: at, moment: at, zone: UTC });
  if (time === null) return null;
  const short = (epochMs: number): string => new Date(epochMs).toISOString().replace('T00:00:00.000Z', '');
  return `${short(time.from)} ${time.to === at ? 'now' : short(time.to)}`;
}

describe('times in both languages', () => {
  it.each([
    [0.5 * HOUR, 'in the last half hour', '最近半小时', '过去半个小时'],
    [12 * HOUR, 'in the last twelve hours', '最近十二个小时', '最近12小时', '最近１２小时', '過去十二小時'],
    [3 * DAY, 'the last three days', '最近三天', '这三天', '过去的三天'],
    [14 * DAY, 'the last fourteen days', '最近十四天', '近十四日', 'past two weeks', '过去两周', '近兩週'],
    [21 * DAY, 'past twenty-one days', '过去廿一天', '过去二十一天'],
    [30 * DAY, 'the past month', 'past thirty days', '过去三十天', '过去一个月'],
    [45 * DAY, 'past one and a half months', '过去一个半月'],
    [7 * DAY, 'in the past week', '近一周', '过去一星期'],
    [120 * DAY, 'in the last 120 days', '最近一百二十天'],
    [182.5 * DAY, 'in the last half year', '近半年', '过去半年'],
    [365 * DAY, 'in the past year', '近一年'],
  ])('count %d ms back', (length, ...texts) => {
    for (const text of texts) {
      const time = readTime(`为什么 ${text} negative`, { now, moment: now, zone: UTC });
      expect([text, time?.from, time?.to]).toEqual([text, now - length, now]);
    }
  });

  it.each<[string | null, ...string[]]>([
    // Days.
    ['2026-03-17 2026-03-18', 'three days ago', '三天前', '3天之前', '大前天'],
    ['2026-03-17 now', 'since three days ago', '从三天前以来'],
    ['2026-03-05 2026-03-06', 'on March 5', 'the 5th of March', '三月五日', '三月五号', '3月5日', '二〇二六年三月五日'],
    ['2026-03-05 now', 'since 5 March', '三月五日以来', '自三月五日起', '从3月5日到现在', '三月五號至今'],
    [
      '2025-12-24 2025-12-25',
      'on 24 December',
      'December 24th, 2025',
      '十二月廿四日',
      '去年十二月二十四日',
      '24 December last year',
    ],
    [
      '2025-03-05 2025-03-06',
      '5 March 2025',
      'March 5 last year',
      '2025年3月5日',
      '二零二五年三月五日',
      '去年三月五日',
    ],
    // Weekdays.
    ['2026-03-18 2026-03-19', 'on Wednesday', 'last Wednesday', 'this Wednesday', '周三', '本周三', '这周三', '星期三'],
    ['2026-03-20 now', 'this Friday', '本周五', '这个星期五', '這週五'],
    ['2026-03-13 2026-03-14', 'on Friday', 'last Friday', '周五', '上周五', '上个星期五', '上禮拜五'],
    ['2026-03-13 now', 'since last Friday', '上周五以来', '从上周五开始'],
    [null, 'this Sunday', '本周日', '这周末', 'this weekend'],
    // Weeks.
    ['2026-03-14 2026-03-16', 'last weekend', 'over the weekend', '上个周末', '上周末', '周末'],
    ['2026-03-07 2026-03-09', 'the weekend before last', '上上周末', '上上个周末'],
    ['2026-03-09 2026-03-16', 'last week', '上周', '上个星期', '上個禮拜', '上周一直在跌', 'a week ago', '一周前'],
    ['2026-03-09 now', 'since last week', '上周以来'],
    ['2026-03-02 2026-03-09', 'the week before last', '上上周', '上上个星期', 'two weeks ago', '两周前'],
    ['2026-03-16 now', 'this week', '本周', '这周', '这个星期', '本周一直在跌'],
    // Months.
    [
      '2026-01-01 2026-02-01',
      'in January',
      '一月',
      '1月份',
      'two months ago',
      '两个月前',
      'the month before last',
      '上上个月',
    ],
    ['2026-01-01 now', 'since January', '一月以来', '从一月开始', '自1月份起'],
    [
      '2025-12-01 2026-01-01',
      'in December',
      '十二月',
      '去年12月',
      'December 2025',
      'in December last year',
      '2025年12月',
    ],
    ['2026-02-01 2026-03-01', 'last month', '上月', '上个月', 'in February', '二月'],
    ['2026-03-01 now', 'this month', '本月', '这个月', 'in March', '三月', 'since the start of the month', '月初以来'],
    ['2026-03-01 2026-03-11', 'early this month', 'at the beginning of the month', '本月初', '月初', '这个月初'],
    ['2026-02-21 2026-03-01', 'late last month', 'at the end of last month', '上月底', '上个月末'],
    // Years.
    ['2025-01-01 2026-01-01', 'last year', 'in 2025', '去年', '2025年', '二〇二五年'],
    ['2025-01-01 now', 'since last year', 'since 2025', '去年以来', '2025年以来'],
    ['2024-01-01 2025-01-01', 'the year before last', '前年'],
    [
      '2026-01-01 now',
      'this year',
      'year to date',
      'since the start of the year',
      '今年',
      '今年以来',
      '年初以来',
      '今年年初以来',
    ],
    ['2024-01-01 2025-01-01', '2024年年初', '前年初', '前年年底'],
    ['2026-01-01 2026-02-01', '上上个月底'],
    ['2026-03-16 now', '这周天天跌', '本周五只股票'],
    ['2025-10-01 2026-01-01', 'late last year', 'at the end of last year', '去年底', '去年年底'],
    ['2025-01-01 2025-04-01', 'early last year', '去年初', '去年年初'],
  ])('say %s', (span, ...texts) => {
    for (const text of texts) expect([text, spanOf(text)]).toEqual([text, span]);
  });

  it('means today by a weekday of this week, and the week before by one of last week', () => {
    const saturday = Date.parse('2026-03-14T12:00:00.000Z');
    for (const text of ['this Saturday', '本周六', 'this weekend', '周末'])
      expect([text, spanOf(text, saturday)]).toEqual([text, '2026-03-14 now']);
    expect(spanOf('上个周五', saturday)).toBe('2026-03-06 2026-03-07');
  });

  it("begins days at the asker's midnight, over a change of the clocks too", () => {
    const zoned = (text: string, at: string, name: string): string | null => {
      const moment = Date.parse(at);
      const time = readTime(text, { now: moment, moment, zone: zoneOf(name) ?? UTC });
      return time === null ? null : [time.from, time.to].map((ms) => new Date(ms).toISOString().slice(0, 16)).join(' ');
    };
    // 07:00 of the 20th in Shanghai is still the 19th in UTC.
    for (const text of ['昨天', 'yesterday', '3月19日', 'on Thursday'])
      expect(zoned(text, '2026-03-19T23:00:00Z', 'Asia/Shanghai')).toBe('2026-03-18T16:00 2026-03-19T16:00');
    expect(zoned('今天', '2026-03-19T23:00:00Z', 'Asia/Shanghai')).toBe('2026-03-19T16:00 2026-03-19T23:00');
    expect(zoned('最近十二小时', '2026-03-19T23:00:00Z', 'Asia/Shanghai')).toBe('2026-03-19T11:00 2026-03-19T23:00');
    expect(zoned('yesterday', '2026-03-20T03:00:00Z', 'America/New_York')).toBe('2026-03-18T04:00 2026-03-19T04:00');
    // The day of 23 hours, and that of 25.
    expect(zoned('yesterday', '2026-03-30T10:00:00Z', 'Europe/Berlin')).toBe('2026-03-28T23:00 2026-03-29T22:00');
    expect(zoned('yesterday', '2026-10-26T10:00:00Z', 'Europe/Berlin')).toBe('2026-10-24T22:00 2026-10-25T23:00');
    expect(zoned('yesterday', '2026-03-20T03:00:00Z', 'Asia/Kathmandu')).toBe('2026-03-18T18:15 2026-03-19T18:15');
    expect(zoneOf('Asia/Atlantis')).toBeNull();
  });

  it('takes for today the day of the moment, though the step that is now ends tomorrow', () => {
    const [moment, end] = ['2026-03-20T22:30:00Z', '2026-03-21T00:00:00Z'].map((at) => Date.parse(at)) as [
      number,
      number,
    ];
    const time = readTime('today', { now: end, moment, zone: UTC });
    expect([time?.from, time?.to]).toEqual([Date.parse('2026-03-20T00:00:00Z'), end]);
    expect(readTime('昨天', { now: end, moment, zone: UTC })?.to).toBe(Date.parse('2026-03-20T00:00:00Z'));
    // In Berlin it is 23:30, and midnight is within the step.
    const berlin = zoneOf('Europe/Berlin') ?? expect.fail();
    expect(readTime('today', { now: end, moment, zone: berlin })?.to).toBe(Date.parse('2026-03-20T23:00:00Z'));
  });

  it('begins a day that has no midnight when the clocks have gone on', () => {
    const santiago = zoneOf('America/Santiago') ?? expect.fail();
    const asked = Date.parse('2026-09-07T15:00:00Z');
    const yesterday = readTime('yesterday', { now: asked, moment: asked, zone: santiago });
    expect(new Date(yesterday?.from ?? 0).toISOString()).toBe('2026-09-06T04:00:00.000Z');
  });

  it('takes no word for a time that only looks like one', () => {
    const texts = [
      'may X rise',
      'march on',
      'in 1000 posts',
      '三月期国债',
      '十三月',
      '2月30日',
      '每周',
      '几个月',
      '一百年',
      '年报',
      '青年初创公司',
    ];
    for (const text of texts) expect([text, spanOf(text)]).toEqual([text, null]);
  });
});
