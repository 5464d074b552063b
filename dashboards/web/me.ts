/**
 * Who sits here. The server knows it where the token has a name: that name signs what is written, so it is the one that the page
 * compares authors with. Elsewhere it is what was typed once and kept in this browser. Until the server has answered nobody is
 * meant: a name that is wrong for half a second would show other people's words as one's own.
 */
import { useEffect, useState } from 'preact/hooks';
import type { MeAnswer } from '../contract.ts';
import { fetchAnswer, Refusal } from './remote.ts';

const AGAIN_MS = 2_000;
const KEY = 'tidewatch.person';

/** undefined: not known yet. null: the server does not say. */
export type Me = MeAnswer | null | undefined;

export interface WhoAsks {
  readonly me: Me;
  /** What `me` will be. */
  readonly known: Promise<MeAnswer | null>;
}

export function useMe(): WhoAsks {
  const [me, setMe] = useState<Me>(undefined);
  const [known] = useState(ask);
  useEffect(() => void known.then(setMe), [known]);
  return { me, known };
}

async function ask(): Promise<MeAnswer | null> {
  for (;;) {
    try {
      return await fetchAnswer<MeAnswer>('/api/me');
    } catch (error) {
      if (error instanceof Refusal && error.status < 500) return null;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

export function readTypedName(): string | null {
  try {
    return localStorage.getItem(KEY) || null;
  } catch {
    return null;
  }
}

export function keepTypedName(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // A private window: asked again on the next visit.
  }
}
