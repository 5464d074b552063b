/** `tidewatch evaluate`: measures a model on labelled lines: a table, and with --report JSON and a picture. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { shippedModel } from '../../classifier/artifact.ts';
import { evaluateModel } from '../../classifier/evaluation/evaluate.ts';
import { readCases } from '../../classifier/evaluation/robustness.ts';
import { findFiles } from '../../classifier/evaluation/sets.ts';
import { tableOf } from '../../classifier/evaluation/table.ts';
import { writeReport, writeToModel } from '../../classifier/evaluation/write.ts';
import { PACKAGE_ROOT } from '../package_root.ts';
import { readText } from '../text_file.ts';

interface EvaluateCommandOptions {
  model: string;
  data: string[];
  texts?: string[];
  split: string;
  report?: string;
  write?: boolean;
  threads: string;
}

const CASES = join(PACKAGE_ROOT, 'classifier', 'evaluation', 'robustness.jsonl');

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description(
      'measure a model on labelled lines: accuracy, macro-F1, calibration and robustness, by set and language',
    )
    .option('--model <dir>', 'folder of the model', shippedModel('tidewatch-small'))
    .requiredOption('--data <path...>', 'folders with <split>/*.jsonl, or files')
    .option('--texts <path...>', 'JSON lines with the texts, by id, of labelled lines that only have an id')
    .addOption(new Option('--split <name>', 'part of the data').choices(['dev', 'test']).default('dev'))
    .option('--report <dir>', 'where evaluation.json, evaluation.txt and evaluation.svg go')
    .option('--write', "also write the figures into the model's folder: evaluation.json, MODEL_CARD.md, SHA256SUMS")
    .option('--threads <number>', 'threads of one inference', String(availableParallelism()))
    .action(async (options: EvaluateCommandOptions) => {
      const files = findFiles(options.data, options.split);
      const contents = new Map<string, string>();
      for (const file of files) contents.set(file, await readText(file));
      const evaluation = await evaluateModel({
        folder: options.model,
        files,
        read: (file) => contents.get(file) ?? '',
        ...(options.texts === undefined ? {} : { texts: options.texts }),
        split: options.split,
        cases: existsSync(CASES) ? readCases(CASES) : [],
        threads: Math.max(1, Math.trunc(Number(options.threads)) || 1),
        progress: reporter(),
      });
      process.stdout.write(`${tableOf(evaluation)}\n`);
      if (options.report !== undefined) writeReport(options.report, evaluation);
      if (options.write === true) writeToModel(options.model, evaluation);
    });
}

/** One line that is written over at a terminal; a line every ten seconds elsewhere. */
function reporter(): (done: number, total: number) => void {
  const started = performance.now();
  let last = 0;
  return (done, total) => {
    const seconds = (performance.now() - started) / 1000;
    const rate = done / Math.max(seconds, 0.001);
    const line = `${done} of ${total} texts, ${rate.toFixed(0)} a second, ${((total - done) / rate).toFixed(0)} s left`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line}   ${done === total ? '\n' : ''}`);
    else if (done === total || seconds - last > 10) {
      last = seconds;
      process.stderr.write(`${line}\n`);
    }
  };
}
