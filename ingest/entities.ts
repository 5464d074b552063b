/**
 * Which watched entities a text names, and how much it is about each. One pass finds every name and code; where names
 * overlap the leftmost, then the longest wins ("Bank of America" is not "America", a price target is not Target). Tickers
 * count only where they are written as tickers ($AAPL, NASDAQ: AAPL, (AAPL)): "IT" and "ALL" are words, and so is a
 * cashtag of one letter outside talk of markets. An ambiguous name counts beside other evidence for the same entity, or
 * where the words around it say so (entity_context.ts); a cased one only in its own capitals. Traditional and simplified
 * characters are read as one (simplified.ts); the surface is as the text has it.
 * Rejected: a named-entity model here (a hundred times the cost, and it finds names, not which listed company is meant).
 */
import type { Document } from '../core/event.ts';
import { createAutomaton } from './automaton.ts';
import { ENOUGH_EVIDENCE, evidenceFor, isTicker, wholeText, type WholeText } from './entity_context.ts';
import { codeForms, collectPatterns, type Pattern, stands } from './entity_patterns.ts';
import { relevanceOf } from './relevance.ts';
import { simplified } from '../core/simplified.ts';
import type { WatchedEntity } from './watchlist.ts';
import { writtenTickers, type WrittenTicker } from './written_tickers.ts';

export type NamedEntity = Document['entities'][number];

export interface NamingText {
  readonly title: string | null;
  readonly text: string;
  readonly links: readonly string[];
  /** Without the dollar sign, upper case: from the text and from the origin's own tags. */
  readonly cashtags: readonly string[];
  /** When it was published, ISO 8601: entries that are dated count in their time only. Absent: all count. */
  readonly published_at?: string;
}

export type EntityMatcher = (document: NamingText) => NamedEntity[];

interface Hit {
  readonly pattern: Pattern;
  readonly start: number;
  readonly end: number;
}

/** Where an entity is named, and by which words: the first that count. */
interface Naming {
  surface: string;
  first: number;
  mentions: number;
  /** A bare symbol, or the words of a name. */
  isSymbol: boolean;
}

/** A name that is a word in so many places of one text is not looked at further. */
const MOST_JUDGED = 200;

/** A matcher over this watchlist; building it for 10,000 entities takes about half a second. */
export function createEntityMatcher(watched: readonly WatchedEntity[]): EntityMatcher {
  const patterns = collectPatterns(watched);
  const automaton = createAutomaton(patterns.map(({ text }) => text));
  const byTicker = tickersOf(watched);
  const isDated = watched.some(({ from, until }) => from !== undefined || until !== undefined);
  const contexts = watched.map(({ context }) => context.map((word) => simplified(word).toLowerCase()));

  return (document) => {
    const whole = document.title === null ? document.text : `${document.title}\n${document.text}`;
    const text = blankLinks(whole, document.links);
    const known = wholeText(text);
    const hits: Hit[] = [];
    automaton.scan(text, (index, end) => {
      const pattern = patterns[index];
      if (pattern === undefined) return;
      const start = end - pattern.text.length;
      if (stands(text, start, end, pattern.isCode)) hits.push({ pattern, start, end });
    });
    const certain = new Map<number, Naming>();
    const doubtful: { index: number; start: number; end: number }[] = [];
    for (const { pattern, start, end } of leftmostLongest(hits)) {
      const surface = text.slice(start, end);
      for (const { index, use, form } of pattern.entities) {
        if (use === 'ambiguous') doubtful.push({ index, start, end });
        else if (use === 'plain' || (use === 'cased' && simplified(surface) === form))
          name(certain, index, surface, start, false);
      }
    }
    for (const { symbol, surface, at } of symbols(known, document.cashtags)) {
      for (const index of byTicker.get(symbol) ?? []) name(certain, index, surface, at, true);
    }
    const judged = new Map<number, { readonly ownWords: number; mentions: number }>();
    for (const { index, start, end } of doubtful) {
      if (certain.has(index)) {
        name(certain, index, text.slice(start, end), start, false);
        continue;
      }
      const doubt = judged.get(index) ?? { ownWords: known.ownWords(contexts[index] ?? []), mentions: 0 };
      judged.set(index, doubt);
      doubt.mentions += 1;
      if (doubt.mentions > MOST_JUDGED) continue;
      if (evidenceFor({ whole: known, start, end, ownWords: doubt.ownWords }) >= ENOUGH_EVIDENCE) {
        name(certain, index, text.slice(start, end), start, false);
      }
    }
    if (isDated && document.published_at !== undefined) {
      for (const index of certain.keys()) if (!isCurrent(watched[index], document.published_at)) certain.delete(index);
    }
    return withRelevance(certain, watched, document, whole.length);
  };
}

/** Whether the entry counts on that day: so that a replay of years knows each name only from when it was watched. */
function isCurrent(entity: WatchedEntity | undefined, publishedAt: string): boolean {
  const day = publishedAt.slice(0, 10);
  return !(entity?.from !== undefined && day < entity.from) && !(entity?.until !== undefined && day >= entity.until);
}

/** Counts one more naming. The word that a reader sees beats the bare symbol. */
function name(namings: Map<number, Naming>, index: number, surface: string, at: number, isSymbol: boolean): void {
  const known = namings.get(index);
  if (known === undefined) {
    namings.set(index, { surface, first: at, mentions: 1, isSymbol });
    return;
  }
  known.mentions += 1;
  known.first = Math.min(known.first, at);
  if (known.isSymbol && !isSymbol) Object.assign(known, { surface, isSymbol });
}

function withRelevance(
  namings: ReadonlyMap<number, Naming>,
  watched: readonly WatchedEntity[],
  { title, text }: NamingText,
  length: number,
): NamedEntity[] {
  let total = 0;
  for (const { mentions } of namings.values()) total += mentions;
  const head = title === null ? firstSentence(text) : title.length;
  return [...namings].map(([index, { surface, first, mentions }]) => ({
    id: watched[index]?.id ?? '',
    surface,
    relevance: relevanceOf({ first, mentions, inTitle: first < head }, length, total),
  }));
}

function firstSentence(text: string): number {
  // Before Han the half-width sign is the full-width one that normalising made of it.
  const end = /[.!?]\s|[!?](?=\p{Script=Han})|[。！？\n]/u.exec(text)?.index;
  return end === undefined ? text.length : end + 1;
}

function tickersOf(watched: readonly WatchedEntity[]): ReadonlyMap<string, readonly number[]> {
  const byTicker = new Map<string, number[]>();
  for (const [index, { tickers, codes }] of watched.entries()) {
    for (const symbol of [...tickers, ...codes, ...codes.flatMap(codeForms)]) {
      const key = symbol.toUpperCase();
      byTicker.set(key, [...new Set([...(byTicker.get(key) ?? []), index])]);
    }
  }
  return byTicker;
}

function* symbols(whole: WholeText, cashtags: readonly string[]): Generator<WrittenTicker> {
  const { text } = whole;
  const upper = cashtags.length === 0 ? '' : text.toUpperCase();
  for (const tag of cashtags) {
    // A tag that the origin gave need not stand in the text; then it counts at its end.
    const written = upper.indexOf(`$${tag}`);
    if (written >= 0 && !isTicker(tag, whole, cashtags.length)) continue;
    yield { symbol: tag, surface: `$${tag}`, at: written < 0 ? Math.max(0, text.length - 1) : written };
  }
  yield* writtenTickers(text);
}

function leftmostLongest(hits: Hit[]): Hit[] {
  if (hits.length < 2) return hits;
  hits.sort((a, b) => a.start - b.start || b.end - a.end);
  const chosen: Hit[] = [];
  let free = 0;
  for (const hit of hits) {
    if (hit.start < free) continue;
    chosen.push(hit);
    free = hit.end;
  }
  return chosen;
}

/** Links replaced by blanks of the same length: a company's name in an address is no mention. */
function blankLinks(text: string, links: readonly string[]): string {
  let result = text;
  for (const link of links) result = result.replaceAll(link, ' '.repeat(link.length));
  return result;
}
