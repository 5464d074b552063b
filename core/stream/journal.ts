/**
 * The embedded log's data on disk: three LMDB databases, `messages` ([topic, offset] → JSON bytes), `topics` (next and
 * first offset, bytes) and `groups` ([topic, group] → committed offset). All changes are made inside one LMDB
 * transaction by a `Draft`; the copies in memory follow only after the commit, so a failed commit leaves no trace.
 *
 * One record a message, not a record a batch: acknowledging and removing then need no rewriting, and 1 KB messages
 * are appended fast enough (docs/decisions/0001-embedded-log.md).
 */
import type { Database } from 'lmdb';
import { TidewatchError } from '../errors.ts';
import type { Environment } from '../state/environment.ts';
import type { Message, Received } from './stream.ts';

export interface TopicState {
  /** Offset of the oldest message kept; equal to `next` when there is none. */
  readonly first: number;
  /** Offset that the next message will get. */
  readonly next: number;
  /** Disk pages of the messages kept, roughly, in bytes. */
  readonly bytes: number;
}

type Key = [topic: string, rest: string | number];

/** Changes within one transaction; reads see what the same draft wrote. */
export interface Draft {
  topic(name: string): TopicState;
  committed(topic: string, group: string): number | undefined;
  append(topic: string, messages: readonly EncodedMessage[], now: number): void;
  commit(topic: string, group: string, offset: number): void;
  /** Removes messages below `below`, oldest first, at most `limit`. */
  remove(topic: string, below: number, limit: number): void;
}

export interface Journal {
  topics(): IterableIterator<[string, TopicState]>;
  topic(name: string): TopicState;
  groups(topic: string): ReadonlyMap<string, number>;
  /** Queues `change` for the next shared commit; resolves with its result when durable. */
  change<Result>(change: (draft: Draft) => Result): Promise<Result>;
  read<Value>(topic: string, from: number, limit: number): Received<Value>[];
  /** When the log took the message at `offset` (epoch milliseconds); undefined where there is none. */
  appendedAt(topic: string, offset: number): number | undefined;
}

/** A message's JSON without the time, which the log adds on append. */
export interface EncodedMessage {
  readonly key: string;
  readonly value: string;
}

interface Stage {
  readonly topics: Map<string, TopicState>;
  readonly groups: Map<string, number>;
}

const EMPTY: TopicState = { first: 0, next: 0, bytes: 0 };
const NO_GROUPS: ReadonlyMap<string, number> = new Map();

/** @throws TidewatchError internal (the value is not plain JSON data) */
export function encodeMessage(message: Message): EncodedMessage {
  try {
    return { key: JSON.stringify(message.key), value: JSON.stringify(message.value) ?? 'null' };
  } catch (error) {
    throw new TidewatchError('internal', `The message ${message.key} is not JSON data`, { cause: error });
  }
}

/** What a record of `size` bytes takes on disk: LMDB keeps records over half a page on 4 KB pages of their own. */
export function storedBytes(size: number): number {
  return size > 2_000 ? Math.ceil((size + 16) / 4096) * 4096 : size + 48;
}

export function openJournal(environment: Environment): Journal {
  const open = (name: string): Database<Buffer, Key> =>
    environment.root.openDB<Buffer, Key>({ name, encoding: 'binary', keyEncoding: 'ordered-binary' });
  const messages = open('messages');
  const topicRows = environment.root.openDB<TopicState, string>({ name: 'topics', encoding: 'json' });
  const groupRows = environment.root.openDB<number, Key>({ name: 'groups', encoding: 'json' });

  const topics = new Map<string, TopicState>();
  const groups = new Map<string, Map<string, number>>();
  for (const { key, value } of topicRows.getRange()) topics.set(key, value);
  for (const { key, value } of groupRows.getRange()) setGroup(groups, key[0], String(key[1]), value);

  /** Drafts of one shared commit see each other through `staged`; memory follows when the commit is done. */
  let staged: Stage | undefined;
  environment.onSettled((committed) => {
    if (committed && staged !== undefined) settle(staged);
    staged = undefined;
  });
  const groupId = (topic: string, group: string): string => JSON.stringify([topic, group]);

  function draftOf(stage: Stage): Draft {
    const topic = (name: string): TopicState => stage.topics.get(name) ?? topics.get(name) ?? EMPTY;
    const putTopic = (name: string, state: TopicState): void => {
      stage.topics.set(name, state);
      topicRows.putSync(name, state);
    };
    return {
      topic,
      committed: (name, group) => stage.groups.get(groupId(name, group)) ?? groups.get(name)?.get(group),
      append(name, encoded, now) {
        const state = topic(name);
        let bytes = state.bytes;
        encoded.forEach((message, index) => {
          const record = Buffer.from(`{"at":${now},"key":${message.key},"value":${message.value}}`);
          bytes += storedBytes(record.length);
          messages.putSync([name, state.next + index], record);
        });
        putTopic(name, { ...state, next: state.next + encoded.length, bytes });
      },
      commit(name, group, offset) {
        stage.groups.set(groupId(name, group), offset);
        groupRows.putSync([name, group], offset);
      },
      remove(name, below, limit) {
        const state = topic(name);
        const end = Math.min(below, state.first + limit, state.next);
        let bytes = state.bytes;
        for (let offset = state.first; offset < end; offset += 1) {
          bytes -= storedBytes(messages.getBinaryFast([name, offset])?.length ?? 0);
          messages.removeSync([name, offset]);
        }
        if (end > state.first) putTopic(name, { ...state, first: end, bytes: end === state.next ? 0 : bytes });
      },
    };
  }

  function settle(stage: Stage): void {
    for (const [name, state] of stage.topics) topics.set(name, state);
    for (const [id, offset] of stage.groups) {
      const [topic, group] = JSON.parse(id) as [string, string];
      setGroup(groups, topic, group, offset);
    }
  }

  return {
    topics: () => topics.entries(),
    topic: (name) => topics.get(name) ?? EMPTY,
    groups: (topic) => groups.get(topic) ?? NO_GROUPS,
    async change<Result>(change: (draft: Draft) => Result) {
      let result: { readonly value: Result } | undefined;
      await environment.write(() => {
        staged ??= { topics: new Map(), groups: new Map() };
        result = { value: change(draftOf(staged)) };
      });
      if (result === undefined) throw new TidewatchError('internal', 'A change was committed but not made.');
      return result.value;
    },
    read<Value>(topic: string, from: number, limit: number) {
      const found: Received<Value>[] = [];
      for (const { key, value } of messages.getRange({ start: [topic, from], end: [topic, from + limit] })) {
        const record = JSON.parse(value.toString('utf8')) as { at: number; key: string; value: Value };
        found.push({
          key: record.key,
          value: record.value,
          partition: 0,
          offset: Number(key[1]),
          appended_at: record.at,
        });
      }
      return found;
    },
    appendedAt(topic, offset) {
      const value = messages.get([topic, offset]);
      return value === undefined ? undefined : (JSON.parse(value.toString('utf8')) as { at: number }).at;
    },
  };
}

function setGroup(groups: Map<string, Map<string, number>>, topic: string, group: string, offset: number): void {
  const known = groups.get(topic);
  if (known === undefined) groups.set(topic, new Map([[group, offset]]));
  else known.set(group, offset);
}
