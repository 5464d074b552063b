/**
 * Whether what a language model wrote says only what it was given. It may choose the words, never the facts: each sentence
 * must cite documents that it was given, and every number, name, direction and negation in it must be in the facts that
 * rest on them or in their titles; words may be new in small part. One failing sentence refuses all of it, and the plain
 * answer is shown. Pure.
 * This is a filter of form, not of truth: a sentence that turns the given words about can still pass. So the plain
 * sentences stay on the page beside what passed (docs/search.md).
 */
import { termsOf } from '../../core/search/terms.ts';
import type { Cited, Fact, PlainAnswer } from './answer.ts';

/** Why it is not shown; the metric's label. */
export type Refusal =
  | 'empty'
  | 'too_long'
  | 'markup'
  | 'uncited'
  | 'unknown_citation'
  | 'number'
  | 'name'
  | 'direction'
  | 'negation'
  | 'words';

const LONGEST = 2_500;
/** Part of a sentence's terms that need not be in the evidence: what joins facts into prose. */
const MOST_NEW_PART = 0.34;
const MARKUP = /https?:|www\.|[<>{}`]|\]\(|!\[|\*\*|^#|@\w/m;
const CITATION = /\[(\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\]/g;
const NUMBER = /\d+(?:[.,]\d+)*/g;
const UP =
  /\b(?:rise|rises|rose|risen|rising|grew|grow|grows|increas\w*|higher|up (?:to|by|from)|surg\w*|jump\w*|climb\w*|soar\w*|improv\w*)\b|(?<!没有|不|未)[高多][于於]|[升增涨漲][至到为為]|上升|上[涨漲]|增加|增[长長]|[扩擴]大|走高|走[强強]|攀升|[飙飆]升|改善|好[转轉]/i;
const DOWN =
  /\b(?:fall|falls|fell|fallen|falling|declin\w*|decreas\w*|drop\w*|lower|fewer|down (?:to|by|from)|shrink\w*|plung\w*|slump\w*)\b|(?<!没有|不|未)[低少][于於]|[降跌减減][至到为為]|下降|下跌|下挫|下滑|降低|[减減]少|走低|走弱|回落|暴跌|收窄|[缩縮]小/i;
const NOT =
  /\b(?:not|no|never|none|nobody|without|denie[sd]|deny|false|untrue|isn't|wasn't|aren't|didn't|doesn't)\b|没有|并非|不是|并未|否认|从未|无关|未曾/i;
// What denies in Chinese is a single sign: each but within words that deny nothing (不少, 不过, 未来, 无锡, 没收, 非洲). Beside
// the words above, not in their place: a sign in some title must not let through a "no" that nothing says.
const NOT_SIGN =
  /(?<!差)不(?![少断斷久同仅僅只光止单單良论論管动動锈鏽乏]|[过過](?!\s*[\d一二三四五六七八九十百半此]))|未(?![来來]|成年)|[无無](?![锡錫论論数數线線疑]|人[机機驾駕])|[没沒](?!收)|(?<![除南北东東西中是])非(?![洲常凡农農银銀])/u;
/** Words that any summary may use. */
const JOINING = new Set(
  termsOf(
    null,
    'also because both came after against about according all although among another around back began become being between came caused chiefly compared coverage day days document documents during each earlier even far following found further included including kind largely led main mainly mention mentions most mostly much negative neutral opinion over overall part period positive previous reason reasons report reported reports said same share source sources span stories story than that then these those time times turn turned versus very were while with within',
  ),
);
const JOINING_ZH =
  /^[主要因为由于原因报道文档指出表示其中包括占比期间此前同期相比来源故事提到称出现集中以及同时另外此外一篇多篇条负面正面中性舆情关于约为达到意味着显示引发导致当日]+$/u;

export type Checked = { readonly sentences: readonly Fact[] } | { readonly refused: Refusal; readonly at: string };

/** Sentences with the documents that they cite, or the first reason against them. `entitiesIn`: watched entities that a text names. */
export function checkPhrasing(
  written: string,
  { facts, documents }: PlainAnswer,
  entitiesIn: (text: string) => readonly string[],
): Checked {
  const text = written.trim();
  if (text === '') return { refused: 'empty', at: '' };
  if (text.length > LONGEST) return { refused: 'too_long', at: '' };
  if (MARKUP.test(text)) return { refused: 'markup', at: MARKUP.exec(text)?.[0] ?? '' };
  const known = new Map(documents.map((document) => [document.number, document]));
  const sentences: Fact[] = [];
  for (const sentence of sentencesOf(text)) {
    const cites = [...sentence.matchAll(CITATION)].flatMap(([, list = '']) => list.split(/[,，、]/).map(Number));
    if (cites.length === 0) return { refused: 'uncited', at: sentence };
    if (cites.some((number) => !known.has(number))) return { refused: 'unknown_citation', at: sentence };
    const said = sentence.replace(CITATION, ' ').replace(/\s+/g, ' ').trim();
    const reason = againstSentence(said, evidenceFor(cites, facts, known), entitiesIn);
    if (reason !== null) return { refused: reason, at: sentence };
    sentences.push({ text: said.replace(/\s+([.。,，;；!?！？])/g, '$1'), cites: [...new Set(cites)] });
  }
  return sentences.length === 0 ? { refused: 'empty', at: '' } : { sentences };
}

/** Citations may stand before or after the full stop. */
function sentencesOf(text: string): string[] {
  const joined = text.replace(/([.。!?！？])\s*((?:\[[\d\s,，、]+\]\s*)+)/g, ' $2$1');
  return joined
    .split(/(?<=[。！？])|(?<=[.!?])\s+|\n+/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}

/** What the cited documents support: facts that rest on any of them, and their titles. */
function evidenceFor(cites: readonly number[], facts: readonly Fact[], known: ReadonlyMap<number, Cited>): string {
  const resting = facts.filter((fact) => fact.cites.some((number) => cites.includes(number))).map(({ text }) => text);
  const named = cites.flatMap((number) => {
    const document = known.get(number);
    return document === undefined ? [] : [`${document.title} ${document.source}`];
  });
  return [...resting, ...named].join('\n');
}

function againstSentence(
  said: string,
  evidence: string,
  entitiesIn: (text: string) => readonly string[],
): Refusal | null {
  const numbers = new Set(numbersOf(evidence));
  if (numbersOf(said).some((number) => !numbers.has(number))) return 'number';
  const lower = evidence.toLowerCase();
  const names = said.match(/\b[A-Z][\p{L}\p{N}&.'-]*/gu) ?? [];
  const starts = /^[\s"“]*([A-Z][\p{L}'-]*)/u.exec(said)?.[1];
  const isStranger = (name: string): boolean => !lower.includes(name.toLowerCase().replace(/['’]s$|\.$/u, ''));
  // The first word of a sentence has its capital from there; it is a name only if it is no usual word.
  if (
    names.some(
      (name) =>
        isStranger(name) && !(name === starts && JOINING.has(termsOf(null, name)[0] ?? '')) && !isUsual(name, starts),
    )
  )
    return 'name';
  const watched = new Set(entitiesIn(evidence));
  if (entitiesIn(said).some((entity) => !watched.has(entity))) return 'name';
  const quoted = [...said.matchAll(/[“「《]([^”」》]+)[”」》]/gu)].map(([, inner = '']) => inner);
  if (quoted.some((inner) => !lower.includes(inner.toLowerCase()))) return 'name';
  for (const direction of [UP, DOWN]) if (direction.test(said) && !direction.test(evidence)) return 'direction';
  // What one language denies the other may repeat; a sign of a title alone lets no denial through.
  const denied = NOT.test(evidence);
  if (!denied && (NOT.test(said) || (NOT_SIGN.test(said) && !NOT_SIGN.test(evidence)))) return 'negation';
  const given = new Set(termsOf(null, evidence));
  const own = [...new Set(termsOf(null, said))];
  const strange = own.filter((term) => !given.has(term) && !JOINING.has(term) && !JOINING_ZH.test(term));
  return strange.length > own.length * MOST_NEW_PART ? 'words' : null;
}

/** Words that a sentence may begin with, and that termsOf leaves out as saying nothing. */
function isUsual(name: string, starts: string | undefined): boolean {
  return name === starts && termsOf(null, name).length === 0;
}

/** Figures without their thousands' commas and final zeros: 1,200 and 1200.0 are one. */
function numbersOf(text: string): string[] {
  return (text.match(NUMBER) ?? []).map((number) => {
    const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(number) ? number.replaceAll(',', '') : number;
    const value = Number(plain);
    return Number.isFinite(value) ? String(value) : plain;
  });
}
