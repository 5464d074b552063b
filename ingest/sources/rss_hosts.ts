/**
 * Politeness towards one host, however many feeds come from it: so many requests at a time, so many a second, and when
 * it asks to be left alone (Retry-After) all of its feeds leave it alone. One gate a client, so one a process.
 * What a redirect leads to is not counted: its host is not known before.
 */
import type { Clock } from '../../core/clock.ts';
import type { HttpClient } from '../../core/http.ts';

export interface HostLimits {
  readonly connections: number;
  readonly requestsPerSecond: number;
}

interface Host {
  open: number;
  /** Epoch milliseconds of the next request that may start. */
  next: number;
  /** Until when the host asked to be left alone. */
  heldUntil: number;
  readonly waiting: (() => void)[];
}

export interface HostGate {
  /** Runs `work` when it is this host's turn. @throws the signal's reason when it aborts before */
  run<Result>(address: string, limits: HostLimits, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
  /** Nobody asks the host of this address before `until`. */
  hold(address: string, until: number): void;
}

const gates = new WeakMap<HttpClient, HostGate>();

/** The gate that all feeds of one client share. */
export function hostGate(http: HttpClient, clock: Clock): HostGate {
  const shared = gates.get(http) ?? createGate(clock);
  gates.set(http, shared);
  return shared;
}

function createGate(clock: Clock): HostGate {
  const hosts = new Map<string, Host>();
  const hostOf = (address: string): Host => {
    const name = URL.canParse(address) ? new URL(address).host : address;
    const host = hosts.get(name) ?? { open: 0, next: 0, heldUntil: 0, waiting: [] };
    hosts.set(name, host);
    return host;
  };

  return {
    async run(address, { connections, requestsPerSecond }, signal, work) {
      const host = hostOf(address);
      while (host.open >= connections) await turn(host, signal);
      host.open += 1;
      try {
        for (let held = -1; held !== host.heldUntil;) {
          // Again where the host asked to be left alone while this request waited: it takes a new place in the line.
          held = host.heldUntil;
          const now = clock.now();
          const at = Math.max(now, host.next, held);
          host.next = at + 1000 / requestsPerSecond;
          if (at > now) await clock.sleep(at - now, signal);
        }
        return await work();
      } finally {
        host.open -= 1;
        host.waiting.shift()?.();
      }
    },
    hold(address, until) {
      const host = hostOf(address);
      host.heldUntil = Math.max(host.heldUntil, until);
    },
  };
}

/** Resolves when a request of this host has ended. */
async function turn(host: Host, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const wake = (): void => {
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const stop = (): void => {
      const place = host.waiting.indexOf(wake);
      if (place !== -1) host.waiting.splice(place, 1);
      reject(signal.reason as Error);
    };
    host.waiting.push(wake);
    signal.addEventListener('abort', stop, { once: true });
  });
}
