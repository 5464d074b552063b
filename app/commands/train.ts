/** `tidewatch train`: a model by a recipe, from labelled lines to the folder that is served. */
import { Command } from 'commander';
import { TidewatchError } from '../../core/errors.ts';

interface TrainOptions {
  config: string;
  seed?: string;
  output?: string;
  exportOnly?: boolean;
}

export function trainCommand(): Command {
  return new Command('train')
    .description('train a model by a recipe and export it; goes on from its last checkpoint after a kill')
    .requiredOption('--config <file>', 'recipe (classifier/train/recipes has examples)')
    .option('--seed <number>', "another seed than the recipe's; checkpoints then go to a folder of their own")
    .option('--output <dir>', "where the finished model goes, instead of the recipe's folder")
    .option('--export-only', 'only write the model of the last checkpoint')
    .action(async (options: TrainOptions) => {
      // Here and not above: no other command is to wait for, or to need, what training needs.
      const { readRecipe } = await import('../../classifier/train/recipe.ts');
      const { exportRecipe } = await import('../../classifier/train/export_recipe.ts');
      let recipe = readRecipe(options.config);
      if (options.seed !== undefined) {
        const seed = Number(options.seed);
        if (!Number.isInteger(seed))
          throw new TidewatchError('config.invalid', `--seed: ${options.seed} is no whole number`);
        recipe = { ...recipe, seed, checkpoints: `${recipe.checkpoints}/seed-${seed}` };
      }
      if (options.output !== undefined) recipe = { ...recipe, output: options.output };
      const log = (line: string): void => {
        process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
      };
      if (options.exportOnly !== true) {
        const { trainRecipe } = await import('../../classifier/train/train_recipe.ts');
        await trainRecipe(recipe, log);
      }
      await exportRecipe(recipe, log);
    });
}
