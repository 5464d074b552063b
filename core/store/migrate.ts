/**
 * Migrations run once, however many processes start at the same moment. ClickHouse has no locks, but an insert whose
 * deduplication token was there before is not written, and servers decide that under a lock of their own (in a cluster,
 * in Keeper): who claims generation N first has it, and everyone can read who it was. The holder renews its claim while it
 * works; one that died is followed by generation N + 1 after the lease. A holder that only slept and wakes up runs
 * statements that are idempotent. Rejected: CREATE TABLE as a lock (not one decision across a cluster, and a crash leaves it).
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { ttlStatements, type Retention, type TableTtl } from './retention.ts';
import { MIGRATION_TABLES, MIGRATIONS, type Migration } from './schema.ts';

export interface MigrationParts {
  readonly log: Logger;
  readonly retention: Retention;
  /** A statement of the schema, for this installation. */
  define(statement: string): Promise<void>;
  read<Row>(sql: string): Promise<Row[]>;
  write(table: string, rows: readonly object[], token: string): Promise<void>;
  /** Brings what other replicas wrote to this table here; nothing on one server. */
  catchUp(table: string): Promise<void>;
  /** How long a claim holds without being renewed; by default a minute. */
  readonly leaseMs?: number;
}

const LEASE_MS = 60_000;
const LOOK_MS = 500;

/** Resolves when the schema is this version's, whoever brought it there. @throws TidewatchError storage.* */
export async function migrate(parts: MigrationParts): Promise<void> {
  for (const statement of MIGRATION_TABLES) await parts.define(statement);
  const owner = randomUUID();
  for (let waits = 0; ; waits += 1) {
    if (await isDone(parts)) return;
    const generation = await claim(parts, owner);
    if (generation !== null) return perform(parts, owner, generation);
    if (waits === 0) parts.log.info('another process migrates the schema; waiting for it');
    await sleep(LOOK_MS);
  }
}

async function pending({ read, catchUp }: MigrationParts): Promise<Migration[]> {
  await catchUp('schema_migrations');
  const rows = await read<{ version: number }>('SELECT version FROM schema_migrations');
  const done = new Set(rows.map(({ version }) => version));
  return MIGRATIONS.filter(({ version }) => !done.has(version));
}

async function tables({ read }: MigrationParts): Promise<TableTtl[]> {
  return read('SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() ORDER BY name');
}

async function isDone(parts: MigrationParts): Promise<boolean> {
  return (await pending(parts)).length === 0 && ttlStatements(await tables(parts), parts.retention).length === 0;
}

/** The generation that is ours now; null where another process has it. */
async function claim(
  { read, write, catchUp, leaseMs = LEASE_MS }: MigrationParts,
  owner: string,
): Promise<number | null> {
  await catchUp('migration_claims');
  const [last] = await read<{ generation: number; silent_ms: number; released: number }>(
    `SELECT generation, dateDiff('millisecond', max(at), now64(3)) AS silent_ms, countIf(state = 'released') AS released
     FROM migration_claims GROUP BY generation ORDER BY generation DESC LIMIT 1`,
  );
  // A claim from the future is of a clock that was set right since: nobody may be heard of until it has caught up.
  if (last !== undefined && last.released === 0 && Math.abs(last.silent_ms) < leaseMs) return null;
  const generation = (last?.generation ?? 0) + 1;
  await write('migration_claims', [{ generation, owner, state: 'claimed' }], `claim ${generation}`);
  const holders = await read<{ owner: string }>(
    `SELECT owner FROM migration_claims WHERE generation = ${generation} AND state = 'claimed'`,
  );
  if (holders.length > 1) throw new TidewatchError('internal', 'Two processes hold one claim to migrate the schema.');
  return holders[0]?.owner === owner ? generation : null;
}

async function perform(parts: MigrationParts, owner: string, generation: number): Promise<void> {
  const { define, write, log, leaseMs = LEASE_MS } = parts;
  const say = (state: string): Promise<void> =>
    write('migration_claims', [{ generation, owner, state }], `${state} ${generation} ${randomUUID()}`);
  // One that cannot renew its claim is only followed by another process: statements are idempotent.
  const renewing = setInterval(() => void say('renewed').catch(() => undefined), leaseMs / 4);
  try {
    for (const { version, name, statements } of await pending(parts)) {
      for (const statement of statements) await define(statement);
      log.info({ version, name }, 'schema migrated');
      // A wall-clock fact about this installation, not a decision: no clock is passed in.
      const applied_at = new Date().toISOString();
      await write('schema_migrations', [{ version, name, applied_at }], `migration ${version}`);
    }
    for (const statement of ttlStatements(await tables(parts), parts.retention)) {
      await define(statement);
      log.info(`retention: ${statement}`);
    }
  } finally {
    clearInterval(renewing);
    await say('released').catch(() => undefined);
  }
}
