/** Days, months and years of the calendar, as English and Chinese write them: "5 March 2025", 2025年3月5日, 三月五号, "since January", 去年12月. */
import { readNumber, YEAR } from './numbers.ts';
import { DAY, lasting, monthOf, oneDay, yearOf, type Reader, type Span } from './reading.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_EN =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
const MONTH_ZH = '1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]';
const DAY_EN = '(\\d{1,2})(?:st|nd|rd|th)?';
const DAY_ZH = '\\d{1,2}|[一二三四五六七八九十廿卅]{1,3}';
const YEAR_EN = '((?:19|20)\\d{2}|(?:last|this)\\s+year)';
const YEAR_ZH = `(?:(${YEAR})年|(去年|今年))?`;
/** Not the end of another number, nor of a count of months. */
const AT_START = '(?<![\\d零〇一二两兩三四五六七八九十百半个個])';
/** Alone "may" and "march" are words. */
const BEFORE_MONTH = '(?<=\\b(?:in|since|from|during|after|of|early|late|mid)[\\s-]+)';

/** Days and months. */
export const DATES: readonly Reader[] = [
  [
    /\b(\d{4})-(\d{2})-(\d{2})\b/,
    (asked) => {
      const [, year, month, day] = asked.match;
      const start = dayOf(Number(year), Number(month) - 1, Number(day), asked.today);
      return start === null ? null : oneDay(asked, start);
    },
  ],
  [
    new RegExp(
      `\\b(?:${DAY_EN}\\s+(?:of\\s+)?(${MONTH_EN})|(${MONTH_EN})\\s+${DAY_EN})\\b(?:,?\\s+${YEAR_EN}\\b)?`,
      'i',
    ),
    (asked) => {
      const [, before, first, second, after, year] = asked.match;
      const start = dayOf(yearIn(year, asked.today), monthIn(first ?? second), Number(before ?? after), asked.today);
      return start === null ? null : oneDay(asked, start);
    },
  ],
  [
    new RegExp(`${AT_START}${YEAR_ZH}(${MONTH_ZH})月(${DAY_ZH})[日号號]`),
    (asked) => {
      const [, written, relative, month = '', day = ''] = asked.match;
      const year = yearIn(written ?? relative, asked.today);
      const start = dayOf(year, (readNumber(month) ?? 0) - 1, readNumber(day) ?? 0, asked.today);
      return start === null ? null : oneDay(asked, start);
    },
  ],
];

/** Months by their names; after what counts months, such as 最近三月. */
export const MONTHS_AND_YEARS: readonly Reader[] = [
  [
    new RegExp(`${BEFORE_MONTH}(${MONTH_EN})\\b(?:\\s+${YEAR_EN}\\b)?|\\b(${MONTH_EN})\\s+((?:19|20)\\d{2})\\b`, 'i'),
    (asked) => {
      const [, first, year, second, other] = asked.match;
      const start = dayOf(yearIn(year ?? other, asked.today), monthIn(first ?? second), 1, asked.today);
      return start === null ? null : lasting(asked, start, monthOf(start, 1));
    },
  ],
  [
    new RegExp(`${AT_START}${YEAR_ZH}(${MONTH_ZH})月份?(?![\\d期内內])`),
    (asked) => {
      const [, written, relative, month = ''] = asked.match;
      const start = dayOf(yearIn(written ?? relative, asked.today), (readNumber(month) ?? 0) - 1, 1, asked.today);
      return start === null ? null : lasting(asked, start, monthOf(start, 1));
    },
  ],
  // The first and the last third of a month, the first and the last quarter of a year.
  [
    /\b(?:(?:(start|beginning)|end)\s+of|(early)|late)\s+(?:the|this|(last))\s+month\b|(?<![上下]|[上下][个個])(上)?[本这這]?[个個]?月(?:(初)|[底末])/i,
    (asked) => {
      const [, start, early, last, lastZh, first] = asked.match;
      const month = monthOf(asked.today, (last ?? lastZh) === undefined ? 0 : -1);
      return (start ?? early ?? first) === undefined
        ? lasting(asked, month + 20 * DAY, monthOf(month, 1))
        : lasting(asked, month, month + 10 * DAY);
    },
  ],
  [
    /\b(?:(?:(start|beginning)|end)\s+of|(early)|late)\s+(?:the|this|(last))\s+year\b|(?<![\d零〇一二三四五六七八九年前青少每明后後])(去)?[今本]?年?年(?:(初)|[底末])/i,
    (asked) => {
      const [, start, early, last, lastZh, first] = asked.match;
      const year = yearOf(asked.today, (last ?? lastZh) === undefined ? 0 : -1);
      return (start ?? early ?? first) === undefined
        ? lasting(asked, monthOf(year, 9), yearOf(year, 1))
        : lasting(asked, year, monthOf(year, 3));
    },
  ],
  [
    /\b(?:the\s+)?month before last\b|上上[个個]?月/i,
    (asked) => lasting(asked, monthOf(asked.today, -2), monthOf(asked.today, -1)),
  ],
  [/\blast month\b|上[个個]?月/i, (asked) => lasting(asked, monthOf(asked.today, -1), monthOf(asked.today, 0))],
  [/\bthis month\b|[本这這][个個]?月/i, ({ today, now }) => ({ from: monthOf(today, 0), to: now })],
  [
    /\b(?:the\s+)?year before last\b|前年/i,
    (asked) => lasting(asked, yearOf(asked.today, -2), yearOf(asked.today, -1)),
  ],
  [/\blast year\b|去年/i, (asked) => lasting(asked, yearOf(asked.today, -1), yearOf(asked.today, 0))],
  [/\bthis year\b|\byear to date\b|\bytd\b|今年|本年/i, ({ today, now }) => ({ from: yearOf(today, 0), to: now })],
  [
    new RegExp(`(?<=\\b(?:in|since|from|during|after)\\s+)((?:19|20)\\d{2})\\b(?!-)|${AT_START}(${YEAR})年`, 'i'),
    (asked): Span | null => {
      const start = dayOf(yearIn(asked.match[1] ?? asked.match[2], asked.today), 0, 1, asked.today);
      return start === null ? null : lasting(asked, start, yearOf(start, 1));
    },
  ],
];

function monthIn(written: string | undefined): number {
  return MONTHS.indexOf((written ?? '').slice(0, 3).toLowerCase());
}

/** Null where none was said. */
function yearIn(written: string | undefined, today: number): number | null {
  if (written === undefined) return null;
  if (/^last|^去/i.test(written)) return new Date(today).getUTCFullYear() - 1;
  if (/^this|^今/i.test(written)) return new Date(today).getUTCFullYear();
  return readNumber(written);
}

function dayOf(year: number | null, month: number, day: number, today: number): number | null {
  const own = year ?? new Date(today).getUTCFullYear();
  const at = Date.UTC(own, month, day);
  if (new Date(at).getUTCMonth() !== month) return null;
  // A day that is still to come this year was meant of last year.
  return year === null && at > today ? Date.UTC(own - 1, month, day) : at;
}
