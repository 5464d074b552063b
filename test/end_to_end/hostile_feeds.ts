/** A local server of feeds as the street has them: broken, huge, compressed without end. */
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

/** Inflates to a gigabyte of zeros, in 1 MB: gzip members may follow each other. */
export function gzipBomb(): Buffer {
  return Buffer.concat(Array.from({ length: 16 }, () => gzipSync(Buffer.alloc(64 * 2 ** 20))));
}

const feed = (items: string): string =>
  `<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>t</title>${items}</channel></rss>`;
const item = (guid: string, title: string, body = `${title}, in more words.`): string =>
  `<item><guid>${guid}</guid><title>${title}</title><description>${body}</description></item>`;

const FEEDS: Readonly<Record<string, () => { body: Buffer | string; gzip?: boolean }>> = {
  '/html': () => ({ body: '<!DOCTYPE html><html><body>Please sign in</body></html>' }),
  '/truncated': () => ({ body: feed(item('t', 'Cut short')).slice(0, -30) }),
  '/doctype': () => ({
    body: feed(item('d', '&b;')).replace('?>', '?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'),
  }),
  '/entities': () => ({ body: feed(item('e', 'Gone &lol9; &#x110000; &#0; &nbsp; AT&T')) }),
  '/bytes': () => ({
    body: Buffer.concat([
      Buffer.from(feed(item('b', 'Bad ')).slice(0, 110)),
      Buffer.from([0xff, 0xc0, 0xfe]),
      Buffer.from(feed(item('b', 'Bad ')).slice(110)),
    ]),
  }),
  '/bomb': () => ({ body: gzipBomb(), gzip: true }),
  '/big': () => ({ body: feed(item('g1', 'A good item') + item('g2', 'A big one', 'x'.repeat(50_000_000))) }),
};

/** @returns its address, and what ends it. */
export async function openHostileFeeds(): Promise<{ url: string; port: number; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const made = FEEDS[request.url ?? '']?.();
    if (made === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'content-type': 'application/rss+xml',
      ...(made.gzip === true ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(made.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
