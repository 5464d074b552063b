/**
 * A text as whole words, in both languages: what an explanation may take out and put back. Boundaries are Unicode's and
 * ICU's dictionary for Chinese (Intl.Segmenter, UAX #29): 净利润大幅下滑 is 净利润, 大幅, 下滑 and not seven signs. A sign that
 * belongs to its number or ticker stays with it ($TSLA, 40%), an emoji is a word, punctuation is none and always stays.
 */
export interface Word {
  readonly word: string;
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

const SEGMENTER = new Intl.Segmenter('zh', { granularity: 'word' });
const EMOJI = /\p{Extended_Pictographic}/u;
const BEFORE = /^[$#@+\-−¥€£]$/u;
const AFTER = /^[%‰+]$/u;
/** Words of the market that ICU's dictionary takes apart. */
const TERMS = new Set(
  '净利润 净利 净亏损 涨停 跌停 涨停板 跌停板 一字板 暴雷 爆雷 踩雷 利好 利空 增持 减持 回购 退市 停牌 复牌 摘帽 戴帽 预增 预亏 预减 扭亏 扭亏为盈 由盈转亏 割韭菜 韭菜 做空 做多 套牢 解套 站岗 接盘 抄底 逃顶 追高 杀跌 砸盘 护盘 破发 破净 举牌 立案 违约 降准 降息 加息 加仓 减仓 清仓 爆仓 平仓 满仓 空仓 大涨 大跌 暴涨 暴跌 闪崩 反弹 回落 上调 下调 超预期 不及预期 同比 环比'.split(
    ' ',
  ),
);
const MOST_PARTS = 4;

/** The words of `text`, in order. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let sign: number | null = null;
  for (const { segment, index, isWordLike } of segmentsOf(text)) {
    const end = index + segment.length;
    const last = words.at(-1);
    if (isWordLike === true || EMOJI.test(segment)) {
      const start = sign ?? index;
      words.push({ word: text.slice(start, end), start, end });
    } else if (last?.end === index && AFTER.test(segment) && /\p{N}$/u.test(last.word)) {
      words[words.length - 1] = { word: text.slice(last.start, end), start: last.start, end };
    }
    sign = BEFORE.test(segment) && last?.end !== index ? index : null;
  }
  return words;
}

interface Segment {
  readonly segment: string;
  readonly index: number;
  readonly isWordLike?: boolean;
}

/** The segmenter's pieces, with the terms of the market put together again, the longest first. */
function segmentsOf(text: string): Segment[] {
  const pieces: Segment[] = [];
  // Each piece of the segmenter's own holds a copy of the whole text: kept, they fill the memory by the square of its length.
  for (const { segment, index, isWordLike } of SEGMENTER.segment(text)) {
    pieces.push({ segment, index, isWordLike: isWordLike === true });
  }
  const joined: Segment[] = [];
  for (let at = 0; at < pieces.length;) {
    let parts = Math.min(MOST_PARTS, pieces.length - at);
    const from = pieces[at]?.index ?? 0;
    const upTo = (count: number): string => text.slice(from, pieces[at + count]?.index ?? text.length);
    while (parts > 1 && !TERMS.has(upTo(parts))) parts -= 1;
    joined.push(parts > 1 ? { segment: upTo(parts), index: from, isWordLike: true } : (pieces[at] as Segment));
    at += parts;
  }
  return joined;
}

/** Neighbouring words taken together, so that at most `most` parts remain. */
export function inPhrases(text: string, words: readonly Word[], most: number): Word[] {
  const size = Math.ceil(words.length / most);
  if (size <= 1) return [...words];
  return Array.from({ length: Math.ceil(words.length / size) }, (_, index) => {
    const part = words.slice(index * size, (index + 1) * size);
    const [start, end] = [part[0]?.start ?? 0, part.at(-1)?.end ?? 0];
    return { word: text.slice(start, end), start, end };
  });
}

/** `text` with only the words whose place is in `kept`; what stands between words stays. */
export function withOnly(text: string, words: readonly Word[], kept: (place: number) => boolean): string {
  let result = '';
  let from = 0;
  words.forEach(({ start, end }, place) => {
    if (kept(place)) return;
    result += text.slice(from, start);
    from = end;
  });
  return `${result}${text.slice(from)}`.replace(/\s+/g, ' ').trim();
}
