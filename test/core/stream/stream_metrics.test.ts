import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { Lag } from '../../../core/stream/stream.ts';
import { createStreamMetrics } from '../../../core/stream/stream_metrics.ts';

describe('metrics of a stream', () => {
  it('tell the lag of each reader as it is when they are scraped, and nothing while nobody can say', async () => {
    const registry = new Registry();
    const metrics = createStreamMetrics(registry);
    let lag: Lag | null = { messages: 7, seconds: 1.5, partitions: new Map() };
    metrics.watch({ lag: () => (lag === null ? Promise.reject(new Error('no brokers')) : Promise.resolve(lag)) }, [
      ['documents', 'classifier'],
    ]);
    const labels = '{topic="documents",group="classifier"}';
    expect(await registry.metrics()).toContain(`tidewatch_stream_lag_messages${labels} 7`);
    lag = { messages: 0, seconds: 0, partitions: new Map() };
    const after = await registry.metrics();
    expect(after).toContain(`tidewatch_stream_lag_messages${labels} 0`);
    expect(after).toContain(`tidewatch_stream_lag_seconds${labels} 0`);
    lag = null;
    expect(await registry.metrics()).not.toContain(labels);
  });

  it('count readers that start anew by why', async () => {
    const registry = new Registry();
    const metrics = createStreamMetrics(registry);
    metrics.restarted('documents', 'classifier', 'stalled');
    expect(await registry.metrics()).toContain(
      'tidewatch_stream_reader_restarts_total{topic="documents",group="classifier",why="stalled"} 1',
    );
  });
});
