/**
 * A statement taken apart and put together again: its FORMAT and its last SETTINGS are cut off and written anew with the
 * limits of this endpoint behind them. Settings travel inside the statement, because settings of the embedded engine's
 * session stay on after it. Only settings named here pass; limits can be tightened and never lifted.
 */
import { ClickHouseException } from './exception.ts';
import { lex, type Token } from './lexer.ts';

export interface Limits {
  readonly max_rows: number;
  readonly max_secs: number;
  readonly max_bytes: number;
}

export interface Statement {
  /** What was asked, without FORMAT and without the last SETTINGS. */
  readonly body: string;
  /** As the statement names it, or null. */
  readonly format: string | null;
  readonly settings: ReadonlyMap<string, string>;
  /** SETTINGS clauses that stay in the body (of subqueries). */
  readonly inner: number;
  /** Of the {name:Type} places; `composed` ones (arrays, tuples, maps) are cast from their text in the body. */
  readonly parameters: ReadonlyMap<string, 'plain' | 'composed'>;
}

/** What a reader may set: how numbers and times are written, how a question is carried out, never what it may reach. */
const FREE =
  /^(final|do_not_merge_across_partitions_select_final|session_timezone|date_time_output_format|join_use_nulls|group_by_use_nulls|max_threads|max_block_size|transform_null_in|any_join_distinct_right_table_keys|output_format_json_(quote_64bit_integers|quote_denormals|named_tuples_as_objects|quote_decimals|array_of_rows|validate_utf8)|output_format_(csv|tsv)_crlf_end_of_line|output_format_native_(encode_types_in_binary_format|write_json_as_string))$/;
/** Limits a reader may tighten, with the endpoint's own as ceiling. */
const CEILINGS: Readonly<Record<string, (limits: Limits) => number>> = {
  max_execution_time: ({ max_secs }) => max_secs,
  max_result_rows: ({ max_rows }) => max_rows,
  max_result_bytes: ({ max_bytes }) => max_bytes,
  max_rows_to_read: () => Number.MAX_SAFE_INTEGER,
  max_bytes_to_read: () => Number.MAX_SAFE_INTEGER,
};
/** Said by clients about themselves and of no consequence here. */
const IGNORED = /^(readonly|log_comment|log_queries|result_overflow_mode|timeout_overflow_mode|connect_timeout)$/;

/** Defaults of every statement. `final` because each table replaces rows; the rest undoes what the store's own reads set. */
const DEFAULTS: Readonly<Record<string, string>> = {
  final: '1',
  do_not_merge_across_partitions_select_final: '1',
  session_timezone: 'UTC',
  date_time_output_format: 'simple',
  output_format_json_quote_64bit_integers: '0',
  output_format_json_quote_denormals: '0',
};

/** Memory of one query, bytes. */
const MAX_MEMORY = 2 * 1024 ** 3;

/** @throws ClickHouseException SYNTAX_ERROR, READONLY */
export function takeApart(text: string, limits: Limits): Statement {
  const { sql, tokens } = lex(text);
  const settings = new Map<string, string>();
  let format: string | null = null;
  let end = tokens.length;
  for (let cut = true; cut;) {
    cut = false;
    const [keyword, value] = tokens.slice(end - 2, end);
    if (format === null && end > 2 && keyword !== undefined && isWord(keyword, 'FORMAT') && value?.kind === 'word') {
      format = value.text;
      end -= 2;
      cut = true;
    }
    const start = lastSettings(tokens, end);
    if (start !== null) {
      for (const [name, given] of readSettings(tokens, start + 1, end)?.pairs ?? []) settings.set(name, given);
      end = start;
      cut = true;
    }
  }
  const kept = tokens.slice(0, end);
  let inner = 0;
  kept.forEach((token, index) => {
    const after = kept[index + 1];
    // The engine's reading of it writes "(alias …)" behind names: one that looks so could pass for another.
    if (token.kind === 'name' && (token.text.includes('\\') || /\((alias|children) /.test(token.text))) {
      throw new ClickHouseException(
        'SYNTAX_ERROR',
        `Syntax error: the name ${token.text.slice(0, 80)} is not taken here`,
      );
    }
    if (isWord(token, 'OUTFILE') || isWord(token, 'INFILE')) {
      throw new ClickHouseException('READONLY', 'Cannot execute query in readonly mode: it names a file.');
    }
    if (!isWord(token, 'SETTINGS') || after?.kind !== 'word') return;
    const read = readSettings(kept, index + 1, kept.length);
    // Uncounted, so refused: the engine then has one SETTINGS more than was read here.
    if (read === null || !/^(\)|UNION|EXCEPT|INTERSECT|)$/i.test(kept[read.end]?.text ?? '')) return;
    inner += 1;
    for (const [name, given] of read.pairs) checkSetting(name, given, limits, true);
  });
  for (const [name, given] of settings) checkSetting(name, given, limits, false);
  const { body, parameters } = readParameters(sql, kept, tokens[end]?.start ?? sql.length);
  return { body, format, settings, inner, parameters };
}

/** The statement as the engine is to run it, in `format`; settings of the request (URL) give way to the statement's. */
export function putTogether(
  { body, settings }: Statement,
  { format, requested, limits }: { format: string; requested: ReadonlyMap<string, string>; limits: Limits },
): string {
  const chosen = new Map(Object.entries(DEFAULTS));
  for (const [name, value] of [...requested, ...settings]) {
    if (IGNORED.test(name) || name in CEILINGS) continue;
    chosen.set(name, value);
  }
  for (const [name, ceiling] of Object.entries(CEILINGS)) {
    const asked = Number(settings.get(name) ?? requested.get(name) ?? 0);
    const most = ceiling(limits);
    const value = asked > 0 ? Math.min(asked, most) : most;
    if (value < Number.MAX_SAFE_INTEGER) chosen.set(name, String(Math.ceil(value)));
  }
  chosen.set('result_overflow_mode', 'throw');
  chosen.set('timeout_overflow_mode', 'throw');
  chosen.set('max_memory_usage', String(MAX_MEMORY));
  const list = [...chosen].map(([name, value]) => `${name} = ${literal(value)}`);
  // readonly last: nothing behind it could be set.
  return `${body}\nFORMAT ${format} SETTINGS ${list.join(', ')}, readonly = 1`;
}

/** @throws ClickHouseException READONLY where a reader may not set `name`, or not inside a subquery */
export function checkSetting(name: string, value: string, limits: Limits, inner: boolean): void {
  if (FREE.test(name) || (!inner && (IGNORED.test(name) || name in CEILINGS))) return;
  const ceiling = CEILINGS[name]?.(limits);
  if (ceiling !== undefined && Number(value) > 0 && Number(value) <= ceiling) return;
  throw new ClickHouseException('READONLY', `Cannot modify '${name}' setting in readonly mode`);
}

/**
 * The places for parameters. The embedded engine is handed values, not the text that HTTP carries; of an array that text
 * is ClickHouse's own notation, so it is handed over as text and cast.
 */
function readParameters(
  sql: string,
  tokens: readonly Token[],
  end: number,
): { body: string; parameters: Map<string, 'plain' | 'composed'> } {
  const parameters = new Map<string, 'plain' | 'composed'>();
  let body = '';
  let copied = 0;
  // A composed place up to its brace, in one walk: thousands that do not end cost no search each.
  let open: { readonly name: string; readonly start: number; readonly type: number } | null = null;
  for (const [index, token] of tokens.entries()) {
    if (open !== null) {
      if (token.text !== '}') continue;
      const written = sql.slice(open.type, token.start).trim();
      body += `${sql.slice(copied, open.start)}CAST({${open.name}:String}, ${literal(written)})`;
      copied = token.start + 1;
      open = null;
      continue;
    }
    const [name, colon, type] = tokens.slice(index + 1, index + 4);
    if (token.text !== '{' || name?.kind !== 'word' || colon?.text !== ':' || type === undefined) continue;
    if (/^Identifier$/i.test(type.text)) {
      throw new ClickHouseException(
        'ACCESS_DENIED',
        'Not enough privileges: parameters do not name tables or columns here.',
      );
    }
    const composed = /^(Array|Tuple|Map)$/i.test(type.text);
    parameters.set(name.text, composed ? 'composed' : 'plain');
    if (composed) open = { name: name.text, start: token.start, type: type.start };
  }
  return { body: (body + sql.slice(copied, end)).trim(), parameters };
}

function literal(value: string): string {
  if (/^-?\d{1,18}(\.\d{1,9})?$/.test(value)) return value;
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function isWord(token: Token, word: string): boolean {
  return token.kind === 'word' && token.text.toUpperCase() === word;
}

/** Index of the SETTINGS outside of brackets whose list runs to `end`; null where there is none. */
function lastSettings(tokens: readonly Token[], end: number): number | null {
  let depth = 0;
  for (let index = end - 1; index > 0; index -= 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (/^[)\]}]$/.test(token.text)) depth += 1;
    if (/^[([{]$/.test(token.text)) depth -= 1;
    if (depth < 0) return null;
    if (depth === 0 && isWord(token, 'SETTINGS') && readSettings(tokens, index + 1, end)?.end === end) return index;
  }
  return null;
}

/** `name = value, …` from `start`; null where it is not such a list. */
function readSettings(
  tokens: readonly Token[],
  start: number,
  limit: number,
): { pairs: [string, string][]; end: number } | null {
  const pairs: [string, string][] = [];
  let index = start;
  for (;;) {
    const [name, equals, first, second] = tokens.slice(index, Math.min(index + 4, limit));
    if (name?.kind !== 'word' || equals?.text !== '=' || first === undefined) return null;
    const negative = first.text === '-';
    const value = negative ? second : first;
    if (value === undefined || (value.kind !== 'number' && value.kind !== 'text' && value.kind !== 'word')) return null;
    pairs.push([name.text, `${negative ? '-' : ''}${value.kind === 'text' ? unquote(value.text) : value.text}`]);
    index += negative ? 4 : 3;
    if (index >= limit || tokens[index]?.text !== ',') return { pairs, end: index };
    index += 1;
  }
}

function unquote(text: string): string {
  return text.slice(1, -1).replaceAll("''", "'").replaceAll(/\\(.)/g, '$1');
}
