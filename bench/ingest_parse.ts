/**
 * Parsers beside each other on the same made-up feeds (those of bench/ingest.ts): ours (decoding, repair, rss-parser,
 * plain text) and, where they are installed in a folder outside this project, feedsmith, @rowanmanning/feed-parser and
 * rss-parser by itself; and feedparser by a Python of your choice. Also how fast the messages of other sources are read.
 * Prints JSON. Usage: npx tsx bench/ingest_parse.ts [--feeds 200] [--items 100] [--peers FOLDER] [--python PATH]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { decodeFeed } from '../ingest/encoding.ts';
import { parseFeed } from '../ingest/feed.ts';
import { readJetstreamEvent } from '../ingest/sources/bluesky_event.ts';
import { readKnowledgeRecord } from '../ingest/sources/gdelt_record.ts';
import { readStatus } from '../ingest/sources/mastodon_status.ts';
import { feedXml, itemsOf } from './ingest_feeds.ts';

const { values: options } = parseArgs({
  options: {
    feeds: { type: 'string', default: '200' },
    items: { type: 'string', default: '100' },
    peers: { type: 'string' },
    python: { type: 'string' },
  },
});
const ITEMS = Number(options.items);
const feeds = Array.from({ length: Number(options.feeds) }, (_, feed) =>
  Buffer.from(feedXml(feed, itemsOf(feed, ITEMS, ['Acme', '诺维银行', 'Hallam Foods'], 10_000))),
);
const bytes = feeds.reduce((sum, { length }) => sum + length, 0);

interface Rate {
  readonly parser: string;
  readonly items: number;
  readonly items_per_cpu_second: number;
}

/** Items by CPU time of this process: on a busy machine that says more than the clock. One pass to warm up. */
async function measure(parser: string, parse: (feed: Buffer) => Promise<number> | number): Promise<Rate> {
  for (const feed of feeds.slice(0, 20)) await parse(feed);
  const before = process.cpuUsage();
  let items = 0;
  for (const feed of feeds) items += await parse(feed);
  const { user, system } = process.cpuUsage(before);
  return { parser, items, items_per_cpu_second: Math.round(items / ((user + system) / 1e6)) };
}

type Module = Record<string, unknown>;

async function peers(folder: string): Promise<Rate[]> {
  const resolveFrom = createRequire(pathToFileURL(join(resolve(folder), 'package.json')));
  const load = async (name: string): Promise<{ module: Module; version: string }> => ({
    module: (await import(pathToFileURL(resolveFrom.resolve(name)).href)) as Module,
    version: (resolveFrom(`./node_modules/${name}/package.json`) as { version: string }).version,
  });
  const rates: Rate[] = [];
  const feedsmith = await load('feedsmith');
  const smith = feedsmith.module['parseFeed'] as (text: string) => { feed: { items?: unknown[] } };
  rates.push(
    await measure(`feedsmith ${feedsmith.version}`, (feed) => smith(feed.toString('utf8')).feed.items?.length ?? 0),
  );
  const rowan = await load('@rowanmanning/feed-parser');
  const rowanParse = rowan.module['parseFeed'] as (text: string) => { items: unknown[] };
  rates.push(
    await measure(
      `@rowanmanning/feed-parser ${rowan.version}`,
      (feed) => rowanParse(feed.toString('utf8')).items.length,
    ),
  );
  const plain = await load('rss-parser');
  const Parser = plain.module['default'] as new () => { parseString(text: string): Promise<{ items: unknown[] }> };
  const parser = new Parser();
  rates.push(
    await measure(
      `rss-parser ${plain.version} by itself`,
      async (feed) => (await parser.parseString(feed.toString('utf8'))).items.length,
    ),
  );
  return rates;
}

const PYTHON = `
import sys, time, glob, feedparser
files = [open(f, 'rb').read() for f in sorted(glob.glob(sys.argv[1] + '/*.xml'))]
for f in files[:20]: feedparser.parse(f)
t = time.process_time()
n = sum(len(feedparser.parse(f).entries) for f in files)
print(n, time.process_time() - t, feedparser.__version__)
`;

function python(program: string): Rate {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-bench-feeds-'));
  for (const [index, feed] of feeds.entries())
    writeFileSync(join(folder, `${String(index).padStart(5, '0')}.xml`), feed);
  const [items = '0', seconds = '1', version = ''] = execFileSync(program, ['-c', PYTHON, folder])
    .toString()
    .trim()
    .split(' ');
  rmSync(folder, { recursive: true });
  return {
    parser: `feedparser ${version} (Python)`,
    items: Number(items),
    items_per_cpu_second: Math.round(Number(items) / Number(seconds)),
  };
}

/** Messages of one kind by CPU time. */
function decode(
  name: string,
  messages: readonly string[],
  read: (message: string) => unknown,
): { messages: string; per_cpu_second: number } {
  for (const message of messages.slice(0, 2000)) read(message);
  const before = process.cpuUsage();
  for (const message of messages) read(message);
  const { user, system } = process.cpuUsage(before);
  return { messages: name, per_cpu_second: Math.round(messages.length / ((user + system) / 1e6)) };
}

const texts = itemsOf(1, 20_000, ['Acme', '诺维银行'], 10_000);
const post = ({ guid, title }: (typeof texts)[number]): string =>
  JSON.stringify({ did: 'did:plc:abcdefghijklmnop', time_us: 1_772_438_400_000_000, kind: 'commit', commit: { rev: '3l', operation: 'create', collection: 'app.bsky.feed.post', rkey: `3l${guid}`, cid: 'bafy', record: { $type: 'app.bsky.feed.post', text: title, createdAt: '2026-03-02T08:00:00.000Z', langs: ['en'] } } }); // prettier-ignore
const status = ({ guid, description }: (typeof texts)[number]): string =>
  JSON.stringify({ id: guid, created_at: '2026-03-02T08:00:00.000Z', content: description, visibility: 'public', language: 'en', url: 'https://m.example/@a/1', account: { acct: 'a@b.example' }, reblog: null }); // prettier-ignore
const record = ({ guid, title }: (typeof texts)[number]): string => {
  const columns = Array.from({ length: 27 }, () => 'x'.repeat(200));
  Object.assign(columns, {
    0: `20260302081500-1`,
    1: '20260302081500',
    3: 'a.example',
    4: `https://a.example/${guid}`,
    25: '',
    26: `<PAGE_TITLE>${title}</PAGE_TITLE>`,
  });
  return columns.join('\t');
};

const ours = await measure(
  'Tidewatch (decode, repair, rss-parser, plain text, times)',
  async (feed) => (await parseFeed(decodeFeed(feed))).items.length,
);
const load = loadavg()[0]?.toFixed(1);
console.log(
  JSON.stringify(
    {
      machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}`,
      load_average: Number(load),
      feeds: feeds.length,
      megabytes: Number((bytes / 2 ** 20).toFixed(1)),
      parsers: [
        ours,
        ...(options.peers === undefined ? [] : await peers(options.peers)),
        ...(options.python === undefined ? [] : [python(options.python)]),
      ],
      messages: [
        decode('Jetstream event', texts.map(post), readJetstreamEvent),
        decode('Mastodon status', texts.map(status), (text) => readStatus(JSON.parse(text), 'm.example')),
        decode('GDELT record (5 KB)', texts.map(record), readKnowledgeRecord),
      ],
    },
    null,
    2,
  ),
);
