/**
 * Query parameters by their declared types. Times are the one kind that ClickHouse does not take as the house writes
 * them: {from:DateTime64(3)} refuses the Z of ISO 8601, and a bare time is read in the server's zone. So ISO strings and
 * Dates become UTC wall time, and every query runs with session_timezone = 'UTC'.
 */

/** Parameters as @clickhouse/client takes them, read off the {name:Type} places of `sql`. */
export function queryParameters(sql: string, params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const timed = new Set<string>();
  for (const match of sql.matchAll(/\{\s*(\w+)\s*:\s*([^{}]+)\}/g)) {
    if (/DateTime/.test(match[2] ?? '')) timed.add(match[1] ?? '');
  }
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, timed.has(name) ? wallTime(value) : value]),
  );
}

function wallTime(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wallTime);
  const date = value instanceof Date ? value : typeof value === 'string' ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) return value;
  return date.toISOString().slice(0, 23).replace('T', ' ');
}
