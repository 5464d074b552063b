/**
 * GDELT's Global Knowledge Graph: the titles of the world's news pages, in a file every 15 minutes. The list names the
 * newest file with its size and MD5, which is checked; the files between the cursor and it are read too, up to a limit,
 * so that a night's downtime is made good and a month's is not.
 * Rejected: the export and mentions files (codes of actors and events, no words to read), the DOC API (one question at a
 * time, 250 answers), masterfilelist.txt for the backlog's checksums (100 MB; a file's own CRC-32 is checked instead).
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { TidewatchError, toTidewatchError } from '../../core/errors.ts';
import { createConditionKeeper } from '../condition.ts';
import type { Emit, RawItem, Refusal, Source } from '../source.ts';
import { ask } from './ask.ts';
import { readFileList, readKnowledgeRecord, timeOf, type ListedFile } from './gdelt_record.ts';
import { POLL_BACKOFF, repeat } from './repeat.ts';
import { readZipEntry } from './zip_entry.ts';

const settings = z.object({
  url: z
    .url({ protocol: /^https?$/ })
    .default('http://data.gdeltproject.org/gdeltv2/lastupdate.txt')
    .describe('The list of the newest files; lastupdate-translation.txt beside it is of pages in 65 other languages.'),
  themes: z
    .array(z.string().min(1).max(60))
    .default(['ECON_'])
    .describe(
      'Only pages with a theme that begins so, such as ECON_STOCKMARKET; empty: all pages, about 100,000 a day.',
    ),
  every_secs: z.number().int().min(60).max(86_400).default(300).describe('Seconds between two looks at the list.'),
  max_backlog_files: z
    .number()
    .int()
    .min(0)
    .max(2000)
    .default(96)
    .describe('Files (of 15 minutes) that are made good after a downtime; older ones are left out and counted.'),
  max_bytes: z
    .number()
    .int()
    .min(100_000)
    .max(500_000_000)
    .default(100_000_000)
    .describe('Largest file, decompressed.'),
});

type GdeltSettings = z.output<typeof settings>;

interface GdeltCursor {
  readonly stamp: string;
}

const QUARTER_MS = 15 * 60_000;
const GAP_MS = 1000;
const FORBIDDEN_HINT = 'It refuses this address: look at the list in a browser.';

export const gdeltSource = defineComponent({
  name: 'gdelt',
  summary: 'Reads the titles of world news from GDELT’s 15-minute knowledge-graph files, by theme; no key.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, chosen.url);
    return {
      endless: true,
      condition: () => condition.read(),
      async run(emit) {
        // Of the list as it was when all of it was durable: it is asked for again only when it changed.
        const validators: Validators = { etag: null };
        await repeat(context, condition, POLL_BACKOFF, () => readNewFiles(chosen, context, validators, emit));
      },
    };
  },
});

interface Validators {
  etag: string | null;
}

async function readNewFiles(
  chosen: GdeltSettings,
  context: Context,
  validators: Validators,
  emit: Emit,
): Promise<number> {
  const cursors = context.state.table<GdeltCursor>('ingest_gdelt');
  const wait = chosen.every_secs * 1000 * (1 + Math.random() / 10);
  const list = await ask(context, {
    url: chosen.url,
    gapMs: GAP_MS,
    maxBytes: 100_000,
    headers: validators.etag === null ? {} : { 'if-none-match': validators.etag },
    forbiddenHint: FORBIDDEN_HINT,
    expected: [304],
  });
  if (list.status === 304) return wait;
  const newest = readFileList(list.body.toString('utf8'));
  if (newest === null) {
    throw new TidewatchError('feed.malformed', `${chosen.url} lists no file of the knowledge graph`, {
      hint: 'Is it a lastupdate.txt?',
    });
  }
  if (new URL(newest.url).host !== new URL(chosen.url).host) {
    throw new TidewatchError(
      'http.refused_address',
      `${chosen.url} lists a file on another host: ${new URL(newest.url).host}`,
    );
  }
  const cursor = cursors.get(context.name)?.stamp;
  if (cursor !== undefined && newest.stamp <= cursor) return wait;
  const missed = cursor === undefined ? [] : stampsBetween(cursor, newest.stamp);
  const leftOut = Math.max(0, missed.length - chosen.max_backlog_files);
  if (leftOut > 0) {
    context.metrics.stage('ingest').skipped('backlog', leftOut);
    context.log.warn(
      `${context.name}: ${leftOut} files of 15 minutes are left out, more than max_backlog_files (${chosen.max_backlog_files}) ago`,
    );
  }
  for (const stamp of missed.slice(leftOut)) {
    await readFile({ url: newest.url.replace(newest.stamp, stamp), stamp }, chosen, context, emit);
    await cursors.put(context.name, { stamp });
  }
  await readFile(newest, chosen, context, emit);
  await cursors.put(context.name, { stamp: newest.stamp });
  validators.etag = list.headers['etag'] ?? null;
  return wait;
}

/** The stamps of the quarters after `from` and before `to`, oldest first; at most a year of them. */
export function stampsBetween(from: string, to: string): string[] {
  const stamps: string[] = [];
  const end = Date.parse(timeOf(to));
  for (let at = Math.max(Date.parse(timeOf(from)), end - 366 * 86_400_000) + QUARTER_MS; at < end; at += QUARTER_MS) {
    stamps.push(new Date(at).toISOString().replace(/\D/g, '').slice(0, 14));
  }
  return stamps;
}

/** A file that GDELT never wrote (404) is counted and passed over; one that is broken is asked for again later. */
async function readFile(
  file: Pick<ListedFile, 'url' | 'stamp'> & Partial<ListedFile>,
  chosen: GdeltSettings,
  context: Context,
  emit: Emit,
): Promise<void> {
  const question = {
    url: file.url,
    gapMs: GAP_MS,
    maxBytes: chosen.max_bytes,
    forbiddenHint: FORBIDDEN_HINT,
    expected: [404],
  };
  const { status, body } = await ask(context, question);
  if (status === 404) {
    if (file.md5 !== undefined) throw new TidewatchError('http.unavailable', `${file.url} is listed but not there yet`);
    context.metrics.stage('ingest').skipped('file_missing');
    return;
  }
  if (file.md5 !== undefined && createHash('md5').update(body).digest('hex') !== file.md5) {
    throw new TidewatchError('http.unavailable', `${file.url} does not match the checksum in the list`, {
      hint: 'It may still be on its way; it is fetched again.',
    });
  }
  let lines: string[];
  try {
    lines = readZipEntry(body, chosen.max_bytes).toString('utf8').split('\n');
  } catch (thrown) {
    // It arrived as GDELT published it (or there is nothing to check it by): another fetch would bring the same.
    const { code, message } = toTidewatchError(thrown);
    const refusal = {
      code: code === 'input.too_large' ? code : ('input.invalid' as const),
      reason: `${file.url}: ${message}`,
      value: file.url,
    };
    await emit([], { refused: [refusal] });
    return;
  }
  const items: RawItem[] = [];
  const refused: Refusal[] = [];
  const skipped = { filtered: 0, untitled: 0 };
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const record = readKnowledgeRecord(line);
    if (record === null) skipped.untitled += 1;
    else if (typeof record === 'string') {
      refused.push({
        code: 'input.invalid',
        reason: `${file.url} line ${index + 1}: ${record}`,
        value: line.slice(0, 500),
      });
    } else if (isWanted(record.themes, chosen.themes)) items.push(record.item);
    else skipped.filtered += 1;
  }
  await emit(items, { refused });
  for (const [reason, count] of Object.entries(skipped))
    if (count > 0) context.metrics.stage('ingest').skipped(reason, count);
}

function isWanted(themes: readonly string[], prefixes: readonly string[]): boolean {
  return prefixes.length === 0 || themes.some((theme) => prefixes.some((prefix) => theme.startsWith(prefix)));
}
