import { describe, expect, it } from 'vitest';
import { nextTurn } from '../../../core/stream/kafka_turn.ts';
import type { OwnedPartition } from '../../../core/stream/kafka_partition.ts';

const NOW = 10_000;
const OPTIONS = { maxMessages: 10, maxWaitMs: 50 };
const timeOf = (value: unknown): number => Number(value);

interface Facts {
  readonly index: number;
  readonly buffered: number;
  readonly next?: number;
  readonly since?: number;
  readonly more?: boolean;
  readonly emptySince?: number;
}

function partition({ index, buffered, next = 0, since = NOW, more = false, emptySince = 0 }: Facts) {
  return {
    index,
    buffered: () => buffered,
    nextTime: () => next,
    waitingSince: () => since,
    hasMore: () => more,
    emptySince: () => emptySince,
  } as Partial<OwnedPartition<unknown>> as OwnedPartition<unknown>;
}

describe('whose turn it is among partitions', () => {
  it('is the one whose next message is the earliest, where messages have times', () => {
    const owned = [
      partition({ index: 0, buffered: 10, next: 300, since: NOW - 90 }),
      partition({ index: 1, buffered: 3, next: 200 }),
      partition({ index: 2, buffered: 10, next: 400 }),
    ];
    expect(nextTurn(owned, { ...OPTIONS, timeOf }, 0, NOW)).toMatchObject({ partition: { index: 1 }, waitMs: 0 });
  });

  it('comes a moment later while one that was just emptied has more at the broker, and no longer than that', () => {
    const filled = partition({ index: 0, buffered: 10, next: 300 });
    const emptied = partition({ index: 1, buffered: 0, more: true, emptySince: NOW - 100 });
    expect(nextTurn([filled, emptied], { ...OPTIONS, timeOf }, 0, NOW)?.waitMs).toBe(200);
    expect(nextTurn([filled, emptied], { ...OPTIONS, timeOf }, 0, NOW + 200)?.waitMs).toBe(0);
    const through = partition({ index: 1, buffered: 0, more: false, emptySince: NOW });
    expect(nextTurn([filled, through], { ...OPTIONS, timeOf }, 0, NOW)?.waitMs).toBe(0);
  });

  it('goes round among full ones, and else to what has waited longest, where messages have no times', () => {
    const owned = [partition({ index: 0, buffered: 10 }), partition({ index: 1, buffered: 10, since: NOW - 1 })];
    expect([1, 2, 3].map((turn) => nextTurn(owned, OPTIONS, turn, NOW)?.partition.index)).toEqual([1, 0, 1]);
    const few = [partition({ index: 0, buffered: 2 }), partition({ index: 1, buffered: 2, since: NOW - 20 })];
    expect(nextTurn(few, OPTIONS, 0, NOW)).toMatchObject({ partition: { index: 1 }, waitMs: 30 });
    expect(nextTurn([partition({ index: 0, buffered: 0 })], OPTIONS, 0, NOW)).toBeUndefined();
  });
});
