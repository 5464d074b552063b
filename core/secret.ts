/** Whether two secrets are equal, for every door that asks for a token or a password. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Equality in a time that does not depend on where two texts differ; digests first, so that lengths do not show. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
