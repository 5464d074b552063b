/** The id of a request, in its answer and in every line of the log about it: the caller's own where it is sane. */
import { randomUUID } from 'node:crypto';
import { withoutSecrets } from './secret.ts';

/** `given` is the header X-Request-Id. Long ones, ones with other signs (they could forge a log) or with a secret get a new id. */
export function requestIdOf(given: string | undefined): string {
  const isSane = given !== undefined && /^[\w.:-]{1,64}$/.test(given) && withoutSecrets(given) === given;
  return isSane ? given : randomUUID();
}
