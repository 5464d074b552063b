import { describe, expect, it } from 'vitest';
import { either, onAbort } from '../../core/abort.ts';
import { held } from './held_by_signal.ts';

describe('hearing of an abort', () => {
  it('is at once where the signal has aborted', () => {
    let heard = 0;
    onAbort(AbortSignal.abort(), () => (heard += 1));
    expect(heard).toBe(1);
  });

  it('reaches everyone who still waits, each as often as it asked', () => {
    const stop = new AbortController();
    const heard: string[] = [];
    const tell = (): void => void heard.push('twice');
    onAbort(stop.signal, tell);
    onAbort(stop.signal, tell);
    const letGo = onAbort(stop.signal, () => heard.push('never'));
    letGo();
    letGo();
    onAbort(stop.signal, () => heard.push('last'));
    stop.abort();
    expect(heard).toEqual(['twice', 'twice', 'last']);
  });

  it('begins again after everyone has let go', () => {
    const stop = new AbortController();
    onAbort(stop.signal, () => undefined)();
    expect(held(stop.signal)).toBe(0);
    let heard = false;
    onAbort(stop.signal, () => (heard = true));
    stop.abort();
    expect(heard).toBe(true);
  });
});

describe('the first of two signals', () => {
  it.each([0, 1])('aborts with it, for its reason (signal %i)', (index) => {
    const controllers = [new AbortController(), new AbortController()] as const;
    const { signal } = either(controllers[0].signal, controllers[1].signal);
    expect(signal.aborted).toBe(false);
    controllers[index]?.abort(new TypeError('first'));
    controllers[1 - index]?.abort(new RangeError('second'));
    expect(signal.reason).toBeInstanceOf(TypeError);
  });

  it('leaves nothing behind in either once it is let go', () => {
    const [stage, request] = [new AbortController(), new AbortController()];
    for (let round = 0; round < 1_000; round += 1) either(stage.signal, request.signal).letGo();
    expect([held(stage.signal), held(request.signal)]).toEqual([0, 0]);
  });
});
