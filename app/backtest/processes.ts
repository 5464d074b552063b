/** The runs of a sweep, each in a process of its own, as many at once as there are cores: a watch keeps one core busy. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { SweepRow } from '../../backtest/report.ts';
import { TidewatchError } from '../../core/errors.ts';

const execute = promisify(execFile);

/**
 * Runs this same program once for each list of `path=value`, and gives their rows in order.
 * @param command arguments of the backtest without its sweep
 * @throws TidewatchError input.invalid with what a failing run said
 */
export async function runSweep(
  command: readonly string[],
  settings: readonly (readonly string[])[],
  progress: (line: string) => void,
): Promise<SweepRow[]> {
  const rows: SweepRow[] = [];
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < settings.length; index = next++) {
      const chosen = settings[index] ?? [];
      const program = [
        ...process.execArgv,
        process.argv[1] ?? '',
        ...command,
        ...chosen.flatMap((one) => ['--set', one]),
        '--row',
      ];
      try {
        const { stdout } = await execute(process.execPath, program, { maxBuffer: 16_000_000 });
        rows[index] = { ...(JSON.parse(stdout) as SweepRow), settings: chosen };
      } catch (error) {
        const said = (error as { stderr?: string }).stderr?.trim() ?? String(error);
        throw new TidewatchError('input.invalid', `The run with ${chosen.join(' ')} failed: ${said}`, { cause: error });
      }
      done += 1;
      progress(`sweep: ${done} of ${settings.length} runs`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), settings.length) }, worker));
  return rows;
}
