/**
 * Filters as SQL conditions and the parameters that go with them. Pure. Values are always parameters; the only text that
 * varies is which conditions there are.
 */
import { cleanText } from '../core/text.ts';
import { writingsOf } from './either_writing.ts';

export interface SeriesFilter {
  readonly entity?: string | undefined;
  readonly topic?: string | undefined;
}

export interface OpinionFilter extends SeriesFilter {
  readonly source?: string | undefined;
  readonly language?: string | undefined;
  readonly sentiment?: string | undefined;
  /** Words to find in title or text, whatever their case or width, in traditional or simplified signs. */
  readonly q?: string | undefined;
}

export interface Conditions {
  /** Starts with AND unless it is empty. */
  readonly sql: string;
  readonly params: Readonly<Record<string, string>>;
}

const OPINION_CONDITIONS: Readonly<Record<keyof OpinionFilter, string>> = {
  entity: 'has(entities, {entity:String})',
  topic: 'topic = {topic:String}',
  source: 'source = {source:String}',
  language: 'language = {language:String}',
  sentiment: 'sentiment = {sentiment:String}',
  // One way to write the words a line: they hold no line feed themselves, since cleaning makes blanks of those.
  q: "multiSearchAnyCaseInsensitiveUTF8(concat(title, '\\n', text), splitByChar('\\n', {q:String}))",
};

const ALERT_CONDITIONS: Readonly<Record<keyof SeriesFilter, string>> = {
  entity: 'entity = {entity:String}',
  topic: 'topic = {topic:String}',
};

/** Conditions on the table of opinions. Words are cleaned as stored texts are: what a Chinese keyboard types is full-width. */
export function opinionConditions(filter: OpinionFilter): Conditions {
  const words = cleanText(filter.q ?? '');
  return conditions(OPINION_CONDITIONS, { ...filter, q: words === '' ? undefined : writingsOf(words).join('\n') });
}

/** Conditions on the table of alerts. */
export function alertConditions({ entity, topic }: SeriesFilter): Conditions {
  return conditions(ALERT_CONDITIONS, { entity, topic });
}

/** Event time from the parameter `from` or `before` to the parameter `to`, all epoch milliseconds. */
export function within(start: 'from' | 'before'): string {
  return `published_at >= ${moment(start)} AND published_at < ${moment('to')}`;
}

/** A parameter of epoch milliseconds as a time. */
export function moment(parameter: string): string {
  return `fromUnixTimestamp64Milli({${parameter}:Int64}, 'UTC')`;
}

function conditions<Name extends string>(
  known: Readonly<Record<Name, string>>,
  given: Readonly<Partial<Record<Name, string | undefined>>>,
): Conditions {
  let sql = '';
  const params: Record<string, string> = {};
  for (const name of Object.keys(known) as Name[]) {
    const value = given[name];
    if (value === undefined) continue;
    sql += ` AND ${known[name]}`;
    params[name] = value;
  }
  return { sql, params };
}
