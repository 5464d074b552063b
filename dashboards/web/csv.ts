/**
 * Rows as CSV that a spreadsheet opens rightly: quoted where it must be (RFC 4180), with a byte order mark for Chinese in
 * Excel, and with text that a spreadsheet would take for a formula made harmless by an apostrophe: what is exported came from
 * outside, and a post may begin with "=". Pure.
 */

export type Cell = string | number | null;

/** A first sign by which a spreadsheet takes text for a formula (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;

export function csvOf(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(cell).join(','));
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

function cell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
