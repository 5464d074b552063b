/** The process that crash.test.ts kills: inserts numbered batches and says on stdout which ones insert() resolved for. */
import { writeSync } from 'node:fs';
import { createLogger } from '../../../core/log.ts';
import { openStore } from '../../../core/store/registry.ts';
import { opinionRow } from '../../../core/store/rows.ts';
import { exampleDocument, exampleOpinion } from '../../contracts/store.ts';

const [folder = '', start = '0'] = process.argv.slice(2);
const store = await openStore({ type: 'chdb' }, { folder, log: createLogger({ level: 'silent', format: 'json' }) });
await store.migrate();
writeSync(1, 'ready\n');
for (let batch = Number(start); ; batch += 1) {
  const rows = Array.from({ length: 50 }, (_, index) =>
    opinionRow(exampleOpinion(0, { document: exampleDocument(batch * 50 + index, { source: `batch ${batch}` }) })),
  );
  await store.insert('opinions', rows, `batch ${batch}`);
  writeSync(1, `inserted ${batch}\n`);
}
