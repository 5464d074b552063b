/**
 * The words that tell a selection from what is usual (core/telling_words.ts), out of the headlines of its newest stories. What
 * is usual: its own headlines of the span before (two weeks at least), and for a series that said little then, everybody else's of that time. The newest
 * few hundred and not a sample of all: they lie beside each other in the store, where a sample would unpack every text of it.
 */
import type { Store } from '../core/store/store.ts';
import { tellingWords } from '../core/telling_words.ts';
import { moment, opinionConditions, within, type SeriesFilter } from './conditions.ts';
import type { WordsAnswer } from './contract.ts';
import { spanAnswer, type ExactSpan } from './span.ts';

/** Different words that name an entity: spellings, codes, tickers. */
const MOST_CALLED = 200;
const MOST_READ = 400;
const MOST_USUAL = 800;
/** Stories below which a past says nothing of what is usual. */
const LEAST_USUAL = 200;

/** How far back the usual is looked for where the span is short. */
const LEAST_PAST_MS = 14 * 86_400_000;

interface Headline {
  readonly story: string;
  readonly text: string;
  readonly language: 'en' | 'zh';
}

/** @param own names of the series, left out of its words. @throws TidewatchError storage.unavailable */
export async function readWords(
  store: Store,
  span: ExactSpan,
  filter: SeriesFilter,
  own: readonly string[],
): Promise<WordsAnswer> {
  const { from, to } = span;
  const { sql, params } = opinionConditions(filter);
  const newest = async (since: number, until: number, where: string, most: number): Promise<Headline[]> => {
    // A story votes once; a document that was labelled twice is one story anyway, so the merge on read is spared.
    const rows = await store.query<Headline>(
      `SELECT story, if(title = '', substringUTF8(text, 1, 200), title) AS text, language FROM opinions
       WHERE published_at >= ${moment('since')} AND published_at < ${moment('until')} ${where} AND language != 'other'
       ORDER BY published_at DESC, document_id DESC LIMIT {most:UInt32} SETTINGS final = 0`,
      { ...params, since, until, most },
    );
    return [...new Map(rows.map((row) => [row.story, row])).values()];
  };
  const here = await newest(from, to, sql, MOST_READ);
  const reach = Math.max(to - from, LEAST_PAST_MS);
  const called = filter.entity === undefined ? [] : await calledBy(store, filter.entity, from - reach, to);
  const before = await newest(from - reach, from, sql, MOST_USUAL);
  const thin = before.length < LEAST_USUAL && sql !== '';
  const usual = thin ? await newest(to - reach, to, `AND NOT (1 ${sql})`, MOST_USUAL) : before;
  const words = (['en', 'zh'] as const).flatMap((language) => {
    const texts = (of: readonly Headline[]): string[] =>
      of.filter((one) => one.language === language).map(({ text }) => text);
    return tellingWords(texts(here), texts(usual), language, [...own, ...called]);
  });
  return {
    ...spanAnswer(span),
    against: thin ? 'others' : 'before',
    read: here.length,
    usual: usual.length,
    words: once(words)
      .sort((a, b) => b.z - a.z || (a.word < b.word ? -1 : 1))
      .slice(0, 16),
  };
}

/**
 * The words by which texts of that time named an entity: its ticker and its short forms are its names, and no finding. The watchlist
 * has them too, but a long one takes seconds to read, and not every process does.
 */
async function calledBy(store: Store, entity: string, from: number, to: number): Promise<string[]> {
  const rows = await store.query<{ called: string }>(
    `SELECT arrayElement(entity_surfaces, indexOf(entities, {entity:String})) AS called FROM documents
     WHERE ${within('from')} AND has(entities, {entity:String})
     GROUP BY called ORDER BY count() DESC, called LIMIT {most:UInt32} SETTINGS final = 0`,
    { entity, from, to, most: MOST_CALLED },
  );
  return rows.map(({ called }) => called);
}

type Word = WordsAnswer['words'][number];

/** A word that headlines of both languages use (AI, IPO, a brand) stands once, as where it tells more, with the stories of both. */
function once(words: readonly Word[]): Word[] {
  const told = new Map<string, Word>();
  for (const word of words) {
    const other = told.get(word.word);
    const [more, less] = other === undefined || word.z > other.z ? [word, other] : [other, word];
    told.set(word.word, { ...more, count: more.count + (less?.count ?? 0), usual: more.usual + (less?.usual ?? 0) });
  }
  return [...told.values()];
}
