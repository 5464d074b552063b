/**
 * The runs of a sweep that are done, a line each, so that a sweep that is killed goes on where it was. The file's name is made of
 * the report of the run without the sweep's settings and of the command: whatever would change that report (feed, labels,
 * watchlist, settings, code that judges) makes another journal. It goes when the sweep has ended.
 */
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SweepRow } from '../../backtest/sweep.ts';

export interface SweepJournal {
  /** The row of these settings, where an earlier start made it. */
  row(settings: readonly string[]): SweepRow | undefined;
  /** Resolves when it is written. */
  keep(row: SweepRow): Promise<void>;
  end(): Promise<void>;
}

export async function openJournal(path: string): Promise<SweepJournal> {
  const rows = new Map<string, SweepRow>();
  const keyOf = (settings: readonly string[]): string => settings.join('\n');
  const written = await readFile(path, 'utf8').catch(() => '');
  // What follows the last end of a line was being written when the power went.
  for (const line of written.split('\n').slice(0, -1)) {
    const row = parsed(line);
    if (row !== null) rows.set(keyOf(row.settings), row);
  }
  await mkdir(dirname(path), { recursive: true });
  // A torn line is closed, so that the next one is whole.
  if (written !== '' && !written.endsWith('\n')) await appendFile(path, '\n');
  return {
    row: (settings) => rows.get(keyOf(settings)),
    keep: (row) => appendFile(path, `${JSON.stringify(row)}\n`),
    end: () => rm(path, { force: true }),
  };
}

function parsed(line: string): SweepRow | null {
  try {
    return JSON.parse(line) as SweepRow;
  } catch {
    return null;
  }
}
