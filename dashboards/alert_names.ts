/**
 * What an alert is about, in both languages. An alert is stored with its English name alone; entities and topics have their names in
 * the watchlist and in core/topics.ts, and what is neither in core/series_names.ts: the same words as its summary says. Pure.
 */
import type { Alert } from '../core/event.ts';
import { LANGUAGE_NAMES, SOURCE_CLASS_NAMES } from '../core/series_names.ts';
import type { Names } from './contract.ts';

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
  if (kind === 'source_class' && source_class !== undefined) return SOURCE_CLASS_NAMES[source_class].zh;
  if (kind === 'language' && language !== undefined) return LANGUAGE_NAMES[language].zh;
  return kind === 'source' ? `数据源 ${source ?? name}` : name;
}
