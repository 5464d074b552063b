import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeSourceContract, type OfferedItem } from '../../contracts/source.ts';
import { eventually, openWorkbench, WARN, type Workbench } from '../workbench.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

async function serve(answer: Answer) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response, requests.length);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const rss = (items: string, head = ''): string =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>${head}${items}</channel></rss>`;
const entry = ({ id, text, time }: OfferedItem): string =>
  `<item><guid>${id}</guid><title>${text}</title><pubDate>${new Date(time).toUTCString()}</pubDate></item>`;
const simple = (text: string): string => rss(`<item><title>${text}</title></item>`);

describeSourceContract('rss', async () => {
  const items: OfferedItem[] = [];
  let garbage = false;
  const server = await serve((_, response) => {
    response.end(garbage ? '<rss><chan' : rss(items.toReversed().map(entry).join('')));
    garbage = false;
  });
  return {
    settings: { type: 'rss', name: 'wire', url: server.url },
    offer: async (more) => void items.push(...more),
    offerGarbage: async () => {
      garbage = true;
    },
    close: server.close,
  };
});

describe('an rss source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let server: Awaited<ReturnType<typeof serve>> | undefined;
  beforeEach(async () => {
    bench = await openWorkbench();
  });
  afterEach(async () => {
    await bench.close();
    await server?.close();
    server = undefined;
  });

  const start = async (answer: Answer, more: object = {}) => {
    server = await serve(answer);
    const stage = await bench.start({ sources: [{ type: 'rss', name: 'wire', url: `${server.url}/feed`, ...more }] });
    return { stage, server, health: () => stage.health()[0] };
  };
  const warnings = () => bench.lines.filter(({ level }) => level >= WARN).map(({ msg }) => msg);

  it('asks only whether it changed: ETag and Last-Modified go back, also after a restart; 304 is fine', async () => {
    const modified = 'Tue, 10 Mar 2026 08:00:00 GMT';
    const {
      stage,
      server: origin,
      health,
    } = await start((request, response) => {
      if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"v1"', 'last-modified': modified }).end(simple('Once'));
    });
    await eventually(() => origin.requests.length > 3);
    expect(origin.requests[0]?.headers['if-none-match']).toBeUndefined();
    expect(origin.requests[2]?.headers).toMatchObject({ 'if-none-match': '"v1"', 'if-modified-since': modified });
    await stage.stop();
    const before = origin.requests.length;
    await bench.start({ sources: [{ type: 'rss', name: 'wire', url: `${origin.url}/feed` }] });
    await eventually(() => origin.requests.length > before + 1);
    expect(origin.requests[before]?.headers['if-none-match']).toBe('"v1"');
    expect(await bench.documents(1)).toHaveLength(1);
    expect(health()?.reason).toBeNull();
    expect(await bench.metric('tidewatch_documents_in_total')).toBe(1);
  });

  it('remembers a permanent redirect, and asks the old address again when the new one fails', async () => {
    let isDown = false;
    const { server: origin } = await start((request, response) => {
      if (request.url === '/feed') response.writeHead(301, { location: '/new' }).end();
      else if (isDown) response.writeHead(404).end();
      else response.end(simple('Moved'));
    });
    await eventually(() => origin.requests.length > 4);
    expect(origin.requests.slice(0, 4).map(({ url }) => url)).toEqual(['/feed', '/new', '/new', '/new']);
    isDown = true;
    const before = origin.requests.length;
    await eventually(() => origin.requests.slice(before).some(({ url }) => url === '/feed'));
  });

  it('stops at 410, and says what to do', async () => {
    const { server: origin, health } = await start((_, response) => response.writeHead(410).end());
    await eventually(() => health()?.status === 'dead');
    const asked = origin.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(origin.requests).toHaveLength(asked);
    expect(health()?.reason).toMatch(/gone for good \(410\).*Take this source out/);
  });

  it('says a failure once, stays quiet through it, and says the recovery', async () => {
    const { health, server: origin } = await start((_, response, count) =>
      count < 6 ? response.writeHead(503, { 'retry-after': '7200' }).end() : response.end(simple('Back')),
    );
    await eventually(() => health()?.status === 'failing');
    const wait = Date.parse(health()?.next_attempt_at ?? '') - Date.now();
    expect(wait).toBeGreaterThan(7_100_000);
    await eventually(() => health()?.status === 'ok');
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain('answered 503');
    expect(bench.lines.some(({ level, msg }) => level === 30 && msg.includes('works again'))).toBe(true);
    expect(origin.requests.length).toBeGreaterThan(5);
    expect(await bench.metric('tidewatch_errors_total', { code: 'http.unavailable' })).toBe(5);
  });

  it.each([
    ['a host that is not there', 'http://127.0.0.1:1/feed', 'http.unavailable'],
    ['a private address that no setting allows', 'http://10.255.255.1/feed', 'http.refused_address'],
    ['a name that no server knows', 'http://no-such-host.invalid/feed', 'http.unavailable'],
  ])('with %s warns once with a hint and goes on trying', async (_, url, code) => {
    const stage = await bench.start({ sources: [{ type: 'rss', name: 'wire', url, timeout_ms: 500 }] });
    await eventually(async () => (await bench.metric('tidewatch_errors_total', { code })) > 2);
    expect(warnings()).toHaveLength(1);
    expect(stage.health()[0]).toMatchObject({ status: 'failing', last_success_at: null });
    expect(stage.health()[0]?.next_attempt_at).not.toBeNull();
  });

  it.each([
    ['the metadata service of clouds', 'http://169.254.169.254/latest/'],
    ['a private network', 'http://192.168.1.1/'],
    ['this machine by another name', 'http://localhost:22/'],
  ])('does not follow a redirect to %s', async (_, location) => {
    const { health } = await start((__, response) => response.writeHead(302, { location }).end());
    await eventually(() => health()?.status === 'failing');
    expect(health()?.reason).toContain('private or reserved address');
    expect(await bench.metric('tidewatch_errors_total', { code: 'http.refused_address' })).toBeGreaterThan(0);
  });

  const bomb = gzipSync(Buffer.alloc(100_000_000, '<item>'));
  it.each<[string, Answer, string]>([
    ['of 50 MB', (_, response) => void response.end(rss(`<item><title>${'x'.repeat(50_000_000)}</title></item>`)), 'more than'],
    ['that is a compressed bomb', (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb), 'more than'],
    ['that is an HTML page', (_, response) => void response.end('<!DOCTYPE html><html><body>Log in</body></html>'), 'HTML page'],
    ['with entities that expand', (_, response) => void response.end('<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><rss version="2.0"><channel><item><title>&b;</title></item></channel></rss>'), 'document type'],
    ['with an entity out of a file', (_, response) => void response.end('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><item><title>&x;</title></item></channel></rss>'), 'document type'],
    ['that is empty', (_, response) => void response.end(''), 'empty'],
    ['that is JSON of another kind', (_, response) => void response.end('{"a":1}'), 'JSON Feed'],
    ['that breaks off', (_, response) => void response.end('<rss version="2.0"><channel><item><title>a'), 'not RSS or Atom'],
    ['nested a hundred thousand deep', (_, response) => void response.end(rss(`<item>${'<a>'.repeat(100_000)}`)), 'more than 500 deep'],
    ['that needs a log-in', (_, response) => void response.writeHead(403).end(), 'log-in'],
    ['sent drop by drop', (_, response) => void setInterval(() => response.write(' '), 50), 'no answer in time'],
  ])('refuses a feed %s with a reason, while the other sources go on', async (_, answer, reason) => {
    const good = await serve((__, response) => response.end(simple('From the good one')));
    server = await serve(answer);
    const stage = await bench.start({
      sources: [
        { type: 'rss', name: 'bad', url: server.url, timeout_ms: reason === 'no answer in time' ? 3000 : 20_000, max_bytes: 5_000_000 },
        { type: 'rss', name: 'good', url: good.url },
      ],
    });
    await eventually(() => stage.health()[0]?.status === 'failing');
    expect(stage.health()[0]?.reason).toContain(reason);
    expect((await bench.documents(1))[0]).toMatchObject({ feed: 'good', text: 'From the good one' });
    await good.close();
  }); // prettier-ignore

  it('reads gb18030, big5 and UTF-16 as the server or the XML says, and what is nothing else as windows-1252', async () => {
    const gb = Buffer.concat([
      Buffer.from('<?xml version="1.0" encoding="gb2312"?><rss version="2.0"><channel><item><title>'),
      Buffer.from([0xd6, 0xd0, 0xb9, 0xfa, 0xc6, 0xbd, 0xb0, 0xb2, 0xd2, 0xf8, 0xd0, 0xd0]),
      Buffer.from('</title></item></channel></rss>'),
    ]);
    const bodies: [Buffer, string?][] = [
      [gb],
      [Buffer.from(`\ufeff${simple('两字节的文字')}`, 'utf16le')],
      [Buffer.concat([Buffer.from('<rss version="2.0"><channel><item><title>'), Buffer.from([0xbb, 0xc8, 0xa6, 0xe6]), Buffer.from('</title></item></channel></rss>')]), 'text/xml; charset=big5'],
      [Buffer.concat([Buffer.from('<rss version="2.0"><channel><item><title>bad '), Buffer.from([0xff, 0xfe]), Buffer.from(' bytes</title></item></channel></rss>')])],
    ]; // prettier-ignore
    await start((_, response, count) => {
      const [body, type] = bodies[(count - 1) % bodies.length] ?? [gb];
      response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end(body);
    });
    const texts = (await bench.documents(4)).map(({ text }) => text).sort();
    expect(texts).toEqual(['bad ÿþ bytes', '两字节的文字', '中国平安银行', '銀行'].sort());
  });

  it('reads JSON Feed', async () => {
    const feed = {
      version: 'https://jsonfeed.org/version/1.1', title: 'j',
      items: [{ id: '1', url: 'https://e.com/1', title: 'T &amp; t', content_html: '<p>Body <b>bold</b></p>', date_published: '2026-03-10T08:00:00+08:00', authors: [{ name: 'Ann' }] }],
    }; // prettier-ignore
    await start((_, response) => response.end(JSON.stringify(feed)));
    expect((await bench.documents(1))[0]).toMatchObject({
      title: 'T & t', text: 'Body bold', author: expect.stringMatching(/^u_[\da-f]{32}$/) as string, published_at: '2026-03-10T00:00:00.000Z', url: 'https://e.com/1',
    }); // prettier-ignore
  });

  it('with hostile HTML gives plain text, and no link but http', async () => {
    const item = (title: string, body: string, link: string): string =>
      `<item><guid>${title.length}</guid><title><![CDATA[${title}]]></title><link>${link}</link><description><![CDATA[${body}]]></description></item>`;
    const items = [
      item('Bank <script>alert(1)</script> falls', '<img src=x onerror=alert(2)>Shares <b onclick="alert(3)">fell</b><iframe src="javascript:alert(4)">in</iframe>', 'javascript:alert(5)'),
      item('<svg onload=alert(6)>Oil</svg> up', '<style>*{}</style><object data=x></object>Prices <a href="data:text/html,x">rose</a><script>unclosed', 'data:text/html,<script>'),
      item('Gold &lt;script&gt;alert(7)&lt;/script&gt;', '\u202egnp.exe\u0000 <!-- <script>alert(8)</script> --> fell', 'https://e.com/1'),
    ]; // prettier-ignore
    await start((_, response) => response.end(rss(items.join(''))));
    const documents = await bench.documents(3);
    for (const { url } of documents) expect(url === null || url.startsWith('https://e.com/')).toBe(true);
    const text = documents.map((document) => `${document.title} ${document.text}`).join(' ');
    expect(text).not.toMatch(/alert\([1-68]\)|onerror|onclick|<(?:svg|img|b|iframe)|\u202e/);
    expect(text).not.toContain('\u0000');
    expect(text).toContain('Shares fell');
    expect(text).toContain('Prices rose');
  });

  it('that breaks off is taken as far as it is whole, counted, and asked for again as a whole', async () => {
    const whole = rss('<item><title>First</title></item><item><title>Second</title></item>');
    const { server: origin } = await start((_, response, count) =>
      response
        .writeHead(200, { etag: '"same"' })
        .end(count === 1 ? whole.slice(0, whole.indexOf('Second') + 3) : whole),
    );
    expect((await bench.documents(2)).map(({ text }) => text)).toEqual(['First', 'Second']);
    expect(origin.requests[1]?.headers['if-none-match']).toBeUndefined();
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'feed_cut_off' })).toBe(1);
  });

  it('reads times without a zone in the zone of its settings, and marks what it cannot know', async () => {
    const items = ['2026-03-10 16:00:00', '2026-03-10', 'soon'].map(
      (date, index) =>
        `<item><guid>${index}</guid><title>Report ${index} of ${index * 7919}</title><pubDate>${date}</pubDate></item>`,
    );
    await start((_, response) => response.end(rss(items.join(''))), { time_zone: 'Asia/Shanghai' });
    const documents = await bench.documents(3);
    const marks = documents.map(({ published_at_mark }) => published_at_mark).sort();
    expect(marks).toEqual(['day', 'missing', 'stated']);
    expect(documents.map(({ published_at }) => published_at)).toContain('2026-03-10T08:00:00.000Z');
  });

  it('takes a language and class for all its items from the settings', async () => {
    await start((_, response) => response.end(simple('Bonjour')), { language: 'fr', source_class: 'social' });
    expect((await bench.documents(1))[0]).toMatchObject({ language: 'other', source_class: 'social' });
  });
});
