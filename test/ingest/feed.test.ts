import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFeed } from '../../ingest/encoding.ts';
import { parseFeed } from '../../ingest/feed.ts';

const rss = (item: string): string => `<rss version="2.0"><channel><title>t</title>${item}</channel></rss>`;
const atom = (entry: string): string => `<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>${entry}</feed>`;
const first = async (xml: string) => (await parseFeed(xml)).items[0];

describe('a feed', () => {
  it('in RSS 2.0 gives its items, oldest first, with the publisher’s ttl', async () => {
    const feed = await parseFeed(
      rss(`<ttl>15</ttl>
        <item><title>New</title><link>https://e.com/2</link><guid isPermaLink="false">g2</guid><dc:creator>Ann</dc:creator>
          <pubDate>Tue, 10 Mar 2026 09:00:00 GMT</pubDate><description>Short</description>
          <content:encoded><![CDATA[<p>Long <b>body</b></p>]]></content:encoded></item>
        <item><title>Old</title><guid>https://e.com/1</guid><author>bob@e.com (Bob)</author><pubDate>Tue, 10 Mar 2026 08:00:00 GMT</pubDate></item>`),
    );
    expect(feed).toMatchObject({ title: 't', ttlSeconds: 900 });
    expect(feed.items[0]).toMatchObject({ title: 'Old', url: 'https://e.com/1', author: 'Bob', text: '' });
    expect(feed.items[1]).toMatchObject({
      title: 'New',
      url: 'https://e.com/2',
      guid: 'g2',
      author: 'Ann',
      published_at: 'Tue, 10 Mar 2026 09:00:00 GMT',
    });
    expect(feed.items[1]?.text.trim()).toBe('Long body');
  });

  it('in Atom gives its entries, whatever the type of their texts', async () => {
    const entry = await first(
      atom(`<entry><id>urn:1</id><title type="html">A &amp;amp; &lt;b&gt;B&lt;/b&gt;</title>
        <link rel="enclosure" href="https://e.com/file"/><link href="https://e.com/1"/><author><name>Ann</name></author>
        <updated>2026-03-10T08:00:00+08:00</updated>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">One <b>two</b> three &amp; four</div></content></entry>`),
    );
    expect(entry).toMatchObject({
      title: 'A & B',
      guid: 'urn:1',
      url: 'https://e.com/1',
      author: 'Ann',
      published_at: '2026-03-10T08:00:00+08:00',
    });
    expect(entry?.text.trim()).toBe('One two three & four');
    expect((await first(atom('<entry><title>1 &lt; 2</title><summary>a &lt;b&gt; c</summary></entry>')))?.text).toBe(
      'a <b> c',
    );
  });

  it('in RSS 1.0 and 0.91 is read as well, and RSS without a version', async () => {
    const rdf =
      '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel><title>t</title></channel><item rdf:about="x"><title>One</title><dc:date>2026-03-10</dc:date></item></rdf:RDF>';
    expect(await first(rdf)).toMatchObject({ title: 'One', published_at: '2026-03-10' });
    expect((await first(rss('<item><title>a</title></item>').replace('2.0', '0.91')))?.title).toBe('a');
    expect((await first(rss('<item><title>a</title></item>').replace(' version="2.0"', '')))?.title).toBe('a');
  });

  it('with HTML entities, stray ampersands and unescaped markup is read as it was meant', async () => {
    const item = await first(
      rss(
        '<item><title>AT&T &nbsp;&eacute;&bogus; &amp; Q&amp;A R&D</title><link>https://e.com/?a=1&b=2</link><description>Say <b>no</b> to <i>more</i> &ldquo;fear&rdquo;</description></item>',
      ),
    );
    expect(item?.title).toBe('AT&T \u00a0é&bogus; & Q&A R&D');
    expect(item?.url).toBe('https://e.com/?a=1&b=2');
    expect(item?.text).toBe('Say no to more “fear”');
  });

  it('with a bad date or link in one entry keeps all of them', async () => {
    const feed = await parseFeed(
      atom(
        '<entry><title>a</title><updated>soon</updated><link>https://e.com</link></entry><entry><title>b</title><published/></entry>',
      ),
    );
    expect(new Set(feed.items.map(({ title }) => title))).toEqual(new Set(['a', 'b']));
  });

  it('with DOCTYPE in its text, not before it, is no danger and is read', async () => {
    expect(
      (await first(rss('<item><description><![CDATA[<!DOCTYPE html><!ENTITY x "y"> fine]]></description></item>')))
        ?.text,
    ).toContain('fine');
  });

  it.each([
    ['<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"><channel/></rss>', /document type/],
    ['<?xml version="1.0"?><!-- c --><!doctype feed SYSTEM "http://e.com/x.dtd"><feed/>', /document type/],
    ['<html><head></head></html>', /HTML page/],
    ['', /empty/],
    ['plain words', /not RSS or Atom/],
    ['<opml><body/></opml>', /not RSS or Atom/],
    ['{"version":"https://jsonfeed.org/version/1"}', /no JSON Feed/],
    ['{', /not JSON/],
  ])('that is none is refused with the reason: %s', async (text, message) => {
    await expect(parseFeed(text)).rejects.toMatchObject({
      code: 'feed.malformed',
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([
    ['<', 2_000_000], ['&', 2_000_000], ['<![CDATA[', 300_000], ['<!--', 500_000], ['<title>', 300_000], ['<title ', 300_000],
    ['<title></title>', 200_000], ['<description><', 200_000], ['&amp', 500_000], ['<a b="', 300_000],
  ])('made to be slow (%j repeated) costs seconds at most', async (piece, times) => {
    const started = performance.now();
    await parseFeed(rss(`<item>${piece.repeat(times)}`)).catch(() => undefined);
    await parseFeed(rss(`<item><description><![CDATA[${piece.repeat(times)}]]></description></item>`)).catch(() => undefined);
    expect(performance.now() - started).toBeLessThan(15_000);
  }, 60_000); // prettier-ignore
});

const conformance = resolve(process.env['TIDEWATCH_SHARED_DATA'] ?? '../shared/data', 'feed-conformance.tar.gz');
const isThere = existsSync(conformance);
if (!isThere) console.log(`skipped: the feeds of other readers' tests are not at ${conformance}`);

describe.skipIf(!isThere)('the feeds of other readers’ tests', () => {
  it('are read or refused with a reason; nothing else happens', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidewatch-feeds-'));
    execFileSync('tar', ['xzf', conformance, '-C', folder]);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(?:xml|rss|atom|rdf)$/.test(name),
    );
    const refused: string[] = [];
    let read = 0;
    for (const name of files) {
      try {
        await parseFeed(decodeFeed(readFileSync(join(folder, name))));
        read += 1;
      } catch (error) {
        expect(error, name).toMatchObject({ code: 'feed.malformed' });
        refused.push(name);
      }
    }
    rmSync(folder, { recursive: true });
    expect(read).toBeGreaterThan(2400);
    expect(refused.length / files.length).toBeLessThan(0.05);
  });
});
