import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { deadline } from '../../core/deadline.ts';
import { held } from './held_by_signal.ts';

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

  it('leaves nothing behind in the other signal once its time is over', async () => {
    const stop = new AbortController();
    const ended = await Promise.all(Array.from({ length: 1_000 }, () => aborted(deadline(1, stop.signal))));
    expect(new Set(ended)).toEqual(new Set(['TimeoutError']));
    expect(held(stop.signal)).toBe(0);
  });

  it('takes one listener of the other signal, however many wait', async () => {
    const stop = new AbortController();
    const waiting = Array.from({ length: 100 }, () => aborted(deadline(60_000, stop.signal)));
    expect(held(stop.signal)).toBe(1);
    stop.abort(new TypeError('stopped'));
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['TypeError']));
  });
});
