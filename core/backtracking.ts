/**
 * How often a backtracking engine may have to try: JavaScript's tries every way of dividing a text among the parts of an
 * expression before it says no, so `((.+))+!` takes a second at 22 letters and a year at 50. Counted on the expression
 * itself: choices beside each other multiply, alternatives add up, and repeating what has a choice has no bound at all.
 * Rejected: a limit of time (a thread for each silence), RE2 (a native library for a line of the settings).
 */

/** Ways to divide a label's value between one `.*` and the next, roughly. */
const LENGTH = 100;

type Part = 'open' | 'close' | 'or' | 'atom' | 'repeat';

const PARTS: readonly (readonly [Part, RegExp])[] = [
  // Escapes and classes first: what stands in them is no sign of its own.
  ['atom', /\\(?:[pPu]\{[^}]*\}|k<[^>]*>|[^])|\[(?:\\[^]|[^\]\\])*\]/y],
  ['open', /\((?:\?(?:[:=!]|<[=!]|<[^>]*>|[^:)]*:))?/y],
  ['close', /\)/y],
  ['or', /\|/y],
  ['repeat', /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y],
  ['atom', /[^]/y],
];

interface Level {
  /** Of the alternatives that are read. */
  sum: number;
  /** Of the one that is being read, without its last part. */
  product: number;
  last: number;
}

/** Tries at most, roughly; Infinity where it repeats what has a choice itself. `source`: an expression that compiles. */
export function triesOf(source: string): number {
  const level = (): Level => ({ sum: 0, product: 1, last: 1 });
  const total = ({ sum, product, last }: Level): number => sum + product * last;
  const stack = [level()];
  for (let at = 0; at < source.length;) {
    const [part, found] = partAt(source, at);
    at += found[0].length;
    const here = stack.at(-1) ?? level();
    if (part === 'open') stack.push(level());
    else if (part === 'close') {
      const group = total(stack.pop() ?? here);
      follow(stack.at(-1) ?? here, group);
    } else if (part === 'or') Object.assign(here, { ...level(), sum: total(here) });
    else if (part === 'atom') follow(here, 1);
    else here.last = repeated(here.last, found);
  }
  return total(stack[0] ?? level());
}

function partAt(source: string, at: number): [Part, RegExpExecArray] {
  for (const [part, pattern] of PARTS) {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found !== null) return [part, found];
  }
  throw new Error(`nothing is read at ${at}`);
}

function follow(level: Level, tries: number): void {
  level.product *= level.last;
  level.last = tries;
}

/** `tries` of one round; how many rounds there are is a choice itself. */
function repeated(tries: number, [sign, least, comma, most]: RegExpExecArray): number {
  const from = Number(least ?? (sign.startsWith('+') ? 1 : 0));
  const isOpenEnded = least === undefined ? !sign.startsWith('?') : comma !== '' && most === '';
  if (isOpenEnded) return tries > 1 ? Infinity : LENGTH;
  const to = least === undefined ? 1 : comma === '' ? from : Number(most);
  return (to - from + 1) * tries ** to;
}
