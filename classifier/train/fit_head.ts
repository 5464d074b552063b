/**
 * Gives a model that is there its Chinese topics anew, without training it: npx tsx classifier/train/fit_head.ts --model DIR
 * --version 1.5.1 --ridge 0.003 --data FILE.jsonl… [--texts FILE.jsonl…] [--cache DIR]. Lines are those of training, with
 * `topics_zh`, or of the set finnl; `--texts` has the texts of lines with an id only. The head (a linear map of the mean
 * state) is fitted to them (logistic.ts); nothing else in the graph changes, so no other answer does, to the last bit.
 * Its temperature and thresholds stay as they were: `tidewatch evaluate --report` on development sets says under `calibration` what
 * they should be in config.json.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { TidewatchError } from '../../core/errors.ts';
import { createEncoder, readRows } from './data.ts';
import { SERVED_TOKENS } from './export.ts';
import { meansOf, readConfig, rewrite } from './finished.ts';
import { GRAPHS } from './join.ts';
import { TOPICS_ZH } from './labels.ts';
import { fitLabels } from './logistic.ts';
import { decodeModel, type OnnxModel, tensor } from './onnx_format.ts';
import { PLAIN_SET } from './recipe.ts';

const HEAD = 'topics_zh';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    version: { type: 'string' },
    ridge: { type: 'string', default: '0.003' },
    data: { type: 'string', multiple: true, default: [] },
    texts: { type: 'string', multiple: true, default: [] },
    cache: { type: 'string' },
  },
});
const { model, version, cache, data, texts } = values;
const ridge = Number(values.ridge);
if (model === undefined || version === undefined || data.length === 0 || !(ridge > 0)) {
  throw new TidewatchError('config.invalid', 'Give --model, --version, --data and a --ridge above 0.');
}
if (cache !== undefined) mkdirSync(cache, { recursive: true });

const encode = createEncoder(join(model, 'tokenizer.json'), SERVED_TOKENS);
const read = data.map((file) =>
  readRows(file, basename(file, '.jsonl'), encode, { ...PLAIN_SET, heads: [HEAD], texts }),
);
const rows = read.flatMap(({ rows: own }) => own);
for (const [index, { rows: own, skipped }] of read.entries())
  process.stderr.write(`${data[index] ?? ''}: ${own.length} rows ${JSON.stringify(skipped)}\n`);

const config = readConfig(model);
const graph = readFileSync(join(model, GRAPHS.whole));
const kept = cache === undefined ? null : join(cache, `${HEAD}.f32`);
const features = await meansOf(graph, rows, [config.num_hidden_layers], config, kept);
const gold = rows.map(({ targets }) => targets[HEAD]?.allowed ?? []);
const { weight, bias } = fitLabels(features, config.hidden_size, gold, TOPICS_ZH.length, ridge);
const fitted = new Map([
  [`heads.${HEAD}.weight`, tensor(`heads.${HEAD}.weight`, 'float', [TOPICS_ZH.length, config.hidden_size], weight)],
  [`heads.${HEAD}.bias`, tensor(`heads.${HEAD}.bias`, 'float', [TOPICS_ZH.length], bias)],
]);
const before = decodeModel(graph);
const after: OnnxModel = {
  ...before,
  graph: { ...before.graph, initializer: before.graph.initializer.map((one) => fitted.get(one.name) ?? one) },
};
rewrite(model, after, { ...config.tidewatch, version });
process.stderr.write(`${String(config.tidewatch['name'])} is ${version} now: ${HEAD} of ${rows.length} texts.\n`);
