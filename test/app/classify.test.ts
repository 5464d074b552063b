/** `tidewatch classify` on files as other programs write them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { classifyCommand } from '../../app/commands/classify.ts';
import { writeTinyModel } from '../classifier/tiny_model.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-classify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a file to classify', { timeout: 60_000 }, () => {
  it('may begin with a byte order mark and end its lines as Windows does: every line is labelled', async () => {
    const [config, input, output] = [join(folder, 'c.yaml'), join(folder, 'in.jsonl'), join(folder, 'out.jsonl')];
    const model = writeTinyModel(join(folder, 'model'));
    writeFileSync(config, JSON.stringify({ data_dir: folder, classifier: { backend: { type: 'onnx', model } } }));
    writeFileSync(input, '\ufeff{"id":"a","text":"诺维银行股价下跌"}\r\n{"id":"b","text":"Norvale falls"}\r\n');
    await classifyCommand().parseAsync(['--input', input, '--output', output, '--config', config], { from: 'user' });
    const lines = readFileSync(output, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ id: 'a', language: 'zh', sentiment: expect.any(String) }),
      expect.objectContaining({ id: 'b', language: 'en', sentiment: expect.any(String) }),
    ]);
    expect(process.exitCode).toBeUndefined();
  });
});
