import type { KafkaMessage } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { TidewatchError } from '../../../core/errors.ts';
import { createPartition } from '../../../core/stream/kafka_partition.ts';

const message = (offset: number): KafkaMessage => ({
  key: Buffer.from('k'),
  value: Buffer.from(String(offset)),
  timestamp: '0',
  attributes: 0,
  offset: String(offset),
  headers: {},
});

describe('a partition of which an acknowledgement failed', () => {
  it('hands nothing on any more, and so commits nothing over what was not acknowledged', async () => {
    const commits: (readonly [number | undefined, number])[] = [];
    const failed: unknown[] = [];
    const partition = createPartition<number>(
      0,
      {
        begin: () => Promise.resolve(0),
        // Another reader has fenced it; a second try would succeed.
        commit(from, to) {
          commits.push([from, to]);
          return commits.length === 1
            ? Promise.reject(new TidewatchError('storage.unavailable', 'fenced'))
            : Promise.resolve();
        },
        retire: () => undefined,
        close: () => Promise.resolve(),
      },
      {
        changed: () => undefined,
        committed: () => undefined,
        failed: (error) => failed.push(error),
        room: () => Promise.resolve(),
      },
    );
    partition.start(180, 180);
    partition.push(
      Array.from({ length: 60 }, (_, index) => message(180 + index)),
      240,
      240,
    );
    await expect(partition.take(20).acknowledge()).rejects.toThrow('fenced');
    // Its reader starts anew some time later, and goes on until then with what it has.
    if (partition.buffered() > 0) await partition.take(20).acknowledge();
    expect(commits).toEqual([[180, 200]]);
    expect(failed).toHaveLength(1);
    expect(partition.revoked).toBe(true);
  });
});
