/**
 * The list of latest opinions as data: a first page, earlier pages, and what arrives live. Pure functions over one
 * state and one hook that drives them. Newcomers wait in `waiting` while the reader's pointer or focus is in the list:
 * a list that moves under the eye is worse than one that is a few seconds old.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { simplified } from '../../core/simplified.ts';
import type { OpinionRow, OpinionsAnswer } from '../contract.ts';
import { listSpan, type Address } from './address.ts';
import { opinionsQuery } from './first_questions.ts';
import { fetchAnswer } from './remote.ts';

export interface OpinionList {
  readonly rows: readonly OpinionRow[];
  readonly waiting: readonly OpinionRow[];
  /** Whether more came than what waits, so that it does not follow on with the rows. */
  readonly isApart: boolean;
  readonly fresh: ReadonlySet<string>;
  /** What is asked for behind the last row; null at the end. */
  readonly cursor: string | null;
  /** Where the span begins that the server answered about; what is older belongs to no part of it. */
  readonly from: string;
  readonly status: 'loading' | 'ready' | 'failed';
}

/**
 * More rows than this in the document make a phone slow, so what arrives pushes the last ones out; they can be loaded
 * again. What was loaded by hand beyond this stays.
 */
const MOST_ROWS = 400;
/** More than arrives while an answer is on its way. */
const MOST_RECENT = 200;
const EMPTY: OpinionList = {
  rows: [],
  waiting: [],
  isApart: false,
  fresh: new Set(),
  cursor: null,
  from: '',
  status: 'loading',
};

/** Whether a live opinion belongs to the view, whose span begins at `from`. The server searches the whole text, this one its first 600 characters. */
export function matches(row: OpinionRow, address: Address, from: string): boolean {
  const { entity, topic, sentiment, language, source, q } = address;
  const span = listSpan(address);
  return (
    (entity === null || row.entities.some((item) => item.id === entity)) &&
    (topic === null || row.topic === topic) &&
    (sentiment === null || row.sentiment === sentiment) &&
    (language === null || row.language === language) &&
    (source === null || row.source === source) &&
    row.published_at >= (span.from ?? from) &&
    (span.to === null || row.published_at < span.to) &&
    simplified(`${row.title ?? ''}\n${row.text}`)
      .toLowerCase()
      .includes(wordsOf(q))
  );
}

/** What is looked for, as texts are stored: a Chinese keyboard types ， and Ａ, which cleaning has made , and A. Both writings are one. */
function wordsOf(q: string): string {
  return simplified(q.normalize('NFKC')).replace(/\s+/g, ' ').trim().toLowerCase();
}

/** What says where a row stands in the list. */
export type RowPlace = Pick<OpinionRow, 'published_at' | 'document_id'>;

/** Newest first; of equal times the greater id first, as the server's cursor orders them. */
export function newestFirst(a: RowPlace, b: RowPlace): number {
  if (a.published_at !== b.published_at) return a.published_at < b.published_at ? 1 : -1;
  return a.document_id < b.document_id ? 1 : -1;
}

/** Rows merged without doubles (a newer label of a document replaces the older), sorted. */
export function mergeRows(newer: readonly OpinionRow[], older: readonly OpinionRow[]): OpinionRow[] {
  const byId = new Map(older.map((row) => [row.document_id, row]));
  for (const row of newer) byId.set(row.document_id, row);
  return [...byId.values()].sort(newestFirst);
}

export interface OpinionListControl {
  readonly list: OpinionList;
  /** Opinions that arrived live; `hold` keeps them waiting instead of moving the list. */
  arrive(rows: readonly OpinionRow[], hold: boolean): void;
  showWaiting(): void;
  loadEarlier(): void;
  /** Brings what came in a time that nobody told of, and leaves the rows where they are, `isHeld` or not. */
  catchUp(isHeld: () => boolean): void;
  reload(): void;
}

/** The list for the view that `address` describes; it asks nothing while it is not `shown`. */
export function useOpinionList(address: Address, shown: boolean): OpinionListControl {
  const [list, setList] = useState(EMPTY);
  const [version, setVersion] = useState(0);
  const query = opinionsQuery(address);
  /** What arrived lately: an answer may have been on its way, or kept by the server for a moment, when it did. */
  const recent = useRef<readonly OpinionRow[]>([]);
  const current = useRef({ query, address, list, shown });
  current.current = { query, address, list, shown };
  /** The cursor that is asked behind, so that a second press does not bring the same rows twice. */
  const asking = useRef<string | null>(null);
  /** Whose rows are shown. */
  const answered = useRef('');
  /** Counts the questions for a first page: an answer that a later question overtook is dropped, and so is its failure. */
  const turn = useRef(0);

  useEffect(() => {
    if (!shown) return undefined;
    const abort = new AbortController();
    const own = (turn.current += 1);
    fetchAnswer<OpinionsAnswer>(`/api/opinions?${query}`, abort.signal).then(
      (answer) => {
        if (turn.current !== own) return;
        answered.current = query;
        setList(firstPage(answer, recent.current, current.current.address));
      },
      () => {
        if (abort.signal.aborted || turn.current !== own) return;
        // Rows of another view would stand under the filters of this one.
        const isOther = answered.current !== query;
        setList((before) => ({ ...(isOther ? EMPTY : before), status: 'failed' }));
      },
    );
    return () => abort.abort();
  }, [query, version, shown]);

  /** No row goes while those behind the last one are on their way: they would no longer follow on. */
  const most = (): number => (asking.current === null ? MOST_ROWS : Infinity);
  const [control] = useState((): Omit<OpinionListControl, 'list'> => ({
    arrive(rows, hold) {
      recent.current = [...rows, ...recent.current].slice(0, MOST_RECENT);
      setList((before) => {
        const wanted = belonging(rows, before, current.current.address);
        if (before.status !== 'ready' || wanted.length === 0) return before;
        const after = { ...before, waiting: mergeRows(wanted, before.waiting).slice(0, MOST_ROWS) };
        return hold || before.isApart ? after : release(after, most());
      });
    },
    showWaiting() {
      if (current.current.list.isApart) control.reload();
      else setList((before) => release(before, most()));
    },
    loadEarlier() {
      const { query: asked, list: now } = current.current;
      const { cursor } = now;
      if (cursor === null || asking.current === cursor) return;
      asking.current = cursor;
      const settled = (change: (list: OpinionList) => OpinionList): void => {
        if (asking.current === cursor) asking.current = null;
        // An answer about another view, or behind a row that a reload has moved, is of no use.
        if (current.current.query === asked) setList((now) => (now.cursor === cursor ? change(now) : now));
      };
      fetchAnswer<OpinionsAnswer>(`/api/opinions?${asked}&cursor=${encodeURIComponent(cursor)}`).then(
        (answer) => settled((now) => withEarlier(now, answer, recent.current, current.current.address)),
        () => settled((now) => ({ ...now, status: 'failed' })),
      );
    },
    catchUp(isHeld) {
      const { query: asked, list: now, shown: isShown } = current.current;
      if (!isShown || now.status !== 'ready') return control.reload();
      const own = (turn.current += 1);
      const isLatest = (): boolean => turn.current === own && current.current.query === asked;
      // What comes live before the answer does not close the gap that is asked about.
      const known = new Set(now.rows.map((row) => row.document_id));
      return void fetchAnswer<OpinionsAnswer>(`/api/opinions?${asked}`).then(
        (answer) => {
          const { address: wanted } = current.current;
          const isApart =
            known.size === 0 ? answer.next_cursor !== null : !answer.opinions.some((row) => known.has(row.document_id));
          if (isLatest())
            setList((before) => caughtUp(before, answer, isApart, recent.current, wanted, isHeld(), most()));
        },
        () => isLatest() && setList((before) => ({ ...before, status: 'failed' })),
      );
    },
    reload: () => setVersion((before) => before + 1),
  }));
  return { list, ...control };
}

/** Those of `rows` that belong to the view and are not so old that a later page will bring them. */
function belonging(
  rows: readonly OpinionRow[],
  list: Pick<OpinionList, 'rows' | 'cursor' | 'from'>,
  address: Address,
): OpinionRow[] {
  const last = list.cursor === null ? undefined : list.rows.at(-1);
  return rows.filter((row) => matches(row, address, list.from) && (last === undefined || newestFirst(row, last) <= 0));
}

/** The list of a first answer, and of what arrived while it was on its way. */
function firstPage(answer: OpinionsAnswer, recent: readonly OpinionRow[], address: Address): OpinionList {
  const page = { rows: answer.opinions, cursor: answer.next_cursor, from: answer.from };
  const rows = mergeRows(belonging(recent, page, address), answer.opinions);
  return { ...EMPTY, ...page, rows, status: 'ready' };
}

/**
 * The list with what came in a time that nobody told of. Newcomers wait where the reader is in the list. Where not one row of the
 * answer was known when it was asked for (`isApart`), more than a page came (or the store is another one): rows between would be missing for ever, so that it is the
 * first page of a new list, now or when the reader asks for what waits.
 */
function caughtUp(
  list: OpinionList,
  answer: OpinionsAnswer,
  isApart: boolean,
  recent: readonly OpinionRow[],
  address: Address,
  isHeld: boolean,
  most: number,
): OpinionList {
  const known = new Set(list.rows.map((row) => row.document_id));
  const [told, news] = [true, false].map((is) => answer.opinions.filter((row) => known.has(row.document_id) === is));
  if (isApart && !isHeld) return firstPage(answer, recent, address);
  const waiting = mergeRows(news ?? [], isApart ? [] : list.waiting).slice(0, MOST_ROWS);
  const after = { ...list, rows: mergeRows(told ?? [], list.rows), waiting, isApart, from: answer.from };
  return isHeld || waiting.length === 0 ? after : release(after, most);
}

/** The list with the page behind its last row, and with what arrived too late for that page while it was on its way. */
function withEarlier(
  list: OpinionList,
  answer: OpinionsAnswer,
  recent: readonly OpinionRow[],
  address: Address,
): OpinionList {
  const page = { rows: mergeRows(list.rows, answer.opinions), cursor: answer.next_cursor, from: list.from };
  const last = list.rows.at(-1);
  const late = belonging(recent, page, address).filter((row) => last === undefined || newestFirst(row, last) > 0);
  return { ...list, ...page, rows: mergeRows(late, page.rows) };
}

/**
 * The list with those in it that waited, no longer than `most` or than it was. What is let go always stands behind the
 * last row, where the list goes on: a row that went from its middle could never be reached again.
 */
function release(list: OpinionList, most: number): OpinionList {
  const known = new Set(list.rows.map((row) => row.document_id));
  const fresh = new Set(list.waiting.map((row) => row.document_id).filter((id) => !known.has(id)));
  // As many as may wait: others of them may be gone, so that what is shown does not follow on.
  const isFull = list.waiting.length >= MOST_ROWS;
  const all = mergeRows(list.waiting, isFull ? [] : list.rows);
  const rows = all.slice(0, Math.max(most, list.rows.length));
  const last = rows.at(-1);
  const isCut = isFull || rows.length < all.length;
  return { ...list, rows, waiting: [], fresh, cursor: isCut && last !== undefined ? behind(last) : list.cursor };
}

/** The cursor of what stands behind a row. */
function behind(row: OpinionRow): string {
  return `${row.published_at},${row.document_id}`;
}
