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
  /** Those that one went on from, the last at the end; the first may be of the queue before, so that it can be taken back too. */
  readonly left: readonly Asked[];
}

export const NOTHING_ASKED: Steps<never> = { queue: null, at: 0, done: new Set(), left: [] };

/** Another queue begins at its first document. */
export function begun<Asked extends Question>(before: Steps<Asked>, queue: readonly Asked[]): Steps<Asked> {
  return { queue, at: 0, done: new Set(), left: before.left.slice(-1) };
}

/** Past the document that is shown, to the first that one is not done with: it may be one that came back. */
export function goneOn<Asked extends Question>(before: Steps<Asked>): Steps<Asked> {
  const { queue, at } = before;
  const asked = queue?.[at];
  if (queue === null || asked === undefined) return before;
  const done = new Set(before.done).add(idOf(asked));
  const next = queue.findIndex((one) => !done.has(idOf(one)));
  return { ...before, done, at: next < 0 ? queue.length : next, left: [...before.left, asked] };
}

/** Back to a document whose answer was not taken, unless an earlier one is shown already. */
export function refused<Asked extends Question>(before: Steps<Asked>, asked: Asked): Steps<Asked> {
  const index = before.queue?.findIndex((one) => idOf(one) === idOf(asked)) ?? -1;
  if (index < 0) return before;
  const left = before.left.filter((one) => idOf(one) !== idOf(asked));
  return { ...before, at: Math.min(before.at, index), done: without(before.done, asked), left };
}

/** What would be taken back: the document that one left last, which need not stand before the one that is shown. */
export function lastOf<Asked extends Question>({ queue, left }: Steps<Asked>): Asked | null {
  return queue === null ? null : (left.at(-1) ?? null);
}

/** Back to that one. */
export function takenBack<Asked extends Question>(before: Steps<Asked>): Steps<Asked> {
  const last = lastOf(before);
  if (before.queue === null || last === null) return before;
  const [done, left] = [without(before.done, last), before.left.slice(0, -1)];
  if (before.done.has(idOf(last))) {
    return { ...before, at: before.queue.findIndex((one) => idOf(one) === idOf(last)), done, left };
  }
  // One that was skipped may be asked again by now.
  const others = before.queue.filter((one) => idOf(one) !== idOf(last));
  return { queue: [last, ...others], at: 0, done, left };
}

function idOf({ document }: Question): string {
  return document.document_id;
}

function without(done: ReadonlySet<string>, asked: Question): ReadonlySet<string> {
  const others = new Set(done);
  others.delete(idOf(asked));
  return others;
}
