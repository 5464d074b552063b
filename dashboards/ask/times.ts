/** Times as people say them in a question, in English and Chinese, against a given now. UTC throughout. Pure. */

export interface AskedTime {
  /** Epoch milliseconds; `to` is never after now. */
  readonly from: number;
  readonly to: number;
  /** The words that said so. */
  readonly words: string;
}

const DAY = 86_400_000;
const WEEKDAYS_EN = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const WEEKDAYS_ZH: Readonly<Record<string, number>> = { 日: 0, 天: 0, 一: 1, 二: 2, 三: 3, 四: 4, 五: 5, 六: 6 };
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH_WORDS =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
const NUMBERS: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  ten: 10,
  fourteen: 14,
  thirty: 30,
  一: 1,
  两: 2,
  二: 2,
  三: 3,
  四: 4,
  五: 5,
  六: 6,
  七: 7,
  八: 8,
  九: 9,
  十: 10,
  半: 0.5,
};
const UNIT_MS: Readonly<Record<string, number>> = {
  hour: 3_600_000,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  小时: 3_600_000,
  天: DAY,
  日: DAY,
  周: 7 * DAY,
  星期: 7 * DAY,
  礼拜: 7 * DAY,
  月: 30 * DAY,
};

type Reader = (match: RegExpExecArray, today: number, now: number, text: string) => { from: number; to: number } | null;

/** Whether "since" stands at the words: then it lasts until now, else the day alone is meant. */
function isSince(match: RegExpExecArray, text: string): boolean {
  const before = text.slice(Math.max(0, match.index - 12), match.index);
  const after = text.slice(match.index + match[0].length, match.index + match[0].length + 6);
  return (
    /(?:since|from|after|as of|starting)\s+(?:last\s+|on\s+|the\s+)*$/i.test(before) ||
    /[从自]$/.test(before) ||
    /^(?:以来|起|开始|之后|以后|后)/.test(after)
  );
}

const oneDay = (start: number, match: RegExpExecArray, now: number, text: string): { from: number; to: number } =>
  isSince(match, text) ? { from: start, to: now } : { from: start, to: Math.min(now, start + DAY) };

function lastWeekday(today: number, weekday: number): number {
  const back = (new Date(today).getUTCDay() - weekday + 7) % 7;
  // "Since Tuesday", asked on a Tuesday, is a week ago: nobody says so of today.
  return today - (back === 0 ? 7 : back) * DAY;
}

/** Monday of the week that `today` is in. */
function monday(today: number): number {
  return today - ((new Date(today).getUTCDay() + 6) % 7) * DAY;
}

function dayOf(year: number | null, month: number, day: number, now: number): number | null {
  const own = year ?? new Date(now).getUTCFullYear();
  const at = Date.UTC(own, month, day);
  if (new Date(at).getUTCMonth() !== month) return null;
  // A day that is still to come this year was meant of last year.
  return year === null && at > now ? Date.UTC(own - 1, month, day) : at;
}

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [
    /\b(\d{4})-(\d{2})-(\d{2})\b|(\d{4})年(\d{1,2})月(\d{1,2})[日号]/,
    (match, _, now, text) => {
      const [year, month, day] = [match[1] ?? match[4], match[2] ?? match[5], match[3] ?? match[6]].map(Number);
      const start = dayOf(year ?? 0, (month ?? 1) - 1, day ?? 1, now);
      return start === null ? null : oneDay(start, match, now, text);
    },
  ],
  [
    new RegExp(
      `\\b(?:(\\d{1,2})(?:st|nd|rd|th)?\\s+(${MONTH_WORDS})|(${MONTH_WORDS})\\s+(\\d{1,2})(?:st|nd|rd|th)?)\\b`,
      'i',
    ),
    (match, _, now, text) => {
      const month = MONTHS.indexOf((match[2] ?? match[3] ?? '').slice(0, 3).toLowerCase());
      const start = dayOf(null, month, Number(match[1] ?? match[4]), now);
      return start === null ? null : oneDay(start, match, now, text);
    },
  ],
  [
    /(\d{1,2})月(\d{1,2})[日号]/,
    (match, _, now, text) => {
      const start = dayOf(null, Number(match[1]) - 1, Number(match[2]), now);
      return start === null ? null : oneDay(start, match, now, text);
    },
  ],
  [
    /\b(?:last|past|previous|these)\s+(?:(\d{1,3}|an?|one|two|three|four|five|six|seven|ten|fourteen|thirty)\s+)(hour|day|week|month)s?\b|(?:最近|过去|近|这)\s*(\d{1,3}|[一两二三四五六七八九十半])\s*个?(小时|天|日|周|星期|礼拜|月)/i,
    (match, _, now) => {
      const written = match[1] ?? match[3] ?? '';
      const unit = (match[2] ?? match[4] ?? '').toLowerCase();
      const count = /^\d+$/.test(written) ? Number(written) : (NUMBERS[written.toLowerCase()] ?? 1);
      return count === 0 ? null : { from: now - count * (UNIT_MS[unit] ?? DAY), to: now };
    },
  ],
  [/\b(?:the )?day before yesterday\b|前天/i, (match, today, now, text) => oneDay(today - 2 * DAY, match, now, text)],
  [/\byesterday\b|昨[天日晚]/i, (match, today, now, text) => oneDay(today - DAY, match, now, text)],
  [/\btoday\b|\bthis morning\b|今[天日早]/i, (_, today, now) => ({ from: today, to: now })],
  [
    new RegExp(`\\b(?:last\\s+)?(${WEEKDAYS_EN.join('|')})\\b`, 'i'),
    (match, today, now, text) =>
      oneDay(lastWeekday(today, WEEKDAYS_EN.indexOf((match[1] ?? '').toLowerCase())), match, now, text),
  ],
  [
    /(上)?(?:周|星期|礼拜)([一二三四五六日天])/,
    (match, today, now, text) => {
      const weekday = WEEKDAYS_ZH[match[2] ?? ''] ?? 1;
      const start =
        match[1] === undefined ? lastWeekday(today, weekday) : monday(today) - 7 * DAY + ((weekday + 6) % 7) * DAY;
      return oneDay(start, match, now, text);
    },
  ],
  [
    /\blast week\b|上(?:周|星期|礼拜|个星期)/i,
    (match, today, now, text) =>
      isSince(match, text)
        ? { from: monday(today) - 7 * DAY, to: now }
        : { from: monday(today) - 7 * DAY, to: monday(today) },
  ],
  [/\bthis week\b|[本这](?:周|星期)/i, (_, today, now) => ({ from: monday(today), to: now })],
  [
    /\blast month\b|上个?月/i,
    (match, today, now, text) => {
      const [year, month] = [new Date(today).getUTCFullYear(), new Date(today).getUTCMonth()];
      return { from: Date.UTC(year, month - 1, 1), to: isSince(match, text) ? now : Date.UTC(year, month, 1) };
    },
  ],
  [
    /\bthis month\b|[本这]个?月/i,
    (_, today, now) => ({
      from: Date.UTC(new Date(today).getUTCFullYear(), new Date(today).getUTCMonth(), 1),
      to: now,
    }),
  ],
  [/\b(?:lately|recently|these days)\b|最近|近期|近来/i, (_, __, now) => ({ from: now - 7 * DAY, to: now })],
];

/** The first time that the text names; null where it names none, or one that is to come. */
export function readTime(text: string, now: number): AskedTime | null {
  const today = Math.floor(now / DAY) * DAY;
  for (const [words, read] of READERS) {
    const match = words.exec(text);
    const span = match === null ? null : read(match, today, now, text);
    if (match !== null && span !== null && span.from < span.to)
      return { ...span, to: Math.min(span.to, now), words: match[0] };
  }
  return null;
}
