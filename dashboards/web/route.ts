/**
 * Which page of the page: #/alert/ID, #/entity/ID, #/compare?entities=A,B, #/label and so on, or the overview. In the hash, so that the view behind it
 * (range, filters, language) stays in the query, and a link works from any place the page is served at.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface Route {
  readonly page:
    | 'alert'
    | 'story'
    | 'document'
    | 'entity'
    | 'topic'
    | 'compare'
    | 'find'
    | 'for-you'
    | 'label'
    | 'models'
    | 'sources'
    | 'watchlist'
    | 'settings';
  /** Empty where the page has none. */
  readonly id: string;
}

/** The route of a hash such as `#/alert/abc`; null for the overview and for what it does not know. */
export function readRoute(hash: string): Route | null {
  const [, alone] = /^#\/(label|models|find|for-you|sources|watchlist|settings)$/.exec(hash) ?? [];
  if (alone !== undefined) return { page: alone as Route['page'], id: '' };
  const [, , compared] = /^#\/compare(\?entities=([^&#]{0,2000}))?$/.exec(hash) ?? [];
  if (hash.startsWith('#/compare'))
    return hash === '#/compare' || compared !== undefined ? decoded('compare', compared ?? '') : null;
  const [, page, written] =
    /^#\/(alert|story|document|entity|topic|find|watchlist)\/([^/?#]{1,2000})$/.exec(hash) ?? [];
  if (page === undefined || written === undefined) return null;
  return decoded(page as Route['page'], written);
}

function decoded(page: Route['page'], written: string): Route | null {
  try {
    return { page, id: decodeURIComponent(written) };
  } catch {
    return null;
  }
}

export function routeHref(page: Route['page'], id: string): string {
  if (page === 'compare') return id === '' ? '#/compare' : `#/compare?entities=${encodeURIComponent(id)}`;
  return `#/${page}/${encodeURIComponent(id)}`;
}

interface Place {
  readonly top: number;
  /** The document whose row had the focus. */
  readonly document: string | null;
}

/** The route now. A page starts at its top; the overview is where it was left, and so is the keyboard in its list. */
export function useRoute(): Route | null {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  const left = useRef<Place>({ top: 0, document: null });
  const before = useRef(route);
  useLayoutEffect(() => {
    const follow = (): void => {
      const next = readRoute(location.hash);
      if (before.current === null && next !== null) left.current = placeNow();
      before.current = next;
      setRoute(next);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const key = route === null ? '' : `${route.page} ${route.id}`;
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else if (route === null) goBackTo(left.current);
    else scrollTo(0, 0);
  }, [key]);
  return route;
}

function placeNow(): Place {
  const row = document.activeElement?.closest<HTMLElement>('.opinion');
  return { top: scrollY, document: row?.dataset['document'] ?? null };
}

function goBackTo(place: Place): void {
  const rows = [...document.querySelectorAll<HTMLElement>('.opinion')];
  rows.find((row) => row.dataset['document'] === place.document)?.focus({ preventScroll: true });
  scrollTo(0, place.top);
}
