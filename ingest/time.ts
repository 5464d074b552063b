/**
 * Times as people and feeds write them, to UTC. Read by rule rather than by `new Date(text)`, which takes a time
 * without a zone as this machine's local time: the same feed would mean different moments on different machines.
 * Here a missing zone is UTC, unless the settings of its source name another. Forms: ISO 8601 and RFC 3339 (also with a
 * blank for T), RFC 822/1123 (RSS), asctime, epoch seconds or milliseconds, and what Chinese pages write: 2024年3月5日
 * 下午3:30, 2024-3-5 10:30, 2024.03.05, 2024/3/5 9:05, 20240305103000; in traditional characters and full-width digits too.
 */
import { simplified } from '../core/simplified.ts';

/**
 * Longest text that is looked at. In the forms below, blanks stand within the group that they lead to: of several optional
 * groups behind free blanks each tries every share of them, and a long run of blanks takes minutes.
 */
const LONGEST = 120;
const ISO =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:[T\s]+(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?$/i;
const RFC822 =
  /^(?:[a-z]{3,9}\.?,?\s+)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s-]+(\d{2}|\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:\s*([ap]\.?m\.?))?(?:\s*([a-z]{1,5}|(?:UTC|GMT)?[+-]\d{1,2}:?\d{2}|[+-]\d{2}))?)?(?:\s*\(.*\))?$/i;
const MONTH_FIRST =
  /^(?:[a-z]{3,9}\.?,?\s+)?([a-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([ap]\.?m\.?))?(?:\s*([a-z]{1,5}|[+-]\d{2}:?\d{2}))?)?$/i;
/** C's asctime, with the zone that some put before the year. */
const ASCTIME =
  /^[a-z]{3,9}\s+([a-z]{3})[a-z]*\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(?:([a-z]{1,5}|[+-]\d{4})\s+)?(\d{4})$/i;
const COMPACT = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/;
/** Parts of the day as they stand before the hour in Chinese; in24Hours knows them. */
const HALF = '[ap]\\.?m\\.?|凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|晚间|晚';
/** Behind the day: the weekday, which is not looked at, then the clock and its zone. `gap` is what leads to the hour. */
const behindTheDay = (gap: string): string =>
  '(?:\\s*\\(?(?:星期|周|礼拜)[一二三四五六日天]\\)?)?' +
  `(?:(?:\\s*(?<before>${HALF})\\s*|${gap})(?<hour>\\d{1,2})` +
  '(?:[:时点](?<minute>\\d{1,2})(?:[:分](?<second>\\d{1,2})(?:[.,]\\d{1,9})?)?[分秒]?|[时点])' +
  '(?:\\s*(?<after>[ap]\\.?m\\.?))?(?:\\s*(?<zone>[a-z]{1,5}|(?:UTC|GMT)?[+-]\\d{1,2}(?::?\\d{2})?))?)?$';
const HAN = new RegExp(
  `^(?<year>\\d{4})\\s?年\\s?(?<month>\\d{1,2})\\s?月\\s?(?<day>\\d{1,2})\\s?[日号]${behindTheDay('\\s*')}`,
  'i',
);
const YEAR_FIRST = new RegExp(
  `^(?<year>\\d{4})(?<sign>[-/.])(?<month>\\d{1,2})\\k<sign>(?<day>\\d{1,2})${behindTheDay('(?:T|\\s+)')}`,
  'i',
);
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Minutes east of UTC. RFC 822's North American zones; BST and CET as feeds use them. CST is RFC 822's unless its source says
 * where it is: who reads Chinese feeds sets their time_zone. The language of a text would be a guess: of a paper in Chicago, too.
 */
const ZONES: Readonly<Record<string, number>> = {
  z: 0,
  ut: 0,
  utc: 0,
  gmt: 0,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
  bst: 60,
  cet: 60,
  cest: 120,
  hkt: 480,
  jst: 540,
};

/** A written time, and how much of it was written: a time with its zone, one without (read as UTC), or a day alone. */
export interface WrittenTime {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly precision: 'zoned' | 'no_zone' | 'day';
}

/** Epoch milliseconds of a written time, or null where it is none of the known forms or no real date. */
export function parseTime(written: string): number | null {
  return readTime(written)?.at ?? null;
}

/** As parseTime, with the precision; what has no zone of its own is read in `zone` (minutes east of UTC, or its name). */
export function readTime(written: string, zone?: string): WrittenTime | null {
  const trimmed = written.trim();
  // Before it is normalised, which takes the square of the length where it is a run of combining marks.
  if (trimmed.length > LONGEST) return null;
  // Below, the forms know simplified characters and half-width signs alone.
  const text = simplified(trimmed.normalize('NFKC')).trim();
  if (text.length > LONGEST) return null;
  if (/^\d{10}(\.\d+)?$/.test(text)) return { at: Math.round(Number(text) * 1000), precision: 'zoned' };
  if (/^\d{13}$/.test(text)) return { at: Number(text), precision: 'zoned' };
  const form = formOf(text);
  if (form === null) return null;
  const { parts, zone: own, ms = 0 } = form;
  const utc = moment(parts, ms);
  // CST is China's or North America's; the zone of the source tells.
  const isUnclear = own === undefined || (zone !== undefined && /^cst$/i.test(own));
  const minutes = isUnclear ? null : zoneMinutes(own);
  if (utc === null || Number.isNaN(minutes)) return null;
  const precision = parts[3] === undefined ? 'day' : minutes === null && zone === undefined ? 'no_zone' : 'zoned';
  const at = utc - (minutes ?? (zone === undefined ? 0 : offsetAt(utc, zone))) * 60_000;
  return at < 0 || at >= 253_402_300_800_000 ? null : { at, precision };
}

/** A written time as ISO 8601 in UTC, read in the zone of its source; a day alone, and what is no time, stay as they are. */
export function timeInZone(written: string, zone: string): string {
  const time = readTime(written, zone);
  return time === null || time.precision === 'day' ? written : new Date(time.at).toISOString();
}

/** Whether a time zone is known by this name, such as Asia/Shanghai, or is an offset such as +08:00. */
export function isTimeZone(zone: string): boolean {
  try {
    return offsetAt(0, zone) > -1000;
  } catch {
    return false;
  }
}

interface Form {
  /** Year, month, day, hour, minute, second; without a time of day the last three are absent. */
  readonly parts: readonly (string | undefined)[];
  readonly zone?: string | undefined;
  readonly ms?: number;
}

function formOf(text: string): Form | null {
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, fraction, zone] = iso;
    const ms = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
    return { parts: [year, month, day, hour, minute, second], zone, ms };
  }
  const rfc = RFC822.exec(text);
  if (rfc !== null) {
    const [, day, month, year, hour, minute, second, half, zone] = rfc;
    return { parts: [fullYear(year), monthNumber(month), day, in24Hours(hour, half), minute, second], zone };
  }
  const monthFirst = MONTH_FIRST.exec(text);
  if (monthFirst !== null) {
    const [, month, day, year, hour, minute, second, half, zone] = monthFirst;
    return { parts: [year, monthNumber(month), day, in24Hours(hour, half), minute, second], zone };
  }
  const asctime = ASCTIME.exec(text);
  if (asctime !== null) {
    const [, month, day, hour, minute, second, zone, year] = asctime;
    return { parts: [year, monthNumber(month), day, hour, minute, second], zone };
  }
  const compact = COMPACT.exec(text);
  if (compact !== null) return { parts: compact.slice(1, 7) };
  const named = (HAN.exec(text) ?? YEAR_FIRST.exec(text))?.groups;
  if (named === undefined) return null;
  const { year, month, day, hour, minute, second, before, after, zone } = named;
  return { parts: [year, month, day, in24Hours(hour, before ?? after), minute, second], zone };
}

/** The moment as if it were UTC; null where it is no date. */
function moment(parts: readonly (string | undefined)[], ms: number): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > 31 || !(hour <= 24) || minute > 59 || second > 60) return null;
  const utc = Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59), ms);
  // Date.UTC rolls 31 April over to 1 May; such a date was never written by a clock.
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? utc : null;
}

/** Minutes east of UTC; null for a name that is none (RFC 2822 reads it as UTC), NaN for an offset that no place has. */
function zoneMinutes(zone: string): number | null {
  const numeric = /^(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?$/i.exec(zone);
  if (numeric === null) return ZONES[zone.toLowerCase()] ?? null;
  const minutes = Number(numeric[2]) * 60 + Number(numeric[3] ?? 0);
  if (minutes > 14 * 60) return Number.NaN;
  return numeric[1] === '-' ? -minutes : minutes;
}

/** Minutes east of UTC of a wall clock in `zone`; @throws RangeError for a zone that is not known */
function offsetAt(wall: number, zone: string): number {
  const numeric = zoneMinutes(zone);
  if (numeric !== null) return numeric;
  const offset = (at: number): number => {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at);
    return zoneMinutes(parts.find(({ type }) => type === 'timeZoneName')?.value ?? '') ?? 0;
  };
  // The offset at that wall clock, looked for from the offset of the moment nearby.
  return offset(wall - offset(wall) * 60_000);
}

/** 12 AM is 0, 1 PM is 13, 下午15 is 15, 中午12 is noon and 中午1 an hour later, 晚上12 is the end of the day; what is no hour for what may be meant of two days. */
function in24Hours(hour: string | undefined, half: string | undefined): string | undefined {
  if (hour === undefined || half === undefined || Number(hour) > 12) return hour;
  const hours = Number(hour) % 12;
  if (half === '中午') return String(hours === 0 ? 12 : hours > 9 ? hours : hours + 12);
  // 晚上1点 is the night that follows, and nobody says of which day: no time is better than one twelve hours off.
  if (half.startsWith('晚') && hours < 5) return Number(hour) === 12 ? '24' : 'unclear';
  return String(/^(?:p|下午|傍晚|晚)/i.test(half) ? hours + 12 : hours);
}

function monthNumber(name: string | undefined): string {
  return String(MONTHS.indexOf((name ?? '').toLowerCase()) + 1);
}

function fullYear(year: string | undefined): string | undefined {
  if (year?.length !== 2) return year;
  return Number(year) < 70 ? `20${year}` : `19${year}`;
}
