/**
 * Learned thresholds as judging asks for them: by what factor the level of false discovery is to be multiplied for one series,
 * and the sentence that says why. An arm is drawn once a day of event time for each group and kept for that day, so that an
 * alert does not flicker with the draws. Pure: what the cases are is told from outside (verdicts.ts).
 */
import type { Series } from '../../core/event.ts';
import { choose, type BanditRules, type Case, type Choice } from './bandit.ts';
import { groupOf, type Usual } from './group.ts';

export interface Learned {
  readonly factor: number;
  /** For the alert's reasons. */
  readonly reason: string;
}

export interface Thresholds {
  /** Null: as the settings say. `end` is the window's end, epoch milliseconds of event time. */
  factorFor(series: Series, usual: Usual, end: number): Learned | null;
  /** What people say by now; draws from the next day of event time on follow it. */
  learn(cases: readonly Case[]): void;
}

export function createThresholds(rules: BanditRules): Thresholds {
  let cases: readonly Case[] = [];
  const kept = new Map<string, { readonly day: number; readonly choice: Choice }>();
  const choiceFor = (group: string, day: number): Choice => {
    const known = kept.get(group);
    if (known?.day === day) return known.choice;
    const choice = choose(group, cases, rules, day);
    kept.set(group, { day, choice });
    return choice;
  };
  return {
    factorFor(series, usual, end) {
      const group = groupOf(series.kind, usual);
      const choice = choiceFor(group, Math.floor(end / 86_400_000));
      return { factor: choice.factor, reason: reasonOf(group, choice, rules) };
    },
    learn(given) {
      cases = given;
    },
  };
}

/** How the factor came about, as one sentence. */
function reasonOf(group: string, { factor, verdicts, bands }: Choice, { factors }: BanditRules): string {
  const [kind = '', volume = ''] = group.split('/');
  const usual = factors.indexOf(1);
  const share = (part: number | undefined): string => `${Math.round(100 * (part ?? 0))}%`;
  return (
    `Learned from ${verdicts.toFixed(1)} verdicts on ${volume} series of kind ${kind}: the level is ${factor} times the settings' ` +
    `(between ${factors[0]} and ${factors.at(-1)}); at the settings' own level about ${share(bands[usual])} are useful, at the loosest ` +
    `${share(bands.at(-1))}.`
  );
}
