import { describe, expect, it } from 'vitest';
import { keepThread } from '../../../classifier/backends/thread.ts';

const script = new URL('./thread_fixture.ts', import.meta.url);
const start = (onRestart = () => undefined as void) => keepThread<number, number>(script, { refuse: false }, onRestart);

describe('a function in a thread', () => {
  it('answers calls in order', async () => {
    const thread = await start();
    expect(await Promise.all([thread.call(1), thread.call(2), thread.call(3)])).toEqual([2, 4, 6]);
    await thread.close();
  });

  it('passes on what the function throws, and goes on', async () => {
    const thread = await start();
    await expect(thread.call(13)).rejects.toMatchObject({ code: 'model.failed', message: 'unlucky' });
    expect(await thread.call(4)).toBe(8);
    await thread.close();
  });

  it('passes on why it could not start, with the hint', async () => {
    await expect(keepThread(script, { refuse: true }, () => undefined)).rejects.toMatchObject({
      code: 'model.missing',
      hint: 'train one',
    });
  });

  it('fails the calls in hand when the thread dies, and is started again once for the next ones', async () => {
    let restarts = 0;
    const thread = await start(() => {
      restarts += 1;
    });
    const inHand = await Promise.allSettled([thread.call(0), thread.call(5)]);
    for (const call of inHand) expect(call).toMatchObject({ status: 'rejected', reason: { code: 'model.failed' } });
    expect(await Promise.all([thread.call(6), thread.call(7)])).toEqual([12, 14]);
    expect(restarts).toBe(1);
    await thread.close();
  });

  it('lets the calls before a close end', async () => {
    const thread = await start();
    const answer = thread.call(9);
    await thread.close();
    expect(await answer).toBe(18);
    await expect(thread.call(1)).rejects.toMatchObject({ code: 'model.failed' });
  });
});
