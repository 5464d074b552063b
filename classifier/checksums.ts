/** SHA256SUMS of a model's folder, in the form of coreutils' sha256sum: every part that is made anew ends with writing it. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SUMS = 'SHA256SUMS';
const FILES = [
  'config.json',
  'tokenizer.json',
  'training.json',
  'evaluation.json',
  'MODEL_CARD.md',
  'onnx/model_quantized.onnx',
  'onnx/lower_quantized.onnx',
  'onnx/upper_quantized.onnx',
];

/** Over the files of the layout, and others that were listed before, as far as they are there. */
export function writeChecksums(folder: string): void {
  const path = join(folder, SUMS);
  const listed = existsSync(path) ? [...readFileSync(path, 'utf8').matchAll(/^[0-9a-f]{64} [ *](.+?)\r?$/gm)] : [];
  const files = new Set([...FILES, ...listed.map(([, file]) => file ?? '')]);
  const lines = [...files].filter((file) => existsSync(join(folder, file))).map((file) => lineOf(folder, file));
  writeFileSync(path, lines.join(''));
}

function lineOf(folder: string, file: string): string {
  const sum = createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex');
  return `${sum}  ${file}\n`;
}
