/**
 * Fetching with the states that a page must show: loading, ready, failed. The last good answer stays visible while a
 * newer one is fetched, so that live refreshes do not flicker; answers that were overtaken are dropped.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorAnswer } from '../contract.ts';

export interface Remote<Answer> {
  readonly answer: Answer | null;
  readonly failed: boolean;
  readonly loading: boolean;
}

/** One JSON answer. @throws Error with the server's message, or the network's. */
export async function fetchAnswer<Answer>(url: string, signal?: AbortSignal): Promise<Answer> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, ...(signal && { signal }) });
  if (response.status === 401) location.assign('/login');
  if (!response.ok) {
    const body = (await response.json().catch(() => null)) as ErrorAnswer | null;
    throw new Error(body?.error.message ?? `HTTP ${response.status}`);
  }
  return (await response.json()) as Answer;
}

/** Keeps the answer of `url` fresh: fetched when `url` or `version` changes, the old one shown meanwhile. */
export function useRemote<Answer>(url: string, version: number): Remote<Answer> {
  const [state, setState] = useState<Remote<Answer>>({ answer: null, failed: false, loading: true });
  const shown = useRef('');
  useEffect(() => {
    const abort = new AbortController();
    if (shown.current !== url) setState((before) => ({ ...before, loading: true }));
    fetchAnswer<Answer>(url, abort.signal).then(
      (answer) => {
        shown.current = url;
        setState({ answer, failed: false, loading: false });
      },
      () => {
        if (!abort.signal.aborted) setState((before) => ({ ...before, failed: true, loading: false }));
      },
    );
    return () => abort.abort();
  }, [url, version]);
  return state;
}
