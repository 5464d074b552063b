/**
 * The store over @clickhouse/client: the same code speaks to a ClickHouse server and to chdb in this process, which
 * differ only in the client they hand in and in how many statements they take at once.
 */
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import { z } from 'zod';
import { TidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { READ_LIMIT_SECS, serverClients, type Patience } from './clients.ts';
import { changesOf } from './counts.ts';
import { storeError } from './failure.ts';
import { migrate } from './migrate.ts';
import { queryParameters } from './parameters.ts';
import { forReplication, type Replication } from './replication.ts';
import { retentionSettings, type Retention } from './retention.ts';
import type { Gather, Store } from './store.ts';
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
  replicated: z
    .boolean()
    .default(false)
    .describe('Tables are Replicated*: copies on several servers, by Keeper and the macros {shard} and {replica}.'),
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,100}$/, 'letters, digits, "_", "." and "-" only')
    .optional()
    .describe('Name of a cluster in the servers’ remote_servers: tables are replicated, and made ON CLUSTER.'),
  insert_rows: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Opinions that are gathered into one insert, or what there is after insert_wait_ms.'),
  insert_wait_ms: z
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(1000)
    .describe('Longest time that opinions wait to be inserted with others. They are acknowledged after that insert.'),
  retention: retentionSettings.describe('How long rows are kept; for ever by default.'),
});
export type ClickHouseSettingsOfStore = z.output<typeof clickhouseSettings>;

export interface StoreParts {
  readonly log: Logger;
  /** How statements take turns; all at once by default. */
  readonly turns?: TakeTurn;
  /** Runs first in a migration. */
  readonly prepare?: () => Promise<void>;
  readonly retention?: Retention;
  /** Where the schema is a cluster's. */
  readonly replication?: Replication;
  readonly gather?: Gather;
  /** How long a claim to migrate holds; a minute by default. */
  readonly leaseMs?: number;
  /** What carries out statements without an answer; the same client by default. */
  readonly commanding?: ClickHouseClient;
}

const ONE_SERVER: Replication = { replicated: false, database: 'default' };

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
  // Servers of 26 gather small inserts by default. What is gathered is acknowledged by a part of many senders' rows, whose
  // token is nobody's; gathering is done here instead, where the token is made (docs/decisions/0002-store.md).
  async_insert: 0,
  max_execution_time: 0,
};
/** An insert is done when most replicas have it: the death of the one that took it loses nothing. */
const QUORUM: ClickHouseSettings = { insert_quorum: 'auto' };

/** A mutation is done when every replica has it: what was removed cannot be read any more. */
const COMMAND: ClickHouseSettings = {
  mutations_sync: '2',
  alter_sync: '2',
  max_execution_time: 0,
  max_partitions_per_insert_block: '1000',
  // INSERT ... SELECT is never a repetition: the same counts may be due twice.
  insert_deduplicate: 0,
  insert_deduplication_token: '',
};

/** A store on any @clickhouse/client. Call `migrate()` before anything else. */
export function createStore(client: ClickHouseClient, parts: StoreParts): Store {
  const { log, turns = allAtOnce, prepare, retention = {}, replication = ONE_SERVER, gather, leaseMs } = parts;
  const { commanding = client } = parts;
  const writing = replication.replicated ? { ...WRITE, ...QUORUM } : WRITE;
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
        clickhouse_settings: { ...writing, insert_deduplication_token: token },
      });
    });
  }

  async function command(query: string, params: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await turns('write', async () => {
      open();
      await commanding.command({ query, query_params: queryParameters(query, params), clickhouse_settings: COMMAND });
    });
  }

  return {
    ...(gather === undefined ? {} : { gather }),
    async migrate() {
      try {
        await prepare?.();
        await migrate({
          log,
          retention,
          define: (statement) => command(forReplication(statement, replication)),
          read: (sql) => read(sql, {}),
          write,
          catchUp: async (table) => {
            if (replication.replicated) await command(`SYSTEM SYNC REPLICA ${table}`);
          },
          ...(leaseMs === undefined ? {} : { leaseMs }),
        });
      } catch (error) {
        throw storeError(error, 'Migrating the schema');
      }
    },
    async insert(table, rows, token) {
      if (rows.length === 0) return;
      try {
        await write(table, rows, token);
        // After the rows, so that whoever counts them reads them; before the caller may forget them, so that it is not lost.
        if (table === 'opinions') await write('opinion_changes', changesOf(rows), token);
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
        if (commanding !== client) await commanding.close();
      });
    },
  };
}

/** A store on a ClickHouse server. Connects at the first statement. */
export function openClickHouseStore(
  settings: ClickHouseSettingsOfStore,
  { log, leaseMs, patience }: Pick<StoreParts, 'log' | 'leaseMs'> & { readonly patience?: Patience },
): Store {
  const { database, cluster } = settings;
  const { client, commanding, bootstrap } = serverClients(settings, database, patience);
  const replication = { replicated: settings.replicated || cluster !== undefined, cluster, database };
  return createStore(client, {
    log,
    commanding,
    retention: settings.retention ?? {},
    replication,
    gather: { rows: settings.insert_rows, waitMs: settings.insert_wait_ms },
    ...(leaseMs === undefined ? {} : { leaseMs }),
    // The database in the client's URL may not exist yet, so it is created by way of one that always does.
    prepare: () => bootstrap(forReplication(`CREATE DATABASE IF NOT EXISTS ${database}`, replication)),
  });
}
