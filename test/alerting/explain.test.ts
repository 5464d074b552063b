import { describe, expect, it } from 'vitest';
import { createSurge, surge } from '../../alerting/detectors/surge.ts';
import { explain } from '../../alerting/explain.ts';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';
import type { Opinion, Series } from '../../core/event.ts';
import { DAY, HOUR, START, opinionOf, randomFrom } from './opinions.ts';

const rules = rulesOf(alertingSettings.parse({}), 'global', []);
const detectors = [createSurge('surge', surge.settings.parse({}))];
const name = ({ entity, topic }: Series) => ({ en: entity ?? topic ?? '', zh: entity ?? topic ?? '' });
const acme: Series = { kind: 'entity', entity: 'acme', topic: null };
const BURST = START + 12 * DAY;

/** Two quiet weeks of one company, twenty bad stories of outlets within three hours of the twelfth day, in the order of time. */
function feed(): Opinion[] {
  const random = randomFrom(4);
  const quiet = Array.from({ length: 14 * 12 }, (_, index) =>
    opinionOf({ id: `q${index}`, time: START + index * 2 * HOUR, negative: random() < 0.15 ? 0.85 : 0.06 }),
  );
  const burst = Array.from({ length: 20 }, (_, index) =>
    opinionOf({ id: `b${index}`, time: BURST + index * 9 * 60_000, negative: 0.9, sourceClass: 'news' }),
  );
  return [...quiet, ...burst].toSorted((a, b) => (a.document.published_at < b.document.published_at ? -1 : 1));
}

const at = (time: number) => explain(rules, detectors, name, feed(), acme, time);

describe('an explanation', () => {
  it('of an alert gives every number of its judgement, and the changes of the alert until then', () => {
    const { series, verdicts, changes, at: end } = at(BURST + 4 * HOUR + 60_000);
    expect([series, end]).toEqual(['entity:acme', new Date(BURST + 4 * HOUR).toISOString()]);
    const [verdict] = verdicts;
    expect(verdict?.anomalous).toBe(true);
    const text = verdict?.lines.join('\n') ?? '';
    for (const part of [
      'Window:',
      'Negative:',
      'History:',
      'Prior:',
      'Exposure:',
      'Expected:',
      'Usual share:',
      'q = ',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/Verdict: anomalous, score \d/);
    expect(text).toMatch(/Alert: firing/);
    expect(changes.map(({ state }) => state)).toEqual(['pending', 'firing']);
  });

  it('of a silence says which rule did not hold', () => {
    const { verdicts, changes } = at(BURST - DAY);
    expect(verdicts[0]?.anomalous).toBe(false);
    expect(verdicts[0]?.lines.join('\n')).toMatch(/Support of the negative stories: .* too few/);
    expect(verdicts[0]?.lines.at(-1)).toMatch(/^Alert: inactive/);
    expect(changes).toEqual([]);
  });

  it('reads nothing that was published later', () => {
    const until = BURST + 2 * HOUR;
    const known = feed().filter(({ document }) => Date.parse(document.published_at) < until);
    expect(explain(rules, detectors, name, known, acme, until)).toEqual(at(until));
    expect(at(until).opinions).toBe(known.length);
  });

  it('of a series that was never named says that there was nothing', () => {
    const { verdicts } = explain(
      rules,
      detectors,
      name,
      feed(),
      { kind: 'entity', entity: 'nobody', topic: null },
      BURST,
    );
    expect(verdicts[0]?.anomalous).toBe(false);
    expect(verdicts[0]?.lines[0]).toContain(': 0 stories counted');
  });
});
