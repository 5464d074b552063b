/**
 * The embedded log's data on disk: an LMDB database a topic (offset → record), and beside them `topics` (first and next
 * offset, bytes) and `groups` ([topic, group] → committed offset). All changes are made by a `Draft` inside one LMDB
 * transaction; the copies in memory follow only after the commit, so a failed commit leaves no trace.
 *
 * A database a topic, because LMDB fills pages whole only when keys are appended at a database's end; topics in one
 * database left its pages half empty. One record a message, not one a batch: acknowledging and removing then need no
 * rewriting, and it is fast enough (docs/decisions/0001-embedded-log.md).
 */
import type { Database } from 'lmdb';
import type { Environment } from '../state/environment.ts';
import { erasedRecord, fromRecord, storedBytes, toRecord, type EncodedMessage } from './record.ts';
import type { Received } from './stream.ts';

/** Topics and their dead letters; each costs LMDB a slot a transaction. */
export const MAX_DATABASES = 64;

export interface TopicState {
  /** Offset of the oldest message kept; equal to `next` when there is none. */
  readonly first: number;
  /** Offset that the next message will get. */
  readonly next: number;
  /** Disk pages of the messages kept, roughly, in bytes. */
  readonly bytes: number;
}

/** Changes within one transaction; reads see what drafts of the same transaction wrote. */
export interface Draft {
  topic(name: string): TopicState;
  committed(topic: string, group: string): number | undefined;
  append(topic: string, messages: readonly EncodedMessage[], now: number): void;
  commit(topic: string, group: string, offset: number): void;
  /** Removes messages below `below`, oldest first, at most `limit`. */
  remove(topic: string, below: number, limit: number): void;
  /** Erases what these messages say; their offsets stay. */
  erase(topic: string, offsets: readonly number[]): void;
}

export interface Journal {
  topics(): IterableIterator<[string, TopicState]>;
  topic(name: string): TopicState;
  groups(topic: string): ReadonlyMap<string, number>;
  /** Queues `work`, which touches messages of `topics` only, for the next shared commit. Resolves when durable. */
  change(topics: readonly string[], work: (draft: Draft) => void): Promise<void>;
  /** At most `limit` messages from an offset on, without erased ones, and the offset after the last one looked at. */
  read<Value>(
    topic: string,
    from: number,
    limit: number,
  ): { readonly messages: Received<Value>[]; readonly next: number };
  /** When the log took the message at `offset` (epoch milliseconds); undefined where there is none. */
  appendedAt(topic: string, offset: number): number | undefined;
}

/** What the drafts of one shared commit have changed so far. */
interface Stage {
  readonly topics: Map<string, TopicState>;
  readonly groups: Map<string, { readonly topic: string; readonly group: string; readonly offset: number }>;
}

type GroupKey = [topic: string, group: string];

const EMPTY: TopicState = { first: 0, next: 0, bytes: 0 };
const NO_GROUPS: ReadonlyMap<string, number> = new Map();

/** @throws TidewatchError storage.full, storage.unavailable */
export function openJournal(environment: Environment): Journal {
  const topicRows = environment.open<TopicState, string>({ name: 'topics', encoding: 'json' });
  const groupRows = environment.open<number, GroupKey>({ name: 'groups', encoding: 'json' });
  const records = new Map<string, Database<Buffer, number>>();
  const topics = new Map<string, TopicState>();
  const groups = new Map<string, Map<string, number>>();
  for (const { key, value } of topicRows.getRange()) topics.set(key, value);
  for (const { key, value } of groupRows.getRange()) setGroup(key[0], key[1], value);

  let staged: Stage | undefined;
  environment.onSettled((committed) => {
    if (committed && staged !== undefined) {
      for (const [name, state] of staged.topics) topics.set(name, state);
      for (const { topic, group, offset } of staged.groups.values()) setGroup(topic, group, offset);
    }
    staged = undefined;
  });

  function setGroup(topic: string, group: string, offset: number): void {
    const known = groups.get(topic);
    if (known === undefined) groups.set(topic, new Map([[group, offset]]));
    else known.set(group, offset);
  }

  /** Never opened for the first time within a transaction: it would be gone if that one failed. */
  function recordsOf(topic: string): Database<Buffer, number> {
    let database = records.get(topic);
    if (database === undefined) {
      database = environment.open<Buffer, number>({ name: `topic ${topic}`, encoding: 'binary' });
      records.set(topic, database);
    }
    return database;
  }

  function draftOf(stage: Stage): Draft {
    const topic = (name: string): TopicState => stage.topics.get(name) ?? topics.get(name) ?? EMPTY;
    const putTopic = (name: string, state: TopicState): void => {
      stage.topics.set(name, state);
      topicRows.putSync(name, state);
    };
    return {
      topic,
      committed: (name, group) => stage.groups.get(groupId(name, group))?.offset ?? groups.get(name)?.get(group),
      append(name, encoded, now) {
        const state = topic(name);
        const database = recordsOf(name);
        let { next, bytes } = state;
        for (const message of encoded) {
          const record = toRecord(message, now);
          database.putSync(next, record, { append: true });
          bytes += storedBytes(record.length);
          next += 1;
        }
        putTopic(name, { ...state, next, bytes });
      },
      commit(name, group, offset) {
        stage.groups.set(groupId(name, group), { topic: name, group, offset });
        groupRows.putSync([name, group], offset);
      },
      remove(name, below, limit) {
        const state = topic(name);
        const database = recordsOf(name);
        const end = Math.min(below, state.first + limit, state.next);
        if (end <= state.first) return;
        let { bytes } = state;
        for (let offset = state.first; offset < end; offset += 1) {
          bytes -= storedBytes(database.getBinaryFast(offset)?.length ?? 0);
          database.removeSync(offset);
        }
        putTopic(name, { ...state, first: end, bytes: end === state.next ? 0 : bytes });
      },
      erase(name, offsets) {
        const state = topic(name);
        const database = recordsOf(name);
        let { bytes } = state;
        for (const offset of offsets) {
          const record = offset < state.first ? undefined : database.get(offset);
          if (record === undefined) continue;
          const empty = erasedRecord(fromRecord(record).at);
          database.putSync(offset, empty);
          bytes += storedBytes(empty.length) - storedBytes(record.length);
        }
        putTopic(name, { ...state, bytes });
      },
    };
  }

  return {
    topics: () => topics.entries(),
    topic: (name) => topics.get(name) ?? EMPTY,
    groups: (topic) => groups.get(topic) ?? NO_GROUPS,
    async change(names, work) {
      for (const name of names) recordsOf(name);
      await environment.write(() => {
        staged ??= { topics: new Map(), groups: new Map() };
        work(draftOf(staged));
      });
    },
    read<Value>(topic: string, from: number, limit: number) {
      const messages: Received<Value>[] = [];
      let next = from;
      for (const { key, value } of recordsOf(topic).getRange({ start: from, limit })) {
        const record = fromRecord<Value>(value);
        next = key + 1;
        if (record.erased === true) continue;
        messages.push({
          key: record.key,
          value: record.value,
          partition: 0,
          offset: key,
          appended_at: record.at,
        });
      }
      return { messages, next };
    },
    appendedAt(topic, offset) {
      const record = recordsOf(topic).get(offset);
      return record === undefined ? undefined : fromRecord(record).at;
    },
  };
}

function groupId(topic: string, group: string): string {
  return JSON.stringify([topic, group]);
}
