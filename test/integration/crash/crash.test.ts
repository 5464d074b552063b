import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openEmbeddedForm } from './embedded_form.ts';
import { openKafkaForm } from './kafka_form.ts';
import { runRounds } from './rounds.ts';

/** One of each kind here; `npm run crash -- --rounds 50` for all. A seed of each day would make a failure of nobody's change. */
const FORMS = {
  kafka: {
    open: openKafkaForm,
    faults: [
      'kill -9 alerting and the store',
      'network of classifier to Kafka silent',
      'disk of ingest full',
      'poison in the topics',
    ],
  },
  embedded: {
    open: openEmbeddedForm,
    faults: ['kill -9 tidewatch', 'network of the model cut', 'disk of the data folder full'],
  },
} as const;
const SEED = Number(process.env['CRASH_SEED'] ?? 20_261_124);
const CLI = fileURLToPath(new URL('../../../dist/app/cli.js', import.meta.url));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

describe.skipIf(!existsSync(CLI))('while things are killed, cut and filled', { timeout: 400_000 }, () => {
  for (const [name, { open, faults }] of Object.entries(FORMS)) {
    it(`the ${name} form labels each document once, alerts once, keeps the order and comes to rest`, async (context) => {
      const result = await runRounds({
        rounds: faults.length,
        seed: SEED,
        settleMs: 120_000,
        awayMs: 5000,
        bulkPauseMs: 200,
        only: new RegExp(`^(${faults.join('|')})$`),
        say,
        open: (options) => open(options, CLI),
      });
      if ('missing' in result) {
        say(`The ${name} form is not crashed: ${result.missing}`);
        context.skip(result.missing);
        return;
      }
      expect(result.broken, `logs in ${result.folder}`).toEqual([]);
      expect(result.counts['labelled in the store']).toBeGreaterThan(100);
      expect(result.counts['alerts']).toBe(faults.length);
      expect(result.counts['written at the page']).toBeGreaterThan(faults.length);
      // Each of them, or said to be left out: no kind is passed over in silence.
      for (const fault of faults)
        expect([fault, (result.struck.get(fault) ?? 0) + Number(result.leftOut.has(fault))]).not.toEqual([fault, 0]);
      say(`${name}: struck: ${[...result.struck].map(([fault, count]) => `${fault} ${count}`).join(', ')}`);
    });
  }
});
