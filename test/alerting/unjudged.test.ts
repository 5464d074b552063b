import { describe, expect, it } from 'vitest';
import { createSurge, surge } from '../../alerting/detectors/surge.ts';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';
import { endUnjudged } from '../../alerting/unjudged.ts';
import { createWatch, type Watch } from '../../alerting/watch.ts';
import { alertSchema } from '../../core/event.ts';
import { DAY, HOUR, START, opinionOf } from './opinions.ts';

const AT = START + 8 * DAY;

/** A watch in which an alert of `surge` on acme fires. */
function firing(): Watch {
  const watch = createWatch(
    rulesOf(alertingSettings.parse({}), 'global', []),
    [createSurge('surge', surge.settings.parse({}))],
    ({ entity, topic }) => ({ en: entity ?? topic ?? '', zh: entity ?? topic ?? '' }),
  );
  for (let hour = 0; hour < 7 * 24; hour += 1) watch.take(opinionOf({ id: `b${hour}`, time: START + hour * HOUR }));
  for (let story = 0; story < 20; story += 1) {
    watch.take(opinionOf({ id: `i${story}`, time: START + 7 * DAY + story * 20 * 60_000, negative: 0.9 }));
  }
  watch.advance(START + 7 * DAY + 6 * HOUR);
  return watch;
}

const alive = ({ state }: Watch): string[] =>
  [...state.courses].filter(([, { life }]) => life.state !== 'inactive').map(([key]) => key);

describe('an alert that the settings no longer judge', () => {
  it.each([
    ['its detector is gone', { detectors: [{ type: 'volume' }] }],
    ['its kind of series is gone', { series: ['language'] }],
  ])('ends where %s, and holds nothing back any more', (_, settings) => {
    const watch = firing();
    expect(alive(watch)).toEqual(['surge\nentity:acme']);
    const [ended, ...others] = endUnjudged(watch, alertingSettings.parse(settings), AT);
    expect(alertSchema.parse(ended)).toMatchObject({
      state: 'resolved',
      name: 'acme',
      detector: 'surge',
      resolution: { by: 'tidewatch', note: 'The settings no longer judge this.' },
    });
    expect(others).toEqual([]);
    expect([...watch.state.courses.keys()].filter((key) => key.startsWith('surge\nentity:'))).toEqual([]);
    expect(watch.touched.courses).toContain('surge\nentity:acme');
    expect(endUnjudged(watch, alertingSettings.parse(settings), AT)).toEqual([]);
  });

  it('ends although the record of its series is forgotten', () => {
    const watch = firing();
    watch.state.records.delete('entity:acme');
    expect(endUnjudged(watch, alertingSettings.parse({ series: ['topic'] }), AT)).toHaveLength(1);
  });

  it('goes on where the settings still judge it', () => {
    const watch = firing();
    expect(endUnjudged(watch, alertingSettings.parse({}), AT)).toEqual([]);
    expect(alive(watch)).toEqual(['surge\nentity:acme']);
  });
});

describe('an end by hand', () => {
  it('takes effect although the record of the series is forgotten', () => {
    const watch = firing();
    const life = watch.state.courses.get('surge\nentity:acme')?.life;
    watch.state.records.delete('entity:acme');
    const id = life?.state === 'firing' ? life.alertId : '';
    expect(watch.resolve(id, AT, { by: 'Priya', note: 'over' })).toMatchObject({ state: 'resolved', name: 'acme' });
  });
});
