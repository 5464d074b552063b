/**
 * The words of a ClickHouse statement, read before the engine sees them, because the embedded engine carries out every
 * statement of a text, whatever the first one is. The danger is a text that this file and the engine cut differently
 * (a quote that ends here but not there), so what could be read in two ways is refused rather than guessed: outside of
 * quotes only plain ASCII, no `#`, `$` or backslash (comments, heredocs and terminators by other names), no nested
 * comment, no quote glued to a word (x'..' has no escapes). Comments are left out of the text that goes on.
 * After ClickHouse's Lexer.cpp. Rejected: a whole parser (the engine's own is asked instead, see allowed.ts).
 */
import { ClickHouseException } from './exception.ts';

export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'name' | 'symbol';
  readonly text: string;
  /** Place in `sql` of the answer. */
  readonly start: number;
}

export interface Lexed {
  /** The statement without comments and without the `;` at its end. */
  readonly sql: string;
  readonly tokens: readonly Token[];
}

const SPACE = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n]*(?:\n|$)/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /\d[0-9A-Za-z_]*(?:\.(?!\.)[0-9A-Za-z_]*)?/y;
const QUOTED: Readonly<Record<string, RegExp>> = {
  "'": /'(?:[^'\\]|\\[\s\S]|'')*'/y,
  '"': /"(?:[^"\\]|\\[\s\S]|"")*"/y,
  '`': /`(?:[^`\\]|\\[\s\S]|``)*`/y,
};
const SYMBOL = /[-!%&()*+,./:;<=>?@[\]^{|}~]/y;

/** @throws ClickHouseException SYNTAX_ERROR for several statements, an unended quote, or a character refused here */
export function lex(text: string): Lexed {
  const tokens: Token[] = [];
  let sql = '';
  let position = 0;
  let ended = false;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = position;
    return pattern.exec(text)?.[0] ?? null;
  };
  while (position < text.length) {
    const space = match(LINE_COMMENT) ?? blockComment(text, position) ?? match(SPACE);
    if (space !== null) {
      sql += ' ';
      position += space.length;
      continue;
    }
    if (ended) throw new ClickHouseException('SYNTAX_ERROR', 'Multi-statements are not allowed');
    const token = next(text[position] ?? '', match, position);
    if (token.text === ';') {
      ended = true;
    } else {
      const before = tokens.at(-1);
      const glued = before !== undefined && before.start + before.text.length === sql.length;
      if (token.kind === 'text' && glued && (before.kind === 'word' || before.kind === 'number')) {
        throw refused(`a quote directly after ${before.text} is not taken`, position);
      }
      tokens.push({ ...token, start: sql.length });
      sql += token.text;
    }
    position += token.text.length;
  }
  if (tokens.length === 0) throw new ClickHouseException('SYNTAX_ERROR', 'Syntax error: empty query');
  return { sql, tokens };
}

/** Refused at once where it does not end: each further opening would be looked through to the end of the text again. */
function blockComment(text: string, position: number): string | null {
  if (!text.startsWith('/*', position)) return null;
  const end = text.indexOf('*/', position + 2);
  if (end < 0) throw refused('a comment does not end', position);
  const comment = text.slice(position, end + 2);
  if (comment.includes('/*', 2)) throw refused('comments within comments are not taken', position);
  return comment;
}

function next(first: string, match: (pattern: RegExp) => string | null, position: number): Omit<Token, 'start'> {
  const quoted = QUOTED[first];
  if (quoted !== undefined) {
    const text = match(quoted);
    if (text === null) throw refused(`a quote ${first} does not end`, position);
    if (text.includes('\0')) throw refused('a zero byte', position);
    return { kind: first === "'" ? 'text' : 'name', text };
  }
  const word = match(WORD);
  if (word !== null) return { kind: 'word', text: word };
  const number = match(NUMBER);
  if (number !== null) return { kind: 'number', text: number };
  const symbol = match(SYMBOL);
  if (symbol !== null) return { kind: 'symbol', text: symbol };
  throw refused(`the character ${JSON.stringify(first)} outside of quotes is not taken here`, position);
}

function refused(what: string, position: number): ClickHouseException {
  return new ClickHouseException('SYNTAX_ERROR', `Syntax error: failed at position ${position + 1}: ${what}.`);
}
