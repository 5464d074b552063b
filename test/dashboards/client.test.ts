/** The typed client against the real server. That paths and parameters are typed, the compiler tests: see the last test. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { isoTime } from '../../core/event.ts';
import { opinionRow } from '../../core/store/rows.ts';
import { ApiProblem, createClient, type Client } from '../../dashboards/client/client.ts';
import { END, startApi, type ApiServer } from './api_server.ts';

const TOKENS = [
  { name: 'Rita', role: 'reader', token: 'rita-reads-the-news' },
  { name: 'Anna', role: 'analyst', token: 'anna-judges-alerts' },
] as const;

let api: ApiServer;
let client: Client;
let url: string;

beforeAll(async () => {
  api = await startApi();
  url = (await api.serve({ tokens: TOKENS }, { clock: systemClock })).address();
  client = createClient({ url, token: TOKENS[1].token });
}, 120_000);
afterAll(() => api.close());

describe('the client', () => {
  it('reads status, series, alerts and documents', async () => {
    const month = { from: isoTime(END - 30 * 86_400_000), to: isoTime(END + 1_000) };
    expect((await client.get('/status')).opinions).toBe(api.opinions.length);
    const { series } = await client.get('/series', { query: { kind: 'entity', limit: 3, ...month } });
    expect(series).toHaveLength(3);
    const { alerts } = await client.get('/alerts', { query: month });
    const id = alerts[0]?.alert_id ?? '';
    expect((await client.get('/alerts/{id}', { params: { id } })).alert_id).toBe(id);
  });

  it('follows cursors through all pages', async () => {
    const seen = new Set<string>();
    const query = { from: isoTime(END - 30 * 86_400_000), to: isoTime(END + 1_000), limit: 150 };
    for await (const { opinions } of client.pages('/opinions', { query })) {
      for (const { document_id } of opinions) seen.add(document_id);
    }
    expect(seen.size).toBe(api.opinions.length);
  });

  it('writes in the name of its token, and takes it back', async () => {
    const document_id = api.opinions[3]?.document.id ?? '';
    const { feedback } = await client.post('/feedback', { body: { kind: 'sentiment', document_id, value: 'neutral' } });
    expect(feedback).toMatchObject({ author: 'Anna', document_id });
    const undone = await client.post('/feedback/{id}/undo', { params: { id: feedback.id }, body: {} });
    expect(undone.feedback.takes_back).toBe(feedback.id);
  });

  it('throws refusals with their problem', async () => {
    const refused = await client.get('/alerts/{id}', { params: { id: 'a/b?c' } }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiProblem);
    expect((refused as ApiProblem).problem).toMatchObject({ status: 404, code: 'input.absent' });
    const reader = createClient({ url, token: TOKENS[0].token });
    const body = { kind: 'verdict', alert_id: 'x', value: 'noise' } as const;
    await expect(reader.post('/feedback', { body })).rejects.toMatchObject({ problem: { status: 403 } });
    await expect(createClient({ url }).get('/status')).rejects.toMatchObject({ problem: { status: 401 } });
  });

  it('gives the answer that it has where the server says that nothing changed', async () => {
    const statuses: number[] = [];
    const watching = createClient({
      url,
      token: TOKENS[0].token,
      fetch: async (...asked) => {
        const response = await fetch(...asked);
        statuses.push(response.status);
        return response;
      },
    });
    const first = await watching.get('/sources');
    expect(await watching.get('/sources')).toEqual(first);
    expect(statuses).toEqual([200, 304]);
  });

  it(
    'hears live events, and goes on behind the last one after a connection that dropped',
    { timeout: 60_000 },
    async () => {
      const abort = new AbortController();
      let opened = 0;
      const dropping = createClient({
        url,
        token: TOKENS[0].token,
        fetch: (address, options) => {
          opened += 1;
          // The first connection is cut after a moment, as a proxy would.
          const signal = opened === 1 ? AbortSignal.timeout(2_500) : (options?.signal ?? null);
          return fetch(address, { ...options, signal });
        },
      });
      const first = api.opinions[0];
      if (first === undefined) throw new Error('The sample is empty.');
      const insert = (id: string, seconds: number): Promise<void> => {
        const at = isoTime(END + seconds * 1000);
        const one = { ...first, labelled_at: at, document: { ...first.document, id, published_at: at } };
        return api.store.insert('opinions', [opinionRow(one)], id);
      };
      const heard: string[] = [];
      const later = [
        insert('live-a', 1),
        new Promise((resolve) => setTimeout(resolve, 3_000)).then(() => insert('live-b', 30)),
      ];
      for await (const event of dropping.live({ signal: abort.signal })) {
        if (event.event === 'opinions') heard.push(...event.data.opinions.map((row) => row.document_id));
        if (heard.includes('live-b')) abort.abort();
      }
      await Promise.all(later);
      expect(heard).toContain('live-a');
      expect(opened).toBeGreaterThan(1);
    },
  );

  it('is typed: what the API does not have does not compile', () => {
    const wrong = [
      // @ts-expect-error no such path
      () => client.get('/nothing'),
      // @ts-expect-error limit is a number
      () => client.get('/opinions', { query: { limit: 'many' } }),
      // @ts-expect-error an id is needed
      () => client.get('/alerts/{id}'),
      // @ts-expect-error no such parameter
      () => client.get('/status', { query: { x: 1 } }),
      // @ts-expect-error kind is needed
      () => client.get('/series', {}),
      // @ts-expect-error no such verdict
      () => client.post('/feedback', { body: { kind: 'verdict', alert_id: 'x', value: 'fine' } }),
      // @ts-expect-error streams are heard by live()
      () => client.get('/live'),
    ];
    expect(wrong).toHaveLength(7);
  });
});
