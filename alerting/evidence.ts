/**
 * What an alert shows: the stories that drove it and one sentence in English and in Chinese. Stories come most negative
 * first, one document each, and not more than ten: a reader opens three, and Slack and webhooks have limits.
 */
import { isoTime, type Alert } from '../core/event.ts';
import type { Judgement } from './detector.ts';
import type { SeriesWindow } from './window.ts';

const MOST_DOCUMENTS = 10;

export function drivingDocuments(window: SeriesWindow): Alert['documents'] {
  const documents: Alert['documents'] = [];
  for (const { id, story, time, negative, shown } of window.driving) {
    if (shown === null) continue;
    documents.push({
      id,
      story,
      ...shown,
      published_at: isoTime(time),
      negative,
      copies: window.copies.get(story) ?? 0,
    });
    if (documents.length === MOST_DOCUMENTS) break;
  }
  return documents;
}

export interface DisplayName {
  readonly en: string;
  readonly zh: string;
}

/** One sentence a language: what was counted, what was expected; and for a resolved alert, that it is over. */
export function summarize(
  name: DisplayName,
  judgement: Pick<Judgement, 'observed' | 'expected' | 'interval'>,
  hours: number,
  state: Alert['state'],
): Alert['summary'] {
  const { observed, expected, interval } = judgement;
  const en =
    `${counted(observed)} negative stories in ${hours} h where ` +
    `${counted(expected)} were expected (95% interval ${interval.low} to ${interval.high})`;
  const zh = `${hours}小时内${counted(observed)}条负面报道，预期${counted(expected)}条（95%区间${interval.low}至${interval.high}条）`;
  return state === 'resolved'
    ? { en: `${name.en}: back to normal; at its peak ${en}`, zh: `${name.zh}：已恢复正常；高峰时${zh}` }
    : { en: `${name.en}: ${en}`, zh: `${name.zh}：${zh}` };
}

/** Whole numbers from 10 on, else one decimal: 17.6 reads 18, 2.13 reads 2.1. */
function counted(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}
