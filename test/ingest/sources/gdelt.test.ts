import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stampsBetween } from '../../../ingest/sources/gdelt.ts';
import { readFileList, readKnowledgeRecord } from '../../../ingest/sources/gdelt_record.ts';
import { readZipEntry } from '../../../ingest/sources/zip_entry.ts';
import { describeSourceContract } from '../../contracts/source.ts';
import { eventually, openWorkbench, type Workbench } from '../workbench.ts';
import { openApi } from './api_server.ts';
import { zipOf } from './zip_writer.ts';

interface Page {
  readonly url: string;
  readonly title: string;
  readonly date?: string;
  readonly themes?: string;
  readonly precise?: string;
  readonly translation?: string;
}

/** A record of the knowledge graph: 27 columns of the codebook, those that we do not read filled as they often are. */
function recordOf(
  {
    url,
    title,
    date = '20260302081500',
    themes = 'ECON_STOCKMARKET;WB_1920_FINANCIAL',
    precise = '',
    translation = '',
  }: Page,
  index = 0,
): string {
  const columns = Array.from({ length: 27 }, () => '');
  const extras = `<PAGE_LINKS>https://a.example</PAGE_LINKS>${precise === '' ? '' : `<PAGE_PRECISEPUBTIMESTAMP>${precise}</PAGE_PRECISEPUBTIMESTAMP>`}${title === '' ? '' : `<PAGE_TITLE>${title}</PAGE_TITLE>`}`;
  Object.assign(columns, {
    0: `${date}-${index}`,
    1: date,
    2: '1',
    3: 'wire.example',
    4: url,
    7: themes,
    15: '-1.2,2.1,3.3,5.4,20.1,0.1,120',
    25: translation,
    26: extras,
  });
  return columns.join('\t');
}

/** data.gdeltproject.org: lastupdate.txt names the newest three files with size and MD5; older files stay. */
async function openGdelt() {
  const files = new Map<string, Buffer>();
  const state = { newest: '20260302081500', md5: null as string | null, list: null as string | null };
  const api = await openApi(({ path, headers }, response) => {
    if (path !== '/gdeltv2/lastupdate.txt') {
      const file = files.get(path.slice('/gdeltv2/'.length));
      if (file === undefined) response.writeHead(404).end();
      else response.end(file);
      return;
    }
    if (state.list !== null) {
      response.end(state.list);
      state.list = null;
      return;
    }
    const lines = ['export.CSV.zip', 'mentions.CSV.zip', 'gkg.csv.zip'].map((kind) => {
      const file = files.get(`${state.newest}.${kind}`) ?? Buffer.alloc(0);
      const md5 = kind.startsWith('gkg')
        ? (state.md5 ?? createHash('md5').update(file).digest('hex'))
        : 'd41d8cd98f00b204e9800998ecf8427e';
      return `${file.length} ${md5} ${api.url}/gdeltv2/${state.newest}.${kind}`;
    });
    const etag = `"${state.newest}-${state.md5 ?? ''}"`;
    if (headers['if-none-match'] === etag) response.writeHead(304).end();
    else response.setHeader('etag', etag).end(`${lines.join('\n')}\n`);
  });
  return {
    ...api,
    state,
    files,
    publish(stamp: string, pages: readonly (Page | string)[]) {
      const text = pages
        .map((page, index) =>
          typeof page === 'string' ? page : recordOf({ ...page, date: page.date ?? stamp }, index),
        )
        .join('\n');
      files.set(`${stamp}.gkg.csv.zip`, zipOf(`${stamp}.gkg.csv`, `${text}\n`));
      state.newest = stamp;
    },
  };
}

const stamp = (quarter: number, start = Date.UTC(2026, 2, 2, 8)): string =>
  new Date(start + quarter * 15 * 60_000).toISOString().replace(/\D/g, '').slice(0, 14);

describeSourceContract('gdelt', async () => {
  const origin = await openGdelt();
  let quarter = 0;
  const now = Math.floor(Date.now() / 1000) * 1000;
  return {
    settings: { type: 'gdelt', name: 'world', url: `${origin.url}/gdeltv2/lastupdate.txt` },
    offer: async (items) => {
      const pages = items.map(({ id, text, time }) => {
        const precise = time.replace(/\D/g, '').slice(0, 14);
        return { url: `https://wire.example/${id}`, title: text, precise };
      });
      origin.publish(stamp(1 + quarter, now), pages);
      quarter += 1;
    },
    offerGarbage: async () => {
      origin.publish(stamp(1 + quarter, now), ['not\ta\trecord']);
      quarter += 1;
      origin.state.list = 'nothing here';
    },
    fail: async (isFailing) => origin.fail(isFailing),
    close: origin.close,
  };
});

describe('a gdelt source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let origin: Awaited<ReturnType<typeof openGdelt>>;
  beforeEach(async () => {
    bench = await openWorkbench();
    origin = await openGdelt();
  });
  afterEach(async () => {
    await bench.close();
    await origin.close();
  });
  const start = (more: object = {}) =>
    bench.start({ sources: [{ type: 'gdelt', name: 'world', url: `${origin.url}/gdeltv2/lastupdate.txt`, ...more }] });
  const page = (name: string, more: Partial<Page> = {}): Page => ({
    url: `https://wire.example/${name}`,
    title: `A page of its own about ${name}`,
    ...more,
  });
  const fetched = (name: string) => origin.requests.filter(({ path }) => path.includes(name)).length;
  const skipped = (reason: string) => bench.metric('tidewatch_documents_skipped_total', { reason });

  it('reads a file once, the pages with a wanted theme, and counts the others', async () => {
    origin.publish(stamp(1), [
      page('a'),
      page('b', { themes: 'SPORTS;TAX_ECON' }),
      page('c', { title: '' }),
      page('d', { themes: 'X;ECON_DEBT' }),
    ]);
    await start();
    expect((await bench.documents(2)).map(({ url }) => url)).toEqual([
      'https://wire.example/a',
      'https://wire.example/d',
    ]);
    await eventually(() => fetched('lastupdate') > 5);
    expect(fetched(stamp(1))).toBe(1);
    expect(origin.requests.at(-1)?.headers['if-none-match']).toContain(stamp(1));
    expect([await skipped('filtered'), await skipped('untitled')]).toEqual([1, 1]);
  });

  it('makes good the files of a downtime, oldest first, up to its limit, and counts what is left out or never was', async () => {
    origin.publish(stamp(0), [page('start')]);
    const stage = await start();
    await bench.documents(1);
    await stage.stop();
    for (const quarter of [1, 2, 3, 5, 6]) origin.publish(stamp(quarter), [page(`q${quarter}`)]);
    await start({ max_backlog_files: 4 });
    const urls = (await bench.documents(5)).map(({ url }) => url?.split('/').at(-1));
    expect(urls).toEqual(['start', 'q2', 'q3', 'q5', 'q6']);
    expect([await skipped('backlog'), await skipped('file_missing')]).toEqual([1, 1]);
    expect(bench.lines.map(({ msg }) => msg).join('\n')).toContain('max_backlog_files (4)');
  });

  it('does not take a file that does not match its checksum, and takes it when it does', async () => {
    origin.publish(stamp(1), [page('a')]);
    origin.state.md5 = '0'.repeat(32);
    const stage = await start();
    await eventually(() => stage.health()[0]?.status === 'failing');
    expect(stage.health()[0]?.reason).toContain('checksum');
    origin.state.md5 = null;
    expect(await bench.documents(1)).toHaveLength(1);
  });

  it('passes over an archive that is broken as published, with a dead letter, and one that is too large', async () => {
    origin.publish(stamp(1), []);
    origin.files.set(`${stamp(1)}.gkg.csv.zip`, Buffer.from('PK is not enough'));
    await start({ max_bytes: 100_000, themes: [] });
    expect((await bench.deadLetters(1))[0]).toMatchObject({
      code: 'input.invalid',
      reason: expect.stringContaining(stamp(1)) as string,
    });
    origin.publish(stamp(2), [page('x'.repeat(1500), { themes: 'E'.repeat(300_000) })]);
    expect((await bench.deadLetters(2))[1]).toMatchObject({ code: 'input.too_large' });
    origin.publish(stamp(3), [page('after')]);
    expect(await bench.documents(1)).toHaveLength(1);
  });

  it('fetches only from the host of its list', async () => {
    origin.state.list = `1 ${'0'.repeat(32)} http://169.254.169.254/latest/20260302081500.gkg.csv.zip`;
    await start();
    await eventually(
      async () => (await bench.metric('tidewatch_errors_total', { code: 'http.refused_address' })) === 1,
    );
  });
});

describe('a record of the knowledge graph', () => {
  const read = (page: Partial<Page>) => {
    const record = readKnowledgeRecord(recordOf({ url: 'https://wire.example/a', title: 'T', ...page }));
    return typeof record === 'string' || record === null ? record : record.item;
  };
  it('is a title with its address, outlet and time; the page’s own time where it is not later', () => {
    expect(read({ title: 'Acme&#x2019;s profit &lt;3%, AT&amp;T says', precise: '20260301120000' })).toEqual({
      guid: 'https://wire.example/a', url: 'https://wire.example/a', title: 'Acme’s profit <3%, AT&T says', text: '', html: false,
      published_at: '2026-03-01T12:00:00Z', language: 'en', source: 'wire.example', source_class: 'news',
    }); // prettier-ignore
    expect(read({ precise: '20270101000000' })).toMatchObject({ published_at: '2026-03-02T08:15:00Z' });
  });
  it('has the language of a page that was translated', () => {
    expect(read({ title: '茅台业绩', translation: 'srclc:zho;eng:GT-ZHO 1.0' })).toMatchObject({ language: 'zh' });
  });
  it.each([
    ['', '1 columns'],
    ['\t'.repeat(26), 'no record id'],
  ])('%j is refused with a reason', (line, reason) => {
    expect(readKnowledgeRecord(line)).toContain(reason);
  });
  it('lists the knowledge-graph file only', () => {
    const md5 = 'a'.repeat(32);
    expect(
      readFileList(
        `1 ${md5} http://h/20260302081500.export.CSV.zip\r\n2 ${md5} http://h/20260302081500.translation.gkg.csv.zip\r\n`,
      ),
    ).toEqual({ bytes: 2, md5, url: 'http://h/20260302081500.translation.gkg.csv.zip', stamp: '20260302081500' });
    expect(readFileList('<html>')).toBeNull();
  });
  it('knows the quarters between two files', () => {
    expect(stampsBetween('20260302234500', '20260303003000')).toEqual(['20260303000000', '20260303001500']);
    expect(stampsBetween('20260303003000', '20260302234500')).toEqual([]);
    expect(stampsBetween('19700101000000', '20260302234500').length).toBeLessThan(366 * 97);
  });
});

describe('a ZIP archive', () => {
  it('gives its first entry, deflated or stored', () => {
    for (const method of [0, 8])
      expect(readZipEntry(zipOf('a.csv', 'Größe 大小', { method }), 100).toString()).toBe('Größe 大小');
  });
  it('made by another program is read', ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tidewatch-zip-'));
    try {
      writeFileSync(join(folder, 'a.csv'), 'one\ttwo\n'.repeat(1000));
      execFileSync('python3', ['-m', 'zipfile', '-c', join(folder, 'a.zip'), join(folder, 'a.csv')]);
    } catch {
      skip('python3 is not there to make an archive');
    }
    expect(readZipEntry(readFileSync(join(folder, 'a.zip')), 10_000).toString()).toBe('one\ttwo\n'.repeat(1000));
    rmSync(folder, { recursive: true });
  });
  it.each([
    ['cut off', zipOf('a', 'content').subarray(0, 60), 'cut off, or is none'], ['no archive', Buffer.from('hello'), 'cut off, or is none'], ['empty', Buffer.alloc(0), 'cut off, or is none'],
    ['of a wrong checksum', zipOf('a', 'content', { crc: 1 }), 'checksum'], ['of a wrong size', zipOf('a', 'content', { size: 3 }), 'checksum'],
    ['encrypted', zipOf('a', 'content', { flags: 1 }), 'encrypted'], ['of another method', zipOf('a', 'content', { method: 14 }), 'method 14'],
  ])('that is %s is refused with a reason', (_, archive, reason) => {
    expect(() => readZipEntry(archive, 1000)).toThrow(reason);
  }); // prettier-ignore
  it('that is a bomb stops at the limit, whether or not it says its size', () => {
    const zeros = Buffer.alloc(50_000_000);
    for (const over of [{}, { size: 10 }])
      expect(() => readZipEntry(zipOf('a', zeros, over), 1_000_000)).toThrow(/limit is 1000000/);
  });
});
