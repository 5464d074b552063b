/**
 * The heads, their labels, and what each data set's labels say about them. A label is a set of classes that may be true
 * (`allowed`) out of the classes that the annotators could choose from (`possible`): a plain label allows one class, "not
 * negative" allows two, a coarse topic allows several (partial-label learning, Cour et al. 2011). The loss and the
 * evaluation read only these two sets, so odd data sets need no code of their own.
 */
export const SENTIMENTS = ['negative', 'neutral', 'positive'] as const;

/** The 20 topics of zeroshot/twitter-financial-news-topic, in that set's own order and spelling. */
export const TOPICS = [
  'Analyst Update',
  'Fed | Central Banks',
  'Company | Product News',
  'Treasuries | Corporate Debt',
  'Dividend',
  'Earnings',
  'Energy | Oil',
  'Financials',
  'Currencies',
  'General News | Opinion',
  'Gold | Metals | Materials',
  'IPO',
  'Legal | Regulation',
  'M&A | Investments',
  'Macro',
  'Markets',
  'Politics',
  'Personnel Change',
  'Stock Commentary',
  'Stock Movement',
] as const;

export const HEADS = [
  { name: 'sentiment', labels: SENTIMENTS },
  { name: 'topic', labels: TOPICS },
] as const;
export type HeadName = (typeof HEADS)[number]['name'];

export interface Target {
  allowed: readonly number[];
  possible: readonly number[];
  weight: number;
}
export type Targets = Partial<Record<HeadName, Target>>;

/** The fields of a data line that carry labels. */
export interface Labelled {
  sentiment?: string;
  topic?: string | string[];
  negative?: boolean;
  copies?: number;
  mixed?: boolean;
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

const all = (head: HeadName): number[] => (head === 'sentiment' ? SENTIMENTS : TOPICS).map((_, index) => index);
const topicIndex = (label: string): number => (TOPICS as readonly string[]).indexOf(label);

/** What a line of the named set says about each head; an empty object when it says nothing that we use. */
export function targetsOf(
  set: string,
  line: Labelled,
  options: { two_class: boolean; copies_weight: number },
): Targets {
  const targets: Targets = {};
  const weight = (line.copies ?? 1) > 1 ? options.copies_weight : 1;
  const sentiment = (SENTIMENTS as readonly string[]).indexOf(line.sentiment ?? '');
  if (sentiment >= 0 && line.mixed !== true) {
    targets.sentiment = { allowed: [sentiment], possible: options.two_class ? [0, 2] : all('sentiment'), weight };
  } else if (set === 'finnsp' && line.negative === false) {
    targets.sentiment = { allowed: [1, 2], possible: all('sentiment'), weight: weight * 0.5 };
  }
  const tags = line.topic === undefined ? [] : [line.topic].flat();
  if (set === 'finnl') {
    const open = [...new Set(tags.flatMap((tag) => FINNL[tag] ?? []))].map(topicIndex);
    if (open.length > 0) targets.topic = { allowed: open, possible: all('topic'), weight };
  } else if (set === 'finese') {
    const open = [...new Set(tags.map((tag) => FINESE[tag]))];
    if (tags.length > 0 && open.every((topic) => topic !== undefined)) {
      targets.topic = { allowed: open.map(topicIndex), possible: all('topic'), weight: 0.5 };
      targets.sentiment = { allowed: [0], possible: options.two_class ? [0, 2] : all('sentiment'), weight: 0.5 };
    }
  } else if (tags.length === 1 && topicIndex(tags[0] ?? '') >= 0) {
    targets.topic = { allowed: [topicIndex(tags[0] ?? '')], possible: all('topic'), weight };
  }
  return targets;
}
