/**
 * How fast documents are put into stories, with how much memory, and how well, when far more come than the index may
 * hold: seeded made-up documents in both languages, all within one day of event time, some of them copies (an edit, a
 * prefix, a cut) of one of the last documents. Prints JSON.
 * Usage: npx tsx bench/stories.ts [--documents 1000000] [--copies 0.35] [--reach 50000] [--stories 100000]
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { bareHeadline } from '../ingest/headline.ts';
import { createStoryIndex } from '../ingest/stories.ts';

const { values: options } = parseArgs({
  options: {
    documents: { type: 'string', default: '1000000' },
    copies: { type: 'string', default: '0.35' },
    /** A copy repeats one of this many documents before it. */
    reach: { type: 'string', default: '50000' },
    /** Most stories that are kept; the index's own limit without it. */
    stories: { type: 'string' },
  },
});
const COUNT = Number(options.documents);
const REACH = Number(options.reach);
const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 2, 2);

/** Mulberry32: small, seeded, good enough to draw words with. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
const draw = random(7);
const pick = (size: number): number => Math.floor(draw() * size);
/** Word ranks fall off about as in a language (Zipf), so that frequent words make frequent shingles. */
const rank = (size: number): number => Math.min(size - 1, Math.floor(size ** draw()) - 1 + pick(3));

const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo za bra cle dri flo gru sta'.split(' ');
const ENGLISH = Array.from({ length: 20_000 }, (_, index) => {
  let word = '';
  for (let rest = index + 30; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) {
    word += SYLLABLES[rest % SYLLABLES.length] ?? '';
  }
  return word;
});
const HAN = Array.from({ length: 3000 }, (_, index) => String.fromCharCode(0x4e00 + index * 5));

function makeText(): string {
  if (draw() < 0.4) return Array.from({ length: 18 + pick(60) }, () => HAN[rank(3000)]).join('');
  return Array.from({ length: 8 + pick(30) }, () => ENGLISH[rank(20_000)]).join(' ');
}

function copyOf(text: string): string {
  const kind = pick(4);
  if (kind === 0) return text;
  if (kind === 1) return /[a-z]/.test(text) ? `UPDATE 1-${text} - Wire` : `快讯：${text}`;
  if (kind === 2) return `${text.slice(0, Math.ceil(text.length * 0.7))}...`;
  const at = pick(text.length);
  return `${text.slice(0, at)}${text.slice(at).replace(/[a-z]+|[一-鿿]/, (word) => word.split('').reverse().join('') + 'x')}`;
}

const index = createStoryIndex(options.stories === undefined ? {} : { maxStories: Number(options.stories) });
const recent: { text: string; story: string }[] = [];
let copies = 0;
let found = 0;
let strangers = 0;
let merged = 0;
let seconds = 0;
let peakBytes = 0;
const rates: number[] = [];
let sliceSeconds = 0;
const share = Number(options.copies);
/** Made before the clock runs: what is measured is the placing. */
interface Made {
  readonly id: string;
  readonly text: string;
  readonly original: { readonly story: string } | undefined;
}
const STEP = 1000;
for (let from = 0; from < COUNT; from += STEP) {
  const made: Made[] = [];
  for (let serial = from; serial < Math.min(COUNT, from + STEP); serial += 1) {
    const original = recent.length > 100 && draw() < share ? recent[pick(recent.length)] : undefined;
    made.push({ id: `d${serial}`, text: original === undefined ? makeText() : copyOf(original.text), original });
  }
  // Processor time, collector included: the machine may be doing other things.
  const began = process.cpuUsage();
  const stories = made.map(({ id, text }, offset) => {
    const at = START + Math.floor(((from + offset) / COUNT) * DAY_MS);
    const url = `https://example.com/${id}`;
    return index.place(
      { id, text: bareHeadline(text), links: [], isSocial: false, at, about: [], url, repostOf: null },
      at,
    ).story;
  });
  index.changes();
  const { user, system } = process.cpuUsage(began);
  seconds += (user + system) / 1e6;
  sliceSeconds += (user + system) / 1e6;
  made.forEach(({ id, text, original }, offset) => {
    const story = stories[offset] ?? '';
    if (original === undefined) {
      strangers += 1;
      if (story !== id) merged += 1;
    } else {
      copies += 1;
      if (story === original.story) found += 1;
    }
    const entry = { text, story };
    if (recent.length < REACH) recent.push(entry);
    else recent[(from + offset) % REACH] = entry;
  });
  if ((from + STEP) % 100_000 === 0) {
    rates.push(Math.round(100_000 / sliceSeconds));
    sliceSeconds = 0;
  }
  if (from % 10_000 === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}

process.stdout.write(
  `${JSON.stringify(
    {
      documents: COUNT,
      documents_per_cpu_second: Math.round(COUNT / seconds),
      per_cpu_second_by_100_000: rates,
      peak_rss_mb: Math.round(peakBytes / 1e6),
      stories_held: index.size,
      heap_mb: Math.round(process.memoryUsage().heapUsed / 1e6),
      buffers_mb: Math.round(process.memoryUsage().arrayBuffers / 1e6),
      copies,
      copies_found: Number((found / copies).toFixed(4)),
      strangers,
      strangers_merged: merged,
      node: process.version,
      cpu: cpus()[0]?.model,
      load: loadavg().map((value) => Number(value.toFixed(1))),
    },
    null,
    2,
  )}\n`,
);
