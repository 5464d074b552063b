import { describe, expect, it } from 'vitest';
import { createGathering, inFlight } from '../../classifier/gathering.ts';
import { systemClock } from '../../core/clock.ts';

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

function gathering(gather: { rows: number; waitMs: number } | undefined, slow?: Promise<void>) {
  const written: number[][] = [];
  const failures: unknown[] = [];
  const made = createGathering<number>(gather, {
    clock: systemClock,
    rowsOf: (item) => item,
    async write(items) {
      if (items.includes(13)) throw new Error('unlucky');
      written.push([...items]);
      await slow;
    },
    failed: (error) => failures.push(error),
  });
  return { ...made, written, failures };
}

describe('labelled deliveries on their way to the store', () => {
  it('go one by one, in order, to a store that does not gather', async () => {
    const { add, finish, written } = gathering(undefined);
    for (const item of [5, 3, 8]) add(item);
    await finish();
    expect(written).toEqual([[5], [3], [8]]);
  });

  it('go together as soon as there are rows enough, long before the time is over', async () => {
    const { add, written } = gathering({ rows: 10, waitMs: 60_000 });
    add(4);
    add(4);
    await settled();
    expect(written).toEqual([]);
    add(4);
    await settled();
    expect(written).toEqual([[4, 4, 4]]);
  });

  it('go when the time is over, however few they are', async () => {
    const { add, written } = gathering({ rows: 10, waitMs: 30 });
    add(1);
    add(2);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(written).toEqual([[1, 2]]);
  });

  it('gather while an insert is under way, and go without waiting when the stage stops', async () => {
    let release: (() => void) | undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const { add, finish, written } = gathering({ rows: 3, waitMs: 60_000 }, slow);
    for (const item of [3, 1, 1]) add(item);
    await settled();
    expect(written).toEqual([[3]]);
    const finished = finish();
    release?.();
    await finished;
    expect(written).toEqual([[3], [1, 1]]);
  });

  it('stop at the first failure: what comes behind it is not written, and the failure is told twice', async () => {
    const { add, finish, written, failures } = gathering(undefined);
    for (const item of [1, 13, 2]) add(item);
    await expect(finish()).rejects.toThrow('unlucky');
    expect(written).toEqual([[1]]);
    expect(failures).toHaveLength(1);
  });

  it('may be as many at once as fill an insert', () => {
    expect(inFlight(undefined, 256)).toBe(2);
    expect(inFlight({ rows: 10_000, waitMs: 1000 }, 256)).toBe(41);
  });
});
