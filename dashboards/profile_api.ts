/** One series closely: what it is about, its words, its prices; and the watchlist, to choose a series from. */
import { TOPIC_NAMES_ZH } from '../core/topics.ts';
import { z } from 'zod';
import { entitiesAnswer, pricesAnswer, profileAnswer, wordsAnswer } from './answers/profile.ts';
import { readProfile } from './profile_queries.ts';
import { id, limit, seriesFilter, spanned } from './questions.ts';
import { defineRoute } from './route.ts';
import { isoTime } from '../core/event.ts';
import { spanAnswer } from './span.ts';
import { readWords } from './word_queries.ts';

const profile = defineRoute({
  method: 'get',
  path: '/profile',
  role: 'reader',
  subject: 'Series',
  summary: 'What a selection is about: its largest stories, topics, kinds of event, companies, sources',
  query: spanned(seriesFilter),
  response: profileAnswer,
  async handler({ query, url }, { store, names, queries, share, span }) {
    const exact = await span(query);
    return share(url, () => readProfile(exact, query, { store, names, listed: (keys) => queries.listed(keys) }));
  },
});

const words = defineRoute({
  method: 'get',
  path: '/words',
  role: 'reader',
  subject: 'Series',
  summary: 'The words that tell a selection from what is usual',
  description:
    'Log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008) over the headlines of the newest 400 ' +
    'documents, against those of the span before.',
  query: spanned(seriesFilter),
  response: wordsAnswer,
  async handler({ query, url }, { store, names, share, span }) {
    const exact = await span(query);
    const { entity, topic } = query;
    const own = [
      ...(entity === undefined ? [] : Object.values(names(entity))),
      ...(topic === undefined ? [] : [topic, TOPIC_NAMES_ZH[topic] ?? topic]),
    ];
    return share(url, () => readWords(store, exact, query, own));
  },
});

const prices = defineRoute({
  method: 'get',
  path: '/prices',
  role: 'reader',
  subject: 'Series',
  summary: 'Closing prices of an entity, where the settings name a file of them',
  query: spanned({ entity: id }),
  response: pricesAnswer,
  async handler({ query }, services) {
    const exact = await services.span(query);
    const [first, last] = [isoTime(exact.from).slice(0, 10), isoTime(exact.to - 1).slice(0, 10)];
    const closes = services.prices === undefined ? [] : await services.prices(query.entity);
    return { ...spanAnswer(exact), closes: closes.filter(({ day }) => day >= first && day <= last) };
  },
});

const entities = defineRoute({
  method: 'get',
  path: '/entities',
  role: 'reader',
  subject: 'Series',
  summary: 'Entities of the watchlist by their names or ids, whether anything was said of them or not',
  query: z.strictObject({
    q: z.string().max(200).optional().describe('Part of an id or of a name in either language.'),
    limit: limit(20, 500),
  }),
  response: entitiesAnswer,
  handler({ query }, { watched }) {
    const wanted = plain(query.q ?? '');
    const all = watched?.() ?? [];
    const ranked = all
      .map(({ id: own, name }) => ({ id: own, name, place: placeOf([own, name.en, name.zh], wanted) }))
      .filter(({ place }) => place >= 0)
      .sort((a, b) => a.place - b.place || (a.name.en < b.name.en ? -1 : 1));
    return Promise.resolve({
      total: ranked.length,
      entities: ranked.slice(0, query.limit).map(({ id: own, name }) => ({ id: own, name })),
    });
  },
});

/** 0 where a name begins with what is wanted, 1 where a word of it does, 2 where it is within, -1 where it is not. */
function placeOf(called: readonly string[], wanted: string): number {
  let best = -1;
  for (const name of called.map(plain)) {
    const at = name.indexOf(wanted);
    if (at < 0) continue;
    const place = at === 0 ? 0 : name[at - 1] === ' ' ? 1 : 2;
    best = best < 0 ? place : Math.min(best, place);
  }
  return best;
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll('_', ' ').trim();
}

export const profileRoutes = { profile, words, prices, entities };
