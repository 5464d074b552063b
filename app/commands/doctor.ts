/** `tidewatch doctor`: what is on this machine, and what to do about what is not. */
import { Command } from 'commander';
import { diagnose } from '../diagnosis.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what is on this machine (Node, engines, model, disk, GPU) and what to do about what is not')
    .option('--data <dir>', 'data folder to look at', './tidewatch-data')
    .option('--json', 'print JSON')
    .action(async (options: { data: string; json?: boolean }) => {
      const checks = await diagnose(options.data);
      if (options.json === true) {
        process.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
      } else {
        const mark = { ok: 'ok     ', absent: 'absent ', failed: 'FAILED ' };
        for (const { status, name, found, advice } of checks) {
          process.stdout.write(
            `${mark[status]} ${name}: ${found}\n${advice === undefined ? '' : `          ${advice}\n`}`,
          );
        }
      }
      if (checks.some(({ status }) => status === 'failed')) process.exitCode = 1;
    });
}
