/**
 * What tells two fillings of one template apart: the names and the figures in a text. "Norvale to buy back shares" and
 * "Bellwick to buy back shares" share most of their shingles and are two stories. Pure.
 *
 * Names are capitalised words in text that does not capitalise everything, and the first two words that say something in
 * headlines that do. Han has no capitals: there a name is what stands first in its clause, before 公告 or a code in brackets, as
 * notices begin; where there is none, before the colon of a title, unless it ends as outlets' names do (【财联社:). Before other colons stand
 * outlets and clauses (新华社:, 康美药业被立案:), in which copies of one text differ. Figures leave out years and dates: a day's reports share those.
 * Rejected: weighing shingles by how rare they are (the answer would depend on what came before, and a restart would
 * change it).
 */
import { hashText } from './shingles.ts';
import { simplified } from '../core/simplified.ts';

export interface Marks {
  readonly names: readonly number[];
  readonly figures: readonly number[];
}

export const MOST_MARKS = 6;
const SCANNED_CHARS = 400;
const WORD = /[\p{L}\p{M}][\p{L}\p{M}\p{N}'’]*/gu;
/** A comma before it may be one of the text: full width becomes half width. */
const FIGURE = /(?<![A-Za-z\p{N}]|\p{N}[.,])\d+(?:[.,/]\d+)*(?![年月日号]|\d|[.,/]\d|(?:st|nd|rd|th)\b)/gu;
const MONTH_BEFORE = /(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s*$/i;
const HAN = /\p{Script=Han}/u;
/** A股 is a market. */
const LATIN_CAPITAL = /^(?![ABH]股)\p{Lu}/u;
/** Capitalised for their place, or part of half of all companies' names. */
const COMMON = new Set(
  `a an the in on at as by for from to of and but or if it its this that these those he she they we you i is are was
  were be been will would can could may might has have had do does did not no yes what when where who which why how
  more most after before over under up down out off with without about into than then new now here there all any some
  our your their his her my me us them so just still also only very say says said see sees per vs via amid
  bank banks group inc corp co ltd plc llc company holdings holding limited international financial capital
  shares share stock stocks market markets breaking update news report reports ceo cfo ipo q1 q2 q3 q4 us uk usd
  january february march april june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday`.split(/\s+/),
);

/**
 * 康美药业公告, ,贵州茅台(600519; and of titles 【长春高新: and 长春高新:关于; with the words between a name and its notice left out.
 * What stands before is looked at and not taken: the colon of 新浪财经: also begins the clause of 康美药业公告.
 */
const HAN_NAME =
  /(?<=^|[【】,。:;!?\s]|日电)\*?(?=[A-Za-z]*\p{Script=Han})([\p{Script=Han}A-Za-z]{2,8}?)(?:年报|季报|中报|财报|业绩|今日|昨日|近日|日前|今晚|晚间|早间|盘后|最新|连续|再次|再度|发布|发出|披露|关于)*(?:公告|\(\d{5,6}|:(?=关于)|(?<=【[^】]{2,20}):)/gu;
/** What stands in a name's place and names a market or nobody, or says what happened: copies of one text differ in it. */
const NO_HAN_NAME =
  /^关于|[被遭拟的]|(?:[ABH]股|港股|美股|沪市|深市|两市|立案|停牌|复牌|重组|减持|增持|回购|公司|方面|官方|本行|该行|快讯|电讯|资讯|要闻|新闻|消息|早报|晚报|日报|周报|早评|午评|收评|早盘|午盘|收盘|独家|专访|专家|人士|分析|分析师|记者|编辑|来源|机构|券商|媒体|外媒|观点|研报|视频|直播|图解|更新|突发|重磅|最新|提示|聚焦|解读|原标题|发布|披露)$/u;
/**
 * How outlets' names end: before a colon in 【】 stands one of them or the company that it is about. No list of them is whole, and a few
 * companies are called so (新华网, 人民网): those are still known by their notices.
 */
const OUTLET =
  /(?:(?<!会)社|网|财经|报|报道|报导|见闻|电视台?|电台|卫视|央视|央广|路透|彭博|澎湃|财新|头条|客户端|周刊)$/u;

export function marksOf(text: string): Marks {
  const head = text.length > SCANNED_CHARS ? text.slice(0, SCANNED_CHARS) : text;
  return { names: namesOf(head), figures: figuresOf(head) };
}

function namesOf(text: string): number[] {
  const words: { readonly lower: string; readonly isCapital: boolean }[] = [];
  let long = 0;
  let capital = 0;
  for (const [word] of text.matchAll(WORD)) {
    const isCapital = LATIN_CAPITAL.test(word);
    const lower = word.toLowerCase().replace(/['’]s$/, '');
    if (lower.length >= 4 && !COMMON.has(lower)) {
      long += 1;
      if (isCapital) capital += 1;
    }
    words.push({ lower, isCapital });
  }
  const isTitle = capital >= 3 && capital > long * 0.6;
  const names = new Set<number>();
  for (const { lower, isCapital } of words) {
    if (!isCapital || lower.length < 2 || COMMON.has(lower)) continue;
    names.add(hashText(lower));
    if (names.size === (isTitle ? 2 : MOST_MARKS)) break;
  }
  if (HAN.test(text)) {
    for (const name of hanNamesOf(text)) if (names.size < MOST_MARKS) names.add(hashText(name));
  }
  return [...names];
}

function hanNamesOf(text: string): string[] {
  const noticed: string[] = [];
  const titled: string[] = [];
  for (const [whole, name = ''] of text.matchAll(HAN_NAME)) {
    const isTitle = whole.endsWith(':');
    const read = simplified(name);
    if (NO_HAN_NAME.test(read) || (isTitle && OUTLET.test(read))) continue;
    (isTitle ? titled : noticed).push(name.toLowerCase());
  }
  return noticed.length > 0 ? noticed : titled;
}

function figuresOf(text: string): number[] {
  const figures = new Set<number>();
  for (const match of text.matchAll(FIGURE)) {
    const figure = match[0].replaceAll(',', '');
    if (/^(?:19|20)\d\d$/.test(figure)) continue;
    if (figure.length <= 2 && MONTH_BEFORE.test(text.slice(Math.max(0, match.index - 12), match.index))) continue;
    figures.add(hashText(figure));
    if (figures.size === MOST_MARKS) break;
  }
  return [...figures];
}
