import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReplayClock, systemClock, type Clock } from '../../core/clock.ts';
import { TidewatchError } from '../../core/errors.ts';
import { documentSchema } from '../../core/event.ts';
import { createMetrics } from '../../core/metrics.ts';
import type { State } from '../../core/state/state.ts';
import type { Stream } from '../../core/stream/stream.ts';
import { createMemoryState } from '../../core/state/memory.ts';
import { createIntake } from '../../ingest/intake.ts';
import type { RawItem } from '../../ingest/source.ts';
import { eventually, hastyClock, openWorkbench, WARN, type Workbench } from './workbench.ts';

const DAY = 86_400_000;
const settings = { dedupe_hours: 168, max_text_chars: 20_000 };

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

/** An intake over the bench's state and stream, as a process would have after a start. */
function openIntake(over: { clock?: Clock; state?: State; stream?: Stream; signal?: AbortSignal } = {}) {
  const { clock, log, state } = bench.context('x', new AbortController().signal);
  const metrics = createMetrics().stage('ingest');
  return createIntake(settings, [], {
    stream: bench.stream, state, clock, log, metrics, signal: new AbortController().signal, ...over,
  }); // prettier-ignore
}
const item = (text: string, over: Partial<RawItem> = {}): RawItem => ({ text, ...over });
const clockAt = (time: { now: number }): Clock => ({ now: () => time.now, sleep: hastyClock.sleep });

describe('duplicates', () => {
  it('are left out by id and by content of the same voice, and counted by their reason', async () => {
    const path = join(bench.folder, 'd.jsonl');
    const lines = [
      { id: '1', text: 'Norvale falls sharply today' },
      { id: '1', text: 'Norvale falls, edited' },
      { id: '2', text: 'NORVALE falls — sharply today!! https://e.com/x' },
      { id: '3', text: 'Norvale falls sharply today', author: 'ann' },
      { id: '4', text: 'Norvale falls sharply today', author: 'ann' },
      { id: '5', text: 'Norvale falls sharply today', source: 'other' },
    ];
    writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'));
    const stage = await bench.start({ sources: [{ type: 'file', name: 'f', path }] });
    await stage.finished;
    const documents = await bench.documents(3);
    expect(documents.map(({ author, source, novelty }) => [author, source, novelty])).toEqual([
      [null, 'f', 100],
      [expect.stringMatching(/^u_[0-9a-f]{32}$/), 'f', 75],
      [null, 'other', 56],
    ]);
    expect(new Set(documents.map(({ story }) => story))).toEqual(new Set([documents[0]?.id]));
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'duplicate_id' })).toBe(1);
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'duplicate_content' })).toBe(2);
    expect(await bench.metric('tidewatch_documents_in_total')).toBe(6);
    expect(await bench.metric('tidewatch_documents_out_total')).toBe(3);
  });

  it('are told apart by voice and day also where an item has neither id nor address', async () => {
    const time = { now: Date.UTC(2026, 2, 5) };
    const open = () => openIntake({ clock: clockAt(time) });
    const said = (author: string, published_at: string) => item('Norvale falls', { author, published_at });
    const [ann, bob] = [said('ann', '2026-03-02T08:00:00Z'), said('bob', '2026-03-02T08:00:00Z')];
    const [laterThatDay, nextDay] = [said('ann', '2026-03-02T20:00:00Z'), said('ann', '2026-03-03T08:00:00Z')];
    const undated = item('Norvale falls, once more');
    expect(await open().take('f', [ann, bob, laterThatDay, nextDay, undated])).toMatchObject({
      accepted: 4,
      duplicates: 1,
    });
    time.now += 2 * DAY;
    expect((await open().take('f', [ann, bob, laterThatDay, nextDay, undated])).accepted).toBe(0);
    const documents = await bench.documents(4);
    expect(new Set(documents.map(({ id }) => id)).size).toBe(4);
  });

  it('are known over a restart, for the hours that the settings give, counted from their last appearance', async () => {
    const time = { now: Date.UTC(2026, 2, 2) };
    const take = async (): Promise<number> =>
      (
        await openIntake({ clock: clockAt(time) }).take('f', [
          item('a slow feed keeps this one for weeks', { guid: '1' }),
        ])
      ).accepted;
    expect(await take()).toBe(1);
    for (let day = 0; day < 5; day += 1) {
      time.now += 5 * DAY;
      expect(await take()).toBe(0);
    }
    time.now += 8 * DAY;
    expect(await take()).toBe(1);
  });

  it('leave nothing behind in the state when their time is over', async () => {
    const time = { now: Date.UTC(2026, 2, 2) };
    const intake = openIntake({ clock: clockAt(time) });
    const { state } = bench.context('x', new AbortController().signal);
    const many = (from: number): RawItem[] =>
      Array.from({ length: 300 }, (_, index) => item(`text ${from + index}`, { guid: `${from + index}` }));
    await intake.take('f', many(0));
    const bytes = (): number =>
      Array.from(state.table<Uint8Array>('ingest_seen_batches').entries()).reduce(
        (sum, { value }) => sum + value.length,
        0,
      );
    // Id and content of each, eight bytes.
    expect(bytes()).toBe(300 * 16);
    time.now += 9 * DAY;
    await intake.take('f', many(1000));
    await intake.take('f', many(2000));
    expect(bytes()).toBe(600 * 16);
    // A row a batch.
    expect(state.table('ingest_seen_batches').count()).toBe(2);
    const stories = Array.from(state.table<unknown[]>('ingest_story_log').entries(), ({ value }) => value.length);
    expect(stories.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(2 * 1200 + 1000);
  });

  it('brought by two sources in the same moment are taken once', async () => {
    const intake = openIntake();
    const same = Array.from({ length: 50 }, (_, index) =>
      item(`report ${index}`, { guid: `${index}`, source: 'wire' }),
    );
    const receipts = await Promise.all([intake.take('a', same), intake.take('b', same)]);
    expect(receipts.map(({ accepted }) => accepted)).toEqual([50, 0]);
  });
});

describe('a crash', () => {
  it('after the append and before the record brings the same documents again: same ids, stories and novelty', async () => {
    const { state } = bench.context('x', new AbortController().signal);
    const dying: State = {
      ...state,
      transaction: async () => {
        throw new TidewatchError('internal', 'killed');
      },
    };
    const report = 'Skerrivane Airways will cut about 5 percent of its flights in April, it said';
    await openIntake().take('f', [item(report, { guid: '0', source: 'wire' })]);
    const batch = [
      item(`${report} - Echo`, { guid: '1' }),
      item('something else entirely happened today', { guid: '2' }),
    ];
    await expect(openIntake({ state: dying }).take('f', batch)).rejects.toThrow('killed');
    expect(await openIntake().take('f', batch)).toMatchObject({ accepted: 2 });
    const [, ...documents] = await bench.documents(5);
    const facts = documents.map(({ id, story, novelty }) => ({ id, story, novelty }));
    expect(facts.slice(2)).toEqual(facts.slice(0, 2));
    expect(facts[0]?.novelty).toBe(75);
  });
});

describe('storage that fails', () => {
  const failing = (times: number, code: 'storage.full' | 'storage.read_only'): Stream => {
    let left = times;
    return {
      ...bench.stream,
      append: async (topic, messages, signal) => {
        left -= 1;
        if (left >= 0) throw new TidewatchError(code, 'The disk is full', { hint: 'Free some space' });
        return bench.stream.append(topic, messages, signal);
      },
    };
  };

  it('is waited for: said once, and nothing is lost', async () => {
    const receipt = await openIntake({ stream: failing(5, 'storage.full') }).take('f', [item('patience pays')]);
    expect(receipt.accepted).toBe(1);
    expect(await bench.documents(1)).toHaveLength(1);
    expect(bench.lines.filter(({ level }) => level >= WARN)).toHaveLength(1);
    expect(bench.lines.map(({ msg }) => msg).join('\n')).toMatch(/Free some space[\s\S]*takes documents again/);
  });

  it('for good stops the source with its reason, and no other', async () => {
    const path = join(bench.folder, 'a.jsonl');
    writeFileSync(path, '{"text":"a"}');
    const stage = await bench.start(
      { sources: [{ type: 'file', name: 'f', path }] },
      { stream: failing(9, 'storage.read_only') },
    );
    await stage.finished;
    expect(stage.health()[0]).toMatchObject({ status: 'failing', reason: 'The disk is full', items: 0 });
  });

  it('does not hold up a stop', async () => {
    const stop = new AbortController();
    const taking = openIntake({ stream: failing(1e9, 'storage.full'), signal: stop.signal }).take('f', [item('a')]);
    setTimeout(() => stop.abort(new Error('stopping')), 50);
    await expect(taking).rejects.toThrow('stopping');
  });
});

describe('the stage', () => {
  const start = Date.UTC(2020, 0, 1);
  const feed = (count: number): string => {
    const path = join(bench.folder, 'feed.jsonl');
    const lines = Array.from({ length: count }, (_, index) =>
      JSON.stringify({
        text: `Hourly bulletin with words${index} about town${index} and river${index}`,
        date: new Date(start + index * 3_600_000).toISOString(),
      }),
    );
    writeFileSync(path, lines.join('\n'));
    return path;
  };

  it('drives a replay clock: each document is fetched when it was published', async () => {
    const clock = createReplayClock(0);
    const stage = await bench.start({ sources: [{ type: 'file', name: 'f', path: feed(3) }] }, { clock });
    await stage.finished;
    const documents = await bench.documents(3);
    expect(
      documents.every((document) => document.published_at === document.fetched_at && !document.published_at_estimated),
    ).toBe(true);
    expect(clock.now()).toBe(start + 2 * 3_600_000);
  });

  it('gives what has neither id nor address the same id in each replay, whatever the data folder', async () => {
    const said = item('$ACME is a fraud', { author: 'ann', published_at: '2026-03-02T08:00:00Z' });
    for (const state of [createMemoryState(), createMemoryState()])
      await openIntake({ clock: createReplayClock(0), state }).take('f', [said]);
    await openIntake({ state: createMemoryState() }).take('f', [said]);
    const [first, again, live] = await bench.documents(3);
    expect([again?.id, again?.author]).toEqual([first?.id, first?.author]);
    // Live, the author's name cannot be guessed from it.
    expect(live?.author).not.toBe(first?.author);
  });

  it('keeps every document valid, in order, and its key the first entity', async () => {
    const path = join(bench.folder, 'watchlist.yaml');
    writeFileSync(path, 'entities:\n  - { id: river, name: river7, kind: asset }\n');
    const stage = await bench.start({ watchlists: [path], sources: [{ type: 'file', name: 'f', path: feed(1000) }] });
    await stage.finished;
    const documents = await bench.documents(1000);
    expect(documents).toHaveLength(1000);
    for (const document of documents) documentSchema.parse(document);
    expect(documents[7]?.entities).toEqual([
      { id: 'river', surface: 'river7', relevance: expect.any(Number) as number },
    ]);
  });

  it('is finished when all its finite sources are, and never while one is endless', async () => {
    const finite = await bench.start({ sources: [{ type: 'file', name: 'f', path: feed(1) }] });
    await finite.finished;
    const endless = await bench.start({
      sources: [
        { type: 'file', name: 'g', path: feed(1) },
        { type: 'http', name: 'h', port: 0 },
      ],
    });
    await eventually(() => endless.health()[0]?.status === 'finished');
    expect(
      await Promise.race([endless.finished.then(() => 'done'), systemClock.sleep(100).then(() => 'waiting')]),
    ).toBe('waiting');
    const stopped = performance.now();
    await endless.stop();
    expect(performance.now() - stopped).toBeLessThan(2000);
  });

  it('stopped in the middle of a file goes on there: nothing lost, nothing twice', async () => {
    const sources = [{ type: 'file', name: 'f', path: feed(3000) }];
    for (let round = 0; round < 4; round += 1) {
      const stage = await bench.start({ sources });
      await eventually(() => (stage.health()[0]?.items ?? 0) > 0 || stage.health()[0]?.status === 'finished');
      await stage.stop();
    }
    await (
      await bench.start({ sources })
    ).finished;
    const documents = await bench.documents(3000);
    expect(documents).toHaveLength(3000);
    expect(new Set(documents.map(({ id }) => id)).size).toBe(3000);
  });

  it('refuses two sources of one name', async () => {
    await expect(
      bench.start({
        sources: [
          { type: 'http', port: 0 },
          { type: 'http', port: 0 },
        ],
      }),
    ).rejects.toThrow(/also the name of sources\.0/);
  });

  it('finds the planted flood and wire story in the example feed, and merges nothing else', async () => {
    const stage = await bench.start({
      watchlists: ['examples/watchlist.yaml'],
      sources: [{ type: 'file', name: 'example', path: 'examples/feed.jsonl' }],
    });
    await stage.finished;
    const documents = await bench.documents(600);
    const stories = new Map<string, number>();
    for (const { story } of documents) stories.set(story, (stories.get(story) ?? 0) + 1);
    const copied = [...stories].filter(([, count]) => count > 1).map(([, count]) => count);
    const skipped = await bench.metric('tidewatch_documents_skipped_total', { reason: 'duplicate_content' });
    // 26 copies of the wire story; of the flood's 40 posts some repeat their own author's words and are left out.
    expect(copied.sort((a, b) => b - a)).toEqual([26, 40 - skipped]);
  });
});
