/** The kinds of event that the model tells apart, as people read them. */
import { EVENT_NAMES_EN } from '../../core/event_names.ts';

/** A label in a language of the interface; one that is not among the model's is shown as it is. */
export function eventName(label: string, language: 'en' | 'zh'): string {
  if (language === 'zh') return label.replaceAll('_', ' ');
  return (Object.hasOwn(EVENT_NAMES_EN, label) ? EVENT_NAMES_EN[label] : undefined) ?? label.replaceAll('_', ' ');
}
