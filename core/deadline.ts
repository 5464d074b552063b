/**
 * A signal that aborts when so much time is over, or when another one does. It holds its timer itself: a signal of
 * `AbortSignal.timeout` within `AbortSignal.any` may be collected before it fires, and what waits for it then waits for ever
 * (https://github.com/nodejs/node/issues/57736).
 */

/** `ms` by the machine's clock; the reason is a DOMException named TimeoutError. It keeps no process alive. */
export function deadline(ms: number, other?: AbortSignal): AbortSignal {
  const late = new AbortController();
  setTimeout(() => late.abort(new DOMException('no answer in time', 'TimeoutError')), ms).unref();
  return other === undefined ? late.signal : AbortSignal.any([late.signal, other]);
}
