/** Topic labels as people read them; one that is not among the model's twenty is shown as it is. */
import { TOPIC_NAMES_ZH } from '../../core/topics.ts';

/** A topic label in a language of the interface: "M&A | Investments" becomes "M&A, investments" or 并购与投资. */
export function topicName(label: string, language: 'en' | 'zh'): string {
  if (language === 'zh' && Object.hasOwn(TOPIC_NAMES_ZH, label)) return TOPIC_NAMES_ZH[label] ?? label;
  return label.replaceAll(' | ', ', ');
}

export const TOPIC_LABELS: readonly string[] = Object.keys(TOPIC_NAMES_ZH);
