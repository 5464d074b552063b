/**
 * What a question means, by rules in English and Chinese: whom it is about (the watchlist says), which topic, which time,
 * which side of opinion. Pure. What the rules do not understand is left open and said so, never guessed: a wrong reading
 * answered with confidence is worse than a wide one. Rejected: a language model here (it would decide what is looked up,
 * and the text of a question is the first place where somebody else's words come in).
 */
import type { Sentiment } from '../../core/event.ts';
import { simplified } from '../../core/simplified.ts';
import { readTime, type AskedTime, type Asking } from './times.ts';

export interface Question {
  readonly text: string;
  readonly language: 'en' | 'zh';
  /** Watched entities that it names, in order. */
  readonly entities: readonly string[];
  readonly topic: string | null;
  /** Null where it names no time. */
  readonly time: AskedTime | null;
  /** Side of opinion that it asks about. */
  readonly side: Sentiment | null;
  /** why: reasons for a change; how_much: figures; what: what is said. */
  readonly aim: 'why' | 'how_much' | 'what';
}

const TOPICS: readonly (readonly [string, RegExp])[] = [
  ['Analyst Update', /\b(?:analysts?|upgrades?|downgrades?|price targets?|ratings?)\b|分析师|评级|目标价/i],
  [
    'Fed | Central Banks',
    /\b(?:fed|central banks?|interest rates?|rate (?:cut|hike)s?|ecb|pboc)\b|央行|美联储|加息|降息|利率/i,
  ],
  ['Dividend', /\b(?:dividends?|payouts?)\b|分红|股息|派息/i],
  ['Earnings', /\b(?:earnings|results|profits?|revenues?|quarter(?:ly)?)\b|业绩|财报|利润|营收|盈利/i],
  ['Energy | Oil', /\b(?:oil|gas|energy|opec|crude)\b|石油|原油|油价|能源|天然气/i],
  ['Currencies', /\b(?:currency|currencies|dollar|euro|yen|yuan|forex|fx)\b|外汇|汇率|人民币|美元|欧元/i],
  ['Gold | Metals | Materials', /\b(?:gold|silver|copper|metals?|lithium|steel)\b|黄金|白银|金属|锂|钢铁|铜价/i],
  ['IPO', /\b(?:ipos?|listing|going public)\b|上市(?!公司)|新股|招股/i],
  [
    'Legal | Regulation',
    /\b(?:lawsuits?|legal|regulators?|regulation|courts?|fines?|probe|investigations?)\b|监管|诉讼|法院|罚款|调查|合规/i,
  ],
  ['M&A | Investments', /\b(?:mergers?|acquisitions?|takeovers?|m&a|stakes?)\b|收购|并购|合并|入股/i],
  ['Macro', /\b(?:macro|inflation|gdp|unemployment|economy)\b|宏观|通胀|经济|失业/i],
  [
    'Personnel Change',
    /\b(?:resign(?:s|ed|ation)?|appoint(?:s|ed|ment)?|ceo|cfo|chairman)\b|辞职|任命|高管|董事长|人事/i,
  ],
  ['Politics', /\b(?:politics|elections?|tariffs?|sanctions?)\b|政治|选举|关税|制裁/i],
  ['Treasuries | Corporate Debt', /\b(?:bonds?|treasur(?:y|ies)|debt|yields?)\b|债券|国债|债务|违约/i],
  ['Company | Product News', /\b(?:products?|launch(?:es)?|recalls?)\b|产品|发布|召回/i],
];

const NEGATIVE =
  /\b(?:negative|bad|worse|worst|falling|fell|fall|down|criticis|complain|angry|hate|risk|drop|decline)\w*|负面|坏|差评|差劲|[更很太最越]差|糟|跌|下[降滑挫]|恶化|风险|投诉|不满|(?<!好)不[太大]?好|不喜欢|不看好|讨厌|愤怒|批评|看空|利空/i;
const POSITIVE =
  /\b(?:positive|good|better|best|rising|rose|rise|praise|like|bullish|improv)\w*|正面|好评|好消息|[更变越]好|涨|上升|改善|称赞|赞扬|表扬|点赞|喜欢|看好|看多|利好|好转/i;
const WHY =
  /\b(?:why|how come|what caused|reasons?|because of what|what (?:is|was) behind|what drove)\b|为什么|为啥|为何|怎么(?:会|回事|了|突然)|原因|何以|缘何/i;
const HOW_MUCH =
  /\b(?:how (?:much|many|negative|positive|bad|often)|what share|number of|count)\b|多少|几[条篇个]|占比|比例|多(?:负面|正面)/i;

/** A company's Latin name does not make 怎么了 English, nor a Chinese name "why is" Chinese. */
const HAN = /\p{Script=Han}/u;
const ENGLISH_QUESTION = /\b(?:why|what|how|is|are|was|were|did|does|do|has|have)\b/i;

/** `entitiesIn` gives the watched entities that a text names. The rules know simplified signs, and are asked about those: 為什麼 is 为什么. */
export function readQuestionText(
  text: string,
  asking: Asking,
  entitiesIn: (text: string) => readonly string[],
): Question {
  const language = HAN.test(text) && !ENGLISH_QUESTION.test(text) ? 'zh' : 'en';
  const plain = simplified(text);
  const side = NEGATIVE.test(plain) ? 'negative' : POSITIVE.test(plain) ? 'positive' : null;
  const entities = [...new Set(entitiesIn(text))];
  return {
    text,
    language,
    entities,
    // "Why did results turn negative" is about a topic; where a company is named, the word is about it and not a filter.
    topic: entities.length > 0 ? null : (TOPICS.find(([, words]) => words.test(plain))?.[0] ?? null),
    time: readTime(text, asking),
    side,
    aim: WHY.test(plain) ? 'why' : HOW_MUCH.test(plain) ? 'how_much' : 'what',
  };
}
