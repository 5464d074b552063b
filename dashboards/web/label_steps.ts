/**
 * How far one is with the documents that are asked about. Pure. An answer is sent while the next document is already shown, so that
 * labelling is as fast as one reads; one that the server did not take brings its document back, or it would be lost without a word.
 */

interface Question {
  readonly document: { readonly document_id: string };
}

export interface Steps<Asked extends Question> {
  /** Null before the server has said what it asks. */
  readonly queue: readonly Asked[] | null;
  readonly at: number;
  /** Ids of the documents that one is done with: the way on from one that came back leads past those. */
  readonly done: ReadonlySet<string>;
  /** The last one asked before this queue came, so that it can be taken back too. */
  readonly previous: Asked | null;
}

export const NOTHING_ASKED: Steps<never> = { queue: null, at: 0, done: new Set(), previous: null };

/** Another queue begins at its first document. */
export function begun<Asked extends Question>(before: Steps<Asked>, queue: readonly Asked[]): Steps<Asked> {
  return { queue, at: 0, done: new Set(), previous: before.queue?.[before.at - 1] ?? before.previous };
}

/** Past the document that is shown. */
export function goneOn<Asked extends Question>(before: Steps<Asked>): Steps<Asked> {
  const { queue, at } = before;
  const asked = queue?.[at];
  if (queue === null || asked === undefined) return before;
  const done = new Set(before.done).add(idOf(asked));
  const next = queue.findIndex((one, index) => index > at && !done.has(idOf(one)));
  return { ...before, done, at: next < 0 ? queue.length : next };
}

/** Back to a document whose answer was not taken, unless an earlier one is shown already. */
export function refused<Asked extends Question>(before: Steps<Asked>, asked: Asked): Steps<Asked> {
  const index = before.queue?.findIndex((one) => idOf(one) === idOf(asked)) ?? -1;
  return index < 0 ? before : { ...before, at: Math.min(before.at, index), done: without(before.done, asked) };
}

/** What would be taken back: the document before the one that is shown. */
export function lastOf<Asked extends Question>({ queue, at, previous }: Steps<Asked>): Asked | null {
  if (queue === null) return null;
  return at > 0 ? (queue[at - 1] ?? null) : previous;
}

/** Back to that one. */
export function takenBack<Asked extends Question>(before: Steps<Asked>): Steps<Asked> {
  const last = lastOf(before);
  if (before.queue === null || last === null) return before;
  const done = without(before.done, last);
  if (before.at > 0) return { ...before, at: before.at - 1, done };
  // One that was skipped may be asked again by now.
  const others = before.queue.filter((one) => idOf(one) !== idOf(last));
  return { queue: [last, ...others], at: 0, done, previous: null };
}

function idOf({ document }: Question): string {
  return document.document_id;
}

function without(done: ReadonlySet<string>, asked: Question): ReadonlySet<string> {
  const others = new Set(done);
  others.delete(idOf(asked));
  return others;
}
