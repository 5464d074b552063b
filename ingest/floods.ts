/**
 * How much a post looks like part of a coordinated campaign, as its `coordinated` score: what is remembered of authors,
 * texts, targets and cashtags, from which flood_signals.ts reads its signals. Event time, so that a replay gives the same
 * scores; bounded: the least recently seen give way. Only social posts are scored and remembered: outlets that print one
 * wire report are not a campaign. What says that it repeats another ("RT @", a repost) neither counts nor suffers as copy.
 *
 * A campaign's first posts score low, since nobody can know yet; the score of a story is that of its highest document.
 */
import { concerns, type Target } from '../core/removal.ts';
import { combined, newcomerBurst, oneVoice, piggyback, rhythm, sameText } from './flood_signals.ts';
import { oldestOf } from './oldest.ts';
import { hashText } from './shingles.ts';

export interface Post {
  /** Outlet, line feed, and the author as documents carry it; null: unsigned. */
  readonly author: string | null;
  readonly feed: string;
  /** Story whose template it fills (stories.ts). */
  readonly family: string;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  /** False where the origin gave a day or nothing: then times say nothing. */
  readonly isTimed: boolean;
  readonly isRepost: boolean;
  readonly hasLink: boolean;
  /** Words of the text without cashtags and links. */
  readonly words: number;
  readonly cashtags: readonly string[];
  /** The first entity or cashtag that it names; null without one. */
  readonly target: string | null;
}

/** Plain data, a row of the state each; the key's first letter tells them apart: a, f, t, s, l. */
export type FloodRow = AuthorRow | FamilyRow | TargetRow | TagRow | FeedRow;

interface Aged {
  /** By the process's clock, epoch milliseconds: the order in which rows give way. */
  arrived: number;
}
interface AuthorRow extends Aged {
  /** Event time and target of the last posts. */
  readonly posts: [at: number, target: number][];
}
interface FamilyRow extends Aged {
  /** Event time, author, and whether it was the author's first post ever seen. */
  readonly posts: [at: number, author: number, newcomer: 0 | 1][];
}
interface TargetRow extends Aged {
  readonly posts: [at: number, newcomer: 0 | 1][];
}
interface TagRow extends Aged {
  /** Tags seen beside this one in posts with few of them. */
  readonly beside: number[];
}
interface FeedRow extends Aged {
  posts: number;
  newcomers: number;
}

export interface FloodWatch {
  /** The score in [0, 1] of a post that comes now; it is remembered. */
  score(post: Post, now: number): number;
  /** Whether there is a row of this key. */
  has(key: string): boolean;
  /** Keys of the rows of authors, by their stored form, of all authors of an outlet, and of a document's text where nobody else posted it. */
  rowsOf(targets: readonly Target[]): string[];
  /** Forgets those. */
  forget(targets: readonly Target[]): void;
  restore(rows: Iterable<{ key: string; value: FloodRow }>): void;
  /** Rows that changed since the last call; null: removed. */
  changes(): Map<string, FloodRow | null>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SAME_TEXT_MS = 30 * MINUTE_MS;
const MOST = { a: 100_000, f: 20_000, t: 5_000, s: 20_000, l: 1_000 } as const;
/** A feed's usual share of newcomers is known after so many posts, and follows the last few thousand. */
const LEARNT_POSTS = 300;
const REMEMBERED_POSTS = 5_000;
const LEAST_WORDS = 5;

export function createFloodWatch(most: Readonly<Record<keyof typeof MOST, number>> = MOST): FloodWatch {
  // In the order of their last change, a kind each: the first gives way.
  const rows = {
    a: kind<AuthorRow>(),
    f: kind<FamilyRow>(),
    t: kind<TargetRow>(),
    s: kind<TagRow>(),
    l: kind<FeedRow>(),
  };
  const oldest = {
    a: oldestOf(rows.a),
    f: oldestOf(rows.f),
    t: oldestOf(rows.t),
    s: oldestOf(rows.s),
    l: oldestOf(rows.l),
  };
  let changed = new Map<string, FloodRow | null>();

  function put<Row extends Aged & FloodRow>(
    letter: keyof typeof MOST,
    table: Map<string, Row>,
    key: string,
    row: Row,
  ): void {
    table.delete(key);
    table.set(key, row);
    changed.set(letter + key, row);
    oldest[letter].moved(key);
    if (table.size <= most[letter]) return;
    const first = oldest[letter].peek();
    if (first === undefined) return;
    table.delete(first);
    changed.set(letter + first, null);
  }

  function unrelatedShare(tags: readonly string[]): number {
    const hashes = tags.map(hashText);
    let pairs = 0;
    let strange = 0;
    tags.forEach((tag, index) => {
      const beside = rows.s.get(tag)?.beside ?? [];
      for (const other of hashes.slice(index + 1)) {
        pairs += 1;
        if (!beside.includes(other)) strange += 1;
      }
    });
    return pairs === 0 ? 0 : strange / pairs;
  }

  function learnTags(tags: readonly string[], now: number): void {
    // Long lists are what is judged; short ones teach which companies belong together.
    if (tags.length < 2 || tags.length > 3) return;
    for (const tag of tags) {
      const beside = rows.s.get(tag)?.beside ?? [];
      const fresh = tags
        .filter((other) => other !== tag)
        .map(hashText)
        .filter((hash) => !beside.includes(hash));
      if (fresh.length > 0) put('s', rows.s, tag, { arrived: now, beside: [...beside, ...fresh].slice(-32) });
    }
  }

  function scoreTimed(post: Post & { author: string }, now: number): number[] {
    const { author, feed, family, at, isRepost } = post;
    const voice = hashText(author);
    const target = hashText(post.target ?? '');
    const past = rows.a.get(author);
    const newcomer = past === undefined ? 1 : 0;
    const own: AuthorRow = {
      arrived: now,
      posts: [...(past?.posts ?? []), [at, target] as [number, number]].slice(-12),
    };
    const usual = rows.l.get(feed) ?? { arrived: now, posts: 0, newcomers: 0 };
    const signals: number[] = [];

    const spoken =
      post.target === null ? 0 : own.posts.filter(([time, one]) => one === target && near(time, at, HOUR_MS)).length;
    signals.push(oneVoice(spoken), rhythm(own.posts.map(([time]) => time).sort(ascending)));

    if (!isRepost && post.words >= LEAST_WORDS) {
      const copies = rows.f.get(family)?.posts ?? [];
      const others = new Map(
        copies
          .filter(([time, one]) => one !== voice && near(time, at, SAME_TEXT_MS))
          .map(([, one, isNew]) => [one, isNew]),
      );
      const fresh = [...others.values()].filter((isNew) => isNew === 1).length;
      const isLearnt = usual.posts >= LEARNT_POSTS;
      signals.push(sameText(others.size, isLearnt ? fresh : 0, post.hasLink));
      const all = [...copies, [at, voice, newcomer] as [number, number, 0 | 1]].slice(-48);
      if (others.size >= 3 && !post.hasLink) {
        signals.push(
          rhythm(
            all
              .slice(-13)
              .map(([time]) => time)
              .sort(ascending),
          ),
        );
      }
      put('f', rows.f, family, { arrived: now, posts: all });
    }

    if (post.target !== null) {
      const about = rows.t.get(post.target)?.posts ?? [];
      const recent = [...about.filter(([time]) => near(time, at, HOUR_MS)), [at, newcomer] as [number, 0 | 1]].slice(
        -64,
      );
      if (newcomer === 1 && usual.posts >= LEARNT_POSTS) {
        const fresh = recent.filter(([, isNew]) => isNew === 1).length;
        signals.push(newcomerBurst(recent.length, fresh, usual.newcomers / usual.posts));
      }
      put('t', rows.t, post.target, { arrived: now, posts: recent });
    }

    const keep = usual.posts >= REMEMBERED_POSTS ? 0.5 : 1;
    put('l', rows.l, feed, {
      arrived: now,
      posts: usual.posts * keep + 1,
      newcomers: usual.newcomers * keep + newcomer,
    });
    put('a', rows.a, author, own);
    return signals;
  }

  function rowsOf(targets: readonly Target[]): string[] {
    const isNamed = isAuthorOf(targets);
    const authors = Array.from(rows.a.keys(), (key) => `a${key}`).filter(isNamed);
    const texts = targets.flatMap(({ kind, values }) => (kind === 'document' ? values : []));
    return [...authors, ...texts.filter((id) => rows.f.get(id)?.posts.length === 1).map((id) => `f${id}`)];
  }

  const has = (key: string): boolean => rows[key.charAt(0) as keyof typeof rows].has(key.slice(1));

  return {
    score(post, now) {
      const tags = post.cashtags;
      const signals = [piggyback(tags.length, tags.length < 4 ? 0 : unrelatedShare(tags), post.words)];
      learnTags(tags, now);
      const { author } = post;
      if (author !== null && post.isTimed) signals.push(...scoreTimed({ ...post, author }, now));
      return combined(signals);
    },
    has,
    rowsOf,
    forget(targets) {
      for (const key of rowsOf(targets)) {
        rows[key.charAt(0) as keyof typeof rows].delete(key.slice(1));
        changed.set(key, null);
      }
    },
    restore(stored) {
      for (const { key, value } of [...stored].sort((a, b) => a.value.arrived - b.value.arrived)) {
        const table = rows[key.charAt(0) as keyof typeof rows] as Map<string, FloodRow> | undefined;
        table?.set(key.slice(1), value);
      }
    },
    changes() {
      const drained = changed;
      changed = new Map();
      return drained;
    },
  };
}

/** Whether a row's key is of one of the authors, or of an author at one of the outlets. */
export function isAuthorOf(targets: readonly Target[]): (key: string) => boolean {
  const people = targets.filter(({ kind }) => kind !== 'document');
  if (people.length === 0) return () => false;
  return (key) => {
    const end = key.lastIndexOf('\n');
    const said = { source: key.slice(1, end), author: key.slice(end + 1) };
    return key.startsWith('a') && people.some((target) => concerns(target, said));
  };
}

function kind<Row>(): Map<string, Row> {
  return new Map<string, Row>();
}

function near(time: number, at: number, ms: number): boolean {
  return Math.abs(time - at) <= ms;
}

function ascending(a: number, b: number): number {
  return a - b;
}
