/**
 * A record out of JSON or CSV → an item, by the names that such records commonly use in English and in Chinese. Used by the file and
 * http sources, so that what can be posted is what can be read from a file.
 */
import { simplified } from '../core/simplified.ts';
import type { RawItem, Removal } from './source.ts';

/** As `fieldName` gives them; where a record has several of one kind, the first that says something counts. */
const NAMES = {
  guid: ['guid', 'id'],
  title: ['title', 'headline', '标题'],
  text: ['text', 'body', 'content', 'summary', 'description', '正文', '内容', '摘要'],
  author: ['author', 'user', 'username', 'creator', '作者', '用户名'],
  published_at: [
    'published_at',
    'publishedat',
    'date',
    'pubdate',
    'pub_date',
    'published',
    'date_published',
    'datepublished',
    'publish_time',
    'time',
    'datetime',
    'timestamp',
    'created_at',
    'createdat',
    '发布时间',
    '发布日期',
    '日期',
    '时间',
  ],
  fetched_at: ['fetched_at'],
  revision: ['revision'],
  url: ['url', 'link', '链接', '连结', '网址'],
  language: ['language', 'lang', '语言'],
  source: ['source', 'outlet', 'publisher', '来源'],
  tickers: ['tickers', 'symbols', 'cashtags', '股票代码', '证券代码', '代码'],
} as const;

const TEXT_NAMES: readonly string[] = [...NAMES.text, ...NAMES.title];
const HAN = /\p{Script=Han}/u;
/** The names by which a text is found, in both languages, for a message that says what is missing. */
export const KNOWN_TEXT_NAMES = [false, true]
  .map((isChinese) => TEXT_NAMES.filter((name) => HAN.test(name) === isChinese).join(', '))
  .join('; ');

/** A column's or field's name as it is looked for: 標題 is 标题. */
export function fieldName(written: string): string {
  return simplified(written.trim().toLowerCase());
}

/** Whether a column of that name holds a text, or a headline for one. */
export function isTextName(name: string): boolean {
  return TEXT_NAMES.includes(name);
}

/** The item, or one sentence that says why the record is none. Names count in any case; empty values as absent. */
export function itemFromRecord(record: unknown): RawItem | string {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return 'It is not an object.';
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(record)) values.set(fieldName(name), value);
  const wrong: string[] = [];
  const first = (names: readonly string[]): string => {
    for (const name of names) {
      const value = values.get(name);
      if (typeof value === 'string' && value.trim() !== '') return value;
      if (typeof value === 'number' && Number.isFinite(value)) return String(value);
      const inner = innerName(names, value);
      if (inner !== undefined) return inner;
      if (value !== undefined && value !== null && value !== '' && typeof value !== 'string') {
        wrong.push(`"${name}" must be text, not ${Array.isArray(value) ? 'a list' : typeof value}.`);
      }
    }
    return '';
  };
  let title = first(NAMES.title);
  let text = first(NAMES.text);
  const body = first(['body']);
  // Feeds that carry both call the headline "text".
  if (title === '' && body !== '' && body !== text) [title, text] = [text, body];
  if (title === '' && text === '') {
    return wrong[0] ?? `It has no text: none of ${KNOWN_TEXT_NAMES} is there.`;
  }
  const sourceClass = values.get('source_class');
  const html = values.get('html');
  const optional = {
    guid: first(NAMES.guid),
    title,
    author: first(NAMES.author),
    published_at: first(NAMES.published_at),
    fetched_at: first(NAMES.fetched_at),
    revision: first(NAMES.revision),
    url: first(NAMES.url),
    language: first(NAMES.language),
    source: first(NAMES.source),
  };
  return {
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== '')),
    text,
    ...(typeof html === 'boolean' ? { html } : {}),
    ...(sourceClass === 'news' || sourceClass === 'social' ? { source_class: sourceClass } : {}),
    ...tickersOf(NAMES.tickers.map((name) => values.get(name)).find((value) => value !== undefined)),
  };
}

/**
 * What a recorded feed says was taken back: `"deleted": true` beside the item's guid, or beside an author and nothing else. Null
 * where the record is no such line, one sentence where it is one and names nothing.
 */
export function removalFromRecord(record: unknown): Removal | string | null {
  if (typeof record !== 'object' || record === null || (record as { deleted?: unknown }).deleted !== true) return null;
  const text = (names: readonly string[]): string =>
    names
      .map((name) => (record as Record<string, unknown>)[name])
      .map((value) => (typeof value === 'string' || typeof value === 'number' ? value : innerName(names, value)))
      .map((value) => String(value ?? '').trim())
      .find((value) => value !== '') ?? '';
  const guid = text(NAMES.guid);
  const author = text(NAMES.author);
  if (guid === '' && author === '') return 'It says "deleted" and names neither a guid nor an author.';
  const source = text(NAMES.source);
  const at = text(NAMES.fetched_at) || text(NAMES.published_at);
  return {
    ...(guid === '' ? { author, reason: 'account_deleted' } : { guid, reason: 'deleted' }),
    ...(source === '' ? {} : { source }),
    ...(at === '' ? {} : { at }),
  };
}

/** Of an author or outlet that is written as an object: {"name": "Reuters"}. */
function innerName(names: readonly string[], value: unknown): string | undefined {
  const inner = (value as { name?: unknown } | null | undefined)?.name;
  return (names === NAMES.author || names === NAMES.source) && typeof inner === 'string' ? inner : undefined;
}

function tickersOf(value: unknown): { tickers?: string[] } {
  const list = Array.isArray(value)
    ? (value as unknown[])
    : typeof value === 'string'
      ? value.split(/[\s,;|、，；]+/)
      : [value];
  const written = list.map((item) => (typeof item === 'number' ? String(item) : item));
  const tickers = written.filter((item): item is string => typeof item === 'string' && item !== '').slice(0, 50);
  return tickers.length === 0 ? {} : { tickers };
}
