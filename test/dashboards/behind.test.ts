/** What a page knows of its own age: of answers that fail over older ones, and of a network that never answers. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useBehind } from '../../dashboards/web/behind.ts';
import { withPatience } from '../../dashboards/web/patience.ts';
import { useRemote, type Remote } from '../../dashboards/web/remote.ts';
import { hookHost } from './hook_host.ts';

describe('an answer that cannot be refreshed', () => {
  let behind: number | null = null;
  let remote: Remote<{ at: number }> | undefined;
  let status = 200;
  let draw: (url: string | null, version: number) => void;

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 0));
    vi.stubGlobal('cancelAnimationFrame', clearTimeout);
    status = 200;
    vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => {
      if (status === 0)
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
      return Promise.resolve({ ok: status === 200, status, json: () => Promise.resolve({ at: Date.now() }) });
    });
    const App = ({ url, version }: { url: string | null; version: number }): null => {
      remote = useRemote(url, version);
      behind = useBehind();
      return null;
    };
    const drawn = hookHost(App);
    draw = (url, version) => drawn({ url, version });
  });
  afterEach(async () => {
    draw(null, 0);
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1_000);

  it('is said with the time of what is still shown, until an answer comes or it is shown no more', async () => {
    draw('/api/x', 0);
    await settle();
    const since = remote?.answer?.at ?? 0;
    expect(behind).toBeNull();
    status = 503;
    draw('/api/x', 1);
    await settle();
    expect(remote?.answer?.at).toBe(since);
    expect(behind).toBe(since);
    draw('/api/x', 2);
    await settle();
    expect(behind).toBe(since);
    draw(null, 2);
    await settle();
    expect(behind).toBeNull();
    status = 200;
    draw('/api/x', 3);
    await settle();
    expect(remote?.failed).toBe(false);
    expect(behind).toBeNull();
  });

  it('is not one where what was asked for is gone', async () => {
    draw('/api/x', 0);
    await settle();
    status = 404;
    draw('/api/x', 1);
    await settle();
    expect(remote?.failed).toBe(true);
    expect(behind).toBeNull();
  });

  it('is one where the network says nothing at all', async () => {
    draw('/api/x', 0);
    await settle();
    status = 0;
    draw('/api/x', 1);
    await vi.advanceTimersByTimeAsync(49_000);
    expect(behind).toBeNull();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(behind).not.toBeNull();
  });

  it('does not wait for ever for what does not listen', async () => {
    const waited = withPatience(() => new Promise(() => undefined));
    const failed = expect(waited).rejects.toThrow('no answer in time');
    await vi.advanceTimersByTimeAsync(50_000);
    await failed;
  });
});
