import { getEventListeners } from 'node:events';

/** How many wait at a signal: its listeners, and the signals that `AbortSignal.any` made of it, as Node keeps count of them. */
export function held(signal: AbortSignal): number {
  const dependants = Object.getOwnPropertySymbols(signal)
    .filter((symbol) => symbol.description === 'kDependantSignals')
    .map((symbol) => (signal as unknown as Record<symbol, Set<unknown> | undefined>)[symbol]?.size ?? 0);
  return getEventListeners(signal, 'abort').length + dependants.reduce((sum, size) => sum + size, 0);
}
