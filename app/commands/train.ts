/** `tidewatch train`: a model by a recipe, from labelled lines to the folder that is served; or from what analysts said. */
import { Command, Option } from 'commander';
import { TidewatchError } from '../../core/errors.ts';
import { TENSORFLOW_BACKENDS, type TensorflowBackend } from '../../classifier/train/tensorflow.ts';
import { QUICKSTART } from '../package_root.ts';

interface TrainOptions {
  config?: string;
  seed?: string;
  output?: string;
  exportOnly?: boolean;
  fromFeedback?: boolean;
  data?: string;
  url?: string;
  publicData?: string;
  method: 'lora' | 'heads';
  backend: TensorflowBackend;
  epochs: string;
  minutes: string;
  replay: string;
  heldOut: string;
  devRows: string;
}

export function trainCommand(): Command {
  const feedback = (option: string, words: string): Option => new Option(option, `with --from-feedback: ${words}`);
  return new Command('train')
    .description('train a model by a recipe and export it, or fine-tune the current one on what analysts corrected')
    .option(
      '--config <file>',
      'recipe (classifier/train/recipes has examples); with --from-feedback, the settings file',
    )
    .option('--seed <number>', "another seed than the recipe's; checkpoints then go to a folder of their own")
    .option('--output <dir>', "where the finished model goes, instead of the recipe's folder")
    .option('--export-only', 'only write the model of the last checkpoint')
    .option(
      '--from-feedback',
      'fine-tune the model that labels on corrections, compare the two, and keep the candidate',
    )
    .addOption(feedback('--data <dir>', 'data folder, instead of data_dir of the settings'))
    .addOption(feedback('--url <address>', 'address of the running page, instead of that of the settings'))
    .addOption(
      feedback('--public-data <dir>', 'train/ and dev/ to replay and measure (default: ../shared/data/labelled)'),
    )
    .addOption(
      feedback('--method <name>', 'lora: low-rank additions to the upper layers; heads: the last products alone')
        .choices(['lora', 'heads'])
        .default('lora'),
    )
    .addOption(
      feedback('--backend <name>', 'which TensorFlow.js computes').choices(TENSORFLOW_BACKENDS).default('node'),
    )
    .addOption(feedback('--epochs <number>', 'how often each lesson is gone through').default('4'))
    .addOption(feedback('--minutes <number>', 'training ends after that many').default('15'))
    .addOption(feedback('--replay <number>', 'old lessons for each new one, 1500 at least in all').default('3'))
    .addOption(feedback('--held-out <share>', 'part of the stories that is asked, not taught').default('0.25'))
    .addOption(feedback('--dev-rows <number>', 'rows of each public set that the two are compared on').default('300'))
    .action(async (options: TrainOptions) => {
      const log = (line: string): void => {
        process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
      };
      await (options.fromFeedback === true ? fromFeedback(options, log) : byRecipe(options, log));
    });
}

async function byRecipe(options: TrainOptions, log: (line: string) => void): Promise<void> {
  if (options.config === undefined) {
    throw new TidewatchError('config.invalid', 'train needs --config with a recipe, or --from-feedback', {
      hint: 'classifier/train/recipes has examples.',
    });
  }
  // Here and not above: no other command is to wait for, or to need, what training needs.
  const { readRecipe } = await import('../../classifier/train/recipe.ts');
  const { exportRecipe } = await import('../../classifier/train/export_recipe.ts');
  let recipe = readRecipe(options.config);
  if (options.seed !== undefined) {
    const seed = whole('--seed', options.seed);
    recipe = { ...recipe, seed, checkpoints: `${recipe.checkpoints}/seed-${seed}` };
  }
  if (options.output !== undefined) recipe = { ...recipe, output: options.output };
  if (options.exportOnly !== true) {
    const { trainRecipe } = await import('../../classifier/train/train_recipe.ts');
    await trainRecipe(recipe, log);
  }
  await exportRecipe(recipe, log);
}

async function fromFeedback(options: TrainOptions, log: (line: string) => void): Promise<void> {
  const { publicData, trainFromFeedback } = await import('../from_feedback.ts');
  const { verdictTable } = await import('../../classifier/learning/gate.ts');
  const { readSettings } = await import('../config.ts');
  const settings = readSettings(options.config ?? QUICKSTART, { dataDir: options.data });
  const done = await trainFromFeedback(settings, {
    door: { url: options.url, data: options.data },
    data: publicData(options.publicData),
    method: options.method,
    backend: options.backend,
    seed: whole('--seed', options.seed ?? '1'),
    epochs: number('--epochs', options.epochs, 1, 100),
    minutes: number('--minutes', options.minutes, 0.01, 24 * 60),
    replay: number('--replay', options.replay, 0, 100),
    heldOut: number('--held-out', options.heldOut, 0.05, 0.9),
    devRows: number('--dev-rows', options.devRows, 1, 100_000),
    log,
  });
  process.stdout.write(`${verdictTable(done.verdict)}\n`);
  log(`${done.model}: ${done.trainedMinutes.toFixed(1)} minutes of training, ${done.minutes.toFixed(1)} in all`);
  process.stdout.write(
    done.verdict.promotable
      ? `Let it label: tidewatch models promote ${done.model}; let it read along first: tidewatch models shadow ${done.model}\n`
      : 'It is kept to be looked at (tidewatch models list --table), and may read along in shadow.\n',
  );
}

function whole(option: string, given: string): number {
  const value = number(option, given, 0, Number.MAX_SAFE_INTEGER);
  if (Number.isInteger(value)) return value;
  throw new TidewatchError('config.invalid', `${option}: ${given} is no whole number`);
}

function number(option: string, given: string, least: number, most: number): number {
  const value = Number(given);
  if (given.trim() !== '' && value >= least && value <= most) return value;
  throw new TidewatchError('config.invalid', `${option}: ${given} is no number from ${least} to ${most}`);
}
