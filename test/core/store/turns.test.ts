import { describe, expect, it } from 'vitest';
import { createTurns } from '../../../core/store/turns.ts';

describe('turns of the embedded store', () => {
  it('run one at a time, writes first, but every fourth goes to a waiting read', async () => {
    const take = createTurns();
    const order: string[] = [];
    let running = 0;
    const task = (name: string) => async (): Promise<void> => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      order.push(name);
      running -= 1;
    };
    await Promise.all([
      ...[1, 2].map((n) => take('read', task(`r${n}`))),
      ...[1, 2, 3, 4, 5, 6, 7].map((n) => take('write', task(`w${n}`))),
    ]);
    expect(order).toEqual(['w1', 'w2', 'w3', 'r1', 'w4', 'w5', 'w6', 'r2', 'w7']);
  });

  it('go on after a task that failed, whose error goes to its own caller', async () => {
    const take = createTurns();
    const failing = take('write', () => Promise.reject(new Error('no')));
    const after = take('write', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await after).toBe('yes');
    await take.idle();
  });
});
