/**
 * What an alert is about, in both languages. An alert is stored with its English name alone; entities and topics have their names in
 * the watchlist and in core/topics.ts, and what is neither has them here: the same words as its summary says (app/names.ts). Pure.
 */
import type { Alert } from '../core/event.ts';
import type { Names } from './contract.ts';

const SOURCE_CLASSES_ZH = { news: '全部新闻', social: '全部社交媒体' } as const;
const LANGUAGES_ZH = { en: '英文', zh: '中文', other: '其他语言' } as const;

export function alertNames(
  { name, series }: Pick<Alert, 'name' | 'series'>,
  names: (kind: 'entity' | 'topic', id: string) => Names,
): Names {
  const { entity, topic } = series;
  const both = [
    ...(entity === null ? [] : [names('entity', entity)]),
    ...(topic === null ? [] : [names('topic', topic)]),
  ];
  if (both.length === 0) return { en: name, zh: nameInChinese(name, series) };
  return { en: both.map(({ en }) => en).join(' · '), zh: both.map(({ zh }) => zh).join(' · ') };
}

function nameInChinese(name: string, { kind, source_class, language, source }: Alert['series']): string {
  if (kind === 'source_class' && source_class !== undefined) return SOURCE_CLASSES_ZH[source_class];
  if (kind === 'language' && language !== undefined) return LANGUAGES_ZH[language];
  return kind === 'source' ? `数据源 ${source ?? name}` : name;
}
