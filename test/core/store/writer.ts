/** The child of the kill -9 test: inserts 20 opinions at a time and prints a line for each insert that resolved. */
import { createLogger } from '../../../core/log.ts';
import { openStore } from '../../../core/store/registry.ts';
import { opinionRow } from '../../../core/store/rows.ts';
import { anOpinion } from '../../fixtures/nouns.ts';

const [folder = '', round = ''] = process.argv.slice(2);
const store = await openStore({ type: 'chdb' }, { folder, log: createLogger({ level: 'silent', format: 'json' }) });
await store.migrate();
if (round === 'count') {
  const [row] = await store.query<{ n: number }>('SELECT count() AS n FROM opinions');
  process.stdout.write(`${row?.n ?? -1}\n`);
  await store.close();
} else {
  for (let batch = 0; ; batch += 1) {
    const first = Number(round) * 100_000 + batch * 20;
    const rows = Array.from({ length: 20 }, (_, index) => opinionRow(anOpinion(first + index)));
    await store.insert('opinions', rows, `${round}-${batch}`);
    process.stdout.write(`${batch}\n`);
  }
}
