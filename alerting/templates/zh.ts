/** The Chinese words of a notification. */
import type { Alert } from '../../core/event.ts';
import { TOPIC_NAMES_ZH } from '../../core/topics.ts';
import { lengthOf, percent, type Fact, type Template } from '../template.ts';

const ICONS = { pending: '◌', firing: '▲', resolved: '✓' } as const;
const SEVERITIES = { warning: '预警', critical: '严重' } as const;

/** The name in Chinese: the part of the summary before its colon, which is how summaries begin; a source has one name only. */
function nameOf({ summary, name, series }: Alert): string {
  if (series.kind === 'source') return name;
  const end = summary.zh.indexOf('：');
  return end > 0 && end <= 200 ? summary.zh.slice(0, end) : name;
}

function facts(alert: Alert): Fact[] {
  const { evidence, resolution, q_value } = alert;
  const found: Fact[] = [];
  const add = (label: string, value: string): void => void found.push({ label, value });
  if (resolution !== null) {
    add('结束者', `${resolution.by}${resolution.note === '' ? '' : `：${resolution.note}`}`);
  }
  if (alert.state === 'resolved') {
    add('持续', duration(Date.parse(alert.at) - Date.parse(alert.started_at)));
    return found;
  }
  if (alert.series.kind === 'source') return found;
  add('负面占比', `${percent(alert.observed_share)}（平常${percent(alert.expected_share)}）`);
  add('依据', `${alert.story_count}条报道，${alert.author_count}位作者，${alert.document_count}篇文档`);
  add('偏离度', `${alert.score.toFixed(1)}${q_value === null ? '' : `（q = ${q_value.toPrecision(1)}）`}`);
  add('开始于', `${alert.started_at.slice(0, 16).replace('T', ' ')} UTC`);
  if (evidence === null) return found;
  if (evidence.words.length > 0)
    add(
      '突出用词',
      evidence.words
        .slice(0, 8)
        .map(({ word }) => word)
        .join('、'),
    );
  if (evidence.events.length > 0) {
    add(
      '事件',
      evidence.events
        .slice(0, 3)
        .map(({ event, stories }) => `${event}（${stories}）`)
        .join('、'),
    );
  }
  if (evidence.topics.length > 0) {
    add(
      '主题',
      evidence.topics
        .slice(0, 3)
        .map(({ topic, stories }) => `${TOPIC_NAMES_ZH[topic] ?? topic}（${stories}）`)
        .join('、'),
    );
  }
  if (evidence.authors.top.length > 0) {
    add('最活跃作者', `前${evidence.authors.top.length}位占文档的${percent(evidence.authors.top_share)}`);
  }
  add('标注把握', `平均${percent(evidence.certainty.mean_confidence)}`);
  return found;
}

function duration(ms: number): string {
  const { count, unit } = lengthOf(ms);
  return `${count}${{ minutes: '分钟', hours: '小时', days: '天' }[unit]}`;
}

export const chinese: Template = {
  language: 'zh',
  headline: (alert) => {
    const { state, severity } = alert;
    const said = state === 'resolved' ? '已恢复' : state === 'pending' ? '观察中' : SEVERITIES[severity];
    return `${ICONS[state]} ${said}：${nameOf(alert)}`;
  },
  summary: (alert) => alert.summary.zh,
  facts,
  copies: (count) => `另有${count}篇转载`,
  stories: '相关报道',
  page: '在页面查看',
  others: (count, of) => `${of === 'incident' ? '同一事件' : '本组'}另有${count}条预警`,
  goesOn: '仍在持续',
  past: ({ severity }) => `曾为${SEVERITIES[severity]}，未及通知便已触发并恢复`,
  chart: (measure) => (measure === 'stories' ? '全部报道数与预期' : '负面报道数与预期'),
};
