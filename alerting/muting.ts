/**
 * Why an alert that lives is not sent now: a silence, a maintenance window, or another alert that hides it. Pure, asked at
 * each flush of a group. Nothing is lost: what still fires when the reason is gone is sent then.
 *
 * Inhibition is Alertmanager's: while an alert that matches `source` fires, those that match `target` and agree in all
 * labels of `equal` are not sent. An alert that is both source and target of a rule does not hide itself.
 */
import { z } from 'zod';
import type { Silence } from '../core/action.ts';
import type { Alert } from '../core/event.ts';
import { matchesAll, parseMatcher, type Matcher } from '../core/matcher.ts';
import { maintenanceAt, matcherText, type Maintenance } from './maintenance.ts';

export const inhibitSchema = z.strictObject({
  source: z.array(matcherText()).min(1).describe('The alert that hides, as matchers.'),
  target: z.array(matcherText()).min(1).describe('The alerts that are hidden, as matchers.'),
  equal: z.array(z.string()).default([]).describe('Labels that both must agree in; an absent label is the empty text.'),
});

export type InhibitRule = z.output<typeof inhibitSchema>;

/** A sector's alert hides its companies'. */
export const SECTOR_HIDES_MEMBERS: InhibitRule = {
  source: ['level="sector"'],
  target: ['level="member"'],
  equal: ['sector'],
};

export interface MuteRules {
  readonly inhibit: readonly InhibitRule[];
  readonly maintenance: readonly Maintenance[];
}

/** Counted in tidewatch_documents_skipped_total under `reason`. */
export interface Muted {
  readonly reason: 'silenced' | 'maintenance' | 'inhibited';
  /** Id of the silence, name of the window, or id of the alert that hides it. */
  readonly by: string;
}

export type Mute = (alert: Alert, now: number) => Muted | null;

/**
 * A function that says why an alert is not sent. `silences` gives those that are not over; `firing` gives every alert
 * that fires now.
 */
export function createMute(
  rules: MuteRules,
  silences: (now: number) => readonly Silence[],
  firing: () => Iterable<Alert>,
): Mute {
  const parsed = rules.inhibit.map(({ source, target, equal }) => ({
    source: source.map(parseMatcher),
    target: target.map(parseMatcher),
    equal,
  }));
  const known = new Map<string, readonly Matcher[]>();

  function matchersOf({ id, matchers }: Silence): readonly Matcher[] {
    let found = known.get(id);
    if (found === undefined) {
      if (known.size > 1000) known.clear();
      known.set(id, (found = matchers.map(parseMatcher)));
    }
    return found;
  }

  return (alert, now) => {
    const { labels } = alert;
    const silence = silences(now).find((one) => one.state === 'active' && matchesAll(matchersOf(one), labels));
    if (silence !== undefined) return { reason: 'silenced', by: silence.id };
    const window = maintenanceAt(rules.maintenance, labels, now);
    if (window !== null) return { reason: 'maintenance', by: window };
    for (const { source, target, equal } of parsed) {
      if (!matchesAll(target, labels)) continue;
      const isBoth = matchesAll(source, labels);
      for (const other of firing()) {
        if (other.alert_id === alert.alert_id || !matchesAll(source, other.labels)) continue;
        if (isBoth && matchesAll(target, other.labels)) continue;
        if (equal.every((label) => (labels[label] ?? '') === (other.labels[label] ?? ''))) {
          return { reason: 'inhibited', by: other.alert_id };
        }
      }
    }
    return null;
  };
}
