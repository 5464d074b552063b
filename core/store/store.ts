/**
 * The store port: ClickHouse, in process (chdb) or as a server, spoken to by @clickhouse/client in both cases. SQL is
 * part of the port: both ends run the same dialect. Reads dedupe: every table is a ReplacingMergeTree and queries run
 * with final = 1, so a row that was written twice counts once even when the batches were cut differently.
 */

export type TableName =
  | 'documents'
  | 'opinions'
  | 'findings'
  | 'alerts'
  | 'actions'
  | 'notifications'
  | 'removals'
  | 'feedback'
  | 'shadow_labels'
  | 'feedback_reviews'
  | 'search'
  | 'reading'
  | 'audit';

/** How a store likes its rows: so many in one insert, or what there is after so long. */
export interface Gather {
  readonly rows: number;
  readonly waitMs: number;
}

export interface Store {
  /** Absent where small inserts cost nothing much. Gathering is the writer's: it knows what the token must name. */
  readonly gather?: Gather;
  /** Brings the schema to this version: one process does, the others wait for it. May be called more than once. */
  migrate(): Promise<void>;
  /**
   * Inserts rows in column form of schema.ts. The same `token` twice is written once; rows with the same key replace
   * each other in any case. Resolves when ClickHouse has them.
   * @throws TidewatchError storage.unavailable, storage.full
   */
  insert(table: TableName, rows: readonly object[], token: string): Promise<void>;
  /** Rows of a SELECT as objects. Parameters by ClickHouse's {name:Type} syntax. Times come back as ISO strings. */
  query<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]>;
  /**
   * A SELECT's answer as the engine wrote it, in the format that the statement names (FORMAT Native, say). The statement
   * brings its own settings in its SETTINGS clause: final = 1 is not added. Parameters as in `query`.
   */
  queryBytes(sql: string, params?: Record<string, unknown>): Promise<Uint8Array>;
  /**
   * A statement without an answer, such as a mutation: ALTER TABLE ... DELETE. Resolves when it is carried out in full.
   * Parameters as in `query`.
   */
  command(sql: string, params?: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}
