/** A feed that is asked for days and stays as it is: what it holds must not become news when it says something again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeAgainAt } from '../../../ingest/sources/rss_cursor.ts';
import { eventually, hastyClock, openWorkbench, type Workbench } from '../workbench.ts';
import { openApi } from './api_server.ts';

const HOUR_MS = 3_600_000;
const DAYS = 8;
const STEP_HOURS = 6;

describe('a feed that stays as it is for longer than documents are remembered', { timeout: 120_000 }, () => {
  let bench: Workbench;
  let origin: Awaited<ReturnType<typeof openApi>>;
  let shift = 0;
  const clock = { now: () => Date.now() + shift, sleep: hastyClock.sleep };
  beforeEach(async () => {
    shift = 0;
    bench = await openWorkbench(clock);
  });
  afterEach(async () => {
    await bench.close();
    await origin.close();
  });

  it.each([
    ['whose server knows no 304', false],
    ['whose server answers 304', true],
  ])('%s brings its next item alone, and is asked anew once a day only', async (_, knowsValidators) => {
    let count = 3;
    // Without dates: each of them would come again as today's news.
    const body = (): string =>
      `<rss version="2.0"><channel>${Array.from({ length: count }, (__, index) => `<item><guid>${index}</guid><title>第 ${index} 号公告 of Norvale</title></item>`).join('')}</channel></rss>`;
    origin = await openApi(({ headers }, response) => {
      const etag = `"${count}"`;
      if (knowsValidators && headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
      else response.writeHead(200, knowsValidators ? { etag } : {}).end(body());
    });
    await bench.start({ sources: [{ type: 'rss', name: 'quiet', url: origin.url, host_requests_per_sec: 1000 }] });
    const first = await bench.documents(3);
    for (let hours = 0; hours < DAYS * 24; hours += STEP_HOURS) {
      shift += STEP_HOURS * HOUR_MS;
      const asked = origin.requests.length;
      await eventually(() => origin.requests.length > asked + 1);
    }
    const unconditional = origin.requests.filter(({ headers }) => headers['if-none-match'] === undefined).length;
    if (knowsValidators) expect(unconditional).toBeLessThanOrEqual(DAYS + 2);
    count += 1;
    const documents = await bench.documents(4);
    expect(documents).toHaveLength(4);
    expect(new Set(documents.map(({ id }) => id)).size).toBe(4);
    expect(documents.slice(0, 3)).toEqual(first);
  });
});

describe('what a feed holds', () => {
  it('is taken in again well before the second half of its time is over, a day after at the latest', () => {
    expect(takeAgainAt(0, 168 * HOUR_MS)).toBe(24 * HOUR_MS);
    expect(takeAgainAt(0, 12 * HOUR_MS)).toBe(3 * HOUR_MS);
  });
});
