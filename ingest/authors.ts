/**
 * Who wrote, as it is kept: not the name but its HMAC-SHA256 under a salt of this installation, so that caps, support and
 * evidence still know one author from another while nothing that is kept says who it is (GDPR, article 4(5):
 * pseudonymisation). The salt is made once and lies in the state, or comes from the settings where several processes
 * take documents in. Rejected: a plain hash (a list of handles undoes it), encryption (the key undoes it, too).
 *
 * In a replay the salt is always the same, since ids of documents without id and address hang on it, and a feed that is replayed
 * gives the same to the byte: there, hashed names can be guessed, unless the settings have a salt.
 *
 * Case, width and a leading "@" make no difference: "@Ann" and "ann" are one author.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { State } from '../core/state/state.ts';
import { cleanText } from '../core/text.ts';

export interface Authors {
  /** The author as documents carry it: `u_` and 32 hex digits, or the name itself where settings say `plain`. */
  stored(name: string): string;
  /** The same of a name out of what was kept already, where it is in the stored form: hashed twice, nobody finds it again. */
  storedOnce(name: string): string;
  /** Every form in which a name may have been stored under these or earlier settings. */
  forms(name: string): readonly string[];
  /** Makes the salt durable, once. @throws TidewatchError storage.* */
  keep(): Promise<void>;
}

export interface AuthorSettings {
  readonly authors?: 'hashed' | 'plain' | undefined;
  readonly author_salt?: string | undefined;
}

const TABLE = 'ingest_authors';
const HASHED = /^u_[0-9a-f]{32}$/;
/** Of a replay. */
export const REPLAYED = 'a replay repeats itself';
const NAMES = new Set(['author', 'user', 'username', 'creator']);

/** @param fallback the salt where neither the settings nor the state has one */
export function openAuthors(
  { authors, author_salt }: AuthorSettings,
  state: State,
  fallback = randomBytes(32).toString('hex'),
): Authors {
  const table = state.table<string>(TABLE);
  const known = author_salt ?? table.get('salt');
  const salt = known ?? fallback;
  let isKept = known !== undefined;

  const hashed = (name: string): string => {
    const plain = cleanText(name).replace(/^@/, '').toLowerCase();
    return `u_${createHmac('sha256', salt).update(plain).digest('hex').slice(0, 32)}`;
  };
  const stored = (name: string): string => (authors === 'plain' ? name : hashed(name));
  return {
    stored,
    storedOnce: (name) => (HASHED.test(name) ? name : stored(name)),
    forms: (name) => [...new Set([hashed(name), cleanText(name).slice(0, 200).toWellFormed(), name])],
    async keep() {
      if (isKept) return;
      await table.put('salt', salt);
      isKept = true;
    },
  };
}

/** A refused record without its author's name, where it stands under one of the common names; `stored` makes its form. */
export function withStoredAuthor(value: unknown, stored: Authors['stored']): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => {
    if (!NAMES.has(key.toLowerCase())) return [key, inner];
    if (typeof inner === 'string' && inner !== '') return [key, stored(inner)];
    return [key, typeof inner === 'object' ? null : inner];
  });
  return Object.fromEntries(entries) as unknown;
}
