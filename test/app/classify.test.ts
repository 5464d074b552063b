/** `tidewatch classify` on files as other programs write them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { classifyCommand } from '../../app/commands/classify.ts';
import { linesOf, openInput, writeOut } from '../../app/commands/in_and_out.ts';
import { TidewatchError } from '../../core/errors.ts';
import { writeTinyModel } from '../classifier/tiny_model.ts';
import { gbk } from '../ingest/gbk.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidewatch-classify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function settingsFile(): string {
  const file = join(folder, 'c.yaml');
  const model = writeTinyModel(join(folder, 'model'));
  writeFileSync(file, JSON.stringify({ data_dir: folder, classifier: { backend: { type: 'onnx', model } } }));
  return file;
}

const linesIn = (file: string): unknown[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('a file to classify', { timeout: 60_000 }, () => {
  it('may begin with a byte order mark and end its lines as Windows does: every line is labelled', async () => {
    const config = settingsFile();
    const [input, output] = [join(folder, 'in.jsonl'), join(folder, 'out.jsonl')];
    writeFileSync(input, '\ufeff{"id":"a","text":"诺维银行股价下跌"}\r\n{"id":"b","text":"Norvale falls"}\r\n');
    await classifyCommand().parseAsync(['--input', input, '--output', output, '--config', config], { from: 'user' });
    expect(linesIn(output)).toEqual([
      expect.objectContaining({ id: 'a', language: 'zh', sentiment: expect.any(String) }),
      expect.objectContaining({ id: 'b', language: 'en', sentiment: expect.any(String) }),
    ]);
    expect(process.exitCode).toBeUndefined();
  });

  it('may be GBK, as programs in China write it: its words are read as they were written', async () => {
    const config = settingsFile();
    const [input, output] = [join(folder, 'gbk.jsonl'), join(folder, 'gbk.out.jsonl')];
    writeFileSync(input, gbk('{"id":"a","text":"亏损"}\n{"id":"b","text":"涨停"}\n'));
    await classifyCommand().parseAsync(['--input', input, '--output', output, '--config', config], { from: 'user' });
    expect(linesIn(output)).toEqual([
      expect.objectContaining({ id: 'a', language: 'zh', event: '业绩下滑' }),
      expect.objectContaining({ id: 'b', language: 'zh' }),
    ]);
  });
});

describe('an input of lines', () => {
  const inputOf = (...chunks: string[]) => ({
    bytes: Readable.from(chunks.map((chunk) => Buffer.from(chunk))),
    close: () => undefined,
  });

  it('refuses a line that is longer than may be kept, and goes on behind it', async () => {
    const lines: unknown[] = [];
    for await (const line of linesOf(inputOf('"a"\n"', 'x'.repeat(60), 'x'.repeat(60), '"\n"b\u2028c"'), 100))
      lines.push(line);
    expect(lines).toEqual(['"a"', expect.objectContaining({ code: 'input.too_large' }), '"b\u2028c"']);
  });

  it.skipIf(process.platform === 'win32')(
    'answers the first line of a pipe that stays open, also a Chinese one',
    async () => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const writer = open(pipe, 'r+');
      const input = openInput(pipe);
      const lines = linesOf(input, 100);
      await (await writer).write('"净利润下滑"\n');
      expect(await lines.next()).toEqual({ done: false, value: '"净利润下滑"' });
      input.close();
      await (await writer).close();
    },
  );

  it('that breaks leaves what was answered before in the output', async () => {
    const output = join(folder, 'broken.jsonl');
    async function* breaking(): AsyncGenerator<string> {
      for (let line = 0; line < 500; line += 1) yield `${line}\n`;
      throw new TidewatchError('input.invalid', 'EIO');
    }
    await expect(writeOut(breaking(), output)).rejects.toThrow('EIO');
    expect(linesIn(output)).toHaveLength(500);
  });
});
