/**
 * `tidewatch train --from-feedback`: what people agree on, through the guards (the same answers that the page's API gives), into a
 * candidate in the folder of models, compared with the model that labels now.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FineTuned, FineTuneOptions } from '../classifier/learning/fine_tune.ts';
import { divide, type Lesson } from '../classifier/learning/lesson.ts';
import { nextVersion } from '../classifier/learning/promotion.ts';
import { alone } from '../classifier/train/one_run.ts';
import { TidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { LessonsAnswer } from '../dashboards/contract.ts';
import type { Settings } from './config.ts';
import { openDoor, type Door, type DoorChoice } from './door.ts';
import { currentFolder, libraryOf, modelIn } from './models.ts';
import { PACKAGE_ROOT } from './package_root.ts';
import { workFolder } from './unfinished_training.ts';

export interface FromFeedbackOptions extends Pick<
  FineTuneOptions,
  'data' | 'method' | 'backend' | 'seed' | 'epochs' | 'replay' | 'minutes' | 'devRows' | 'log'
> {
  readonly door: DoorChoice;
  /** Part of the stories that is not taught but asked at the end. */
  readonly heldOut: number;
}

/** @throws TidewatchError input.invalid without lessons, library.missing without a TensorFlow.js, model.*, storage.locked beside another run */
export async function trainFromFeedback(settings: Settings, options: FromFeedbackOptions): Promise<FineTuned> {
  const library = libraryOf(settings);
  const current = await currentFolder(settings.classifier, library);
  const against = await modelIn(current);
  const door = await openDoor(settings, options.door);
  let read: Awaited<ReturnType<typeof readLessons>>;
  try {
    read = await readLessons(door);
  } finally {
    await door.close();
  }
  const { lessons, held } = read;
  const divided = divide(lessons, options.heldOut);
  const copies = lessons.length - divided.taught.length - divided.heldOut.length;
  options.log(
    `${lessons.length} documents that people agree on: ${divided.taught.length} are taught, ${divided.heldOut.length} held out` +
      `${copies === 0 ? '' : `, ${copies} left out as copies of these`}; ${held} corrections wait for a review`,
  );
  const [name = '', version = ''] = against.split('@');
  const known = (await library.list()).map(({ model }) => model);
  const next = nextVersion(
    version,
    known.flatMap((model) => (model.startsWith(`${name}@`) ? [model] : [])),
  );
  const candidate = `${name}@${next}`;
  const { fineTune } = await import('../classifier/learning/fine_tune.ts');
  const work = workFolder(library.folder, next);
  return alone(work, async () => {
    if ((await library.list()).some(({ model }) => model === candidate)) {
      throw new TidewatchError('storage.locked', `Another run has made ${candidate} meanwhile`, {
        hint: 'Run this again: its candidate gets the next version.',
      });
    }
    const done = await fineTune({
      ...options,
      current,
      lessons: divided,
      corpus: join(PACKAGE_ROOT, 'classifier', 'train', 'corpus'),
      work,
      output: library.folderOf(candidate),
      version: next,
    });
    // A run that was killed goes on from it; one that has ended needs it no more.
    await rm(work, { recursive: true, force: true });
    await library.keepVerdict({ ...done.verdict, candidate, against, at: isoTime(Date.now()) });
    return done;
  });
}

async function readLessons(door: Door): Promise<{ lessons: Lesson[]; held: number }> {
  const lessons: Lesson[] = [];
  let held = 0;
  let after: string | null = null;
  do {
    const answer: LessonsAnswer = await door.get<LessonsAnswer>(
      `/learning/lessons${after === null ? '' : `?after=${encodeURIComponent(after)}`}`,
    );
    lessons.push(...answer.lessons);
    held = answer.held;
    after = answer.next;
  } while (after !== null);
  return { lessons, held };
}

/** Where the public data lies, unless somebody says otherwise. @throws TidewatchError input.invalid */
export function publicData(given: string | undefined): string {
  const folder = given ?? join('..', 'shared', 'data', 'labelled');
  if (existsSync(join(folder, 'train')) && existsSync(join(folder, 'dev'))) return folder;
  throw new TidewatchError('input.invalid', `--public-data: ${folder} has no train/ and dev/`, {
    hint: 'Name the folder of public labelled lines: what the model is not to forget is replayed from it and measured on it.',
  });
}
