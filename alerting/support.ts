/** Minimum support: how many documents, stories, people and outlets must stand behind an alert. Shared by the detectors. */
import { z } from 'zod';
import type { SeriesWindow } from './window.ts';

/** Settings of a detector that asks for support; `what` names what is counted. */
export function supportSettings(what: string, least: { stories: number; authors: number }) {
  const whole = z.number().int().min(1);
  return {
    min_documents: whole
      .default(least.stories)
      .describe(`Least number of documents behind the ${what}, copies included.`),
    min_stories: whole.default(least.stories).describe(`Least number of different ${what}.`),
    min_authors: whole.default(least.authors).describe(`Least number of different authors of the ${what}.`),
    min_sources: whole.default(1).describe(`Least number of different outlets of the ${what}.`),
  };
}

export interface SupportRules {
  readonly min_documents: number;
  readonly min_stories: number;
  readonly min_authors: number;
  readonly min_sources: number;
}

export interface Support {
  readonly documents: number;
  /** By weight: coordinated ones count for less. */
  readonly stories: number;
  readonly authors: number;
  readonly sources: number;
}

/** The support of the stories that lean negative. */
export function negativeSupport({ leaning, documents, authors, sources }: SeriesWindow): Support {
  return { documents, stories: leaning, authors, sources };
}

/** Whether it is enough, and one sentence about it. */
export function enough(support: Support, rules: SupportRules, what: string): { holds: boolean; reason: string } {
  const parts = (['documents', 'stories', 'authors', 'sources'] as const).map((key) => {
    const least = rules[`min_${key}`];
    // A hair under a whole number is a sum of floats, not a lack.
    return { key, count: support[key], least, holds: support[key] >= least - 1e-9 };
  });
  const missing = parts.filter(({ holds }) => !holds);
  const said = parts.map(({ key, count, least }) => `${whole(count)} ${key} (at least ${least})`).join(', ');
  const verdict = missing.length === 0 ? 'enough' : `too few ${missing.map(({ key }) => key).join(' and ')}`;
  return { holds: missing.length === 0, reason: `Support of the ${what}: ${said}: ${verdict}.` };
}

function whole(count: number): string {
  return Number.isInteger(count) ? String(count) : count.toFixed(1);
}
