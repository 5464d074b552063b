/** What the status of a feed's answer means for the feed: go on, come again later, or that it is gone. Pure. */
import { TidewatchError, redactUrl } from '../../core/errors.ts';
import type { FetchResult } from '../../core/http.ts';
import { retryAfterMs } from './retry_after.ts';

/** 410 at the address of the settings: the publisher says that the feed will not come back. */
export class FeedGone extends TidewatchError {}

/**
 * `hasMoved`: asked was not the address of the settings but one that it once led to; that one may be gone for good while
 * the first leads to a third by now. `now` in epoch milliseconds.
 * @throws TidewatchError http.status, http.unavailable (with Retry-After) for any status but 200
 */
export function checkStatus(
  { status, headers }: Pick<FetchResult, 'status' | 'headers'>,
  address: string,
  hasMoved: boolean,
  now: number,
): void {
  if (status === 200) return;
  const where = redactUrl(address);
  if (status === 410 && !hasMoved) {
    throw new FeedGone('http.status', `${where} is gone for good (410); it is not fetched again`, {
      hint: 'Take this source out of the settings, or give its new address.',
    });
  }
  const after = retryAfterMs(headers['retry-after'], now);
  const wait = after === null ? {} : { retryAfterMs: after };
  if (status === 429 || status >= 500) {
    throw new TidewatchError('http.unavailable', `${where} answered ${status}`, wait);
  }
  throw new TidewatchError('http.status', `${where} answered ${status}`, { hint: hintFor(status, hasMoved), ...wait });
}

function hintFor(status: number, hasMoved: boolean): string {
  if (status === 401 || status === 403)
    return 'It wants a log-in, or refuses programs: ask the publisher for a feed address.';
  if (hasMoved) return 'The feed had moved there; the address in the settings is asked again next.';
  return 'Look for the present address of the feed on the publisher’s site.';
}
