import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSweep } from '../../../app/backtest/processes.ts';
import { openJournal } from '../../../app/backtest/sweep_journal.ts';

let folder: string;
let program: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-sweep-'));
  program = join(folder, 'program.mjs');
  // Says what it was asked as a row; a value of 13 is refused as a wrong setting is.
  await writeFile(
    program,
    `const given = process.argv.slice(2);
     if (given.includes('a=13')) { console.error('config.invalid: a must not be 13'); process.exit(2); }
     if (given.includes('a=14')) process.kill(process.pid, 'SIGKILL');
     const a = Number(given[given.indexOf('--set') + 1].slice(2));
     setTimeout(() => process.stdout.write(JSON.stringify({ alerts: a, settings: [], command: given })), (5 - a) * 40);`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the runs of a sweep', () => {
  it('come back in the order of their settings, whichever ends first', async () => {
    const said: string[] = [];
    const settings = [
      ['a=1', 'b=x'],
      ['a=2', 'b=x'],
      ['a=3', 'b=y'],
    ];
    const { rows, failed } = await runSweep(
      ['backtest', '--feed', 'f'],
      settings,
      (line) => said.push(line),
      await openJournal(join(folder, 'sweep.jsonl')),
      [program],
    );
    expect(rows.map(({ alerts }) => alerts)).toEqual([1, 2, 3]);
    expect(rows.map((row) => row.settings)).toEqual(settings);
    expect(failed).toEqual([]);
    expect((rows[2] as unknown as { command: string[] }).command).toEqual([
      'backtest',
      '--feed',
      'f',
      '--set',
      'a=3',
      '--set',
      'b=y',
      '--row',
    ]);
    expect(said.at(-1)).toBe('sweep: 3 of 3 runs');
  });

  it('lose nothing of the others when one is refused and one is killed, and say what those said', async () => {
    const settings = [['a=1'], ['a=13'], ['a=14'], ['a=2']];
    const journal = await openJournal(join(folder, 'sweep.jsonl'));
    const { rows, failed } = await runSweep([], settings, () => undefined, journal, [program]);
    expect(rows.map(({ alerts }) => alerts)).toEqual([1, 2]);
    expect(failed.map(({ settings }) => settings)).toEqual([['a=13'], ['a=14']]);
    expect(failed[0]?.error).toBe('config.invalid: a must not be 13');
    expect(failed[1]?.error).not.toBe('');
  });

  it('that an earlier start made are not made again, and those that failed are', async () => {
    const path = join(folder, 'sweep.jsonl');
    const settings = [['a=1'], ['a=2'], ['a=13']];
    await runSweep([], settings.slice(0, 1), () => undefined, await openJournal(path), [program]);
    // Killed while it wrote the next.
    await appendFile(path, '{"alerts": 7, "settings": ["a=2"');
    const again = await runSweep(['second'], settings, () => undefined, await openJournal(path), [program]);
    expect(again.rows).toMatchObject([
      { alerts: 1, settings: ['a=1'], command: ['--set', 'a=1', '--row'] },
      { alerts: 2, settings: ['a=2'], command: ['second', '--set', 'a=2', '--row'] },
    ]);
    expect(again.failed).toHaveLength(1);
    const third = await openJournal(path);
    expect(third.row(['a=2'])).toMatchObject({ alerts: 2 });
    await third.end();
    expect((await openJournal(path)).row(['a=1'])).toBeUndefined();
  });
});
