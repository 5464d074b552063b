/**
 * Search by words and by meaning together, in both languages. Words find names and figures exactly; the embedding finds what
 * is said in other words or in the other language; where the question names a watched entity, its newest documents are a
 * third list, because a watchlist knows a company's names in both languages better than any model. The lists are fused by
 * rank (fusion.ts). Without a model in this process, or when it is busy for too long, words and entities alone answer,
 * and the answer says so.
 */
import { detectLanguage, modelText } from '../../core/text.ts';
import { termsOf } from '../../core/search/terms.ts';
import type { Vector } from '../../core/search/vector.ts';
import type { Clock } from '../../core/clock.ts';
import type { Find, Near, Selection } from './find.ts';
import { fuse, type Fused, type ListName, type Ranked } from './fusion.ts';

/** What a text is near to, by the model that labels now; null where it gives no embeddings. @throws TidewatchError model.failed */
export type EmbedText = (text: string) => Promise<{ vector: Vector; space: string } | null>;

/** Ids of the watched entities that a text names. */
export type EntitiesIn = (text: string) => readonly string[];

export interface Found {
  readonly hits: readonly (Fused & { readonly likeness: number | null })[];
  /** `unavailable`: this process has no model with embeddings; `late`: it was too busy to answer. */
  readonly meaning: 'used' | 'unavailable' | 'late' | 'not_asked';
  /** Entities that the question names. */
  readonly entities: readonly string[];
  readonly language: 'en' | 'zh' | 'other';
}

export interface Searching {
  search(text: string, selection: Selection, by: 'both' | 'words' | 'meaning'): Promise<Found>;
  /** Documents near to this one, without those of its own story; null where the store has no embedding of it. */
  similar(documentId: string, story: string, selection: Selection): Promise<Found | null>;
}

export interface SearchParts {
  readonly find: Find;
  readonly clock: Clock;
  /** Null where this process has no model. */
  readonly embed: EmbedText | null;
  readonly entitiesIn: EntitiesIn;
}

/** Cosines below are chance: docs/search.md says how often two texts about different things reach it. */
export const LEAST_LIKENESS = 0.35;
const MODEL_WAIT_MS = 2_000;

export function createSearching({ find, clock, embed, entitiesIn }: SearchParts): Searching {
  async function embedInTime(text: string): Promise<{ vector: Vector; space: string } | 'unavailable' | 'late'> {
    if (embed === null) return 'unavailable';
    const given = new AbortController();
    const late = clock.sleep(MODEL_WAIT_MS, given.signal).then(
      () => 'late' as const,
      () => 'late' as const,
    );
    const answer = embed(text).then(
      (made) => made ?? ('unavailable' as const),
      () => 'unavailable' as const,
    );
    try {
      return await Promise.race([answer, late]);
    } finally {
      given.abort();
    }
  }

  async function near({ vector, space }: { vector: Vector; space: string }, selection: Selection): Promise<Near[]> {
    return find.withOpinion(await find.byMeaning(vector, space, LEAST_LIKENESS, selection));
  }

  return {
    async search(text, selection, by) {
      const read = modelText(null, text);
      const entities = entitiesIn(text);
      const made = by === 'words' ? 'not_asked' : await embedInTime(read);
      const hasMeaning = typeof made === 'object';
      const [words, meaning, entity] = await Promise.all([
        by === 'meaning' && hasMeaning ? [] : find.byWords(termsOf(null, text), selection).then(find.withOpinion),
        hasMeaning ? near(made, selection) : [],
        by === 'both' ? find.newestAbout(entities, selection) : [],
      ]);
      return {
        hits: withLikeness({ words, meaning, entity }, meaning),
        meaning: hasMeaning ? 'used' : made,
        entities,
        language: detectLanguage(text),
      };
    },

    async similar(documentId, story, selection) {
      const own = await find.vectorOf(documentId);
      if (own === null) return null;
      const others = (await near(own, selection)).filter(
        (one) => one.document_id !== documentId && one.story !== story,
      );
      return { hits: withLikeness({ meaning: others }, others), meaning: 'used', entities: [], language: 'other' };
    },
  };
}

function withLikeness(
  lists: Readonly<Partial<Record<ListName, readonly Ranked[]>>>,
  meaning: readonly { readonly document_id: string; readonly likeness: number }[],
): Found['hits'] {
  const likeness = new Map(meaning.map((one) => [one.document_id, one.likeness]));
  return fuse(lists).map((hit) => ({ ...hit, likeness: likeness.get(hit.document_id) ?? null }));
}
