/**
 * The answer in plain sentences, in the question's language or the interface's: each is a fact out of the store with the
 * documents that it rests on. Pure. It says first whether what the question takes for granted is so.
 */
import { EVENT_NAMES_EN } from '../../core/event_names.ts';
import { TOPIC_NAMES_ZH } from '../../core/topics.ts';
import type { Gathered, Tally } from './evidence.ts';
import { peakOf } from './peak.ts';
import { topicInEnglish } from './topic_words.ts';
import { UTC, type Zone } from './zone.ts';

/** A document that sentences cite by its number. */
export interface Cited {
  readonly number: number;
  readonly document_id: string;
  readonly title: string;
  readonly source: string;
  readonly published_at: string;
  readonly language: 'en' | 'zh' | 'other';
}

export interface Fact {
  readonly text: string;
  /** Numbers of documents; empty only where there are none to cite. */
  readonly cites: readonly number[];
}

export interface PlainAnswer {
  readonly facts: readonly Fact[];
  readonly documents: readonly Cited[];
}

/** Of a share that rose by less no day is told as the one with most. */
const LEAST_RISE = 0.05;
const DAY_MS = 86_400_000;
const SHOWN_TITLE = 140;

/** @param zone whose days are told */
export function answerPlainly(gathered: Gathered, language: 'en' | 'zh', zone: Zone = UTC): PlainAnswer {
  const { question, now, stories, against, topics, events, alerts, found, name } = gathered;
  const words = language === 'zh' ? ZH : EN;
  const day = (at: number): string => dayOf(zone.toLocal(at), language);
  const [first, last] = [day(gathered.span.from), day(gathered.span.to - 1)];
  // Within two days: a year ends on the day that it began on.
  const isOneDay = first === last && gathered.span.to - gathered.span.from < 2 * DAY_MS;
  const period = isOneDay ? first : words.period(first, last);
  const documents = new Map<string, Cited>();
  const cite = (one: Omit<Cited, 'number'>): number => {
    const known = documents.get(one.document_id);
    if (known !== undefined) return known.number;
    const { document_id, title, source, published_at } = one;
    const shown = title.length > SHOWN_TITLE ? `${title.slice(0, SHOWN_TITLE).toWellFormed()}…` : title;
    const cited = {
      number: documents.size + 1,
      document_id,
      title: shown,
      source,
      published_at,
      language: one.language,
    };
    documents.set(document_id, cited);
    return cited.number;
  };
  const own = stories.map((story) => ({ ...story, number: cite(story) }));
  const numbers = own.map(({ number }) => number);
  for (const row of found) cite({ ...row, title: row.title ?? row.text });
  const some =
    numbers.length > 0 ? numbers.slice(0, 3) : [...documents.values()].slice(0, 3).map(({ number }) => number);
  const subject = name === null ? words.everything : name[language];
  const facts: Fact[] = [];
  const say = (text: string, cites: readonly number[] = some): void => void facts.push({ text, cites });

  if (name === null) say(words.noSubject);
  if (question.entities.length > 1) say(words.onlyFirst(subject));
  if (now.documents === 0) {
    say(words.nothing(subject, period), []);
    return { facts: facts.map((fact) => ({ ...fact, cites: [] })), documents: [] };
  }
  const [here, there] = [tallyOf(now, question.side), tallyOf(gathered.before, question.side)];
  const zoned = `${period}${words.zone(zone.called(language, gathered.span.to))}`;
  say(words.level(subject, zoned, here, there, question.side));
  if (question.aim === 'why' && there.all > 0 && directionOf(here, there) < 1)
    say(words.noTurn(question.side ?? 'negative'));
  const rise = there.all === 0 ? 0 : here.part / here.all - there.part / there.all;
  const peak = peakOf(gathered, zone);
  if (peak !== null && rise >= LEAST_RISE) {
    const { from, until, isWeek, part } = peak;
    const within = (at: number): boolean => at >= from && at < until;
    const that = own.filter((story) => within(Date.parse(story.published_at))).map(({ number }) => number);
    say(
      words.peak(day(from), isWeek, { part, all: here.part }, question.side ?? 'negative'),
      that.length > 0 ? that : some,
    );
  }
  for (const story of own.slice(0, 3))
    say(words.story(clean(story.title), story.documents, story.sources), [story.number]);
  const [topic] = topics;
  if (topic !== undefined && question.topic === null && here.part > 1) {
    say(
      words.topic(
        language === 'zh' ? (TOPIC_NAMES_ZH[topic.topic] ?? topic.topic) : topicInEnglish(topic.topic),
        topic.documents,
        here.part,
      ),
    );
  }
  const [event] = events;
  if (event !== undefined && event.documents > 1) {
    const named = language === 'en' ? (EVENT_NAMES_EN[event.event] ?? event.event) : event.event;
    say(words.event(named.replaceAll('_', ' '), event.documents));
  }
  for (const alert of alerts.slice(0, 1)) {
    const driving = alert.documents.slice(0, 2).map((one) => cite({ ...one, document_id: one.id }));
    const telling = (alert.evidence?.words ?? []).slice(0, 4).map(({ word }) => word);
    const counts = [rounded(alert.observed), rounded(alert.expected)] as const;
    say(
      words.alert(day(Date.parse(alert.started_at)), ...counts, alert.measure === 'share', telling),
      driving.length > 0 ? driving : some,
    );
  }
  if (against !== null && question.aim === 'why') say(words.against(clean(against.title)), [cite(against)]);
  return { facts, documents: [...documents.values()] };
}

/** A title within our quotation marks: it must not close them. */
function clean(title: string): string {
  const cut = title.replace(/[“”"「」]/g, "'").trim();
  return cut.length > SHOWN_TITLE ? `${cut.slice(0, SHOWN_TITLE).toWellFormed()}…` : cut;
}

/** Nothing where the quoted words bring their own end. */
function stop(title: string, sign: string): string {
  return /[.!?。！？…]$/u.test(title) ? '' : sign;
}

function tallyOf(tally: Tally, side: 'negative' | 'neutral' | 'positive' | null): { part: number; all: number } {
  return { part: side === 'positive' ? tally.positive : tally.negative, all: tally.documents };
}

/** -1 for a share that is lower by a whole percent than before, 1 for one that is higher. */
function directionOf(now: Part, before: Part): -1 | 0 | 1 {
  const change =
    Math.round((now.part / Math.max(1, now.all)) * 100) - Math.round((before.part / Math.max(1, before.all)) * 100);
  return change > 0 ? 1 : change < 0 ? -1 : 0;
}

/** The day of a moment on the clock of the zone, without its year. */
function dayOf(local: number, language: 'en' | 'zh'): string {
  const at = new Date(local);
  return language === 'zh'
    ? `${at.getUTCMonth() + 1}月${at.getUTCDate()}日`
    : `${at.getUTCDate()} ${at.toLocaleString('en-GB', { month: 'short', timeZone: 'UTC' })}`;
}

function rounded(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1).replace('.0', '');
}

function percent({ part, all }: { part: number; all: number }): string {
  return `${Math.round((part / Math.max(1, all)) * 100)}%`;
}

type Side = 'negative' | 'neutral' | 'positive';
interface Part {
  readonly part: number;
  readonly all: number;
}
const EN_SIDE = { negative: 'negative', neutral: 'neutral', positive: 'positive' } as const;
const ZH_SIDE = { negative: '负面', neutral: '中性', positive: '正面' } as const;

const EN = {
  everything: 'all that is watched',
  noSubject: 'The question names no watched company or topic, so all documents are counted.',
  period: (from: string, to: string) => `${from} to ${to}`,
  zone: (name: string) => ` (${name})`,
  onlyFirst: (name: string) => `It names several; this is about ${name}.`,
  nothing: (name: string, span: string) => `There is nothing about ${name} from ${span}.`,
  level: (name: string, span: string, now: Part, before: Part, side: Side | null) =>
    `From ${span}, ${now.part} of ${now.all} documents about ${name} were ${EN_SIDE[side === 'positive' ? 'positive' : 'negative']} (${percent(now)}), ` +
    (before.all === 0
      ? 'and there were none at all in the same time before.'
      : `${['down from', 'and', 'up from'][directionOf(now, before) + 1]} ${percent(before)} (${before.part} of ${before.all}) in the same time before.`),
  noTurn: (side: Side) => `That is no turn: the ${EN_SIDE[side]} share is not above that of the time before.`,
  peak: (when: string, isWeek: boolean, { part, all }: Part, side: Side) =>
    `The most ${isWeek ? 'in one week came in that from' : 'on one day came on'} ${when}: ${part} of the ${all} ${EN_SIDE[side]} documents.`,
  story: (title: string, documents: number, sources: number) =>
    `“${title}”${documents > 1 ? ` (${documents} documents, ${sources} ${sources === 1 ? 'source' : 'sources'}).` : stop(title, '.')}`,
  topic: (topic: string, part: number, all: number) => `${part} of these ${all} are about ${topic}.`,
  event: (event: string, documents: number) => `Kind of event reported most: ${event} (${documents}).`,
  alert: (when: string, observed: string, expected: string, isShare: boolean, telling: readonly string[]) =>
    `An alert began on ${when}: ${observed}${isShare ? '%' : ' stories'} where ${expected}${isShare ? '%' : ''} were expected` +
    `${telling.length === 0 ? '' : `; words that stood out: ${telling.join(', ')}`}.`,
  against: (title: string) => `Against it: “${title}”${stop(title, '.')}`,
};

const ZH: typeof EN = {
  everything: '所有关注对象',
  noSubject: '问题中没有提到关注的公司或主题，因此统计了全部文档。',
  period: (from, to) => `${from}至${to}`,
  zone: (name) => `（${name}）`,
  onlyFirst: (name) => `问题提到多个对象，以下关于${name}。`,
  nothing: (name, span) => `${span}没有关于${name}的内容。`,
  level: (name, span, now, before, side) =>
    `${span}，关于${name}的${now.all}篇文档中有${now.part}篇${ZH_SIDE[side === 'positive' ? 'positive' : 'negative']}（${percent(now)}），` +
    (before.all === 0
      ? '此前同样长的时间内没有文档。'
      : `${['低于', '接近', '高于'][directionOf(now, before) + 1]}此前同样长时间内的${percent(before)}（${before.all}篇中有${before.part}篇）。`),
  noTurn: (side) => `这并非转折：${ZH_SIDE[side]}占比没有高于此前。`,
  peak: (when, isWeek, { part, all }, side) =>
    `最多的一${isWeek ? '周始于' : '天是'}${when}：${all}篇${ZH_SIDE[side]}文档中有${part}篇。`,
  story: (title, documents, sources) =>
    `“${title}”${documents > 1 ? `（${documents}篇文档，${sources}个来源）。` : stop(title, '。')}`,
  topic: (topic, part, all) => `这${all}篇中有${part}篇关于${topic}。`,
  event: (event, documents) => `报道最多的事件类型：${event}（${documents}篇）。`,
  alert: (when, observed, expected, isShare, telling) =>
    `${when}开始有预警：${observed}${isShare ? '%' : '条报道'}，预期${expected}${isShare ? '%' : '条'}` +
    `${telling.length === 0 ? '' : `；突出的词：${telling.join('、')}`}。`,
  against: (title) => `相反的声音：“${title}”${stop(title, '。')}`,
};
