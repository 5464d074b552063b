/**
 * `tidewatch models`: which models there are, which one labels, and one command each to promote one, to go back, and to let one
 * read along in shadow. Only files are changed (classifier/learning/model_library.ts), so no server need run; a process that
 * holds the data folder is told by SIGHUP and swaps without a gap.
 */
import { Command } from 'commander';
import { verdictTable } from '../../classifier/learning/gate.ts';
import { promote, rollBack } from '../../classifier/learning/promotion.ts';
import { userName } from '../../core/audit.ts';
import { TidewatchError } from '../../core/errors.ts';
import { holderOf } from '../../core/lock.ts';
import type { DifferencesAnswer } from '../../dashboards/contract.ts';
import { readSettings, type Settings } from '../config.ts';
import { openDoor } from '../door.ts';
import { currentFolder, followsLibrary, libraryOf, modelIn } from '../models.ts';
import { QUICKSTART } from '../package_root.ts';

interface ModelsOptions {
  config?: string;
  data?: string;
  url?: string;
  author?: string;
  reason?: string;
  json?: boolean;
  off?: boolean;
}

function modelCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--config <file>', 'settings file (default: the bundled quickstart)')
    .option('--data <dir>', 'data folder, instead of data_dir of the settings');
}

const decided = (command: Command): Command =>
  command
    .option('--author <name>', 'who decides (default: the user of this machine)')
    .option('--reason <text>', 'why, for the log', '');

const settingsOf = ({ config, data }: ModelsOptions): Settings => readSettings(config ?? QUICKSTART, { dataDir: data });
const byOf = ({ author, reason }: ModelsOptions) => ({ author: author ?? userName(), reason: reason ?? '' });
const say = (line: string): void => void process.stdout.write(`${line.replaceAll(/(?!\n)\p{Cc}/gu, ' ')}\n`);

export function modelsCommand(): Command {
  return new Command('models')
    .description(
      'the models of this installation: list, promote, roll back, shadow, where two differ, who changed what',
    )
    .addCommand(listing(), { isDefault: true })
    .addCommand(promoting())
    .addCommand(rollingBack())
    .addCommand(shadowing())
    .addCommand(differing())
    .addCommand(logging());
}

function listing(): Command {
  return modelCommand('list', 'models, which one labels, and what their comparison says')
    .option('--json', 'print JSON')
    .option('--table', 'with the whole table of why')
    .action(async (options: ModelsOptions & { table?: boolean }) => {
      const settings = settingsOf(options);
      const library = libraryOf(settings);
      const [models, shadow] = [await library.list(), await library.pointer('shadow')];
      const current = await modelIn(await currentFolder(settings.classifier, library));
      if (options.json === true) {
        say(JSON.stringify({ folder: library.folder, current, shadow: shadow?.model ?? null, models }));
        return;
      }
      say(`${current} labels${(await library.pointer('current')) === null ? '' : ', promoted'}.`);
      if (shadow !== null) say(`${shadow.model} reads along in shadow.`);
      for (const { model, verdict } of models) {
        const isCurrent = model === current;
        const says =
          verdict === null
            ? 'never compared'
            : `${verdict.promotable ? 'better than' : 'not better than'} ${verdict.against} (${verdict.at.slice(0, 10)}): ${verdict.reasons[0] ?? ''}`;
        say(`${isCurrent ? '* ' : '  '}${model}  ${says}`);
        if (options.table === true && verdict !== null) say(verdictTable(verdict));
      }
      if (models.length === 0) say(`No other models in ${library.folder}; tidewatch train --from-feedback makes one.`);
    });
}

function promoting(): Command {
  return decided(
    modelCommand('promote', 'let a candidate label from now on; refused where its comparison speaks against it'),
  )
    .argument('<model>', 'name@version')
    .action(async (model: string, options: ModelsOptions) => {
      const settings = settingsOf(options);
      expectFollowing(settings);
      const library = libraryOf(settings);
      const before = await modelIn(await currentFolder(settings.classifier, library));
      await promote(library, model, before, byOf(options));
      say(`${model} labels from now on, in the place of ${before}. Back again: tidewatch models rollback`);
      await tell(settings);
    });
}

function rollingBack(): Command {
  return decided(modelCommand('rollback', 'go back to what labelled before the last promotion')).action(
    async (options: ModelsOptions) => {
      const settings = settingsOf(options);
      expectFollowing(settings);
      const before = await rollBack(libraryOf(settings), byOf(options));
      say(`${before ?? 'The model that comes with Tidewatch'} labels again.`);
      await tell(settings);
    },
  );
}

function shadowing(): Command {
  return decided(modelCommand('shadow', 'let a candidate read along; its labels are kept apart and count nowhere'))
    .argument('[model]', 'name@version')
    .option('--off', 'let none read along')
    .action(async (model: string | undefined, options: ModelsOptions) => {
      if ((model === undefined) !== (options.off === true)) {
        throw new TidewatchError('config.invalid', 'models shadow takes a model, or --off');
      }
      const settings = settingsOf(options);
      const action = model === undefined ? 'end_shadow' : 'shadow';
      await libraryOf(settings).point('shadow', model ?? null, { ...byOf(options), action });
      say(
        model === undefined
          ? 'Nobody reads along any more.'
          : `${model} reads along: tidewatch models diff shows where it differs`,
      );
      await tell(settings);
    });
}

function differing(): Command {
  return modelCommand('diff', 'where the candidate in shadow and the model that labels differ')
    .argument('[model]', 'a candidate that read along before')
    .option('--url <address>', 'address of the running page, instead of that of the settings')
    .option('--json', 'print JSON')
    .action(async (model: string | undefined, options: ModelsOptions) => {
      const settings = settingsOf(options);
      const asked = model ?? (await libraryOf(settings).pointer('shadow'))?.model;
      if (asked === undefined) throw new TidewatchError('input.invalid', 'No candidate reads along in shadow.');
      const door = await openDoor(settings, options);
      try {
        const found = await door.get<DifferencesAnswer>(`/learning/differences?model=${encodeURIComponent(asked)}`);
        say(options.json === true ? JSON.stringify(found) : describe(found));
      } finally {
        await door.close();
      }
    });
}

function describe({
  model,
  against,
  documents,
  sentiment,
  topic,
  negative_before,
  negative_after,
  moves,
  examples,
}: DifferencesAnswer): string {
  const part = (count: number): string => `${((100 * count) / Math.max(1, documents)).toFixed(1)}%`;
  return [
    `${model} beside ${against}, ${documents} documents: sentiment differs on ${sentiment} (${part(sentiment)}), topic on ${topic} (${part(topic)}).`,
    `Negative in sum: ${negative_before.toFixed(1)} before, ${negative_after.toFixed(1)} after.`,
    ...moves.map(({ from, to, documents: count }) => `  ${from} → ${to}: ${count}`),
    ...examples.map(
      ({ document_id, title, current, candidate, probability }) =>
        `  ${document_id.slice(0, 12)}  ${current} → ${candidate} (${probability.toFixed(2)})  ${title.slice(0, 100)}`,
    ),
  ].join('\n');
}

function logging(): Command {
  return modelCommand('log', 'who changed which model labels, when and why, newest first')
    .option('--json', 'print JSON')
    .action(async (options: ModelsOptions) => {
      const entries = (await libraryOf(settingsOf(options)).log()).toReversed();
      if (options.json === true) say(JSON.stringify({ log: entries }));
      else if (entries.length === 0) say('Nothing was changed yet.');
      else
        for (const { at, author, action, model, before, reason } of entries)
          say(`${at}  ${author}  ${action}  ${model ?? '-'}  (before: ${before?.model ?? '-'})  ${reason}`);
    });
}

function expectFollowing({ classifier }: Settings): void {
  if (followsLibrary(classifier)) return;
  throw new TidewatchError(
    'config.invalid',
    'classifier.backend names its own model, so nothing that is promoted would label',
    {
      hint: 'Take classifier.backend.model out of the settings, or point it at the folder that `tidewatch models --json` shows.',
    },
  );
}

/** Tells the process that holds the data folder, where one does on this machine. */
async function tell(settings: Settings): Promise<void> {
  const holder = await holderOf(settings.data_dir);
  if (holder === null)
    say('No process runs here on this data folder; one that labels elsewhere takes it up on SIGHUP, or at its start.');
  else if (!holder.reloads)
    say(`Process ${holder.pid} holds this data folder and cannot be told; the next start takes it up.`);
  else {
    process.kill(holder.pid, 'SIGHUP');
    say(`Told the running process (${holder.pid}); it swaps without a gap.`);
  }
}
