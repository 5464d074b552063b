/**
 * What each data set's labels say about the heads. A label is a set of classes that may be true (`allowed`) out of the classes that the
 * annotators could choose from (`possible`): a plain label allows one class, "not negative" allows two, a coarse topic allows
 * several (partial-label learning, Cour et al. 2011). The loss and the evaluation read only these two sets, so odd data sets need no
 * code of their own.
 */
import { EVENTS, HEADS, type HeadName, NO_EVENT, SENTIMENTS, TOPICS, TOPICS_ZH } from './labels.ts';

const OTHER_EVENT = '其他';

export interface Target {
  allowed: readonly number[];
  possible: readonly number[];
  weight: number;
  /** Label smoothing of this row, where it is another than the recipe's. */
  smoothing?: number;
}
export type Targets = Partial<Record<HeadName, Target>>;

/** The fields of a data line that carry labels. */
export interface Labelled {
  sentiment?: string;
  topic?: string | string[];
  negative?: boolean;
  copies?: number;
  /** How much its labels count, above 0; 1 where it does not say. */
  weight?: number;
  mixed?: boolean;
  topics_zh?: string[] | null;
  event?: string;
  entities?: { target?: string; sentiment?: string; negative?: boolean }[];
}

/**
 * Why a line's labels cannot be read at all, as its skipping is counted; null where they can. Written by hand and not as a schema:
 * labels of an unknown name, or of a form that says nothing, are left out by themselves, as ever.
 */
export function mistakeIn({ weight, copies, topics_zh: topics, entities }: Labelled): string | null {
  for (const [name, count] of Object.entries({ weight, copies }))
    if (count !== undefined && count !== null && !(Number.isFinite(count) && count > 0))
      return `whose ${name} is no number above 0`;
  if (topics !== undefined && topics !== null && !Array.isArray(topics)) return 'whose topics_zh is no list';
  const isThing = (one: unknown): boolean => typeof one === 'object' && one !== null;
  if (entities !== undefined && entities !== null && !(Array.isArray(entities) && entities.every(isThing)))
    return 'whose entities are no list of objects';
  return null;
}

const COMPANY = [
  'Company | Product News',
  'Earnings',
  'M&A | Investments',
  'Personnel Change',
  'Legal | Regulation',
  'Dividend',
  'IPO',
  'Financials',
  'Stock Movement',
  'Analyst Update',
  'Stock Commentary',
];

/** FinNL's coarse tags, as the topics that they leave open; tags of place say nothing about the topic. */
const FINNL: Record<string, readonly string[]> = {
  公司: COMPANY,
  行业: [...COMPANY, 'General News | Opinion', 'Energy | Oil', 'Gold | Metals | Materials', 'Markets', 'Macro'],
  新冠: ['General News | Opinion', 'Politics', 'Macro'],
  经济: ['Macro', 'Fed | Central Banks'],
  政策: ['Politics', 'Legal | Regulation', 'Macro', 'Fed | Central Banks', 'General News | Opinion'],
  大盘: ['Markets', 'Stock Movement'],
  期货: ['Markets', 'Gold | Metals | Materials', 'Energy | Oil', 'Currencies', 'Treasuries | Corporate Debt'],
  政治: ['Politics', 'General News | Opinion'],
  能源: ['Energy | Oil'],
  债券: ['Treasuries | Corporate Debt', 'Fed | Central Banks', 'Macro'],
  房地产: ['Macro', 'General News | Opinion', 'Company | Product News', 'Legal | Regulation'],
  虚拟货币: ['Currencies', 'Markets', 'General News | Opinion', 'Legal | Regulation'],
  外汇: ['Currencies', 'Fed | Central Banks'],
};

/** FinESE's event types that name one topic and are always bad news; the others are left out. */
const FINESE: Record<string, string> = {
  信批违规: 'Legal | Regulation',
  交易违规: 'Legal | Regulation',
  财务造假: 'Legal | Regulation',
  涉嫌违法: 'Legal | Regulation',
  涉嫌欺诈: 'Legal | Regulation',
  涉嫌非法集资: 'Legal | Regulation',
  涉嫌传销: 'Legal | Regulation',
  业绩下滑: 'Earnings',
  重组失败: 'M&A | Investments',
};

/** Events of FinESE after which the news may still be plain: a change of shareholder, a resignation. */
const MAYBE_PLAIN: ReadonlySet<string> = new Set(['实控人股东变更', '不能履职']);

/** Topics that a single company's bad event is not filed under. */
const NO_COMPANY: ReadonlySet<string> = new Set([
  'Fed | Central Banks',
  'Dividend',
  'Energy | Oil',
  'Currencies',
  'Gold | Metals | Materials',
  'IPO',
  'Macro',
  'Markets',
]);

/** Weight of a label that follows from another one, against 1 for one that somebody gave. */
const INFERRED = 0.3;

const range = (labels: readonly string[]): number[] => labels.map((_, index) => index);
const ALL = Object.fromEntries(HEADS.map(({ name, labels }) => [name, range(labels)])) as Record<HeadName, number[]>;
const place = (labels: readonly string[], label: string): number => labels.indexOf(label);
const NEGATIVE = 0;
const NOT_NEGATIVE = [1, 2];
const NOT_POSITIVE = [0, 1];

/** What a line of the named set says about each head; an empty object when it says nothing that we use. */
export function targetsOf(
  set: string,
  line: Labelled,
  options: { two_class: boolean; copies_weight: number; label_smoothing?: number | undefined },
): Targets {
  const targets: Targets = {};
  const weight = ((line.copies ?? 1) > 1 ? options.copies_weight : 1) * (line.weight ?? 1);
  const own = options.label_smoothing === undefined ? {} : { smoothing: options.label_smoothing };
  const say = (head: HeadName, allowed: readonly number[], how = weight): void => {
    const possible = head === 'sentiment' && options.two_class ? [0, 2] : ALL[head];
    if ((allowed.length > 0 || head === 'topics_zh') && !allowed.includes(-1))
      targets[head] = { allowed, possible, weight: how, ...own };
  };
  const tags = line.topic === undefined ? [] : [line.topic].flat();
  const sentiment = place(SENTIMENTS, line.sentiment ?? '');
  if (sentiment >= 0 && line.mixed !== true) {
    say('sentiment', [sentiment], set === 'finnsp' ? 0.5 : weight);
    if (line.sentiment === 'positive') say('event', [place(EVENTS, NO_EVENT)], INFERRED);
  } else if (set === 'finnsp' && line.negative === false) {
    say('sentiment', NOT_NEGATIVE, 0.5);
    say('event', [place(EVENTS, NO_EVENT), place(EVENTS, OTHER_EVENT)], INFERRED);
  }
  if (line.event !== undefined) say('event', [place(EVENTS, line.event)]);
  if (Array.isArray(line.topics_zh))
    say(
      'topics_zh',
      line.topics_zh.map((label) => place(TOPICS_ZH, label)),
    );
  if (set === 'finnl') {
    say(
      'topics_zh',
      tags.map((tag) => place(TOPICS_ZH, tag)),
      1,
    );
    const open = [...new Set(tags.flatMap((tag) => FINNL[tag] ?? []))];
    say(
      'topic',
      open.map((topic) => place(TOPICS, topic)),
      0.5,
    );
  } else if (set === 'finese') {
    const events = tags.length > 1 ? tags.filter((tag) => tag !== OTHER_EVENT) : tags;
    say(
      'event',
      events.map((tag) => place(EVENTS, tag)),
      1,
    );
    const open = [...new Set(events.map((tag) => place(TOPICS, FINESE[tag] ?? '')))];
    say('topic', open, 0.5);
    if (!events.includes(OTHER_EVENT)) {
      const plain = events.every((event) => MAYBE_PLAIN.has(event));
      say('sentiment', plain ? NOT_POSITIVE : [NEGATIVE], 0.5);
    }
  } else if (tags.length === 1 && place(TOPICS, tags[0] ?? '') >= 0) {
    say('topic', [place(TOPICS, tags[0] ?? '')]);
    if (targets.event === undefined && NO_COMPANY.has(tags[0] ?? '')) say('event', [place(EVENTS, NO_EVENT)], INFERRED);
  }
  return targets;
}

/** What a line says about each entity that it names: positive, neutral, negative, or only "not negative" (FinNSP). */
export function entityTargetsOf(line: Labelled): { entity: string; targets: Targets }[] {
  const seen = new Set<string>();
  return (line.entities ?? []).flatMap(({ target: entity, sentiment, negative }) => {
    const index = place(SENTIMENTS, sentiment ?? '');
    const allowed = index >= 0 ? [index] : negative === undefined ? [] : negative ? [NEGATIVE] : NOT_NEGATIVE;
    if (typeof entity !== 'string' || allowed.length === 0 || seen.has(entity)) return [];
    seen.add(entity);
    return [{ entity, targets: { entity_sentiment: { allowed, possible: ALL.entity_sentiment, weight: 1 } } }];
  });
}
