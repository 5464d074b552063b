/** The feeds of bench/ingest.ts behind HTTP, in a process of its own, so that making them is not measured. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { feedXml, itemsOf } from './ingest_feeds.ts';

const [items = '100', stories = '1000', ...names] = process.argv.slice(2);
const server = createServer((request, response) => {
  const feed = Number(/^\/feed\/(\d+)$/.exec(request.url ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(feed)) {
    response.writeHead(404).end();
    return;
  }
  const body = feedXml(feed, itemsOf(feed, Number(items), names, Number(stories)));
  response.writeHead(200, { 'content-type': 'application/rss+xml; charset=utf-8', etag: `"${feed}"` }).end(body);
});
// All of 127.0.0.0/8 is this machine: each feed's host is an address of its own.
server.listen(0, '0.0.0.0', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
