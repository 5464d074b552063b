/**
 * The port for small durable facts of one process: source cursors and ETags, seen ids, alert state, the queue of
 * notifications. Not for documents: those live in the stream and the store. The one adapter is LMDB (state/lmdb.ts).
 */

export interface StateTable<Value> {
  get(key: string): Value | undefined;
  has(key: string): boolean;
  /** Entries with `from <= key < to` in key order (bytewise); both ends optional. */
  entries(range?: { from?: string; to?: string; limit?: number }): Iterable<{ key: string; value: Value }>;
  count(): number;
  /** Resolves when durable. Within `State.transaction` writes are applied together. */
  put(key: string, value: Value): Promise<void>;
  remove(key: string): Promise<void>;
}

export interface State {
  /** Values are plain data (MessagePack). Keys up to 1,900 bytes. Not for the first time within `transaction`. */
  table<Value>(name: string): StateTable<Value>;
  /** Names of the tables that there are. */
  tables(): string[];
  /**
   * All writes that `work` makes (synchronously) become durable together or not at all. Resolves when durable. `work` may be
   * run again after it was undone, so what it reads of its caller's must still be there.
   */
  transaction(work: () => void): Promise<void>;
  close(): Promise<void>;
}
