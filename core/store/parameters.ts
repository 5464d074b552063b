/**
 * Query parameters by their declared types. Times are the one kind that ClickHouse does not take as the house writes
 * them: {from:DateTime64(3)} refuses the Z of ISO 8601, and a bare time is read in the server's zone. So ISO strings that say
 * their zone, and Dates, become UTC wall time, and every query runs with session_timezone = 'UTC'. Every other text is the
 * asker's and goes on as it is: read by JavaScript, "2026-01-01 10:00:00" would be a time in the zone of this machine.
 */

const ZONED = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(\.\d+)?(Z|[+-]\d\d:?\d\d)$/i;

/** Parameters as @clickhouse/client takes them, read off the {name:Type} places of `sql`. */
export function queryParameters(sql: string, params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const timed = new Map<string, number>();
  for (const [, name = '', type = ''] of sql.matchAll(/\{\s*(\w+)\s*:\s*([^{}]+)\}/g)) {
    const digits = fractionOf(type);
    if (digits !== null) timed.set(name, digits);
  }
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      const digits = timed.get(name);
      return [name, digits === undefined ? value : wallTime(value, digits)];
    }),
  );
}

/** Digits of a second's fraction in a type of times by UTC; null for every other type. */
function fractionOf(type: string): number | null {
  const found = /\bDateTime(?:64\s*\(\s*(\d)\s*)?/.exec(type);
  const zone = /'([^']*)'/.exec(type)?.[1] ?? 'UTC';
  // A time by another zone's clock is for the engine to take or to refuse.
  return found === null || zone !== 'UTC' ? null : Number(found[1] ?? 0);
}

function wallTime(value: unknown, digits: number): unknown {
  if (Array.isArray(value)) return value.map((one) => wallTime(one, digits));
  const written = value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
  const [, seconds = '', fraction = '', zone = ''] = typeof written === 'string' ? (ZONED.exec(written) ?? []) : [];
  const date = new Date(`${seconds.replace(' ', 'T')}${zone}`);
  if (seconds === '' || Number.isNaN(date.getTime())) return value;
  const wall = date.toISOString().slice(0, 19).replace('T', ' ');
  // The fraction as it is written: a Date would cut microseconds.
  return digits === 0 ? wall : `${wall}${fraction.slice(0, digits + 1)}`;
}
