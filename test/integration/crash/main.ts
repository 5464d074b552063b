/**
 * `npm run crash -- --rounds 50 --seed 7 [--form kafka|embedded] [--only 'broker|store']`: kills, cuts and fills while documents flow, and says
 * which promises of docs/delivery.md were broken. Exit code 1 where one was.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openEmbeddedForm } from './embedded_form.ts';
import { openKafkaForm } from './kafka_form.ts';
import { runRounds } from './rounds.ts';

const CLI = fileURLToPath(new URL('../../../dist/app/cli.js', import.meta.url));
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    form: { type: 'string', default: 'kafka,embedded' },
    only: { type: 'string', default: '' },
    'settle-secs': { type: 'string', default: '120' },
    'away-secs': { type: 'string', default: '20' },
    'bulk-pause-ms': { type: 'string', default: '100' },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const forms = { kafka: openKafkaForm, embedded: openEmbeddedForm } as const;
for (const name of values.form.split(',')) {
  const open = forms[name as keyof typeof forms];
  if (open === undefined) throw new Error(`--form ${name}: there are ${Object.keys(forms).join(' and ')}`);
  const result = await runRounds({
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    settleMs: Number(values['settle-secs']) * 1000,
    awayMs: Number(values['away-secs']) * 1000,
    bulkPauseMs: Number(values['bulk-pause-ms']),
    only: new RegExp(values.only),
    say,
    open: (options) => open(options, CLI),
  });
  if ('missing' in result) {
    say(`${name} is not crashed: ${result.missing}`);
    continue;
  }
  const { counts, recovery, repeats, deaths, struck, leftOut, broken, seconds, folder } = result;
  say(
    `${name}: ${Object.entries(counts)
      .map(([what, count]) => `${what} ${count}`)
      .join('; ')}`,
  );
  say(
    `${name}: posted again ${repeats} times; ended by themselves and restarted: ${[...deaths].map(([program, count]) => `${program} ${count}`).join(', ')}`,
  );
  say(
    `${name}: ${seconds.toFixed(0)} s; nothing waits after ${recovery.mean.toFixed(1)} s on average, ${recovery.longest.toFixed(1)} s at most`,
  );
  say(`${name}: struck: ${[...struck].map(([fault, count]) => `${fault} ${count}`).join(', ')}`);
  if (leftOut.size > 0) say(`${name}: left out: ${[...leftOut.keys()].join(', ')}`);
  for (const promise of broken) say(`${name}: BROKEN: ${promise}`);
  if (broken.length > 0) {
    say(`${name}: logs are kept in ${folder}`);
    process.exitCode = 1;
  } else say(`${name}: every promise was kept`);
}
process.exit();
