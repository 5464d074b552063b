/** The page's live connection over a network that is made up: one that closes, and one that goes silent without closing. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useLive, type Connection } from '../../dashboards/web/live.ts';
import { hookHost } from './hook_host.ts';

/** What the page opened, newest last. */
let sources: Source[] = [];

class Source extends EventTarget {
  static readonly CLOSED = 2;
  readyState = 0;
  constructor() {
    super();
    sources.push(this);
  }
  close(): void {
    this.readyState = Source.CLOSED;
  }
  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
  say(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

describe('the live connection of the page', () => {
  let connection: Connection = 'connecting';
  /** Each time that events came from then on: whether after a gap. */
  let openings: boolean[] = [];

  beforeEach(async () => {
    sources = [];
    openings = [];
    vi.useFakeTimers();
    vi.stubGlobal('EventSource', Source);
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 0));
    vi.stubGlobal('cancelAnimationFrame', clearTimeout);
    const nothing = (): void => undefined;
    const App = (): null => {
      connection = useLive(true, {
        opinions: nothing,
        alerts: nothing,
        sources: nothing,
        reset: nothing,
        opened: (again) => openings.push(again),
      });
      return null;
    };
    hookHost(App)({});
    await vi.advanceTimersByTimeAsync(200);
    sources[0]?.open();
    await vi.advanceTimersByTimeAsync(10);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('stands as long as the server says that it is still there', async () => {
    for (let beat = 0; beat < 20; beat += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      sources[0]?.say('message', 'still here');
    }
    expect(connection).toBe('open');
    expect(sources).toHaveLength(1);
  });

  it('is lost when nothing is heard for forty seconds, and opened anew until it is back', async () => {
    await vi.advanceTimersByTimeAsync(39_000);
    expect(connection).toBe('open');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(connection).toBe('lost');
    expect(sources.map(({ readyState }) => readyState)).toEqual([Source.CLOSED, 0]);
    await vi.advanceTimersByTimeAsync(41_000);
    expect(sources.map(({ readyState }) => readyState)).toEqual([Source.CLOSED, Source.CLOSED, 0]);
    sources[2]?.open();
    await vi.advanceTimersByTimeAsync(10);
    expect(connection).toBe('open');
    expect(openings).toEqual([false, true]);
  });
});
