/** `tidewatch classify`: labels JSON lines from a file or a pipe, one line out for each line in, order kept. */
import { Command } from 'commander';
import { classifyLines, LINE_CHARACTERS } from '../../classifier/classify_lines.ts';
import { openBackend } from '../backend.ts';
import { TidewatchError } from '../../core/errors.ts';
import { fileError, linesOf, openInput, refuseBadPaths, writeOut } from './in_and_out.ts';

/** Of UTF-8 a character takes three bytes at most, or four for two of our units. */
const LINE_BYTES = 3 * LINE_CHARACTERS;

interface ClassifyOptions {
  input: string;
  output: string;
  backend: string;
  config?: string;
  entity: string[];
  explain?: boolean;
}

export function classifyCommand(): Command {
  return new Command('classify')
    .description('label JSON lines ({"id","text","title"?,"entities"?}): one line out for each line in, in order')
    .requiredOption('--input <file>', 'JSON lines to read; - for standard input')
    .requiredOption('--output <file>', 'where labelled lines go; - for standard output')
    .option('--backend <name>', 'classifier backend (tidewatch list backend)', 'onnx')
    .option('--config <file>', "settings file whose classifier.backend is used, instead of the backend's defaults")
    .option(
      '--entity <name>',
      'also the sentiment towards this entity, beside those in a line\'s "entities"; may be given several times',
      (name: string, names: string[]) => [...names, name],
      [] as string[],
    )
    .option('--explain', 'also which words carried the sentiment (slower: some 64 variants of each text are labelled)')
    .action(async (options: ClassifyOptions) => {
      refuseBadPaths(options);
      const { backend, close } = await openBackend(options);
      if (options.entity.length > 0 && backend.labels.entity_sentiment.length === 0) {
        await close();
        throw new TidewatchError('config.invalid', `--entity: ${backend.model} has no head for entities`, {
          hint: 'Use a model that was exported with the head entity_sentiment, or leave --entity out.',
        });
      }
      const counts = { lines: 0, errors: 0 };
      const started = performance.now();
      const asked = { entities: options.entity, explain: options.explain === true };
      const input = openInput(options.input);
      async function* labelled(): AsyncGenerator<string> {
        try {
          for await (const line of classifyLines(linesOf(input, LINE_BYTES), backend, counts, asked)) yield `${line}\n`;
        } catch (error) {
          throw fileError('--input', options.input, 'read', error);
        }
      }
      try {
        await writeOut(labelled(), options.output);
      } finally {
        input.close();
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
