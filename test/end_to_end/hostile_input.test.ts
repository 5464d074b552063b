/** The newcomer's worst day, what comes in: broken feeds, bombs, wrong bytes, 50 MB documents, no network. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gzipBomb, openHostileFeeds } from './hostile_feeds.ts';
import { REPOSITORY, run, until, type Program } from './program.ts';
import { freePort } from '../free_port.ts';

interface SourceRow {
  readonly name: string;
  readonly status: string;
  readonly reason: string | null;
  readonly items: number;
}

const MEGABYTE = 2 ** 20;

describe('bad input to a running program', () => {
  let folder: string;
  let feeds: Awaited<ReturnType<typeof openHostileFeeds>>;
  let program: Program;
  let page: string;
  let push: string;
  let sources: ReadonlyMap<string, SourceRow>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewatch-hostile-'));
    feeds = await openHostileFeeds();
    const line = (id: string, text: string): string => `${JSON.stringify({ id, text })}\n`;
    await writeFile(join(folder, 'long.jsonl'), [
      line('l1', 'Shares of the mill fell before the long line'),
      line('l2', 'y'.repeat(50_000_000)),
      line('l3', 'Shares of the mill rose after the long line'),
    ]);
    await writeFile(
      join(folder, 'bytes.jsonl'),
      Buffer.concat([
        Buffer.from('{"id":"b1","text":"Broken '),
        Buffer.from([0xff, 0xc3, 0x28]),
        Buffer.from(' bytes in the middle"}\n'),
        Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
        Buffer.from(line('b2', 'A sound line after them')),
      ]),
    );
    await writeFile(join(folder, 'bomb.jsonl.gz'), gzipBomb());
    await writeFile(join(folder, 'bomb.xml.gz'), gzipBomb());
    const ports = [await freePort(), await freePort()] as const;
    page = `http://127.0.0.1:${ports[0]}`;
    push = `http://127.0.0.1:${ports[1]}/documents`;
    const settings = {
      data_dir: join(folder, 'data'),
      http: { allow_private_hosts: ['127.0.0.1'] },
      ingest: {
        sources: [
          { type: 'file', name: 'good', path: join(REPOSITORY, 'examples', 'feed.jsonl') },
          { type: 'file', name: 'long', path: 'long.jsonl' },
          { type: 'file', name: 'file-bytes', path: 'bytes.jsonl' },
          { type: 'file', name: 'file-bomb', path: 'bomb.jsonl.gz' },
          { type: 'file', name: 'feed-bomb', path: 'bomb.xml.gz' },
          { type: 'file', name: 'absent', path: 'absent.jsonl' },
          { type: 'http', name: 'push', port: ports[1] },
          { type: 'http', name: 'taken', port: feeds.port },
          { type: 'rss', name: 'lost', url: 'http://feeds.invalid/rss' },
          { type: 'rss', name: 'big-allowed', url: `${feeds.url}/big`, max_bytes: 100_000_000 },
          ...['html', 'truncated', 'doctype', 'entities', 'bytes', 'bomb', 'big', 'nothing-here'].map((name) => ({
            type: 'rss',
            name,
            url: `${feeds.url}/${name}`,
          })),
        ],
      },
      dashboards: { port: ports[0] },
    };
    const config = join(folder, 'tidewatch.yaml');
    await writeFile(config, JSON.stringify(settings));
    program = run(['up', '--config', config]);
    await program.seen(/The page is at/);
    sources = await until(
      async () => {
        const rows = ((await (await fetch(`${page}/api/sources`)).json()) as { sources: SourceRow[] }).sources;
        const settled = rows.every(
          ({ name, status }) => status !== 'starting' && (name !== 'good' || status === 'finished'),
        );
        return settled && rows.find(({ name }) => name === 'file-bomb')?.status === 'finished'
          ? new Map(rows.map((row) => [row.name, row] as const))
          : null;
      },
      90_000,
      () => program.output(),
    );
  }, 120_000);

  afterAll(async () => {
    program.child.kill('SIGKILL');
    await program.exited;
    await feeds.close();
    await rm(folder, { recursive: true, force: true });
  });

  const metrics = async (): Promise<string> => (await fetch(`${page}/metrics`)).text();

  it.each([
    ['html', /HTML page, not a feed.*Look for the address/],
    ['truncated', /not RSS or Atom as a whole: it breaks off/],
    ['doctype', /document type \(DOCTYPE\).*refused/],
    ['bomb', /sent more than 10000000 bytes.*max_bytes/],
    ['big', /sent more than 10000000 bytes.*max_bytes/],
    ['feed-bomb', /bomb\.xml\.gz is a feed of more than 50000000 bytes/],
    ['absent', /There is no file .*absent\.jsonl/],
    ['nothing-here', /answered 404/],
    ['lost', /feeds\.invalid.*Check that this machine reaches the internet/],
    ['taken', /in use by another program.*another port/],
  ])('shows the source %s as failing, with what to do', (name, reason) => {
    expect(sources.get(name)).toMatchObject({ status: 'failing', reason: expect.stringMatching(reason) as string });
  });

  it('takes the good source beside them whole, and the good items of the bad ones', async () => {
    const lines = (await readFile(join(REPOSITORY, 'examples', 'feed.jsonl'), 'utf8')).trim().split('\n').length;
    expect(sources.get('good')?.items).toBeGreaterThan(lines * 0.9);
    for (const [name, items] of [
      ['long', 2],
      ['file-bytes', 2],
      ['entities', 1],
      ['bytes', 1],
      ['big-allowed', 1],
    ] as const) {
      expect(sources.get(name), name).toMatchObject({ items, reason: null });
    }
    const total = [...sources.values()].reduce((sum, { items }) => sum + items, 0);
    await until(
      async () => ((await (await fetch(`${page}/api/status`)).json()) as { opinions: number }).opinions === total,
      90_000,
      () => program.output(),
    );
  });

  it('says which input was refused, where and why, and counts it', async () => {
    expect(program.output()).toContain('Line 2: it is longer than max_document_bytes (1000000)');
    expect(program.output()).toContain('Line 2: it is not JSON');
    expect(program.output()).toMatch(/big-allowed: .*max_text_chars allows/);
    expect(await metrics()).toMatch(
      /tidewatch_errors_total\{[^}]*code="input.too_large"[^}]*stage="ingest"|stage="ingest"[^}]*code="input.too_large"/,
    );
  });

  it.each([
    ['a document of 50 MB', JSON.stringify({ id: 'p', text: 'x'.repeat(50_000_000) })],
    ['50 MB that are no JSON', 'x'.repeat(50_000_000)],
  ])('answers 413 naming the limit to a client that posts %s', async (_, body) => {
    const answer = await fetch(push, { method: 'POST', body });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain('max_bytes (10000000)');
    const next = await fetch(push, { method: 'POST', body: JSON.stringify({ id: 'n', text: 'Trading resumed' }) });
    expect(next.status).toBe(202);
  });

  it('stays within 1.5 GB and prints no stack', async () => {
    const status = await readFile(`/proc/${program.child.pid}/status`, 'utf8').catch(() => null);
    if (status === null) console.log('memory is not checked: there is no /proc here');
    else expect((Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024) / MEGABYTE).toBeLessThan(1500);
    expect(program.output()).not.toMatch(/\n\s+at |MaxListeners|"stack"/);
  });

  it('says once that a feed is unreachable, also over its retries, and idles', { timeout: 90_000 }, async () => {
    const ticks = async (): Promise<number | null> => {
      const stat = await readFile(`/proc/${program.child.pid}/stat`, 'utf8').catch(() => null);
      const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields === undefined ? null : Number(fields[11]) + Number(fields[12]);
    };
    const before = await ticks();
    // A first retry comes within 30 s.
    await new Promise((resolve) => setTimeout(resolve, 35_000));
    const after = await ticks();
    expect(program.output().match(/feeds\.invalid/g)).toHaveLength(1);
    if (before === null || after === null) console.log('CPU is not checked: there is no /proc here');
    // Clock ticks are 10 ms everywhere that Node runs; retries of the bombs fall into this time, too.
    else expect((after - before) / 100 / 35).toBeLessThan(0.2);
  });
});
