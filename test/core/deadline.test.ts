import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { deadline } from '../../core/deadline.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Waits for the signal as a fetch does: by a listener, without holding the signal. */
function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve((signal.reason as Error).name), { once: true });
  });
}

describe('a deadline', () => {
  it('fires although nobody but a listener remembers it and the memory is cleaned up meanwhile', async () => {
    const stop = new AbortController();
    const fired = aborted(deadline(150, stop.signal));
    for (let round = 0; round < 5; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      collect();
    }
    expect(await fired).toBe('TimeoutError');
  });

  it('passes on the end of the other signal, at once where that is over already', async () => {
    const stop = new AbortController();
    const fired = aborted(deadline(60_000, stop.signal));
    stop.abort(new TypeError('stopped'));
    expect(await fired).toBe('TypeError');
    expect(deadline(60_000, stop.signal).aborted).toBe(true);
  });
});
