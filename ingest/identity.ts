/**
 * Which document an item is: its id, from its outlet and the origin's own id, else its address without what differs between
 * two links to one page, else its words. Pure. What is refused has an id as well, so that it can be found and forgotten.
 */
import { stableId } from '../core/event.ts';

export interface Named {
  readonly guid?: string;
  readonly url?: string;
}

/** Words count where neither guid nor address is given; null: without them there is no id. */
export function documentIdOf(source: string, { guid, url }: Named, words: readonly string[]): string;
export function documentIdOf(source: string, item: Named): string | null;
export function documentIdOf(source: string, { guid, url }: Named, words?: readonly string[]): string | null {
  const own = typeof guid === 'string' ? guid.trim() : '';
  if (own !== '') return stableId(source, 'guid', own);
  const address = webAddress(url);
  if (address !== null) return stableId(source, 'url', withoutCampaign(address));
  return words === undefined ? null : stableId(source, 'content', ...words);
}

/** A web address as documents carry it; null where it is none. */
export function webAddress(written: unknown): string | null {
  const text = typeof written === 'string' ? written.trim() : '';
  if (!/^https?:\/\//i.test(text) || text.length > 2000 || !URL.canParse(text)) return null;
  const { href } = new URL(text);
  return href.length > 2000 ? null : href;
}

function withoutCampaign(address: string): string {
  const url = new URL(address);
  url.hash = '';
  const campaign = Array.from(url.searchParams.keys()).filter((name) => /^utm_/i.test(name));
  for (const name of campaign) url.searchParams.delete(name);
  return url.href;
}
