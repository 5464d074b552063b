/** Which settings a sweep tries: every combination of the values given for each setting, in order; and what came of each. Pure. */
import { TidewatchError } from '../core/errors.ts';
import type { Proportion } from './score.ts';

/** What one run of a sweep came to. */
export interface SweepRow {
  /** The settings that were varied, as `path=value`. */
  readonly settings: readonly string[];
  readonly alerts: number;
  /** Of all series, and of entities alone. */
  readonly alertsPerWeek: number;
  readonly entitiesPerWeek: number;
  readonly recall: Proportion;
  readonly precision: Proportion;
  readonly medianDelayHours: number | null;
}

export interface FailedRun {
  readonly settings: readonly string[];
  readonly error: string;
}

/** One setting by its path, as `alerting.window_hours`; list items by number, as `alerting.detectors.0.fire_score`. */
export interface Override {
  readonly path: string;
  readonly value: string | number | boolean;
}

/** @throws TidewatchError config.invalid where it is not `path=value[,value…]` */
export function parseOverrides(text: string): Override[] {
  const [, path = '', values = ''] = /^([\w.]+)=(.+)$/.exec(text) ?? [];
  if (path === '') {
    throw new TidewatchError('config.invalid', `"${text}" is not path=value, such as alerting.window_hours=12,24`);
  }
  return values.split(',').map((value) => ({ path, value: scalar(value.trim()) }));
}

/** One setting and its one value. @throws TidewatchError config.invalid where there are several: which was meant? */
export function parseSetting(text: string): Override {
  const [one, ...more] = parseOverrides(text);
  if (one !== undefined && more.length === 0) return one;
  throw new TidewatchError('config.invalid', `--set ${text} gives ${more.length + 1} values; a setting has one`, {
    hint: `To try several: --sweep ${text}`,
  });
}

/** Every combination, the last setting changing fastest; one empty combination where there is nothing to vary. */
export function combinations(settings: readonly (readonly Override[])[]): Override[][] {
  return settings.reduce<Override[][]>(
    (all, choices) => all.flatMap((chosen) => choices.map((choice) => [...chosen, choice])),
    [[]],
  );
}

/** A copy of `settings` with these values put in. @throws TidewatchError config.invalid where there is no such place */
export function withOverrides(settings: unknown, overrides: readonly Override[]): unknown {
  const copy: unknown = structuredClone(settings);
  for (const { path, value } of overrides) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let place: unknown = copy;
    for (const key of keys)
      place = place !== null && typeof place === 'object' ? (place as Record<string, unknown>)[key] : undefined;
    if (place === null || typeof place !== 'object') {
      throw new TidewatchError('config.invalid', `There is no setting ${path}`, {
        hint: 'docs/settings.md lists the paths; items of lists are numbered from 0.',
      });
    }
    (place as Record<string, unknown>)[last] = value;
  }
  return copy;
}

function scalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
