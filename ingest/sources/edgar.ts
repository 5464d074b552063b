/**
 * Filings at the SEC as they are accepted: EDGAR's "current filings" as Atom, one question a form, page after page back
 * to where the last one stood. Each entry is one company's part in a filing.
 * Sources: sec.gov/about/developer-resources and "Accessing EDGAR Data" (10 requests a second at most for one user, all
 * machines together; a user agent that names who asks and an e-mail address); browse-edgar?action=getcurrent.
 * Rejected: data.sec.gov/submissions (a request a company) and the daily index (a day late).
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { TidewatchError } from '../../core/errors.ts';
import { createConditionKeeper } from '../condition.ts';
import { decodeFeed } from '../encoding.ts';
import { readFeed } from '../feed.ts';
import type { Emit, RawItem, Refusal, Source } from '../source.ts';
import { parseTime } from '../time.ts';
import { ask } from './ask.ts';
import { readFiling } from './edgar_filing.ts';
import { readInTurn } from './in_turn.ts';
import { POLL_BACKOFF, repeat } from './repeat.ts';

const settings = z.object({
  contact: z
    .email()
    .describe(
      'Your e-mail address: the SEC asks every program to send one with each request, and refuses those without.',
    ),
  organisation: z.string().min(1).max(100).default('Tidewatch').describe('Who asks, sent beside the contact.'),
  url: z
    .url({ protocol: /^https?$/ })
    .default('https://www.sec.gov/cgi-bin/browse-edgar')
    .describe('Address of EDGAR.'),
  forms: z
    .array(z.string().regex(/^[\w/ -]{1,20}$/))
    .default(['8-K', '6-K', '10-K', '10-Q', '20-F', 'SCHEDULE 13D'])
    .describe('Forms to take, amendments (/A) with them; empty: every form.'),
  ciks: z
    .array(z.string().regex(/^\d{1,10}$/, 'a CIK of up to ten digits'))
    .default([])
    .describe('Only filings of these companies, by their Central Index Key; empty: all companies.'),
  every_secs: z.number().int().min(10).max(86_400).default(60).describe('Seconds between two rounds of questions.'),
  requests_per_second: z
    .number()
    .min(0.1)
    .max(10)
    .default(5)
    .describe('At most 10, by the SEC’s rule, for all your machines together.'),
});

type EdgarSettings = z.output<typeof settings>;

/** Epoch milliseconds of the newest entry that is durable, by form ('' for all forms). */
type EdgarCursor = Readonly<Record<string, number>>;

const PAGE = 100;
const MAX_PAGES = 20;
/** EDGAR blocks who asks too fast for about ten minutes. */
const BLOCKED_MS = 10 * 60_000;
/** Entries of the cursor's second, and some that came late, are looked at again; known ones are recognised. */
const OVERLAP_MS = 60_000;

export const edgarSource = defineComponent({
  name: 'edgar',
  summary: 'Reads new filings at the SEC (EDGAR, Atom) by form and company; needs an e-mail address as contact.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, chosen.url);
    return {
      endless: true,
      condition: () => condition.read(),
      async run(emit) {
        const known = new Map<string, ReadonlySet<string>>();
        await repeat(context, condition, POLL_BACKOFF, () => readRound(chosen, context, known, emit));
      },
    };
  },
});

/** By form, what the last round brought, wanted or not: what is looked at once more is neither taken nor counted once more. */
type Known = Map<string, ReadonlySet<string>>;

async function readRound(chosen: EdgarSettings, context: Context, known: Known, emit: Emit): Promise<number> {
  const forms = chosen.forms.length === 0 ? [''] : chosen.forms;
  await readInTurn(forms, context.signal, (form) => readForm(form, chosen, context, known, emit));
  return chosen.every_secs * 1000 * (1 + Math.random() / 10);
}

/** Pages back from the newest entry to the cursor, then emits the oldest first; the first time, one page. */
async function readForm(
  form: string,
  chosen: EdgarSettings,
  context: Context,
  known: Known,
  emit: Emit,
): Promise<void> {
  const cursors = context.state.table<EdgarCursor>('ingest_edgar');
  const since = cursors.get(context.name)?.[form];
  const wanted = new Set(chosen.ciks.map((cik) => cik.padStart(10, '0')));
  const items: RawItem[] = [];
  const refused: Refusal[] = [];
  const unwanted: string[] = [];
  let newest = since ?? 0;
  for (let page = 0; page < (since === undefined ? 1 : MAX_PAGES); page += 1) {
    const entries = await readPage(form, page, chosen, context);
    for (const entry of entries) {
      const filing = readFiling(entry);
      if (typeof filing === 'string') {
        refused.push({ code: 'input.invalid', reason: filing, value: entry });
        continue;
      }
      const time = parseTime(entry.published_at ?? '');
      newest = Math.max(newest, time ?? 0);
      if (since !== undefined && time !== null && time < since - OVERLAP_MS) continue;
      // `type=8-K` also finds 8-K12B: EDGAR matches beginnings.
      const isForm = form === '' || filing.form === form || filing.form === `${form}/A`;
      if (isForm && (wanted.size === 0 || wanted.has(filing.cik))) items.push(filing.item);
      else unwanted.push(filing.item.guid ?? '');
    }
    const oldest = Math.min(...entries.map((entry) => parseTime(entry.published_at ?? '') ?? Infinity));
    if (entries.length < PAGE || (since !== undefined && oldest < since)) break;
    if (page + 1 === MAX_PAGES) {
      context.log.warn(
        `${context.name}: more than ${MAX_PAGES * PAGE} filings (${form || 'all forms'}) since the last round; older ones are left out`,
      );
      context.metrics.stage('ingest').skipped('backlog');
    }
  }
  const before = known.get(form);
  const fresh = items.filter(({ guid = '' }) => before?.has(guid) !== true);
  if (fresh.length + refused.length > 0) await emit(fresh.toReversed(), { refused });
  const filtered = unwanted.filter((guid) => before?.has(guid) !== true).length;
  if (filtered > 0) context.metrics.stage('ingest').skipped('filtered', filtered);
  known.set(form, new Set([...items.map(({ guid = '' }) => guid), ...unwanted]));
  await cursors.put(context.name, { ...cursors.get(context.name), [form]: Math.min(newest, context.clock.now()) });
}

async function readPage(
  form: string,
  page: number,
  chosen: EdgarSettings,
  context: Context,
): Promise<readonly RawItem[]> {
  const address = new URL(chosen.url);
  const query = {
    action: 'getcurrent',
    type: form,
    owner: 'include',
    start: String(page * PAGE),
    count: String(PAGE),
    output: 'atom',
  };
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const answer = await ask(context, {
    url: address.href,
    gapMs: 1000 / chosen.requests_per_second,
    headers: { 'user-agent': `${chosen.organisation} ${chosen.contact}`, accept: 'application/atom+xml' },
    forbiddenHint: 'Is contact a real address?',
    expected: [403],
  });
  if (answer.status === 403) {
    throw new TidewatchError(
      'http.unavailable',
      'EDGAR refuses this address for now (403): too many requests, or no honest contact',
      {
        hint: 'Other programs at this address count too; lower requests_per_second, and set contact to an address that is read.',
        retryAfterMs: BLOCKED_MS,
      },
    );
  }
  // "No recent filings" comes as a page of HTML.
  const text = decodeFeed(answer.body, answer.headers['content-type']);
  if (/No recent filings/i.test(text) && !text.includes('<entry')) return [];
  const feed = await readFeed(text);
  if (!feed.isTruncated) return feed.items;
  throw new TidewatchError('feed.malformed', 'EDGAR’s answer breaks off; it is asked for again');
}
