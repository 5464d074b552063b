/**
 * How often one caller may ask: the generic cell rate algorithm (ITU-T I.371), which is a token bucket that keeps one
 * number a caller. In the process' memory on purpose: it guards this process. Rejected: rate-limiter-flexible (its point
 * is stores shared by processes) and hono-rate-limiter (two of our doors speak node:http without Hono).
 */

/** Callers remembered; beyond, those that were idle longest are forgotten. */
const MOST_CALLERS = 10_000;

export interface RateLimit {
  /** Counts one request. 0 where it may pass, else the milliseconds after which the next one would. */
  take(caller: string): number;
  /** As `take`, without counting. */
  wait(caller: string): number;
}

/** `perMinute` on average, and as many at once after a minute of rest. `now` gives milliseconds that never run back. */
export function createRateLimit(perMinute: number, now: () => number = () => performance.now()): RateLimit {
  const interval = 60_000 / perMinute;
  const tolerance = 60_000 - interval;
  /** Theoretical arrival time: when the caller's bucket will be full again. */
  const full = new Map<string, number>();
  const waitOf = (caller: string, at: number): number => Math.max(0, (full.get(caller) ?? at) - tolerance - at);
  return {
    wait: (caller) => waitOf(caller, now()),
    take(caller) {
      const at = now();
      const wait = waitOf(caller, at);
      if (wait > 0) return wait;
      const next = Math.max(full.get(caller) ?? at, at) + interval;
      full.delete(caller);
      full.set(caller, next);
      for (const key of full.keys()) {
        if (full.size <= MOST_CALLERS) break;
        full.delete(key);
      }
      return 0;
    },
  };
}

/** The address as a caller: an IPv6 network of 64 bits is one caller, since each of its hosts has 2^64 addresses. */
export function callerOf(address: string | undefined): string {
  if (address === undefined) return 'address:unknown';
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
  if (!plain.includes(':')) return `address:${plain}`;
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  const groups = [...front, ...zeros, ...back].slice(0, 4);
  return `address:${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
