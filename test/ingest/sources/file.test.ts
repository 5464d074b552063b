import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReplayClock, systemClock } from '../../../core/clock.ts';
import type { Removal } from '../../../core/removal.ts';
import { TOPICS } from '../../../core/stream/stream.ts';
import { describeSourceContract, type OfferedItem } from '../../contracts/source.ts';
import { gbk } from '../gbk.ts';
import { openWorkbench, type Workbench } from '../workbench.ts';

/** 銀行股價下跌，投資者擔心業績 in Big5, a sign for a byte. */
const BIG5 = Buffer.from('bbc8a6e6aad1bbf9a455b65ea141a7ebb8eaaaccbee1a4dfb77ec15a', 'hex').toString('latin1');

const jsonLine = ({ id, text, time }: OfferedItem): string => JSON.stringify({ id, text, published_at: time });

describeSourceContract('file (JSONL)', async (folder) => {
  const path = join(folder, 'feed.jsonl');
  writeFileSync(path, '');
  return {
    settings: { type: 'file', name: 'feed', path },
    offer: async (items) => appendFileSync(path, items.map((item) => `${jsonLine(item)}\n`).join('')),
    offerGarbage: async () => appendFileSync(path, '{"text": \n[1,2]\n\u0000\n{"id": 3}\n'),
    close: async () => undefined,
  };
});

describeSourceContract('file (CSV)', async (folder) => {
  const path = join(folder, 'feed.csv');
  writeFileSync(path, 'ID,Text,Date\n');
  return {
    settings: { type: 'file', name: 'table', path },
    offer: async (items) =>
      appendFileSync(path, items.map(({ id, text, time }) => `${id},"${text}",${time}\n`).join('')),
    offerGarbage: async () => appendFileSync(path, 'a,b\n1,,\n"x","y","z","too many"\n'),
    close: async () => undefined,
  };
});

describeSourceContract('file (gzipped JSONL)', async (folder) => {
  const path = join(folder, 'feed.jsonl.gz');
  const write = (text: string): void => {
    const before = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    // Gzip members one after the other are one file.
    writeFileSync(path, Buffer.concat([before, gzipSync(text)]));
  };
  write('');
  return {
    settings: { type: 'file', name: 'packed', path },
    offer: async (items) => write(items.map((item) => `${jsonLine(item)}\n`).join('')),
    offerGarbage: async () => write('not json\n'),
    close: async () => undefined,
  };
});

describe('a file source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  beforeEach(async () => {
    bench = await openWorkbench();
  });
  afterEach(() => bench.close());

  const write = (name: string, content: string | Buffer): string => {
    const path = join(bench.folder, name);
    writeFileSync(path, content);
    return path;
  };
  const read = async (path: string, more: object = {}) => {
    const stage = await bench.start({ sources: [{ type: 'file', name: 'f', path, ...more }], max_text_chars: 5000 });
    await stage.finished;
    return stage.health()[0];
  };

  it('hands on what a recorded feed says was deleted, at its time, after what stands before it', async () => {
    const path = write(
      'feed.jsonl',
      [
        { id: 'a', text: 'Acme recalls its anvils.', published_at: '2024-03-01T10:00:00Z' },
        { id: 'b', text: 'Globex opens a plant.', published_at: '2024-03-01T11:00:00Z' },
        { deleted: true, id: 'a', fetched_at: '2024-03-01T12:00:00Z' },
        { deleted: true },
        { id: 'c', text: 'Initech hires a printer.', published_at: '2024-03-01T13:00:00Z' },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
    await bench.stream.createGroup(TOPICS.removals, 'reader');
    const stage = await bench.start({ sources: [{ type: 'file', name: 'f', path }] }, { clock: createReplayClock(0) });
    await stage.finished;
    const documents = await bench.documents(3);
    const reading = { maxMessages: 10, maxWaitMs: 0, signal: new AbortController().signal };
    for await (const delivery of bench.stream.subscribe<Removal>(TOPICS.removals, 'reader', reading)) {
      expect(delivery.messages.map(({ value }) => [value.values, value.requested_at])).toEqual([
        [[documents[0]?.id], '2024-03-01T12:00:00.000Z'],
      ]);
      break;
    }
    expect((await bench.deadLetters(1))[0]?.reason).toBe(
      'Line 4: It says "deleted" and names neither a guid nor an author.',
    );
  });

  it('knows the common names of fields, and that a headline beside a body is a title', async () => {
    const records = [
      {
        guid: '1',
        headline: '苹果下调预期',
        body: '需求疲软。',
        pubDate: 'Tue, 10 Mar 2026 08:00:00 +0800',
        lang: 'zh',
        link: 'https://e.com/1',
      },
      {
        id: 2,
        text: 'Celo to be fastest',
        body: 'Within a year.',
        date: '2018-03-22',
        source: 'CryptoNews',
        tickers: ['CELO'],
      },
      { description: 'Only a description', author: { name: 'Ann' }, time: 1_700_000_000, source_class: 'social' },
    ];
    await read(write('a.jsonl', records.map((record) => JSON.stringify(record)).join('\n')));
    const [first, second, third] = await bench.documents(3);
    expect(first).toMatchObject({
      title: '苹果下调预期', text: '需求疲软。', published_at: '2026-03-10T00:00:00.000Z', language: 'zh',
      url: 'https://e.com/1', source: 'f', source_class: 'news',
    }); // prettier-ignore
    expect(second).toMatchObject({
      title: 'Celo to be fastest', text: 'Within a year.', source: 'CryptoNews', cashtags: ['CELO'],
      published_at: '2018-03-22T00:00:00.000Z', published_at_estimated: false,
    }); // prettier-ignore
    expect(third).toMatchObject({
      title: null, text: 'Only a description', author: expect.stringMatching(/^u_[0-9a-f]{32}$/), source_class: 'social', published_at: '2023-11-14T22:13:20.000Z',
    }); // prettier-ignore
  });

  it('puts each bad line into the dead-letter topic with its number and reason, and reads on', async () => {
    const lines = [
      '{"text":"one"}',
      '{"text":',
      '',
      '"just text"',
      '{"id":"x"}',
      '{"text":7,"title":["a"]}',
      '{"text":"two"}',
    ];
    const health = await read(write('bad.jsonl', lines.join('\r\n')));
    expect((await bench.documents(3)).map(({ text }) => text)).toEqual(['one', '7', 'two']);
    const reasons = (await bench.deadLetters(3)).map(({ reason }) => reason);
    expect(reasons[0]).toMatch(/^Line 2: it is not JSON/);
    expect(reasons[1]).toMatch(/^Line 4: It is not an object/);
    expect(reasons[2]).toMatch(/^Line 5: It has no text/);
    expect(health).toMatchObject({ status: 'finished', items: 3, reason: null });
    expect(await bench.metric('tidewatch_errors_total', { code: 'input.invalid' })).toBe(3);
  });

  it('skips a line of 50 MB without keeping it, and takes the lines around it', async () => {
    const path = write('big.jsonl', `{"text":"before"}\n{"text":"${'x'.repeat(50_000_000)}"}\n{"text":"after"}\n`);
    await read(path);
    expect((await bench.documents(2)).map(({ text }) => text)).toEqual(['before', 'after']);
    expect((await bench.deadLetters(1))[0]).toMatchObject({
      code: 'input.too_large',
      reason: expect.stringContaining('Line 2') as string,
    });
  });

  it('refuses a document over max_text_chars, naming the setting', async () => {
    await read(write('long.jsonl', `${JSON.stringify({ text: 'word '.repeat(2000) })}\n{"text":"short"}`));
    expect(await bench.documents(1)).toHaveLength(1);
    expect((await bench.deadLetters(1))[0]?.reason).toContain('ingest.max_text_chars');
  });

  it('replaces invalid UTF-8 and takes the rest', async () => {
    await read(
      write(
        'bytes.jsonl',
        Buffer.concat([
          Buffer.from('{"text":"caf'),
          Buffer.from([0xe9, 0xff]),
          Buffer.from(' bank, où l’été “à la carte” dure"}\n'),
        ]),
      ),
    );
    expect((await bench.documents(1))[0]?.text).toBe('caf\ufffd\ufffd bank, où l’été “à la carte” dure');
  });

  it.each([
    ['GBK, a table', 'g.csv', gbk('title,text,time\n茅台,贵州茅台净利润下滑,2024-03-05\n'), '贵州茅台净利润下滑'],
    ['GBK, lines', 'g.jsonl', gbk('{"text":"贵州茅台净利润下滑"}\n'), '贵州茅台净利润下滑'],
    ['GBK, gzipped', 'g.csv.gz', gzipSync(gbk('text\n贵州茅台净利润下滑\n')), '贵州茅台净利润下滑'],
    ['GBK, the first of it after 300 KB of ASCII', 'late.csv', gbk(`note,text\n${'x'.repeat(300_000)},贵州茅台\n`), '贵州茅台'],
    ['UTF-16 with a mark', 'u.jsonl', Buffer.from('\ufeff{"text":"贵州茅台净利润下滑"}\n', 'utf16le'), '贵州茅台净利润下滑'],
    ['windows-1252', 'w.csv', Buffer.from('text\nCaf\u00e9 Z\u00fcrich\u0092s profit\n', 'latin1'), 'Café Zürich’s profit'],
    ['UTF-8', 'u.csv', Buffer.from('text\n贵州茅台净利润下滑\n'), '贵州茅台净利润下滑'],
  ])('is read in the encoding that it was saved in: %s', async (_, name, content, text) => {
    await read(write(name, content));
    expect((await bench.documents(1))[0]?.text).toBe(text);
  }); // prettier-ignore

  it('is read in pieces that cut characters in two', async () => {
    const texts = Array.from({ length: 20_000 }, (_, row) => `贵州茅台净利润下滑${'.'.repeat(row % 3)}${row}`);
    await read(write('long.csv', gbk(`text\n${texts.join('\n')}\n`)));
    expect((await bench.documents(20_000)).map(({ text }) => text)).toEqual(texts);
  });

  it('refuses lines in another encoding than the rest, with their number', async () => {
    const odd = gbk('{"text":"宁德时代遭证监会立案调查"}\n');
    const utf8 = Buffer.from(
      `{"text":"贵州茅台净利润大幅下滑，股价跌停，股民损失惨重，公司称经营一切正常。"}\n`.repeat(3),
    );
    await read(write('mixed.jsonl', Buffer.concat([utf8, odd, Buffer.from('{"text":"after"}\n')])));
    expect((await bench.documents(2)).map(({ text }) => text.slice(0, 5))).toEqual(['贵州茅台净', 'after']);
    expect((await bench.deadLetters(1))[0]?.reason).toMatch(/^Line 4: its words cannot be decoded/);
  });

  const NEWS = '宁德时代遭证监会立案调查';
  const GBK_LINES = gbk('{"text":"贵州茅台净利润大幅下滑"}\n'.repeat(3));

  it.each([
    ['GBK', GBK_LINES, '贵州茅台净利润大幅下滑'],
    ['Big5', Buffer.from(`{"text":"${BIG5}"}\n`.repeat(3), 'latin1'), '銀行股價下跌,投資者擔心業績'],
    ['windows-1252', Buffer.from('{"text":"Caf\u00e9 Z\u00fcrich"}\n'.repeat(30), 'latin1'), 'Café Zürich'],
    ['GBK, as its first, middle and last line', Buffer.concat([Buffer.from(`{"text":"${NEWS}"}\n`), GBK_LINES]), '贵州茅台净利润大幅下滑'],
  ])('reads a line of UTF-8 in a file that is else %s', async (_, rest, text) => {
    await read(write('mixed.jsonl', Buffer.concat([rest, Buffer.from(`{"text":"${NEWS}"}\n`), rest, Buffer.from(`{"text":"${NEWS}"}`)])));
    const texts = new Set((await bench.documents(2)).map((document) => document.text));
    expect(texts).toEqual(new Set([text, NEWS]));
  }); // prettier-ignore

  it('settles on no encoding by one cut character', async () => {
    const ascii = Buffer.from('{"text":"all of it ASCII"}\n'.repeat(20_000));
    const cut = Buffer.concat([Buffer.from('{"text":"cut here: '), Buffer.from([0xe2, 0x80]), Buffer.from('"}\n')]);
    // Faulty itself, so that it is no line that can be nothing but UTF-8.
    const faulty = Buffer.concat([Buffer.from(`{"text":"${NEWS}`), Buffer.from([0xe2, 0x80]), Buffer.from('"}\n')]);
    await read(write('late.jsonl', Buffer.concat([cut, ascii, Buffer.from('{"text":"贵州茅台"}\n'), faulty])));
    const texts = (await bench.documents(4)).map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['贵州茅台', `${NEWS}\ufffd`]));
  });

  it('reads lines longer than what it holds, in their own encoding each', async () => {
    const long = '贵州茅台净利润下滑'.repeat(30_000);
    const texts = [`${long}1`, `${long}2`, `${long}3`];
    const [first, second, third] = texts.map((text) => `{"text":"${text}"}\n`) as [string, string, string];
    const path = write('long.jsonl', Buffer.concat([gbk(first), Buffer.from(second), gbk(third)]));
    const settings = { sources: [{ type: 'file', name: 'f', path }], max_text_chars: 1_000_000 };
    await (
      await bench.start(settings)
    ).finished;
    expect((await bench.documents(3)).map(({ text }) => text.length + text.slice(-3))).toEqual(
      texts.map((text) => text.length + text.slice(-3)),
    );
  });

  it('reads times without a zone in the zone of its settings', async () => {
    const lines = '{"text":"one","date":"2024-3-5 10:30"}\n{"text":"two","date":"2024-03-05T10:30:00Z"}\n';
    await read(write('zone.jsonl', lines), { time_zone: 'Asia/Shanghai' });
    expect((await bench.documents(2)).map(({ published_at, published_at_mark }) => [published_at, published_at_mark])).toEqual([
      ['2024-03-05T02:30:00.000Z', 'stated'],
      ['2024-03-05T10:30:00.000Z', 'stated'],
    ]); // prettier-ignore
  });

  it('says which columns a table would need', async () => {
    const health = await read(write('wrong.csv', 'When,what\n1,2\n'));
    expect(health).toMatchObject({
      status: 'failing',
      reason: expect.stringMatching(/its columns are When, what.*text, body, .*headline; 正文, 内容, .*标题/) as string,
    });
  });

  it.each([
    ['标题,内容,时间,来源,链接,作者,股票代码'],
    ['标题,正文,日期,来源,链接,作者,证券代码'],
    [' 标题 ,正文,发布时间,来源,网址,作者,代码'],
    ['標題,內容,發布時間,來源,連結,作者,股票代碼'],
  ])('reads a table under Chinese names as under English ones: %s', async (header) => {
    const row = '茅台下滑,贵州茅台净利润下滑两成,2024年3月5日 10:30,财联社,https://example.com/1,程砚,600519、000858';
    await read(write('zh.csv', `\ufeff${header}\n${row}\n`), { time_zone: 'Asia/Shanghai' });
    const [document] = await bench.documents(1);
    expect(document).toMatchObject({
      title: '茅台下滑',
      text: '贵州茅台净利润下滑两成',
      published_at: '2024-03-05T02:30:00.000Z',
      source: '财联社',
      url: 'https://example.com/1',
      cashtags: ['600519', '000858'],
    });
    expect(document?.author).not.toBeNull();
  });

  it('reads JSON lines under Chinese names, and says of a record without a text which names it looked for', async () => {
    await read(write('zh.jsonl', '{"正文":"贵州茅台净利润下滑","时间":"2024-03-05T10:30:00Z"}\n{"备注":"无"}\n'));
    expect((await bench.documents(1)).map(({ text }) => text)).toEqual(['贵州茅台净利润下滑']);
    expect((await bench.deadLetters(1))[0]?.reason).toMatch(/none of text, body, .*; 正文, 内容, .*标题 is there/);
  });

  it('reads quoted CSV fields over lines, a byte order mark, and goes on behind a broken row', async () => {
    await read(
      write('t.csv', '\ufeffTitle,Text,Date\n"A, b","line one\nline ""two""",2026-03-01\nonly one\n,C,2026-03-02\n'),
    );
    const documents = await bench.documents(2);
    expect(documents.map(({ title, text }) => [title, text])).toEqual([
      ['A, b', 'line one line "two"'],
      [null, 'C'],
    ]);
    expect((await bench.deadLetters(1))[0]?.reason).toMatch(/^Line 4/);
  });

  it('reads a saved feed', async () => {
    const feed =
      '<rss version="2.0"><channel><title>t</title><item><title>New</title><pubDate>Tue, 10 Mar 2026 08:00:00 GMT</pubDate></item><item><title>Old</title><pubDate>Mon, 09 Mar 2026 08:00:00 GMT</pubDate></item></channel></rss>';
    await read(write('saved.xml', feed));
    expect((await bench.documents(2)).map(({ text }) => text)).toEqual(['Old', 'New']);
  });

  it.each([
    ['absent.jsonl', null, 'There is no file'],
    ['cut.jsonl.gz', gzipSync(Buffer.from('{"text":"a"}\n'.repeat(5000))).subarray(0, 60), 'breaks off'],
    ['notgz.jsonl.gz', Buffer.from('{"text":"a"}'), 'breaks off'],
    ['page.xml', '<!doctype html><html></html>', 'HTML page'],
  ])('that is broken as a whole says so and harms no other source: %s', async (name, content, reason) => {
    const path = content === null ? join(bench.folder, name) : write(name, content);
    const good = write('good.jsonl', '{"text":"from the good one"}');
    const stage = await bench.start({
      sources: [
        { type: 'file', name: 'broken', path },
        { type: 'file', name: 'good', path: good },
      ],
    });
    await stage.finished;
    const [broken, fine] = stage.health();
    expect(broken).toMatchObject({ status: 'failing', reason: expect.stringContaining(reason) as string });
    expect(fine).toMatchObject({ status: 'finished', items: 1 });
  });

  it('reads on where it grew, and anew where it was replaced', async () => {
    const path = write('grow.jsonl', '{"text":"a first line"}\n');
    await read(path);
    appendFileSync(path, '{"text":"a second line"}\n');
    expect((await read(path))?.items).toBe(1);
    expect(await bench.documents(2)).toHaveLength(2);
    writeFileSync(path, '{"text":"another file altogether"}\n{"text":"with two lines, longer than before"}\n');
    expect((await read(path))?.items).toBe(2);
  });
});

describe('a replayed file', { timeout: 60_000 }, () => {
  let bench: Workbench;
  beforeEach(async () => {
    bench = await openWorkbench(systemClock);
  });
  afterEach(() => bench.close());

  const hours = (count: number): string[] =>
    Array.from({ length: count }, (_, hour) =>
      JSON.stringify({ text: `At hour ${hour}`, date: new Date(Date.UTC(2026, 2, 2, hour)).toISOString() }),
    );

  it('brings its items at their own distance, divided by the speed', async () => {
    const path = join(bench.folder, 'r.jsonl');
    writeFileSync(path, hours(5).join('\n'));
    const started = performance.now();
    const stage = await bench.start({ sources: [{ type: 'file', name: 'r', path, replay: { speed: 18_000 } }] });
    await stage.finished;
    // Four hours at 18,000 times: 0.8 s.
    expect(performance.now() - started).toBeGreaterThan(700);
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await bench.documents(5))[4]?.published_at).toBe('2026-03-02T04:00:00.000Z');
  });

  it('rebased to end now keeps one shift for ever, also over a restart in its middle', async () => {
    const path = join(bench.folder, 'r.jsonl');
    writeFileSync(path, hours(6).join('\n'));
    const settings = { sources: [{ type: 'file', name: 'r', path, replay: { speed: 9000, rebase: 'end_now' } }] };
    const start = Date.now();
    const first = await bench.start(settings);
    const early = await bench.documents(2);
    await first.stop();
    expect(early.length).toBeLessThan(6);
    const second = await bench.start(settings);
    await second.finished;
    const documents = await bench.documents(6);
    const times = documents.map(({ published_at }) => Date.parse(published_at));
    expect(documents.map(({ text }) => text)).toEqual(Array.from({ length: 6 }, (_, hour) => `At hour ${hour}`));
    expect(Math.abs((times[5] ?? 0) - start)).toBeLessThan(3000);
    for (let hour = 1; hour < 6; hour += 1) expect((times[hour] ?? 0) - (times[hour - 1] ?? 0)).toBe(3_600_000);
    expect(documents.every(({ published_at_estimated }) => !published_at_estimated)).toBe(true);
  });
});
