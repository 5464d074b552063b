/**
 * Gives a model that is there an embedding, without training it: npx tsx classifier/train/fit_embedding.ts --model DIR
 * --base DIR --texts FILE.jsonl --version 1.1.1 [--cache DIR]. Reads lines with `text`, asks the base model and the served
 * graph, fits the map (embedding.ts), and writes the graph, config.json and SHA256SUMS anew. 20,000 short texts take about
 * eight minutes on two cores, most of them the base model's; `--cache` keeps what was asked for another fit.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TidewatchError } from '../../core/errors.ts';
import { detectLanguage } from '../../core/text.ts';
import { buildGraph } from './artifact_graph.ts';
import { createEncoder } from './data.ts';
import { fitEmbedding, withEmbedding } from './embedding.ts';
import { meansOf, readConfig, rewrite } from './finished.ts';
import { GRAPHS } from './join.ts';
import type { ModelShape } from './model.ts';
import { decodeModel, encodeModel } from './onnx_format.ts';
import { readSafetensors } from './safetensors.ts';

/** Chosen on bench/search/parallel.tsv's dev part (docs/search.md). */
const LAYERS = [2, 4, 5];
const WIDTH = 192;
const RIDGE = 0.03;
const MOST_TOKENS = 64;

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    base: { type: 'string' },
    texts: { type: 'string' },
    version: { type: 'string' },
    cache: { type: 'string' },
  },
});
const { model, base, texts: file, version, cache } = values;
if (model === undefined || base === undefined || file === undefined || version === undefined) {
  throw new TidewatchError('config.invalid', 'Give --model, --base, --texts and --version.');
}
if (cache !== undefined) mkdirSync(cache, { recursive: true });
const texts = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => (JSON.parse(line) as { text: string }).text);
const shape = JSON.parse(readFileSync(join(base, 'config.json'), 'utf8')) as ModelShape;
const { weights } = readSafetensors(join(base, 'model.safetensors'));
const teacher = encodeModel(
  buildGraph(shape, { from: 0, to: shape.num_hidden_layers, heads: [] }, weights, {
    activations: null,
    producer: { name: 'base', version: '0' },
  }),
);
const config = readConfig(model);
const kept = (name: string): string | null => (cache === undefined ? null : join(cache, name));
const graph = readFileSync(join(model, GRAPHS.whole));
const encode = createEncoder(join(model, 'tokenizer.json'), MOST_TOKENS);
// The base model was trained with this word before each text.
const asked = texts.map((text) => ({ ids: encode(`query: ${text}`) }));
const rows = texts.map((text) => ({ ids: encode(text) }));
const targets = await meansOf(teacher, asked, [shape.num_hidden_layers], config, kept('targets.f32'));
const features = await meansOf(graph, rows, LAYERS, config, kept('features.f32'));
const groups = texts.map(detectLanguage);
const map = fitEmbedding({ features, targets, targetWidth: shape.hidden_size, groups }, LAYERS, WIDTH, RIDGE);
const embedding = { width: WIDTH, layers: LAYERS, texts: texts.length };
const { name, version: before, max_length, ...rest } = config.tidewatch;
rewrite(model, withEmbedding(decodeModel(graph), map), { name, version, max_length, embedding, ...rest });
process.stderr.write(`${String(name)} ${String(before)} is ${version} now, with embeddings of ${WIDTH} numbers.\n`);
