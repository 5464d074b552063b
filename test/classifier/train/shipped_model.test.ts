/**
 * The shipped artifact against the code that claims to describe it: TensorFlow.js computes model.ts with the weights
 * read back from the ONNX file, ONNX Runtime runs the file itself, on the example feed's texts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toBatch } from '../../../classifier/train/batches.ts';
import { scoreSets } from '../../../classifier/train/calibration.ts';
import { createEncoder, readRows } from '../../../classifier/train/data.ts';
import { readOnnxWeights } from '../../../classifier/train/import_onnx.ts';
import { readWholeGraph } from '../../../classifier/train/join.ts';
import { forward, type HeadShape, type ModelShape, type Network, toTensors } from '../../../classifier/train/model.ts';
import { readRecipe } from '../../../classifier/train/recipe.ts';
import { openServed } from '../../../classifier/train/served.ts';
import { loadTensorflow } from '../../../classifier/train/tensorflow.ts';
import { widen } from '../../../classifier/train/widen.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MODEL = join(ROOT, 'classifier/models/tidewatch-small');
const DEVELOPMENT = process.env['TIDEWATCH_LABELLED'] ?? join(ROOT, '../shared/data/labelled');
const config = JSON.parse(readFileSync(join(MODEL, 'config.json'), 'utf8')) as ModelShape & {
  tidewatch: { heads: HeadShape[] };
};
const network: Network = { shape: config, heads: config.tidewatch.heads, exitAfter: null };
const encode = createEncoder(join(MODEL, 'tokenizer.json'), 128);
const graph = readWholeGraph(MODEL);
const padId = config.pad_token_id;

const best = (values: readonly number[] | undefined): number =>
  (values ?? []).reduce((top, value, index, all) => (value > (all[top] ?? NaN) ? index : top), 0);

test('of 200 texts TensorFlow.js labels 99% as the same weights in ONNX Runtime do, and 95% as their int8 products', async () => {
  const lines = readFileSync(join(ROOT, 'examples/feed.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const stride = Math.floor(lines.length / 200);
  const rows = lines
    .filter((_, index) => index % stride === 0)
    .slice(0, 200)
    .map((line) => ({ ids: encode((JSON.parse(line) as { text: string }).text) }))
    .toSorted((a, b) => a.ids.length - b.ids.length);
  expect(rows.length).toBe(200);

  const tf = await loadTensorflow('wasm');
  const weights = toTensors(tf, readOnnxWeights(graph));
  const [wide, int8] = [await openServed([widen(graph)], padId), await openServed([graph], padId)];
  const counts = [wide, int8].map((served) => ({ served, equal: new Map(network.heads.map(({ name }) => [name, 0])) }));
  for (let at = 0; at < rows.length; at += 20) {
    const part = rows.slice(at, at + 20);
    const tensors = tf.tidy(() => forward(tf, network, weights, toBatch(part, padId)));
    const own = new Map(network.heads.map(({ name }) => [name, tensors[name]?.arraySync() ?? []]));
    tf.dispose(tensors);
    for (const { served, equal } of counts) {
      const logits = await served.predict(part);
      for (const [name, count] of equal) {
        const same = [...part.keys()].filter((index) => best(own.get(name)?.[index]) === best(logits[name]?.[index]));
        equal.set(name, count + same.length);
      }
    }
  }
  await wide.close();
  await int8.close();
  for (const { served, equal } of counts)
    for (const [name, count] of equal) expect(count, name).toBeGreaterThanOrEqual(served === wide ? 198 : 190);
}, 300_000);

test('a text gets the same logits alone and among longer ones', async () => {
  const rows = [
    'Profit fell.',
    '公司净利润同比增长三成',
    'The central bank kept its rate unchanged on Thursday, as most economists had expected it to.',
  ].map((text) => ({ ids: encode(text) }));
  const served = await openServed([graph], padId);
  const together = await served.predict(rows, 3);
  const alone = await served.predict(rows, 1);
  await served.close();
  for (const { name } of network.heads) {
    for (const [index, logits] of (together[name] ?? []).entries())
      for (const [i, logit] of logits.entries()) expect(logit).toBeCloseTo(alone[name]?.[index]?.[i] ?? NaN, 3);
  }
});

const THRESHOLDS = [
  ['tfns', 'sentiment', 0.8],
  ['tfn_topic', 'topic', 0.78],
  ['finfe', 'sentiment', 0.68],
  ['xueqiu_titles', 'sentiment', 0.92],
] as const;

const missing = existsSync(join(DEVELOPMENT, 'dev'))
  ? ''
  : ' (skipped: the labelled data is not here; name its folder in TIDEWATCH_LABELLED)';

test.skipIf(missing !== '')(
  `the int8 model reaches its accuracy on samples of the development sets${missing}`,
  async () => {
    const recipe = readRecipe(join(ROOT, 'classifier/train/recipes/shipped-3.json'));
    const served = await openServed([graph], padId);
    for (const [set, head, least] of THRESHOLDS) {
      const settings = recipe.sets[set] ?? expect.fail(`${set} is not in the recipe`);
      const path = join(DEVELOPMENT, 'dev', `${set}.jsonl`);
      const { rows } = readRows(path, set, encode, { ...settings, balance: 0, entities_rate: 0 });
      const sample = rows.filter((_, index) => index % 3 === 0);
      const scores = scoreSets(network.heads, sample, await served.predict(sample), {});
      expect(scores.find((score) => score.head === head)?.accuracy, set).toBeGreaterThanOrEqual(least);
    }
    await served.close();
  },
  300_000,
);
