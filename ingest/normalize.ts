/**
 * An item as its origin wrote it → a document, or a refusal that says why. Pure: the same item at the same moment gives
 * the same document wherever authors are stored alike, so that a repeated batch is recognised by its ids.
 *
 * A document with one line only (a post, a headline without a body) has it in `text`, and no title. A title that the
 * text repeats at its start is taken out of the text.
 */
import { isoTime, stableId, type Document } from '../core/event.ts';
import { cleanText, detectLanguage, findCashtags, findLinks } from '../core/text.ts';
import { documentIdOf, outletOf, statementIdOf, webAddress } from './identity.ts';
import { htmlToText, looksLikeHtml } from './html.ts';
import type { RawItem, Refusal } from './source.ts';
import { readTime, type WrittenTime } from './time.ts';

/** A document before the stage knows its entities and its story. */
export type PlainDocument = Omit<Document, 'entities' | 'story' | 'novelty'>;

export interface NormalizeOptions {
  /** Epoch milliseconds: becomes fetched_at, and stands in for a missing published_at. */
  readonly now: number;
  /** The name of the source instance. */
  readonly feed: string;
  /** Longest title and text together, in characters. */
  readonly maxTextChars: number;
  /** An author's name as documents carry it; absent: as it is. */
  readonly storedAuthor?: (name: string) => string;
}

export type Normalized = { readonly document: PlainDocument } | { readonly refused: Omit<Refusal, 'value'> };

/** How far ahead of our clock an origin's clock may be before its time is not believed. */
const CLOCK_SKEW_MS = 10 * 60_000;
const EASTERNMOST_MS = 14 * 3_600_000;
/** The first day of computers' time: what a program writes that has no date. */
const EARLIEST_MS = 86_400_000;

export function normalize(item: RawItem, options: NormalizeOptions): Normalized {
  const { now, feed, maxTextChars, storedAuthor = (name: string) => name } = options;
  const source = outletOf(item.source, feed);
  const origin = { source, id: documentIdOf(source, item) };
  // HTML shrinks when stripped, but not endlessly: beyond this it is refused before time is spent on it.
  const rawLength = item.text.length + (item.title?.length ?? 0);
  if (rawLength > maxTextChars * 20) return tooLong(rawLength, maxTextChars, origin);
  const written = { title: plain(item.title ?? '', item.html), text: plain(item.text, item.html) };
  const body = withoutTitle(written.title, written.text);
  const title = body === '' ? '' : written.title;
  const text = body === '' ? written.title : body;
  if (text === '') return { refused: { code: 'input.invalid', reason: 'It has neither text nor title.', origin } };
  const length = title.length + text.length;
  if (length > maxTextChars) return tooLong(length, maxTextChars, origin);

  const whole = title === '' ? text : `${title} ${text}`;
  const time = readTime(item.published_at ?? '');
  const published = publishedAt(time, now);
  const name = cleanText(item.author ?? '').slice(0, 200);
  const author = name === '' ? null : storedAuthor(name.toWellFormed());
  const tickers = (item.tickers ?? []).map((ticker) => cleanText(ticker).replace(/^\$/, '').toUpperCase());
  return {
    document: {
      schema_version: 1,
      id: origin.id ?? statementIdOf(source, { title, text, author, at: time?.at ?? null }),
      source,
      feed,
      source_class: item.source_class ?? 'news',
      author,
      url: webAddress(item.url),
      title: title === '' ? null : title,
      text,
      language: languageOf(item.language, whole),
      published_at: isoTime(published.at ?? now),
      published_at_estimated: published.at === null,
      published_at_mark: published.mark,
      fetched_at: isoTime(now),
      links: findLinks(whole),
      cashtags: [...new Set([...findCashtags(whole), ...tickers.filter((ticker) => /^[\w.:-]{1,20}$/.test(ticker))])],
      repost_of: repostOf(item.repost_of, source),
      coordinated: 0,
    },
  };
}

/** When it was published, null where that is not known or not to be believed; and what its origin said of it. */
function publishedAt(
  time: WrittenTime | null,
  now: number,
): { readonly at: number | null; readonly mark: Document['published_at_mark'] } {
  if (time === null || time.at < EARLIEST_MS) return { at: null, mark: 'missing' };
  const mark = time.precision === 'zoned' ? 'stated' : time.precision;
  if (time.at <= now + CLOCK_SKEW_MS) return { at: time.at, mark };
  // Read as UTC, the clock on a wall east of Greenwich is ahead: it was a moment ago, we do not know how long.
  const isEastern = mark !== 'stated' && time.at <= now + EASTERNMOST_MS;
  return { at: null, mark: isEastern ? mark : 'future' };
}

function tooLong(length: number, limit: number, origin: Refusal['origin']): Normalized {
  const reason = `It has ${length} characters; ingest.max_text_chars allows ${limit}.`;
  return { refused: { code: 'input.too_large', reason, origin } };
}

function plain(raw: string, html: boolean | undefined): string {
  return cleanText((html ?? looksLikeHtml(raw)) ? htmlToText(raw) : raw);
}

/** The text without the title it begins with, and without what stood between them; '' if there is no more than that. */
function withoutTitle(title: string, text: string): string {
  if (title === '' || !text.startsWith(title)) return text;
  const rest = text.slice(title.length);
  // "Apple" at the start of "Apples are ripe" is no repeated title.
  if (rest !== '' && /^[\p{L}\p{N}]/u.test(rest) && /[\p{L}\p{N}]$/u.test(title)) return text;
  return rest.replace(/^[\s.,:;!?|。，：；！？…–—-]+/u, '');
}

/** An address as it is; the guid of an item of the same outlet as that document's id. */
function repostOf(written: string | undefined, source: string): string | null {
  const text = written?.trim() ?? '';
  if (text === '') return null;
  return webAddress(text) ?? stableId(source, 'guid', text);
}

function languageOf(given: string | undefined, text: string): Document['language'] {
  const primary = /^[a-z]{2,3}(?=$|[-_])/i.exec(given?.trim() ?? '')?.[0].toLowerCase();
  if (primary === undefined) return detectLanguage(text);
  if (primary === 'zh' || primary === 'cmn') return 'zh';
  return primary === 'en' ? 'en' : 'other';
}
