/** Addresses that a feed moved to, and a password in the settings' one: where it goes, and where it must not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addressToAsk, shownAddress } from '../../../ingest/sources/rss_address.ts';
import { freePort } from '../../free_port.ts';
import { eventually, hastyClock, openWorkbench, type Workbench } from '../workbench.ts';
import { openApi, type Answer } from './api_server.ts';

const HOUR_MS = 3_600_000;
const LOG_IN = 'reader:s3cret-pass';
const AUTHORIZED = `Basic ${Buffer.from(LOG_IN).toString('base64')}`;

const feed = (items: string, head = ''): string =>
  `<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>${head}${items}</channel></rss>`;

let bench: Workbench;
const closing: (() => Promise<void>)[] = [];
const open = async (answer: Answer) => {
  const api = await openApi(answer);
  closing.push(api.close);
  return api;
};
async function closeAll(): Promise<void> {
  await bench.close();
  for (const close of closing.splice(0)) await close();
}

describe('the address of a feed to ask', () => {
  it.each([
    ['as the settings have it', 'https://u:p@e.com/feed', null, 'https://u:p@e.com/feed'],
    ['where it moved to', 'https://e.com/feed', 'https://other.com/f', 'https://other.com/f'],
    ['with the password of its origin', 'https://u:p%40@e.com/feed', 'https://e.com/feed/', 'https://u:p%40@e.com/feed/'],
    ['without it at another host', 'https://u:p@e.com/feed', 'https://other.com/f', 'https://other.com/f'],
    ['without it at another port', 'https://u:p@e.com/feed', 'https://e.com:444/f', 'https://e.com:444/f'],
    ['without it where it would be open', 'https://u:p@e.com/feed', 'http://e.com/f', 'http://e.com/f'],
    ['with a log-in that the redirect names', 'https://u:p@e.com/feed', 'https://v:q@e.com/f', 'https://v:q@e.com/f'],
  ])('is %s', (_, chosen, movedTo, asked) => {
    expect(addressToAsk(chosen, movedTo)).toBe(asked);
  }); // prettier-ignore

  it('is shown without user and password', () => {
    expect(shownAddress('https://u:p@e.com:8443/feed?a=b')).toBe('https://e.com:8443/feed?a=b');
  });
});

describe('a feed with a password', { timeout: 60_000 }, () => {
  beforeEach(async () => {
    bench = await openWorkbench();
  });
  afterEach(closeAll);
  const withLogIn = (url: string): string => url.replace('//', `//${LOG_IN}@`);

  it('that moved within its origin is asked with it each time, and never asked elsewhere with it', async () => {
    const other = await open((_, response) => response.end(feed('<item><title>Elsewhere</title></item>')));
    const origin = await open(({ path, headers }, response) => {
      if (headers.authorization !== AUTHORIZED) response.writeHead(401).end();
      else if (path === '/feed') response.writeHead(301, { location: `${origin.url}/feed/` }).end();
      else if (path === '/gone') response.writeHead(301, { location: `${other.url}/feed` }).end();
      else response.end(feed('<item><title>Norvale 亏损扩大</title></item>'));
    });
    const settings = { type: 'rss', host_requests_per_sec: 1000 };
    const stage = await bench.start({
      sources: [
        { ...settings, name: 'within', url: withLogIn(`${origin.url}/feed`) },
        { ...settings, name: 'away', url: withLogIn(`${origin.url}/gone`) },
      ],
    });
    await eventually(() => origin.requests.filter(({ path }) => path === '/feed/').length > 3);
    await eventually(() => other.requests.length > 3);
    expect(origin.requests.map(({ headers }) => headers.authorization)).toEqual(origin.requests.map(() => AUTHORIZED));
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual(other.requests.map(() => undefined));
    expect(stage.health().map(({ status }) => status)).toEqual(['ok', 'ok']);
  });

  it('gives it to no document and to no hub', async () => {
    const hub = await open((_, response) => response.writeHead(202).end());
    const origin = await open((_, response) =>
      response.end(
        feed(
          `<item><title>By a relative link</title><link>/news/6</link></item><item><title>By a whole one</title><link>${withLogIn('http://e.com/news/7')}</link></item>`,
          `<atom:link rel="hub" href="${hub.url}/hub"/>`,
        ),
      ),
    );
    const websub = { callback_url: 'http://me.example/', port: await freePort() };
    await bench.start({ sources: [{ type: 'rss', name: 'wire', url: withLogIn(`${origin.url}/feed`), websub }] });
    const urls = (await bench.documents(2)).map(({ url }) => url);
    expect(new Set(urls)).toEqual(new Set([`${origin.url}/news/6`, 'http://e.com/news/7']));
    await eventually(() => hub.requests.length > 0);
    expect(new URLSearchParams(hub.requests[0]?.body).get('hub.topic')).toBe(`${origin.url}/feed`);
    expect(JSON.stringify(bench.lines)).not.toContain('s3cret-pass');
  });
});

describe('a feed that moved', { timeout: 60_000 }, () => {
  let shift = 0;
  beforeEach(() => {
    shift = 0;
  });
  afterEach(closeAll);

  it('and is gone from there (410) is asked for at the address of the settings, which leads to a third', async () => {
    bench = await openWorkbench();
    let target = '/new';
    const origin = await open(({ path }, response) => {
      if (path === '/feed') response.writeHead(301, { location: target }).end();
      else if (path !== target) response.writeHead(410).end();
      else response.end(feed(`<item><title>From ${path}</title></item>`));
    });
    const stage = await bench.start({
      sources: [{ type: 'rss', name: 'wire', url: `${origin.url}/feed`, host_requests_per_sec: 1000 }],
    });
    await bench.documents(1);
    target = '/newer';
    expect((await bench.documents(2)).at(-1)?.text).toBe('From /newer');
    await eventually(() => stage.health()[0]?.status === 'ok');
    const warnings = bench.lines.filter(({ level }) => level === 40).map(({ msg }) => msg);
    expect(warnings).toEqual([expect.stringMatching(/\/new answered 410.*address in the settings is asked again/)]);
  });

  it('to a host that wants rest leaves that host alone as long as it asks, with its other feeds, and no other host', async () => {
    // Sleeps as long as the clock says, which the test moves on.
    const clock = {
      now: () => Date.now() + shift,
      sleep: async (ms: number, signal?: AbortSignal) => {
        for (const end = clock.now() + ms; clock.now() < end;) await hastyClock.sleep(5, signal);
      },
    };
    bench = await openWorkbench(clock);
    const times = { moved: [] as number[], beside: [] as number[], old: [] as number[] };
    let isBusy = false;
    const target = await open(({ path }, response) => {
      times[path === '/moved' ? 'moved' : 'beside'].push(clock.now());
      if (isBusy && path === '/moved') response.writeHead(429, { 'retry-after': '21600' }).end();
      else response.end(feed(`<item><title>Target ${path}</title></item>`));
    });
    const origin = await open(({ path }, response) => {
      if (path === '/moved') response.writeHead(301, { location: `${target.url}/moved` }).end();
      else {
        times.old.push(clock.now());
        response.end(feed('<item><title>Origin</title></item>'));
      }
    });
    const source = (name: string, url: string) => ({
      type: 'rss', name, url, every_secs: 30, max_every_secs: 60, host_requests_per_sec: 1000,
    }); // prettier-ignore
    await bench.start({
      sources: [source('moved', `${origin.url}/moved`), source('beside', `${target.url}/b`), source('old', `${origin.url}/o`)],
    }); // prettier-ignore
    await bench.documents(3);
    isBusy = true;
    const asked = times.moved.length;
    const onwards = async (): Promise<void> => {
      shift += 300_000;
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    while (times.moved.length === asked) await onwards();
    const heldAt = times.moved[asked] ?? 0;
    while ((times.beside.at(-1) ?? 0) < heldAt + 6 * HOUR_MS) await onwards();
    const within = (moments: number[]) =>
      moments.filter((at) => at > heldAt + HOUR_MS / 4 && at < heldAt + 6 * HOUR_MS);
    expect(within(times.beside)).toEqual([]);
    expect(within(times.old).length).toBeGreaterThan(10);
  });
});
