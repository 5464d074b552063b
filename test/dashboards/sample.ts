/**
 * Data to look at: the example feed with labels made up by rule (incident documents are negative, the rest goes by a few
 * words), so that tests of the page need no model. Nothing here comes from a model or from a real detector.
 */
import { readFileSync } from 'node:fs';
import {
  SCHEMA_VERSION,
  isoTime,
  stableId,
  type Alert,
  type Document,
  type Evidence,
  type Opinion,
} from '../../core/event.ts';
import { TOPIC_NAMES_ZH } from '../../core/topics.ts';
import type { OpinionRow } from '../../dashboards/contract.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);
export const MODEL = 'rule-made@sample';

interface FeedLine {
  id: string;
  source: string;
  author?: string;
  url?: string;
  title?: string;
  text: string;
  language: 'en' | 'zh';
  published_at: string;
}
interface Incident {
  id: string;
  kind: 'incident' | 'bot_flood' | 'syndicated';
  entity: string;
  from: string;
  to: string;
  documents: string[];
}

export const ENTITIES: Readonly<Record<string, { en: string; zh: string; words: RegExp }>> = {
  norvale_bank: { en: 'Norvale Bank', zh: '诺维银行', words: /Norvale|NVB|诺维/ },
  halcyon_motors: { en: 'Halcyon Motors', zh: '海晏汽车', words: /Halcyon Motors|HLCM|海晏汽车/ },
  quillmere_software: { en: 'Quillmere Software', zh: '奎迈软件', words: /Quillmere|QLMR|奎迈/ },
  tarrowby_markets: { en: 'Tarrowby Markets', zh: '泰罗比超市', words: /Tarrowby|TRWB|泰罗比/ },
  skerrivane_airways: { en: 'Skerrivane Airways', zh: '斯凯凡航空', words: /Skerrivane|SKVA|斯凯凡/ },
  bellwick_pharma: { en: 'Bellwick Pharma', zh: '贝维克制药', words: /Bellwick|BLWK|贝维克/ },
  lumenfjord_energy: { en: 'Lumenfjord Energy', zh: '流明湾能源', words: /Lumenfjord|LMFJ|流明湾/ },
  pellucine_semi: { en: 'Pellucine Semiconductor', zh: '佩路芯半导体', words: /Pellucine|PLCN|佩路芯/ },
};

const TOPIC_WORDS: readonly (readonly [RegExp, string])[] = [
  [/rate|central bank|金管局|利率|通胀|央行/i, 'Fed | Central Banks'],
  [/quarter|profit|revenue|earnings|季度|利润|营收|业绩|财报/i, 'Earnings'],
  [/dividend|分红|股息/i, 'Dividend'],
  [/recall|regulator|court|lawsuit|audit|监管|召回|审计|诉讼|调查/i, 'Legal | Regulation'],
  [/oil|wind|turbine|energy|风机|能源|油价/i, 'Energy | Oil'],
  [/acquire|stake|merger|收购|入股|并购/i, 'M&A | Investments'],
  [/appoint|resign|chief|任命|辞职|高管/i, 'Personnel Change'],
  [/index|market|指数|大盘|收盘/i, 'Markets'],
  [/analyst|target|rating|分析师|评级|目标价/i, 'Analyst Update'],
  [/shares|stock|\$[A-Z]{3,}|股价|股票|涨|跌/i, 'Stock Movement'],
  [/opens|launch|product|delivers|发布|交付|新店|产品/i, 'Company | Product News'],
];
const BAD =
  /broken|worst|cut|fall|fell|drop|queue|loss|miss|delay|weak|flop|fire|fault|坏|跌|亏|慢|差|投诉|下滑|延误|排队/i;
const GOOD = /record|opens|wins|strong|beat|grow|love|great|best|好评|增长|新高|突破|震撼|赞|准时/i;

/** A number in [0, 1) that depends on nothing but the text. */
function chance(text: string): number {
  return Number.parseInt(stableId(text).slice(0, 8), 16) / 2 ** 32;
}

function lines(): FeedLine[] {
  return readFileSync(new URL('feed.jsonl', EXAMPLES), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as FeedLine);
}

function incidents(): Incident[] {
  return JSON.parse(readFileSync(new URL('incidents.json', EXAMPLES), 'utf8')) as Incident[];
}

/** The feed's opinions, all times moved so that the last is at `end` (epoch milliseconds). Oldest first. */
export function sampleOpinions(end: number): Opinion[] {
  const feed = lines();
  const shift = shiftOf(feed, end);
  const planted = new Map(incidents().flatMap((incident) => incident.documents.map((id) => [id, incident] as const)));
  return feed.map((line) => {
    const whole = `${line.title ?? ''} ${line.text}`;
    const incident = planted.get(line.id);
    const certainty = 0.6 + 0.38 * chance(line.id);
    const sentiment =
      incident !== undefined || BAD.test(whole) ? 'negative' : GOOD.test(whole) ? 'positive' : 'neutral';
    const rest = (1 - certainty) * (0.3 + 0.6 * chance(`${line.id}b`));
    const probabilities = {
      negative: sentiment === 'negative' ? certainty : sentiment === 'positive' ? 1 - certainty - rest : rest,
      neutral: sentiment === 'neutral' ? certainty : rest,
      positive: sentiment === 'positive' ? certainty : 1 - certainty - rest,
    };
    if (sentiment === 'neutral') probabilities.positive = 1 - certainty - rest;
    const topic = TOPIC_WORDS.find(([words]) => words.test(whole))?.[1] ?? 'General News | Opinion';
    const published = isoTime(Date.parse(line.published_at) + shift);
    const social = ['birdsong', '股海论坛', '微澜', 'tickertalk'].includes(line.source);
    const document: Document = {
      schema_version: SCHEMA_VERSION,
      id: line.id,
      feed: 'example',
      source: line.source,
      source_class: social ? 'social' : 'news',
      author: line.author ?? null,
      url: line.url ?? null,
      title: line.title ?? null,
      text: line.text,
      language: line.language,
      published_at: published,
      published_at_estimated: false,
      published_at_mark: 'stated',
      fetched_at: published,
      links: [],
      cashtags: [],
      entities: Object.entries(ENTITIES)
        .filter(([, entity]) => entity.words.test(whole))
        .map(([id, entity]) => ({ id, surface: entity.en, relevance: 100 })),
      story: incident?.kind === 'syndicated' ? incident.id : line.id,
      novelty: incident?.kind === 'syndicated' && incident.documents[0] !== line.id ? 5 : 100,
      repost_of: null,
      coordinated: 0,
    };
    return {
      schema_version: SCHEMA_VERSION,
      document,
      sentiment,
      sentiment_probabilities: probabilities,
      topic,
      topics_zh: [],
      event: null,
      event_probability: null,
      entity_sentiments: [],
      topic_probabilities: Object.fromEntries(
        Object.keys(TOPIC_NAMES_ZH).map((label) => [label, label === topic ? 0.81 : 0.01]),
      ),
      confidence: certainty,
      model: MODEL,
      labelled_at: published,
    };
  });
}

/** Alerts as a detector might have written them for the three planted incidents; each with its whole life. */
export function sampleAlerts(end: number, opinions: readonly Opinion[]): Alert[] {
  const shift = shiftOf(lines(), end);
  const byId = new Map(opinions.map((opinion) => [opinion.document.id, opinion]));
  const alerts: Alert[] = [];
  incidents()
    .filter((incident) => incident.kind === 'incident')
    .forEach((incident, index) => {
      const driving = incident.documents.map((id) => byId.get(id)).filter((opinion) => opinion !== undefined);
      const name = ENTITIES[incident.entity];
      const start = Date.parse(incident.from) + shift + 3_600_000;
      const until = Date.parse(incident.to) + shift;
      const observed = driving.length;
      const expected = 1.4 + index * 0.7;
      const base = {
        schema_version: SCHEMA_VERSION,
        alert_id: stableId('sample', incident.id),
        started_at: isoTime(start),
        series: { kind: 'entity', entity: incident.entity, topic: null },
        name: name?.en ?? incident.entity,
        detector: 'baseline',
        expected,
        interval: { low: 0, high: expected * 2 + 2 },
        observed_share: 0.86,
        expected_share: 0.21,
        score: 7.4 - index,
        documents: driving.slice(0, 8).map(({ document, sentiment_probabilities }) => ({
          id: document.id,
          story: document.story,
          source: document.source,
          author: document.author,
          url: document.url,
          title: document.title ?? document.text,
          language: document.language,
          published_at: document.published_at,
          negative: sentiment_probabilities.negative,
          copies: Math.floor(chance(document.id) * 1.6),
        })),
        document_count: observed,
        story_count: observed - 3,
        author_count: observed - 6,
        source_count: 4,
        measure: 'negative' as const,
        q_value: 0.004,
        evidence: evidenceOf(driving, start, until, observed, expected),
        settings: 'settings',
        page_url: null,
        summary: {
          en: `Negative opinion about ${name?.en ?? ''} is far above its usual level: ${observed} negative stories in 8 hours where ${expected.toFixed(1)} are expected.`,
          zh: `关于${name?.zh ?? ''}的负面舆情远高于平常：8 小时内出现 ${observed} 起负面事件，预期为 ${expected.toFixed(1)} 起。`,
        },
        model: MODEL,
        incident: stableId('sample', incident.id),
        labels: { detector: 'baseline', kind: 'entity', entity: incident.entity },
        resolution: null,
      } as const;
      const change = (revision: number, state: Alert['state'], at: number, count: number): Alert => ({
        ...base,
        series: { ...base.series },
        documents: [...base.documents],
        revision,
        state,
        at: isoTime(at),
        observed: count,
        severity: index === 0 ? 'critical' : 'warning',
      });
      // The last incident is still going on, so that there is one of each to see.
      const over = index !== 2;
      alerts.push(
        change(1, 'pending', start, Math.round(observed * 0.4)),
        change(2, 'firing', start + 1_800_000, Math.round(observed * 0.6)),
        change(3, over ? 'resolved' : 'firing', over ? until + 7_200_000 : until, observed),
      );
    });
  return alerts;
}

/** Made up, but of the right form and size. */
function evidenceOf(
  driving: readonly Opinion[],
  start: number,
  until: number,
  observed: number,
  expected: number,
): Evidence {
  const hours = 8 * 3_600_000;
  const stories = (count: number): number => Math.max(1, Math.round(driving.length * count));
  const authors = driving.flatMap(({ document }) => document.author ?? []).slice(0, 3);
  return {
    window_start: isoTime(until - hours),
    window_end: isoTime(until),
    words: ['outage', 'login', '停机', 'complaints', '投诉'].map((word, index) => ({
      word,
      language: /[a-z]/.test(word) ? ('en' as const) : ('zh' as const),
      z: 6 - index,
      count: 12 - index * 2,
      usual: 0.4,
    })),
    authors: {
      top: authors.map((author, index) => ({ author, share: 0.12 - index * 0.03 })),
      top_share: 0.27,
      hhi: 0.04,
    },
    sources: [{ source: driving[0]?.document.source ?? 'birdsong', stories: stories(0.6) }],
    topics: [{ topic: driving[0]?.topic ?? 'Markets', stories: stories(0.7) }],
    events: [{ event: 'service_outage', stories: stories(0.5) }],
    certainty: { mean_negative: 0.84, mean_confidence: 0.86, low_confidence_share: 0.05 },
    chart: Array.from({ length: 24 }, (_, index) => ({
      start: isoTime(start - (23 - index) * hours),
      end: isoTime(start - (22 - index) * hours),
      observed: index === 23 ? observed : Math.round(chance(`${start} ${index}`) * (expected + 2)),
      expected,
      low: 0,
      high: expected * 2 + 2,
    })),
  };
}

function shiftOf(feed: readonly FeedLine[], end: number): number {
  return end - Math.max(...feed.map((line) => Date.parse(line.published_at)));
}

/** A labelled document as a row of the list. */
export function listRow(document_id: string, published_at: string, more: Partial<OpinionRow> = {}): OpinionRow {
  return {
    document_id,
    published_at,
    labelled_at: published_at,
    source: 's',
    source_class: 'news',
    author: null,
    url: null,
    title: 'Title',
    text: 'Some Words',
    language: 'en',
    entities: [],
    topic: 'Macro',
    sentiment: 'neutral',
    probabilities: { negative: 0, neutral: 1, positive: 0 },
    confidence: 1,
    model: 'm',
    story: document_id,
    novelty: 100,
    feedback: [],
    ...more,
  };
}
