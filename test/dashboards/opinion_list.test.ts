/** The list of latest opinions, by its own hook, before a server that is made up: whatever arrives, More reaches every row. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OpinionRow } from '../../dashboards/contract.ts';
import { readAddress } from '../../dashboards/web/address.ts';
import { useOpinionList, type OpinionListControl } from '../../dashboards/web/opinion_list.ts';
import { listRow } from './sample.ts';
import { hookHost } from './hook_host.ts';

const PAGE = 40;
const START = Date.UTC(2026, 0, 2);
const address = readAddress('');

/** A document a minute, by its number; those before the start have numbers below zero. */
const row = (number: number): OpinionRow => listRow(`d${number}`, new Date(START + number * 60_000).toISOString());

describe('the list of opinions, live', () => {
  let newest = 0;
  let control: OpinionListControl | undefined;
  /** What answers wait for. */
  let gate: Promise<void> = Promise.resolve();
  /** Documents that the store got after the answer was read. */
  let unread: ReadonlySet<number> = new Set();

  beforeEach(async () => {
    newest = 0;
    gate = Promise.resolve();
    unread = new Set();
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 0));
    vi.stubGlobal('cancelAnimationFrame', clearTimeout);
    // As the API does: behind the page before, or behind a row.
    vi.stubGlobal('fetch', async (url: string) => {
      const cursor = new URL(url, 'http://x').searchParams.get('cursor');
      const start = cursor === null ? newest : Number(/-?\d+$/.exec(cursor)?.[0]) - 1;
      const numbers = Array.from({ length: PAGE }, (_, index) => start - index).filter((one) => !unread.has(one));
      await gate;
      const answer = {
        opinions: numbers.map(row),
        next_cursor: `page ${start - PAGE + 1}`,
        from: row(-10_000).published_at,
      };
      return { ok: true, status: 200, json: () => Promise.resolve(answer) };
    });
    const App = (): null => {
      control = useOpinionList(address, true);
      return null;
    };
    hookHost(App)({});
    await vi.waitFor(() => expect(shown()).toHaveLength(PAGE));
  });
  afterEach(() => vi.unstubAllGlobals());

  const list = (): OpinionListControl => {
    if (control === undefined) throw new Error('The hook has not run.');
    return control;
  };
  const shown = (): number[] => list().list.rows.map(({ document_id }) => Number(document_id.slice(1)));
  const arrive = (most: number, hold = false): void => {
    while (newest < most) {
      newest += 1;
      list().arrive([row(newest)], hold);
    }
  };
  const more = async (): Promise<void> => {
    const before = shown().at(-1) ?? 0;
    // What is asked goes by what is drawn.
    await new Promise((resolve) => setTimeout(resolve, 20));
    list().loadEarlier();
    await vi.waitFor(() => expect(shown().at(-1)).toBeLessThan(before));
  };
  const down = (from: number, rows: number): number[] => Array.from({ length: rows }, (_, index) => from - index);

  it('goes on behind the last row that was kept, when arrivals pushed others out', async () => {
    arrive(500);
    await vi.waitFor(() => expect(shown()).toEqual(down(500, 400)));
    await more();
    expect(shown()).toEqual(down(500, 440));
    await more();
    expect(shown()).toEqual(down(500, 480));
  });

  it('keeps as many rows as were loaded by hand', async () => {
    while (shown().length < 480) await more();
    arrive(1);
    await vi.waitFor(() => expect(shown()).toEqual(down(1, 480)));
    await more();
    expect(shown()).toEqual(down(1, 520));
  });

  it('leaves out none where more waited than may wait', async () => {
    while (shown().length < 440) await more();
    arrive(900, true);
    await vi.waitFor(() => expect(list().list.waiting).toHaveLength(400));
    list().showWaiting();
    await vi.waitFor(() => expect(shown()).toEqual(down(900, 400)));
    await more();
    expect(shown()).toEqual(down(900, 440));
  });

  it('takes an answer that opinions overtook, and what came too late for it', async () => {
    arrive(360);
    await vi.waitFor(() => expect(shown()).toHaveLength(400));
    await new Promise((resolve) => setTimeout(resolve, 20));
    let open = (): void => undefined;
    gate = new Promise((resolve) => {
      open = resolve;
    });
    unread = new Set([-50]);
    list().loadEarlier();
    arrive(365);
    list().arrive([row(-50)], false);
    open();
    await vi.waitFor(() => expect(shown()).toEqual(down(365, 445)));
  });

  it('leaves out what is older than its span', async () => {
    while (shown().length < 80) await more();
    list().arrive([row(-20_000)], true);
    list().arrive([row(1)], true);
    await vi.waitFor(() => expect(list().list.waiting.map(({ document_id }) => document_id)).toEqual(['d1']));
  });

  it('keeps what was loaded and the place after a gap, and lets newcomers wait while the reader is in it', async () => {
    while (shown().length < 120) await more();
    newest = 5;
    list().catchUp(() => true);
    await vi.waitFor(() => expect(list().list.waiting).toHaveLength(5));
    expect(shown()).toEqual(down(0, 120));
    list().showWaiting();
    await vi.waitFor(() => expect(shown()).toEqual(down(5, 125)));
    newest = 7;
    list().catchUp(() => false);
    await vi.waitFor(() => expect(shown()).toEqual(down(7, 127)));
  });

  it('leaves no hole where more came in a gap than a page holds', async () => {
    while (shown().length < 120) await more();
    newest = 200;
    list().catchUp(() => true);
    await vi.waitFor(() => expect(list().list.waiting).toHaveLength(PAGE));
    arrive(201);
    await vi.waitFor(() => expect(list().list.waiting).toHaveLength(PAGE + 1));
    expect(shown()).toEqual(down(0, 120));
    list().showWaiting();
    await vi.waitFor(() => expect(shown()).toEqual(down(201, PAGE)));
    await more();
    expect(shown()).toEqual(down(201, 2 * PAGE));
    newest = 400;
    list().catchUp(() => false);
    await vi.waitFor(() => expect(shown()).toEqual(down(400, PAGE)));
  });

  it('leaves none either where one of them comes live before the answer', async () => {
    newest = 201;
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    list().catchUp(() => false);
    list().arrive([row(201)], false);
    await vi.waitFor(() => expect(shown()[0]).toBe(201));
    open();
    await vi.waitFor(() => expect(shown()).toEqual(down(201, PAGE)));
  });

  it('drops the failure of a question that a later one overtook', async () => {
    const answers = fetch;
    let fail = (): void => undefined;
    vi.stubGlobal('fetch', () => new Promise((_, reject) => (fail = () => reject(new Error('no answer')))));
    list().catchUp(() => false);
    vi.stubGlobal('fetch', answers);
    newest = 3;
    list().catchUp(() => false);
    await vi.waitFor(() => expect(shown()[0]).toBe(3));
    fail();
    arrive(4);
    await vi.waitFor(() => expect(shown()[0]).toBe(4));
    expect(list().list.status).toBe('ready');
  });
});
