/** Names of entities that the page has heard of, so that a page can be titled before its answer is there. */
import type { Names } from '../contract.ts';

const known = new Map<string, Names>();

export function rememberNames(entities: readonly { readonly id: string; readonly name: Names }[]): void {
  for (const { id, name } of entities) known.set(id, name);
}

/** The name of an entity, or its id where nothing has named it yet. */
export function nameOfEntity(id: string, language: 'en' | 'zh'): string {
  return known.get(id)?.[language] ?? id;
}
