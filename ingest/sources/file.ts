/**
 * A file that is read once, from where the last run stopped: JSONL, CSV (both also gzipped) or a saved feed. With
 * `replay` its items come at the distance of their own times, divided by a speed, and may be shifted so that the last
 * one falls on the moment of the first start: a demonstration that looks live.
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { TidewatchError } from '../../core/errors.ts';
import { isoTime } from '../../core/event.ts';
import { createConditionKeeper, type ConditionKeeper } from '../condition.ts';
import type { Emit, RawItem, Refusal, Removal, Source } from '../source.ts';
import { parseTime } from '../time.ts';
import {
  READERS,
  beginningOf,
  cursorBehind,
  isHandedOn,
  itemOf,
  resumeCursor,
  type FileCursor,
} from './file_cursor.ts';
import { detectFormat, readRecords, type FileFormat, type FileRecord } from './file_records.ts';
import { inZone, timeZone } from './time_zone.ts';

const settings = z.object({
  path: z.string().min(1).describe('The file, relative to the settings file.'),
  format: z.enum(['auto', 'jsonl', 'csv', 'rss']).default('auto').describe('auto: by the name, else by its beginning.'),
  language: z.string().min(2).max(20).optional().describe('Language of items that do not say; absent: detected.'),
  time_zone: timeZone,
  source_class: z.enum(['news', 'social']).default('news').describe('Class of items that do not say.'),
  max_document_bytes: z
    .number()
    .int()
    .min(1000)
    .max(100_000_000)
    .default(1_000_000)
    .describe('Longest line; a longer one is skipped and goes to the dead-letter topic.'),
  replay: z
    .strictObject({
      speed: z.number().positive().max(1e9).describe('How many times faster than the times of the items say.'),
      rebase: z
        .enum(['none', 'end_now'])
        .default('none')
        .describe('end_now: all times are shifted so that the last item falls on the first start.'),
    })
    .optional()
    .describe('Emit items at the distance of their own times; absent: as fast as the stream takes them.'),
});

type FileSettings = z.output<typeof settings>;

const BATCH = 200;
/** Waits shorter than this are not worth a timer; items due within it come together. */
const SHORTEST_WAIT_MS = 25;

export const fileSource = defineComponent({
  name: 'file',
  summary: 'Reads a JSONL, CSV or feed file once, resuming where it stopped; can replay it in event time.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, chosen.path);
    return {
      endless: false,
      condition: () => condition.read(),
      async run(emit) {
        try {
          await readFileOnce(chosen, context, condition, emit);
        } catch (error) {
          if (context.signal.aborted) return;
          // The disk is full, not the file broken: the stage starts this source again, from its cursor.
          if (error instanceof TidewatchError && error.code.startsWith('storage.')) throw error;
          context.metrics.stage('ingest').error(asFileError(error, chosen.path).code);
          condition.failed(asFileError(error, chosen.path));
        }
      },
    };
  },
});

async function readFileOnce(
  chosen: FileSettings,
  context: Context,
  condition: ConditionKeeper,
  emit: Emit,
): Promise<void> {
  const { path, max_document_bytes: maxRecordBytes } = chosen;
  const { signal } = context;
  const cursors = context.state.table<FileCursor>('ingest_files');
  const format = chosen.format === 'auto' ? await detectFormat(path) : chosen.format;
  let cursor = await resumeCursor(path, format, cursors.get(context.name));
  if (cursor === null) {
    const begin = await beginningOf(path);
    const isShifted = chosen.replay?.rebase === 'end_now';
    const shift_ms = isShifted ? context.clock.now() - (await lastTime(chosen, format, signal)) : 0;
    cursor = { path, reader: READERS[format], place: 0, ...begin, shift_ms };
  }
  await cursors.put(context.name, cursor);
  condition.succeeded();
  const pace = chosen.replay === undefined ? null : createPace(chosen.replay.speed);
  let items: RawItem[] = [];
  let refused: Refusal[] = [];
  let removed: Removal[] = [];
  const [resumed, shift] = [cursor, cursor.shift_ms];
  let reached = cursor;

  const flush = async (): Promise<void> => {
    if (items.length + refused.length + removed.length > 0) await emit(items, { refused, removed });
    items = [];
    refused = [];
    removed = [];
    if (reached === cursor) return;
    cursor = reached;
    await cursors.put(context.name, cursor);
  };

  /** Where the file breaks off, what stands before that place is handed on first: it is whole, and the cursor may pass it. */
  async function* recordsOf(): AsyncGenerator<FileRecord[]> {
    try {
      yield* readRecords(path, format, { maxRecordBytes, signal });
    } catch (error) {
      if (!signal.aborted) await flush();
      throw error;
    }
  }

  for await (const records of recordsOf()) {
    for (const record of records) {
      if (signal.aborted) return;
      if (isHandedOn(resumed, record)) continue;
      const written = itemOf(record, resumed, reached.place);
      if (written !== undefined) {
        const item = finishItem(written, chosen, shift);
        const wait = pace?.(parseTime(item.published_at ?? '')) ?? 0;
        if (wait >= SHORTEST_WAIT_MS) {
          await flush();
          await context.clock.sleep(wait, signal);
        }
        items.push(item);
      } else if (record.removal !== undefined) {
        removed.push({ ...record.removal, ...shifted(record.removal.at, shift) });
      } else if (record.refusal !== undefined) refused.push(record.refusal);
      reached = cursorBehind(reached, record);
      // An emit takes removals after items: what follows one in the file waits for the next.
      if (items.length + refused.length >= BATCH || record.removal !== undefined) await flush();
    }
  }
  await flush();
  condition.succeeded();
}

function finishItem(written: RawItem, chosen: FileSettings, shift: number): RawItem {
  const item = inZone(written, chosen.time_zone);
  const time = shift === 0 ? null : parseTime(item.published_at ?? '');
  return {
    source_class: chosen.source_class,
    ...(chosen.language === undefined ? {} : { language: chosen.language }),
    ...item,
    ...(time === null ? {} : { published_at: isoTime(time + shift) }),
  };
}

function shifted(at: string | undefined, shift: number): { at?: string } {
  const time = shift === 0 ? null : parseTime(at ?? '');
  return time === null ? {} : { at: isoTime(time + shift) };
}

/**
 * How long to wait, in real milliseconds, before an item of that time is due. Measured on the machine's monotonic
 * clock, since the context's clock may be the one that this very replay drives.
 */
function createPace(speed: number): (time: number | null) => number {
  let origin: { readonly real: number; readonly event: number } | null = null;
  return (time) => {
    if (time === null) return 0;
    origin ??= { real: performance.now(), event: time };
    return Math.min(2 ** 31 - 1, origin.real + (time - origin.event) / speed - performance.now());
  };
}

async function lastTime(chosen: FileSettings, format: FileFormat, signal: AbortSignal): Promise<number> {
  const { path, time_zone, max_document_bytes: maxRecordBytes } = chosen;
  let last = -Infinity;
  for await (const records of readRecords(path, format, { maxRecordBytes, signal })) {
    for (const { item } of records) {
      const at = item === undefined ? null : parseTime(inZone(item, time_zone).published_at ?? '');
      last = Math.max(last, at ?? -Infinity);
    }
  }
  if (last > -Infinity) return last;
  throw new TidewatchError('input.invalid', `${path}: no item has a time, so replay.rebase has nothing to shift`, {
    hint: 'Take replay out of this source, or give its items published_at.',
  });
}

function asFileError(thrown: unknown, path: string): TidewatchError {
  if (thrown instanceof TidewatchError) return thrown;
  const error = thrown as NodeJS.ErrnoException;
  const broken = (message: string, hint: string): TidewatchError =>
    new TidewatchError('input.invalid', message, { cause: thrown, hint });
  if (error.code === 'ENOENT') {
    return broken(`There is no file ${path}`, 'ingest.sources names it, relative to the settings file.');
  }
  if (error.code === 'EACCES' || error.code === 'EISDIR') {
    return broken(`${path} cannot be read (${error.code})`, 'Give this user read access to it.');
  }
  const hint = 'What was read up to there is kept; mend the file and start again.';
  return broken(`${path} breaks off: ${error.message}`, hint);
}
