/** Who labels in the comparison: Tidewatch, transformers.js and a plain loop on ONNX Runtime, behind one interface. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { openBackend } from '../../app/backend.ts';
import { loadArtifact } from '../../classifier/artifact.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { createTokenizer } from '../../classifier/tokenizer.ts';

/** Labels texts, some a call; answers the sentiment of each. */
export interface Contender {
  readonly name: string;
  /** Texts a call. */
  readonly size: number;
  label(texts: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** `model`: folder of the artifact. */
export async function openTidewatch(model: string, name: string, size: number, settings: object): Promise<Contender> {
  const { backend, close } = await openBackend({
    settings: classifierSettings.parse({ backend: { type: 'onnx', model, ...settings } }),
  });
  return {
    name,
    size,
    close,
    label: async (texts) => (await backend.classify(texts)).map(({ sentiment }) => sentiment),
  };
}

type Pipeline = ((texts: string[]) => Promise<{ label: string }[]>) & { dispose(): Promise<void> };

/** `peers`: the folder that the package is installed in; `folder`: a model's, as the package lays it out. */
export async function openTransformers(
  peers: string,
  name: string,
  folder: string,
  dtype: string,
  size: number,
): Promise<Contender> {
  const require = createRequire(join(resolve(peers), 'package.json'));
  const { pipeline, env } = require('@huggingface/transformers') as {
    pipeline: (task: string, model: string, options: object) => Promise<Pipeline>;
    env: { allowRemoteModels: boolean; localModelPath: string };
  };
  Object.assign(env, { allowRemoteModels: false, localModelPath: '/' });
  const pipe = await pipeline('text-classification', folder, { dtype, device: 'cpu', local_files_only: true });
  return {
    name,
    size,
    label: async (texts) => (await pipe([...texts])).map(({ label }) => label),
    close: () => pipe.dispose(),
  };
}

/** Tokenise, pad to the longest, run: what a first script does. */
export async function openPlainLoop(model: string, name: string, file: string, size: number): Promise<Contender> {
  const ort = await import('onnxruntime-node');
  const { tokenizerFile, maxLength, padId, heads } = await loadArtifact(model);
  const tokenizer = createTokenizer(JSON.parse(readFileSync(tokenizerFile, 'utf8')), maxLength);
  const session = await ort.InferenceSession.create(file);
  return {
    name,
    size,
    async label(texts) {
      const rows = texts.map((text) => tokenizer.encode(text));
      const length = Math.max(...rows.map((row) => row.length));
      const ids = new BigInt64Array(rows.length * length).fill(BigInt(padId));
      const mask = new BigInt64Array(rows.length * length);
      rows.forEach((row, index) => {
        ids.set(BigInt64Array.from(row, BigInt), index * length);
        mask.fill(1n, index * length, index * length + row.length);
      });
      const tensor = (data: BigInt64Array) => new ort.Tensor('int64', data, [rows.length, length]);
      const { logits } = await session.run({ input_ids: tensor(ids), attention_mask: tensor(mask) });
      const numbers = logits?.data as Float32Array;
      return rows.map((_, row) => {
        const own = numbers.subarray(row * 3, row * 3 + 3);
        return heads.sentiment.labels[own.indexOf(Math.max(...own))] ?? '';
      });
    },
    close: () => session.release(),
  };
}
