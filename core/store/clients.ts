/**
 * The clients that a store speaks through. A server has two, because the client drops what was silent for too long, and the
 * statement it dropped goes on at the server: a question has an end of its own, which is waited for, but a removal from
 * years of rows or a new TTL takes as long as it takes. Rejected: one client that waits for hours (a server that died
 * without a word would hold up every question for as long).
 */
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { decoded } from '../secret.ts';
import { wellFormedJson } from './well_formed.ts';

/** Of every client. Its errors reach the caller; the client's own lines would show them twice, with the statement's values. */
export const CLIENT = { log: { level: ClickHouseLogLevel.OFF }, json: { stringify: wellFormedJson } };

/** The engine ends a question after this long. */
export const READ_LIMIT_SECS = 60;

/** How long a server may be silent before it is given up. */
export interface Patience {
  readonly readMs: number;
  readonly commandMs: number;
}
export const PATIENCE: Patience = { readMs: (READ_LIMIT_SECS + 10) * 1000, commandMs: 12 * 3_600_000 };

export interface Account {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export interface ServerClients {
  /** Asks and inserts. */
  readonly client: ClickHouseClient;
  /** Carries out statements without an answer. */
  readonly commanding: ClickHouseClient;
  /** Runs one statement where the database itself may not exist yet. */
  bootstrap(query: string): Promise<void>;
}

export function serverClients(
  account: Account,
  database: string,
  { readMs, commandMs }: Patience = PATIENCE,
): ServerClients {
  const all = { ...CLIENT, ...loginOf(account), application: 'tidewatch' };
  const commands = {
    ...all,
    request_timeout: commandMs,
    // Balancers between here and there end a connection that is silent for a minute. Each sign of life is a header more.
    clickhouse_settings: { send_progress_in_http_headers: 1, http_headers_progress_interval_ms: '30000' } as const,
    max_response_headers_size: 1024 * 1024,
  };
  return {
    client: createClient({ ...all, database, request_timeout: readMs }),
    commanding: createClient({ ...commands, database }),
    async bootstrap(query) {
      const client = createClient({ ...commands, database: 'default' });
      try {
        await client.command({ query });
      } finally {
        await client.close();
      }
    },
  };
}

/** A user and password within the address go before the others. Taken out of it here: the client stumbles over a bare "%". */
function loginOf({ url, username, password }: Account): Account {
  const address = new URL(url);
  const within = { username: decoded(address.username), password: decoded(address.password) };
  address.username = '';
  address.password = '';
  return { url: address.href, username: within.username || username, password: within.password || password };
}
