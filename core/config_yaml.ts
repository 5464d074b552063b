/** A settings file as YAML, and why it is none: with the file and the line, also where the parser itself tells neither. */
import { LineCounter, parseDocument, visit, type Alias, type Document } from 'yaml';
import { TidewatchError } from './errors.ts';

export interface YamlSettings {
  readonly document: Document;
  readonly lines: LineCounter;
  /** As plain values; an empty file has no settings. */
  readonly written: unknown;
}

/** @throws TidewatchError config.unreadable */
export function readYaml(source: string, path: string): YamlSettings {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: true });
  const syntax = document.errors[0];
  if (syntax !== undefined) {
    const wide = source.split('\n').findIndex(hasWideColon) + 1;
    throw new TidewatchError('config.unreadable', `${path} is not valid YAML: ${syntax.message}`, {
      cause: syntax,
      ...(wide > 0 && { hint: `${path}:${wide} ${WIDE_COLON}.` }),
    });
  }
  const lost = lostAlias(document);
  if (lost !== undefined) {
    const line = lost.range === undefined || lost.range === null ? '' : `:${lines.linePos(lost.range[0]).line}`;
    throw new TidewatchError('config.unreadable', `${path}${line}: the alias *${lost.source} stands for nothing`, {
      hint: `Nothing before it is named &${lost.source}. A text that begins with * is written in quotes: "*${lost.source}".`,
    });
  }
  try {
    return { document, lines, written: document.toJS() ?? {} };
  } catch (error) {
    // Aliases of aliases that would fill the memory.
    const reason = error instanceof Error ? error.message : String(error);
    throw new TidewatchError('config.unreadable', `${path} is not valid YAML: ${reason}`, { cause: error });
  }
}

/** What is wrong where `hasWideColon`: to YAML it is a letter like any other. */
export const WIDE_COLON =
  'has a full-width colon (全角冒号“：”) behind a name: write ": ", a half-width colon and a blank';

/** Whether a line begins with the name of a setting and the colon of a Chinese keyboard. */
export function hasWideColon(line: string): boolean {
  return /^[ \t-]*["']?\w+["']?：/.test(line);
}

function lostAlias(document: Document): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}
