/**
 * Editing a watchlist file as its owner would: the lines of one entry are written anew, added or taken out, and every other byte
 * of the file stays as it was written, comments among them. Fields that have nothing to say are left out. Pure.
 *
 * Rejected: the YAML library's own way of writing a changed document, which sets every quote, blank and break of the whole file anew.
 */
import { isMap, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import { TidewatchError } from '../core/errors.ts';
import type { WatchedEntity } from '../core/watched_entity.ts';

/** Where an entry stands: `start` behind its dash, `end` behind its last sign. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** The file's text with this entry in the place of the one of the same id, or at its end. */
export function withEntry(source: string, entry: WatchedEntity): string {
  const entities = entitiesOf(source);
  const known = placeOf(source, entities, entry.id);
  if (known !== null && entities.flow === true) {
    return source.slice(0, known.start) + inFlow(entry) + source.slice(known.end);
  }
  if (known !== null) {
    const column = known.start - lineStart(source, known.start);
    return source.slice(0, known.start) + written(entry, column) + source.slice(known.end);
  }
  const last = entities.items.length === 0 ? null : rangeOf(source, entities.items.at(-1));
  if (last === null || entities.flow === true) {
    const document = parseDocument(source);
    document.addIn(['entities'], document.createNode(spoken(entry)));
    // What is new is in quotes: a file of JSON stays one.
    return document.toString({ lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' });
  }
  const dash = source.lastIndexOf('-', last.start);
  const indent = source.slice(lineStart(source, dash), dash);
  const behind = endOfLine(source, last.end);
  const item = `\n${indent}- ${written(entry, indent.length + 2)}`;
  return source.slice(0, behind) + item + source.slice(behind);
}

/** The file's text without that entry. */
export function withoutEntry(source: string, id: string): string {
  const entities = entitiesOf(source);
  const known = placeOf(source, entities, id);
  if (known === null) return source;
  if (entities.flow === true || entities.items.length === 1) {
    const document = parseDocument(source);
    document.deleteIn(['entities', entities.items.findIndex((item) => isMap(item) && item.get('id') === id)]);
    return document.toString({ lineWidth: 0 });
  }
  const from = lineStart(source, source.lastIndexOf('-', known.start));
  return source.slice(0, from) + source.slice(endOfLine(source, known.end) + 1);
}

function entitiesOf(source: string): YAMLSeq {
  const entities = parseDocument(source).get('entities');
  if (isSeq(entities)) return entities;
  throw new TidewatchError('config.invalid', 'The watchlist has no list of entities');
}

function placeOf(source: string, entities: YAMLSeq, id: string): Place | null {
  const item = entities.items.find((one) => isMap(one) && one.get('id') === id);
  return item === undefined ? null : rangeOf(source, item);
}

function rangeOf(source: string, item: unknown): Place {
  const [start = 0, valueEnd = 0] = (item as { range?: readonly number[] }).range ?? [];
  const text = source.slice(start, valueEnd).trimEnd();
  return { start, end: start + text.length };
}

const lineStart = (source: string, at: number): number => source.lastIndexOf('\n', at - 1) + 1;
const endOfLine = (source: string, at: number): number => {
  const end = source.indexOf('\n', at);
  return end < 0 ? source.length : end;
};

/** The entry as the starter list writes one: a field a line, lists on one line. */
function written(entry: WatchedEntity, column: number): string {
  return Object.entries(spoken(entry))
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? quoted(value) : `[${value.map(quoted).join(', ')}]`}`)
    .join(`\n${' '.repeat(column)}`);
}

/** The entry in braces, as a list in flow form has them: YAML, and JSON where the file is JSON. */
function inFlow(entry: WatchedEntity): string {
  const fields = Object.entries(spoken(entry)).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
  return `{ ${fields.join(', ')} }`;
}

function spoken(entry: WatchedEntity): Record<string, string | readonly string[]> {
  return Object.fromEntries(
    Object.entries(entry).flatMap(([key, value]) =>
      value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [[key, value] as const],
    ),
  );
}

/** In quotes, always: an id of digits is no number, and "no" is no false. */
function quoted(text: string): string {
  return /[\p{Cc}\u2028\u2029\ufeff]/u.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}
