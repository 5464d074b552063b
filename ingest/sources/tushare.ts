/**
 * Chinese financial news flashes (新闻快讯) of nine outlets by Tushare's HTTP API. It is here because it is the one Chinese
 * service of this kind with a documented, stable protocol: Weibo and Xueqiu give none to the public, and what sites call
 * from their own pages changes without a word. Needs a token with the permission for news, which Tushare sells.
 * Source: tushare.pro/document/1?doc_id=130 (HTTP), /document/2?doc_id=143 (news: at most 1,500 an answer).
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { TidewatchError } from '../../core/errors.ts';
import { createConditionKeeper } from '../condition.ts';
import type { Emit, RawItem, Refusal, Source } from '../source.ts';
import { askJson } from './ask.ts';
import { readInTurn } from './in_turn.ts';
import { POLL_BACKOFF, repeat } from './repeat.ts';

const OUTLETS = [
  'sina',
  'wallstreetcn',
  '10jqka',
  'eastmoney',
  'yuncaijing',
  'fenghuang',
  'jinrongjie',
  'cls',
  'yicai',
] as const;

const settings = z.object({
  token: z.string().min(16).describe('Your token at tushare.pro, with the permission for news; better as token_file.'),
  outlets: z.array(z.enum(OUTLETS)).min(1).default(['cls']).describe('Outlets, each asked for on its own.'),
  every_secs: z.number().int().min(10).max(86_400).default(60).describe('Seconds between two rounds.'),
  max_backlog_hours: z.number().min(1).max(168).default(24).describe('How far back a downtime is made good.'),
  url: z
    .url({ protocol: /^https?$/ })
    .default('http://api.tushare.pro')
    .describe(
      'Address of the API as documented: over plain HTTP the token can be read on the way; see docs/sources.md.',
    ),
});

type TushareSettings = z.output<typeof settings>;
type Outlet = (typeof OUTLETS)[number];

/** Epoch milliseconds up to which each outlet was read. */
type TushareCursor = Readonly<Partial<Record<Outlet, number>>>;

const answerSchema = z.object({
  code: z.number(),
  msg: z.string().nullish(),
  data: z.object({ fields: z.array(z.string()), items: z.array(z.array(z.unknown())) }).nullish(),
});

const HOUR_MS = 3_600_000;
const BEIJING_MS = 8 * HOUR_MS;
/** News come into the service some time after their own time; how long is not said. */
const OVERLAP_MS = HOUR_MS;
const GAP_MS = 1000;
const MOST = 1500;
const NO_PERMISSION = 2002;

export const tushareSource = defineComponent({
  name: 'tushare',
  summary:
    'Reads Chinese financial news flashes (财联社, 新浪财经, 华尔街见闻 and others) by Tushare’s API; needs a token.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, chosen.url);
    return {
      endless: true,
      condition: () => condition.read(),
      async run(emit) {
        const known = new Set<string>();
        await repeat(context, condition, POLL_BACKOFF, async () => {
          await readInTurn(chosen.outlets, context.signal, (outlet) =>
            readOutlet(outlet, chosen, context, known, emit),
          );
          return chosen.every_secs * 1000 * (1 + Math.random() / 10);
        });
      },
    };
  },
});

/** Reads from the cursor to now, an hour at a time. `known`: what the last windows brought, as the windows overlap. */
async function readOutlet(
  outlet: Outlet,
  chosen: TushareSettings,
  context: Context,
  known: Set<string>,
  emit: Emit,
): Promise<void> {
  const cursors = context.state.table<TushareCursor>('ingest_tushare');
  const now = context.clock.now();
  const cursor = cursors.get(context.name)?.[outlet] ?? now - HOUR_MS;
  const oldest = now - chosen.max_backlog_hours * HOUR_MS;
  if (cursor < oldest) {
    context.metrics.stage('ingest').skipped('backlog', Math.ceil((oldest - cursor) / HOUR_MS));
    context.log.warn(
      `${context.name}: news of ${outlet} before ${new Date(oldest).toISOString()} are left out (max_backlog_hours)`,
    );
  }
  for (let from = Math.max(cursor, oldest); from < now; from += HOUR_MS) {
    const to = Math.min(now, from + HOUR_MS);
    const { items, refused, count } = await readWindow(outlet, from - OVERLAP_MS, to, chosen, context);
    if (count >= MOST)
      context.log.warn(`${context.name}: ${outlet} has more than ${MOST} news in an hour; the rest is not given out`);
    const keyOf = ({ published_at = '', text }: RawItem): string => `${outlet} ${published_at} ${text}`;
    const fresh = items.filter((item) => !known.has(keyOf(item)));
    if (fresh.length + refused.length > 0) await emit(fresh, { refused });
    for (const key of known) if (key.startsWith(`${outlet} `)) known.delete(key);
    for (const item of items) known.add(keyOf(item));
    await cursors.put(context.name, { ...cursors.get(context.name), [outlet]: to });
  }
}

async function readWindow(
  outlet: Outlet,
  from: number,
  to: number,
  { url, token }: TushareSettings,
  context: Context,
): Promise<{ items: RawItem[]; refused: Refusal[]; count: number }> {
  const params = { src: outlet, start_date: beijing(from), end_date: beijing(to) };
  const body = JSON.stringify({ api_name: 'news', token, params, fields: 'datetime,content,title' });
  const question = {
    url,
    gapMs: GAP_MS,
    method: 'POST' as const,
    headers: { 'content-type': 'application/json' },
    body,
    forbiddenHint: 'Is the token right?',
  };
  const { answer } = await askJson(context, question, answerSchema);
  if (answer.code !== 0 || answer.data == null) {
    const isForGood = answer.code === NO_PERMISSION;
    throw new TidewatchError(
      isForGood ? 'http.status' : 'http.unavailable',
      `Tushare refuses ${outlet} (code ${answer.code}): ${answer.msg ?? ''}`,
      {
        hint: isForGood
          ? 'The token must have the permission for news (tushare.pro/document/1?doc_id=290).'
          : 'Look for the limits of your account.',
      },
    );
  }
  const { fields, items: rows } = answer.data;
  const items: RawItem[] = [];
  const refused: Refusal[] = [];
  for (const row of rows) {
    const field = (name: string): string => {
      const value = row[fields.indexOf(name)];
      return typeof value === 'string' ? value.trim() : '';
    };
    const at = field('datetime');
    if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(at) || (field('content') === '' && field('title') === '')) {
      refused.push({ code: 'input.invalid', reason: `A news flash of ${outlet} has no text or no time.`, value: row });
      continue;
    }
    items.push({
      ...(field('title') === '' ? {} : { title: field('title') }),
      text: field('content'),
      published_at: `${at}+08:00`,
      source: outlet,
      source_class: 'news',
    });
  }
  return { items: items.toReversed(), refused, count: rows.length };
}

/** The API speaks Beijing time without saying so. */
function beijing(epochMs: number): string {
  return new Date(epochMs + BEIJING_MS).toISOString().slice(0, 19).replace('T', ' ');
}
