/** A finished model's folder opened to be given a part anew: what it says of texts half way up, and its files written again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeChecksums } from '../checksums.ts';
import { withMeans } from './embedding.ts';
import { GRAPHS } from './join.ts';
import { decodeModel, encodeModel, type OnnxModel } from './onnx_format.ts';
import { openServed } from './served.ts';

interface Config {
  pad_token_id: number;
  hidden_size: number;
  num_hidden_layers: number;
  tidewatch: Record<string, unknown>;
}

/** config.json of a model's folder. */
export function readConfig(model: string): Config {
  return JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as Config;
}

/**
 * Means over real tokens after `layers` of each row, side by side: rows × (layers × width). Kept in `file` where one is
 * named, and read from there the next time.
 */
export async function meansOf(
  graph: Uint8Array,
  rows: readonly { ids: Int32Array }[],
  layers: readonly number[],
  { hidden_size: width, pad_token_id: padId }: Pick<Config, 'hidden_size' | 'pad_token_id'>,
  file: string | null,
): Promise<Float32Array> {
  if (file !== null && existsSync(file)) return new Float32Array(new Uint8Array(readFileSync(file)).buffer);
  const served = await openServed([encodeModel(withMeans(decodeModel(graph), layers, width))], padId);
  const out = new Float32Array(rows.length * layers.length * width);
  for (let at = 0; at < rows.length; at += 512) {
    const some = rows.slice(at, at + 512);
    const answer = await served.predict(some);
    some.forEach((_, row) =>
      layers.forEach((layer, place) =>
        out.set(answer[`mean.${layer}`]?.[row] ?? [], ((at + row) * layers.length + place) * width),
      ),
    );
    process.stderr.write(`${at + some.length} of ${rows.length} texts\r`);
  }
  process.stderr.write('\n');
  await served.close();
  if (file !== null) writeFileSync(file, new Uint8Array(out.buffer));
  return out;
}

/** Writes the graph, config.json with these `tidewatch` facts, and SHA256SUMS. */
export function rewrite(model: string, graph: OnnxModel, tidewatch: Record<string, unknown>): void {
  writeFileSync(join(model, GRAPHS.whole), encodeModel(graph));
  writeFileSync(join(model, 'config.json'), `${JSON.stringify({ ...readConfig(model), tidewatch }, null, 2)}\n`);
  writeChecksums(model);
}
