/** Times counted back from now: "in the last twelve hours", 过去三十天, "three days ago", 昨天. */
import { NUMBER_EN, NUMBER_ZH, readNumber } from './numbers.ts';
import { DAY, lasting, mondayOf, monthOf, oneDay, type Reader } from './reading.ts';

const UNITS: Readonly<Record<string, number>> = {
  hour: 3_600_000,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  year: 365 * DAY,
};
const UNIT_ZH = '小[时時]|[钟鐘][头頭]|天|日|[周週]|星期|[礼禮]拜|月|年';

/** The span up to now. */
export const COUNTED: Reader = [
  new RegExp(
    `\\b(?:last|past|previous|these)\\s+(${NUMBER_EN})(\\s+and\\s+a\\s+half)?\\s+(hour|day|week|month|year)s?\\b|` +
      `\\bpast\\s+(hour|day|week|month|year)\\b|` +
      `(?:最近|[过過]去|近|[这這])的?\\s*(${NUMBER_ZH})\\s*[个個]?(半)?(${UNIT_ZH})`,
    'i',
  ),
  ({ match, now }) => {
    const [, english, halfEnglish, unit, alone, chinese, half, unitZh] = match;
    const written = english ?? chinese;
    const count =
      (written === undefined ? 1 : (readNumber(written) ?? 0)) + ((halfEnglish ?? half) === undefined ? 0 : 0.5);
    return { from: now - count * (UNITS[unitOf(unit ?? alone ?? unitZh ?? '')] ?? DAY), to: now };
  },
];

/** One day, week or month back there. */
export const AGO: readonly Reader[] = [
  [
    new RegExp(
      `\\b(${NUMBER_EN})\\s+(day|week|month)s?\\s+ago\\b|(${NUMBER_ZH})\\s*[个個]?(天|日|[周週]|星期|[礼禮]拜|(?<=[个個])月)(?:之|以)?前`,
      'i',
    ),
    (asked) => {
      const { match, today } = asked;
      const count = readNumber(match[1] ?? match[3] ?? '');
      const unit = unitOf(match[2] ?? match[4] ?? '');
      if (count === null || !Number.isInteger(count)) return null;
      if (unit === 'day') return oneDay(asked, today - count * DAY);
      if (unit === 'month') return lasting(asked, monthOf(today, -count), monthOf(today, 1 - count));
      const start = mondayOf(today) - count * 7 * DAY;
      return lasting(asked, start, start + 7 * DAY);
    },
  ],
  [/大前天/, (asked) => oneDay(asked, asked.today - 3 * DAY)],
  [/\b(?:the )?day before yesterday\b|前天/i, (asked) => oneDay(asked, asked.today - 2 * DAY)],
  [/\byesterday\b|昨[天日晚]/i, (asked) => oneDay(asked, asked.today - DAY)],
  [/\btoday\b|\bthis morning\b|今[天日早]/i, ({ today, now }) => ({ from: today, to: now })],
];

export const LATELY: Reader = [
  /\b(?:lately|recently|these days)\b|最近|近期|近[来來]/i,
  ({ now }) => ({ from: now - 7 * DAY, to: now }),
];

function unitOf(written: string): string {
  const [sign = ''] = written;
  if (/[小钟鐘]/.test(sign)) return 'hour';
  if (/[天日]/.test(sign)) return 'day';
  if (/[周週星礼禮]/.test(sign)) return 'week';
  return sign === '月' ? 'month' : sign === '年' ? 'year' : written.toLowerCase();
}
