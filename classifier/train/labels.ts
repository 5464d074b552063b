/** The heads and their labels, in the order of the artifact's logits. What each data set says about them is in targets.ts. */
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

/** FinNL's 16 subjects of a Chinese news flash; several may hold at once. */
export const TOPICS_ZH = [
  '中国',
  '外国',
  '公司',
  '新冠',
  '经济',
  '行业',
  '政策',
  '大盘',
  '国际',
  '期货',
  '政治',
  '能源',
  '债券',
  '房地产',
  '虚拟货币',
  '外汇',
] as const;

/** FinESE's 22 kinds of negative event, and none. */
export const EVENTS = [
  '无',
  '信批违规',
  '实控人股东变更',
  '交易违规',
  '不能履职',
  '重组失败',
  '涉嫌非法集资',
  '评级调整',
  '业绩下滑',
  '财务造假',
  '涉嫌传销',
  '涉嫌违法',
  '资金账户风险',
  '涉嫌欺诈',
  '高管负面',
  '资产负面',
  '投诉维权',
  '产品违规',
  '提现困难',
  '失联跑路',
  '歇业停业',
  '公司股市异常',
  '其他',
] as const;
export const NO_EVENT = '无';

export const HEADS = [
  { name: 'sentiment', kind: 'softmax', labels: SENTIMENTS, weight: 1 },
  { name: 'topic', kind: 'softmax', labels: TOPICS, weight: 1 },
  { name: 'topics_zh', kind: 'multi_label', labels: TOPICS_ZH, weight: 1 },
  { name: 'event', kind: 'softmax', labels: EVENTS, weight: 0.7 },
  // Asked of a text and one entity in it: <s> entity </s> text </s> (see data.ts).
  { name: 'entity_sentiment', kind: 'softmax', labels: SENTIMENTS, weight: 1 },
] as const;
export type HeadName = (typeof HEADS)[number]['name'];

/** The heads that a text can be answered by half way up, where the recipe asks for them: all that a stream is labelled with. */
export const EXIT_HEADS = [
  { name: 'exit_sentiment', kind: 'softmax', labels: SENTIMENTS, weight: 0.3, target: 'sentiment' },
  { name: 'exit_topic', kind: 'softmax', labels: TOPICS, weight: 0.3, target: 'topic' },
  { name: 'exit_topics_zh', kind: 'multi_label', labels: TOPICS_ZH, weight: 0.3, target: 'topics_zh' },
  { name: 'exit_event', kind: 'softmax', labels: EVENTS, weight: 0.2, target: 'event' },
] as const;
