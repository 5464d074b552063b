/**
 * Matchers over labels, as Prometheus Alertmanager has them: `entity="apple"`, `severity!="warning"`, `topic=~"Ear.*"`,
 * `name!~"Test .*"`. An absent label is the empty text; expressions match the whole value. Sources: Alertmanager
 * docs/configuration.md "Matcher"; its pkg/labels/parse.go for the quoting.
 *
 * Expressions are people's and run on each flush, so their length is capped and those that may take for ever are refused
 * (backtracking.ts): JavaScript's engine tries again and again, where Go's RE2 does not.
 */
import { triesOf } from './backtracking.ts';
import { TidewatchError } from './errors.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly label: string;
  readonly operator: MatchOperator;
  readonly value: string;
  matches(labels: Readonly<Record<string, string>>): boolean;
}

const FORM = /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$/su;
const LONGEST = 200;
const SIMPLER =
  'At most three of *, + and {n,} beside each other, none around another or around ?, {n,m} or |; or several matchers.';
/** Three of `.*` beside each other, and a few choices: some milliseconds. */
const MOST_TRIES = 10_000_000;

/** @throws TidewatchError input.invalid for what is no matcher */
export function parseMatcher(text: string): Matcher {
  const found = FORM.exec(text);
  const [, label, operator, raw] = found ?? [];
  if (label === undefined || operator === undefined || raw === undefined) {
    throw invalid(text, 'is no matcher', 'Write label="value", with =, !=, =~ or !~ between.');
  }
  const value = unquote(raw, text);
  if (value.length > LONGEST) throw invalid(text, `has a value of more than ${LONGEST} characters`);
  const test = testOf(operator as MatchOperator, value, text);
  return { label, operator: operator as MatchOperator, value, matches: (labels) => test(labels[label] ?? '') };
}

/** True where every matcher matches; never for none, as an empty silence would silence everything. */
export function matchesAll(matchers: readonly Matcher[], labels: Readonly<Record<string, string>>): boolean {
  return matchers.length > 0 && matchers.every((matcher) => matcher.matches(labels));
}

function testOf(operator: MatchOperator, value: string, text: string): (given: string) => boolean {
  if (operator === '=') return (given) => given === value;
  if (operator === '!=') return (given) => given !== value;
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${value})$`, 'su');
  } catch (error) {
    throw invalid(text, `is no regular expression (${error instanceof Error ? error.message : String(error)})`);
  }
  const tries = triesOf(value);
  if (tries === Infinity) throw invalid(text, 'repeats a repetition or a choice, which can take for ever', SIMPLER);
  if (tries > MOST_TRIES)
    throw invalid(text, 'has so many choices beside each other that it can take for ever', SIMPLER);
  return operator === '=~' ? (given) => expression.test(given) : (given) => !expression.test(given);
}

function unquote(raw: string, text: string): string {
  if (!raw.startsWith('"')) {
    if (/["{},]/.test(raw)) throw invalid(text, 'has a quote, brace or comma in an unquoted value');
    return raw;
  }
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(raw)) throw invalid(text, 'has a quote that does not end');
  return raw
    .slice(1, -1)
    .replace(/\\(.)/gs, (_, escaped: string) =>
      escaped === 'n' ? '\n' : /["\\]/.test(escaped) ? escaped : `\\${escaped}`,
    );
}

function invalid(text: string, what: string, hint?: string): TidewatchError {
  return new TidewatchError(
    'input.invalid',
    `The matcher ${JSON.stringify(text)} ${what}`,
    hint === undefined ? {} : { hint },
  );
}
