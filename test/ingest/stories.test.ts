import { describe, expect, it } from 'vitest';
import { bareHeadline } from '../../ingest/headline.ts';
import { marksOf } from '../../ingest/marks.ts';
import { KEPT_HASHES, likeness, sketchOf } from '../../ingest/shingles.ts';
import { createStoryIndex, STORY_WINDOW_MS, type StoryIndex, type StoryText } from '../../ingest/stories.ts';

const START = Date.UTC(2026, 2, 2);
let serial = 0;
function place(index: StoryIndex, text: string, over: Partial<StoryText> & { now?: number } = {}) {
  serial += 1;
  const { at = START, about = [], now = START, id = `d${serial}`, url = null, repostOf = null, isSocial = true } = over;
  return { id, ...index.place({ id, text: bareHeadline(text), links: [], isSocial, at, about, url, repostOf }, now) };
}
/** Whether the second text joins the first one's story. */
function isOneStory(a: string, b: string, isSocial = true): boolean {
  const index = createStoryIndex();
  const first = place(index, a, { isSocial });
  const second = place(index, b, { isSocial });
  expect(first.story).toBe(first.id);
  return second.story === first.story;
}

const REPORT =
  'Skerrivane Airways will cut about 5 percent of its flights in April because two aircraft are waiting for engine parts. The carrier said affected passengers would be moved to other departures or refunded.';
const BERICHT =
  '周日上午起，诺维银行多名储户反映转账、取现迟迟不到账。银行回应称“需求异常集中”，未给出恢复时间。监管部门表示正在关注。';

const NOTICE =
  '公司于近日收到中国证监会《立案告知书》,因公司涉嫌信息披露违法违规,根据《中华人民共和国证券法》等法律法规,中国证监会决定对公司立案。目前公司各项经营活动和业务均正常开展,公司将积极配合中国证监会的相关调查工作,并严格履行信息披露义务。';

describe('copies share a story', () => {
  it.each([
    ['a wire prefix', REPORT, `EASTGATE, March 12 (Harbour Wire) - ${REPORT}`],
    ['a cut', REPORT, `${REPORT.slice(0, 110)}... Read more`],
    ['a cut that came first', `${REPORT.slice(0, 110)}…`, REPORT],
    ['an outlet name', 'Norvale Bank customers report delayed withdrawals', 'Norvale Bank customers report delayed withdrawals - Harbour Wire'],
    ['another outlet name', 'Norvale Bank customers report delayed withdrawals | Business | Ledger Post', 'UPDATE 1-Norvale Bank customers report delayed withdrawals - Harbour Wire'],
    ['a number', 'Buy NVB now, target 45, it will double by Friday!!!', 'Buy NVB now - target 60, it will double by Friday'],
    ['emoji and punctuation', 'Tarrowby kitchens are full of rats, sell everything now', '🔥🔥 Tarrowby kitchens are FULL of rats!!! Sell everything now 📉'],
    ['a retweet', 'Fed holds rates steady and hints at two cuts this year', 'RT @wire: Fed holds rates steady and hints at two cuts this year'],
    ['一个电头', BERICHT, `潮汐快讯3月8日电（记者 程砚）${BERICHT}`],
    ['截断', BERICHT, `${BERICHT.slice(0, 34)}……`],
    ['数字和表情', '泰罗比超市中央厨房全是老鼠，已经吃坏40多个人，赶紧清仓快跑！', '泰罗比超市中央厨房全是老鼠 已经吃坏70多个人！！赶紧清仓快跑🔥'],
    ['转载署名', '评级机构将诺维银行列入负面观察名单', '评级机构将诺维银行列入负面观察名单（来源：东门财经）'],
    ['a short post, word for word', 'to the moon', 'To the moon!!! 🚀'],
  ])('%s', (_, a, b) => {
    expect(isOneStory(a, b)).toBe(true);
  }); // prettier-ignore
});

describe('reports of their own stay apart', () => {
  it.each([
    [
      'Norvale Bank customers report delayed withdrawals',
      'Depositors rush to withdraw as liquidity fears grip Norvale',
    ],
    [
      'Apple warns on revenue as iPhone sales slow in China',
      'iPhone maker cuts its forecast, blaming weak Chinese demand',
    ],
    [
      'Fed holds rates steady and hints at two cuts this year',
      'Central bank keeps its benchmark unchanged, sees easing ahead',
    ],
    ['Boeing shares fall after second crash', 'Airbus shares rise after record order'],
    ['诺维银行多地取款延迟 储户大量投诉', '评级机构将诺维银行列入负面观察名单'],
    ['诺维银行App转不出钱，一直显示处理中', '在诺维银行门口排了一个半小时，取款机吐不出钱'],
    ['央行下调存款准备金率0.5个百分点', '为支持实体经济，人民银行决定降准，释放长期资金约一万亿元'],
    ['to the moon', 'to the floor'],
    ['Bullish!', 'Bearish!'],
  ])('%s / %s', (a, b) => {
    expect(isOneStory(a, b)).toBe(false);
  });

  it('also when they share a template but name other entities', () => {
    const index = createStoryIndex();
    const text = (name: string): string =>
      `${name} announces a share buyback of up to 100 million over the next twelve months`;
    const first = place(index, text('Norvale'), { about: ['norvale'] });
    expect(place(index, text('Bellwick'), { about: ['bellwick'] }).story).not.toBe(first.story);
    expect(place(index, `${text('Norvale')} - Wire`, { about: ['norvale'] }).story).toBe(first.story);
  });

  it.each([
    ['康美药业', '长春高新', (name: string) => `${name}公告，${NOTICE}`],
    ['*ST康美', '长春高新', (name: string) => `财联社3月5日电，${name}公告，${NOTICE}`],
    ['康美药业', '长春高新', (name: string) => `【${name}：收到立案告知书】${NOTICE}`],
    ['康美药业(600518.SH)', '长春高新(000661.SZ)', (name: string) => `${name}今日晚间公告，${NOTICE}`],
    ['50', '80', (sum: string) => `公司今日发布公告称收购事项已完成，${sum}亿元资金已全部到位并办理交割手续`],
  ])('also when they share a notice and begin with another Chinese name or figure: %s / %s', (one, two, form) => {
    // As normalising leaves them, which makes half width of full.
    expect(isOneStory(form(one).normalize('NFKC'), form(two).normalize('NFKC'), false)).toBe(false);
    expect(isOneStory(form(one).normalize('NFKC'), `快讯：${form(one)}`.normalize('NFKC'), false)).toBe(true);
  });

  it('but not for a kind of report, or a word for the company, that stands where a name does', () => {
    expect(isOneStory(`图解财报:康美药业公告,${NOTICE}`, `晚间快讯:康美药业公告,${NOTICE}`)).toBe(true);
    expect(isOneStory(`公司公告,${NOTICE}`, `上市公司公告,${NOTICE}`)).toBe(true);
  });

  it.each([
    ['新浪财经:康美药业公告,', '东方财富:康美药业公告,'],
    ['财联社:康美药业公告,', '康美药业公告,'],
    ['【财联社:康美药业公告】', '【新浪财经:康美药业公告】'],
    ['新华社:康美药业公告,', '央视:康美药业公告,'],
    ['新华社:', '央视:'],
    ['【财联社:收到立案告知书】', '【新华社:收到立案告知书】'],
    ['【财联社:康美药业收到立案告知书】', '【第一财经:康美药业收到立案告知书】'],
    ['【中国证券报:康美药业:收到立案告知书】', '【每经网:康美药业:收到立案告知书】'],
    ['【康美药业:收到立案告知书】', '【财联社:康美药业收到立案告知书】'],
    ['【鉅亨網:康美药业收到立案告知书】', '【聯合報:康美药业收到立案告知书】'],
    ['【新华社】康美药业公告,', '【新浪财经】康美药业公告,'],
    ['康美药业公告,', '康美药业被立案:'],
    ['康美药业公告,', '【康美药业被立案:涉嫌违规】'],
    ['康美药业公告,', 'A股公告:'],
    ['康美药业公告,', '康美药业:关于立案的公告,'],
    ['康美药业公告,', '康美药业:立案公告,'],
  ])('but not for an outlet, a market or a clause that stands before a colon: %s / %s', (one, two) => {
    expect(isOneStory(one + NOTICE, two + NOTICE, false)).toBe(true);
    expect(isOneStory(two + NOTICE, one + NOTICE, false)).toBe(true);
  });

  it.each(['图解财报:', '证监会消息:', '新浪财经:', '财联社:', 'A股公告:', '【财联社:', '【新华社】', '【财联社】'])(
    'also when both begin with %s and name two companies after it',
    (before) => {
      const [one, two] = ['康美药业', '长春高新'];
      expect(isOneStory(`${before}${one}公告,${NOTICE}`, `${before}${two}公告,${NOTICE}`, false)).toBe(false);
      expect(isOneStory(`${before}*ST${one}(600518),${NOTICE}`, `${before}${two}(000661),${NOTICE}`, false)).toBe(
        false,
      );
    },
  );

  it('also when an outlet stands before two companies in one pair of brackets, or before their brackets', () => {
    for (const form of [
      (name: string): string => `【财联社:${name}:收到立案告知书】${NOTICE}`,
      // Too long to be a headline, so nothing is cut off it.
      (name: string): string => `【新华社】${name}公告,${NOTICE}${NOTICE}`,
    ]) {
      expect(isOneStory(form('康美药业'), form('长春高新'), false)).toBe(false);
      expect(marksOf(form('康美药业')).names).toEqual(marksOf('康美药业公告,').names);
    }
  });

  it('also when the titles of two companies’ notices have a colon', () => {
    const title = (name: string): string => `${name}:关于收到立案告知书的公告,${NOTICE}`;
    expect(isOneStory(title('康美药业'), title('长春高新'), false)).toBe(false);
    expect(isOneStory(title('康美药业'), `新浪财经:${title('康美药业')}`, false)).toBe(true);
    expect(isOneStory(`新浪财经:${title('康美药业')}`, `新浪财经:${title('长春高新')}`, false)).toBe(false);
  });

  it('also when two days of event time lie between them', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT);
    expect(place(index, REPORT, { at: START + STORY_WINDOW_MS + 1 }).story).not.toBe(first.story);
    expect(place(index, REPORT, { at: START - STORY_WINDOW_MS + 1 }).story).toBe(first.story);
  });
});

describe('a story', () => {
  it('is named after its first document, and loses a quarter of its novelty with each copy', () => {
    const index = createStoryIndex();
    const novelty = Array.from({ length: 25 }, () => place(index, REPORT).novelty);
    expect(novelty.slice(0, 5)).toEqual([100, 75, 56, 42, 32]);
    expect(novelty.at(-1)).toBe(0);
  });

  it('goes on as long as copies come', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT);
    for (let day = 1; day < 10; day += 1) {
      const time = START + day * 86_400_000;
      expect(place(index, REPORT, { at: time, now: time }).story).toBe(first.story);
    }
  });

  it('costs no more memory the longer a flood lasts, and the index has a ceiling', () => {
    const index = createStoryIndex({ maxStories: 100 });
    for (let post = 0; post < 5000; post += 1)
      place(index, `Tarrowby rats again ${post}, sell everything now before it is too late`);
    expect(index.size).toBe(1);
    for (let post = 0; post < 1000; post += 1)
      place(index, `Wholly different words number${post} alpha${post} beta${post} gamma${post} delta${post}`);
    expect(index.size).toBeLessThanOrEqual(101);
  });

  it('is forgotten 48 hours after its last document, on the clock of the process', () => {
    const index = createStoryIndex();
    place(index, REPORT, { id: 'old' });
    const late = START + STORY_WINDOW_MS + 1;
    place(index, BERICHT, { at: late, now: late });
    expect(index.size).toBe(1);
    expect(index.changes().get('sold')).toBeNull();
  });

  it('is the same after a restart from the rows that were kept', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT);
    place(index, REPORT);
    const rows = structuredClone([...index.changes()].map(([key, value]) => ({ key, value })));
    expect(index.changes().size).toBe(0);
    const restored = createStoryIndex();
    restored.restore(rows.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }])));
    expect(place(restored, `(Wire) ${REPORT}`)).toMatchObject({ story: first.story, novelty: 56 });
  });
});

describe('what repeats or quotes another document', () => {
  const OTHER =
    'Never trust an airline that flies with borrowed engines, says my uncle, who repaired them for thirty years.';
  const restart = (index: StoryIndex): StoryIndex => {
    const rows = structuredClone([...index.changes()]);
    const restored = createStoryIndex();
    restored.restore(rows.flatMap(([key, value]) => (value === null ? [] : [{ key, value }])));
    return restored;
  };

  it('joins its story by id and by address, whatever its words, and is less new than it', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT, { id: 'first', url: 'https://wire.example/1' });
    expect(place(index, 'so it begins', { repostOf: 'first' })).toMatchObject({ story: first.story, novelty: 75 });
    expect(place(index, OTHER, { repostOf: 'https://wire.example/1' })).toMatchObject({
      story: first.story,
      novelty: 56,
    });
    expect(index.size).toBe(1);
  });

  it('joins before its words are looked at: they may be another story’s', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT, { id: 'first' });
    const other = place(index, OTHER, { id: 'other' });
    expect(place(index, OTHER, { repostOf: 'first' }).story).toBe(first.story);
    expect(place(index, OTHER).story).toBe(other.story);
  });

  it('that repeats a repeat joins the same story', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT, { id: 'first' });
    place(index, 'so it begins', { id: 'second', repostOf: 'first' });
    place(index, 'what now', { id: 'third', repostOf: 'second' });
    expect(place(index, OTHER, { repostOf: 'third' }).story).toBe(first.story);
  });

  it('does not lend the story its own words', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT, { id: 'first' });
    place(index, OTHER, { repostOf: 'first' });
    const stranger = place(index, OTHER);
    expect(stranger.story).toBe(stranger.id);
    expect(stranger.story).not.toBe(first.story);
  });

  it('of a document that nobody has seen begins a story, which others that repeat it join', () => {
    const index = createStoryIndex();
    const quote = place(index, OTHER, { repostOf: 'https://elsewhere.example/9' });
    expect(quote).toMatchObject({ story: quote.id, novelty: 100 });
    const another = place(index, 'my uncle knew it', { repostOf: 'https://elsewhere.example/9' });
    expect(another).toMatchObject({ story: quote.id, novelty: 75 });
  });

  it('of a story that was forgotten begins its own', () => {
    const index = createStoryIndex();
    place(index, REPORT, { id: 'first', url: 'https://wire.example/1' });
    index.forget('first');
    for (const repostOf of ['first', 'https://wire.example/1']) {
      const quote = place(index, `${OTHER} ${repostOf}`, { repostOf });
      expect(quote.story).toBe(quote.id);
      index.forget(quote.id);
    }
  });

  it('is known by the first two and the last ten keys of a story, of however many copies', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT, { id: 'first', url: 'https://wire.example/1' });
    for (let copy = 1; copy <= 40; copy += 1) place(index, REPORT, { id: `copy${copy}` });
    const joins = (repostOf: string): boolean => {
      // Looked at only: a probe in the index would become a key itself.
      const probe = createStoryIndex();
      probe.restore(structuredClone(rows).map(([key, value]) => ({ key, value })));
      return place(probe, OTHER, { repostOf }).story === first.story;
    };
    const rows = structuredClone([...index.changes()]).flatMap(([key, value]) =>
      value === null ? [] : [[key, value] as const],
    );
    expect(joins('first')).toBe(true);
    expect(joins('https://wire.example/1')).toBe(true);
    expect(joins('copy1')).toBe(true);
    for (const gone of ['copy2', 'copy20', 'copy30']) expect(joins(gone)).toBe(false);
    for (const kept of ['copy31', 'copy40']) expect(joins(kept)).toBe(true);
  });

  it('does not take a key from the story that has it now', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT, { id: 'first' });
    const second = place(index, OTHER, { id: 'second', url: 'https://wire.example/live' });
    // The same address again, under another text: a page that is written on.
    place(index, REPORT, { id: 'copy', url: 'https://wire.example/live' });
    for (let copy = 1; copy <= 20; copy += 1) place(index, OTHER, { id: `later${copy}` });
    expect(place(index, 'so it begins', { repostOf: 'https://wire.example/live' }).story).toBe(first.story);
    expect(place(index, 'so it begins again', { repostOf: 'second' }).story).toBe(second.story);
  });

  it('joins its story after a restart as before', () => {
    const index = createStoryIndex();
    const first = place(index, REPORT, { id: 'first', url: 'https://wire.example/1' });
    place(index, 'so it begins', { id: 'second', repostOf: 'first' });
    place(index, OTHER, { id: 'orphan', repostOf: 'https://elsewhere.example/9' });
    const restored = restart(index);
    expect(place(restored, 'a', { repostOf: 'second' })).toMatchObject({ story: first.story, novelty: 56 });
    expect(place(restored, 'b', { repostOf: 'https://wire.example/1' }).story).toBe(first.story);
    expect(place(restored, 'c', { repostOf: 'https://elsewhere.example/9' }).story).toBe('orphan');
  });
});

describe('a bare headline', () => {
  it.each([
    ['UPDATE 1-Norvale Bank limits payouts | Business | Wire', 'Norvale Bank limits payouts'],
    ['RT @wire: Fed holds rates', 'Fed holds rates'],
    ['【快讯】诺维银行下调取现上限_东门财经', '诺维银行下调取现上限'],
    ['Year-on-year growth - slow', 'Year-on-year growth'],
    ['A - B', 'A - B'],
    ['U.S.-China talks resume', 'U.S.-China talks resume'],
  ])('of %j is %j', (headline, bare) => {
    expect(bareHeadline(headline)).toBe(bare);
  });
});

describe('sketches', () => {
  const text = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => `word${from + index}x`);

  it('estimate resemblance and containment of long texts within a tenth', () => {
    const whole = sketchOf(text(0, 1000));
    const half = sketchOf(text(0, 500));
    expect(whole.hashes).toHaveLength(KEPT_HASHES);
    const alike = likeness(whole, half);
    expect(alike.containment).toBeGreaterThan(0.9);
    expect(Math.abs(alike.ratio - 0.5)).toBeLessThan(0.1);
    expect(Math.abs(alike.resemblance - 0.5)).toBeLessThan(0.1);
  });

  it('are exact for short ones', () => {
    expect(likeness(sketchOf(text(0, 12)), sketchOf(text(0, 12)))).toEqual({
      resemblance: 1,
      containment: 1,
      ratio: 1,
    });
    expect(likeness(sketchOf(text(0, 12)), sketchOf(text(20, 32))).resemblance).toBe(0);
    expect(likeness(sketchOf([]), sketchOf(text(0, 12))).resemblance).toBe(0);
  });
});
