/**
 * The models of an installation: a folder with one folder a model, a small file that says which one labels, and a log of who
 * changed that and why. `current.json` is replaced by renaming, so a process that starts, or is told to look again, finds the
 * old choice or the new one and never half of one. What is promoted is checked file by file first (SHA256SUMS), and the
 * pointer keeps a checksum of that list: a folder that was exchanged afterwards, list and all, is refused when it is opened.
 *
 * No pointer means the model that comes with Tidewatch. Rejected: overwriting a model's folder in place (a process that reads
 * it mixes two), symbolic links (Windows, and tar), the pointer in the store (the classifier must start without it).
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TidewatchError } from '../../core/errors.ts';
import { isoTime } from '../../core/event.ts';
import { loadArtifact } from '../artifact.ts';
import type { Verdict } from './gate.ts';

/** What says that a model is the current one, or beside it. */
const pointerSchema = z.strictObject({
  /** name@version, and the name of its folder. */
  model: z.string().min(1),
  /** SHA-256 of the lines of its SHA256SUMS, but for those of figures about it. */
  checksum: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Pointer = z.output<typeof pointerSchema>;

const entrySchema = z.strictObject({
  at: z.string(),
  author: z.string(),
  action: z.enum(['promote', 'roll_back', 'shadow', 'end_shadow', 'refuse']),
  /** name@version after it; null for the model that comes with Tidewatch, or no shadow. */
  model: z.string().nullable(),
  checksum: z.string().nullable(),
  /** What was there before. */
  before: pointerSchema.nullable(),
  reason: z.string(),
});
/** One line of the log. */
export type LogEntry = z.output<typeof entrySchema>;

export type Place = 'current' | 'shadow';

export interface StoredModel {
  readonly model: string;
  readonly folder: string;
  readonly verdict: StoredVerdict | null;
}

/** A verdict, and of which two models it speaks. */
export interface StoredVerdict extends Verdict {
  readonly candidate: string;
  readonly against: string;
  readonly at: string;
}

export interface ModelLibrary {
  readonly folder: string;
  folderOf(model: string): string;
  /** Every model in the folder, by name. */
  list(): Promise<StoredModel[]>;
  /** Null: the model that comes with Tidewatch (`current`), or none (`shadow`). @throws TidewatchError model.missing, model.checksum */
  pointer(place: Place): Promise<Pointer | null>;
  /** The folder of what a pointer names, checked. Null as for `pointer`. @throws TidewatchError model.missing, model.checksum */
  open(place: Place): Promise<string | null>;
  /** The folder that was meant, if it still is what it was. @throws TidewatchError model.missing, model.checksum */
  verified(meant: Pointer): Promise<string>;
  /** Checks the model and points to it; null takes the pointer away. Writes the log. */
  point(
    place: Place,
    model: string | null,
    by: { author: string; reason: string; action: LogEntry['action'] },
  ): Promise<void>;
  keepVerdict(verdict: StoredVerdict): Promise<void>;
  /** Oldest first. */
  log(): Promise<LogEntry[]>;
  note(entry: Omit<LogEntry, 'at' | 'before'>): Promise<void>;
}

const LOG = 'log.jsonl';
const VERDICT = 'verdict.json';
const SUMS = 'SHA256SUMS';
/** What `tidewatch evaluate --write` may write anew of a model that is promoted: nothing that labels. */
const FIGURES = /(?:MODEL_CARD\.md|evaluation\.json)\r?$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;

/** Opens the folder, which need not be there yet. `now` in epoch milliseconds. */
export function openLibrary(folder: string, now: () => number = Date.now): ModelLibrary {
  const folderOf = (model: string): string => {
    if (NAME.test(model)) return join(folder, model);
    throw new TidewatchError('input.invalid', `${model} is no name of a model`, {
      hint: 'tidewatch models lists them.',
    });
  };

  async function checksumsOf(model: string): Promise<{ checksum: string; former: string }> {
    const own = folderOf(model);
    if (!existsSync(own)) {
      throw new TidewatchError('model.missing', `There is no model ${model} in ${folder}`, {
        hint: 'tidewatch models lists them; tidewatch train --from-feedback makes one.',
      });
    }
    const artifact = await loadArtifact(own);
    if (artifact.model !== model)
      throw new TidewatchError('model.checksum', `The folder ${own} holds ${artifact.model}, not ${model}`);
    const list = await readFile(join(own, SUMS), 'utf8');
    const lines = list.split('\n').filter((line) => !FIGURES.test(line));
    return { checksum: sha256(lines.toSorted().join('\n')), former: sha256(list) };
  }

  async function pointer(place: Place): Promise<Pointer | null> {
    const path = join(folder, `${place}.json`);
    if (!existsSync(path)) return null;
    const text = await readFile(path, 'utf8');
    // Written where a choice was taken back.
    if (text.trim() === 'null') return null;
    const parsed = pointerSchema.safeParse(readJson(text));
    if (parsed.success) return parsed.data;
    throw new TidewatchError('model.missing', `${path} does not say which model is meant`, {
      hint: 'Remove it (then the model that comes with Tidewatch labels), or promote a model again.',
    });
  }

  async function note(entry: Omit<LogEntry, 'at'>): Promise<void> {
    await mkdir(folder, { recursive: true });
    const file = await open(join(folder, LOG), 'a+');
    try {
      // Half a line, of a crash or a full disk, stays one that is not read; this one must not become part of it.
      const { size } = await file.stat();
      const last = size === 0 ? null : (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer.toString();
      const apart = last === null || last === '\n' ? '' : '\n';
      await file.appendFile(`${apart}${JSON.stringify({ at: isoTime(now()), ...entry })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async function verified(meant: Pointer): Promise<string> {
    const found = await checksumsOf(meant.model);
    // Pointers of earlier versions are to the whole list.
    if ([found.checksum, found.former].includes(meant.checksum)) return folderOf(meant.model);
    throw new TidewatchError('model.checksum', `${meant.model} is not what was promoted: its ${SUMS} has changed`, {
      hint: 'Put the folder back as it was; or tidewatch models rollback, and after a look promote it again.',
    });
  }

  return {
    folder,
    folderOf,
    pointer,
    verified,
    async list() {
      if (!existsSync(folder)) return [];
      const names = (await readdir(folder, { withFileTypes: true }))
        .filter((entry) => entry.isDirectory() && NAME.test(entry.name) && existsSync(join(folder, entry.name, SUMS)))
        .map(({ name }) => name);
      const read = async (model: string): Promise<StoredModel> => {
        const path = join(folder, model, VERDICT);
        const verdict = existsSync(path) ? (readJson(await readFile(path, 'utf8')) as StoredVerdict | null) : null;
        return { model, folder: join(folder, model), verdict };
      };
      return Promise.all(names.toSorted().map(read));
    },
    async open(place) {
      const meant = await pointer(place);
      return meant === null ? null : verified(meant);
    },
    async point(place, model, { author, reason, action }) {
      const before = await pointer(place).catch(() => null);
      const next = model === null ? null : { model, checksum: (await checksumsOf(model)).checksum };
      await mkdir(folder, { recursive: true });
      // The log first: a promotion that nobody can find is worse than one that is written down and did not happen.
      await note({ author, action, model, checksum: next?.checksum ?? null, before, reason });
      await replace(join(folder, `${place}.json`), next);
    },
    async keepVerdict(verdict) {
      await writeFile(join(folderOf(verdict.candidate), VERDICT), `${JSON.stringify(verdict, null, 1)}\n`);
    },
    async log() {
      const path = join(folder, LOG);
      if (!existsSync(path)) return [];
      const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.flatMap((line) => {
        const parsed = entrySchema.safeParse(readJson(line));
        return parsed.success ? [parsed.data] : [];
      });
    },
    note: (entry) => note({ ...entry, before: null }),
  };
}

/** By renaming, after the bytes are on the disk. */
async function replace(path: string, pointer: Pointer | null): Promise<void> {
  const draft = `${path}.part`;
  const file = await open(draft, 'w');
  try {
    await file.writeFile(JSON.stringify(pointer));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
