#!/usr/bin/env node
/**
 * The `tidewatch` command: one line a command, each in app/commands/. An expected error is two lines (what, what to
 * do) and exit code 1; only a defect in Tidewatch itself shows a stack.
 */
import { Command } from 'commander';
import { explainError, toTidewatchError } from '../core/errors.ts';
import { backtestCommand } from './commands/backtest.ts';
import { checkCommand } from './commands/check.ts';
import { classifyCommand } from './commands/classify.ts';
import { detectCommand } from './commands/detect.ts';
import { doctorCommand } from './commands/doctor.ts';
import { entitiesCommand } from './commands/entities.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { explainCommand } from './commands/explain.ts';
import { feedbackCommand } from './commands/feedback.ts';
import { forgetCommand } from './commands/forget.ts';
import { listCommand } from './commands/list.ts';
import { modelsCommand } from './commands/models.ts';
import { ackCommand, auditCommand, notifyCommand, resolveCommand, silenceCommand } from './commands/people.ts';
import { redriveCommand } from './commands/redrive.ts';
import { replayCommand } from './commands/replay.ts';
import { serveClassifierCommand } from './commands/serve_classifier.ts';
import { trainCommand } from './commands/train.ts';
import { upCommand } from './commands/up.ts';
import { VERSION } from './package_root.ts';

const program = new Command('tidewatch')
  .description('Financial sentiment and opinion monitoring in English and Chinese (金融舆情监测).')
  .version(VERSION)
  .showHelpAfterError('(tidewatch --help lists the commands)');

for (const command of [
  upCommand,
  replayCommand,
  classifyCommand,
  serveClassifierCommand,
  detectCommand,
  backtestCommand,
  checkCommand,
  entitiesCommand,
  forgetCommand,
  redriveCommand,
  silenceCommand,
  ackCommand,
  resolveCommand,
  notifyCommand,
  auditCommand,
  feedbackCommand,
  listCommand,
  doctorCommand,
  trainCommand,
  modelsCommand,
  evaluateCommand,
  explainCommand,
]) {
  program.addCommand(command());
}

// A reader that closes early (`tidewatch list | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`tidewatch: ${explainError(error)}\n`);
  if (toTidewatchError(error).code === 'internal' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
}
