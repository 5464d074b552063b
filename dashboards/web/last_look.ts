/**
 * When this browser last looked at the list of opinions: kept when the reader leaves or hides the page, and read again when they are
 * back, so that what is shown as new stays so while they read. In the browser, as saved views are: another computer does not know it.
 */
import { useEffect, useState } from 'preact/hooks';
import { inSight, lookOf, outOfSight, readLook, UNSEEN, type Look } from './last_seen.ts';
import type { RowPlace } from './opinion_list.ts';

const KEY = 'tidewatch.seen';

/** Of the page and not of a part of it: the list goes and comes while other pages are open, and leaving any of them is leaving. */
const page = {
  isFollowed: false,
  isListShown: false,
  sight: UNSEEN,
  newest: null as RowPlace | null,
  last: null as Look | null,
};
const told = new Set<() => void>();

/** The look before this one; null on the first visit. */
export function useLastLook(): Look | null {
  const [last, setLast] = useState(() => {
    followPage();
    return page.last;
  });
  useEffect(() => {
    const tell = (): void => setLast(page.last);
    told.add(tell);
    return () => void told.delete(tell);
  }, []);
  return last;
}

/** For the list, while it is shown: its newest row where it shows all that comes. */
export function useLooking(newest: RowPlace | null): void {
  useEffect(() => {
    page.newest = newest ?? page.newest;
  }, [newest]);
  useEffect(() => {
    page.isListShown = true;
    if (document.visibilityState !== 'hidden') page.sight = inSight(page.sight, Date.now());
    return () => {
      page.isListShown = false;
      page.sight = outOfSight(page.sight, Date.now());
    };
  }, []);
}

/** All that is there now is seen. */
export function markSeen({ published_at, document_id }: RowPlace): void {
  const look = { at: new Date().toISOString(), newest: { published_at, document_id } };
  keep(look);
  show(look);
}

function followPage(): void {
  if (page.isFollowed) return;
  page.isFollowed = true;
  page.last = kept();
  addEventListener('pagehide', leave);
  document.addEventListener('visibilitychange', () => (document.visibilityState === 'hidden' ? leave() : comeBack()));
}

function leave(): void {
  const look = lookOf(page.sight, page.newest, Date.now());
  // Hidden, then closed: what came between was seen by nobody.
  page.sight = UNSEEN;
  if (look !== null) keep(look);
}

function comeBack(): void {
  page.sight = page.isListShown ? inSight(UNSEEN, Date.now()) : UNSEEN;
  show(kept());
}

function show(look: Look | null): void {
  page.last = look;
  for (const tell of told) tell();
}

function kept(): Look | null {
  try {
    return readLook(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function keep(look: Look): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(look));
  } catch {
    // A private window: it knows of no last time, and draws no line.
  }
}
