/** Our reading of a feed beside another reader's, field by field; a disagreement has a reason. */
import { cleanText } from '../../../core/text.ts';
import { TidewatchError } from '../../../core/errors.ts';
import { decodeFeed } from '../../../ingest/encoding.ts';
import { readFeed, type Feed } from '../../../ingest/feed.ts';
import { htmlToText } from '../../../ingest/html.ts';
import type { RawItem } from '../../../ingest/source.ts';
import { parseTime } from '../../../ingest/time.ts';
import type { CorpusFeed } from './corpus.ts';
import { expectedOf, type ExpectedFeed, type ExpectedItem } from './expected.ts';

export const FIELDS = ['title', 'link', 'date', 'text'] as const;
export type Field = (typeof FIELDS)[number];

/** Why a value differs. The first three are checked faults of the expectation: the rest of the value is the same. */
export const REASONS = {
  lost_letters: 'their text has lost its letters to U+FFFD: they read the bytes in another encoding',
  mixed_content: 'their text has the words of mixed content in another order',
  test_option: 'their test sets an option (an empty element reads EMPTY)',
  guid_link: 'theirs has no link, ours takes the guid that is a permanent link (RSS 2.0)',
  more_dates: 'ours reads a date that theirs does not',
  other: 'other',
} as const;
export type Reason = keyof typeof REASONS;
export const FAULTS_OF_EXPECTATION: readonly Reason[] = ['lost_letters', 'mixed_content', 'test_option'];

export interface Disagreement {
  readonly reason: Reason;
  readonly feed: string;
  readonly field: Field;
  readonly item: number | 'feed';
  readonly expected: string;
  readonly ours: string;
}

export interface Reading {
  readonly name: string;
  readonly reader: CorpusFeed['reader'];
  /** Time of the processor, so that other work on the machine does not count. */
  readonly milliseconds: number;
  /** Why it was refused; null where it was read. */
  readonly refused: string | null;
  /** Anything but a feed or a refusal: a crash. */
  readonly crash: string | null;
  /** By field, how many values were compared. */
  readonly compared: Readonly<Record<Field, number>>;
  readonly disagreements: readonly Disagreement[];
}

export async function readAndCompare(feed: CorpusFeed): Promise<Reading> {
  const started = process.cpuUsage();
  let read: Feed | null = null;
  let refused: string | null = null;
  let crash: string | null = null;
  try {
    read = await readFeed(decodeFeed(feed.bytes));
  } catch (error) {
    if (error instanceof TidewatchError && error.code === 'feed.malformed') refused = error.message;
    else crash = String(error);
  }
  const { user, system } = process.cpuUsage(started);
  const milliseconds = (user + system) / 1000;
  const expected = expectedOf(feed);
  const comparison = expected === null ? { compared: none(), disagreements: [] } : compare(feed.name, expected, read);
  return { name: feed.name, reader: feed.reader, milliseconds, refused, crash, ...comparison };
}

function compare(feed: string, expected: ExpectedFeed, read: Feed | null) {
  const compared = none();
  const disagreements: Disagreement[] = [];
  const check = (
    field: Field,
    item: number | 'feed',
    theirs: string,
    ours: string,
    agrees: boolean,
    texts = [theirs],
  ) => {
    if (theirs === '' && ours === '') return;
    compared[field] += 1;
    if (agrees) return;
    disagreements.push({ feed, field, item, expected: theirs, ours, reason: reasonOf(field, { theirs, texts, ours }) });
  };
  const title = read?.title ?? '';
  check('title', 'feed', expected.title.trim(), title, isSameText(expected.title, title));
  const theirs = expected.items.filter((item) => FIELDS.some((field) => item[field].trim() !== ''));
  const ours = (read?.items ?? []).filter(
    (item) => [item.title, item.text, item.url, item.published_at].join('').trim() !== '',
  );
  for (let index = 0; index < Math.max(theirs.length, ours.length); index += 1) {
    const theirItem = theirs[index] ?? NOTHING;
    const ourItem: RawItem = ours[index] ?? { text: '' };
    const { title: ourTitle = '', url = '', text, published_at = '' } = ourItem;
    check('title', index, theirItem.title.trim(), ourTitle.trim(), isSameText(theirItem.title, ourTitle));
    check('link', index, theirItem.link.trim(), url, isSameLink(theirItem.link, url));
    check('date', index, theirItem.date, published_at, parseTime(theirItem.date) === parseTime(published_at));
    const isText = theirItem.texts.some((possible) => isSameText(possible, text));
    check('text', index, theirItem.text.trim(), text.trim(), isText, [...theirItem.texts]);
  }
  return { compared, disagreements };
}

export interface Agreement {
  readonly compared: number;
  /** Values whose expectation is at fault. */
  readonly faults: number;
  readonly agreeing: number;
  /** Of the values whose expectation is not at fault, in [0, 1]. */
  readonly share: number;
  /** Feeds in which all such values of the field agree, and all feeds that have the field. */
  readonly feeds: readonly [agreeing: number, all: number];
}

export function agreementOf(readings: readonly Reading[], field: Field): Agreement {
  const withField = readings.filter(({ compared }) => compared[field] > 0);
  const compared = withField.reduce((sum, reading) => sum + reading.compared[field], 0);
  const wrong = withField.map(({ disagreements }) => disagreements.filter((one) => one.field === field));
  const faults = wrong.flat().filter(({ reason }) => FAULTS_OF_EXPECTATION.includes(reason)).length;
  const agreeing = compared - wrong.flat().length;
  const goodFeeds = wrong.filter((some) => some.every(({ reason }) => FAULTS_OF_EXPECTATION.includes(reason)));
  const share = agreeing / (compared - faults);
  return { compared, faults, agreeing, share, feeds: [goodFeeds.length, withField.length] };
}

function reasonOf(
  field: Field,
  { theirs, texts, ours }: { theirs: string; texts: readonly string[]; ours: string },
): Reason {
  const ascii = (text: string): string => fold(htmlToText(text)).replace(/[^!-~]/g, '');
  const letters = (text: string): string => fold(htmlToText(text)).split('').sort().join('');
  if (texts.some((text) => text.includes('\ufffd') && ascii(text) === ascii(ours))) return 'lost_letters';
  if (theirs === 'EMPTY' && ours === '') return 'test_option';
  if (field === 'link' && theirs === '') return 'guid_link';
  if (field === 'date' && theirs === '') return 'more_dates';
  if (field !== 'text') return 'other';
  return letters(theirs) === letters(ours) ? 'mixed_content' : 'other';
}

const NOTHING: ExpectedItem = { title: '', link: '', date: '', text: '', texts: [''] };

function none(): Record<Field, number> {
  return { title: 0, link: 0, date: 0, text: 0 };
}

/** Equal as a person reads it: the expectation as plain text, or with its markup taken out; white space folded. */
function isSameText(expected: string, ours: string): boolean {
  const own = fold(ours);
  return fold(expected) === own || fold(htmlToText(expected)) === own;
}

function fold(text: string): string {
  return cleanText(text).replace(/\s+/g, '');
}

function isSameLink(expected: string, ours: string): boolean {
  const canonical = (link: string): string => (URL.canParse(link.trim()) ? new URL(link.trim()).href : link.trim());
  return canonical(expected) === canonical(ours);
}
