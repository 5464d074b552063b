/** Weekdays, weekends and weeks, in English and Chinese. A week begins on Monday. */
import { DAY, lasting, mondayOf, oneDay, type Asked, type Reader, type Span } from './reading.ts';

const WEEKDAYS_EN = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const WEEKDAYS_ZH = '一二三四五六日';
/** Not 上周一直, 这周天天跌 and 这周五只, where the sign belongs to what follows. */
const WEEKDAY_ZH = '一(?![直共度些样樣])|天(?!天)|[二三四五六日](?![只隻家])';
const WEEK_ZH = '(?:[周週]|星期|[礼禮]拜)';
const THIS_ZH = '[本这這][个個]?';

export const WEEKS: readonly Reader[] = [
  [
    new RegExp(
      `\\b(?:the\\s+)?(weekend before last)\\b|\\b(?:(last)\\s+|(this)\\s+)?weekend\\b|(?:(上{1,2})[个個]?|(${THIS_ZH}))?[周週]末`,
      'i',
    ),
    (asked) => {
      const [, beforeLast, last, own, back, ownZh] = asked.match;
      const saturday = mondayOf(asked.today) + 5 * DAY;
      // Said alone it is this one from Saturday on, and before that the one that was.
      const alone = (own ?? ownZh) === undefined && asked.today < saturday ? 1 : 0;
      const weeks = beforeLast === undefined ? (back?.length ?? (last === undefined ? alone : 1)) : 2;
      const start = saturday - weeks * 7 * DAY;
      return lasting(asked, start, start + 2 * DAY);
    },
  ],
  [
    new RegExp(`\\b(?:last\\s+|(this)\\s+)?(${WEEKDAYS_EN.join('|')})\\b`, 'i'),
    (asked) => {
      const weekday = WEEKDAYS_EN.indexOf((asked.match[2] ?? '').toLowerCase());
      return asked.match[1] === undefined
        ? lately(asked, weekday)
        : oneDay(asked, mondayOf(asked.today) + weekday * DAY);
    },
  ],
  [
    new RegExp(`(?:(上{1,2})[个個]?|(${THIS_ZH}))?${WEEK_ZH}(${WEEKDAY_ZH})`),
    (asked) => {
      const [, back, own, sign = ''] = asked.match;
      const weekday = sign === '天' ? 6 : WEEKDAYS_ZH.indexOf(sign);
      if (back === undefined && own === undefined) return lately(asked, weekday);
      return oneDay(asked, mondayOf(asked.today) + (weekday - 7 * (back?.length ?? 0)) * DAY);
    },
  ],
  [
    new RegExp(`\\b(?:the\\s+)?(week before last)\\b|\\blast week\\b|(上{1,2})[个個]?${WEEK_ZH}`, 'i'),
    (asked) => {
      const weeks = asked.match[1] === undefined ? (asked.match[2]?.length ?? 1) : 2;
      const start = mondayOf(asked.today) - weeks * 7 * DAY;
      return lasting(asked, start, start + 7 * DAY);
    },
  ],
  [
    new RegExp(`\\bthis week\\b|${THIS_ZH}${WEEK_ZH}(?!末|${WEEKDAY_ZH})`, 'i'),
    ({ today, now }) => ({ from: mondayOf(today), to: now }),
  ],
];

/** The last such day before today. "Since Tuesday", asked on a Tuesday, is a week ago: nobody says so of today. */
function lately(asked: Asked, weekday: number): Span {
  const back = (asked.today - mondayOf(asked.today)) / DAY - weekday;
  return oneDay(asked, asked.today - (back <= 0 ? back + 7 : back) * DAY);
}
