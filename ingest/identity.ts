/**
 * Which document an item is: its id, from its outlet and the origin's own id, else its address without what differs between
 * two links to one page, else who said what and when. Pure. What is refused has an id as well, where its guid or address
 * gives one, so that it can be found and forgotten.
 */
import { isoTime, stableId } from '../core/event.ts';
import { cleanText } from '../core/text.ts';

export interface Named {
  readonly guid?: string;
  readonly url?: string;
}

export interface Statement {
  readonly title: string;
  readonly text: string;
  /** As documents carry it: an id made of the name itself would give it away to who tries names. */
  readonly author: string | null;
  /** Epoch milliseconds as the origin wrote it, believed or not; null where it wrote none. */
  readonly at: number | null;
}

/** The outlet's name as documents carry it; that of the source instance where none is written. */
export function outletOf(written: string | undefined, feed: string): string {
  // A cut may leave half of a sign behind.
  const name = cleanText(written ?? '').slice(0, 100);
  return name.toWellFormed() || feed;
}

/** The id by guid or address; null where neither is given. */
export function documentIdOf(source: string, { guid, url }: Named): string | null {
  const own = typeof guid === 'string' ? guid.trim() : '';
  if (own !== '') return stableId(source, 'guid', own);
  const address = webAddress(url);
  if (address !== null) return stableId(source, 'url', withoutCampaign(address));
  return null;
}

/**
 * The id of what has neither guid nor address. The same record always gets the same, since nothing of it is our clock's;
 * which of them repeat one another is for dedupe.ts to say.
 */
export function statementIdOf(source: string, { title, text, author, at }: Statement): string {
  return stableId(source, 'content', title, text, author ?? '', at === null ? '' : isoTime(at));
}

/** A web address as documents carry it, without the user and password that a link may hold; null where it is none. */
export function webAddress(written: unknown): string | null {
  const text = typeof written === 'string' ? written.trim() : '';
  if (!/^https?:\/\//i.test(text) || text.length > 2000 || !URL.canParse(text)) return null;
  const address = new URL(text);
  address.username = '';
  address.password = '';
  const { href } = address;
  return href.length > 2000 ? null : href;
}

function withoutCampaign(address: string): string {
  const url = new URL(address);
  if (!isItemOfAPage(url.hash)) url.hash = '';
  const campaign = Array.from(url.searchParams.keys()).filter((name) => /^utm_/i.test(name));
  for (const name of campaign) url.searchParams.delete(name);
  return url.href;
}

/**
 * Whether a fragment names an item: a route (#/news/5), or an anchor with a number (#post-17 of a live blog). Others say where the
 * link stood, or where in the page it leads: #xtor=RSS-1, #:~:text=…, #rd, #comments, #more-12. Doubtful ones count, since a text that
 * comes twice from one voice is found by its words (dedupe.ts), and an item taken for another is lost.
 */
function isItemOfAPage(hash: string): boolean {
  if (/^#!?\//.test(hash)) return true;
  const words = hash.replace(/%[0-9a-f]{2}/gi, '');
  return /\d/.test(words) && !words.includes('=') && !/^#more-\d+$/.test(words);
}
