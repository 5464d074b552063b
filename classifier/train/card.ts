/** The model card, written from measured figures so that it cannot drift from the artifact beside it. */
import type { Assessment } from './assess.ts';
import type { Report } from './evaluate.ts';
import { SERVED_TOKENS } from './export.ts';
import type { Recipe } from './recipe.ts';

const SOURCES: Record<string, readonly [description: string, licence: string]> = {
  tfns: ['Twitter Financial News Sentiment, English tweets, 3 classes', 'MIT (its card)'],
  tfn_topic: ['Twitter Financial News Topic, English tweets, 20 topics', 'MIT (its card)'],
  sentfin: ['SEntFiN 1.0, Indian headlines; rows whose entities agree', 'none found'],
  finentity: ['FinEntity, Reuters sentences; rows whose entities agree', 'not stated'],
  stockemotions: ['StockEmotions, StockTwits 2020, 2 classes', "StockTwits' terms"],
  finfe: ['FinFE, Chinese stock forum, 3 classes, noisy', 'not stated'],
  xueqiu_titles: ['Xueqiu titles, Chinese, 2 classes', 'not stated'],
  finnsp: ['FinNSP, Chinese negative news and its contrary', 'not stated'],
  finese: ['FinESE, Chinese negative events; types that name one topic', 'not stated'],
  finnl: ['FinNL, Chinese news flashes; coarse tags as partial topics', 'not stated'],
  corpus: ["Tidewatch's own corpus, both languages, written for it; companies are invented", 'Apache-2.0'],
  fpb: ['Financial PhraseBank, development half: never trained on', 'CC BY-NC-SA 3.0'],
  corpus_test: ["Tidewatch's own held-out sentences: never trained on", 'Apache-2.0'],
};

const percent = (value: number): string => (100 * value).toFixed(1);

export interface CardFacts {
  steps: number;
  minutes: number;
  megabytes: number;
  /** The stage whose weights this one started from. */
  before: { step: number; minutes: number } | null;
}

export function writeCard(recipe: Recipe, assessment: Assessment, facts: CardFacts): string {
  const floatOf = ({ set, head, lang }: Report): string => {
    const found = assessment.float.find((item) => item.set === set && item.head === head && item.lang === lang);
    return found === undefined ? '' : percent(found.figures.accuracy);
  };
  const line = (item: Report): string => {
    const { rows, accuracy, macroF1, ece } = item.figures;
    const open = item.unmasked === undefined ? '' : percent(item.unmasked.accuracy);
    return `| ${item.set} | ${item.lang} | ${item.head} | ${rows} | ${percent(accuracy)} | ${percent(macroF1)} | ${percent(ece)} | ${open} | ${floatOf(item)} |`;
  };
  const table = (items: readonly Report[]): string =>
    [
      '| set | language | head | rows | accuracy | macro-F1 | ECE | three-way | float |',
      '|---|---|---|---|---|---|---|---|---|',
      ...items.map(line),
    ].join('\n');
  const firstStage =
    facts.before === null
      ? ''
      : ` That was a second stage: it started
from the weights of a first one (\`recipes/first.json\`, ${facts.before.step} steps in ${facts.before.minutes.toFixed(0)} minutes), after whose development figures
Chinese negative news (finnsp, finese) was set to count against neutral as well. The weights are ${recipe.stage_share} of the
second's and ${1 - recipe.stage_share} of the first's: the second alone gained more on finnsp and lost elsewhere.`;
  const seen =
    facts.before === null
      ? ''
      : `
The own sentences were measured for the first stage (sentiment 84.8 English, 88.4 Chinese; topic 75.8, 75.2), the second (84.2,
83.5; 75.8, 73.2) and their mean, which ships: the choice was made with these figures in view, for the sake of finnsp, of which
the first stage called 39.2 percent negative.`;
  const trained = recipe.layers.length - recipe.frozen_layers;
  return `---
language: [en, zh]
base_model: intfloat/multilingual-e5-small
pipeline_tag: text-classification
---
# ${recipe.name} ${recipe.version}

A small bilingual classifier of financial news and posts, English and Chinese: sentiment (negative, neutral, positive)
and topic (20 topics, in the labels of Twitter Financial News Topic). ${recipe.layers.length} BERT layers of 384, vocabulary 52,373, int8,
${facts.megabytes.toFixed(0)} MB, ONNX. Trained and exported by the TypeScript in \`classifier/train\`; \`npx tsx classifier/train/main.ts\` repeats it.

## Intended use
Labelling streams of short texts (titles, posts, news sentences) so that changes of opinion about a company or a market can
be counted. Read its output in aggregate, with its probabilities. It is not a judge of a single text, not investment
advice, and not made for trading by itself.

## Figures
Of this very artifact: int8, ONNX Runtime on CPU, ${SERVED_TOKENS} tokens. Percentages. Two-class sets choose between negative and positive;
"three-way" is what remains when neutral may be chosen too, as in serving. "float" is the accuracy before int8. ECE: expected
calibration error, 15 bins, after temperature (sentiment ${assessment.temperatures.sentiment.toFixed(2)}, topic ${assessment.temperatures.topic.toFixed(2)}; fitted on these development sets,
so a little flattering here).

### Development sets
${table(assessment.served)}

### Never trained on, in no form
${table(assessment.held)}
${seen}

The development sets were cleaned and split anew for this project: any text of their tests was taken out, so figures are not
those of the published tests. Published beside them, on their own tests: tfns accuracy 0.884 (FinBERT-tone, 110M) to 0.907 (a
7B model with LoRA), tfn_topic 0.911 (FinBERT-tone), PhraseBank 0.86 (FinBERT, trained on it), FinFE 0.80 (FinT5-base, 0.2B).

## Data
| set | what | licence |
|---|---|---|
${Object.keys(recipe.sets)
  .map((set) => `| ${set} | ${SOURCES[set]?.[0] ?? ''} | ${SOURCES[set]?.[1] ?? ''} |`)
  .join('\n')}

Several sets state no licence: they are named here so that whoever needs certainty can train without them (set their rate
to 0 in the recipe). Financial PhraseBank is non-commercial and was not trained on. Base model: multilingual-e5-small (MIT),
vocabulary cut to the pieces that English and Chinese finance use.

## Recipe
Layers ${recipe.layers.join(', ')} of the base; embeddings and the lower ${recipe.frozen_layers} layers kept as they are, the upper ${trained} and the heads trained: AdamW,
learning rate ${recipe.learning_rate} (heads ${recipe.head_learning_rate}), decay ${recipe.weight_decay}, warm-up ${recipe.warmup}, cosine, batches of ${recipe.batch_rows} sorted by length, ${recipe.max_tokens} tokens,
dropout ${recipe.dropout}, label smoothing ${recipe.label_smoothing}, seed ${recipe.seed}. ${facts.steps} steps in ${facts.minutes.toFixed(0)} minutes on 2 shared CPU cores. Mean over tokens,
one linear layer a head. Sets without a neutral class leave the neutral logit out of their loss.${firstStage}

## Limits
- One label a text. A text that is good for one company and bad for another gets one sentiment.
- Sarcasm, rumours, code words and new slang are hard for it and were not measured apart; the forum set's own labels agree only
  about 82% of the time where a text repeats.
- What counts as neutral differs between sources: plain reports of rising profits are neutral in some sets, positive in others.
- Chinese topics were learnt from the project's own sentences and from coarse tags; there is no large Chinese test of them.
- Rare topics (IPO, gold and metals) have few examples. Other languages are not supported.
- Learnt mostly from 2014 to 2022: later events and names are unknown to it.
`;
}
