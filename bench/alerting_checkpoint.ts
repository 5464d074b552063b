/**
 * What a checkpoint of the alerting core costs, by how many documents its windows hold: CPU time of one save after 500 more documents, with
 * all kinds of series, on LMDB in a folder of its own. Each count runs in a state of its own, in one process.
 *
 * Usage: npx tsx bench/alerting_checkpoint.ts [--documents 1000,10000,50000,100000]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../alerting/checkpoint.ts';
import { alertingSettings, rulesOf } from '../alerting/settings.ts';
import { createWatch } from '../alerting/watch.ts';
import { openState } from '../core/state/lmdb.ts';
import { opinionOf, START } from '../test/alerting/opinions.ts';
import { saveWatch } from '../test/alerting/saving.ts';

const { values: options } = parseArgs({
  options: { documents: { type: 'string', default: '1000,10000,50000,100000' } },
});
const ROUNDS = 3;
const MORE = 500;
const ENTITIES = 500;
const TOPICS = 20;
const MINUTE = 60_000;

const rules = rulesOf(alertingSettings.parse({}), 'global', [], new Map());
const { windowMs, bucketMs } = rules.window;
for (const documents of options.documents.split(',').map(Number)) {
  const folder = await mkdtemp(join(tmpdir(), 'tidewatch-bench-checkpoint-'));
  const state = await openState(join(folder, 'state'));
  const checkpoint = openCheckpoint(state, windowMs);
  const watch = createWatch(rules, [], () => ({ en: '', zh: '' }));
  let number = 0;
  const take = (count: number, from: number, lengthMs: number): void => {
    for (let index = 0; index < count; index += 1) {
      number += 1;
      const time = START + from + Math.floor((index / count) * lengthMs);
      const entities = [`e${number % ENTITIES}`];
      watch.take(opinionOf({ id: `d${number}`, author: `a${number}`, time, entities, topic: `t${number % TOPICS}` }));
    }
  };
  const save = (): Promise<void> => saveWatch(state, checkpoint, watch);
  take(documents, 0, windowMs);
  watch.advance(START + windowMs - bucketMs);
  await save();
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round += 1) {
    take(MORE, windowMs + round * MINUTE, MINUTE);
    await save();
  }
  const { user, system } = process.cpuUsage(before);
  const result = {
    documents,
    window_hours: windowMs / 3_600_000,
    cpu_ms_a_checkpoint: Math.round((user + system) / 1000 / ROUNDS),
    megabytes: Math.round(process.memoryUsage().rss / 1e6),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  await state.close();
  await rm(folder, { recursive: true });
}
