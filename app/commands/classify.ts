/** `tidewatch classify`: labels JSON lines from a file or a pipe, one line out for each line in, order kept. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { Command } from 'commander';
import { classifyLines } from '../../classifier/classify_lines.ts';
import { openBackend } from '../backend.ts';
import { TidewatchError } from '../../core/errors.ts';

export function classifyCommand(): Command {
  return new Command('classify')
    .description('label JSON lines ({"id","text","title"?}): one line out for each line in, in the same order')
    .requiredOption('--input <file>', 'JSON lines to read; - for standard input')
    .requiredOption('--output <file>', 'where labelled lines go; - for standard output')
    .option('--backend <name>', 'classifier backend (tidewatch list backend)', 'onnx')
    .option('--config <file>', "settings file whose classifier.backend is used, instead of the backend's defaults")
    .action(async (options: { input: string; output: string; backend: string; config?: string }) => {
      if (options.input !== '-' && !existsSync(options.input)) {
        throw new TidewatchError('input.invalid', `--input: there is no file ${options.input}`);
      }
      const { backend, close } = await openBackend(options);
      const input = options.input === '-' ? process.stdin : createReadStream(options.input);
      const output = options.output === '-' ? process.stdout : createWriteStream(options.output);
      const counts = { lines: 0, errors: 0 };
      const started = performance.now();
      try {
        for await (const line of classifyLines(createInterface({ input, crlfDelay: Infinity }), backend, counts)) {
          if (!output.write(`${line}\n`)) await once(output, 'drain');
        }
      } finally {
        if (output !== process.stdout) await new Promise<void>((resolve) => output.end(resolve));
        await close();
      }
      const seconds = (performance.now() - started) / 1000;
      const rate = (counts.lines / Math.max(seconds, 0.001)).toFixed(0);
      process.stderr.write(
        `${counts.lines} lines, ${counts.errors} with errors, ${rate} lines/s, model ${backend.model}\n`,
      );
      if (counts.errors > 0) process.exitCode = 1;
    });
}
