/** What readers of live events are told where much happens at once, or the store fails in between: all of it, or a reset. */
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../core/clock.ts';
import { createLogger } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import { createLive, type Live } from '../../dashboards/live.ts';
import type { Queries } from '../../dashboards/queries.ts';

/** Polls follow each other at once. */
const clock: Clock = { ...systemClock, sleep: (_, signal) => systemClock.sleep(5, signal) };

describe('live events of a busy store', () => {
  let live: Live | undefined;
  afterEach(() => live?.close());

  /** A stream over a store that is made up; what was told so far is `told`. */
  async function listen(queries: Partial<Queries>): Promise<{ told: () => string }> {
    const empty: Partial<Queries> = {
      lastLabelled: () => Promise.resolve(0),
      labelledSince: () => Promise.resolve([]),
      alertRevisions: () => Promise.resolve([]),
    };
    live = createLive({
      queries: { ...empty, ...queries } as Queries,
      clock,
      log: createLogger({ level: 'silent', format: 'json' }),
      metrics: createMetrics(),
      signal: new AbortController().signal,
      sources: () => null,
    });
    const { body } = await live.open(null);
    let text = '';
    void (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
    })();
    return { told: () => text };
  }
  const alerts = (changed: () => number): Pick<Queries, 'alert' | 'alertRevisions'> => ({
    alert: ((alert_id: string) => Promise.resolve({ alert_id })) as unknown as Queries['alert'],
    alertRevisions: () =>
      Promise.resolve(
        Array.from({ length: changed() }, (_, index) => ({ alert_id: `a${index}`, revision: 1, stored: 1000 + index })),
      ),
  });
  const idsIn = (text: string): Set<string> =>
    new Set([...text.matchAll(/"alert_id":"(a\d+)"/g)].map(([, id]) => id ?? ''));
  const until = async (holds: () => boolean): Promise<void> => {
    for (let tries = 0; !holds(); tries += 1) {
      if (tries > 1_000) throw new Error('It was not told within ten seconds.');
      await systemClock.sleep(10);
    }
  };

  it('tell every alert that changed between two polls', async () => {
    let changed = 0;
    const { told } = await listen(alerts(() => changed));
    changed = 80;
    await until(() => told().includes('event: alerts'));
    expect(idsIn(told()).size).toBe(80);
    expect(told()).toContain('id: 0-1079\n');
  });

  it('say by a reset that more alerts changed than are worth telling', async () => {
    let changed = 0;
    const { told } = await listen(alerts(() => changed));
    changed = 300;
    await until(() => told().includes('event: '));
    expect(told()).toContain('event: reset\ndata: {"reason":"too_much"}');
    expect(idsIn(told()).size).toBe(0);
  });

  it('tell later what the store could not give at first', async () => {
    let changed = 0;
    let failures = 3;
    const { alert, alertRevisions } = alerts(() => changed);
    const { told } = await listen({
      alertRevisions,
      alert: (id) => {
        failures -= 1;
        return failures >= 0 ? Promise.reject(new Error('The store is gone.')) : alert(id);
      },
    });
    changed = 1;
    await until(() => told().includes('event: alerts'));
    expect(idsIn(told())).toEqual(new Set(['a0']));
  });

  it('say by a reset that more was labelled, also where the store does not answer at first', async () => {
    let rows = 0;
    let failures = 0;
    const many = (): unknown[] =>
      Array.from({ length: rows }, (_, index) => ({
        document_id: `d${index}`,
        labelled_at: '1970-01-01T00:00:01.000Z',
      }));
    const { told } = await listen({
      labelledSince: () => Promise.resolve(many() as Awaited<ReturnType<Queries['labelledSince']>>),
      lastLabelled: () => {
        failures -= 1;
        return failures >= 0 ? Promise.reject(new Error('The store is gone.')) : Promise.resolve(1_000);
      },
    });
    failures = 1;
    rows = 300;
    await until(() => told().includes('event: reset'));
    expect(told()).toContain('id: 1000-0\nevent: reset\ndata: {"reason":"too_much"}');
  });

  it('say that they are still there in a way that a browser hands on, also while the store does not answer', async () => {
    let asked = 0;
    let answer = (): void => undefined;
    const { told } = await listen({
      labelledSince: () => {
        asked += 1;
        return asked > 2 ? new Promise((resolve) => (answer = () => resolve([]))) : Promise.resolve([]);
      },
    });
    await until(() => (told().match(/^data: "still here"$/gm) ?? []).length > 3);
    expect(told()).not.toContain('event: ');
    answer();
  });

  it('send a new reader to its views where more was labelled a moment ago than is told row by row', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => ({
      document_id: `d${index}`,
      labelled_at: '1970-01-01T00:00:01.000Z',
    }));
    const { told } = await listen({
      labelledSince: () => Promise.resolve(rows as Awaited<ReturnType<Queries['labelledSince']>>),
    });
    await until(() => told().includes('event: '));
    expect(told()).toContain('event: reset\ndata: {"reason":"too_much"}');
  });
});
