/** What a component is given, for tests: real parts, quiet. */
import type { Context } from '../../core/component.ts';
import { systemClock } from '../../core/clock.ts';
import { createHttpClient } from '../../core/http.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createMemoryState } from '../../core/state/memory.ts';

export function aContext(): Omit<Context, 'name'> {
  return {
    clock: systemClock,
    log: createLogger({ level: 'silent', format: 'json' }),
    metrics: createMetrics(),
    signal: new AbortController().signal,
    http: createHttpClient({ userAgent: 'tidewatch-test' }),
    state: createMemoryState(),
  };
}
