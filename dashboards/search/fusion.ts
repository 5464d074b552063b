/**
 * Several orders of the same documents as one: reciprocal rank fusion (Cormack, Clarke & Büttcher 2009). A document's score
 * is the sum of 1 / (60 + its place) over the lists that have it, so that no list's scale has to be known. Pure.
 * Rejected: weighted sums of scores (BM25 has no upper end, cosines crowd near one value).
 */

const DAMPING = 60;

export interface Ranked {
  readonly document_id: string;
  readonly published_at: string;
  readonly story: string;
}

export type ListName = 'words' | 'meaning' | 'entity';

export interface Fused extends Ranked {
  readonly score: number;
  /** Lists that found it. */
  readonly by: readonly ListName[];
  /** Further documents of the same story among what was found. */
  readonly copies: number;
}

/** Best first; of a story only its best document; equal scores newest first. */
export function fuse(lists: Readonly<Partial<Record<ListName, readonly Ranked[]>>>): Fused[] {
  const found = new Map<string, { own: Ranked; score: number; by: ListName[] }>();
  for (const name of Object.keys(lists) as ListName[]) {
    (lists[name] ?? []).forEach((own, index) => {
      const known = found.get(own.document_id) ?? { own, score: 0, by: [] };
      known.score += 1 / (DAMPING + index + 1);
      known.by.push(name);
      found.set(own.document_id, known);
    });
  }
  const newestFirst = (a: Ranked, b: Ranked): number =>
    Number(b.published_at > a.published_at) - Number(b.published_at < a.published_at);
  const ordered = [...found.values()].sort((a, b) => b.score - a.score || newestFirst(a.own, b.own));
  const stories = new Map<string, Fused>();
  for (const { own, score, by } of ordered) {
    const story = own.story === '' ? own.document_id : own.story;
    const first = stories.get(story);
    if (first === undefined) stories.set(story, { ...own, score, by, copies: 0 });
    else stories.set(story, { ...first, copies: first.copies + 1 });
  }
  return [...stories.values()];
}
