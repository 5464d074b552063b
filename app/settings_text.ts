/**
 * The text of a settings file without its secrets, and a changed text with them again. A secret that stands in the file is shown as
 * a mark that names its key; where the mark stands under a key of the same name when the text comes back, the secret is put in
 * its place. Nobody has to type a secret again to change a port, and nobody can move one to where it would be shown or sent.
 * References to the environment (${NAME}) and to files are no secrets, and are shown as they are. Pure.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';
import { TidewatchError } from '../core/errors.ts';
import { isSecretName } from '../core/secret.ts';

interface Hidden {
  readonly start: number;
  readonly end: number;
  /** What stands there, quotes and all. */
  readonly source: string;
  readonly mark: string;
}

const MARK = /\*\*\*kept (\d+), ([A-Za-z0-9_]+)\*\*\*/g;

/** The text with marks in the place of secrets. */
export function withMarks(source: string): string {
  return hiddenIn(source).reduceRight(
    (text, { start, end, mark }) => `${text.slice(0, start)}'${mark}'${text.slice(end)}`,
    source,
  );
}

/** The changed text with the secrets of `source` again. @throws TidewatchError input.unprocessable for a mark in a wrong place */
export function withSecrets(changed: string, source: string): string {
  if (!new RegExp(MARK).test(changed)) return changed;
  const known = new Map(hiddenIn(source).map((one) => [one.mark, one.source]));
  const marked = scalarsOf(changed).filter(({ value }) => new RegExp(MARK).test(value));
  let text = changed;
  for (const { key, value, start, end } of marked.toReversed()) {
    const kept = known.get(value);
    if (kept === undefined || !value.endsWith(`, ${key}***`)) refuse(value, key);
    text = text.slice(0, start) + kept + text.slice(end);
  }
  const left = new RegExp(MARK).exec(text)?.[0];
  if (left !== undefined) refuse(left, 'a comment');
  return text;
}

function refuse(mark: string, where: string): never {
  throw new TidewatchError(
    'input.unprocessable',
    `${mark} stands for a secret of another place and cannot be at ${where}.`,
    {
      hint: 'Leave such a mark where it was, or write the secret itself, better a *_file or ${NAME}.',
    },
  );
}

function hiddenIn(source: string): Hidden[] {
  return scalarsOf(source)
    .filter(({ key, value, isSecret }) => (isSecret || hasPassword(value)) && !isReference(value) && key !== '')
    .map(({ key, start, end }, index) => ({
      start,
      end,
      source: source.slice(start, end),
      mark: `***kept ${index + 1}, ${key}***`,
    }));
}

const isReference = (value: string): boolean => value === '' || /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(value);
const hasPassword = (value: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\/[^/\s]*@/i.test(value) && URL.canParse(value) && new URL(value).password !== '';

interface Scalar {
  /** The nearest key above it. */
  readonly key: string;
  readonly value: string;
  readonly isSecret: boolean;
  readonly start: number;
  readonly end: number;
}

/** Every text and number of the file, in order. */
function scalarsOf(source: string): Scalar[] {
  const found: Scalar[] = [];
  const visit = (node: unknown, key: string, isSecret: boolean): void => {
    if (isAlias(node)) return;
    if (isMap(node)) {
      for (const { key: name, value } of node.items) {
        const own = isScalar(name) ? String(name.value) : '';
        visit(value, own, isSecretName(own));
      }
    } else if (isSeq(node)) {
      for (const item of node.items) visit(item, key, isSecret);
    } else if (isScalar<string | number | boolean>(node) && node.value !== null) {
      const [start = 0, end = 0] = (node as Node).range ?? [];
      found.push({ key, value: `${node.value}`, isSecret, start, end: endOf(source, start, end) });
    }
  };
  visit(parseDocument(source).contents, '', false);
  return found;
}

/** A block (`|`, `>-`) has the line ends behind it as its own; they part a mark in its place from the next line. */
function endOf(source: string, start: number, end: number): number {
  return /[|>]/.test(source.charAt(start)) ? start + source.slice(start, end).trimEnd().length : end;
}
