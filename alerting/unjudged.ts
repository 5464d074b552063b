/**
 * Alerts that nothing judges any more, because their detector or their kind of series has left the settings. No verdict reaches them:
 * they would fire for good, be told again each day, and hold related series back. They end at the start of the stage. No
 * rest follows, as after other ends: it would hold related series back for what is not watched.
 */
import type { Alert } from '../core/event.ts';
import { readCourseKey } from './courses.ts';
import type { AlertingSettings } from './settings.ts';
import type { Watch } from './watch.ts';

const RESOLUTION = { by: 'tidewatch', note: 'The settings no longer judge this.' };

/** Takes them out of the watch, and gives the ends of those that live. `at` in epoch milliseconds of event time. */
export function endUnjudged(
  { state, touched, resolve }: Watch,
  { detectors, series: kinds }: Pick<AlertingSettings, 'detectors' | 'series'>,
  at: number,
): Alert[] {
  const names = new Set(detectors.map(({ name }) => name));
  const judged = new Set<string>(kinds);
  const ended: Alert[] = [];
  for (const [key, { life }] of state.courses) {
    const { detector, series } = readCourseKey(key);
    if (names.has(detector) && series !== null && judged.has(series.kind)) continue;
    const end = life.state === 'inactive' ? null : resolve(life.alertId, at, RESOLUTION);
    if (end !== null) ended.push(end);
    state.courses.delete(key);
    touched.courses.add(key);
  }
  return ended;
}
