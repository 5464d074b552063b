/**
 * Which page of the page: #/alert/ID, #/story/ID, #/document/ID, or the overview. In the hash, so that the view behind it
 * (range, filters, language) stays in the query, and a link works from any place the page is served at.
 */
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Route {
  readonly page: 'alert' | 'story' | 'document';
  readonly id: string;
}

/** The route of a hash such as `#/alert/abc`; null for the overview and for what it does not know. */
export function readRoute(hash: string): Route | null {
  const [, page, written] = /^#\/(alert|story|document)\/([^/?#]{1,200})$/.exec(hash) ?? [];
  if (page === undefined || written === undefined) return null;
  try {
    return { page: page as Route['page'], id: decodeURIComponent(written) };
  } catch {
    return null;
  }
}

export function routeHref(page: Route['page'], id: string): string {
  return `#/${page}/${encodeURIComponent(id)}`;
}

/** The route now. A page starts at its top; the overview is where it was left. */
export function useRoute(): Route | null {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  const left = useRef(0);
  const before = useRef(route);
  useEffect(() => {
    const follow = (): void => {
      const next = readRoute(location.hash);
      if (before.current === null && next !== null) left.current = scrollY;
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
    else scrollTo(0, route === null ? left.current : 0);
  }, [key]);
  return route;
}
