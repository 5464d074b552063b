/**
 * A signal that aborts when so much time is over, or when another one does. It holds its timer itself: a signal of
 * `AbortSignal.timeout` within `AbortSignal.any` may be collected before it fires, and what waits for it then waits for ever
 * (https://github.com/nodejs/node/issues/57736). The timer also lets go of the other signal: what that one holds is bounded by
 * the time given.
 */
import { onAbort } from './abort.ts';

/** `ms` by the machine's clock; the reason is a DOMException named TimeoutError. It keeps no process alive. */
export function deadline(ms: number, other?: AbortSignal): AbortSignal {
  const ended = new AbortController();
  let letGo = (): void => undefined;
  const timer = setTimeout(() => {
    letGo();
    ended.abort(new DOMException('no answer in time', 'TimeoutError'));
  }, ms).unref();
  if (other !== undefined) {
    letGo = onAbort(other, () => {
      clearTimeout(timer);
      ended.abort(other.reason);
    });
  }
  return ended.signal;
}
