/**
 * Rows as JSON that ClickHouse takes. Half of a sign (a surrogate without its other half, as a cut text ends in) is written by
 * JSON.stringify as \ud83d, and ClickHouse refuses the whole batch for it, now and at every further try: one post would stop
 * the pipeline. So halves become U+FFFD, as everywhere that text becomes bytes. Rejected: the engine's own
 * input_format_json_throw_on_bad_escape_sequence = 0 (it keeps the six letters \ud83d as text, for readers to see).
 */

/** In JSON only a lone half is written so; a text that holds these letters itself is merely written twice. */
const HALF = /\\ud[89a-f]/;

export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  return HALF.test(json) ? JSON.stringify(value, wellFormed) : json;
}

function wellFormed(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}
