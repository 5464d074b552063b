import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, openWorkbench, type Workbench } from '../workbench.ts';

const item = (text: string): string => `<item><guid>${text}</guid><title>${text}</title></item>`;

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A publisher with its hub, as the WebSub recommendation has them: verification of intent, signed content. */
async function openHub(mode: 'accepts' | 'denies' | 'is down' = 'accepts') {
  const state = {
    asked: [] as URLSearchParams[],
    verified: [] as string[],
    fetches: 0,
    lease: '3600',
    isNamed: true,
    text: 'polled',
  };
  const server = createServer((request, response) => {
    void (async () => {
      if (request.url === '/feed') {
        state.fetches += 1;
        const links = `<${base}/hub>; rel="hub", <${base}/topic>; rel=self`;
        response
          .writeHead(200, state.isNamed ? { link: links } : {})
          .end(`<rss version="2.0"><channel>${item(state.text)}</channel></rss>`);
        return;
      }
      const form = new URLSearchParams(await bodyOf(request));
      state.asked.push(form);
      response.writeHead(mode === 'is down' ? 500 : 202).end();
      if (mode === 'is down') return;
      const query = new URLSearchParams({ 'hub.mode': mode === 'denies' ? 'denied' : 'subscribe', 'hub.topic': form.get('hub.topic') ?? '', 'hub.challenge': 'prove it', 'hub.lease_seconds': state.lease, 'hub.reason': 'not for you' }); // prettier-ignore
      const answer = await fetch(`${form.get('hub.callback') ?? ''}?${query.toString()}`);
      state.verified.push(`${answer.status} ${await answer.text()}`);
    })().catch(() => undefined);
  });
  const base = await listen(server);
  const push = async (
    body: string,
    over: { secret?: string; method?: string; path?: string } = {},
  ): Promise<number> => {
    const form = state.asked.at(-1);
    const { secret = form?.get('hub.secret') ?? '', method = 'sha256', path } = over;
    const address = path ?? form?.get('hub.callback') ?? '';
    const signature = `${method}=${createHmac(method, secret).update(body).digest('hex')}`;
    const { status } = await fetch(address, { method: 'POST', body, headers: { 'x-hub-signature': signature, 'content-type': 'application/rss+xml' } }); // prettier-ignore
    return status;
  };
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { base, state, push, close };
}

const feedOf = (...texts: string[]): string =>
  `<rss version="2.0"><channel>${texts.map(item).join('')}</channel></rss>`;

describe('a feed with a WebSub hub', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let hub: Awaited<ReturnType<typeof openHub>>;
  let callback: number;
  beforeEach(async () => {
    bench = await openWorkbench();
    const probe = createServer();
    callback = Number(new URL(await listen(probe)).port);
    await new Promise((resolve) => {
      probe.close(resolve);
    });
  });
  afterEach(async () => {
    await bench.close();
    hub.close();
  });

  const start = async (mode?: Parameters<typeof openHub>[0], names = ['wire'], lease = '3600') => {
    hub = await openHub(mode);
    hub.state.lease = lease;
    const websub = { callback_url: `http://127.0.0.1:${callback}/hooks/`, port: callback, lease_secs: 7200 };
    const settings = names.map((name) => ({ type: 'rss', name, url: `${hub.base}/feed`, host_requests_per_sec: 1000, websub })); // prettier-ignore
    return bench.start({ sources: settings });
  };

  it('is subscribed to: the hub’s question is answered, and what it pushes is taken in, once', async () => {
    await start();
    await eventually(() => hub.state.verified.length > 0);
    expect(hub.state.verified[0]).toBe('200 prove it');
    const asked = hub.state.asked[0];
    expect(asked?.get('hub.topic')).toBe(`${hub.base}/topic`);
    expect(asked?.get('hub.callback')).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${callback}/hooks/[\\da-f]{32}$`));
    expect(asked?.get('hub.secret')).toHaveLength(64);
    for (const method of ['sha256', 'sha1', 'sha512']) expect(await hub.push(feedOf(method), { method })).toBe(202);
    expect(await hub.push(feedOf('sha1', 'polled'))).toBe(202);
    const texts = (await bench.documents(4)).map(({ text }) => text).sort();
    expect(texts).toEqual(['polled', 'sha1', 'sha256', 'sha512']);
    await eventually(() => hub.state.fetches > 5);
    expect(hub.state.asked).toHaveLength(1);
  });

  it('takes nothing without the hub’s signature, and does not say so', async () => {
    await start();
    await eventually(() => hub.state.verified.length > 0);
    const address = hub.state.asked[0]?.get('hub.callback') ?? '';
    expect(await hub.push(feedOf('forged'), { secret: 'guessed' })).toBe(202);
    const unsigned = await fetch(address, { method: 'POST', body: feedOf('unsigned') });
    expect(unsigned.status).toBe(202);
    expect(await hub.push(feedOf('elsewhere'), { path: address.replace(/[\da-f]{32}$/, 'f'.repeat(32)) })).toBe(404);
    expect(await hub.push('<html>', {})).toBe(202);
    expect(await hub.push(feedOf('real'))).toBe(202);
    expect((await bench.documents(2)).map(({ text }) => text).sort()).toEqual(['polled', 'real']);
    expect(await bench.metric('tidewatch_errors_total', { code: 'input.invalid' })).toBe(2);
  });

  it('answers no question that it did not raise', async () => {
    await start();
    await eventually(() => hub.state.verified.length > 0);
    const address = hub.state.asked[0]?.get('hub.callback') ?? '';
    const ask = async (topic: string, mode: string): Promise<number> =>
      (await fetch(`${address}?${new URLSearchParams({ 'hub.mode': mode, 'hub.topic': topic, 'hub.challenge': '<script>' }).toString()}`)).status; // prettier-ignore
    expect(await ask('https://other.example/feed', 'subscribe')).toBe(404);
    expect(await ask(`${hub.base}/topic`, 'unsubscribe')).toBe(404);
    expect((await fetch(address, { method: 'DELETE' })).status).toBe(405);
  });

  it.each([
    ['denies', /refused the subscription \(not for you\)/],
    ['is down', /no subscription, polling goes on: The hub .* answered 500/],
  ] as const)('whose hub %s is polled on, and says why once', async (mode, warning) => {
    const stage = await start(mode);
    await eventually(() => hub.state.fetches > 5);
    expect(bench.lines.filter(({ level, msg }) => level === 40 && warning.test(msg))).toHaveLength(1);
    expect(stage.health()[0]?.status).toBe('ok');
    expect(hub.state.asked).toHaveLength(1);
  });

  it('keeps its subscription over a restart, and shares the port with other feeds', async () => {
    const first = await start('accepts', ['wire', 'second']);
    await eventually(() => hub.state.verified.length > 1);
    await first.stop();
    const before = hub.state.fetches;
    const callbacks = new Set(hub.state.asked.map((form) => form.get('hub.callback')));
    expect(callbacks.size).toBe(2);
    const websub = { callback_url: `http://127.0.0.1:${callback}/hooks`, port: callback, lease_secs: 7200 };
    const settings = { type: 'rss', name: 'wire', url: `${hub.base}/feed`, host_requests_per_sec: 1000, websub };
    const second = await bench.start({ sources: [settings] });
    await eventually(() => hub.state.fetches > before + 2);
    expect(hub.state.asked).toHaveLength(2);
    await second.stop();
  });

  it('is subscribed to anew where callback_url became another one, under a path and secret of its own', async () => {
    const first = await start();
    await eventually(() => hub.state.verified.length > 0);
    await first.stop();
    const websub = { callback_url: `http://127.0.0.1:${callback}/elsewhere/`, port: callback, lease_secs: 7200 };
    const settings = { type: 'rss', name: 'wire', url: `${hub.base}/feed`, host_requests_per_sec: 1000, websub };
    await bench.start({ sources: [settings] });
    await eventually(() => hub.state.verified.length > 1);
    const before = hub.state.fetches;
    await eventually(() => hub.state.fetches > before + 2);
    const [old, present, ...more] = hub.state.asked;
    expect(more).toEqual([]);
    expect(present?.get('hub.callback')).toContain('/elsewhere/');
    expect(present?.get('hub.secret')).not.toBe(old?.get('hub.secret'));
    expect(await hub.push(feedOf('pushed'))).toBe(202);
    expect((await bench.documents(2)).map(({ text }) => text)).toContain('pushed');
  });

  it('that it names no longer is no subscription any more: the door is shut, and polling keeps the feed’s pace', async () => {
    const stage = await start();
    await eventually(() => hub.state.verified.length > 0);
    const address = hub.state.asked[0]?.get('hub.callback') ?? '';
    const isOpen = () => fetch(address).then(() => true, () => false); // prettier-ignore
    expect(await isOpen()).toBe(true);
    hub.state.isNamed = false;
    hub.state.text = 'another one';
    await eventually(async () => !(await isOpen()));
    const { state } = bench.context('wire', new AbortController().signal);
    expect(state.table('ingest_websub').get('wire')).toBeUndefined();
    expect(stage.health()[0]?.status).toBe('ok');
  });

  it('renews its subscription before the lease that the hub granted ends, under the same callback', async () => {
    await start('accepts', ['wire'], '1');
    await eventually(() => hub.state.asked.length > 1);
    expect(new Set(hub.state.asked.map((form) => form.get('hub.callback'))).size).toBe(1);
  });
});
