/**
 * What a card says of the data: the sets that the model's recipe, and those of what it starts from, drew rows of, and no others.
 * A card that names a set which was left out, perhaps for its licence, or calls a set unseen that was taught, is worse than none.
 */

/** What is read of a recipe as training.json has it; all of it may be absent. */
export interface RecordedRecipe {
  readonly base?: unknown;
  readonly start?: unknown;
  readonly sets?: Readonly<Record<string, { readonly rate?: number; readonly entities_rate?: number }>>;
}

const DATA: readonly (readonly [set: string, description: string, licence: string])[] = [
  ['tfns', 'Twitter Financial News Sentiment, English tweets, 3 classes', 'MIT (its card)'],
  ['tfn_topic', 'Twitter Financial News Topic, English tweets, 20 topics', 'MIT (its card)'],
  ['sentfin', 'SEntFiN 1.0, Indian headlines, labels by entity', 'none found'],
  ['finentity', 'FinEntity, Reuters sentences, labels by entity', 'not stated'],
  ['stockemotions', 'StockEmotions, StockTwits 2020, 2 classes', "StockTwits' terms"],
  ['finfe', 'FinFE, Chinese stock forum, 3 classes, noisy', 'not stated'],
  ['xueqiu_titles', 'Xueqiu titles, Chinese, 2 classes', 'not stated'],
  ['finnsp', 'FinNSP, Chinese negative news and its contrary, by entity', 'not stated'],
  ['finese', 'FinESE, Chinese negative events, 22 kinds', 'not stated'],
  ['finnl', 'FinNL, Chinese news flashes, 16 topics, several at once', 'not stated'],
  ['fpb', 'Financial PhraseBank, English sentences, 3 classes', 'CC BY-NC-SA 3.0: not for commercial use'],
  [
    'annotations',
    'labels of ours of headlines, posts, flashes and titles from the sets above and from the replay feeds, both languages; the texts stay where they are',
    'Apache-2.0 (the labels)',
  ],
  ['corpus', "Tidewatch's own corpus, both languages, written for it; companies are invented", 'Apache-2.0'],
  ['feedback', 'corrections of the people who use this installation', 'theirs'],
];

/** Sets of one row: recipes part the annotations by what they teach, and have their texts without a label beside them. */
const FAMILY = /^(?:annotations_\w+|chinese_topics|unlabelled)$/;
/** What the model before it answered to the texts of `feedback` is no data of its own. */
const NO_DATA: ReadonlySet<string> = new Set(['kept']);

const HELD_OUT = ['fpb', 'corpus_test', 'annotations_test'] as const;

/** Names of the sets that any of the recipes drew a row of. */
export function taughtSets(recipes: readonly RecordedRecipe[]): ReadonlySet<string> {
  const drawn = recipes.flatMap(({ sets = {} }) =>
    Object.entries(sets).filter(([, { rate = 0, entities_rate = 0 }]) => Math.max(rate, entities_rate) > 0),
  );
  return new Set(drawn.map(([set]) => set));
}

/** Sets that are asked but were never trained on. */
export function heldOutSets(taught: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(HELD_OUT.filter((set) => !taught.has(set)));
}

/** Set, description and licence of each that was taught: those that are known here in a fixed order, then the others by name. */
export function dataRows(
  taught: ReadonlySet<string>,
): (readonly [set: string, description: string, licence: string])[] {
  const named = new Set([...taught].map((set) => (FAMILY.test(set) ? 'annotations' : set)));
  const known = new Set(DATA.map(([set]) => set));
  const others = [...named].filter((set) => !known.has(set) && !NO_DATA.has(set)).toSorted();
  return [
    ...DATA.filter(([set]) => named.has(set)),
    ...others.map((set) => [set, 'a set of whoever trained it', 'theirs to say'] as const),
  ];
}

/** The base that the shipped recipes name, and what it is; another base is named by its folder alone. */
const E5 = /(?:^|\/)shared\/base-model\/?$/;

export function baseOf({ base }: RecordedRecipe): { readonly id: string | null; readonly words: string } {
  if (typeof base !== 'string') return { id: null, words: 'not recorded' };
  if (E5.test(base)) {
    return {
      id: 'intfloat/multilingual-e5-small',
      words: 'multilingual-e5-small (MIT), vocabulary cut to the pieces that English and Chinese finance use',
    };
  }
  return { id: null, words: `\`${base}\`` };
}
