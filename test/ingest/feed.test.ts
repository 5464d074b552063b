import { describe, expect, it } from 'vitest';
import { parseFeed } from '../../ingest/feed.ts';
import { readJsonFeed } from '../../ingest/feed_json.ts';

const rss = (item: string): string => `<rss version="2.0"><channel><title>t</title>${item}</channel></rss>`;
const atom = (entry: string): string => `<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>${entry}</feed>`;
const first = async (xml: string) => (await parseFeed(xml)).items[0];

describe('a feed', () => {
  it('with prefixes, odd case and forgotten declarations is read under the names that it means', async () => {
    const prefixed = `<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns:x="http://purl.org/dc/elements/1.1/"><a:title>t</a:title><a:entry>
      <a:title>One</a:title><a:link href="https://e.com/1"/><x:creator>Ann</x:creator><a:updated>2026-03-10T08:00:00Z</a:updated></a:entry></a:feed>`;
    expect(await first(prefixed)).toMatchObject({ title: 'One', url: 'https://e.com/1', author: 'Ann' });
    const shouting =
      '<RSS version="2.0"><Channel><ITEM><Title>One</Title><PubDate>2026-03-10</PubDate><dc:creator>Ann</dc:creator></ITEM></Channel></RSS>';
    expect(await first(shouting)).toMatchObject({ title: 'One', published_at: '2026-03-10', author: 'Ann' });
    const beside = '<rss version="2.0"><channel><title>t</title></channel><item><title>One</title></item></rss>';
    expect((await first(beside))?.title).toBe('One');
  });

  it('that breaks off gives the items before that, and says so; one without a whole item is refused', async () => {
    const whole = rss('<item><title>a</title></item><item><title>b</title></item>');
    const feed = await parseFeed(whole.slice(0, whole.indexOf('b<') + 1));
    expect(feed).toMatchObject({ isTruncated: true, items: [{ title: 'a' }] });
    expect(await parseFeed(whole)).toMatchObject({ isTruncated: false });
    expect((await parseFeed(whole.replace('</channel></rss>', ''))).items).toHaveLength(2);
    await expect(parseFeed(rss('<item><title>a').slice(0, 45))).rejects.toMatchObject({ code: 'feed.malformed' });
  });

  it('with relative links gives whole ones, by xml:base and by its own address', async () => {
    const entry = '<entry xml:base="sub/"><title>a</title><link href="1.html"/></entry>';
    const based = atom(entry).replace('<feed ', '<feed xml:base="/news/" ');
    expect((await parseFeed(based, 'https://e.com/feed.xml')).items[0]?.url).toBe('https://e.com/news/sub/1.html');
    const plain = rss('<item><title>a</title><link> /1.html </link></item>');
    expect((await parseFeed(plain, 'https://e.com/feed.xml')).items[0]?.url).toBe('https://e.com/1.html');
    expect((await parseFeed(plain)).items[0]?.url).toBe('/1.html');
  });

  it('says when it wants to be fetched, and which hub tells of news', async () => {
    const head = `<ttl>15</ttl><skipHours><hour>0</hour><hour>24</hour><hour>23</hour><hour>x</hour></skipHours>
      <skipDays><day>Saturday</day><day>Someday</day></skipDays>
      <atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="https://hub.e.com/"/>
      <atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="https://e.com/feed"/>`;
    expect(await parseFeed(rss(`${head}<item><title>a</title></item>`))).toMatchObject({
      ttlSeconds: 900, skipHours: [0, 23], skipDays: [6], hubs: ['https://hub.e.com/'], self: 'https://e.com/feed',
    }); // prettier-ignore
    const period =
      '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>';
    expect((await parseFeed(rss(period))).ttlSeconds).toBe(21_600);
    const json = { version: 'https://jsonfeed.org/version/1.1', feed_url: 'https://e.com/f', hubs: [{ type: 'WebSub', url: 'https://hub.e.com/' }], items: [] }; // prettier-ignore
    expect(await parseFeed(JSON.stringify(json))).toMatchObject({
      hubs: ['https://hub.e.com/'],
      self: 'https://e.com/f',
    });
  });

  it('nested too deep is refused', async () => {
    await expect(parseFeed(rss(`<item>${'<a>'.repeat(600)}`))).rejects.toThrow(/nests elements/);
  });

  it('whose author is no address but a long run of @ holds nobody up', async () => {
    const run = '@'.repeat(100_000);
    expect(await first(rss(`<item><title>x</title><author>${run}</author></item>`))).toMatchObject({ author: run });
  });

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

  it.each([
    ['the last in RSS', rss('<item><title>a</title><link>https://e.com/1</link><link>https://e.com/2</link><link/></item>'), 'https://e.com/2'],
    ['the last in RSS, as an attribute too', rss('<item><title>a</title><link>https://e.com/1</link><link href="https://e.com/3"/></item>'), 'https://e.com/3'],
    ['its own before another vocabulary’s', rss('<item><title>a</title><link>https://e.com/1</link><atom:link xmlns:atom="http://www.w3.org/2005/Atom" href="https://e.com/4"/></item>'), 'https://e.com/1'],
    ['the first alternate in Atom', atom('<entry><title>a</title><link rel="self" href="https://e.com/0"/><link href="https://e.com/1"/><link href="https://e.com/2"/></entry>'), 'https://e.com/1'],
  ])('with several links takes %s', async (_, feed, url) => {
    expect((await first(feed))?.url).toBe(url);
  }); // prettier-ignore

  it('in JSON takes the HTML of an item before its plain text', () => {
    const item = { id: '1', content_text: 'Short', content_html: '<p>The <b>whole</b> text</p>' };
    const plain = { id: '2', content_text: 'Only this' };
    const feed = readJsonFeed(JSON.stringify({ version: 'https://jsonfeed.org/version/1.1', items: [item, plain] }));
    expect(feed.items.map(({ text }) => text.trim())).toEqual(['The whole text', 'Only this']);
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
    ['<', 400_000], ['&', 400_000], ['<![CDATA[', 80_000], ['<!--', 120_000], ['<title>', 80_000], ['<title ', 80_000],
    ['<title></title>', 50_000], ['<description><', 50_000], ['&amp', 120_000], ['<a b="', 80_000], ['<a/>', 120_000],
    ['</b>', 120_000], ['<item>', 80_000], ['<a:b xmlns:a="c">', 30_000],
  ])('made to be slow (%j repeated) costs seconds at most', async (piece, times) => {
    // Processor time: a busy machine is not the parser's fault.
    const started = process.cpuUsage();
    await parseFeed(rss(`<item>${piece.repeat(times)}`)).catch(() => undefined);
    await parseFeed(rss(`<item><description><![CDATA[${piece.repeat(times)}]]></description></item>`)).catch(() => undefined);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(6000);
  }, 60_000); // prettier-ignore
});
