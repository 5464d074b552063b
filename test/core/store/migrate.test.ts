/** Whose turn it is to migrate, over tables that are held in memory; on a server it is in clickhouse.test.ts. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { migrate } from '../../../core/store/migrate.ts';
import { MIGRATIONS } from '../../../core/store/schema.ts';

const LEASE_MS = 60_000;

/** Migrates beside a claim of generation 2 that was last renewed so long ago, and whose holder is done at the second look. */
async function besides(silentMs: number): Promise<string[]> {
  const written: string[] = [];
  let owner = '';
  let looks = 0;
  const all = MIGRATIONS.map(({ version }) => ({ version }));
  await migrate({
    log: pino({ level: 'silent' }),
    retention: {},
    leaseMs: LEASE_MS,
    define: () => Promise.resolve(),
    catchUp: () => Promise.resolve(),
    read: <Row>(sql: string): Promise<Row[]> => {
      const rows = sql.includes('FROM schema_migrations')
        ? (looks += 1) > 1 && written.length === 0 ? all : []
        : sql.startsWith('SELECT generation')
          ? [{ generation: 2, silent_ms: silentMs, released: 0 }]
          : sql.startsWith('SELECT owner') ? [{ owner }] : []; // prettier-ignore
      return Promise.resolve(rows as Row[]);
    },
    write: (table, [row], token) => {
      if (table === 'migration_claims') owner = (row as { owner: string }).owner;
      written.push(token);
      return Promise.resolve();
    },
  });
  return written.filter((token) => token.startsWith('claim'));
}

it('follows a holder that was silent for its lease', async () => {
  expect(await besides(LEASE_MS + 1)).toEqual(['claim 3']);
});

it('follows one whose clock ran a day ahead and was set right, instead of waiting for the day to pass', async () => {
  expect(await besides(-86_400_000)).toEqual(['claim 3']);
});

it('waits for one that works, also where its server’s clock is a little ahead', async () => {
  expect(await besides(1_000)).toEqual([]);
  expect(await besides(-1_000)).toEqual([]);
});
