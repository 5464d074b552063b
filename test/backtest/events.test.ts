import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../../backtest/events.ts';

const entityOf = (name: string): string | null => (['acme', 'acm'].includes(name.toLowerCase()) ? 'acme' : null);
const one = (line: string) =>
  readEvents(line, 'e.jsonl', entityOf).map(({ at, entity }) => [new Date(at).toISOString(), entity]);

describe('a known event', () => {
  // The same list is the same list on every desk.
  const zone = process.env['TZ'];
  beforeAll(() => void (process.env['TZ'] = 'Asia/Shanghai'));
  afterAll(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  it.each([
    ['a file with a byte order mark', '\ufeff{"date":"2020-01-31","entity":"Acme"}', '2020-01-31T00:00:00.000Z'],
    ['a time without a zone, which is UTC', '{"at":"2020-01-31T09:00","entity":"Acme"}', '2020-01-31T09:00:00.000Z'],
    ['a time of China', '{"at":"2020-01-31 09:00:00+0800","entity":"Acme"}', '2020-01-31T01:00:00.000Z'],
    ['a name that nobody knows beside a known ticker', '{"date":"2020-01-31","entity":"Nope","ticker":"ACM"}', '2020-01-31T00:00:00.000Z'],
  ])('is read from %s', (_, line, at) => {
    expect(one(line)).toEqual([[at, 'acme']]);
  }); // prettier-ignore

  it.each(['"date":"2020-02-30"', '"date":"2020"', '"at":"3"', '"date":"2020-1-5"', '"at":"2020-01-31T25:00"'])(
    'is refused where its time is none: %s',
    (time) => {
      expect(() => one(`{${time},"entity":"Acme"}`)).toThrow(/^e\.jsonl:1: \S+ is no time, such as 2020-01-31/);
    },
  );
});
