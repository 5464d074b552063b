/** What an alert is called in each language. */
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../core/event.ts';
import { alertNames } from '../../dashboards/alert_names.ts';

const nobody = { entity: null, topic: null };

describe('the names of an alert', () => {
  it.each<[string, Alert['series'], string]>([
    ['All social media', { kind: 'source_class', source_class: 'social', ...nobody }, '全部社交媒体'],
    ['All news', { kind: 'source_class', source_class: 'news', ...nobody }, '全部新闻'],
    ['Chinese', { kind: 'language', language: 'zh', ...nobody }, '中文'],
    ['Other languages', { kind: 'language', language: 'other', ...nobody }, '其他语言'],
    ['wire', { kind: 'source', source: 'wire', ...nobody }, '数据源 wire'],
  ])('are in Chinese where it is about no entity and no topic: %s', (name, series, zh) => {
    expect(alertNames({ name, series }, (_, id) => ({ en: id, zh: id }))).toEqual({ en: name, zh });
  });

  it('are those of its entity and its topic', () => {
    const names = (kind: string, id: string) => ({ en: `${kind} ${id}`, zh: `${id}的名称` });
    const series = { kind: 'entity_topic', entity: 'a', topic: 'b' } as const;
    expect(alertNames({ name: 'of the store', series }, names)).toEqual({
      en: 'entity a · topic b',
      zh: 'a的名称 · b的名称',
    });
  });
});
