/**
 * Maintenance windows: times that come again, in which matching alerts are not sent (they live on, and are sent afterwards
 * where they still fire). Weekdays, days of the month, months and hours by the clock of a zone, as Alertmanager's time
 * intervals; a window from 22:00 to 06:00 belongs to the day on which it begins. Cron lines were rejected: they say when
 * something starts, not how long it lasts, and nobody reads them aright at night.
 */
import { z } from 'zod';
import { matchesAll, parseMatcher } from '../core/matcher.ts';

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a time of day as HH:MM, 00:00 to 24:00');

export const maintenanceSchema = z.strictObject({
  name: z.string().min(1).max(100).describe('Named as the reason why an alert was not sent.'),
  matchers: z.array(matcherText()).default([]).describe('Which alerts, as silences have them; all where empty.'),
  weekdays: z.array(z.enum(WEEKDAYS)).default([]).describe('Every day where empty.'),
  days_of_month: z.array(z.number().int().min(-31).max(31)).default([]).describe('1 is the first, -1 the last.'),
  months: z.array(z.number().int().min(1).max(12)).default([]).describe('Every month where empty.'),
  from: clockTime.default('00:00').describe('Start by the clock of the zone.'),
  to: clockTime.default('24:00').describe('End; before `from` where it lies on the next day.'),
  zone: z.string().refine(isZone, 'a time zone such as Asia/Shanghai').default('UTC').describe('IANA time zone.'),
});

export type Maintenance = z.output<typeof maintenanceSchema>;

/** Text of a matcher, checked. */
export function matcherText() {
  return z
    .string()
    .max(300)
    .superRefine((value, context) => {
      try {
        parseMatcher(value);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      }
    });
}

/** The name of the window that an alert with these labels is in at `now` (epoch milliseconds), or null. */
export function maintenanceAt(
  windows: readonly Maintenance[],
  labels: Readonly<Record<string, string>>,
  now: number,
): string | null {
  const found = windows.find(
    (window) =>
      isWithin(window, now) && (window.matchers.length === 0 || matchesAll(window.matchers.map(parseMatcher), labels)),
  );
  return found?.name ?? null;
}

/** Whether the window is open at `now`, epoch milliseconds. */
export function isWithin(window: Maintenance, now: number): boolean {
  const local = localTime(now, window.zone);
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
  if (from < to) return isDay(window, local.day) && local.minutes >= from && local.minutes < to;
  if (local.minutes >= from) return isDay(window, local.day);
  return local.minutes < to && isDay(window, local.day - 86_400_000);
}

/** `day`: the local calendar day as the epoch milliseconds of its midnight in UTC. */
function isDay({ weekdays, days_of_month, months }: Maintenance, day: number): boolean {
  const date = new Date(day);
  const weekday = WEEKDAYS[(date.getUTCDay() + 6) % 7];
  if (weekdays.length > 0 && (weekday === undefined || !weekdays.includes(weekday))) return false;
  if (months.length > 0 && !months.includes(date.getUTCMonth() + 1)) return false;
  if (days_of_month.length === 0) return true;
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return days_of_month.some((one) => (one < 0 ? last + 1 + one : one) === date.getUTCDate());
}

function localTime(now: number, zone: string): { day: number; minutes: number } {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(now)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return { day: Date.UTC(part('year'), part('month') - 1, part('day')), minutes: part('hour') * 60 + part('minute') };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}

function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}
