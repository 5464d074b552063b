/**
 * Whether a name that is also a common word means the company: "Target cuts its outlook" against "price target",
 * 平安股价 against 一路平安. Evidence is added up over the words around the name, each with a fixed weight, and three or
 * more is a mention. The weights were set on one half of test/fixtures/named_entities.jsonl and judged on the other
 * (docs/entities.md). Chinese words are written here in simplified characters and read in both (simplified.ts). Pure.
 *
 * Rejected: a trained disambiguator (a labelled set of thousands a watchlist that users write themselves), and taking
 * every capital for a name (headlines in Title Case capitalise common words as well).
 */
import { simplified } from '../core/simplified.ts';

/** Evidence of at least this much makes an ambiguous name a mention. */
export const ENOUGH_EVIDENCE = 3;

/** What is asked of a text as a whole, each worked out once, and only where something asks. */
export interface WholeText {
  readonly text: string;
  /** How many of these words, in lower case and simplified characters, stand in it: what goes with an entity, its products, people, trade. */
  ownWords(context: readonly string[]): number;
  isTitleCase(): boolean;
  /** Whether it talks of markets anywhere. */
  isFinancial(): boolean;
}

export interface Mention {
  readonly whole: WholeText;
  readonly start: number;
  readonly end: number;
  /** Of `ownWords`. */
  readonly ownWords: number;
}

/** A text of nothing but doubtful names would cost this for each of them otherwise. */
export function wholeText(text: string): WholeText {
  const read = once(() => simplified(text));
  const lower = once(() => read().toLowerCase());
  return {
    text,
    ownWords: (context) => context.filter((word) => hasWord(lower(), word)).length,
    isTitleCase: once(() => isTitleCase(text)),
    isFinancial: once(() => [FINANCE, FINANCE_ZH, TRADING].some((pattern) => count(read(), pattern) > 0)),
  };
}

function once<Value>(work: () => Value): () => Value {
  let known: { readonly value: Value } | undefined;
  return () => (known ??= { value: work() }).value;
}

/** How many characters on either side count as "around". */
const AROUND = 60;
const OWN_WORD = 3;
const FINANCE_WORD = 1;
const MOST_FINANCE = 2;

const FINANCE =
  /\b(?:shares?|stocks?|earnings|revenues?|profits?|loss(?:es)?|sales|dividends?|guidance|outlook|forecasts?|quarter(?:ly)?|q[1-4]|analysts?|upgrade[sd]?|downgrade[sd]?|rating|buyback|ipo|merger|acqui(?:re|res|red|sition)|deal|bid|stake|ceo|cfo|chief executive|chairman|board|investors?|shareholders?|nasdaq|nyse|s&p|dow|bullish|bearish|calls|puts|options|eps|billion|bn|million|lawsuit|recall|layoffs?|plant|factory|stores?|subsidiary|division|unit|company|firm|market cap|bonds?|debt|bank|lender|regulators?|fined?|probe|fraud|bankruptcy|hack(?:ed|ers?)?)\b|\d%|\$\d/giu;
const FINANCE_ZH =
  /股价|股票|股份|个股|涨停|跌停|涨|跌|财报|业绩|营收|净利|利润|亏损|季度|年报|中报|公告|回购|分红|派息|减持|增持|收购|并购|重组|融资|上市|市值|估值|评级|目标价|投资者|股东|董事|高管|首席|总裁|创始人|监管|处罚|罚款|立案|调查|诉讼|违约|债券|裁员|召回|销量|门店|订单|产能|合作|发布|推出|旗下|板块|概念|龙头|基金|持仓|建仓|抄底|割肉|套牢|亿|万元|港股|美股|A股/gu;

/** Straight after the name: what only an organisation does or has. */
const AFTER =
  /^(?:['’]s?\s+(?:shares?|stock|ceo|cfo|profit|earnings|sales|revenue|board|chief|stores?|new|first|second|third|fourth|quarterly|latest|plan|cloud|\w+ (?:unit|business|division|results))|\s+(?:said|says|will|reported|reports|posts?|posted|announce[sd]?|unveil(?:s|ed)?|launch(?:es|ed)?|cuts?|raise[sd]?|hike[sd]?|warn(?:s|ed)?|beats?|miss(?:es|ed)?|plans?|agree[sd]?|buys?|bought|sells?|sold|recall(?:s|ed)?|hire[sd]?|fire[sd]?|names|named|sue[sd]?|settle[sd]?|faces?|shares?|stocks?|stores?|earnings|ceo|cfo|executives?|employees|workers|customers|bank|holdings|group|inc|corp|plc|lifts?|lifted|trims?|tops?|adds?|wins?|loses|ends|eyes|weighs|explores|halts?|halted|resumes?|signs?|invests?|defends|suspends?|delays?|opens|writes\s+(?:off|down)|profits?|revenues?|sales|chief\s+executive|chairman|sees|expects?|slash(?:es|ed)?|close[sd]?|shut[s]?|lays|tumbles?|plunge[sd]?|slides?|surge[sd]?|jumps?|soars?|falls|fell|drops?|rall(?:y|ies|ied)|climbs?|slips?|gains|rises|rose|disclose[sd]?|files|filed|pays|paid|admit(?:s|ted)?|confirm(?:s|ed)?|denie[sd]|pulls?|pledges?|to\s+(?:buy|sell|cut|pay|close|acquire|launch|invest|build|lay|raise|open|merge|split|shut|spin|report|recall|hire|slash|end))\b)/iu;
const AFTER_ZH =
  /^(?:的?(?:股价|股票|股份|集团|公司|财报|业绩|营收|净利|利润|市值|高管|董事|创始人|总裁|首席|员工|门店|旗下)|回应|宣布|发布|公告|公布|表示|否认|承认|推出|上线|收购|减持|增持|裁员|召回|大涨|大跌|暴跌|暴涨|涨停|跌停|创新高|创新低|下调|上调|下滑|退出|寿险|产险|健康险|人寿|H股|A股|港股|美股|[一二三四前]季|第[一二三四]季度|[上下]半年|[（(]\d)/u;
/** Weaker: an organisation or anything else. */
const MAYBE_AFTER_ZH = /^(?:称|涨|跌|拟|被|遭|将|获|与|和|再|手机|汽车|电商|物流|健康|云|客户|产品|证券|基金)/u;
const BEFORE =
  /(?:\b(?:retailer|carmaker|automaker|lender|bank|company|giant|chain|brand|maker|owner|regulator|investor|shares of|stock of|at|by|from|sues?|suing|fines?|against|buy|sell|short|long)\s+|[$#])$/iu;
const BEFORE_ZH =
  /(?:买入|卖出|持有|加仓|减仓|做空|看好|看空|抄底|收购|入股|起诉|处罚|约谈|巨头|龙头|车企|险企|银行|券商|厂商|平台|公司|美的、|对|与|和|、|#|【|“|「)$/u;
/** Before it: what makes it a common word. */
const COMMON_BEFORE =
  /\b(?:a|an|the|this|that|its|his|her|their|our|my|your|no|any|every|each|own|big|wide|narrow|key|main|new|easy|price|profit|inflation|rate|more|less|work|student|travel)\s+$/iu;
/** "Harrison Ford", "Emma Goldman": a capitalised word before it that does not open the sentence's own grammar. */
const GIVEN_NAME =
  /(?:^|[\s"“(])(?!(?:The|At|In|On|From|By|With|And|As|After|For|To|Of|Why|How|When|If|Is|Will|Can|Its|Rival|Retailer|Parent|Chipmaker|Carmaker|Lender|Oil|Tech|US|UK|EU|China|Google|Wall|Big|New)\s)\p{Lu}\p{Ll}+\s+$/u;
const COMMON_AFTER =
  /^\s*(?:of|between|in\s+the|on\s+the|that|which|date|audience|price|rate|up\s+in|level|zone|year|week|season|-)\b/iu;

/** Evidence, positive or negative, that the words from start to end name the entity. */
export function evidenceFor({ whole, start, end, ownWords }: Mention): number {
  const { text } = whole;
  const before = text.slice(Math.max(0, start - AROUND), start);
  const after = text.slice(end, end + AROUND);
  const surface = text.slice(start, end);
  let evidence = ownWords * OWN_WORD;
  if (/\p{Script=Han}/u.test(surface)) {
    const [zhBefore, zhAfter] = [simplified(before), simplified(after)];
    if (AFTER_ZH.test(zhAfter)) evidence += 3;
    else if (MAYBE_AFTER_ZH.test(zhAfter)) evidence += 1;
    if (BEFORE_ZH.test(zhBefore)) evidence += 1;
    return evidence + Math.min(MOST_FINANCE, count(`${zhBefore} ${zhAfter}`, FINANCE_ZH)) * FINANCE_WORD;
  }
  // In lower case it is the word, whatever stands around it.
  if (surface === surface.toLowerCase()) return -10;
  const opens = start === 0 || /[.!?。！？\n"“:：]\s*$/u.test(before);
  const titleCase = whole.isTitleCase();
  if (!opens && !titleCase) evidence += 2;
  if (AFTER.test(after)) evidence += 3;
  if (!titleCase && GIVEN_NAME.test(before)) evidence -= 3;
  if (BEFORE.test(before)) evidence += 1;
  if (COMMON_BEFORE.test(before)) evidence -= 3;
  if (COMMON_AFTER.test(after)) evidence -= 2;
  return evidence + Math.min(MOST_FINANCE, count(`${before} ${after}`, FINANCE)) * FINANCE_WORD;
}

/** Whether a cashtag of one letter is one: "$T $VZ telecom calls" is, "Beat $C!" and "50 $D" are not. Longer ones are. */
export function isTicker(symbol: string, whole: WholeText, cashtags: number): boolean {
  return symbol.length > 1 || cashtags > 1 || whole.isFinancial();
}

const TRADING =
  /\b(?:trad(?:e|es|er|ers|ing)|chart|volume|support|resistance|breakout|short|long|position|price target|pt|market|markets|watchlist|pre-?market|after-?hours|insider|filing|sec|moving average|\d+\.\d\d)\b/giu;

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

const LATIN = /[\p{Script=Latin}\p{N}]/u;

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (/\p{Script=Han}/u.test(word)) return true;
    if (!LATIN.test(text[at - 1] ?? ' ') && !LATIN.test(text[at + word.length] ?? ' ')) return true;
  }
  return false;
}

/** Headlines Written Like This one capitalise common words too: a capital says nothing in them. */
function isTitleCase(text: string): boolean {
  const words = text.match(/\b\p{L}{4,}/gu) ?? [];
  return words.length > 2 && words.filter((word) => /^\p{Lu}/u.test(word)).length / words.length > 0.7;
}
