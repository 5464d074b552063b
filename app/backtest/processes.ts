/** The runs of a sweep, each in a process of its own, as many at once as there are cores: a watch keeps one core busy. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { FailedRun, SweepRow } from '../../backtest/sweep.ts';
import type { SweepJournal } from './sweep_journal.ts';

const execute = promisify(execFile);

export interface Sweep {
  /** In the order of the settings. */
  readonly rows: readonly SweepRow[];
  /** Runs that ended without a row, with what they said: one bad value loses nothing of the others. */
  readonly failed: readonly FailedRun[];
}

/**
 * Runs this same program once for each list of `path=value`.
 * @param command arguments of the backtest without its sweep
 * @param journal has the runs that an earlier start made, which are not made again, and takes the new ones
 * @param program what runs them; another one in tests
 */
export async function runSweep(
  command: readonly string[],
  settings: readonly (readonly string[])[],
  progress: (line: string) => void,
  journal: Pick<SweepJournal, 'row' | 'keep'>,
  program: readonly string[] = [...process.execArgv, process.argv[1] ?? ''],
): Promise<Sweep> {
  const rows: (SweepRow | undefined)[] = [];
  const failed: (FailedRun | undefined)[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < settings.length; index = next++) {
      const chosen = settings[index] ?? [];
      const made = journal.row(chosen);
      if (made !== undefined) {
        rows[index] = made;
        done += 1;
        continue;
      }
      const own = [...program, ...command, ...chosen.flatMap((one) => ['--set', one]), '--row'];
      try {
        const { stdout } = await execute(process.execPath, own, { maxBuffer: 16_000_000 });
        const row = { ...(JSON.parse(stdout) as SweepRow), settings: chosen };
        await journal.keep(row);
        rows[index] = row;
      } catch (error) {
        const said = (error as { stderr?: string }).stderr?.trim() ?? '';
        failed[index] = { settings: chosen, error: said === '' ? String(error) : said };
      }
      done += 1;
      progress(`sweep: ${done} of ${settings.length} runs`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), settings.length) }, worker));
  const all = <Kind>(list: readonly (Kind | undefined)[]): Kind[] => list.filter((one) => one !== undefined);
  return { rows: all(rows), failed: all(failed) };
}
