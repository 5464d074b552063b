/** Names of entities that the page has heard of, so that a page can be titled before its answer is there. */
import { useEffect, useState } from 'preact/hooks';
import type { EntitiesAnswer, Names } from '../contract.ts';
import { queryOf } from './address.ts';
import { fetchAnswer } from './remote.ts';

const known = new Map<string, Names>();

export function rememberNames(entities: readonly { readonly id: string; readonly name: Names }[]): void {
  for (const { id, name } of entities) known.set(id, name);
}

/** The name of an entity, or its id where nothing has named it yet. */
export function nameOfEntity(id: string, language: 'en' | 'zh'): string {
  return known.get(id)?.[language] ?? id;
}

/** Learns the name of an entity that a shared link brought, from the watchlist: it knows those too of whom nothing was said. */
export async function learnName(id: string, signal: AbortSignal): Promise<void> {
  if (known.has(id)) return;
  const { entities } = await fetchAnswer<EntitiesAnswer>(`/api/entities?${queryOf({ q: id, limit: '5' })}`, signal);
  rememberNames(entities);
}

/** The name of an entity, once it is learned where nothing has named it yet. Null asks nothing. */
export function useEntityName(id: string | null, language: 'en' | 'zh'): string | null {
  const [, setLearned] = useState('');
  useEffect(() => {
    if (id === null) return undefined;
    const abort = new AbortController();
    learnName(id, abort.signal).then(
      () => setLearned(id),
      () => undefined,
    );
    return () => abort.abort();
  }, [id]);
  return id === null ? null : nameOfEntity(id, language);
}
