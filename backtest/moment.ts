/**
 * Days and moments as people write them in lists and options: ISO 8601 and nothing else, because Date.parse takes "3" for a day in
 * March 2001 and 30 February for 1 March, and reads a time without a zone in that of the machine. Here it is UTC.
 */

/** Is this a day of the calendar, as 2020-01-31? */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Epoch milliseconds of a day, at its midnight, or of a day and time; null for anything else. */
export function momentOf(text: string): number | null {
  const [, day = '', clock = '00:00', zone = 'Z'] = MOMENT.exec(text.trim()) ?? [];
  if (!isDay(day)) return null;
  const hours = zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const time = Date.parse(`${day}T${clock}${hours}`);
  return Number.isNaN(time) ? null : time;
}
