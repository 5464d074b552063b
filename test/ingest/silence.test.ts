import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReplayClock, systemClock, type Clock } from '../../core/clock.ts';
import type { SourceNews } from '../../core/health.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

/** A clock on which a real second is three hours. */
function fastClock(): Clock {
  const start = Date.now();
  const speed = 10_800;
  return {
    now: () => start + (Date.now() - start) * speed,
    sleep: (ms, signal) => systemClock.sleep(Math.max(2, ms / speed), signal),
  };
}

/** Waits for what a busy machine may take long to bring about. */
async function eventually(holds: () => boolean): Promise<void> {
  const end = performance.now() + 40_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('It did not come about in forty seconds.');
    await systemClock.sleep(10);
  }
}

describe('a source that stops', { timeout: 120_000 }, () => {
  let bench: Workbench;
  let clock: Clock;
  /** Seconds; null: items without a date. */
  let age: number | null = null;
  let mode: 'lively' | 'quiet' | 'gone' = 'lively';
  const server = createServer((_, response) => {
    if (mode === 'gone') {
      response.writeHead(410).end();
      return;
    }
    if (mode === 'lively') count += 3;
    const date = age === null ? '' : `<pubDate>${new Date(clock.now() - age * 1000).toUTCString()}</pubDate>`;
    const items = Array.from({ length: 3 }, (__, index) => `<item><guid>g${count - index}</guid><title>Report ${count - index} of ${(count - index) * 7919}</title>${date}</item>`); // prettier-ignore
    response.end(`<rss version="2.0"><channel>${items.join('')}</channel></rss>`);
  });
  let count = 0;
  beforeEach(async () => {
    mode = 'lively';
    age = null;
    clock = fastClock();
    bench = await openWorkbench(clock);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  });
  afterEach(async () => {
    await bench.close();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  });

  const start = async (name = 'wire') => {
    const { port } = server.address() as AddressInfo;
    await bench.stream.createGroup(TOPICS.sources, 'test');
    const stage = await bench.start({
      dead_after_hours: 3,
      quiet_probability: 0.001,
      sources: [{ type: 'rss', name, url: `http://127.0.0.1:${port}/`, max_every_secs: 600 }],
    });
    return { stage, health: () => stage.health()[0] };
  };
  const news = async (wanted: number): Promise<SourceNews[]> => {
    const found: SourceNews[] = [];
    const { signal } = new AbortController();
    for await (const delivery of bench.stream.subscribe<SourceNews>(TOPICS.sources, 'test', {
      maxMessages: 10,
      maxWaitMs: 5,
      signal,
    })) {
      // prettier-ignore
      found.push(...delivery.messages.map(({ value }) => value));
      await delivery.acknowledge();
      if (found.length >= wanted) break;
    }
    return found;
  };

  const diesAndStops = async (): Promise<void> => {
    const { stage, health } = await start();
    await eventually(() => (health()?.items ?? 0) > 3);
    mode = 'gone';
    expect((await news(1))[0]?.status).toBe('dead');
    await stage.stop();
  };

  it('is called quiet by its own usual rate, though it answers; that is told once, and so is its recovery', async () => {
    const { health } = await start();
    await eventually(() => health()?.usual_per_hour !== null && (health()?.items ?? 0) > 60);
    expect(health()).toMatchObject({ status: 'ok', reason: null });
    expect(health()?.usual_per_hour).toBeGreaterThan(0);
    mode = 'quiet';
    await eventually(() => health()?.status === 'quiet');
    expect(health()?.reason).toMatch(/It answers, but has brought nothing since .* documents were usual/);
    const [quiet] = await news(1);
    expect(quiet).toMatchObject({ name: 'wire', status: 'quiet', cause: { kind: 'silence' } });
    mode = 'lively';
    await eventually(() => health()?.status === 'ok');
    const [well] = await news(1);
    expect(well).toMatchObject({ name: 'wire', status: 'ok', reason: null });
    expect(well).not.toHaveProperty('cause');
    expect(bench.lines.filter(({ level, msg }) => level === 40 && msg.includes('wire is quiet'))).toHaveLength(1);
  });

  it('is still called quiet after a restart, and nobody is told that it is well', async () => {
    const { stage, health } = await start();
    await eventually(() => health()?.usual_per_hour !== null && (health()?.items ?? 0) > 60);
    mode = 'quiet';
    expect(await news(1)).toMatchObject([{ name: 'wire', status: 'quiet' }]);
    await stage.stop();
    const again = await start();
    await eventually(() => again.health()?.status !== 'starting');
    const asked = again.health()?.last_success_at;
    await eventually(() => again.health()?.last_success_at !== asked);
    expect(again.health()).toMatchObject({ status: 'quiet', items: 0 });
    mode = 'lively';
    await eventually(() => again.health()?.status === 'ok');
    const told = bench.lines.filter(({ msg }) => /wire is (quiet|well)/.test(msg)).map(({ msg }) => msg.slice(0, 13));
    await news(1);
    expect(told.slice(0, 1)).toEqual(['wire is quiet']);
    expect(bench.lines.filter(({ msg }) => msg.includes('wire is well again'))).toHaveLength(1);
  });

  it('says how old its newest document was when it came, after a restart too, and not where no date is given', async () => {
    const { stage, health } = await start();
    await eventually(() => (health()?.items ?? 0) > 3);
    expect(health()?.lag_secs).toBeNull();
    // On this clock seven days are a minute.
    age = 7 * 86_400;
    await eventually(() => typeof health()?.lag_secs === 'number');
    await stage.stop();
    const lag = health()?.lag_secs ?? 0;
    expect(lag).toBeGreaterThan(7 * 86_400);
    expect(lag).toBeLessThan(14 * 86_400);
    mode = 'gone';
    const again = await start();
    expect(again.health()?.lag_secs).toBe(health()?.lag_secs);
    expect(again.health()?.last_item_at).toBe(health()?.last_item_at);
  });

  it('is called dead when its origin says so, and that is told', async () => {
    const { health } = await start();
    await eventually(() => (health()?.items ?? 0) > 3);
    mode = 'gone';
    expect(await news(1)).toMatchObject([
      { name: 'wire', status: 'dead', reason: expect.stringContaining('410') as string },
    ]);
    expect(health()?.status).toBe('dead');
  });

  it('and works again when the next start asks it is told of as well', async () => {
    await diesAndStops();
    mode = 'lively';
    await start();
    expect(await news(1)).toMatchObject([{ name: 'wire', status: 'ok' }]);
  });

  it('and has left the settings at the next start is said to be gone, once; one that was well is not', async () => {
    await diesAndStops();
    mode = 'lively';
    const other = await start('other');
    expect(await news(1)).toMatchObject([{ name: 'wire', status: 'removed' }]);
    await eventually(() => (other.health()?.items ?? 0) > 3);
    await other.stage.stop();
    mode = 'gone';
    await start('third');
    // Neither the first, which was told of already, nor the second, which was well.
    expect(await news(1)).toMatchObject([{ name: 'third', status: 'dead' }]);
  });

  it('is not said to be gone by a replay, which has a source of its own', async () => {
    await diesAndStops();
    const path = join(bench.folder, 'feed.jsonl');
    writeFileSync(path, `${JSON.stringify({ id: 'a', text: 'Loss', published_at: '2026-01-01T00:00:00Z' })}\n`);
    const replay = await bench.start(
      { sources: [{ type: 'file', name: 'feed', path }] },
      { clock: createReplayClock(0) },
    );
    await replay.finished;
    await replay.stop();
    mode = 'lively';
    await start();
    expect(await news(1)).toMatchObject([{ name: 'wire', status: 'ok' }]);
  });

  it('is called dead when it has failed for too long, is tried on, and is well again when it answers', async () => {
    const { health } = await start();
    await eventually(() => (health()?.items ?? 0) > 3);
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    expect(await news(1)).toMatchObject([{ name: 'wire', status: 'dead' }]);
    expect(health()?.reason).toMatch(/It has failed since .*ECONNREFUSED/);
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    expect(await news(1)).toMatchObject([{ name: 'wire', status: 'ok' }]);
  });
});
