/**
 * Fetching with the states that a page must show: loading, ready, failed. The last good answer stays visible while a
 * newer one is fetched, so that live refreshes do not flicker; answers that were overtaken are dropped.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '../contract.ts';
import { tellBehind } from './behind.ts';
import { onCameBack } from './came_back.ts';
import { JSON_ONLY, takeEarly } from './early_answers.ts';
import { MODEL_PATIENCE_MS, withPatience } from './patience.ts';

export interface Remote<Answer> {
  readonly answer: Answer | null;
  readonly failed: boolean;
  /** HTTP's status of the failure; 0 for none and for the network's. */
  readonly status: number;
  readonly loading: boolean;
}

/** An answer that is none. `status` is HTTP's. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** One JSON answer. @throws Refusal with the server's message, or the network's Error. */
export function fetchAnswer<Answer>(url: string, other?: AbortSignal): Promise<Answer> {
  const ask = async (signal: AbortSignal): Promise<Answer> => {
    const early = await takeEarly(url);
    signal.throwIfAborted();
    return read(early ?? (await fetch(url, { headers: JSON_ONLY, signal })));
  };
  return withPatience(ask, other, url.startsWith('/api/ask?') ? MODEL_PATIENCE_MS : undefined);
}

/** Sends JSON. @throws Refusal with the server's message, or the network's Error. */
export function postAnswer<Answer>(url: string, body: object): Promise<Answer> {
  const headers = { ...JSON_ONLY, 'content-type': 'application/json' };
  return withPatience(async (signal) =>
    read(await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal })),
  );
}

async function read<Answer>(response: Response): Promise<Answer> {
  // The form leads back to the page that is open.
  if (response.status === 401) location.assign(`/login${location.search}${location.hash}`);
  if (!response.ok) {
    const body = (await response.json().catch(() => null)) as Problem | null;
    throw new Refusal(response.status, body?.detail ?? `HTTP ${response.status}`);
  }
  return (await response.json()) as Answer;
}

/**
 * Keeps the answer of `url` fresh: fetched when `url` or `version` changes, and anew when a server comes back that did not answer; the old
 * one is shown meanwhile, and after a failure only where it answers the same `url`. Null asks nothing and
 * keeps what was answered: for a page that is not shown. What the process cannot answer (501) it is not asked again.
 */
export function useRemote<Answer>(url: string | null, version: number): Remote<Answer> {
  const [state, setState] = useState<Remote<Answer>>({ answer: null, failed: false, status: 0, loading: true });
  const [tries, setTries] = useState(0);
  /** Whose answer is shown. */
  const shown = useRef('');
  const shownSince = useRef(0);
  /** What was refused as such last. */
  const impossible = useRef('');
  useEffect(() => {
    if (url === null || url === impossible.current) return undefined;
    impossible.current = '';
    const abort = new AbortController();
    if (shown.current !== url) setState((before) => ({ ...before, loading: true }));
    fetchAnswer<Answer>(url, abort.signal).then(
      (answer) => {
        shown.current = url;
        shownSince.current = Date.now();
        setState({ answer, failed: false, status: 0, loading: false });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const status = error instanceof Refusal ? error.status : 0;
        if (status === 501) impossible.current = url;
        const isOther = shown.current !== url;
        if (isOther) shown.current = '';
        setState(({ answer }) => ({ answer: isOther ? null : answer, failed: true, status, loading: false }));
      },
    );
    return () => abort.abort();
  }, [url, version, tries]);
  const unanswered = state.failed && (state.status === 0 || (state.status > 501 && state.status < 505));
  const isBehind = url !== null && state.failed && state.answer !== null && isPassing(state.status);
  useEffect(() => (isBehind ? tellBehind(shownSince.current) : undefined), [isBehind]);
  useEffect(() => (unanswered ? onCameBack(() => setTries((before) => before + 1)) : undefined), [unanswered]);
  return state;
}

/** Whether a failure is one of the server or of the way to it, and not of what was asked. */
function isPassing(status: number): boolean {
  return status === 0 || status === 429 || (status >= 500 && status !== 501);
}
