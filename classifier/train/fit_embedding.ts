/**
 * Gives a model that is there an embedding, without training it: npx tsx classifier/train/fit_embedding.ts --model DIR
 * --base DIR --texts FILE.jsonl --version 1.1.1 [--cache DIR]. Reads lines with `text`, asks the base model and the served
 * graph, fits the map (embedding.ts), and writes the graph, config.json and SHA256SUMS anew. 20,000 short texts take about
 * eight minutes on two cores, most of them the base model's; `--cache` keeps what was asked for another fit.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TidewatchError } from '../../core/errors.ts';
import { detectLanguage } from '../../core/text.ts';
import { buildGraph } from './artifact_graph.ts';
import { createEncoder } from './data.ts';
import { fitEmbedding, withEmbedding, withMeans } from './embedding.ts';
import { GRAPHS } from './join.ts';
import type { ModelShape } from './model.ts';
import { decodeModel, encodeModel } from './onnx_format.ts';
import { readSafetensors } from './safetensors.ts';
import { openServed } from './served.ts';

/** Chosen on bench/search/parallel.tsv's dev part (docs/search.md). */
const LAYERS = [2, 4, 5];
const WIDTH = 192;
const RIDGE = 0.03;
const MOST_TOKENS = 64;

/** Means after `layers` of each text, side by side; kept in `file` where one is named. */
async function meansOf(
  graph: Uint8Array,
  texts: readonly string[],
  layers: readonly number[],
  { tokenizer, width, padId }: { tokenizer: string; width: number; padId: number },
  file: string | null,
): Promise<Float32Array> {
  if (file !== null && existsSync(file)) return new Float32Array(new Uint8Array(readFileSync(file)).buffer);
  const served = await openServed([encodeModel(withMeans(decodeModel(graph), layers, width))], padId);
  const encode = createEncoder(tokenizer, MOST_TOKENS);
  const out = new Float32Array(texts.length * layers.length * width);
  for (let at = 0; at < texts.length; at += 512) {
    const rows = texts.slice(at, at + 512).map((text) => ({ ids: encode(text) }));
    const answer = await served.predict(rows);
    rows.forEach((_, row) =>
      layers.forEach((layer, place) =>
        out.set(answer[`mean.${layer}`]?.[row] ?? [], ((at + row) * layers.length + place) * width),
      ),
    );
    process.stderr.write(`${at + rows.length} of ${texts.length} texts\r`);
  }
  await served.close();
  if (file !== null) writeFileSync(file, new Uint8Array(out.buffer));
  return out;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

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
const shape = readJson(join(base, 'config.json')) as ModelShape;
const { weights } = readSafetensors(join(base, 'model.safetensors'));
const teacher = encodeModel(
  buildGraph(shape, { from: 0, to: shape.num_hidden_layers, heads: [] }, weights, {
    activations: null,
    producer: { name: 'base', version: '0' },
  }),
);
const config = readJson(join(model, 'config.json')) as { pad_token_id: number; tidewatch: Record<string, unknown> };
const input = { tokenizer: join(model, 'tokenizer.json'), width: shape.hidden_size, padId: config.pad_token_id };
const kept = (name: string): string | null => (cache === undefined ? null : join(cache, name));
const graph = readFileSync(join(model, GRAPHS.whole));
// The base model was trained with this word before each text.
const asked = texts.map((text) => `query: ${text}`);
const targets = await meansOf(teacher, asked, [shape.num_hidden_layers], input, kept('targets.f32'));
const features = await meansOf(graph, texts, LAYERS, input, kept('features.f32'));
const groups = texts.map(detectLanguage);
const map = fitEmbedding({ features, targets, targetWidth: shape.hidden_size, groups }, LAYERS, WIDTH, RIDGE);
writeFileSync(join(model, GRAPHS.whole), encodeModel(withEmbedding(decodeModel(graph), map)));
const embedding = { width: WIDTH, layers: LAYERS, texts: texts.length };
const { name, version: before, max_length, ...rest } = config.tidewatch;
const written = { ...config, tidewatch: { name, version, max_length, embedding, ...rest } };
writeFileSync(join(model, 'config.json'), `${JSON.stringify(written, null, 2)}\n`);
const sums = readFileSync(join(model, 'SHA256SUMS'), 'utf8').replace(
  /^[0-9a-f]{64}( [ *])(.+)$/gm,
  (_, between: string, path: string) =>
    `${createHash('sha256')
      .update(readFileSync(join(model, path)))
      .digest('hex')}${between}${path}`,
);
writeFileSync(join(model, 'SHA256SUMS'), sums);
process.stderr.write(`\n${String(name)} ${String(before)} is ${version} now, with embeddings of ${WIDTH} numbers.\n`);
