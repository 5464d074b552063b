/**
 * What a candidate takes over from the model that it comes from, beside its weights: the map that makes embeddings out of the
 * lower layers' states (train/embedding.ts), and what drift is measured against, measured anew. The map is kept as it was
 * fitted: the states that it reads move a little under a low-rank addition, so likenesses do, too; by how much is not known.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Reference, referenceOf } from '../drift.ts';
import type { Evaluation } from '../evaluation/evaluation.ts';
import { type Heads, labelsOf } from '../labels.ts';
import type { Row } from '../train/data.ts';
import { type EmbeddingMap, withEmbedding } from '../train/embedding.ts';
import { writeChecksums } from '../checksums.ts';
import { GRAPHS } from '../train/join.ts';
import { decodeModel, encodeModel, numbersOf } from '../train/onnx_format.ts';

const configSchema = z.looseObject({
  tidewatch: z.looseObject({ embedding: z.looseObject({ width: z.int(), layers: z.array(z.int()) }).optional() }),
});

/** Gives the candidate the current model's embeddings, where that has any (a model with an exit has none). */
export function carryEmbedding(current: string, candidate: string): void {
  const read = (folder: string): z.output<typeof configSchema> =>
    configSchema.parse(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')));
  const { embedding } = read(current).tidewatch;
  if (embedding === undefined) return;
  const stored = new Map(
    decodeModel(readFileSync(join(current, GRAPHS.whole))).graph.initializer.map((tensor) => [tensor.name, tensor]),
  );
  const [weight, bias] = [stored.get('embedding.weight'), stored.get('embedding.bias')];
  if (weight === undefined || bias === undefined) return;
  const map: EmbeddingMap = {
    layers: embedding.layers,
    width: embedding.width,
    weight: numbersOf(weight) as Float32Array,
    bias: numbersOf(bias) as Float32Array,
  };
  const graph = join(candidate, GRAPHS.whole);
  writeFileSync(graph, encodeModel(withEmbedding(decodeModel(readFileSync(graph)), map)));
  const config = read(candidate);
  const { name, version, max_length, ...rest } = config.tidewatch;
  const written = { ...config, tidewatch: { name, version, max_length, embedding, ...rest } };
  writeFileSync(join(candidate, 'config.json'), `${JSON.stringify(written, null, 2)}\n`);
  writeChecksums(candidate);
}

/** Shares of labels and confidence on development rows, as drift reads them. `tidewatch evaluate --write` adds all the rest. */
export function keepReference(
  candidate: string,
  model: string,
  heads: Heads,
  rows: readonly Row[],
  logits: Readonly<Record<string, readonly (readonly number[])[]>>,
): void {
  const texts = rows.flatMap(({ targets }, index) => (targets.entity_sentiment === undefined ? [index] : []));
  if (texts.length === 0) return;
  const names = Object.keys(heads).filter((name) => heads[name as keyof Heads] !== null);
  const reference: Reference = referenceOf(
    texts.map((index) => {
      const own = names.map((name) => [name, Float32Array.from(logits[name]?.[index] ?? [])] as const);
      return labelsOf(Object.fromEntries(own), 0, heads);
    }),
  );
  const dev: Evaluation = {
    model,
    split: 'dev',
    files: [],
    skipped: {},
    groups: [],
    calibration: {},
    mean_probabilities: null,
    normaliser: { texts: 0, changed: 0, asked: 0, before: 0, after: 0 },
    robustness: [],
    reference,
  };
  writeFileSync(join(candidate, 'evaluation.json'), `${JSON.stringify({ dev })}\n`);
  writeChecksums(candidate);
}
