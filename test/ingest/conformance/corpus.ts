/**
 * The feeds of other readers' tests: feedparser, gofeed, feed-rs and rss-parser, with what the last three expect. They
 * are read where they are at hand and never part of this project.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const CORPUS = resolve(process.env['TIDEWATCH_SHARED_DATA'] ?? '../shared/data', 'feed-conformance.tar.gz');

export interface CorpusFeed {
  /** Path within the corpus. */
  readonly name: string;
  readonly reader: 'feedparser' | 'gofeed' | 'feed-rs' | 'rss-parser';
  readonly bytes: Buffer;
  /** What its reader expects, parsed; absent where it does not say. */
  readonly expected?: unknown;
}

export function hasCorpus(): boolean {
  return existsSync(CORPUS);
}

/** Every feed, XML first; JSON feeds are the `.json` files that are no expectation. */
export function readCorpus(): CorpusFeed[] {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-feeds-'));
  try {
    execFileSync('tar', ['xzf', CORPUS, '-C', folder]);
    const names = new Set(readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted());
    const feeds = [...names].filter((name) => isFeed(name, names));
    return feeds.map((name) => {
      const expected = expectationOf(name, names);
      return {
        name,
        reader: (/rss\/(gofeed|feed-rs|rss-parser)\//.exec(name)?.[1] ?? 'feedparser') as CorpusFeed['reader'],
        bytes: readFileSync(join(folder, name)),
        ...(expected === undefined
          ? {}
          : { expected: JSON.parse(readFileSync(join(folder, expected), 'utf8')) as unknown }),
      };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isFeed(name: string, names: ReadonlySet<string>): boolean {
  if (/\.(?:xml|rss|atom)$/.test(name)) return true;
  if (!name.endsWith('.json') || /(?:\.serde|_expected)\.json$/.test(name)) return false;
  return /\/json\/|jsonfeed\/|universal\//.test(name) && !names.has(name.replace(/json$/, 'xml'));
}

function expectationOf(name: string, names: ReadonlySet<string>): string | undefined {
  const stem = name.replace(/\.\w+$/, '');
  const candidates = [
    `${stem}.serde.json`,
    `${stem}_expected.json`,
    ...(name.endsWith('.json') ? [] : [`${stem}.json`]),
    `${stem.replace('/input/', '/output/')}.json`,
  ];
  return candidates.find((candidate) => candidate !== name && names.has(candidate));
}
