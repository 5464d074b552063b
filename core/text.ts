/**
 * What a piece of text is, once and for all: the same cleaning at training, at serving and at ingest, so that a model
 * never meets characters it was not trained on. Pure functions, no I/O.
 *
 * NFKC folds full-width letters, ligatures and most look-alike digits (Unicode UAX #15); zero-width and control
 * characters are dropped because they are the cheapest way to hide a word from a matcher. Homoglyphs across scripts
 * (Cyrillic а for Latin a) are folded only in what the model reads, and only in words that mix them (disguise.ts), and so
 * is traditional Chinese (simplified.ts): what is stored and shown keeps the author's letters.
 */
import { unmask } from './disguise.ts';
import { simplified } from './simplified.ts';

// C0 and C1 controls except tab and line feeds, which count as white space below.
const CONTROL = /(?![\t\n\r])\p{Cc}/gu;
// Format characters (zero-width, bidirectional, tags), variation selectors, and fillers that show as nothing.
const INVISIBLE = /\p{Cf}|\p{Variation_Selector}|\u115f|\u1160|\u17b4|\u17b5|\u3164|\uffa0/gu;
const SPACES = /[\s\u00a0\u3000]+/g;
// A sentence may go on without a blank after a link, and cleaning has made its ，；） the ,;) that links may hold: such a sign
// is the link's unless Han follows, at once or after a short word or figure ("…/a,A股大跌", "…/a,2024年"). Looks 40 signs
// ahead at most, so that it stays linear. Han that follows a letter or a slash is the link's.
const LINK =
  /\bhttps?:\/\/(?:(?!(?:[,;:!?()|~]|\.{3}){1,4}[A-Z0-9$*.%]{0,16}\p{Script=Han})[^\s\u200b<>"'“”‘’，。；、）【】「」『』《》])+/giu;
// Weibo ends its links so.
const LINK_AND_GAP = new RegExp(`${LINK.source}\u200b?`, LINK.flags);
const CASHTAG = /(?<![A-Z0-9_$])\$([A-Z]{1,6}(?:[.-][A-Z]{1,2})?)(?![A-Z0-9_])/gi;
const HAN = /\p{Script=Han}/gu;
const LETTER = /\p{L}/gu;
// Kana and hangul, without what Chinese borrows: の (奈雪の茶), the dot in foreign names (伊隆・馬斯克) and the long stroke.
const NOT_CHINESE = /[\u3041-\u306d\u306f-\u3096\u30a1-\u30fa\uac00-\ud7af]/u;

export type Language = 'en' | 'zh' | 'other';

/** NFKC, no control, zero-width or bidirectional-override characters, runs of white space made one blank, trimmed. */
export function cleanText(raw: string): string {
  const folded = raw.toWellFormed().replace(CONTROL, ' ').normalize('NFKC');
  return partedLinks(folded).replace(INVISIBLE, '').replace(SPACES, ' ').trim();
}

/** A zero-width space right after a link made a blank: what follows is the sentence. Most texts have none, and pay nothing. */
function partedLinks(text: string): string {
  return text.includes('\u200b') ? text.replace(LINK_AND_GAP, (link) => link.replace('\u200b', ' ')) : text;
}

/** Links in order of appearance, without duplicates; trailing sentence punctuation is not part of a link. */
export function findLinks(text: string): string[] {
  return [...new Set([...text.matchAll(LINK)].map((match) => match[0].replace(/[.,;:!?)\]}]+$/u, '')))];
}

/** Cashtags without the dollar sign, upper case, without duplicates: "$aapl and $BRK.B" gives AAPL, BRK.B. */
export function findCashtags(text: string): string[] {
  return [...new Set([...text.matchAll(CASHTAG)].map((match) => (match[1] ?? '').toUpperCase()))];
}

/** The text that the model reads: cleaned, without links, words in disguise made plain (disguise.ts), in simplified characters. */
export function modelText(title: string | null, text: string): string {
  return simplified(unmask(cleanedText(title, text)));
}

/** Title and text cleaned, links taken out (they carry no opinion and cost tokens). */
export function cleanedText(title: string | null, text: string): string {
  const body = cleanText(text);
  const head = title === null ? '' : cleanText(title);
  const joined =
    head === '' || body.startsWith(head) ? body : `${head}${/[.!?。！？:：]$/u.test(head) ? '' : '.'} ${body}`;
  return joined.replace(LINK, ' ').replace(SPACES, ' ').trim();
}

/**
 * English, Chinese or neither, by script and by the commonest English words. News items are short, so a statistical
 * detector over 100 languages errs more often than this does on the two languages that the model knows. Links have no say.
 */
export function detectLanguage(written: string): Language {
  const text = written.replace(LINK, ' ');
  const han = text.match(HAN)?.length ?? 0;
  const letters = text.match(LETTER)?.length ?? 0;
  if (letters === 0) return 'other';
  if (NOT_CHINESE.test(text)) return 'other';
  if (han / letters >= 0.15) return 'zh';
  const latin = text.match(/[A-Za-z]/g)?.length ?? 0;
  if (latin / letters < 0.9) return 'other';
  const words = text.toLowerCase().match(/[a-z']+/g) ?? [];
  if (words.length < 6) return 'en';
  const known = words.filter((word) => ENGLISH.has(word)).length;
  const foreign = words.filter((word) => FOREIGN.has(word)).length;
  return foreign > known && foreign / words.length > 0.12 ? 'other' : 'en';
}

const ENGLISH = new Set(
  'a about after all and are as at be been before but by can could for from had has have he her his how if in into is it its may more most new no not of on or our out over said say says she than that the their they this to up was we were what when which who will with would you'.split(
    ' ',
  ),
);
const FOREIGN = new Set(
  'al aus auf bei con da das de del dem den der des die du ein eine el en est et für il la las le les los mit na nach nicht no nos para per por que se sich sur um un una und une uno van vom von zu zum'.split(
    ' ',
  ),
);
