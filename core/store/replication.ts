/**
 * The schema of a cluster, made from that of one server: the same statements with Replicated engines, ON CLUSTER, and the
 * deduplication window of replicated tables. One text to keep right instead of two; the real engine parses what comes out
 * (test/core/store/replication.test.ts, where it also runs against a ZooKeeper).
 * The path in Keeper is spelled out rather than left to {uuid}: a replica that is added later finds its tables by name.
 * One shard with as many replicas as wanted. Rejected: Distributed tables over several shards, since FINAL replaces rows
 * within a shard only, and one shard takes what docs/decisions/0002-store.md measured.
 */

export interface Replication {
  /** Engines are Replicated*. */
  readonly replicated: boolean;
  /** Name of a cluster in the servers' remote_servers: statements run ON CLUSTER. */
  readonly cluster?: string | undefined;
  readonly database: string;
}

/** A statement of schema.ts for this installation; the same text where nothing is replicated. */
export function forReplication(statement: string, { replicated, cluster, database }: Replication): string {
  if (!replicated) return statement;
  const table = /^\s*CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1];
  const engine =
    table === undefined
      ? statement
      : statement
          .replace(/ENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/, (_, name: string, given: string | undefined) => {
            const place = `'/clickhouse/tables/{shard}/${database}/${table}', '{replica}'`;
            return `ENGINE = Replicated${name}(${place}${given === undefined ? '' : `, ${given}`})`;
          })
          .replace(
            /non_replicated_deduplication_window = (\d+)/,
            // Seconds: longer than any stop after which a batch comes again.
            `replicated_deduplication_window = $1, replicated_deduplication_window_seconds = ${7 * 86_400}`,
          );
  if (cluster === undefined) return engine;
  return engine.replace(
    /^(\s*(?:CREATE TABLE IF NOT EXISTS|CREATE OR REPLACE VIEW|CREATE DATABASE IF NOT EXISTS|ALTER TABLE) \w+)/,
    `$1 ON CLUSTER '${cluster}'`,
  );
}
