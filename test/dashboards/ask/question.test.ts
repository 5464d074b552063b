import { describe, expect, it } from 'vitest';
import { simplified } from '../../../core/simplified.ts';
import { readQuestionText } from '../../../dashboards/ask/question.ts';
import { readTime as readAsked, type AskedTime } from '../../../dashboards/ask/times.ts';
import { UTC } from '../../../dashboards/ask/zone.ts';

/** A Saturday. */
const now = Date.parse('2026-03-14T15:30:00.000Z');
const day = (iso: string): number => Date.parse(`${iso}T00:00:00.000Z`);
const entitiesIn = (text: string): string[] => [
  ...(/norvale|诺维/i.test(text) ? ['norvale_bank'] : []),
  ...(/halcyon|海晏/i.test(text) ? ['halcyon_motors'] : []),
];
const asking = { now, moment: now, zone: UTC };
const read = (text: string) => readQuestionText(text, asking, entitiesIn);
/** The watchlist finds its names in either writing (ingest/entities.ts). */
const readEither = (text: string) => readQuestionText(text, asking, (given) => entitiesIn(simplified(given)));
const readTime = (text: string): AskedTime | null => readAsked(text, asking);

describe('times in a question', () => {
  it.each([
    ['why is X negative since Tuesday?', '2026-03-10', now],
    ['为什么X从周二开始变负面？', '2026-03-10', now],
    ['自周一以来', '2026-03-09', now],
    ['what happened on Tuesday', '2026-03-10', day('2026-03-11')],
    ['周三发生了什么', '2026-03-11', day('2026-03-12')],
    ['上周五为什么跌', '2026-03-06', day('2026-03-07')],
    ['since Saturday', '2026-03-07', now],
    ['what did people say yesterday', '2026-03-13', day('2026-03-14')],
    ['昨天', '2026-03-13', day('2026-03-14')],
    ['since yesterday', '2026-03-13', now],
    ['昨天以来', '2026-03-13', now],
    ['last week', '2026-03-02', day('2026-03-09')],
    ['上周', '2026-03-02', day('2026-03-09')],
    ['本周', '2026-03-09', now],
    ['since 5 March', '2026-03-05', now],
    ['since March 5th', '2026-03-05', now],
    ['3月5日以来', '2026-03-05', now],
    ['on 2026-03-01', '2026-03-01', day('2026-03-02')],
    ['2025年12月24日', '2025-12-24', day('2025-12-25')],
    ['on 24 December', '2025-12-24', day('2025-12-25')],
    ['last month', '2026-02-01', day('2026-03-01')],
    ['today', '2026-03-14', now],
    ['今天', '2026-03-14', now],
  ])('reads "%s"', (text, from, to) => {
    const time = readTime(text);
    expect(time && new Date(time.from).toISOString()).toBe(`${from}T00:00:00.000Z`);
    expect(time?.to).toBe(to);
  });

  it('counts back from now, in figures and in words', () => {
    for (const text of ['in the last 3 days', 'past three days', '最近3天', '过去三天'])
      expect(readTime(text)?.from, text).toBe(now - 3 * 86_400_000);
    expect(readTime('last 24 hours')?.from).toBe(now - 86_400_000);
    expect(readTime('最近两周')?.from).toBe(now - 14 * 86_400_000);
  });

  it('names no time where there is none', () => {
    for (const text of ['why is X negative', '为什么X变负面', 'on 31 February', 'may X rise'])
      expect(readTime(text), text).toBeNull();
  });
});

describe('a question', () => {
  it('is read alike in both languages', () => {
    const en = read('Why is Norvale Bank negative since Tuesday?');
    const zh = read('为什么诺维银行从周二开始变负面？');
    for (const question of [en, zh]) {
      expect(question).toMatchObject({ entities: ['norvale_bank'], topic: null, side: 'negative', aim: 'why' });
      expect(question.time?.from).toBe(day('2026-03-10'));
    }
    expect([en.language, zh.language]).toEqual(['en', 'zh']);
  });

  it.each([
    ['为什么大家喜欢比亚迪', 'positive'],
    ['为什么大家称赞海晏', 'positive'],
    ['海晏有什么好消息', 'positive'],
    ['海晏利润上升', 'positive'],
    ['为啥大家不喜欢海晏', 'negative'],
    ['海晏有什么风险', 'negative'],
    ['海晏销量下滑', 'negative'],
    ['海晏表现不好', 'negative'],
    ['海晏最近怎么样', null],
  ])('reads the side of "%s"', (text, side) => expect(read(text).side).toBe(side));

  it('hears 为啥 as a why, and in 上市公司 no new listing', () => {
    expect(read('海晏为啥跌').aim).toBe('why');
    expect(read('上市公司为什么被看空').topic).toBeNull();
    expect(read('哪些公司要上市').topic).toBe('IPO');
  });

  it('is Chinese where it asks in Chinese, whatever letters a name has', () => {
    expect(read('Berkshire Hathaway Inc怎么了').language).toBe('zh');
    expect(read('Why is 贵州茅台 negative since Tuesday?').language).toBe('en');
  });

  it('takes a topic where no company is named', () => {
    expect(read('How negative is oil this week?')).toMatchObject({
      topic: 'Energy | Oil',
      aim: 'how_much',
      entities: [],
    });
    expect(read('央行最近有什么消息')).toMatchObject({ topic: 'Fed | Central Banks', aim: 'what', side: null });
    expect(read('Why do Halcyon earnings look bad?')).toMatchObject({ topic: null, entities: ['halcyon_motors'] });
  });

  it.each([
    ['为什么诺维银行从周二开始变负面？', '為什麼諾維銀行從週二開始變負面？'],
    ['为什么大家喜欢比亚迪', '為什麼大家喜歡比亞迪'],
    ['为什么大家称赞海晏', '為什麼大家稱讚海晏'],
    ['海晏利润上升', '海晏利潤上升'],
    ['为啥大家不喜欢海晏', '為啥大家不喜歡海晏'],
    ['海晏有什么风险', '海晏有什麼風險'],
    ['有多少投诉', '有多少投訴'],
    ['海晏销量下滑', '海晏銷量下滑'],
    ['海晏最近怎么样', '海晏最近怎麼樣'],
    ['海晏为啥跌', '海晏為啥跌'],
    ['上市公司为什么被看空', '上市公司為什麼被看空'],
    ['哪些公司要上市', '哪些公司要上市'],
    ['Berkshire Hathaway Inc怎么了', 'Berkshire Hathaway Inc怎麼了'],
    ['央行最近有什么消息', '央行最近有什麼消息'],
    ['业绩为何恶化', '業績為何惡化'],
    ['监管罚款的原因', '監管罰款的原因'],
    ['债券违约有多少条', '債券違約有多少條'],
    ['汇率上周为什么涨', '匯率上週為什麼漲'],
  ])('is read alike in both writings of Chinese: %s', (simple, traditional) => {
    const { text: _, time, ...rest } = readEither(simple);
    const { text, time: same, ...others } = readEither(traditional);
    expect(others).toEqual(rest);
    expect([same?.from, same?.to]).toEqual([time?.from, time?.to]);
    expect(text).toBe(traditional);
  });

  it('leaves open what it does not understand', () => {
    expect(read('blorp?')).toMatchObject({ entities: [], topic: null, time: null, side: null, aim: 'what' });
  });
});
