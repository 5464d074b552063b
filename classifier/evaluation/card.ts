/** MODEL_CARD.md, written from measured figures so that it cannot drift from the model beside it. Pure. */
import { baseOf, dataRows, heldOutSets, type RecordedRecipe, taughtSets } from './card_data.ts';
import type { Evaluation, Evaluations, Group } from './evaluation.ts';
import { cellsOf, percent } from './table.ts';

/** What only the training knows: training.json in the model's folder. All of it may be absent; the card says so. */
export interface TrainingFacts {
  readonly recipe?: RecordedRecipe;
  readonly steps?: number;
  readonly minutes?: number;
  readonly machine?: string;
  /** One paragraph each. */
  readonly notes?: readonly string[];
  /** Accuracy before int8, by "set/task". */
  readonly compression?: { readonly float: Readonly<Record<string, number>> };
}

/** Published beside ours. They are not equal: see the text above the table in the card. */
const PUBLISHED: readonly (readonly [set: string, task: string, measure: string, figure: string, model: string])[] = [
  ['tfns', 'sentiment', 'accuracy', '88.4', 'FinBERT-tone, 110M'],
  ['tfns', 'sentiment', 'accuracy', '90.7', 'a 7B model with LoRA'],
  ['tfn_topic', 'topic', 'accuracy', '91.1', 'FinBERT-tone'],
  ['finfe', 'sentiment', 'accuracy', '80.1', 'FinT5-base, 0.2B'],
  ['finnl', 'topics_zh', 'micro-F1', '91.4', 'FinT5-base, 0.2B'],
  ['fpb', 'sentiment', 'accuracy', '86.0', 'FinBERT, trained on it'],
];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** What the card reads of a model's config.json. */
interface Described {
  readonly heads?: readonly { readonly name: string }[];
  readonly exit?: object;
  readonly embedding?: { readonly width: number; readonly layers: readonly number[]; readonly texts: number };
}

const embeds = ({ width, layers, texts }: NonNullable<Described['embedding']>): string =>
  `It also gives an \`embedding\` of ${width} numbers: a linear map of the states after layers ${layers.join(', ')}, fitted to the 12-layer base model on ${texts.toLocaleString('en')} texts (\`classifier/train/fit_embedding.ts\`), to find texts near in meaning, in both languages across each other ([measured](../../../docs/search.md)). It was not made to compare figures, negations or who did what to whom: "profit rises" and "profit falls" are neighbours.`;

/** @param earlier recipes of the models that this one starts from, as far as they are recorded */
export function cardOf(
  evaluations: Evaluations,
  facts: TrainingFacts,
  config: Readonly<Record<string, unknown>>,
  earlier: readonly RecordedRecipe[] = [],
): string {
  const splits = Object.values(evaluations).filter((one): one is Evaluation => one !== undefined);
  const model = splits[0]?.model ?? '';
  const { heads = [], exit, embedding } = (config['tidewatch'] ?? {}) as Described;
  const taught = taughtSets([facts.recipe ?? {}, ...earlier]);
  const heldOut = heldOutSets(taught);
  const base = baseOf(facts.recipe ?? {});
  const parts = [
    `---\nlanguage: [en, zh]\n${base.id === null ? '' : `base_model: ${base.id}\n`}pipeline_tag: text-classification\n---`,
    `# ${model.replace('@', ' ')}`,
    `A small bilingual classifier of financial news and posts, English and Chinese. Heads: ${heads.map(({ name }) => name).join(', ')}. ${String(config['num_hidden_layers'])} BERT layers of ${String(config['hidden_size'])}, int8 ONNX${exit === undefined ? '' : ', with an early exit for texts that are certain half way up'}. Trained and exported by the TypeScript in \`classifier/train\`. This card is written by \`tidewatch evaluate --write\`.`,
    ...(embedding === undefined ? [] : [embeds(embedding)]),
    `## Intended use\n\nLabelling streams of short texts (titles, posts, news sentences) so that changes of opinion about a company or a market can be counted. Read its output in aggregate, with its probabilities. It is not a judge of a single text, not investment advice, and not made for trading by itself.`,
    `## Figures\n\nOf this very artifact: int8, ONNX Runtime on CPU, through the normaliser, with its early exit where it has one. Percentages; intervals are 95% of 1,000 bootstrap resamples. Sets that know two sentiments only are asked with neutral masked, event sets without "none" with none masked ("may answer"); "open accuracy" is what remains when every label may be answered, as in serving. µ: micro-F1, with exact matches as accuracy. ECE: expected calibration error, 15 bins; "ECE fitted" is what a temperature fitted on the other half of the same rows would give. \`negative\` asks only whether a text is negative, where "not negative" is not neutral.`,
    ...splits.map(
      ({ split, groups }) => `### ${split}\n\n${groupsTable(groups.filter(({ set }) => !heldOut.has(set)))}`,
    ),
    transfer(splits, heldOut),
    published(splits, heldOut),
    ...splits
      .filter((one) => 'robustness' in one && one.robustness.length > 0)
      .slice(0, 1)
      .map(robustness),
    compression(splits, facts),
    data(facts, taught, base.words),
    recipe(facts),
    `## Limits\n\n- A text has one sentiment unless it is asked about an entity.\n- Sarcasm, rumours, code words and new slang are hard for it: see the robustness table. The forum set's own labels agree only about 82% of the time where a text repeats.\n- What counts as neutral differs between sources: plain reports of rising profits are neutral in some sets, positive in others.\n- Topics were learnt in English and Chinese topics and events in Chinese; each is used for both languages, and there is little to measure the other language on.\n- Rare labels have few examples. Other languages are not supported. Learnt mostly from 2014 to 2022: later events and names are unknown to it.`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function groupsTable(groups: readonly Group[]): string {
  const head = [
    'set',
    'language',
    'task',
    'rows',
    'accuracy',
    '95%',
    'macro-F1',
    '95%',
    'ECE',
    'ECE fitted',
    'may answer',
    'open accuracy',
  ];
  return table(head, groups.map(cellsOf));
}

function data({ recipe: known }: TrainingFacts, taught: ReadonlySet<string>, base: string): string {
  const told =
    known === undefined
      ? 'Which sets it was trained on was not recorded beside the model.'
      : table(['set', 'what', 'licence'], dataRows(taught));
  const phrasebank = taught.has('fpb')
    ? 'these weights are trained on it, and are no more for commercial use than it is'
    : 'no shipped weights are trained on it';
  return `## Data\n\n${told}\n\nSeveral sets state no licence: they are named so that whoever needs certainty can train without them (set their rate to 0 in the recipe). Financial PhraseBank is non-commercial (CC BY-NC-SA 3.0): ${phrasebank}. Base model: ${base}.`;
}

function transfer(splits: readonly Evaluation[], heldOut: ReadonlySet<string>): string {
  const groups = splits.flatMap(({ split, groups }) =>
    groups
      .filter(({ set }) => heldOut.has(set))
      .map((group) => Object.assign({}, group, { set: `${group.set} (${split})` })),
  );
  if (groups.length === 0) return '';
  const phrasebank = heldOut.has('fpb')
    ? 'Financial PhraseBank (fpb) is a transfer test: other annotators, another idea of neutral. '
    : '';
  return `### Never trained on\n\n${phrasebank}\`annotations_test\` are 950 texts drawn at random from headlines, posts, flashes and titles, read twice; labels on which both readings agree.\n\n${groupsTable(groups)}`;
}

function published(splits: readonly Evaluation[], heldOut: ReadonlySet<string>): string {
  const rows = PUBLISHED.flatMap(([set, task, measure, figure, model]) =>
    splits.flatMap(({ split, groups }) => {
      const group = groups.find((one) => one.set === set && one.task === task);
      const own = group?.figures?.accuracy ?? group?.multi?.micro_f1;
      return own === undefined ? [] : [[set, measure, `${percent(own)} (${split})`, figure, model]];
    }),
  );
  if (rows.length === 0) return '';
  return `### Beside published figures\n\nNot an equal comparison: the published figures are on the sets' own tests. Ours were cleaned and split anew (exact duplicates merged, conflicting labels dropped, any text of a test taken out of training), so that a test here is about half of the published one and a little easier; a development figure is one that choices were made by.${heldOut.has('fpb') ? ' PhraseBank is transfer here and trained on there.' : ''}\n\n${table(['set', 'measure', 'this model', 'published', 'by'], rows)}`;
}

function robustness({ robustness: kinds, normaliser, split }: Evaluation): string {
  const rows = kinds.map(({ kind, rows, before, after }) => [kind, `${rows}`, percent(before), percent(after)]);
  return `### Robustness\n\nTexts of our own that try the model (\`classifier/evaluation/robustness.jsonl\`): accuracy of the sentiment on the text as it is written, and after the normaliser, as served. On honest texts the normaliser must do nothing: of ${normaliser.texts} texts of ${split} it changes ${normaliser.changed}, and on the ${normaliser.asked} questions about those, accuracy is ${percent(normaliser.before)} without it and ${percent(normaliser.after)} with it.\n\n${table(['kind', 'rows', 'before', 'after'], rows)}`;
}

function compression(splits: readonly Evaluation[], { compression: known }: TrainingFacts): string {
  if (known === undefined) return '';
  const rows = Object.entries(known.float).map(([name, float]) => {
    const [set = '', task = ''] = name.split('/');
    const group = splits.flatMap(({ groups }) => groups).find((one) => one.set === set && one.task === task);
    const own = group?.figures?.accuracy ?? group?.multi?.micro_f1;
    return [name, percent(float), own === undefined ? '' : percent(own)];
  });
  return `### What int8 costs\n\n${table(['set', 'float', 'int8, served'], rows)}`;
}

function recipe({ recipe: known, steps, minutes, machine, notes = [] }: TrainingFacts): string {
  const told =
    known === undefined
      ? 'The recipe of this training was not recorded beside the model.'
      : `\`\`\`json\n${JSON.stringify(known, null, 1)}\n\`\`\``;
  const spent =
    steps === undefined
      ? ''
      : `${steps} steps in ${(minutes ?? 0).toFixed(0)} minutes${machine === undefined ? '' : ` on ${machine}`}.`;
  return ['## Recipe', spent, ...notes, told].filter((part) => part !== '').join('\n\n');
}
