/**
 * Old lessons beside the new ones: a model that is trained on a few hundred corrections alone forgets what it knew
 * (McCloskey & Cohen 1989). So each fine-tuning replays a sample of the data that the model was trained on, drawn set by set
 * as its recipe drew them (experience replay: Rolnick et al. 2019). The sample is drawn from lines before any is cut into
 * tokens: reading 100,000 lines takes a second, cutting them twenty.
 *
 * A recipe may have been written on another machine: sets whose files or texts are not here are left out, and told.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { generator, shuffle } from '../train/random.ts';
import { drawsOf } from './current_model.ts';
import { PLAIN_SET, type Recipe, type SetRecipe } from '../train/recipe.ts';

export interface ReplayOptions {
  /** Folder with train/*.jsonl and dev/*.jsonl. */
  readonly data: string;
  /** Folder of our own sentences, the set `corpus`. */
  readonly corpus: string;
  /** Sets of the recipe that the model was trained by; null: all that the folder has, drawn equally. */
  readonly sets: Recipe['sets'] | null;
  /** Rows to draw over all sets. */
  readonly rows: number;
  readonly seed: number;
  /** Where the drawn lines go. */
  readonly folder: string;
  readonly log: (line: string) => void;
}

/**
 * Draws the sample and answers the sets that read it.
 * @throws TidewatchError input.invalid where there is nothing to replay
 */
export function drawReplay(options: ReplayOptions): Recipe['sets'] {
  const known = options.sets ?? setsOf(options.data);
  const found = Object.entries(known).flatMap(([set, settings]) => {
    // Rows without a label were a teacher's to answer, and here is none.
    if (settings.teacher_share === 1) return [];
    const files = filesOf(set, settings, options);
    const missing = [...files, ...settings.texts].find((file) => !existsSync(file));
    if (missing !== undefined) options.log(`replay: ${set} is left out, because there is no file ${missing}`);
    const lines = missing === undefined ? files.flatMap(readLines) : [];
    return lines.length === 0 ? [] : [{ set, settings, lines, wanted: lines.length * drawsOf(settings) }];
  });
  const total = found.reduce((sum, { wanted }) => sum + wanted, 0);
  if (total === 0) {
    throw new TidewatchError('input.invalid', `--data: ${options.data} has no train/*.jsonl to replay`, {
      hint: 'Without old examples a model forgets what it knew. Name the folder with train/ and dev/ that it was trained on.',
    });
  }
  mkdirSync(options.folder, { recursive: true });
  return Object.fromEntries(
    found.map(({ set, settings, lines, wanted }, index) => {
      const count = Math.max(1, Math.round((options.rows * wanted) / total));
      const drawn = shuffle(lines, generator(options.seed, index, 61)).slice(0, count);
      const file = join(options.folder, `${set}.jsonl`);
      writeFileSync(file, `${drawn.join('\n')}\n`);
      // The lines are drawn already; what is left of the rates is how often each kind of question is asked of one.
      const { rate, entities_rate } = settings;
      const draws = drawsOf(settings);
      const asked = { rate: rate / draws, entities_rate: entities_rate / draws };
      const { dev, ...others } = settings;
      const own: SetRecipe = { ...others, ...asked, balance: 0, files: [file] };
      return [set, dev !== undefined && existsSync(dev) ? { ...own, dev } : own] as const;
    }),
  );
}

function setsOf(data: string): Recipe['sets'] {
  const folder = join(data, 'train');
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return Object.fromEntries(names.toSorted().map((name) => [name.slice(0, -'.jsonl'.length), PLAIN_SET]));
}

/** Its own files; the data's where it has none, or where its own lay in the work folder of a training that is over. */
function filesOf(set: string, settings: SetRecipe, { data, corpus }: ReplayOptions): readonly string[] {
  const usual = set === 'corpus' ? sentencesIn(corpus) : [join(data, 'train', `${set}.jsonl`)];
  const { files = usual } = settings;
  return files.every((file) => existsSync(file)) || !usual.every((file) => existsSync(file)) ? files : usual;
}

function sentencesIn(corpus: string): string[] {
  if (!existsSync(corpus)) return [corpus];
  const names = readdirSync(corpus).filter((name) => name.endsWith('.jsonl') && name !== 'test.jsonl');
  return names.toSorted().map((name) => join(corpus, name));
}

function readLines(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
}
