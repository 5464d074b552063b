/**
 * The words of a language, as one pure file each (templates/en.ts, templates/zh.ts): plain text, which each notifier
 * escapes and lays out as its platform wants. What is said, and in which order, is in message.ts, so that both languages
 * say the same. Rejected: a template language in the settings: an alert's evidence is nested, half of it optional, and a
 * slip in a template would be found at night.
 */
import type { Alert, Measure } from '../core/event.ts';

/** One language's words. Every function is pure and gives plain text without markup. */
export interface Template {
  readonly language: 'en' | 'zh';
  /** State, severity and name on one line. */
  headline(alert: Alert): string;
  /** What was counted against what was expected. */
  summary(alert: Alert): string;
  /** Label and value of what stands behind it, most important first. */
  facts(alert: Alert): readonly Fact[];
  copies(count: number): string;
  readonly stories: string;
  readonly page: string;
  /** How many more alerts the message holds: of one incident, or of a group that other labels make. */
  others(count: number, of: 'incident' | 'group'): string;
  readonly goesOn: string;
  /** Of an alert that is told only now that it is over. */
  past(alert: Alert): string;
  /** What the picture and the line of blocks show. */
  chart(measure: Measure): string;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** A length of time in the unit that tells most of it. */
export function lengthOf(ms: number): { readonly count: number; readonly unit: 'minutes' | 'hours' | 'days' } {
  const hours = ms / 3_600_000;
  if (hours < 2) return { count: Math.max(1, Math.round(hours * 60)), unit: 'minutes' };
  if (hours < 48) return { count: Math.round(hours), unit: 'hours' };
  return { count: Math.round((hours / 24) * 10) / 10, unit: 'days' };
}

export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
