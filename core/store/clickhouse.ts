/**
 * The store over @clickhouse/client: the same code speaks to a ClickHouse server and to chdb in this process, which
 * differ only in the client they hand in and in how many statements they take at once.
 */
import { ClickHouseLogLevel, createClient, type ClickHouseClient, type ClickHouseSettings } from '@clickhouse/client';
import { z } from 'zod';
import { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { storeError } from './failure.ts';
import { queryParameters } from './parameters.ts';
import { MIGRATIONS, MIGRATIONS_TABLE } from './schema.ts';
import type { Store } from './store.ts';
import { allAtOnce, type TakeTurn } from './turns.ts';

export const clickhouseSettings = z.object({
  url: z.url({ protocol: /^https?$/ }).describe('Address of the ClickHouse server, as http://host:8123.'),
  username: z.string().min(1).default('default').describe('User to log in as.'),
  password: z.string().default('').describe('Password; password_file and ${ENV} keep it out of the settings file.'),
  database: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'letters, digits and "_" only')
    .default('tidewatch')
    .describe('Database of the tables; created if it is absent.'),
});
export type ClickHouseSettingsOfStore = z.output<typeof clickhouseSettings>;

export interface StoreParts {
  readonly log: Logger;
  /** How statements take turns; all at once by default. */
  readonly turns?: TakeTurn;
  /** Runs first in a migration. */
  readonly prepare?: () => Promise<void>;
}

/** Its errors reach the caller; the client's own lines would show them twice, with the statement's values. */
export const QUIET = { level: ClickHouseLogLevel.OFF };

const READ_LIMIT_SECS = 60;

/** chdb keeps settings between statements, so each kind of statement always sends the same names. */
const READ: ClickHouseSettings = {
  final: 1,
  do_not_merge_across_partitions_select_final: 1,
  session_timezone: 'UTC',
  date_time_output_format: 'iso',
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
  // Statements of the embedded engine take turns: a question without an end would hold up every write.
  max_execution_time: READ_LIMIT_SECS,
};
const WRITE: ClickHouseSettings = {
  date_time_input_format: 'best_effort',
  // A replay of many years may touch more months in one batch than the default of 100 allows.
  max_partitions_per_insert_block: '1000',
  insert_deduplicate: 1,
  async_insert: 0,
  max_execution_time: 0,
};

/** A mutation is done when every replica has it: what was removed cannot be read any more. */
const COMMAND: ClickHouseSettings = { mutations_sync: '2', max_execution_time: 0 };

/** A store on any @clickhouse/client. Call `migrate()` before anything else. */
export function createStore(client: ClickHouseClient, { log, turns = allAtOnce, prepare }: StoreParts): Store {
  let closed = false;
  function open(): void {
    if (closed) throw new TidewatchError('storage.unavailable', 'The store is closed', { retryable: false });
  }

  /** A failed read of the embedded engine leaves what it had written before the next answer: somebody has to take it. */
  async function takeRemains(): Promise<void> {
    try {
      const { stream } = await client.exec({ query: 'SELECT 1 FORMAT Null' });
      for await (const _ of stream) continue;
    } catch {
      // Of a server that is away nothing remains; the caller gets the error that came first.
    }
  }

  async function readBytes(sql: string, params: Readonly<Record<string, unknown>>): Promise<Uint8Array> {
    return turns('read', async () => {
      open();
      try {
        const { stream } = await client.exec({ query: sql, query_params: queryParameters(sql, params) });
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks);
      } catch (error) {
        await takeRemains();
        throw error;
      }
    });
  }

  async function read<Row>(sql: string, params: Readonly<Record<string, unknown>>): Promise<Row[]> {
    return turns('read', async () => {
      open();
      try {
        const result = await client.query({
          query: sql,
          format: 'JSONEachRow',
          query_params: queryParameters(sql, params),
          clickhouse_settings: READ,
        });
        return await result.json<Row>();
      } catch (error) {
        await takeRemains();
        throw error;
      }
    });
  }

  async function write(table: string, rows: readonly object[], token: string): Promise<void> {
    await turns('write', async () => {
      open();
      await client.insert({
        table,
        values: [...rows],
        format: 'JSONEachRow',
        clickhouse_settings: { ...WRITE, insert_deduplication_token: token },
      });
    });
  }

  async function command(query: string, params: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await turns('write', async () => {
      open();
      await client.command({ query, query_params: queryParameters(query, params), clickhouse_settings: COMMAND });
    });
  }

  return {
    async migrate() {
      try {
        await prepare?.();
        await command(MIGRATIONS_TABLE);
        const done = new Set(
          (await read<{ version: number }>('SELECT version FROM schema_migrations', {})).map((row) => row.version),
        );
        for (const { version, name, statements } of MIGRATIONS) {
          if (done.has(version)) continue;
          for (const statement of statements) await command(statement);
          // A wall-clock fact about this installation, not a decision: no clock is passed in.
          const applied_at = new Date().toISOString();
          await write('schema_migrations', [{ version, name, applied_at }], `migration ${version}`);
          log.info({ version, name }, 'schema migrated');
        }
      } catch (error) {
        throw storeError(error, 'Migrating the schema');
      }
    },
    async insert(table, rows, token) {
      if (rows.length === 0) return;
      try {
        await write(table, rows, token);
      } catch (error) {
        throw storeError(error, `Inserting ${rows.length} rows into ${table}`);
      }
    },
    async query<Row>(sql: string, params: Record<string, unknown> = {}) {
      try {
        return await read<Row>(sql, params);
      } catch (error) {
        throw storeError(error, 'A query');
      }
    },
    async queryBytes(sql, params = {}) {
      try {
        return await readBytes(sql, params);
      } catch (error) {
        throw storeError(error, 'A query');
      }
    },
    async command(sql, params) {
      try {
        await command(sql, params);
      } catch (error) {
        throw storeError(error, 'A statement');
      }
    },
    async close() {
      if (closed) return;
      // Behind everything that waits for its turn.
      await turns('read', async () => {
        closed = true;
        await client.close();
      });
    },
  };
}

/** A store on a ClickHouse server. Connects at the first statement. */
export function openClickHouseStore(settings: ClickHouseSettingsOfStore, log: Logger): Store {
  const { url, username, password, database } = settings;
  const account = { url, username, password, application: 'tidewatch', log: QUIET };
  const client = createClient({ ...account, database });
  return createStore(client, {
    log,
    async prepare() {
      // The database in the client's URL may not exist yet, so it is created by way of one that always does.
      const bootstrap = createClient({ ...account, database: 'default' });
      try {
        await bootstrap.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` });
      } finally {
        await bootstrap.close();
      }
    },
  });
}
