/**
 * Made-up news for bench/ingest.ts, the same for the same seed: feeds of bilingual items about the companies of a
 * watchlist, a part of them syndicated (the same story in another feed, with another outlet's prefix or a changed word).
 */

export interface FeedItem {
  readonly guid: string;
  readonly title: string;
  readonly description: string;
  readonly published: Date;
}

/** Mulberry32: small, seeded, good enough to draw words with. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const VERBS = 'cuts raises misses beats recalls delays sues settles hires closes opens buys sells reports denies'.split(
  ' ',
);
const THINGS =
  'guidance output dividend plant bond lawsuit merger outlook deliveries pipeline margin workforce stake filing probe'.split(
    ' ',
  );
const WORDS =
  'the of a in as on after amid quarter year market shares analysts demand supply rate growth chief executive board region investors told said costs weak strong record low high trade export policy court regulator price oil gold chip bank credit retail sector'.split(
    ' ',
  );
const ZH_VERBS = ['下调', '上调', '否认', '收购', '出售', '召回', '推迟', '公布', '起诉', '关闭'];
const ZH_THINGS = ['业绩指引', '产量', '分红', '工厂', '债券', '诉讼', '合并', '展望', '交付量', '裁员计划'];
const ZH_WORDS =
  '公司市场分析师表示季度增长需求供应价格监管银行信贷出口政策投资者股东大会成本利润下滑上涨区域订单'.split('');

/** One share in five repeats a story that another feed had. */
const SYNDICATED = 0.2;

/** The items of one feed. `names` are companies that the text is about; `stories` how many different stories there are. */
export function itemsOf(feed: number, count: number, names: readonly string[], stories: number): FeedItem[] {
  return Array.from({ length: count }, (_, index) => {
    const own = feed * count + index;
    const place = random(own + 1);
    const isCopy = place() < SYNDICATED;
    const story = isCopy ? Math.floor(place() * stories) : own;
    const { title, description } = storyOf(story, names);
    return {
      guid: `${feed}-${index}`,
      title: isCopy && place() < 0.5 ? `UPDATE ${Math.ceil(place() * 3)}-${title}` : title,
      description,
      published: new Date(Date.UTC(2026, 2, 2) + Math.floor(place() * 86_400) * 1000),
    };
  });
}

function storyOf(story: number, names: readonly string[]): { title: string; description: string } {
  const draw = random(story * 7919 + 13);
  const pick = <Value>(list: readonly Value[]): Value => list[Math.floor(draw() * list.length)] as Value;
  const many = (list: readonly string[], count: number, between: string): string =>
    Array.from({ length: count }, () => pick(list)).join(between);
  // A name of its own, since real news differ by what they name: without it all made-up texts would be alike.
  const own = `${pick(WORDS)}${story.toString(36)}`;
  if (draw() < 0.3) {
    return {
      title: `${pick(names)}${pick(ZH_VERBS)}${pick(ZH_THINGS)}，${many(ZH_WORDS, 6, '')}${story % 9973}`,
      description: `${many(ZH_WORDS, 30, '')}，${own}${many(ZH_WORDS, 40, '')}。${many(ZH_WORDS, 20, '')}。`,
    };
  }
  return {
    title: `${pick(names)} ${pick(VERBS)} ${pick(THINGS)} ${many(WORDS, 4, ' ')} ${own}`,
    description: `<p>${many(WORDS, 18, ' ')} ${own} ${pick(names)} ${many(WORDS, 22, ' ')} &amp; ${many(WORDS, 10, ' ')}.</p>`,
  };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The items as RSS 2.0. */
export function feedXml(feed: number, items: readonly FeedItem[]): string {
  const entries = items.map(
    ({ guid, title, description, published }) =>
      `<item><title>${escaped(title)}</title><link>https://feed-${feed}.example/${guid}</link><guid isPermaLink="false">${guid}</guid><pubDate>${published.toUTCString()}</pubDate><description>${escaped(description)}</description></item>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Feed ${feed}</title><link>https://feed-${feed}.example/</link>${entries.join('')}</channel></rss>`;
}
